import { describe, expect, test } from 'vitest';
import { findVirtualLine } from './list-registers.ts';
import { findPhysicalLine, isSignalled, releasePhysicalLine } from './physical-lines.ts';
import { DOORBELL_LINE, LEFT, LEFT_LINE, RIGHT, createSealed } from './testing/small-board.ts';

function createLines() {
  const { plan, machine } = createSealed();
  const line = findVirtualLine(machine, LEFT, 0, LEFT_LINE);
  const doorbell = findVirtualLine(machine, LEFT, 0, DOORBELL_LINE);
  if (line === undefined || doorbell === undefined) throw new Error('left has both lines');
  const physical = findPhysicalLine(plan, machine, LEFT, line);
  if (physical === undefined) throw new Error('left owns the line');
  return { plan, machine, line, doorbell, physical };
}

describe('the physical line behind a virtual one', () => {
  test('is there for its owner, not for another partition and not for a doorbell', () => {
    const { plan, machine, line, doorbell, physical } = createLines();
    expect(physical.owner).toBe(LEFT);
    expect(findPhysicalLine(plan, machine, RIGHT, line)).toBe(undefined);
    expect(findPhysicalLine(plan, machine, LEFT, doorbell)).toBe(undefined);
  });

  test('is pending again when it is released while its wire is asserted', () => {
    const { plan, machine, line, physical } = createLines();
    for (const asserted of [true, false]) {
      Object.assign(physical, { active: true, pending: false, asserted });
      releasePhysicalLine(plan, machine, LEFT, line);
      expect(physical).toMatchObject({ active: false, pending: asserted });
    }
  });

  test('signals only through an enabled virtual line', () => {
    const { plan, machine, line, doorbell, physical } = createLines();
    physical.pending = true;
    expect(isSignalled(plan, machine, LEFT, line)).toBe(false);
    line.enabled = true;
    expect(isSignalled(plan, machine, LEFT, line)).toBe(true);
    physical.pending = false;
    expect(isSignalled(plan, machine, LEFT, line)).toBe(false);
    Object.assign(doorbell, { enabled: true, pending: true });
    expect(isSignalled(plan, machine, LEFT, doorbell)).toBe(true);
  });
});
