import { describe, expect, test } from 'vitest';

import {
  parseAddress,
  parseDuration,
  parseFrequency,
  parseAffinity,
  parseInteger,
  parseIntId,
  parseLineCount,
  parseRegistersSize,
  parseStreamIdBits,
  parseSize,
  type Quantity,
} from './quantities.ts';

function code(quantity: Quantity): string {
  return quantity.ok ? `ok ${quantity.value}` : quantity.code;
}

function help(quantity: Quantity): string {
  return quantity.ok ? '' : quantity.help;
}

describe('durations', () => {
  test.each([
    ['800ns', 800],
    ['250us', 250_000],
    ['2.5ms', 2_500_000],
    ['1s', 1_000_000_000],
    ['0.1us', 100],
    ['0ns', 0],
    ['9007199.254740991s', Number.MAX_SAFE_INTEGER],
  ])('are exact: %s', (text, nanoseconds) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: nanoseconds });
  });

  test.each([
    [10, 'CFG-BAD-UNIT'],
    ['10', 'CFG-BAD-UNIT'],
    ['10 ms', 'CFG-BAD-UNIT'],
    ['10msec', 'CFG-BAD-UNIT'],
    ['10MS', 'CFG-BAD-UNIT'],
    ['10constructor', 'CFG-BAD-UNIT'],
    ['0.3ns', 'CFG-BAD-NUMBER'],
    ['9007199.254740992s', 'CFG-OUT-OF-RANGE'],
    ['99999999999999999999999999999999999999999999999s', 'CFG-BAD-UNIT'],
    ['-1ms', 'CFG-WRONG-TYPE'],
    [null, 'CFG-WRONG-TYPE'],
  ])('refuses %s with %s', (value, expected) => {
    expect(code(parseDuration(value))).toBe(expected);
  });

  test('says how to write a bare number and a misspelt unit', () => {
    expect(help(parseDuration(10))).toContain('write 10ms or 10us');
    expect(help(parseDuration('4 msec'))).toBe('write 4ms');
    expect(help(parseDuration('4µs'))).toBe('write 4us');
  });
});

describe('sizes', () => {
  test.each([
    [512, 512],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['2GiB', 2 ** 31],
    ['0x1000', 4096],
  ])('are exact: %s', (value, bytes) => {
    expect(parseSize(value)).toEqual({ ok: true, value: bytes });
  });

  test.each([
    ['64KB', 'CFG-BAD-UNIT', 'write 64KiB'],
    ['64k', 'CFG-BAD-UNIT', 'write 64KiB'],
    ['12B', 'CFG-BAD-UNIT', 'bytes have no unit: write 12'],
    ['0.3KiB', 'CFG-BAD-NUMBER', 'the nearest below is 307'],
    ['4194304GiB', 'CFG-OUT-OF-RANGE', ''],
    [2 ** 52, 'CFG-OUT-OF-RANGE', 'below 2^52'],
    ['4096', 'CFG-WRONG-TYPE', 'remove the quotes'],
  ])('refuses %s with %s', (value, expected, advice) => {
    expect(code(parseSize(value))).toBe(expected);
    expect(help(parseSize(value))).toContain(advice);
  });
});

describe('addresses and integers', () => {
  test('take a number or a hexadecimal text', () => {
    expect(code(parseAddress(0x4000_0000))).toBe('ok 1073741824');
    expect(code(parseAddress('0x40000000'))).toBe('ok 1073741824');
    expect(code(parseInteger(33))).toBe('ok 33');
  });

  test('have the width that the architecture gives them', () => {
    expect(code(parseInteger(2 ** 32 - 1))).toBe('ok 4294967295');
    expect(code(parseInteger(2 ** 32))).toBe('CFG-OUT-OF-RANGE');
    expect(code(parseIntId(2 ** 24))).toBe('CFG-OUT-OF-RANGE');
    expect(code(parseLineCount(1_000_000_000))).toBe('CFG-OUT-OF-RANGE');
    expect(code(parseStreamIdBits(32))).toBe('ok 32');
    expect(code(parseStreamIdBits(33))).toBe('CFG-OUT-OF-RANGE');
    expect(code(parseAffinity(0xff_00ff_ffff))).toBe('ok 1095233437695');
    expect(code(parseAffinity(0x8000_0000))).toBe('CFG-OUT-OF-RANGE');
    expect(code(parseRegistersSize('4KiB'))).toBe('ok 4096');
    expect(code(parseRegistersSize(0))).toBe('CFG-OUT-OF-RANGE');
  });

  test.each([
    [-1, 'CFG-OUT-OF-RANGE'],
    [NaN, 'CFG-BAD-NUMBER'],
    [Infinity, 'CFG-OUT-OF-RANGE'],
    ['0x4000_0000', 'CFG-BAD-NUMBER'],
    ['0x123456789abcdef0123', 'CFG-OUT-OF-RANGE'],
    ['1GiB', 'CFG-BAD-UNIT'],
    [true, 'CFG-WRONG-TYPE'],
    [[], 'CFG-WRONG-TYPE'],
  ])('refuses address %s with %s', (value, expected) => {
    expect(code(parseAddress(value))).toBe(expected);
  });
});

describe('frequencies', () => {
  test('are exact', () => {
    expect(parseFrequency('62.5MHz')).toEqual({ ok: true, value: 62_500_000 });
    expect(parseFrequency(24_000_000)).toEqual({ ok: true, value: 24_000_000 });
  });

  test('refuses a fraction of a hertz, zero and an unknown unit', () => {
    expect(code(parseFrequency('1.5Hz'))).toBe('CFG-BAD-NUMBER');
    expect(code(parseFrequency(0))).toBe('CFG-OUT-OF-RANGE');
    expect(help(parseFrequency('24mhz'))).toBe('write 24MHz');
  });
});
