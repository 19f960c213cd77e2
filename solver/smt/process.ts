/**
 * Native solvers as back ends: z3 or cvc5 from the PATH, asked in SMT-LIB over standard input.
 *
 * One process answers many queries, with `(reset)` between them: starting one costs 9 to 18 ms, a
 * small query in a running one 2 to 4 ms. Only the single word `sat`, `unsat` or `unknown` is an
 * answer; whatever else a solver prints makes the query `unknown` with its text, and the process is
 * replaced, since nobody knows what state it is in.
 */

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { availableParallelism } from 'node:os';

import { Pool } from './pool.ts';
import type { Engine, EngineEvents } from './pool.ts';
import { getLogic, printSymbol } from './print.ts';
import { getText, unknown } from './solver.ts';
import type { Answer, Query, Solver } from './solver.ts';
import { listVariables } from './term.ts';
import type { Variable } from './term.ts';
import { parseValues } from './values.ts';
import { DEFAULT_TIMEOUT_MS } from './z3.ts';

/** A native solver that is known here. */
export type Program = 'z3' | 'cvc5';

/** Every program that `createProcessSolver` can run; also the names of Debian's packages. */
export const PROGRAMS: readonly Program[] = ['z3', 'cvc5'];

/** How to run a native solver. */
export interface ProcessOptions {
  readonly program: Program;
  /** What to start instead, with its first arguments; default the program, found on the PATH. */
  readonly command?: readonly string[];
  /** Processes at a time, at least 1; default the number of cores, at most 4. */
  readonly jobs?: number;
  /** Wall-clock limit of one query, milliseconds. */
  readonly timeoutMs?: number;
  /** Limit of z3 in its own steps; 0 or absent for none. Without effect on cvc5. */
  readonly resourceLimit?: number;
  /**
   * Memory of one process, MiB. z3 keeps it itself; cvc5 knows no limit, so it gets one of the
   * system where `ulimit -v` works (Linux).
   */
  readonly memoryMiB?: number;
  /** Aborting it ends every process and answers every open query `unknown`. */
  readonly signal?: AbortSignal;
}

/** The program is not there, or is something else: what was looked for, and what to do. */
export class MissingSolverError extends Error {
  readonly help: string;

  constructor(message: string, help: string) {
    super(message);
    this.help = help;
  }
}

/** More processes than this at a time must be asked for. */
const JOBS_MAX = 4;
const MEMORY_MIB = 4096;
/** The solver's own limit strikes first; only one that ignores it is ended. */
const TIMEOUT_GRACE_MS = 250;
/** A program that does not even say its version is given this long, milliseconds. */
const VERSION_MS_MAX = 5_000;
/** Longest text of a solver that is quoted in a reason. */
const QUOTE_LENGTH_MAX = 300;

const VERSIONS: Readonly<Record<Program, RegExp>> = {
  z3: /^Z3 version (\d[\w.]*)/m,
  cvc5: /cvc5 version (\d[\w.-]*)/,
};

/**
 * Name and version as results show them, `cvc5 1.0.3`, or null where there is no such program.
 */
export function findProgram(program: Program, command: readonly string[] = [program]) {
  const [file = program, ...first] = command;
  const run = spawnSync(file, [...first, '--version'], {
    encoding: 'utf8',
    timeout: VERSION_MS_MAX,
    windowsHide: true,
  });
  const version = VERSIONS[program].exec(run.stdout ?? '')?.[1];
  return version === undefined ? null : `${program} ${version}`;
}

/**
 * Starts a pool of processes of a native solver. Throws `MissingSolverError` where the program
 * cannot be started or does not call itself by its name.
 */
export function createProcessSolver(options: ProcessOptions): Solver {
  const { program, command = [program], timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const name = findProgram(program, command);
  if (name === null) {
    throw new MissingSolverError(
      `no solver ${program}: "${command.join(' ')} --version" does not start on the PATH, ` +
        `or does not answer as ${program} does`,
      `install it (Debian's package is called ${program}), or leave out the option`,
    );
  }
  return new Pool({
    name,
    jobs: Math.max(1, options.jobs ?? Math.min(availableParallelism(), JOBS_MAX)),
    timeoutMs: timeoutMs + TIMEOUT_GRACE_MS,
    statedTimeoutMs: timeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    start: (events) => new ProcessEngine(options, timeoutMs, events),
  });
}

/** The command line that answers queries from standard input. */
function listArguments(options: ProcessOptions, timeoutMs: number): [string, string[]] {
  const { program, command = [program], memoryMiB = MEMORY_MIB } = options;
  const [file = program, ...first] = command;
  if (program === 'z3') return [file, [...first, '-in', `-memory:${memoryMiB}`]];
  const limits = ['--incremental', '--produce-models', `--tlimit-per=${Math.ceil(timeoutMs)}`];
  const parameters = [...first, '--quiet', '--lang=smt2', ...limits, '-'];
  if (process.platform !== 'linux' || options.command !== undefined) return [file, parameters];
  // The shell replaces itself by the solver, so that ending the process ends the solver.
  const shell = 'ulimit -v "$0" 2>&-; exec "$@"';
  return ['/bin/sh', ['-c', shell, String(memoryMiB * 1024), file, ...parameters]];
}

/** What has been asked and not yet answered. */
type Stage =
  | { readonly kind: 'idle' }
  | { readonly kind: 'verdict'; readonly variables: readonly Variable[]; readonly startMs: number }
  | { readonly kind: 'values'; readonly variables: readonly Variable[]; readonly startMs: number }
  | { readonly kind: 'reason'; readonly startMs: number };

const IDLE: Stage = { kind: 'idle' };

/** Processes that must not outlive this one, even where it ends without closing its solvers. */
const running = new Set<ChildProcessWithoutNullStreams>();
let isListening = false;

function killOnExit(child: ChildProcessWithoutNullStreams): void {
  running.add(child);
  if (isListening) return;
  isListening = true;
  process.on('exit', () => {
    for (const other of running) other.kill('SIGKILL');
  });
}

/** One process; replies end with an echoed mark, which no solver prints by itself. */
class ProcessEngine implements Engine {
  readonly #options: ProcessOptions;
  readonly #timeoutMs: number;
  readonly #events: EngineEvents;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;
  #stage: Stage = IDLE;
  #replies = 0;
  #output: string[] = [];
  #errors = '';
  #isEnding = false;

  constructor(options: ProcessOptions, timeoutMs: number, events: EngineEvents) {
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    this.#events = events;
    const [file, parameters] = listArguments(options, timeoutMs);
    this.#child = spawn(file, parameters, { windowsHide: true });
    killOnExit(this.#child);
    this.#ended = new Promise((resolve) => {
      const settle = (reason: string): void => {
        running.delete(this.#child);
        this.#stage = IDLE;
        events.onLost(reason);
        resolve();
      };
      this.#child.on('error', (error) => settle(`the solver failed: ${error.message}`));
      this.#child.on('close', () => settle(this.#describeLoss()));
    });
    this.#child.stdout.setEncoding('utf8');
    this.#child.stdout.on('data', (text: string) => this.#read(text));
    this.#child.stderr.setEncoding('utf8');
    this.#child.stderr.on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-QUOTE_LENGTH_MAX);
    });
    // Writing to a process that has gone: its end is reported by `close`.
    this.#child.stdin.on('error', () => undefined);
    this.#child.once('spawn', () => events.onReady());
  }

  ask(query: Query): void {
    const variables = listVariables(query.assertions);
    this.#errors = '';
    this.#stage = { kind: 'verdict', variables, startMs: performance.now() };
    const logic = `(set-logic ${getLogic(query.assertions)})`;
    this.#write(`(reset)\n${this.#printLimits()}${logic}\n${getText(query)}(check-sat)`);
  }

  /** Options of z3, which a reset forgets; those of cvc5 stand in its command line. */
  #printLimits(): string {
    const { program, resourceLimit = 0 } = this.#options;
    if (program !== 'z3') return '';
    const timeout = Math.ceil(Math.min(this.#timeoutMs, 2 ** 32 - 1));
    return `(set-option :timeout ${timeout})\n(set-option :rlimit ${resourceLimit})\n`;
  }

  end(): Promise<void> {
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
    return this.#ended;
  }

  #write(text: string): void {
    this.#replies += 1;
    this.#output = [];
    this.#child.stdin.write(`${text}\n(echo "haven-${this.#replies}")\n`);
  }

  #read(text: string): void {
    if (this.#stage.kind === 'idle') return;
    this.#output.push(text);
    // cvc5 echoes a string with its quotes.
    const mark = new RegExp(`(?:^|\\n)"?haven-${this.#replies}"?\\r?\\n$`);
    // The mark is short: only where the last pieces may hold it is the whole looked at.
    if (!mark.test(`\n${this.#output.slice(-40).join('')}`)) return;
    this.#proceed(this.#output.join('').replace(mark, '').trim());
  }

  #proceed(reply: string): void {
    const stage = this.#stage;
    if (stage.kind === 'idle') return;
    const { startMs } = stage;
    const ms = performance.now() - startMs;
    if (stage.kind === 'reason') {
      const reason = /^\(:reason-unknown "?([^")]*)"?\)$/.exec(reply)?.[1] ?? '';
      this.#answer(unknown(this.#describeUnknown(reason), ms));
    } else if (stage.kind === 'values') {
      const model = parseValues(reply, stage.variables);
      if (model === null) this.#fail(`unreadable values: ${reply}`);
      else this.#answer({ status: 'sat', model, ms });
    } else if (reply === 'unsat') {
      this.#answer({ status: 'unsat', ms });
    } else if (reply === 'unknown') {
      this.#stage = { kind: 'reason', startMs };
      this.#write('(get-info :reason-unknown)');
    } else if (reply !== 'sat') {
      this.#fail(`the solver answered neither sat nor unsat: ${reply} ${this.#errors}`);
    } else if (stage.variables.length === 0) {
      this.#answer({ status: 'sat', model: new Map(), ms });
    } else {
      this.#stage = { kind: 'values', variables: stage.variables, startMs };
      const names = stage.variables.map(({ name }) => printSymbol(name));
      this.#write(`(get-value (${names.join(' ')}))`);
    }
  }

  #answer(answer: Answer): void {
    this.#stage = IDLE;
    this.#events.onAnswer(answer);
  }

  /** Gives up on the process: its state is unknown. */
  #fail(reason: string): void {
    this.#stage = IDLE;
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
    this.#events.onLost(quote(reason));
  }

  #describeUnknown(reason: string): string {
    if (/timeout|canceled/i.test(reason)) {
      const { resourceLimit = 0 } = this.#options;
      const steps = resourceLimit === 0 ? '' : ` or ${resourceLimit} steps`;
      return `time-out after ${this.#timeoutMs} ms${steps}`;
    }
    return reason === '' ? 'no reason given' : reason;
  }

  #describeLoss(): string {
    if (this.#isEnding) return 'the solver process was ended';
    const said = `${this.#output.join('')} ${this.#errors}`;
    if (/out of memory|bad_alloc/i.test(said)) return 'out of memory';
    const { exitCode, signalCode } = this.#child;
    const how = signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;
    return quote(`the solver process ended ${how}: ${said}`).replace(/: *$/, '');
  }
}

/** The text on one line, cut to a length that a report can show. */
function quote(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= QUOTE_LENGTH_MAX ? line : `${line.slice(0, QUOTE_LENGTH_MAX)} …`;
}
