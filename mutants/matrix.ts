/**
 * Kill matrix: every mutant held against every check, in workers.
 */

import { Worker } from 'node:worker_threads';
import { COLUMNS } from './cell.ts';
import type { Cell, Column } from './cell.ts';
import { MUTANTS } from './catalogue.ts';
import type { Mutant } from './catalogue.ts';
import type { Task, TaskResult, WorkerLimits } from './matrix-job.ts';
import type { ProofHint } from './proof-cell.ts';

/** Cells of one mutant by their columns; those that were not asked for are missing. */
export type Cells = Readonly<Partial<Record<Column, Cell>>>;

/** One mutant with what became of it. */
export interface MatrixRow {
  readonly id: string;
  readonly cells: Cells;
}

/** Which part of the matrix is made, and within which limits. */
export interface MatrixOptions {
  /** Ids of mutants; all where absent. */
  readonly ids?: ReadonlySet<string>;
  readonly columns?: readonly Column[];
  /** Of one run of the fuzzer, milliseconds. */
  readonly timeMs: number;
  /** Workers. */
  readonly jobs: number;
  /** An earlier matrix: what fell then is asked first. */
  readonly earlier?: readonly MatrixRow[];
  /** Folder in which answers of solvers are kept; null keeps none. */
  readonly cache: string | null;
  readonly signal?: AbortSignal;
  /** Called with each row that is complete. */
  readonly onRow?: (row: MatrixRow, done: number, total: number) => void;
}

/** Makes the matrix, or the part that the options ask for, in the order of the catalogue. */
export async function createMatrix(options: MatrixOptions): Promise<MatrixRow[]> {
  const mutants = MUTANTS.filter(({ id }) => options.ids?.has(id) ?? true);
  const earlier = new Map((options.earlier ?? []).map((row) => [row.id, row.cells]));
  const columns = options.columns ?? COLUMNS;
  const rows = new Map<string, MatrixRow>();
  const waiting = mutants.values();
  const work = async (): Promise<void> => {
    let hand: Hand | null = null;
    for (const mutant of waiting) {
      if (isStopped(options)) break;
      hand ??= startHand(options);
      const task = { id: mutant.id, columns, hints: listHints(earlier.get(mutant.id)) };
      const result = await hand.run(task);
      if (result === null) {
        // Lost with all that it knew, or told to stop.
        hand = null;
        if (!isStopped(options)) rows.set(mutant.id, createLostRow(mutant, columns));
        continue;
      }
      rows.set(mutant.id, { id: mutant.id, cells: result.cells });
      options.onRow?.({ id: mutant.id, cells: result.cells }, rows.size, mutants.length);
    }
    await hand?.end();
  };
  await Promise.all(Array.from({ length: Math.max(1, options.jobs) }, work));
  return mutants.flatMap(({ id }) => rows.get(id) ?? []);
}

function isStopped({ signal }: MatrixOptions): boolean {
  return signal?.aborted === true;
}

/** What fell in proofs. */
function listHints(cells: Cells | undefined): ProofHint[] {
  return [cells?.induction, cells?.unwinding].flatMap((cell) =>
    cell?.verdict === 'killed' && cell.pass !== undefined ? [{ id: cell.by, pass: cell.pass }] : [],
  );
}

function createLostRow({ id }: Mutant, columns: readonly Column[]): MatrixRow {
  const cell: Cell = { verdict: 'survived', ms: 0, note: 'the worker was lost' };
  return { id, cells: Object.fromEntries(columns.map((column) => [column, cell])) };
}

/** A worker that takes one task after the other. */
interface Hand {
  /** Null where the worker is lost. */
  readonly run: (task: Task) => Promise<TaskResult | null>;
  readonly end: () => Promise<void>;
}

function startHand({ timeMs, cache, signal }: MatrixOptions): Hand {
  const workerData: WorkerLimits = { timeMs, cache };
  const worker = new Worker(new URL('./matrix-worker.mjs', import.meta.url), { workerData });
  let settle: ((result: TaskResult | null) => void) | null = null;
  const stop = (): void => {
    void worker.terminate();
  };
  signal?.addEventListener('abort', stop, { once: true });
  worker.on('message', (result: TaskResult) => {
    settle?.(result);
  });
  worker.on('error', (error) => {
    if (signal?.aborted !== true) process.stderr.write(`haven: worker lost: ${error.message}\n`);
    settle?.(null);
  });
  worker.on('exit', () => {
    signal?.removeEventListener('abort', stop);
    settle?.(null);
  });
  return {
    run: (task) =>
      new Promise((resolve) => {
        settle = resolve;
        worker.postMessage(task);
      }),
    end: async () => {
      await worker.terminate();
    },
  };
}
