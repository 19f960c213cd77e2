/**
 * Partitions: what of a sketch belongs to whom.
 */

import type {
  Channel,
  Core,
  CoreAlias,
  DeviceGrant,
  MemoryGrant,
  Partition,
  Regulation,
} from '../../../model/configuration.ts';
import type { CoreId, Ipa } from '../../../model/units.ts';
import { createCpu, createRates, createTasks, type Measures, type Placed } from './demands.ts';
import type { OwnedDevice } from './devices.ts';
import type { PartitionView } from './memory.ts';
import { numberVmid } from './numbering.ts';
import type { Sketch } from './sketch.ts';
import type { UsedCore } from './time.ts';

/** How far windows are moved in the IPA space of a partition that moves them: above all RAM. */
const WINDOWS_MOVED = 0x20_0000_0000;
/** Where a core without EL2 sees the memory that has an alias: above all registers. */
const ALIAS_LOCAL = 0x1000_0000;

/** Everything that has been placed before the partitions. */
export interface Board {
  readonly sketch: Sketch;
  readonly unitNs: number;
  /** Cores under EL2 that somebody has, with their ids. */
  readonly used: readonly (UsedCore & { readonly id: CoreId })[];
  /** Cores without EL2, one for each bare partition. */
  readonly bareCores: readonly CoreId[];
  readonly views: readonly PartitionView[];
  readonly devices: readonly OwnedDevice[];
  readonly channels: readonly Channel[];
  readonly bandwidth: readonly Regulation[];
}

/** Every partition: those under EL2, then those on cores without. */
export function createPartitions(board: Board): Partition[] {
  const { partitions, bare } = board.sketch;
  return [
    ...partitions.map((_, index) => createPartition(board, index)),
    ...bare.map((_, index) => createBare(board, index)),
  ];
}

function createPartition(board: Board, index: number): Partition {
  const { sketch, views, used } = board;
  const drawn = sketch.partitions[index];
  const memory = views[index]?.memory ?? [];
  const placed = used.flatMap(({ id, residents }): Placed[] => {
    const own = residents.find(({ partition }) => partition === index);
    return own === undefined ? [] : [{ core: id, reservation: own.reservation }];
  });
  const measures = createMeasures(board, index);
  return {
    ...namePartition(sketch, index),
    cpus: drawn === undefined ? [] : placed.map((cpu) => createCpu(drawn, cpu, measures)),
    memory,
    devices: grantDevices(board, index, drawn?.movesDevices === true ? WINDOWS_MOVED : 0),
    entry: chooseEntry(memory),
    tasks: drawn === undefined ? [] : createTasks(drawn, placed, measures),
    interruptRates: drawn === undefined ? [] : createRates(drawn, placed, measures),
  };
}

function createBare(board: Board, position: number): Partition {
  const { sketch, views, bareCores } = board;
  const index = sketch.partitions.length + position;
  const view = views[index]?.memory ?? [];
  const alias = sketch.bare[position]?.alias === true ? createAlias(view) : null;
  const memory =
    alias === null
      ? view
      : view.map((grant, at) => (at === 0 ? { ...grant, ipa: alias.local as Ipa } : grant));
  const core = bareCores[position];
  const cpu = {
    reservation: null,
    maxDelayNs: null,
    maxLatencyNs: null,
    inContract: false,
    taskPolicy: 'fp',
  } as const;
  return {
    ...namePartition(sketch, index),
    cpus: core === undefined ? [] : [{ ...cpu, core }],
    memory,
    devices: grantDevices(board, index, 0),
    entry: chooseEntry(memory),
    tasks: [],
    interruptRates: [],
  };
}

function createAlias([first]: readonly MemoryGrant[]): CoreAlias | null {
  if (first === undefined) return null;
  return { local: ALIAS_LOCAL, base: first.pa, size: first.size };
}

/** How the cores of bare partitions see memory under another address. */
export function createAliases(
  { bare, partitions }: Sketch,
  position: number,
  views: readonly PartitionView[],
): Core['aliases'] {
  if (bare[position]?.alias !== true) return [];
  const alias = createAlias(views[partitions.length + position]?.memory ?? []);
  return alias === null ? [] : [alias];
}

function namePartition(
  { partitions, bare, numbers }: Sketch,
  index: number,
): Pick<Partition, 'name' | 'vmid'> {
  const vmid = numberVmid(numbers, index, partitions.length + bare.length);
  return { name: index < partitions.length ? `guest${index}` : `bare${index}`, vmid };
}

/** The last word of the first memory, which can be executed. */
function chooseEntry([first]: readonly MemoryGrant[]): Ipa {
  return (first === undefined ? 0 : first.ipa + first.size - 4) as Ipa;
}

function grantDevices({ devices }: Board, index: number, moved: number): DeviceGrant[] {
  return devices.flatMap(({ owner, device }, at) =>
    owner === index
      ? [{ device: at, windowIpas: device.mmio.map(({ base }) => (base + moved) as Ipa) }]
      : [],
  );
}

function createMeasures({ devices, channels, ...board }: Board, index: number): Measures {
  const own = devices.filter(({ owner }) => owner === index).map(({ device }) => device);
  const lines = own.flatMap(({ irqs }) => irqs);
  return {
    unitNs: board.unitNs,
    overheads: board.sketch.overheads,
    lines,
    isInterrupted:
      lines.length > 0 ||
      own.some(({ itsDeviceIds }) => itsDeviceIds.length > 0) ||
      channels.some(({ notify }) => notify.some(({ to }) => to === index)),
    bandwidth: board.bandwidth,
  };
}
