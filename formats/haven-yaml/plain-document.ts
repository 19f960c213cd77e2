/**
 * Plain documents: the part of YAML in which nearly every configuration is written, in one pass.
 *
 * The YAML library takes a second for 10,000 regions, because it keeps every space of the text.
 * This reader takes some hundredths of that and keeps no places; where one is asked for, the
 * library reads the text again. It knows block maps and lists, flow maps and lists, plain scalars,
 * quoted ones without escapes, and comments. At anything else, right or wrong, it gives up and
 * leaves the text to the library; a test holds that whatever it does read, the library reads the
 * same.
 */

import { hasLeadingZero, type Raw, resolvePlain } from './core-schema.ts';

/**
 * Deepest nesting that is read here; deeper texts are left to the library, which has a limit of
 * its own.
 */
const DEPTH_MAX = 20;

/** A line that says something: neither blank nor only a comment. */
interface Line {
  /** Columns before the text. */
  readonly indent: number;
  readonly text: string;
  /** A blank line or a comment stands before it. */
  readonly isApart: boolean;
}

interface Reader {
  readonly lines: Line[];
  /** Index of the line that is read next. */
  next: number;
  /** Column in the text of a line, while a flow value is read. */
  column: number;
  gaveUp: boolean;
}

/** The value of a document, or undefined where the library has to read it. */
export function readPlainDocument(text: string): Raw | undefined {
  const reader: Reader = { lines: splitLines(text), next: 0, column: 0, gaveUp: false };
  if (reader.lines[0]?.indent !== 0) return undefined;
  const root = readBlock(reader, 0, 0);
  return reader.gaveUp || reader.next < reader.lines.length ? undefined : root;
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  let isApart = false;
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    let indent = 0;
    while (line.charCodeAt(indent) === SPACE) indent += 1;
    const isSilent = indent === line.length || line.charCodeAt(indent) === HASH;
    if (!isSilent) lines.push({ indent, text: trimEnd(line.slice(indent)), isApart });
    isApart = isSilent;
  }
  return lines;
}

/** Without the spaces at the end; other white space has no place in a plain document. */
function trimEnd(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === SPACE) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

const SPACE = 0x20;
const HASH = 0x23;

function giveUp(reader: Reader): null {
  reader.gaveUp = true;
  return null;
}

/** The map or list whose first line is the next one and stands at the indent. */
function readBlock(reader: Reader, indent: number, depth: number): Raw {
  const line = reader.lines[reader.next];
  if (line === undefined || depth > DEPTH_MAX) return giveUp(reader);
  const value = line.text.startsWith('- ')
    ? readBlockList(reader, indent, depth)
    : readBlockMap(reader, indent, depth);
  // A deeper line here would continue a scalar over several lines, or be a slip.
  const after = reader.lines[reader.next];
  return after !== undefined && after.indent > indent ? giveUp(reader) : value;
}

function readBlockList(reader: Reader, indent: number, depth: number): Raw {
  const items: Raw[] = [];
  for (;;) {
    const line = reader.lines[reader.next];
    if (reader.gaveUp || line?.indent !== indent || !line.text.startsWith('- ')) return items;
    const text = line.text.slice(skipSpaces(line.text, 2));
    const inner = indent + line.text.length - text.length;
    const isFlow = text.startsWith('{') || text.startsWith('[');
    if (!isFlow && (KEY.test(text) || text.startsWith('- '))) {
      reader.lines[reader.next] = { indent: inner, text, isApart: false };
      items.push(readBlock(reader, inner, depth + 1));
    } else {
      reader.next += 1;
      items.push(readInline(reader, text, indent));
    }
    if ((reader.lines[reader.next]?.indent ?? 0) > indent) giveUp(reader);
  }
}

const KEY = /^([A-Za-z_$][A-Za-z0-9_$-]*):(?: +(.*))?$/;

function readBlockMap(reader: Reader, indent: number, depth: number): Raw {
  const map = createMap();
  for (;;) {
    const line = reader.lines[reader.next];
    if (reader.gaveUp || line === undefined || line.indent < indent) return map;
    const match = line.indent === indent ? KEY.exec(line.text) : null;
    const [, key = '', rest = ''] = match ?? [];
    if (match === null || map[key] !== undefined) return giveUp(reader);
    reader.next += 1;
    const isNested = rest === '' || rest.startsWith('#');
    map[key] = isNested ? readNested(reader, indent, depth) : readInline(reader, rest, indent);
  }
}

/** The value that begins on the line after its key: deeper, or a list at the indent of the key. */
function readNested(reader: Reader, indent: number, depth: number): Raw {
  const line = reader.lines[reader.next];
  if (line === undefined || line.indent < indent) return null;
  if (line.indent > indent) {
    if (KEY.test(line.text) || line.text.startsWith('- ')) {
      return readBlock(reader, line.indent, depth + 1);
    }
    reader.next += 1;
    return readInline(reader, line.text, indent);
  }
  return line.text.startsWith('- ') ? readBlockList(reader, indent, depth + 1) : null;
}

/** The value in the rest of a line and in the lines that continue it, deeper than the indent. */
function readInline(reader: Reader, text: string, indent: number): Raw {
  const first = text.charAt(0);
  const isBracket = first === '[' || first === '{';
  if (!isBracket && first !== '"' && first !== "'") {
    const comment = text.indexOf(' #');
    const whole =
      comment === -1 ? joinLines(reader, text, indent, false) : trimEnd(text.slice(0, comment));
    return BLOCK_PLAIN.test(whole) ? readPlain(reader, whole) : giveUp(reader);
  }
  const whole = joinLines(reader, text, indent, isBracket);
  const isJoined = whole.length > text.length;
  // In quotes inside of brackets, and in comments, it matters where the joined lines ended.
  if (isJoined && isBracket && /["'#]/.test(whole)) return giveUp(reader);
  reader.column = 0;
  const value = readFlow(reader, whole, 0);
  if (reader.column === whole.length) return value;
  if (isJoined) return giveUp(reader);
  END_OF_LINE.lastIndex = reader.column;
  return END_OF_LINE.test(whole) ? value : giveUp(reader);
}

/** The text with the lines that are deeper than the indent, each after a space. */
function joinLines(reader: Reader, text: string, indent: number, acrossGaps: boolean): string {
  if (!hasContinuation(reader, indent, acrossGaps)) return text;
  const parts = [text];
  for (;;) {
    const line = reader.lines[reader.next];
    if (line === undefined || !hasContinuation(reader, indent, acrossGaps)) break;
    parts.push(line.text);
    reader.next += 1;
  }
  return parts.join(' ');
}

/** Whether the next line continues a value; nearly none does, so that this is asked first. */
function hasContinuation(reader: Reader, indent: number, acrossGaps: boolean): boolean {
  const line = reader.lines[reader.next];
  return line !== undefined && line.indent > indent && (acrossGaps || !line.isApart);
}

const END_OF_LINE = /(?: +#.*| *)$/y;
/** Plain scalars outside of flow values, without `#`, and with `:` only inside of words. */
const BLOCK_PLAIN = /^(?:[A-Za-z0-9_$.+/~]|-[A-Za-z0-9.])(?:[ !"$-9;-~]|:(?=[!-~]))*$/;

function readPlain(reader: Reader, source: string): Raw {
  return hasLeadingZero(source) ? giveUp(reader) : resolvePlain(source);
}

/** The value at the column of the text, inside of brackets; the column moves behind it. */
function readFlow(reader: Reader, text: string, depth: number): Raw {
  if (depth > DEPTH_MAX) return giveUp(reader);
  switch (text.charCodeAt(reader.column)) {
    case OPEN_LIST:
      return readFlowList(reader, text, depth);
    case OPEN_MAP:
      return readFlowMap(reader, text, depth);
    case DOUBLE_QUOTE:
      return readQuoted(reader, text, DOUBLE_QUOTED);
    case SINGLE_QUOTE:
      return readQuoted(reader, text, SINGLE_QUOTED);
    default:
      return readFlowPlain(reader, text);
  }
}

const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;

const DOUBLE_QUOTED = /"([ !#-[\]-~]*)"/y;
const SINGLE_QUOTED = /'([ -&(-~]*)'(?!')/y;

function readQuoted(reader: Reader, text: string, pattern: RegExp): Raw {
  pattern.lastIndex = reader.column;
  const match = pattern.exec(text);
  if (match === null) return giveUp(reader);
  reader.column = pattern.lastIndex;
  return match[1] ?? '';
}

/** What a character may be part of inside of brackets; bits of `ROLES`. */
const KEY_START = 1;
const KEY_PART = 2;
const PLAIN_START = 4;
const PLAIN_PART = 8;
/** Roles of each ASCII character; a table, because these are asked for each character of a text. */
const ROLES: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return (
    (/[A-Za-z_$]/.test(character) ? KEY_START : 0) +
    (/[A-Za-z0-9_$-]/.test(character) ? KEY_PART : 0) +
    (/[A-Za-z0-9_$.+/]/.test(character) ? PLAIN_START : 0) +
    (/[A-Za-z0-9_$.+/-]/.test(character) ? PLAIN_PART : 0)
  );
});

/** The first column from the given one whose character has not the role. */
function skipRole(text: string, column: number, role: number): number {
  let end = column;
  while (((ROLES[text.charCodeAt(end)] ?? 0) & role) !== 0) end += 1;
  return end;
}

function skipSpaces(text: string, column: number): number {
  let end = column;
  while (text.charCodeAt(end) === SPACE) end += 1;
  return end;
}

/** A plain scalar, which a comma or a bracket ends; a minus may stand before it. */
function readFlowPlain(reader: Reader, text: string): Raw {
  const { column } = reader;
  const start = text.charCodeAt(column) === MINUS ? column + 1 : column;
  if (((ROLES[text.charCodeAt(start)] ?? 0) & PLAIN_START) === 0) return giveUp(reader);
  const end = skipRole(text, start, PLAIN_PART);
  const after = text.charCodeAt(skipSpaces(text, end));
  if (after !== COMMA && after !== CLOSE_LIST && after !== CLOSE_MAP) return giveUp(reader);
  reader.column = end;
  return readPlain(reader, text.slice(column, end));
}

function readFlowList(reader: Reader, text: string, depth: number): Raw {
  const items: Raw[] = [];
  reader.column = skipSpaces(text, reader.column + 1);
  if (text.charCodeAt(reader.column) !== CLOSE_LIST) {
    do items.push(readFlow(reader, text, depth + 1));
    while (hasAnother(reader, text, CLOSE_LIST));
  }
  return closes(reader, text, CLOSE_LIST) ? items : giveUp(reader);
}

function readFlowMap(reader: Reader, text: string, depth: number): Raw {
  const map = createMap();
  reader.column = skipSpaces(text, reader.column + 1);
  if (text.charCodeAt(reader.column) !== CLOSE_MAP) {
    do {
      const key = readFlowKey(reader, text);
      if (key === '' || map[key] !== undefined) return giveUp(reader);
      map[key] = readFlow(reader, text, depth + 1);
    } while (hasAnother(reader, text, CLOSE_MAP));
  }
  return closes(reader, text, CLOSE_MAP) ? map : giveUp(reader);
}

/** A key with its colon and the spaces after it; nothing where there is none. */
function readFlowKey(reader: Reader, text: string): string {
  const { column } = reader;
  if (((ROLES[text.charCodeAt(column)] ?? 0) & KEY_START) === 0) return '';
  const end = skipRole(text, column, KEY_PART);
  if (text.charCodeAt(end) !== COLON || text.charCodeAt(end + 1) !== SPACE) return '';
  reader.column = skipSpaces(text, end + 1);
  return text.slice(column, end);
}

/** Whether a comma follows and an entry after it; a last comma may stand before the bracket. */
function hasAnother(reader: Reader, text: string, bracket: number): boolean {
  const comma = skipSpaces(text, reader.column);
  if (reader.gaveUp || text.charCodeAt(comma) !== COMMA) return false;
  reader.column = skipSpaces(text, comma + 1);
  return text.charCodeAt(reader.column) !== bracket;
}

/** Moves behind the bracket, where it follows. */
function closes(reader: Reader, text: string, bracket: number): boolean {
  const column = skipSpaces(text, reader.column);
  if (text.charCodeAt(column) !== bracket) return false;
  reader.column = column + 1;
  return true;
}

/**
 * Maps have a prototype without keys instead of none: V8 keeps those in dictionaries, which are
 * slower to fill and to read.
 */
const NO_KEYS: object = Object.freeze(Object.create(null) as object);

function createMap(): Record<string, Raw> {
  return Object.create(NO_KEYS) as Record<string, Raw>;
}
