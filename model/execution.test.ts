import { describe, expect, test } from 'vitest';
import {
  checkExecuting,
  getRunningPartition,
  getRunningResident,
  getRunningVcpu,
} from './execution.ts';
import { NONE } from './machine.ts';
import { step } from './step.ts';
import { LEFT, SHARED_CORE, createBusy, createReset, createSealed } from './testing/small-board.ts';

describe('who executes', () => {
  test('nobody before the seal or after a failure, then whom boot started', () => {
    const { plan, machine } = createReset();
    expect(checkExecuting(plan, machine, 9)).toBe('NO_SUCH_CORE');
    expect(checkExecuting(plan, machine, 0)).toBe('NOT_SEALED');
    step(plan, machine, { kind: 'boot', core: 0, fails: true });
    expect(checkExecuting(plan, machine, 0)).toBe('BOOT_FAILED');
    const sealed = createSealed();
    expect(checkExecuting(sealed.plan, sealed.machine, 0)).toBe('DONE');
    expect(getRunningPartition(sealed.plan, sealed.machine, 0)).toBe(LEFT);
  });

  test('CORE_AT_EL2 during a section, then the partition again', () => {
    const { plan, machine } = createSealed();
    step(plan, machine, { kind: 'section', core: 0, ticks: 3 });
    expect(checkExecuting(plan, machine, 0)).toBe('CORE_AT_EL2');
    step(plan, machine, { kind: 'time-passes', core: 0, ticks: 3 });
    expect(checkExecuting(plan, machine, 0)).toBe('DONE');
  });

  test('CORE_IDLE where nobody is ready', () => {
    const { plan, machine } = createSealed();
    expect(checkExecuting(plan, machine, SHARED_CORE)).toBe('CORE_IDLE');
    expect(getRunningResident(plan, machine, SHARED_CORE)).toBe(undefined);
    expect(getRunningVcpu(plan, machine, SHARED_CORE)).toBe(undefined);
    expect(getRunningPartition(plan, machine, SHARED_CORE)).toBe(NONE);
  });

  test('VCPU_WAITING and VCPU_OFF while an idle reservation burns its budget', () => {
    const share = { budget: 20, period: 50, priority: 2, idle: 'burn' as const };
    for (const [kind, outcome] of [
      ['wait', 'VCPU_WAITING'],
      ['cpu-off', 'VCPU_OFF'],
    ] as const) {
      const { plan, machine } = createBusy({ left: share });
      expect(checkExecuting(plan, machine, SHARED_CORE)).toBe('DONE');
      step(plan, machine, { kind, core: SHARED_CORE });
      expect(checkExecuting(plan, machine, SHARED_CORE)).toBe(outcome);
    }
  });
});
