/** Names of a platform file made from names of a device tree. */

/** Longest name that is made, characters; a platform file allows 127, and a number may follow. */
const NAME_LENGTH_MAX = 100;

/** Lower case, digits and dashes; `unnamed` where nothing of the text remains. */
export function toName(text: string): string {
  const dashed = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return dashed.slice(0, NAME_LENGTH_MAX).replaceAll(/^-+|-+$/g, '') || 'unnamed';
}

/** The same entries with `-1`, `-2` and so on behind names that came before. */
export function makeNamesUnique<Entry extends { readonly name: string }>(
  entries: readonly Entry[],
): Entry[] {
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  return entries.map((entry) => {
    let name = entry.name;
    let index = counts.get(entry.name) ?? 0;
    while (seen.has(name)) {
      index += 1;
      name = `${entry.name}-${index}`;
    }
    counts.set(entry.name, index);
    seen.add(name);
    return { ...entry, name };
  });
}
