/**
 * Bus: transactions on memory, whoever makes them, and the cores that sit on it without stage 2.
 */

import type { AccessAction, BusAction, TlbAction } from './actions.ts';
import { checkExecuting, getRunningResident } from './execution.ts';
import { isGranted } from './firewall.ts';
import { readWord, writeWord } from './memory.ts';
import type { Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import type { Plan, PlannedCore } from './plan.ts';
import { X0 } from './registers.ts';
import { computePage, fillCache, translate } from './translation.ts';
import type { AccessKind } from './translation.ts';

/**
 * One transaction: a write changes the frame and its label; the word that a read returns is the
 * result.
 */
export function transferWord(
  machine: Machine,
  master: number,
  dma: boolean,
  frame: number,
  kind: AccessKind,
  value: number,
): number {
  machine.bus.count += 1;
  machine.bus.master = master;
  machine.bus.dma = dma;
  machine.bus.frame = frame;
  machine.bus.write = kind === 'write';
  machine.bus.fetch = kind === 'fetch';
  if (kind === 'write') {
    writeWord(machine.memory, frame, value, master);
    return value;
  }
  return readWord(machine.memory, frame);
}

/**
 * A load, store or fetch by the virtual CPU on a core, through stage 2. A read leaves its word in
 * x0.
 */
export function processAccess(plan: Plan, machine: Machine, action: AccessAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  const state = machine.cores[action.core];
  if (executing !== 'DONE') return executing;
  if (self === undefined || state === undefined) return 'CORE_IDLE';
  if (!Number.isSafeInteger(action.value)) return 'BAD_VALUE';
  const table = machine.stage2[self.partition] ?? [];
  const vmid = plan.partitions[self.partition]?.vmid ?? 0;
  const translation = translate(state.tlb, table, vmid, action.address, action.kind);
  if (translation.fault !== 'DONE') return translation.fault;
  const word = transferWord(
    machine,
    self.partition,
    false,
    translation.frame,
    action.kind,
    action.value,
  );
  if (action.kind === 'read') {
    state.registers[X0] = word;
    state.registerWriters[X0] = self.partition;
  }
  return 'DONE';
}

/** A load or store by a core without EL2, through the firewall. */
export function processBus(plan: Plan, machine: Machine, action: BusAction): Outcome {
  const planned = plan.cores[action.core];
  const state = machine.cores[action.core];
  if (planned === undefined || state === undefined) return 'NO_SUCH_CORE';
  if (planned.el2) return 'CORE_HAS_EL2';
  const self = planned.residents[0];
  if (self === undefined) return 'CORE_UNUSED';
  if (!Number.isSafeInteger(action.address) || action.address < 0) return 'BAD_VALUE';
  if (!Number.isSafeInteger(action.value)) return 'BAD_VALUE';
  const address = computePhysical(planned, action.address);
  const kind = action.kind === 'bus-write' ? 'write' : 'read';
  if (!isGranted(plan, self.partition, address, kind)) return 'FIREWALL_DENIED';
  const frame = computePage(address);
  const word = transferWord(machine, self.partition, false, frame, kind, action.value);
  if (kind === 'read') {
    state.registers[X0] = word;
    state.registerWriters[X0] = self.partition;
  }
  return 'DONE';
}

/** The physical address behind what a core without EL2 puts out: its aliases first, else itself. */
function computePhysical(planned: PlannedCore, address: number): number {
  for (const alias of planned.aliases) {
    if (alias.local <= address && address < alias.local + alias.size) {
      return alias.base + (address - alias.local);
    }
  }
  return address;
}

/** The hardware caches a translation of who runs on the core, or drops one. */
export function processTlb(plan: Plan, machine: Machine, action: TlbAction): Outcome {
  const state = machine.cores[action.core];
  const slot = state?.tlb[action.slot];
  if (state === undefined) return 'NO_SUCH_CORE';
  if (slot === undefined) return 'NO_SUCH_SLOT';
  if (action.kind === 'tlb-evict') {
    slot.valid = false;
    return 'DONE';
  }
  const self = getRunningResident(plan, machine, action.core);
  if (self === undefined) return 'CORE_IDLE';
  const vmid = plan.partitions[self.partition]?.vmid ?? 0;
  return fillCache(slot, machine.stage2[self.partition] ?? [], vmid, action.address);
}
