/** Every claim that can be proved, for explanation; a configuration makes obligations of them. */

import { INDUCTION_CLAIMS } from './induction/claims.ts';
import { CHANNEL_CLAIMS } from './obligations/channel.ts';
import type { Claim } from './obligations/claim.ts';
import { CONFIG_CLAIMS } from './obligations/config.ts';
import { CPU_CLAIMS } from './obligations/cpu.ts';
import { DEVICE_CLAIMS } from './obligations/device.ts';
import { DMA_CLAIMS } from './obligations/dma.ts';
import { HYPERVISOR_CLAIMS } from './obligations/hypervisor.ts';
import { IRQ_CLAIMS } from './obligations/irq.ts';
import { MEMORY_CLAIMS } from './obligations/memory.ts';
import { TIME_CLAIMS } from './obligations/time-claims.ts';

/** Claims about the tables that boot builds from a configuration, in the order of proof. */
export const TABLE_CLAIMS: readonly Claim[] = [
  ...CONFIG_CLAIMS,
  ...MEMORY_CLAIMS,
  ...DEVICE_CLAIMS,
  ...DMA_CLAIMS,
  ...IRQ_CLAIMS,
  ...CPU_CLAIMS,
  ...TIME_CLAIMS,
  ...CHANNEL_CLAIMS,
  ...HYPERVISOR_CLAIMS,
];

/** All claims, those about every action of the spec last; ids are unique. */
export const CLAIMS: readonly Claim[] = [...TABLE_CLAIMS, ...INDUCTION_CLAIMS];
