/**
 * Views of the symbolic machine: what each partition observes before and after a step, by the one
 * definition of the view that the fuzzer uses.
 *
 * A view is looked at in pieces, so that after a step only those are looked at again that read what
 * the step has written.
 */

import { SymbolicObject, isTerm } from '../lift/values.ts';
import type { Fields, Value } from '../lift/values.ts';
import { toTerm } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import type { PhaseModel } from './phase-model.ts';
import type { SymbolicState } from './state.ts';

/** What looking at a state takes. */
type Looker = Pick<PhaseModel, 'plan' | 'run' | 'state' | 'lifter'>;

const VIEW_FILE = 'model/view.ts';

/** Fields, by what holds them. */
export type FieldSet = ReadonlyMap<Fields, ReadonlySet<string | number>>;

/** One number of a view. */
export interface Element {
  /** `vcpus[0][3]`. */
  readonly name: string;
  readonly value: Term;
}

/** What a partition observes, but for memory, which is judged by a page that anybody may choose. */
export type Elements = readonly Element[];

/** A list of numbers of a partition's view. */
export interface Piece {
  /** `vcpus[0]`, `lines`. */
  readonly path: string;
  /** What it shows of the base state, and the fields that it reads there. */
  readonly elements: Elements;
  readonly reads: FieldSet;
  /** Runs the view's own function on the state as it stands now. */
  readonly observe: () => Elements;
}

/** The pieces of a partition's view, as they stand in the base state. */
export function listPieces(model: Looker, partition: number): Piece[] {
  const { plan, run, state, lifter } = model;
  const create = (path: string, name: string, before: Value[], after: Value[] = []): Piece => {
    const observe = (): Elements => {
      const numbers = new SymbolicObject([]);
      const mark = run.mark();
      lifter.getFunction(VIEW_FILE, name).call(run, [...before, partition, ...after, numbers]);
      const elements = collect(numbers, path);
      run.rollBack(mark);
      return elements;
    };
    const reads = new Map<Fields, Set<string | number>>();
    run.reads = reads;
    const elements = observe();
    run.reads = null;
    return { path, elements, reads, observe };
  };
  const { machine } = state;
  const vcpus = plan.partitions[partition]?.vcpus ?? [];
  return [
    ...vcpus.map((_, vcpu) => create(`vcpus[${vcpu}]`, 'observeVcpu', [plan, machine], [vcpu])),
    create('lines', 'observeLines', [machine]),
    ...vcpus.map((_, vcpu) =>
      create(`listRegisters[${vcpu}]`, 'observeListRegisters', [plan, machine], [vcpu]),
    ),
    create('physicalLines', 'observePhysicalLines', [plan, machine]),
    create('requests', 'observeRequests', [machine]),
    create('table', 'observeTable', [machine]),
  ];
}

/** Those that read some of the fields. */
export function selectReading<Reader extends { readonly reads: FieldSet }>(
  readers: readonly Reader[],
  fields: FieldSet,
): Reader[] {
  return readers.filter((reader) => isReading(reader, fields));
}

/** Whether something reads one of the fields. */
export function isReading({ reads }: { readonly reads: FieldSet }, fields: FieldSet): boolean {
  const [small, large] = fields.size < reads.size ? [fields, reads] : [reads, fields];
  for (const [holder, keys] of small) {
    const others = large.get(holder);
    if (others === undefined) continue;
    for (const key of keys) if (others.has(key)) return true;
  }
  return false;
}

function collect(list: SymbolicObject, path: string): Elements {
  const values: readonly Value[] = Array.isArray(list.fields) ? list.fields : [];
  return values.map((value, index) => {
    // A view is made of numbers.
    if (typeof value !== 'number' && !isTerm(value)) throw new RangeError(`${path}: no number`);
    return { name: `${path}[${index}]`, value: toTerm(value) };
  });
}

const observable = new WeakMap<SymbolicState, readonly Map<Term, Term>[]>();

/** Whether a partition can read a frame, as a term over the frame; remembered. */
export function isObservableFrame(model: Looker, partition: number, frame: Term): Term {
  const { plan, run, lifter, state } = model;
  const frames = observable.get(state) ?? plan.partitions.map(() => new Map<Term, Term>());
  observable.set(state, frames);
  const known = frames[partition]?.get(frame);
  if (known !== undefined) return known;
  const seen = lifter.getFunction(VIEW_FILE, 'isObservable').call(run, [plan, partition, frame]);
  const term = toTerm(seen as Term | boolean);
  frames[partition]?.set(frame, term);
  return term;
}
