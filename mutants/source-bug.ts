/**
 * Source bug: a change of the spec's text that makes it wrong in one way.
 */

/** Parts of the spec; each has bugs of its own. */
export const COMPONENTS = [
  'translation',
  'tables',
  'smmu',
  'firewall',
  'gic',
  'virtual-gic',
  'list-registers',
  'world-switch',
  'scheduler',
  'time',
  'calls',
  'boot',
] as const;

/** Part of the spec. */
export type Component = (typeof COMPONENTS)[number];

/** Areas of proof obligations: an id is `area.claim` or `area.claim[instance]`. */
export type Area = 'memory' | 'dma' | 'irq' | 'seal' | 'noninterference' | 'channel' | 'time';

/** A bug seeded into the text of the spec. */
export interface SourceBug {
  /** What is wrong, in words; no other bug has it. */
  readonly name: string;
  /** Kind of bug that is known from real hypervisors, such as S2-14; null where none fits. */
  readonly row: string | null;
  readonly component: Component;
  /** Path of the patched file from the root of the project. */
  readonly file: `model/${string}.ts`;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  /** Text in its place, in the same subset of the language. */
  readonly replace: string;
  /** What it breaks, one sentence. */
  readonly breaks: string;
  /** Id of the run-time property that must find it; null where no reachable state differs. */
  readonly property: string | null;
  /** With `property` null: why it changes nothing, so that nothing finds it. */
  readonly unseen?: string;
  /** Areas in which some obligation must fall; none where it is a matter of time alone. */
  readonly claims: readonly Area[];
  /**
   * Configuration that has what the bug needs: a file, or the small board of `model/testing`, also
   * with lines of two partitions beside each other, with a reservation that burns its budget, with
   * one that polls, with one that has nearly all of its core (also with late sections), with every
   * cost at EL2, without any (burning, or with short periods), or with a table.
   * `configs/qemu-virt.yaml` where absent.
   */
  readonly configuration?:
    | 'configs/imx95.yaml'
    | 'small'
    | 'beside'
    | 'burning'
    | 'roomy'
    | 'costly'
    | 'free'
    | 'exact'
    | 'late'
    | 'polling'
    | 'table';
}
