/**
 * Boot: from reset to the seal, one step of one core at a time, each of which may fail.
 *
 * The boot core programs what all cores share, before any other core takes the same step: it
 * silences the SMMU and builds the tables, writes the stream table word by word and enables the
 * SMMU, routes the lines, starts the schedule, seals. EL1 runs nowhere until every core in use has
 * sealed, and never after a failure.
 */

import type { BootAction } from './actions.ts';
import {
  BOOT_GIC,
  BOOT_OFF,
  BOOT_SCHEDULER,
  BOOT_SEALED,
  BOOT_SMMU,
  BOOT_STAGE2,
} from './machine.ts';
import type { Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import { requestDispatch, startSchedule } from './scheduler.ts';
import { createTableEntry } from './translation.ts';

/** One step of one core. */
export function processBoot(plan: Plan, machine: Machine, action: BootAction): Outcome {
  const core = plan.cores[action.core];
  const done = machine.boot.steps[action.core];
  const leader = machine.boot.steps[plan.bootCore];
  if (core === undefined || done === undefined) return 'NO_SUCH_CORE';
  if (!core.el2 || !core.used || leader === undefined) return 'CORE_UNUSED';
  if (machine.boot.failed) return 'BOOT_FAILED';
  if (done === BOOT_SEALED) return 'ALREADY_SEALED';
  if (action.core !== plan.bootCore && leader <= done) return 'BOOT_OUT_OF_ORDER';
  if (action.fails) {
    machine.boot.failed = true;
    return 'DONE';
  }
  if (action.core === plan.bootCore) {
    if (!programShared(plan, machine, done)) return 'DONE';
  }
  if (done === BOOT_GIC) startSchedule(plan, machine, action.core);
  machine.boot.steps[action.core] = done + 1;
  if (done === BOOT_SCHEDULER) sealWhenAllHave(plan, machine);
  return 'DONE';
}

/**
 * Programs what all cores share in the step after `done`; false while the step has more words to
 * write.
 */
function programShared(plan: Plan, machine: Machine, done: number): boolean {
  if (done === BOOT_OFF) {
    silenceStreams(machine);
    buildTables(plan, machine);
    return true;
  }
  if (done === BOOT_STAGE2) return writeStreamWord(plan, machine);
  if (done === BOOT_SMMU) routeLines(plan, machine);
  return true;
}

/** Before anything else: no stream passes, whatever firmware has left behind. */
function silenceStreams(machine: Machine): void {
  machine.smmu.abortWhenOff = true;
  machine.smmu.enabled = false;
  for (const entry of machine.smmu.streams) {
    entry.valid = false;
  }
  for (const entry of machine.smmu.iotlb) {
    entry.valid = false;
  }
}

function buildTables(plan: Plan, machine: Machine): void {
  for (let partition = 0; partition < plan.partitions.length; partition += 1) {
    const planned = plan.partitions[partition];
    const stage2 = machine.stage2[partition];
    const dma = machine.smmu.tables[partition];
    if (planned === undefined || stage2 === undefined || dma === undefined) continue;
    for (const mapping of planned.stage2) {
      stage2.push(createTableEntry(mapping));
    }
    for (const mapping of planned.dma) {
      dma.push(createTableEntry(mapping));
    }
  }
}

/**
 * Writes one word of the stream table: table and kind first, the valid bit last; then enables the
 * SMMU.
 */
function writeStreamWord(plan: Plan, machine: Machine): boolean {
  const index = Math.floor(machine.boot.words / 2);
  const entry = machine.smmu.streams[index];
  const planned = plan.streams[index];
  if (entry === undefined || planned === undefined) {
    machine.smmu.enabled = true;
    return true;
  }
  if (machine.boot.words % 2 === 0) {
    entry.table = planned.partition;
    entry.translate = true;
  } else {
    entry.valid = true;
  }
  machine.boot.words += 1;
  return false;
}

/** Gives each line its owner and route; guests enable their own lines later. */
function routeLines(plan: Plan, machine: Machine): void {
  for (let index = 0; index < plan.routes.length; index += 1) {
    const route = plan.routes[index];
    const line = machine.gic.lines[index];
    if (route === undefined || line === undefined) continue;
    line.enabled = false;
    line.pending = line.asserted;
    line.active = false;
    line.group = 1;
    line.owner = route.partition;
    line.core = route.core;
  }
  for (let index = 0; index < plan.events.length; index += 1) {
    const planned = plan.events[index];
    const event = machine.gic.events[index];
    if (planned === undefined || event === undefined) continue;
    event.intId = planned.intId;
    event.owner = planned.partition;
    event.valid = true;
  }
}

/** The last core to seal lets partitions run: virtual CPU 0 of each, on every core that has one. */
function sealWhenAllHave(plan: Plan, machine: Machine): void {
  for (let core = 0; core < plan.cores.length; core += 1) {
    const planned = plan.cores[core];
    if (planned?.el2 === true && planned.used && machine.boot.steps[core] !== BOOT_SEALED) return;
  }
  machine.boot.sealed = true;
  for (const partition of machine.partitions) {
    const first = partition.vcpus[0];
    if (first !== undefined) first.on = true;
  }
  for (let core = 0; core < plan.cores.length; core += 1) {
    requestDispatch(machine, core);
  }
}
