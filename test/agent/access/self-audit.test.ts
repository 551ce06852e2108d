import t from 'tap';
import { createSelfRecord } from '../../../agent/access/self-audit.ts';
import type { AuditNote } from '../../../agent/core/audit-tools.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { type Message, msg } from '../../../agent/core/message.ts';
import type { EventCode } from '../../../agent/core/words.ts';
import { createRig } from '../../support/rig.ts';

const START_MS = Date.parse('2026-12-15T22:00:00Z');

function rig() {
  const clock = createManualClock(START_MS);
  const notes: AuditNote[] = [];
  const record = createSelfRecord({
    clock,
    log: { event: () => {} },
    store: { audit: { note: (note) => void notes.push(note) } },
  });
  const happens = (code: EventCode, text: Message, endMs: number | null = START_MS, isEnd = false): void =>
    record.note({ id: 'x', code, source: 'agent', severity: 'info', text, startMs: START_MS, endMs }, isEnd);
  const set = (byMs: number): void => clock.stepWall(byMs);
  return { clock, notes, record, happens, set };
}

t.test('a start, the end of the run before and a reverted update are recorded; a burnt-out lamp is not', async (t) => {
  const { notes, happens } = rig();
  happens('agent-restarted', msg`the last run hung`);
  happens('agent-started', msg`luciole 0.1.0 started`);
  happens('update-reverted', msg`20-0.2.0 did not come up`);
  happens('lamp-fault', msg`L01: LED open`);
  t.match(notes, [
    { door: 'self', action: 'agent-restarted', detail: 'the last run hung', result: 'ok' },
    { door: 'self', action: 'agent-started' },
    { door: 'self', action: 'update-reverted', detail: '20-0.2.0 did not come up' },
  ]);
  t.equal(notes.length, 3);
});

t.test('safe mode is recorded with its start and end, also if the clock was set back meanwhile', async (t) => {
  const { notes, happens } = rig();
  happens('safe-mode', msg`lighting only`, null);
  happens('safe-mode', msg`lighting only`, START_MS, true);
  t.match(notes, [{ result: 'ok' }, { result: 'over' }]);
});

t.test('setting the clock is recorded once, with the step and the quality; slewing is not', async (t) => {
  const { clock, notes, record, set } = rig();
  record.start();
  record.start();
  await clock.advance(60_000);
  set(1_900);
  await clock.advance(10_000);
  t.same(notes, [], 'less than two seconds');
  set(-3_600_000);
  await clock.advance(30_000);
  t.match(notes, [{ action: 'clock-set', detail: /^from 2026-12-15T22:01:\d\d\.\d{3}Z by -3600 s$/, result: 'synced' }]);
  t.equal(notes.length, 1);
  record.stop();
  set(86_400_000);
  await clock.advance(60_000);
  t.equal(notes.length, 1, 'and nothing after its end');
});

t.test('a clock that is stepped back and forth does not push out older entries either', async (t) => {
  const { notes, happens } = rig();
  for (let step = 0; step < 200; step++) happens('clock-stepped', msg`the system clock is not believed`, null);
  t.equal(notes.length, 20);
  happens('agent-stopped', msg`luciole 0.1.0 stopped`);
  t.equal(notes.length, 21);
});

t.test('a clock that two services fight over does not push out older entries', async (t) => {
  const { clock, notes, record, set } = rig();
  record.start();
  for (let step = 0; step < 360; step++) {
    set(step % 2 === 0 ? 60_000 : -60_000);
    await clock.advance(10_000);
  }
  t.equal(notes.length, 20, 'in an hour of a step each ten seconds');
  await clock.advance(3_600_000);
  set(60_000);
  await clock.advance(10_000);
  t.equal(notes.length, 21, 'a step after a quiet hour is noted again');
  record.stop();
});

t.test('a whole agent records its start and the setting of its clock, in a valid chain', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  await rig.until('at work', () => rig.levels().every((level) => level === 30));
  rig.clock.stepWall(120_000);
  const read = () => rig.agent.view.audit.read({ sinceMs: 0, limit: 100, isVerified: true, knownHead: null });
  await rig.until('noted', async () => (await read())?.entries.some(({ action }) => action === 'clock-set') === true, 60_000);
  const page = await read();
  t.ok(page?.entries.some(({ action, door }) => action === 'agent-started' && door === 'self'));
  t.same(page?.verdict?.problems, []);
});
