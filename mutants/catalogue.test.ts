import { describe, expect, test } from 'vitest';
import { createPlan } from '../model/plan.ts';
import { ENGINE_PROPERTIES, PROPERTIES } from '../properties/catalogue.ts';
import { RULES } from '../properties/rules/all.ts';
import { checkConfiguration } from '../properties/rules/check.ts';
import { readSources } from '../solver/lift/sources.ts';
import { INVARIANTS, MUTANTS, ROWS } from './catalogue.ts';
import type { Mutant } from './catalogue.ts';
import { runCheckCell } from './cell.ts';
import { applyBug, loadSpec } from './patched-spec.ts';
import { loadChecker, readNearMiss, readRuleSources } from './patched-rules.ts';
import { getSubject } from './bug-search.ts';
import { PLAN_BUGS } from './plan-bugs.ts';
import { RULE_BUGS } from './rule-bugs.ts';

/** Rows of the five classes of spatial bugs, and of the schedulers, as the study counts them. */
const CLASSES: Readonly<Record<string, number>> = {
  RNG: 19,
  S2: 30,
  DMA: 17,
  IRQ: 20,
  SCH: 23,
  IMM: 6,
  LEAK: 6,
  SHM: 3,
  TOT: 5,
  TIME: 24,
};

/** Whether what must find a mutant says one of the invariants that its row breaks. */
function isNamedByRow({ row, property }: Mutant): boolean {
  if (row === null || property === null) return true;
  const says = row.breaks.flatMap((one) => INVARIANTS[one] ?? []);
  return says.some((start) => property.startsWith(start));
}

const OF_RULES = MUTANTS.filter(({ kind }) => kind === 'rule');

describe('the table of known bugs', () => {
  test('has the rows of every class, each once', () => {
    const counts: Record<string, number> = {};
    for (const { id } of ROWS) {
      const name = id.replace(/-\d+$/, '');
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts).toEqual(CLASSES);
    expect(new Set(ROWS.map(({ id }) => id)).size).toBe(ROWS.length);
  });

  test('has a mutant for each row, or a reason why there is none, and never both', () => {
    const seeded = new Set(MUTANTS.map(({ row }) => row?.id));
    const wrong = ROWS.filter(({ id, reason }) => seeded.has(id) === (reason !== null));
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test('names invariants that something here says', () => {
    const ids = [...PROPERTIES, ...ENGINE_PROPERTIES, ...RULES.map(({ code }) => ({ id: code }))];
    const unknown = ROWS.flatMap(({ breaks }) => breaks).filter((one) => !(one in INVARIANTS));
    expect(unknown).toEqual([]);
    const empty = Object.values(INVARIANTS)
      .flat()
      .filter((prefix) => !ids.some(({ id }) => id.startsWith(prefix)));
    expect(empty).toEqual([]);
  });
});

describe('a mutant', () => {
  test('has an id and a name of its own', () => {
    expect(new Set(MUTANTS.map(({ id }) => id)).size).toBe(MUTANTS.length);
    expect(new Set(MUTANTS.map(({ bug }) => bug.name)).size).toBe(MUTANTS.length);
  });

  test('must fall to what says the invariant that its row breaks', () => {
    const wrong = MUTANTS.filter((mutant) => !isNamedByRow(mutant));
    expect(
      wrong.map(({ id, row, property }) => `${id} ${row?.breaks.join(' ')} ${property}`),
    ).toEqual([]);
  });
});

describe('a bug of the rules', () => {
  test('names a rule, and a property of runs or why none falls', () => {
    const codes = RULES.map(({ code }) => code);
    const ids = PROPERTIES.map(({ id }) => id);
    const wrong = RULE_BUGS.filter(
      ({ property, run, unseen }) =>
        !codes.includes(property) ||
        (run === null ? unseen === undefined : !ids.includes(run) || unseen !== undefined),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test.each(OF_RULES)('lets a configuration through that the rule rejects: $id', async (mutant) => {
    const { property } = mutant;
    if (mutant.kind !== 'rule') throw new Error('these are mutants of rules');
    const { configuration } = readNearMiss(mutant.bug).loaded;
    expect(checkConfiguration(configuration).map(({ code }) => code)).toContain(property);
    expect(await runCheckCell(mutant)).toMatchObject({ verdict: 'killed', by: property });
  });
});

describe('the checker without a bug', () => {
  test('says what it says when it is loaded the same way', async () => {
    const checker = await loadChecker(readRuleSources());
    for (const bug of RULE_BUGS) {
      const { configuration } = readNearMiss(bug).loaded;
      expect(checker(configuration)).toEqual(checkConfiguration(configuration));
    }
  });
});

describe('a bug of the plan', () => {
  const configuration = getSubject('small').configuration;

  test('is not there in the plan that is loaded the same way', async () => {
    const { createPlan: loaded } = await loadSpec(readSources());
    expect(loaded(configuration)).toEqual(createPlan(configuration));
  });

  test.each(PLAN_BUGS)('changes what boot programs: $name', async (bug) => {
    const { createPlan: wrong } = await loadSpec(applyBug(readSources(), bug));
    expect(wrong(configuration)).not.toEqual(createPlan(configuration));
  });
});
