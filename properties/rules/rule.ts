/**
 * Rules: named checks of a static configuration that need no solver.
 *
 * Each rule is data: one code, one sentence "Validate that …", why it matters, where it comes
 * from, a wrong and a right example, and a check over a context in which the shared work
 * (regions, sweep, owners) is done once. Rules are total: whatever numbers a configuration
 * holds, they return findings and never throw.
 */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import {
  describeRange,
  listOwnedRanges,
  type OwnedRange,
  type Region,
} from '../../model/regions.ts';
import type { ByteRange } from '../../model/units.ts';
import type { Finding, RelatedPlace, Severity } from '../findings.ts';
import { listIpaClaims, type IpaClaim } from './claims.ts';
import { findPageOverlaps, type IndexPair, mergeRanges } from './sweep.ts';

/** Two regions that have a 4 KiB page in common; `first` stands earlier in the list of regions. */
export interface RegionPair {
  readonly first: Region;
  readonly second: Region;
}

/** A partition's claim on a platform device. */
export interface DeviceClaim {
  /** Index into `partitions`. */
  readonly partition: number;
  /** Where the partition names the device. */
  readonly path: Path;
}

/** What rules check against: the configuration and everything that several rules need from it. */
export interface RuleContext {
  readonly configuration: StaticConfiguration;
  /** Every region of every class. */
  readonly regions: readonly OwnedRange[];
  /** Pairs of non-empty regions with a page in common. */
  readonly overlaps: readonly RegionPair[];
  /** True where the sweep gave up: `overlaps` is then not all of them. */
  readonly overlapsTruncated: boolean;
  /** RAM banks, sorted and merged where they touch. */
  readonly banks: readonly ByteRange[];
  /** Per partition: it has a core without EL2, so that no stage 2 holds it. */
  readonly runsWithoutEl2: readonly boolean[];
  /** Per platform device: who claims it. */
  readonly deviceClaims: readonly (readonly DeviceClaim[])[];
  /** Per partition: every range of its IPA space that something takes. */
  readonly ipaClaims: readonly (readonly IpaClaim[])[];
  /** The same claims of all partitions, by what they are. */
  readonly claimsOfKind: Readonly<Record<IpaClaim['kind'], readonly IpaClaim[]>>;
}

/** One check. */
export interface Rule {
  /** For example `MEM-OVERLAP`; unique, its area stands before the first dash. */
  readonly code: string;
  readonly severity: Severity;
  /** "Validate that …". */
  readonly title: string;
  /** What goes wrong where the rule is broken. */
  readonly reason: string;
  /** Where the rule comes from: architecture, theory, practice. */
  readonly source: string;
  readonly example: { readonly before: string; readonly after: string };
  check(context: RuleContext): Finding[];
}

/** A violation as a rule yields it: the finding without what the rule already says. */
export interface Violation {
  /** Both parties, both half-open intervals, expected and found. */
  readonly message: string;
  /** What to do. */
  readonly help: string;
  readonly at: Path;
  readonly related?: readonly RelatedPlace[];
}

/** A rule as its area file writes it. */
export interface RuleDefinition extends Omit<Rule, 'check' | 'severity'> {
  /** Default `error`. */
  readonly severity?: Severity;
  violations(this: void, context: RuleContext): Iterable<Violation>;
}

/** Findings of one rule that are spelled out; the rest is counted in one more finding. */
export const FINDINGS_PER_RULE_MAX = 100;

/** Makes a rule: attaches code and severity to each violation and caps how many are spelled out. */
export function defineRule(definition: RuleDefinition): Rule {
  const { violations, severity = 'error', ...facts } = definition;
  return {
    ...facts,
    severity,
    check: (context) => collectFindings(facts.code, severity, violations(context)),
  };
}

function collectFindings(
  code: string,
  severity: Severity,
  violations: Iterable<Violation>,
): Finding[] {
  const findings: Finding[] = [];
  let omitted = 0;
  let firstOmitted: Violation | null = null;
  for (const violation of violations) {
    if (findings.length < FINDINGS_PER_RULE_MAX) {
      findings.push({ code, severity, related: [], ...violation });
    } else {
      firstOmitted ??= violation;
      omitted += 1;
    }
  }
  if (firstOmitted !== null) {
    findings.push({
      code,
      severity,
      message: `${omitted} more like the ${FINDINGS_PER_RULE_MAX} above`,
      help: 'mend the ones above first, then check again',
      at: firstOmitted.at,
      related: [],
    });
  }
  return findings;
}

/** Does the shared work of all rules once. */
export function createContext(configuration: StaticConfiguration): RuleContext {
  const regions = listOwnedRanges(configuration);
  const swept = findPageOverlaps(regions, 'base', () => true);
  const ipaClaims = listIpaClaims(configuration);
  return {
    configuration,
    regions,
    overlaps: describePairs(configuration, regions, swept.pairs),
    overlapsTruncated: swept.truncated,
    banks: mergeRanges(configuration.platform.memory),
    runsWithoutEl2: listRunsWithoutEl2(configuration),
    deviceClaims: listDeviceClaims(configuration),
    ipaClaims,
    claimsOfKind: groupByKind(ipaClaims),
  };
}

/** The regions of each pair, each described once: one that encloses others is in many pairs. */
function describePairs(
  configuration: StaticConfiguration,
  regions: readonly OwnedRange[],
  pairs: readonly IndexPair[],
): RegionPair[] {
  const described = new Map<number, Region>();
  const describe = (index: number): Region | null => {
    const range = regions[index];
    if (range === undefined) return null;
    const region = described.get(index) ?? describeRange(configuration, range);
    described.set(index, region);
    return region;
  };
  return pairs.flatMap(([one, other]) => {
    const first = describe(one);
    const second = describe(other);
    return first === null || second === null ? [] : [{ first, second }];
  });
}

function groupByKind(claims: readonly (readonly IpaClaim[])[]): RuleContext['claimsOfKind'] {
  const groups: Record<IpaClaim['kind'], IpaClaim[]> = { memory: [], device: [], channel: [] };
  for (const ofPartition of claims) for (const claim of ofPartition) groups[claim.kind].push(claim);
  return groups;
}

function listRunsWithoutEl2(configuration: StaticConfiguration): boolean[] {
  const without = new Set(
    configuration.platform.cores.filter((core) => !core.el2).map((core) => core.id),
  );
  return configuration.partitions.map((partition) =>
    partition.cpus.some((cpu) => without.has(cpu.core)),
  );
}

function listDeviceClaims(configuration: StaticConfiguration): DeviceClaim[][] {
  const claims: DeviceClaim[][] = configuration.platform.devices.map(() => []);
  for (const [partition, { devices }] of configuration.partitions.entries()) {
    for (const [index, grant] of devices.entries()) {
      claims[grant.device]?.push({
        partition,
        path: ['config', 'partitions', partition, 'devices', index],
      });
    }
  }
  return claims;
}

/** The entry by which a partition names its first core without EL2, or all its cpus. */
export function getPathWithoutEl2(configuration: StaticConfiguration, partition: number): Path {
  const without = new Set(
    configuration.platform.cores.filter((core) => !core.el2).map((core) => core.id),
  );
  const cpus = configuration.partitions[partition]?.cpus ?? [];
  const index = cpus.findIndex((cpu) => without.has(cpu.core));
  const path: Path = ['config', 'partitions', partition, 'cpus'];
  return index === -1 ? path : [...path, index];
}

/** Name of a partition for messages; `partition 7` where the index names none. */
export function getPartitionName(configuration: StaticConfiguration, partition: number): string {
  return configuration.partitions[partition]?.name ?? `partition ${partition}`;
}
