import { describe, expect, test } from 'vitest';

import { toJson } from './json.ts';
import { computeVerdict } from './report.ts';
import type { ConfigurationReport, FuzzCampaign } from './report.ts';
import { createConfigurationReport } from './sample.ts';
import { chooseStyle } from './style.ts';
import { renderTerminal } from './terminal.ts';

const CAMPAIGN: FuzzCampaign = {
  traces: 12,
  features: 612,
  states: 2_978,
  discovery: 0.0051,
  msSinceNew: 12_000,
  outcomes: { read: { DONE: 7, PERMISSION: 1_200, CORE_IDLE: 3 } },
  evaluations: { 'memory.rights': 4_000 },
  unreached: [
    { action: 'read', outcome: 'PAGE_NOT_MAPPED', reason: null },
    { action: 'smc', outcome: 'DONE', reason: 'it is always refused' },
  ],
  corpus: {
    folder: 'c/board',
    read: 9,
    replayed: 9,
    kept: 11,
    skipped: [{ path: 'c/board/x.json', message: 'not JSON' }],
  },
  crashes: [],
  stories: [['memory.rights, at reset:', '1  linux reads']],
  shown: 'summary',
};

const CRASH = { reason: 'memory', message: 'heap', seed: 4, traces: 9, file: 'out/a.json' };

function createReport(changes: Partial<FuzzCampaign>): ConfigurationReport {
  const sample = createConfigurationReport();
  if (sample.fuzz === null) throw new Error('the sample has a fuzz run');
  return { ...sample, fuzz: { ...sample.fuzz, campaign: { ...CAMPAIGN, ...changes } } };
}

function render(changes: Partial<FuzzCampaign>): string {
  const report = {
    command: 'fuzz',
    version: '0',
    configurations: [createReport(changes)],
    ms: 1,
  };
  return renderTerminal(report, { style: chooseStyle('never', false, {}), quiet: false });
}

describe('a campaign on a terminal', () => {
  test('shows coverage, chance of something new, corpus and what was never reached', () => {
    const text = render({});
    expect(text).toContain('12 traces, 612 features, 2978 abstract states');
    expect(text).toContain('with a chance of 0.51 %; no new feature for 12 s');
    expect(text).toContain('c/board: 9 of 9 traces run first, 11 traces kept');
    expect(text).toContain('skipped c/board/x.json: not JSON');
    expect(text).toContain('PAGE_NOT_MAPPED of read');
    expect(text).toContain('1 outcome cannot be reached here; --stats lists them');
    expect(text).toContain('memory.rights, at reset:');
    expect(text).not.toContain('it is always refused');
  });

  test('shows everything where that is asked for', () => {
    const text = render({ shown: 'everything' });
    expect(text).toContain('it is always refused: smc DONE');
    expect(text).toMatch(/read +1,210 +7 +PERMISSION 1,200, CORE_IDLE 3/);
    expect(text).toMatch(/memory\.rights +4,000/);
  });

  test('shows nothing but crashes elsewhere', () => {
    expect(render({ shown: 'nothing' })).not.toContain('coverage');
    const text = render({ shown: 'nothing', crashes: [CRASH] });
    expect(text).toContain('memory: heap (seed 4, trace 9)');
    expect(text).toContain('haven replay out/a.json');
  });
});

test('a crash of the fuzzer leaves the verdict undecided', () => {
  expect(computeVerdict(createReport({}))).toBe('holds');
  expect(computeVerdict(createReport({ crashes: [CRASH] }))).toBe('inconclusive');
});

test('the JSON of a campaign has all of it, beside what the contract fixes', () => {
  const configurations = [createReport({ crashes: [CRASH] })];
  const document = toJson({ command: 'fuzz', version: '0', configurations, ms: 1 });
  expect(document).toMatchObject({
    configs: [
      {
        fuzz: {
          seed: 7,
          coverage: { write: 10 },
          counterexamples: [],
          traces: 12,
          discovery: 0.0051,
          outcomes: { read: { DONE: 7 } },
          evaluations: { 'memory.rights': 4_000 },
          unreached: CAMPAIGN.unreached,
          corpus: { folder: 'c/board', kept: 11 },
          crashes: [{ reason: 'memory', counterexample: 'out/a.json' }],
          stories: CAMPAIGN.stories,
        },
      },
    ],
  });
});
