/**
 * A cache of answers on disk: what a solver has once decided about a text need not be decided
 * again.
 *
 * One file per solver and version, one line per answer: key, checksum, answer. The key is the
 * SHA-256 of the exact text, of the solver's name with its version, and of the number of this
 * format; hence an answer never outlives what it was about. Lines are appended whole, so that runs
 * at the same time do no harm; a line whose checksum is wrong is passed over. A model from the
 * cache is evaluated on the terms before anyone sees it. `unknown` is never kept.
 */

import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { isModel } from './model.ts';
import { withText } from './solver.ts';
import type { Answer, Query, Solver } from './solver.ts';
import type { Value } from './term.ts';

/** Number of the format of lines and keys. */
const FORMAT = 1;
/** A file larger than this is started anew, bytes. */
export const CACHE_BYTES_MAX = 64 * 1024 * 1024;
const KEY_LENGTH = 64;
const CHECKSUM_LENGTH = 16;
/** Only their owner may write what is trusted later. */
const FOLDER_MODE = 0o700;

/**
 * The folder of the cache: `HAVEN_CACHE`; else `haven` in `XDG_CACHE_HOME`, in `LOCALAPPDATA` on
 * Windows, in `.cache` of the home folder elsewhere.
 */
export function getCacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const named = environment['HAVEN_CACHE'];
  if (named !== undefined && named !== '') return named;
  const local = environment[platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_CACHE_HOME'];
  return join(local === undefined || local === '' ? join(homedir(), '.cache') : local, 'haven');
}

/** Where to keep answers, and whom to tell that they cannot be kept. */
export interface CacheOptions {
  readonly folder: string;
  /** Called at most once per solver, with what went wrong; the run goes on without the cache. */
  readonly onProblem?: (message: string) => void;
}

/** The solver with its answers kept. Its name stays the same: it is still who answered. */
export function createCachedSolver(solver: Solver, options: CacheOptions): Solver {
  const store = new AnswerStore(solver.name, options);
  return {
    name: solver.name,
    async check(query: Query): Promise<Answer> {
      const named = withText(query);
      const key = computeKey(solver.name, named.text ?? '');
      const known = store.read(key);
      if (known !== null && (known.status !== 'sat' || isModel(query.assertions, known.model))) {
        return known;
      }
      const answer = await solver.check(named);
      if (answer.status !== 'unknown') store.write(key, answer);
      return answer;
    },
    warm(): void {
      // With answers at hand the solver may not be needed at all: then its start is for nothing.
      if (store.isEmpty()) solver.warm();
    },
    close: () => solver.close(),
  };
}

function computeKey(name: string, text: string): string {
  return createHash('sha256').update(`haven ${FORMAT}\n${name}\n${text}`).digest('hex');
}

function computeChecksum(key: string, text: string): string {
  return createHash('sha256').update(`${key} ${text}`).digest('hex').slice(0, CHECKSUM_LENGTH);
}

type Decided = Exclude<Answer, { readonly status: 'unknown' }>;

/** The file of one solver: read once, appended to. */
class AnswerStore {
  readonly #file: string;
  readonly #options: CacheOptions;
  readonly #lines = new Map<string, string>();
  #bytes = 0;
  #isUsable = true;

  constructor(name: string, options: CacheOptions) {
    const safe = name.replaceAll(/[^A-Za-z0-9.]+/g, '-').replace(/-+$/, '');
    this.#file = join(options.folder, `answers-${FORMAT}-${safe}.txt`);
    this.#options = options;
    this.#attempt('read', () => {
      mkdirSync(options.folder, { recursive: true, mode: FOLDER_MODE });
      this.#bytes = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
      if (this.#bytes > CACHE_BYTES_MAX) {
        rmSync(this.#file, { force: true });
        this.#bytes = 0;
      }
      if (this.#bytes > 0) this.#load(readFileSync(this.#file, 'utf8'));
    });
  }

  isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** The answer under the key, unless there is none or its line is damaged. */
  read(key: string): Decided | null {
    const line = this.#lines.get(key);
    if (line === undefined) return null;
    const text = line.slice(CHECKSUM_LENGTH + 1);
    if (computeChecksum(key, text) !== line.slice(0, CHECKSUM_LENGTH)) return null;
    return parseAnswer(text);
  }

  write(key: string, answer: Decided): void {
    const text = printAnswer(answer);
    const line = `${computeChecksum(key, text)} ${text}`;
    this.#lines.set(key, line);
    // In front as well: what was cut off before must not spoil this one.
    const bytes = `\n${key} ${line}\n`;
    this.#bytes += bytes.length;
    if (!this.#isUsable || this.#bytes > CACHE_BYTES_MAX) return;
    this.#attempt('write', () => appendFileSync(this.#file, bytes));
  }

  #load(text: string): void {
    for (const line of text.split('\n')) {
      if (line[KEY_LENGTH] !== ' ') continue;
      this.#lines.set(line.slice(0, KEY_LENGTH), line.slice(KEY_LENGTH + 1));
    }
  }

  #attempt(verb: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#isUsable = false;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onProblem?.(`cannot ${verb} the cache of proofs ${this.#file}: ${reason}`);
    }
  }
}

/** JSON with integers as strings: `{"status":"sat","model":[["p","5"],["flag",true]]}`. */
function printAnswer(answer: Decided): string {
  if (answer.status === 'unsat') return JSON.stringify({ status: 'unsat' });
  const model = [...answer.model].map(([name, value]) => [
    name,
    typeof value === 'bigint' ? String(value) : value,
  ]);
  return JSON.stringify({ status: 'sat', model });
}

/** Null for anything that `printAnswer` would not print. */
function parseAnswer(text: string): Decided | null {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !('status' in value)) return null;
  if (value.status === 'unsat') return { status: 'unsat', ms: 0, cached: true };
  if (value.status !== 'sat' || !('model' in value) || !Array.isArray(value.model)) return null;
  const model = new Map<string, Value>();
  for (const pair of value.model as unknown[]) {
    if (!Array.isArray(pair)) return null;
    const [name, held] = pair as unknown[];
    if (typeof name !== 'string') return null;
    if (typeof held === 'boolean') model.set(name, held);
    else if (typeof held === 'string' && /^-?\d+$/.test(held)) model.set(name, BigInt(held));
    else return null;
  }
  return { status: 'sat', model, ms: 0, cached: true };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A line that another program, or half a write, has left.
    return null;
  }
}
