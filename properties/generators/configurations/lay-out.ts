/**
 * Laying out: a sketch becomes a configuration that keeps every rule, by construction.
 *
 * Warnings are no defects: a core without EL2 may have a master that only the bus firewall holds,
 * and cores may be left out of a regulation.
 */

import type { Core, StaticConfiguration } from '../../../model/configuration.ts';
import { PAGE_SIZE, type Ipa, type Pa } from '../../../model/units.ts';
import { createChannels } from './channels.ts';
import { createBandwidth } from './demands.ts';
import { createDevices, getOwner } from './devices.ts';
import { withFirewall } from './firewall.ts';
import { createBanks, createView, listRamBlocks, listRanges, placeRam } from './memory.ts';
import { createNumbering, numberAffinity, numberCore } from './numbering.ts';
import { createAliases, createPartitions } from './partitions.ts';
import { createRegisters, hasFirewall, listRegisterBlocks, REGISTERS_BASE } from './registers.ts';
import type { Sketch } from './sketch.ts';
import { layOutBlocks } from './space.ts';
import { createOverheads, createUsedCores } from './time.ts';

/** The configuration of a sketch. It keeps every rule; only warnings remain. */
export function layOut(sketch: Sketch): StaticConfiguration {
  const { numbers, space, bare } = sketch;
  const numbering = createNumbering(numbers);
  const { unitNs, timerHz } = numbering;
  const used = createUsedCores(sketch, unitNs, countLines(sketch), (index) =>
    numberCore(numbers, index),
  ).map((core, index) => ({ ...core, id: numberCore(numbers, index) }));
  const cores = createCores(sketch, used.length);
  const bareCores = cores.slice(used.length, used.length + bare.length).map(({ id }) => id);
  const alignment = PAGE_SIZE * (bare.length > 0 ? space.granule : 1);
  const registers = layOutBlocks(listRegisterBlocks(sketch, cores), space, alignment);
  const ramBlocks = listRamBlocks(sketch);
  const ram = layOutBlocks(ramBlocks, space, alignment);
  const ramBase = placeRam(sketch, ram.size);
  const devices = createDevices(sketch, numbering, registers, REGISTERS_BASE);
  const { interrupts, iommu, managers } = createRegisters(sketch, cores, numbering, registers);
  const placements = [
    ...sketch.partitions.map(({ placement }) => placement),
    ...bare.map(() => 'identity' as const),
  ];
  const views = placements.map((placement, owner) =>
    createView(sketch, owner, placement, ram, ramBase),
  );
  const channels = createChannels(
    sketch,
    numbering,
    (channel) => (ramBase + ram.find(`channel${channel}`)) as Pa,
    (channel, partition) => views[partition]?.channels.get(channel) ?? (0 as Ipa),
  );
  const bandwidth = createBandwidth(sketch.bandwidth, used, unitNs);
  const configuration: StaticConfiguration = {
    platform: {
      name: 'drawn',
      cores: cores.map((core, index) => {
        const position = index - used.length;
        return core.el2 ? core : { ...core, aliases: createAliases(sketch, position, views) };
      }),
      memory: createBanks(sketch, ramBase, ram.size),
      reserved: listRanges(ramBlocks, ram, ramBase, /^reserved/),
      interrupts,
      iommu,
      firewall: null,
      timerHz,
      devices: devices.map(({ device }) => device),
    },
    hypervisor: {
      memory: listRanges(ramBlocks, ram, ramBase, /^(?:image|tables)$/),
      overheads: createOverheads(sketch.overheads, unitNs),
    },
    partitions: createPartitions({
      sketch,
      unitNs,
      used,
      bareCores,
      views,
      devices,
      channels,
      bandwidth,
    }),
    channels,
    schedules: used.flatMap(({ schedule }) => schedule ?? []),
    bandwidth,
  };
  if (!hasFirewall(sketch)) return configuration;
  const windows = [
    { name: 'ram', base: ramBase, size: ram.size },
    { name: 'registers', base: REGISTERS_BASE, size: registers.size },
  ];
  return withFirewall(configuration, sketch, managers, windows);
}

/** Lines that the devices of each partition under EL2 have. */
function countLines(sketch: Sketch): number[] {
  const counts = sketch.partitions.map(() => 0);
  for (const group of sketch.groups) {
    const owner = getOwner(group, sketch);
    if (typeof owner !== 'number' || owner >= counts.length) continue;
    counts[owner] = (counts[owner] ?? 0) + group.devices * group.lines;
  }
  return counts;
}

/** Cores in the order: used, without EL2, used by nobody, of firmware. */
function createCores(sketch: Sketch, used: number): Core[] {
  const { numbers, bare, unusedCores, firmwareCores } = sketch;
  const end = used + bare.length;
  return Array.from({ length: end + unusedCores + firmwareCores }, (_, index) => {
    const isBare = index >= used && index < end;
    const isFirmware = index >= end + unusedCores;
    const el2 = !isBare && !isFirmware;
    return {
      id: numberCore(numbers, index),
      type: el2 ? 'cortex-a55' : isBare ? 'cortex-m7' : 'cortex-m33',
      affinity: el2 ? numberAffinity(numbers, index) : null,
      el2,
      aliases: [],
      firmware: isFirmware,
    };
  });
}
