/**
 * Registers: interrupt controller, SMMU and firewall of a sketch, in one stretch with its devices.
 */

import type { Core, Firewall, InterruptController, Iommu } from '../../../model/configuration.ts';
import { PAGE_SIZE, type ByteRange, type IntId, type Pa } from '../../../model/units.ts';
import { listDeviceBlocks } from './devices.ts';
import type { Numbering } from './numbering.ts';
import type { Sketch } from './sketch.ts';
import type { Block, LaidOut } from './space.ts';

/** All registers lie from here up, and below 256 MiB. */
export const REGISTERS_BASE = 0x800_0000;
/** Redistributor frames of a core. */
const REDISTRIBUTOR_PAGES = 32;
/** Least registers of an SMMU, and of an ITS: two pages of 64 KiB. */
const TWO_PAGES = 32;

/** Everything that takes room among the registers. */
export function listRegisterBlocks(sketch: Sketch, cores: readonly Core[]): Block[] {
  return [
    { key: 'distributor', pages: 16 },
    { key: 'redistributors', pages: REDISTRIBUTOR_PAGES * countGicCores(cores) },
    ...(sketch.its ? [{ key: 'its', pages: TWO_PAGES }] : []),
    ...(sketch.iommu ? [{ key: 'smmu', pages: TWO_PAGES }] : []),
    ...(hasFirewall(sketch) ? [{ key: 'manager', pages: 1 }] : []),
    ...listDeviceBlocks(sketch.groups),
  ];
}

function countGicCores(cores: readonly Core[]): number {
  return cores.filter(({ affinity }) => affinity !== null).length;
}

/** Whether the board has a bus firewall: where a core without EL2 is used it must. */
export function hasFirewall({ firewall, bare }: Sketch): boolean {
  return firewall || bare.length > 0;
}

/** The controllers of a board. */
export interface Registers {
  readonly interrupts: InterruptController;
  readonly iommu: Iommu | null;
  readonly managers: Firewall['managers'];
}

/** The controllers, with the lines that the hypervisor keeps. */
export function createRegisters(
  sketch: Sketch,
  cores: readonly Core[],
  numbering: Numbering,
  { find }: LaidOut,
): Registers {
  const place = (key: string, pages: number): ByteRange => ({
    base: REGISTERS_BASE + find(key),
    size: pages * PAGE_SIZE,
  });
  const kept = Array.from({ length: sketch.numbers.hypervisorLines }, numbering.nextLine);
  const [smmuLine] = sketch.iommu ? kept : [];
  const irqs: IntId[] = smmuLine === undefined ? [] : [smmuLine];
  return {
    interrupts: {
      kind: 'gic-v3',
      distributor: place('distributor', 16),
      redistributors: place('redistributors', REDISTRIBUTOR_PAGES * countGicCores(cores)),
      its: sketch.its ? place('its', TWO_PAGES) : null,
      spiFirst: numbering.spiFirst,
      spiCount: numbering.spiCount,
      listRegisters: sketch.numbers.listRegisters,
      reservedIrqs: kept.filter((line) => !irqs.includes(line)),
    },
    iommu: sketch.iommu
      ? {
          kind: 'smmu-v3',
          base: (REGISTERS_BASE + find('smmu')) as Pa,
          size: TWO_PAGES * PAGE_SIZE,
          streamIdBits: numbering.streamIdBits,
          irqs,
        }
      : null,
    managers: hasFirewall(sketch)
      ? [{ name: 'manager', base: (REGISTERS_BASE + find('manager')) as Pa, size: PAGE_SIZE }]
      : [],
  };
}
