/** Obligations of channels: the only flows between partitions, and only as declared. */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../../properties/findings.ts';
import type { Model, Obligation, Witness } from '../obligation.ts';
import { and, equal, integerVariable, less, modulo, not, or, within } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import type { Claim } from './claim.ts';
import { createFinding } from './claim.ts';
import { proveContained } from './contained.ts';
import type { Reach } from './contained.ts';
import { proveEveryEntry, proveLookup } from './every-entry.ts';
import { proveExclusive } from './exclusive.ts';
import { getPartitionName, listPageClaimants, listPagesOfClass } from './grants.ts';
import { getImages } from './images.ts';
import { describeEntry, listBanks, listMappedPages } from './memory.ts';
import { PAGE, contains, getVariable, isInAny, splitIntoStretches, toPages } from './spy.ts';
import type { SpyRange } from './spy.ts';

const DECLARED: Claim = {
  id: 'channel.declared',
  statement: 'A page that two partitions reach belongs to a channel with both as ends.',
  formula:
    'for every page p and partitions a < b: a reaches p and b reaches p implies a channel ' +
    'holds p and has ends a and b',
  source: 'design rule: channels are the only declared flows',
  help: 'declare a channel over the page, or move one of the two regions',
};
const PRIVATE: Claim = {
  id: 'channel.private',
  statement: 'No channel overlaps private memory, the hypervisor, or another channel.',
  formula: 'for every page p of a channel: no other region of any class has p',
  source: 'separation kernel: each resource has one owner',
  help: 'move the channel to pages that nobody else has',
};
const ENDS: Claim = {
  id: 'channel.ends',
  statement: 'Every channel has two different ends or more, a writer and a reader.',
  formula: 'for every channel: different ends = ends >= 2, writers >= 1, readers >= 1',
  source: 'design rule: a channel is a flow from somebody to somebody else',
  help: 'name each partition once, give one the right to write and another the right to read',
};
const WHOLE_PAGES: Claim = {
  id: 'channel.whole-pages',
  statement: 'Channels are whole pages, at page boundaries in every address space.',
  formula: 'for every end: pa, size and ipa are multiples of 4096',
  source: 'Arm DDI 0487 D8: the smallest block of stage 2 is one 4 KiB page',
  help: 'align pa, size and ipa to 4 KiB',
};
const BACKED: Claim = {
  id: 'channel.backed',
  statement: 'Channels lie in memory that the board has.',
  formula: 'for every page p of a channel: p is in a memory bank of the platform',
  source: 'platform file, key memory',
  help: 'move the channel into a bank',
};
const DOORBELLS: Claim = {
  id: 'channel.doorbells',
  statement: 'A partition has a doorbell only where a channel declares that it may ring.',
  formula:
    'for every doorbell d of partition p: a channel has notify { from: p, to: d.to, irq: d.irq }',
  source: 'design rule: channels are the only declared flows',
  help: 'declare the doorbell in the channel between the two, or leave it out of the table',
};

/** Claims of this file. */
export const CHANNEL_CLAIMS: readonly Claim[] = [
  DECLARED,
  PRIVATE,
  ENDS,
  WHOLE_PAGES,
  BACKED,
  DOORBELLS,
];

/** Obligations about channels: up to six. */
export function listChannelObligations(configuration: StaticConfiguration): (Obligation | null)[] {
  return [
    proveDeclared(configuration),
    proveExclusive(configuration, {
      claim: PRIVATE,
      instance: null,
      spy: PAGE,
      list: (given) =>
        listPageClaimants(given, ({ class: kind, channel }) =>
          kind === 'channel' ? `channel ${channel}` : 'private',
        ),
    }),
    proveEnds(configuration),
    proveEveryEntry(configuration, {
      claim: WHOLE_PAGES,
      instance: null,
      list: (given) => listEnds(given),
      refute: (field) =>
        or(['pa', 'size', 'ipa'].map((name) => not(equal(modulo(field(name), PAGE_SIZE), 0)))),
      isBroken: (fields) => Object.values(fields).some((value) => value % PAGE_SIZE !== 0),
    }),
    proveContained(configuration, {
      claim: BACKED,
      instance: null,
      spy: PAGE,
      reached: (given) => listPagesOfClass(given, (kind) => kind === 'channel'),
      allowed: listBanks,
      expected: 'every memory bank of the platform',
    }),
    proveDoorbells(configuration),
  ];
}

/** Every doorbell in the tables of boot, against what channels declare. */
function proveDoorbells(configuration: StaticConfiguration): Obligation | null {
  return proveLookup(configuration, {
    claim: DOORBELLS,
    instance: null,
    list: (given) =>
      getImages(given).doorbells.flatMap((doorbells, from) =>
        doorbells.map(({ to, intId }) => ({
          fields: { from, to, irq: intId },
          label: `doorbell ${intId} of ${getPartitionName(given, from)}`,
          path: ['config', 'partitions', from] as Path,
          complaint: `no channel lets it ring ${getPartitionName(given, to)}`,
        })),
      ),
    refute: (field, { channels }) => {
      const [from, to, irq] = [field('from'), field('to'), field('irq')];
      const declared = channels.flatMap(({ notify }) => notify);
      return not(
        or(
          declared.map((one) =>
            and([equal(from, one.from), equal(to, one.to), equal(irq, one.irq)]),
          ),
        ),
      );
    },
    isBroken: ({ from, to, irq }, { channels }) =>
      !channels.some(({ notify }) =>
        notify.some((one) => one.from === from && one.to === to && one.irq === irq),
      ),
  });
}

function listEnds(configuration: StaticConfiguration) {
  return configuration.channels.flatMap(({ name, pa, size, ends }, channel) =>
    ends.map(({ partition, ipa }, end) => ({
      fields: { pa, size, ipa },
      label: `end ${getPartitionName(configuration, partition)} of channel ${name}`,
      path: ['config', 'channels', channel, 'ends', end] as Path,
      complaint:
        `pa ${formatAddress(pa)}, size ${formatAddress(size)} and ipa ${formatAddress(ipa)} ` +
        `are not all multiples of ${formatAddress(PAGE_SIZE)}`,
    })),
  );
}

function proveEnds(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: ENDS,
    instance: null,
    list: ({ channels }) =>
      channels.map(({ name, ends }, channel) => ({
        fields: {
          ends: ends.length,
          different: new Set(ends.map((end) => end.partition)).size,
          writers: ends.filter((end) => end.access.write).length,
          readers: ends.filter((end) => end.access.read).length,
        },
        label: `channel ${name}`,
        path: ['config', 'channels', channel] as Path,
        complaint:
          `it has ${ends.length} ends: expected two or more different ones, ` +
          'one that writes and one that reads',
      })),
    refute: (field) =>
      or([
        less(field('ends'), 2),
        less(field('different'), field('ends')),
        less(field('writers'), 1),
        less(field('readers'), 1),
      ]),
    isBroken: ({ ends = 0, different = 0, writers = 0, readers = 0 }) =>
      ends < 2 || different < ends || writers < 1 || readers < 1,
  });
}

/** Everything that a partition reaches: through stage 2, or past the bus firewall. */
export function listReachedPages(configuration: StaticConfiguration, index: number): Reach[] {
  const granted = getImages(configuration).firewall[index] ?? [];
  return [
    ...listMappedPages(configuration, index),
    ...granted.map((mapping) => ({
      ...describeEntry(configuration, index, mapping),
      ...toPages({ base: mapping.pa, size: mapping.size }),
    })),
  ];
}

/** Two symbolic partitions a < b and one page that both reach, not excused by any channel. */
function proveDeclared(configuration: StaticConfiguration): Obligation | null {
  if (configuration.partitions.length < 2) return null;
  const [page, a, b] = [getVariable(PAGE), integerVariable('a'), integerVariable('b')];
  const reaches = configuration.partitions.flatMap((_, partition) =>
    listReachedPages(configuration, partition).map(({ low, end }) => ({ partition, low, end })),
  );
  const premises = (near: readonly PartitionRange[]) => [less(a, b), isReached(page, a, near)];
  const broken = (near: readonly PartitionRange[]) => [
    isReached(page, b, near),
    not(or(listExcuses(configuration, page, a, b))),
  ];
  return {
    ...DECLARED,
    assume: premises(reaches),
    refute: and(broken(reaches)),
    ...splitIntoStretches(page, reaches, (near) => and([...premises(near), ...broken(near)])),
    decode: (model) => decodePair(configuration, model),
    confirms: confirmsPair,
    finding: (given, witness) => {
      const [first, second] = findPair(given, witness);
      if (first === undefined || second === undefined) throw new NoPairError();
      const message =
        `page ${witness['page']} is reached through ${first.label} and through ` +
        `${second.label}, and no channel between the two holds it`;
      return createFinding(DECLARED, message, first, second);
    },
  };
}

/** Pages that a partition reaches, by its index. */
interface PartitionRange extends SpyRange {
  readonly partition: number;
}

/** The symbolic partition reaches the page. */
function isReached(page: Term, partition: Term, ranges: readonly PartitionRange[]): Term {
  const indices = [...new Set(ranges.map((range) => range.partition))];
  return or(
    indices.map((index) => {
      const own = ranges.filter((range) => range.partition === index);
      return and([equal(partition, index), isInAny(page, own)]);
    }),
  );
}

function listExcuses(configuration: StaticConfiguration, page: Term, a: Term, b: Term): Term[] {
  return configuration.channels.map(({ pa, size, ends }) => {
    const { low, end } = toPages({ base: pa, size });
    const isEnd = (partition: Term): Term => or(ends.map((one) => equal(partition, one.partition)));
    return and([within(page, low, end), isEnd(a), isEnd(b)]);
  });
}

function decodePair(configuration: StaticConfiguration, model: Model): Witness {
  return {
    page: PAGE.show(Number(model.get('page'))),
    first: getPartitionName(configuration, Number(model.get('a'))),
    second: getPartitionName(configuration, Number(model.get('b'))),
  };
}

function findPair(configuration: StaticConfiguration, witness: Witness): (Reach | undefined)[] {
  const page = PAGE.parse(String(witness['page']));
  return ['first', 'second'].map((side) => {
    const index = configuration.partitions.findIndex(({ name }) => name === witness[side]);
    return listReachedPages(configuration, index).find((one) => contains(one, page));
  });
}

function confirmsPair(configuration: StaticConfiguration, witness: Witness): boolean {
  if (findPair(configuration, witness).includes(undefined)) return false;
  const page = PAGE.parse(String(witness['page']));
  return !configuration.channels.some((channel) => {
    const names = channel.ends.map((end) => getPartitionName(configuration, end.partition));
    const isHeld = contains(toPages({ base: channel.pa, size: channel.size }), page);
    return (
      isHeld &&
      names.some((name) => name === witness['first']) &&
      names.some((name) => name === witness['second'])
    );
  });
}

/** A finding is made only of a confirmed witness, hence of two partitions that reach the page. */
export class NoPairError extends Error {
  constructor() {
    super(`the witness of ${DECLARED.id} names no two partitions that reach the page`);
  }
}
