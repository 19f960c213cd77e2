/**
 * Views of the symbolic machine: what each partition observes before and after a step, by the one
 * definition of the view that the fuzzer uses.
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
/** Parts of a view whose elements are numbers, and those whose elements are lists of them. */
const FLAT = ['lines', 'physicalLines', 'requests', 'table'] as const;
const NESTED = ['vcpus', 'listRegisters'] as const;

/** One number of a view. */
export interface Element {
  /** `vcpus[0][3]`. */
  readonly name: string;
  readonly value: Term;
}

/** What a partition observes, but for memory, which is judged by a page that anybody may choose. */
export type Elements = readonly Element[];

/** Runs the view's own functions on the state as it stands now. */
export function observeElements(model: Looker, partition: number): Elements {
  const { plan, run, state, lifter } = model;
  const fields: Record<string, Value> = {};
  for (const part of [...FLAT, ...NESTED]) fields[part] = new SymbolicObject([]);
  const view = new SymbolicObject(fields);
  const mark = run.mark();
  const call = (name: string, values: readonly Value[]): void => {
    lifter.getFunction(VIEW_FILE, name).call(run, values);
  };
  call('observeState', [plan, state.machine, partition, view]);
  call('observeTable', [state.machine, partition, view]);
  const elements: Element[] = [];
  for (const part of FLAT) collect(fields[part], part, elements);
  for (const part of NESTED) {
    for (const [index, list] of listFields(fields[part]).entries()) {
      collect(list, `${part}[${index}]`, elements);
    }
  }
  run.rollBack(mark);
  return elements;
}

function listFields(value: Value): readonly Value[] {
  return value instanceof SymbolicObject && Array.isArray(value.fields) ? value.fields : [];
}

function collect(list: Value, path: string, elements: Element[]): void {
  for (const [index, value] of listFields(list).entries()) {
    // A view is made of numbers.
    if (typeof value !== 'number' && !isTerm(value)) throw new RangeError(`${path}: no number`);
    elements.push({ name: `${path}[${index}]`, value: toTerm(value) });
  }
}

/** The fields that a partition's view reads, of the state as it stands now. */
export function listViewReads(
  model: Looker,
  partition: number,
): ReadonlyMap<Fields, ReadonlySet<string | number>> {
  const reads = new Map<Fields, Set<string | number>>();
  model.run.reads = reads;
  observeElements(model, partition);
  model.run.reads = null;
  return reads;
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
