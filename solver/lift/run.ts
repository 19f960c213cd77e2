/**
 * The symbolic run: one store that is changed in place, with a journal, so that both sides of a
 * condition can be run one after the other and put together.
 *
 * `branch` runs one side, takes its changes back, runs the other, and merges: a field that either
 * side has changed becomes `ite(condition, one, other)`. What is known on the way to a statement is
 * remembered, so that a condition met again is decided.
 */

import { FALSE, TRUE, and, ite, not, or } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { ABSENT, Choice, isTerm, merge } from './values.ts';
import type { Fields, Value } from './values.ts';

/** How a statement ended: a condition for each way; they are disjoint and cover the run. */
export interface Flow {
  /** Goes on with the next statement. */
  readonly normal: Term;
  readonly breaks: Term;
  readonly continues: Term;
  readonly returns: Term;
  /** What is returned, where it returns. */
  readonly value: Value;
}

/** A statement that always goes on. */
export const NORMAL: Flow = {
  normal: TRUE,
  breaks: FALSE,
  continues: FALSE,
  returns: FALSE,
  value: ABSENT,
};
/** `break;` */
export const BREAK: Flow = { ...NORMAL, normal: FALSE, breaks: TRUE };
/** `continue;` */
export const CONTINUE: Flow = { ...NORMAL, normal: FALSE, continues: TRUE };

/** `return value;` */
export function createReturn(value: Value): Flow {
  return { normal: FALSE, breaks: FALSE, continues: FALSE, returns: TRUE, value };
}

/** The flow of a branch from those of its sides. */
export function mergeFlows(condition: Term, then: Flow, otherwise: Flow): Flow {
  if (then === otherwise) return then;
  return createFlow(
    ite(condition, then.breaks, otherwise.breaks),
    ite(condition, then.continues, otherwise.continues),
    ite(condition, then.returns, otherwise.returns),
    merge(condition, then.value, otherwise.value),
  );
}

/** A flow that goes on where it does nothing else: so that opposites meet as opposites. */
function createFlow(breaks: Term, continues: Term, returns: Term, value: Value): Flow {
  return { normal: not(or([breaks, continues, returns])), breaks, continues, returns, value };
}

/** The flow of a statement and of what comes after it where it goes on. */
export function sequence(first: Flow, rest: Flow): Flow {
  const on = first.normal;
  return createFlow(
    or([first.breaks, and([on, rest.breaks])]),
    or([first.continues, and([on, rest.continues])]),
    or([first.returns, and([on, rest.returns])]),
    merge(first.returns, first.value, rest.value),
  );
}

/** Marks an element that did not exist before it was written. */
const HOLE = Symbol('no element');

type Container = Record<string | number, Value>;
type Changes = Map<Container, Map<string | number, Value>>;

/** What observers of a run are told: each test of the source, its value, and the way to it. */
export type GuardObserver = (site: number, value: Term | boolean, path: readonly Term[]) => void;

/** A field that a run has changed. */
export interface Written {
  readonly fields: Fields;
  readonly key: string | number;
  readonly before: Value;
  readonly after: Value;
}

/** The store's journal and what is known on the way. */
export class Run {
  private readonly containers: Container[] = [];
  private readonly keys: (string | number)[] = [];
  private readonly olds: unknown[] = [];
  private readonly known = new Map<Term, boolean>();
  private readonly path: Term[] = [];
  /** Told of every test; null where nobody asks. */
  onGuard: GuardObserver | null = null;
  /** Fields that were read, by what holds them; null where nobody asks. */
  reads: Map<Fields, Set<string | number>> | null = null;

  /** Writes a field, an element or a local. */
  write(fields: Fields, key: string | number, value: Value): void {
    const container = fields as Container;
    const old = key in container ? container[key] : HOLE;
    if (old === value) return;
    this.containers.push(container);
    this.keys.push(key);
    this.olds.push(old);
    container[key] = value;
  }

  /** Notes that a field was read. */
  noteRead(fields: Fields, key: string | number): void {
    if (this.reads === null) return;
    const keys = this.reads.get(fields);
    if (keys === undefined) this.reads.set(fields, new Set([key]));
    else keys.add(key);
  }

  /** Tells the observer of a test. */
  observe(site: number, value: Term | boolean): void {
    this.onGuard?.(site, value, this.path);
  }

  /** The value of a condition that is known here, else null. */
  decide(condition: Term): boolean | null {
    if (condition.kind === 'boolean') return condition.value;
    const known = this.known.get(condition);
    if (known !== undefined) return known;
    if (condition.kind !== 'application' || condition.operator !== 'not') return null;
    const opposite = this.known.get(condition.arguments[0] as Term);
    return opposite === undefined ? null : !opposite;
  }

  /** The value without the alternatives that are known to be impossible here. */
  resolve(value: Value): Value {
    let current = value;
    while (current instanceof Choice) {
      const decided = this.decide(current.condition);
      if (decided === null) return current;
      current = decided ? current.then : current.otherwise;
    }
    return current;
  }

  /** Runs both sides of a condition and merges what they have changed and what they give. */
  branch<Result>(
    condition: Term,
    then: () => Result,
    otherwise: () => Result,
    combine: (condition: Term, then: Result, otherwise: Result) => Result,
  ): Result {
    const decided = this.decide(condition);
    if (decided !== null) return decided ? then() : otherwise();
    const mark = this.olds.length;
    const yes = this.assuming(condition, then);
    const changes = this.takeBack(mark);
    const no = this.assuming(not(condition), otherwise);
    this.mergeChanges(condition, mark, changes);
    return combine(condition, yes, no);
  }

  /** Runs something under a condition: changes take effect only where it holds. */
  under<Result>(condition: Term, act: () => Result): Result {
    if (this.decide(condition) === true) return act();
    const mark = this.olds.length;
    const result = this.assuming(condition, act);
    for (const [container, keys] of this.listChanged(mark)) {
      for (const [key, old] of keys) {
        if (old === HOLE) throw new RangeError('the length of an array depends on a condition');
        container[key] = merge(condition, container[key], old as Value);
      }
    }
    return result;
  }

  /** Runs something where these conditions are known. */
  suppose<Result>(conditions: readonly Term[], act: () => Result): Result {
    const [first, ...rest] = conditions;
    if (first === undefined) return act();
    return this.assuming(first, () => this.suppose(rest, act));
  }

  /** Fields written since the mark, with what they held then and hold now. */
  listWritten(mark: number): Written[] {
    const written: Written[] = [];
    for (const [container, keys] of this.listChanged(mark)) {
      for (const [key, before] of keys) {
        const after = container[key];
        if (before !== after)
          written.push({ fields: container, key, before: before as Value, after });
      }
    }
    return written;
  }

  /** Forgets the journal: what was written stays. */
  commit(): void {
    this.containers.length = 0;
    this.keys.length = 0;
    this.olds.length = 0;
  }

  /** Position of the journal, for `rollBack`. */
  mark(): number {
    return this.olds.length;
  }

  /** Undoes every write since the mark. */
  rollBack(mark: number): void {
    this.takeBack(mark);
  }

  private assuming<Result>(condition: Term, act: () => Result): Result {
    const added: Term[] = [];
    this.learn(condition, true, added);
    this.path.push(condition);
    try {
      return act();
    } finally {
      this.path.pop();
      for (const term of added) this.known.delete(term);
    }
  }

  private learn(term: Term, value: boolean, added: Term[]): void {
    if (term.kind === 'application') {
      if (term.operator === 'not') {
        this.learn(term.arguments[0] as Term, !value, added);
        return;
      }
      const spreads = (term.operator === 'and' && value) || (term.operator === 'or' && !value);
      if (spreads) for (const argument of term.arguments) this.learn(argument, value, added);
    }
    if (this.known.has(term)) return;
    this.known.set(term, value);
    added.push(term);
  }

  /** Undoes the writes since the mark; gives what they had written. */
  private takeBack(mark: number): Changes {
    const changes: Changes = new Map();
    while (this.olds.length > mark) {
      const container = this.containers.pop() as Container;
      const key = this.keys.pop() as string | number;
      const old = this.olds.pop();
      let keys = changes.get(container);
      if (keys === undefined) changes.set(container, (keys = new Map()));
      if (!keys.has(key)) keys.set(key, container[key]);
      if (old !== HOLE) container[key] = old as Value;
      else if (Array.isArray(container)) container.length = key as number;
      else delete container[key];
    }
    return changes;
  }

  /** Locations written since the mark, with what they held at the mark. */
  private listChanged(mark: number): Map<Container, Map<string | number, unknown>> {
    const changed = new Map<Container, Map<string | number, unknown>>();
    for (let index = mark; index < this.olds.length; index += 1) {
      const container = this.containers[index] as Container;
      const key = this.keys[index] as string | number;
      let keys = changed.get(container);
      if (keys === undefined) changed.set(container, (keys = new Map()));
      if (!keys.has(key)) keys.set(key, this.olds[index]);
    }
    return changed;
  }

  private mergeChanges(condition: Term, mark: number, changes: Changes): void {
    for (const [container, keys] of this.listChanged(mark)) {
      const others = changes.get(container);
      for (const [key, old] of keys) {
        const isBoth = others?.has(key) === true;
        if (old === HOLE && !isBoth) {
          throw new RangeError('the length of an array depends on a condition');
        }
        const then = isBoth ? others.get(key) : (old as Value);
        container[key] = merge(condition, then, container[key]);
        others?.delete(key);
      }
    }
    for (const [container, keys] of changes) {
      for (const [key, then] of keys) {
        if (!(key in container)) {
          throw new RangeError('the length of an array depends on a condition');
        }
        this.write(container, key, merge(condition, then, container[key]));
      }
    }
  }
}

/** Whether the value is a term that is not a constant. */
export function isSymbolic(value: Value): value is Term {
  return isTerm(value) && value.kind !== 'integer' && value.kind !== 'boolean';
}
