/** From a device tree blob to the text of a platform file, in one step. */

import { readDeviceTree } from './fdt.ts';
import { type DeviceTreeOptions, platformFromDeviceTree } from './platform.ts';
import { printPlatform } from './print.ts';

/** A platform file and what was assumed or left out, or why there is none. */
export type ConversionResult =
  | { readonly kind: 'ok'; readonly yaml: string; readonly warnings: string[] }
  | { readonly kind: 'invalid'; readonly message: string };

/** Converts a blob. Total: any bytes give a file or a message of one line. */
export function convertDeviceTree(
  bytes: Uint8Array,
  options: DeviceTreeOptions = {},
): ConversionResult {
  const read = readDeviceTree(bytes);
  if (read.kind === 'invalid') {
    return {
      kind: 'invalid',
      message: `malformed device tree blob: ${read.message} (byte ${read.offset})`,
    };
  }
  const result = platformFromDeviceTree(read.root, read.reservations, options);
  if (result.kind === 'invalid') return result;
  return { kind: 'ok', yaml: printPlatform(result.platform), warnings: result.warnings };
}
