/**
 * Findings: what a rule, an obligation or a property says when it is violated.
 *
 * A finding names places by path; `formats/` turns it into a diagnostic with line and column,
 * `report/` prints it.
 */

import type { Path } from '../model/configuration.ts';

/** What a claim is about; the first part of every diagnostic code. */
export type Area = 'CFG' | 'MEM' | 'DEV' | 'DMA' | 'IRQ' | 'CPU' | 'CHN' | 'HYP' | 'SEAL' | 'NI';

export type Severity = 'error' | 'warning';

/** A second place that has to do with a finding, usually the other party. */
export interface RelatedPlace {
  readonly message: string;
  readonly at: Path;
}

/** A violated rule. `error` decides the verdict, `warning` does not. */
export interface Finding {
  /** For example `MEM-OVERLAP`; its area stands before the first dash. */
  readonly code: string;
  readonly severity: Severity;
  /** Both parties, both half-open intervals, expected and found. */
  readonly message: string;
  /** What to do. */
  readonly help: string;
  readonly at: Path;
  readonly related: readonly RelatedPlace[];
}

/** The area of a diagnostic code: `MEM-OVERLAP` is about MEM. */
export function getAreaOfCode(code: string): Area {
  return code.slice(0, code.indexOf('-')) as Area;
}

const AREA_OF_WORD: Readonly<Record<string, Area>> = {
  config: 'CFG',
  memory: 'MEM',
  device: 'DEV',
  dma: 'DMA',
  irq: 'IRQ',
  cpu: 'CPU',
  time: 'CPU',
  channel: 'CHN',
  hypervisor: 'HYP',
  seal: 'SEAL',
  noninterference: 'NI',
};

/**
 * The area of an obligation or property id: `memory.exclusive` is about MEM, `time.delay` about
 * CPU.
 */
export function getAreaOfId(id: string): Area {
  const area = AREA_OF_WORD[id.slice(0, id.indexOf('.'))];
  if (area === undefined) throw new UnknownAreaError(id);
  return area;
}

/** An id whose first word is no area: a slip in our own catalogue, never in a user's input. */
export class UnknownAreaError extends Error {
  constructor(id: string) {
    super(`id "${id}" does not start with the word of an area`);
  }
}

/** A hexadecimal address as every message prints it: 0x48000000. */
export function formatAddress(address: number): string {
  return `0x${address.toString(16)}`;
}

/** A half-open interval as every message prints it: [0x48000000, 0x68000000). */
export function formatInterval(base: number, size: number): string {
  return `[${formatAddress(base)}, ${formatAddress(base + size)})`;
}
