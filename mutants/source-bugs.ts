/**
 * Source bugs: changes of the spec's own text that are wrong in one way each, for holding proofs
 * and the fuzzer against the same bugs.
 *
 * `applyBug` puts one into the sources.
 */

import type { SourceBug } from './source-bug.ts';
import { DMA_BUGS } from './source-bugs/dma.ts';
import { EXECUTION_BUGS } from './source-bugs/execution.ts';
import { INTERRUPT_BUGS } from './source-bugs/interrupts.ts';
import { MEMORY_BUGS } from './source-bugs/memory.ts';
import { SCHEDULE_BUGS } from './source-bugs/time.ts';

/** Every seeded bug of the sources. */
export const SOURCE_BUGS: readonly SourceBug[] = [
  ...MEMORY_BUGS,
  ...DMA_BUGS,
  ...INTERRUPT_BUGS,
  ...EXECUTION_BUGS,
  ...SCHEDULE_BUGS,
];
