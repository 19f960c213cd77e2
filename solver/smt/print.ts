/**
 * Terms printed as SMT-LIB 2.6, with sharing: a node used twice gets a name and is
 * printed once.
 *
 * The text depends on the terms alone, so that equal queries are equal texts, on every machine and
 * run.
 */

import { TermError, listTerms } from './term.ts';
import type { Application, Sort, Term } from './term.ts';

/** Nodes nested deeper than this get a name, so that no reader's stack is at risk. */
const DEPTH_LIMIT = 100;

/** A printed term or node: its text and how deep it nests. */
interface Printed {
  readonly text: string;
  readonly depth: number;
}

/** Logic of a script: the least that has the sorts and operators of its assertions. */
export type Logic = 'QF_LIA' | 'QF_NIA' | 'QF_BV' | 'ALL';

/** Logic of the assertions: linear unless two non-constants are multiplied; `ALL` where mixed. */
export function getLogic(assertions: readonly Term[]): Logic {
  const terms = listTerms(assertions);
  if (terms.some((term) => term.sort === 'Word')) {
    return terms.some((term) => term.sort === 'Int') ? 'ALL' : 'QF_BV';
  }
  const isNonlinear = terms.some(
    (term) =>
      term.kind === 'application' &&
      term.operator === '*' &&
      term.arguments.every((argument) => argument.kind !== 'integer'),
  );
  return isNonlinear ? 'QF_NIA' : 'QF_LIA';
}

/**
 * Declarations, bounds of variables, definitions and one `assert` per assertion; no `set-logic`, no
 * `check-sat`. Throws `TermError` where one name stands for two variables.
 */
export function printAssertions(assertions: readonly Term[]): string {
  const order = listTerms(assertions);
  const uses = countUses(order, assertions);
  const printed = new Map<Term, Printed>();
  const declarations = printDeclarations(order);
  const definitions: string[] = [];
  let count = 0;
  for (const term of order) {
    const node = printNode(term, printed);
    const isNamed =
      term.kind === 'application' && ((uses.get(term) ?? 0) > 1 || node.depth >= DEPTH_LIMIT);
    if (!isNamed) {
      printed.set(term, node);
      continue;
    }
    // No variable's name starts with `$`, so that a definition never meets one.
    const name = `$${count}`;
    // Not `define-fun`: z3 takes minutes to read a few thousand that rest on one another.
    definitions.push(
      `(declare-const ${name} ${SORT[term.sort]})`,
      `(assert (= ${name} ${node.text}))`,
    );
    count += 1;
    printed.set(term, { text: name, depth: 0 });
  }
  const asserts = assertions.map((term) => `(assert ${printed.get(term)?.text ?? ''})`);
  return [...declarations, ...definitions, ...asserts, ''].join('\n');
}

/**
 * A self-contained script: comment lines, logic, expected answer if any, assertions, `check-sat`.
 */
export function printScript(
  assertions: readonly Term[],
  comment: readonly string[] = [],
  expected: 'sat' | 'unsat' | null = null,
): string {
  const lines = comment.flatMap((line) => line.split(/\r?\n/)).map((line) => `; ${line}`.trimEnd());
  if (expected !== null) lines.push(`(set-info :status ${expected})`);
  lines.push(`(set-logic ${getLogic(assertions)})`);
  return `${lines.join('\n')}\n${printAssertions(assertions)}(check-sat)\n`;
}

function countUses(order: readonly Term[], roots: readonly Term[]): Map<Term, number> {
  const uses = new Map<Term, number>();
  const count = (term: Term): void => void uses.set(term, (uses.get(term) ?? 0) + 1);
  for (const root of roots) count(root);
  for (const term of order) {
    if (term.kind === 'application') for (const argument of term.arguments) count(argument);
  }
  return uses;
}

/** Sorts as SMT-LIB writes them. */
const SORT: Readonly<Record<Sort, string>> = {
  Int: 'Int',
  Bool: 'Bool',
  Word: '(_ BitVec 64)',
};

/** Declarations of the variables, then their bounds. */
function printDeclarations(order: readonly Term[]): string[] {
  const declarations: string[] = [];
  const bounds: string[] = [];
  const names = new Set<string>();
  for (const term of order) {
    if (term.kind !== 'variable') continue;
    if (names.has(term.name)) {
      throw new TermError(`"${term.name}" names variables of different sorts or bounds`);
    }
    names.add(term.name);
    const symbol = printSymbol(term.name);
    declarations.push(`(declare-const ${symbol} ${SORT[term.sort]})`);
    if (term.low !== null) bounds.push(`(assert (<= ${printInteger(term.low)} ${symbol}))`);
    if (term.high !== null) bounds.push(`(assert (<= ${symbol} ${printInteger(term.high)}))`);
  }
  return [...declarations, ...bounds];
}

function printInteger(value: bigint): string {
  return value < 0n ? `(- ${-value})` : `${value}`;
}

/** A name as a simple symbol where SMT-LIB allows it, else quoted. */
export function printSymbol(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.\-!]*$/.test(name) ? name : `|${name}|`;
}

function printNode(term: Term, printed: ReadonlyMap<Term, Printed>): Printed {
  if (term.kind === 'application') return printApplication(term, printed);
  if (term.kind === 'variable') return { text: printSymbol(term.name), depth: 0 };
  if (term.kind === 'integer') return { text: printInteger(term.value), depth: 0 };
  if (term.kind === 'boolean') return { text: `${term.value}`, depth: 0 };
  return { text: `#x${term.value.toString(16).padStart(16, '0')}`, depth: 0 };
}

function printApplication(term: Application, printed: ReadonlyMap<Term, Printed>): Printed {
  const texts: string[] = [];
  let depth = 0;
  for (const argument of term.arguments) {
    const node = printed.get(argument);
    // Arguments come before their users in `listTerms`.
    if (node === undefined) continue;
    texts.push(node.text);
    depth = Math.max(depth, node.depth);
  }
  return { text: `(${term.operator} ${texts.join(' ')})`, depth: depth + 1 };
}
