/** CFG: the configuration as a whole. What cannot even be read is reported by the reader. */

import { defineRule, type Rule } from './rule.ts';

/** Exclusive end of VMIDs: 16 bits (VTCR_EL2.VS, ID_AA64MMFR1_EL1.VMIDBits of Cortex-A55). */
const VMID_END = 2 ** 16;

const configurationEmpty = defineRule({
  code: 'CFG-NO-PARTITIONS',
  title: 'Validate that there is a partition.',
  reason: 'Every claim about partitions would hold of nothing.',
  source: 'Vacuous truth is no argument',
  example: { before: 'partitions: []', after: 'partitions: [{ name: linux, … }]' },
  *violations({ configuration }) {
    if (configuration.partitions.length > 0) return;
    yield {
      message: 'the configuration has no partition: expected at least one, found none',
      help: 'describe a partition',
      at: ['config', 'partitions'],
    };
  },
});

const vmidRange = defineRule({
  code: 'CFG-VMID-RANGE',
  title: 'Validate that every VMID is from 1 to 65535.',
  reason: 'VMID 0 is what the registers hold before boot has set them; larger ones are cut.',
  source: 'Arm ARM DDI 0487, VTTBR_EL2.VMID, 16 bits',
  example: { before: 'vmid: 0', after: 'vmid: 1' },
  *violations({ configuration }) {
    for (const [index, { name, vmid }] of configuration.partitions.entries()) {
      if (vmid >= 1 && vmid < VMID_END) continue;
      yield {
        message: `VMID of ${name} is out of range: expected [1, ${VMID_END}), found ${vmid}`,
        help: 'choose another number',
        at: ['config', 'partitions', index, 'vmid'],
      };
    }
  },
});

const vmidTwice = defineRule({
  code: 'CFG-VMID-TWICE',
  title: 'Validate that no two partitions have one VMID.',
  reason: 'The TLB keeps translations by VMID: one partition uses those of the other.',
  source: 'Arm ARM DDI 0487, TLB matching; stale translations with equal VMIDs seen on QEMU',
  example: { before: 'linux vmid: 1, rtos vmid: 1', after: 'linux vmid: 1, rtos vmid: 2' },
  *violations({ configuration }) {
    const seen = new Map<number, { name: string; index: number }>();
    for (const [index, { name, vmid }] of configuration.partitions.entries()) {
      const first = seen.get(vmid);
      if (first === undefined) {
        seen.set(vmid, { name, index });
        continue;
      }
      yield {
        message: `${first.name} and ${name} both have VMID ${vmid}: expected different ones`,
        help: 'choose another number for one of them',
        at: ['config', 'partitions', index, 'vmid'],
        related: [
          {
            message: `${first.name} has it here`,
            at: ['config', 'partitions', first.index, 'vmid'],
          },
        ],
      };
    }
  },
});

/** The rules of area CFG. */
export const CONFIGURATION_RULES: readonly Rule[] = [configurationEmpty, vmidRange, vmidTwice];
