/**
 * Outcomes: every action in every state is done or refused, and a refusal has a reason.
 *
 * A refusal changes nothing at all.
 */

/** Why an action was refused; every reason once. */
export const REFUSALS = [
  'NO_SUCH_CORE',
  'NO_SUCH_SLOT',
  'NO_SUCH_REGISTER',
  'NO_SUCH_VCPU',
  'NO_SUCH_LINE',
  'NO_SUCH_DOORBELL',
  'NO_SUCH_MASTER',
  'BAD_VALUE',
  'BOOT_FAILED',
  'BOOT_OUT_OF_ORDER',
  'ALREADY_SEALED',
  'NOT_SEALED',
  'CORE_UNUSED',
  'CORE_HAS_EL2',
  'CORE_IDLE',
  'CORE_AT_EL2',
  'VCPU_OFF',
  'VCPU_WAITING',
  'VCPU_ALREADY_ON',
  'PAGE_NOT_MAPPED',
  'PERMISSION',
  'REGISTER_TRAPPED',
  'REGISTER_CONSTANT',
  'CALL_UNKNOWN',
  'SMC_TRAPPED',
  'LINE_NOT_OWNED',
  'NO_INTERRUPT',
  'INTERRUPT_NOT_ACTIVE',
  'LIST_REGISTERS_FULL',
  'LIST_REGISTER_EMPTY',
  'DEVICE_IN_RESET',
  'STREAM_ABORTED',
  'STREAM_UNKNOWN',
  'FIREWALL_DENIED',
  'NO_DOORBELL_TARGET',
  'EVENT_UNKNOWN',
  'NO_SLOT_FREE',
  'SLOT_EMPTY',
  'NO_TIME_PASSES',
] as const;

/** Why an action was refused. */
export type Refusal = (typeof REFUSALS)[number];

/** What `step` says. */
export type Outcome = 'DONE' | Refusal;
