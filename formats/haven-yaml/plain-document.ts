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

interface Reader {
  readonly text: string;
  /** Offset at which the line after the current one begins. */
  next: number;
  /** The current line, the next one that says something: neither blank nor only a comment. */
  line: string;
  /** Columns before the current line; -1 behind the last one, where `line` is empty. */
  indent: number;
  /** A blank line or a comment stands before the current line. */
  isApart: boolean;
  /** Column in the text of a line, while a flow value is read. */
  column: number;
  gaveUp: boolean;
}

/** The value of a document, or undefined where the library has to read it. */
export function readPlainDocument(text: string): Raw | undefined {
  const reader: Reader = {
    text: text.replaceAll('\r\n', '\n'),
    next: 0,
    line: '',
    indent: -1,
    isApart: false,
    column: 0,
    gaveUp: false,
  };
  advance(reader);
  if (reader.indent !== 0) return undefined;
  const root = readBlock(reader, 0, 0);
  return reader.gaveUp || !isAtEnd(reader) ? undefined : root;
}

function isAtEnd({ indent }: Reader): boolean {
  return indent === -1;
}

/** Moves to the next line that says something; the lines of a text are never kept together. */
function advance(reader: Reader): void {
  const { text } = reader;
  reader.isApart = false;
  while (reader.next < text.length) {
    const start = reader.next;
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    reader.next = end + 1;
    SPACES.lastIndex = start;
    SPACES.test(text);
    const first = SPACES.lastIndex;
    if (first < end && text.charCodeAt(first) !== HASH) {
      reader.indent = first - start;
      reader.line = trimEnd(text.slice(first, end));
      return;
    }
    reader.isApart = true;
  }
  reader.indent = -1;
  reader.line = '';
}

/** Without the spaces at the end; other white space has no place in a plain document. */
function trimEnd(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === SPACE) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

/** Matches everywhere; its end is what counts. */
const SPACES = / */y;
const SPACE = 0x20;
const HASH = 0x23;

function giveUp(reader: Reader): null {
  reader.gaveUp = true;
  return null;
}

/** The map or list whose first line is the current one and stands at the indent. */
function readBlock(reader: Reader, indent: number, depth: number): Raw {
  if (depth > DEPTH_MAX) return giveUp(reader);
  const value = reader.line.startsWith('- ')
    ? readBlockList(reader, indent, depth)
    : readBlockMap(reader, indent, depth);
  // A deeper line here would continue a scalar over several lines, or be a slip.
  return reader.indent > indent ? giveUp(reader) : value;
}

function readBlockList(reader: Reader, indent: number, depth: number): Raw {
  const items: Raw[] = [];
  while (!reader.gaveUp && reader.indent === indent && reader.line.startsWith('- ')) {
    const text = reader.line.slice(skipSpaces(reader.line, 2));
    const isFlow = text.startsWith('{') || text.startsWith('[');
    if (!isFlow && (KEY.test(text) || text.startsWith('- '))) {
      // What stands behind the dash is the first line of a map or list of its own.
      const inner = indent + reader.line.length - text.length;
      reader.indent = inner;
      reader.line = text;
      reader.isApart = false;
      items.push(readBlock(reader, inner, depth + 1));
    } else {
      advance(reader);
      items.push(readInline(reader, text, indent));
    }
    if (reader.indent > indent) giveUp(reader);
  }
  return items;
}

const KEY = /^([A-Za-z_$][A-Za-z0-9_$-]*):(?: +(.*))?$/;

function readBlockMap(reader: Reader, indent: number, depth: number): Raw {
  const map = createMap();
  while (!reader.gaveUp && reader.indent >= indent) {
    const match = reader.indent === indent ? KEY.exec(reader.line) : null;
    const [, key = '', rest = ''] = match ?? [];
    if (match === null || map[key] !== undefined) return giveUp(reader);
    advance(reader);
    const isNested = rest === '' || rest.startsWith('#');
    map[key] = isNested ? readNested(reader, indent, depth) : readInline(reader, rest, indent);
  }
  return map;
}

/** The value that begins on the line after its key: deeper, or a list at the indent of the key. */
function readNested(reader: Reader, indent: number, depth: number): Raw {
  const { line } = reader;
  if (reader.indent < indent) return null;
  if (reader.indent > indent) {
    if (KEY.test(line) || line.startsWith('- ')) {
      return readBlock(reader, reader.indent, depth + 1);
    }
    advance(reader);
    return readInline(reader, line, indent);
  }
  return line.startsWith('- ') ? readBlockList(reader, indent, depth + 1) : null;
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
  while (hasContinuation(reader, indent, acrossGaps)) {
    parts.push(reader.line);
    advance(reader);
  }
  return parts.join(' ');
}

/** Whether the current line continues a value; nearly none does, so that this is asked first. */
function hasContinuation(reader: Reader, indent: number, acrossGaps: boolean): boolean {
  return reader.indent > indent && (acrossGaps || !reader.isApart);
}

const END_OF_LINE = /(?: +#.*| *)$/y;
/** Plain scalars outside of flow values, without `#`, and with `:` only inside of words. */
const BLOCK_PLAIN = /^(?:[A-Za-z0-9_$.+/~]|-[A-Za-z0-9.])(?:[ !"$-9;-~]|:(?=[!-~]))*$/;

function readPlain(reader: Reader, source: string): Raw {
  const value = resolvePlain(source);
  return typeof value === 'number' && hasLeadingZero(source) ? giveUp(reader) : value;
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

const DOUBLE_QUOTED = /"([ !#-[\]-~]*)"/y;
const SINGLE_QUOTED = /'([ -&(-~]*)'(?!')/y;

function readQuoted(reader: Reader, text: string, pattern: RegExp): Raw {
  pattern.lastIndex = reader.column;
  const match = pattern.exec(text);
  if (match === null) return giveUp(reader);
  reader.column = pattern.lastIndex;
  return match[1] ?? '';
}

function skipSpaces(text: string, column: number): number {
  let end = column;
  while (text.charCodeAt(end) === SPACE) end += 1;
  return end;
}

/**
 * A plain scalar up to the comma or bracket that ends it; a minus may stand before it. A pattern,
 * because those are compiled at once, and a loop over characters only after it has run for long.
 */
const FLOW_PLAIN = /-?[A-Za-z0-9_$.+/][A-Za-z0-9_$.+/-]*(?= *[,\]}])/y;

function readFlowPlain(reader: Reader, text: string): Raw {
  const { column } = reader;
  FLOW_PLAIN.lastIndex = column;
  if (!FLOW_PLAIN.test(text)) return giveUp(reader);
  reader.column = FLOW_PLAIN.lastIndex;
  return readPlain(reader, text.slice(column, reader.column));
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

const FLOW_KEY = /[A-Za-z_$][A-Za-z0-9_$-]*(?=: )/y;

/** A key with its colon and the spaces after it; nothing where there is none. */
function readFlowKey(reader: Reader, text: string): string {
  const { column } = reader;
  FLOW_KEY.lastIndex = column;
  if (!FLOW_KEY.test(text)) return '';
  const end = FLOW_KEY.lastIndex;
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
