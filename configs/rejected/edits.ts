/**
 * Edits: the defects of the rejected configurations, each one replacement away from `good.yaml`, or
 * from `good-table.yaml`, which has a table where the other one has budgets.
 *
 * `generate.ts` writes the files; a test holds that they are up to date, that each breaks its
 * rule at the edited line, and that every rule has one.
 */

/** One defect. */
export interface Edit {
  /** The rule that it breaks. */
  readonly code: string;
  /** Which of the two files it is in. */
  readonly in: 'config' | 'platform';
  /** The good configuration that is edited; default `good.yaml`. */
  readonly base?: 'good-table.yaml';
  /** Text of the good file, found there once. */
  readonly find: string;
  /** The edit replaces all up to this text, where it is more than `find`. */
  readonly upTo?: string;
  readonly replace: string;
  /** Text of the line that the finding names, where it is not the edited one. */
  readonly names?: string;
}

const LINUX_RAM =
  '      - { name: ram, ipa: 0x40000000, pa: 0x48000000, size: 512MiB, access: rwx }\n';
const RTOS_RAM = '{ name: ram, ipa: 0x40000000, pa: 0x70000000, size: 16MiB, access: rwx }';
const RTOS_SHARE = '{ core: 2, budget: 1ms, period: 5ms, priority: 2, max-delay: 9ms }';

/** One more memory of linux. */
function addMemory(entry: string): { find: string; replace: string } {
  return { find: LINUX_RAM, replace: `${LINUX_RAM}      - ${entry}\n` };
}

/** One rate of rtos, whose devices have lines 36, 39 and 40. */
function addRates(rates: string): { find: string; replace: string } {
  const before = '    entry: 0x40000000\n    tasks:\n';
  const after = `    entry: 0x40000000\n    interrupt-rates: [${rates}]\n    tasks:\n`;
  return { find: before, replace: after };
}

const RATE_EDITS: readonly Edit[] = [
  {
    code: 'IRQ-RATE-OWNER',
    in: 'config',
    ...addRates('{ irq: 33, distance: 1ms }'),
  },
  {
    code: 'IRQ-RATE-TWICE',
    in: 'config',
    ...addRates('{ irq: 40, distance: 1ms }, { irq: 40, distance: 2ms }'),
  },
  {
    code: 'IRQ-RATE-DISTANCE',
    in: 'config',
    ...addRates('{ irq: 40, distance: 0us }'),
  },
  {
    code: 'CPU-RATE-DEMAND',
    in: 'config',
    ...addRates('{ irq: 36, distance: 8us, jitter: 80us }'),
  },
  {
    code: 'CPU-LATENCY-LINE',
    in: 'config',
    find: '{ core: 4 }',
    replace: '{ core: 4, max-latency: 100us }',
  },
];

const SLOT_EDITS: readonly Edit[] = [
  {
    code: 'CPU-TABLE-OVERLAP',
    in: 'config',
    base: 'good-table.yaml',
    find: 'linux, start: 1ms',
    replace: 'linux, start: 0.5ms',
  },
  {
    code: 'CPU-TABLE-FRAME',
    in: 'config',
    base: 'good-table.yaml',
    find: 'start: 6ms, duration: 2ms',
    replace: 'start: 6ms, duration: 5ms',
  },
  {
    code: 'CPU-TABLE-PARTITION',
    in: 'config',
    base: 'good-table.yaml',
    find: '      - { partition: linux, start: 1ms, duration: 4ms }\n',
    replace: '',
    names: '{ core: 2, slack: true }',
  },
  {
    code: 'CPU-TABLE-SHORT',
    in: 'config',
    base: 'good-table.yaml',
    find: 'start: 0us, duration: 1ms',
    replace: 'start: 0us, duration: 8us',
  },
];

const BANDWIDTH_EDITS: readonly Edit[] = [
  {
    code: 'CPU-BANDWIDTH-CORE',
    in: 'config',
    base: 'good-table.yaml',
    find: '{ core: 3, accesses: 500',
    replace: '{ core: 2, accesses: 500',
  },
  {
    code: 'CPU-BANDWIDTH-RANGE',
    in: 'config',
    base: 'good-table.yaml',
    find: '{ core: 3, accesses: 500, period: 1ms, access-min: 50ns',
    replace: '{ core: 3, accesses: 500, period: 1ms, access-min: 201ns',
  },
  {
    code: 'CPU-BANDWIDTH-TOTAL',
    in: 'config',
    base: 'good-table.yaml',
    find: '{ core: 3, accesses: 500',
    replace: '{ core: 3, accesses: 501',
  },
  {
    code: 'CPU-BANDWIDTH-UNREGULATED',
    in: 'config',
    base: 'good-table.yaml',
    find: '  - { core: 3, accesses: 500, period: 1ms, access-min: 50ns, access-max: 200ns }\n',
    replace: '',
    names: '{ core: 3 }',
  },
  {
    code: 'CPU-TASK-ACCESSES',
    in: 'config',
    find: 'deadline: 40ms, priority: 2 }',
    replace: 'deadline: 40ms, priority: 2, accesses: 500 }',
  },
];

const CONFIGURATION_EDITS: readonly Edit[] = [
  {
    code: 'CFG-NO-PARTITIONS',
    in: 'config',
    find: 'partitions:\n  - name: linux',
    upTo: 'schedule:',
    replace: 'partitions: []\n',
  },
  { code: 'CFG-VMID-RANGE', in: 'config', find: 'vmid: 2', replace: 'vmid: 0' },
  { code: 'CFG-VMID-TWICE', in: 'config', find: 'vmid: 2', replace: 'vmid: 1' },
];

const MEMORY_EDITS: readonly Edit[] = [
  { code: 'MEM-OVERLAP', in: 'config', find: ', pa: 0x70000000', replace: ', pa: 0x67fff000' },
  {
    code: 'MEM-SELF-OVERLAP',
    in: 'config',
    ...addMemory('{ name: heap, ipa: 0x80000000, pa: 0x67fff000, size: 2MiB, access: rw }'),
  },
  {
    code: 'MEM-OVER-DEVICE',
    in: 'config',
    ...addMemory('{ name: log, ipa: 0x80000000, pa: 0x09040000, size: 4KiB, access: rw }'),
  },
  { code: 'MEM-THROUGH-CHANNEL', in: 'config', find: 'size: 16MiB', replace: 'size: 17MiB' },
  {
    code: 'MEM-EMPTY',
    in: 'config',
    ...addMemory('{ name: heap, ipa: 0x80000000, pa: 0x72000000, size: 0, access: rw }'),
  },
  { code: 'MEM-ALIGNMENT', in: 'config', find: ', pa: 0x70000000', replace: ', pa: 0x70000800' },
  {
    code: 'MEM-ADDRESS-SPACE',
    in: 'config',
    ...addMemory('{ name: heap, ipa: 0x7ffffff000, pa: 0x72000000, size: 8KiB, access: rw }'),
  },
  {
    code: 'MEM-OUTSIDE-RAM',
    in: 'config',
    ...addMemory('{ name: heap, ipa: 0x80000000, pa: 0xbffff000, size: 8KiB, access: rw }'),
  },
  {
    code: 'MEM-IPA-OVERLAP',
    in: 'config',
    find: 'linux, ipa: 0x70000000',
    replace: 'linux, ipa: 0x5ffff000',
  },
  {
    code: 'MEM-ACCESS',
    in: 'config',
    ...addMemory('{ name: heap, ipa: 0x80000000, pa: 0x72000000, size: 8KiB, access: w }'),
  },
  { code: 'MEM-ENTRY', in: 'config', find: 'entry: 0x40080000', replace: 'entry: 0x60000000' },
  {
    code: 'MEM-ENTRY-ALIGNMENT',
    in: 'config',
    find: 'entry: 0x40080000',
    replace: 'entry: 0x40080002',
  },
  { code: 'MEM-IDENTITY', in: 'config', find: 'ipa: 0x0, pa', replace: 'ipa: 0x1000, pa' },
  {
    code: 'MEM-FIREWALL-GRANULE',
    in: 'config',
    ...addMemory('{ name: heap, ipa: 0x80000000, pa: 0x800f8000, size: 32KiB, access: rw }'),
  },
  {
    code: 'MEM-BANKS-OVERLAP',
    in: 'platform',
    find: 'size: 2GiB }\n',
    replace: 'size: 2GiB }\n  - { name: more, base: 0xbff00000, size: 1GiB }\n',
  },
  {
    code: 'MEM-NONE',
    in: 'config',
    find: `memory:\n      - ${RTOS_RAM}`,
    replace: 'memory: []',
    names: 'name: rtos',
  },
];

const DEVICE_EDITS: readonly Edit[] = [
  {
    code: 'DEV-TWO-OWNERS',
    in: 'config',
    find: '[uart1, gpio, nic]',
    replace: '[uart1, gpio, nic, rtc]',
  },
  {
    code: 'DEV-SHARED-PAGE',
    in: 'platform',
    find: 'base: 0x09010000',
    replace: 'base: 0x09040800',
    names: 'devices: [uart1, gpio, nic]',
  },
  {
    code: 'DEV-UNOWNED-IN-PAGE',
    in: 'config',
    find: '[uart0, rtc, nvme]',
    replace: '[uart0, rtc, nvme, i2c0]',
  },
  {
    code: 'DEV-FIRMWARE',
    in: 'config',
    find: '[uart0, rtc, nvme]',
    replace: '[uart0, rtc, nvme, system-controller]',
  },
  {
    code: 'DEV-EMPTY-WINDOW',
    in: 'platform',
    find: 'base: 0x09010000, size: 2KiB',
    replace: 'base: 0x09010000, size: 0',
    names: 'devices: [uart0, rtc, nvme]',
  },
  {
    code: 'DEV-ADDRESS-SPACE',
    in: 'config',
    find: 'uart0, rtc,',
    replace: 'uart0, { name: rtc, ipa: 0x8000000000 },',
  },
  {
    code: 'DEV-IPA-ALIGNMENT',
    in: 'config',
    find: 'uart0, rtc,',
    replace: 'uart0, { name: rtc, ipa: 0x09010100 },',
  },
  {
    code: 'DEV-IDENTITY',
    in: 'config',
    find: 'can0',
    replace: '{ name: can0, ipa: 0x09110000 }',
  },
  {
    code: 'DEV-FIREWALL-GRANULE',
    in: 'platform',
    find: 'base: 0x09010000',
    replace: 'base: 0x09108000',
    names: 'devices: [can0]',
  },
  {
    code: 'DEV-IN-RAM',
    in: 'platform',
    find: 'base: 0x09010000',
    replace: 'base: 0x41000000',
    names: 'devices: [uart0, rtc, nvme]',
  },
];

const DMA_EDITS: readonly Edit[] = [
  {
    code: 'DMA-NO-STREAM',
    in: 'config',
    find: '[uart0, rtc, nvme]',
    replace: '[uart0, rtc, nvme, virtio8]',
  },
  { code: 'DMA-FIREWALL-ONLY', in: 'config', find: '[can0]', replace: '[can0, dma1]' },
  {
    code: 'DMA-NO-SMMU',
    in: 'platform',
    find: '{ kind: smmu-v3, base: 0x09500000, size: 128KiB, stream-id-bits: 16, irqs: [106] }',
    replace: 'none',
  },
  {
    code: 'DMA-STREAM-RANGE',
    in: 'platform',
    find: 'streams: [0x10, 0x11]',
    replace: 'streams: [0x10, 0x10000]',
  },
  {
    code: 'DMA-STREAM-SHARED',
    in: 'platform',
    find: 'streams: [0x10, 0x11]',
    replace: 'streams: [0x10, 0x8]',
  },
  {
    code: 'DMA-STREAM-UNOWNED',
    in: 'platform',
    find: 'streams: [0x20]',
    replace: 'streams: [0x11]',
  },
  {
    code: 'DMA-ITS-SHARED',
    in: 'platform',
    find: 'its-device-ids: [0x10]',
    replace: 'its-device-ids: [0x8]',
  },
];

const IRQ_EDITS: readonly Edit[] = [
  { code: 'IRQ-TWO-OWNERS', in: 'platform', find: 'irqs: [40]', replace: 'irqs: [33]' },
  { code: 'IRQ-RANGE', in: 'platform', find: 'irqs: [40]', replace: 'irqs: [31]' },
  { code: 'IRQ-HYPERVISOR', in: 'platform', find: 'irqs: [40]', replace: 'irqs: [106]' },
  { code: 'IRQ-NOTIFY-RANGE', in: 'config', find: 'irq: 200', replace: 'irq: 288' },
  { code: 'IRQ-NOTIFY-CLASH', in: 'config', find: 'irq: 200', replace: 'irq: 33' },
  {
    code: 'IRQ-NOTIFY-TWICE',
    in: 'config',
    find: '[{ from: rtos, to: linux, irq: 200 }]',
    replace: '[{ from: rtos, to: linux, irq: 200 }, { from: rtos, to: linux, irq: 200 }]',
  },
  { code: 'IRQ-NOTIFY-SELF', in: 'config', find: 'to: linux', replace: 'to: rtos' },
  { code: 'IRQ-NOTIFY-END', in: 'config', find: 'to: linux', replace: 'to: freertos' },
  {
    code: 'IRQ-NOTIFY-NO-EL2',
    in: 'config',
    find: 'freertos, ipa: 0x80100000, access: r }\n',
    replace:
      'freertos, ipa: 0x80100000, access: r }\n' +
      '    notify: [{ from: linux, to: freertos, irq: 201 }]\n',
  },
  { code: 'IRQ-CONTROLLER', in: 'platform', find: 'first: 32', replace: 'first: 16' },
  {
    code: 'IRQ-NO-ITS',
    in: 'platform',
    find: '  its: { base: 0x08080000, size: 128KiB }\n',
    replace: '',
    names: 'devices: [uart0, rtc, nvme]',
  },
];

const CPU_EDITS: readonly Edit[] = [
  {
    code: 'CPU-NONE',
    in: 'config',
    find: 'cpus:\n      - { core: 4 }',
    replace: 'cpus: []',
    names: 'name: freertos',
  },
  { code: 'CPU-CORE-TWICE', in: 'config', find: '{ core: 1 }', replace: '{ core: 0 }' },
  { code: 'CPU-WHOLE-SHARED', in: 'config', find: '{ core: 1 }', replace: '{ core: 3 }' },
  { code: 'CPU-FIRMWARE', in: 'config', find: '{ core: 4 }', replace: '{ core: 5 }' },
  {
    code: 'CPU-NO-EL2-SHARED',
    in: 'config',
    find: '{ core: 4 }',
    replace: '{ core: 4, budget: 1ms, period: 5ms, priority: 1 }',
  },
  {
    code: 'CPU-MIXED-CORES',
    in: 'config',
    find: '{ core: 1 }',
    replace: '{ core: 4 }',
  },
  { code: 'CPU-BUDGET-ZERO', in: 'config', find: 'budget: 1ms', replace: 'budget: 0ms' },
  { code: 'CPU-BUDGET-PERIOD', in: 'config', find: 'budget: 1ms', replace: 'budget: 6ms' },
  {
    code: 'CPU-PHASE',
    in: 'config',
    find: RTOS_SHARE,
    replace: '{ core: 2, budget: 1ms, period: 5ms, phase: 4.5ms, priority: 2, max-delay: 9ms }',
  },
  { code: 'CPU-TICKS', in: 'config', find: 'budget: 1ms', replace: 'budget: 1000010ns' },
  { code: 'CPU-OVERCOMMITTED', in: 'config', find: 'budget: 4ms', replace: 'budget: 8000016ns' },
  {
    code: 'CPU-PRIORITY-TWICE',
    in: 'config',
    find: 'priority: 2, max-delay',
    replace: 'priority: 1, max-delay',
  },
  { code: 'CPU-BUDGET-MINIMUM', in: 'config', find: 'budget: 1ms', replace: 'budget: 10us' },
  { code: 'CPU-DELAY-IMPOSSIBLE', in: 'config', find: 'max-delay: 9ms', replace: 'max-delay: 3ms' },
  {
    code: 'CPU-EDF-IDLE',
    in: 'config',
    find: '{ core: 2, policy: fp }',
    replace: '{ core: 2, policy: edf }',
  },
  {
    code: 'CPU-SCHEDULE-UNUSED',
    in: 'config',
    find: '{ core: 2, policy: fp }',
    replace: '{ core: 3, policy: fp }',
  },
  {
    code: 'CPU-ALONE',
    in: 'config',
    find: '      - { core: 2, budget: 4ms, period: 10ms, priority: 1 }\n',
    replace: '',
    names: RTOS_SHARE,
  },
  { code: 'CPU-AFFINITY-TWICE', in: 'platform', find: 'mpidr: 0x1', replace: 'mpidr: 0x0' },
  {
    code: 'CPU-TASK-CORE',
    in: 'config',
    find: 'control, core: 2',
    replace: 'control, core: 1',
  },
  { code: 'CPU-TASK-TIMING', in: 'config', find: 'deadline: 20ms', replace: 'deadline: 200us' },
  {
    code: 'CPU-TASK-OVERLOAD',
    in: 'config',
    find: 'monitor, core: 2, wcet: 100us',
    replace: 'monitor, core: 2, wcet: 8ms',
  },
  { code: 'CPU-TASK-PRIORITY', in: 'config', find: 'priority: 2 }', replace: 'priority: 3 }' },
];

const CHANNEL_EDITS: readonly Edit[] = [
  {
    code: 'CHN-ENDS',
    in: 'config',
    find: '      - { partition: freertos, ipa: 0x80100000, access: r }\n',
    replace: '',
    names: '      - { partition: linux, ipa: 0x71000000, access: rw }',
  },
  {
    code: 'CHN-END-TWICE',
    in: 'config',
    find: 'partition: freertos',
    replace: 'partition: linux',
  },
  { code: 'CHN-EMPTY', in: 'config', find: 'size: 64KiB', replace: 'size: 0' },
  { code: 'CHN-ALIGNMENT', in: 'config', find: 'size: 64KiB', replace: 'size: 65000' },
  {
    code: 'CHN-ADDRESS-SPACE',
    in: 'config',
    find: 'ipa: 0x50000000',
    replace: 'ipa: 0x7fffff8000',
  },
  {
    code: 'CHN-OUTSIDE-RAM',
    in: 'config',
    find: '    pa: 0x71000000\n',
    replace: '    pa: 0x3fff0000\n',
  },
  {
    code: 'CHN-OVERLAP',
    in: 'config',
    find: 'name: telemetry\n    pa: 0x71000000',
    replace: 'name: telemetry\n    pa: 0x70ff1000',
  },
  {
    code: 'CHN-DIRECTION',
    in: 'config',
    find: 'ipa: 0x50000000, access: rw',
    replace: 'ipa: 0x50000000, access: r',
  },
  {
    code: 'CHN-ACCESS',
    in: 'config',
    find: 'ipa: 0x70000000, access: r',
    replace: 'ipa: 0x70000000, access: x',
  },
  {
    code: 'CHN-EXECUTE',
    in: 'config',
    find: 'ipa: 0x70000000, access: r',
    replace: 'ipa: 0x70000000, access: rx',
  },
  {
    code: 'CHN-IDENTITY',
    in: 'config',
    find: 'ipa: 0x80100000',
    replace: 'ipa: 0x90000000',
  },
  {
    code: 'CHN-FIREWALL-GRANULE',
    in: 'config',
    find: `      - ${RTOS_RAM}\n`,
    replace:
      `      - ${RTOS_RAM}\n` +
      '      - { name: heap, ipa: 0x80000000, pa: 0x80108000, size: 32KiB, access: rw }\n',
  },
];

const HYPERVISOR_EDITS: readonly Edit[] = [
  { code: 'HYP-OVERLAP', in: 'config', find: ', pa: 0x48000000', replace: ', pa: 0x407ff000' },
  {
    code: 'HYP-REGISTERS',
    in: 'platform',
    find: 'base: 0x09010000',
    replace: 'base: 0x08110000',
    names: 'devices: [uart0, rtc, nvme]',
  },
  { code: 'HYP-FIRMWARE', in: 'config', find: ', pa: 0x70000000', replace: ', pa: 0xb3fff000' },
  {
    code: 'HYP-OWN-OVERLAP',
    in: 'config',
    find: 'base: 0x40200000',
    replace: 'base: 0x401ff000',
  },
  {
    code: 'HYP-NO-MEMORY',
    in: 'config',
    find: 'name: image, base: 0x40000000, size: 2MiB',
    replace: 'name: image, base: 0x40000000, size: 0',
  },
  {
    code: 'HYP-ALIGNMENT',
    in: 'config',
    find: 'base: 0x40000000, size: 2MiB',
    replace: 'base: 0x40000000, size: 2000000',
  },
  { code: 'HYP-OUTSIDE-RAM', in: 'config', find: 'base: 0x40000000', replace: 'base: 0x3ffff000' },
  { code: 'HYP-TABLES-TOO-SMALL', in: 'config', find: 'size: 6MiB', replace: 'size: 16KiB' },
  {
    code: 'HYP-NO-FIREWALL',
    in: 'platform',
    find:
      'firewall:\n  kind: trdc\n' +
      '  managers:\n    - { name: trdc, base: 0x0c000000, size: 64KiB }\n' +
      '  windows:\n    - { name: peripherals, base: 0x0, size: 1GiB, granule: 64KiB }\n' +
      '    - { name: ddr, base: 0x40000000, size: 2GiB, granule: 64KiB, regions: 16 }\n',
    replace: '',
    names: '{ core: 4 }',
  },
  {
    code: 'HYP-FIREWALL-UNKNOWN',
    in: 'platform',
    find:
      '  windows:\n    - { name: peripherals, base: 0x0, size: 1GiB, granule: 64KiB }\n' +
      '    - { name: ddr, base: 0x40000000, size: 2GiB, granule: 64KiB, regions: 16 }\n',
    replace: '',
    names: '{ core: 4 }',
  },
  {
    code: 'HYP-OUTSIDE-FIREWALL',
    in: 'platform',
    find: 'size: 2GiB, granule',
    replace: 'size: 1GiB, granule',
    names: '{ name: secure-world, base: 0xb0000000, size: 64MiB }',
  },
  { code: 'HYP-FIREWALL-REGIONS', in: 'platform', find: 'regions: 16', replace: 'regions: 1' },
  { code: 'HYP-REDISTRIBUTORS', in: 'platform', find: 'size: 512KiB', replace: 'size: 128KiB' },
  {
    code: 'HYP-DESCRIBED-TWICE',
    in: 'platform',
    find: 'base: 0x0b000000',
    replace: 'base: 0x08000000',
  },
];

/** Every defect, in the order of `RULES`. */
export const EDITS: readonly Edit[] = [
  ...CONFIGURATION_EDITS,
  ...MEMORY_EDITS,
  ...DEVICE_EDITS,
  ...DMA_EDITS,
  ...IRQ_EDITS,
  ...CPU_EDITS,
  ...RATE_EDITS,
  ...SLOT_EDITS,
  ...BANDWIDTH_EDITS,
  ...CHANNEL_EDITS,
  ...HYPERVISOR_EDITS,
];
