/**
 * Interrupts: each line has one owner and is delivered only there.
 */

import type { ActionKind } from '../../model/actions.ts';
import { getLoadedResident, getRunningResident } from '../../model/execution.ts';
import { LR_ACTIVE, LR_INVALID, LR_PENDING, findVirtualLine } from '../../model/list-registers.ts';
import { isListRegisterAgreed, isListRegisterOwn } from '../inductive/interrupts.ts';
import { NONE, PRIVATE_LINES } from '../../model/machine.ts';
import type { ListRegister } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { watchEachStep, watchState } from '../property.ts';
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

/** A condition on one list register: null where it holds, else what is wrong in words. */
type RegisterCheck = (context: Context, core: number, slot: number) => string | null;

/** It holds a line of whoever is loaded. */
function checkOwn(context: Context, index: number, slot: number): string | null {
  const { plan, machine } = context;
  if (isListRegisterOwn(plan, machine, index, slot)) return null;
  const resident = getLoadedResident(plan, machine, index);
  if (resident === undefined) return `list register ${slot} is in use while nobody is loaded`;
  const intId = machine.cores[index]?.listRegisters[slot]?.intId;
  const owner = name(context, resident.partition);
  return `list register ${slot} holds INTID ${intId}, no line of ${owner}`;
}

/** What it holds agrees with the line; a line that is nobody's here is for `checkOwn`. */
function checkAgreed(context: Context, index: number, slot: number): string | null {
  const { plan, machine } = context;
  const register = machine.cores[index]?.listRegisters[slot];
  if (register === undefined || !isListRegisterOwn(plan, machine, index, slot)) return null;
  const { intId } = register;
  if (isListRegisterAgreed(plan, machine, index, slot, intId)) return null;
  const resident = getLoadedResident(plan, machine, index);
  const vcpu = resident?.vcpu ?? 0;
  const line = findVirtualLine(machine, resident?.partition ?? -1, vcpu, intId);
  if (line === undefined) return `list register ${slot} holds INTID ${intId}, which is no line`;
  if (line.target !== vcpu && intId >= PRIVATE_LINES) {
    return `list register ${slot} holds INTID ${intId}, targeted at another virtual CPU`;
  }
  if (register.state === LR_PENDING && !line.pending) {
    return `list register ${slot} says INTID ${intId} is pending, its line does not`;
  }
  if (register.state === LR_ACTIVE && !line.active) {
    return `list register ${slot} says INTID ${intId} is active, its line does not`;
  }
  if (register.physical !== line.physical) {
    return `list register ${slot} has the wrong HW bit for INTID ${intId}`;
  }
  const state = line.active ? 'is active' : 'is disabled';
  return `list register ${slot} says INTID ${intId} is pending, its line ${state}`;
}

/** Looks at every valid list register, while searching at those of the core that acts. */
function watchListRegisters(context: Context, property: string, check: RegisterCheck): Monitor {
  const { look, machine } = context;
  let evaluations = 0;
  const judge = (index: number): Violation | null => {
    const registers = machine.cores[index]?.listRegisters ?? NO_REGISTERS;
    for (let slot = 0; slot < registers.length; slot += 1) {
      if (registers[slot]?.state === LR_INVALID) continue;
      evaluations += 1;
      const wrong = check(context, index, slot);
      if (wrong === null) continue;
      return {
        property,
        message: `on core ${index}, ${wrong}`,
        witness: { core: index },
        at: ['config', 'partitions'],
        related: [],
      };
    }
    return null;
  };
  return {
    kinds: LISTING_KINDS,
    after: (action) => {
      if (!look.complete && 'core' in action) return judge(action.core);
      for (let index = 0; index < machine.cores.length; index += 1) {
        const violation = judge(index);
        if (violation !== null) return violation;
      }
      return null;
    },
    countEvaluations: () => evaluations,
  };
}

const NO_REGISTERS: readonly ListRegister[] = [];

/** Actions after which a core may have another guest, or its list registers other contents. */
const LISTING_KINDS: readonly ActionKind[] = [
  'boot',
  'cpu-on',
  'cpu-off',
  'system-reset',
  'wait',
  'section',
  'distributor',
  'send-sgi',
  'interrupt-take',
  'interrupt-acknowledge',
  'interrupt-end',
  'list-register-spill',
  'list-register-fill',
  'time-passes',
];

/** Actions after which a physical line may have another route or owner. */
const ROUTE_KINDS: readonly ActionKind[] = [
  'boot',
  'system-reset',
  'distributor',
  'interrupt-take',
  'interrupt-end',
];

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
  const all = context.plan.routes.map(({ intId }) => intId);
  const monitor = watchState(context, (action, count) => {
    if (!context.look.complete && 'intId' in action) {
      return judgeRoute(context, owners, action.intId, count);
    }
    for (const intId of all) {
      const violation = judgeRoute(context, owners, intId, count);
      if (violation !== null) return violation;
    }
    return null;
  });
  return { ...monitor, kinds: ROUTE_KINDS };
}

/** What keeps EL2 from taking an INTID on a core, in words; null where nothing does. */
function findTakeFault(
  context: Context,
  owners: ReadonlyMap<number, readonly number[]>,
  core: number,
  intId: number,
): string | null {
  const { plan, machine } = context;
  const line = machine.gic.lines[intId - plan.spiFirst];
  if (line === undefined) return 'is no line';
  if (!line.pending) return 'was not pending';
  if (!line.enabled) return 'was disabled';
  if (line.active) return 'was active';
  if (line.core !== core) return `was routed to core ${line.core}`;
  const self = getRunningResident(plan, machine, core)?.partition ?? NONE;
  const all = owners.get(intId) ?? [];
  if (all.includes(self)) return null;
  const owner = all.map((one) => name(context, one)).join(' and ');
  return `belongs to ${owner === '' ? 'nobody' : owner}, and ${name(context, self)} ran there`;
}

/** Judges an interrupt that is taken by the state before that. */
function watchTakes(context: Context): Monitor {
  const owners = listOwners(context.configuration);
  let fault: string | null = null;
  return {
    ...watchEachStep((action, outcome, count) => {
      if (action.kind !== 'interrupt-take' || outcome !== 'DONE') return null;
      count();
      if (fault === null) return null;
      const { core, intId } = action;
      return {
        property: 'irq.taken',
        message: `EL2 took INTID ${intId} on core ${core}, which ${fault}`,
        witness: { core, intId },
        at: ['config', 'partitions'],
        related: [],
      };
    }),
    kinds: ['interrupt-take'],
    before: (action) => {
      if (action.kind !== 'interrupt-take') return;
      fault = findTakeFault(context, owners, action.core, action.intId);
    },
  };
}

function hasLines(plan: Plan): boolean {
  return plan.routes.some(({ partition }) => partition >= 0);
}

function hasDoorbells(plan: Plan): boolean {
  return plan.partitions.some(({ doorbells }) => doorbells.length > 0);
}

/** Whoever runs before the step rings: its receiver may be live on the core after it. */
function watchDoorbells(context: Context): Monitor {
  const { plan, machine, configuration } = context;
  let from = NONE;
  const monitor = watchEachStep((action, outcome, count) => {
    if (action.kind !== 'notify' || outcome !== 'DONE') return null;
    count();
    const declared = configuration.channels.flatMap(({ notify }) =>
      notify.filter((one) => one.from === from),
    );
    if (action.doorbell < declared.length) return null;
    const partition = name(context, from);
    return {
      property: 'channel.doorbell',
      message: `${partition} rings doorbell ${action.doorbell}; it has ${declared.length}`,
      witness: { partition, doorbell: action.doorbell },
      at: ['config', 'channels'],
      related: [],
    };
  });
  return {
    ...monitor,
    kinds: ['notify'],
    before: (action) => {
      if (action.kind !== 'notify') return;
      from = getLoadedResident(plan, machine, action.core)?.partition ?? NONE;
    },
  };
}

/** Properties of interrupt routing. */
export const INTERRUPT_PROPERTIES: readonly Property[] = [
  {
    id: 'irq.delivered',
    statement: 'A list register holds only lines of the partition that is live on its core.',
    source: 'GICv3, ICH_LR<n>_EL2; each interrupt has exactly one partition',
    example: 'list registers not emptied on a world switch',
    appliesTo: hasLines,
    watch: (context) => watchListRegisters(context, 'irq.delivered', checkOwn),
  },
  {
    id: 'irq.agreed',
    statement:
      'A list register is pending or active as its line is, and has its HW bit and target.',
    source: 'GICv3, ICH_LR<n>_EL2.State and HW',
    example: 'an end of interrupt that leaves the list register active',
    appliesTo: hasLines,
    watch: (context) => watchListRegisters(context, 'irq.agreed', checkAgreed),
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
    id: 'irq.taken',
    statement:
      'An interrupt that EL2 takes was pending, enabled and not active, routed to the core, ' +
      'and owned by who runs there.',
    source: 'GICv3, ICC_IAR1_EL1; lines of whoever does not run are masked',
    example: 'lines of all partitions of a core that stay unmasked across a world switch',
    appliesTo: hasLines,
    watch: watchTakes,
  },
  {
    id: 'channel.doorbell',
    statement: 'A partition rings only doorbells that a channel declares for it.',
    source: 'the only flows between partitions are the declared channels',
    example: 'a doorbell number that is looked up in the receiver’s table',
    appliesTo: hasDoorbells,
    watch: watchDoorbells,
  },
];
