import t from 'tap';
import { msg, NO_TEXT } from '../../../../agent/core/message.ts';
import { type AdvisedUnit, adviceOf, type PlainLineStats } from '../../../../agent/field/stats/bus-advice.ts';
import { createRecentEnds } from '../../../../agent/field/stats/unit-stats.ts';

// ── advice ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How its questions of the last minutes have ended. */
const recent = (over: Partial<AdvisedUnit['recent']>): Pick<AdvisedUnit, 'recent'> => ({
  recent: { answered: 1_000, missed: 0, damaged: 0, late: 0, ...over },
});

const unit = (n: number, over: Partial<AdvisedUnit> = {}): AdvisedUnit => ({
  unit: n,
  device: `L${n}`,
  state: 'ok',
  ok: 1_000,
  timeouts: 0,
  crcErrors: 0,
  exceptions: {},
  lateReplies: 0,
  echoes: 0,
  turnaroundMs: null,
  timeoutMs: 60,
  profileTimeoutMs: 60,
  answersTwice: false,
  ...recent({}),
  requests: 1,
  refused: [],
  unanswered: [],
  ...over,
});

const healthy: PlainLineStats = {
  line: 'north',
  kind: 'modbus',
  port: '/dev/ttyUSB0',
  baud: 9_600,
  busyPct: 30,
  wirePct: 20,
  transactions: 3_000,
  timeouts: 0,
  crcErrors: 0,
  exceptions: 0,
  lateReplies: 0,
  duplicates: 0,
  doubtful: 0,
  resyncs: 0,
  echoes: 0,
  noiseBytes: 3,
  doMostAnswerTwice: false,
  foreignFrames: 0,
  console: { transactions: 0, timeouts: 0, exceptions: 0, lateReplies: 0 },
  downReason: NO_TEXT,
  urgentWaitMs: null,
  overruns: 0,
  units: [unit(1), unit(2), unit(3)],
};

const lineOf = (over: Partial<PlainLineStats>): PlainLineStats => ({ ...healthy, ...over });

const adviceTable: [story: string, line: PlainLineStats, latencyMs: number | null, wanted: RegExp[]][] = [
  ['a healthy line needs no advice', healthy, 1, []],
  ['nor does one unit that once lost a frame', lineOf({ units: [unit(1, recent({ damaged: 1, missed: 2 })), unit(2)] }), null, []],
  [
    'damage everywhere is the line',
    lineOf({ units: [unit(1, recent({ damaged: 40 })), unit(2, recent({ damaged: 30 })), unit(3)] }),
    null,
    [/damaged replies from 2 of 3 units: check termination/],
  ],
  [
    'damage at one unit is that unit',
    lineOf({ units: [unit(1, recent({ damaged: 40 })), unit(2), unit(3)] }),
    null,
    [/L1 \(unit 1\) alone: check its stub/],
  ],
  ['an echo is the adapter', lineOf({ echoes: 9 }), null, [/switch off its local echo/]],
  [
    'late replies want a longer timeout',
    lineOf({ units: [unit(1, recent({ late: 20, missed: 15 })), unit(2)] }),
    null,
    [/^20 replies of L1 \(unit 1\) came after its 60 ms were over in the last 10 minutes: raise responseTimeoutMs in its profile$/],
  ],
  [
    'a failure of long ago is no failure of now',
    lineOf({ units: [unit(1, { timeouts: 500, crcErrors: 500, lateReplies: 500 }), unit(2)] }),
    null,
    [],
  ],
  [
    'a wait that was learned is not for the profile to raise, and one late reply no news',
    lineOf({ units: [unit(1, { timeoutMs: 30, ...recent({ answered: 100, late: 1 }) }), unit(2)] }),
    null,
    [],
  ],
  [
    'but late replies again and again are',
    lineOf({ units: [unit(1, { timeoutMs: 30, ...recent({ late: 12 }) }), unit(2)] }),
    null,
    [/^12 replies of L1 \(unit 1\) came late in the last 10 minutes, most come in time: look for what else keeps/],
  ],
  [
    'one late reply among few is one reply',
    lineOf({ units: [unit(1, recent({ answered: 100, late: 1 })), unit(2)] }),
    null,
    [/^1 reply of L1 /],
  ],
  [
    'units with the same trouble share a sentence',
    lineOf({ units: [1, 2, 3, 4, 5, 6].map((n) => unit(n, recent({ missed: 30 + 10 * n }))) }),
    null,
    [/^L1 \(unit 1\), .*, L4 \(unit 4\) and 2 more miss 4 to 8 % of their requests in the last 10 minutes: check their connectors/],
  ],
  [
    'a line that is down comes first, with its reason, and without its units',
    lineOf({ downReason: msg`there is no such port`, units: [unit(1, { state: 'silent' }), unit(2, { state: 'silent' })] }),
    null,
    [/^the line is down: there is no such port$/],
  ],
  [
    'a network line has no baud rate to check',
    lineOf({ baud: null, port: 'tcp://10.0.0.5', units: [unit(1, { state: 'silent' }), unit(2, { state: 'silent' })] }),
    null,
    [/^no unit answers: check that tcp:\/\/10.0.0.5 is the right gateway, its own serial settings/],
  ],
  [
    'foreign frames are a second master',
    lineOf({ foreignFrames: 2 }),
    null,
    [/2 frames that the agent did not request: look for a second master/],
  ],
  ['many stray bytes are too', lineOf({ noiseBytes: 900 }), null, [/900 bytes that the agent did not request: look for a second master/]],
  [
    'a full wire wants more baud',
    lineOf({ busyPct: 91, wirePct: 80, overruns: 4 }),
    null,
    [/91 % busy, 4 polls were late: use more than 9600 baud/],
  ],
  ['slow units want fewer polls', lineOf({ busyPct: 91, wirePct: 20 }), null, [/91 % busy: its units need long to answer/]],
  [
    'an adapter that delays replies: how to stop it',
    healthy,
    16,
    [/up to 16 ms: write 1 to \/sys\/bus\/usb-serial\/devices\/ttyUSB0\/latency_timer/],
  ],
  [
    'when no unit answers, the wires are checked first',
    lineOf({ units: [unit(1, { state: 'silent' }), unit(2, { state: 'silent' })] }),
    null,
    [/no unit answers: check the supply of the line, A and B swapped/],
  ],
  [
    'one that stopped has lost its supply',
    lineOf({ units: [unit(1, { state: 'silent' }), unit(2)] }),
    null,
    [/L1 \(unit 1\) has stopped answering/],
  ],
  [
    'one that never answered has another address',
    lineOf({ units: [unit(1, { state: 'silent', ok: 0 }), unit(2)] }),
    null,
    [/never answered: check its address/],
  ],
  ['lost questions are a connector', lineOf({ units: [unit(1, recent({ missed: 60 })), unit(2)] }), null, [/L1 \(unit 1\) misses 6 %/]],
  [
    'a unit that fails is ill',
    lineOf({ units: [unit(1, { exceptions: { 'device-failure': 40 } }), unit(2)] }),
    null,
    [/^L1 \(unit 1\) reports failures of its own/],
  ],
  [
    'one that fails where it has no register is not',
    lineOf({ units: [unit(1, { exceptions: { 'device-failure': 40 }, refused: ['load'] }), unit(2)] }),
    null,
    [/L1 \(unit 1\) refuses load: check that its profile/],
  ],
  [
    'a refused register is the wrong profile',
    lineOf({ units: [unit(1, { refused: ['load'] }), unit(2)] }),
    null,
    [/L1 \(unit 1\) refuses load: check that its profile/],
  ],
  [
    'so is one that is never answered',
    lineOf({ units: [unit(1, { unanswered: ['load'] }), unit(2, { unanswered: ['load'] })] }),
    null,
    [/L1 \(unit 1\), L2 \(unit 2\) do not answer for load, but for others: check that their profile/],
  ],
];

for (const [story, line, latencyMs, wanted] of adviceTable) {
  t.test(`advice: ${story}`, async (t) => {
    const advice = adviceOf(line, latencyMs);
    t.equal(advice.length, wanted.length, advice.join('\n'));
    for (const [i, pattern] of wanted.entries()) t.match(advice[i], pattern);
  });
}

const behind = (over: Partial<PlainLineStats>): PlainLineStats => lineOf({ port: 'rtu+tcp://10.0.0.5:4001', ...over });

const silentUnit = (n: number, ok: number): AdvisedUnit => unit(n, { state: 'silent', ok });

const gatewayTable: [story: string, line: PlainLineStats, wanted: RegExp][] = [
  [
    'no unit answers',
    behind({ units: [silentUnit(1, 9), silentUnit(2, 9)] }),
    /check that rtu\+tcp:\/\/10.0.0.5:4001 is the right gateway, its own/,
  ],
  [
    'one never answered',
    behind({ units: [silentUnit(1, 0), unit(2)] }),
    /its address, its supply and its cable behind the gateway; "bus scan"/,
  ],
  [
    'two never answered',
    behind({ units: [silentUnit(1, 0), silentUnit(2, 0), unit(3)] }),
    /their addresses, supply and cable behind the gateway/,
  ],
  ['one stopped', behind({ units: [silentUnit(1, 9), unit(2)] }), /check its supply and its cable behind the gateway/],
  ['two stopped', behind({ units: [silentUnit(1, 9), silentUnit(2, 9), unit(3)] }), /check their supply and cable behind the gateway/],
  [
    'damage everywhere',
    behind({ units: [unit(1, recent({ damaged: 40 })), unit(2, recent({ damaged: 40 }))] }),
    /serial settings of the gateway/,
  ],
  [
    'damage at one',
    behind({ units: [unit(1, recent({ damaged: 40 })), unit(2), unit(3)] }),
    /alone: check its cable behind the gateway, and for a second/,
  ],
  ['an echo', behind({ echoes: 9 }), /the gateway sends back what it is sent: .*switch off its local echo/],
  ['foreign frames', behind({ foreignFrames: 2 }), /look for another client of the gateway/],
  ['stray bytes', behind({ noiseBytes: 900 }), /look for another client of the gateway, and for a unit behind it/],
  [
    'one loses questions',
    behind({ units: [unit(1, recent({ missed: 60 })), unit(2)] }),
    /misses 6 % .* check the network to the gateway, and its cable/,
  ],
  [
    'two lose questions',
    behind({ units: [1, 2].map((n) => unit(n, recent({ missed: 60 }))) }),
    /miss 6 % of their .* and their cable and supply/,
  ],
  ['no room', behind({ busyPct: 91, wirePct: 80 }), /use more than 9600 baud, here and in the gateway/],
  ['no room on Modbus TCP', behind({ busyPct: 91, wirePct: 80, baud: null }), /busy: its units need long to answer/],
];

for (const [story, line, wanted] of gatewayTable) {
  t.test(`advice for a line behind a gateway: ${story}`, async (t) => {
    const advice = adviceOf(line, null);
    t.equal(advice.length, 1, advice.join('\n'));
    t.match(advice[0], wanted);
    t.notMatch(advice[0], /\bA and B\b|wires?\b|stub|transceiver|adapter|terminat|bias|connector/);
  });
}

t.test('a request lost between answers counts for ten minutes, a unit that was completely silent does not', async (t) => {
  const ends = createRecentEnds();
  ends.note('answered', 0);
  ends.note('missed', 100);
  ends.note('missed', 200);
  t.match(ends.counts(200), { answered: 1, missed: 0 }, 'it may be the beginning of a silence');
  ends.note('answered', 300);
  t.match(ends.counts(300), { answered: 2, missed: 2 });
  for (let i = 0; i < 50; i++) ends.note('missed', 1_000 + i);
  ends.note('answered', 5 * 60_000);
  ends.note('late', 5 * 60_000, 3);
  ends.note('damaged', 5 * 60_000);
  t.same(ends.counts(5 * 60_000), { answered: 3, missed: 2, damaged: 1, late: 3 });
  t.same(ends.counts(10 * 60_000), { answered: 1, missed: 0, damaged: 1, late: 3 }, 'the first minute is over');
  t.same(ends.counts(60 * 60_000), { answered: 0, missed: 0, damaged: 0, late: 0 });
});

t.test('a unit that answers twice is named with its address; where most do, it is the line that repeats', async (t) => {
  const twice = [unit(1), unit(4, { answersTwice: true }), unit(3)];
  const [ofWire, ofGateway] = ['/dev/ttyUSB0', 'rtu+tcp://10.0.0.2:4001'].map((port) => adviceOf(lineOf({ units: twice, port }), null));
  t.match(ofWire, [/^\S+ \(unit 4\) answers twice: two units may have the address 4; switch one unit after the other off/]);
  t.match(ofGateway, [/behind the gateway after the other off/]);
  t.match(adviceOf(lineOf({ units: twice, doMostAnswerTwice: true }), null), [/^replies of most units come twice: look for a repeater/]);
});
