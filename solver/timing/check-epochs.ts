/**
 * Checks a bound that is read off epochs, by letting the more urgent ones run once more: as late as
 * they can, and as early. Nothing of the code that found the bound.
 */

/** A reservation that burns its idle budget, ticks. */
export interface BurningFacts {
  readonly budget: number;
  readonly period: number;
  readonly phase: number;
  /** Debt that its overrun can leave. */
  readonly overrun: number;
}

/** What the bound is about: ticks. */
export interface EpochFacts {
  readonly own: BurningFacts;
  /** More urgent, each of which gets its budget in every period. */
  readonly urgent: readonly BurningFacts[];
  readonly activation: number;
  /** Longest section that nothing pre-empts. */
  readonly section: number;
}

/** Time that the more urgent ones leave: [start, end). */
type Stretches = readonly (readonly [start: number, end: number])[];

/** What arrives for the more urgent ones. */
interface Job {
  readonly at: number;
  readonly work: number;
}

/** Epochs after which a check is given up. */
const EPOCHS_MAX = 20_000;

/**
 * Null where the reservation gets `activation` + 1 ticks of one budget within `longest`: from any
 * instant, or with `isContract` from any at which it has so much; else why not.
 */
export function checkEpochs(
  facts: EpochFacts,
  isContract: boolean,
  longest: number,
): string | null {
  const { own, urgent, activation } = facts;
  const need = activation + 1;
  const busy = findBusy(facts);
  const hyper = [own, ...urgent].reduce((all, { period }) => findMultiple(all, period), 1);
  const end = Math.max(own.phase, ...urgent.map(({ phase }) => phase)) + busy + hyper + own.period;
  if (!Number.isSafeInteger(4 * end) || end / own.period > EPOCHS_MAX) {
    return 'the epochs do not repeat themselves soon';
  }
  // Since when whoever is ready may have been waiting for a budget.
  let since = 0;
  for (let at = own.phase; at <= end; at += own.period) {
    const { late, early } = runEpoch(facts, at, busy);
    const given = (n: number): number => Math.max(...late.map((run) => findTick(run, n)));
    const used = (m: number): number =>
      m === 0 ? at : Math.max(at + m, ...early.map((run) => findTick(run, m)));
    const most = own.budget - own.overrun - activation;
    if (given(own.budget) > at + own.period) return `the budget of ${at} is not served in time`;
    if (!Number.isFinite(used(own.budget))) return `the budget of ${at} is not used in time`;
    if (!isContract && given(need) - since > longest) return `from ${since} it waits too long`;
    const begins = [0, ...late.flatMap(countBefore).map((before) => before + 1 - need)];
    for (const m of begins.filter((each) => each >= 0 && each + need <= own.budget)) {
      if (given(m + need) - used(m) > longest) return `at ${at} it waits too long after ${m}`;
    }
    since = used(most);
  }
  return null;
}

/** What is left to the reservation up to the end of its next epoch, in all late and early runs. */
function runEpoch(
  { own, urgent, section }: EpochFacts,
  at: number,
  busy: number,
): { readonly late: readonly Stretches[]; readonly early: readonly Stretches[] } {
  const begins = new Set([at]);
  for (const { period, phase } of urgent) {
    for (let back = at - ((at - phase) % period); back >= phase; back -= period) {
      if (back < at - busy) break;
      if (back < at) begins.add(back);
    }
  }
  const until = at + 2 * own.period;
  const held = Math.max(1, section) - 1;
  const late: Stretches[] = [];
  const early: Stretches[] = [];
  for (const begin of begins) {
    const run = leave(listJobs(urgent, begin, until, 1, 0), begin, section, until);
    // Else they are not busy up to the replenishment.
    if ((run[0]?.[0] ?? Infinity) >= at) late.push(run);
    early.push(leave(listJobs(urgent, begin, until, -1, held), begin, 0, until));
  }
  return { late, early };
}

/** Budgets from `begin` on, the first of each with its debt more or less, `held` ticks late. */
function listJobs(
  urgent: readonly BurningFacts[],
  begin: number,
  until: number,
  sign: 1 | -1,
  held: number,
): readonly Job[] {
  const jobs = urgent.flatMap(({ budget, period, phase, overrun }) => {
    const own: Job[] = [];
    let at = begin <= phase ? phase : begin + ((period - ((begin - phase) % period)) % period);
    for (let debt = sign * overrun; at < until; at += period) {
      own.push({ at: at + held, work: Math.max(0, budget + debt) });
      debt = 0;
    }
    return own;
  });
  return jobs.sort((a, b) => a.at - b.at);
}

/** What work leaves of the time from `begin` to `until`. */
function leave(jobs: readonly Job[], begin: number, first: number, until: number): Stretches {
  const free: [number, number][] = [];
  let done = begin + first;
  for (const { at, work } of jobs) {
    if (at > done) free.push([done, at]);
    done = Math.max(done, at) + work;
  }
  if (done < until) free.push([done, until]);
  return free;
}

/** When the n-th tick of some stretches ends, n >= 1; Infinity where they have fewer. */
function findTick(stretches: Stretches, n: number): number {
  let left = n;
  for (const [start, end] of stretches) {
    if (left <= end - start) return start + left;
    left -= end - start;
  }
  return Infinity;
}

/** Ticks before each stretch. */
function countBefore(stretches: Stretches): number[] {
  let sum = 0;
  return stretches.map(([start, end]) => {
    const before = sum;
    sum += end - start;
    return before;
  });
}

/** Longest that the more urgent ones can be busy without a gap; Infinity where for ever. */
function findBusy({ urgent, section }: EpochFacts): number {
  let length = section + 1;
  for (let round = 0; round < EPOCHS_MAX; round += 1) {
    const asked = urgent.reduce(
      (sum, { budget, period, overrun }) => sum + Math.ceil(length / period) * budget + overrun,
      section + 1,
    );
    if (asked <= length) return length;
    length = asked;
  }
  return Infinity;
}

function findMultiple(a: number, b: number): number {
  let [high, low] = [a, b];
  while (low !== 0) [high, low] = [low, high % low];
  return (a / high) * b;
}
