import { describe, expect, test } from 'vitest';

import type { CaseSearch } from '../solver/induction/case-search.ts';
import { getClaim, SIMPLIFIER } from '../solver/obligation.ts';
import type { ObligationResult } from '../solver/obligation.ts';
import { groupByClaim, listSolverCounts, summariseClaim } from './claims.ts';
import { toHtml } from './html.ts';
import { toJson } from './json.ts';
import { toJunit } from './junit.ts';
import type { ConfigurationReport, Report } from './report.ts';
import { createConfigurationReport, createObligation, createProof } from './sample.ts';
import { createReport, SAMPLE_DIAGNOSTIC } from './sample.ts';
import { toSarif } from './sarif.ts';
import { PLAIN } from './style.ts';
import { renderTerminal } from './terminal.ts';

const MANY = 5_000;
const FINDING = {
  code: 'MEM-EXCLUSIVE',
  severity: 'error' as const,
  message: 'page 0x67fff000 is in both',
  help: 'move one',
  at: ['config', 'partitions', 0] as const,
  related: [],
};

function reportOn(
  command: string,
  obligations: readonly ObligationResult[],
  changes: Partial<ConfigurationReport> = {},
): Report {
  const configuration = createConfigurationReport({ obligations, fuzz: null, ...changes });
  return { ...createReport(configuration), command };
}

function render(report: Report, quiet = false): string {
  return renderTerminal(report, { style: PLAIN, quiet });
}

/** Instances of one claim with the status. */
function createInstances(
  count: number,
  status: ObligationResult['status'],
  claim = 'memory.exclusive',
): ObligationResult[] {
  return Array.from({ length: count }, (_, index) =>
    createObligation(status, `${claim}[${status}${index}]`),
  );
}

describe('a proof of thousands of obligations on a terminal', () => {
  const proof = createProof(MANY);

  test('is a line per claim with who decided how many and what took longest', () => {
    const text = render(reportOn('prove', proof));
    expect(text.match(/^✓/gm)).toHaveLength(groupByClaim(proof).length);
    expect(text).toMatch(
      /^✓ irq\.preserved +1,000 discharged \(950 by simplification, 50 by z3, slowest \d+ ms: \[/m,
    );
    expect(text.split('\n').length).toBeLessThan(17);
  });

  test('ends with counts that add up, over all and by area', () => {
    expect(render(reportOn('prove', proof))).toContain(
      `  obligations 5,000 of 5,000 discharged ` +
        `(4,750 by simplification, 250 by z3 5.2.0 (wasm), 50 of them cached)
              MEM 1,000 DMA 1,000 IRQ 1,000 SEAL 1,000 NI 1,000
`,
    );
  });

  test('lists no claim that holds in other commands, and says nothing when quiet', () => {
    expect(render(reportOn('verify', proof))).not.toContain('irq.preserved');
    expect(render(reportOn('prove', proof), true)).toBe('');
  });

  test('shows 20 failures of a claim in full, names 20 more and counts the others', () => {
    const failing = [...createInstances(45, 'unknown'), ...createInstances(3, 'discharged')];
    for (const quiet of [true, false]) {
      const text = render(reportOn('prove', failing, { file: 'b.yaml' }), quiet);
      expect(text.match(/^unknown\[memory\.exclusive\[/gm)).toHaveLength(20);
      expect(text).toContain('? memory.exclusive  3 discharged (3 by z3, slowest 12 ms');
      expect(text).toContain('), 45 unknown');
      expect(text).toContain('[unknown20] [unknown21]');
      expect(text).toContain('[unknown39]');
      expect(text).not.toContain('[unknown40]');
      expect(text).toContain('... and 5 more; --json has them all');
    }
  });

  test('gives every claim that fails a line, however many do', () => {
    const claims = Array.from({ length: 30 }, (_, index) => `memory.claim${index}`);
    const failing = claims.flatMap((claim) => createInstances(10, 'spurious', claim));
    const text = render(reportOn('verify', failing));
    expect(text.match(/^spurious\[/gm)).toHaveLength(100);
    for (const claim of claims) {
      expect(text).toMatch(new RegExp(`^\\? ${claim} {2}0 discharged, 10 spurious$`, 'm'));
    }
  });

  test('names refuted instances that a diagnostic explains, and does not repeat these', () => {
    const refuted = createInstances(2, 'refuted').map((result) => ({
      ...result,
      finding: FINDING,
    }));
    const text = render(reportOn('verify', refuted, { diagnostics: [SAMPLE_DIAGNOSTIC] }));
    expect(text).toContain('✗ memory.exclusive  0 discharged, 2 refuted');
    expect(text).toContain('[refuted0] [refuted1]');
    expect(text).not.toContain('refuted[memory.exclusive');
  });

  test('leaves what an interruption left undecided to the counts', () => {
    const text = render(reportOn('verify', createInstances(3, 'unknown'), { interrupted: true }));
    expect(text).not.toContain('memory.exclusive');
    expect(text).toContain('0 of 3 discharged, 3 unknown');
  });

  test('makes names from the input safe to print', () => {
    const hostile = createObligation('discharged', 'memory.exclusive[\u001B[2J]');
    const failing = createObligation('unknown', 'memory.other[\u001B[2J]');
    const text = render(reportOn('prove', [hostile, hostile, failing, failing]));
    expect(text).not.toContain('\u001B');
  });
});

describe('an explained proof', () => {
  const explained = { isExplained: true };

  test('says formula, source, size, solver and time of each obligation', () => {
    const text = render(reportOn('prove', [createObligation('discharged')], explained));
    expect(text).toContain(`✓ memory.exclusive
  no page has two owners
    formula   for each page: at most one owner
    source    separation kernel: each resource has one owner
    size      9 distinct term nodes
    status    discharged by z3 5.2.0 (wasm) in 12 ms
`);
  });

  test('shows a case of the premises, its surplus counted', () => {
    const premises = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x${index}`, 7]));
    const result = { ...createObligation('discharged'), premises };
    const text = render(reportOn('prove', [result], explained));
    expect(text).toContain('premises  hold, for example, where\n              x0 = 7\n');
    expect(text).toContain('x10 = 7\n              ... and 9 values more');
    expect(text).not.toContain('x11');
  });

  test('shows the case that breaks a refuted one even where a diagnostic does', () => {
    const refuted = { ...createObligation('refuted'), finding: FINDING };
    const text = render(reportOn('prove', [refuted], explained));
    expect(text).toContain('broken by page = 0x67fff000');
  });

  test('of more than 50 obligations is a line per claim and says how to see each', () => {
    const text = render(reportOn('prove', createProof(51), explained));
    expect(text).not.toContain('formula');
    expect(text).toContain('51 obligations match; --only that leaves 50 or fewer explains each');
    expect(
      render(reportOn('prove', createProof(50), explained)).match(/^ +formula/gm),
    ).toHaveLength(50);
  });

  test('has formula, source and premises in JSON, which otherwise does without', () => {
    const [plain, full] = [{}, explained].map((changes) =>
      toJson(reportOn('prove', [createObligation('discharged')], changes)),
    );
    expect(JSON.stringify(plain)).not.toContain('formula');
    expect(full).toMatchObject({
      configs: [{ obligations: [{ formula: 'for each page: at most one owner', size: 9 }] }],
    });
  });
});

describe('a refuted obligation about the spec', () => {
  const file = 'counterexamples/memory.rights--a-write.json';
  const searched = { seed: 1, steps: 1_234, properties: ['memory.rights'] };
  const reached: CaseSearch = {
    kind: 'reached',
    ...searched,
    property: 'memory.rights',
    start: 'booted',
    actions: 2,
    file,
  };
  const missed: CaseSearch = { kind: 'not-reached', ...searched };
  const leftOut: CaseSearch = { kind: 'left-out', searched: 2, refuted: 3 };
  const results = [reached, missed, leftOut].map((search, index): ObligationResult => ({
    ...createObligation('refuted', `memory.confined[write by core${index}]`),
    finding: FINDING,
    witness: {
      action: '{"kind":"write"}',
      current: 'linux@core0',
      conjunct: 'the page reached',
      outcome: 'DONE',
      'bus.frame': '0 -> 7',
    },
    case: { action: null, current: 'linux@core0', partition: 0, conjunct: 'the page reached' },
    search,
  }));
  const REACHED = `reached from boot in 2 actions, the last of which breaks memory.rights: ${file}`;
  const MISSED =
    'not reached from reset in 1,234 steps: the state may be unreachable, and an invariant ' +
    'missing: the smallest conjunct that fails is the page reached';
  const LEFT_OUT =
    'of 3 refuted obligations about the spec only the 2 smallest are searched for from reset';

  test('stands on the terminal with its trace, or with its case and what may be missing', () => {
    const text = render(reportOn('verify', results));
    expect(text).toContain(`refuted[memory.confined[write by core0]]: no page has two owners
  ${REACHED}

refuted[memory.confined[write by core1]]: no page has two owners
  ${MISSED}
    {"kind":"write"} by linux@core0 gives DONE
    bus.frame: 0 -> 7
`);
    expect(text).toContain(`    [write by core2]\n${LEFT_OUT}\n`);
    expect(text).not.toContain('refuted[memory.confined[write by core2]]');
  });

  test('says the same where each is explained', () => {
    const text = render(reportOn('prove', results, { isExplained: true }));
    for (const sentence of [REACHED, MISSED, LEFT_OUT]) {
      expect(text).toContain(`    search    ${sentence}\n`);
    }
  });

  test('counts a search that was interrupted as no answer', () => {
    const interrupted = results.map((result) => ({
      ...result,
      search: { ...searched, kind: 'interrupted' as const },
    }));
    const text = render(reportOn('prove', interrupted));
    expect(text).toContain('not reached from reset when the search was interrupted');
    expect(text).not.toContain('unreachable');
  });

  test('has the search in JSON: null where none was made', () => {
    const document = toJson(reportOn('prove', [...results, createObligation('refuted')]));
    const searches = [
      {
        kind: 'reached',
        seed: 1,
        steps: 1_234,
        properties: ['memory.rights'],
        property: 'memory.rights',
        start: 'booted',
        actions: 2,
        counterexample: file,
      },
      { kind: 'not-reached', seed: 1, steps: 1_234, properties: ['memory.rights'] },
      { kind: 'left-out', searched: 2, refuted: 3 },
      null,
    ].map((search) => ({ search }));
    expect(document).toMatchObject({ configs: [{ obligations: searches }] });
  });

  test('has the search in HTML, JUnit and SARIF', () => {
    const report = reportOn('prove', results);
    const texts = [toHtml(report), toJunit(report), JSON.stringify(toSarif(report))];
    for (const text of texts) {
      expect(text).toContain(REACHED);
      expect(text).toContain(MISSED);
    }
    expect(texts[2]?.match(/is refuted/g)).toHaveLength(2);
  });
});

describe('thousands of obligations in files', () => {
  const report = reportOn('prove', createProof(MANY, 10));

  test('are all in JSON and in JUnit, one entry each', () => {
    expect(toJson(report)).toMatchObject({ configs: [{ obligations: { length: MANY } }] });
    const xml = toJunit(report);
    expect(xml.match(/<testcase classname="obligations"/g)).toHaveLength(MANY);
    expect(xml).toContain('errors="10"');
  });

  test('are in SARIF where they fail, under the claim as rule', () => {
    const text = JSON.stringify(toSarif(report));
    expect(text.match(/"ruleId"/g)).toHaveLength(10);
    expect(text).toContain('"ruleId":"memory.preserved"');
    expect(text).toContain('memory.preserved[write,partition0@core0,case0] is unknown');
  });

  test('are all on the HTML page, folded by claim but where one fails, failures first', () => {
    const html = toHtml(report);
    expect(html.match(/<tr><td>\[write/g)).toHaveLength(MANY);
    const claims = new Set(createProof(MANY).map(({ id }) => getClaim(id)));
    expect(html.match(/<details/g)).toHaveLength(claims.size);
    expect(html.match(/<details open>/g)).toHaveLength(5);
    const table = html.slice(html.indexOf('<code>seal.preserved'));
    expect(table.indexOf('class="discharged">discharged')).toBeGreaterThan(
      table.lastIndexOf('class="vacuous">vacuous', table.indexOf('</table>')),
    );
    expect(toHtml(reportOn('prove', createProof(MANY)))).not.toContain('<details open>');
    expect(html.length).toBeLessThan(2_000_000);
  });
});

describe('results by claim', () => {
  test('stand in the order of areas, whatever the order of the proof', () => {
    const ni = { ...createObligation('discharged', 'noninterference.x'), area: 'NI' as const };
    const claims = groupByClaim([ni, createObligation('discharged')]);
    expect(claims.map(({ claim }) => claim)).toEqual(['memory.exclusive', 'noninterference.x']);
  });

  test('count nothing as decided by a solver that is not discharged', () => {
    const results = [...createInstances(2, 'unknown'), ...createInstances(1, 'discharged')];
    expect(listSolverCounts(results)).toEqual(['1 by z3 5.2.0 (wasm)']);
  });

  test('of one obligation say who decided it, without versions', () => {
    const [claim] = groupByClaim([createObligation('discharged')]);
    expect(claim && summariseClaim(claim)).toBe('discharged by z3 in 12 ms');
    const [simple] = groupByClaim([{ ...createObligation('discharged'), solver: SIMPLIFIER }]);
    expect(simple && summariseClaim(simple)).toBe('discharged by simplification');
    const [kept] = groupByClaim([{ ...createObligation('discharged'), cached: true, ms: 0 }]);
    expect(kept && summariseClaim(kept)).toBe('discharged by z3, cached');
    const both = 'z3 5.2.0 (wasm) + cvc5 1.2.0';
    const [crossed] = groupByClaim([{ ...createObligation('discharged'), solver: both }]);
    expect(crossed && summariseClaim(crossed)).toBe('discharged by z3 + cvc5 in 12 ms');
  });
});
