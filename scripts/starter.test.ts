import { describe, expect, test } from 'vitest';

import { listBuiltInPlatforms } from '../formats/haven-yaml/platform-file.ts';
import { readConfigurationText, readPlatform } from '../formats/read.ts';
import type { Platform } from '../model/configuration.ts';
import { checkConfiguration } from '../properties/rules/check.ts';
import { computeBounds } from '../solver/timing/bounds.ts';
import { renderStarter } from './starter.ts';
import { UsageError } from './usage.ts';

function load(name: string): Platform {
  const result = readPlatform(name);
  if (result.kind === 'invalid') throw new Error(`platform ${name} does not read`);
  return result.platform;
}

describe.each(listBuiltInPlatforms())('the starter for %s', (name) => {
  const text = renderStarter(load(name), name, './schema.json');
  const result = readConfigurationText(text, 'starter.yaml');

  test('reads, keeps every rule, and meets the delays that it requires', () => {
    if (result.kind === 'invalid') throw new Error(JSON.stringify(result.diagnostics));
    const { configuration } = result.loaded;
    expect(checkConfiguration(configuration)).toEqual([]);
    const bounds = computeBounds(configuration);
    expect(bounds.filter(({ requiredNs }) => requiredNs !== null)).toHaveLength(2);
    expect(bounds.filter(({ verdict }) => verdict === 'violated')).toEqual([]);
  });

  test('names the schema in its first line, so that editors complete', () => {
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./schema.json');
  });

  test('gives each partition a device, and one of them a doorbell', () => {
    if (result.kind === 'invalid') throw new Error('does not read');
    const { partitions, channels } = result.loaded.configuration;
    expect(partitions.map(({ devices }) => devices.length)).toEqual([1, 1]);
    expect(channels[0]?.notify).toHaveLength(1);
  });
});

describe('a starter', () => {
  test('shrinks its partitions to the memory that is there', () => {
    const platform = load('qemu-virt');
    const memory = platform.memory.map((bank) => ({ ...bank, size: 64 * 2 ** 20 }));
    const text = renderStarter({ ...platform, memory }, 'qemu-virt', null);
    expect(text).toContain('size: 32MiB');
    expect(text.startsWith('# Two partitions')).toBe(true);
  });

  test('is refused where there is too little memory, or no core with EL2', () => {
    const platform = load('qemu-virt');
    const memory = platform.memory.map((bank) => ({ ...bank, size: 16 * 2 ** 20 }));
    expect(() => renderStarter({ ...platform, memory }, 'p', null)).toThrow(UsageError);
    expect(() => renderStarter({ ...platform, cores: [] }, 'p', null)).toThrow(UsageError);
  });
});
