// @ts-check
/* oxlint-disable unicorn/require-post-message-target-origin -- a thread's port, not a window */
/**
 * One z3 in one thread: answers `{ id, text, variables, resourceLimit }` with a verdict and values.
 *
 * Plain JavaScript, so that a worker can load it from source and from the published build alike.
 * The check runs in this thread itself (not in one of z3's own), hence ending the worker ends the
 * query. There is one context for the life of the worker, since z3 never gives a context's memory
 * back.
 */

import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';

/**
 * @typedef {{
 *   id: number, text: string, variables: readonly string[], resourceLimit: number
 * }} Request
 * @typedef {{
 *   status: 'sat' | 'unsat' | 'unknown', values: [string, string][], reason: string | null
 * }} Verdict
 */

const SATISFIABLE = 1;
const UNSATISFIABLE = -1;

const { init } = /** @type {typeof import('z3-solver')} */ (
  createRequire(import.meta.url)('z3-solver')
);
const { Z3, em } = await init();
const context = Z3.mk_context(Z3.mk_config());
const resourceLimitSymbol = Z3.mk_string_symbol(context, 'rlimit');

/**
 * Values of the wanted variables; those that the model leaves open are left out.
 * @param {any} solver
 * @param {ReadonlySet<string>} wanted
 * @returns {[string, string][]}
 */
function readModel(solver, wanted) {
  const model = Z3.solver_get_model(context, solver);
  Z3.model_inc_ref(context, model);
  /** @type {[string, string][]} */
  const values = [];
  for (let index = 0; index < Z3.model_get_num_consts(context, model); index++) {
    const declaration = Z3.model_get_const_decl(context, model, index);
    const name = Z3.get_symbol_string(context, Z3.get_decl_name(context, declaration));
    if (!wanted.has(name)) continue;
    const value = Z3.model_get_const_interp(context, model, declaration);
    if (value !== null) values.push([name, Z3.ast_to_string(context, value)]);
  }
  Z3.model_dec_ref(context, model);
  return values;
}

/**
 * @param {Request} request
 * @returns {Verdict}
 */
function answer(request) {
  // The plain core: without the tactics of the default solver small linear queries take a third of
  // the time.
  const solver = Z3.mk_simple_solver(context);
  Z3.solver_inc_ref(context, solver);
  try {
    const parameters = Z3.mk_params(context);
    Z3.params_inc_ref(context, parameters);
    Z3.params_set_uint(context, parameters, resourceLimitSymbol, request.resourceLimit);
    Z3.solver_set_params(context, solver, parameters);
    Z3.params_dec_ref(context, parameters);
    Z3.solver_from_string(context, solver, request.text);
    const status = em._Z3_solver_check(context, solver);
    if (status === UNSATISFIABLE) return { status: 'unsat', values: [], reason: null };
    if (status === SATISFIABLE) {
      const values = readModel(solver, new Set(request.variables));
      return { status: 'sat', values, reason: null };
    }
    const reason = Z3.solver_get_reason_unknown(context, solver);
    // Nothing else cancels a check in this thread.
    const isLimit = reason === 'canceled';
    const stated = `limit of ${request.resourceLimit} steps reached`;
    return { status: 'unknown', values: [], reason: isLimit ? stated : reason };
  } finally {
    Z3.solver_dec_ref(context, solver);
  }
}

parentPort?.on('message', (/** @type {Request} */ request) => {
  const start = performance.now();
  const verdict = answer(request);
  parentPort?.postMessage({ id: request.id, ...verdict, ms: performance.now() - start });
});
parentPort?.postMessage({ ready: true });
