/**
 * One line on stderr that says what goes on; only on a terminal, and gone before anything else
 * prints.
 */

/** Milliseconds between two updates of the line. */
const UPDATE_MS = 100;

/** A progress line. */
export interface Progress {
  /** Replaces the line, at most every 100 ms. */
  show(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** Milliseconds between two lines where the stream is no terminal. */
const LINE_MS = 10_000;

/** Progress as a line every 10 s, for a stream that is no terminal; else as the session has it. */
export function createLineProgress(session: {
  readonly progress: Progress;
  readonly options: { readonly quiet?: true };
}): Progress {
  if (process.stderr.isTTY || session.options.quiet === true) return session.progress;
  let shownAt = Date.now();
  return {
    show: (text) => {
      const now = Date.now();
      if (now - shownAt < LINE_MS) return;
      shownAt = now;
      process.stderr.write(`${text}\n`);
    },
    clear: () => undefined,
  };
}

const SILENT: Progress = { show: () => undefined, clear: () => undefined };

/** A progress line on the stream, or nothing where the stream is no terminal. */
export function createProgress(stream: NodeJS.WriteStream, isWanted: boolean): Progress {
  if (!isWanted || !stream.isTTY) return SILENT;
  let shownAt = 0;
  let isShown = false;
  return {
    show: (text) => {
      const now = Date.now();
      if (now - shownAt < UPDATE_MS) return;
      shownAt = now;
      isShown = true;
      stream.write(`\r\u001B[2K${text.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
    },
    clear: () => {
      if (isShown) stream.write('\r\u001B[2K');
      isShown = false;
    },
  };
}
