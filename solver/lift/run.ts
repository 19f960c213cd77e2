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
import type { LiftedFunction } from './compile.ts';
import { ABSENT, Choice, merge } from './values.ts';
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

/** Stands for a function: given the values of a call, and the function itself. */
export type Contract = (values: readonly Value[], body: LiftedFunction) => Value;

/** Members of a disjunction, each with the value that makes it hold. */
type Clause = readonly (readonly [Term, boolean])[];

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
  /** Disjunctions that are known, by each member: the values of which one is right. */
  private readonly clauses = new Map<Term, Clause[]>();
  /** The same, in the order in which they became known. */
  private readonly learned: Clause[] = [];
  private readonly path: Term[] = [];
  /** Told of every test; null where nobody asks. */
  onGuard: GuardObserver | null = null;
  /** What stands for functions, by `file#name`; null where each runs itself. */
  contracts: ReadonlyMap<string, Contract> | null = null;
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

  /** The conditions on the way to here. */
  listPath(): readonly Term[] {
    return [...this.path];
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
    const isNegated = condition.kind === 'application' && condition.operator === 'not';
    const base = isNegated ? (condition.arguments[0] ?? condition) : condition;
    const value = this.known.get(base) ?? this.conclude(base);
    return value === null ? null : value !== isNegated;
  }

  /** The value of a condition whose opposite contradicts a known disjunction, else null. */
  private probe(condition: Term): boolean | null {
    if (this.learned.length === 0) return null;
    if (this.isImpossible(condition)) return false;
    return this.isImpossible(not(condition)) ? true : null;
  }

  /** Whether some known disjunction fails where the condition holds as well. */
  private isImpossible(condition: Term): boolean {
    const added: Term[] = [];
    const clauses = this.learned.length;
    this.learn(condition, true, added);
    const isFailing = added.some((term) =>
      (this.clauses.get(term) ?? []).some((clause) =>
        clause.every(([member, value]) => this.known.get(member) === !value),
      ),
    );
    this.forget(added, clauses);
    return isFailing;
  }

  private forget(added: readonly Term[], clauses: number): void {
    for (const term of added) this.known.delete(term);
    while (this.learned.length > clauses) {
      for (const [member] of this.learned.pop() ?? []) this.clauses.get(member)?.pop();
    }
  }

  /** What a known disjunction says of one of its members when all others are known to fail. */
  private conclude(base: Term): boolean | null {
    for (const clause of this.clauses.get(base) ?? []) {
      let wanted: boolean | null = null;
      let isOpen = true;
      for (const [member, value] of clause) {
        if (member === base) wanted = value;
        else isOpen &&= this.known.get(member) === !value;
      }
      if (isOpen) return wanted;
    }
    return null;
  }

  /** The value without the alternatives that are known to be impossible here. */
  resolve(value: Value): Value {
    let current = value;
    while (current instanceof Choice) {
      const decided = this.decide(current.condition);
      if (decided === null) return current;
      current = decided ? current.first : current.second;
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
    const decided = this.decide(condition) ?? this.probe(condition);
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
    const clauses = this.learned.length;
    this.learn(condition, true, added);
    this.path.push(condition);
    try {
      return act();
    } finally {
      this.path.pop();
      this.forget(added, clauses);
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
    if (term.kind === 'application' && term.operator === (value ? 'or' : 'and')) {
      const clause = listMembers(term.arguments, value);
      this.learned.push(clause);
      for (const [member] of clause) {
        const list = this.clauses.get(member);
        if (list === undefined) this.clauses.set(member, [clause]);
        else list.push(clause);
      }
    }
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

/** The members of a disjunction; of a denied conjunction, their opposites. */
function listMembers(terms: readonly Term[], value: boolean): Clause {
  return terms.map((term) => {
    const isNegated = term.kind === 'application' && term.operator === 'not';
    return [isNegated ? (term.arguments[0] ?? term) : term, value !== isNegated] as const;
  });
}
