/**
 * Seeded bugs: step functions that are wrong in one way each, for holding the properties against
 * them.
 *
 * They wrap the spec's own step from outside; the spec itself has no switch.
 */

import { transferWord } from '../model/bus.ts';
import { getRunningResident } from '../model/execution.ts';
import { BOOT_STAGE2 } from '../model/machine.ts';
import type { Machine } from '../model/machine.ts';
import { writeWord } from '../model/memory.ts';
import type { Plan } from '../model/plan.ts';
import { X0 } from '../model/registers.ts';
import { step } from '../model/step.ts';
import { computePage, isCovering } from '../model/translation.ts';
import { PAGE_SIZE } from '../model/units.ts';
import { raiseLine } from '../model/virtual-gic.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import { afterStep } from './seeded-bug.ts';
import type { SeededBug } from './seeded-bug.ts';
import { STATE_BUGS } from './seeded-state-bugs.ts';
import { TIME_BUGS } from './seeded-time-bugs.ts';

/** Changes the machine once, right after the boot core has built the tables. */
function afterTables(change: (plan: Plan, machine: Machine) => void): StepFunction {
  return (plan, machine, action) => {
    const before = machine.boot.steps[plan.bootCore];
    const outcome = step(plan, machine, action);
    const now = machine.boot.steps[plan.bootCore];
    if (before !== now && now === BOOT_STAGE2) change(plan, machine);
    return outcome;
  };
}

const stage2IgnoresRights = afterStep((plan, machine, action, outcome) => {
  if (outcome !== 'PERMISSION') return outcome;
  if (action.kind !== 'read' && action.kind !== 'write' && action.kind !== 'fetch') return outcome;
  const self = getRunningResident(plan, machine, action.core);
  const table = machine.stage2[self?.partition ?? -1] ?? [];
  const entry = table.find((one) => isCovering(one, action.address));
  if (self === undefined || entry === undefined) return outcome;
  const frame = computePage(entry.pa + action.address - entry.ipa);
  transferWord(machine, self.partition, false, frame, action.kind, action.value);
  return 'DONE';
});

const mapsOnePageTooFar = afterTables((_plan, machine) => {
  for (const table of machine.stage2) {
    const [first] = table;
    if (first !== undefined) first.size += PAGE_SIZE;
  }
});

const mapsHypervisor = afterTables((plan, machine) => {
  const [range] = plan.configuration.hypervisor.memory;
  const entry = machine.stage2[0]?.[0];
  if (range !== undefined && entry !== undefined) entry.pa = range.base;
});

const unmatchedStreamsBypass = afterStep((_plan, machine, action, outcome) => {
  if (outcome !== 'STREAM_UNKNOWN' || action.kind !== 'dma-issue') return outcome;
  const [request] = machine.smmu.inFlight;
  if (request === undefined) return outcome;
  request.busy = true;
  request.master = -1;
  request.frame = computePage(action.address);
  request.write = action.write;
  request.value = action.value;
  return 'DONE';
});

const streamWalksForeignTable: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  for (const entry of machine.smmu.streams) {
    if (entry.valid && entry.translate) entry.table = 1;
  }
  return outcome;
};

const tlbIgnoresVmid = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'tlb-fill' || outcome !== 'DONE') return outcome;
  const slot = machine.cores[action.core]?.tlb[action.slot];
  if (slot !== undefined)
    slot.vmid = plan.partitions.find(({ vmid }) => vmid !== slot.vmid)?.vmid ?? 0;
  return outcome;
});

const iotlbKeepsWrongFrame = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'iotlb-fill' || outcome !== 'DONE') return outcome;
  const slot = machine.smmu.iotlb[action.slot];
  if (slot !== undefined) slot.frame += 1;
  return outcome;
});

const enablesBeforeTables = afterTables((_plan, machine) => {
  machine.smmu.enabled = true;
  for (const entry of machine.smmu.streams) entry.valid = true;
});

const failureIsForgotten: StepFunction = (plan, machine, action) => {
  const { failed, sealed } = machine.boot;
  if (action.kind === 'boot' || !failed) return step(plan, machine, action);
  machine.boot.failed = false;
  machine.boot.sealed = true;
  const [core] = machine.cores;
  if (core !== undefined && core.loaded < 0) {
    core.loaded = 0;
    core.running = 0;
    const vcpu = machine.partitions[plan.cores[0]?.residents[0]?.partition ?? -1]?.vcpus[0];
    if (vcpu !== undefined) vcpu.on = true;
  }
  const outcome = step(plan, machine, action);
  machine.boot.failed = failed;
  machine.boot.sealed = sealed;
  return outcome;
};

const resetWidensRights = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'system-reset' || outcome !== 'DONE') return outcome;
  for (const table of machine.stage2) {
    for (const entry of table) entry.write = true;
  }
  return outcome;
});

const switchKeepsListRegisters: StepFunction = (plan, machine, action) => {
  const before = machine.cores.map(({ loaded, listRegisters }) => ({
    loaded,
    kept: { ...listRegisters[0] },
  }));
  const outcome = step(plan, machine, action);
  for (const [index, core] of machine.cores.entries()) {
    const old = before[index];
    const [register] = core.listRegisters;
    if (old === undefined || register === undefined || old.loaded === core.loaded) continue;
    if (old.loaded >= 0) Object.assign(register, old.kept);
  }
  return outcome;
};

const routeTakesVcpuForCore = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'distributor' || action.operation !== 'route') return outcome;
  const line = machine.gic.lines[action.intId - plan.spiFirst];
  if (outcome === 'DONE' && line !== undefined && line.owner >= 0) line.core = action.vcpu;
  return outcome;
});

/** EL2 takes whatever is routed to the core, whoever runs there. */
const takesForWhoDoesNotRun = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'interrupt-take' || outcome !== 'NO_INTERRUPT') return outcome;
  const line = machine.gic.lines[action.intId - plan.spiFirst];
  if (line === undefined || line.core !== action.core) return outcome;
  if (!line.pending || !line.enabled || line.active) return outcome;
  line.pending = false;
  line.active = true;
  raiseLine(plan, machine, line.owner, action.intId);
  return 'DONE';
});

const doorbellUnchecked = afterStep((_plan, _machine, action, outcome) =>
  action.kind === 'notify' && outcome === 'NO_SUCH_DOORBELL' ? 'DONE' : outcome,
);

const budgetIsRefunded = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes') return outcome;
  const core = machine.cores[action.core];
  for (const [index, resident] of (plan.cores[action.core]?.residents ?? []).entries()) {
    const account = core?.accounts[index];
    if (account !== undefined && !resident.dedicated) account.budget = resident.budget;
  }
  return outcome;
});

const periodStartsFromNow = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'section' || outcome !== 'DONE') return outcome;
  for (const account of machine.cores[action.core]?.accounts ?? []) {
    account.nextReplenishment += action.ticks;
  }
  return outcome;
});

const distributorReachesEverybody = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'distributor' || outcome !== 'LINE_NOT_OWNED') return outcome;
  for (const partition of machine.partitions) {
    for (const line of partition.lines) {
      if (line.intId === action.intId) line.enabled = true;
    }
  }
  return 'DONE';
});

const refusalLeavesTrace = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'read' || outcome !== 'PAGE_NOT_MAPPED') return outcome;
  const core = machine.cores[action.core];
  if (core !== undefined) core.registers[X0] = action.address;
  return outcome;
});

const bufferIsCopied = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'write' || outcome !== 'DONE') return outcome;
  const { master } = machine.bus;
  for (const [index, { stage2 }] of plan.partitions.entries()) {
    const [first] = stage2;
    if (index === master || first === undefined) continue;
    writeWord(machine.memory, computePage(first.pa), action.value, master);
  }
  return outcome;
});

const switchForgetsRegister: StepFunction = (plan, machine, action) => {
  const forgotten = 9;
  const before = machine.cores.map(({ loaded, registers, registerWriters }) => ({
    loaded,
    value: registers[forgotten] ?? 0,
    writer: registerWriters[forgotten] ?? -1,
  }));
  const outcome = step(plan, machine, action);
  for (const [index, core] of machine.cores.entries()) {
    const old = before[index];
    if (old === undefined || old.loaded === core.loaded) continue;
    core.registers[forgotten] = old.value;
    core.registerWriters[forgotten] = old.writer;
  }
  return outcome;
};

/** The labels are those of who comes, the values those of who left. */
const switchForgetsValues: StepFunction = (plan, machine, action) => {
  const before = machine.cores.map(({ loaded, registers }) => ({ loaded, kept: [...registers] }));
  const outcome = step(plan, machine, action);
  for (const [index, core] of machine.cores.entries()) {
    const old = before[index];
    if (old === undefined || old.loaded === core.loaded) continue;
    core.registers.splice(0, core.registers.length, ...old.kept);
  }
  return outcome;
};

/** A stand-in for an index that a partition chooses and nobody checks. */
const indexUnchecked: StepFunction = (plan, machine, action) => {
  if (action.kind === 'send-sgi' && action.intId === 16) throw new RangeError('index 16 of 16');
  return step(plan, machine, action);
};

const resetChargesOthers = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'system-reset' || outcome !== 'DONE') return outcome;
  for (const core of machine.cores) {
    const account = core.accounts[core.running];
    if (account !== undefined) account.activation = true;
  }
  return outcome;
});

const higherNeverThrottled: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  if (action.kind !== 'time-passes') return outcome;
  for (const [index, core] of machine.cores.entries()) {
    const [first] = core.accounts;
    const resident = plan.cores[index]?.residents[0];
    if (first === undefined || resident === undefined || resident.dedicated) continue;
    first.budget = Math.max(first.budget, resident.period);
  }
  return outcome;
};

/** Every seeded bug of the step function. */
export const SEEDED_BUGS: readonly SeededBug[] = [
  { name: 'stage 2 ignores rights', property: 'memory.rights', step: stage2IgnoresRights },
  { name: 'stage 2 maps one page too far', property: 'memory.confined', step: mapsOnePageTooFar },
  { name: 'hypervisor memory is mapped', property: 'memory.confined', step: mapsHypervisor },
  {
    name: 'unmatched streams bypass',
    property: 'dma.unknown-aborts',
    step: unmatchedStreamsBypass,
  },
  {
    name: 'streams walk another partition’s table',
    property: 'dma.confined',
    step: streamWalksForeignTable,
  },
  { name: 'TLB entries get the wrong VMID', property: 'memory.cached', step: tlbIgnoresVmid },
  { name: 'IOTLB holds the wrong frame', property: 'dma.cached', step: iotlbKeepsWrongFrame },
  {
    name: 'SMMU enabled before its tables',
    property: 'dma.before-live',
    step: enablesBeforeTables,
  },
  { name: 'a failed boot goes on', property: 'seal.entry', step: failureIsForgotten },
  { name: 'reset widens rights', property: 'seal.constant', step: resetWidensRights },
  {
    name: 'world switch keeps a list register',
    property: 'irq.delivered',
    step: switchKeepsListRegisters,
  },
  {
    name: 'a route takes a virtual CPU number for a core',
    property: 'irq.route',
    step: routeTakesVcpuForCore,
  },
  {
    name: 'EL2 takes lines of whoever does not run',
    property: 'irq.taken',
    step: takesForWhoDoesNotRun,
  },
  { name: 'doorbell numbers unchecked', property: 'channel.doorbell', step: doorbellUnchecked },
  { name: 'budget comes back at every event', property: 'time.budget', step: budgetIsRefunded },
  { name: 'period starts from now', property: 'time.grid', step: periodStartsFromNow },
  { name: 'a reset charges whoever runs', property: 'time.charge', step: resetChargesOthers },
  {
    name: 'the most urgent reservation is never throttled',
    property: 'time.delay',
    step: higherNeverThrottled,
  },
  {
    name: 'distributor reaches lines of others',
    property: 'noninterference.local-respect',
    step: distributorReachesEverybody,
  },
  {
    name: 'a refused read leaves its address in x0',
    property: 'noninterference.refusal',
    step: refusalLeavesTrace,
  },
  { name: 'a write is copied to others', property: 'noninterference.memory', step: bufferIsCopied },
  {
    name: 'world switch forgets tpidr',
    property: 'noninterference.registers',
    step: switchForgetsRegister,
  },
  {
    name: 'world switch restores labels of registers but not their values',
    property: 'noninterference.two-runs',
    step: switchForgetsValues,
  },
  { name: 'an SGI number unchecked', property: 'seal.total', step: indexUnchecked },
  ...STATE_BUGS,
  ...TIME_BUGS,
];
