/**
 * Matrix job: what a worker does for one mutant.
 */

import type { MessagePort } from 'node:worker_threads';
import { createSolver } from '../solver/smt/back-ends.ts';
import { runCheckCell, runProveCell } from './cell.ts';
import type { Cell, Column } from './cell.ts';
import { findMutant } from './catalogue.ts';
import { runFuzzCell } from './fuzz-cell.ts';
import { runProofCells } from './proof-cell.ts';
import type { ProofHint } from './proof-cell.ts';

/** What holds of all tasks of a worker. */
export interface WorkerLimits {
  /** Of one run of the fuzzer, milliseconds. */
  readonly timeMs: number;
  /** Folder in which answers are kept; null keeps none. */
  readonly cache: string | null;
}

/** A mutant and the columns that are asked for. */
export interface Task {
  readonly id: string;
  readonly columns: readonly Column[];
  /** Obligations that fell when the matrix was made before. */
  readonly hints: readonly ProofHint[];
}

/** The cells of a task. */
export interface TaskResult {
  readonly id: string;
  readonly cells: Readonly<Partial<Record<Column, Cell>>>;
}

/** One query takes milliseconds; one that does not must not hold up the matrix. */
const QUERY_MS_MAX = 60_000;

/** Does tasks from the port until it is closed. */
export function serveTasks(limits: WorkerLimits, port: MessagePort): void {
  const { timeMs, cache } = limits;
  const solver = createSolver({
    timeoutMs: QUERY_MS_MAX,
    ...(cache === null ? {} : { cache: { folder: cache } }),
  });
  port.on('message', (task: Task) => {
    void runTask(task).then((cells) => {
      port.postMessage({ id: task.id, cells } satisfies TaskResult);
    });
  });

  async function runTask({ id, columns, hints }: Task): Promise<TaskResult['cells']> {
    const mutant = findMutant(id);
    if (mutant === undefined) return {};
    const options = { timeMs, solver };
    const cells: Partial<Record<Column, Cell>> = {};
    if (columns.includes('check')) cells.check = await runCheckCell(mutant);
    if (columns.includes('prove')) cells.prove = await runProveCell(mutant, options);
    if (columns.includes('fuzz')) cells.fuzz = await runFuzzCell(mutant, options);
    if (columns.includes('induction') || columns.includes('unwinding')) {
      const proofs = await runProofCells(mutant, solver, columns, hints);
      for (const column of ['induction', 'unwinding'] as const) {
        if (columns.includes(column)) cells[column] = proofs[column];
      }
    }
    return cells;
  }
}
