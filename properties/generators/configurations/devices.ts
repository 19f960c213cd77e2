/**
 * Devices: groups of a sketch as devices of the platform, with whom they belong to.
 */

import type { Device } from '../../../model/configuration.ts';
import { PAGE_SIZE, type ItsDeviceId, type Pa } from '../../../model/units.ts';
import type { Numbering } from './numbering.ts';
import type { GroupSketch, Sketch } from './sketch.ts';
import type { Block, LaidOut } from './space.ts';

/** Devices that lie in one page stand this many bytes apart. */
const SUB_PAGE_STRIDE = 0x400;

/** Who has a device: the index of a partition, bare ones behind the others, or nobody of them. */
export type DeviceOwner = number | 'nobody' | 'firmware';

/** A device of the platform with its owner. */
export interface OwnedDevice {
  readonly device: Device;
  readonly owner: DeviceOwner;
}

/** The owner of a group. */
export function getOwner({ owner }: GroupSketch, { partitions, bare }: Sketch): DeviceOwner {
  const count = partitions.length + bare.length;
  const index = owner % (count + 2);
  if (index < count) return index;
  return index === count ? 'nobody' : 'firmware';
}

function isSubPage({ devices }: GroupSketch): boolean {
  return devices > 1;
}

/** The blocks among the registers that the windows of all groups take. */
export function listDeviceBlocks(groups: readonly GroupSketch[]): Block[] {
  return groups.flatMap((group, index) =>
    isSubPage(group)
      ? [{ key: `group${index}`, pages: 1 }]
      : Array.from({ length: group.windows }, (_, window) => ({
          key: `group${index}.${window}`,
          pages: group.pages,
        })),
  );
}

/** Every device of a sketch, in the order of its groups; `base` is where the registers begin. */
export function createDevices(
  sketch: Sketch,
  numbering: Numbering,
  registers: LaidOut,
  base: number,
): OwnedDevice[] {
  return sketch.groups.flatMap((group, index) => {
    const owner = getOwner(group, sketch);
    const create = (position: number): OwnedDevice => ({
      owner,
      device: {
        name: `device${index}-${position}`,
        mmio: listWindows(group, index, position).map(({ key, offset, size }) => ({
          base: (base + registers.find(key) + offset) as Pa,
          size,
        })),
        ...numberDevice(sketch, group, owner, numbering),
        firmware: owner === 'firmware',
      },
    });
    return Array.from({ length: group.devices }, (_, position) => create(position));
  });
}

/** A window by its block, its offset there and its size, bytes. */
interface PlacedWindow {
  readonly key: string;
  readonly offset: number;
  readonly size: number;
}

function listWindows(group: GroupSketch, index: number, position: number): PlacedWindow[] {
  if (isSubPage(group)) {
    const size = Math.max(1, SUB_PAGE_STRIDE - group.unused);
    return [{ key: `group${index}`, offset: position * SUB_PAGE_STRIDE, size }];
  }
  return Array.from({ length: group.windows }, (_, window) => ({
    key: `group${index}.${window}`,
    offset: 0,
    size: group.pages * PAGE_SIZE - group.unused,
  }));
}

/** Lines, streams and events of a device, numbers that nobody else has. */
function numberDevice(
  { partitions, numbers, iommu, its }: Sketch,
  group: GroupSketch,
  owner: DeviceOwner,
  numbering: Numbering,
): Pick<Device, 'irqs' | 'streams' | 'itsDeviceIds' | 'dma'> {
  const irqs = Array.from({ length: group.lines }, numbering.nextLine);
  const streams = Array.from({ length: iommu ? group.streams : 0 }, numbering.nextStream);
  // A message carries the DeviceID of who sends it, and that master has a stream as well.
  const events = its ? streams.slice(0, group.events) : [];
  const isUnderEl2 = typeof owner === 'number' && owner < partitions.length;
  return {
    irqs,
    streams,
    itsDeviceIds: events.map((stream) => (stream + numbers.eventOffset) as ItsDeviceId),
    // Under EL2 nothing but streams holds a master.
    dma: streams.length > 0 || (group.masters && !isUnderEl2),
  };
}
