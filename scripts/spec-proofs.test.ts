/** Proofs about the actions of the spec, as the command line makes them, of a starter. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ACTION_KINDS } from '../model/actions.ts';
import { runHaven } from './run-haven.ts';

const NOTHING = /nothing is proved about (the )?actions of the spec/;
/** Longest that the whole proof may take, milliseconds. */
const PROOF_MS_MAX = 240_000;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-spec-proofs-'));
  const run = runHaven(['init', 'qemu-virt', '--out', 'starter.yaml'], { cwd: folder });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  const text = readFileSync(join(folder, 'starter.yaml'), 'utf8');
  expect(text).toContain('devices: [uart1]');
  const violated = text.replace('devices: [uart1]', 'devices: [uart0]');
  writeFileSync(join(folder, 'violated.yaml'), violated);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('proofs about the actions of the spec', () => {
  test(
    'are made by default, of every action, and all hold of a starter',
    () => {
      const run = runHaven(['prove', 'starter.yaml', '--junit', 'report.xml'], { cwd: folder });
      expect(run).toMatchObject({ exitCode: 0, stderr: '' });
      expect(run.stdout).toContain('starter.yaml on qemu-virt: holds');
      expect(run.stdout).not.toMatch(NOTHING);
      for (const claim of ['seal.initial', 'irq.confined', 'noninterference.local-respect']) {
        expect(run.stdout).toContain(`✓ ${claim} `);
      }
      const cases = readFileSync(join(folder, 'report.xml'), 'utf8');
      const unproved = [...ACTION_KINDS, 'dispatch'].filter(
        (kind) => !cases.includes(`noninterference.refusal[${kind} by `),
      );
      expect(unproved).toEqual([]);
    },
    PROOF_MS_MAX,
  );

  test('are left out by --no-spec, and the report says so', () => {
    const run = runHaven(['prove', 'starter.yaml', '--no-spec'], { cwd: folder });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain('✓ memory.exclusive ');
    expect(run.stdout).toMatch(NOTHING);
    expect(run.stdout).not.toMatch(/seal\.initial|does not hold/);
  });

  test('are left out where the tables do not hold, and the report says so', () => {
    const run = runHaven(['prove', 'violated.yaml'], { cwd: folder });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toMatch(NOTHING);
    expect(run.stdout).toContain('which rests on these');
  });
});
