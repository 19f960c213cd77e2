/**
 * Bursts: short sequences that chance alone would seldom compose.
 */

import type { Action } from '../../model/actions.ts';
import { IN_FLIGHT_SLOTS, NONE } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';

/** Sections of a burst: on a small board as long as some periods. */
const OVERRUNS = 24;

/** INTID of an SGI that a burst handles. */
const SGI = 0;

/** Every burst that a plan has the parties for. */
export function listBursts(plan: Plan): Action[][] {
  return [
    ...listInterruptBursts(plan),
    ...listRouteBursts(plan),
    ...listSpillBursts(plan),
    ...listWirelessBursts(plan),
    ...listSwitchBursts(plan),
    ...listTakeBursts(plan),
    ...listDmaBursts(plan),
    ...listRequestBursts(plan),
    ...listSectionBursts(plan),
    ...listOverrunBursts(plan),
  ];
}

/** A device raises its line and the owner handles it. */
function listInterruptBursts(plan: Plan): Action[][] {
  return plan.routes
    .filter(({ core }) => core >= 0)
    .map(({ intId, core }) => [
      { kind: 'distributor', core, operation: 'enable', intId, vcpu: 0 },
      { kind: 'line-assert', intId },
      { kind: 'interrupt-take', core, intId },
      ...listPasses(core, plan.interruptTicks),
      { kind: 'list-register-fill', core, intId },
      { kind: 'interrupt-acknowledge', core },
      { kind: 'line-deassert', intId },
      { kind: 'interrupt-end', core, intId },
    ]);
}

/** What EL2 has begun comes to its end. */
function listPasses(core: number, ticks: number): Action[] {
  return ticks > 0 ? [{ kind: 'time-passes', core, ticks }] : [];
}

/** A partition enables a line of its own and routes it to its last virtual CPU. */
function listRouteBursts(plan: Plan): Action[][] {
  return plan.routes
    .filter(({ core }) => core >= 0)
    .map(({ intId, core, partition }) => {
      const vcpu = (plan.partitions[partition]?.vcpus.length ?? 1) - 1;
      return [
        { kind: 'distributor', core, operation: 'enable', intId, vcpu },
        { kind: 'distributor', core, operation: 'route', intId, vcpu },
      ];
    });
}

/** EL2 lists a line that is pending, frees the list registers, and lists it again. */
function listSpillBursts(plan: Plan): Action[][] {
  return plan.routes
    .filter(({ core }) => core >= 0)
    .map(({ intId, core }) => [
      { kind: 'distributor', core, operation: 'enable', intId, vcpu: 0 },
      { kind: 'distributor', core, operation: 'set-pending', intId, vcpu: 0 },
      { kind: 'list-register-fill', core, intId },
      ...Array.from({ length: plan.listRegisters }, (_, slot): Action => ({
        kind: 'list-register-spill',
        core,
        slot,
      })),
      { kind: 'list-register-fill', core, intId },
    ]);
}

/** A partition handles what pends without a wire: an SGI, and a doorbell or an LPI. */
function listWirelessBursts(plan: Plan): Action[][] {
  return plan.partitions.flatMap(({ lines, vcpus }) => {
    const core = vcpus[0]?.core ?? NONE;
    if (plan.cores[core]?.el2 !== true) return [];
    const wireless = lines.filter(({ physical }) => !physical).slice(0, 1);
    const intIds = [...wireless.map(({ intId }) => intId), SGI];
    return [
      [
        ...intIds.flatMap((intId): Action[] => [
          { kind: 'distributor', core, operation: 'enable', intId, vcpu: 0 },
          { kind: 'distributor', core, operation: 'set-pending', intId, vcpu: 0 },
          { kind: 'list-register-fill', core, intId },
        ]),
        ...intIds.map((): Action => ({ kind: 'interrupt-acknowledge', core })),
        ...intIds.map((intId): Action => ({ kind: 'interrupt-end', core, intId })),
      ],
    ];
  });
}

/** A line is routed to a shared core and listed, and the core changes hands. */
function listSwitchBursts(plan: Plan): Action[][] {
  return plan.cores.flatMap(({ residents }, core) =>
    residents.flatMap(({ dedicated, partition, vcpu, budget }): Action[][] => {
      const [line] = plan.partitions[partition]?.lines ?? [];
      if (dedicated || line === undefined) return [];
      const { intId } = line;
      return [
        [
          { kind: 'distributor', core, operation: 'enable', intId, vcpu },
          { kind: 'distributor', core, operation: 'route', intId, vcpu },
          { kind: 'distributor', core, operation: 'set-pending', intId, vcpu },
          { kind: 'list-register-fill', core, intId },
          { kind: 'time-passes', core, ticks: budget },
          { kind: 'interrupt-acknowledge', core },
        ],
      ];
    }),
  );
}

/** A wired line is routed to a shared core, and EL2 takes it there. */
function listTakeBursts(plan: Plan): Action[][] {
  return plan.cores.flatMap(({ residents }, core) =>
    residents.flatMap(({ dedicated, partition, vcpu }): Action[][] => {
      const line = plan.partitions[partition]?.lines.find(({ physical }) => physical);
      if (dedicated || line === undefined) return [];
      const { intId } = line;
      return [
        [
          { kind: 'distributor', core, operation: 'enable', intId, vcpu },
          { kind: 'distributor', core, operation: 'route', intId, vcpu },
          { kind: 'line-assert', intId },
          { kind: 'interrupt-take', core, intId },
          ...listPasses(core, plan.interruptTicks),
        ],
      ];
    }),
  );
}

/** A device asks for more than can be in flight. */
function listRequestBursts(plan: Plan): Action[][] {
  return plan.streams.slice(0, 1).map(({ stream, partition }) => {
    const address = plan.partitions[partition]?.dma[0]?.ipa ?? 0;
    return Array.from({ length: IN_FLIGHT_SLOTS + 1 }, (): Action => ({
      kind: 'dma-issue',
      stream,
      address,
      write: false,
      value: 0,
    }));
  });
}

/** Near the end of its budget a partition asks for one section after another, before each ends. */
function listSectionBursts(plan: Plan): Action[][] {
  const ticks = plan.sectionTicks;
  return plan.cores.flatMap(({ residents }, core) =>
    residents
      .filter(({ dedicated }) => !dedicated)
      .map(({ budget }): Action[] => [
        { kind: 'time-passes', core, ticks: budget },
        { kind: 'time-passes', core, ticks: budget - 1 },
        ...Array.from({ length: 4 }, (): Action[] => [
          { kind: 'section', core, ticks },
          { kind: 'time-passes', core, ticks: ticks - 1 },
        ]).flat(),
      ]),
  );
}

/** Whoever runs works at EL2 all the time, over the ends of budgets and periods. */
function listOverrunBursts(plan: Plan): Action[][] {
  const ticks = plan.sectionTicks;
  return plan.cores.flatMap(({ residents }, core) => {
    if (ticks === 0 || residents.every(({ dedicated }) => dedicated)) return [];
    const pairs = Array.from({ length: OVERRUNS }, (): Action[] => [
      { kind: 'section', core, ticks },
      { kind: 'time-passes', core, ticks },
    ]);
    return [pairs.flat()];
  });
}

/** A device writes to the first page of its owner's memory and the write arrives. */
function listDmaBursts(plan: Plan): Action[][] {
  return plan.streams.map(({ stream, partition }) => {
    const address = plan.partitions[partition]?.dma[0]?.ipa ?? 0;
    return [
      { kind: 'dma-issue', stream, address, write: true, value: 1 },
      { kind: 'dma-complete', slot: 0 },
    ];
  });
}
