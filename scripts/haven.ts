#!/usr/bin/env node
/** Entry point of the `haven` program. */

import { exitOnInterrupt } from './interrupt.ts';

exitOnInterrupt();
const { runCommandLine } = await import('./command-line.ts');
const exitCode = await runCommandLine(process.argv.slice(2));
// Not left to the event loop: whatever did not stop when it was told to must not keep the program
// alive.
process.exit(exitCode);
