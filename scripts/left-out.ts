/** Reservations whose delay is bounded by formulas alone, and why: said below the bounds. */

import type { StaticConfiguration } from '../model/configuration.ts';
import { createPlan } from '../model/plan.ts';
import { formatInteger } from '../report/duration.ts';
import { listLeftOut } from '../solver/induction/watched-delays.ts';
import type { LeftOut } from '../solver/induction/watched-delays.ts';

/** A sentence that begins with a space; nothing where the induction covers every reservation. */
export function describeLeftOut(configuration: StaticConfiguration): string {
  const plan = createPlan(configuration);
  const parts = listLeftOut(plan).map(({ core, index, reason }) => {
    const resident = plan.cores[core]?.residents[index];
    const name = configuration.partitions[resident?.partition ?? -1]?.name ?? '';
    const least = formatInteger(plan.blockingTicks + plan.overrunTicks);
    const reasons: Readonly<Record<LeftOut['reason'], string>> = {
      deadlines: 'by deadlines nobody is more urgent for good',
      'short-budget':
        `a budget of ${formatInteger(resident?.budget ?? 0)} ticks is no more than the ${least} ` +
        'that debt and one stay at EL2 can take, which leaves the whole core out',
      'long-response': 'its response is longer than its period',
    };
    return `${name} on core ${configuration.platform.cores[core]?.id ?? core} (${reasons[reason]})`;
  });
  if (parts.length === 0) return '';
  const all = parts.join(', ');
  return ` Not proved of the scheduler itself, by formulas alone: the delay of ${all}.`;
}
