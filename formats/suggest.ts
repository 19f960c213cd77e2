/**
 * Suggestions: the known word that was probably meant.
 */

import { distance } from 'fastest-levenshtein';

const LISTED_MAX = 12;

/**
 * The candidate nearest to the word, or null where none is near: at most a third of the letters, or
 * two of four or more, differ; case, `_` and `-` do not count.
 */
export function findNearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = fold(word.slice(0, 200));
  // Two letters exchanged, the commonest slip, are two differences.
  const allowed = wanted.length < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  let nearest: string | null = null;
  let least = allowed + 1;
  for (const candidate of candidates) {
    const folded = fold(candidate);
    if (Math.abs(folded.length - wanted.length) >= least) continue;
    const difference = distance(wanted, folded);
    if (difference < least) {
      nearest = candidate;
      least = difference;
    }
  }
  return nearest;
}

/** "did you mean …?" where a candidate is near, and the known ones, at most twelve of them. */
export function adviseKnown(word: string, kind: string, candidates: readonly string[]): string {
  const nearest = findNearest(word, candidates);
  const meant = nearest === null ? '' : `did you mean "${nearest}"? `;
  return candidates.length === 0
    ? `there are no ${kind}`
    : `${meant}known ${kind}: ${listWords(candidates)}`;
}

/** Words as a list, the surplus counted. */
export function listWords(words: readonly string[]): string {
  const shown = words.slice(0, LISTED_MAX).join(', ');
  const rest = words.length - LISTED_MAX;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '');
}
