/**
 * Model of a phase: a symbolic state of its shape, and what the invariants say of it.
 *
 * Each invariant is run once on the state, and the fields that it reads are noted: a step that
 * writes none of them leaves it as it was.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { createPlan } from '../../model/plan.ts';
import type { Plan } from '../../model/plan.ts';
import type { InductiveInvariant } from '../../properties/inductive/invariant.ts';
import { INDUCTIVE_INVARIANTS } from '../../properties/inductive/invariants.ts';
import { describePhase, listPhases } from '../../properties/inductive/phase.ts';
import type { Phase } from '../../properties/inductive/phase.ts';
import { describeShapeWithinStep } from '../../properties/inductive/shape.ts';
import {
  WINDOW_INVARIANTS,
  describeWindows,
  listWatchedCores,
} from '../../properties/inductive/window-invariants.ts';
import type { MachineShape } from '../../properties/inductive/shape.ts';
import { createLifter } from '../lift/lift.ts';
import type { Lifter } from '../lift/lift.ts';
import { Run } from '../lift/run.ts';
import { readSources } from '../lift/sources.ts';
import type { Sources } from '../lift/sources.ts';
import { toBooleanTerm } from '../lift/values.ts';
import type { Fields, Value } from '../lift/values.ts';
import { FALSE, TermError, listVariables } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { createPlaceFinder } from './situation.ts';
import type { PlaceFinder } from './situation.ts';
import { createState } from './state.ts';
import type { SymbolicState } from './state.ts';
import { listPieces } from './views.ts';
import type { FieldSet, Piece } from './views.ts';

/** An invariant for one tuple of indices, as it stands in some state. */
export interface Conjunct {
  readonly invariant: InductiveInvariant;
  readonly indices: readonly number[];
  /** `memory.cached[2,0]`. */
  readonly name: string;
  /** Fields that it reads, by what holds them. */
  readonly reads: FieldSet;
  readonly term: Term;
}

/** A phase with its symbolic state. */
export interface PhaseModel {
  readonly plan: Plan;
  readonly phase: Phase;
  readonly shape: MachineShape;
  readonly state: SymbolicState;
  readonly findPlace: PlaceFinder;
  readonly run: Run;
  readonly lifter: Lifter;
  /** The machine has windows, and they are noted. */
  readonly watched: boolean;
  /** All invariants but those about a page that anybody may choose. */
  readonly conjuncts: readonly Conjunct[];
  /** The invariants about a page. */
  readonly spies: readonly InductiveInvariant[];
  /** Per partition: the pieces of its view. */
  readonly views: readonly (readonly Piece[])[];
}

/** What proofs by induction are about. */
export interface InductionOptions {
  /** Text of the spec; default the program's own. */
  readonly sources?: Sources;
  /** Invariants that are assumed and proved; default all. */
  readonly invariants?: readonly InductiveInvariant[];
}

/** Models of every phase, each made when it is first asked for. */
export interface Induction {
  readonly configuration: StaticConfiguration;
  readonly plan: Plan;
  readonly lifter: Lifter;
  readonly phases: readonly Phase[];
  readonly invariants: readonly InductiveInvariant[];
  readonly getModel: (phase: Phase) => PhaseModel;
}

/** Prepares proofs about a configuration. */
export function createInduction(
  configuration: StaticConfiguration,
  options: InductionOptions = {},
): Induction {
  const plan = createPlan(configuration);
  const lifter = createLifter(options.sources ?? readSources());
  const invariants =
    options.invariants ??
    [...INDUCTIVE_INVARIANTS, ...WINDOW_INVARIANTS].filter(({ costly }) => costly !== true);
  const models = new Map<string, PhaseModel>();
  const getModel = (phase: Phase): PhaseModel => {
    const name = describePhase(phase);
    const known = models.get(name);
    if (known !== undefined) return known;
    const model = createPhaseModel(plan, phase, lifter, invariants);
    models.set(name, model);
    return model;
  };
  return { configuration, plan, lifter, phases: listPhases(plan), invariants, getModel };
}

function createPhaseModel(
  plan: Plan,
  phase: Phase,
  lifter: Lifter,
  all: readonly InductiveInvariant[],
): PhaseModel {
  // Partitions run after the seal alone: that is when somebody opens windows.
  const watched = phase.kind === 'sealed' && listWatchedCores(plan).length > 0;
  const invariants = all.filter((invariant) => watched || invariant.watched !== true);
  const plain = describeShapeWithinStep(plan, phase);
  const shape = watched ? { ...plain, windows: describeWindows(plan) } : plain;
  const state = createState(plan, shape);
  const run = new Run();
  const conjuncts = invariants
    .filter(({ spy }) => spy !== true)
    .flatMap((invariant) =>
      invariant.instances(plan).map((indices): Conjunct => {
        const reads = new Map<Fields, Set<string | number>>();
        run.reads = reads;
        const term = evaluateInvariant({ plan, state, run, lifter }, invariant, indices);
        run.reads = null;
        const name = `${invariant.id}[${indices.join(',')}]`;
        return { invariant, indices, name, reads, term };
      }),
    );
  const spies = invariants.filter(({ spy }) => spy === true);
  const findPlace = createPlaceFinder(state);
  const about = { plan, phase, shape, state, findPlace, run, lifter, watched };
  const model = { ...about, conjuncts, spies };
  return { ...model, views: plan.partitions.map((_, partition) => listPieces(model, partition)) };
}

/** What an invariant says of the state as it stands now. */
export function evaluateInvariant(
  { plan, state, run, lifter }: Pick<PhaseModel, 'plan' | 'state' | 'run' | 'lifter'>,
  invariant: InductiveInvariant,
  indices: readonly Value[],
): Term {
  const holds = lifter.getFunction(invariant.file, invariant.holds.name);
  const term = toBooleanTerm(holds.call(run, [plan, state.machine, ...indices]));
  // The type of `holds` says that it gives a boolean.
  if (term === null) throw new TermError(`${invariant.id} gives no boolean`);
  return term;
}

const variablesOf = new WeakMap<Term, ReadonlySet<Term>>();

/** The variables of a term; remembered. */
export function getVariables(term: Term): ReadonlySet<Term> {
  const known = variablesOf.get(term);
  if (known !== undefined) return known;
  const variables = new Set<Term>(listVariables([term]));
  variablesOf.set(term, variables);
  return variables;
}

/**
 * Of the premises those that share variables with the statements, directly or through others: the
 * rest can neither help a proof nor contradict a case.
 */
export function selectRelevant(premises: readonly Term[], statements: readonly Term[]): Term[] {
  // A premise that is false says that there is no such case.
  if (premises.includes(FALSE)) return [FALSE];
  const mentioning = new Map<Term, Term[]>();
  for (const premise of premises) {
    for (const variable of getVariables(premise)) {
      const list = mentioning.get(variable);
      if (list === undefined) mentioning.set(variable, [premise]);
      else list.push(premise);
    }
  }
  const selected = new Set<Term>();
  const reached = new Set<Term>(statements.flatMap((term) => [...getVariables(term)]));
  // A set is walked in the order in which it grows.
  for (const variable of reached) {
    for (const premise of mentioning.get(variable) ?? []) {
      if (selected.has(premise)) continue;
      selected.add(premise);
      for (const other of getVariables(premise)) reached.add(other);
    }
  }
  return premises.filter((premise) => selected.has(premise));
}
