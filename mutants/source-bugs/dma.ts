/**
 * Bugs of the SMMU: streams, its table at boot, the IOTLB and requests in flight.
 */

import type { SourceBug } from '../source-bug.ts';

const SMMU = { component: 'smmu', file: 'model/smmu.ts', claims: ['dma'] } as const;

/** Bugs of the SMMU. */
export const DMA_BUGS: readonly SourceBug[] = [
  {
    ...SMMU,
    name: 'streams without an entry bypass',
    row: 'DMA-01',
    find: "if (index === NONE) return { fault: 'STREAM_UNKNOWN', frame: 0, type: 0 };",
    replace: "if (index === NONE) return { fault: 'DONE', frame: computePage(address), type: 0 };",
    breaks: 'A device that nobody owns reaches all of memory.',
    property: 'dma.unknown-aborts',
  },
  {
    ...SMMU,
    name: 'a fault of a stream is ignored',
    row: 'TOT-05',
    find: `  if (passage.fault !== 'DONE') return passage.fault;
  if (passage.type === TYPE_DOORBELL) {`,
    replace: '  if (passage.type === TYPE_DOORBELL) {',
    breaks: 'A request that faults goes to the first frame of memory.',
    property: 'dma.confined',
  },
  {
    ...SMMU,
    name: 'every request in flight is a write',
    row: 'S2-14',
    find: 'request.write = write;',
    replace: 'request.write = true;',
    breaks: 'A device writes where its owner may only read.',
    property: 'dma.confined',
  },
  {
    ...SMMU,
    name: 'a request in flight is overwritten by the next',
    row: 'DMA-08',
    find: '    if (request.busy) continue;\n',
    replace: '',
    breaks: 'A device of one partition destroys a request of another’s.',
    property: 'noninterference.local-respect',
    claims: ['dma', 'noninterference'],
  },
  {
    ...SMMU,
    name: 'IOTLB entries are tagged with the VMID of the first partition',
    row: 'S2-06',
    find: `const vmid = plan.partitions[entry.table]?.vmid ?? 0;
  return fillCache`,
    replace: `const vmid = plan.partitions[0]?.vmid ?? 0;
  return fillCache`,
    breaks: 'The IOTLB translates requests of one partition for another.',
    property: 'dma.cached',
  },
  {
    ...SMMU,
    name: 'a message is looked up by the DeviceID of the first stream',
    row: 'IRQ-09',
    find: 'plan.streams[index]?.itsDeviceId ?? NONE, action.event);',
    replace: 'plan.streams[0]?.itsDeviceId ?? NONE, action.event);',
    breaks: 'A device of one partition interrupts another.',
    property: 'noninterference.local-respect',
    claims: ['irq', 'noninterference'],
  },
  {
    ...SMMU,
    name: 'every stream walks the table of the first partition',
    row: 'DMA-06',
    find: 'const table = machine.smmu.tables[entry.table] ?? [];',
    replace: 'const table = machine.smmu.tables[0] ?? [];',
    breaks: 'A device reaches the memory of another partition.',
    property: 'dma.confined',
  },
  {
    ...SMMU,
    name: 'a stream is looked up by the low bits of its number',
    row: 'DMA-04',
    find: 'if (plan.streams[index]?.stream === stream) return index;',
    replace: 'if ((plan.streams[index]?.stream ?? NONE) % 8 === stream % 8) return index;',
    breaks: 'A device that nobody owns passes as one of a partition.',
    property: 'dma.unknown-aborts',
  },
  {
    ...SMMU,
    name: 'the SMMU walks tables without looking at the write right',
    row: 'DMA-12',
    find: `  const kind = write ? 'write' : 'read';
  return translate(`,
    replace: `  const kind = 'read';
  return translate(`,
    breaks: 'A device writes where its owner may only read.',
    property: 'dma.confined',
  },
  {
    ...SMMU,
    file: 'model/boot.ts',
    name: 'only the first stream entry is set to translate',
    row: 'DMA-03',
    find: '    entry.translate = true;\n',
    replace: '    if (index === 0) entry.translate = true;\n',
    breaks: 'Every stream but the first reaches all of memory.',
    property: 'dma.confined',
  },
  {
    ...SMMU,
    file: 'model/boot.ts',
    name: 'every stream entry names the first partition',
    row: 'DMA-06',
    find: 'entry.table = planned.partition;',
    replace: 'entry.table = 0;',
    breaks: 'All devices reach the memory of the first partition.',
    property: 'dma.confined',
  },
  {
    ...SMMU,
    file: 'model/boot.ts',
    name: 'stream entries keep the bypass that firmware left',
    row: 'DMA-15',
    find: '    entry.translate = true;\n',
    replace: '',
    breaks: 'Devices reach all of memory.',
    property: 'dma.confined',
  },
  {
    ...SMMU,
    file: 'model/boot.ts',
    name: 'streams pass while the SMMU is off',
    row: 'DMA-15',
    find: '  machine.smmu.abortWhenOff = true;\n',
    replace: '',
    breaks: 'Devices reach all of memory until the SMMU is enabled.',
    property: 'dma.before-live',
  },
  {
    ...SMMU,
    file: 'model/boot.ts',
    name: 'boot does not silence the streams that firmware left',
    row: 'DMA-15',
    find: '    silenceStreams(machine);\n',
    replace: '',
    breaks: 'Devices reach all of memory until their entries are written.',
    property: 'dma.before-live',
  },
  {
    ...SMMU,
    file: 'model/boot.ts',
    name: 'the SMMU is enabled before its table is written',
    row: 'DMA-02',
    find: '  const index = Math.floor(machine.boot.words / 2);\n',
    replace: `  machine.smmu.enabled = true;
  const index = Math.floor(machine.boot.words / 2);
`,
    breaks: 'A stream passes while other entries are not written yet.',
    property: 'dma.before-live',
  },
  {
    ...SMMU,
    file: 'model/boot.ts',
    name: 'the valid bit of a stream entry is written first',
    row: 'DMA-11',
    find: 'if (machine.boot.words % 2 === 0) {',
    replace: 'if (machine.boot.words % 2 === 1) {',
    breaks: 'An entry is valid before its table is named.',
    property: 'dma.streams-in-order',
  },
];
