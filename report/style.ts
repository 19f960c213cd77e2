/** Styles of terminal text. Colour only supports what the words already say. */

import picocolors from 'picocolors';

/** How each kind of text is shown. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly note: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
}

const keep = (text: string): string => text;

/** No escape sequences at all. */
export const PLAIN: Style = {
  good: keep,
  bad: keep,
  warn: keep,
  note: keep,
  strong: keep,
  dim: keep,
};

/** ANSI colours. */
export function createColoredStyle(): Style {
  const colors = picocolors.createColors(true);
  return {
    good: (text) => colors.bold(colors.green(text)),
    bad: (text) => colors.bold(colors.red(text)),
    warn: (text) => colors.bold(colors.yellow(text)),
    note: colors.cyan,
    strong: colors.bold,
    dim: colors.dim,
  };
}

/** `--color`: `auto` means only where the stream is a terminal and `NO_COLOR` is unset or empty. */
export type ColorChoice = 'auto' | 'always' | 'never';

/**
 * The style for a stream. `NO_COLOR` is the convention of no-color.org; `TERM=dumb` has no colours.
 */
export function chooseStyle(
  choice: ColorChoice,
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): Style {
  if (choice === 'always') return createColoredStyle();
  if (choice === 'never' || !isTerminal) return PLAIN;
  if ((environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb') return PLAIN;
  return createColoredStyle();
}
