/** CHN: channels, the only declared flows between partitions. */

import type { Channel, Path } from '../../model/configuration.ts';
import { computeEnd, PA_END, PAGE_SIZE, type ByteRange } from '../../model/units.ts';
import { formatAddress, type RelatedPlace } from '../findings.ts';
import {
  describePair,
  formatList,
  formatNeighbours,
  formatRange,
  relateRegion,
} from './describe.ts';
import { findBeyondAddressSpace, findNotIdentity } from './memory.ts';
import { findSharedGranules, findUndeclaredRests } from './granules.ts';
import { defineRule, getPartitionName, type Rule, type RuleContext } from './rule.ts';
import { isCovered } from './sweep.ts';

const DECLARED = 'Declared flows only: what two partitions share is a channel with both ends named';

/** A channel with its place. */
interface PlacedChannel {
  readonly channel: Channel;
  readonly path: Path;
  readonly range: ByteRange;
}

function* iterateChannels({ configuration }: RuleContext): Generator<PlacedChannel> {
  for (const [index, channel] of configuration.channels.entries()) {
    const range = { base: channel.pa, size: channel.size };
    yield { channel, path: ['config', 'channels', index], range };
  }
}

/** The first ends of a channel as related places. */
function relateEnds(context: RuleContext, channel: Channel, path: Path): RelatedPlace[] {
  return channel.ends.slice(0, 8).map((end, index) => ({
    message: `${getPartitionName(context.configuration, end.partition)} has an end here`,
    at: [...path, 'ends', index],
  }));
}

const channelEnds = defineRule({
  code: 'CHN-ENDS',
  title: 'Validate that a channel has at least two ends.',
  reason: 'With fewer nothing flows: the memory belongs to one partition, or to nobody.',
  source: DECLARED,
  example: {
    before: 'ends: [{ partition: rtos, … }]',
    after: 'ends: [{ partition: rtos, … }, { partition: linux, … }]',
  },
  *violations(context) {
    for (const { channel, path } of iterateChannels(context)) {
      if (channel.ends.length >= 2) continue;
      yield {
        message:
          `channel ${channel.name} has too few ends: expected at least 2, found ` +
          channel.ends.length,
        help: 'add the other end, or make it memory of the one partition',
        at: [...path, 'ends'],
        related: relateEnds(context, channel, path),
      };
    }
  },
});

const channelEndTwice = defineRule({
  code: 'CHN-END-TWICE',
  title: 'Validate that no partition has two ends of one channel.',
  reason: 'It talks to itself; the name of the other partition is a slip.',
  source: 'Practice: ACRN and Muen refuse self connections',
  example: { before: 'ends of rtos and rtos', after: 'ends of rtos and linux' },
  *violations(context) {
    for (const { channel, path } of iterateChannels(context)) {
      const seen = new Map<number, number>();
      for (const [index, end] of channel.ends.entries()) {
        const first = seen.get(end.partition);
        if (first === undefined) {
          seen.set(end.partition, index);
          continue;
        }
        const name = getPartitionName(context.configuration, end.partition);
        yield {
          message: `${name} has two ends of channel ${channel.name}: expected one`,
          help: 'name the other partition',
          at: [...path, 'ends', index],
          related: [{ message: `the first end of ${name} is here`, at: [...path, 'ends', first] }],
        };
      }
    }
  },
});

const channelEmpty = defineRule({
  code: 'CHN-EMPTY',
  title: 'Validate that every channel has a size.',
  reason: 'An empty range maps nothing and overlaps nothing: no other rule would see it.',
  source: 'Practice: zero-size regions slipped through published checkers',
  example: { before: 'size: 0', after: 'size: 64KiB' },
  *violations(context) {
    for (const { channel, path } of iterateChannels(context)) {
      if (channel.size > 0) continue;
      yield {
        message: `channel ${channel.name} is empty: expected a size of at least 4KiB, found 0`,
        help: 'state the size, or remove the channel',
        at: [...path, 'size'],
      };
    }
  },
});

const channelAlignment = defineRule({
  code: 'CHN-ALIGNMENT',
  title: 'Validate that a channel starts and ends on a page, at every end.',
  reason: 'Stage 2 maps whole 4 KiB pages: the rest of a page would be shared silently.',
  source: 'Stage 2 with the 4 KiB granule maps whole pages',
  example: { before: 'pa: 0x71000800', after: 'pa: 0x71000000' },
  *violations(context) {
    for (const { channel, path } of iterateChannels(context)) {
      const values: [string, number, Path][] = [
        ['pa', channel.pa, [...path, 'pa']],
        ['size', channel.size, [...path, 'size']],
      ];
      for (const [index, end] of channel.ends.entries()) {
        const name = getPartitionName(context.configuration, end.partition);
        values.push([`ipa at ${name}`, end.ipa, [...path, 'ends', index, 'ipa']]);
      }
      for (const [key, found, at] of values) {
        if (found % PAGE_SIZE === 0) continue;
        yield {
          message:
            `${key} of channel ${channel.name} is not a multiple of 4KiB: ` +
            `expected ${formatNeighbours(found, PAGE_SIZE)}, found ${formatAddress(found)}`,
          help: 'use whole pages',
          at,
        };
      }
    }
  },
});

const channelAddressSpace = defineRule({
  code: 'CHN-ADDRESS-SPACE',
  title: 'Validate that a channel ends within the physical and intermediate address space.',
  reason: 'A range that runs over the end wraps or faults.',
  source: 'T0SZ = 25 (39-bit IPA); ID_AA64MMFR0_EL1.PARange of Cortex-A55 (40-bit PA)',
  example: { before: 'ipa: 0x8000000000', after: 'ipa: 0x50000000' },
  *violations(context) {
    yield* findBeyondAddressSpace(context, 'channel');
    for (const { channel, path, range } of iterateChannels(context)) {
      if (computeEnd(range) <= PA_END) continue;
      yield {
        message:
          `channel ${channel.name} ends beyond the physical address space: ` +
          `${formatRange(range)} is not within ${formatRange({ base: 0, size: PA_END })}`,
        help: 'check pa and size; cores address 40 bits',
        at: [...path, 'pa'],
      };
    }
  },
});

const channelOutsideRam = defineRule({
  code: 'CHN-OUTSIDE-RAM',
  title: 'Validate that a channel lies wholly in RAM banks of the platform.',
  reason: 'Outside RAM are devices, other controllers or nothing.',
  source: 'Platform memory map; containment, not mere overlap',
  example: { before: 'pa: 0x20000000 (RAM starts at 0x40000000)', after: 'pa: 0x71000000' },
  *violations(context) {
    for (const { channel, path, range } of iterateChannels(context)) {
      if (channel.size === 0 || isCovered(range, context.banks)) continue;
      const { memory } = context.configuration.platform;
      const banks = memory.slice(0, 4).map((bank) => `${bank.name} ${formatRange(bank)}`);
      yield {
        message:
          `channel ${channel.name} ${formatRange(range)} is not wholly in RAM: ` +
          `expected within ${banks.join(' or ') || 'a bank, but the platform has none'}`,
        help: 'move or shrink the channel',
        at: [...path, 'pa'],
      };
    }
  },
});

const channelOverlap = defineRule({
  code: 'CHN-OVERLAP',
  title: 'Validate that a channel overlaps no memory, no device and no other channel.',
  reason: 'Ends reach what was not declared as theirs.',
  source: DECLARED,
  example: {
    before: 'memory [0x70000000, 0x71010000), channel [0x71000000, 0x71010000)',
    after: 'memory [0x70000000, 0x71000000), channel [0x71000000, 0x71010000)',
  },
  *violations({ overlaps }) {
    for (const pair of overlaps) {
      const channels = [pair.first, pair.second].filter((region) => region.class === 'channel');
      const [channel] = channels.slice(-1);
      if (channel === undefined) continue;
      const other = channel === pair.first ? pair.second : pair.first;
      if (!['memory', 'device', 'channel'].includes(other.class)) continue;
      yield {
        message: describePair(pair),
        help: 'give the channel a physical range of its own',
        at: channel.path,
        related: [relateRegion(other)],
      };
    }
  },
});

const channelDirection = defineRule({
  code: 'CHN-DIRECTION',
  title: 'Validate that somebody writes a channel and somebody else reads it.',
  reason: 'Nothing flows, or nobody sees it: the rights of an end are a slip.',
  source: 'Practice: Muen demands one writer and one reader',
  example: {
    before: 'rtos access: r, linux access: r',
    after: 'rtos access: rw, linux access: r',
  },
  *violations(context) {
    for (const { channel, path } of iterateChannels(context)) {
      if (channel.ends.length < 2) continue;
      const flows = channel.ends.some(
        (writer) =>
          writer.access.write &&
          channel.ends.some((reader) => reader !== writer && reader.access.read),
      );
      if (flows) continue;
      const writers = channel.ends
        .filter((end) => end.access.write)
        .map((end) => getPartitionName(context.configuration, end.partition));
      yield {
        message:
          `nothing flows through channel ${channel.name}: expected a writer and another reader, ` +
          `found writers ${formatList(writers)}`,
        help: 'give the sending end rw and the receiving end r',
        at: [...path, 'ends'],
        related: relateEnds(context, channel, path),
      };
    }
  },
});

const channelAccess = defineRule({
  code: 'CHN-ACCESS',
  title: 'Validate that every end of a channel has a right.',
  reason: 'An end without rights maps nothing.',
  source: 'Arm ARM DDI 0487, S2AP',
  example: { before: 'access: ""', after: 'access: r' },
  *violations(context) {
    for (const { channel, path } of iterateChannels(context)) {
      for (const [index, { access, partition }] of channel.ends.entries()) {
        if (access.read || access.write) continue;
        const name = getPartitionName(context.configuration, partition);
        yield {
          message:
            `${name} can neither read nor write channel ${channel.name}: ` +
            `expected r or rw, found ${access.execute ? 'x' : 'no right'}`,
          help: 'add r, or remove the end',
          at: [...path, 'ends', index, 'access'],
        };
      }
    }
  },
});

const channelExecute = defineRule({
  code: 'CHN-EXECUTE',
  title: 'Validate that no end may execute from a channel.',
  reason: 'Whoever writes the channel would write code of the other partition.',
  source: 'Write xor execute across a trust boundary',
  example: { before: 'access: rwx', after: 'access: rw' },
  *violations(context) {
    for (const { channel, path } of iterateChannels(context)) {
      for (const [index, { access, partition }] of channel.ends.entries()) {
        if (!access.execute) continue;
        const name = getPartitionName(context.configuration, partition);
        yield {
          message: `${name} may execute from channel ${channel.name}: expected r or rw, found x`,
          help: 'remove x',
          at: [...path, 'ends', index, 'access'],
        };
      }
    }
  },
});

const channelIdentity = defineRule({
  code: 'CHN-IDENTITY',
  title: 'Validate that a channel has its physical address at ends on cores without EL2.',
  reason: 'No stage 2 stands in front of such a core: it sees physical addresses and its aliases.',
  source: 'Cortex-M7 and M33 have neither EL2 nor an MMU',
  example: {
    before: 'pa: 0x88000000, end of freertos on cortex-m7: ipa 0x50000000',
    after: 'pa: 0x88000000, end of freertos: ipa 0x88000000',
  },
  *violations(context) {
    yield* findNotIdentity(context, 'channel');
  },
});

const channelFirewallGranule = defineRule({
  code: 'CHN-FIREWALL-GRANULE',
  title:
    'Validate that no firewall granule holds a channel of a partition on a core without EL2 ' +
    'and anything of others, or what two of these would share undeclared.',
  reason: 'The bus firewall grants whole granules: the core reaches all that lies in one.',
  source: 'i.MX95 TRDC: memory is granted in blocks',
  example: {
    before: 'granule 64KiB: channel [0x88000000, 0x88001000), linux from 0x88001000',
    after: 'granule 64KiB: channel [0x88000000, 0x88010000), linux from 0x88010000',
  },
  *violations(context) {
    yield* findSharedGranules(context, 'channel');
    yield* findUndeclaredRests(context);
  },
});

/** The rules of area CHN. */
export const CHANNEL_RULES: readonly Rule[] = [
  channelEnds,
  channelEndTwice,
  channelEmpty,
  channelAlignment,
  channelAddressSpace,
  channelOutsideRam,
  channelOverlap,
  channelDirection,
  channelAccess,
  channelExecute,
  channelIdentity,
  channelFirewallGranule,
];
