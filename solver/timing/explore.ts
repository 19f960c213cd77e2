/**
 * Explorer: the exact worst delay on a small core, by visiting every state that its scheduler can
 * reach, with a run that attains it.
 *
 * `explore-core.ts` has the steps. Every reachable state is an instant at which the target may
 * become ready or be ready; from then on it stays ready, and the longest way to its c-th tick is
 * searched. No formula of this folder is used, so that it can hold them to account; cost grows with
 * the product of the periods, which makes it a reference for small numbers only.
 */

import {
  createWalk,
  decode,
  encode,
  type ExploredCore,
  listBootStates,
  listSteps,
  STEP_KINDS,
  type StepKind,
  type Walk,
} from './explore-core.ts';

export {
  type ExploredCore,
  type ExploredCosts,
  type ExploredReservation,
  type ExploredSlot,
  NO_COSTS,
  type StepKind,
} from './explore-core.ts';

/** Search given up: more states than asked for. */
export class ExplorationLimitError extends Error {
  constructor(statesMax: number) {
    super(`more than ${statesMax} states`);
  }
}

/** One step of a run. */
export interface TraceStep {
  /** Ticks since boot. */
  readonly at: number;
  /** 0: something that takes no time, as the begin of a section. */
  readonly ticks: 0 | 1;
  readonly kind: StepKind;
  /** Index of the reservation that has the core; null: nobody. */
  readonly by: number | null;
  /** Budgets before the step; none under a table. */
  readonly budgets: readonly number[];
  /** Those that are ready, as far as it matters: who runs, and the target from `ready` on. */
  readonly ready: readonly number[];
  /** The target gets this tick. */
  readonly served: boolean;
}

/** A run from boot in which the target waits for as long as it can. */
export interface Trace {
  readonly steps: readonly TraceStep[];
  /** Index of the step before which the target is ready; it stays so. */
  readonly ready: number;
  /** Ticks from then to the end of the run, at which it has been served. */
  readonly ticks: number;
}

/** What was found. */
export interface Exploration {
  /** Exact D(1), D(2), ...; Infinity where the target can be kept waiting for ever. */
  readonly delays: readonly number[];
  /** The same from instants at which it has budget for an activation and a tick: W(1), ... */
  readonly inContract: readonly number[];
  /** Number of reachable states. */
  readonly states: number;
  /**
   * A run that attains D(demand), or W(demand) where it is to be in contract; demand >= 1 and
   * explored; null where it is infinite.
   */
  readonly findTrace: (demand: number, contract?: boolean) => Trace | null;
}

/** Every reachable state with its steps: edges of state i are [first[i], first[i + 1]). */
interface Graph {
  readonly walk: Walk;
  readonly keys: readonly number[];
  readonly first: readonly number[];
  readonly to: readonly number[];
  /** Of an edge: 1 takes a tick, 2 serves the target, 4 is possible while the target is ready. */
  readonly flags: readonly number[];
  /** State from which a state was reached first, -1 for those of boot. */
  readonly parents: readonly number[];
}

const TICK = 1;
const SERVED = 2;
const WHILE_READY = 4;

/** Exact D(1) to D(demandMax) of the target. Throws `ExplorationLimitError`, `StateRangeError`. */
export function exploreDelays(
  core: ExploredCore,
  demandMax: number,
  statesMax = 2_000_000,
): Exploration {
  const graph = buildGraph(core, statesMax);
  const order = sortStates(graph);
  const starts = findStarts(graph);
  const layers: Float64Array[] = [new Float64Array(graph.keys.length)];
  for (let demand = 1; demand <= demandMax; demand += 1) {
    layers.push(findLongest(graph, order, layers[demand - 1] as Float64Array));
  }
  return {
    delays: layers.slice(1).map((layer) => findWorst(starts.any, layer)),
    inContract: layers.slice(1).map((layer) => findWorst(starts.inContract, layer)),
    states: graph.keys.length,
    findTrace: (demand, contract = false) =>
      findTrace(graph, layers.slice(0, demand + 1), contract ? starts.inContract : starts.any),
  };
}

/** Longest over the marked states. */
function findWorst(from: Uint8Array, layer: Float64Array): number {
  let worst = 0;
  for (let state = 0; state < layer.length; state += 1) {
    if (from[state] === 1) worst = Math.max(worst, layer[state] as number);
  }
  return worst;
}

/** Visits every state that boot leads to, breadth first. */
function buildGraph(core: ExploredCore, statesMax: number): Graph {
  const walk = createWalk(core);
  const ids = new Map<number, number>();
  const graph = {
    walk,
    keys: [] as number[],
    first: [] as number[],
    to: [] as number[],
    flags: [] as number[],
    parents: [] as number[],
  };
  let current = -1;
  const visit = (key: number): number => {
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = graph.keys.length;
    if (id >= statesMax) throw new ExplorationLimitError(statesMax);
    ids.set(key, id);
    graph.keys.push(key);
    graph.parents.push(current);
    return id;
  };
  for (const key of listBootStates(walk)) visit(key);
  for (current = 0; current < graph.keys.length; current += 1) {
    graph.first.push(graph.to.length);
    decode(walk, graph.keys[current] as number, walk.state);
    listSteps(walk, (_kind, _by, ticks, served, whileReady) => {
      graph.to.push(visit(encode(walk, walk.next)));
      graph.flags.push(
        (ticks === 1 ? TICK : 0) + (served ? SERVED : 0) + (whileReady ? WHILE_READY : 0),
      );
    });
  }
  graph.first.push(graph.to.length);
  return graph;
}

/** States from which a delay counts, and those among them in which the target is in contract. */
function findStarts({ walk, keys }: Graph): {
  readonly any: Uint8Array;
  readonly inContract: Uint8Array;
} {
  const { core, state } = walk;
  const any = new Uint8Array(keys.length);
  const inContract = new Uint8Array(keys.length);
  keys.forEach((key, id) => {
    decode(walk, key, state);
    const isSettled = core.table !== null || state.since.every((since) => since >= 0);
    if (core.from === 'settled' && !isSettled) return;
    any[id] = 1;
    const least = state.pays[core.target] === 1 ? core.costs.activation + 1 : 1;
    if (core.table === null && (state.budget[core.target] as number) < least) return;
    inContract[id] = 1;
  });
  return { any, inContract };
}

function isUnserved(flags: number): boolean {
  return (flags & (WHILE_READY + SERVED)) === WHILE_READY;
}

/**
 * States in an order in which each comes after all that it leads to while the target is ready and
 * gets nothing; those from which it can wait for ever are not in it.
 */
function sortStates({ keys, first, to, flags }: Graph): Int32Array {
  const count = keys.length;
  const open = new Int32Array(count);
  const incoming = new Int32Array(count + 1);
  for (let edge = 0; edge < to.length; edge += 1) {
    if (isUnserved(flags[edge] as number)) (incoming[(to[edge] as number) + 1] as number)++;
  }
  for (let id = 0; id < count; id += 1) (incoming[id + 1] as number) += incoming[id] as number;
  const from = new Int32Array(incoming[count] as number);
  const filled = incoming.slice();
  for (let id = 0; id < count; id += 1) {
    for (let edge = first[id] as number; edge < (first[id + 1] as number); edge += 1) {
      if (!isUnserved(flags[edge] as number)) continue;
      (open[id] as number)++;
      from[(filled[to[edge] as number] as number)++] = id;
    }
  }
  const order = new Int32Array(count);
  let length = 0;
  for (let id = 0; id < count; id += 1) if (open[id] === 0) order[length++] = id;
  for (let at = 0; at < length; at += 1) {
    const id = order[at] as number;
    for (let back = incoming[id] as number; back < (incoming[id + 1] as number); back += 1) {
      const before = from[back] as number;
      (open[before] as number)--;
      if (open[before] === 0) order[length++] = before;
    }
  }
  return order.subarray(0, length);
}

/** Longest time from each state to one served tick more than `served`, target ready throughout. */
function findLongest(graph: Graph, order: Int32Array, served: Float64Array): Float64Array {
  const { first, to, flags } = graph;
  const longest = new Float64Array(graph.keys.length).fill(Number.POSITIVE_INFINITY);
  for (const id of order) {
    let worst = 0;
    for (let edge = first[id] as number; edge < (first[id + 1] as number); edge += 1) {
      const flag = flags[edge] as number;
      if ((flag & WHILE_READY) === 0) continue;
      const rest = (flag & SERVED) === 0 ? longest : served;
      worst = Math.max(worst, (flag & TICK) + (rest[to[edge] as number] as number));
    }
    longest[id] = worst;
  }
  return longest;
}

/** Edges that lead from boot to a state. */
function listWayTo(graph: Graph, state: number): { readonly id: number; readonly edge: number }[] {
  const way: { readonly id: number; readonly edge: number }[] = [];
  for (let id = state; ;) {
    const parent = graph.parents[id] as number;
    if (parent < 0) return way.reverse();
    let edge = graph.first[parent] as number;
    while (graph.to[edge] !== id) edge += 1;
    way.push({ id: parent, edge });
    id = parent;
  }
}

/** A run from boot that attains the last layer. */
function findTrace(
  graph: Graph,
  layers: readonly Float64Array[],
  starts: Uint8Array,
): Trace | null {
  const { first, to, flags, keys } = graph;
  const last = layers[layers.length - 1] as Float64Array;
  let id = -1;
  for (let state = 0; state < keys.length; state += 1) {
    if (starts[state] !== 1) continue;
    if (id < 0 || (last[state] as number) > (last[id] as number)) id = state;
  }
  const ticks = id < 0 ? Number.POSITIVE_INFINITY : (last[id] as number);
  if (!Number.isFinite(ticks)) return null;
  const way = listWayTo(graph, id);
  const ready = way.length;
  for (let demand = layers.length - 1; demand > 0;) {
    const longest = layers[demand] as Float64Array;
    const served = layers[demand - 1] as Float64Array;
    let edge = first[id] as number;
    for (; edge < (first[id + 1] as number); edge += 1) {
      const flag = flags[edge] as number;
      if ((flag & WHILE_READY) === 0) continue;
      const rest = (flag & SERVED) === 0 ? longest : served;
      if ((flag & TICK) + (rest[to[edge] as number] as number) === longest[id]) break;
    }
    way.push({ id, edge });
    if (((flags[edge] as number) & SERVED) !== 0) demand -= 1;
    id = to[edge] as number;
  }
  return { steps: describeWay(graph, way, ready), ready, ticks };
}

/** The steps of a way, with what each state shows. */
function describeWay(
  { walk, keys, first }: Graph,
  way: readonly { readonly id: number; readonly edge: number }[],
  ready: number,
): TraceStep[] {
  const { core, state } = walk;
  let at = 0;
  return way.map(({ id, edge }, index) => {
    decode(walk, keys[id] as number, state);
    const budgets = core.table === null ? [...state.budget] : [];
    let step: TraceStep | null = null;
    let count = first[id] as number;
    listSteps(walk, (kind, by, ticks, served) => {
      if (count === edge) {
        const name = STEP_KINDS[kind] as StepKind;
        const works = by >= 0 && name !== 'burn' && name !== 'wake' ? [by] : [];
        const waits = index >= ready && !works.includes(core.target) ? [core.target] : [];
        step = {
          at,
          ticks: ticks === 1 ? 1 : 0,
          kind: name,
          by: by < 0 ? null : by,
          budgets,
          ready: [...works, ...waits],
          served,
        };
      }
      count += 1;
    });
    // The edge was made by the same steps of the same state.
    if (step === null) throw new RangeError('an edge belongs to its state');
    at += (step as TraceStep).ticks;
    return step;
  });
}
