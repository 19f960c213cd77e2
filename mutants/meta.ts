/**
 * Mutants of the checks themselves: rows META-01 to META-15, each with the test that must fail.
 */

/** A way in which a check can be worthless, and what finds that. */
export interface MetaRow {
  readonly id: string;
  /** What is wrong, in words. */
  readonly change: string;
  /** Path of the file with the test from the root of the project. */
  readonly file: string;
  /** Its title, as it stands there. */
  readonly title: string;
}

const META = 'mutants/meta.test.ts';

/** Every row. */
export const META_ROWS: readonly MetaRow[] = [
  {
    id: 'META-01',
    change: 'An invariant says nothing',
    file: META,
    title: 'lets its bugs survive where it is replaced by true: $property',
  },
  {
    id: 'META-02',
    change: 'The premises of a proof contradict each other',
    file: 'solver/prove.test.ts',
    title: 'is vacuous where the premises contradict each other, however the statement',
  },
  {
    id: 'META-03',
    change: 'An action is never drawn, or nothing is proved of it',
    file: 'solver/induction/obligations.test.ts',
    title: 'speak of every action of the spec: by whoever is current, and for every pair',
  },
  {
    id: 'META-04',
    change: 'A guard never lets anybody through',
    file: 'solver/induction/guards.test.ts',
    title: 'go both ways in some case, but for those listed with a reason',
  },
  {
    id: 'META-05',
    change: 'A part of the state is in nobody’s view',
    file: 'model/view.test.ts',
    title: 'shows a change of %s to somebody, or that is hidden for a reason',
  },
  {
    id: 'META-06',
    change: 'Everybody is one domain, or may influence all others',
    file: META,
    title: 'denies flows from every domain to every other, and somebody tries each',
  },
  {
    id: 'META-07',
    change: 'A claim about all of nothing',
    file: META,
    title: 'has two of whatever is quantified over: %s',
  },
  {
    id: 'META-08',
    change: 'A bound on a delay is ten times too large',
    file: 'solver/witness/witness.test.ts',
    title: 'has a run of the spec that comes within one tick of it and never exceeds it',
  },
  {
    id: 'META-09',
    change: 'A view is empty, or a term counts as true because it is there',
    file: 'model/view.test.ts',
    title: 'shows a word to those who can read its frame, and to nobody else',
  },
  {
    id: 'META-10',
    change: 'What looks at a state changes it',
    file: META,
    title: 'changes neither the plan nor the machine by watching: %s',
  },
  {
    id: 'META-11',
    change: 'A solver that gives up counts as one that proves',
    file: 'solver/prove.test.ts',
    title: 'is unknown, never green, at a limit, after cancellation and without a solver',
  },
  {
    id: 'META-12',
    change: 'A trace shrinks to one that breaks something else',
    file: META,
    title: 'breaks the property that it was shrunk for, and not another: $bug',
  },
  {
    id: 'META-13',
    change: 'A record is replayed on another spec than the one it is of',
    file: 'mutants/seeded-bugs.test.ts',
    title: 'is shrunk, survives its file, fails on the broken spec, passes on the right',
  },
  {
    id: 'META-14',
    change: 'The spec refuses whatever is asked of it',
    file: 'mutants/seeded-bugs.test.ts',
    title: 'does not pass a spec that refuses everything: nothing was judged',
  },
  {
    id: 'META-15',
    change: 'What is proved is not what runs',
    file: 'solver/induction/differential.test.ts',
    title: 'differ where one reads another text: %s without its %s',
  },
];
