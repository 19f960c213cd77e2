/**
 * Reads and checks the named file and prints how long each took, milliseconds; a process of its
 * own, so that nothing is compiled or cached yet, as for whoever runs `haven check`.
 */

import { readConfiguration } from '../../formats/read.ts';
import { checkConfiguration } from '../../properties/rules/check.ts';

const begin = performance.now();
const result = readConfiguration(process.argv[2] ?? '');
const read = performance.now();
if (result.kind !== 'ok') throw new TypeError(result.diagnostics[0]?.message ?? 'not readable');
const findings = checkConfiguration(result.loaded.configuration);
const checked = performance.now();
if (findings.length > 0) throw new TypeError(findings[0]?.message ?? 'not valid');
console.log(JSON.stringify({ readMs: read - begin, rulesMs: checked - read }));
