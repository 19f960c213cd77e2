/** What a fuzz run did, on a terminal: coverage, corpus, what was never reached, and crashes. */

import { formatCount, formatInteger, formatMilliseconds, formatPlural } from './duration.ts';
import type { FuzzCampaign, FuzzSummary } from './report.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';
import { sanitizeLine } from './text.ts';

/** Columns of a line of words below the summary. */
const COLUMNS = 86;

/** Rows of the summary: a name, and its lines. */
type Section = readonly [name: string, lines: readonly string[]];

/** The rows about a campaign, as much as is to be shown; crashes always. */
export function renderCampaign({ campaign }: FuzzSummary, style: Style): Section[] {
  if (campaign === undefined) return [];
  const sections: Section[] = [];
  if (campaign.crashes.length > 0) sections.push(['crashes', renderCrashes(campaign, style)]);
  if (campaign.shown === 'nothing') return sections;
  for (const story of campaign.stories) sections.push(['story', story.map(sanitizeLine)]);
  sections.push(['coverage', renderCoverage(campaign)]);
  if (campaign.corpus !== null) sections.push(['corpus', renderCorpus(campaign.corpus, style)]);
  sections.push(['unreached', renderUnreached(campaign, style)]);
  if (campaign.shown !== 'everything') return sections;
  sections.push(['impossible', renderImpossible(campaign)]);
  sections.push(['actions', renderActions(campaign, style)]);
  sections.push(['properties', renderEvaluations(campaign, style)]);
  return sections;
}

/** A chance in percent, with three digits. */
export function formatChance(chance: number): string {
  return `${Number((100 * chance).toPrecision(3))} %`;
}

function renderCrashes({ crashes }: FuzzCampaign, style: Style): string[] {
  return crashes.flatMap(({ reason, message, seed, traces, file }) => [
    style.bad(`${reason}: ${sanitizeLine(message)} (seed ${seed}, trace ${traces})`),
    ...(file === null ? [] : [`haven replay ${sanitizeLine(file)}`]),
  ]);
}

function renderCoverage({
  traces,
  features,
  states,
  discovery,
  msSinceNew,
}: FuzzCampaign): string[] {
  return [
    `${formatCount(traces)} traces, ${formatCount(features)} features, ` +
      `${formatCount(states)} abstract states`,
    `a look at the state sees a new one with a chance of ${formatChance(discovery)}; ` +
      `no new feature for ${formatMilliseconds(msSinceNew)}`,
  ];
}

function renderCorpus(corpus: NonNullable<FuzzCampaign['corpus']>, style: Style): string[] {
  const { folder, read, replayed, kept, skipped } = corpus;
  return [
    `${sanitizeLine(folder)}: ${replayed} of ${formatPlural(read, 'trace')} run first, ` +
      `${formatPlural(kept, 'trace')} kept`,
    ...skipped.map(({ path, message }) =>
      style.warn(`skipped ${sanitizeLine(path)}: ${sanitizeLine(message)}`),
    ),
  ];
}

/** What is possible as far as anybody knows, and was not reached. */
function renderUnreached({ unreached, shown }: FuzzCampaign, style: Style): string[] {
  const possible = unreached.filter(({ reason }) => reason === null);
  const impossible = unreached.length - possible.length;
  const names = new Map<string, string[]>();
  for (const { action, outcome } of possible) {
    names.set(outcome, [...(names.get(outcome) ?? []), action]);
  }
  const words = [...names].map(([outcome, actions]) => `${outcome} of ${actions.join(', ')}`);
  const more = shown === 'everything' ? '' : '; --stats lists them';
  return [
    ...(words.length === 0 ? ['nothing that is possible'] : wrap(words.join('; '))),
    ...(impossible === 0
      ? []
      : [style.dim(`${formatPlural(impossible, 'outcome')} cannot be reached here${more}`)]),
  ];
}

function renderImpossible({ unreached }: FuzzCampaign): string[] {
  const byReason = new Map<string, string[]>();
  for (const { action, outcome, reason } of unreached) {
    if (reason === null) continue;
    byReason.set(reason, [...(byReason.get(reason) ?? []), `${action} ${outcome}`]);
  }
  return [...byReason].flatMap(([reason, pairs]) => wrap(`${reason}: ${pairs.join(', ')}`));
}

function renderActions({ outcomes }: FuzzCampaign, style: Style): string[] {
  const rows = Object.entries(outcomes).map(([action, counts]) => {
    const tried = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const refused = Object.entries(counts)
      .filter(([outcome]) => outcome !== 'DONE')
      .toSorted(([, a], [, b]) => b - a)
      .map(([outcome, count]) => `${outcome} ${formatInteger(count)}`);
    return [action, formatInteger(tried), formatInteger(counts['DONE'] ?? 0), refused.join(', ')];
  });
  const header = ['action', 'tried', 'done', 'refused'];
  const [first = '', ...lines] = renderTable([header, ...rows], ['left', 'right', 'right', 'left']);
  return [style.dim(first), ...lines];
}

function renderEvaluations({ evaluations }: FuzzCampaign, style: Style): string[] {
  const rows = Object.entries(evaluations).map(([id, count]) => [id, formatInteger(count)]);
  const [first = '', ...lines] = renderTable(
    [['property', 'evaluated'], ...rows],
    ['left', 'right'],
  );
  return [style.dim(first), ...lines];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of sanitizeLine(text).split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > COLUMNS) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
