/**
 * What is written is read back as the same configuration: drawn ones, and those of the package.
 */

import { test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';

import type { StaticConfiguration } from '../../model/configuration.ts';
import { configurationArbitrary } from '../../properties/generators/configurations.ts';
import { readConfiguration, readConfigurationText } from '../read.ts';
import { writeConfiguration } from './write.ts';

const RUNS = process.env['HAVEN_NIGHTLY'] === '1' ? 5000 : 100;

function readBack(configuration: StaticConfiguration): unknown {
  const written = writeConfiguration(configuration, './drawn-platform.yaml');
  const platform = { file: 'drawn-platform.yaml', text: written.platform };
  const result = readConfigurationText(written.configuration, 'drawn.yaml', { platform });
  return result.kind === 'ok' ? result.loaded.configuration : result.diagnostics;
}

describe('a configuration that is written', () => {
  property.prop([configurationArbitrary()], { numRuns: RUNS, seed: 1 })(
    'is read back as it was',
    (configuration) => {
      expect(readBack(configuration)).toEqual(configuration);
    },
  );

  property.prop([configurationArbitrary({ complete: true })], { numRuns: RUNS / 2, seed: 1 })(
    'is read back as it was, with everything in it',
    (configuration) => {
      expect(readBack(configuration)).toEqual(configuration);
    },
  );

  test('is read back as it was where it comes from a file', () => {
    for (const file of ['configs/qemu-virt.yaml', 'configs/imx95.yaml']) {
      const result = readConfiguration(file);
      if (result.kind !== 'ok') expect.unreachable(file);
      else expect(readBack(result.loaded.configuration)).toEqual(result.loaded.configuration);
    }
  });
});
