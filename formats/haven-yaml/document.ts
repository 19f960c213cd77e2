/**
 * Document: YAML 1.2 text as plain values, with the place of every key and value.
 *
 * The text is parsed to nodes with positions and resolved here, by the rules of the YAML 1.2.2 core
 * schema
 * (section 10.3), because numbers must stay exact and positions must survive. JSON is a subset.
 */

import {
  Composer,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

import type { ConfigurationCode } from '../codes.ts';
import type { Diagnostic, Location, RelatedLocation } from '../diagnostic.ts';
import { startOfFile } from '../diagnostic.ts';
import { hasLeadingZero, type Raw, type RawMap, resolvePlain } from './core-schema.ts';
import { readPlainDocument } from './plain-document.ts';

/** Keys and indices from the root of the file. */
export type SourcePath = readonly (string | number)[];

/** A text with its values and places. */
export interface SourceDocument {
  readonly file: string;
  readonly text: string;
  readonly root: Raw;
  /** Problems of syntax; where there are any, `root` is not to be relied on. */
  readonly diagnostics: readonly Diagnostic[];
  /** Place of the value at the path, or of its nearest parent that exists. */
  readonly locate: (path: SourcePath) => Location;
  /** Place of the key at the end of the path, or of what `locate` gives where there is no key. */
  readonly locateKey: (path: SourcePath) => Location;
  /** The value at the path in words: "the integer 10", "a list of 3 entries", "nothing". */
  readonly describe: (path: SourcePath) => string;
}

/** Deepest nesting that is read, counted in entries of the parser's stack. */
export const NESTING_MAX = 100;
/** Most nodes that aliases may add. */
export const ALIAS_NODES_MAX = 100_000;
/** Most problems of one file that are told apart. */
export const PROBLEMS_MAX = 1_000;

/** Parses YAML text; total: any text gives a document, with diagnostics where it is not YAML. */
export function parseSource(text: string, file: string): SourceDocument {
  const root = readPlainDocument(text);
  if (root === undefined) return parseWithPlaces(text, file);
  let parsed: SourceDocument | null = null;
  const withPlaces = (): SourceDocument => (parsed ??= parseWithPlaces(text, file));
  return {
    file,
    text,
    root,
    diagnostics: [],
    locate: (path) => withPlaces().locate(path),
    locateKey: (path) => withPlaces().locateKey(path),
    describe: (path) => withPlaces().describe(path),
  };
}

/** Parses YAML text of any form, with the place of everything. */
export function parseWithPlaces(text: string, file: string): SourceDocument {
  const lines = computeLineStarts(text);
  const diagnostics: Diagnostic[] = [];
  const reader: Reader = {
    file,
    text,
    lines,
    diagnostics,
    anchors: new Map(),
    targets: new Map(),
    active: new Set(),
    aliasDepth: 0,
    aliasNodes: 0,
  };
  const contents = composeContents(reader);
  // Nodes after a slip are the parser's guess; what they say would only mislead.
  const root = contents === null || diagnostics.length > 0 ? null : convert(reader, contents, 0);
  return {
    file,
    text,
    root,
    diagnostics,
    locate: (path) => locateIn(reader, contents, path, false),
    locateKey: (path) => locateIn(reader, contents, path, true),
    describe: (path) => describeIn(reader, contents, path),
  };
}

interface Reader {
  readonly file: string;
  readonly text: string;
  readonly lines: readonly number[];
  readonly diagnostics: Diagnostic[];
  /** Node of each anchor, as of the node being converted. */
  readonly anchors: Map<string, Node>;
  /** Where each alias leads. */
  readonly targets: Map<Alias, Node>;
  /** Anchored nodes being converted, to find an alias inside its own anchor. */
  readonly active: Set<Node>;
  aliasDepth: number;
  aliasNodes: number;
}

function composeContents(reader: Reader): Node | null {
  const tokens = readTokens(reader);
  if (tokens === null) return null;
  const documents: Document.Parsed[] = [
    ...new Composer({ schema: 'failsafe', uniqueKeys: false, prettyErrors: false }).compose(tokens),
  ];
  const [document, second] = documents;
  if (document === undefined || document.contents === null || isEmpty(document.contents)) {
    if (document === undefined || document.errors.length === 0) {
      const help = 'start from a working file: haven init qemu-virt';
      reportAt(reader, 'CFG-EMPTY', startOfFile(reader.file), 'the file holds no document', help);
      return null;
    }
  }
  reportSyntax(reader, document);
  if (second !== undefined) {
    const start = second.range[0];
    const message = 'a second document begins here; expected one document';
    report(reader, 'CFG-SYNTAX', start, start + 1, message, 'keep one document per file');
  }
  return document.contents;
}

type Tokens =
  NonNullable<ReturnType<Parser['next']>> extends Generator<infer Token> ? Token[] : never;

/** The concrete syntax; null where it nests too deeply for the composer, which is recursive. */
function readTokens(reader: Reader): Tokens | null {
  const tokens: Tokens = [];
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(reader.text)) {
    const offset = parser.offset;
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > NESTING_MAX) {
      const message = `values nest deeper than ${NESTING_MAX} levels`;
      const help = 'a configuration nests no deeper than 10 levels; remove the surplus brackets';
      report(reader, 'CFG-LIMIT', offset, offset + 1, message, help);
      return null;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/**
 * The errors of the YAML parser: the first of each line and of each code, since one slip causes
 * many.
 */
function reportSyntax(reader: Reader, { contents, errors }: Document.Parsed): void {
  const told = new Set<number | string>();
  for (const { code, message, pos } of errors.slice(0, PROBLEMS_MAX)) {
    const at = locateRange(reader, pos[0], Math.max(pos[0], pos[1]));
    if (told.has(at.line) || told.has(code)) continue;
    told.add(at.line).add(code);
    const isUnclosed = /closing|end with/.test(message);
    const open = isUnclosed ? findUnclosed(contents, pos[0], message.includes('quote')) : null;
    const help = isUnclosed
      ? 'close the bracket or quote that opens here'
      : (SYNTAX_HELP[code] ?? 'correct the text at this place');
    if (open === null) {
      reportAt(reader, 'CFG-SYNTAX', at, asSentence(message), help);
      continue;
    }
    // The parser sees that something is unclosed only where it ends, often at the end of the file.
    const start = locateRange(reader, open, open + 1);
    const related = [{ message: 'noticed here', at }];
    reportAt(reader, 'CFG-SYNTAX', start, asSentence(message), help, related);
  }
}

/** Offset of the innermost quoted text or else flow collection that reaches the offset, or null. */
function findUnclosed(contents: Node | null, offset: number, isText: boolean): number | null {
  let node: Node | null = contents;
  let start: number | null = null;
  while (node !== null) {
    const isMeant = isText
      ? isScalar(node) && (node.type?.startsWith('QUOTE') ?? false)
      : isCollection(node) && node.flow === true;
    if (isMeant && reaches(node, offset)) start = node.range?.[0] ?? null;
    node = isCollection(node) ? findChildAt(node, offset) : null;
  }
  return start;
}

function findChildAt(node: YAMLMap | YAMLSeq, offset: number): Node | null {
  const children = isMap(node)
    ? (node.items as Pair<Node, Node | null>[]).flatMap(({ key, value }) => [key, value])
    : (node.items as Node[]);
  return children.findLast((child) => child !== null && reaches(child, offset)) ?? null;
}

function reaches(node: Node, offset: number): boolean {
  const range = node.range ?? [0, 0, 0];
  return range[0] < offset && offset <= range[2];
}

/** What to do about each error of the YAML parser, by its code. */
const SYNTAX_HELP: Readonly<Record<string, string>> = {
  BAD_INDENT: 'align the entries of one map or list in the same column',
  BAD_ALIAS: 'an alias is * and the name of an anchor that stands before it',
  BAD_DIRECTIVE: 'remove the line; a configuration needs no directive',
  BAD_DQ_ESCAPE: 'write \\\\ for a backslash, or use single quotes',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'start the nested map on a line of its own, indented',
  BLOCK_IN_FLOW: 'inside [ ] and { } use only [ ] and { }',
  KEY_OVER_1024_CHARS: 'a colon or a line end is missing before this place',
  MISSING_CHAR: 'add the missing character: a bracket, quote, comma, colon or space',
  MULTILINE_IMPLICIT_KEY: 'a key stands on one line; a colon or a quote is missing',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'remove the tag; values get their type from the key',
  UNEXPECTED_TOKEN: 'remove this, or close the quote or bracket before it',
};

function asSentence(message: string): string {
  const text = message.replaceAll(/\s+/g, ' ');
  return `not YAML: ${text.slice(0, 200)}`;
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.type === 'PLAIN' && node.source === '' && node.tag === undefined;
}

function convert(reader: Reader, node: Node, depth: number): Raw {
  if (reader.aliasDepth > 0) {
    reader.aliasNodes += 1;
    if (reader.aliasNodes > ALIAS_NODES_MAX) return null;
  }
  if (isAlias(node)) return convertAlias(reader, node, depth);
  if (isScalar(node)) {
    if (node.anchor !== undefined) reader.anchors.set(node.anchor, node);
    refuseTag(reader, node);
    return convertScalar(reader, node);
  }
  if (!isCollection(node)) return null;
  refuseTag(reader, node);
  if (depth > NESTING_MAX) {
    reportNode(reader, 'CFG-LIMIT', node, 'aliases nest too deeply', 'write the values out');
    return null;
  }
  if (node.anchor === undefined) return convertCollection(reader, node, depth);
  reader.anchors.set(node.anchor, node);
  reader.active.add(node);
  const value = convertCollection(reader, node, depth);
  reader.active.delete(node);
  return value;
}

function convertCollection(reader: Reader, node: YAMLMap | YAMLSeq, depth: number): Raw {
  if (isMap(node)) return convertMap(reader, node, depth);
  return node.items.map((item) => convert(reader, item as Node, depth + 1));
}

function convertMap(reader: Reader, node: YAMLMap, depth: number): RawMap {
  const map: Record<string, Raw> = Object.create(null) as Record<string, Raw>;
  const seen = new Map<string, Node>();
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    const key = getKey(reader, pair.key);
    if (key === null) {
      const help = 'write a key of letters, digits and dashes';
      reportNode(reader, 'CFG-SYNTAX', pair.key, 'a key must be one word', help);
      continue;
    }
    if (key === '<<') {
      const message = 'merge keys (<<) are not part of YAML 1.2';
      reportNode(reader, 'CFG-UNSUPPORTED', pair.key, message, 'write the keys out');
      continue;
    }
    const first = seen.get(key);
    if (first !== undefined) {
      if (reader.aliasDepth === 0) reportDuplicateKey(reader, key, pair.key, first);
      continue;
    }
    seen.set(key, pair.key);
    map[key] = pair.value === null ? null : convert(reader, pair.value, depth + 1);
  }
  return map;
}

function reportDuplicateKey(reader: Reader, key: string, again: Node, first: Node): void {
  const related = [{ message: `"${key}" first stands here`, at: locateNode(reader, first) }];
  const message = `key "${key}" stands twice in one map`;
  reportNode(reader, 'CFG-DUPLICATE-KEY', again, message, 'keep one of the two', related);
}

function getKey(reader: Reader, node: Node): string | null {
  const target = isAlias(node) ? reader.anchors.get(node.source) : node;
  if (!isScalar(target) || target.tag !== undefined) return null;
  if (target.anchor !== undefined) reader.anchors.set(target.anchor, target);
  const key = String(target.value);
  return key === '' ? null : key;
}

function convertAlias(reader: Reader, alias: Alias, depth: number): Raw {
  const target = reader.anchors.get(alias.source);
  if (target === undefined) {
    const message = `alias *${alias.source} names no anchor that stands before it`;
    const help = `put &${alias.source} before the value that is meant, or write the value out`;
    reportNode(reader, 'CFG-SYNTAX', alias, message, help);
    return null;
  }
  if (reader.active.has(target)) {
    const message = `alias *${alias.source} stands inside its own anchor`;
    reportNode(reader, 'CFG-SYNTAX', alias, message, 'write the values out');
    return null;
  }
  reader.targets.set(alias, target);
  const before = reader.aliasNodes;
  reader.aliasDepth += 1;
  const value = convert(reader, target, depth + 1);
  reader.aliasDepth -= 1;
  if (before <= ALIAS_NODES_MAX && reader.aliasNodes > ALIAS_NODES_MAX && reader.aliasDepth === 0) {
    const message = `aliases expand to more than ${ALIAS_NODES_MAX} values`;
    reportNode(reader, 'CFG-LIMIT', alias, message, 'write the values out');
  }
  return value;
}

function refuseTag(reader: Reader, node: Node): void {
  if (node.tag === undefined || reader.aliasDepth > 0) return;
  const message = `tag ${node.tag} is not supported`;
  const help = 'remove the tag; values get their type from the key';
  reportNode(reader, 'CFG-UNSUPPORTED', node, message, help);
}

function convertScalar(reader: Reader, node: Scalar): Raw {
  const source = String(node.value);
  if (node.type !== 'PLAIN') return source;
  if (hasLeadingZero(source) && reader.aliasDepth === 0) {
    const plain = source.replace(/^([-+]?)0+(?=[0-9])/, '$1');
    const shown = source.slice(0, 40);
    const message = `${shown} begins with 0: decimal in YAML 1.2, octal in YAML 1.1 and C`;
    const help = `write ${plain.slice(0, 40)}, or 0x… for hexadecimal`;
    reportNode(reader, 'CFG-BAD-NUMBER', node, message, help);
  }
  return resolvePlain(source);
}

interface Place {
  readonly key: Node | null;
  readonly node: Node | null;
}

/** Follows the path as far as it goes. */
function findPlace(reader: Reader, contents: Node | null, path: SourcePath): [Place, boolean] {
  let place: Place = { key: null, node: contents };
  for (const step of path) {
    const next = findChild(reader, place.node, step);
    if (next === null) return [place, false];
    place = next;
  }
  return [place, true];
}

function findChild(reader: Reader, parent: Node | null, step: string | number): Place | null {
  const node = resolveAlias(reader, parent);
  if (isSeq(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return item === undefined ? null : { key: null, node: item as Node };
  }
  if (!isMap(node)) return null;
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    const key = resolveAlias(reader, pair.key);
    if (isScalar(key) && String(key.value) === String(step)) {
      return { key: pair.key, node: pair.value };
    }
  }
  return null;
}

function resolveAlias(reader: Reader, node: Node | null): Node | null {
  let target = node;
  while (isAlias(target)) target = reader.targets.get(target) ?? null;
  return target;
}

function locateIn(
  reader: Reader,
  contents: Node | null,
  path: SourcePath,
  wantsKey: boolean,
): Location {
  const [{ key, node }, found] = findPlace(reader, contents, path);
  if (key !== null && (node === null || (wantsKey && found) || isBestShownByKey(node))) {
    return locateNode(reader, key);
  }
  return node === null ? startOfFile(reader.file) : locateNode(reader, node);
}

/** A block collection begins lines below its key, and an empty value has no text. */
function isBestShownByKey(node: Node): boolean {
  if (isCollection(node)) return node.flow !== true;
  return node.range !== null && node.range !== undefined && node.range[0] === node.range[1];
}

/** The text of a node; of a block collection, which may be pages long, only its first line. */
function locateNode(reader: Reader, node: Node): Location {
  const range = node.range ?? [0, 0, 0];
  const start = range[0];
  let end = range[1];
  if (isCollection(node) && node.flow !== true) {
    const lineEnd = reader.text.indexOf('\n', start);
    if (lineEnd !== -1 && lineEnd < end) end = lineEnd;
  }
  while (end > start && /\s/.test(reader.text.charAt(end - 1))) end -= 1;
  return locateRange(reader, start, end);
}

function locateRange(reader: Reader, start: number, end: number): Location {
  const [line, column] = locateOffset(reader, start);
  const [endLine, endColumn] = locateOffset(reader, end);
  return { file: reader.file, line, column, endLine, endColumn };
}

function locateOffset(reader: Reader, offset: number): [number, number] {
  const clipped = Math.max(0, Math.min(offset, reader.text.length));
  let low = 0;
  let high = reader.lines.length;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((reader.lines[middle] ?? 0) <= clipped) low = middle;
    else high = middle;
  }
  return [low + 1, clipped - (reader.lines[low] ?? 0) + 1];
}

function computeLineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function describeIn(reader: Reader, contents: Node | null, path: SourcePath): string {
  const [place, found] = findPlace(reader, contents, path);
  if (!found) return 'nothing';
  const node = resolveAlias(reader, place.node);
  if (isMap(node)) return node.items.length === 0 ? 'an empty map' : 'a map';
  if (isSeq(node)) {
    const count = node.items.length;
    return count === 1 ? 'a list of 1 entry' : `a list of ${count} entries`;
  }
  if (!isScalar(node)) return 'nothing';
  const source = String(node.value);
  const shown = source.length > 60 ? `${source.slice(0, 57)}…` : source;
  if (node.type !== 'PLAIN') return `the text "${shown.replaceAll('\n', ' ')}"`;
  const value = resolvePlain(source);
  if (value === null) return source === '' ? 'nothing' : `${shown} (nothing)`;
  if (typeof value === 'number')
    return `the ${Number.isNaN(value) ? 'number' : 'integer'} ${shown}`;
  return typeof value === 'boolean' ? shown : `"${shown}"`;
}

function reportNode(
  reader: Reader,
  code: ConfigurationCode,
  node: Node,
  message: string,
  help: string,
  related: readonly RelatedLocation[] = [],
): void {
  reportAt(reader, code, locateNode(reader, node), message, help, related);
}

function report(
  reader: Reader,
  code: ConfigurationCode,
  start: number,
  end: number,
  message: string,
  help: string,
): void {
  reportAt(reader, code, locateRange(reader, start, Math.max(start, end)), message, help);
}

function reportAt(
  reader: Reader,
  code: ConfigurationCode,
  at: Location,
  message: string,
  help: string,
  related: readonly RelatedLocation[] = [],
): void {
  if (reader.diagnostics.length >= PROBLEMS_MAX) return;
  reader.diagnostics.push({ code, severity: 'error', message, help, at, related });
}
