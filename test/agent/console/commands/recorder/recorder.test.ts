/** What `recorder` and `bus sniff` print, refuse and write. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { AgentCommand, Job } from '../../../../../agent/console/command-spec.ts';
import { renderRow } from '../../../../../agent/console/commands/recorder/flight-page.ts';
import { readId } from '../../../../../agent/console/commands/recorder/recorder.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import { ConsoleError } from '../../../../../agent/console/console-error.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { FlightRow } from '../../../../../agent/core/recorder-tools.ts';
import type { WireTap } from '../../../../../agent/core/wire-tap.ts';
import { encodeRecording } from '../../../../../agent/diagnosis/flight/recording-codec.ts';
import { sealed } from '../../../../drivers/port-bench.ts';
import { recordingHead } from '../../fake-recorder.ts';
import { createFakeView } from '../../fake-view.ts';

const AT_MS = Date.parse('2026-12-01T21:41:07.045Z');
const PAGE = { widthCols: 80, colour: false, atMs: AT_MS, timezone: 'Europe/Paris' };
const command = (name: string): AgentCommand => COMMANDS.find((each) => each.name === name) as AgentCommand;
const clock = createManualClock(AT_MS);
const job = (changes: Partial<Job> = {}): Job => ({
  source: 'console:ann',
  caller: { user: 'ann', role: 'technician', door: 'socket' } as unknown as Job['caller'],
  report: () => true,
  signal: new AbortController().signal,
  clock,
  timezone: 'Europe/Paris',
  ...changes,
});

const AT = { atMs: AT_MS + 0.123, atUs: 5_000_123 };
const ROWS: readonly [row: FlightRow, text: string][] = [
  [
    {
      ...AT,
      what: 'frame',
      line: 'street',
      direction: 'sent',
      kind: 'request',
      unit: 1,
      fc: 3,
      gapUs: null,
      isForeign: false,
      bytes: '010300000002c40b',
    },
    '22:41:07.045123 > #1   request              01 03 00 00 00 02 C4 0B',
  ],
  [
    {
      ...AT,
      what: 'frame',
      line: 'street',
      direction: 'received',
      kind: 'request',
      unit: 247,
      fc: 3,
      gapUs: -12,
      isForeign: true,
      bytes: '01'.repeat(40),
    },
    '22:41:07.045123 < #247 request*        -12  01 01 01 01 01 01 01 01 01 01 01 01~',
  ],
  [
    {
      ...AT,
      what: 'frame',
      line: 'street',
      direction: 'discarded',
      kind: 'noise',
      unit: null,
      fc: null,
      gapUs: 99_999_999,
      isForeign: false,
      bytes: 'ff',
    },
    '22:41:07.045123 x      noise      99999999  FF',
  ],
  [{ ...AT, what: 'dropped', line: 'street', count: 7 }, '22:41:07.045123 x 7 bytes dropped unread'],
  [{ ...AT, what: 'end', line: 'street', unit: 1, lane: 'telemetry', result: 'timeout' }, '22:41:07.045123 = #1 timeout, telemetry'],
  [{ ...AT, what: 'port', line: 'street', state: 'lost', serial: null }, '22:41:07.045123 - port lost'],
  [
    { ...AT, what: 'decision', lamp: 'L01', levelPct: 60, rank: 'presence', reason: 'presence', isHeld: false },
    '22:41:07.045123 * L01 60 %, presence',
  ],
  [
    { ...AT, what: 'event', code: 'line-down', source: 'street', severity: 'alarm', text: msg`it is down`, isEnd: false },
    '22:41:07.045123 ! line-down street: it is down',
  ],
];

for (const [row, text] of ROWS)
  t.test(`a row of ${row.what} on a screen of 80 columns`, async (t) => {
    t.equal(renderRow(row, PAGE), text);
    t.ok(renderRow(row, PAGE).length <= 80);
  });

t.test('the list shows why, and how far back the memory reaches', async (t) => {
  const view = createFakeView();
  const text = await command('recorder list').render(await command('recorder list').answer(view, {}, job()), PAGE, {});
  t.match(text, /1 {2}1 Dec 22:41:07 .* line-down street/);
  t.match(text, /Memory +street: 4 min/);
  const none = await command('recorder list').render({ recordings: [], reach: [] }, PAGE, {});
  t.match(none, /no recordings: one is made at each alarm/);
  const odd = { recordings: [{ id: 3, isPinned: true, bytes: 10, head: null }], reach: [] };
  t.match(await command('recorder list').render(odd, PAGE, {}), /protected; its file is damaged/);
  const head = recordingHead({ moreAlarms: 3 });
  t.match(
    await command('recorder list').render({ recordings: [{ id: 3, isPinned: false, bytes: 10, head }], reach: [] }, PAGE, {}),
    /and 3 more/,
  );
});

t.test('a recording that does not exist is refused by number', async (t) => {
  const view = createFakeView();
  for (const name of ['recorder show', 'recorder file', 'recorder pin', 'recorder unpin'])
    await t.rejects(command(name).answer(view, { id: '9' }, job()), /no recording 9/);
  await t.rejects(command('recorder show').answer(view, { id: 'x' }, job()), ConsoleError);
  const stored = {
    ...view,
    recorder: { ...view.recorder, read: async () => Buffer.from(encodeRecording(recordingHead({ parts: [] }), [])) },
  };
  await t.rejects(command('recorder show').answer(stored, { id: '1', line: 'nope' }, job()), /no line nope: one of street/);
  t.throws(() => readId({ id: '0' }), ConsoleError);
  t.match(await command('recorder freeze').answer(view, {}, job()), { id: 2 });
  t.match(view.asked, [{ freeze: 'console:ann' }]);
});

t.test('sniffing counts what a slow terminal misses, and who sends', async (t) => {
  const view = createFakeView();
  let tap: WireTap = () => {};
  const observed = Promise.withResolvers<void>();
  let isStopped = false;
  const gone = new AbortController();
  let taken = 0;
  const sniffer = {
    ...view.sniffer,
    observe: (_line: string, onEntry: WireTap) => {
      tap = onEntry;
      observed.resolve();
      return () => {
        isStopped = true;
      };
    },
  };
  const answered = command('bus sniff').answer(
    { ...view, sniffer },
    { line: 'street', keep: true },
    job({ signal: gone.signal, report: () => taken++ < 2 }),
  );
  await observed.promise;
  tap({ kind: 'sent', atMono: clock.monoMs(), bytes: sealed(1, 3, 0, 0, 0, 1) });
  tap({ kind: 'received', atMono: clock.monoMs() + 20, bytes: sealed(1, 3, 2, 0, 9) });
  tap({ kind: 'received', atMono: clock.monoMs() + 90, bytes: sealed(9, 3, 0, 0, 0, 1) });
  gone.abort();
  const sum = await answered;
  t.match(sum, { line: 'street', seen: 2, missed: 1, frames: { request: 2, reply: 1 }, units: [1, 9], foreign: 1, recording: 3 });
  t.ok(isStopped);
  const text = await command('bus sniff').render(sum, PAGE, { line: 'street' });
  t.match(
    text,
    /3 frames on street .*2 request.*\n1 of them not shown: this terminal is too slow, or it was more than 400 a second.*\n1 frame of another sender.*\nkept as recording 3/,
  );
});

for (const [args, why] of [
  [{ line: 'street', baud: '9600' }, /a line has its own serial settings/],
  [{ line: 'street', exclusive: true, for: '31s' }, /30 s at most/],
  [{ line: '/dev/ttyUSB1', parity: 'mark' }, /bad --parity/],
  [{ line: '/dev/ttyUSB1', baud: '99' }, /1200 to 921600/],
  [{ line: 'stret' }, /street/],
] as const)
  t.test(`bus sniff ${JSON.stringify(args)} is refused`, async (t) => {
    await t.rejects(command('bus sniff').answer(createFakeView(), args, job()), why);
  });

t.test('an export without a known format names those that exist', async (t) => {
  const { exportRecording } = await import('../../../../../agent/console/commands/recorder/recorder-export.ts');
  const terminal = {} as Parameters<typeof exportRecording>[1];
  await t.rejects(exportRecording({ id: '1', format: 'pdf' }, terminal), /text, csv or pcapng/);
  await t.rejects(exportRecording({ id: '1' }, terminal), /text, csv or pcapng/);
  await t.rejects(exportRecording({ id: '1', output: 'x.csv', 'data-dir': t.testdir() }, terminal), /no recording 1/);
  t.throws(() => readFileSync(join(t.testdirName, 'x.csv')));
});
