/** A small report with something of everything in it, for the tests of the writers. */

import type { Diagnostic } from '../formats/diagnostic.ts';
import { SIMPLIFIER } from '../solver/obligation.ts';
import type { ObligationResult, ObligationStatus } from '../solver/obligation.ts';
import type { ConfigurationReport, Report } from './report.ts';

/** A configuration file with two regions that overlap. */
export const SAMPLE_SOURCE = `version: 1
partitions:
  - name: linux
    memory:
      - { name: ram, pa: 0x48000000, size: 512MiB }
  - name: rtos
    memory:
      - { name: ram, pa: 0x67fff000, size: 16MiB }
`;

/** The two parties of the overlap. */
export const SAMPLE_DIAGNOSTIC: Diagnostic = {
  code: 'MEM-OVERLAP',
  severity: 'error',
  message: 'ram of rtos [0x67fff000, 0x68fff000) overlaps ram of linux',
  help: 'move one of them',
  at: { file: 'a.yaml', line: 8, column: 9, endLine: 8, endColumn: 51 },
  related: [
    {
      message: 'ram of linux [0x48000000, 0x68000000)',
      at: { file: 'a.yaml', line: 5, column: 9, endLine: 5, endColumn: 52 },
    },
  ],
};

/** An obligation with the given outcome. */
export function createObligation(
  status: ObligationStatus,
  id = 'memory.exclusive',
): ObligationResult {
  return {
    id,
    area: 'MEM',
    statement: 'no page has two owners',
    formula: 'for each page: at most one owner',
    source: 'separation kernel: each resource has one owner',
    status,
    solver: 'z3 5.2.0 (wasm)',
    ms: 12.3456,
    size: 9,
    cached: false,
    witness: status === 'refuted' ? { page: '0x67fff000' } : null,
    finding: null,
    detail: status === 'unknown' ? 'timeout' : null,
  };
}

/** Claims of the sample proof, with the area of each. */
const SAMPLE_CLAIMS = [
  ['memory.preserved', 'MEM'],
  ['dma.preserved', 'DMA'],
  ['irq.preserved', 'IRQ'],
  ['seal.preserved', 'SEAL'],
  ['noninterference.local-respect', 'NI'],
] as const;

/**
 * Obligations of a few claims with many instances: of every 20 one is decided by z3, the others by
 * the simplifier. Every 51st is undecided until `failing` are: spurious, vacuous and unknown in
 * turn.
 */
export function createProof(count: number, failing = 0): ObligationResult[] {
  const statuses = ['unknown', 'spurious', 'vacuous'] as const;
  return Array.from({ length: count }, (_, index) => {
    const [claim, area] = SAMPLE_CLAIMS[index % SAMPLE_CLAIMS.length] ?? SAMPLE_CLAIMS[0];
    const step = Math.floor(index / 51);
    const isFailing = index % 51 === 0 && step < failing;
    const status = isFailing ? (statuses[step % statuses.length] ?? 'unknown') : 'discharged';
    const instance = `[write,partition${index % 7}@core${index % 4},case${index}]`;
    const isSolved = isFailing || Math.floor(index / 5) % 20 === 0;
    return {
      ...createObligation(status, claim + instance),
      area,
      statement: `Whatever partition${index % 7} does on core ${index % 4}, this stays as it is.`,
      solver: isSolved ? 'z3 5.2.0 (wasm)' : SIMPLIFIER,
      ms: isSolved ? 10 + (index % 100) : 0,
      size: isSolved ? 1_234 : 1,
      cached: isSolved && index % 8 === 0,
    };
  });
}

/** A configuration that holds, with the changes given. */
export function createConfigurationReport(
  changes: Partial<ConfigurationReport> = {},
): ConfigurationReport {
  return {
    file: 'a.yaml',
    platform: 'qemu-virt',
    diagnostics: [],
    derivedCodes: [],
    rules: [{ area: 'MEM', rules: 12, violated: 0 }],
    obligations: [createObligation('discharged')],
    isExplained: false,
    bounds: [
      {
        partition: 'rtos',
        core: 2,
        task: null,
        kind: 'delay',
        boundNs: 5_038_416,
        requiredNs: 8_000_000,
        witnessedNs: 5_038_400,
        unwitnessed: null,
        method: 'closed',
      },
    ],
    timeScope: { assumed: 'costs of EL2 as configured', bus: 'the bus is left out' },
    timing: null,
    fuzz: {
      seed: 7,
      steps: 2_000_000,
      ms: 1_000,
      coverage: { write: 10 },
      neverDone: [],
      neverJudged: [],
      counterexamples: [],
      failures: [],
    },
    disagreements: [],
    sources: new Map([['a.yaml', SAMPLE_SOURCE]]),
    invalid: false,
    interrupted: false,
    ms: 3_240,
    ...changes,
  };
}

/** A report on the configurations. */
export function createReport(...configurations: ConfigurationReport[]): Report {
  return { command: 'verify', version: '0.1.0', configurations, ms: 3_300 };
}
