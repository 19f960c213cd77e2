/**
 * Arbitraries of sketches: of any, and of complete ones, in which every part of a configuration
 * appears. Both shrink towards small boards with small numbers.
 */

import fc from 'fast-check';
import type {
  BandwidthSketch,
  BareSketch,
  ChannelSketch,
  GroupSketch,
  MemberSketch,
  MemorySketch,
  NumberSketch,
  OverheadSketch,
  PartitionSketch,
  SharedCoreSketch,
  Sketch,
  SpaceSketch,
} from './sketch.ts';

/** Pages of a memory: few as a rule, and now and then enough for a block of 2 MiB. */
const pages = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom(16, 512, 513) },
);

function memory(least: number): fc.Arbitrary<MemorySketch> {
  return fc.record({
    pages: pages.map((count) => Math.max(least, count)),
    access: fc.nat(5),
    gap: fc.nat(2),
  });
}

function memories(isComplete: boolean): fc.Arbitrary<MemorySketch[]> {
  if (!isComplete) return fc.array(memory(1), { minLength: 1, maxLength: 3 });
  return fc.array(memory(3), { minLength: 2, maxLength: 3 });
}

function partition(isComplete: boolean): fc.Arbitrary<PartitionSketch> {
  return fc.record({
    memory: memories(isComplete),
    placement: fc.constantFrom('identity', 'zero', 'middle', 'top'),
    movesDevices: fc.boolean(),
    tasks: isComplete ? fc.constant(2) : fc.nat(2),
    wcet: fc.integer({ min: 1, max: 8 }),
    taskPolicy: fc.constantFrom(...(isComplete ? (['fp'] as const) : (['fp', 'edf'] as const))),
    rates: isComplete ? fc.constant(true) : fc.boolean(),
    requires: fc.boolean(),
  });
}

function bare(isComplete: boolean): fc.Arbitrary<BareSketch> {
  return fc.record({ memory: memories(isComplete), alias: fc.boolean() });
}

const member: fc.Arbitrary<MemberSketch> = fc.record({
  budget: fc.nat(40),
  times: fc.integer({ min: 1, max: 4 }),
  longer: fc.nat(20),
  phase: fc.constantFrom(0, 16, 1, 8),
  idle: fc.constantFrom('keep', 'burn', 'poll'),
  slack: fc.boolean(),
  slots: fc.nat(2),
  pause: fc.nat(3),
});

const POLICIES = ['fp', 'edf', 'table'] as const;

function sharedCore(policy: fc.Arbitrary<(typeof POLICIES)[number]>) {
  return fc.record<SharedCoreSketch>({
    policy,
    first: fc.nat(3),
    members: fc.array(member, { minLength: 2, maxLength: 3 }),
    spare: fc.nat(20),
    reversed: fc.boolean(),
  });
}

function sharedCores(isComplete: boolean): fc.Arbitrary<SharedCoreSketch[]> {
  if (!isComplete) return fc.array(sharedCore(fc.constantFrom(...POLICIES)), { maxLength: 2 });
  return fc.tuple(...POLICIES.map((policy) => sharedCore(fc.constant(policy))));
}

const group: fc.Arbitrary<GroupSketch> = fc.record({
  owner: fc.nat(20),
  devices: fc.integer({ min: 1, max: 3 }),
  windows: fc.nat(2),
  pages: fc.integer({ min: 1, max: 3 }),
  unused: fc.constantFrom(0, 1, 0x800, 0xfff),
  lines: fc.nat(2),
  streams: fc.nat(2),
  events: fc.nat(2),
  masters: fc.boolean(),
});

/** A device with everything that one can have, alone in its pages. */
const fullGroup = group.map((drawn) => ({
  ...drawn,
  devices: 1,
  windows: Math.max(1, drawn.windows),
  lines: 2,
  streams: 2,
  events: Math.max(1, drawn.events),
  masters: true,
}));

/** For each of the owners a device with everything, and one that has little of its page. */
function fullGroups(owners: number): fc.Arbitrary<GroupSketch[]> {
  return fc
    .array(fc.tuple(fullGroup, fullGroup), { minLength: owners, maxLength: owners })
    .map((drawn) =>
      drawn.flatMap(([one, other], owner) => [
        { ...one, owner },
        { ...other, owner, windows: 1, pages: 1, unused: 0x800 },
      ]),
    );
}

function channel(isComplete: boolean): fc.Arbitrary<ChannelSketch> {
  return fc.record({
    pages: fc.integer({ min: 1, max: 4 }),
    first: fc.nat(5),
    ends: fc.integer({ min: 2, max: 3 }),
    both: fc.boolean(),
    rings: isComplete ? fc.constant(true) : fc.boolean(),
    ringsBack: fc.boolean(),
  });
}

function bandwidth(isComplete: boolean): fc.Arbitrary<BandwidthSketch> {
  return fc.record({
    cores: isComplete ? fc.constant('all') : fc.constantFrom('none', 'some', 'all', 'shared'),
    accesses: fc.integer({ min: 1, max: 8 }),
    accessMinNs: fc.integer({ min: 1, max: 200 }),
    wider: fc.nat(200),
    spare: fc.nat(100),
  });
}

function numbers(isComplete: boolean): fc.Arbitrary<NumberSketch> {
  return fc.record({
    frequency: fc.nat(2),
    vmids: fc.constantFrom('first', 'byte', 'last'),
    lines: fc.constantFrom('first', 'words', 'last'),
    streams: fc.constantFrom('first', 'last'),
    streamIdBits: fc.constantFrom(8, 16),
    eventOffset: fc.constantFrom(0, 0x80),
    cores: fc.constantFrom('dense', 'sparse'),
    affinities: fc.constantFrom('aff0', 'aff1'),
    hypervisorLines: isComplete ? fc.constant(2) : fc.nat(2),
    listRegisters: fc.constantFrom(4, 1, 2, 16),
  });
}

/** Numbers that blocks take up in turn. */
function several(limit: number): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(limit), { minLength: 12, maxLength: 24 });
}

function space(isComplete: boolean): fc.Arbitrary<SpaceSketch> {
  return fc.record({
    ram: fc.constantFrom('low', 'zero', 'straddling', 'top'),
    ranks: several(99),
    gaps: several(2),
    cut: fc.nat(15),
    granule: fc.constantFrom(1, 16),
    countsRegions: fc.boolean(),
    free: isComplete ? fc.integer({ min: 4, max: 8 }) : fc.nat(2),
    imagePages: fc.integer({ min: isComplete ? 3 : 1, max: 8 }),
    reserved: isComplete ? fc.integer({ min: 1, max: 2 }) : fc.nat(2),
  });
}

const overheads: fc.Arbitrary<OverheadSketch> = fc.record({
  contextSwitch: fc.integer({ min: 1, max: 4 }),
  reload: fc.nat(3),
  timer: fc.nat(3),
  interrupt: fc.nat(3),
  section: fc.nat(8),
});

/** A sketch of any board. */
export function sketchArbitrary(): fc.Arbitrary<Sketch> {
  return fc.record({
    partitions: fc.array(partition(false), { minLength: 1, maxLength: 4 }),
    bare: fc.array(bare(false), { maxLength: 2 }),
    wholeCores: fc.array(fc.nat(3), { maxLength: 2 }),
    sharedCores: sharedCores(false),
    unusedCores: fc.nat(1),
    firmwareCores: fc.nat(1),
    groups: fc.array(group, { maxLength: 6 }),
    channels: fc.array(channel(false), { maxLength: 3 }),
    bandwidth: bandwidth(false),
    numbers: numbers(false),
    space: space(false),
    overheads,
    iommu: fc.boolean(),
    its: fc.boolean(),
    firewall: fc.boolean(),
  });
}

/** Owners for whom a complete sketch has devices: two or three partitions, and the rest. */
const OWNERS_MAX = 3 + 1 + 2;

/**
 * A sketch of a board on which there is something of everything, so that every kind of defect has a
 * place: cores of each policy, a core without EL2, devices of everybody, of nobody and of firmware.
 */
export function completeSketchArbitrary(): fc.Arbitrary<Sketch> {
  return fc.record({
    partitions: fc.array(partition(true), { minLength: 2, maxLength: 3 }),
    bare: fc.array(bare(true), { minLength: 1, maxLength: 1 }),
    // Two for the first partition and one for the second.
    wholeCores: fc.constant([0, 1, 0]),
    sharedCores: sharedCores(true),
    unusedCores: fc.constant(1),
    firmwareCores: fc.constant(1),
    groups: fc
      .tuple(fullGroups(OWNERS_MAX), fc.array(group, { maxLength: 2 }))
      .map(([full, others]) => [...full, ...others]),
    channels: fc
      .tuple(channel(true), channel(true), fc.array(channel(true), { maxLength: 1 }))
      .map(([inside, outside, others]) => [
        { ...inside, first: 0, ends: 2 },
        // The end on the core without EL2 is the first one.
        { ...outside, first: -1, ends: 2 },
        ...others,
      ]),
    bandwidth: bandwidth(true),
    numbers: numbers(true),
    space: space(true),
    overheads,
    iommu: fc.constant(true),
    its: fc.constant(true),
    firewall: fc.constant(true),
  });
}
