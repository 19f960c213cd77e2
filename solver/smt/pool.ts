/**
 * A pool of engines, each answering one query at a time: threads with z3 in WebAssembly, or
 * processes of a native solver.
 *
 * An engine that is lost, or that outlives the time-out, costs its own query only, which is
 * answered `unknown`, and is replaced.
 */

import { unknown } from './solver.ts';
import type { Answer, Query, Solver } from './solver.ts';

/** Longest that a timer of Node can wait, milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** One thread or process. */
export interface Engine {
  /** Begins on a query; the answer comes by `onAnswer`. Called only when nothing is open. */
  ask(query: Query): void;
  /** Ends it at once, whatever it is doing; settles when it is gone. */
  end(): Promise<unknown>;
}

/** What an engine reports to its pool, never before `start` has returned it. */
export interface EngineEvents {
  /** It has come up and takes queries. */
  onReady(): void;
  onAnswer(answer: Answer): void;
  /** It is gone; why. */
  onLost(reason: string): void;
}

/** How to run a pool. */
export interface PoolOptions {
  readonly name: string;
  /** Engines at a time, at least 1. */
  readonly jobs: number;
  /** Wall-clock limit of one query, milliseconds: at it the engine is ended. */
  readonly timeoutMs: number;
  /** What the reason for the time-out names; default `timeoutMs`. */
  readonly statedTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly start: (events: EngineEvents) => Engine;
}

/** A query that waits for an engine or for its answer. */
interface Task {
  readonly query: Query;
  readonly resolve: (answer: Answer) => void;
}

/** An engine and what it works on. */
interface Slot {
  engine: Engine | null;
  isReady: boolean;
  task: Task | null;
  startMs: number;
  watchdog: NodeJS.Timeout | null;
}

/** A solver made of engines; none is started before the first query, unless it is warmed. */
export class Pool implements Solver {
  readonly name: string;
  readonly #options: PoolOptions;
  readonly #queue: Task[] = [];
  readonly #slots = new Set<Slot>();
  readonly #ends: Promise<unknown>[] = [];
  readonly #onAbort = (): void => this.#closeWith('cancelled');
  #closedBecause: string | null = null;

  constructor(options: PoolOptions) {
    this.name = options.name;
    this.#options = options;
    if (options.signal?.aborted === true) this.#onAbort();
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  check(query: Query): Promise<Answer> {
    if (this.#closedBecause !== null) return Promise.resolve(unknown(this.#closedBecause, 0));
    return new Promise((resolve) => {
      this.#queue.push({ query, resolve });
      this.#schedule();
    });
  }

  warm(): void {
    while (this.#closedBecause === null && this.#slots.size < this.#options.jobs) this.#start();
  }

  async close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#closeWith('the solver was closed');
    await Promise.all(this.#ends);
  }

  #schedule(): void {
    if (this.#closedBecause !== null) return;
    for (const slot of this.#slots) {
      if (!slot.isReady || slot.task !== null) continue;
      const task = this.#queue.shift();
      if (task === undefined) return;
      this.#assign(slot, task);
    }
    const starting = [...this.#slots].filter((slot) => !slot.isReady).length;
    const free = this.#options.jobs - this.#slots.size;
    const wanted = Math.min(free, this.#queue.length - starting);
    for (let count = 0; count < wanted; count++) this.#start();
  }

  #assign(slot: Slot, task: Task): void {
    const { timeoutMs, statedTimeoutMs = timeoutMs } = this.#options;
    slot.task = task;
    slot.startMs = performance.now();
    slot.watchdog = setTimeout(
      () => this.#drop(slot, `time-out after ${statedTimeoutMs} ms`),
      Math.min(timeoutMs, TIMER_MS_MAX),
    );
    slot.engine?.ask(task.query);
  }

  #start(): void {
    const slot: Slot = { engine: null, isReady: false, task: null, startMs: 0, watchdog: null };
    this.#slots.add(slot);
    slot.engine = this.#options.start({
      onReady: () => {
        slot.isReady = true;
        this.#schedule();
      },
      onAnswer: (answer) => {
        this.#finish(slot, answer);
        this.#schedule();
      },
      onLost: (reason) => {
        // An engine that never came up would be replaced for ever: then nothing can be answered.
        if (!slot.isReady) this.#closeWith(reason);
        this.#drop(slot, reason);
      },
    });
  }

  #finish(slot: Slot, answer: Answer): void {
    if (slot.watchdog !== null) clearTimeout(slot.watchdog);
    const { task } = slot;
    slot.task = null;
    slot.watchdog = null;
    task?.resolve(answer);
  }

  /** Ends an engine; its query, if it has one, is unknown for the reason. */
  #drop(slot: Slot, reason: string): void {
    if (!this.#slots.delete(slot)) return;
    if (slot.engine !== null) this.#ends.push(slot.engine.end());
    this.#finish(slot, unknown(reason, performance.now() - slot.startMs));
    this.#schedule();
  }

  #closeWith(reason: string): void {
    this.#closedBecause ??= reason;
    for (const task of this.#queue.splice(0)) task.resolve(unknown(reason, 0));
    for (const slot of this.#slots) this.#drop(slot, reason);
  }
}
