/**
 * Bugs of translation, the TLB, the tables that boot builds, and the firewall.
 */

import type { SourceBug } from '../source-bug.ts';

const TRANSLATION = { component: 'translation', file: 'model/translation.ts' } as const;

const TRANSLATION_BUGS: readonly SourceBug[] = [
  {
    ...TRANSLATION,
    name: 'a walk checks no rights',
    row: 'S2-14',
    find: `    if (isCovering(entry, address)) {
      if (!isPermitted(entry, kind)) return { fault: 'PERMISSION', frame: 0, type: 0 };
`,
    replace: `    if (isCovering(entry, address)) {
`,
    breaks: 'A partition writes where its grant lets it read only.',
    property: 'memory.rights',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    name: 'a cached translation checks no rights',
    row: 'S2-14',
    find: `entry.page === page) {
      if (!isPermitted(entry, kind)) return { fault: 'PERMISSION', frame: 0, type: 0 };
`,
    replace: `entry.page === page) {
`,
    breaks: 'A partition writes through the TLB where its grant lets it read only.',
    property: 'memory.rights',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    name: 'a cache lookup ignores the VMID',
    row: 'S2-11',
    find: 'entry.valid && entry.vmid === vmid && entry.page === page',
    replace: 'entry.valid && entry.page === page',
    breaks: 'A partition is translated by an entry of who ran on the core before.',
    property: 'memory.confined',
    claims: ['memory', 'dma'],
    configuration: 'small',
  },
  {
    ...TRANSLATION,
    name: 'a run of entries covers one page too many',
    row: 'RNG-10',
    find: 'entry.ipa <= address && address < entry.ipa + entry.size',
    replace: 'entry.ipa <= address && address <= entry.ipa + entry.size',
    breaks: 'A partition reaches the page behind each of its regions.',
    property: 'memory.confined',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    name: 'an IPA is taken for a physical address',
    row: 'S2-02',
    find: 'return computePage(entry.pa + (address - entry.ipa));',
    replace: 'return computePage(address);',
    breaks: 'A partition reaches whatever lies in physical memory at its own addresses.',
    property: 'memory.confined',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    name: 'a walk rounds the frame up',
    row: 'RNG-10',
    find: 'return computePage(entry.pa + (address - entry.ipa));',
    replace: 'return computePage(entry.pa + (address - entry.ipa) + PAGE_SIZE - 1);',
    breaks: 'The last page of a region leads to the frame behind it.',
    property: 'memory.confined',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    name: 'a cached translation is always writable',
    row: 'S2-14',
    find: 'slot.write = entry.write;',
    replace: 'slot.write = true;',
    breaks: 'The TLB gives a right that the table does not.',
    property: 'memory.cached',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    name: 'a refilled cache slot keeps its old VMID',
    row: 'S2-06',
    find: '      slot.vmid = vmid;\n',
    replace: '',
    breaks: 'A translation of one partition is tagged as one of another.',
    property: 'memory.cached',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    name: 'the high bits of a physical address are ignored',
    row: 'S2-16',
    find: 'return computePage(entry.pa + (address - entry.ipa));',
    replace: 'return computePage((entry.pa + (address - entry.ipa)) % 2097152);',
    breaks: 'Two physical addresses name one page, of which a partition owns one.',
    property: 'memory.confined',
    claims: ['memory', 'dma'],
    configuration: 'small',
  },
  {
    ...TRANSLATION,
    file: 'model/bus.ts',
    name: 'an address that is not mapped goes to the host as it is',
    row: 'S2-24',
    find: `  const translation = translate(state.tlb, table, vmid, action.address, action.kind);
  if (translation.fault !== 'DONE') return translation.fault;
`,
    replace: `  let translation = translate(state.tlb, table, vmid, action.address, action.kind);
  if (translation.fault === 'PERMISSION') return translation.fault;
  if (translation.fault === 'PAGE_NOT_MAPPED') {
    if (!Number.isSafeInteger(action.address) || action.address < 0) return 'BAD_VALUE';
    translation = { fault: 'DONE', frame: computePage(action.address), type: 0 };
  }
`,
    breaks: 'A partition reaches whatever its grants leave out.',
    property: 'memory.confined',
    claims: ['memory'],
  },
  {
    ...TRANSLATION,
    component: 'tables',
    name: 'a table entry takes the read right for the write right',
    row: 'S2-14',
    find: 'write: mapping.write,',
    replace: 'write: mapping.read,',
    breaks: 'The end of a channel that may only read writes.',
    property: 'memory.rights',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    component: 'tables',
    name: 'each table entry is one page too long',
    row: 'RNG-10',
    find: 'size: mapping.size,',
    replace: 'size: mapping.size + PAGE_SIZE,',
    breaks: 'A partition reaches the frame behind each of its regions.',
    property: 'memory.confined',
    claims: ['memory', 'dma'],
  },
  {
    ...TRANSLATION,
    component: 'tables',
    name: 'the doorbell page is mapped as memory',
    row: 'S2-19',
    find: "  if (mapping.type === 'doorbell') return TYPE_DOORBELL;\n",
    replace: '',
    breaks: 'A device writes to registers of the ITS as if they were memory.',
    property: 'dma.confined',
    claims: ['dma'],
  },
  {
    ...TRANSLATION,
    component: 'tables',
    name: 'device windows are mapped as memory',
    row: 'S2-19',
    find: "  if (mapping.type === 'device') return TYPE_DEVICE;\n",
    replace: '',
    breaks: 'Device registers are mapped as cacheable memory.',
    property: 'seal.shape',
    claims: ['memory'],
  },
];

const BUILD_BUGS: readonly SourceBug[] = [
  {
    component: 'tables',
    file: 'model/boot.ts',
    name: 'every table is built for the first partition',
    row: 'RNG-15',
    find: 'const planned = plan.partitions[partition];',
    replace: 'const planned = plan.partitions[0];',
    breaks: 'All partitions reach the memory of the first.',
    property: 'memory.confined',
    claims: ['memory', 'dma'],
  },
  {
    component: 'tables',
    file: 'model/boot.ts',
    name: 'the tables of devices are built from what cores reach',
    row: 'DMA-14',
    find: 'for (const mapping of planned.dma) {',
    replace: 'for (const mapping of planned.stage2) {',
    breaks: 'A device reaches the registers of devices.',
    property: 'dma.confined',
    claims: ['dma'],
  },
  {
    component: 'tables',
    file: 'model/bus.ts',
    name: 'a core walks the table of the first partition',
    row: 'S2-06',
    find: 'const table = machine.stage2[self.partition] ?? [];',
    replace: 'const table = machine.stage2[0] ?? [];',
    breaks: 'Another partition is translated by the table of the first.',
    property: 'memory.confined',
    claims: ['memory'],
  },
  {
    component: 'translation',
    file: 'model/bus.ts',
    name: 'a faulting access clears x0',
    row: 'TOT-03',
    find: "  if (translation.fault !== 'DONE') return translation.fault;\n",
    replace: `  if (translation.fault !== 'DONE') {
    state.registers[X0] = 0;
    return translation.fault;
  }
`,
    breaks: 'A refused access has an effect.',
    property: 'noninterference.refusal',
    claims: ['noninterference'],
  },
  {
    component: 'translation',
    file: 'model/bus.ts',
    name: 'a store runs over into the next frame',
    row: 'RNG-12',
    find: '    writeWord(machine.memory, frame, value, master);\n',
    replace: `    writeWord(machine.memory, frame, value, master);
    writeWord(machine.memory, frame + 1, value, master);
`,
    breaks: 'A store at the end of a region changes what lies behind it.',
    property: 'noninterference.memory',
    claims: ['memory', 'noninterference'],
    configuration: 'configs/imx95.yaml',
  },
  {
    component: 'translation',
    file: 'model/bus.ts',
    name: 'a load returns the word of the next frame',
    row: 'RNG-12',
    find: '  return readWord(machine.memory, frame);',
    replace: '  return readWord(machine.memory, frame + 1);',
    breaks: 'A load at the end of a region tells what lies behind it.',
    property: 'memory.word',
    claims: ['noninterference'],
  },
];

const FIREWALL_BUGS: readonly SourceBug[] = [
  {
    component: 'firewall',
    file: 'model/firewall.ts',
    name: 'a firewall grant includes its end',
    row: 'RNG-01',
    find: 'grant.pa <= address && address < grant.pa + grant.size',
    replace: 'grant.pa <= address && address <= grant.pa + grant.size',
    breaks: 'A core without EL2 reaches the page behind its region.',
    property: 'memory.confined',
    claims: ['memory', 'dma'],
    configuration: 'configs/imx95.yaml',
  },
  {
    component: 'firewall',
    file: 'model/firewall.ts',
    name: 'the firewall takes the read right for the write right',
    row: 'DMA-16',
    find: "if (kind === 'write' && grant.write) return true;",
    replace: "if (kind === 'write' && grant.read) return true;",
    breaks: 'A core without EL2 writes where its grant lets it read only.',
    property: 'memory.rights',
    claims: ['memory', 'dma'],
    configuration: 'small',
  },
  {
    component: 'firewall',
    file: 'model/bus.ts',
    name: 'the firewall does not see cores',
    row: 'DMA-16',
    find: "  if (!isGranted(plan, self.partition, address, kind)) return 'FIREWALL_DENIED';\n",
    replace: '',
    breaks: 'A core without EL2 reaches all of memory.',
    property: 'memory.confined',
    claims: ['memory'],
    configuration: 'configs/imx95.yaml',
  },
  {
    component: 'firewall',
    file: 'model/smmu.ts',
    name: 'the firewall does not see devices without a stream',
    row: 'DMA-16',
    find: `  const kind = action.write ? 'write' : 'read';
  if (!isGranted(plan, master.partition, action.address, kind)) return 'FIREWALL_DENIED';
`,
    replace: `  const kind = action.write ? 'write' : 'read';
`,
    breaks: 'A device without a stream reaches all of memory.',
    property: 'dma.confined',
    claims: ['dma'],
    configuration: 'small',
  },
];

/** Bugs of translation, tables and the firewall. */
export const MEMORY_BUGS = [...TRANSLATION_BUGS, ...BUILD_BUGS, ...FIREWALL_BUGS];
