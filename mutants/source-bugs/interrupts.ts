/**
 * Bugs of the GIC, the virtual GIC and the list registers.
 */

import type { SourceBug } from '../source-bug.ts';

const GIC = { component: 'gic', file: 'model/gic.ts', claims: ['irq'] } as const;

const GIC_BUGS: readonly SourceBug[] = [
  {
    ...GIC,
    name: 'EL2 takes lines of partitions that do not run',
    row: 'IRQ-01',
    find: "if (line.core !== action.core || line.owner !== self.partition) return 'NO_INTERRUPT';",
    replace: "if (line.core !== action.core) return 'NO_INTERRUPT';",
    breaks: 'Interrupts of one partition cost another time.',
    property: 'irq.taken',
  },
  {
    ...GIC,
    name: 'a wire drives the line beside it',
    row: 'IRQ-03',
    find: `  const line = machine.gic.lines[action.intId - plan.spiFirst];
  if (line === undefined) return 'NO_SUCH_LINE';
  if (action.kind`,
    replace: `  const line = machine.gic.lines[action.intId - plan.spiFirst + 1];
  if (line === undefined) return 'NO_SUCH_LINE';
  if (action.kind`,
    breaks: 'A device of one partition interrupts another.',
    property: 'noninterference.local-respect',
    claims: ['irq', 'noninterference'],
    configuration: 'beside',
  },
  {
    ...GIC,
    name: 'an event is looked up without its DeviceID',
    row: 'IRQ-08',
    find: 'entry.itsDeviceId !== itsDeviceId || ',
    replace: '',
    breaks: 'A device of one partition interrupts another.',
    property: 'noninterference.local-respect',
    claims: ['irq', 'noninterference'],
  },
  {
    ...GIC,
    file: 'model/boot.ts',
    name: 'every line is routed to the boot core',
    row: 'IRQ-04',
    find: 'line.core = route.core;',
    replace: 'line.core = plan.bootCore;',
    breaks: 'A line goes to a core that its owner does not have.',
    property: 'irq.route',
    claims: ['irq', 'seal'],
  },
  {
    ...GIC,
    file: 'model/boot.ts',
    name: 'boot leaves every line enabled',
    row: 'IRQ-12',
    find: 'line.enabled = false;',
    replace: 'line.enabled = true;',
    breaks: 'Lines that nobody owns are enabled.',
    property: 'irq.route',
    claims: ['irq', 'seal'],
  },
  {
    ...GIC,
    file: 'model/boot.ts',
    name: 'boot routes the first 32 lines alone',
    row: 'RNG-09',
    find: 'for (let index = 0; index < plan.routes.length; index += 1) {',
    replace: 'for (let index = 0; index < Math.min(plan.routes.length, 8); index += 1) {',
    breaks: 'Later lines keep what firmware has left.',
    property: 'seal.shape',
    claims: ['irq', 'seal'],
  },
  {
    ...GIC,
    name: 'an interrupt beyond the last line is looked at all the same',
    row: 'TOT-01',
    find: `  if (line === undefined) return 'NO_SUCH_LINE';
  if (action.kind === 'line-deassert') {
`,
    replace: `  if (action.kind === 'line-deassert') {
`,
    breaks: 'A number that names no line stops EL2.',
    property: 'seal.total',
  },
  {
    ...GIC,
    file: 'model/physical-lines.ts',
    name: 'a virtual line without a wire finds the physical line of its number',
    row: 'RNG-17',
    find: `  if (!line.physical || physical === undefined) return undefined;
  return physical.owner === partition ? physical : undefined;`,
    replace: '  return physical;',
    breaks: 'A partition enables a physical line that it does not own.',
    property: 'irq.route',
  },
];

const DISTRIBUTOR = {
  component: 'virtual-gic',
  file: 'model/virtual-gic.ts',
  claims: ['irq', 'noninterference'],
} as const;

const DISTRIBUTOR_BUGS: readonly SourceBug[] = [
  {
    ...DISTRIBUTOR,
    name: 'a route takes the number of a virtual CPU for that of a core',
    row: 'IRQ-04',
    find: 'physical.core = planned.core;',
    replace: 'physical.core = action.vcpu;',
    breaks: 'A partition routes its line to a core that it does not have.',
    property: 'irq.route',
    claims: ['irq'],
  },
  {
    ...DISTRIBUTOR,
    name: 'a route to a core behind the second wraps',
    row: 'IRQ-06',
    find: 'physical.core = planned.core;',
    replace: 'physical.core = planned.core % 2;',
    breaks: 'A partition routes its line to a core that it does not have.',
    property: 'irq.route',
    claims: ['irq'],
  },
  {
    ...DISTRIBUTOR,
    name: 'the set and the clear register of a line are swapped',
    row: 'IRQ-15',
    find: 'if (physical !== undefined) physical.enabled = enabled;',
    replace: 'if (physical !== undefined) physical.enabled = !enabled;',
    breaks: 'A line is enabled when its owner disables it.',
    property: 'irq.enable-forwarded',
    claims: ['irq'],
  },
  {
    ...DISTRIBUTOR,
    name: 'a line is routed anew while it is active',
    row: 'IRQ-19',
    find: "  if (line.active) return 'BAD_VALUE';\n",
    replace: '',
    breaks: 'The list register of the old core keeps an interrupt of another virtual CPU.',
    property: 'irq.agreed',
    claims: ['irq'],
  },
  {
    ...DISTRIBUTOR,
    name: 'shared lines below 64 count as private',
    row: 'IRQ-20',
    find: 'const vcpu = action.intId < PRIVATE_LINES ? self.vcpu : line.target;',
    replace: 'const vcpu = action.intId < 64 ? self.vcpu : line.target;',
    breaks: 'The list register of the target keeps what another virtual CPU has cleared.',
    property: 'irq.agreed',
    claims: ['irq'],
    configuration: 'small',
  },
  {
    ...DISTRIBUTOR,
    name: 'a line that becomes pending wakes its target only if it is disabled',
    row: 'SHM-03',
    find: `  line.pending = true;
  if (line.enabled) wake(plan, machine, partition, line.target);
`,
    replace: `  line.pending = true;
  if (!line.enabled) wake(plan, machine, partition, line.target);
`,
    breaks: 'The receiver of a signal goes on waiting although its interrupt is pending.',
    property: 'cpu.waiter-unsignalled',
    claims: ['irq'],
  },
  {
    ...DISTRIBUTOR,
    name: 'an SGI goes to every partition',
    row: 'IRQ-05',
    find: '  raisePrivateLine(plan, machine, self.partition, action.vcpu, action.intId);\n',
    replace: `  for (let partition = 0; partition < plan.partitions.length; partition += 1) {
    raisePrivateLine(plan, machine, partition, action.vcpu, action.intId);
  }
`,
    breaks: 'A partition interrupts another.',
    property: 'noninterference.local-respect',
  },
  {
    ...DISTRIBUTOR,
    file: 'model/list-registers.ts',
    name: 'the distributor finds lines of all partitions',
    row: 'IRQ-08',
    find: `  for (const line of state.lines) {
    if (line.intId === intId) return line;
  }
`,
    replace: `  for (const owner of machine.partitions) {
    for (const line of owner.lines) {
      if (line.intId === intId) return line;
    }
  }
`,
    breaks: 'A partition enables, routes and raises lines of another.',
    property: 'noninterference.local-respect',
  },
  {
    ...DISTRIBUTOR,
    name: 'a line that is cleared stays in its list register',
    row: 'IRQ-11',
    find: `  line.pending = false;
  retract(plan, machine, self.partition, vcpu, line);
`,
    replace: '  line.pending = false;\n',
    breaks: 'A list register holds an interrupt that is not pending.',
    property: 'irq.agreed',
    claims: ['irq'],
    configuration: 'small',
  },
  {
    ...DISTRIBUTOR,
    name: 'a line that is routed anew stays where it was',
    row: 'IRQ-07',
    find: '  retract(plan, machine, partition, line.target, line);\n',
    replace: '',
    breaks: 'A list register holds a line of another virtual CPU.',
    property: 'irq.agreed',
    claims: ['irq'],
  },
  {
    ...DISTRIBUTOR,
    name: 'an end-of-interrupt keeps its list register',
    row: 'IRQ-11',
    find: '  unloadLine(state, line.intId);\n  line.active = false;',
    replace: '  line.active = false;',
    breaks: 'A list register says that an ended interrupt is active.',
    property: 'irq.agreed',
    claims: ['irq'],
  },
  {
    ...DISTRIBUTOR,
    name: 'a virtual CPU ends the interrupt of another',
    row: 'IRQ-10',
    find: "line.target !== self.vcpu) return 'INTERRUPT_NOT_ACTIVE';",
    replace: "line.target < 0) return 'INTERRUPT_NOT_ACTIVE';",
    breaks: 'The list register of the other core keeps an interrupt that has ended.',
    property: 'irq.agreed',
    claims: ['irq'],
  },
  {
    ...DISTRIBUTOR,
    name: 'an end-of-interrupt keeps the physical line active',
    row: 'IRQ-16',
    find: `  line.active = false;
  releasePhysicalLine(plan, machine, self.partition, line);
`,
    replace: '  line.active = false;\n',
    breaks: 'The line never fires again.',
    property: 'irq.active-forwarded',
    claims: ['irq'],
  },
];

const LIST_REGISTER = {
  component: 'list-registers',
  file: 'model/list-registers.ts',
  property: 'irq.agreed',
  claims: ['irq'],
} as const;

const LIST_REGISTER_BUGS: readonly SourceBug[] = [
  {
    ...LIST_REGISTER,
    name: 'a list register that is emptied keeps its state',
    row: 'IRQ-12',
    find: `    register.state = LR_INVALID;
    register.intId = 0;`,
    replace: '    register.intId = 0;',
    breaks: 'A partition gets interrupts of the one before.',
  },
  {
    ...LIST_REGISTER,
    file: 'model/world-switch.ts',
    name: 'a world switch keeps what the list registers hold',
    row: 'IRQ-12',
    find: '  emptyListRegisters(machine, core);\n',
    replace: '',
    property: 'irq.delivered',
    breaks: 'A partition gets interrupts of the one before.',
    configuration: 'small',
  },
  {
    ...LIST_REGISTER,
    name: 'only the first list register is emptied',
    row: 'IRQ-13',
    find: `    register.physical = false;
  }
`,
    replace: `    register.physical = false;
    break;
  }
`,
    breaks: 'A partition gets interrupts of the one before.',
  },
  {
    ...LIST_REGISTER,
    name: 'a line is loaded although a list register holds it',
    row: 'IRQ-11',
    find: "    else if (register.intId === line.intId) return 'DONE';\n",
    replace: '',
    property: 'irq.listed-once',
    breaks: 'Two list registers hold one interrupt, which the GIC forbids.',
  },
  {
    ...LIST_REGISTER,
    name: 'every list register has the HW bit',
    row: 'IRQ-10',
    find: 'free.physical = line.physical;',
    replace: 'free.physical = true;',
    breaks: 'The end of a virtual interrupt deactivates a physical one.',
  },
  {
    ...LIST_REGISTER,
    file: 'model/virtual-gic.ts',
    name: 'a fill loads lines of the partition’s other virtual CPUs',
    row: 'IRQ-04',
    find: "line.target !== self.vcpu) return 'LINE_NOT_OWNED';",
    replace: "line.target < 0) return 'LINE_NOT_OWNED';",
    breaks: 'A virtual CPU gets an interrupt that another shall take.',
  },
  {
    ...LIST_REGISTER,
    file: 'model/virtual-gic.ts',
    name: 'a fill loads lines that are not pending',
    row: 'IRQ-11',
    find: "  if (!line.active && !(line.pending && line.enabled)) return 'NO_INTERRUPT';\n",
    replace: '',
    breaks: 'A partition gets interrupts that nothing has raised.',
  },
  {
    ...LIST_REGISTER,
    file: 'model/virtual-gic.ts',
    name: 'a fill takes a line that is pending for one that is not',
    row: 'SHM-03',
    find: 'if (!line.active && !(line.pending && line.enabled)) return',
    replace: 'if (!line.active && line.pending && line.enabled) return',
    breaks: 'The signal of a channel is lost, and the receiver gets one that nobody has sent.',
  },
  {
    ...LIST_REGISTER,
    file: 'model/virtual-gic.ts',
    name: 'a fill loads lines that are disabled',
    row: null,
    find: '(line.pending && line.enabled)) return',
    replace: 'line.pending) return',
    breaks: 'A partition gets interrupts that it has disabled.',
  },
  {
    ...LIST_REGISTER,
    file: 'model/virtual-gic.ts',
    name: 'an acknowledged line is not active',
    row: 'IRQ-11',
    find: '  line.active = true;\n',
    replace: '',
    breaks: 'A list register says that a line is active that is not.',
  },
];

/** Bugs of interrupts. */
export const INTERRUPT_BUGS = [...GIC_BUGS, ...DISTRIBUTOR_BUGS, ...LIST_REGISTER_BUGS];
