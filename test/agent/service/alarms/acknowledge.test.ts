import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import { isSuppressed } from '../../../../agent/core/event-handling.ts';
import { type AlarmBench, createAlarmBench } from './alarm-bench.ts';

const ack = (bench: AlarmBench, event: string, note = '', source = 'console:anna') => bench.alarms.acknowledge({ event, note, source });

t.test('an acknowledged alarm stays active, is stored and sent with who and when, and ends acknowledged', async (t) => {
  const bench = await createAlarmBench();
  const event = bench.begin('lamp-out', 'L01');
  const { acknowledged } = await ack(bench, event.id, 'fuse ordered');
  const given = { by: 'console:anna', atMs: bench.clock.wallMs(), note: 'fuse ordered' };
  t.match(acknowledged, [{ id: event.id, acknowledged: given, endMs: null }]);
  t.match(bench.ongoing.activeEvents(), [{ acknowledged: given }]);
  t.match(bench.sent.at(-1), { id: event.id, endMs: null, acknowledged: given }, 'the platform receives it');
  t.equal(bench.raised.length, 1, 'it is not a second alarm');
  bench.end(event);
  t.match(bench.disk.events.get(event.id), { acknowledged: given, endMs: event.startMs });
  t.strictSame(bench.open(), []);
  await bench.clock.advance(1_000);
  bench.begin('lamp-out', 'L01');
  t.equal(bench.ongoing.openEvents()[0]?.acknowledged, undefined, 'a new occurrence needs a new acknowledgement');
});

t.test('the first acknowledgement stays, whoever acknowledges second', async (t) => {
  const bench = await createAlarmBench();
  const event = bench.begin('lamp-out', 'L01');
  await bench.platform.take({ commandId: 'p1', action: 'acknowledge', event: event.id, note: '', source: 'platform:leo' });
  const answer = await ack(bench, 'l01');
  t.match(answer, { acknowledged: [], before: [{ acknowledged: { by: 'platform:leo' } }] });
  await bench.platform.take({ commandId: 'p2', action: 'acknowledge', event: event.id, note: 'late', source: 'platform' });
  t.match(bench.outcomes, [
    { commandId: 'p1', state: 'verified', target: { kind: 'cabinet', id: 'ANG-1' } },
    { commandId: 'p2', state: 'verified', reason: /acknowledged before by platform:leo/ },
  ]);
  t.match(bench.ongoing.openEvents(), [{ acknowledged: { by: 'platform:leo', note: '' } }]);
});

t.test('an event that has ended meanwhile can be acknowledged by its id, and does not begin again', async (t) => {
  const bench = await createAlarmBench();
  const event = bench.begin('lamp-out', 'L01');
  await bench.clock.advance(1_000);
  bench.end(event);
  const { acknowledged } = await ack(bench, event.id);
  t.match(acknowledged, [{ endMs: event.startMs + 1_000, acknowledged: { by: 'console:anna' } }]);
  t.strictSame(bench.open(), []);
  t.match(bench.sent.at(-1), { id: event.id, endMs: event.startMs + 1_000, acknowledged: { by: 'console:anna' } });
  t.match(await ack(bench, event.id), { acknowledged: [], before: [{ id: event.id }] }, 'twice');
});

const refused: readonly (readonly [what: string, event: string, note: string, reason: RegExp])[] = [
  ['an unknown id', 'lamp-out:L99:1795614324357', '', /no event "lamp-out:L99:1795614324357" is known/],
  ['a name that is no id', 'L99', '', /no event "L99" is known/],
  ['an id with control characters', '\u001b[2J:1795614324357', '', /no event "\?\[2J:1795614324357"/],
  ['an id without end', `${'x'.repeat(100_000)}:1`, '', /no event "x{256}" is known/],
  ['all, if none waits', 'all', '', /no event waits/],
  ['a note that is too long', 'lamp-out:L01:1', 'x'.repeat(161), /161 characters, at most 160/],
  ['a note with control characters', 'lamp-out:L01:1', 'a\u001b[2J', /control characters/],
  ['a note with direction marks', 'lamp-out:L01:1', 'a\u202eb', /control characters/],
  ['a notice', 'agent-started:ANG-1:1', '', /is a notice/],
]; // biome-ignore format: a table
for (const [what, event, note, reason] of refused)
  t.test(`refused: ${what}`, async (t) => {
    const bench = await createAlarmBench();
    bench.begin('agent-started', 'ANG-1', { id: 'agent-started:ANG-1:1', severity: 'info', startMs: 1, endMs: 1 });
    await t.rejects(ack(bench, event, note), { message: reason });
    await bench.platform.take({ commandId: 'p1', action: 'acknowledge', event, note, source: 'platform' });
    t.match(bench.outcomes, [{ state: 'refused', reason }]);
  });

t.test('the platform names events by their id only, and all does not include what nobody was shown', async (t) => {
  const bench = await createAlarmBench();
  await bench.maintain('L02', 60);
  bench.begin('lamp-out', 'L01');
  bench.begin('lamp-out', 'L02');
  await bench.platform.take({ commandId: 'p1', action: 'acknowledge', event: 'L01', note: '', source: 'platform' });
  t.match(bench.outcomes, [{ state: 'refused' }]);
  const { acknowledged } = await ack(bench, 'all');
  t.strictSame(new Set(acknowledged.map(({ code, source }) => `${code} ${source}`)), new Set(['maintenance-mode L02', 'lamp-out L01']));
});

t.test('a condition that lasts over a restart keeps its acknowledgement, also over several; one that was over does not', async (t) => {
  let bench = await createAlarmBench();
  const lasting = bench.begin('lamp-out', 'L01');
  const over = bench.begin('unit-silent', 'L02');
  await ack(bench, 'all', 'seen');
  bench.end(over);
  for (let run = 0; run < 3; run++) {
    bench = await bench.restart({ passedMs: HOUR_MS });
    t.match(bench.disk.events.get(lasting.id), { acknowledged: { note: 'seen' } }, 'the record stays');
    await bench.clock.advance(5 * HOUR_MS);
  }
  bench.begin('unit-silent', 'L02');
  bench.begin('lamp-out', 'L01');
  t.match(bench.ongoing.openEvents(), [
    { source: 'L02', acknowledged: undefined },
    { source: 'L01', acknowledged: { by: 'console:anna', note: 'seen' } },
  ]);
  t.match(bench.sent.at(-1), { acknowledged: { note: 'seen' } }, 'and is sent with it');
  bench = await bench.restart();
  await bench.clock.advance(25 * HOUR_MS);
  bench.begin('lamp-out', 'L01');
  t.equal(bench.ongoing.openEvents()[0]?.acknowledged, undefined, 'a fault that was not found for a day of running is a new one');
});

t.test('an event that began before the disk answered gets its acknowledgement too', async (t) => {
  const first = await createAlarmBench();
  first.begin('lamp-out', 'L01');
  await ack(first, 'L01', 'seen');
  const bench = await first.restart({ passedMs: MINUTE_MS, early: [['lamp-out', 'L01']] });
  t.match(bench.ongoing.openEvents(), [{ acknowledged: { note: 'seen' } }]);
  t.match(bench.sent.at(-1), { acknowledged: { note: 'seen' } });
});

t.test('a change of the configuration does not lose an acknowledgement', async (t) => {
  const bench = await createAlarmBench();
  const event = bench.begin('lamp-out', 'L01');
  await ack(bench, 'L01');
  await bench.clock.advance(MINUTE_MS);
  bench.end(event, { isInterrupted: true });
  await bench.clock.advance(MINUTE_MS);
  bench.begin('lamp-out', 'L01');
  t.match(bench.ongoing.openEvents(), [{ acknowledged: { by: 'console:anna' } }]);
});

t.test('without a disk an acknowledgement holds, and says that it is not saved', async (t) => {
  const bench = await createAlarmBench();
  bench.disk.works = false;
  const event = bench.begin('lamp-out', 'L01');
  t.match(await ack(bench, event.id), { isSaved: false, acknowledged: [{ id: event.id }] });
  await bench.platform.take({ commandId: 'p1', action: 'acknowledge', event: event.id, note: '', source: 'platform' });
  t.match(bench.outcomes, [{ state: 'verified', isSaved: false }]);
});

t.test('a thousand alarms at once are acknowledged in one request', async (t) => {
  const bench = await createAlarmBench();
  for (let n = 0; n < 1_000; n++) bench.begin('unit-silent', `X${n}`);
  const { acknowledged } = await ack(bench, 'all', 'feeder cut');
  t.equal(acknowledged.length, 1_000);
  t.ok(bench.ongoing.activeEvents().every((event) => event.acknowledged !== undefined && !isSuppressed(event)));
  const next = await bench.restart();
  for (let n = 0; n < 1_000; n++) next.begin('unit-silent', `X${n}`);
  t.ok(next.ongoing.activeEvents().every((event) => event.acknowledged?.note === 'feeder cut'));
});
