/** Text from outside (file names, source lines, names in a configuration) made safe to print. */

/**
 * Control characters other than tab, which would move the cursor, colour or erase what stands
 * before.
 */
// oxlint-disable-next-line no-control-regex -- these characters are what it is about
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * The text on one line: control and bidirectional characters become U+FFFD, tabs one space each.
 */
export function sanitizeLine(text: string): string {
  return text.replace(/\r$/, '').replaceAll('\t', ' ').replace(CONTROL, '\uFFFD');
}

/** The text with its line breaks kept and every line made safe. */
export function sanitizeText(text: string): string {
  return text.split('\n').map(sanitizeLine).join('\n');
}

/**
 * The five characters that mean something in XML and HTML, escaped; what neither allows, replaced.
 */
export function escapeMarkup(text: string): string {
  return sanitizeText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replace(
      /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]|\uFFFE|\uFFFF/g,
      '\uFFFD',
    );
}
