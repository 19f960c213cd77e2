/**
 * Record: what the fuzzer found becomes a counterexample file.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { StaticConfiguration } from '../model/configuration.ts';
import type { Crash, FuzzFailure } from '../properties/engine/fuzz.ts';
import type { TimeBound } from '../properties/property.ts';
import { encodeCounterexample, trimConfiguration } from './format.ts';
import type { AllowingLine, Counterexample } from './format.ts';

/** Where a counterexample comes from. */
export interface Provenance {
  /** Name and version of the tool, for example `haven-model 0.1.0`. */
  readonly tool: string;
  /** Configuration file, as the user named it. */
  readonly file: string;
  readonly digest: string;
  readonly seed: number;
  /** Id of the refuted obligation whose case was searched for; absent where none was. */
  readonly obligation?: string;
  /** Lines of the configuration that have to do with it; default none. */
  readonly allowed?: readonly AllowingLine[];
}

/** The record of a failure. */
export function recordFailure(
  configuration: StaticConfiguration,
  delayBounds: readonly TimeBound[],
  failure: FuzzFailure,
  provenance: Provenance,
): Counterexample {
  const { violation, trace, batch, foundLength } = failure;
  const { seed, obligation, allowed } = provenance;
  return {
    tool: provenance.tool,
    property: violation.property,
    status: 'open',
    source: { file: baseName(provenance.file), digest: provenance.digest },
    configuration: trimConfiguration(configuration),
    delayBounds,
    start: trace.start,
    actions: trace.actions,
    expected: { message: violation.message, witness: violation.witness },
    found: {
      ...(obligation === undefined ? { by: 'fuzz' } : { by: 'proof', obligation }),
      seed,
      batch,
      length: foundLength,
    },
    ...(allowed === undefined || allowed.length === 0 ? {} : { allowed }),
  };
}

/** A crash on a trace as the failure that its record shows. */
export function toFailure({ reason, message, seed, traces, trace }: Crash): FuzzFailure | null {
  if (trace === null) return null;
  return {
    violation: {
      property: 'seal.crash',
      message: `the fuzzer ${CRASHES[reason]} (${message})`,
      witness: { reason, seed, traces },
      at: ['config'],
      related: [],
    },
    trace,
    foundLength: trace.actions.length,
    batch: traces - 1,
  };
}

/** What became of the fuzzer, by the reason of a crash. */
const CRASHES: Readonly<Record<Crash['reason'], string>> = {
  error: 'threw on this trace',
  memory: 'ran out of memory on this trace',
  exit: 'ended on this trace',
};

/** `<property-id>--<configuration>-<last action>.json`. */
export function nameCounterexample(counterexample: Counterexample): string {
  const { property, source, actions } = counterexample;
  const stem = source.file.replace(/\.[^.]*$/, '');
  const last = actions.at(-1)?.kind ?? 'start';
  const slug = `${stem}-${last}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `${property}--${slug}.json`;
}

/**
 * Writes a counterexample into a folder, which is made if need be. A file of that name with other
 * content is kept: the new one gets a number. Returns the path. Throws what the file system throws.
 */
export function writeCounterexample(folder: string, counterexample: Counterexample): string {
  const text = encodeCounterexample(counterexample);
  const name = nameCounterexample(counterexample);
  mkdirSync(folder, { recursive: true });
  for (let number = 1; ; number += 1) {
    const numbered = number === 1 ? name : name.replace(/\.json$/, `-${number}.json`);
    const path = join(folder, numbered);
    if (!existsSync(path)) {
      writeFileSync(path, text);
      return path;
    }
    if (readFileSync(path, 'utf8') === text) return path;
  }
}

/**
 * Makes a counterexample a regression in a folder, with the status that it has now: there a file of
 * its own is written anew, and any other gets one. Returns the path. Throws what the file system
 * throws.
 */
export function promoteCounterexample(
  folder: string,
  file: string,
  counterexample: Counterexample,
): string {
  if (resolve(dirname(file)) !== resolve(folder))
    return writeCounterexample(folder, counterexample);
  writeFileSync(file, encodeCounterexample(counterexample));
  return file;
}

function baseName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}
