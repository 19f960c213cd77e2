/**
 * Reads the fact tables in `facts/`: tab-separated, first line the column names, one fact a row.
 *
 * The tables are collected from device trees, NXP's System Manager and QEMU's source; each row says
 * from which. Nothing in them is changed here: what has to be decided, the board files decide.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A row by column name; a column that the row leaves out is the empty string. */
export type FactRow = Readonly<Record<string, string>>;

/** A slip in a fact table or in a decision about it; never a user's input. */
export class FactError extends Error {}

/** Rows of `facts/<name>`. Throws FactError when a row has more columns than the head line. */
export function readFacts(name: string): FactRow[] {
  const text = readFileSync(fileURLToPath(new URL(`facts/${name}`, import.meta.url)), 'utf8');
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const columns = (lines[0] ?? '').split('\t');
  return lines.slice(1).map((line) => {
    const cells = line.split('\t');
    if (cells.length > columns.length) throw new FactError(`${name}: too many columns: ${line}`);
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
  });
}

/** A cell of a row; throws FactError where the table has no such column. */
export function getCell(row: FactRow, column: string): string {
  const cell = row[column];
  if (cell === undefined) throw new FactError(`no column ${column}`);
  return cell;
}

/** A number in a cell, `0x` or decimal; throws FactError on anything else. */
export function parseFactNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new FactError(`no number: ${text}`);
  return value;
}

/** INTIDs of a cell such as `106,107`; none for an empty cell. */
export function parseIntIds(text: string): number[] {
  return text === '' ? [] : text.split(',').map(parseFactNumber);
}

/**
 * StreamIDs or DeviceIDs of a cell: `0xe`, `0x1 (SM cfg)` or `rid 0x0->0x10;rid 0x100->0x11..0x17`,
 * where the number before the arrow is the PCI requester and `..` an inclusive range.
 */
export function parseStreamIds(text: string): { requester: number | null; id: number }[] {
  if (text === '') return [];
  return text.split(';').flatMap((part) => {
    const match = /^(?:rid (0x[0-9a-f]+)->)?(0x[0-9a-f]+)(?:\.\.(0x[0-9a-f]+))?(?: \(.*\))?$/.exec(
      part,
    );
    if (match === null) throw new FactError(`no stream: ${part}`);
    const requester = match[1] === undefined ? null : parseFactNumber(match[1]);
    const first = parseFactNumber(match[2] ?? '');
    const last = match[3] === undefined ? first : parseFactNumber(match[3]);
    return Array.from({ length: last - first + 1 }, (_, index) => ({
      requester,
      id: first + index,
    }));
  });
}
