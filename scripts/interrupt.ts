/** Ctrl-C: the first one asks everything to stop and report, the second one stops at once. */

/** Exit code of a program that a second Ctrl-C ends: 128 + SIGINT, as shells count. */
const EXIT_INTERRUPTED = 130;
/** What may run after an interruption is given this long to hand over what it has, milliseconds. */
export const GRACE_MS = 700;

/** A signal that aborts on SIGINT or SIGTERM. */
export function listenForInterrupt(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
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
