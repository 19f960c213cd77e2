import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACTION_KINDS } from '../model/actions.ts';
import type { ActionKind } from '../model/actions.ts';
import { createPlan } from '../model/plan.ts';
import { createSmallBoard } from '../model/testing/small-board.ts';
import { actionArbitrary } from '../properties/generators/traces.ts';
import { decodeCounterexample, encodeCounterexample } from './format.ts';
import type { Counterexample } from './format.ts';
import { replay } from './replay.ts';

/** An action of this kind as a file has it, with every field that the kind has. */
function sampleAction(kind: ActionKind): Readonly<Record<string, unknown>> {
  const plan = createPlan(createSmallBoard());
  const drawn = fc.sample(actionArbitrary(plan), { seed: 1, numRuns: 5000 });
  const found = drawn.find((action) => action.kind === kind);
  if (found === undefined) throw new Error(`${kind} is not drawn`);
  return { ...found, ...('address' in found && { address: `0x${found.address.toString(16)}` }) };
}

const FILES = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.json'));

function read(name: string): Counterexample {
  const decoded = decodeCounterexample(readFileSync(join(import.meta.dirname, name), 'utf8'));
  if (decoded.kind !== 'ok') throw new Error(`${name}: ${decoded.message}`);
  return decoded.counterexample;
}

describe('recorded counterexamples', () => {
  test('are there', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(6);
  });

  test.each(FILES)('%s replays as recorded', (name) => {
    const result = replay(read(name));
    expect({ asRecorded: result.asRecorded, violation: result.violation }).toMatchObject({
      asRecorded: true,
    });
  });

  test('keep every action and the configuration through their text', () => {
    for (const name of FILES) {
      const counterexample = read(name);
      const again = decodeCounterexample(encodeCounterexample(counterexample));
      expect(again).toEqual({ kind: 'ok', counterexample });
    }
  });
});

describe('a file that is no counterexample', () => {
  const [name] = FILES;
  const text = readFileSync(join(import.meta.dirname, name ?? ''), 'utf8');

  test.each([
    ['empty', '', 'not JSON'],
    ['an array', '[]', 'no counterexample file'],
    ['of another version', text.replace('"schema": 1', '"schema": 2'), 'schema'],
    ['with an unknown key', text.replace('"schema": 1', '"schema": 1, "extra": 1'), 'extra'],
    ['with an unknown action', text.replace(/"kind":"[a-z-]+"/, '"kind":"jump"'), 'actions'],
    ['with a changed configuration', text.replace('"timerHz":62500000', '"timerHz":1'), 'digest'],
    ['with an unknown start', text.replace(/"start": "[a-z]+"/, '"start": "later"'), 'start'],
    [
      'with a number for an address',
      text.replace(/"address":"0x[0-9a-f]+"/, '"address":1'),
      'address',
    ],
    ['with a word for a number', text.replace(/"core":\d/, '"core":"0"'), 'core of boot'],
  ])('%s is refused and says why', (_, broken, reason) => {
    expect(broken).not.toBe(text);
    const decoded = decodeCounterexample(broken);
    expect(decoded.kind).toBe('invalid');
    if (decoded.kind === 'invalid') expect(decoded.message).toContain(reason);
  });

  /** The file with these actions in place of its own. */
  function writeActions(actions: readonly unknown[]): string {
    return JSON.stringify({ ...(JSON.parse(text) as Record<string, unknown>), actions });
  }

  test.each(ACTION_KINDS)('with %s but for one of its fields names it and what to do', (kind) => {
    const action = sampleAction(kind);
    const whole = decodeCounterexample(writeActions([action]));
    expect(whole.kind).toBe('ok');
    for (const field of Object.keys(action).filter((key) => key !== 'kind')) {
      const rest = Object.fromEntries(Object.entries(action).filter(([key]) => key !== field));
      expect(decodeCounterexample(writeActions([action, action, rest]))).toEqual({
        kind: 'invalid',
        message:
          `actions.2: ${kind} lacks its field ${field}; the actions of the spec have changed ` +
          'since: record the trace anew with haven fuzz',
      });
    }
  });

  test.each([
    [{ kind: 'wait', core: 0, intId: 33 }, 'wait has no field intId; the actions of the spec'],
    [{ kind: 'wait', core: 0, constructor: 1 }, 'wait has no field constructor; the actions'],
    [{ kind: 'wait', core: null }, 'core of wait: expected a number, found null'],
    [{ kind: 'boot', core: 0, fails: 1 }, 'fails of boot: expected true or false, found 1'],
    [
      { kind: 'distributor', core: 0, operation: 'eat', intId: 33, vcpu: 0 },
      'operation of distributor: expected one of enable, disable, set-pending, clear-pending, ' +
        'route, found "eat"',
    ],
    [
      { kind: 'read', core: 0, address: '0xg', value: 0 },
      'address of read: expected an address such as "0x1000", found "0xg"',
    ],
  ])('with an action such as %j is refused and says why', (action, message) => {
    const decoded = decodeCounterexample(writeActions([action]));
    expect(decoded.kind).toBe('invalid');
    if (decoded.kind === 'invalid') expect(decoded.message).toContain(`actions.0: ${message}`);
  });

  test('says that an edited address is none', () => {
    const edited = text.replace(/"(ipa|pa)":\d+/, '"pa":-1');
    const decoded = decodeCounterexample(edited);
    expect(decoded.kind).toBe('invalid');
  });
});
