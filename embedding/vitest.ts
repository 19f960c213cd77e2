/**
 * Tests for vitest: one for each property of a configuration, or one for all.
 *
 * The only file of the package that needs vitest, which whoever imports it brings.
 */

import { describe, test } from 'vitest';
import type { StaticConfiguration } from '../model/configuration.ts';
import { createRunner } from '../properties/engine/run.ts';
import { isApplicable } from '../properties/property.ts';
import { assertIsolation, type IsolationOptions } from './isolation.ts';

/** What the tests of a configuration may be told. */
export interface TestIsolationOptions extends IsolationOptions {
  /** Title of the suite; default `isolation on <platform>`. */
  readonly title?: string;
  /**
   * One test for all properties, of which the first that is broken is told, in place of one for
   * each: it takes a fraction of the time. Default false.
   */
  readonly together?: boolean;
  /** Time that a test may take, milliseconds; default 60,000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/**
 * Registers tests that random traces break no property of the machine under a configuration. One
 * that fails has a shrunk trace, told as a story, for its message. Properties that have nothing to
 * judge under the configuration are skipped.
 */
export function testIsolation(
  configuration: StaticConfiguration,
  options: TestIsolationOptions = {},
): void {
  const { title = `isolation on ${configuration.platform.name}`, timeoutMs = TIMEOUT_MS } = options;
  describe(title, () => {
    if (options.together === true) {
      test('no trace breaks a property', () => assertIsolation(configuration, options), timeoutMs);
      return;
    }
    const runner = createRunner(configuration, options);
    for (const property of runner.properties) {
      const run = isApplicable(property, runner.plan) ? test : test.skip;
      const alone = { ...options, properties: [property] };
      run(
        `${property.id}: ${property.statement}`,
        () => assertIsolation(configuration, alone),
        timeoutMs,
      );
    }
  });
}
