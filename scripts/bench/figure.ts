/** Figures: what the bench measures, against what it should be. */

/** A measured number with its target. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value must stay below, or reach; null where it is only worth knowing. */
  readonly target: { readonly kind: 'below' | 'at-least'; readonly value: number } | null;
  /** How it came about, in a few words. */
  readonly remark: string;
}

/** A figure that must stay below its target; without one, it is only shown. */
export function below(name: string, value: number, unit: string, limit?: number, remark = '') {
  const target = limit === undefined ? null : { kind: 'below' as const, value: limit };
  return { name, value, unit, target, remark };
}

/** A figure that must reach its target; without one, it is only shown. */
export function atLeast(name: string, value: number, unit: string, limit?: number, remark = '') {
  const target = limit === undefined ? null : { kind: 'at-least' as const, value: limit };
  return { name, value, unit, target, remark };
}

/** The middle of the measured values; of an even number of them, the lower one. */
export function computeMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

/** One line of the table: name, value, target and whether it is met, remark. */
export function formatFigure({ name, value, unit, target, remark }: Figure): string {
  const isMet =
    target === null || (target.kind === 'below' ? value < target.value : value >= target.value);
  const wanted =
    target === null ? '' : `${target.kind === 'below' ? '<' : '>='} ${target.value} ${unit}`;
  const verdict = target === null ? '' : isMet ? 'met' : 'MISSED';
  return [
    name.padEnd(46),
    `${formatNumber(value)} ${unit}`.padStart(16),
    wanted.padStart(16),
    verdict.padEnd(6),
    remark,
  ]
    .join('  ')
    .trimEnd();
}

/** Three digits that matter, and no exponent. */
function formatNumber(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
