/**
 * Codes of the diagnostics that reading a configuration or platform file gives.
 *
 * All of them mean that the input cannot be used; what a readable configuration does wrong is a
 * rule's to say.
 */

/** What a diagnostic code means. */
export interface CodeDescription {
  readonly code: string;
  /** One sentence. */
  readonly title: string;
  /** Why this is refused. */
  readonly reason: string;
  /** What is wrong, and how it is put right. */
  readonly example: string;
}

/** Every CFG code, in the order in which reading comes to them. */
export const CONFIGURATION_CODES = [
  {
    code: 'CFG-UNREADABLE',
    title: 'The file cannot be read.',
    reason: 'It does not exist, is a directory, or the operating system refuses to open it.',
    example: 'haven check configs/      ->  haven check configs/qemu-virt.yaml',
  },
  {
    code: 'CFG-NOT-TEXT',
    title: 'The file is not UTF-8 text.',
    reason: 'A configuration is YAML 1.2 or JSON in UTF-8; other encodings are not guessed at.',
    example: 'haven check board.dtb     ->  haven platform board.dtb, then name the platform file',
  },
  {
    code: 'CFG-EMPTY',
    title: 'The file holds no document.',
    reason:
      'An empty file or one of comments only grants nothing and is almost certainly a mistake.',
    example: '(empty file)              ->  haven init qemu-virt',
  },
  {
    code: 'CFG-LIMIT',
    title: 'The file exceeds a limit of the reader.',
    reason:
      'Files above 16 MiB, nesting above 100 levels and aliases that expand to more than ' +
      '100,000 values are refused, so that no input can exhaust memory or time.',
    example: '[[[[[[…                   ->  a configuration nests no deeper than 10 levels',
  },
  {
    code: 'CFG-SYNTAX',
    title: 'The text is not YAML 1.2.',
    reason: 'The parser cannot give the text one meaning: an indent, quote or bracket is wrong.',
    example: 'devices: [uart0, rtc      ->  devices: [uart0, rtc]',
  },
  {
    code: 'CFG-DUPLICATE-KEY',
    title: 'A key stands twice in one map.',
    reason: 'Which of the two values counts would depend on the reader.',
    example:
      '{ core: 0, core: 1 }      ->  - { core: 0 }\n                              - { core: 1 }',
  },
  {
    code: 'CFG-UNKNOWN-VERSION',
    title: 'The version of the file format is not known.',
    reason:
      'A later version may give a key another meaning; to read it as this one could be unsafe.',
    example: 'version: 2                ->  version: 1',
  },
  {
    code: 'CFG-UNKNOWN-KEY',
    title: 'A key is not known at this place.',
    reason: 'An ignored key would be a promise that nobody keeps.',
    example: 'max_delay: 8ms            ->  max-delay: 8ms',
  },
  {
    code: 'CFG-MISSING-KEY',
    title: 'A required key is missing.',
    reason: 'There is no default that would be right for every configuration.',
    example: '{ core: 2, budget: 4ms }  ->  { core: 2, budget: 4ms, period: 10ms, priority: 1 }',
  },
  {
    code: 'CFG-MISPLACED-KEY',
    title: 'A key has no meaning beside what another place says.',
    reason: 'Of two places that say the same, one would be ignored: a table gives each its time.',
    example: 'policy: fp, frame: 10ms   ->  policy: fp',
  },
  {
    code: 'CFG-WRONG-TYPE',
    title: 'A value is of the wrong kind.',
    reason: 'For example a list where a map is expected, or a word where a number is.',
    example: 'devices: uart0            ->  devices: [uart0]',
  },
  {
    code: 'CFG-BAD-NUMBER',
    title: 'A number is written in a way that has no exact meaning here.',
    reason: 'Fractions of a byte or nanosecond, digit separators and leading zeros are refused.',
    example: 'pa: 0x4800_0000           ->  pa: 0x48000000',
  },
  {
    code: 'CFG-BAD-UNIT',
    title: 'A quantity has no unit or an unknown one.',
    reason: 'A bare duration could be milliseconds or microseconds, and K could be 1000 or 1024.',
    example: 'period: 10                ->  period: 10ms',
  },
  {
    code: 'CFG-BAD-VALUE',
    title: 'A value is not one of those allowed.',
    reason: 'The key takes a fixed set of words, or a name of letters, digits and . _ - + @ , : #',
    example: 'access: wr                ->  access: rw',
  },
  {
    code: 'CFG-OUT-OF-RANGE',
    title: 'A number is outside the range that the architecture or the format can hold.',
    reason: 'Addresses have at most 52 bits, and every integer must be exact.',
    example: 'vmid: -1                  ->  vmid: 1',
  },
  {
    code: 'CFG-UNKNOWN-NAME',
    title: 'A name, core or platform refers to nothing.',
    reason: 'Devices and cores come from the platform file, partitions from this file.',
    example: 'devices: [gpoi]           ->  devices: [gpio]',
  },
  {
    code: 'CFG-DUPLICATE-NAME',
    title: 'Two things of a kind have the same name or number.',
    reason: 'A reference to the name would be ambiguous.',
    example: '- name: rtos, twice       ->  rtos-a and rtos-b',
  },
  {
    code: 'CFG-UNSUPPORTED',
    title: 'The file asks for something that this version does not do.',
    reason: 'It is refused rather than ignored, because the verdict would not hold for it.',
    example: 'core: !!int 2             ->  core: 2',
  },
] as const satisfies readonly CodeDescription[];

/** Code of a diagnostic that reading gives. */
export type ConfigurationCode = (typeof CONFIGURATION_CODES)[number]['code'];
