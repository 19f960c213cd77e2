/**
 * Patched spec: the spec's own sources with one seeded bug in the text, for whoever reads them and
 * for V8.
 *
 * The lifter reads the texts, and the fuzzer runs the same texts, so that both are held against the
 * same bug.
 */

import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { compileFunction } from 'node:vm';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import type { createMachine } from '../model/machine.ts';
import type { createPlan } from '../model/plan.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import type { InductiveInvariant } from '../properties/inductive/invariant.ts';
import type { StepParts } from '../solver/induction/micro-steps.ts';
import type { Sources } from '../solver/lift/sources.ts';

/** A spec that runs: its transition function and the state at reset. */
export interface LoadedSpec {
  readonly step: StepFunction;
  /** The parts of the step. */
  readonly parts: StepParts;
  readonly createMachine: typeof createMachine;
  /** Compiles a configuration into what boot programs. */
  readonly createPlan: typeof createPlan;
  /** The invariants that are proved, as they ask the functions of these sources. */
  readonly invariants: readonly InductiveInvariant[];
  /** The same with those that are proved only where they are asked for. */
  readonly allInvariants: readonly InductiveInvariant[];
}

/** A change of a text: `find` must occur in it exactly once. */
export interface TextBug {
  readonly name: string;
  /** Path of the file from the root of the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A bug whose text does not occur exactly once: the sources have changed under it. */
export class BugPlaceError extends Error {
  constructor(bug: TextBug, found: number) {
    super(
      `the seeded bug "${bug.name}" replaces a text that must occur once in ${bug.file}; ` +
        `found: ${found} times; adapt its \`find\` to the file`,
    );
  }
}

/** Sources that do not compile, or import a file that is not among them. */
export class SourcesError extends Error {
  constructor(reason: string) {
    super(`the sources of the spec do not load: ${reason}`);
  }
}

/** The sources with the bug in its file. Throws `BugPlaceError`. */
export function applyBug(sources: Sources, bug: TextBug): Sources {
  const text = sources.get(bug.file) ?? '';
  const [before = '', ...after] = text.split(bug.find);
  const [rest] = after;
  if (rest === undefined || after.length > 1) throw new BugPlaceError(bug, after.length);
  return new Map(sources).set(bug.file, before + bug.replace + rest);
}

/** The transition function of these sources. Rejects with `SourcesError`. */
export async function loadStep(sources: Sources): Promise<StepFunction> {
  return (await loadSpec(sources)).step;
}

const known = new Map<string, Promise<LoadedSpec>>();

/**
 * Bundles `model/step.ts` and `model/machine.ts` of these sources in memory and runs the bundle;
 * remembered per text. Rejects with `SourcesError`.
 */
export function loadSpec(sources: Sources): Promise<LoadedSpec> {
  const hash = createHash('sha256');
  for (const [path, text] of sources) hash.update(JSON.stringify([path, text]));
  const digest = hash.digest('hex');
  const remembered = known.get(digest);
  if (remembered !== undefined) return remembered;
  const loaded = bundleSources(sources, ENTRY).then(readExports);
  known.set(digest, loaded);
  return loaded;
}

/** What the bundle gives out. */
const ENTRY = `
  export { act, step } from './model/step.ts';
  export { dispatchWhenDue } from './model/scheduler.ts';
  export { translate } from './model/translation.ts';
  export { createMachine } from './model/machine.ts';
  export { createPlan } from './model/plan.ts';
  export { INDUCTIVE_INVARIANTS } from './properties/inductive/invariants.ts';
  export { WINDOW_INVARIANTS } from './properties/inductive/window-invariants.ts';
  export { actWatched, dispatchWatched } from './properties/inductive/windows.ts';
`;

/** Bundles these sources in memory and runs them: what the text of `entry` gives out. */
export async function bundleSources(
  sources: Sources,
  entry: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { outputFiles } = await build({
    stdin: { contents: entry, loader: 'ts', resolveDir: '.' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    write: false,
    // Invariants are found in the sources by the names of their functions.
    keepNames: true,
    logLevel: 'silent',
    plugins: [createPlugin(sources)],
  }).catch((error: unknown) => {
    throw new SourcesError(error instanceof Error ? error.message : String(error));
  });
  const module: { exports: Readonly<Record<string, unknown>> } = { exports: {} };
  const text = outputFiles[0]?.text ?? '';
  compileFunction(text, ['module', 'exports'])(module, module.exports);
  return module.exports;
}

/** Finds every import among the sources and nowhere else. */
function createPlugin(sources: Sources): Plugin {
  return {
    name: 'sources',
    setup: (into) => {
      into.onResolve({ filter: /.*/ }, ({ path, importer }) => {
        const folder = importer === '<stdin>' ? '' : posix.dirname(importer);
        return { path: posix.join(folder, path), namespace: 'sources' };
      });
      into.onLoad({ filter: /.*/, namespace: 'sources' }, ({ path }) => {
        const contents = sources.get(path);
        if (contents === undefined) return { errors: [{ text: `${path} is not among them` }] };
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** What the bundle gives out, or does not where a file of the sources leaves it out. */
type Exports = Partial<
  Pick<LoadedSpec, 'step' | 'createMachine' | 'createPlan'> &
    StepParts & {
      readonly INDUCTIVE_INVARIANTS: readonly InductiveInvariant[];
      readonly WINDOW_INVARIANTS: readonly InductiveInvariant[];
    }
>;

function readExports(exports: Readonly<Record<string, unknown>>): LoadedSpec {
  const { step, createMachine, createPlan, ...rest } = exports as Exports;
  const { act, dispatchWhenDue, translate, actWatched, dispatchWatched } = rest;
  const { INDUCTIVE_INVARIANTS: ofMachine, WINDOW_INVARIANTS: ofWindows } = rest;
  if (!step || !act || !dispatchWhenDue || !translate || !createMachine || !createPlan) {
    throw new SourcesError('they do not export step, its parts, createMachine and createPlan');
  }
  if (!actWatched || !dispatchWatched || !ofMachine || !ofWindows) {
    throw new SourcesError('they do not export what notes windows, and the invariants');
  }
  const parts = { act, dispatchWhenDue, translate, actWatched, dispatchWatched };
  const allInvariants = [...ofMachine, ...ofWindows];
  const invariants = allInvariants.filter(({ costly }) => costly !== true);
  return { step, parts, createMachine, createPlan, invariants, allInvariants };
}
