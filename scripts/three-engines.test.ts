/**
 * Rules, proofs and runs hold against each other: what no rule objects to must be proved and must
 * survive fuzzing. The edits are random and small, at the numbers where checkers go wrong.
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfiguration } from '../formats/read.ts';
import type { StaticConfiguration } from '../model/configuration.ts';
import { PAGE_SIZE } from '../model/units.ts';
import { fuzzConfiguration } from '../properties/engine/fuzz.ts';
import { createRandom, nextBelow } from '../properties/engine/random.ts';
import type { RandomState } from '../properties/engine/random.ts';
import { checkConfiguration } from '../properties/rules/check.ts';
import { proveConfiguration } from '../solver/prove.ts';
import { getPackageRoot } from './package.ts';

type Mutable<Value> = Value extends number | string | boolean | null
  ? Value
  : { -readonly [Key in keyof Value]: Mutable<Value[Key]> };
type Draft = Mutable<StaticConfiguration>;

const BOARDS = ['configs/qemu-virt.yaml', 'configs/imx95.yaml'];
const CASES = 90;
const PROVED_MAX = 6;
const FUZZ_STEPS = 4_000;
const SHIFTS = [PAGE_SIZE, -PAGE_SIZE, 0x10000, -0x10000, 0x200000, -0x200000, 512, 1];
const LINES = [27, 31, 32, 33, 63, 64, 79, 200, 1019, 1020, 8192];
const BUDGETS_NS = [100_000, 1_000_000, 2_000_000, 4_000_000, 6_000_000];
const PERIODS_NS = [2_000_000, 5_000_000, 10_000_000, 20_000_000];

function pick<Item>(random: RandomState, items: readonly Item[]): Item {
  const item = items[nextBelow(random, items.length)];
  if (item === undefined) throw new RangeError('the pools of this test are not empty');
  return item;
}

/** Adds to a branded number. */
function shift<Number_ extends number>(value: Number_, by: number): Number_ {
  return (value + by) as Number_;
}

/** Every kind of edit; one that finds nothing to edit does nothing. */
const EDITS: readonly ((draft: Draft, random: RandomState) => void)[] = [
  (draft, random) => {
    const grant = pick(random, pick(random, draft.partitions).memory);
    grant.pa = shift(grant.pa, pick(random, SHIFTS));
  },
  (draft, random) => {
    const grant = pick(random, pick(random, draft.partitions).memory);
    grant.ipa = shift(grant.ipa, pick(random, SHIFTS));
  },
  (draft, random) => {
    const grant = pick(random, pick(random, draft.partitions).memory);
    grant.size += pick(random, SHIFTS);
  },
  (draft, random) => {
    const grant = pick(random, pick(random, draft.partitions).memory);
    const other = pick(random, pick(random, draft.partitions).memory);
    const beside = [0, other.size, other.size - PAGE_SIZE, -grant.size, PAGE_SIZE - grant.size];
    grant.pa = shift(other.pa, pick(random, beside));
  },
  (draft, random) => {
    const device = nextBelow(random, draft.platform.devices.length);
    const windows = draft.platform.devices[device]?.mmio ?? [];
    const windowIpas = windows.map(({ base }) => base as never);
    pick(random, draft.partitions).devices.push({ device, windowIpas });
  },
  (draft, random) => {
    const device = pick(random, draft.platform.devices);
    if (device.irqs.length > 0) device.irqs[0] = pick(random, LINES) as never;
  },
  (draft, random) => {
    const device = pick(random, draft.platform.devices);
    device.streams = [pick(random, [0, 1, 2, 8, 16, 0x18, 0xffff]) as never];
  },
  (draft, random) => {
    pick(random, draft.partitions).vmid = pick(random, [0, 1, 2, 3, 9]) as never;
  },
  (draft, random) => {
    const channel = pick(random, draft.channels);
    channel.pa = shift(channel.pa, pick(random, SHIFTS));
  },
  (draft, random) => {
    const end = pick(random, pick(random, draft.channels).ends);
    end.access = { read: true, write: nextBelow(random, 2) === 1, execute: false };
  },
  (draft, random) => {
    for (const notify of pick(random, draft.channels).notify) {
      notify.irq = pick(random, LINES) as never;
    }
  },
  (draft, random) => {
    const cpu = pick(random, pick(random, draft.partitions).cpus);
    cpu.core = pick(random, draft.platform.cores).id;
  },
  (draft, random) => {
    for (const { reservation } of pick(random, draft.partitions).cpus) {
      if (reservation === null) continue;
      reservation.budgetNs = pick(random, BUDGETS_NS) as never;
      reservation.periodNs = pick(random, PERIODS_NS) as never;
    }
  },
  (draft, random) => {
    for (const { reservation } of pick(random, draft.partitions).cpus) {
      if (reservation !== null) reservation.idle = pick(random, ['keep', 'burn', 'poll'] as const);
    }
  },
];

function load(file: string): StaticConfiguration {
  const read = readConfiguration(join(getPackageRoot(), file));
  if (read.kind !== 'ok') throw new Error(`${file} does not read`);
  return read.loaded.configuration;
}

/** Configurations that no rule objects to, each one or two random edits from a board that ships. */
function drawUnobjected(): StaticConfiguration[] {
  const random = createRandom(2026);
  const boards = BOARDS.map(load);
  return Array.from({ length: CASES }, () => {
    const draft = structuredClone(pick(random, boards)) as Draft;
    for (let count = nextBelow(random, 2); count >= 0; count -= 1) {
      pick(random, EDITS)(draft, random);
    }
    return draft;
  }).filter((configuration) =>
    checkConfiguration(configuration).every(({ severity }) => severity !== 'error'),
  );
}

describe('configurations that no rule objects to', () => {
  const unobjected = drawUnobjected();

  test('are some of those drawn, not all', () => {
    expect(unobjected.length).toBeGreaterThan(PROVED_MAX);
    expect(unobjected.length).toBeLessThan(CASES);
  });

  test('survive the fuzzer', async () => {
    for (const [seed, configuration] of unobjected.entries()) {
      const { failures } = await fuzzConfiguration(configuration, { seed, steps: FUZZ_STEPS });
      expect(failures).toEqual([]);
    }
  });

  test('are proved, but for what only the solver judges: delays and deadlines', async () => {
    for (const configuration of unobjected.slice(0, PROVED_MAX)) {
      const results = await proveConfiguration(configuration);
      const open = results.filter(({ id, status }) => {
        return status !== 'discharged' && !/^time\.(delay|task-response|reservation)/.test(id);
      });
      expect(open.map(({ id, status }) => `${id} ${status}`)).toEqual([]);
    }
  });
});
