/**
 * GIC: physical lines, their owners and routes, and the ITS.
 *
 * Each SPI has one owner and a route to a core of that owner. Lines of a partition that is not
 * running on the routed core are masked: they stay pending and cost nobody else time.
 */

import type { LineAction, TakeAction } from './actions.ts';
import { getRunningResident } from './execution.ts';
import type { Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import { findVirtualLine } from './list-registers.ts';
import { wake } from './scheduler.ts';
import { raiseLine } from './virtual-gic.ts';

/** A device drives its level-sensitive line; a pending, enabled line wakes its target. */
export function processLine(plan: Plan, machine: Machine, action: LineAction): Outcome {
  if (action.intId < plan.spiFirst) return 'NO_SUCH_LINE';
  const line = machine.gic.lines[action.intId - plan.spiFirst];
  if (line === undefined) return 'NO_SUCH_LINE';
  if (action.kind === 'line-deassert') {
    line.asserted = false;
    line.pending = false;
    return 'DONE';
  }
  line.asserted = true;
  if (!line.active) line.pending = true;
  if (line.enabled) {
    const virtual = findVirtualLine(machine, line.owner, 0, action.intId);
    if (virtual !== undefined) wake(plan, machine, line.owner, virtual.target);
  }
  return 'DONE';
}

/**
 * EL2 acknowledges a pending INTID that is routed to the core and belongs to who runs there; a
 * section runs with interrupts masked. All have one priority: which of several comes first is up to
 * the GIC.
 */
export function processTake(plan: Plan, machine: Machine, action: TakeAction): Outcome {
  const state = machine.cores[action.core];
  if (state === undefined) return 'NO_SUCH_CORE';
  if (!machine.boot.sealed) return 'NOT_SEALED';
  if (state.section > 0) return 'CORE_AT_EL2';
  const self = getRunningResident(plan, machine, action.core);
  if (self === undefined) return 'CORE_IDLE';
  if (action.intId < plan.spiFirst) return 'NO_SUCH_LINE';
  const line = machine.gic.lines[action.intId - plan.spiFirst];
  if (line === undefined) return 'NO_SUCH_LINE';
  if (!line.pending || !line.enabled || line.active) return 'NO_INTERRUPT';
  if (line.core !== action.core || line.owner !== self.partition) return 'NO_INTERRUPT';
  line.pending = false;
  line.active = true;
  raiseLine(plan, machine, line.owner, action.intId);
  state.section = plan.interruptTicks;
  return 'DONE';
}

/** A write of `event` to the doorbell by the function with this DeviceID. */
export function ringDoorbell(
  plan: Plan,
  machine: Machine,
  itsDeviceId: number,
  event: number,
): Outcome {
  for (const entry of machine.gic.events) {
    if (!entry.valid || entry.itsDeviceId !== itsDeviceId || entry.event !== event) continue;
    raiseLine(plan, machine, entry.owner, entry.intId);
    return 'DONE';
  }
  return 'EVENT_UNKNOWN';
}
