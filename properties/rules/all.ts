/** All rules, in the order of areas. */

import { BANDWIDTH_RULES } from './bandwidth.ts';
import { CHANNEL_RULES } from './channel.ts';
import { CONFIGURATION_RULES } from './configuration.ts';
import { CPU_RULES } from './cpu.ts';
import { DEVICE_RULES } from './device.ts';
import { DMA_RULES } from './dma.ts';
import { HYPERVISOR_RULES } from './hypervisor.ts';
import { IRQ_RULES } from './irq.ts';
import { MEMORY_RULES } from './memory.ts';
import { RATE_RULES } from './rates.ts';
import type { Rule } from './rule.ts';
import { SLOT_RULES } from './slots.ts';
import { TASK_RULES } from './task.ts';

/** Every rule of `haven check`; codes are unique. */
export const RULES: readonly Rule[] = [
  ...CONFIGURATION_RULES,
  ...MEMORY_RULES,
  ...DEVICE_RULES,
  ...DMA_RULES,
  ...IRQ_RULES,
  ...RATE_RULES,
  ...CPU_RULES,
  ...SLOT_RULES,
  ...TASK_RULES,
  ...BANDWIDTH_RULES,
  ...CHANNEL_RULES,
  ...HYPERVISOR_RULES,
];
