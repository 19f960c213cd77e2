/**
 * The lifter, construct by construct: a small function is run by V8 on every input and by the
 * lifter once, on variables; under the values of the input both must give and leave the same.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { transformSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { createTree } from '../induction/state.ts';
import { booleanVariable, evaluate, integerVariable } from '../smt/term.ts';
import type { Value as Scalar } from '../smt/term.ts';
import { wordVariable } from '../smt/word.ts';
import { LiftError } from './lift-error.ts';
import { createLifter } from './lift.ts';
import { MemoryLog, createMemoryBase } from './memory.ts';
import { BUILT_INS, NUMBER_OPERATORS } from './operators.ts';
import { Run } from './run.ts';
import { Choice, SymbolicObject, isTerm } from './values.ts';
import type { Value } from './values.ts';
import { WORD_OPERATORS, WRAPPING_OPERATORS } from './words.ts';

type Inputs = Readonly<Record<'a' | 'b', number>> &
  Readonly<Record<'p' | 'q', boolean>> & { readonly i: number; readonly w: bigint; v: bigint };

const NUMBERS = [-9, -1, 0, 1, 2, 5, 8];
const WORDS = [0n, 1n, 3n, 0x8000_0000_0000_0000n, 2n ** 64n - 1n];

const INPUTS: readonly Inputs[] = NUMBERS.flatMap((a, at) =>
  NUMBERS.flatMap((b) =>
    [0, 1, 2].flatMap((i) =>
      [0, 1, 2, 3].map((bits) => ({
        a,
        b,
        i,
        p: bits % 2 === 1,
        q: bits > 1,
        w: WORDS[(at + bits) % WORDS.length] ?? 0n,
        v: WORDS[(b + 9) % WORDS.length] ?? 0n,
      })),
    ),
  ),
);

/** What a function works on besides its numbers: some of it known, some not. */
function createRecord<T>(a: T, b: T, p: T): object {
  return {
    x: 10,
    y: b,
    done: p,
    pair: { left: 1, right: a },
    list: [{ v: 1 }, { v: a }, { v: 3 }],
    numbers: [7, 8, b],
    empty: [],
  };
}

function symbolise(value: unknown): Value {
  if (typeof value !== 'object' || value === null || isTerm(value)) return value as Value;
  if (Array.isArray(value)) return new SymbolicObject(value.map(symbolise));
  const entries = Object.entries(value).map(([key, one]) => [key, symbolise(one)] as const);
  return new SymbolicObject(Object.fromEntries(entries));
}

/** What a symbolic value is under an assignment. */
function concretise(value: Value, assignment: ReadonlyMap<string, Scalar>): unknown {
  if (isTerm(value)) {
    const scalar = evaluate(value, assignment);
    return value.sort === 'Int' ? Number(scalar) : scalar;
  }
  if (value instanceof Choice) {
    const isFirst = evaluate(value.condition, assignment) === true;
    return concretise(isFirst ? value.first : value.second, assignment);
  }
  if (!(value instanceof SymbolicObject)) return value;
  const { fields } = value;
  if (Array.isArray(fields)) return fields.map((one) => concretise(one, assignment));
  const entries = Object.entries(fields);
  return Object.fromEntries(entries.map(([key, one]) => [key, concretise(one, assignment)]));
}

const VARIABLES = {
  a: integerVariable('a'),
  b: integerVariable('b'),
  p: booleanVariable('p'),
  q: booleanVariable('q'),
  i: createTree([0, 1, 2], 'i'),
  w: wordVariable('w'),
  v: wordVariable('v'),
};

function assignInputs({ a, b, p, q, i, w, v }: Inputs): ReadonlyMap<string, Scalar> {
  const bits = [['i#0', i < 2] as const, ['i#1', i === 0] as const];
  const numbers = [['a', BigInt(a)] as const, ['b', BigInt(b)] as const];
  return new Map<string, Scalar>([...numbers, ['p', p], ['q', q], ...bits, ['w', w], ['v', v]]);
}

const FILE = 'model/sample.ts';

/** The function as text: `body` sees a record, the inputs, and what `top` declares. */
function write(body: string, top = ''): string {
  const parameters = ['s', 'a', 'b', 'p', 'q', 'i', 'w', 'v'].map((name) => `${name}: any`);
  return `${top}\nexport function f(${parameters.join(', ')}) {
${body}
}`;
}

/** Runs the text once on variables; gives what is returned and left. */
function lift(text: string): { readonly value: Value; readonly record: Value } {
  const { a, b, p, q, i, w, v } = VARIABLES;
  const record = symbolise(createRecord<unknown>(a, b, p));
  const lifted = createLifter(new Map([[FILE, text]])).getFunction(FILE, 'f');
  return { value: lifted.call(new Run(), [record, a, b, p, q, i, w, v]), record };
}

/** No operator of the subset tells -0 from 0, and integers have but one. */
function normalise(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== 'object' || value === null) return value;
  for (const key of Object.keys(value)) {
    Reflect.set(value, key, normalise(Reflect.get(value, key)));
  }
  return value;
}

/** Expects the lifter and V8 to agree on every input. */
function expectAgreement(body: string, top = ''): void {
  const text = write(body, top);
  const { code } = transformSync(text.replaceAll('export ', ''), { loader: 'ts' });
  const native = runInThisContext(`(() => { ${code}; return f; })()`) as (
    ...values: unknown[]
  ) => unknown;
  const { value, record } = lift(text);
  const seen = new Set<unknown>();
  for (const inputs of INPUTS) {
    const { a, b, p, q, i, w, v } = inputs;
    const expected = createRecord<unknown>(a, b, p);
    const result = normalise(native(expected, a, b, p, q, i, w, v));
    normalise(expected);
    const assignment = assignInputs(inputs);
    expect([concretise(value, assignment), inputs]).toEqual([result, inputs]);
    expect([concretise(record, assignment), inputs]).toEqual([expected, inputs]);
    seen.add(
      JSON.stringify([result, expected], (_, one: unknown) =>
        typeof one === 'bigint' ? `${one}n` : one,
      ),
    );
  }
  // A function that ignores its inputs would show nothing.
  expect(seen.size).toBeGreaterThan(1);
}

describe('the lifter agrees with V8 on', () => {
  test.each([
    ['if and else', 'if (a < b) { s.x = a; } else { s.x = b; s.y = 1; } return s.x;'],
    ['else if', 'if (a < 0) s.x = 1; else if (a < 2) s.x = 2; else s.x = 3; return a;'],
    ['a guard with an early return', 'if (a > b) return 1; s.x = 2; if (p) return 3; return a;'],
    ['a return from within nested tests', 'if (p) { if (q) { return a; } s.x = 1; } return b;'],
    ['a path without return', 'if (p) return 4; s.x = 5;'],
    ['return without a value', 'if (p) { return; } s.x = 1;'],
    ['a test known on the way', 'if (p) { s.x = p ? 1 : 2; } return !p && p;'],
    ['a loop', 'let n = 0; for (let k = 0; k < 4; k += 1) { if (k < a) n += k; } return n;'],
    ['a loop with continue', 'for (let k = 0; k < 3; k += 1) { if (k === a) continue; s.x += 1; }'],
    [
      'a loop with break',
      'for (let k = 0; k < 5; k += 1) { if (k === a) break; s.x = k; } return b;',
    ],
    [
      'a loop with return, break and continue',
      `let n = 0;
       for (let k = 0; k < 4; k += 1) {
         if (k === b) return n;
         if (k === a) { if (p) continue; if (q) break; }
         n += 10;
         s.numbers[0] = k;
       }
       n += 1;
       return n;`,
    ],
    [
      'a loop over an array',
      'let n = 0; for (const e of s.list) { n += e.v; e.v = p ? 0 : e.v; } return n;',
    ],
    ['break in a loop over an array', 'for (const e of s.list) { if (e.v === b) break; e.v = 9; }'],
    [
      'loops in loops',
      `for (const e of s.list) {
         for (let k = 0; k < 2; k += 1) { if (e.v === k) break; e.v += 1; }
       }`,
    ],
    [
      'a switch',
      `let n = a;
       switch (p ? 1 : 1) { case 2: return 0; case 1: n = b; break; default: n = 3; }
       return n;`,
    ],
    [
      'a switch by a text',
      `const k: string = 'two';
       switch (k) { case 'one': return a; case 'two': case 'three': return b; default: return 0; }`,
    ],
    [
      'the default of a switch',
      "switch ('none' as string) { case 'one': return a; default: return b; }",
    ],
    ['the ternary operator', 'return p ? (q ? a : b) : a + 1;'],
    ['&& and || over conditions', 'return (a < b && p) || (q && a === 5);'],
    ['effects on the right of &&', 'return p && (s.x = a) > 0;'],
    ['?? of a value', 's.x = (s.missing ?? a) + 1; return s.y ?? 3;'],
    ['?? of an element that may miss', 'return s.numbers[a] ?? 42;'],
    ['?. of an element that may miss', 'return s.list[a]?.v;'],
    ['?. and ??', 'return s.list[a]?.v ?? -1;'],
    ['??=', 's.found ??= a; s.x ??= b; return s.found;'],
    [
      '=== and !== across types',
      "return [a === b, a !== 3, p === q, p !== true, a === null, s.x === 'x'];",
    ],
    ['comparisons', 'return [a < b, a <= b, a > b, a >= b, !(a < 2)];'],
    ['arithmetic', 'return [a + b, a - b, a * 3, -a, a * -2 + b * 2 - 7];'],
    ['a product of two unknowns', 'return a * b;'],
    ['the remainder', 'return [a % 4, b % 3, (a + b) % 5];'],
    ['Math.floor of a quotient', 'return [Math.floor(a / 4), Math.floor((a * 2 + b) / 3)];'],
    [
      'Math.min and Math.max',
      'return [Math.min(a, b), Math.max(a, b), Math.max(0, Math.min(a, 3))];',
    ],
    [
      'infinity',
      'let best = Infinity; if (p) best = a; return [Math.min(best, b), best < b, b < best];',
    ],
    ['Number of a boolean', 'return Number(p) + Number(q) * 2;'],
    [
      'Number.isSafeInteger',
      'return [Number.isSafeInteger(a), Number.isSafeInteger(a * 2251799813685248)];',
    ],
    [
      'assignments with +=, -= and *=',
      's.x += a; s.x -= b; s.x *= 2; let n = a; n += 1; n -= b; return n;',
    ],
    ['records', 'const r: any = { left: a, right: { v: b } }; if (p) r.right.v = 1; return r;'],
    ['the short form of a field', 'const n = p ? 1 : 2; return { n, a };'],
    ['arrays', 'const r: any[] = [a, b, [1, p]]; r[1] = 5; return r;'],
    ['the length of an array', 'return s.list.length + a;'],
    ['push', 's.empty.push(a); s.empty.push({ v: b }, 3); return s.empty.length + a;'],
    ['reads at a symbolic index', 'return [s.numbers[i], s.list[i].v];'],
    ['writes at a symbolic index', 's.numbers[i] = a; s.list[i].v += 1; return i;'],
    ['writes at any index', 'if (a >= 0 && a < 3) s.numbers[a] = 99;'],
    [
      'a reference to one of two records',
      'const r = p ? s.pair : s.list[0]; r.mark = a; r.left = b; return r.v ?? r.left;',
    ],
    [
      'a reference to an element, written through',
      'const e = s.list[i]; e.v = b; return s.list[1].v;',
    ],
    [
      'references compared',
      'return [s.list[i] === s.list[1], s.pair === s.pair, (p ? s.pair : s.list) === s.pair];',
    ],
    ['undefined on one side', 'const n = p ? undefined : a; return n === undefined ? b : n;'],
    ['texts', "const k = p ? 'one' : 'two'; return [k, k === 'one', k !== 'three'];"],
    [
      'a call',
      's.x = g(a, g(b, 1)); return g(s.x, i);',
      'function g(x: any, y: any) { if (x > y) return x; return y; }',
    ],
    [
      'a call that changes a record',
      'const done = g(s, a); return [done, g(s, b)];',
      'function g(t: any, x: any) { if (x < 0) return false; t.x = x; return true; }',
    ],
    [
      'recursion to a known depth',
      'return g(3, a);',
      `function g(n: number, x: any): any {
         if (n === 0) return x;
         return g(n - 1, x > 2 ? x - 2 : x);
       }`,
    ],
    [
      'constants',
      'return [a + LIMIT, ORDER[i], TABLE.left];',
      'const LIMIT = 2 * 8;\nexport const ORDER = [3, 1, 2];\nconst TABLE = { left: LIMIT + 1 };',
    ],
    [
      'a parameter that is split',
      'return g(s, i) + a;',
      'function g(t: any, core: any) { t.numbers[core] = core; return t.list[core].v; }',
    ],
    ['a local that shadows another', 'const n = a; if (p) { const n = b; s.x = n; } return n;'],
    [
      'casts and types',
      'const n = a as number; const m: number = b!; return (n + m) satisfies number;',
    ],
  ])('%s', (_, body, top = '') => {
    expectAgreement(body, top);
  });
});

describe('the lifter agrees with V8 on words:', () => {
  test.each([
    ['literals and bits', 'return [w & 0xffn, w | 1n, w ^ v, (w & v) | 2n];'],
    ['shifts to the right', 'return [w >> 12n, (w >> 60n) & 7n, w >> 64n];'],
    [
      'sums, differences, products and shifts that wrap',
      `return [BigInt.asUintN(64, w + v), BigInt.asUintN(64, w - v), BigInt.asUintN(64, w * 3n),
        BigInt.asUintN(64, w << 52n), BigInt.asUintN(64, w & v)];`,
    ],
    ['comparisons', 'return [w < v, w <= v, w > 2n, w >= v, w === v, w !== 3n];'],
    ['a word or a constant', 'const n = p ? 5n : w; return [n & 6n, n === 5n, q ? 1n : 2n];'],
    ['no number', 'return [w === a, p ? w === 3n : null];'],
    ['known words', 'const n = 3n + 4n * 2n; return [n - 20n, n < 12n, (n << 3n) | 1n, w];'],
    [
      'a stage-2 descriptor',
      `const output = w & ADDRESS;
       const rights = (p ? READ : 0n) | (q ? WRITE : 0n);
       const bits = BigInt.asUintN(64, v << 2n) & 0x3cn;
       const next = BigInt.asUintN(64, output + 4096n);
       return { page: output | bits | rights | AF | 3n, next };`,
      `const ADDRESS = 0x0000_ffff_ffff_f000n;
       const READ = 1n << 6n; const WRITE = 1n << 7n; const AF = 1n << 10n;`,
    ],
  ])('%s', (_, body, top = '') => {
    expectAgreement(body, top);
  });

  test.each([
    ['+ that may pass 64 bits', 'return w + v;'],
    ['- that may fall below zero', 'return BigInt.asUintN(64, (w - v) & 1n);'],
    ['<< that may pass 64 bits', 'return w << 1n;'],
    ['bits of a symbolic number', 'return a & b;'],
    ['a negative bigint', 'const n = -1n; return w & n;'],
  ])('%s is no word', (_, body) => {
    expect(() => lift(write(body))).toThrow(LiftError);
  });
});

describe('the memory interface', () => {
  test('reads what was written, where the frames are the same', () => {
    const text = `import { readWord, readWriter, writeWord } from './memory.ts';
      export function f(m: any, a: any, b: any) {
        writeWord(m, a, 11, 1);
        if (b > 3) writeWord(m, b, 22, 2);
        return [readWord(m, 5), readWriter(m, 5), readWord(m, a)];
      }`;
    const base = createMemoryBase('m', (name) => createTree([-2, 0], name));
    const memory = new SymbolicObject({ log: new MemoryLog(base) });
    const lifted = createLifter(new Map([[FILE, text]])).getFunction(FILE, 'f');
    const value = lifted.call(new Run(), [memory, VARIABLES.a, VARIABLES.b]);
    expect(base.listCells()).toHaveLength(1);
    for (const inputs of INPUTS) {
      const { a, b } = inputs;
      const assignment = new Map([
        ...assignInputs(inputs),
        ['m.word0', 77n],
        ['m.writer0#0', true],
      ]);
      const other = b > 3 && b === 5;
      const five = other ? [22, 2] : a === 5 ? [11, 1] : [77, -2];
      const own = b > 3 && a === b ? 22 : 11;
      expect(concretise(value, assignment as never)).toEqual([...five, own]);
    }
  });
});

/** What is outside of the subset: its body, and the construct that the error names. */
const OUTSIDE: readonly (readonly [name: string, body: string, construct: string, top?: string])[] =
  [
    ['while', 'while (p) { s.x = 1; }', 'WhileStatement'],
    ['do', 'do { s.x = 1; } while (p);', 'DoWhileStatement'],
    ['for…in', 'for (const k in s) { s.x = k; }', 'ForInStatement'],
    ['a loop without a step', 'for (let k = 0; k < 3; ) { k += 1; }', 'a loop without variable'],
    ['a label', 'out: for (let k = 0; k < 3; k += 1) { s.x = k; }', 'LabeledStatement'],
    ['a closure', 'const g = (x: any) => x; return g(a);', 'ArrowFunctionExpression'],
    ['a function within', 'function g() {} return a;', 'FunctionDeclaration'],
    ['a class', 'class A {} return a;', 'ClassDeclaration'],
    ['new', 'return new Map();', 'NewExpression'],
    ['a method call', 'return s.list.map(a);', 'a call of .map'],
    ['an unknown call', 'return Math.abs(a);', 'a call of Math.abs'],
    ['an unknown name', 'return globalThis;', 'the name globalThis'],
    ['try', 'try { s.x = 1; } catch { s.x = 2; }', 'TryStatement'],
    ['throw', 'throw s;', 'ThrowStatement'],
    ['a spread in an array', 'return [...s.list];', 'a spread'],
    ['a spread in a record', 'return { ...s };', 'SpreadElement'],
    ['a spread in a call', 'return Math.max(...s.list);', 'a spread'],
    ['a computed field', 'return { [a]: 1 };', 'ObjectProperty'],
    ['a pattern', 'const { x } = s; return x;', 'ObjectPattern'],
    ['a pattern in a loop', 'for (const { v } of s.list) s.x = v;', 'a pattern'],
    [
      'a parameter with a default',
      'return g(a);',
      'parameter AssignmentPattern',
      'function g(x = 1) { return x; }',
    ],
    ['var', 'var n = a; return n;', 'var'],
    ['++', 's.x++;', 'UpdateExpression'],
    ['delete', 'delete s.x;', 'the operator delete'],
    ['typeof', 'return typeof a;', 'the operator typeof'],
    ['==', 'return a == b;', 'the operator =='],
    ['/', 'return a / b;', 'the operator /'],
    ['>>>', 'return a >>> 1;', 'the operator >>>'],
    ['~', 'return ~a;', 'the operator ~'],
    ['bits of a number', 'return a & 255;', '& of numbers'],
    ['a shift of a number', 'return 1 << a;', '<< of numbers'],
    ['&&=', 's.done &&= p;', 'the operator &&='],
    ['a template', 'return `${a}`;', 'TemplateLiteral'],
    ['a regular expression', 'return /x/;', 'RegExpLiteral'],
    ['a sequence', 'return (s.x = 1, a);', 'SequenceExpression'],
    [
      'an assignment to a constant of the file',
      'LIMIT = 3;',
      'an assignment to LIMIT',
      'let LIMIT = 2;',
    ],
    [
      'Math.floor without a quotient',
      'return Math.floor(a);',
      'Math.floor of anything but a quotient',
    ],
    ['words of another width', 'return BigInt.asUintN(32, w);', 'a width other than 64'],
    [
      'an asynchronous function',
      'return g();',
      'an asynchronous function',
      'async function g() {}',
    ],
    ['a generator', 'return g();', 'an asynchronous function or a generator', 'function* g() {}'],
  ];

/** What is found only when values meet it. */
const UNDECIDED: readonly (readonly [name: string, body: string, construct: string])[] = [
  [
    'a loop up to a symbolic bound',
    'for (let k = 0; k < a; k += 1) { s.x = k; }',
    'a loop over symbolic bounds',
  ],
  [
    'a switch on a symbolic value',
    'switch (a) { case 1: return b; default: return 0; }',
    'a switch on a symbolic value',
  ],
  ['a condition that is a number', 'if (a) s.x = 1;', 'a condition that is no boolean'],
  [
    'a quotient by a symbolic number',
    'return Math.floor(a / b);',
    '/ by anything but a known positive number',
  ],
  [
    'a remainder by a symbolic number',
    'return a % b;',
    '% by anything but a known positive number',
  ],
  ['a symbolic power', 'return a ** 2;', '** of a symbolic number'],
  ['arithmetic on a condition', 'return p + 1;', 'arithmetic on a symbolic Bool'],
  ['! of a number', 'return !a;', '! of a symbolic Int'],
  ['Number of a text', "return Number('3');", 'Number of string'],
  ['a field with a symbolic name', 'return s.pair[a];', 'a symbolic field name'],
  ['a field of a number', 'return a.x;', 'a field of something that is no record'],
  [
    'push to one of two arrays',
    '(p ? s.list : s.numbers).push(1);',
    'push to anything but a known array',
  ],
  [
    'a loop over a record',
    'for (const e of s.pair) s.x = e;',
    'a loop over something else than an array',
  ],
];

describe('docs/lifting.md', () => {
  const path = join(import.meta.dirname, '..', '..', 'docs', 'lifting.md');
  const text = readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
  const code = new Set(
    [...text.matchAll(/`([^`\n]+)`/g)].map(([, one = '']) => one.replaceAll('\\|', '|')),
  );
  const list = (from: string, to: string): string[] => {
    const part = text.slice(text.indexOf(`<!-- ${from} -->`), text.indexOf(`<!-- ${to} -->`));
    const items = part.slice(part.indexOf('\n\n')).split(/;|\n\n/);
    return items.map((one) => one.replaceAll(/\s+/g, ' ').trim()).filter((one) => one !== '');
  };

  test('names every operator and function that the lifter has a meaning for', () => {
    const operators = [NUMBER_OPERATORS, WORD_OPERATORS, WRAPPING_OPERATORS, BUILT_INS];
    const known = operators.flatMap((one) => [...one.keys()]);
    expect(known.filter((one) => !code.has(one))).toEqual([]);
  });

  test('lists what is outside of the subset, as these tests have it', () => {
    expect(list('outside', 'undecided').slice(0, -1)).toEqual(OUTSIDE.map(([name]) => name));
    expect(list('undecided', 'end')).toEqual(UNDECIDED.map(([name]) => name));
  });
});

describe('outside of the subset, with its place:', () => {
  test.each(OUTSIDE)('%s, when it is compiled', (_, body, construct = '', top = '') => {
    const line = top === '' ? 3 : expect.any(Number);
    const lifter = createLifter(new Map([[FILE, write(`  ${body}`, top)]]));
    const place = { file: FILE, line, column: expect.any(Number) as number };
    expect(() => lifter.checkFile(FILE)).toThrow(
      expect.objectContaining({ place, construct: expect.stringContaining(construct) as string }),
    );
  });

  test.each(UNDECIDED)('%s, when it is run', (_, body, construct) => {
    const text = write(`  ${body}`);
    createLifter(new Map([[FILE, text]])).checkFile(FILE);
    const place = { file: FILE, line: 3, column: expect.any(Number) as number };
    expect(() => lift(text)).toThrow(
      expect.objectContaining({ place, construct: expect.stringContaining(construct) as string }),
    );
  });

  test('a write to the plan, when it is run', () => {
    const text = 'export function f(plan: any, a: any) {\n  plan.cores[0].x = a;\n}';
    const lifted = createLifter(new Map([[FILE, text]])).getFunction(FILE, 'f');
    const plan = { cores: [{ x: 1 }] };
    expect(() => lifted.call(new Run(), [plan, VARIABLES.a])).toThrow(
      'model/sample.ts:2:3: a write to a constant cannot be lifted: write to the machine only',
    );
    expect(plan).toEqual({ cores: [{ x: 1 }] });
  });

  test('a text that does not parse', () => {
    expect(() => lift('export function f( {')).toThrow(/^model\/sample\.ts:1:\d+: a syntax error/);
  });

  test('a function or a file that there is not', () => {
    const lifter = createLifter(new Map([[FILE, 'const a = 1;']]));
    expect(() => lifter.getFunction(FILE, 'g')).toThrow('the file has no such function');
    expect(() => lifter.getFunction('model/none.ts', 'g')).toThrow('not among the sources');
  });

  test('the error names file, line, column, construct and what to do', () => {
    expect(() => lift(write('  return [...s.list];'))).toThrow(
      'model/sample.ts:3:10: a spread or a hole cannot be lifted: name each element',
    );
  });
});
