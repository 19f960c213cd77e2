/**
 * Terms printed as SMT-LIB 2.6, with sharing: a node used twice becomes a `define-fun` and is
 * printed once.
 *
 * The text depends on the terms alone, so that equal queries are equal texts, on every machine and
 * run.
 */

import { listTerms } from './term.ts';
import type { Application, Term, Variable } from './term.ts';

/** Nodes nested deeper than this get a name, so that no reader's stack is at risk. */
const DEPTH_LIMIT = 100;

/** A printed term or node: its text and how deep it nests. */
interface Printed {
  readonly text: string;
  readonly depth: number;
}

/** Logic of the assertions: linear unless two non-constants are multiplied. */
export function getLogic(assertions: readonly Term[]): 'QF_LIA' | 'QF_NIA' {
  const isNonlinear = listTerms(assertions).some(
    (term) =>
      term.kind === 'application' &&
      term.operator === '*' &&
      term.arguments.every((argument) => argument.kind !== 'integer'),
  );
  return isNonlinear ? 'QF_NIA' : 'QF_LIA';
}

/** Declarations, definitions and one `assert` per assertion; no `set-logic`, no `check-sat`. */
export function printAssertions(assertions: readonly Term[]): string {
  const order = listTerms(assertions);
  const uses = countUses(order, assertions);
  const printed = new Map<Term, Printed>();
  const declarations: string[] = [];
  const definitions: string[] = [];
  for (const term of order) {
    if (term.kind === 'variable') declarations.push(printDeclaration(term));
    const node = printNode(term, printed);
    const isNamed =
      term.kind === 'application' && ((uses.get(term) ?? 0) > 1 || node.depth >= DEPTH_LIMIT);
    if (!isNamed) {
      printed.set(term, node);
      continue;
    }
    // No variable's name starts with `$`, so that a definition never meets one.
    const name = `$${definitions.length}`;
    definitions.push(`(define-fun ${name} () ${term.sort} ${node.text})`);
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

function printDeclaration(variable: Variable): string {
  return `(declare-const ${printSymbol(variable.name)} ${variable.sort})`;
}

/** A name as a simple symbol where SMT-LIB allows it, else quoted. */
export function printSymbol(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.\-!]*$/.test(name) ? name : `|${name}|`;
}

function printNode(term: Term, printed: ReadonlyMap<Term, Printed>): Printed {
  if (term.kind === 'application') return printApplication(term, printed);
  if (term.kind === 'variable') return { text: printSymbol(term.name), depth: 0 };
  const isNegative = term.kind === 'integer' && term.value < 0n;
  return { text: isNegative ? `(- ${-term.value})` : `${term.value}`, depth: 0 };
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
