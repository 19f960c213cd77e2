/**
 * The stream table while boot writes it: so many words of it are as planned, and no entry is valid
 * before all of its words are.
 *
 * Liftable.
 */

import { BOOT_OFF } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';

/** An entry is valid exactly once both of its words are written, and what is written is planned. */
export function isStreamWritten(plan: Plan, machine: Machine, index: number): boolean {
  const entry = machine.smmu.streams[index];
  const planned = plan.streams[index];
  if (entry === undefined || planned === undefined) return true;
  // Before EL2's first step the table is what firmware has left.
  if (plan.bootCore === -1 || machine.boot.steps[plan.bootCore] === BOOT_OFF) return true;
  if (entry.valid !== machine.boot.words > 2 * index + 1) return false;
  if (machine.boot.words <= 2 * index) return true;
  return entry.translate && entry.table === planned.partition;
}
