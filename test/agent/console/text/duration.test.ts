import t from 'tap';
import { formatDuration, formatTook, parseDuration } from '../../../../agent/console/text/duration.ts';

const durations: [text: string, seconds: number][] = [
  ['30s', 30],
  ['10m', 600],
  ['2h', 7_200],
  ['1h30m', 5_400],
  ['1h0m5s', 3_605],
  ['90m', 5_400],
  ['168h', 604_800],
  ['7d', 604_800],
  ['1d12h', 129_600],
];

for (const [text, seconds] of durations) t.test(`${text} is ${seconds} s`, async (t) => t.equal(parseDuration(text), seconds * 1_000));

const noDurations: [text: string, advice: RegExp][] = [
  ['30', /30s, 30m or 30h/],
  ['', /1h30m/],
  ['2 h', /1h30m/],
  ['30m2h', /1h30m/],
  ['-5m', /1h30m/],
  ['1.5h', /1h30m/],
  ['2h1d', /1h30m/],
  ['8d', /between 1s and 168h/],
  ['0m', /between 1s and 168h/],
  ['169h', /between 1s and 168h/],
];

for (const [text, advice] of noDurations) {
  t.test(`"${text}" is no valid duration, and the message gives the accepted forms`, async (t) =>
    t.throws(() => parseDuration(text), { code: 'usage', message: advice }),
  );
}

t.test('a span is shown in its two largest units', async (t) => {
  const spans = [0, 119, 120, 3_599, 3_600, 7_260, 172_799, 172_800, 187_200].map((seconds) => String(formatDuration(seconds * 1_000)));
  t.strictSame(spans, ['0 s', '119 s', '2 min', '1 h', '1 h', '2 h 1 min', '2 d', '2 d', '2 d 4 h']);
  t.equal(String(formatDuration(Number.NaN)), '-');
  t.strictSame(
    [0, 40, 400, 8_000, 9_949, 9_950, 130_000].map((ms) => String(formatTook(ms))),
    ['0.1 s', '0.1 s', '0.4 s', '8 s', '9.9 s', '10 s', '2 min'],
  );
});
