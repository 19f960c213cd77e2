/** What `haven explain` knows: rules, diagnostics of reading, obligations and properties. */

import { join } from 'node:path';

import type { Area } from '../properties/findings.ts';
import { getAreaOfCode, getAreaOfId } from '../properties/findings.ts';
import { getClaim } from '../solver/obligation.ts';
import type { Obligation } from '../solver/obligation.ts';
import { BrokenInstallationError, getPackageRoot } from './package.ts';

/** One entry. */
export interface Explanation {
  /** A diagnostic code, or the id of a claim. */
  readonly id: string;
  readonly area: Area;
  readonly kind: 'rule' | 'diagnostic' | 'obligation' | 'property';
  /** One sentence. */
  readonly title: string;
  /** Named paragraphs in the order in which they are shown. */
  readonly sections: readonly { readonly name: string; readonly text: string }[];
}

/**
 * Obligations by claim: those of the shipped configurations, which between them have every kind;
 * the first instance of each stands for all.
 */
async function listClaims(): Promise<Obligation[]> {
  const [{ readConfiguration }, { listObligations }] = await Promise.all([
    import('../formats/read.ts'),
    import('../solver/obligations/list.ts'),
  ]);
  const claims = new Map<string, Obligation>();
  for (const name of ['qemu-virt', 'imx95']) {
    const result = readConfiguration(join(getPackageRoot(), 'configs', `${name}.yaml`));
    if (result.kind === 'invalid') throw new BrokenInstallationError();
    for (const obligation of listObligations(result.loaded.configuration)) {
      const claim = getClaim(obligation.id);
      if (!claims.has(claim)) claims.set(claim, obligation);
    }
  }
  return [...claims.values()];
}

/** Every entry: diagnostics of reading, rules, obligations, properties of the machine. */
export async function listExplanations(): Promise<Explanation[]> {
  const [{ CONFIGURATION_CODES }, { RULES }, catalogue, claims] = await Promise.all([
    import('../formats/codes.ts'),
    import('../properties/rules/all.ts'),
    import('../properties/catalogue.ts'),
    listClaims(),
  ]);
  return [
    ...CONFIGURATION_CODES.map(({ code, title, reason, example }) => ({
      id: code,
      area: getAreaOfCode(code),
      kind: 'diagnostic' as const,
      title,
      sections: [section('why', reason), section('example', example), EXIT_UNUSABLE],
    })),
    ...RULES.map(({ code, title, reason, source, example, severity }) => ({
      id: code,
      area: getAreaOfCode(code),
      kind: 'rule' as const,
      title,
      sections: [
        section('why', reason),
        section('source', source),
        section('wrong', example.before),
        section('right', example.after),
        severity === 'error' ? EXIT_VIOLATED : WARNING,
      ],
    })),
    ...COMMAND_CODES,
    ...claims.map(({ id, statement, formula, source }) => ({
      id: getClaim(id),
      area: getAreaOfId(id),
      kind: 'obligation' as const,
      title: statement,
      sections: [
        section('formula', formula),
        section('source', source),
        section('verdict', 'discharged where z3 finds no case that breaks it; only that passes'),
      ],
    })),
    ...[...catalogue.PROPERTIES, ...catalogue.ENGINE_PROPERTIES].map(
      ({ id, statement, source, example }) => ({
        id,
        area: getAreaOfId(id),
        kind: 'property' as const,
        title: statement,
        sections: [
          section('source', source),
          section('broken by', example),
          section(
            'verdict',
            'watched at every step of a fuzz run; a breach becomes a counterexample',
          ),
        ],
      }),
    ),
  ];
}

const EXIT_UNUSABLE = section('verdict', 'the configuration is invalid, exit code 2');
const EXIT_VIOLATED = section('verdict', 'the configuration is violated, exit code 1');
const WARNING = section('verdict', 'a warning: it does not decide the verdict');

function section(name: string, text: string): { readonly name: string; readonly text: string } {
  return { name, text };
}

/** Codes of the command line itself. */
const COMMAND_CODES: readonly Explanation[] = [
  {
    id: 'CFG-COUNTEREXAMPLE',
    area: 'CFG',
    kind: 'diagnostic',
    title: 'The file is no counterexample.',
    sections: [
      section('why', 'replay trusts nothing in a file: format, actions and digest must be right'),
      section('example', 'haven replay counterexamples/memory.exclusive--board-write.json'),
    ],
  },
  {
    id: 'CFG-USAGE',
    area: 'CFG',
    kind: 'diagnostic',
    title: 'The command line asks for something that cannot be done.',
    sections: [
      section('why', 'an unknown command, option or id, or a report that cannot be written'),
    ],
  },
  {
    id: 'CFG-DEVICE-TREE',
    area: 'CFG',
    kind: 'diagnostic',
    title: 'The file is no flattened device tree of a board that Haven could run on.',
    sections: [
      section('why', 'a malformed or truncated blob is refused whole, never guessed at'),
      section(
        'example',
        'haven platform board.dts  ->  dtc -o board.dtb board.dts, then board.dtb',
      ),
    ],
  },
];
