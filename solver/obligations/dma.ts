/** Obligations of DMA: what devices reach through the SMMU, and which of them bypass it. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { DOORBELL_OFFSET } from '../../model/plan.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../../properties/findings.ts';
import type { Obligation } from '../obligation.ts';
import { and, equal, or } from '../smt/term.ts';
import type { Claim } from './claim.ts';
import { proveContained } from './contained.ts';
import type { Limit, Reach } from './contained.ts';
import { describeDevice, listGrantedDevices } from './device.ts';
import { proveEveryEntry } from './every-entry.ts';
import { proveExclusive } from './exclusive.ts';
import type { Claimant } from './exclusive.ts';
import { getPartitionName, isHeldByStage2, listGrantedPages } from './grants.ts';
import { getImages } from './images.ts';
import type { StreamImage } from './images.ts';
import { describeEntry } from './memory.ts';
import { PAGE, STREAM, only, toPages } from './spy.ts';
import type { Spy } from './spy.ts';

const STREAM_OWNER: Claim = {
  id: 'dma.stream-owner',
  statement: 'No StreamID belongs to devices of two partitions.',
  formula: 'for every StreamID s: at most one partition has a device that emits s',
  source: 'Arm IHI 0070 (SMMUv3) 3.2: one stream table entry per StreamID',
  help: 'give both devices to one partition',
};
const IN_RANGE: Claim = {
  id: 'dma.stream-in-range',
  statement: 'Every StreamID of a granted device has an entry in the stream table.',
  formula: 'for every StreamID s of a granted device: 0 <= s < 2^stream-id-bits',
  source: 'Arm IHI 0070, SMMU_IDR1.SIDSIZE',
  help: 'correct the StreamID or stream-id-bits in the platform file',
};
const CONFINED: Claim = {
  id: 'dma.stream-confined',
  statement: 'A stream reaches nothing but memory of its owner, its channels and the ITS doorbell.',
  formula:
    'for every page p and right x: the table that the stream walks maps p with x implies ' +
    'that its owner was granted p with x, or that p is the doorbell and x is write',
  source: 'Arm IHI 0070 5.2: stream table entry, stage 2 translation table base',
  help:
    'this compares the stream table that boot builds with the grants: report it if the ' +
    'grants are right',
};
const NO_BYPASS: Claim = {
  id: 'dma.no-bypass',
  statement: 'Every device that masters the bus is held by the SMMU, or by the bus firewall.',
  formula:
    'for every granted device that masters the bus: it has a stream and there is an SMMU, ' +
    'or its owner has no core with EL2 and there is a firewall',
  source: 'a master without StreamID is not translated: Arm IHI 0070 3.2',
  help: 'use a device with a StreamID, or leave this one to nobody',
};
const DEVICE_ID: Claim = {
  id: 'dma.its-device-owner',
  statement: 'No ITS DeviceID belongs to devices of two partitions.',
  formula: 'for every DeviceID d: at most one partition has a device that writes MSIs as d',
  source: 'Arm IHI 0069 (GICv3) 5.2: the device table is indexed by DeviceID',
  help: 'give both devices to one partition',
};

/** Claims of this file. */
export const DMA_CLAIMS: readonly Claim[] = [
  STREAM_OWNER,
  IN_RANGE,
  CONFINED,
  NO_BYPASS,
  DEVICE_ID,
];

const ITS_DEVICE: Spy = { ...STREAM, name: 'device-id' };

/** Obligations about DMA: four for the configuration, one per stream. */
export function listDmaObligations(configuration: StaticConfiguration): (Obligation | null)[] {
  return [
    proveExclusive(configuration, {
      claim: STREAM_OWNER,
      instance: null,
      spy: STREAM,
      list: (given) => listEmitters(given, 'streams'),
    }),
    proveExclusive(configuration, {
      claim: DEVICE_ID,
      instance: null,
      spy: ITS_DEVICE,
      list: (given) => listEmitters(given, 'itsDeviceIds'),
    }),
    proveContained(configuration, {
      claim: IN_RANGE,
      instance: null,
      spy: STREAM,
      reached: (given) => listEmitters(given, 'streams').map((one) => ({ ...one, access: null })),
      allowed: ({ platform }) =>
        platform.iommu === null
          ? []
          : [{ low: 0, end: 2 ** platform.iommu.streamIdBits, access: null }],
      expected: 'the stream table of the platform',
    }),
    proveNoBypass(configuration),
    ...getImages(configuration).streams.map((stream, index) =>
      proveConfined(configuration, stream, index),
    ),
  ];
}

function listEmitters(
  configuration: StaticConfiguration,
  key: 'streams' | 'itsDeviceIds',
): Claimant[] {
  return listGrantedDevices(configuration).flatMap(({ partition, device, path }) => {
    const ids: readonly number[] = configuration.platform.devices[device]?.[key] ?? [];
    const label = describeDevice(configuration, device, partition);
    return ids.map((id) => ({ party: `partition ${partition}`, label, path, ...only(id) }));
  });
}

function proveConfined(
  configuration: StaticConfiguration,
  { stream, partition }: StreamImage,
  index: number,
): Obligation | null {
  const emitter = listEmitters(configuration, 'streams').find((one) => one.low === stream);
  const name = emitter?.label.split(' ')[1] ?? 'nobody';
  return proveContained(configuration, {
    claim: CONFINED,
    instance: `${name}:${STREAM.show(stream)}`,
    spy: PAGE,
    reached: (given) => listStreamPages(given, index),
    allowed: (given) => [...listGrantedPages(given, partition), ...listDoorbell(given)],
    expected: `what ${getPartitionName(configuration, partition)} was granted with that right`,
  });
}

/** What the table of a stream maps, by physical page. */
function listStreamPages(configuration: StaticConfiguration, index: number): Reach[] {
  const image = getImages(configuration).streams[index];
  return (image?.table ?? []).map((entry) => ({
    ...describeEntry(configuration, image?.partition ?? -1, entry),
    ...toPages({ base: entry.pa, size: entry.size }),
  }));
}

/** The page with GITS_TRANSLATER: devices write it to send an MSI. */
export function listDoorbell({ platform }: StaticConfiguration): Limit[] {
  const its = platform.interrupts.its;
  if (its === null) return [];
  const page = toPages({ base: its.base + DOORBELL_OFFSET, size: PAGE_SIZE });
  return [{ ...page, access: { read: false, write: true, execute: false } }];
}

function proveNoBypass(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: NO_BYPASS,
    instance: null,
    list: listMasters,
    refute: (field) =>
      and([
        equal(field('masters'), 1),
        or([equal(field('streams'), 0), equal(field('smmu'), 0)]),
        or([equal(field('stage2'), 1), equal(field('firewall'), 0)]),
      ]),
    isBroken: ({ masters, streams, smmu, stage2, firewall }) =>
      masters === 1 && (streams === 0 || smmu === 0) && (stage2 === 1 || firewall === 0),
  });
}

function listMasters(configuration: StaticConfiguration) {
  const { platform } = configuration;
  return listGrantedDevices(configuration).map(({ partition, device, path }) => {
    const { dma = false, streams = [], mmio = [] } = platform.devices[device] ?? {};
    const base = formatAddress(mmio[0]?.base ?? 0);
    return {
      fields: {
        masters: Number(dma),
        streams: streams.length,
        smmu: Number(platform.iommu !== null),
        stage2: Number(isHeldByStage2(configuration, partition)),
        firewall: Number(platform.firewall !== null),
      },
      label: describeDevice(configuration, device, partition),
      path,
      complaint:
        `at ${base} it masters the bus with ${streams.length} streams: neither the SMMU ` +
        'nor a bus firewall holds it, so that it reaches every physical page',
    };
  });
}
