// @ts-check
/**
 * A native solver's stand-in for tests: answers as z3 or cvc5 would, or wrongly, as its first
 * argument says.
 */

import { createInterface } from 'node:readline';

const [mode = 'unsat', flag] = process.argv.slice(2);

if (process.argv.includes('--version')) {
  process.stdout.write(mode === 'stranger' ? 'hello\n' : 'Z3 version 9.9.9 - fake\n');
  process.exit(0);
}

/** @type {Readonly<Record<string, () => void>>} */
const CHECKS = {
  sat: () => console.log('sat'),
  unsat: () => console.log('unsat'),
  unknown: () => console.log('unknown'),
  // An error in a declaration makes an answer of any kind worthless.
  error: () => console.log('(error "line 1 column 2: unknown sort")\nunsat'),
  garbage: () => console.log('I think it is unsat'),
  die: () => {
    console.error('segmentation fault, more or less');
    process.exit(139);
  },
  memory: () => {
    console.log('(error "out of memory")');
    process.exit(101);
  },
  hang: () => {
    for (;;);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const echoed = /^\(echo "(.*)"\)$/.exec(line)?.[1];
  if (echoed !== undefined) console.log(flag === '-quotes' ? `"${echoed}"` : echoed);
  else if (line === '(check-sat)') CHECKS[mode]?.();
  else if (line.startsWith('(get-value')) console.log('((p 3))');
  else if (line.startsWith('(get-info')) console.log('(:reason-unknown "incomplete")');
}
