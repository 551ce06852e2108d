import fc from 'fast-check';
import t from 'tap';
import { backOffMs } from '../../../../agent/sync/session/link-failures.ts';
import { afterEvent, returnDelayMs } from '../../../../agent/sync/session/session.ts';
import {
  createSession,
  type Effect,
  REBIRTH_GAP_MS,
  type SessionEvent,
  type SessionState,
} from '../../../../agent/sync/session/session-state.ts';
import { createTopics, readHostState } from '../../../../agent/sync/sparkplug/topics.ts';

const run = (events: readonly SessionEvent[], from: SessionState): { session: SessionState; effects: Effect[] } => {
  let session = from;
  const effects: Effect[] = [];
  for (const event of events) {
    const step = afterEvent(session, event);
    session = step.session;
    effects.push(...step.effects);
  }
  return { session, effects };
};
const kinds = (effects: readonly Effect[]): string => effects.map((e) => e.kind).join(' ');

const start = (lastBdSeq: number | null = null): SessionEvent => ({ kind: 'start', lastBdSeq });
const saved: SessionEvent = { kind: 'saved', ok: true };
const written: SessionEvent = { kind: 'connect-written' };
const connected: SessionEvent = { kind: 'connected' };
const subscribed: SessionEvent = { kind: 'subscribed' };
const due = (atMono = 0): SessionEvent => ({ kind: 'birth-due', atMono });
const failed = (atMono = 0, isSilent = false): SessionEvent => ({ kind: 'failed', atMono, isSilent });
const rested: SessionEvent = { kind: 'rested' };
const died: SessionEvent = { kind: 'died' };
const stop: SessionEvent = { kind: 'stop' };
const host = (online: boolean, atMs: number, nowMs: number | null = null): SessionEvent => ({ kind: 'host', online, atMs, nowMs });
const ask = (atMono: number, isSparing = false): SessionEvent => ({ kind: 'rebirth-asked', atMono, isSparing });
const LIVE = [start(), saved, written, connected, subscribed, due()];

const table: [story: string, awaitsHost: boolean, events: SessionEvent[], phase: string, bdSeq: number, effects: string][] = [
  ['the number is on disk before the CONNECT', false, [start()], 'saving', 0, 'save'],
  ['births come last', false, LIVE, 'live', 0, 'save connect subscribe await-birth birth'],
  ['after a restart the next number is used', false, [start(7), saved], 'connecting', 8, 'save connect'],
  ['255 wraps to 0', false, [start(255), saved], 'connecting', 0, 'save connect'],
  ['a disk that refuses does not keep the node away', false, [start(), { kind: 'saved', ok: false }], 'connecting', 0, 'save connect'],
  [
    'a CONNECT that never left does not use a number up',
    false,
    [start(3), saved, failed(), rested],
    'connecting',
    4,
    'save connect drop rest connect',
  ],
  ['one that left does', false, [start(3), saved, written, failed(), rested], 'saving', 5, 'save connect drop rest save'],
  ['a refused CONNACK is tried again', false, [start(), saved, written, failed()], 'resting', 0, 'save connect drop rest'],
  [
    'a refused subscription ends the connection',
    false,
    [start(), saved, written, connected, failed()],
    'resting',
    0,
    'save connect subscribe drop rest',
  ],
  ['no birth before the primary host', true, [start(), saved, connected, subscribed], 'waiting-for-host', 0, 'save connect subscribe'],
  [
    'no birth while it is offline',
    true,
    [start(), saved, connected, subscribed, host(false, 5)],
    'waiting-for-host',
    0,
    'save connect subscribe',
  ],
  [
    'its online brings the birth',
    true,
    [start(), saved, connected, subscribed, host(true, 5), due()],
    'live',
    0,
    'save connect subscribe await-birth birth',
  ],
  [
    'also when it is heard before the SUBACK',
    true,
    [start(), saved, connected, host(true, 5), subscribed, due()],
    'live',
    0,
    'save connect subscribe await-birth birth',
  ],
  [
    'an online older than the last word is ignored',
    true,
    [start(), saved, connected, subscribed, host(false, 9), host(true, 8)],
    'waiting-for-host',
    0,
    'save connect subscribe',
  ],
  [
    'offline within the jitter takes the birth back',
    true,
    [start(), saved, connected, subscribed, host(true, 5), host(false, 6), due()],
    'waiting-for-host',
    0,
    'save connect subscribe await-birth',
  ],
  [
    'host offline: death at once, then back',
    true,
    [start(), saved, connected, subscribed, host(true, 5), due(), host(false, 5), died],
    'resting',
    0,
    'save connect subscribe await-birth birth die drop rest',
  ],
  [
    'a late will of an old host does not end the session',
    true,
    [start(), saved, connected, subscribed, host(true, 5), due(), host(false, 4)],
    'live',
    0,
    'save connect subscribe await-birth birth',
  ],
  ['without a primary host STATE means nothing', false, [...LIVE, host(false, 99)], 'live', 0, 'save connect subscribe await-birth birth'],
  [
    'a new connection waits for the host again',
    true,
    [start(), saved, connected, subscribed, host(true, 5), due(), failed(), rested, saved, connected, subscribed],
    'waiting-for-host',
    1,
    'save connect subscribe await-birth birth drop rest save connect subscribe',
  ],
  ['a rebirth keeps the number', false, [...LIVE, ask(10)], 'live', 0, 'save connect subscribe await-birth birth rebirth'],
  [
    'a storm of requests is answered twice',
    false,
    [...LIVE, ask(10), ask(11), ask(12), { kind: 'rebirth-due', atMono: 10 + REBIRTH_GAP_MS.first }],
    'live',
    0,
    'save connect subscribe await-birth birth rebirth await-rebirth rebirth',
  ],
  [
    'a rebirth asked for later is answered at once',
    false,
    [...LIVE, ask(10), ask(10 + REBIRTH_GAP_MS.first)],
    'live',
    0,
    'save connect subscribe await-birth birth rebirth rebirth',
  ],
  ['no rebirth before the birth', false, [start(), saved, connected, ask(10)], 'subscribing', 0, 'save connect subscribe'],
  ['a wanted stop dies properly', false, [...LIVE, stop, died], 'off', 0, 'save connect subscribe await-birth birth die drop'],
  [
    'the link breaking meanwhile ends it too',
    false,
    [...LIVE, stop, failed()],
    'off',
    0,
    'save connect subscribe await-birth birth die drop',
  ],
  ['a stop while connecting drops the attempt', false, [start(), saved, stop, connected], 'off', 0, 'save connect drop'],
  ['a stop while resting stays stopped', false, [start(), saved, failed(), stop, rested], 'off', 0, 'save connect drop rest drop'],
  [
    'stopping twice is stopping once',
    false,
    [...LIVE, stop, stop, died, stop],
    'off',
    0,
    'save connect subscribe await-birth birth die drop',
  ],
];
for (const [story, awaitsHost, events, phase, bdSeq, effects] of table) {
  t.test(story, async (t) => {
    const result = run(events, createSession(awaitsHost));
    t.match(result.session, { phase, bdSeq });
    t.equal(kinds(result.effects), effects);
  });
}

const unheard: SessionEvent = { kind: 'platform-silent' };
const again: readonly SessionEvent[] = [rested, saved, connected, subscribed];
const WAITING = [start(), saved, connected, subscribed];
const walks: [story: string, servers: number, events: SessionEvent[], phase: string, server: number, failures: number][] = [
  ['an offline host sends the node to the next server', 2, [...WAITING, host(true, 5), due(), host(false, 6), died], 'resting', 1, 0],
  [
    'where its word counts by that server alone',
    2,
    [...WAITING, host(true, 5), due(), host(false, 6), died, ...again, host(true, 2)],
    'birthing',
    1,
    0,
  ],
  ['a retained offline is left too', 2, [...WAITING, host(false, 5), died], 'resting', 1, 0],
  ['and so is a server that says nothing of the host', 3, [...WAITING, { kind: 'host-late' }, died], 'resting', 1, 0],
  ['a whole round without the host is a failure', 2, [...WAITING, host(false, 5), died, ...again, host(false, 5), died], 'resting', 0, 1],
  ['a host that was heard in time is waited for no more', 2, [...WAITING, host(true, 5), { kind: 'host-late' }], 'birthing', 0, 0],
  ['the next server is tried after a refusal', 2, [start(), saved, written, failed(), rested], 'saving', 1, 0],
  ['a server that was good is asked first after a lost link', 2, [...WAITING, host(true, 5), due(), failed(60_000)], 'resting', 0, 1],
  ['a server that was good and went silent is left at once', 3, [...WAITING, host(true, 5), due(), failed(60_000, true)], 'resting', 1, 0],
  ['the only one is tried again', 1, [...WAITING, host(true, 5), due(), failed(60_000, true)], 'resting', 0, 1],
  ['a server without the platform is left in order', 3, [...WAITING, host(true, 5), due(), unheard, died], 'resting', 1, 0],
  [
    'also the last of them',
    2,
    [...WAITING, host(true, 5), due(), unheard, died, ...again, host(true, 6), due(), unheard, died],
    'resting',
    0,
    0,
  ],
  ['the only one is not left for a silent platform', 1, [...WAITING, host(true, 5), due(), unheard], 'live', 0, 0],
  ['a platform is not missed before the births', 2, [...WAITING, host(true, 5), unheard], 'birthing', 0, 0],
  ['one server is waited at for good', 1, [...WAITING, host(false, 5), { kind: 'host-late' }], 'waiting-for-host', 0, 0],
];
for (const [story, servers, events, phase, server, failures] of walks) {
  t.test(`of ${servers} servers: ${story}`, async (t) => {
    const { session, effects } = run(events, createSession(true, servers));
    t.match(session, { phase, server, failures });
    const connects = effects.filter((effect) => effect.kind === 'connect').length;
    const ends = effects.filter((effect) => effect.kind === 'drop').length;
    t.ok(connects - ends <= 1, 'never two connections at once');
  });
}

t.test('with several servers each round waits longer for an answer, with one server always 30 s', async (t) => {
  const waits = (servers: number, failures: number): number[] => {
    const begun = { ...createSession(false, servers), failures };
    return run([start(), saved, connected], begun).effects.flatMap((effect) => ('withinMs' in effect ? [effect.withinMs] : []));
  };
  /** With two servers; `answers`: whether each attempt gets its CONNACK. Units: s. */
  const connectWaits = (answers: readonly boolean[]): number[] => {
    let { session, effects } = run([start(), saved], createSession(false, 2));
    return answers.map((isAnswered) => {
      const connects = effects.flatMap((effect) => (effect.kind === 'connect' ? [effect.withinMs / 1_000] : []));
      ({ session, effects } = run([written, ...(isAnswered ? [connected] : []), failed(), rested, saved], session));
      return connects.at(-1) ?? 0;
    });
  };
  const later = (servers: number): number[] => {
    let { session } = run([start()], createSession(false, servers));
    return Array.from({ length: 3 * servers }, () => {
      const { effects, session: next } = run([saved, connected, failed(), rested], session);
      session = next;
      return effects.reduce((sum, effect) => sum + ('withinMs' in effect && effect.kind === 'subscribe' ? effect.withinMs : 0), 0);
    });
  };
  t.strictSame(waits(1, 0), [30_000, 30_000]);
  t.strictSame(waits(3, 0), [10_000, 10_000]);
  t.strictSame(
    connectWaits([false, false, false, false, false, false, false]),
    [10, 10, 20, 20, 30, 30, 30],
    'no server answers: perhaps a slow link',
  );
  t.strictSame(
    connectWaits([false, true, false, true, false, true, false]),
    [10, 10, 10, 10, 10, 10, 10],
    'another one answers: it is the server',
  );
  t.strictSame(later(2), [10_000, 10_000, 20_000, 20_000, 30_000, 30_000]);
  t.strictSame(later(1), [30_000, 30_000, 30_000]);
});

t.test('of several servers each is given 10 s to say that the host is online, and more in later rounds', async (t) => {
  let { session, effects } = run(WAITING, createSession(true, 2));
  const waits: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    waits.push(...effects.flatMap((effect) => (effect.kind === 'await-host' ? [effect.delayMs / 1_000] : [])));
    ({ session, effects } = run([{ kind: 'host-late' }, died, ...again], session));
  }
  t.strictSame(waits, [10, 10, 20, 20, 30, 30, 30]);
});

t.test('a host that goes offline properly leaves no failures behind, however short the session was', async (t) => {
  for (const servers of [1, 3]) {
    const tired = { ...createSession(true, servers), failures: 8 };
    const { effects } = run([...WAITING, host(true, 5), due(0), host(false, 6), died], tired);
    t.match(effects.at(-1), { kind: 'rest', failures: 0 });
  }
});

/** When births are sent, and how long DATA is held, for a host that requests them every `periodMs` for `lengthMs`. */
function askAllTheTime(periodMs: number, lengthMs: number, isSparing = false): { births: number[]; holds: number; session: SessionState } {
  const births: number[] = [];
  let { session } = run(LIVE, createSession(false));
  let dueMono = Number.POSITIVE_INFINITY;
  let holds = 0;
  for (let nowMono = 0; nowMono <= lengthMs; nowMono += Math.min(periodMs, 1_000)) {
    const events = [
      ...(nowMono >= dueMono ? [{ kind: 'rebirth-due', atMono: nowMono } as const] : []),
      ...(nowMono % periodMs === 0 ? [ask(nowMono, isSparing)] : []),
    ];
    for (const event of events) {
      const step = afterEvent(session, event);
      session = step.session;
      for (const effect of step.effects) {
        if (effect.kind === 'rebirth') {
          births.push(nowMono);
          dueMono = Number.POSITIVE_INFINITY;
        }
        if (effect.kind === 'await-rebirth') [holds, dueMono] = [holds + 1, nowMono + effect.delayMs];
      }
    }
  }
  return { births, holds, session };
}

t.test('a host that requests births all the time gets them at growing intervals, at most one in ten minutes in the end', async (t) => {
  for (const periodMs of [100, 1_000, 6_000, 11_000, 60_000]) {
    const { births } = askAllTheTime(periodMs, 21_600_000);
    t.ok(births.length <= 44, `asked each ${periodMs} ms: ${births.length} births in six hours`);
    const last = births.slice(-10);
    t.equal(last.length, 10);
    t.ok(last.every((at, i) => i === 0 || at - (last[i - 1] ?? 0) >= REBIRTH_GAP_MS.longest - 1_000));
  }
  t.equal(askAllTheTime(900_000, 86_400_000).holds, 0, 'one that asks now and then never waits');
  const calm = askAllTheTime(1_300_000, 20_000_000);
  t.equal(calm.session.rebirth.gapMs, REBIRTH_GAP_MS.first, 'and after a quiet time the pace is the first one');
  const storm = askAllTheTime(1_000, 21_600_000).session;
  t.equal(storm.rebirth.gapMs, REBIRTH_GAP_MS.longest);
  const dayMono = 21_600_000 + 86_400_000;
  const again = run([failed(), rested, saved, connected, subscribed, due(dayMono), ask(dayMono + 1)], storm);
  t.equal(again.session.rebirth.gapMs, REBIRTH_GAP_MS.first, 'also if the link broke in the quiet time');
});

/** A flapping host: offline for half of `periodMs`, online for the other half, on all servers. Time advances in steps of 100 ms. */
function flapAllTheTime(periodMs: number, lengthMs: number, { servers = 1, isSparing = false } = {}) {
  const births: number[] = [];
  const isOnline = (atMs: number): boolean => atMs % periodMs >= periodMs / 2;
  let session = createSession(true, servers);
  let connects = 0;
  let due = { atMs: Number.POSITIVE_INFINITY, event: rested };
  const dispatch = (event: SessionEvent, nowMs: number): void => {
    const step = afterEvent(session, event);
    session = step.session;
    for (const effect of step.effects) {
      if (effect.kind === 'connect') connects += 1;
      if (effect.kind === 'birth') births.push(nowMs);
      const after = (delayMs: number, next: SessionEvent): void => {
        due = { atMs: nowMs + Math.max(0, delayMs), event: next };
      };
      if (effect.kind === 'save') after(0, saved);
      else if (effect.kind === 'connect') after(100, connected);
      else if (effect.kind === 'subscribe') after(100, subscribed);
      else if (effect.kind === 'await-host') after(effect.delayMs, { kind: 'host-late' });
      else if (effect.kind === 'await-birth') after(returnDelayMs(session, { atMono: nowMs, isSparing }), { kind: 'birth-due', atMono: 0 });
      else if (effect.kind === 'die') after(100, died);
      else if (effect.kind === 'rest') after(backOffMs(effect.failures, 0.5), rested);
    }
  };
  dispatch(start(), 0);
  for (let nowMs = 0; nowMs <= lengthMs; nowMs += 100) {
    while (due.atMs <= nowMs) {
      const { event } = due;
      due = { atMs: Number.POSITIVE_INFINITY, event };
      dispatch(event.kind === 'birth-due' ? { kind: 'birth-due', atMono: nowMs } : event, nowMs);
      if (event.kind === 'subscribed') dispatch(host(isOnline(nowMs), nowMs), nowMs);
    }
    if (nowMs > 0 && isOnline(nowMs) !== isOnline(nowMs - 100)) dispatch(host(isOnline(nowMs), nowMs), nowMs);
  }
  return { births, connects };
}

t.test('a host that leaves and returns all the time causes births at the pace of requests, with one server or several', async (t) => {
  for (const servers of [1, 2, 5])
    for (const periodMs of [200, 1_000, 2_000, 20_000, 130_000]) {
      const { births, connects } = flapAllTheTime(periodMs, 21_600_000, { servers });
      const story = `${servers} servers, each ${periodMs} ms`;
      t.ok(births.length >= 20 && births.length <= 46, `${story}: ${births.length} births in six hours`);
      // Between two births, ten minutes apart, the walk over the servers backs off from 1 s to 5 min: about ten rounds.
      t.ok(connects <= births.length * (servers === 1 ? 1 : servers * 10) + 1, `${story}: ${connects} connections`);
      const last = births.slice(-10);
      t.ok(last.every((at, i) => i === 0 || at - (last[i - 1] ?? 0) >= REBIRTH_GAP_MS.longest));
    }
  const { births } = flapAllTheTime(1_000, 3_600_000, { isSparing: true });
  t.ok(births.length >= 6 && births.length <= 9, `${births.length} births in an hour without a budget`);
});

t.test('a host that restarts once is not slowed, also while requests are at the slowest pace', async (t) => {
  const delayMs = (session: SessionState, atMono: number): number => returnDelayMs(session, { atMono, isSparing: true });
  const restart = (atMono: number): SessionEvent[] => [host(false, atMono), died, ...again, host(true, atMono + 1)];
  const born = run([...WAITING, host(true, 5), due(), ask(1), ask(2), { kind: 'rebirth-due', atMono: 5_001 }], createSession(true)).session;
  const stormy = { ...born, rebirth: { ...born.rebirth, gapMs: REBIRTH_GAP_MS.longest } };
  const first = run(restart(6_000), stormy).session;
  t.ok(delayMs(first, 6_001) <= 0, 'the first return');
  const second = run([due(6_001), ...restart(7_000)], first).session;
  t.equal(delayMs(second, 7_001), REBIRTH_GAP_MS.longest - 1_000, 'the second one soon after it');
  t.ok(delayMs(run([{ kind: 'reconnect' }, died, ...again, host(true, 7_002)], second).session, 7_003) <= 0, 'a person who reconnects');
  const daily = run([due(6_001), ...restart(86_400_000)], first).session;
  t.ok(delayMs(daily, 86_400_001) <= 0, 'one a day');
  t.equal(run([due(86_400_001)], daily).session.rebirth.gapMs, REBIRTH_GAP_MS.first, 'after a quiet time the pace is the first one');
  const cut = run([failed(6_500), ...again, host(true, 6_600)], run([due(6_001)], first).session).session;
  t.ok(delayMs(cut, 6_600) <= 0, 'a lost link is no return');
});

t.test('the pace of births outlives the connection, and a used-up data budget makes it the slowest', async (t) => {
  const { session } = askAllTheTime(1_000, 3_600_000);
  const again = run([failed(1), rested, saved, connected, subscribed, due(5), ask(6), ask(7)], session);
  t.match(again.effects.at(-1), { kind: 'await-rebirth', delayMs: REBIRTH_GAP_MS.longest - 1 });
  const { births } = askAllTheTime(1_000, 3_600_000, true);
  t.strictSame(births, [0, 600_000, 1_200_000, 1_800_000, 2_400_000, 3_000_000, 3_600_000]);
});

t.test('a host that sent a future time by mistake is accepted once its clock is right, if ours is known', async (t) => {
  const YEAR_MS = 31_536_000_000;
  const now = 1_795_000_000_000;
  const wrong = [...WAITING, host(true, now + YEAR_MS, now), due(), host(false, now + YEAR_MS, now), died, ...again];
  const phaseAfter = (event: SessionEvent): string => run([...wrong, event], createSession(true)).session.phase;
  t.equal(phaseAfter(host(true, now + 5, now)), 'birthing');
  t.equal(phaseAfter(host(true, now + 5)), 'waiting-for-host', 'who does not know the time cannot tell');
  const ahead = [...WAITING, host(true, now + 299_000, now), due()];
  t.equal(run([...ahead, host(false, now, now)], createSession(true)).session.phase, 'live', 'clocks may differ a little');
});

t.test('failures are counted, and a session of a minute resets the count', async (t) => {
  const once = run([...LIVE, failed(59_999)], createSession(false));
  t.match(once.effects.at(-1), { kind: 'rest', failures: 1 });
  const again = run([rested, saved, connected, failed(60_000)], once.session);
  t.match(again.effects.at(-1), { kind: 'rest', failures: 2 });
  const sound = run([rested, saved, connected, subscribed, due(100_000), failed(160_000)], again.session);
  t.match(sound.effects.at(-1), { kind: 'rest', failures: 1 });
});

t.test('in every case, each CONNECT that was sent has the number after the one before', async (t) => {
  const event = fc.constantFrom<SessionEvent>(
    saved,
    written,
    connected,
    subscribed,
    due(),
    failed(),
    failed(60_000, true),
    unheard,
    rested,
    died,
    host(true, 1),
    host(false, 1),
    ask(1),
    start(4),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), fc.boolean(), fc.integer({ min: 1, max: 3 }), (events, awaitsHost, servers) => {
      let session = createSession(awaitsHost, servers);
      const left: number[] = [];
      const births: string[] = [];
      for (const e of [start(250), ...events]) {
        const before = session;
        const step = afterEvent(session, e);
        session = step.session;
        if (before.phase === 'connecting' && !before.bdSeqSpent && session.bdSeqSpent) left.push(session.bdSeq);
        for (const effect of step.effects) if (effect.kind === 'birth' || effect.kind === 'rebirth') births.push(session.phase);
      }
      return left.every((n, i) => n === (251 + i) % 256) && births.every((phase) => phase === 'live');
    }),
  );
  t.pass('held for all generated histories');
});

t.test('the back-off is full jitter from 1 s to 5 min', async (t) => {
  t.strictSame(
    [1, 2, 3, 9, 10, 500].map((n) => backOffMs(n, 1)),
    [1_000, 2_000, 4_000, 256_000, 300_000, 300_000],
  );
  t.strictSame([backOffMs(0, 1), backOffMs(4, 0), backOffMs(4, 0.5)], [1_000, 0, 4_000]);
});

t.test('topics are those of Sparkplug 3.0, and foreign ones are distinguished', async (t) => {
  const topics = createTopics('g', 'e', 'scada');
  t.strictSame([topics.node('NBIRTH'), topics.device('DDATA', 'd')], ['spBv1.0/g/NBIRTH/e', 'spBv1.0/g/DDATA/e/d']);
  t.strictSame(topics.subscriptions, ['spBv1.0/g/NCMD/e', 'spBv1.0/g/DCMD/e/+', 'spBv1.0/STATE/scada']);
  t.strictSame(
    ['spBv1.0/g/NCMD/e', 'spBv1.0/g/DCMD/e/d', 'spBv1.0/STATE/scada', 'spBv1.0/STATE/other', 'spBv1.0/g/NCMD/e2'].map(
      (topic) => topics.read(topic).kind,
    ),
    ['node-command', 'device-command', 'host-state', 'foreign', 'foreign'],
  );
  t.strictSame(
    ['spBv1/0/STATE/scada', 'spBv1/0/STATE/other', 'spBv1/0/g/NCMD/e', 'spBv1/00/STATE/scada'].map((topic) => topics.read(topic).kind),
    ['rewritten-state', 'rewritten', 'rewritten', 'foreign'],
  );
  t.notOk(createTopics('g', 'e', null).subscriptions.some((topic) => topic.includes('STATE')));
});

t.test('an invalid STATE changes nothing', async (t) => {
  const read = (text: string): unknown => readHostState(Buffer.from(text));
  t.strictSame(read('{"online":true,"timestamp":5}'), { online: true, atMs: 5 });
  for (const text of [
    '',
    'ONLINE',
    'null',
    '[]',
    '{"online":1,"timestamp":5}',
    '{"online":true}',
    '{"online":true,"timestamp":"5"}',
    '{"online":true,"timestamp":-1}',
    '{"online":true,"timestamp":1e300}',
    `{"online":true,"timestamp":5,"x":"${'y'.repeat(2_000)}"}`,
  ]) {
    t.equal(read(text), undefined, text.slice(0, 40));
  }
});
