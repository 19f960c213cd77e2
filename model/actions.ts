/**
 * Actions: what partitions, devices, time and the environment can do, in any order an adversary
 * likes.
 *
 * Every field is a number or a boolean that anybody may choose; nondeterminism is a field of the
 * action. Numbers out of range are refused by `step`, never trusted.
 */

/** Boot: one step of one core, which may fail. */
export interface BootAction {
  readonly kind: 'boot';
  readonly core: number;
  readonly fails: boolean;
}

/** A load, store or instruction fetch by the virtual CPU on a core. `address` is an IPA, bytes. */
export interface AccessAction {
  readonly kind: 'read' | 'write' | 'fetch';
  readonly core: number;
  readonly address: number;
  /** Word to store; read and fetch ignore it. */
  readonly value: number;
}

/** A load or store by a core without EL2: `address` is what that core puts out, bytes. */
export interface BusAction {
  readonly kind: 'bus-read' | 'bus-write';
  readonly core: number;
  readonly address: number;
  readonly value: number;
}

/** EL1 or EL0 accesses a register class (index into `REGISTERS`). */
export interface RegisterAction {
  readonly kind: 'register-read' | 'register-write';
  readonly core: number;
  readonly register: number;
  readonly value: number;
}

/** PSCI CPU_ON of the own virtual CPU `vcpu`. */
export interface CpuOnAction {
  readonly kind: 'cpu-on';
  readonly core: number;
  readonly vcpu: number;
}

/** PSCI CPU_OFF, PSCI SYSTEM_RESET, WFI, an SMC, or a hypercall that EL2 does not know. */
export interface CallAction {
  readonly kind: 'cpu-off' | 'system-reset' | 'wait' | 'smc' | 'unknown-call';
  readonly core: number;
}

/** Hypercall: ring the doorbell number `doorbell` of the own partition. */
export interface NotifyAction {
  readonly kind: 'notify';
  readonly core: number;
  readonly doorbell: number;
}

/** Any hypercall or emulation that keeps EL2 busy for `ticks` with interrupts masked. */
export interface SectionAction {
  readonly kind: 'section';
  readonly core: number;
  readonly ticks: number;
}

/** MMIO to the virtual distributor: one operation on one interrupt. */
export interface DistributorAction {
  readonly kind: 'distributor';
  readonly core: number;
  readonly operation: 'enable' | 'disable' | 'set-pending' | 'clear-pending' | 'route';
  readonly intId: number;
  /** For `route`: the virtual CPU that shall take it. */
  readonly vcpu: number;
}

/** ICC_SGI1R_EL1: SGI `intId` to the own virtual CPU `vcpu`. */
export interface SgiAction {
  readonly kind: 'send-sgi';
  readonly core: number;
  readonly intId: number;
  readonly vcpu: number;
}

/** CNTV: arm the virtual timer to fire `ticks` from now. */
export interface TimerAction {
  readonly kind: 'arm-timer';
  readonly core: number;
  readonly ticks: number;
}

/**
 * A device with a stream issues a DMA request; `address` is an IOVA (= IPA of the stage-2 table),
 * bytes.
 */
export interface DmaIssueAction {
  readonly kind: 'dma-issue';
  readonly stream: number;
  readonly address: number;
  readonly write: boolean;
  readonly value: number;
}

/**
 * A bus master without a stream (index into `plan.bareMasters`) issues a DMA request to a physical
 * address.
 */
export interface BareDmaAction {
  readonly kind: 'bare-dma-issue';
  readonly master: number;
  readonly address: number;
  readonly write: boolean;
  readonly value: number;
}

/** A request in flight reaches memory. */
export interface DmaCompleteAction {
  readonly kind: 'dma-complete';
  readonly slot: number;
}

/** A device drives its line. */
export interface LineAction {
  readonly kind: 'line-assert' | 'line-deassert';
  readonly intId: number;
}

/** A device writes EventID `event` to the ITS doorbell through stream `stream`. */
export interface MsiAction {
  readonly kind: 'msi';
  readonly stream: number;
  readonly event: number;
}

/** EL2 takes a physical interrupt: of those that are signalled to the core, any may come first. */
export interface TakeAction {
  readonly kind: 'interrupt-take';
  readonly core: number;
  readonly intId: number;
}

/** The guest acknowledges its most urgent virtual interrupt. */
export interface AcknowledgeAction {
  readonly kind: 'interrupt-acknowledge';
  readonly core: number;
}

/** The guest ends an interrupt (EOI and deactivate). */
export interface EndAction {
  readonly kind: 'interrupt-end';
  readonly core: number;
  readonly intId: number;
}

/** EL2 moves a list register back to memory to make room. */
export interface SpillAction {
  readonly kind: 'list-register-spill';
  readonly core: number;
  readonly slot: number;
}

/** EL2 puts line `intId` of the live virtual CPU into a free list register, in any order. */
export interface FillAction {
  readonly kind: 'list-register-fill';
  readonly core: number;
  readonly intId: number;
}

/** Time passes on a core: `ticks`, or up to the next event if that is sooner. */
export interface TimeAction {
  readonly kind: 'time-passes';
  readonly core: number;
  readonly ticks: number;
}

/** The hardware caches or drops a translation of the running partition, whenever it likes. */
export interface TlbAction {
  readonly kind: 'tlb-fill' | 'tlb-evict';
  readonly core: number;
  readonly slot: number;
  readonly address: number;
}

/** The SMMU caches or drops a translation of a stream. */
export interface IotlbAction {
  readonly kind: 'iotlb-fill' | 'iotlb-evict';
  readonly slot: number;
  readonly stream: number;
  readonly address: number;
}

/** Anything that can happen. */
export type Action =
  | BootAction
  | AccessAction
  | BusAction
  | RegisterAction
  | CpuOnAction
  | CallAction
  | NotifyAction
  | SectionAction
  | DistributorAction
  | SgiAction
  | TimerAction
  | DmaIssueAction
  | BareDmaAction
  | DmaCompleteAction
  | LineAction
  | MsiAction
  | TakeAction
  | AcknowledgeAction
  | EndAction
  | SpillAction
  | FillAction
  | TimeAction
  | TlbAction
  | IotlbAction;

/** Name of an action. */
export type ActionKind = Action['kind'];

/** Every action kind once; the record does not compile when one is missing. */
const KINDS: Readonly<Record<ActionKind, true>> = {
  boot: true,
  read: true,
  write: true,
  fetch: true,
  'bus-read': true,
  'bus-write': true,
  'register-read': true,
  'register-write': true,
  'cpu-on': true,
  'cpu-off': true,
  'system-reset': true,
  wait: true,
  smc: true,
  'unknown-call': true,
  notify: true,
  section: true,
  distributor: true,
  'send-sgi': true,
  'arm-timer': true,
  'dma-issue': true,
  'bare-dma-issue': true,
  'dma-complete': true,
  'line-assert': true,
  'line-deassert': true,
  msi: true,
  'interrupt-take': true,
  'interrupt-acknowledge': true,
  'interrupt-end': true,
  'list-register-spill': true,
  'list-register-fill': true,
  'time-passes': true,
  'tlb-fill': true,
  'tlb-evict': true,
  'iotlb-fill': true,
  'iotlb-evict': true,
};

/** All action kinds. */
export const ACTION_KINDS = Object.keys(KINDS) as readonly ActionKind[];
