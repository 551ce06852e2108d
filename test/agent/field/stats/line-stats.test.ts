import t from 'tap';
import type { Reply } from '../../../../agent/core/driver.ts';
import { BusError, type BusErrorCode } from '../../../../agent/core/errors.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { LineStatsCollector, type LineStatsParts } from '../../../../agent/field/stats/line-stats.ts';

const READ = { unit: 1, table: 'holding', address: 0, count: 1 } as const;
const REPLY: Reply = { words: [1], askedMono: 0, turnaroundMs: 1, firstByteMs: 2, atMono: 5 } as unknown as Reply;

/** The first quarter of an hour of a line whose requests ended like this, in order. */
function quarterOf(ends: readonly (BusErrorCode | 'reply')[]) {
  const counters = { echoes: 0, lateReplies: 0, noiseBytes: 0, busyMs: 0 };
  const stats = new LineStatsCollector({
    config: { id: 'north', kind: 'serial', port: '/dev/null', serial: { baud: 9600, parity: 'none', dataBits: 8, stopBits: 1 } },
    line: { counters, wireMs: () => 10 },
    units: [],
    clock: createManualClock(0),
  } as unknown as LineStatsParts);
  for (const end of ends)
    stats.note({ request: READ, lane: 'telemetry', atMono: 0, end: end === 'reply' ? REPLY : new BusError(end, msg`failed`) });
  const [{ transactions, damaged, missed } = { transactions: 0, damaged: 0, missed: 0 }] = stats.quarters();
  return { transactions, damaged, missed };
}

t.test('a quarter of an hour counts damaged replies, and requests that were lost before an answer', async (t) => {
  t.strictSame(quarterOf(['reply', 'crc', 'timeout', 'reply']), { transactions: 4, damaged: 1, missed: 1 });
});

t.test('a read that made room for a level is neither damaged nor an answer', async (t) => {
  t.strictSame(quarterOf(['reply', 'interrupted']), { transactions: 2, damaged: 0, missed: 0 });
  t.strictSame(quarterOf(['timeout', 'timeout', 'timeout', 'interrupted', 'timeout']), { transactions: 5, damaged: 0, missed: 0 });
});
