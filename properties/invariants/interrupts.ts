/**
 * Interrupts: each line has one owner and is delivered only there.
 */

import { getLoadedResident } from '../../model/execution.ts';
import type { CoreState } from '../../model/machine.ts';
import { LR_ACTIVE, LR_INVALID, LR_PENDING, findVirtualLine } from '../../model/list-registers.ts';
import { isListRegisterAgreed, isListRegisterOwn } from '../inductive/interrupts.ts';
import { PRIVATE_LINES } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { COMPLETE_LOOK_INTERVAL, watchEachStep } from '../property.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** Owners of each physical line, off the configuration. */
function listOwners(configuration: StaticConfiguration): Map<number, number[]> {
  const owners = new Map<number, number[]>();
  for (const [partition, { devices }] of configuration.partitions.entries()) {
    for (const grant of devices) {
      for (const intId of configuration.platform.devices[grant.device]?.irqs ?? []) {
        // Devices of one partition may share a line: it still has one owner.
        const known = owners.get(intId) ?? [];
        if (!known.includes(partition)) owners.set(intId, [...known, partition]);
      }
    }
  }
  return owners;
}

function name(context: Context, partition: number): string {
  return context.configuration.partitions[partition]?.name ?? 'nobody';
}

/** Whether a list register holds a line of whoever is loaded, and agrees with it. */
function isAgreed({ plan, machine }: Context, core: number, slot: number, intId: number): boolean {
  if (!isListRegisterOwn(plan, machine, core, slot)) return false;
  return isListRegisterAgreed(plan, machine, core, slot, intId);
}

/** Checks each list register of a core; `judge` gets the resident whose lines they must be. */
function findBadRegister(
  context: Context,
  index: number,
  core: CoreState,
  count: () => void,
): string | null {
  const resident = getLoadedResident(context.plan, context.machine, index);
  for (let slot = 0; slot < core.listRegisters.length; slot += 1) {
    const register = core.listRegisters[slot];
    if (register === undefined || register.state === LR_INVALID) continue;
    count();
    if (isAgreed(context, index, slot, register.intId)) continue;
    if (resident === undefined) return `list register ${slot} is in use while nobody is loaded`;
    const { partition, vcpu } = resident;
    const line = findVirtualLine(context.machine, partition, vcpu, register.intId);
    if (line === undefined) {
      const owner = name(context, partition);
      return `list register ${slot} holds INTID ${register.intId}, no line of ${owner}`;
    }
    if (line.target !== vcpu && register.intId >= PRIVATE_LINES) {
      return `list register ${slot} holds INTID ${register.intId}, targeted at another virtual CPU`;
    }
    if (register.state === LR_PENDING && !line.pending) {
      return `list register ${slot} says INTID ${register.intId} is pending, its line does not`;
    }
    if (register.state === LR_ACTIVE && !line.active) {
      return `list register ${slot} says INTID ${register.intId} is active, its line does not`;
    }
    if (register.physical !== line.physical) {
      return `list register ${slot} has the wrong HW bit for INTID ${register.intId}`;
    }
    const state = line.active ? 'is active' : 'is disabled';
    return `list register ${slot} says INTID ${register.intId} is pending, its line ${state}`;
  }
  return null;
}

/** One physical line: enabled or active only for its one owner, on a core of its. */
function judgeRoute(
  context: Context,
  owners: ReadonlyMap<number, readonly number[]>,
  intId: number,
  count: () => void,
): Violation | null {
  const line = context.machine.gic.lines[intId - context.plan.spiFirst];
  if (line === undefined || (!line.enabled && !line.active)) return null;
  count();
  const all = owners.get(intId) ?? [];
  const cores = context.plan.partitions[line.owner]?.vcpus ?? [];
  const single = all.length === 1 && all[0] === line.owner;
  if (single && cores.some(({ core }) => core === line.core)) return null;
  const wanted = all.length === 0 ? 'nobody' : all.map((one) => name(context, one)).join(' and ');
  return {
    property: 'irq.route',
    message:
      `INTID ${intId} is enabled for ${name(context, line.owner)} on core ${line.core}; ` +
      `the configuration gives it to ${wanted}`,
    witness: { intId, owner: name(context, line.owner), core: line.core },
    at: ['config', 'partitions', Math.max(0, line.owner)],
    related: [],
  };
}

function watchRoutes(context: Context): Monitor {
  const owners = listOwners(context.configuration);
  const owned = [...owners.keys()];
  const all = context.plan.routes.map(({ intId }) => intId);
  let steps = 0;
  return watchEachStep((_action, _outcome, count) => {
    steps += 1;
    const complete = context.thorough || steps % COMPLETE_LOOK_INTERVAL === 0;
    for (const intId of complete ? all : owned) {
      const violation = judgeRoute(context, owners, intId, count);
      if (violation !== null) return violation;
    }
    return null;
  });
}

function hasLines(plan: Plan): boolean {
  return plan.routes.some(({ partition }) => partition >= 0);
}

function hasDoorbells(plan: Plan): boolean {
  return plan.partitions.some(({ doorbells }) => doorbells.length > 0);
}

/** Properties of interrupt routing. */
export const INTERRUPT_PROPERTIES: readonly Property[] = [
  {
    id: 'irq.delivered',
    statement: 'A list register holds only lines of the virtual CPU that is live on its core.',
    source: 'GICv3, ICH_LR<n>_EL2; each interrupt has exactly one partition',
    example: 'list registers not emptied on a world switch',
    appliesTo: hasLines,
    watch: (context) =>
      watchEachStep((_action, _outcome, count) => {
        const { cores } = context.machine;
        for (let index = 0; index < cores.length; index += 1) {
          const core = cores[index];
          const bad = core === undefined ? null : findBadRegister(context, index, core, count);
          if (bad === null) continue;
          return {
            property: 'irq.delivered',
            message: `on core ${index}, ${bad}`,
            witness: { core: index },
            at: ['config', 'partitions'],
            related: [],
          };
        }
        return null;
      }),
  },
  {
    id: 'irq.route',
    statement: 'An enabled physical line belongs to its one owner and is routed to a core of its.',
    source: 'GICv3, GICD_IROUTER',
    example: 'a route whose target is a virtual CPU number taken for a core',
    appliesTo: hasLines,
    watch: watchRoutes,
  },
  {
    id: 'channel.doorbell',
    statement: 'A partition rings only doorbells that a channel declares for it.',
    source: 'the only flows between partitions are the declared channels',
    example: 'a doorbell number that is looked up in the receiver’s table',
    appliesTo: hasDoorbells,
    watch: (context) =>
      watchEachStep((action, outcome, count) => {
        if (action.kind !== 'notify' || outcome !== 'DONE') return null;
        count();
        const resident = getLoadedResident(context.plan, context.machine, action.core);
        const from = resident?.partition ?? -1;
        const declared = context.configuration.channels.flatMap(({ notify }) =>
          notify.filter((one) => one.from === from),
        );
        if (action.doorbell < declared.length) return null;
        return {
          property: 'channel.doorbell',
          message:
            `${name(context, from)} rings doorbell ${action.doorbell}; ` +
            `it has ${declared.length}`,
          witness: { partition: name(context, from), doorbell: action.doorbell },
          at: ['config', 'channels'],
          related: [],
        };
      }),
  },
];
