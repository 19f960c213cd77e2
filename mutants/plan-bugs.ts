/**
 * Plan bugs: changes of the text that compiles a configuration into the tables that boot programs.
 *
 * Boot and every step follow the wrong plan, and whoever judges them has the right one.
 */

import type { SourceBug } from './source-bug.ts';

/** A bug of the plan. */
export type PlanBug = Omit<SourceBug, 'component' | 'claims'>;

const PLAN = { file: 'model/plan.ts' } as const;

/** Every seeded bug of the plan. */
export const PLAN_BUGS: readonly PlanBug[] = [
  {
    ...PLAN,
    name: 'each mapping has a page too many',
    row: 'RNG-10',
    find: '    size: pages.size,\n',
    replace: '    size: pages.size + PAGE_SIZE,\n',
    breaks: 'A partition reaches the page behind each of its regions.',
    property: 'memory.confined',
  },
  {
    ...PLAN,
    name: 'every end of a channel may write it',
    row: 'S2-14',
    find: '{ base: channel.pa, size: channel.size }, end.access,',
    replace:
      '{ base: channel.pa, size: channel.size }, { read: true, write: true, execute: false },',
    breaks: 'The receiver of a channel writes it.',
    property: 'memory.rights',
  },
  {
    ...PLAN,
    name: 'the page behind the doorbell of the ITS is mapped with it',
    row: 'S2-21',
    find: "{ base, size: PAGE_SIZE }, access, 'doorbell')",
    replace: "{ base, size: 2 * PAGE_SIZE }, access, 'doorbell')",
    breaks: 'A device writes to registers that are no doorbell.',
    property: 'seal.shape',
    configuration: 'small',
  },
  {
    ...PLAN,
    name: 'the control registers of the ITS are mapped for its doorbell',
    row: 'IRQ-18',
    find: 'const base = its.base + DOORBELL_OFFSET;',
    replace: 'const base = its.base;',
    breaks: 'A device writes to the control registers of the ITS.',
    property: 'seal.shape',
    configuration: 'small',
  },
  {
    ...PLAN,
    name: 'each partition has the doorbells of all',
    row: 'SHM-01',
    find: '        .filter((notify) => notify.from === index)\n',
    replace: '',
    breaks: 'A partition rings a doorbell that no channel gives it.',
    property: 'channel.doorbell',
    configuration: 'small',
  },
  {
    ...PLAN,
    name: 'a line goes to the first core of the board',
    row: 'IRQ-04',
    find: 'routes[index] = { intId: line.intId, partition, core };',
    replace: 'routes[index] = { intId: line.intId, partition, core: 0 };',
    breaks: 'A line goes to a core that its owner does not have.',
    property: 'irq.route',
  },
];
