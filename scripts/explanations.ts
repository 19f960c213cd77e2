/** What `haven explain` knows: rules, diagnostics of reading, obligations and properties. */

import type { Area } from '../properties/findings.ts';
import { getAreaOfCode, getAreaOfId } from '../properties/findings.ts';

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

/** Every entry: diagnostics of reading, rules, obligations, properties of the machine. */
export async function listExplanations(): Promise<Explanation[]> {
  const [{ CONFIGURATION_CODES }, { RULES }, catalogue, { CLAIMS }] = await Promise.all([
    import('../formats/codes.ts'),
    import('../properties/rules/all.ts'),
    import('../properties/catalogue.ts'),
    import('../solver/claims.ts'),
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
    ...CLAIMS.map(({ id, statement, formula, source, help }) => ({
      id,
      area: getAreaOfId(id),
      kind: 'obligation' as const,
      title: statement,
      sections: [
        section('formula', formula),
        section('source', source),
        section('when refuted', help),
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
          section('verdict', 'watched in every fuzz run; a breach becomes a counterexample'),
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
    id: 'CFG-SOLVERS',
    area: 'CFG',
    kind: 'diagnostic',
    title: 'Two solvers contradict each other about one obligation.',
    sections: [
      section('why', 'one says that a case exists, the other that none does: one of them is wrong'),
      section('what to do', 'prove --smt2 writes the query, for a third solver and a report'),
      EXIT_VIOLATED,
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
