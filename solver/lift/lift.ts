/**
 * Lifter: reads the spec's own source files and runs their functions symbolically.
 *
 * What V8 runs and what a solver reasons about are the same text. See docs/lifting.md for the
 * subset of TypeScript that can be lifted and what each construct becomes.
 */

import { parse } from '@babel/parser';
import type * as Ast from '@babel/types';

import { compileConstant, compileFunction } from './compile.ts';
import type { Global, LiftedFunction, Surroundings } from './compile.ts';
import { LiftError } from './lift-error.ts';
import type { SourcePlace } from './lift-error.ts';
import { MemoryLog } from './memory.ts';
import { OperatorError } from './operators.ts';
import type { Run } from './run.ts';
import type { Sources } from './sources.ts';
import { SymbolicObject, isTerm, mapAlternatives, simplify } from './values.ts';
import type { Value } from './values.ts';
import { toTerm } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';

/** Parameters of the spec that say which part of the machine a function works on. */
const SPLIT_PARAMETERS: ReadonlySet<string> = new Set(['core', 'partition', 'vcpu', 'next']);

/** Functions of the spec, ready to run symbolically. */
export interface Lifter {
  /** A function by file and name; throws `LiftError` where it cannot be lifted. */
  readonly getFunction: (file: string, name: string) => LiftedFunction;
  /** Compiles every function of a file, so that anything outside of the subset is found. */
  readonly checkFile: (file: string) => void;
  /** Places of the tests that were compiled so far; a run's observer is told of them by index. */
  readonly guards: readonly SourcePlace[];
}

/** A file: its declarations by name. */
interface Module {
  readonly functions: ReadonlyMap<string, Ast.FunctionDeclaration>;
  readonly constants: ReadonlyMap<string, Ast.Expression>;
  readonly imports: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
}

/** The functions through which the spec reaches memory, run by the lifter itself. */
const MEMORY_FILE = 'model/memory.ts';
const MEMORY_FUNCTIONS: Readonly<Record<string, LiftedFunction['call']>> = {
  readWord: (_run, [memory, frame]) => readCell(memory, frame, 'word'),
  readWriter: (_run, [memory, frame]) => readCell(memory, frame, 'writer'),
  writeWord: (run, [memory, frame, word, writer]) => {
    if (!(memory instanceof SymbolicObject)) throw new OperatorError('a write to no memory');
    const cell = { word: toInteger(word), writer: toInteger(writer) };
    const { log } = memory.fields as { log: Value };
    const written = mapAlternatives(log, (one) => (one as MemoryLog).write(toInteger(frame), cell));
    run.write(memory.fields, 'log', written);
    return undefined;
  },
};

function readCell(memory: Value, frame: Value, part: 'word' | 'writer'): Value {
  if (!(memory instanceof SymbolicObject)) throw new OperatorError('a read of no memory');
  const { log } = memory.fields as { log: Value };
  return mapAlternatives(log, (one) => simplify((one as MemoryLog).read(toInteger(frame))[part]));
}

function toInteger(value: Value): Term {
  if (typeof value === 'number') return toTerm(value);
  if (isTerm(value) && value.sort === 'Int') return value;
  throw new OperatorError('a frame or word that is no integer');
}

/** Reads the sources on demand; functions are compiled when they are first called. */
export function createLifter(sources: Sources): Lifter {
  const modules = new Map<string, Module>();
  const globals = new Map<string, Global | null>();
  const guards: SourcePlace[] = [];

  const getModule = (file: string): Module => {
    const known = modules.get(file);
    if (known !== undefined) return known;
    const text = sources.get(file);
    if (text === undefined) {
      throw new LiftError({ file, line: 1, column: 1 }, file, 'it is not among the sources');
    }
    const module = readModule(file, text);
    modules.set(file, module);
    return module;
  };

  const createGlobal = (file: string, name: string): Global | null => {
    if (file === MEMORY_FILE && Object.hasOwn(MEMORY_FUNCTIONS, name)) {
      const call = MEMORY_FUNCTIONS[name] as LiftedFunction['call'];
      return { kind: 'function', get: () => ({ name, call }) };
    }
    const module = getModule(file);
    const node = module.functions.get(name);
    if (node !== undefined) {
      let compiled: LiftedFunction | null = null;
      const get = (): LiftedFunction =>
        (compiled ??= heed(`${file}#${name}`, compileFunction(node, surround(file))));
      return { kind: 'function', get };
    }
    const expression = module.constants.get(name);
    if (expression !== undefined) {
      let value: { readonly known: Value } | null = null;
      const get = (run: Run): Value => {
        value ??= { known: compileConstant(expression, surround(file))(run) };
        return value.known;
      };
      return { kind: 'constant', get };
    }
    const imported = module.imports.get(name);
    return imported === undefined ? null : findGlobal(imported.file, imported.name);
  };

  const findGlobal = (file: string, name: string): Global | null => {
    const key = `${file}#${name}`;
    const known = globals.get(key);
    if (known !== undefined) return known;
    const global = createGlobal(file, name);
    globals.set(key, global);
    return global;
  };

  const surround = (file: string): Surroundings => ({
    file,
    lookUp: (name) => findGlobal(file, name),
    splitParameters: SPLIT_PARAMETERS,
    addGuard: (place) => guards.push(place) - 1,
  });

  const getFunction = (file: string, name: string): LiftedFunction => {
    const global = findGlobal(file, name);
    if (global?.kind === 'function') return global.get();
    throw new LiftError({ file, line: 1, column: 1 }, name, 'the file has no such function');
  };

  return {
    getFunction,
    checkFile(file) {
      for (const name of getModule(file).functions.keys()) getFunction(file, name);
    },
    guards,
  };
}

/** The function, or whatever stands for it in a run. */
function heed(key: string, body: LiftedFunction): LiftedFunction {
  return {
    name: body.name,
    call: (run, values) => {
      const contract = run.contracts?.get(key);
      return contract === undefined ? body.call(run, values) : contract(values, body);
    },
  };
}

function readModule(file: string, text: string): Module {
  const functions = new Map<string, Ast.FunctionDeclaration>();
  const constants = new Map<string, Ast.Expression>();
  const imports = new Map<string, { file: string; name: string }>();
  for (const statement of parseFile(file, text)) {
    if (statement.type === 'ImportDeclaration') {
      readImports(file, statement, imports);
      continue;
    }
    const declared =
      statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declared?.type === 'FunctionDeclaration' && declared.id != null) {
      functions.set(declared.id.name, declared);
    } else if (declared?.type === 'VariableDeclaration') {
      for (const { id, init } of declared.declarations) {
        if (id.type === 'Identifier' && init != null) constants.set(id.name, init);
      }
    }
  }
  return { functions, constants, imports };
}

function parseFile(file: string, text: string): readonly Ast.Statement[] {
  try {
    return parse(text, { sourceType: 'module', plugins: ['typescript'] }).program.body;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { line, column } = (error as { loc?: { line: number; column: number } }).loc ?? {
      line: 1,
      column: 0,
    };
    throw new LiftError({ file, line, column: column + 1 }, 'a syntax error', error.message);
  }
}

function readImports(
  file: string,
  node: Ast.ImportDeclaration,
  imports: Map<string, { file: string; name: string }>,
): void {
  if (node.importKind === 'type') return;
  const target = resolvePath(file, node.source.value);
  for (const specifier of node.specifiers) {
    if (specifier.type !== 'ImportSpecifier' || specifier.importKind === 'type') continue;
    const { imported, local } = specifier;
    const name = imported.type === 'Identifier' ? imported.name : imported.value;
    imports.set(local.name, { file: target, name });
  }
}

/** The path that an import of a file names, from the root of the project. */
function resolvePath(file: string, target: string): string {
  const parts = file.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
