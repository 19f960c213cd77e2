/**
 * Tables and caches: what translates an address agrees with the grants and stays as boot left it.
 */

import type { Action } from '../../model/actions.ts';
import { BOOT_OFF, BOOT_SMMU } from '../../model/machine.ts';
import type { CachedEntry, Machine, TableEntry } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../findings.ts';
import { isIotlbCoherent, isTlbCoherent } from '../inductive/tables.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** The first valid entry that is not coherent with its table. */
function findStale(
  slots: readonly CachedEntry[],
  isCoherent: (slot: number) => boolean,
  count: () => void,
): CachedEntry | undefined {
  for (let at = 0; at < slots.length; at += 1) {
    const slot = slots[at];
    if (slot === undefined || !slot.valid) continue;
    count();
    if (!isCoherent(at)) return slot;
  }
  return undefined;
}

/** A monitor of caches: while searching it looks after what fills them or may change a table. */
function watchCaches(
  { look }: Context,
  fill: 'tlb-fill' | 'iotlb-fill',
  judge: (count: () => void) => Violation | null,
): Monitor {
  const monitor = watchEachStep((_action, outcome, count) =>
    look.complete || outcome === 'DONE' ? judge(count) : null,
  );
  return { ...monitor, kinds: [fill, 'boot', 'system-reset'] };
}

function describeStale(property: string, where: string, slot: CachedEntry): Violation {
  const ipa = formatAddress(slot.page * PAGE_SIZE);
  const pa = formatAddress(slot.frame * PAGE_SIZE);
  return {
    property,
    message: `${where} holds IPA ${ipa} to ${pa} for VMID ${slot.vmid}, which no table gives now`,
    witness: { vmid: slot.vmid, ipa, pa },
    at: ['config', 'partitions'],
    related: [],
  };
}

/** What boot has programmed and nobody may change, as numbers, for comparison. */
function collectSealed(machine: Machine, numbers: number[]): void {
  const { smmu, gic } = machine;
  numbers.length = 0;
  for (const table of machine.stage2) collectTable(table, numbers);
  for (const table of smmu.tables) collectTable(table, numbers);
  for (const entry of smmu.streams) {
    numbers.push(entry.stream, Number(entry.valid), Number(entry.translate), entry.table);
  }
  numbers.push(Number(smmu.enabled), Number(smmu.abortWhenOff));
  for (const line of gic.lines) numbers.push(line.owner, line.group);
  for (const event of gic.events) numbers.push(event.intId, event.owner, Number(event.valid));
}

function collectTable(table: readonly TableEntry[], numbers: number[]): void {
  for (const entry of table) {
    const rights = Number(entry.read) + 2 * Number(entry.write) + 4 * Number(entry.execute);
    numbers.push(entry.ipa, entry.pa, entry.size, rights, entry.type);
  }
}

function isEqual(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

/** Actions in which a partition executes. */
export function isGuestAction(action: Action): boolean {
  switch (action.kind) {
    case 'read':
    case 'write':
    case 'fetch':
    case 'register-read':
    case 'register-write':
    case 'cpu-on':
    case 'cpu-off':
    case 'system-reset':
    case 'wait':
    case 'smc':
    case 'unknown-call':
    case 'notify':
    case 'section':
    case 'distributor':
    case 'send-sgi':
    case 'arm-timer':
    case 'interrupt-acknowledge':
    case 'interrupt-end':
      return true;
    default:
      return false;
  }
}

function hasStreams(plan: Plan): boolean {
  return plan.streams.length > 0;
}

/** Properties of tables, caches, boot and the seal. */
export const TABLE_PROPERTIES: readonly Property[] = [
  {
    id: 'memory.cached',
    statement: 'Every valid TLB entry is what the current table of its VMID gives.',
    source: 'Arm ARM, TLB maintenance; translations are tagged with the VMID',
    example: 'two partitions with one VMID',
    watch: (context) =>
      watchCaches(context, 'tlb-fill', (count) => {
        const { plan, machine } = context;
        for (const [index, core] of machine.cores.entries()) {
          const isCoherent = (at: number): boolean => isTlbCoherent(plan, machine, index, at);
          const slot = findStale(core.tlb, isCoherent, count);
          if (slot !== undefined)
            return describeStale('memory.cached', `TLB of core ${index}`, slot);
        }
        return null;
      }),
  },
  {
    id: 'dma.cached',
    statement: 'Every valid IOTLB entry is what the current table of its VMID gives.',
    source: 'Arm IHI 0070, CMD_TLBI_S12_VMALL',
    example: 'the SMMU keeps a translation that firmware has left',
    appliesTo: hasStreams,
    watch: (context) =>
      watchCaches(context, 'iotlb-fill', (count) => {
        const { plan, machine } = context;
        const isCoherent = (at: number): boolean => isIotlbCoherent(plan, machine, at);
        const slot = findStale(machine.smmu.iotlb, isCoherent, count);
        return slot === undefined ? null : describeStale('dma.cached', 'IOTLB', slot);
      }),
  },
  {
    id: 'dma.unknown-aborts',
    statement: 'A request of a stream that no partition owns is refused.',
    source: 'Arm IHI 0070, C_BAD_STREAMID and STE.V = 0',
    example: 'streams without an entry bypass',
    appliesTo: hasStreams,
    watch: watchUnknown,
  },
  {
    id: 'dma.before-live',
    statement: 'No stream passes before the SMMU is programmed and enabled.',
    source: 'Arm IHI 0070, GBPA.ABORT; boot order',
    example: 'the valid bit of an entry is written before its table',
    appliesTo: hasStreams,
    watch: (context) => watchBeforeLive(context),
  },
  {
    id: 'seal.entry',
    statement: 'No partition executes unless every core has sealed and no boot step failed.',
    source: 'immutability: boot reaches running only if every step succeeded',
    example: 'boot goes on although the SMMU failed',
    watch: watchEntry,
  },
  {
    id: 'seal.constant',
    statement: 'Tables, streams and owners of lines stay as they are at the seal.',
    source: 'immutability: Haven is sealed after boot',
    example: 'a partition reset that rebuilds its table from a default',
    watch: (context) => watchSeal(context),
  },
];

function watchUnknown({ plan }: Context): Monitor {
  const owned = new Set<number>(plan.streams.map(({ stream }) => stream));
  const monitor = watchEachStep((action, outcome, count) => {
    if (action.kind !== 'dma-issue' || owned.has(action.stream)) return null;
    count();
    if (outcome !== 'DONE') return null;
    return {
      property: 'dma.unknown-aborts',
      message: `a request of stream ${formatAddress(action.stream)}, which nobody owns, passes`,
      witness: { stream: formatAddress(action.stream) },
      at: ['platform', 'iommu'],
      related: [],
    };
  });
  return { ...monitor, kinds: ['dma-issue'] };
}

function watchEntry({ machine }: Context): Monitor {
  return watchEachStep((action, outcome, count) => {
    if (outcome !== 'DONE' || !isGuestAction(action)) return null;
    count();
    const { steps, failed, sealed } = machine.boot;
    if (sealed && !failed) return null;
    return {
      property: 'seal.entry',
      message: `${action.kind} executes although boot is at ${steps.join(', ')}, failed: ${failed}`,
      witness: { action: action.kind, steps: steps.join(' ') },
      at: ['config'],
      related: [],
    };
  });
}

function watchBeforeLive(context: Context): ReturnType<Property['watch']> {
  let live = false;
  return {
    ...watchEachStep((action, outcome, count) => {
      const issues = action.kind === 'dma-issue' || action.kind === 'msi';
      if (!issues || live) return null;
      count();
      if (outcome !== 'DONE') return null;
      return {
        property: 'dma.before-live',
        message: `stream ${formatAddress(action.stream)} passes before the SMMU is live`,
        witness: { stream: formatAddress(action.stream) },
        at: ['platform', 'iommu'],
        related: [],
      };
    }),
    kinds: ['dma-issue', 'msi'],
    before: () => {
      live = (context.machine.boot.steps[context.plan.bootCore] ?? BOOT_OFF) >= BOOT_SMMU;
    },
  };
}

function watchSeal({ machine }: Context): ReturnType<Property['watch']> {
  const booted: number[] = [];
  const bootedHere: number[] = [];
  const now: number[] = [];
  let sealed: number[] | null = null;
  const monitor = watchEachStep((action, _outcome, count) => {
    if (!machine.boot.sealed) return null;
    if (sealed === null) {
      sealed = bootedHere;
      collectSealed(machine, sealed);
    }
    collectSealed(machine, now);
    count();
    if (isEqual(now, sealed)) return null;
    return {
      property: 'seal.constant',
      message: `the sealed tables, streams or owners have changed by ${action.kind}`,
      witness: { action: action.kind },
      at: ['config'],
      related: [],
    };
  });
  return {
    ...monitor,
    kinds: ['boot', 'system-reset'],
    begin: () => {
      sealed = null;
      if (!machine.boot.sealed) return;
      // Every run that begins behind boot begins with the same tables.
      if (booted.length === 0) collectSealed(machine, booted);
      sealed = booted;
    },
  };
}
