/** Tables of an HTML page. */

import { escapeMarkup } from './text.ts';

/** A table cell with the text, escaped; numbers stand to the right. */
export function cell(text: string, isNumber = false): string {
  return `<td${isNumber ? ' class="number"' : ''}>${escapeMarkup(text)}</td>`;
}

/** A table: names of columns as text, rows of cells as `cell` makes them. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = header.map((name) => `<th>${escapeMarkup(name)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.join('')}</tr>`).join('\n');
  return (
    `<div class="wide"><table><thead><tr>${head}</tr></thead>` +
    `<tbody>${body}</tbody></table></div>`
  );
}
