import t from 'tap';
import type { LogLine } from '../../../../agent/core/ports.ts';
import { redact } from '../../../../agent/service/log/redact.ts';

import { LOGGED_AT_MS, logAt } from './log-lines.ts';

const LINE = { line: 'street' };

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

t.test('lines below the requested severity are not written', async (t) => {
  const { log, taken } = logAt({ minSeverity: 'warning' });
  for (const severity of ['debug', 'info', 'warning', 'alarm'] as const) log.event(severity, {}, severity);
  t.strictSame(
    taken().map(({ event }) => event),
    ['warning', 'alarm'],
  );
});

t.test('a follower of the log gets lines from a severity on, secrets masked, including those the log itself omits', async (t) => {
  const { clock, log, taken } = logAt({ minSeverity: 'info' });
  const lines: LogLine[] = [];
  const stop = log.listen('debug', (line) => lines.push(line));
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
  t.match(lines, [
    { name: 'detail', atMs: LOGGED_AT_MS, severity: 'debug', repeated: 0 },
    { name: 'link', fields: { password: '[redacted]' } },
  ]);
  t.notMatch(JSON.stringify(lines), /hunter2/);
});

t.test('an identical event within a minute is counted, and the count is written when the minute has passed', async (t) => {
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
  const logged = taken();
  t.match(
    logged.filter(({ event }) => event === 'first').map(({ repeated }) => repeated),
    [undefined, 1, undefined],
    'forgotten, its one repetition logged, and new again',
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
    'a password with the separators of a URL',
    { at: 'mqtts://cab:p@ss@host', slash: 'mqtts://cab:p/ss@host:8883 failed, ask a@b', user: 'mqtts://cab@city:p"ss@host' },
    {
      at: 'mqtts://cab:[redacted]@host',
      slash: 'mqtts://cab:[redacted]@host:8883 failed, ask a@b',
      user: 'mqtts://cab@city:[redacted]@host',
    },
  ],
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

t.test('a field cannot imitate the line itself, and a loop in it ends', async (t) => {
  const { log, taken } = logAt();
  const loop: Record<string, unknown> = {};
  loop['again'] = loop;
  log.event('real', { event: 'forged', severity: 'none', time: 'never', loop });
  t.match(taken(), [{ event: 'real', severity: 'info', time: /^2026/, event_: 'forged', severity_: 'none', time_: 'never' }]);
});
