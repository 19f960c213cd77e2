/**
 * Compiles functions of the liftable subset to closures that run them symbolically.
 *
 * One closure per node of the syntax tree: names are resolved once, and a construct outside of the
 * subset is found when its function is compiled, whether or not it is ever reached.
 */

import type * as Ast from '@babel/types';

import { LiftError } from './lift-error.ts';
import type { SourcePlace } from './lift-error.ts';
import { BUILT_INS, NUMBER_OPERATORS, OperatorError, floorDivide, negate } from './operators.ts';
import { BREAK, CONTINUE, NORMAL, createReturn, mergeFlows, sequence } from './run.ts';
import type { Flow, Run } from './run.ts';
import { FALSE, TRUE, and, equal, not, or } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import {
  ABSENT,
  Choice,
  SymbolicObject,
  isTerm,
  listAlternatives,
  listConstants,
  mapAlternatives,
  merge,
  simplify,
} from './values.ts';
import type { Value } from './values.ts';
import { WORD_BITS, WORD_OPERATORS, WRAPPING_OPERATORS, truncate } from './words.ts';

/** A function of the spec, ready to run. */
export interface LiftedFunction {
  readonly name: string;
  /** Runs it with these arguments. */
  readonly call: (run: Run, values: readonly Value[]) => Value;
}

/** What a name at the top of a file stands for. */
export type Global =
  | { readonly kind: 'function'; readonly get: () => LiftedFunction }
  | { readonly kind: 'constant'; readonly get: (run: Run) => Value };

/** What compiling a file needs from its surroundings. */
export interface Surroundings {
  readonly file: string;
  /** The meaning of a name that is declared at the top of the file or imported; null if none is. */
  readonly lookUp: (name: string) => Global | null;
  /** Parameters whose symbolic argument is run once for each value that it may have. */
  readonly splitParameters: ReadonlySet<string>;
  /** Numbers a test of the source, for observers of a run. */
  readonly addGuard: (place: SourcePlace) => number;
}

type Slots = Value[];
type Evaluate = (run: Run, slots: Slots) => Value;
type Execute = (run: Run, slots: Slots) => Flow;
type Container = Record<string | number, Value>;

/** Names of locals in scope, by the slot that holds each. */
class Scope {
  private readonly slots = new Map<string, number>();
  private readonly outer: Scope | null;
  private readonly counter: { count: number };

  constructor(outer: Scope | null) {
    this.outer = outer;
    this.counter = outer?.counter ?? { count: 0 };
  }

  declare(name: string): number {
    const slot = this.counter.count;
    this.counter.count += 1;
    this.slots.set(name, slot);
    return slot;
  }

  find(name: string): number | null {
    return this.slots.get(name) ?? this.outer?.find(name) ?? null;
  }
}

/** Compiles one function; throws `LiftError` for a construct outside of the subset. */
export function compileFunction(
  node: Ast.FunctionDeclaration,
  surroundings: Surroundings,
): LiftedFunction {
  return new FunctionCompiler(surroundings).compile(node);
}

/** Compiles an expression at the top of a file: the value of a constant. */
export function compileConstant(
  node: Ast.Expression,
  surroundings: Surroundings,
): (run: Run) => Value {
  const evaluate = new FunctionCompiler(surroundings).compileExpression(node, new Scope(null));
  return (run) => evaluate(run, []);
}

class FunctionCompiler {
  private readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  compile(node: Ast.FunctionDeclaration): LiftedFunction {
    if (node.async || node.generator) {
      throw this.reject(node, 'an asynchronous function or a generator', 'use a plain function');
    }
    const scope = new Scope(null);
    const split: number[] = [];
    for (const [index, parameter] of node.params.entries()) {
      if (parameter.type !== 'Identifier') {
        throw this.reject(parameter, `parameter ${parameter.type}`, 'name it, without default');
      }
      scope.declare(parameter.name);
      if (this.surroundings.splitParameters.has(parameter.name)) split.push(index);
    }
    const name = node.id?.name ?? '';
    const isTotal = isAbrupt(node.body);
    const body = this.compileBlock(node.body.body, new Scope(scope));
    const call = (run: Run, values: readonly Value[]): Value => {
      const flow = body(run, [...values]);
      if (isTotal || flow.returns === TRUE) return flow.value;
      return merge(flow.returns, flow.value, undefined);
    };
    return { name, call: split.length === 0 ? call : splitArguments(call, split) };
  }

  // ------------------------------------------------------------------ statements

  compileBlock(statements: readonly Ast.Statement[], scope: Scope): Execute {
    const [first, ...rest] = statements;
    if (first === undefined) return () => NORMAL;
    if (rest.length === 0) return this.compileStatement(first, scope);
    // A guard: the rest of the block is the other side of the condition.
    if (first.type === 'IfStatement' && first.alternate == null && isAbrupt(first.consequent)) {
      const then = this.compileStatement(first.consequent, new Scope(scope));
      return this.compileBranch(first.test, scope, then, this.compileBlock(rest, scope));
    }
    const execute = this.compileStatement(first, scope);
    const others = this.compileBlock(rest, scope);
    return (run, slots) => {
      const flow = execute(run, slots);
      if (flow.normal === TRUE) return others(run, slots);
      if (flow.normal === FALSE) return flow;
      return sequence(
        flow,
        run.under(flow.normal, () => others(run, slots)),
      );
    };
  }

  private compileStatement(node: Ast.Statement, scope: Scope): Execute {
    switch (node.type) {
      case 'BlockStatement':
        return this.compileBlock(node.body, new Scope(scope));
      case 'ExpressionStatement': {
        const evaluate = this.compileExpression(node.expression, scope);
        return (run, slots) => {
          evaluate(run, slots);
          return NORMAL;
        };
      }
      case 'VariableDeclaration':
        return this.compileDeclaration(node, scope);
      case 'ReturnStatement': {
        if (node.argument == null) return () => createReturn(undefined);
        const evaluate = this.compileExpression(node.argument, scope);
        return (run, slots) => createReturn(evaluate(run, slots));
      }
      case 'IfStatement': {
        const then = this.compileStatement(node.consequent, new Scope(scope));
        const otherwise =
          node.alternate == null
            ? () => NORMAL
            : this.compileStatement(node.alternate, new Scope(scope));
        return this.compileBranch(node.test, scope, then, otherwise);
      }
      case 'ForStatement':
        return this.compileFor(node, new Scope(scope));
      case 'ForOfStatement':
        return this.compileForOf(node, new Scope(scope));
      case 'SwitchStatement':
        return this.compileSwitch(node, scope);
      case 'ContinueStatement':
        if (node.label != null) throw this.reject(node, 'a label', 'leave the inner loop only');
        return () => CONTINUE;
      case 'BreakStatement':
        if (node.label != null) throw this.reject(node, 'a label', 'leave the inner loop only');
        return () => BREAK;
      default:
        throw this.reject(node, node.type, 'see docs/lifting.md for the statements that can be');
    }
  }

  private compileBranch(
    test: Ast.Expression,
    scope: Scope,
    then: Execute,
    otherwise: Execute,
  ): Execute {
    const condition = this.compileCondition(test, scope);
    return (run, slots) => {
      const value = condition(run, slots);
      if (typeof value === 'boolean') return value ? then(run, slots) : otherwise(run, slots);
      return run.branch(
        value,
        () => then(run, slots),
        () => otherwise(run, slots),
        mergeFlows,
      );
    };
  }

  private compileDeclaration(node: Ast.VariableDeclaration, scope: Scope): Execute {
    if (node.kind !== 'const' && node.kind !== 'let') {
      throw this.reject(node, node.kind, 'use const or let');
    }
    const parts = node.declarations.map((one) => {
      if (one.id.type !== 'Identifier') {
        throw this.reject(one, one.id.type, 'name one variable for each value');
      }
      const evaluate = one.init == null ? () => undefined : this.compileExpression(one.init, scope);
      return { evaluate, slot: scope.declare(one.id.name) };
    });
    return (run, slots) => {
      // A local lives no longer than its block: its first value needs no journal.
      for (const { evaluate, slot } of parts) slots[slot] = evaluate(run, slots);
      return NORMAL;
    };
  }

  private compileFor(node: Ast.ForStatement, scope: Scope): Execute {
    const { init, test, update } = node;
    if (init?.type !== 'VariableDeclaration' || test == null || update == null) {
      throw this.reject(node, 'a loop without variable, test or step', 'count over known bounds');
    }
    const start = this.compileDeclaration(init, scope);
    const condition = this.compileExpression(test, scope);
    const step = this.compileExpression(update, scope);
    const body = this.compileStatement(node.body, new Scope(scope));
    const advance = (run: Run, slots: Slots): boolean => {
      const value = run.resolve(condition(run, slots));
      if (typeof value === 'boolean') return value;
      throw this.reject(test, 'a loop over symbolic bounds', 'count over what the plan knows');
    };
    return (run, slots) => {
      start(run, slots);
      return iterate(
        run,
        () => advance(run, slots),
        () => body(run, slots),
        () => step(run, slots),
      );
    };
  }

  private compileForOf(node: Ast.ForOfStatement, scope: Scope): Execute {
    if (node.left.type !== 'VariableDeclaration' || node.await) {
      throw this.reject(node, 'a loop without a variable of its own', 'declare it with const');
    }
    const [declared] = node.left.declarations;
    if (declared?.id.type !== 'Identifier') {
      throw this.reject(node.left, 'a pattern', 'name one variable');
    }
    const list = this.compileExpression(node.right, scope);
    const slot = scope.declare(declared.id.name);
    const body = this.compileStatement(node.body, new Scope(scope));
    const walk = (run: Run, slots: Slots, value: Value): Flow => {
      const current = run.resolve(value);
      if (current instanceof Choice) {
        const { condition, first: then, second: otherwise } = current;
        return run.branch(
          condition,
          () => walk(run, slots, then),
          () => walk(run, slots, otherwise),
          mergeFlows,
        );
      }
      if (current === ABSENT) return NORMAL;
      const elements = current instanceof SymbolicObject ? current.fields : current;
      if (!Array.isArray(elements)) {
        throw this.reject(node.right, 'a loop over something else than an array', 'use an array');
      }
      let index = 0;
      const isMore = (): boolean => {
        if (index >= elements.length) return false;
        if (current instanceof SymbolicObject) run.noteRead(current.fields, index);
        slots[slot] = elements[index] as Value;
        index += 1;
        return true;
      };
      return iterate(
        run,
        isMore,
        () => body(run, slots),
        () => undefined,
      );
    };
    return (run, slots) => walk(run, slots, list(run, slots));
  }

  private compileSwitch(node: Ast.SwitchStatement, scope: Scope): Execute {
    const subject = this.compileExpression(node.discriminant, scope);
    const tests = node.cases.map(({ test }) =>
      test == null ? null : this.compileExpression(test, scope),
    );
    const bodies = node.cases.map((_, index) =>
      this.compileBlock(
        node.cases.slice(index).flatMap(({ consequent }) => consequent),
        new Scope(scope),
      ),
    );
    return (run, slots) => {
      const value = run.resolve(subject(run, slots));
      if (value instanceof Choice || isTerm(value)) {
        throw this.reject(node.discriminant, 'a switch on a symbolic value', 'use if');
      }
      const matched = tests.findIndex((test) => test !== null && test(run, slots) === value);
      const index = matched === -1 ? tests.indexOf(null) : matched;
      const flow = bodies[index]?.(run, slots) ?? NORMAL;
      if (flow.breaks === FALSE) return flow;
      return { ...flow, normal: or([flow.normal, flow.breaks]), breaks: FALSE };
    };
  }

  // ------------------------------------------------------------------ expressions

  /** A condition: known, or a term; observers of the run are told. */
  private compileCondition(
    node: Ast.Expression,
    scope: Scope,
  ): (run: Run, slots: Slots) => boolean | Term {
    const evaluate = this.compileExpression(node, scope);
    const isCompound = node.type === 'LogicalExpression';
    const site = isCompound ? -1 : this.surroundings.addGuard(this.getPlace(node));
    return (run, slots) => {
      const condition = this.toCondition(run, evaluate(run, slots), node);
      if (!isCompound) run.observe(site, condition);
      return condition;
    };
  }

  private toCondition(run: Run, value: Value, node: Ast.Node): boolean | Term {
    const resolved = run.resolve(value);
    if (typeof resolved === 'boolean') return resolved;
    const constant = simplify(resolved);
    if (typeof constant === 'boolean') return constant;
    if (isTerm(constant) && constant.sort === 'Bool') return run.decide(constant) ?? constant;
    throw this.reject(node, 'a condition that is no boolean', 'compare explicitly');
  }

  compileExpression(node: Ast.Expression | Ast.PrivateName, scope: Scope): Evaluate {
    switch (node.type) {
      case 'NumericLiteral':
      case 'StringLiteral':
      case 'BooleanLiteral': {
        const { value } = node;
        return () => value;
      }
      case 'BigIntLiteral': {
        const value = BigInt(node.value);
        return () => value;
      }
      case 'NullLiteral':
        return () => null;
      case 'Identifier':
        return this.compileName(node, scope);
      case 'ParenthesizedExpression':
      case 'TSAsExpression':
      case 'TSNonNullExpression':
      case 'TSSatisfiesExpression':
        return this.compileExpression(node.expression, scope);
      case 'UnaryExpression':
        return this.compileUnary(node, scope);
      case 'BinaryExpression':
        return this.compileBinary(node, scope);
      case 'LogicalExpression':
        return this.compileLogical(node, scope);
      case 'ConditionalExpression':
        return this.compileConditional(node, scope);
      case 'MemberExpression':
      case 'OptionalMemberExpression':
        return this.compileMember(node, scope);
      case 'CallExpression':
        return this.compileCall(node, scope);
      case 'AssignmentExpression':
        return this.compileAssignment(node, scope);
      case 'ObjectExpression':
        return this.compileRecord(node, scope);
      case 'ArrayExpression':
        return this.compileArray(node, scope);
      default:
        throw this.reject(node, node.type, 'see docs/lifting.md for the expressions that can be');
    }
  }

  private compileName(node: Ast.Identifier, scope: Scope): Evaluate {
    const { name } = node;
    const slot = scope.find(name);
    if (slot !== null) return (_run, slots) => slots[slot];
    if (name === 'undefined') return () => undefined;
    if (name === 'Infinity') return () => Infinity;
    const global = this.surroundings.lookUp(name);
    if (global?.kind === 'constant') return (run) => global.get(run);
    throw this.reject(node, `the name ${name}`, 'use locals, constants and functions of the spec');
  }

  private compileUnary(node: Ast.UnaryExpression, scope: Scope): Evaluate {
    const argument = this.compileExpression(node.argument, scope);
    if (node.operator === '!') {
      return this.guard(node, (run, slots) => negate(run.resolve(argument(run, slots))));
    }
    const subtract = NUMBER_OPERATORS.get('-');
    if (node.operator === '-' && subtract !== undefined) {
      return this.guard(node, (run, slots) => subtract(0, argument(run, slots)));
    }
    throw this.reject(node, `the operator ${node.operator}`, 'use !, - and binary operators');
  }

  private compileBinary(node: Ast.BinaryExpression, scope: Scope): Evaluate {
    const operation = NUMBER_OPERATORS.get(node.operator) ?? WORD_OPERATORS.get(node.operator);
    if (operation === undefined) {
      throw this.reject(node, `the operator ${node.operator}`, 'see docs/lifting.md');
    }
    const sides = [node.left.type, node.right.type];
    if (WORD_OPERATORS.has(node.operator) && sides.includes('NumericLiteral')) {
      throw this.reject(node, `${node.operator} of numbers`, 'use bigints, or Math.floor and %');
    }
    const left = this.compileExpression(node.left, scope);
    const right = this.compileExpression(node.right, scope);
    return this.guard(node, (run, slots) =>
      operation(run.resolve(left(run, slots)), run.resolve(right(run, slots))),
    );
  }

  private compileLogical(node: Ast.LogicalExpression, scope: Scope): Evaluate {
    const right = this.compileExpression(node.right, scope);
    if (node.operator === '??') {
      const left = this.compileExpression(node.left, scope);
      return (run, slots) => coalesce(run, left(run, slots), () => right(run, slots));
    }
    const left = this.compileCondition(node.left, scope);
    const isAnd = node.operator === '&&';
    // Tests within a compound condition are guards of their own.
    const judge =
      node.right.type === 'LogicalExpression' ? right : this.compileOperand(node.right, scope);
    return (run, slots) => {
      const first = left(run, slots);
      if (typeof first === 'boolean') return first === isAnd ? judge(run, slots) : first;
      const second = (): Value => judge(run, slots);
      return isAnd
        ? run.branch(first, second, () => false, merge)
        : run.branch(first, () => true, second, merge);
    };
  }

  /** The right side of a compound condition. */
  private compileOperand(node: Ast.Expression, scope: Scope): Evaluate {
    const evaluate = this.compileExpression(node, scope);
    const site = this.surroundings.addGuard(this.getPlace(node));
    return (run, slots) => {
      const value = run.resolve(evaluate(run, slots));
      if (typeof value === 'boolean') run.observe(site, value);
      else if (isTerm(value) && value.sort === 'Bool') {
        const decided = run.decide(value) ?? value;
        run.observe(site, decided);
        return decided;
      }
      return value;
    };
  }

  private compileConditional(node: Ast.ConditionalExpression, scope: Scope): Evaluate {
    const test = this.compileCondition(node.test, scope);
    const then = this.compileExpression(node.consequent, scope);
    const otherwise = this.compileExpression(node.alternate, scope);
    return (run, slots) => {
      const condition = test(run, slots);
      if (typeof condition === 'boolean')
        return condition ? then(run, slots) : otherwise(run, slots);
      return run.branch(
        condition,
        () => then(run, slots),
        () => otherwise(run, slots),
        merge,
      );
    };
  }

  private compileMember(
    node: Ast.MemberExpression | Ast.OptionalMemberExpression,
    scope: Scope,
  ): Evaluate {
    if (node.object.type === 'Super') throw this.reject(node, 'super', 'use plain records');
    const object = this.compileExpression(node.object, scope);
    const missing = node.type === 'OptionalMemberExpression' ? undefined : ABSENT;
    const key = this.compileKey(node, scope);
    return this.guard(node, (run, slots) => {
      const target = run.resolve(object(run, slots));
      const index = run.resolve(key(run, slots));
      return mapAlternatives(target, (one) => readField(run, one, index, missing));
    });
  }

  private compileKey(
    node: Ast.MemberExpression | Ast.OptionalMemberExpression,
    scope: Scope,
  ): Evaluate {
    const { property } = node;
    if (node.computed) return this.compileExpression(property, scope);
    if (property.type !== 'Identifier') throw this.reject(property, property.type, 'use a name');
    const { name } = property;
    return () => name;
  }

  private compileCall(node: Ast.CallExpression, scope: Scope): Evaluate {
    const values = node.arguments.map((argument) => {
      if (argument.type === 'SpreadElement' || argument.type === 'ArgumentPlaceholder') {
        throw this.reject(argument, 'a spread', 'name each argument');
      }
      return argument;
    });
    const { callee } = node;
    if (callee.type === 'Identifier' && scope.find(callee.name) === null) {
      const global = this.surroundings.lookUp(callee.name);
      if (global?.kind === 'function') {
        const parts = values.map((value) => this.compileExpression(value, scope));
        return (run, slots) =>
          global.get().call(
            run,
            parts.map((part) => run.resolve(part(run, slots))),
          );
      }
    }
    const name = describeCallee(callee);
    if (name === 'Math.floor') return this.compileFloor(node, scope);
    if (name === 'BigInt.asUintN') return this.compileTruncation(node, scope);
    const builtIn = BUILT_INS.get(name);
    if (builtIn !== undefined) {
      const parts = values.map((value) => this.compileExpression(value, scope));
      return this.guard(node, (run, slots) => builtIn(parts.map((part) => part(run, slots))));
    }
    if (name.endsWith('.push') && callee.type === 'MemberExpression') {
      return this.compilePush(node, callee, scope);
    }
    throw this.reject(node, `a call of ${name}`, 'call functions of the spec');
  }

  /** `Math.floor(a / b)`: the only division. */
  private compileFloor(node: Ast.CallExpression, scope: Scope): Evaluate {
    const [quotient] = node.arguments;
    if (quotient?.type !== 'BinaryExpression' || quotient.operator !== '/') {
      throw this.reject(node, 'Math.floor of anything but a quotient', 'write Math.floor(a / b)');
    }
    const left = this.compileExpression(quotient.left, scope);
    const right = this.compileExpression(quotient.right, scope);
    return this.guard(node, (run, slots) => floorDivide(left(run, slots), right(run, slots)));
  }

  /** `BigInt.asUintN(64, …)`: what it wraps may be a sum, a difference, a product or a shift. */
  private compileTruncation(node: Ast.CallExpression, scope: Scope): Evaluate {
    const [bits, inner] = node.arguments;
    if (bits?.type !== 'NumericLiteral' || bits.value !== WORD_BITS || inner === undefined) {
      throw this.reject(node, 'a width other than 64', 'write BigInt.asUintN(64, …)');
    }
    const value = inner as Ast.Expression;
    const operation =
      value.type === 'BinaryExpression' ? WRAPPING_OPERATORS.get(value.operator) : undefined;
    if (value.type !== 'BinaryExpression' || operation === undefined) {
      const evaluate = this.compileExpression(value, scope);
      return this.guard(node, (run, slots) => truncate(evaluate(run, slots)));
    }
    const left = this.compileExpression(value.left, scope);
    const right = this.compileExpression(value.right, scope);
    return this.guard(node, (run, slots) =>
      operation(run.resolve(left(run, slots)), run.resolve(right(run, slots))),
    );
  }

  private compilePush(
    node: Ast.CallExpression,
    callee: Ast.MemberExpression,
    scope: Scope,
  ): Evaluate {
    if (callee.object.type === 'Super') throw this.reject(node, 'super', 'use plain records');
    const list = this.compileExpression(callee.object, scope);
    const values = node.arguments.map((value) =>
      this.compileExpression(value as Ast.Expression, scope),
    );
    return (run, slots) => {
      const array = run.resolve(list(run, slots));
      if (!(array instanceof SymbolicObject) || !Array.isArray(array.fields)) {
        throw this.reject(node, 'push to anything but a known array', 'use one array');
      }
      for (const value of values) {
        run.write(array.fields, array.fields.length, value(run, slots));
      }
      return array.fields.length;
    };
  }

  private compileAssignment(node: Ast.AssignmentExpression, scope: Scope): Evaluate {
    const value = this.compileExpression(node.right, scope);
    const place = this.compilePlace(node.left, scope);
    if (node.operator === '=') {
      return this.guard(node, (run, slots) => {
        const next = run.resolve(value(run, slots));
        place.write(run, slots, next);
        return next;
      });
    }
    if (node.operator === '??=') {
      return this.guard(node, (run, slots) => {
        const next = coalesce(run, place.read(run, slots), () => value(run, slots));
        place.write(run, slots, next);
        return next;
      });
    }
    const operation = NUMBER_OPERATORS.get(node.operator.slice(0, -1));
    if (operation === undefined || !['+=', '-=', '*='].includes(node.operator)) {
      throw this.reject(node, `the operator ${node.operator}`, 'use =, +=, -= or ??=');
    }
    return this.guard(node, (run, slots) => {
      const next = operation(place.read(run, slots), value(run, slots));
      place.write(run, slots, next);
      return next;
    });
  }

  /** Something that can be assigned to. */
  private compilePlace(
    node: Ast.Node,
    scope: Scope,
  ): { read: Evaluate; write: (run: Run, slots: Slots, value: Value) => void } {
    if (node.type === 'Identifier') {
      const slot = scope.find(node.name);
      if (slot === null) throw this.reject(node, `an assignment to ${node.name}`, 'use a local');
      return {
        read: (_run, slots) => slots[slot],
        write: (run, slots, value) => run.write(slots, slot, value),
      };
    }
    if (node.type !== 'MemberExpression' || node.object.type === 'Super') {
      throw this.reject(node, `an assignment to ${node.type}`, 'assign to a local or a field');
    }
    const object = this.compileExpression(node.object, scope);
    const key = this.compileKey(node, scope);
    return {
      read: this.compileMember(node, scope),
      write: (run, slots, value) => {
        const target = run.resolve(object(run, slots));
        const index = run.resolve(key(run, slots));
        for (const [guard, one] of listAlternatives(target)) {
          if (one === ABSENT || one === undefined || one === null) continue;
          if (!(one instanceof SymbolicObject)) {
            throw this.reject(node, 'a write to a constant', 'write to the machine only');
          }
          writeField(run, one, index, value, guard);
        }
      },
    };
  }

  private compileRecord(node: Ast.ObjectExpression, scope: Scope): Evaluate {
    const parts = node.properties.map((property) => {
      if (property.type !== 'ObjectProperty' || property.computed) {
        throw this.reject(property, property.type, 'name each field');
      }
      const { key, value } = property;
      const name =
        key.type === 'Identifier' ? key.name : key.type === 'StringLiteral' ? key.value : null;
      if (name === null) throw this.reject(key, key.type, 'name each field');
      return { name, evaluate: this.compileExpression(value as Ast.Expression, scope) };
    });
    return (run, slots) => {
      const fields: Record<string, Value> = {};
      for (const { name, evaluate } of parts) fields[name] = run.resolve(evaluate(run, slots));
      return new SymbolicObject(fields);
    };
  }

  private compileArray(node: Ast.ArrayExpression, scope: Scope): Evaluate {
    const parts = node.elements.map((element) => {
      if (element === null || element.type === 'SpreadElement') {
        throw this.reject(node, 'a spread or a hole', 'name each element');
      }
      return this.compileExpression(element, scope);
    });
    return (run, slots) => new SymbolicObject(parts.map((part) => run.resolve(part(run, slots))));
  }

  /** Adds the place to an error of an operator. */
  private guard(node: Ast.Node, evaluate: Evaluate): Evaluate {
    return (run, slots) => {
      try {
        return evaluate(run, slots);
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        throw this.reject(node, error.message, 'see docs/lifting.md for what can be');
      }
    };
  }

  private getPlace(node: Ast.Node): SourcePlace {
    const { line, column } = node.loc?.start ?? { line: 1, column: 0 };
    return { file: this.surroundings.file, line, column: column + 1 };
  }

  private reject(node: Ast.Node, construct: string, advice: string): LiftError {
    return new LiftError(this.getPlace(node), construct, advice);
  }
}

/** Whether a statement never goes on with the next one. */
function isAbrupt(node: Ast.Statement): boolean {
  if (node.type === 'BlockStatement') {
    const last = node.body.at(-1);
    return last !== undefined && isAbrupt(last);
  }
  return ['ReturnStatement', 'ContinueStatement', 'BreakStatement'].includes(node.type);
}

function describeCallee(callee: Ast.Node): string {
  if (callee.type === 'Identifier') return callee.name;
  if (callee.type !== 'MemberExpression' || callee.computed) return callee.type;
  const name = callee.property.type === 'Identifier' ? callee.property.name : '';
  return `${callee.object.type === 'Identifier' ? callee.object.name : ''}.${name}`;
}

/** Runs a loop: each iteration under the condition that it is reached. */
function iterate(run: Run, isMore: () => boolean, body: () => Flow, step: () => unknown): Flow {
  for (;;) {
    if (!isMore()) return NORMAL;
    const flow = body();
    const on = flow === NORMAL ? TRUE : or([flow.normal, flow.continues]);
    if (on === TRUE) {
      step();
      continue;
    }
    const ended = { ...flow, normal: flow.breaks, breaks: FALSE, continues: FALSE };
    if (on === FALSE) return ended;
    const rest = run.under(on, () => {
      step();
      return iterate(run, isMore, body, step);
    });
    const returns = or([ended.returns, and([on, rest.returns])]);
    const value = merge(ended.returns, ended.value, rest.value);
    return { normal: not(returns), breaks: FALSE, continues: FALSE, returns, value };
  }
}

/** `left ?? right`. */
function coalesce(run: Run, left: Value, right: () => Value): Value {
  const value = run.resolve(left);
  if (!(value instanceof Choice)) return value === undefined || value === null ? right() : value;
  const { condition, first: then, second: otherwise } = value;
  return run.branch(
    condition,
    () => coalesce(run, then, right),
    () => coalesce(run, otherwise, right),
    merge,
  );
}

/** A field or element of one alternative; `missing` where there is no object. */
function readField(run: Run, target: Value, key: Value, missing: Value): Value {
  if (target === ABSENT) return ABSENT;
  if (target === undefined || target === null) return missing;
  const container = getContainer(target);
  if (typeof key === 'number' || typeof key === 'string') {
    if (target instanceof SymbolicObject) run.noteRead(target.fields, key);
    return container[key];
  }
  if (key === ABSENT) return ABSENT;
  if (key instanceof Choice) {
    return mapAlternatives(key, (one) => readField(run, target, one, missing));
  }
  if (!isTerm(key) || !Array.isArray(container)) throw new OperatorError('a symbolic field name');
  if (target instanceof SymbolicObject) {
    for (const position of container.keys()) run.noteRead(target.fields, position);
  }
  return readElement(run, container as Value[], key);
}

function getContainer(target: Value): Container {
  if (target instanceof SymbolicObject) return target.fields as Container;
  if (typeof target === 'object' && target !== null && !isTerm(target)) return target as Container;
  throw new OperatorError('a field of something that is no record');
}

/** The element that a symbolic index names; undefined where it names none. */
function readElement(run: Run, elements: readonly Value[], index: Term): Value {
  const constants = listConstants(index);
  let result: Value = constants === null ? undefined : ABSENT;
  if (constants !== null) {
    for (const [guard, position] of constants) {
      if (run.decide(guard) === false) continue;
      result = merge(guard, elements[position], result);
    }
    return result;
  }
  for (let position = elements.length - 1; position >= 0; position -= 1) {
    const here = equal(index, position);
    if (run.decide(here) === false) continue;
    result = merge(here, elements[position], result);
  }
  return result;
}

/** Writes a field or element of an object where the condition holds. */
function writeField(run: Run, target: SymbolicObject, key: Value, value: Value, guard: Term): void {
  const { fields } = target;
  if (typeof key === 'number' || typeof key === 'string') {
    const old = (fields as Container)[key];
    run.write(fields, key, guard === TRUE ? value : merge(guard, value, old));
    return;
  }
  if (!isTerm(key) || !Array.isArray(fields)) throw new OperatorError('a symbolic field name');
  for (let position = 0; position < fields.length; position += 1) {
    const here = and([guard, equal(key, position)]);
    if (here === FALSE) continue;
    run.write(fields, position, merge(here, value, fields[position]));
  }
}

/** Runs a call once for each value that a symbolic argument may have. */
function splitArguments(
  call: LiftedFunction['call'],
  positions: readonly number[],
): LiftedFunction['call'] {
  return (run, values) => {
    for (const position of positions) {
      const value = values[position];
      if (!isTerm(value)) continue;
      const constants = listConstants(value);
      if (constants === null || constants.length === 0) continue;
      return splitOver(run, constants, (constant) =>
        splitArguments(call, positions)(
          run,
          values.map((other, index) => (index === position ? constant : other)),
        ),
      );
    }
    return call(run, values);
  };
}

function splitOver(
  run: Run,
  constants: readonly (readonly [Term, number])[],
  act: (constant: number) => Value,
): Value {
  const [first, ...rest] = constants;
  // There is at least one: a tree of constants has a leaf.
  if (first === undefined) return ABSENT;
  const [guard, constant] = first;
  if (rest.length === 0) return act(constant);
  return run.branch(
    guard,
    () => act(constant),
    () => splitOver(run, rest, act),
    merge,
  );
}
