/**
 * What requests in flight and labels of memory agree with: grants as the plan states them.
 *
 * Liftable.
 */

import type { Machine } from '../../model/machine.ts';
import { UNWRITTEN, readWriter } from '../../model/memory.ts';
import type { Mapping, Plan } from '../../model/plan.ts';
import { computePage } from '../../model/translation.ts';

/** A request in flight is one that the grants of the partition behind it allow. */
export function isRequestGranted(plan: Plan, machine: Machine, slot: number): boolean {
  const request = machine.smmu.inFlight[slot];
  if (request === undefined || !request.busy) return true;
  for (let partition = 0; partition < plan.partitions.length; partition += 1) {
    if (request.master === partition) {
      if (request.write) return mayDevicesReach(plan, partition, request.frame, true);
      return mayDevicesReach(plan, partition, request.frame, false);
    }
  }
  return false;
}

/** Who wrote the frame last may write it: nobody has, or a partition with a grant. */
export function isLastWriterGranted(plan: Plan, machine: Machine, frame: number): boolean {
  const writer = readWriter(machine.memory, frame);
  if (writer === UNWRITTEN) return true;
  for (let partition = 0; partition < plan.partitions.length; partition += 1) {
    if (writer === partition) {
      if (mayCoresWrite(plan, partition, frame)) return true;
      return mayDevicesReach(plan, partition, frame, true);
    }
  }
  return false;
}

/** Whether some core of the partition may write the frame: by stage 2, or past the firewall. */
function mayCoresWrite(plan: Plan, partition: number, frame: number): boolean {
  const planned = plan.partitions[partition];
  if (planned === undefined) return false;
  for (const mapping of planned.stage2) {
    if (mapping.write && isWithin(mapping, frame)) return true;
  }
  for (const vcpu of planned.vcpus) {
    if (plan.cores[vcpu.core]?.el2 === false) return isPastFirewall(plan, partition, frame, true);
  }
  return false;
}

/** Whether some device of the partition may reach the frame. */
function mayDevicesReach(plan: Plan, partition: number, frame: number, write: boolean): boolean {
  for (const stream of plan.streams) {
    if (stream.partition !== partition) continue;
    for (const mapping of plan.partitions[partition]?.dma ?? []) {
      if (mapping.type === 'doorbell') continue;
      if (write && !mapping.write) continue;
      if (!write && !mapping.read) continue;
      if (isWithin(mapping, frame)) return true;
    }
    break;
  }
  for (const master of plan.bareMasters) {
    if (master.partition === partition) return isPastFirewall(plan, partition, frame, write);
  }
  return false;
}

/** Whether the firewall lets a master of the partition reach a byte of the frame. */
function isPastFirewall(plan: Plan, partition: number, frame: number, write: boolean): boolean {
  const planned = plan.partitions[partition];
  if (planned === undefined) return false;
  if (!plan.hasFirewall || planned.el2) return true;
  for (const mapping of planned.firewall) {
    if (write && !mapping.write) continue;
    if (!write && !mapping.read) continue;
    if (isWithin(mapping, frame)) return true;
  }
  return false;
}

/** Whether a mapping gives the page frame or a part of it. */
function isWithin(mapping: Mapping, frame: number): boolean {
  const last = computePage(mapping.pa + mapping.size - 1);
  return computePage(mapping.pa) <= frame && frame <= last;
}
