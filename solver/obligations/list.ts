/** The one list of obligations: what is proved about a configuration. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Obligation } from '../obligation.ts';
import { listChannelObligations } from './channel.ts';
import { listConfigObligations } from './config.ts';
import { listCpuObligations } from './cpu.ts';
import { listDeviceObligations } from './device.ts';
import { listDmaObligations } from './dma.ts';
import { listHypervisorObligations } from './hypervisor.ts';
import { listIrqObligations } from './irq.ts';
import { listMemoryObligations } from './memory.ts';
import { listTimeObligations } from './time.ts';

/** Every obligation of a configuration, by area, in a fixed order; ids are unique. */
export function listObligations(configuration: StaticConfiguration): Obligation[] {
  const obligations = [
    ...listConfigObligations(configuration),
    ...listMemoryObligations(configuration),
    ...listDeviceObligations(configuration),
    ...listDmaObligations(configuration),
    ...listIrqObligations(configuration),
    ...listCpuObligations(configuration),
    ...listTimeObligations(configuration),
    ...listChannelObligations(configuration),
    ...listHypervisorObligations(configuration),
  ];
  return obligations.filter((obligation) => obligation !== null);
}
