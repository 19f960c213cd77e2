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

let asked = 0;

/** @type {Readonly<Record<string, () => void>>} */
const CHECKS = {
  sat: () => console.log('sat'),
  unsat: () => console.log('unsat'),
  // Of a statement and its premises, the statement is asked first.
  right: () => console.log(asked++ === 0 ? 'unsat' : 'sat'),
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

/**
 * Every variable is 3.
 * @param {string} line
 */
function listValues(line) {
  const names = line.slice('(get-value ('.length, -2).match(/\|[^|]*\||[^ ]+/g) ?? [];
  return names.map((name) => `(${name} 3)`).join(' ');
}

for await (const line of createInterface({ input: process.stdin })) {
  const echoed = /^\(echo "(.*)"\)$/.exec(line)?.[1];
  if (echoed !== undefined) console.log(flag === '-quotes' ? `"${echoed}"` : echoed);
  else if (line === '(check-sat)') CHECKS[mode]?.();
  else if (line.startsWith('(get-value')) console.log(`(${listValues(line)})`);
  else if (line.startsWith('(get-info')) console.log('(:reason-unknown "incomplete")');
}
