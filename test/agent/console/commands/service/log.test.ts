import { createServer } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { readLevel, renderLogEnd, renderLogLine } from '../../../../../agent/console/commands/service/log.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import type { Dialog } from '../../../../../agent/console/shell/dialog.ts';
import { createLogGate } from '../../../../../agent/console/shell/log-gate.ts';
import { LogShow } from '../../../../../agent/console/shell/log-show.ts';
import type { Page } from '../../../../../agent/console/text/page.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import type { LogFeed, LogLine, LogSeverity } from '../../../../../agent/core/ports.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { createFakeView } from '../../fake-view.ts';
import { place } from '../../protocol/console-clients.ts';
import { openSession, PROMPT, type ShellSession } from '../../shell/shell-session.ts';

const PAGE: Page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE };

function line(changes: Partial<LogLine> = {}): LogLine {
  const fields = { source: 'L03', text: 'does not answer', ended: false };
  return { atMs: AT_MS, severity: 'warning', name: 'device-silent', fields, repeated: 0, ...changes };
}

/** A log feed whose lines the test emits. */
function createFeed(): LogFeed & { readonly readers: Set<LogSeverity>; say(changes?: Partial<LogLine>): void } {
  const listeners = new Set<(line: LogLine) => void>();
  const readers = new Set<LogSeverity>();
  return {
    readers,
    say: (changes) => {
      for (const listener of listeners) listener(line(changes));
    },
    listen(level, listener) {
      listeners.add(listener);
      readers.add(level);
      return () => {
        listeners.delete(listener);
        readers.delete(level);
      };
    },
  };
}

const rows: readonly [what: string, changes: Partial<LogLine>, shown: RegExp][] = [
  ['an event by its sentence', {}, /^22:41:07 warning device-silent: L03 does not answer$/],
  ['its end', { fields: { source: 'L03', text: 'does not answer', ended: true } }, /does not answer \(over\)$/],
  ['no end of a notice', { severity: 'info', fields: { source: 'demo', text: 'demo started', ended: true } }, /: demo started$/],
  ['one without fields', { name: 'store-open', fields: {}, severity: 'debug' }, /^22:41:07 debug store-open$/],
  ['fields as they are', { name: 'x', fields: { n: 3, who: 'a b', at: ['L1'] } }, /x: n=3 who="a b" at=\["L1"\]$/],
  ['how often again', { repeated: 12 }, /does not answer \(12 times more\)$/],
];
for (const [what, changes, shown] of rows) {
  t.test(`a line of the log shows ${what}`, async (t) => t.match(renderLogLine({ ...line(changes), missed: 0 }, PAGE), shown));
}

t.test('a line of the log is never longer than three rows of the screen', async (t) => {
  const long = renderLogLine({ ...line({ fields: { stack: 'at x '.repeat(400) } }), missed: 0 }, PAGE).split('\n');
  t.equal(long.length, 3);
  t.match(long[2], / ~$/);
  t.ok(long.every((row) => row.length <= 80));
  t.equal(renderLogLine({ ...line(), missed: 2 }, PAGE).split('\n')[0], '! 2 lines left out');
  t.match(renderLogEnd({ seen: 3, missed: 1, durationMs: 30_000 }, PAGE), /^3 lines of the log in 30 s; 1 more not shown/);
});

t.test('the level is one of four words', async (t) => {
  t.equal(readLevel({}), 'info');
  t.equal(readLevel({ level: 'WARNING' }), 'warning');
  t.throws(() => readLevel({ level: 'warn' }), { code: 'usage', message: 'bad level "warn": it is one of debug, info, warning, alarm' });
});

t.test('in any sequence, the log takes no more than its share, keeps the newest lines, and every line is shown or counted', async () => {
  const happening = fc.record({ waitMs: fc.nat({ max: 3_000 }), lines: fc.nat({ max: 20 }), cols: fc.integer({ min: 1, max: 240 }) });
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), fc.constantFrom(240, 4_000), (happenings, rate) => {
      const gate = createLogGate(() => rate, 0);
      const redrawChars = 70;
      let [nowMono, added, shown, lostLines, sent] = [0, 0, 0, 0, 0];
      for (const { waitMs, lines, cols } of happenings) {
        for (let index = 0; index < lines; index++) gate.add([`${++added}`.padEnd(cols)]);
        nowMono += waitMs;
        const { rows, leftOut } = gate.take(nowMono);
        lostLines += leftOut;
        shown += rows.length;
        if (rows.length > 0 && Number(rows.at(-1)) !== added) return false;
        if (rows.length === 0) continue;
        const cost = rows.reduce((chars, row) => chars + row.length + 1, redrawChars);
        gate.spent(cost);
        sent += cost;
        // What waits at once, a prompt, and one line that alone is longer than a second.
        if (sent > rate + (rate * nowMono) / 1_000 + Math.max(rate, 241) + redrawChars) return false;
      }
      return shown + lostLines + gate.waiting() === added;
    }),
    { numRuns: 500 },
  );
});

t.test('log on shows lines above what is half typed, from its level on; log off shows none', async (t) => {
  const feed = createFeed();
  const session = await openSession(t, { view: { ...createFakeView(), logFeed: feed } });
  feed.say();
  t.match(await session.say('log on --level warning'), /log lines from warning on are shown as they arrive; log off ends it/);
  t.strictSame([...feed.readers], ['warning']);
  session.type('why L');
  feed.say();
  await session.until('the line', () => session.bytes().includes('device-silent'));
  const row = session.screen.rows().at(-2) ?? '';
  t.match(row, /^22:41:\d\d warning device-silent: L03 does not answer$/);
  t.strictSame(session.screen.rows().slice(-2), [row, `${PROMPT}why L`]);
  session.type('07\r');
  await session.until('the answer', () => /Lamp +L07/.test(session.bytes()) && session.bytes().endsWith(PROMPT));
  t.match(await session.say('terminal'), /Log +warning/);
  await session.say('log off');
  await session.until('the agent hears of it', () => feed.readers.size === 0);
  t.match(await session.say('terminal'), /Log +off/);
  t.equal(session.bytes().match(/device-silent/g)?.length, 1);
  t.strictSame(session.screen.strange, [], 'on a dumb terminal: CR, blanks, CR');
});

t.test('the log ends with the session', async (t) => {
  const feed = createFeed();
  const session = await openSession(t, { view: { ...createFakeView(), logFeed: feed } });
  await session.say('log on');
  t.equal(feed.readers.size, 1);
  session.type('logout\r');
  await session.until('the end', () => session.ended() === 'logout' && feed.readers.size === 0);
});

t.test('log on without an agent reports that; a viewer may not use it', async (t) => {
  const alone = await openSession(t, { view: null });
  t.match(await alone.say('log on'), /% no agent answers on/);
  t.match(await alone.say('terminal'), /Log +off/);
  const mute = await openSession(t);
  t.match(await mute.say('log on'), /% the log of this run cannot be followed/);
  t.equal(COMMANDS.find(({ name }) => name === 'log on')?.role, 'technician');
  t.equal(COMMANDS.find(({ name }) => name === 'log watch')?.role, 'technician');
});

t.test('on the login socket a technician sees the log, a viewer does not', async (t) => {
  for (const [user, shows] of [
    ['marie', /log lines from info on are shown/],
    ['vera', /% log on requires the role technician; you have the role viewer/],
  ] as const) {
    const feed = createFeed();
    const session = await openSession(t, { view: { ...createFakeView(), logFeed: feed }, hasLogin: true });
    for (const line of [user, 'right']) await session.say(line);
    t.match((await session.say('log on')).replaceAll(/\s+/g, ' '), shows);
    t.equal(feed.readers.size, user === 'marie' ? 1 : 0);
  }
});

t.test('no log line appears in a pager, a watch or an answer: it is shown at the next prompt, or counted', async (t) => {
  const feed = createFeed();
  const session = await openSession(t, { view: { ...createFakeView(), logFeed: feed }, speedBaud: 9_600 });
  await session.say('log on');
  await session.say('terminal length 10');
  session.type('?');
  await session.until('a page', () => session.bytes().endsWith('--More--'));
  for (let index = 0; index < 30; index++) feed.say({ name: `in-pager-${index}` });
  await session.clock.advance(3_000);
  t.ok(session.bytes().endsWith('--More--'), 'the page stands');
  session.type('q');
  await session.until('the log', () => session.bytes().includes('in-pager-29') && session.bytes().endsWith(PROMPT));
  t.match(session.bytes(), /! 2\d lines left out\n22:41:\d\d warning in-pager-2/);
  session.type('watch status\r');
  await session.until('a picture', () => session.bytes().split('Cabinet').length > 1);
  await session.clock.advance(4_000);
  const from = session.bytes().length;
  feed.say({ name: 'in-watch' });
  await session.clock.advance(4_000);
  t.notMatch(session.bytes().slice(from), /in-watch/);
  session.type('q');
  await session.until('the log', () => session.bytes().includes('in-watch') && session.bytes().endsWith(PROMPT));
});

t.test('XOFF drops lines of the log, never output of a command', async (t) => {
  const feed = createFeed();
  const session = await openSession(t, { view: { ...createFakeView(), logFeed: feed }, speedBaud: 9_600 });
  await session.say('log on');
  session.type('\x13status\r');
  for (let index = 0; index < 100; index++) {
    feed.say({ name: `while-stopped-${index}` });
    await session.clock.advance(100);
  }
  const from = session.bytes().length;
  session.type('\x11');
  await session.until('the log', () => session.bytes().includes('while-stopped-99') && session.bytes().endsWith(PROMPT));
  t.match(session.bytes().slice(from), /Cabinet[\s\S]*Events +About[\s\S]*! 9\d lines left out/);
});

t.test('a log that never stops leaves three quarters of 9600 baud to the person', async (t) => {
  const feed = createFeed();
  const session = await openSession(t, { view: { ...createFakeView(), logFeed: feed }, speedBaud: 9_600 });
  await session.say('log on');
  const from = session.bytes().length;
  for (let turn = 0; turn < 2_000; turn++) {
    feed.say({ name: `storm-${turn}` });
    await session.clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const perSecond = (session.bytes().length - from) / 20;
  t.ok(perSecond <= 280 && perSecond >= 150, `${perSecond} characters a second over 20 s`);
  session.type('status\r');
  await session.until('the answer', () => /Cabinet/.test(session.bytes().slice(from)));
});

t.test('when the agent stops this is shown, and its log is shown again when it answers', async (t) => {
  const feed = createFeed();
  const session = await openSession(t, { view: { ...createFakeView(), logFeed: feed } });
  await session.say('log on');
  await session.agent.stop();
  await session.until('the word', () =>
    session.bytes().endsWith(`! the agent no longer answers; its log is shown again when it does\n${PROMPT}`),
  );
  await session.clock.advance(20_000);
  await session.agent.start();
  await session.until('the word', () => session.bytes().includes('! the agent answers again'));
  feed.say();
  await session.until('the line', () => session.bytes().includes('device-silent'));
});

t.test('log on to an agent that stops before its first line reports that', async (t) => {
  const socketPath = place(t);
  const server = createServer((socket) =>
    socket.once('data', () => socket.write('{"id":1,"ok":true,"result":{},"atMs":0,"timezone":"UTC"}\n')),
  );
  await new Promise<void>((resolve) => void server.listen(socketPath, resolve));
  t.teardown(() => server.close());
  const shown = new LogShow(
    { writer: { charsPerSecond: () => null } } as Dialog,
    createManualClock(AT_MS),
    { user: 'tech', socketPath },
    String,
  );
  await t.rejects(shown.on('info'), { code: 'unreachable', message: 'the agent is stopping' });
  t.equal(shown.level(), null);
});

const KEYS = ['a', 'b', ' ', '7', '\x01', '\x02', '\x05', '\x06', '\x08', '\x0b', '\x0e', '\x10', '\x12', '\x15', '\x17', '\x19'];
const STEP = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...KEYS).map((key) => ({ key, log: '' })) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{1,90}$/).map((log) => ({ key: '', log })) },
);

t.test('any log lines between any keys leave the typed line unchanged, and the screen ends with it', async (t) => {
  const feed = createFeed();
  const lines: { loud: readonly string[]; quiet: readonly string[] } = { loud: [], quiet: [] };
  const historyStore = (who: keyof typeof lines) => ({
    load: () => ['status', 'why L07'],
    save: (_user: string, all: readonly string[]) => {
      lines[who] = [...all];
    },
  });
  const loud = await openSession(t, { view: { ...createFakeView(), logFeed: feed }, historyStore: historyStore('loud'), cols: 60 });
  const quiet = await openSession(t, {
    view: { ...createFakeView(), logFeed: createFeed() },
    historyStore: historyStore('quiet'),
    cols: 60,
  });
  for (const session of [loud, quiet]) for (const line of ['terminal width 60', 'log on']) await session.say(line);
  let logged = 0;
  for (const steps of fc.sample(fc.array(STEP, { minLength: 10, maxLength: 40 }), { numRuns: 60, seed: 7 })) {
    for (const { key, log } of steps) {
      for (const session of [loud, quiet]) if (key !== '') session.type(key);
      if (log === '') continue;
      feed.say({ name: log });
      await loud.until('the line', () => loud.bytes().includes(log));
      logged++;
    }
    // What is searched for is not the line yet.
    for (const session of [loud, quiet]) session.type('\x07\x05');
    await settled(loud, quiet);
    t.equal(loud.screen.rows().at(-1), quiet.screen.rows().at(-1), 'the screen ends with prompt and line');
    for (const session of [loud, quiet]) {
      session.type('\r');
      await session.until('the next prompt', () => session.bytes().endsWith(`\n${PROMPT}`));
    }
    t.strictSame(lines.loud, lines.quiet, 'and the line is what it would have been');
  }
  t.ok(logged > 200, `${logged} lines of the log`);
  t.strictSame(loud.screen.strange, []);
  t.ok(loud.screen.transcript().every((row) => row.length <= 60));
});

/** Nothing is on its way any more. */
async function settled(...sessions: readonly ShellSession[]): Promise<void> {
  for (const session of sessions) {
    let turns = 0;
    await session.until('quiet', () => ++turns > 5);
  }
}
