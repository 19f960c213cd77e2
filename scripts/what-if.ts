/** Changes on trial: `linux@2.budget=5ms` is the configuration with another number. */

import { parseDuration, parseInteger } from '../formats/haven-yaml/quantities.ts';
import type { Quantity } from '../formats/haven-yaml/quantities.ts';
import { adviseKnown, listWords } from '../formats/suggest.ts';
import type { IdlePolicy, StaticConfiguration } from '../model/configuration.ts';
import { computeTicksExactly } from '../model/units.ts';
import type { Nanoseconds } from '../model/units.ts';
import { type Change, changeConfiguration } from '../solver/timing/sensitivity.ts';
import { formatNearestTicks } from '../properties/rules/durations.ts';
import { formatNanoseconds } from '../report/duration.ts';
import { UsageError } from './usage.ts';

const KEYS = ['budget', 'period', 'phase', 'priority', 'idle', 'max-delay', 'max-latency'] as const;
type Key = (typeof KEYS)[number];
const POLICIES: readonly IdlePolicy[] = ['keep', 'burn', 'poll'];

/**
 * The configuration of a file with the changes, in order. Throws `UsageError`, which names the
 * change, what is wrong with it, and the file where it depends on that.
 */
export function readChanges(
  configuration: StaticConfiguration,
  texts: readonly string[],
  file: string,
): StaticConfiguration {
  try {
    return texts.reduce((changed, text) => {
      const result = changeConfiguration(changed, [readChange(changed, text)]);
      checkReservations(result, text);
      return result;
    }, configuration);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--what-if ${error.message} (in ${file})`, error.help);
  }
}

function readChange(configuration: StaticConfiguration, text: string): Change {
  const match = /^(.+)@(\d+)\.([a-z-]+)=(.*)$/.exec(text);
  if (match === null) {
    throw new UsageError(
      `${text}: expected partition@core.key=value`,
      `write for example linux@2.budget=5ms; keys: ${KEYS.join(', ')}`,
    );
  }
  const [, name = '', core = '', key = '', value = ''] = match;
  const known = KEYS.find((one) => one === key);
  if (known === undefined) {
    throw new UsageError(`${text}: no key ${key}`, adviseKnown(key, 'keys', [...KEYS]));
  }
  const { partition, cpuIndex } = findCpu(configuration, name, Number(core), text);
  const place = { partition, cpuIndex };
  if (known === 'max-delay') return { ...place, maxDelayNs: readDuration(value, text) };
  if (known === 'max-latency') return { ...place, maxLatencyNs: readDuration(value, text) };
  checkReserved(configuration, place, text);
  return { ...place, reservation: readReservation(configuration, known, value, text) };
}

function findCpu(
  { partitions }: StaticConfiguration,
  name: string,
  core: number,
  text: string,
): { readonly partition: number; readonly cpuIndex: number } {
  const partition = partitions.findIndex((one) => one.name === name);
  if (partition === -1) {
    const names = partitions.map((one) => one.name);
    throw new UsageError(`${text}: no partition ${name}`, adviseKnown(name, 'partitions', names));
  }
  const cpus = partitions[partition]?.cpus ?? [];
  const cpuIndex = cpus.findIndex((cpu) => Number(cpu.core) === core);
  if (cpuIndex === -1) {
    const cores = listWords(cpus.map((cpu) => String(cpu.core)));
    throw new UsageError(`${text}: ${name} is not on core ${core}`, `it is on cores: ${cores}`);
  }
  return { partition, cpuIndex };
}

/** Only a reservation has a budget; that of a table is the sum of its slots. */
function checkReserved(
  { partitions, schedules }: StaticConfiguration,
  place: { readonly partition: number; readonly cpuIndex: number },
  text: string,
): void {
  const cpu = partitions[place.partition]?.cpus[place.cpuIndex];
  const core = cpu?.core;
  if (cpu?.reservation === null) {
    throw new UsageError(
      `${text}: it has core ${core} whole, without a reservation`,
      'max-delay and max-latency can be changed there',
    );
  }
  if (schedules.some((entry) => entry.core === core && entry.policy === 'table')) {
    throw new UsageError(
      `${text}: core ${core} runs by a table, whose slots decide`,
      'max-delay and max-latency can be changed there; change the slots in the file',
    );
  }
}

function readReservation(
  { platform }: StaticConfiguration,
  key: Exclude<Key, 'max-delay' | 'max-latency'>,
  value: string,
  text: string,
): NonNullable<Change['reservation']> {
  if (key === 'priority') return { priority: readPriority(value, text) };
  if (key === 'idle') {
    const idle = POLICIES.find((policy) => policy === value);
    if (idle === undefined) {
      throw new UsageError(
        `${text}: no idle policy ${value}`,
        adviseKnown(value, 'idle policies', POLICIES),
      );
    }
    return { idle };
  }
  const duration = readDuration(value, text);
  if (computeTicksExactly(duration, platform.timerHz) === null) {
    throw new UsageError(
      `${text}: expected a whole number of ticks of ${platform.timerHz} Hz, found ${value}`,
      `write ${formatNearestTicks(duration, platform.timerHz)}`,
    );
  }
  return { [`${key}Ns`]: duration };
}

function readPriority(value: string, text: string): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  return read(parseInteger(number), value, text);
}

function readDuration(value: string, text: string): Nanoseconds {
  return read(parseDuration(value), value, text) as Nanoseconds;
}

function read(quantity: Quantity, value: string, text: string): number {
  if (quantity.ok) return quantity.value;
  const found = value === '' ? 'nothing' : `"${value}"`;
  throw new UsageError(`${text}: expected ${quantity.expected}, found ${found}`, quantity.help);
}

/** What no core can serve is no change to be tried. */
function checkReservations({ partitions }: StaticConfiguration, text: string): void {
  for (const { name, cpus } of partitions) {
    for (const { reservation, core } of cpus) {
      if (reservation === null) continue;
      const { budgetNs, periodNs, phaseNs } = reservation;
      if (budgetNs < 1 || budgetNs > periodNs || phaseNs > periodNs - budgetNs) {
        throw new UsageError(
          `${text}: ${name} would have ${formatNanoseconds(budgetNs)} in every ` +
            `${formatNanoseconds(periodNs)} of core ${core}, first at ` +
            `${formatNanoseconds(phaseNs)}: expected 0 < budget <= period, and ` +
            'phase <= period - budget',
          'changes apply in order: give what makes room for another one before it',
        );
      }
    }
  }
}
