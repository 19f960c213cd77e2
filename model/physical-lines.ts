/**
 * Physical lines: the wire behind a virtual line, if it has one.
 *
 * Lines are level-sensitive: a line is pending while its wire is asserted and it is not active.
 * Source: GICv3, interrupt state machine of a level-sensitive SPI.
 */

import type { Line, Machine, VirtualLine } from './machine.ts';
import type { Plan } from './plan.ts';

/** The physical line behind a partition's line; undefined where there is none that it owns. */
export function findPhysicalLine(
  plan: Plan,
  machine: Machine,
  partition: number,
  line: VirtualLine,
): Line | undefined {
  const physical = machine.gic.lines[line.intId - plan.spiFirst];
  if (!line.physical || physical === undefined) return undefined;
  return physical.owner === partition ? physical : undefined;
}

/** Deactivates the physical line: it is pending again while its wire is asserted. */
export function releasePhysicalLine(
  plan: Plan,
  machine: Machine,
  partition: number,
  line: VirtualLine,
): void {
  const physical = findPhysicalLine(plan, machine, partition, line);
  if (physical === undefined) return;
  physical.active = false;
  physical.pending = physical.asserted;
}

/**
 * Whether an enabled line asks for its target now, be it that EL2 has not taken the physical
 * interrupt yet: such a virtual CPU does not wait in WFI.
 */
export function isSignalled(
  plan: Plan,
  machine: Machine,
  partition: number,
  line: VirtualLine,
): boolean {
  if (!line.enabled) return false;
  if (line.pending) return true;
  const physical = findPhysicalLine(plan, machine, partition, line);
  return physical !== undefined && physical.pending;
}
