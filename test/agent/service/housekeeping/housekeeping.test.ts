import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { type Message, msg } from '../../../../agent/core/message.ts';
import { createHousekeeping } from '../../../../agent/service/housekeeping/housekeeping.ts';
import { texts } from '../../../support/texts.ts';
import { logAt } from '../log/log-lines.ts';

/** Chores that record when they ran; the records survive a restart. */
function choresAt(startAt: string, cron: Record<string, string>, kept = new Map<string, unknown>()) {
  const clock = createManualClock(Date.parse(startAt));
  const { log, taken } = logAt({ clock });
  const ran: string[] = [];
  const held = new Map<string, PromiseWithResolvers<Message>>();
  const chores = Object.entries(cron).map(([name, pattern]) => ({
    name,
    cron: pattern,
    catchesUp: !name.startsWith('never'),
    run: async () => {
      ran.push(`${name} ${new Date(clock.wallMs()).toISOString().slice(0, 16)}`);
      if (name === 'broken') throw new Error('disk full');
      return (await held.get(name)?.promise) ?? msg`${name} done`;
    },
  }));
  const save = async (key: string, value: unknown): Promise<boolean> => kept.set(key, structuredClone(value)) !== undefined;
  const memory = { load: async (key: string) => kept.get(key), save };
  const housekeeping = createHousekeeping({ chores, clock, log, memory });
  t.teardown(() => housekeeping.stop());
  return { clock, housekeeping, ran, held, kept, log: () => taken().filter(({ event }) => event.startsWith('chore')) };
}
const done = (lastMs: string) => ({ lastMs: Date.parse(lastMs), result: 'done before', failed: false });
const MINUTES = 60_000;

t.test('a chore runs at its time of UTC wherever the cabinet is, reports its result, and stopping leaves nothing behind', async (t) => {
  const zone = process.env['TZ'] ?? 'UTC';
  process.env['TZ'] = 'Asia/Tokyo';
  t.teardown(() => {
    process.env['TZ'] = zone;
  });
  const { clock, housekeeping, ran, log } = choresAt('2026-12-02T01:56:30Z', { 'never-compact': '*/2 2 * * *', broken: '58 1 * * *' });
  housekeeping.start();
  housekeeping.start();
  await clock.advance(6 * MINUTES);
  t.strictSame(ran, ['broken 2026-12-02T01:58', 'never-compact 2026-12-02T02:00', 'never-compact 2026-12-02T02:02']);
  t.match(log(), [
    { event: 'chore-failed', chore: 'broken', severity: 'warning', result: 'disk full' },
    { event: 'chore-done', chore: 'never-compact', severity: 'info', result: 'never-compact done' },
    { chore: 'never-compact' },
  ]);
  t.strictSame(texts(housekeeping.view()), [
    {
      name: 'never-compact',
      cron: '*/2 2 * * *',
      nextMs: Date.parse('2026-12-02T02:04Z'),
      lastMs: Date.parse('2026-12-02T02:02:30Z'),
      result: 'never-compact done',
      failed: false,
    },
    {
      name: 'broken',
      cron: '58 1 * * *',
      nextMs: Date.parse('2026-12-03T01:58Z'),
      lastMs: Date.parse('2026-12-02T01:58:30Z'),
      result: 'disk full',
      failed: true,
    },
  ]);
  housekeeping.stop();
  housekeeping.stop();
  await clock.advance(120 * MINUTES);
  t.equal(ran.length, 3, 'no run after the stop');
});

t.test('chores wait for one another, and one that still waits or runs is not started again', async (t) => {
  const { clock, housekeeping, ran, held, kept, log } = choresAt('2026-12-02T01:59:30Z', {
    'never-slow': '* * * * *',
    'never-next': '0 2 * * *',
  });
  held.set('never-slow', Promise.withResolvers());
  housekeeping.start();
  await clock.advance(3 * MINUTES);
  t.strictSame(ran, ['never-slow 2026-12-02T02:00'], 'the other waits');
  held.get('never-slow')?.resolve(msg`at last`);
  held.delete('never-slow');
  await clock.advance(0);
  t.strictSame(ran.slice(1), ['never-next 2026-12-02T02:02', 'never-slow 2026-12-02T02:02'], 'the turns passed over are one');
  held.set('never-slow', Promise.withResolvers());
  await clock.advance(MINUTES);
  log();
  kept.clear();
  housekeeping.stop();
  held.get('never-slow')?.resolve(msg`too late`);
  await clock.advance(MINUTES);
  t.strictSame([log(), [...kept]], [[], []], 'one that ends after the stop is not heard');
});

t.test('times that passed while the cabinet had no mains are made up for once the street is lit', async (t) => {
  const kept = new Map<string, unknown>([
    [
      'chores',
      { backup: done('2026-11-30T02:00Z'), retention: done('2026-12-01T10:00Z'), 'never-check': done('2020-01-01T12:00Z'), broken: 7 },
    ],
  ]);
  const cron = { compaction: '17 * * * *', backup: '0 2 * * *', retention: '0 10 * * *', 'never-check': '0 12 * * 3' };
  const { clock, housekeeping, ran } = choresAt('2026-12-02T16:30:00Z', cron, kept);
  housekeeping.start();
  await clock.advance(4 * MINUTES);
  t.strictSame(ran, [], 'not at once');
  t.match(
    texts(housekeeping.view()[1]),
    { name: 'backup', result: 'done before', lastMs: Date.parse('2026-11-30T02:00Z') },
    'the last result survives a restart',
  );
  await clock.advance(2 * MINUTES);
  t.strictSame(ran, ['compaction 2026-12-02T16:35', 'backup 2026-12-02T16:35'], 'one lost turn is none, a check never runs at dusk');
  await clock.advance(30 * MINUTES);
  t.equal(ran.length, 2, 'once');
  t.match(kept.get('chores'), { backup: { result: 'backup done' }, retention: { result: 'done before' } });
});

t.test('a frequent chore causes no write of its own', async (t) => {
  const { clock, housekeeping, ran, kept } = choresAt('2026-12-02T16:00:30Z', { compaction: '17 * * * *', daily: '0 20 * * *' });
  housekeeping.start();
  await clock.advance(5 * MINUTES);
  kept.clear();
  await clock.advance(180 * MINUTES);
  t.equal(ran.filter((each) => each.startsWith('compaction')).length, 4);
  t.strictSame([...kept], []);
  await clock.advance(60 * MINUTES);
  t.match(kept.get('chores'), { daily: { failed: false }, compaction: { failed: false } });
});

t.test('a step of the clock runs no chore a thousand times, and none waits until an old time returns', async (t) => {
  const { clock, housekeeping, ran } = choresAt('1970-01-01T00:01:00Z', { 'never-hourly': '17 * * * *' });
  housekeeping.start();
  await clock.advance(2 * MINUTES);
  clock.stepWall(Date.parse('2026-12-02T16:14:00Z') - clock.wallMs());
  await clock.advance(4 * MINUTES);
  t.strictSame(ran, ['never-hourly 2026-12-02T16:17'], 'forward');
  clock.stepWall(-365 * 24 * 60 * MINUTES);
  await clock.advance(60 * MINUTES);
  t.strictSame(ran.slice(1), ['never-hourly 2025-12-02T17:17'], 'back');
});

t.test('a late turn of the loop makes up for its minutes', async (t) => {
  const { clock, housekeeping, ran } = choresAt('2026-12-02T16:15:30Z', { 'never-hourly': '17 * * * *' });
  housekeeping.start();
  clock.stepWall(2 * MINUTES);
  await clock.advance(MINUTES);
  t.strictSame(ran, ['never-hourly 2026-12-02T16:18']);
});
