import { describe, expect, test } from 'vitest';

import { EXAMPLE_PLATFORM } from '../example-files.ts';
import {
  isPlatformPath,
  listBuiltInPlatforms,
  locatePlatformPath,
  parsePlatformText,
} from './platform-file.ts';

describe('a platform', () => {
  test('is given again for the same text and name only', () => {
    const reading = parsePlatformText(EXAMPLE_PLATFORM, 'a.yaml');
    expect(reading.platform?.name).toBe('duo');
    expect(parsePlatformText(EXAMPLE_PLATFORM, 'a.yaml')).toBe(reading);
    expect(parsePlatformText(EXAMPLE_PLATFORM, 'b.yaml')).not.toBe(reading);
    const renamed = EXAMPLE_PLATFORM.replace('duo', 'trio');
    expect(parsePlatformText(renamed, 'a.yaml').platform?.name).toBe('trio');
  });

  test('that is not valid keeps its names for the check of references', () => {
    const reading = parsePlatformText(EXAMPLE_PLATFORM.replace('62.5MHz', 'fast'), 'a.yaml');
    expect(reading.platform).toBeNull();
    expect(reading.names).toEqual({
      platform: 'duo',
      cores: [0, 1, 4],
      devices: ['uart0', 'nic', 'gpio'],
    });
  });

  test('is a path where it has a separator or an ending, else a name', () => {
    expect(['./a', 'a/b', '.\\a', 'a.yaml', 'a.YML', 'a.json'].every(isPlatformPath)).toBe(true);
    expect(['qemu-virt', 'imx95'].some(isPlatformPath)).toBe(false);
  });

  test('that ships is found from wherever this module lies', () => {
    expect(listBuiltInPlatforms()).toEqual(expect.arrayContaining(['imx95', 'qemu-virt']));
  });

  test('with a path from Windows is found beside the configuration', () => {
    const { path } = locatePlatformPath('.\\boards\\duo.yaml', {
      path: '/x/c.yaml',
      file: 'c.yaml',
    });
    expect(path.replaceAll('\\', '/')).toMatch(/\/x\/boards\/duo\.yaml$/);
  });
});
