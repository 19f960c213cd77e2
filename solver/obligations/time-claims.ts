/**
 * Claims about time, one sentence each; docs/timing.md derives them.
 */

import type { Claim } from './claim.ts';

/** Durations of reservations and tables in ticks. */
export const WHOLE_TICKS: Claim = {
  id: 'time.whole-ticks',
  statement: 'Budget, period and phase of the reservation are whole ticks of the timer.',
  formula:
    'no duration d of the reservation, in ns: d * frequency mod 10^9 > 0; of a table, its slots',
  source: 'Replenishment lies on a grid of ticks; a rounded period drifts against it',
  help: 'choose durations that are whole ticks',
};

/** 1 <= Q <= P. */
export const WELL_FORMED: Claim = {
  id: 'time.well-formed',
  statement:
    'Every budget of the reservation, whatever was overrun before, pays for an activation.',
  formula: '1 <= Q <= P, phase >= 0, Q - o >= A + 1',
  source:
    'Premise of the lemmas; an activation is dispatched with budget for one tick of its guest',
  help: 'raise the budget above what EL2 can take of it, and keep it within the period',
};

/** Arithmetic of the bounds. */
export const NO_OVERFLOW: Claim = {
  id: 'time.no-overflow',
  statement: 'No number of ticks that the bounds of the core are made of reaches 2^53.',
  formula:
    'no window w <= longest period and max-delay of the core: ' +
    'need + Z + sum of demand(w) > 2^53 - 1',
  source: 'Exact integers of the analysis; the counter of the generic timer has at least 56 bits',
  help: 'use shorter periods, or longer ones for reservations with small ones',
};

/** W(Q) <= P. */
export const SCHEDULABLE: Claim = {
  id: 'time.reservation-schedulable',
  statement: 'The budget of the reservation is served within its period, whatever the others do.',
  formula:
    'certificate: Q + Z + sum of (n(j) * Q(j) + o(j)) <= W <= P, ' +
    '(n(j) - 1) * P(j) < W + J(j) <= n(j) * P(j)',
  source:
    'Joseph and Pandya 1986; Audsley et al. 1993; Strosnider, Lehoczky, Sha 1995 (jitter P - Q)',
  help: 'lower the load of the core: smaller budgets, longer periods, or another core',
};

/** sum of demand up to every deadline. */
export const DEADLINES_MET: Claim = {
  id: 'time.deadlines-met',
  statement: 'Up to every deadline the reservations of the core ask for no more than there is.',
  formula: 'no t >= shortest period: sum of floor(t / P(j)) * Q(j) + Z + sum of o(j) > t',
  source: 'Baruah, Mok, Rosier 1990 (processor demand); Zhang and Burns 2009',
  help: 'lower the load of the core: smaller budgets, longer periods, or another core',
};

/** EDF needs burn. */
export const BURNS: Claim = {
  id: 'time.deadlines-burn',
  statement: 'Under earliest deadline first every reservation of the core burns its idle budget.',
  formula: 'no reservation of the core: idle is keep or poll',
  source:
    'A kept budget woken before its deadline has density up to 1, whatever its utilisation: ' +
    '(5,10) beside (2,4) needs 18 ticks for 5, where the periodic resource model has 15',
  help: 'set idle: burn for each reservation of the core, or schedule it by priority',
};

/** Slots of a table. */
export const SLOTS: Claim = {
  id: 'time.slots',
  statement: 'Every instant of the frame lies in one slot of the table at most.',
  formula: 'no instant t, no slots i, j: t in both, or in one and not in the frame',
  source: 'ARINC 653 P1, partition windows of the major frame',
  help: 'move or shorten the slots that overlap, or lengthen the frame',
};

/** D(1) <= max-delay. */
export const DELAY: Claim = {
  id: 'time.delay',
  statement: 'Ready, the virtual CPU runs within its max-delay, whatever the others do.',
  formula:
    'certificate: wait + W <= max-delay, wait = max(P - Q + o + A, phase), ' +
    '1 + A + Z + sum of (n(j) * Q(j) + o(j)) <= W, (n(j) - 1) * P(j) < W + J(j) <= n(j) * P(j); ' +
    'with phases: min(Q(j), x(j), W) more, n(j) counted from x(j), for every begin of W; ' +
    'burned budgets, a table, deadlines: runs of the urgent, the slots, the demand',
  source:
    'Strosnider, Lehoczky, Sha 1995; Davis and Burns 2005; ' +
    'Shin and Lee 2003 under earliest deadline first',
  help: 'allow a longer delay, shorten the period, or raise the budget',
};

/** D(1) + I, or W(1) + I, <= max-latency. */
export const LATENCY: Claim = {
  id: 'time.latency',
  statement: 'An interrupt of the virtual CPU is taken within its max-latency.',
  formula:
    'as time.delay, with I more and max-latency for max-delay; ' +
    'in contract without the wait: it has budget whenever a line is asserted',
  source: 'Lines are taken by whoever runs; of the guest nothing is in it but that it unmasks them',
  help: 'allow a longer latency, shorten the period, raise the budget, or state in-contract',
};

/** b <= A implies P - since <= P - Q + o + A. */
export const THROTTLE: Claim = {
  id: 'time.throttle',
  statement:
    'An account without budget for an activation is replenished within P - Q + o + A, ' +
    'for every Q and P.',
  formula:
    'induction on b + since >= Q - o: holds at a replenishment (base), ' +
    'is kept by every stretch of time (step), and implies the claim (safe)',
  source:
    'b := Q + min(b, 0) on the grid phase + k * P; budget is not spent faster than time passes',
  help: 'report this: the lemma does not depend on the configuration',
};

/** consumed(w) <= ceil((w + J) / P) * Q + o. */
export const WINDOW: Claim = {
  id: 'time.window',
  statement: 'In no window of any length does the reservation take more than its demand.',
  formula:
    'induction on consumed + b <= before + m * Q, w = first + (m - 1) * P + since: ' +
    'holds when the window opens (base), is kept by every stretch of time (step), and ' +
    '(n - 1) * P < w + J <= n * P implies consumed <= n * Q + o (safe); ' +
    'J = P - Q where idle budget is kept, 0 where it is burned or polled away',
  source: 'Strosnider, Lehoczky, Sha 1995; Lehoczky, Sha, Strosnider 1987',
  help: 'report this: the lemma fails for numbers that the rules accept',
};

/** consumed(w) <= min(Q, x, w) + ceil((w - x) / P) * Q + o. */
export const PHASED_WINDOW: Claim = {
  id: 'time.phased-window',
  statement:
    'In no window of any length, however far from its begin to the next replenishment, does the ' +
    'reservation take more than its demand.',
  formula:
    'induction as for time.window, where the first replenishment comes x ticks after the begin: ' +
    '(n - 1) * P < w - x <= n * P, or n = 0 and w <= x, ' +
    'implies consumed <= min(Q, x, w) + n * Q + o',
  source: 'EL2 sets all phases; after Zhu, Goddard, Dwyer 2011 (synchronized deferrable servers)',
  help: 'report this: the lemma fails for numbers that the rules accept',
};

/** Interrupts of a partition fit its budget. */
export const INTERRUPTS: Claim = {
  id: 'time.interrupt-demand',
  statement: 'Interrupts come no faster than the budget of the virtual CPU can take them.',
  formula: 'no counts c(i) with (c(i) - 1) * distance(i) < P + jitter(i): sum of c(i) * I > Q',
  source: 'Regehr and Duongsaa 2005: delivery is bounded, else the queue is not',
  help: 'lengthen the budget, or make the device interrupt less often',
};

/** R <= deadline. */
export const TASK: Claim = {
  id: 'time.task-response',
  statement: 'Every job of the task is done by its deadline, whatever other partitions do.',
  formula:
    'no job q of a busy interval: unfinished at (q - 1) * T + deadline, while ' +
    'its work is B + q * C + sum of ceil((t + J(i)) / T(i)) * C(i) ' +
    'and the virtual CPU gets what its delay bound says; ' +
    'tasks by deadlines: D(due(t)) <= t at every deadline t of a busy interval',
  source: 'Lehoczky 1990; Shin and Lee 2003; Davis and Burns 2005',
  help: 'allow a longer deadline, raise the budget, or shorten the period of the virtual CPU',
};

/** All claims about time. */
export const TIME_CLAIMS: readonly Claim[] = [
  WHOLE_TICKS,
  WELL_FORMED,
  NO_OVERFLOW,
  SCHEDULABLE,
  DEADLINES_MET,
  BURNS,
  SLOTS,
  DELAY,
  LATENCY,
  THROTTLE,
  WINDOW,
  PHASED_WINDOW,
  INTERRUPTS,
  TASK,
];
