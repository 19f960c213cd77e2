/**
 * Claims about time, one sentence each; docs/timing.md derives them.
 */

import type { Claim } from './claim.ts';

/** Durations of reservations in ticks. */
export const WHOLE_TICKS: Claim = {
  id: 'time.whole-ticks',
  statement: 'Budget, period and phase of the reservation are whole ticks of the timer.',
  formula:
    'no duration d of the reservation, no ticks k: k * 10^9 < d * frequency < (k + 1) * 10^9',
  source: 'Replenishment lies on a grid of ticks; a rounded period drifts against it',
  help: 'choose durations that are whole ticks',
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
    'no run of the core: P ticks after a replenishment less than Q served, while ' +
    'time = served + section + sum of taken(j), ' +
    'taken(j) <= ceil((time + J(j)) / P(j)) * Q(j) + o(j)',
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

/** D(1) <= max-delay. */
export const DELAY: Claim = {
  id: 'time.delay',
  statement: 'Ready, the virtual CPU runs within its max-delay, whatever the others do.',
  formula:
    'no run of the core: max-delay after the virtual CPU became ready it has not run, while ' +
    'its wait for a budget <= P - Q + o + A, and from then on ' +
    'time = served + section + sum of taken(j), ' +
    'taken(j) <= ceil((time + J(j)) / P(j)) * Q(j) + o(j)',
  source:
    'Strosnider, Lehoczky, Sha 1995; Davis and Burns 2005; ' +
    'Shin and Lee 2003 under earliest deadline first',
  help: 'allow a longer delay, shorten the period, or raise the budget',
};

/** b <= A implies P - since <= P - Q + o + A. */
export const THROTTLE: Claim = {
  id: 'time.throttle',
  statement:
    'An account without budget for an activation is replenished within P - Q + o + A, ' +
    'for every Q and P.',
  formula:
    'induction over ticks on b + since >= Q - o: holds at a replenishment, ' +
    'is kept by every tick, and implies the claim',
  source:
    'b := Q + min(b, 0) on the grid phase + k * P; budget is not spent faster than time passes',
  help: 'report this: the lemma does not depend on the configuration',
};

/** consumed(w) <= ceil((w + J) / P) * Q + o. */
export const WINDOW: Claim = {
  id: 'time.window',
  statement: 'In no window of any length does the reservation take more than its demand.',
  formula:
    'induction over ticks on consumed + b <= before + Q * replenishments: ' +
    'holds when the window opens, is kept by every tick, ' +
    'and implies consumed <= ceil((w + J) / P) * Q + o; ' +
    'J = P - Q where idle budget is kept, 0 where it is burned or polled away',
  source: 'Strosnider, Lehoczky, Sha 1995; Lehoczky, Sha, Strosnider 1987',
  help: 'report this: the lemma fails for numbers that the rules accept',
};

/** R <= deadline. */
export const TASK: Claim = {
  id: 'time.task-response',
  statement: 'Every job of the task is done by its deadline, whatever other partitions do.',
  formula:
    'no job q of a busy interval: unfinished at (q - 1) * T + deadline, while ' +
    'its work is q * C + sum of ceil(t / T(i)) * C(i) ' +
    'and the virtual CPU gets what its delay bound says',
  source: 'Lehoczky 1990; Shin and Lee 2003; Davis and Burns 2005',
  help: 'allow a longer deadline, raise the budget, or shorten the period of the virtual CPU',
};

/** All claims about time. */
export const TIME_CLAIMS: readonly Claim[] = [
  WHOLE_TICKS,
  NO_OVERFLOW,
  SCHEDULABLE,
  DEADLINES_MET,
  DELAY,
  THROTTLE,
  WINDOW,
  TASK,
];
