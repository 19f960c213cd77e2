/**
 * Unproved: mutants that runs find and no proof refutes, each with the hole that lets it through.
 */

/** Why no proof refutes a mutant, by its id; a test holds that the list is exact. */
export const UNPROVED: Readonly<Record<string, string>> = {
  'RNG-19':
    'no obligation speaks of the memory that tables take: those of the spec take none, and a ' +
    'builder of tables that could run out of it is not written yet',
  'TOT-01':
    'V8 throws where a field of nothing is read, and the lifter has no value there: proofs take ' +
    'it for granted that the type checker has passed, which refuses this text',
  'OWN-4':
    'proofs take what an action does and what each core chooses then as steps of their own: that ' +
    'a step is both, for every core, is read off its text and looked at in runs',
};
