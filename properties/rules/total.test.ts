import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import { RULES } from './all.ts';
import { checkConfiguration } from './check.ts';
import { renderRulesReference } from './reference.ts';

// Numbers at every edge that rules look at, and any other safe integer.
const number = fc.oneof(
  fc.constantFrom(0, 1, 31, 32, 1019, 1020, 4095, 4096, 2 ** 21, 2 ** 30, 2 ** 39, 2 ** 40),
  fc.constantFrom(0x4000_0000, 0x4000_1000, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
);
const few = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> =>
  fc.array(value, { maxLength: 3 });
const index = fc.nat(3);
const range = fc.record({ base: number, size: number });
const named = fc.record({ name: fc.constantFrom('a', 'tables'), base: number, size: number });
const access = fc.record({ read: fc.boolean(), write: fc.boolean(), execute: fc.boolean() });

const platform = fc.record({
  name: fc.constant('any'),
  cores: few(
    fc.record({
      id: index,
      type: fc.constant('cortex-a55'),
      affinity: fc.option(number),
      el2: fc.boolean(),
      aliases: few(fc.record({ local: number, base: number, size: number })),
      firmware: fc.boolean(),
    }),
  ),
  memory: few(named),
  reserved: few(named),
  interrupts: fc.record({
    kind: fc.constant('gic-v3'),
    distributor: range,
    redistributors: range,
    its: fc.option(range),
    spiFirst: number,
    spiCount: number,
    listRegisters: number,
    reservedIrqs: few(number),
  }),
  iommu: fc.option(
    fc.record({
      kind: fc.constant('smmu-v3'),
      base: number,
      size: number,
      streamIdBits: fc.nat(32),
      irqs: few(number),
    }),
  ),
  firewall: fc.option(
    fc.record({
      kind: fc.constant('trdc'),
      managers: few(named),
      windows: few(
        fc.record({
          name: fc.constant('window'),
          base: number,
          size: number,
          granule: number,
          regions: fc.option(number),
        }),
      ),
    }),
  ),
  timerHz: number,
  devices: few(
    fc.record({
      name: fc.constant('device'),
      mmio: few(range),
      irqs: few(number),
      streams: few(fc.nat(2 ** 32)),
      itsDeviceIds: few(number),
      dma: fc.boolean(),
      firmware: fc.boolean(),
    }),
  ),
});

const reservation = fc.record({
  budgetNs: number,
  periodNs: number,
  phaseNs: number,
  priority: number,
  idle: fc.constantFrom('keep', 'burn', 'poll'),
  slack: fc.boolean(),
});

const partition = fc.record({
  name: fc.constantFrom('linux', 'rtos'),
  vmid: number,
  cpus: few(
    fc.record({
      core: index,
      reservation: fc.option(reservation),
      maxDelayNs: fc.option(number),
      maxLatencyNs: fc.option(number),
      inContract: fc.boolean(),
      taskPolicy: fc.constantFrom('fp', 'edf'),
    }),
  ),
  memory: few(
    fc.record({ name: fc.constant('ram'), ipa: number, pa: number, size: number, access }),
  ),
  devices: few(fc.record({ device: index, windowIpas: few(number) })),
  entry: number,
  tasks: few(
    fc.record({
      name: fc.constant('task'),
      core: index,
      wcetNs: number,
      periodNs: number,
      deadlineNs: number,
      priority: number,
      jitterNs: number,
      blockingNs: number,
      accesses: number,
    }),
  ),
  interruptRates: few(fc.record({ irq: number, distanceNs: number, jitterNs: number })),
});

const channel = fc.record({
  name: fc.constant('link'),
  pa: number,
  size: number,
  ends: few(fc.record({ partition: index, ipa: number, access })),
  notify: few(fc.record({ from: index, to: index, irq: number })),
});

const schedule = fc.record({
  core: index,
  policy: fc.constantFrom('fp', 'edf', 'table'),
  frameNs: fc.option(number),
  slots: few(fc.record({ partition: index, startNs: number, durationNs: number })),
});

const regulation = fc.record({
  core: index,
  accesses: number,
  periodNs: number,
  accessMinNs: number,
  accessMaxNs: number,
});

// Brands are types only: the generated numbers are what a reader would give, and worse.
const configuration = fc.record({
  platform,
  hypervisor: fc.record({
    memory: few(named),
    overheads: fc.record({
      contextSwitchNs: number,
      reloadNs: number,
      timerNs: number,
      interruptNs: number,
      longestSectionNs: number,
    }),
  }),
  partitions: few(partition),
  channels: few(channel),
  schedules: few(schedule),
  bandwidth: few(regulation),
}) as fc.Arbitrary<unknown> as fc.Arbitrary<StaticConfiguration>;

/** Configuration keys are lists under other names in the file. */
function isPath(path: Path): boolean {
  const [root, ...steps] = path;
  return (
    (root === 'config' || root === 'platform') &&
    steps.every((step) => typeof step === 'string' || Number.isInteger(step))
  );
}

property.prop([configuration], { numRuns: 300 })(
  'rules never throw, and every finding is complete',
  (value) => {
    const codes = new Set(RULES.map((rule) => rule.code));
    for (const finding of checkConfiguration(value)) {
      expect(codes).toContain(finding.code);
      expect(finding.message).not.toMatch(/undefined|NaN|\[object/);
      expect(finding.help).not.toBe('');
      expect([finding.at, ...finding.related.map((place) => place.at)].every(isPath)).toBe(true);
    }
  },
);

property.prop([configuration])('the same configuration gives the same findings', (value) => {
  expect(checkConfiguration(value)).toEqual(checkConfiguration(structuredClone(value)));
});

test('codes are unique and start with their area', () => {
  const codes = RULES.map((rule) => rule.code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toMatch(/^(CFG|MEM|DEV|DMA|IRQ|CPU|CHN|HYP)-[A-Z0-9-]+$/);
});

test('the reference page has a section for every rule', () => {
  const page = renderRulesReference(RULES);
  for (const rule of RULES) {
    expect(page).toMatch(new RegExp(`^### ${rule.code}( |$)`, 'm'));
    expect(page).toContain(rule.title);
  }
});
