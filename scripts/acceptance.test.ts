/**
 * Acceptance cases that a checkout may have beside it: configuration, exit code of verify, area.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { EXIT_CODES } from '../report/report.ts';
import type { Verdict } from '../report/report.ts';
import { getPackageRoot } from './package.ts';
import { runHaven } from './run-haven.ts';

/** Cases are looked for here; where there are none, the test says so and passes. */
const FOLDER =
  process.env['HAVEN_ACCEPTANCE'] ?? join(getPackageRoot(), '..', 'shared', 'acceptance');
const LIST = join(FOLDER, 'expected.tsv');

interface AcceptanceCase {
  readonly file: string;
  readonly exitCode: number;
  /** Areas of which at least one must be reported; none where everything holds. */
  readonly areas: readonly string[];
}

function listCases(): AcceptanceCase[] {
  if (!existsSync(LIST)) return [];
  const rows = readFileSync(LIST, 'utf8').split(/\r?\n/).slice(1);
  return rows.flatMap((row) => {
    const [file, exitCode, areas = '-'] = row.split('\t');
    if (file === undefined || exitCode === undefined) return [];
    return [{ file, exitCode: Number(exitCode), areas: areas === '-' ? [] : areas.split('|') }];
  });
}

interface Outcome {
  readonly verdict: Verdict;
  readonly diagnostics: readonly { readonly area: string; readonly severity: string }[];
  readonly obligations: readonly { readonly area: string; readonly status: string }[];
  readonly disagreements: readonly string[];
}

/** Areas in which a rule or an obligation is violated. */
function listReported({ diagnostics, obligations }: Outcome): string[] {
  return [
    ...diagnostics.filter(({ severity }) => severity === 'error').map(({ area }) => area),
    ...obligations.filter(({ status }) => status === 'refuted').map(({ area }) => area),
  ];
}

const CASES = listCases();

describe.skipIf(CASES.length === 0)(`acceptance cases (skipped without ${FOLDER})`, () => {
  let outcomes: readonly Outcome[] = [];

  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'haven-acceptance-'));
    try {
      // One process for all: starting it costs more than most cases.
      const files = CASES.map(({ file }) => join(FOLDER, file));
      const run = runHaven(['verify', '--json', '--out', folder, ...files]);
      ({ configs: outcomes } = JSON.parse(run.stdout) as { configs: Outcome[] });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);

  test.each(CASES.map((expected, index) => ({ ...expected, index })))(
    '$file exits with $exitCode and reports $areas',
    ({ index, exitCode, areas }) => {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error('the case is missing in the report');
      expect(EXIT_CODES[outcome.verdict]).toBe(exitCode);
      expect(outcome.disagreements).toEqual([]);
      const reported = listReported(outcome);
      if (areas.length === 0) expect(reported).toEqual([]);
      else expect(areas.filter((area) => reported.includes(area))).not.toEqual([]);
    },
  );
});
