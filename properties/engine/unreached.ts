/**
 * Unreached: which actions a campaign never did and which refusals it never met, and of those that
 * the configuration makes impossible, why.
 */

import { ACTION_KINDS } from '../../model/actions.ts';
import type { ActionKind } from '../../model/actions.ts';
import type { Outcome, Refusal } from '../../model/outcome.ts';
import { DOORBELL_OFFSET } from '../../model/plan.ts';
import type { Mapping, Plan } from '../../model/plan.ts';

/** An action with an outcome that it never had. */
export interface Unreached {
  readonly action: ActionKind;
  readonly outcome: Outcome;
  /** Why no run can reach it, or why the search does not try; null where none is known. */
  readonly reason: string | null;
}

/** What keeps any guest action from being executed. */
const GUEST: readonly Refusal[] = [
  'NO_SUCH_CORE',
  'BOOT_FAILED',
  'NOT_SEALED',
  'CORE_AT_EL2',
  'CORE_IDLE',
  'VCPU_OFF',
  'VCPU_WAITING',
];

const ACCESS: readonly Refusal[] = [...GUEST, 'BAD_VALUE', 'PAGE_NOT_MAPPED', 'PERMISSION'];

const BUS: readonly Refusal[] = [
  'NO_SUCH_CORE',
  'CORE_HAS_EL2',
  'CORE_UNUSED',
  'BAD_VALUE',
  'FIREWALL_DENIED',
];

/** What each action can be refused with; the table of actions in `docs/spec.md` says the same. */
export const REFUSALS_OF: Readonly<Record<ActionKind, readonly Refusal[]>> = {
  boot: ['NO_SUCH_CORE', 'CORE_UNUSED', 'BOOT_FAILED', 'ALREADY_SEALED', 'BOOT_OUT_OF_ORDER'],
  read: ACCESS,
  write: ACCESS,
  fetch: ACCESS,
  'bus-read': BUS,
  'bus-write': BUS,
  'register-read': [...GUEST, 'NO_SUCH_REGISTER', 'REGISTER_TRAPPED'],
  'register-write': [
    ...GUEST,
    'NO_SUCH_REGISTER',
    'REGISTER_TRAPPED',
    'REGISTER_CONSTANT',
    'BAD_VALUE',
  ],
  'cpu-on': [...GUEST, 'NO_SUCH_VCPU', 'VCPU_ALREADY_ON'],
  'cpu-off': GUEST,
  'system-reset': GUEST,
  wait: GUEST,
  smc: [...GUEST, 'SMC_TRAPPED'],
  'unknown-call': [...GUEST, 'CALL_UNKNOWN'],
  notify: [...GUEST, 'NO_SUCH_DOORBELL'],
  section: [...GUEST, 'BAD_VALUE'],
  distributor: [...GUEST, 'LINE_NOT_OWNED', 'NO_SUCH_VCPU', 'BAD_VALUE'],
  'send-sgi': [...GUEST, 'NO_SUCH_LINE', 'NO_SUCH_VCPU'],
  'arm-timer': [...GUEST, 'BAD_VALUE'],
  'dma-issue': [
    'DEVICE_IN_RESET',
    'BAD_VALUE',
    'STREAM_UNKNOWN',
    'STREAM_ABORTED',
    'PAGE_NOT_MAPPED',
    'PERMISSION',
    'EVENT_UNKNOWN',
    'NO_SLOT_FREE',
  ],
  'bare-dma-issue': [
    'DEVICE_IN_RESET',
    'NO_SUCH_MASTER',
    'BAD_VALUE',
    'FIREWALL_DENIED',
    'NO_SLOT_FREE',
  ],
  'dma-complete': ['NO_SUCH_SLOT', 'SLOT_EMPTY'],
  'line-assert': ['NO_SUCH_LINE'],
  'line-deassert': ['NO_SUCH_LINE'],
  msi: [
    'DEVICE_IN_RESET',
    'NO_DOORBELL_TARGET',
    'STREAM_UNKNOWN',
    'STREAM_ABORTED',
    'PAGE_NOT_MAPPED',
    'EVENT_UNKNOWN',
  ],
  'interrupt-take': [
    'NO_SUCH_CORE',
    'NOT_SEALED',
    'CORE_AT_EL2',
    'CORE_IDLE',
    'NO_SUCH_LINE',
    'NO_INTERRUPT',
  ],
  'interrupt-acknowledge': [...GUEST, 'NO_INTERRUPT'],
  'interrupt-end': [...GUEST, 'LINE_NOT_OWNED', 'INTERRUPT_NOT_ACTIVE'],
  'list-register-spill': ['NO_SUCH_CORE', 'NO_SUCH_SLOT', 'CORE_IDLE', 'LIST_REGISTER_EMPTY'],
  'list-register-fill': [
    'NO_SUCH_CORE',
    'CORE_IDLE',
    'LINE_NOT_OWNED',
    'NO_INTERRUPT',
    'LIST_REGISTERS_FULL',
  ],
  'time-passes': ['NO_SUCH_CORE', 'NOT_SEALED', 'CORE_UNUSED', 'NO_TIME_PASSES'],
  'tlb-fill': ['NO_SUCH_CORE', 'NO_SUCH_SLOT', 'CORE_IDLE', 'PAGE_NOT_MAPPED'],
  'tlb-evict': ['NO_SUCH_CORE', 'NO_SUCH_SLOT'],
  'iotlb-fill': ['NO_SUCH_SLOT', 'STREAM_UNKNOWN', 'STREAM_ABORTED', 'PAGE_NOT_MAPPED'],
  'iotlb-evict': ['NO_SUCH_SLOT'],
};

/** How often each action had each outcome. */
type Outcomes = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** All that was never reached, in the order of the actions; `DONE` before the refusals. */
export function listUnreached(plan: Plan, outcomes: Outcomes): Unreached[] {
  return ACTION_KINDS.flatMap((action) =>
    (['DONE', ...REFUSALS_OF[action]] as const)
      .filter((outcome) => (outcomes[action]?.[outcome] ?? 0) === 0)
      .map((outcome) => ({ action, outcome, reason: explain(plan, action, outcome) })),
  );
}

/** Numbers that the search draws only from those that there are. */
const NEVER_DRAWN: Readonly<Partial<Record<Outcome, string>>> = {
  NO_SUCH_CORE: 'cores are drawn from those in use',
  NO_SUCH_SLOT: 'slots are drawn from those that there are',
  NO_SUCH_REGISTER: 'registers are drawn from those that there are',
};

/** Refusals of values that no drawn operand has. */
const ALWAYS_GOOD: readonly ActionKind[] = [
  'read',
  'write',
  'fetch',
  'bus-read',
  'bus-write',
  'register-write',
  'dma-issue',
  'bare-dma-issue',
];

/** Why an action never has an outcome; null where it may have it, or nobody knows. */
function explain(plan: Plan, action: ActionKind, outcome: Outcome): string | null {
  const missing = explainAction(plan, action, outcome);
  if (missing !== null) return missing;
  const never = NEVER_DRAWN[outcome];
  if (never !== undefined) return never;
  if (outcome === 'BAD_VALUE' && ALWAYS_GOOD.includes(action)) {
    return 'addresses and values are drawn from those that there are';
  }
  if (outcome === 'PERMISSION') return explainPermission(plan, action);
  if (outcome === 'VCPU_OFF' || outcome === 'VCPU_WAITING') {
    const burns = plan.cores.some(({ residents }) =>
      residents.some(({ idle, dedicated }) => !dedicated && idle === 'burn'),
    );
    return burns ? null : 'no reservation burns its budget, so nobody idles on a core';
  }
  if (outcome === 'CORE_UNUSED') {
    const has = plan.cores.some(({ el2, used }) => (action === 'boot' ? !el2 || !used : !el2));
    if (!has) return 'every core is in use and has EL2';
    return plan.cores.some(({ el2, used }) => !el2 && used) ? null : 'no such core is drawn';
  }
  if (outcome === 'FIREWALL_DENIED') {
    return plan.hasFirewall ? null : 'the platform has no firewall';
  }
  return null;
}

/** Why no access lacks a right; null where some can. */
function explainPermission(plan: Plan, action: ActionKind): string | null {
  const isDevice = action === 'dma-issue';
  const mappings = plan.partitions.flatMap(({ stage2, dma }) => (isDevice ? dma : stage2));
  const lacks = (mapping: Mapping): boolean => {
    if (action === 'read') return !mapping.read;
    if (action === 'write') return !mapping.write;
    return isDevice ? !mapping.read || !mapping.write : !mapping.execute;
  };
  return mappings.some(lacks) ? null : 'no page of a partition lacks that right';
}

/** What the configuration lacks that an action needs. */
function explainAction(plan: Plan, action: ActionKind, outcome: Outcome): string | null {
  switch (action) {
    case 'smc':
    case 'unknown-call':
      return outcome === 'DONE' ? 'it is always refused' : null;
    case 'bus-read':
    case 'bus-write':
      if (outcome === 'CORE_HAS_EL2') {
        return plan.cores.some(({ el2, used }) => el2 && used) ? null : 'no core has EL2';
      }
      if (outcome === 'CORE_UNUSED') return 'cores are drawn from those in use';
      return plan.cores.some(({ el2, used }) => !el2 && used) ? null : 'every core has EL2';
    case 'bare-dma-issue':
      if (outcome === 'DEVICE_IN_RESET' || outcome === 'NO_SUCH_MASTER') return null;
      return plan.bareMasters.length > 0 ? null : 'no bus master without a stream is granted';
    case 'section':
      return outcome === 'DONE' && plan.sectionTicks === 0 ? 'no section takes any time' : null;
    case 'notify': {
      const rings = plan.partitions.some(({ doorbells }) => doorbells.length > 0);
      return outcome === 'DONE' && !rings ? 'no channel has a doorbell' : null;
    }
    case 'dma-issue':
    case 'iotlb-fill':
      return explainStream(plan, action, outcome);
    case 'dma-complete':
      return outcome === 'DONE' && plan.streams.length === 0 && plan.bareMasters.length === 0
        ? 'no device of a partition masters the bus'
        : null;
    case 'msi':
      return explainEvent(plan, outcome);
    default:
      return null;
  }
}

function explainStream(plan: Plan, action: ActionKind, outcome: Outcome): string | null {
  if (plan.streams.length === 0) {
    const isEarly = outcome === 'DEVICE_IN_RESET' || outcome === 'STREAM_ABORTED';
    return isEarly || outcome === 'STREAM_UNKNOWN' ? null : 'no device has a stream';
  }
  return action === 'dma-issue' && outcome === 'EVENT_UNKNOWN' ? explainEvent(plan, outcome) : null;
}

function explainEvent(plan: Plan, outcome: Outcome): string | null {
  const { its } = plan.configuration.platform.interrupts;
  if (its === null) {
    const isReached = outcome === 'DEVICE_IN_RESET' || outcome === 'NO_DOORBELL_TARGET';
    return isReached ? null : 'the platform has no ITS';
  }
  if (outcome === 'DONE' || outcome === 'EVENT_UNKNOWN') {
    return plan.events.length > 0 ? null : 'no device has interrupts by messages';
  }
  const page = its.base + DOORBELL_OFFSET;
  if (outcome === 'PAGE_NOT_MAPPED') {
    const isSeen = plan.streams.every(({ partition }) =>
      plan.partitions[partition]?.dma.some(({ ipa, size }) => ipa <= page && page < ipa + size),
    );
    return isSeen ? 'every partition with a stream has the doorbell page' : null;
  }
  if (outcome !== 'NO_DOORBELL_TARGET') return null;
  const isElsewhere = plan.partitions.some(({ dma }) =>
    dma.some(({ ipa, size, type }) => type !== 'doorbell' && ipa <= page && page < ipa + size),
  );
  return isElsewhere ? null : 'no partition has anything of its own at the address of the ITS';
}
