/**
 * Tables and caches: what translates an address agrees with the grants and stays as boot left it.
 */

import type { ActionKind } from '../../model/actions.ts';
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

/**
 * What boot has programmed and nobody may change, as numbers: one after the other into a list, or
 * held against those of a list.
 */
interface SealedNumbers {
  readonly list: number[];
  /** Position of the next. */
  at: number;
  /** Numbers are put into the list; else the first that differs ends it. */
  isFilling: boolean;
  isSame: boolean;
}

function take(numbers: SealedNumbers, value: number): void {
  if (numbers.isFilling) numbers.list[numbers.at] = value;
  else if (numbers.list[numbers.at] !== value) numbers.isSame = false;
  numbers.at += 1;
}

/** Goes through all that is sealed; whether it is what the list has, where that is full. */
function takeSealed({ stage2, smmu, gic }: Machine, numbers: SealedNumbers): boolean {
  numbers.at = 0;
  numbers.isSame = true;
  takeTables(stage2, numbers);
  takeTables(smmu.tables, numbers);
  for (const entry of smmu.streams) {
    take(numbers, entry.stream);
    take(numbers, entry.table);
    take(numbers, Number(entry.valid) + 2 * Number(entry.translate));
  }
  take(numbers, Number(smmu.enabled) + 2 * Number(smmu.abortWhenOff));
  for (const line of gic.lines) {
    take(numbers, line.owner);
    take(numbers, line.group);
  }
  for (const event of gic.events) {
    take(numbers, event.intId);
    take(numbers, event.owner);
    take(numbers, Number(event.valid));
  }
  return numbers.isSame && (numbers.isFilling || numbers.at === numbers.list.length);
}

function takeTables(tables: readonly (readonly TableEntry[])[], numbers: SealedNumbers): void {
  for (const table of tables) {
    take(numbers, table.length);
    for (const entry of table) {
      take(numbers, entry.ipa);
      take(numbers, entry.pa);
      take(numbers, entry.size);
      const rights = Number(entry.read) + 2 * Number(entry.write) + 4 * Number(entry.execute);
      take(numbers, rights + 8 * entry.type);
    }
  }
}

/** Actions in which a partition executes. */
const GUEST_KINDS: readonly ActionKind[] = [
  'read',
  'write',
  'fetch',
  'register-read',
  'register-write',
  'cpu-on',
  'cpu-off',
  'system-reset',
  'wait',
  'smc',
  'unknown-call',
  'notify',
  'section',
  'distributor',
  'send-sgi',
  'arm-timer',
  'interrupt-acknowledge',
  'interrupt-end',
];

const GUESTS: ReadonlySet<ActionKind> = new Set(GUEST_KINDS);

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
        for (let index = 0; index < machine.cores.length; index += 1) {
          const core = machine.cores[index];
          if (core === undefined) continue;
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
    watch: watchBeforeLive,
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
    watch: watchSeal,
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
  return { ...monitor, kinds: ['dma-issue'], refusals: true };
}

function watchEntry({ machine, look }: Context): Monitor {
  let evaluations = 0;
  return {
    kinds: GUEST_KINDS,
    after: (action, outcome) => {
      // While searching nobody else is asked about.
      if (outcome !== 'DONE' || (look.complete && !GUESTS.has(action.kind))) return null;
      evaluations += 1;
      const { steps, failed, sealed } = machine.boot;
      if (sealed && !failed) return null;
      return {
        property: 'seal.entry',
        message:
          `${action.kind} executes although boot is at ${steps.join(', ')}, ` +
          `failed: ${String(failed)}`,
        witness: { action: action.kind, steps: steps.join(' ') },
        at: ['config'],
        related: [],
      };
    },
    countEvaluations: () => evaluations,
  };
}

function watchBeforeLive({ machine, plan }: Context): Monitor {
  let live = false;
  let evaluations = 0;
  return {
    kinds: ['dma-issue', 'msi'],
    refusals: true,
    before: () => {
      live = (machine.boot.steps[plan.bootCore] ?? BOOT_OFF) >= BOOT_SMMU;
    },
    after: (action, outcome) => {
      if (live || (action.kind !== 'dma-issue' && action.kind !== 'msi')) return null;
      evaluations += 1;
      if (outcome !== 'DONE') return null;
      return {
        property: 'dma.before-live',
        message: `stream ${formatAddress(action.stream)} passes before the SMMU is live`,
        witness: { stream: formatAddress(action.stream) },
        at: ['platform', 'iommu'],
        related: [],
      };
    },
    countEvaluations: () => evaluations,
  };
}

function watchSeal({ machine }: Context): Monitor {
  // Every run that begins behind boot begins with the same tables; others boot on their own.
  const booted: SealedNumbers = { list: [], at: 0, isFilling: true, isSame: true };
  const bootedHere: SealedNumbers = { list: [], at: 0, isFilling: true, isSame: true };
  let sealed: SealedNumbers | null = null;
  let evaluations = 0;
  return {
    kinds: ['boot', 'system-reset'],
    begin: () => {
      sealed = null;
      if (!machine.boot.sealed) return;
      if (booted.isFilling) fillSealed(machine, booted);
      sealed = booted;
    },
    after: (action) => {
      if (!machine.boot.sealed) return null;
      if (sealed === null) {
        sealed = bootedHere;
        fillSealed(machine, sealed);
      }
      evaluations += 1;
      if (takeSealed(machine, sealed)) return null;
      return {
        property: 'seal.constant',
        message: `the sealed tables, streams or owners have changed by ${action.kind}`,
        witness: { action: action.kind },
        at: ['config'],
        related: [],
      };
    },
    countEvaluations: () => evaluations,
  };
}

function fillSealed(machine: Machine, numbers: SealedNumbers): void {
  numbers.isFilling = true;
  takeSealed(machine, numbers);
  numbers.list.length = numbers.at;
  numbers.isFilling = false;
}
