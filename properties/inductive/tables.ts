/**
 * Coherence of caches: a cached translation is what the table of its VMID gives.
 *
 * Liftable.
 */

import type { CachedEntry, Machine, TableEntry } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { computePage } from '../../model/translation.ts';

/** A valid entry of a core's TLB is a translation of a partition that lives on the core. */
export function isTlbCoherent(plan: Plan, machine: Machine, core: number, slot: number): boolean {
  const entry = machine.cores[core]?.tlb[slot];
  const residents = plan.cores[core]?.residents;
  if (entry === undefined || residents === undefined || !entry.valid) return true;
  for (const resident of residents) {
    if (plan.partitions[resident.partition]?.vmid === entry.vmid) {
      return isGivenBy(machine.stage2[resident.partition] ?? [], entry);
    }
  }
  return false;
}

/** A valid entry of the IOTLB is a translation of a partition that owns a stream. */
export function isIotlbCoherent(plan: Plan, machine: Machine, slot: number): boolean {
  const entry = machine.smmu.iotlb[slot];
  if (entry === undefined || !entry.valid) return true;
  for (const stream of plan.streams) {
    if (plan.partitions[stream.partition]?.vmid === entry.vmid) {
      return isGivenBy(machine.smmu.tables[stream.partition] ?? [], entry);
    }
  }
  return false;
}

/** Whether the walk of a table gives the entry: the first run that covers the page decides. */
function isGivenBy(table: readonly TableEntry[], entry: CachedEntry): boolean {
  for (const run of table) {
    const first = computePage(run.ipa);
    if (first <= entry.page && entry.page < computePage(run.ipa + run.size)) {
      if (entry.frame !== computePage(run.pa) + (entry.page - first)) return false;
      if (entry.read !== run.read || entry.write !== run.write) return false;
      return entry.execute === run.execute && entry.type === run.type;
    }
  }
  return false;
}
