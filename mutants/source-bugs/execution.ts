/**
 * Bugs of the world switch, the calls of partitions, and boot.
 */

import type { SourceBug } from '../source-bug.ts';

const SWITCH = {
  component: 'world-switch',
  file: 'model/world-switch.ts',
  property: 'noninterference.registers',
  claims: ['noninterference'],
} as const;

const SWITCH_BUGS: readonly SourceBug[] = [
  {
    ...SWITCH,
    name: 'a world switch forgets the first class of registers',
    row: 'LEAK-03',
    find: `  for (let index = 0; index < REGISTERS.length; index += 1) {
    if (REGISTERS[index]?.treatment !== 'switched') continue;
    state.registers[index] =`,
    replace: `  for (let index = 1; index < REGISTERS.length; index += 1) {
    if (REGISTERS[index]?.treatment !== 'switched') continue;
    state.registers[index] =`,
    breaks: 'A partition reads a register of the one before.',
  },
  {
    ...SWITCH,
    name: 'registers are saved to the virtual CPU that comes',
    row: 'LEAK-03',
    find: 'saveRegisters(machine, core, leaving.partition, leaving.vcpu);',
    replace: 'saveRegisters(machine, core, coming?.partition ?? NONE, coming?.vcpu ?? NONE);',
    breaks: 'A partition goes on with the registers of the one before.',
  },
  {
    ...SWITCH,
    name: 'a world switch restores no value',
    row: 'LEAK-03',
    find: '    state.registers[index] = home.saved[index] ?? 0;\n',
    replace: '',
    breaks: 'A partition reads the registers of the one before.',
    property: 'noninterference.local-respect',
  },
  {
    ...SWITCH,
    file: 'model/execution.ts',
    name: 'a partition executes before its registers are restored',
    row: 'TOT-04',
    find: '  if (state.loaded !== state.running) return undefined;\n',
    replace: '',
    breaks: 'A partition reads and writes the registers of the one before.',
    configuration: 'burning',
  },
  {
    ...SWITCH,
    component: 'calls',
    file: 'model/calls.ts',
    name: 'trapped registers reach the hardware',
    row: 'LEAK-04',
    find: "  if (register.treatment === 'trapped') return 'REGISTER_TRAPPED';\n",
    replace: '',
    breaks: 'A register that no switch saves carries a value between partitions.',
  },
  {
    ...SWITCH,
    component: 'calls',
    file: 'model/calls.ts',
    name: 'constant registers can be written',
    row: 'LEAK-04',
    find: "    if (register.treatment === 'constant') return 'REGISTER_CONSTANT';\n",
    replace: '',
    breaks: 'A register that no switch saves carries a value between partitions.',
  },
];

const CALLS = {
  component: 'calls',
  file: 'model/calls.ts',
  property: 'noninterference.local-respect',
  claims: ['noninterference'],
} as const;

const CALL_BUGS: readonly SourceBug[] = [
  {
    ...CALLS,
    name: 'CPU_ON finds the virtual CPUs of the first partition',
    row: 'TOT-02',
    find: `  const target = machine.partitions[self.partition]?.vcpus[action.vcpu];
  const planned = plan.partitions[self.partition]?.vcpus[action.vcpu];`,
    replace: `  const target = machine.partitions[0]?.vcpus[action.vcpu];
  const planned = plan.partitions[0]?.vcpus[action.vcpu];`,
    breaks: 'A partition starts a virtual CPU of another, with cleared registers.',
  },
  {
    ...CALLS,
    name: 'a refused CPU_ON has cleared the registers already',
    row: 'TOT-03',
    find: `  if (target.on) return 'VCPU_ALREADY_ON';
  resetRegisters(target);
`,
    replace: `  resetRegisters(target);
  if (target.on) return 'VCPU_ALREADY_ON';
`,
    breaks: 'A refused call has an effect.',
    property: 'noninterference.refusal',
  },
  {
    ...CALLS,
    name: 'CPU_ON clears the core of its target whoever is on it',
    row: 'TOT-02',
    find: '  if (machine.cores[planned.core]?.loaded === planned.resident) {\n',
    replace: '  if (machine.cores[planned.core] !== undefined) {\n',
    breaks: 'A partition clears the registers of another.',
  },
  {
    ...CALLS,
    name: 'a reset clears its cores whoever is on them',
    row: 'IRQ-13',
    find: '    if (machine.cores[place.core]?.loaded === place.resident) {\n',
    replace: '    if (machine.cores[place.core] !== undefined) {\n',
    breaks: 'A partition clears the registers and list registers of another.',
  },
  {
    ...CALLS,
    name: 'a reset ends the activation of whoever runs',
    row: 'SCH-10',
    find: '    endActivation(machine, place.core, place.resident);\n',
    replace: `    endActivation(machine, place.core, machine.cores[place.core]?.running ?? NONE);
`,
    breaks: 'A partition makes another pay for a switch.',
    property: 'time.charge',
    claims: [],
  },
  {
    ...CALLS,
    name: 'a doorbell is looked up in the lists of all',
    row: 'SHM-01',
    find: 'const doorbell = plan.partitions[self.partition]?.doorbells[action.doorbell];\n',
    replace: `let doorbell = plan.partitions[self.partition]?.doorbells[action.doorbell];
  for (const other of plan.partitions) {
    doorbell ??= other.doorbells[action.doorbell];
  }
`,
    breaks: 'A partition rings a doorbell that no channel gives it.',
    property: 'channel.doorbell',
    claims: ['channel', 'noninterference'],
  },
  {
    ...CALLS,
    name: 'a reset maps memory anew with all rights',
    row: 'S2-14',
    find: '  state.resets += 1;\n',
    replace: `  state.resets += 1;
  for (const entry of machine.stage2[partition] ?? []) {
    entry.write = true;
  }
`,
    breaks: 'A partition that resets itself may write to all that it sees.',
    property: 'seal.constant',
    claims: ['seal', 'memory'],
  },
  {
    ...CALLS,
    name: 'a reset clears the virtual lines of every partition',
    row: 'IRQ-13',
    find: '  state.resets += 1;\n',
    replace: `  state.resets += 1;
  for (const other of machine.partitions) {
    for (const line of other.lines) {
      line.enabled = false;
    }
  }
`,
    breaks: 'A partition that resets itself silences the interrupts of others.',
  },
  {
    ...CALLS,
    name: 'a reset keeps the saved registers',
    row: 'LEAK-05',
    find: '  resetRegisters(vcpu);\n  for',
    replace: '  for',
    breaks: 'A partition starts again with old registers and an old timer.',
    property: 'cpu.start',
    claims: [],
  },
];

const BOOT = { component: 'boot', file: 'model/boot.ts', claims: ['seal'] } as const;

const BOOT_BUGS: readonly SourceBug[] = [
  {
    ...BOOT,
    name: 'a boot step that fails counts as done',
    row: 'DMA-13',
    find: `    machine.boot.failed = true;
`,
    replace: `    machine.boot.steps[action.core] = done + 1;
`,
    breaks: 'Boot goes on although the SMMU or the tables are not programmed.',
    property: 'dma.before-live',
    claims: ['seal', 'dma'],
  },
  {
    ...BOOT,
    name: 'a failure of a core that does not lead is forgotten',
    row: 'IMM-06',
    find: 'machine.boot.failed = true;',
    replace: 'machine.boot.failed = action.core === plan.bootCore;',
    breaks: 'Partitions run although the setup of a core has failed.',
    property: 'seal.failure',
  },
  {
    ...BOOT,
    name: 'the first core that seals lets partitions run',
    row: 'IMM-06',
    find: 'machine.boot.steps[core] !== BOOT_SEALED) return;',
    replace: 'machine.boot.steps[core] === BOOT_SEALED) break;',
    breaks: 'Partitions run while other cores are not set up.',
    property: 'time.grid',
  },
  {
    ...BOOT,
    name: 'a core may boot ahead of the boot core',
    row: 'DMA-02',
    find: '  if (action.core !== plan.bootCore && leader <= done) return',
    replace: '  if (action.core !== plan.bootCore && leader < 0) return',
    breaks: 'A core enters a step whose shared tables are not programmed yet.',
    property: 'seal.shape',
  },
  {
    ...BOOT,
    name: 'a core that has sealed boots on',
    row: 'IMM-02',
    find: "  if (done === BOOT_SEALED) return 'ALREADY_SEALED';\n",
    replace: '',
    breaks: 'A boot action is accepted after the seal.',
    property: 'seal.shape',
  },
  {
    ...BOOT,
    name: 'a boot step may fail after the seal',
    row: 'IMM-01',
    find: `  if (done === BOOT_SEALED) return 'ALREADY_SEALED';
  if (action.core !== plan.bootCore && leader <= done) return 'BOOT_OUT_OF_ORDER';
  if (action.fails) {
    machine.boot.failed = true;
    return 'DONE';
  }
`,
    replace: `  if (action.fails) {
    machine.boot.failed = true;
    return 'DONE';
  }
  if (done === BOOT_SEALED) return 'ALREADY_SEALED';
  if (action.core !== plan.bootCore && leader <= done) return 'BOOT_OUT_OF_ORDER';
`,
    breaks: 'Partitions stop because a boot action is accepted after the seal.',
    property: 'seal.shape',
  },
  {
    ...BOOT,
    file: 'model/execution.ts',
    name: 'partitions execute before the seal',
    row: 'IMM-06',
    find: "  if (!machine.boot.sealed) return 'NOT_SEALED';\n",
    replace: '',
    breaks: 'Nothing but the scheduler keeps a partition from running before the seal.',
    property: null,
    unseen: 'the scheduler starts nobody before the seal: of two guards one is left',
  },
];

/** Bugs of who executes, and from when. */
export const EXECUTION_BUGS = [...SWITCH_BUGS, ...CALL_BUGS, ...BOOT_BUGS];
