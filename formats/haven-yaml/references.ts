/**
 * References: names and numbers that one part of a file uses for another, and keys that need each
 * other.
 *
 * Works on the raw values, so that a wrong duration in one place does not hide an unknown device in
 * another.
 */

import type { ConfigurationCode } from '../codes.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { adviseKnown } from '../suggest.ts';
import type { Raw, RawMap } from './core-schema.ts';
import type { SourceDocument, SourcePath } from './document.ts';
import { parseInteger } from './quantities.ts';
import { formatPath, problem } from './validate.ts';

/** Names that a configuration may use; null where the platform could not be read. */
export interface PlatformNames {
  readonly platform: string;
  readonly cores: readonly number[];
  readonly devices: readonly string[];
}

/** Names that a platform file declares, as far as they are readable. */
export function listPlatformNames(root: Raw): PlatformNames {
  const map = asMap(root);
  return {
    platform: typeof map['name'] === 'string' ? map['name'] : 'the platform',
    cores: asList(map['cores'])
      .map((core) => asInteger(asMap(core)['id']))
      .filter((id) => id !== null),
    devices: listNames(map['devices']),
  };
}

/**
 * Every unknown and every ambiguous name of a configuration file, and keys without their partner.
 */
export function checkReferences(
  document: SourceDocument,
  platform: PlatformNames | null,
): Diagnostic[] {
  const root = asMap(document.root);
  const check: Check = { document, diagnostics: [] };
  const partitions = asList(root['partitions']);
  refuseDuplicates(check, ['partitions'], 'name', 'partition');
  refuseDuplicates(check, ['channels'], 'name', 'channel');
  refuseDuplicates(check, ['hypervisor', 'memory'], 'name', 'hypervisor memory');
  const policies = listPolicies(root['schedule']);
  for (const [index, partition] of partitions.entries()) {
    checkPartition(check, ['partitions', index], asMap(partition), platform, policies);
  }
  // Where the list itself is not one, its names are unknown and not wrong.
  const names = Array.isArray(root['partitions']) ? new Set(listNames(partitions)) : null;
  for (const [index, channel] of asList(root['channels']).entries()) {
    checkChannel(check, ['channels', index], asMap(channel), names);
  }
  checkSchedule(check, root['schedule'], platform, names);
  for (const [index, entry] of asList(root['bandwidth']).entries()) {
    checkCore(check, ['bandwidth', index, 'core'], asMap(entry)['core'], platform);
  }
  return check.diagnostics;
}

/** Every ambiguous name of a platform file, and keys without their partner. */
export function checkPlatformReferences(document: SourceDocument): Diagnostic[] {
  const root = asMap(document.root);
  const check: Check = { document, diagnostics: [] };
  refuseDuplicates(check, ['cores'], 'id', 'core');
  refuseDuplicates(check, ['memory'], 'name', 'memory bank');
  refuseDuplicates(check, ['reserved'], 'name', 'reserved memory');
  refuseDuplicates(check, ['devices'], 'name', 'device');
  refuseDuplicates(check, ['firewall', 'managers'], 'name', 'firewall manager');
  refuseDuplicates(check, ['firewall', 'windows'], 'name', 'firewall window');
  for (const [index, entry] of asList(root['cores']).entries()) {
    const core = asMap(entry);
    if (!isMap(entry) || core['el2'] === false || core['mpidr'] !== undefined) continue;
    const help = 'add mpidr: 0x… (its affinity), or el2: false where the core has no EL2';
    report(check, 'CFG-MISSING-KEY', ['cores', index], 'key "mpidr" is missing', help);
  }
  return check.diagnostics;
}

interface Check {
  readonly document: SourceDocument;
  readonly diagnostics: Diagnostic[];
}

function checkPartition(
  check: Check,
  path: SourcePath,
  partition: RawMap,
  platform: PlatformNames | null,
  policies: ReadonlyMap<number, PolicyPlace>,
): void {
  refuseDuplicates(check, [...path, 'memory'], 'name', 'memory region');
  refuseDuplicates(check, [...path, 'tasks'], 'name', 'task');
  refuseDuplicates(check, [...path, 'devices'], 'name', 'device');
  for (const [index, cpu] of asList(partition['cpus']).entries()) {
    const at = [...path, 'cpus', index];
    checkReservation(check, at, asMap(cpu), policies);
    checkCore(check, [...at, 'core'], asMap(cpu)['core'], platform);
  }
  const underEdf = asList(partition['cpus']).map(asMap).filter(hasEdfTasks);
  const edfCores = underEdf.map((cpu) => asInteger(cpu['core']));
  for (const [index, task] of asList(partition['tasks']).entries()) {
    checkTaskPriority(check, [...path, 'tasks', index], task, edfCores);
    checkCore(check, [...path, 'tasks', index, 'core'], asMap(task)['core'], platform);
  }
  if (platform === null) return;
  const known = new Set(platform.devices);
  for (const [index, entry] of asList(partition['devices']).entries()) {
    const device = isMap(entry) ? entry['name'] : entry;
    if (typeof device !== 'string' || known.has(device)) continue;
    const at = [...path, 'devices', index, ...(isMap(entry) ? ['name'] : [])];
    const message = `device "${device}" does not exist on platform ${platform.platform}`;
    report(
      check,
      'CFG-UNKNOWN-NAME',
      at,
      message,
      adviseKnown(device, 'devices', platform.devices),
    );
  }
}

function hasEdfTasks(cpu: RawMap): boolean {
  return cpu['tasks-policy'] === 'edf';
}

function checkTaskPriority(
  check: Check,
  path: SourcePath,
  task: Raw,
  edfCores: readonly (number | null)[],
): void {
  if (!isMap(task) || task['priority'] !== undefined) return;
  const core = asInteger(task['core']);
  // Where the core cannot be read, or that of a cpu under edf, there is nothing to be sure of.
  if (core === null || edfCores.includes(core) || edfCores.includes(null)) return;
  const help = `add priority: 1, or tasks-policy: edf to the cpu on core ${core}`;
  report(check, 'CFG-MISSING-KEY', path, 'key "priority" is missing', help);
}

const RESERVATION_KEYS = ['budget', 'period', 'phase', 'priority', 'idle', 'slack'];

function checkReservation(
  check: Check,
  path: SourcePath,
  cpu: RawMap,
  policies: ReadonlyMap<number, PolicyPlace>,
): void {
  const present = RESERVATION_KEYS.filter((key) => cpu[key] !== undefined);
  if (present.length === 0) return;
  const core = asInteger(cpu['core']);
  const schedule = core === null ? undefined : policies.get(core);
  if (schedule?.policy === 'table') {
    const given = present.filter((key) => key !== 'slack');
    for (const key of given) refuseBesideTable(check, [...path, key], schedule.path);
    return;
  }
  const needsPriority = schedule?.policy !== 'edf';
  const needed = ['budget', 'period', ...(needsPriority ? ['priority'] : [])];
  for (const key of needed.filter((word) => cpu[word] === undefined)) {
    const example = key === 'priority' ? 'priority: 1' : `${key}: 10ms`;
    report(
      check,
      'CFG-MISSING-KEY',
      path,
      `"${present[0] ?? ''}" needs "${key}"`,
      `add ${example}, or leave out ${present.join(', ')} for the whole core`,
    );
  }
}

function refuseBesideTable(check: Check, at: SourcePath, table: SourcePath): void {
  const key = String(at.at(-1));
  const schedule = formatPath(table.slice(0, -1));
  refuseMisplaced(
    check,
    at,
    table,
    `the table of ${schedule} gives the core to its partitions: expected no ${key}`,
    `remove ${key}: the slots of the table say when the partition runs and for how long`,
  );
}

/** Refuses a key that has no meaning beside the one at another place. */
function refuseMisplaced(
  check: Check,
  at: SourcePath,
  other: SourcePath,
  message: string,
  help: string,
): void {
  const { document } = check;
  const found = `${message}, found ${document.describe(at)}`;
  const related = [{ message: 'the policy stands here', at: document.locate(other) }];
  const text = `${formatPath(at)}: ${found}`;
  check.diagnostics.push(problem('CFG-MISPLACED-KEY', document.locateKey(at), text, help, related));
}

function checkChannel(
  check: Check,
  path: SourcePath,
  channel: RawMap,
  partitions: ReadonlySet<string> | null,
): void {
  for (const [index, end] of asList(channel['ends']).entries()) {
    checkPartitionName(check, [...path, 'ends', index, 'partition'], asMap(end), partitions);
  }
  for (const [index, entry] of asList(channel['notify']).entries()) {
    checkPartitionName(check, [...path, 'notify', index, 'from'], asMap(entry), partitions);
    checkPartitionName(check, [...path, 'notify', index, 'to'], asMap(entry), partitions);
  }
}

function checkPartitionName(
  check: Check,
  path: SourcePath,
  parent: RawMap,
  partitions: ReadonlySet<string> | null,
): void {
  const word = parent[String(path.at(-1))];
  if (partitions === null || typeof word !== 'string' || partitions.has(word)) return;
  const message = `partition "${word}" does not exist`;
  report(
    check,
    'CFG-UNKNOWN-NAME',
    path,
    message,
    adviseKnown(word, 'partitions', [...partitions]),
  );
}

function checkCore(
  check: Check,
  path: SourcePath,
  value: Raw | undefined,
  platform: PlatformNames | null,
): void {
  const core = asInteger(value);
  if (platform === null || core === null || platform.cores.includes(core)) return;
  const cores = [...platform.cores].sort((a, b) => a - b).join(', ');
  const message = `core ${core} does not exist on platform ${platform.platform}`;
  report(check, 'CFG-UNKNOWN-NAME', path, message, `known cores: ${cores}`);
}

function checkSchedule(
  check: Check,
  schedule: Raw | undefined,
  platform: PlatformNames | null,
  partitions: ReadonlySet<string> | null,
): void {
  refuseDuplicates(check, ['schedule'], 'core', 'scheduled core');
  for (const { entry, path } of listScheduleEntries(schedule)) {
    checkCore(check, [...path, 'core'], entry['core'], platform);
    checkTableKeys(check, path, entry);
    for (const [index, slot] of asList(entry['slots']).entries()) {
      checkPartitionName(check, [...path, 'slots', index, 'partition'], asMap(slot), partitions);
    }
  }
}

/** Keys that a table has and no other policy. */
const TABLE_KEYS = {
  frame: 'frame: 10ms',
  slots: 'slots: [{ partition: …, start: 0us, duration: 2ms }]',
};

function checkTableKeys(check: Check, path: SourcePath, entry: RawMap): void {
  const { policy } = entry;
  for (const [key, example] of Object.entries(TABLE_KEYS)) {
    const isPresent = entry[key] !== undefined;
    if (policy === 'table' && !isPresent) {
      report(check, 'CFG-MISSING-KEY', path, `"table" needs "${key}"`, `add ${example}`);
    } else if ((policy === 'fp' || policy === 'edf') && isPresent) {
      const message = `a core under ${policy} has no table: expected no ${key}`;
      const help = `remove ${key}, or write policy: table`;
      refuseMisplaced(check, [...path, key], [...path, 'policy'], message, help);
    }
  }
}

/** What a schedule says of a core, and where. */
interface PolicyPlace {
  readonly policy: Raw | undefined;
  readonly path: SourcePath;
}

function listPolicies(schedule: Raw | undefined): ReadonlyMap<number, PolicyPlace> {
  const policies = new Map<number, PolicyPlace>();
  for (const { entry, path } of listScheduleEntries(schedule)) {
    const core = asInteger(entry['core']);
    // Of two entries for a core the second is refused as such.
    if (core === null || policies.has(core)) continue;
    policies.set(core, { policy: entry['policy'], path: [...path, 'policy'] });
  }
  return policies;
}

/** The entries of a schedule, which is one of them or a list. */
function listScheduleEntries(
  schedule: Raw | undefined,
): { readonly entry: RawMap; readonly path: SourcePath }[] {
  if (isMap(schedule)) return [{ entry: schedule, path: ['schedule'] }];
  return asList(schedule).map((entry, index) => ({
    entry: asMap(entry),
    path: ['schedule', index],
  }));
}

/**
 * Refuses the second of two entries of a list with the same name; an entry may be the name itself.
 */
function refuseDuplicates(check: Check, path: SourcePath, key: string, kind: string): void {
  const first = new Map<string | number, number>();
  const entries = asList(getAt(check.document.root, path));
  const locateName = (index: number): SourcePath =>
    isMap(entries[index]) ? [...path, index, key] : [...path, index];
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index];
    const named = isMap(entry) ? entry[key] : entry;
    const word = key === 'name' ? named : asInteger(named);
    if (typeof word !== 'string' && typeof word !== 'number') continue;
    const known = first.get(word);
    if (known === undefined) {
      first.set(word, index);
      continue;
    }
    const [earlier, at] = [locateName(known), locateName(index)];
    const shown = typeof word === 'number' ? String(word) : `"${word}"`;
    const related = [{ message: 'the first one', at: check.document.locate(earlier) }];
    const message = `${formatPath(at)}: ${kind} ${shown} stands here a second time`;
    const help = `${formatPath(earlier)} is the same; rename or remove one`;
    const place = check.document.locate(at);
    check.diagnostics.push(problem('CFG-DUPLICATE-NAME', place, message, help, related));
  }
}

function report(
  check: Check,
  code: ConfigurationCode,
  path: SourcePath,
  message: string,
  help: string,
): void {
  const text = `${formatPath(path)}: ${message}`;
  check.diagnostics.push(problem(code, check.document.locate(path), text, help));
}

function getAt(root: Raw, path: SourcePath): Raw | undefined {
  let value: Raw | undefined = root;
  for (const step of path) {
    if (isMap(value)) value = value[step];
    else value = Array.isArray(value) ? (value as readonly Raw[])[Number(step)] : undefined;
  }
  return value;
}

function listNames(list: Raw | undefined): string[] {
  return asList(list)
    .map((entry) => asMap(entry)['name'])
    .filter((word) => typeof word === 'string');
}

function asInteger(value: Raw | undefined): number | null {
  const parsed = parseInteger(value);
  return parsed.ok ? parsed.value : null;
}

function isMap(value: Raw | undefined): value is RawMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asMap(value: Raw | undefined): RawMap {
  return isMap(value) ? value : {};
}

function asList(value: Raw | undefined): readonly Raw[] {
  return Array.isArray(value) ? (value as readonly Raw[]) : [];
}
