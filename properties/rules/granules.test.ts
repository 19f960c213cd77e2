import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Ipa, Pa } from '../../model/units.ts';
import { configurationArbitrary } from '../generators/configurations.ts';
import { FAR, addBank, addWindow, listGuests } from '../generators/near-misses/edits.ts';
import { checkConfiguration } from './check.ts';

const GRANULE = 2 ** 16;
const ACCESS = { read: true, write: true, execute: false };

/** A configuration with two partitions on cores without EL2, and those. */
function findTwoBare(): readonly [StaticConfiguration, readonly number[]] {
  const drawn = fc.sample(configurationArbitrary(), { seed: 1, numRuns: 400 });
  for (const configuration of drawn) {
    const { bare } = listGuests(configuration);
    if (configuration.platform.firewall === null) continue;
    if (bare.length >= 2) return [configuration, bare.slice(0, 2)];
  }
  throw new Error('no draw has two partitions on cores without EL2');
}

describe('a channel between two partitions on cores without EL2', () => {
  const [configuration, bare] = findTwoBare();
  const check = (...ranges: readonly (readonly [from: number, size: number])[]): string[] => {
    const channels = ranges.map(([from, size], index) => ({
      name: `added${index}`,
      pa: (FAR + from) as Pa,
      size,
      ends: bare.map((partition) => ({ partition, ipa: (FAR + from) as Ipa, access: ACCESS })),
      notify: [],
    }));
    const planted = addWindow(
      addBank(
        { ...configuration, channels: [...configuration.channels, ...channels] },
        FAR,
        4 * GRANULE,
      ),
      { base: FAR, size: 4 * GRANULE },
      GRANULE,
    );
    return checkConfiguration(planted)
      .filter(({ severity }) => severity === 'error')
      .map(({ code }) => code);
  };

  test('has all that both reach', () => {
    expect(check([0, GRANULE])).toEqual([]);
    expect(check([GRANULE, 2 * GRANULE])).toEqual([]);
  });

  test.each([
    [0, 0x1000],
    [0, GRANULE - 0x1000],
    [0x1000, GRANULE - 0x1000],
    [GRANULE, GRANULE + 0x1000],
  ])('at %i of size %i leaves what both reach and none declares', (from, size) => {
    expect(check([from, size])).toEqual(['CHN-FIREWALL-GRANULE']);
  });

  test('may leave what another between the same two has', () => {
    expect(check([0, 0x1000], [0x1000, GRANULE - 0x1000])).toEqual([]);
  });
});
