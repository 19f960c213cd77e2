/**
 * Translation: stage-2 tables, the TLB and the SMMU's walks of the same kind of table.
 *
 * Source: Arm ARM, AArch64.S2Translate; order of checks: translation, then permission.
 */

import type { CachedEntry, TableEntry } from './machine.ts';
import type { Mapping } from './plan.ts';
import { PAGE_SIZE } from './units.ts';

/** Memory types as table entries encode them. */
export const TYPE_NORMAL = 0;
export const TYPE_DEVICE = 1;
export const TYPE_DOORBELL = 2;

/** What an access wants. */
export type AccessKind = 'read' | 'write' | 'fetch';

/** Result of a translation; `frame` is meaningful only when `fault` is DONE. */
export interface Translation {
  readonly fault: 'DONE' | 'PAGE_NOT_MAPPED' | 'PERMISSION';
  /** Physical page number. */
  readonly frame: number;
  readonly type: number;
}

/** Page number of an address, bytes. */
export function computePage(address: number): number {
  return Math.floor(address / PAGE_SIZE);
}

/** Translates an address by the cache if it holds the page, else by the table. */
export function translate(
  cache: readonly CachedEntry[],
  table: readonly TableEntry[],
  vmid: number,
  address: number,
  kind: AccessKind,
): Translation {
  const page = computePage(address);
  for (const entry of cache) {
    if (entry.valid && entry.vmid === vmid && entry.page === page) {
      if (!isPermitted(entry, kind)) return { fault: 'PERMISSION', frame: 0, type: 0 };
      return { fault: 'DONE', frame: entry.frame, type: entry.type };
    }
  }
  for (const entry of table) {
    if (isCovering(entry, address)) {
      if (!isPermitted(entry, kind)) return { fault: 'PERMISSION', frame: 0, type: 0 };
      return { fault: 'DONE', frame: computeFrame(entry, address), type: entry.type };
    }
  }
  return { fault: 'PAGE_NOT_MAPPED', frame: 0, type: 0 };
}

/** Fills a cache slot with the translation of an address, as hardware may at any time. */
export function fillCache(
  slot: CachedEntry,
  table: readonly TableEntry[],
  vmid: number,
  address: number,
): 'DONE' | 'PAGE_NOT_MAPPED' {
  for (const entry of table) {
    if (isCovering(entry, address)) {
      slot.valid = true;
      slot.vmid = vmid;
      slot.page = computePage(address);
      slot.frame = computeFrame(entry, address);
      slot.read = entry.read;
      slot.write = entry.write;
      slot.execute = entry.execute;
      slot.type = entry.type;
      return 'DONE';
    }
  }
  return 'PAGE_NOT_MAPPED';
}

/** Whether a run of entries holds the address. */
export function isCovering(entry: TableEntry, address: number): boolean {
  return entry.ipa <= address && address < entry.ipa + entry.size;
}

/** Physical page number that a covering run of entries gives to the address. */
export function computeFrame(entry: TableEntry, address: number): number {
  return computePage(entry.pa + (address - entry.ipa));
}

/**
 * Whether rights suffice; execution does not need the read right (Arm ARM, S2AP and XN are
 * separate).
 */
export function isPermitted(entry: TableEntry | CachedEntry, kind: AccessKind): boolean {
  if (kind === 'read') return entry.read;
  if (kind === 'write') return entry.write;
  return entry.execute;
}

/** The table entry that boot writes for a planned mapping. */
export function createTableEntry(mapping: Mapping): TableEntry {
  return {
    ipa: mapping.ipa,
    pa: mapping.pa,
    size: mapping.size,
    read: mapping.read,
    write: mapping.write,
    execute: mapping.execute,
    type: encodeType(mapping),
  };
}

function encodeType(mapping: Mapping): number {
  if (mapping.type === 'device') return TYPE_DEVICE;
  if (mapping.type === 'doorbell') return TYPE_DOORBELL;
  return TYPE_NORMAL;
}
