/**
 * SMMU: what devices reach.
 *
 * A stream without a valid entry aborts; a stream with one walks its owner's table. Requests that
 * have passed are in flight until they complete. Bus masters without a stream have only the
 * firewall in front of them.
 *
 * Source: Arm IHI 0070, stream table entry Config = 110 (stage 2), GBPA.ABORT.
 */

import type {
  BareDmaAction,
  DmaCompleteAction,
  DmaIssueAction,
  IotlbAction,
  MsiAction,
} from './actions.ts';
import { transferWord } from './bus.ts';
import { isGranted } from './firewall.ts';
import { ringDoorbell } from './gic.ts';
import { BOOT_OFF, NONE } from './machine.ts';
import type { Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import { DOORBELL_OFFSET } from './plan.ts';
import type { Plan } from './plan.ts';
import { TYPE_DOORBELL, TYPE_NORMAL, computePage, fillCache, translate } from './translation.ts';

/** Where a request of a stream goes. */
interface Passage {
  readonly fault: Outcome;
  readonly frame: number;
  readonly type: number;
}

/** A device with a stream issues a request. */
export function processDmaIssue(plan: Plan, machine: Machine, action: DmaIssueAction): Outcome {
  if (!isPastReset(plan, machine)) return 'DEVICE_IN_RESET';
  if (!isAddress(action.address) || !Number.isSafeInteger(action.value)) return 'BAD_VALUE';
  const index = findStream(plan, action.stream);
  const passage = passStream(plan, machine, index, action.address, action.write);
  if (passage.fault !== 'DONE') return passage.fault;
  if (passage.type === TYPE_DOORBELL) {
    return ringDoorbell(plan, machine, plan.streams[index]?.itsDeviceId ?? NONE, action.value);
  }
  const master = plan.streams[index]?.partition ?? NONE;
  return putInFlight(machine, master, passage.frame, action.write, action.value);
}

/** A message-signalled interrupt: a write to the doorbell page through the stream's table. */
export function processMsi(plan: Plan, machine: Machine, action: MsiAction): Outcome {
  if (!isPastReset(plan, machine)) return 'DEVICE_IN_RESET';
  const its = plan.configuration.platform.interrupts.its;
  if (its === null) return 'NO_DOORBELL_TARGET';
  const index = findStream(plan, action.stream);
  const passage = passStream(plan, machine, index, its.base + DOORBELL_OFFSET, true);
  if (passage.fault !== 'DONE') return passage.fault;
  if (passage.type !== TYPE_DOORBELL) return 'NO_DOORBELL_TARGET';
  return ringDoorbell(plan, machine, plan.streams[index]?.itsDeviceId ?? NONE, action.event);
}

/** A bus master without a stream issues a request to a physical address. */
export function processBareDma(plan: Plan, machine: Machine, action: BareDmaAction): Outcome {
  if (!isPastReset(plan, machine)) return 'DEVICE_IN_RESET';
  const master = plan.bareMasters[action.master];
  if (master === undefined) return 'NO_SUCH_MASTER';
  if (!isAddress(action.address) || !Number.isSafeInteger(action.value)) return 'BAD_VALUE';
  const kind = action.write ? 'write' : 'read';
  if (!isGranted(plan, master.partition, action.address, kind)) return 'FIREWALL_DENIED';
  const frame = computePage(action.address);
  return putInFlight(machine, master.partition, frame, action.write, action.value);
}

/** A request in flight reaches memory. */
export function processDmaComplete(machine: Machine, action: DmaCompleteAction): Outcome {
  const request = machine.smmu.inFlight[action.slot];
  if (request === undefined) return 'NO_SUCH_SLOT';
  if (!request.busy) return 'SLOT_EMPTY';
  request.busy = false;
  const kind = request.write ? 'write' : 'read';
  transferWord(machine, request.master, true, request.frame, kind, request.value);
  return 'DONE';
}

/** The SMMU caches or drops a translation. */
export function processIotlb(plan: Plan, machine: Machine, action: IotlbAction): Outcome {
  const slot = machine.smmu.iotlb[action.slot];
  if (slot === undefined) return 'NO_SUCH_SLOT';
  if (action.kind === 'iotlb-evict') {
    slot.valid = false;
    return 'DONE';
  }
  const entry = machine.smmu.streams[findStream(plan, action.stream)];
  if (entry === undefined) return 'STREAM_UNKNOWN';
  if (!machine.smmu.enabled || !entry.valid || !entry.translate) return 'STREAM_ABORTED';
  const vmid = plan.partitions[entry.table]?.vmid ?? 0;
  return fillCache(slot, machine.smmu.tables[entry.table] ?? [], vmid, action.address);
}

/** Devices are held in reset until EL2's first step: an assumption about the board's firmware. */
function isPastReset(plan: Plan, machine: Machine): boolean {
  return machine.boot.steps[plan.bootCore] !== BOOT_OFF;
}

function isAddress(address: number): boolean {
  return Number.isSafeInteger(address) && address >= 0;
}

function findStream(plan: Plan, stream: number): number {
  for (let index = 0; index < plan.streams.length; index += 1) {
    if (plan.streams[index]?.stream === stream) return index;
  }
  return NONE;
}

/** Where the SMMU lets a request of a stream go. */
function passStream(
  plan: Plan,
  machine: Machine,
  index: number,
  address: number,
  write: boolean,
): Passage {
  if (!machine.smmu.enabled) {
    if (machine.smmu.abortWhenOff) return { fault: 'STREAM_ABORTED', frame: 0, type: 0 };
    return { fault: 'DONE', frame: computePage(address), type: TYPE_NORMAL };
  }
  if (index === NONE) return { fault: 'STREAM_UNKNOWN', frame: 0, type: 0 };
  const entry = machine.smmu.streams[index];
  if (entry === undefined) return { fault: 'STREAM_UNKNOWN', frame: 0, type: 0 };
  if (!entry.valid) return { fault: 'STREAM_ABORTED', frame: 0, type: 0 };
  if (!entry.translate) return { fault: 'DONE', frame: computePage(address), type: TYPE_NORMAL };
  const table = machine.smmu.tables[entry.table] ?? [];
  const vmid = plan.partitions[entry.table]?.vmid ?? 0;
  const kind = write ? 'write' : 'read';
  return translate(machine.smmu.iotlb, table, vmid, address, kind);
}

function putInFlight(
  machine: Machine,
  master: number,
  frame: number,
  write: boolean,
  value: number,
): Outcome {
  for (const request of machine.smmu.inFlight) {
    if (request.busy) continue;
    request.busy = true;
    request.master = master;
    request.frame = frame;
    request.write = write;
    request.value = value;
    return 'DONE';
  }
  return 'NO_SLOT_FREE';
}
