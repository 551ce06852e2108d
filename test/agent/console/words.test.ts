import fc from 'fast-check';
import t from 'tap';
import { COMMANDS } from '../../../agent/console/commands.ts';
import { ConsoleError } from '../../../agent/console/console-error.ts';
import { formatDuration, parseDuration } from '../../../agent/console/duration.ts';
import { findTarget, OVERRIDE_SPAN, readOverride } from '../../../agent/console/override-args.ts';
import { createLineSplitter, readReply, readRequest } from '../../../agent/console/protocol.ts';
import { nearest } from '../../../agent/console/suggest.ts';
import { COMMAND_MS } from '../../../agent/control/commands.ts';
import { OVERRIDE_MINUTES } from '../../../agent/control/overrides.ts';
import { createFakeView } from './fake-view.ts';

const durations: [text: string, seconds: number][] = [
  ['30s', 30],
  ['10m', 600],
  ['2h', 7_200],
  ['1h30m', 5_400],
  ['1h0m5s', 3_605],
  ['90m', 5_400],
  ['168h', 604_800],
];
for (const [text, seconds] of durations) t.test(`${text} is ${seconds} s`, async (t) => t.equal(parseDuration(text), seconds * 1_000));

const noDurations: [text: string, advice: RegExp][] = [
  ['30', /30s, 30m or 30h/],
  ['', /1h30m/],
  ['2 h', /1h30m/],
  ['30m2h', /1h30m/],
  ['-5m', /1h30m/],
  ['1.5h', /1h30m/],
  ['2d', /1h30m/],
  ['0m', /between 1s and 168h/],
  ['169h', /between 1s and 168h/],
];
for (const [text, advice] of noDurations) {
  t.test(`"${text}" is no duration, and the message says what is`, async (t) =>
    t.throws(() => parseDuration(text), { code: 'usage', message: advice }),
  );
}

t.test('a span is told in its two largest units', async (t) => {
  const told = [0, 119, 120, 3_599, 3_600, 7_260, 172_799, 172_800, 187_200].map((seconds) => formatDuration(seconds * 1_000));
  t.strictSame(told, ['0 s', '119 s', '2 min', '1 h', '1 h', '2 h 1 min', '2 d', '2 d', '2 d 4 h']);
  t.equal(formatDuration(Number.NaN), '-');
});

const overrides: [args: Record<string, string | boolean>, expected: object][] = [
  [
    { target: 'L07', level: '80' },
    { levelPct: 80, durationMs: 7_200_000, rank: 'override', reason: 'by hand' },
  ],
  [
    { target: 'L07', level: '0%', for: '10m', maintenance: true, reason: 'repair' },
    { levelPct: 0, durationMs: 600_000, rank: 'maintenance', reason: 'repair' },
  ],
];
for (const [args, expected] of overrides)
  t.test(`${JSON.stringify(args)} is understood`, async (t) => t.match(readOverride(args), expected));

const noOverrides: [args: Record<string, string | boolean>, message: RegExp][] = [
  [{ level: '80' }, /target is missing/],
  [{ target: 'L07' }, /level is missing/],
  [{ target: 'L07', level: '101' }, /0 to 100/],
  [{ target: 'L07', level: '8.5' }, /whole number/],
  [{ target: 'L07', level: 'on' }, /whole number/],
  [{ target: 'L07', level: '1e1' }, /whole number/],
  [{ target: 'L07', level: '80', for: true }, /for is missing/],
  [{ target: 'L07', level: '80', for: '59s' }, /between 1m and 24h/],
  [{ target: 'L07', level: '80', for: '24h1s' }, /between 1m and 24h/],
  [{ target: 'L07', level: '80', for: '30' }, /its unit: 30m or 30h$/],
  [{ target: 'L07', level: '80', for: 'long' }, /write it as 10m, 2h or 1h30m$/],
  [{ target: 'L07', level: '80', reason: 'two\nlines' }, /one line/],
  [{ target: 'L07', level: '80', reason: 'x'.repeat(121) }, /120 characters/],
];
for (const [args, message] of noOverrides) {
  t.test(`${JSON.stringify(args).slice(0, 60)} is refused as usage`, async (t) =>
    t.throws(() => readOverride(args), { code: 'usage', message }),
  );
}

t.test('an override may last as long as the agent allows, and every span that help and message name is accepted', async (t) => {
  t.strictSame(OVERRIDE_SPAN, { minMs: OVERRIDE_MINUTES.min * 60_000, maxMs: OVERRIDE_MINUTES.max * 60_000 });
  const override = COMMANDS.find(({ name }) => name === 'override');
  const help = override?.options.find(({ name }) => name === 'for')?.summary ?? '';
  const spans = help.match(/\b(?:\d+[hms])+\b/g) ?? [];
  t.strictSame(spans, ['1m', '24h', '10m', '2h', '1h30m', '2h']);
  for (const span of spans) t.equal(readOverride({ target: 'L07', level: '80', for: span }).durationMs, parseDuration(span));
});

t.test('a command is waited for until the agent has told how it ended', async (t) => {
  for (const command of COMMANDS) {
    if (command.kind === 'agent' && ['override', 'release'].includes(command.name))
      t.ok(command.timeoutMs >= COMMAND_MS + 10_000, `${command.name} waits ${command.timeoutMs} ms`);
  }
});

t.test('a target is found whatever its case, and a near miss is answered with the name meant', async (t) => {
  const view = createFakeView();
  t.strictSame(findTarget(view, 'L07'), { kind: 'lamp', id: 'L07' });
  t.strictSame(findTarget(view, 'BRESSIGNY'), { kind: 'zone', id: 'bressigny' });
  t.throws(() => findTarget(view, 'L99'), { code: 'unknown-name', message: 'no lamp or zone "L99"; did you mean L09?' });
  t.throws(() => findTarget(view, 'S03'), { code: 'unknown-name' }, 'a sensor is no target');
  t.throws(() => findTarget(view, 'somewhere-else'), { message: /`luciole status --json` names them all/ });
});

t.test('the nearest word is the one with the fewest wrong letters', async (t) => {
  t.equal(nearest('stauts', ['status', 'points']), 'status');
  t.equal(nearest('x', ['status']), undefined);
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
      (words) => nearest(words[0] ?? '', words)?.toLowerCase() === words[0]?.toLowerCase(),
    ),
  );
});

const lines: [line: string, message: RegExp][] = [
  ['{', /not JSON/],
  ['[]', /JSON object/],
  ['null', /JSON object/],
  ['{"command":"status"}', /id must be an integer/],
  ['{"id":1.5,"command":"status"}', /id must be an integer/],
  ['{"id":1}', /command must be/],
  ['{"id":1,"command":"points","args":[]}', /args must be/],
  ['{"id":1,"command":"points","args":{"filter":3}}', /args\.filter must be/],
];
for (const [line, message] of lines)
  t.test(`the request ${line} is refused`, async (t) => t.throws(() => readRequest(line), { code: 'bad-request', message }));

t.test('a user name from the wire cannot forge anything', async (t) => {
  const user = (name: unknown): string => readRequest(JSON.stringify({ id: 1, command: 'status', user: name })).user;
  t.strictSame(
    [user('tech'), user('a b'), user('\u001b[2J'), user('x'.repeat(40)), user(7)],
    ['tech', 'unknown', 'unknown', 'unknown', 'unknown'],
  );
});

t.test('an answer of something that is no agent is not taken for one', async (t) => {
  for (const line of ['{}', '{"ok":true,"id":1}', '{"ok":false,"error":{"code":"invented","message":"x"}}'])
    t.throws(() => readReply(line), { code: 'bad-request' });
});

t.test('lines come out whole however the stream was cut', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).filter((text) => text.trim() === text && text !== '' && !/[\r\n]/.test(text))),
      fc.infiniteStream(fc.nat({ max: 7 })),
      (texts, cuts) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const split = createLineSplitter(65_536);
        const got: string[] = [];
        for (let from = 0; from < bytes.length; ) {
          const to = from + 1 + (cuts.next().value ?? 0);
          got.push(...split(bytes.subarray(from, to)));
          from = to;
        }
        return JSON.stringify(got) === JSON.stringify(texts);
      },
    ),
  );
  const split = createLineSplitter(10);
  t.strictSame(split(Buffer.from('0123456789\n\n')), ['0123456789'], 'a line of exactly the limit passes, an empty one is none');
  t.throws(() => split(Buffer.from('01234567890')), { code: 'too-large' });
});

t.test('every command explains itself', async (t) => {
  for (const { name, examples, summary } of COMMANDS) {
    t.ok(
      examples.length >= 2 && examples.length <= 3 && examples.every((example) => example.startsWith(`luciole ${name}`)),
      `${name} has examples`,
    );
    t.ok(summary.length <= 52, `${name} has a summary that fits the help`);
  }
  const why = COMMANDS.find(({ name }) => name === 'why');
  t.throws(
    () => why?.kind === 'agent' && why.check({ target: 'L07', trget: 'x' }),
    new ConsoleError('usage', 'why has no "trget"; did you mean target?'),
  );
});
