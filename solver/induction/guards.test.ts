/**
 * Guards: every test that the spec makes on its way is seen to go both ways, in the cases that the
 * proofs are made of.
 *
 * A guard that goes one way only tests nothing, or its other side is proved for no state.
 */

import { beforeAll, describe, expect, test } from 'vitest';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createSharedCore, createSmallBoard } from '../../model/testing/small-board.ts';
import { createGrantMap } from '../../properties/grants.ts';
import { readSources } from '../lift/sources.ts';
import { listCases } from './cases.ts';
import { runCase } from './goals.ts';
import { MICRO_STEP_KINDS } from './micro-steps.ts';
import { createInduction } from './phase-model.ts';

/** Characters of a guard's line that name it: a line of this file holds them. */
const TEXT_MAX = 70;

const SHARE = { budget: 40, period: 100, priority: 2 };

/** Boards that differ in what they have, and in every setting of the scheduler. */
const BOARDS: readonly StaticConfiguration[] = [
  createSmallBoard({ its: true }),
  createSharedCore(
    [
      SHARE,
      { budget: 20, period: 200, priority: 1, idle: 'burn' },
      { ...SHARE, budget: 10, priority: 3, slack: true },
    ],
    { policy: 'edf', iommu: false },
  ),
  createSmallBoard({
    policy: 'edf',
    left: { ...SHARE, idle: 'poll', slack: true },
    right: { ...SHARE, priority: 1, idle: 'burn', slack: true },
    timer: 1,
    iommu: false,
  }),
  createSmallBoard({
    left: { ...SHARE, idle: 'poll', slack: true },
    right: { ...SHARE, priority: 1, idle: 'burn', slack: true },
    its: false,
    iommu: false,
    firewall: false,
  }),
  createSharedCore(
    [
      { ...SHARE, budget: 20, priority: 3, idle: 'poll' },
      { ...SHARE, budget: 20, idle: 'burn' },
      { ...SHARE, budget: 20, period: 400, priority: 1, slack: true },
    ],
    { timer: 1, iommu: false },
  ),
  createSmallBoard({
    policy: 'table',
    right: { ...SHARE, priority: 1, slack: true },
    timer: 1,
    interrupt: 1,
    iommu: false,
  }),
];

/** Which ways a guard was seen to go. */
interface Ways {
  yes: boolean;
  no: boolean;
}

/** Guards by `file: text from the guard to the end of its line`. */
const seen = new Map<string, Ways>();

beforeAll(() => {
  const sources = readSources();
  const lines = new Map([...sources].map(([file, text]) => [file, text.split('\n')]));
  const byPlace = new Map<string, Ways & { readonly name: string }>();
  for (const configuration of BOARDS) {
    const { plan, lifter, phases, getModel } = createInduction(configuration, { invariants: [] });
    const grants = createGrantMap(configuration);
    const ways: Ways[] = [];
    for (const phase of phases) {
      const model = getModel(phase);
      model.run.onGuard = (site, value) => {
        const way = (ways[site] ??= { yes: false, no: false });
        const known = typeof value === 'boolean' || value.kind !== 'boolean' ? value : value.value;
        way.yes ||= known !== false;
        way.no ||= known !== true;
      };
      for (const kind of MICRO_STEP_KINDS) {
        for (const one of listCases({ plan, phase }, kind)) runCase(model, grants, one);
      }
    }
    for (const [site, { file, line, column }] of lifter.guards.entries()) {
      const text = lines.get(file)?.[line - 1]?.slice(column - 1, column - 1 + TEXT_MAX) ?? '';
      const place = `${file}:${line}:${column}`;
      const all = byPlace.get(place) ?? { name: `${file}: ${text}`, yes: false, no: false };
      byPlace.set(place, all);
      all.yes ||= ways[site]?.yes === true;
      all.no ||= ways[site]?.no === true;
    }
  }
  for (const { name, ...ways } of byPlace.values()) {
    // Where a file has a text more than once, each of them has to go both ways.
    const same = seen.get(name);
    seen.set(
      name,
      same === undefined ? ways : { yes: same.yes && ways.yes, no: same.no && ways.no },
    );
  }
}, 120_000);

/** A test for an entry of an array: in a state of its shape every entry of the plan is there. */
const IS_INDEX_CHECK = /^[^:]+: [\w.]+ (===|!==) undefined/;

function listOneWay(isIndexCheck: boolean): string[] {
  return [...seen]
    .filter(([, { yes, no }]) => !yes || !no)
    .map(([name]) => name)
    .filter((name) => IS_INDEX_CHECK.test(name) === isIndexCheck);
}

const WRITTEN = 'a stream passes by the SMMU only after its entry has been written, to translate';
const FIRST = 'on no board do two virtual CPUs of one partition share a core';
const OWNED = 'the plan calls a line physical for its owner only';
const NO_FETCH = 'no action is a fetch by a device or a core without EL2';
const WATCHED = 'windows are noted where all have reservations, by fixed priority';
const LONG = 'the board with a table has sections, and slots that an activation fits into';
const READABLE = 'whatever the boards grant may be read';

/** Guards that go one way, but for index checks, each with the reason. */
const ONE_WAY: Readonly<Record<string, string>> = {
  'model/bus.ts: alias.local <= address && address < alias.local + alias.size) {':
    'the aliases of the boards begin at address 0',
  'model/firewall.ts: grant.execute) return true;': NO_FETCH,
  "model/firewall.ts: kind === 'fetch' && grant.execute) return true;": NO_FETCH,
  'model/firewall.ts: grant.read) return true;': READABLE,
  "model/firewall.ts: kind === 'write' && grant.write) return true;": READABLE,
  'model/physical-lines.ts: physical.owner === partition ? physical : undefined;': OWNED,
  'model/scheduler.ts: !machine.boot.sealed || !planned.el2 || state.section > 0) return;':
    'only what happens after the seal asks for a dispatch',
  'model/scheduler.ts: !resident.dedicated && !isReady(machine, resident)) {':
    'a whole core has no reservation, so its idle policy is to keep',
  "model/smmu.ts: !entry.translate) return { fault: 'DONE', frame: computePage(address),": WRITTEN,
  "model/smmu.ts: !entry.valid || !entry.translate) return 'STREAM_ABORTED';": WRITTEN,
  "model/smmu.ts: !entry.valid) return { fault: 'STREAM_ABORTED', frame: 0, type: 0 };": WRITTEN,
  "model/smmu.ts: machine.smmu.abortWhenOff) return { fault: 'STREAM_ABORTED', frame: 0,":
    'boot has silenced the streams before any device may issue a request',
  "model/smmu.ts: passage.type !== TYPE_DOORBELL) return 'NO_DOORBELL_TARGET';":
    'what a table maps at the address of the doorbell is the doorbell',
  'model/view.ts: owner !== partition) continue;': OWNED,
  'model/view.ts: place.resident >= 0 && state.loaded === place.resident;':
    'only cores with EL2 are asked, and each virtual CPU there is a resident',
  'model/virtual-gic.ts: loaded.vcpu === vcpu) unloadLine(state, line.intId);': FIRST,
  "properties/inductive/entitlement.ts: planned.policy === 'table') return false;": WATCHED,
  'properties/inductive/entitlement.ts: resident.dedicated) return false;': WATCHED,
  'properties/inductive/entitlement.ts: resident.dedicated) return isAwake(machine, resident);':
    WATCHED,
  'properties/inductive/slot-promise.ts: first > slot.end) continue;': LONG,
  'properties/inductive/slot-promise.ts: longest === 0) return 0;': LONG,
};

/** Per file how many index checks find their entry always. */
const INDEX_CHECKS: Readonly<Record<string, number>> = {
  'model/boot.ts': 11,
  'model/bus.ts': 3,
  'model/calls.ts': 14,
  'model/execution.ts': 2,
  'model/firewall.ts': 1,
  'model/gic.ts': 1,
  'model/list-registers.ts': 1,
  'model/physical-lines.ts': 1,
  'model/scheduler.ts': 18,
  'model/smmu.ts': 1,
  'model/time.ts': 9,
  'model/view.ts': 5,
  'model/virtual-gic.ts': 6,
  'model/world-switch.ts': 4,
  'properties/inductive/charges.ts': 4,
  'properties/inductive/entitlement.ts': 1,
  'properties/inductive/schedule.ts': 2,
  'properties/inductive/slot-promise.ts': 7,
  'properties/inductive/windows.ts': 20,
};

describe('the guards of the spec', () => {
  test('are seen at all', () => {
    const both = [...seen.values()].filter(({ yes, no }) => yes && no);
    expect(both.length).toBeGreaterThan(250);
  });

  test('go both ways in some case, but for those listed with a reason', () => {
    expect(listOneWay(false).toSorted()).toEqual(Object.keys(ONE_WAY).toSorted());
  });

  test('find what an index names, where TypeScript asks for a check', () => {
    const counts: Record<string, number> = {};
    for (const name of listOneWay(true)) {
      const file = name.slice(0, name.indexOf(':'));
      counts[file] = (counts[file] ?? 0) + 1;
    }
    expect(counts).toEqual(INDEX_CHECKS);
  });
});
