import t from 'tap';
import { rangeOf, typedTime } from '../../../../agent/console/commands/time-range.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';

/** Now is 22:41:07 on 1 December 2026 in Angers. */
const times: [text: string, utc: string][] = [
  ['24h', '2026-11-30T21:41:07.000Z'],
  ['7d', '2026-11-24T21:41:07.000Z'],
  ['3650d', '2016-12-03T21:41:07.000Z'],
  ['2026-12-01', '2026-11-30T23:00:00.000Z'],
  ['2026-12-01T22:00', '2026-12-01T21:00:00.000Z'],
  ['2026-12-01 22:00:30', '2026-12-01T21:00:30.000Z'],
  ['2026-12-01T22:00Z', '2026-12-01T22:00:00.000Z'],
  ['2026-12-01t22:00:01.250z', '2026-12-01T22:00:01.250Z'],
  ['2026-12-01T22:00+05:30', '2026-12-01T16:30:00.000Z'],
  ['2026-07-01T22:00', '2026-07-01T20:00:00.000Z'],
  ['2026-10-25T01:30', '2026-10-24T23:30:00.000Z'],
  ['2026-10-25T03:30', '2026-10-25T02:30:00.000Z'],
  ['2026-10-25T02:00', '2026-10-25T00:00:00.000Z'],
  ['2026-10-25T02:59:59', '2026-10-25T00:59:59.000Z'],
  ['2026-10-25T03:00', '2026-10-25T02:00:00.000Z'],
  ['2026-03-29T01:30', '2026-03-29T00:30:00.000Z'],
  ['2026-03-29T03:30', '2026-03-29T01:30:00.000Z'],
  ['2024-02-29', '2024-02-28T23:00:00.000Z'],
  ['2026-09-30T24:00', '2026-09-30T22:00:00.000Z'],
];

for (const [text, utc] of times)
  t.test(`--since ${text} is ${utc}`, async (t) => {
    const { fromMs } = rangeOf({ since: typedTime(text), until: typedTime('2030-01-01') }, AT_MS, TIMEZONE);
    t.equal(new Date(fromMs).toISOString(), utc);
  });

t.test('in the night on which the clocks go back, a range holds both hours of the same name, in every zone', async (t) => {
  for (const [zone, since, until, hours] of [
    [TIMEZONE, '2026-10-25T02:00', '2026-10-25T03:00', 2],
    [TIMEZONE, '2026-10-25T02:00', '2026-10-25T02:30', 1.5],
    [TIMEZONE, '2026-10-25T01:00', '2026-10-25T02:00', 2],
    ['America/New_York', '2026-11-01T01:00', '2026-11-01T02:00', 2],
    ['Australia/Lord_Howe', '2026-04-05T01:30', '2026-04-05T02:00', 1],
    ['Antarctica/Troll', '2026-10-25T01:00', '2026-10-25T03:00', 4],
    ['UTC', '2026-10-25T02:00', '2026-10-25T03:00', 1],
  ] as const) {
    const { fromMs, toMs } = rangeOf({ since: typedTime(since), until: typedTime(until) }, AT_MS, zone);
    t.equal((toMs - fromMs) / 3_600_000, hours, `${zone} ${since}`);
  }
});

const noTimes: [text: string, advice: RegExp][] = [
  ['yesterday', /bad time "yesterday": write how far back, as 30m, 24h or 7d, or a time, as 2026-12-01/],
  ['24', /bad time "24"/],
  ['', /bad time/],
  ['2026-13-01', /bad time/],
  ['2026-12-01T25:00', /bad time/],
  ['2026-12-01Z', /bad time/],
  ['2026-02-30', /bad time "2026-02-30": write how far back/],
  ['2026-11-31', /bad time/],
  ['2027-02-29', /bad time/],
  ['2100-02-29T12:00', /bad time/],
  ['2026-09-31T24:00', /bad time/],
  ['2026-02-30T10:00Z', /bad time/],
  ['2026-02-31 10:00+02:00', /bad time/],
  ['2x', /bad duration "2x"/],
  ['4000d', /between 1s and 3650d/],
];

for (const [text, message] of noTimes)
  t.test(`"${text}" is no valid time, and the message gives the accepted forms`, async (t) =>
    t.throws(() => typedTime(text), { code: 'usage', message }),
  );

t.test('a range ends now by default, and must not be empty', async (t) => {
  const range = (since: string, until: string | null) =>
    rangeOf({ since: typedTime(since), until: until === null ? null : typedTime(until) }, AT_MS, TIMEZONE);
  t.strictSame(range('1h', null), { fromMs: AT_MS - 3_600_000, toMs: AT_MS });
  t.strictSame(range('2h', '1h'), { fromMs: AT_MS - 7_200_000, toMs: AT_MS - 3_600_000 });
  t.throws(() => range('1h', '2h'), { code: 'usage', message: /--since must be before --until/ });
  t.throws(() => range('2027-01-01', null), { code: 'usage', message: /--since must be before now/ });
});
