import { describe, expect, test } from 'vitest';

import type { Path } from '../model/configuration.ts';
import { getAreaOfId } from '../properties/findings.ts';
import type { Finding } from '../properties/findings.ts';
import type { ObligationResult, ObligationStatus } from '../solver/obligation.ts';
import { findDisagreements } from './agreement.ts';

function createFinding(code: string, at: Path): Finding {
  return { code, severity: 'error', message: 'm', help: 'h', at, related: [] };
}

function createResult(id: string, status: ObligationStatus, at: Path): ObligationResult {
  return {
    id,
    area: getAreaOfId(id),
    statement: 's',
    formula: 'f',
    source: 'r',
    status,
    solver: 'z3',
    ms: 1,
    size: 1,
    cached: false,
    witness: null,
    finding: status === 'refuted' ? createFinding('MEM-EXCLUSIVE', at) : null,
    detail: null,
  };
}

const FIRST: Path = ['config', 'partitions', 0, 'memory', 0];
const SECOND: Path = ['config', 'partitions', 1, 'memory', 0];

describe('rules and proofs', () => {
  test('agree when both see the defect, and when neither sees one', () => {
    const overlap = createFinding('MEM-OVERLAP', FIRST);
    const refuted = createResult('memory.exclusive', 'refuted', ['config', 'partitions', 0]);
    expect(findDisagreements([overlap], [refuted])).toEqual([]);
    const discharged = createResult('memory.exclusive', 'discharged', FIRST);
    expect(findDisagreements([], [discharged])).toEqual([]);
  });

  test('disagree when a rule is violated and its claim is proved', () => {
    const overlap = createFinding('MEM-OVERLAP', FIRST);
    const discharged = createResult('memory.exclusive', 'discharged', FIRST);
    expect(findDisagreements([overlap], [discharged])).toEqual([
      'rule MEM-OVERLAP is violated, yet memory.exclusive is proved',
    ]);
  });

  test('do not disagree because of what was not decided or not tried', () => {
    const overlap = createFinding('MEM-OVERLAP', FIRST);
    const unknown = createResult('memory.exclusive', 'unknown', FIRST);
    expect(findDisagreements([overlap], [unknown])).toEqual([]);
    expect(findDisagreements([overlap], [])).toEqual([]);
  });

  test('disagree when a claim is refuted for parties of which no rule says anything', () => {
    const overlap = createFinding('MEM-OVERLAP', FIRST);
    const refuted = createResult('memory.backed', 'refuted', SECOND);
    const [sentence, ...rest] = findDisagreements([overlap], [refuted]);
    expect(sentence).toContain('memory.backed is refuted');
    expect(rest).toEqual([]);
  });

  test('leave time to the solver alone', () => {
    const refuted = createResult('time.delay', 'refuted', FIRST);
    expect(findDisagreements([], [refuted])).toEqual([]);
  });
});
