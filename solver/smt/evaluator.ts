/**
 * Evaluation of one graph of terms under many assignments.
 *
 * The order of the nodes is computed once, and each becomes one instruction on a row of numbers:
 * integers as doubles, booleans as 0 and 1; words are bigints in a row of their own. Where an
 * integer leaves the range in which doubles are exact, that assignment is evaluated exactly.
 */

import { applyOperator, evaluateAll } from './evaluate.ts';
import { toExact } from './exact.ts';
import type { Exact } from './exact.ts';
import { TermError, listTerms } from './node.ts';
import type { Operator, Term, Value, Variable } from './node.ts';

/** A graph of terms made ready. */
export interface Evaluator {
  /** The free variables, in order of first occurrence. */
  readonly variables: readonly Variable[];
  /**
   * Values of the roots in their order: integers as numbers where those are safe, words as bigints.
   * Throws `TermError` for a variable without a value of its sort.
   */
  readonly evaluate: (assignment: ReadonlyMap<string, Value | number>) => (Exact | boolean)[];
}

/** Instructions on numbers; a missing operator does not compile, `null` is one on words. */
const CODE: Readonly<Record<Operator, number | null>> = {
  '+': 0,
  '*': 1,
  div: 2,
  mod: 3,
  '<=': 4,
  '=': 5,
  not: 6,
  and: 7,
  or: 8,
  ite: 9,
  bvule: null,
  bvadd: null,
  bvsub: null,
  bvmul: null,
  bvand: null,
  bvor: null,
  bvxor: null,
  bvnot: null,
  bvshl: null,
  bvlshr: null,
};

/** The instruction that applies an operator to words. */
const ON_WORDS = 10;

/** Instructions and a place for each value, by position of its term. */
interface Program {
  /** `code, target, count, positions…` for each application. */
  readonly instructions: Int32Array;
  /** Integers, and booleans as 0 and 1. */
  readonly numbers: Float64Array;
  readonly words: bigint[];
  /** The term at each position. */
  readonly order: readonly Term[];
  /** Whether every constant is exact as a double. */
  readonly isExact: boolean;
}

function compile(roots: readonly Term[], positions: Map<Term, number>): Program {
  const order = listTerms(roots);
  const numbers = new Float64Array(order.length);
  const words = order.map(() => 0n);
  const code: number[] = [];
  let isExact = true;
  for (const [position, term] of order.entries()) {
    positions.set(term, position);
    if (term.kind === 'boolean') numbers[position] = Number(term.value);
    if (term.kind === 'word') words[position] = term.value;
    if (term.kind === 'integer') {
      numbers[position] = Number(term.exact);
      isExact &&= typeof term.exact === 'number';
    }
    if (term.kind !== 'application') continue;
    const isOnWords = term.sort === 'Word' || term.arguments[0]?.sort === 'Word';
    const instruction = isOnWords ? ON_WORDS : (CODE[term.operator] ?? ON_WORDS);
    code.push(instruction, position, term.arguments.length);
    for (const argument of term.arguments) code.push(positions.get(argument) ?? 0);
  }
  return { instructions: Int32Array.from(code), numbers, words, order, isExact };
}

/** Runs the program; false where an integer left the range in which doubles are exact. */
function execute(program: Program): boolean {
  const { instructions: code, numbers } = program;
  const MAX = Number.MAX_SAFE_INTEGER;
  let next = 0;
  for (let at = 0; at < code.length; at = next) {
    const first = at + 3;
    next = first + (code[at + 2] ?? 0);
    const a = numbers[code[first] ?? 0] ?? 0;
    const b = first + 1 < next ? (numbers[code[first + 1] ?? 0] ?? 0) : 0;
    let value = a;
    switch (code[at]) {
      case 0:
        for (let index = first + 1; index < next; index += 1) {
          value += numbers[code[index] ?? 0] ?? 0;
          if (value > MAX || value < -MAX) return false;
        }
        break;
      case 1:
        value = a * b + 0;
        if (value > MAX || value < -MAX) return false;
        break;
      case 2:
        value = Math.floor(a / b);
        break;
      case 3:
        value = b * Math.floor(a / b);
        if (value < -MAX) return false;
        value = a - value;
        break;
      case 4:
        value = a <= b ? 1 : 0;
        break;
      case 5:
        value = a === b ? 1 : 0;
        break;
      case 6:
        value = 1 - a;
        break;
      case 7:
        for (let index = first + 1; index < next && value === 1; index += 1) {
          value = numbers[code[index] ?? 0] ?? 0;
        }
        break;
      case 8:
        for (let index = first + 1; index < next && value === 0; index += 1) {
          value = numbers[code[index] ?? 0] ?? 0;
        }
        break;
      case 9:
        value = a === 1 ? b : (numbers[code[first + 2] ?? 0] ?? 0);
        break;
      default:
        value = executeOnWords(program, at, next);
    }
    numbers[code[at + 1] ?? 0] = value;
  }
  return true;
}

/** Runs an instruction on words; gives 0 or 1 where that is its result. */
function executeOnWords(
  { instructions, numbers, words, order }: Program,
  at: number,
  next: number,
): number {
  const target = instructions[at + 1] ?? 0;
  const term = order[target];
  // Instructions are made of applications only.
  if (term?.kind !== 'application') throw new TermError('no application');
  const list: Value[] = [];
  for (let index = at + 3; index < next; index += 1) {
    const position = instructions[index] ?? 0;
    const isWord = order[position]?.sort === 'Word';
    list.push(isWord ? (words[position] ?? 0n) : numbers[position] === 1);
  }
  const value = applyOperator(term.operator, list);
  if (typeof value === 'boolean') return Number(value);
  words[target] = value;
  return 0;
}

/** Makes the graph under the roots ready for many assignments. */
export function createEvaluator(roots: readonly Term[]): Evaluator {
  const positions = new Map<Term, number>();
  const program = compile(roots, positions);
  const variables = program.order.filter((term) => term.kind === 'variable');
  const inputs = variables.map((variable) => ({ variable, at: positions.get(variable) ?? 0 }));
  const outputs = roots.map((term) => ({ sort: term.sort, at: positions.get(term) ?? 0 }));
  return {
    variables,
    evaluate(assignment) {
      let isExact = program.isExact;
      for (const { variable, at } of inputs) {
        const value = readValue(variable, assignment);
        if (variable.sort === 'Word') program.words[at] = BigInt(value);
        else program.numbers[at] = Number(value) + 0;
        isExact &&= typeof value !== 'bigint' || variable.sort === 'Word';
      }
      if (!isExact || !execute(program)) return evaluateExactly(roots, variables, assignment);
      return outputs.map(({ sort, at }) => {
        if (sort === 'Word') return program.words[at] ?? 0n;
        const value = program.numbers[at] ?? 0;
        return sort === 'Bool' ? value === 1 : value;
      });
    },
  };
}

/** The value of a variable: a boolean, a word as a bigint, an integer in the form of `Exact`. */
function readValue(
  { name, sort }: Variable,
  assignment: ReadonlyMap<string, Value | number>,
): Exact | boolean {
  const value = assignment.get(name);
  if (value === undefined) throw new TermError(`no value for ${name}`);
  if (sort === 'Bool' && typeof value === 'boolean') return value;
  if (sort === 'Word' && typeof value === 'bigint') return value;
  const exact = sort === 'Int' && typeof value !== 'boolean' ? toExact(value) : null;
  if (exact === null) throw new TermError(`${String(value)} is no value of ${name}: ${sort}`);
  return exact;
}

function evaluateExactly(
  roots: readonly Term[],
  variables: readonly Variable[],
  assignment: ReadonlyMap<string, Value | number>,
): (Exact | boolean)[] {
  const values = new Map<string, Value>();
  for (const variable of variables) {
    const value = readValue(variable, assignment);
    values.set(variable.name, typeof value === 'number' ? BigInt(value) : value);
  }
  return evaluateAll(roots, values).map((value, index) => {
    const isInteger = typeof value === 'bigint' && roots[index]?.sort === 'Int';
    return isInteger ? (toExact(value) ?? value) : value;
  });
}
