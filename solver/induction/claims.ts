/** Claims about the spec itself: what is proved for every action, from any state. */

import type { Claim } from '../obligations/claim.ts';

const INDUCTION = 'one-step induction over the actions of the spec (design of this project)';
const RUSHBY = 'Rushby 1992, Noninterference, Transitivity, and Channel-Control Security Policies';
const HELP =
  'the case is a state and an action: replay shows what the step does; an invariant may be missing';

/** What is preserved, by the area of the claim. */
const PRESERVED: Readonly<Record<string, string>> = {
  memory: 'cached translations are what the tables give, and pages are written by grant only',
  dma: 'the SMMU, its cache and the requests in flight are as the grants allow',
  irq: 'lines, routes and list registers stay with their owners and agree with one another',
  seal: 'what boot has programmed stays as it is, and nothing runs before the seal',
  cpu: 'cores and virtual CPUs stay in states that the configuration allows',
  time: 'replenishments and timers lie ahead, and who is charged has budget',
  noninterference: 'registers hold values of their own partition only',
};

/** Every claim of this kind, for explanation and for the list of all claims. */
export const INDUCTION_CLAIMS: readonly Claim[] = [
  {
    id: 'seal.initial',
    statement: 'The state at reset is in its shape, and every inductive invariant holds in it.',
    formula: 'Init(s) implies Inv(s)',
    source: INDUCTION,
    help: HELP,
  },
  ...Object.entries(PRESERVED).map(([area, what]) => ({
    id: `${area}.preserved`,
    statement: `The action preserves the invariants: ${what}.`,
    formula: 'for every state s, action a: Inv(s) and s —a→ s′ implies Inv(s′)',
    source: INDUCTION,
    help: HELP,
  })),
  {
    id: 'time.in-window',
    statement:
      'The action keeps what is claimed of any window of time: what residents take of it, and ' +
      'for how long they are held up.',
    formula:
      'for every state s, window w, action a: Inv(s), G(s, w) and s —a→ s′ implies G(s′, w′)',
    source: 'response-time analysis, by one-step induction over the scheduler’s own functions',
    help: HELP,
  },
  {
    id: 'time.confined',
    statement:
      'The action changes no budget but by its replenishment and by time that its owner pays ' +
      'for: slack changes none, nor does what others do, which makes nobody pay for a switch ' +
      'either.',
    formula:
      'for every state s, action a: Inv(s) and s —a→ s′ implies b′ = b replenished on the grid, ' +
      'less t′ − t where it pays; under poll 0 at most, where it sleeps',
    source: 'temporal isolation: the budget of one is not in the hands of another',
    help: HELP,
  },
  {
    id: 'time.in-slot',
    statement:
      'The action makes nobody wait longer under a table: what is promised to whoever stays ' +
      'awake becomes no later.',
    formula:
      'for every state s, action a but a reset of i: Inv(s), i awake in s and s′, i not served ' +
      'in s and s —a→ s′ implies promise_i(s′) ≤ promise_i(s)',
    source: 'TDMA: a slot is where the table has it; a variant function in place of a history',
    help: HELP,
  },
  {
    id: 'time.slot-promise',
    statement:
      'What a table promises to whoever waits lies ahead, and no further than the delay of the ' +
      'closed form.',
    formula: 'Inv(s) and i waits implies now < promise_i(s) ≤ now + D_i(1)',
    source: 'TDMA; two ways to one bound, and a difference is a mistake in one of them',
    help: HELP,
  },
  {
    id: 'time.throttled',
    statement:
      'Who has too little budget for an activation gets its next replenishment within the ' +
      'throttle wait.',
    formula: 'Inv(s) and b < A + 1 implies next − now ≤ P − (Q − o) + A; under poll ≤ P',
    source: 'deferrable server, with overrun as debt',
    help: HELP,
  },
  {
    id: 'time.window-opened',
    statement:
      'Whatever the state, what is claimed of windows holds of one that is opened now; where a ' +
      'wait can begin it has no budget from before that is lost while idle.',
    formula: 'Inv(s) implies G(s, w₀)',
    source: 'base case of the induction over windows',
    help: HELP,
  },
  {
    id: 'time.taken-at-most',
    statement:
      'In any window of the length of a response a resident takes no more than is stated; where ' +
      'it loses its budget while idle, in any that begins without.',
    formula: 'Inv(s) and G(s, w) and length(w) = W implies taken_j ≤ ⌈(W + J_j)/P_j⌉·Q_j + o',
    source:
      'Strosnider, Lehoczky, Sha 1995: J = P − Q where budget is kept; else 0, where a budget of ' +
      '0 at the opening is a premise',
    help: HELP,
  },
  {
    id: 'time.served',
    statement:
      'Who can run for as long as its response is charged for its first tick in that time.',
    formula:
      'G(s, w), length(w) = W, busy and taken_j ≤ B_j implies taken_i ≥ 1 + A, where ' +
      'W ≥ 1 + A + Z + Σ B_j',
    source: 'response-time analysis with jitter, by addition',
    help: HELP,
  },
  {
    id: 'time.agreement',
    statement:
      'The delay that follows from the functions of the scheduler is the one that response-time ' +
      'analysis gives.',
    formula: 'throttle + W of the induction = D(1) of the closed form',
    source: 'two ways to one bound; a difference is a mistake in one of them',
    help: 'compare docs/timing.md with solver/induction/window-obligations.ts: one is wrong',
  },
  {
    id: 'memory.confined',
    statement:
      'Every page that the action reaches by a core is granted to its master, with the right.',
    formula: 'Inv(s) and s —a→ s′ with a transaction implies that the configuration grants it',
    source: 'spatial isolation: what is not granted is denied',
    help: HELP,
  },
  {
    id: 'dma.confined',
    statement: 'Every page that the action reaches by a device is granted to its master.',
    formula: 'Inv(s) and s —a→ s′ with a transaction implies that the configuration grants it',
    source: 'spatial isolation: what is not granted is denied',
    help: HELP,
  },
  {
    id: 'irq.confined',
    statement:
      'An interrupt that EL2 takes is pending, enabled, not active, and of who runs on its core.',
    formula: 'Inv(s) and s —take→ s′ done implies that the line is signalled to who runs in s',
    source: 'GICv3, ICC_IAR1_EL1; lines of whoever does not run are masked',
    help: HELP,
  },
  {
    id: 'memory.cached-granted',
    statement: 'Every cached translation leads to a page that its partition is granted.',
    formula: 'Inv(s) and a valid TLB entry implies that the configuration grants its page',
    source: 'spatial isolation: what is not granted is denied',
    help: HELP,
  },
  {
    id: 'dma.in-flight-granted',
    statement: 'Every request in flight is for a page that its master is granted.',
    formula: 'Inv(s) and a request in flight implies that the configuration grants its page',
    source: 'spatial isolation: what is not granted is denied',
    help: HELP,
  },
  {
    id: 'irq.listed-owned',
    statement: 'Every list register in use names a line of the partition that is live on its core.',
    formula: 'Inv(s) and a valid list register implies that the configuration gives its line',
    source: 'GICv3, ICH_LR<n>_EL2; each interrupt to exactly one partition',
    help: HELP,
  },
  {
    id: 'noninterference.refusal',
    statement: 'A refused action changes nothing at all.',
    formula: 'Inv(s) and s —a→ s′ with a refusal implies s = s′',
    source: 'Haven: guards first, then one effect',
    help: HELP,
  },
  {
    id: 'noninterference.output-consistency',
    statement: 'What an action answers depends on what its partition observes.',
    formula: 's ~u t implies output(s, a) = output(t, a) for a of u',
    source: RUSHBY,
    help: HELP,
  },
  {
    id: 'noninterference.local-respect',
    statement: 'The action changes nothing that the other partition observes, but by a channel.',
    formula: 'a of u, no channel from u to v: s ~v step(s, a)',
    source: RUSHBY,
    help: HELP,
  },
  {
    id: 'noninterference.weak-step-consistency',
    statement:
      'What the observer sees after the action depends on what it and the actor saw before.',
    formula: 's ~v t and s ~u t and the same schedule implies step(s, a) ~v step(t, a) for a of u',
    source: RUSHBY,
    help: HELP,
  },
  {
    id: 'noninterference.equivalence',
    statement: 'Looking alike to the partition is reflexive, symmetric and transitive.',
    formula: 's ~v s; s ~v t implies t ~v s; s ~v t and t ~v w implies s ~v w',
    source: RUSHBY,
    help: HELP,
  },
];

/** The claim of an id; throws for one that is not in the list, which cannot be. */
export function getInductionClaim(id: string): Claim {
  const claim = INDUCTION_CLAIMS.find((one) => one.id === id);
  if (claim === undefined) throw new RangeError(`${id} is no claim about the spec`);
  return claim;
}
