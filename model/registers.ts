/**
 * Registers: every class of EL1 and EL0 state, with its treatment at EL2.
 *
 * `switched` is saved and restored on every world switch, `trapped` never reaches the hardware from
 * EL1 (HCR_EL2.TIDCP, TACR, TSW, TSC, MDCR_EL2, CPTR_EL2), `constant` reads a value that EL2 sets
 * per virtual CPU and cannot be written (VPIDR_EL2, VMPIDR_EL2, ID registers). A class that is in
 * none of the three would be a channel between partitions.
 */

/** What EL2 does with a class of registers. */
export type Treatment = 'switched' | 'trapped' | 'constant';

/** A class of registers. */
export interface RegisterClass {
  readonly name: string;
  readonly treatment: Treatment;
}

/**
 * All classes; an index into this list is a register number of the model. Result register first.
 */
export const REGISTERS: readonly RegisterClass[] = [
  { name: 'x0', treatment: 'switched' },
  { name: 'general-purpose', treatment: 'switched' },
  { name: 'simd-and-floating-point', treatment: 'switched' },
  { name: 'sp_el0-sp_el1', treatment: 'switched' },
  { name: 'elr_el1-spsr_el1', treatment: 'switched' },
  { name: 'esr_el1-far_el1', treatment: 'switched' },
  { name: 'sctlr_el1-cpacr_el1', treatment: 'switched' },
  { name: 'ttbr-tcr-mair_el1', treatment: 'switched' },
  { name: 'vbar_el1', treatment: 'switched' },
  { name: 'tpidr-contextidr', treatment: 'switched' },
  { name: 'par_el1', treatment: 'switched' },
  { name: 'cntkctl_el1', treatment: 'switched' },
  { name: 'ich_vmcr-ich_ap', treatment: 'switched' },
  { name: 'actlr_el1-cpuactlr', treatment: 'trapped' },
  { name: 'pmu', treatment: 'trapped' },
  { name: 'debug-and-os-lock', treatment: 'trapped' },
  { name: 'cache-maintenance-by-set-way', treatment: 'trapped' },
  { name: 'cntp', treatment: 'trapped' },
  { name: 'ras-error-records', treatment: 'trapped' },
  { name: 'midr_el1', treatment: 'constant' },
  { name: 'mpidr_el1', treatment: 'constant' },
  { name: 'id-registers', treatment: 'constant' },
];

/** Register number of x0, where a read leaves its result. */
export const X0 = 0;
/** MIDR_EL1 that every partition reads: Cortex-A55 r2p0. */
export const MIDR_CORTEX_A55 = 0x412fd050;
