import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { AgentEvent, EventCode } from '../../../../agent/core/words.ts';
import { DarkTime, joinedSpans, lengthOf } from '../../../../agent/diagnosis/reports/dark-time.ts';
import { availability, darkKwh, failureTexts, lampFailures } from '../../../../agent/diagnosis/reports/failure-tables.ts';
import { type FailureFacts, failureFacts, repairTimes } from '../../../../agent/diagnosis/reports/failures.ts';
import { reportNights } from '../../../../agent/diagnosis/reports/report-nights.ts';
import { darkHoursOf } from '../../../../agent/diagnosis/savings/reference.ts';
import { createLocalCalendar } from '../../../../agent/lighting/local-time.ts';
import { CABINET, factsOf, finished, nightTally } from './report-scene.ts';

const at = (text: string): number => Date.parse(`2026-12-${text}Z`);
const PERIOD = { fromMs: at('01T11:00'), toMs: at('05T11:00') };
const NOW_MS = at('10T00:00');

const event = (code: EventCode, source: string, from: string, to: string | null, changes: Partial<AgentEvent> = {}): AgentEvent => ({
  ...{ id: `${code}:${source}:${from}`, code, source, severity: 'alarm', text: msg`${code} of ${source}` },
  ...{ startMs: at(from), endMs: to === null ? null : at(to), ...changes },
});

const factsOfEvents = (...events: AgentEvent[]): FailureFacts =>
  failureFacts(events, { cabinet: CABINET, feederLamps: new Map([['F1', ['L1', 'L2']]]), period: PERIOD, nowMs: NOW_MS });

/** By lamp: number of failures, mean time to repair, longest, open ones, and hours of the period in which it gave no light. */
const lampsOf = ({ lamps }: FailureFacts) =>
  lamps.map(({ lamp, failures, darkSpans }) => {
    const { meanH, longestH, open } = repairTimes(failures, NOW_MS);
    return [lamp.id, failures.length, meanH, longestH, open, lengthOf(darkSpans) / HOUR_MS];
  });

const table: [story: string, events: AgentEvent[], lamps: unknown[]][] = [
  ['one that is repaired', [event('lamp-out', 'L1', '01T20:00', '02T22:00')], [['L1', 1, 26, 26, 0, 26]]],
  ['one that is open lasts until now', [event('lamp-out', 'L2', '04T11:00', null)], [['L2', 1, null, 133, 1, 24]]],
  ['one that began before the period', [event('lamp-out', 'L1', '01T09:00', '01T13:00')], [['L1', 1, 4, 4, 0, 2]]],
  ['one that ended before the period does not count', [event('lamp-out', 'L1', '01T01:00', '01T10:00')], []],
  ['one that began after it does not either', [event('lamp-out', 'L1', '06T01:00', null)], []],
  ['a silent lamp may be lit', [event('unit-silent', 'L1', '02T00:00', '02T06:00')], [['L1', 1, 6, 6, 0, 0]]],
  [
    'two events that overlap are one failure',
    [event('unit-silent', 'L1', '02T00:00', '02T06:00'), event('lamp-not-following', 'L1', '02T00:01', '02T05:00')],
    [['L1', 1, 6, 6, 0, 0]],
  ],
  [
    'a failure that a restart interrupts is one failure',
    [event('lamp-out', 'L1', '02T00:00', '02T04:00'), event('lamp-out', 'L1', '02T04:10', '02T06:00')],
    [['L1', 1, 6, 6, 0, 4 + 11 / 6]],
  ],
  [
    'two failures with an hour between them are two',
    [event('lamp-out', 'L1', '02T00:00', '02T02:00'), event('lamp-out', 'L1', '02T03:00', '02T07:00')],
    [['L1', 2, 3, 4, 0, 6]],
  ],
  [
    'a tripped breaker darkens its lamps, and is no failure of them',
    [event('breaker-tripped', 'F1', '02T00:00', '02T03:00'), event('lamp-out', 'L1', '02T01:00', '02T04:00')],
    [
      ['L1', 1, 3, 3, 0, 4],
      ['L2', 0, null, null, 0, 3],
    ],
  ],
  [
    'notices, and events without duration, are no failures',
    [
      event('lamp-out', 'L1', '02T00:00', '02T00:00'),
      event('lamp-out', 'L2', '02T00:00', '02T09:00', { severity: 'info' }),
      event('config-changed', 'A1', '02T00:00', '02T03:00'),
    ],
    [],
  ],
];

for (const [story, events, lamps] of table) t.test(story, async (t) => t.strictSame(lampsOf(factsOfEvents(...events)), lamps));

t.test('a lost supply that the meter of the cabinet found darkens all lamps; that of a feeder without lamps darkens none', async (t) => {
  const lines = [{ devices: [{ id: 'M1' }, { id: 'F9' }] }] as unknown as (typeof CABINET)['lines'];
  const found = (code: EventCode, source: string) =>
    failureFacts([event(code, source, '02T00:00', '02T03:00')], {
      ...{ cabinet: { ...CABINET, lines }, period: PERIOD, nowMs: NOW_MS },
      feederLamps: new Map<string, readonly string[]>([
        ['F1', ['L1']],
        ['F9', []],
      ]),
    });
  t.strictSame(
    lampsOf(found('supply-lost', 'M1')),
    ['L1', 'L2', 'L3'].map((lamp) => [lamp, 0, null, null, 0, 3]),
  );
  t.strictSame(lampsOf(found('supply-lost', 'F9')), []);
  t.strictSame(lampsOf(found('supply-lost', 'removed')), []);
  t.strictSame(lampsOf(found('breaker-tripped', 'M1')), []);
});

t.test('failures of the cabinet are listed beside those of lamps', async (t) => {
  const { others } = factsOfEvents(
    event('breaker-tripped', 'F1', '02T00:00', '02T03:00'),
    event('unit-silent', 'S1', '02T00:00', null),
    event('unit-silent', 'L3', '02T00:00', null),
    event('lamp-fault', 'IO1.contact', '02T00:00', '02T03:00'),
    event('lamp-out', 'removed', '02T00:00', '02T03:00'),
  );
  t.strictSame(
    others.map(({ code, source }) => `${code} ${source}`),
    ['breaker-tripped F1', 'unit-silent S1', 'lamp-fault IO1.contact', 'lamp-out removed'],
  );
});

t.test('a device with two lamps fails for both, its channel for one', async (t) => {
  const [first, second, third] = CABINET.lamps;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three lamps');
  const lamps = [{ ...first, device: 'D', point: 'a_level' }, { ...second, device: 'D', point: 'b_level' }, third];
  const found = (source: string) =>
    failureFacts([event('lamp-fault', source, '02T00:00', '02T01:00')], {
      ...{ cabinet: { lamps, lines: [] }, feederLamps: new Map(), period: PERIOD, nowMs: NOW_MS },
    }).lamps.map(({ lamp }) => lamp.id);
  t.strictSame(found('D'), ['L1', 'L2']);
  t.strictSame(found('D.a_fault'), ['L1']);
});

t.test('light is available in the lamp hours at night without a failure that makes a lamp dark', async (t) => {
  const facts = factsOf([nightTally(), nightTally({ awayMs: 6 * HOUR_MS })], {
    failures: factsOfEvents(event('lamp-out', 'L1', '01T20:00', '02T22:00')),
    darkMs: new Map([['L1', 3 * HOUR_MS]]),
  });
  t.match(availability(facts), { lightPct: 95, darkLampH: 3, unknownLampH: 0, agentPct: 87.5 });
  t.ok(Math.abs(darkKwh(facts) - 0.15) < 1e-9, '50 W for 3 h');
  t.match(String(failureTexts(facts)), 'Failures of lamps: 1, 0 not repaired yet; mean time to repair 26 h.');
  const older = { ...facts, eventsFromMs: at('01T21:00') };
  t.match(
    failureTexts(older).map(String),
    [/^Events before .* earlier failures may be missing/, /^Failures of lamps: 1/],
    'and what is unknown',
  );
  t.match(availability(factsOf([])), { lightPct: null, agentPct: null }, 'without a night nothing is known');
});

t.test('the nights of a month of which only a part is asked for are neither an absence of the agent nor known time', async (t) => {
  const kept = [
    { period: '2026-11', isOpen: false, tally: nightTally() },
    { period: '2026-12-01', isOpen: false, tally: nightTally({ awayMs: 6 * HOUR_MS }) },
  ];
  const of = (from: string, to: string) => {
    const nights = finished(reportNights(from, to, kept));
    return availability({ ...factsOf([]), nights, spanMs: nights.expected * 24 * HOUR_MS }).agentPct;
  };
  t.equal(of('2026-11-21', '2026-12-01'), 75);
  t.equal(of('2026-11-21', '2026-12-02'), 37.5, 'a night without figures is one');
  t.equal(of('2026-11-21', '2026-11-30'), null);
});

t.test('a failure of a device with two lamps is open while one of them is not repaired', async (t) => {
  const lamps = CABINET.lamps.slice(0, 2).map((lamp) => ({ ...lamp, device: 'G1' }));
  const events = [event('unit-silent', 'G1', '02T10:00', '02T10:20'), event('lamp-out', lamps[0]?.id ?? '', '02T10:15', null)];
  const inputs = { cabinet: { ...CABINET, lamps }, feederLamps: new Map(), period: PERIOD, nowMs: NOW_MS };
  for (const own of [inputs, { ...inputs, cabinet: { ...CABINET, lamps: lamps.toReversed() } }]) {
    const failures = failureFacts(events, own);
    t.match(lampFailures({ failures }), [{ code: 'unit-silent', endMs: null }]);
  }
});

t.test('the dark hours of a failure are those of its zone, also in the nights that clocks change', async (t) => {
  const calendar = createLocalCalendar('Europe/Paris');
  const [zone] = CABINET.zones;
  if (zone === undefined) throw new Error('a zone');
  const dark = new DarkTime(CABINET, calendar);
  const hoursOf = darkHoursOf({ ...CABINET, zones: CABINET.zones.map((each) => ({ ...each, seasons: [], meanHours: 0, lamps: [] })) });
  for (const [year, month, day] of [
    [2026, 12, 1],
    [2026, 10, 24],
    [2027, 3, 27],
    [2026, 6, 21],
  ] as const) {
    const noon = (more: number): number => calendar.instantOf({ year, month, day: day + more, hour: 12, minute: 0 });
    const sum = (fromMs: number, toMs: number): number =>
      [...dark.spans(zone, { fromMs, toMs })].reduce((ms, spans) => ms + lengthOf(spans), 0) / HOUR_MS;
    const date = new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
    const wholeH = sum(noon(0), noon(1));
    t.ok(Math.abs(wholeH - (hoursOf(date)['path'] ?? 0)) < 1e-9, `${date}: ${wholeH} h`);
    const middle = noon(0) + 13 * HOUR_MS + 7 * MINUTE_MS;
    t.ok(Math.abs(sum(noon(0), middle) + sum(middle, noon(1)) - wholeH) < 1e-9, 'both parts of a night are the night');
    t.ok(sum(noon(0), noon(3)) > 2.9 * wholeH, 'three nights');
  }
});

t.test('spans that touch or overlap become one', async (t) => {
  const spans = [
    { fromMs: 5, toMs: 9 },
    { fromMs: 0, toMs: 3 },
    { fromMs: 3, toMs: 4 },
    { fromMs: 6, toMs: 7 },
  ];
  t.strictSame(joinedSpans(spans), [
    { fromMs: 0, toMs: 4 },
    { fromMs: 5, toMs: 9 },
  ]);
  t.strictSame(joinedSpans(spans, 1), [{ fromMs: 0, toMs: 9 }]);
});
