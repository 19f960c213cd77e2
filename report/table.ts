/** Plain tables: columns as wide as their widest cell, two spaces apart. */

/** Lines of a table; `alignment` has one entry per column, and no line has trailing spaces. */
export function renderTable(
  rows: readonly (readonly string[])[],
  alignment: readonly ('left' | 'right')[],
): string[] {
  const widths = alignment.map((_, column) =>
    Math.max(0, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    alignment
      .map((side, column) => {
        const cell = row[column] ?? '';
        const width = widths[column] ?? 0;
        return side === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
