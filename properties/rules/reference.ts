/** Reference: the page that lists every rule. */

import { getAreaOfCode, type Area } from '../findings.ts';
import type { Rule } from './rule.ts';

const AREA_TITLES: Readonly<Record<Area, string>> = {
  CFG: 'Configuration',
  MEM: 'Memory',
  DEV: 'Devices',
  DMA: 'Streams and DMA',
  IRQ: 'Interrupts',
  CPU: 'Cores, budgets and tasks',
  CHN: 'Channels',
  HYP: 'Hypervisor, registers and firmware',
  SEAL: 'Boot and seal',
  NI: 'Noninterference',
};

/** The reference page of the rules as Markdown, grouped by area in the order of the list. */
export function renderRulesReference(rules: readonly Rule[]): string {
  const lines = [
    '# Rules of `haven check`',
    '',
    `${rules.length} rules that need no solver. Generated from \`properties/rules/all.ts\`.`,
  ];
  const areas = new Set(rules.map((rule) => getAreaOfCode(rule.code)));
  for (const area of areas) {
    lines.push('', `## ${area}: ${AREA_TITLES[area]}`);
    for (const rule of rules)
      if (getAreaOfCode(rule.code) === area) lines.push(...renderRule(rule));
  }
  return `${lines.join('\n')}\n`;
}

function renderRule(rule: Rule): string[] {
  const severity = rule.severity === 'warning' ? ' (warning)' : '';
  return [
    '',
    `### ${rule.code}${severity}`,
    '',
    rule.title,
    '',
    rule.reason,
    '',
    `Source: ${rule.source}.`,
    '',
    '```yaml',
    `# wrong: ${rule.example.before}`,
    `# right: ${rule.example.after}`,
    '```',
  ];
}
