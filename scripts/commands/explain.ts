/** `haven explain`: what a diagnostic, rule or obligation means. */

import type { Command } from 'commander';

import { AREAS } from '../../report/report.ts';
import type { Style } from '../../report/style.ts';
import { renderTable } from '../../report/table.ts';
import { emitText } from '../session.ts';
import type { RunCommand } from '../session.ts';
import type { Explanation } from '../explanations.ts';
import { UsageError } from '../usage.ts';

/** Adds `explain` to the command line. */
export function addExplainCommand(program: Command, run: RunCommand): void {
  program
    .command('explain')
    .summary('say what a diagnostic, rule or obligation means')
    .description(
      'Say what an id means, with its formula, source and an example; alone, list all ids.',
    )
    .argument('[id]', 'such as MEM-OVERLAP or memory.exclusive')
    .action((id: string | undefined) =>
      run('explain', async (session) => {
        const { listExplanations } = await import('../explanations.ts');
        const all = await listExplanations();
        if (id === undefined) {
          return emitText(session, renderList(all, session.style), { explanations: toFacts(all) });
        }
        // An instance, memory.exclusive[rtos], means what its claim means.
        const wanted = dropInstance(id).toLowerCase();
        const found = all.filter((entry) => listNames(entry).includes(wanted));
        if (found.length === 0) throw await createUnknownIdError(id, all);
        const text = found.map((entry) => renderExplanation(entry, session.style)).join('\n');
        return emitText(session, text, { explanations: toFacts(found) });
      }),
    );
}

/** What an entry may be called: a refuted claim `memory.exclusive` is shown as MEM-EXCLUSIVE. */
function listNames({ id, area, kind }: Explanation): string[] {
  if (kind !== 'obligation' && kind !== 'property') return [id.toLowerCase()];
  return [id, `${area}-${id.slice(id.indexOf('.') + 1)}`.toLowerCase()];
}

/** `memory.exclusive[rtos]` without its instance, closed or not. */
function dropInstance(id: string): string {
  return id.replace(/\[.*$/s, '');
}

async function createUnknownIdError(id: string, all: readonly Explanation[]): Promise<UsageError> {
  const { findNearest, listWords } = await import('../../formats/suggest.ts');
  const wanted = dropInstance(id);
  const ids = [...new Set(all.map((entry) => entry.id))];
  // The name alone, without its area, is no slip of letters.
  const named = ids.filter((known) => getName(known) === wanted.toLowerCase());
  const nearest = findNearest(wanted, ids);
  const suggested = named.length > 0 ? listWords(named) : nearest;
  const meant = suggested === null ? '' : `did you mean ${suggested}? `;
  return new UsageError(`there is no id ${id}`, `${meant}haven explain alone lists all ids`);
}

/** An id without the word of its area: `exclusive` of `memory.exclusive`. */
function getName(id: string): string {
  return id.slice(id.search(/[.-]/) + 1).toLowerCase();
}

function toFacts(entries: readonly Explanation[]) {
  return entries.map(({ id, area, kind, title, sections }) => ({
    id,
    area,
    kind,
    title,
    sections: sections.map(({ name, text }) => ({ name, text })),
  }));
}

function renderList(entries: readonly Explanation[], style: Style): string {
  const blocks = AREAS.flatMap((area) => {
    const own = entries.filter((entry) => entry.area === area);
    if (own.length === 0) return [];
    const rows = own.map(({ id, title }) => ['', id, title]);
    return [[style.strong(area), ...renderTable(rows, ['left', 'left', 'left'])].join('\n')];
  });
  return `${blocks.join('\n\n')}\n`;
}

function renderExplanation({ id, area, kind, title, sections }: Explanation, style: Style): string {
  const lines = [`${style.strong(id)} ${style.dim(`(${kind}, area ${area})`)}`, `  ${title}`];
  for (const { name, text } of sections) {
    lines.push('', `  ${style.note(name)}`, ...text.split('\n').map((line) => `    ${line}`));
  }
  return `${lines.join('\n')}\n`;
}
