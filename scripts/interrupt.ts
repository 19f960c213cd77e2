/** Ctrl-C: the first one asks everything to stop and report, the second one stops at once. */

import { performance } from 'node:perf_hooks';

/** Exit code of a program that a second Ctrl-C ends: 128 + SIGINT, as shells count. */
const EXIT_INTERRUPTED = 130;
/**
 * A launcher relays the Ctrl-C that the terminal has sent to all of us: the same one, not a second.
 */
const ECHO_MS = 300;
/** What may run after an interruption is given this long to hand over what it has, milliseconds. */
export const GRACE_MS = 700;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function exitInterrupted(): void {
  process.exit(EXIT_INTERRUPTED);
}

/** Until something listens there is nothing to report: a Ctrl-C just ends the program. */
export function exitOnInterrupt(): void {
  for (const name of SIGNALS) process.on(name, exitInterrupted);
}

/** A signal that aborts on SIGINT or SIGTERM; from here on the work is given time to report. */
export function listenForInterrupt(): AbortSignal {
  const controller = new AbortController();
  let stoppedAt = 0;
  const stop = (): void => {
    if (!controller.signal.aborted) {
      stoppedAt = performance.now();
      controller.abort();
    } else if (performance.now() - stoppedAt > ECHO_MS) {
      process.exit(EXIT_INTERRUPTED);
    }
  };
  for (const name of SIGNALS) {
    process.off(name, exitInterrupted);
    process.on(name, stop);
  }
  return controller.signal;
}

/**
 * Waits for the work, but after an interruption no longer than `GRACE_MS`. Whatever the work has
 * stored by then is what gets reported; it must not be relied on to end.
 */
export async function waitUnlessInterrupted(
  work: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let onAbort: (() => void) | null = null;
  const interrupted = new Promise<void>((resolve) => {
    const startGrace = (): void => void setTimeout(resolve, GRACE_MS).unref();
    onAbort = startGrace;
    if (signal.aborted) startGrace();
    else signal.addEventListener('abort', startGrace, { once: true });
  });
  try {
    await Promise.race([work, interrupted]);
  } finally {
    if (onAbort !== null) signal.removeEventListener('abort', onAbort);
  }
}
