import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { LogLine } from '../../../agent/core/ports.ts';
import { createHousekeeping } from '../../../agent/service/housekeeping.ts';
import { createLog, type LogOptions } from '../../../agent/service/log.ts';
import { createNotify } from '../../../agent/service/notify.ts';
import { redact } from '../../../agent/service/redact.ts';
import { createTimeQuality, qualityOf, type TimeMarks } from '../../../agent/service/time-quality.ts';

const AT_MS = Date.parse('2026-12-01T21:41:07Z');
const LINE = { line: 'street' };

function logAt(options: Partial<LogOptions> = {}) {
  const clock = createManualClock(AT_MS);
  const lines: string[] = [];
  const log = createLog({ clock, journal: false, minSeverity: 'debug', write: (line) => lines.push(line), ...options });
  return { clock, log, lines, taken: () => lines.splice(0).map((line) => JSON.parse(line)) };
}

t.test('an event is one JSON line with its time, name and fields', async (t) => {
  const { log, lines } = logAt();
  log.event('line-down', { line: 'street', reason: 'unplugged' }, 'alarm');
  t.strictSame(lines, [
    '{"severity":"alarm","time":"2026-12-01T21:41:07.000Z","event":"line-down","line":"street","reason":"unplugged"}\n',
  ]);
});

t.test('journald gets the priority before each line and keeps the time itself', async (t) => {
  const { log, lines } = logAt({ journal: true });
  for (const severity of ['debug', 'info', 'warning', 'alarm'] as const) log.event('x', {}, severity);
  t.strictSame(lines, [
    '<7>{"severity":"debug","event":"x"}\n',
    '<6>{"severity":"info","event":"x"}\n',
    '<4>{"severity":"warning","event":"x"}\n',
    '<3>{"severity":"alarm","event":"x"}\n',
  ]);
});

t.test('what is less severe than asked for is not written', async (t) => {
  const { log, taken } = logAt({ minSeverity: 'warning' });
  for (const severity of ['debug', 'info', 'warning', 'alarm'] as const) log.event(severity, {}, severity);
  t.strictSame(
    taken().map(({ event }) => event),
    ['warning', 'alarm'],
  );
});

t.test('who reads along hears what is written from a severity on, secrets put out, also what the log itself does not keep', async (t) => {
  const { clock, log, taken } = logAt({ minSeverity: 'info' });
  const heard: LogLine[] = [];
  const stop = log.listen('debug', (line) => heard.push(line));
  const warned: string[] = [];
  log.listen('warning', ({ name }) => warned.push(name));
  log.event('detail', {}, 'debug');
  log.event('link', { broker: 'mqtts://city:hunter2@broker', password: 'hunter2' }, 'warning');
  log.event('detail', {}, 'debug');
  await clock.advance(60_000);
  stop();
  log.event('after', {}, 'alarm');
  t.strictSame(
    taken().map(({ event }) => event),
    ['link', 'after'],
  );
  t.strictSame(warned, ['link', 'after']);
  t.match(heard, [
    { name: 'detail', atMs: AT_MS, severity: 'debug', repeated: 0 },
    { name: 'link', fields: { password: '[redacted]' } },
  ]);
  t.notMatch(JSON.stringify(heard), /hunter2/);
});

t.test('an identical event of the last minute is counted, and the count written when the minute is over', async (t) => {
  const { clock, log, taken } = logAt();
  for (let second = 0; second < 59; second++) {
    log.event('line-down', LINE);
    await clock.advance(1_000);
  }
  t.match(taken(), [{ event: 'line-down' }], 'once');
  log.event('line-down', { line: 'other' });
  t.match(taken(), [{ line: 'other' }], 'another line is another event');
  await clock.advance(1_000);
  log.event('unrelated');
  t.match(taken(), [{ event: 'line-down', line: 'street', repeated: 58 }, { event: 'unrelated' }]);
  log.event('line-down', LINE);
  t.match(taken(), [{ event: 'line-down' }], 'then it is news again');
  log.event('line-down', LINE);
  log.flush();
  t.match(taken(), [{ event: 'line-down', repeated: 1 }], 'the end of the agent loses no count');
  log.flush();
  t.strictSame(taken(), []);
});

t.test('the log remembers a bounded number of events and loses no count of the forgotten', async (t) => {
  const { log, taken } = logAt();
  for (let round = 0; round < 2; round++) log.event('first');
  for (let index = 0; index < 300; index++) log.event('many', { index });
  log.event('first');
  const told = taken();
  t.match(
    told.filter(({ event }) => event === 'first').map(({ repeated }) => repeated),
    [undefined, 1, undefined],
    'forgotten, its one repetition told, and new again',
  );
});

const secrets: [story: string, fields: Record<string, unknown>, seen: unknown][] = [
  [
    'a password',
    { password: 'x', mqttPassword: 'x', PASSPHRASE: 'x' },
    { password: '[redacted]', mqttPassword: '[redacted]', PASSPHRASE: '[redacted]' },
  ],
  [
    'tokens and keys',
    { apiKey: 'x', 'private-key': 'x', authToken: 'x' },
    { apiKey: '[redacted]', 'private-key': '[redacted]', authToken: '[redacted]' },
  ],
  ['a secret deep inside', { options: [{ credentials: { user: 'a' } }] }, { options: [{ credentials: '[redacted]' }] }],
  ['a password in a URL', { broker: 'mqtts://cab:s3cr:t@host:8883' }, { broker: 'mqtts://cab:[redacted]@host:8883' }],
  [
    'a password in an error',
    { error: new RangeError('mqtt://a:b@h failed') },
    { error: { name: 'RangeError', message: 'mqtt://a:[redacted]@h failed' } },
  ],
  ['the path of a secret file is none', { passwordFile: '/etc/luciole/password' }, { passwordFile: '/etc/luciole/password' }],
  [
    'plain things stay',
    { line: 'street', count: 3, none: null, url: 'mqtt://host:1883' },
    { line: 'street', count: 3, none: null, url: 'mqtt://host:1883' },
  ],
];
for (const [story, fields, seen] of secrets) t.test(`${story} in the log`, async (t) => t.strictSame(redact(fields), seen));

t.test('a field cannot pose as the line itself, and a loop in it ends', async (t) => {
  const { log, taken } = logAt();
  const loop: Record<string, unknown> = {};
  loop['again'] = loop;
  log.event('real', { event: 'forged', severity: 'none', time: 'never', loop });
  t.match(taken(), [{ event: 'real', severity: 'info', time: /^2026/, event_: 'forged', severity_: 'none', time_: 'never' }]);
});

const BEFORE = Date.parse('2025-12-31T23:59:59Z');
const qualities: [story: string, wallMs: number, trust: 'auto' | 'system', marks: TimeMarks, quality: string][] = [
  ['a clock before 2026 was never set, whatever anybody says', BEFORE, 'system', { synchronised: true, rtcMs: AT_MS }, 'none'],
  ['a synchronised clock', AT_MS, 'auto', { synchronised: true, rtcMs: null }, 'synced'],
  ['a clock the config vouches for', AT_MS, 'system', { synchronised: false, rtcMs: null }, 'synced'],
  ['a battery clock', AT_MS, 'auto', { synchronised: false, rtcMs: AT_MS - 60_000 }, 'rtc'],
  [
    'a battery clock ten hours ahead of a restored wall clock vouches for nothing',
    AT_MS,
    'auto',
    { synchronised: false, rtcMs: AT_MS + 36_000_000 },
    'restored',
  ],
  ['a battery clock that lost its battery', AT_MS, 'auto', { synchronised: false, rtcMs: 0 }, 'restored'],
  ['nothing but the last time known', AT_MS, 'auto', { synchronised: false, rtcMs: null }, 'restored'],
];
for (const [story, wallMs, trust, marks, quality] of qualities) {
  t.test(`${story}: ${quality}`, async (t) => t.equal(qualityOf(wallMs, trust, marks), quality));
}

t.test('the marks are read again every ten seconds at most, and no question ever waits for them', async (t) => {
  const clock = createManualClock(AT_MS);
  const facts = new Map<string, string>();
  let reads = 0;
  const readFact = async (path: string): Promise<string | null> => {
    reads++;
    return facts.get(path) ?? null;
  };
  let trust: 'auto' | 'system' = 'auto';
  const timeQuality = createTimeQuality({ clock, trust: () => trust, readFact });
  t.equal(reads, 0, 'nothing is read before it is wanted');
  facts.set('/sys/class/rtc/rtc0/since_epoch', `${AT_MS / 1_000}\n`);
  await timeQuality.start();
  t.equal(timeQuality.quality(), 'rtc');
  facts.set('/run/systemd/timesync/synchronized', '');
  for (let second = 0; second < 9; second++) {
    await clock.advance(1_000);
    t.equal(timeQuality.quality(), 'rtc');
  }
  t.equal(reads, 2, 'one probe reads two files');
  await clock.advance(1_000);
  t.equal(timeQuality.quality(), 'rtc', 'answers by the old marks while it reads the new');
  await clock.advance(0);
  t.equal(timeQuality.quality(), 'synced');
  t.equal(reads, 4);
  facts.set('/sys/class/rtc/rtc0/since_epoch', 'garbage');
  facts.delete('/run/systemd/timesync/synchronized');
  await clock.advance(10_000);
  timeQuality.quality();
  await clock.advance(0);
  t.equal(timeQuality.quality(), 'restored', 'a battery clock that talks nonsense is none');
  trust = 'system';
  t.equal(timeQuality.quality(), 'synced', 'another trust holds at once');
});

for (const aheadS of [29, 290, 295, 300, 301, 599]) {
  t.test(`a system clock ${aheadS} s ahead of the battery clock has one quality, however long it is looked at`, async (t) => {
    const { clock, timeQuality } = await beside(aheadS * 1_000);
    let flips = 0;
    for (let second = 0, before = timeQuality.quality(); second < 600; second++) {
      await clock.advance(1_000);
      const now = timeQuality.quality();
      if (now !== before) flips++;
      before = now;
    }
    t.equal(flips, 0);
    t.equal(timeQuality.quality(), 'rtc');
  });
}

t.test('two clocks that drift apart stay believed; a step of one of them is judged', async (t) => {
  const { clock, timeQuality, facts } = await beside(0);
  for (let day = 0; day < 400; day++) {
    clock.stepWall(6_000);
    await clock.advance(86_400_000);
    timeQuality.quality();
    await clock.advance(0);
    t.equal(timeQuality.quality(), 'rtc');
  }
  clock.stepWall(-3_600_000);
  t.equal(timeQuality.quality(), 'restored', 'an hour back');
  clock.stepWall(3_600_000 - 400 * 6_000);
  t.equal(timeQuality.quality(), 'rtc', 'set right by the battery clock');
  facts.batteryAheadMs = 7_200_000;
  await clock.advance(10_000);
  timeQuality.quality();
  await clock.advance(0);
  t.equal(timeQuality.quality(), 'restored', 'the battery clock was set');
});

/** A system clock beside a battery clock that is right; nothing else vouches for it. */
async function beside(aheadMs: number) {
  const clock = createManualClock(AT_MS + aheadMs);
  const facts = { batteryAheadMs: 0 };
  const readFact = async (path: string): Promise<string | null> =>
    path.includes('rtc') ? `${Math.floor((AT_MS + clock.monoMs() + facts.batteryAheadMs) / 1_000)}` : null;
  const timeQuality = createTimeQuality({ clock, trust: () => 'auto', readFact });
  await timeQuality.start();
  return { clock, timeQuality, facts };
}

t.test('the system itself is asked without harm', async (t) => {
  const timeQuality = createTimeQuality({ clock: createManualClock(AT_MS), trust: () => 'auto' });
  await timeQuality.start();
  t.match(timeQuality.quality(), /^(restored|rtc|synced)$/);
});

t.test('a battery clock that never answers holds one read, and a time server is heard beside it', async (t) => {
  const clock = createManualClock(AT_MS);
  const reads: string[] = [];
  const readFact = (path: string): Promise<string | null> => {
    reads.push(path);
    return path.includes('rtc') ? new Promise(() => {}) : Promise.resolve(clock.wallMs() > AT_MS + 15_000 ? '' : null);
  };
  const timeQuality = createTimeQuality({ clock, trust: () => 'auto', readFact });
  void timeQuality.start();
  for (let second = 0; second < 120; second++) {
    timeQuality.quality();
    await clock.advance(1_000);
  }
  t.equal(reads.filter((path) => path.includes('rtc')).length, 1);
  t.equal(timeQuality.quality(), 'synced');
});

t.test('the service manager is told in its own words, and a failure only logged', async (t) => {
  const { log, taken } = logAt();
  const sent: string[][] = [];
  const answers: (() => void)[] = [];
  const send = (words: readonly string[]): Promise<void> => {
    sent.push([...words]);
    return new Promise((resolve) => answers.push(resolve));
  };
  const notify = createNotify({ socket: '/run/systemd/notify', log, send });
  notify.ready();
  notify.alive();
  t.strictSame(sent, [['--ready']], 'a watchdog message waits for none that is on its way');
  answers[0]?.();
  await new Promise(setImmediate);
  notify.alive();
  notify.stopping();
  t.strictSame(sent, [['--ready'], ['WATCHDOG=1'], ['--stopping']]);
  createNotify({ socket: '/n', log, send }).extendStart(66_000.5);
  t.strictSame(sent.pop(), ['EXTEND_TIMEOUT_USEC=66000500']);
  createNotify({ socket: null, log, send }).ready();
  t.equal(sent.length, 3, 'nothing is sent where nobody supervises');
  createNotify({ socket: 'x', log, send: async () => Promise.reject(new Error('no such program')) }).ready();
  await new Promise(setImmediate);
  t.match(taken(), [{ event: 'service-manager-not-reached', severity: 'warning', cause: /no such program/ }]);
});

/** Chores that tell when they ran; what they keep outlives a restart. */
function choresAt(startAt: string, cron: Record<string, string>, kept = new Map<string, unknown>()) {
  const clock = createManualClock(Date.parse(startAt));
  const { log, taken } = logAt({ clock });
  const ran: string[] = [];
  const held = new Map<string, PromiseWithResolvers<string>>();
  const chores = Object.entries(cron).map(([name, pattern]) => ({
    name,
    cron: pattern,
    catchesUp: !name.startsWith('never'),
    run: async () => {
      ran.push(`${name} ${new Date(clock.wallMs()).toISOString().slice(0, 16)}`);
      if (name === 'broken') throw new Error('disk full');
      return (await held.get(name)?.promise) ?? `${name} done`;
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

t.test('a chore runs at its time of UTC wherever the cabinet stands, tells what it did, and stopping leaves nothing behind', async (t) => {
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
  t.strictSame(housekeeping.view(), [
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
  held.get('never-slow')?.resolve('at last');
  held.delete('never-slow');
  await clock.advance(0);
  t.strictSame(ran.slice(1), ['never-next 2026-12-02T02:02', 'never-slow 2026-12-02T02:02'], 'the turns passed over are one');
  held.set('never-slow', Promise.withResolvers());
  await clock.advance(MINUTES);
  log();
  kept.clear();
  housekeeping.stop();
  held.get('never-slow')?.resolve('too late');
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
    housekeeping.view()[1],
    { name: 'backup', result: 'done before', lastMs: Date.parse('2026-11-30T02:00Z') },
    'told over a restart',
  );
  await clock.advance(2 * MINUTES);
  t.strictSame(ran, ['compaction 2026-12-02T16:35', 'backup 2026-12-02T16:35'], 'one lost turn is none, a check never runs at dusk');
  await clock.advance(30 * MINUTES);
  t.equal(ran.length, 2, 'once');
  t.match(kept.get('chores'), { backup: { result: 'backup done' }, retention: { result: 'done before' } });
});

t.test('a frequent chore costs no write of its own', async (t) => {
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

t.test('a step of the clock runs no chore a thousand times, and none is waited for until an old time comes again', async (t) => {
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

t.test('a turn of the loop that comes late makes up for its minutes', async (t) => {
  const { clock, housekeeping, ran } = choresAt('2026-12-02T16:15:30Z', { 'never-hourly': '17 * * * *' });
  housekeeping.start();
  clock.stepWall(2 * MINUTES);
  await clock.advance(MINUTES);
  t.strictSame(ran, ['never-hourly 2026-12-02T16:18']);
});
