/**
 * Obligations about the spec: every action, from any state in which the invariants hold.
 *
 * The list of actions is the spec's own. Per action and whoever is current one obligation for each
 * area that the step touches, and per action and pair of partitions the unwinding conditions.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { NONE, createMachine } from '../../model/machine.ts';
import type { Finding } from '../../properties/findings.ts';
import { createGrantMap } from '../../properties/grants.ts';
import type { GrantMap } from '../../properties/grants.ts';
import type { Model, Obligation, ObligationPart, Witness } from '../obligation.ts';
import { getCodeOfClaim } from '../obligations/claim.ts';
import { TRUE, FALSE, and, countTerms, not, or } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { substituteAll } from '../smt/substitute.ts';
import type { RefutedCase } from './case-search.ts';
import { listCases } from './cases.ts';
import { getInductionClaim } from './claims.ts';
import { TRANSLATION, isLemmaBroken } from './contracts.ts';
import type { Lemma } from './contracts.ts';
import {
  decodeAction,
  decodeMachine,
  evaluateAny,
  limitIntegers,
  suggestState,
} from './concrete.ts';
import type { Assignment } from './concrete.ts';
import { runCase } from './goals.ts';
import type { CaseResult } from './goals.ts';
import { MICRO_STEP_KINDS, STEP_PARTS } from './micro-steps.ts';
import type { MicroStepKind, StepParts } from './micro-steps.ts';
import { createInduction, selectRelevant } from './phase-model.ts';
import type { Induction, InductionOptions, PhaseModel } from './phase-model.ts';
import {
  isInductiveState,
  isSameView,
  listBroken,
  listDifferences,
  listFaults,
  lookAt,
  replayStep,
} from './replay.ts';
import type { ReplayContext } from './replay.ts';
import { listStateObligations } from './state-obligations.ts';
import {
  NO_PREMISES,
  isRespectful,
  listDeclaredFrames,
  listFacts,
  listUnwindingGoals,
} from './unwinding.ts';
import type { Condition } from './unwinding.ts';

/** What obligations about the spec are made with. */
export interface InductionObligationOptions extends InductionOptions {
  /** Only obligations whose id matches; the others are not built. */
  readonly matches?: (id: string) => boolean;
  /** What witnesses are replayed on: the spec's own step, or that of the given sources. */
  readonly parts?: StepParts;
}

/** A goal of a case, as part of an obligation. */
interface Part {
  readonly model: PhaseModel;
  readonly result: CaseResult;
  readonly name: string;
  readonly holds: Term;
  readonly premises: readonly Term[];
  /** What a contract rests on, where it is that rather than a goal. */
  readonly lemma: Lemma | null;
  /** For conditions on two states: the variables of the second by those of the first. */
  readonly twin: ReadonlyMap<Term, Term> | null;
}

/** An obligation that is being put together. */
interface Group {
  readonly id: string;
  readonly claim: string;
  readonly condition: Condition | null;
  readonly actor: number;
  readonly observer: number;
  readonly parts: Part[];
  /** The invariants where the first case starts: they must be satisfiable. */
  readonly premises: readonly Term[];
  readonly first: { readonly model: PhaseModel; readonly result: CaseResult };
}

const AREAS = ['memory', 'dma', 'irq', 'seal', 'cpu', 'time', 'noninterference'] as const;
const CLAIMS_OF_STEPS = ['preserved', 'in-window', 'in-slot', 'confined', 'refusal'] as const;

/** Every obligation about the spec under a configuration, in a fixed order: with all its terms. */
export function listInductionObligations(
  configuration: StaticConfiguration,
  options: InductionObligationOptions = {},
): Obligation[] {
  const building = buildInductionObligations(configuration, options);
  const all: Obligation[] = [];
  for (let next = building.next(); next.done !== true; next = building.next(false)) {
    all.push(...next.value.obligations);
  }
  return all;
}

/** Kinds whose questions take longer than their terms: solvers have work while others are built. */
const SLOW_TO_SOLVE: readonly MicroStepKind[] = ['dispatch', 'list-register-fill', 'dma-complete'];
/** Kinds with many cases, whose terms take longer than their questions. */
const SLOW_TO_BUILD: readonly MicroStepKind[] = ['boot', 'distributor'];

const BUILDING_ORDER: readonly MicroStepKind[] = [
  ...SLOW_TO_SOLVE,
  ...MICRO_STEP_KINDS.filter(
    (kind) => !SLOW_TO_SOLVE.includes(kind) && !SLOW_TO_BUILD.includes(kind),
  ),
  ...SLOW_TO_BUILD,
];

/** How far the building of obligations has come. */
export interface Building {
  /** What it is at. */
  readonly at: MicroStepKind | 'states';
  /** Those that are complete since the last time. */
  readonly obligations: readonly Obligation[];
}

/**
 * The same, one case after the other, so that a caller can let others run in between, or stop. The
 * caller says whether it has released all terms since: then no obligation of before may be asked
 * about any more.
 */
export function* buildInductionObligations(
  configuration: StaticConfiguration,
  options: InductionObligationOptions = {},
): Generator<Building, void, boolean> {
  const matches = options.matches ?? (() => true);
  let induction = createInduction(configuration, options);
  const replay: ReplayContext = {
    configuration,
    plan: induction.plan,
    invariants: induction.invariants,
    parts: options.parts ?? STEP_PARTS,
  };
  const select = (all: readonly Obligation[]): Obligation[] => all.filter(({ id }) => matches(id));
  const ofStates = [...listInitial(replay), ...listStateObligations(induction, replay, matches)];
  if (yield { at: 'states', obligations: select(ofStates) }) {
    induction = createInduction(configuration, options);
  }
  const grants = createGrantMap(configuration);
  for (const kind of BUILDING_ORDER) {
    const groups = new Map<string, Group>();
    yield* collectGroups(induction, grants, kind, matches, groups);
    const obligations = [...groups.values()].map((group) => createObligation(replay, group));
    if (yield { at: kind, obligations: select(obligations) }) {
      induction = createInduction(configuration, options);
    }
  }
}

// ------------------------------------------------------------------ groups

function* collectGroups(
  induction: Induction,
  grants: GrantMap,
  kind: MicroStepKind,
  matches: (id: string) => boolean,
  groups: Map<string, Group>,
): Generator<Building, void, boolean> {
  const names = induction.configuration.partitions.map(({ name }) => name);
  const nameOf = (partition: number): string => names[partition] ?? 'nobody';
  for (const phase of induction.phases) {
    for (const one of listCases({ plan: induction.plan, phase }, kind)) {
      const ofStep = AREAS.flatMap((area) =>
        CLAIMS_OF_STEPS.map((claim) => `${area}.${claim}[${kind} by ${one.current}]`),
      );
      const pairs = names.flatMap((observer) =>
        (['local-respect', 'weak-step-consistency'] as const).map(
          (condition) =>
            `noninterference.${condition}[${kind}: ${nameOf(one.domain)} -> ${observer}]`,
        ),
      );
      const output = `noninterference.output-consistency[${kind}: ${nameOf(one.domain)}]`;
      const wantsStep = ofStep.some(matches);
      const wantsPairs = [...pairs, output].some(matches);
      if (!wantsStep && !wantsPairs) continue;
      yield { at: kind, obligations: [] };
      const model = induction.getModel(phase);
      const result = runCase(model, grants, one);
      if (result === null) continue;
      if (wantsStep) addStepGoals(groups, model, result);
      if (wantsPairs) addUnwindingGoals(induction, groups, model, result, nameOf);
    }
  }
}

function getGroup(
  groups: Map<string, Group>,
  id: string,
  model: PhaseModel,
  result: CaseResult,
  pair: Pick<Group, 'condition' | 'actor' | 'observer'> = NO_PAIR,
): Group {
  const known = groups.get(id);
  if (known !== undefined) {
    addLemmas(known, model, result);
    return known;
  }
  const claim = id.slice(0, id.indexOf('['));
  const premises = result.invariants.map(({ term }) => term);
  const group: Group = { id, claim, ...pair, parts: [], premises, first: { model, result } };
  groups.set(id, group);
  addLemmas(group, model, result);
  return group;
}

/** What was said of a case under contracts rests on them, so each group shows them too. */
function addLemmas({ parts }: Group, model: PhaseModel, result: CaseResult): void {
  if (result.lemmas.length === 0 || parts.some((part) => part.result === result)) return;
  for (const lemma of result.lemmas) {
    const { holds } = lemma;
    const named = { name: TRANSLATION, premises: LEMMA_PREMISES, lemma, holds };
    parts.push({ ...createPart(model, result), ...named });
  }
}

function createPart(
  model: PhaseModel,
  result: CaseResult,
): Pick<Part, 'model' | 'result' | 'premises' | 'lemma' | 'twin'> {
  return { model, result, premises: NO_PREMISES, lemma: null, twin: null };
}

/** As `NO_PREMISES`, of lemmas: a question of their own. */
const LEMMA_PREMISES: readonly Term[] = [];

const NO_PAIR = { condition: null, actor: NONE, observer: NONE } as const;

function addStepGoals(groups: Map<string, Group>, model: PhaseModel, result: CaseResult): void {
  const { kind, current } = result.case;
  for (const { area, claim, name, holds } of result.goals) {
    const group = getGroup(groups, `${area}.${claim}[${kind} by ${current}]`, model, result);
    if (holds === TRUE) continue;
    group.parts.push({ ...createPart(model, result), name, holds });
  }
  // Every action has something to show, even where it can do nothing at all.
  getGroup(groups, `noninterference.refusal[${kind} by ${current}]`, model, result);
}

function addUnwindingGoals(
  induction: Induction,
  groups: Map<string, Group>,
  model: PhaseModel,
  result: CaseResult,
  nameOf: (partition: number) => string,
): void {
  const { kind, domain } = result.case;
  const find = (condition: Condition, observer: number): Group => {
    const pair =
      condition === 'output-consistency'
        ? nameOf(domain)
        : `${nameOf(domain)} -> ${nameOf(observer)}`;
    const id = `noninterference.${condition}[${kind}: ${pair}]`;
    return getGroup(groups, id, model, result, { condition, actor: domain, observer });
  };
  for (const observer of induction.plan.partitions.keys()) {
    if (isRespectful(result, observer)) find('local-respect', observer);
    find('weak-step-consistency', observer);
  }
  if (domain !== NONE) find('output-consistency', domain);
  for (const goal of listUnwindingGoals(model, induction.configuration, result)) {
    const { name, holds, premises, twin } = goal;
    const part = { ...createPart(model, result), name, holds, premises, twin };
    find(goal.condition, goal.observer).parts.push(part);
  }
}

// ------------------------------------------------------------------ obligations

/** Goals of one case that have their premises in common: one question, whether some goal fails. */
interface Question extends ObligationPart {
  readonly result: CaseResult;
  readonly parts: readonly Part[];
}

function createObligation(replay: ReplayContext, group: Group): Obligation {
  const { statement, formula, source } = getInductionClaim(group.claim);
  const questions = listQuestions(group.parts);
  const replays = new WeakMap<Witness, boolean>();
  const { first } = group;
  return {
    id: group.id,
    statement,
    formula,
    source,
    assume: [],
    premises: group.premises,
    get refute() {
      return or(questions.map(({ refute }) => refute()));
    },
    parts: questions,
    complete: (model) => completeCase(questions, model),
    decode: (model) => {
      const [witness, isReal] = decodeCase(replay, group, questions, model);
      replays.set(witness, isReal);
      return witness;
    },
    suggestPremises: () => suggestState(first.model, first.result.case.known),
    describePremises: (model) => describeState(first.model, first.result, model),
    confirms: (_configuration, witness) => replays.get(witness) === true,
    finding: (configuration, witness) => createStepFinding(configuration, group, witness),
    getCase: (witness) => refutedCases.get(witness) ?? null,
  };
}

function listQuestions(all: readonly Part[]): Question[] {
  const cases = new Map<CaseResult, Map<readonly Term[], Part[]>>();
  for (const part of all) {
    const byPremises = cases.get(part.result) ?? new Map<readonly Term[], Part[]>();
    cases.set(part.result, byPremises);
    byPremises.set(part.premises, [...(byPremises.get(part.premises) ?? []), part]);
  }
  return [...cases].flatMap(([result, byPremises]) =>
    [...byPremises].map(([premises, parts]) => createQuestion(result, premises, parts)),
  );
}

function createQuestion(
  result: CaseResult,
  premises: readonly Term[],
  parts: readonly Part[],
): Question {
  const broken = or(parts.map(({ holds }) => not(holds)));
  let made: Term | null = null;
  const refute = (): Term => {
    const all = [...new Set([...listFacts(result), ...premises])];
    made ??= and([...selectRelevant(all, [broken]), broken]);
    return made;
  };
  // What two states have alike is in the premises, so is that caches are coherent, and whatever an
  // action does to time rests on what budgets were before.
  const needsPremises = parts.some(
    ({ twin, lemma, name }) => lemma !== null || twin !== null || name.startsWith('time.'),
  );
  return { result, parts, broken, needsPremises, refute };
}

/**
 * The case that a model shows, with every premise: those without a variable in common with what
 * fails are left out of the question, and a state to replay satisfies them too.
 */
function completeCase(questions: readonly Question[], model: Model): Term {
  for (const { result, parts, refute } of questions) {
    if (evaluateAny([refute()], model)[0] !== true) continue;
    const facts = [...listFacts(result), ...result.listCellFacts()];
    // Conditions on two states: the same of the second.
    const twins = new Set(parts.map(({ twin }) => twin));
    const others = [...twins].flatMap((twin) => (twin === null ? [] : substituteAll(facts, twin)));
    return limitIntegers(and([...facts, ...others, refute()]));
  }
  return FALSE;
}

/** The case that a model shows, with its smallest failing conjunct; and whether V8 does it too. */
function decodeCase(
  replay: ReplayContext,
  group: Group,
  questions: readonly Question[],
  model: Model,
): [Witness, boolean] {
  for (const { parts, refute } of questions) {
    if (evaluateAny([refute()], model)[0] !== true) continue;
    const failing = parts
      .filter(({ holds }) => evaluateAny([holds], model)[0] !== true)
      .toSorted((a, b) => countTerms([a.holds]) - countTerms([b.holds]));
    const [smallest] = failing;
    if (smallest === undefined) continue;
    return decodePart(replay, group, smallest, model);
  }
  return [{ detail: 'no case of the obligation has this model' }, false];
}

/** Lines of a difference between two states that a witness shows. */
const DIFFERENCES_MAX = 12;

/** Cases as data, by the witness that shows them. */
const refutedCases = new WeakMap<Witness, RefutedCase>();

function decodePart(
  replay: ReplayContext,
  group: Group,
  { model, result, name, twin, lemma }: Part,
  assignment: Assignment,
): [Witness, boolean] {
  const before = decodeMachine(model.state, result.memory, assignment, result.case.known);
  const action = decodeAction(result.case, assignment);
  const replayed = replayStep(replay, before, action);
  const witness: Record<string, string | number | boolean> = {
    action: JSON.stringify(action),
    current: result.case.current,
    conjunct: name,
    outcome: replayed.outcome,
  };
  for (const { path, before: old, after } of listDifferences(before, replayed.after).slice(
    0,
    DIFFERENCES_MAX,
  )) {
    witness[path] = `${old} -> ${after}`;
  }
  const { current, domain } = result.case;
  refutedCases.set(witness, { action, current, partition: domain, conjunct: name });
  const isStart = isInductiveState(replay, before);
  if (!isStart) witness['start'] = listBroken(replay, before).slice(0, 3).join(', ');
  if (lemma !== null) {
    return [witness, isStart && isLemmaBroken(replay.parts, lemma, assignment)];
  }
  if (group.condition === null) {
    // The fault that is claimed, not just any.
    const isDone = listFaults(replay, replayed, result.case.domain).some(
      (fault) => fault === name || fault.startsWith(`refused: ${name}`),
    );
    return [witness, isStart && isDone];
  }
  const { actor, observer } = group;
  const { plan, configuration } = replay;
  const ranges = listDeclaredFrames(configuration, actor, observer);
  const declared = (frame: number): boolean =>
    ranges.some(([first, past]) => first <= frame && frame < past);
  if (group.condition === 'local-respect') {
    const [old, now] = [before, replayed.after].map((machine) => lookAt(plan, machine, observer));
    const isKept = old !== undefined && now !== undefined && isSameView(old, now, declared);
    return [witness, isStart && !isKept];
  }
  const second = new Map(assignment);
  for (const [variable, value] of twin ?? []) {
    if (variable.kind !== 'variable') continue;
    const [number] = evaluateAny([value], assignment);
    if (number !== undefined) {
      second.set(variable.name, typeof number === 'number' ? BigInt(number) : number);
    }
  }
  const other = decodeMachine(model.state, result.memory, second, result.case.known);
  const again = replayStep(replay, other, action);
  for (const { path, before: one, after: two } of listDifferences(before, other).slice(
    0,
    DIFFERENCES_MAX,
  )) {
    witness[`other state: ${path}`] = `${one} | ${two}`;
  }
  const isAlike = isInductiveState(replay, other) && isStart;
  if (group.condition === 'output-consistency') {
    return [witness, isAlike && again.outcome !== replayed.outcome];
  }
  const [one, two] = [replayed.after, again.after].map((machine) =>
    lookAt(plan, machine, observer),
  );
  const isSame = one !== undefined && two !== undefined && isSameView(one, two, () => false);
  return [witness, isAlike && !isSame];
}

/** Fields of a state that a premise's witness shows. */
const FIELDS_MAX = 12;

/** A state that satisfies the premises, as far as it differs from reset. */
function describeState(model: PhaseModel, result: CaseResult, assignment: Assignment): Witness {
  const machine = decodeMachine(model.state, result.memory, assignment, result.case.known);
  const reset = createMachine(model.plan);
  return Object.fromEntries(
    listDifferences({ cores: reset.cores }, { cores: machine.cores })
      .slice(0, FIELDS_MAX)
      .map(({ path, after }) => [path, after]),
  );
}

function createStepFinding(
  configuration: StaticConfiguration,
  group: Group,
  witness: Witness,
): Finding {
  const claim = getInductionClaim(group.claim);
  const instance = group.id.slice(group.id.indexOf('[') + 1, -1);
  const owner = configuration.partitions.findIndex(({ name }) => instance.includes(name));
  return {
    code: getCodeOfClaim(claim),
    severity: 'error',
    message:
      `${instance}: ${String(witness['action'])} gives ${String(witness['outcome'])} and breaks ` +
      `${String(witness['conjunct'])}; expected: ${claim.statement}`,
    help: claim.help,
    at: owner === -1 ? ['config'] : ['config', 'partitions', owner],
    related: [],
  };
}

// ------------------------------------------------------------------ reset

/** The state at reset satisfies what every other obligation assumes. */
function listInitial(replay: ReplayContext): Obligation[] {
  const { statement, formula, source, id, help } = getInductionClaim('seal.initial');
  const broken = listBroken(replay, createMachine(replay.plan));
  const finding = (): Finding => ({
    code: getCodeOfClaim(getInductionClaim(id)),
    severity: 'error',
    message: `at reset ${broken.join(', ')} do not hold`,
    help,
    at: ['config'],
    related: [],
  });
  return [
    {
      id,
      statement,
      formula,
      source,
      assume: [],
      refute: broken.length === 0 ? FALSE : TRUE,
      decode: () => ({ conjunct: broken.slice(0, 3).join(', ') }),
      confirms: () => listBroken(replay, createMachine(replay.plan)).length > 0,
      finding,
      getCase: () => {
        const [conjunct = ''] = broken;
        return { action: null, current: 'nobody', partition: NONE, conjunct };
      },
    },
  ];
}
