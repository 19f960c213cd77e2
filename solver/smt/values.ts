/**
 * Values of models as solvers print them: SMT-LIB 2.6 literals of the sorts that terms have.
 *
 * Every function here is total: text that is no value gives null, and the query it belongs to is
 * then answered `unknown`.
 */

import type { Value, Variable } from './term.ts';

/** An S-expression: an atom as it stands in the text, or a list. */
type Expression = string | readonly Expression[];

/** Quoted symbols, string literals, brackets, and everything else between white space. */
const TOKEN = /\|[^|]*\||"(?:[^"]|"")*"|[()]|[^\s()|"]+/g;

/** The expressions of a text, in order; null where brackets do not match. */
function parseExpressions(text: string): readonly Expression[] | null {
  const open: Expression[][] = [[]];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '(') open.push([]);
    else if (token !== ')') open.at(-1)?.push(token);
    else {
      const list = open.pop();
      const outer = open.at(-1);
      if (list === undefined || outer === undefined) return null;
      outer.push(list);
    }
  }
  const [whole] = open;
  return open.length === 1 && whole !== undefined ? whole : null;
}

/**
 * The value that a literal denotes for a variable of its sort: `5` and `(- 5)` for integers, `true`
 * and `false`, `#x00ff`, `#b0101` and `(_ bv5 64)` for words. Null for anything else.
 */
export function parseValue(text: string, variable: Variable): Value | null {
  const expressions = parseExpressions(text);
  const [literal] = expressions ?? [];
  if (literal === undefined || expressions?.length !== 1) return null;
  return toValue(literal, variable);
}

/**
 * The reply to `(get-value (a b …))`, pairs of names and values in the order asked. Null where a
 * name or value is missing or is none.
 */
export function parseValues(
  text: string,
  variables: readonly Variable[],
): ReadonlyMap<string, Value> | null {
  const [pairs, ...rest] = parseExpressions(text) ?? [];
  if (pairs === undefined || typeof pairs === 'string' || rest.length > 0) return null;
  if (pairs.length !== variables.length) return null;
  const model = new Map<string, Value>();
  for (const [index, variable] of variables.entries()) {
    const pair = pairs[index];
    if (pair === undefined || typeof pair === 'string' || pair.length !== 2) return null;
    const [name, literal] = pair;
    if (typeof name !== 'string' || name.replaceAll('|', '') !== variable.name) return null;
    const value = literal === undefined ? null : toValue(literal, variable);
    if (value === null) return null;
    model.set(variable.name, value);
  }
  return model;
}

/** A value of the variable's sort and bounds; any will do where a model leaves it open. */
export function chooseValue({ sort, low, high }: Variable): Value {
  if (sort === 'Bool') return false;
  if (low !== null && low > 0n) return low;
  return high !== null && high < 0n ? high : 0n;
}

function toValue(literal: Expression, { sort }: Variable): Value | null {
  switch (sort) {
    case 'Bool':
      return literal === 'true' ? true : literal === 'false' ? false : null;
    case 'Int':
      return toInteger(literal);
    case 'Word':
      return toWord(literal);
  }
}

function toInteger(literal: Expression): bigint | null {
  if (typeof literal === 'string') return /^\d+$/.test(literal) ? BigInt(literal) : null;
  const [sign, digits, ...rest] = literal;
  if (sign !== '-' || typeof digits !== 'string' || rest.length > 0) return null;
  return /^\d+$/.test(digits) ? -BigInt(digits) : null;
}

/** Bits of a word. */
const WORD_BITS = 64;

/** The word as an integer in [0, 2^64); null for any other width. */
function toWord(literal: Expression): bigint | null {
  if (typeof literal === 'string') {
    if (/^#x[0-9a-f]{16}$/i.test(literal) || /^#b[01]{64}$/.test(literal)) {
      return BigInt(`0${literal.slice(1)}`);
    }
    return null;
  }
  const [underscore, digits, width, ...rest] = literal;
  if (underscore !== '_' || width !== String(WORD_BITS) || rest.length > 0) return null;
  const match = typeof digits === 'string' ? /^bv(\d+)$/.exec(digits) : null;
  const value = match === null ? null : BigInt(match[1] ?? 0);
  return value !== null && BigInt.asUintN(WORD_BITS, value) === value ? value : null;
}
