/** When recordings are made, what they name, how many are kept, and what a failing disk does. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { RecordedLine } from '../../../../agent/core/recorder-tools.ts';
import { Refusal } from '../../../../agent/core/refusal.ts';
import type { AgentEvent, Severity } from '../../../../agent/core/words.ts';
import { FlightMemory } from '../../../../agent/diagnosis/flight/flight-memory.ts';
import { FlightRecorder } from '../../../../agent/diagnosis/flight/flight-recorder.ts';
import { rowsOf } from '../../../../agent/diagnosis/flight/recorded-rows.ts';
import { decodeRecording } from '../../../../agent/diagnosis/flight/recording-codec.ts';
import { RecordingFolder, type RecordingLimits } from '../../../../agent/diagnosis/flight/recording-folder.ts';
import { sealed } from '../../../drivers/port-bench.ts';
import { recordingHead } from '../../console/fake-recorder.ts';

const START_MS = Date.parse('2026-12-15T22:00:00Z');

function bench(
  t: Test,
  options: { dir?: string; limits?: Partial<RecordingLimits>; mayWrite?: () => boolean; sizeKilobytes?: number } = {},
) {
  const dir = options.dir ?? t.testdir();
  const clock = createManualClock(START_MS);
  const events: AgentEvent[] = [];
  const memory = new FlightMemory({ clock, sizeKilobytes: () => options.sizeKilobytes ?? 64 });
  const tap = memory.tapOf('street');
  const folder = new RecordingFolder(dir, () => ({ maxRecordings: 10, maxBytes: 1_000_000, ...options.limits }));
  const { version, cabinetId, timezone, revision, ...head } = recordingHead();
  const lines: RecordedLine[] = [...head.lines];
  const recorder = new FlightRecorder({
    ...{ clock, memory, folder, log: { event() {} } },
    mayWrite: options.mayWrite ?? (() => true),
    facts: () => ({ version, cabinetId, timezone, revision, lines }),
    onEvent(event) {
      events.push(event);
      recorder.note(event);
    },
  });
  let number = 0;
  return {
    clock,
    dir,
    events,
    lines,
    memory,
    recorder,
    alarm(source = `line${++number}`, severity: Severity = 'alarm', endMs: number | null = null): void {
      const startMs = clock.wallMs();
      recorder.note({ id: `${source}:${startMs}`, code: 'line-down', source, severity, text: msg`${source} is down`, startMs, endMs });
    },
    /** One exchange on the line. */
    traffic(unit = 1): void {
      tap({ kind: 'sent', atMono: clock.monoMs(), bytes: sealed(unit, 3, 0, 0, 0, 1) });
      tap({ kind: 'received', atMono: clock.monoMs() + 30, bytes: sealed(unit, 3, 2, 0, 9) });
      memory.ended('street', { unit, lane: 'telemetry', result: 'ok', atMono: clock.monoMs() + 30 });
    },
    /** Resolves when the work on the disk is done. */
    list: () => recorder.list(),
    async rows(id: number) {
      const recording = decodeRecording((await recorder.read(id)) as Buffer);
      return recording === null ? [] : rowsOf(recording);
    },
  };
}

t.test('the alarms of a minute make one recording with the time before and after it', async (t) => {
  const { clock, recorder, alarm, traffic, list, rows } = bench(t);
  traffic(1);
  await clock.advance(5_000);
  alarm('a');
  t.equal((await list()).length, 1, 'stored at once: the next second may be the last one');
  await clock.advance(20_000);
  traffic(2);
  alarm('b');
  alarm('warned', 'warning');
  alarm('a', 'alarm', clock.wallMs() + 1);
  await clock.advance(40_000);
  const [only, ...others] = await list();
  t.strictSame(others, []);
  t.strictSame([only?.head?.cause, only?.head?.alarms.map(({ source }) => source)], ['alarm', ['a', 'b']]);
  t.strictSame(
    only?.head?.alarms.map(({ atMs }) => atMs - START_MS),
    [5_000, 25_000],
  );
  const found = await rows(1);
  t.strictSame(
    found.flatMap((row) => (row.what === 'frame' ? [`${row.kind} ${row.unit}`] : [])),
    ['request 1', 'reply 1', 'request 2', 'reply 2'],
  );
  t.strictSame(
    found.flatMap((row) => (row.what === 'event' ? [`${row.source}${row.isEnd ? ' over' : ''}`] : [])),
    ['a', 'b', 'warned', 'a over'],
  );
  t.equal(found.filter(({ what }) => what === 'end').length, 2);
  t.strictSame(found[0]?.atMs, START_MS);
  await clock.advance(600_000);
  alarm('c');
  t.equal((await list()).length, 2);
  await recorder.stop();
});

t.test('lines that a revision adds or brings back within the minute are in the recording', async (t) => {
  const scene = bench(t);
  const { clock, memory, recorder, alarm, traffic, list, rows } = scene;
  for (const unit of [1, 2]) traffic(unit);
  alarm('a');
  await list();
  memory.keepOnly(['park']);
  await clock.advance(10_000);
  const street = memory.tapOf('street');
  scene.lines.push({ ...(scene.lines[0] as RecordedLine), id: 'park' });
  const park = memory.tapOf('park');
  for (const [tap, unit] of [
    [street, 3],
    [park, 4],
  ] as const) {
    tap({ kind: 'sent', atMono: clock.monoMs(), bytes: sealed(unit, 3, 0, 0, 0, 1) });
    tap({ kind: 'received', atMono: clock.monoMs() + 30, bytes: sealed(unit, 3, 2, 0, 9) });
  }
  await clock.advance(50_000);
  const [only] = await list();
  t.strictSame(
    only?.head?.parts[1]?.channels.map(({ line, lost }) => [line, lost]),
    [
      ['street', 0],
      ['park', 0],
      [null, 0],
    ],
  );
  t.strictSame(
    (await rows(1)).flatMap((row) => (row.what === 'frame' && row.kind === 'request' ? [`${row.line} ${row.unit}`] : [])),
    ['street 1', 'street 2', 'street 3', 'park 4'],
  );
  await recorder.stop();
});

t.test('the end of an alarm at its start, after the clock was set back, is no new alarm; an alarm without duration is one', async (t) => {
  const { clock, recorder, alarm, list } = bench(t);
  alarm('a');
  alarm('a', 'alarm', clock.wallMs());
  alarm('b', 'alarm', clock.wallMs());
  await clock.advance(60_000);
  const alarms = (await list()).flatMap(({ head }) => head?.alarms.map(({ source }) => source) ?? []);
  t.strictSame(alarms, ['a', 'b']);
  await recorder.stop();
});

for (const [what, harm] of [
  ['removed', (file: string) => rmSync(file)],
  ['damaged', (file: string) => writeFileSync(file, 'not a recording')],
] as const) {
  t.test(`alarms of a minute whose recording is ${what} are in a new one`, async (t) => {
    const { dir, clock, recorder, alarm, list } = bench(t);
    alarm('a');
    await list();
    const folder = join(dir, 'recordings');
    harm(join(folder, readdirSync(folder)[0] ?? ''));
    await clock.advance(20_000);
    alarm('b');
    await clock.advance(40_000);
    const newest = (await list()).at(-1);
    t.match([newest?.id, newest?.head?.alarms], [2, [{ source: 'b' }]]);
    await recorder.stop();
  });
}

t.test('a flapping alarm does not fill the flash, and each alarm is named', async (t) => {
  const { clock, recorder, alarm, list } = bench(t, { limits: { maxRecordings: 200 } });
  for (let minute = 0; minute < 180; minute++) {
    alarm(`n${minute}`);
    await clock.advance(60_000);
    await list();
  }
  await recorder.stop();
  const recordings = await list();
  t.ok(recordings.length <= 10 + 18 + 1, `${recordings.length} recordings in three hours`);
  const named = recordings.flatMap(({ head }) => head?.alarms.map(({ source }) => source) ?? []);
  t.strictSame(
    named,
    Array.from({ length: 180 }, (_, i) => `n${i}`),
  );
});

t.test('a thousand alarms at once make one recording that names the first and counts the others', async (t) => {
  const { clock, alarm, list, recorder } = bench(t);
  for (let i = 0; i < 1_000; i++) alarm();
  await clock.advance(60_000);
  const [only, ...others] = await list();
  const { alarms = [], moreAlarms = 0 } = only?.head ?? {};
  t.strictSame([others.length, alarms.length, alarms.length + moreAlarms], [0, 64, 1_000]);
  await recorder.stop();
});

t.test('the oldest go first, in number and in bytes, except protected ones', async (t) => {
  const { recorder, list, traffic, dir } = bench(t, { limits: { maxRecordings: 4 } });
  traffic();
  for (let i = 0; i < 3; i++) await recorder.freeze('console:ann');
  t.match(await recorder.pin(1, true), { id: 1, isPinned: true });
  for (let i = 0; i < 3; i++) await recorder.freeze('console:ann');
  t.strictSame(
    (await list()).map(({ id, isPinned }) => [id, isPinned]),
    [
      [1, true],
      [4, false],
      [5, false],
      [6, false],
    ],
  );
  t.match(await recorder.pin(4, true), { isPinned: true });
  await t.rejects(recorder.pin(5, true), Refusal, 'half of them at most, so that new ones have room');
  t.match(await recorder.pin(1, false), { isPinned: false });
  t.equal(await recorder.pin(99, true), undefined);
  t.equal(await recorder.read(99), undefined);
  const again = bench(t, { dir, limits: { maxRecordings: 4 } });
  t.match(await again.recorder.freeze('console:ann'), { id: 7 }, 'a restart goes on with the numbers');
  const bytes = readFileSync(join(dir, 'recordings', readdirSync(join(dir, 'recordings'))[0] ?? '')).length;
  const small = bench(t, { dir, limits: { maxBytes: Math.floor(bytes * 2.5) } });
  await small.recorder.freeze('console:ann');
  t.strictSame(
    (await small.list()).map(({ id }) => id),
    [4, 8],
  );
});

t.test('a recording that has no room beside the protected ones removes no other', async (t) => {
  const { recorder, traffic, dir } = bench(t);
  traffic();
  for (let i = 0; i < 4; i++) await recorder.freeze('console:ann');
  await recorder.pin(1, true);
  const sizes = readdirSync(join(dir, 'recordings')).map((name) => readFileSync(join(dir, 'recordings', name)).length);
  const small = bench(t, { dir, limits: { maxBytes: Math.floor((sizes[0] ?? 0) * 1.5) } });
  await t.rejects(small.recorder.freeze('console:ann'), Refusal);
  t.equal((await small.list()).length, 4, 'all are still there');
});

t.test('what names people does not stay for ever, and a doubtful clock removes nothing', async (t) => {
  const { clock, recorder, list } = bench(t);
  await recorder.freeze('console:ann');
  await recorder.pin(1, true);
  await clock.advance(86_400_000 * 61);
  await recorder.freeze('console:ann');
  clock.setQuality('restored');
  t.equal(await recorder.expire(60), 0);
  clock.setQuality('synced');
  t.equal(await recorder.expire(60), 1);
  t.strictSame(
    (await list()).map(({ id }) => id),
    [2],
  );
  t.equal(await recorder.expire(60), 0);
});

t.test('damaged, foreign and temporary files harm nothing', async (t) => {
  const dir = t.testdir();
  const folder = join(dir, 'recordings');
  mkdirSync(folder);
  writeFileSync(join(folder, '000003-20261215T220000Z.flight'), 'not a recording');
  writeFileSync(join(folder, '000004-20261215T220000Z.flight'), '');
  writeFileSync(join(folder, '000009-20261215T220000Z.flight.new'), 'half');
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  mkdirSync(join(folder, '000005-20261215T220000Z.flight'));
  const { recorder, list, traffic } = bench(t, { dir });
  traffic();
  t.strictSame(
    (await list()).map(({ id, head }) => [id, head]),
    [
      [3, null],
      [4, null],
    ],
  );
  t.match(await recorder.freeze('console:ann'), { id: 6 });
  t.match(await recorder.read(3), Buffer.from('not a recording'));
  t.ok(existsSync(join(folder, 'notes.txt')));
});

t.test('a disk that refuses is an event with the alarms that are lost, and ends when it accepts again', async (t) => {
  const dir = t.testdir({ recordings: 'a file in the place of the folder' });
  const { clock, alarm, recorder, events } = bench(t, { dir });
  alarm('a');
  await t.rejects(recorder.list(), Refusal);
  await clock.advance(60_000);
  await t.rejects(recorder.freeze('console:ann'), Refusal);
  t.match(events, [{ code: 'recording-failed', severity: 'warning', endMs: null, text: /not recorded: line-down a/ }]);
  t.equal(events.length, 1);
  const healthy = bench(t);
  healthy.alarm('b');
  await healthy.list();
  t.strictSame(healthy.events, []);
});

t.test('a run that does not own the data stores nothing, and the next one does', async (t) => {
  let isOwner = false;
  const { clock, alarm, recorder, dir, events, list } = bench(t, { mayWrite: () => isOwner });
  alarm('a');
  await t.rejects(recorder.freeze('console:ann'), Refusal);
  t.notOk(existsSync(join(dir, 'recordings')));
  isOwner = true;
  await clock.advance(60_000);
  alarm('b');
  t.strictSame(
    (await list()).map(({ head }) => head?.alarms.map(({ source }) => source)),
    [['b']],
  );
  t.strictSame(
    events.map(({ endMs }) => endMs === null),
    [true, false],
  );
  await recorder.stop();
});

t.test(
  'a folder that cannot be written is refused with what to check',
  { skip: process.getuid?.() === 0 && 'root may write everywhere' },
  async (t) => {
    const dir = t.testdir();
    mkdirSync(join(dir, 'recordings'));
    chmodSync(join(dir, 'recordings'), 0o500);
    await t.rejects(bench(t, { dir }).recorder.freeze('console:ann'), /check the disk/);
  },
);

t.test('a busy line does not push out the others, and a new division keeps the newest', async (t) => {
  const clock = createManualClock(START_MS);
  let sizeKilobytes = 8;
  const memory = new FlightMemory({ clock, sizeKilobytes: () => sizeKilobytes });
  const [busy, calm] = [memory.tapOf('busy'), memory.tapOf('calm')];
  calm({ kind: 'sent', atMono: 1, bytes: Buffer.from([1, 2, 3]) });
  for (let i = 0; i < 2_000; i++) busy({ kind: 'received', atMono: i, bytes: Buffer.alloc(60, i) });
  const bytesOf = (line: string): number => memory.images().find((image) => image.line === line)?.bytes.length ?? 0;
  t.ok(bytesOf('calm') > 0 && bytesOf('busy') > 3_000 && bytesOf('busy') <= 3_500);
  memory.tapOf('third');
  t.ok(bytesOf('calm') > 0 && bytesOf('busy') > 2_000 && bytesOf('busy') <= 2_334);
  memory.keepOnly(['busy']);
  t.strictSame(
    memory.images().map(({ line }) => line),
    ['busy', null],
  );
  sizeKilobytes = 4_096;
  memory.keepOnly(['busy']);
  t.equal(memory.reach()[0]?.memoryBytes, 3_584_000);
  t.equal(entriesOfLast(memory), 1_999 % 256);
});

function entriesOfLast(memory: FlightMemory): number | undefined {
  return memory
    .images()
    .find(({ line }) => line === 'busy')
    ?.bytes.at(-1);
}

t.test('recordings that people request take at most half of the room from those of alarms', async (t) => {
  const { clock, recorder, alarm, list, traffic } = bench(t, { limits: { maxRecordings: 8 } });
  for (let n = 0; n < 8; n++) {
    traffic();
    alarm(`a${n}`);
    await clock.advance(15 * 60_000);
    await list();
  }
  for (let i = 0; i < 40; i++) await recorder.freeze('console:ann');
  const causes = (await list()).map(({ head }) => head?.cause);
  t.strictSame(causes, [...Array(4).fill('alarm'), ...Array(4).fill('request')]);
  await recorder.stop();
});

t.test('a recording that grows keeps all recordings together within their limit', async (t) => {
  const maxBytes = 12_000;
  const { clock, recorder, alarm, list, traffic } = bench(t, { limits: { maxBytes, maxRecordings: 100 } });
  for (let n = 0; n < 30; n++) {
    for (let i = 0; i < 200; i++) traffic((i * 7 + n) % 200);
    alarm(`a${n}`);
    await clock.advance(5_000);
    for (let i = 0; i < 200; i++) traffic((i * 11 + n) % 200);
    await clock.advance(10 * 60_000);
    const bytes = (await list()).reduce((sum, each) => sum + each.bytes, 0);
    t.ok(bytes <= maxBytes, `${bytes} bytes after ${n + 1}`);
  }
  await recorder.stop();
});

t.test('a recording that the disk cannot read does not hide the others', async (t) => {
  const { dir, alarm, list } = bench(t);
  alarm();
  const [sound] = await list();
  // A file whose reads fail with EIO.
  symlinkSync('/proc/self/mem', join(dir, 'recordings', '000009-20260115T220000Z.flight'));
  t.match(await list(), [
    { id: sound?.id, head: {} },
    { id: 9, head: null },
  ]);
});
