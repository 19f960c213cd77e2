import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createPlan } from '../model/plan.ts';
import { listBootActions } from '../properties/generators/boot-actions.ts';
import { decodeCounterexample } from './format.ts';
import type { Counterexample } from './format.ts';
import { replayWithin } from './guarded-replay.ts';
import { replay } from './replay.ts';

function read(name: string): Counterexample {
  const decoded = decodeCounterexample(readFileSync(join(import.meta.dirname, name), 'utf8'));
  if (decoded.kind !== 'ok') throw new Error(`${name}: ${decoded.message}`);
  return decoded.counterexample;
}

/** Passes as the spec is now; more than two actions. */
const FIXED = read('time.grid--qemu-virt-time-passes.json');
const BOOT = FIXED.start === 'booted' ? listBootActions(createPlan(FIXED.configuration)).length : 0;

/** Its third action is the one that `fault` befalls. */
const LETHAL = 2;

const entry = new URL('testing/faulty-replay-worker.mjs', import.meta.url);

describe('a replay', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('shows in a worker what it shows here', async () => {
    expect(FIXED.actions.length).toBeGreaterThan(LETHAL);
    expect(await replayWithin(FIXED)).toEqual(replay(FIXED));
  });

  test.each([
    ['hang', 'did not end within 4 s'],
    ['memory', 'took more than 128 megabytes'],
    ['exit', 'ended without a result'],
  ])('that meets a step with a fault (%s) tells which step that was', async (reason, message) => {
    vi.stubEnv('HAVEN_FAULT', `${reason} ${BOOT + LETHAL}`);
    const result = await replayWithin(FIXED, { entry, memoryMb: 128, timeMs: 4_000 });
    expect(result).toMatchObject({
      verdict: 'fails-otherwise',
      asRecorded: false,
      violation: { property: 'seal.crash', witness: { reason } },
    });
    expect(result?.violation?.message).toContain(message);
    expect(result?.story.steps.map(({ outcome }) => outcome === 'LOST')).toEqual([
      ...Array.from({ length: LETHAL }, () => false),
      true,
    ]);
  });

  test('of a trace that is recorded for that still fails where it dies again', async () => {
    vi.stubEnv('HAVEN_FAULT', `exit ${BOOT + LETHAL}`);
    const crash: Counterexample = { ...FIXED, property: 'seal.crash', status: 'open' };
    const result = await replayWithin(crash, { entry });
    expect(result).toMatchObject({ verdict: 'fails', asRecorded: true });
  });

  test('that is interrupted ends at once, without a verdict', async () => {
    vi.stubEnv('HAVEN_FAULT', `hang ${BOOT + LETHAL}`);
    const signal = AbortSignal.timeout(2_000);
    expect(await replayWithin(FIXED, { entry, signal })).toBeNull();
    expect(await replayWithin(FIXED, { signal })).toBeNull();
  });

  test('whose worker does not even load is no crash on the trace', async () => {
    const crash: Counterexample = { ...FIXED, property: 'seal.crash', status: 'open' };
    const missing = new URL('testing/no-worker.mjs', import.meta.url);
    await expect(replayWithin(crash, { entry: missing })).rejects.toThrow('lost before its replay');
  });
});
