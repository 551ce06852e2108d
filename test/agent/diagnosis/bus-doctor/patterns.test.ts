import t from 'tap';
import type { ExamWindow, QuarterHour } from '../../../../agent/core/bus-exam.ts';
import { deliverySteps } from '../../../../agent/diagnosis/bus-doctor/delivery-steps.ts';
import { noBias } from '../../../../agent/diagnosis/bus-doctor/line-rules.ts';
import { healthy } from '../../../../agent/diagnosis/bus-doctor/plain-findings.ts';
import { quarterPattern } from '../../../../agent/diagnosis/bus-doctor/quarter-pattern.ts';
import type { BusSymptoms } from '../../../../agent/diagnosis/bus-doctor/symptoms.ts';
import { windowFacts } from '../../../../agent/diagnosis/bus-doctor/window-facts.ts';
import { createLineHistory, QUARTER_MS } from '../../../../agent/field/stats/line-history.ts';
import { createRandom } from '../../../street/random.ts';

const REQUEST = '010300000001840a';

function window(chunks: readonly (readonly [number, string])[], request = REQUEST): ExamWindow {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
  return {
    request: bytes(request),
    sentMono: 0,
    endMono: 500,
    isTest: true,
    chunks: chunks.map(([atMono, hex]) => ({ atMono, bytes: bytes(hex) })),
  };
}

t.test('bytes that arrive beside no request to a unit are of the line, not of one unit', async (t) => {
  const quiet = { asked: 20, answered: 20, failed: 0, strays: 0 };
  const symptoms = { asked: 40, strays: 30, strayBytes: 40, durationMs: 60_000, units: [quiet, quiet] };
  t.match(noBias(symptoms as never), { verdict: 'no-bias', units: [] });
  t.equal(noBias({ ...symptoms, units: [{ ...quiet, strays: 20 }, quiet] } as never), null, 'those of one unit are of that unit');
});

const WINDOWS = [
  ['an answer', [[20, withCrc('0103020005')]], { end: 'answered', replies: 1, strayBytes: 0, hasEcho: false }],
  [
    'an echo and an answer',
    [
      [9, REQUEST],
      [20, withCrc('0103020005')],
    ],
    { end: 'answered', hasEcho: true, strayBytes: 0 },
  ],
  ['an exception', [[20, withCrc('018302')]], { end: 'answered', replies: 1 }],
  ['an exception without its function', [[20, withCrc('018002')]], { end: 'answered', replies: 1, foreignReplies: [] }],
  ['silence', [], { end: 'silent', strayBytes: 0 }],
  ['a break', [[12, '00']], { end: 'silent', strayBytes: 1 }],
  ['a damaged answer', [[20, '01030200051111']], { end: 'damaged', strayBytes: 0 }],
  ['a byte before the answer', [[20, `ff${withCrc('0103020005')}`]], { end: 'answered', strayBytes: 1 }],
  [
    'two answers',
    [
      [20, withCrc('0103020005')],
      [40, withCrc('0103020006')],
    ],
    { end: 'answered', replies: 2 },
  ],
  [
    'the request and answer of another master',
    [
      [20, withCrc('020300000001')],
      [40, withCrc('0203020005')],
    ],
    { end: 'silent', foreignRequests: [withCrc('020300000001')], foreignReplies: [2] },
  ],
] as const;

for (const [what, chunks, facts] of WINDOWS)
  t.test(`a window with ${what}`, async (t) => {
    t.match(windowFacts(window(chunks as never)), facts);
  });

t.test(
  'the reply to a single write, which equals its request, is an answer and no echo; twice the same is an echo and an answer',
  async (t) => {
    const write = withCrc('010607d00064');
    t.match(windowFacts(window([[20, write]], write)), { end: 'answered', hasEcho: false, strayBytes: 0 });
    t.match(
      windowFacts(
        window(
          [
            [9, write],
            [20, write],
          ],
          write,
        ),
      ),
      { end: 'answered', hasEcho: true, strayBytes: 0, replies: 1 },
    );
    t.match(windowFacts(window([], write)), { end: 'silent' });
  },
);

t.test('a broadcast is no request that fails', async (t) => {
  t.match(windowFacts(window([], withCrc('000600000001'))), { end: 'none', unit: 0 });
});

/** Source: Modbus over Serial Line V1.02 §6.2.2, bit by bit. */
function withCrc(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return Buffer.concat([bytes, Buffer.from([crc & 0xff, crc >> 8])]).toString('hex');
}

/** Reads after varied pauses whose replies arrive when `arrive` says. */
function deliveries(count: number, arrive: (atMs: number) => number) {
  const random = createRandom(5);
  let nowMs = 0;
  return Array.from({ length: count }, () => {
    nowMs += 32 * random();
    const atMono = arrive(nowMs + 20 + random());
    const made = { ...windowFacts(window([[atMono, withCrc('0103020005')]])), sentMono: nowMs };
    nowMs = atMono;
    return made;
  });
}

for (const stepMs of [5, 8, 10, 16, 25])
  t.test(`an adapter that delivers each ${stepMs} ms is recognised with its step`, async (t) => {
    const steps = deliverySteps(deliveries(60, (atMs) => Math.ceil(atMs / stepMs) * stepMs));
    t.equal(steps?.stepMs, stepMs);
    t.ok((steps?.fit ?? 0) > 0.95);
  });

t.test('replies without steps fit no step, and a few show nothing', async (t) => {
  t.ok((deliverySteps(deliveries(60, (atMs) => atMs))?.fit ?? 0) < 0.6);
  t.equal(deliverySteps(deliveries(10, (atMs) => Math.ceil(atMs / 16) * 16)), null);
});

/** Each letter is a quarter: q quiet, b bad, - without requests. */
function quarters(letters: string, sunDeg?: number): QuarterHour[] {
  return [...letters].flatMap((letter, i) => {
    if (letter === '-') return [];
    const failed = letter === 'b' ? 30 : 0;
    return [
      {
        startMs: i * QUARTER_MS,
        transactions: 500,
        damaged: failed,
        missed: 0,
        noiseBytes: 0,
        ...(sunDeg === undefined ? {} : { sunDeg }),
      },
    ];
  });
}

const PATTERNS = [
  ['qqqq', false, false],
  ['qqbbqq', true, true],
  ['qqqqbq', true, true],
  ['qqqqb', false, true],
  ['bqqqq', false, false],
  ['bbbbqqq', false, true],
  ['qbqbqbqb', false, true],
  ['qq--b---qqqq', true, true],
  ['', false, false],
] as const;

for (const [letters, isTimed, hasTrouble] of PATTERNS)
  t.test(`quarters ${letters === '' ? 'of a new agent' : letters} are ${isTimed ? '' : 'not '}trouble at certain hours`, async (t) => {
    t.match(quarterPattern(quarters(letters)), { isTimed, hasTrouble });
  });

t.test('bad quarters with the sun at the horizon are at twilight, others and those without a position are not', async (t) => {
  t.equal(quarterPattern(quarters('qqbqq', -3)).isAtTwilight, true);
  t.equal(quarterPattern(quarters('qqbqq', 30)).isAtTwilight, false);
  t.equal(quarterPattern(quarters('qqbqq')).isAtTwilight, false);
});

t.test('the history of a line keeps a day of quarters and forgets older ones', async (t) => {
  const history = createLineHistory();
  const startMs = Date.parse('2026-11-28T12:00:00Z');
  for (let i = 0; i < 200; i++) history.note(startMs + i * QUARTER_MS, { transactions: i, damaged: 1 });
  const kept = history.quarters(startMs + 199 * QUARTER_MS);
  t.equal(kept.length, 96);
  t.same([kept[0]?.transactions, kept.at(-1)?.transactions], [104, 199]);
  t.equal(history.quarters(startMs + 250 * QUARTER_MS).length, 45, 'a day later only the newer half is left');
});

t.test('the history of a line has only quarters with counts, also on the first day of 1970', async (t) => {
  const history = createLineHistory();
  t.strictSame(history.quarters(QUARTER_MS), []);
  history.note(0, { transactions: 1 });
  history.note(QUARTER_MS, { transactions: 2 });
  const kept = history.quarters(QUARTER_MS).map(({ startMs, transactions }) => [startMs, transactions]);
  t.strictSame(kept, [
    [0, 1],
    [QUARTER_MS, 2],
  ]);
});

t.test('the evidence of a healthy line counts what is not its own', async (t) => {
  const evidence = (changes: Partial<BusSymptoms>): string => {
    const quiet = {
      asked: 40,
      answered: 40,
      units: [],
      quarters: { known: 0, bad: [] },
      durationMs: 60_000,
      strays: 0,
      foreignRequests: 0,
      foreignReplies: 0,
    };
    return String(healthy({ ...quiet, ...changes } as unknown as BusSymptoms).evidence[0]);
  };
  t.match(evidence({}), /no stray bytes, no frames of others/);
  t.match(evidence({ strays: 1, foreignRequests: 1, foreignReplies: 4 }), /1 times stray bytes, 5 frames of others/);
});
