/** What `haven explain` knows: rules, diagnostics of reading, and obligations, under one type. */

import type { Area } from '../properties/findings.ts';
import { getAreaOfCode, getAreaOfId } from '../properties/findings.ts';

/** One entry. */
export interface Explanation {
  /** A diagnostic code, or the id of a claim. */
  readonly id: string;
  readonly area: Area;
  readonly kind: 'rule' | 'diagnostic' | 'obligation';
  /** One sentence. */
  readonly title: string;
  /** Named paragraphs in the order in which they are shown. */
  readonly sections: readonly { readonly name: string; readonly text: string }[];
}

/** Every entry: diagnostics of reading, rules, obligations. */
export async function listExplanations(): Promise<Explanation[]> {
  const [{ CONFIGURATION_CODES }, { RULES }, { CLAIMS }] = await Promise.all([
    import('../formats/codes.ts'),
    import('../properties/rules/all.ts'),
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
    ...CLAIMS.map(({ id, statement, formula, source }) => ({
      id,
      area: getAreaOfId(id),
      kind: 'obligation' as const,
      title: statement,
      sections: [
        section('formula', formula),
        section('source', source),
        section('verdict', 'discharged where z3 finds no case that breaks it; only that passes'),
      ],
    })),
  ];
}

const EXIT_UNUSABLE = section('verdict', 'the configuration is invalid, exit code 2');
const EXIT_VIOLATED = section('verdict', 'the configuration is violated, exit code 1');
const WARNING = section('verdict', 'a warning: it does not decide the verdict');

function section(name: string, text: string): { readonly name: string; readonly text: string } {
  return { name, text };
}
