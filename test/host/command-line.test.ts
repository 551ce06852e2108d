import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PlatformFailure } from '../../platform/core/errors.ts';
import { HealthLog, isWorthAStart } from '../../platform/demo/health.ts';
import { hostSkip } from './host-scene.ts';

const skip = await hostSkip();
const MAIN = join(import.meta.dirname, '../../platform/main.ts');

const WRONG: readonly (readonly [words: string, sentence: RegExp])[] = [
  ['demo --foo', /demo has no option --foo; its options are --seconds, --json, --help/],
  ['demo -x', /demo has no option -x/],
  ['demo --broker mqtt://x', /demo has no option --broker/],
  ['demo --seconds', /--seconds needs a value/],
  ['demo --seconds --json', /--seconds needs a value/],
  ['demo --json=yes', /--json has no value/],
  ['demo now', /demo takes no "now"/],
  ['--foo', /write a command before "--foo"/],
  ['migrate --hypertable maybe', /write auto, on or off/],
  ['status --database city', /--database "city": write postgres:\/\//],
  ['worker --broker broker:1883', /--broker "broker:1883": write mqtt:\/\//],
  ['worker --group a/b', /a group or host has no/],
  ['command demo-1', /write: command CABINET\[\/DEVICE\] METRIC=VALUE/],
  ['command a/b/c x=1', /write: command CABINET/],
  ['command demo-1 level', /"level": write METRIC=VALUE/],
];

t.test('wrong words: a sentence with what to write', { skip }, async (t) => {
  const { readPlatformOptions } = await import('../../platform/cli/options.ts');
  const { sendCommand } = await import('../../platform/cli/command.ts');
  for (const [words, sentence] of WRONG) {
    const attempt = async () => {
      const options = readPlatformOptions(words.split(' '));
      if (options.command === 'command') await sendCommand(options);
    };
    await t.rejects(attempt(), { code: 'usage', message: sentence }, words);
  }
  t.equal(readPlatformOptions(['command', 'a', 'x=-5', '--database', 'postgres://u@h/city']).words[1], 'x=-5');
});

t.test('exit codes: 2 for wrong usage, 1 without a database, 0 for help; never a trace', { skip }, async (t) => {
  const run = (...words: string[]) => spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8', timeout: 30_000 });
  const table: [words: string[], status: number, text: RegExp][] = [
    [['demo', '--foo'], 2, /^platform: demo has no option --foo/],
    [['demo', '--seconds=-5'], 2, /write a positive number/],
    [['constructor'], 2, /there is no command "constructor"; the commands are migrate/],
    [
      ['status', '--database', 'postgres://nobody@127.0.0.1:1/x'],
      1,
      /does not answer \(.*ECONNREFUSED.*Give its address with --database URL/,
    ],
    [['state', '--metrics', '127.0.0.1:99999'], 2, /--metrics 127.0.0.1:99999: write a path, or 127.0.0.1:9464/],
    [['state', '--metrics', '127.0.0.1:'], 2, /write a path, or 127.0.0.1:9464/],
    [['state', '--metrics', MAIN], 2, /--metrics .*EADDRINUSE/],
    [['help'], 0, /^The city's platform/],
  ];
  for (const [words, status, text] of table) {
    const { status: found, stdout, stderr } = run(...words);
    t.equal(found, status, words.join(' '));
    t.match(stdout + stderr, text);
    t.notMatch(stderr, /\n\s+at /, 'no stack trace');
  }
  t.ok(existsSync(MAIN), 'a file at the address of the figures is not removed');
});

t.test('a database that refuses: what to do, by its code', { skip }, async (t) => {
  const { adviceAbout } = await import('../../platform/cli/advice.ts');
  const refusal = (code: string) => adviceAbout(Object.assign(new Error('no'), { code }));
  t.match(refusal('28P01'), { sentence: /the database refuses: no. Give its address/, exitCode: 78 });
  t.match(refusal('3D000'), { sentence: /createdb/ });
  t.match(refusal('42P01'), { sentence: /platform -- migrate/ });
  t.match(adviceAbout(new PlatformFailure('database-unavailable', '', new AggregateError([new Error('refused')]))), {
    sentence: /\(refused\)/,
  });
  t.match(adviceAbout(new PlatformFailure('schema-missing', 'x')), { sentence: 'x', exitCode: 78 });
  t.strictSame(
    [refusal('42601'), adviceAbout(new TypeError('x')), adviceAbout('x')],
    [undefined, undefined, undefined],
    'errors of the program',
  );
});

t.test('a process of the host does not start on a database without its tables', { skip }, async (t) => {
  const { startTemporaryPostgres } = await import('../../platform/servers/temporary-postgres.ts');
  const postgres = await startTemporaryPostgres(['fsync = off']);
  t.teardown(() => postgres.stop());
  for (const kind of ['worker', 'state', 'commands']) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, kind, '--database', postgres.url, '--broker', 'mqtt://127.0.0.1:1'], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    t.equal(status, 78, kind);
    t.match(stderr, /npm run platform -- migrate/);
  }
});

t.test('the demo reports each change once, and gives up what ends again and again', async (t) => {
  const health = new HealthLog();
  const look = (isWell: boolean, nowMs: number) =>
    health.look([{ name: 'demo-1', isWell, bad: 'is offline', good: 'is online again' }], nowMs);
  t.strictSame(look(true, 0), []);
  t.strictSame(look(false, 1_000), ['demo-1 is offline']);
  t.strictSame(look(false, 2_000), []);
  t.strictSame(health.look([], 3_000), [], 'what is not looked at keeps its state');
  t.strictSame(look(true, 8_000), ['demo-1 is online again, after 7 s']);
  t.strictSame(look(true, 9_000), []);
  t.ok(isWorthAStart([1, 2, 3, 4], 5));
  t.notOk(isWorthAStart([1, 2, 3, 4, 5], 6));
  t.ok(isWorthAStart([1, 2, 3, 4, 5], 60_005), 'five in a minute, not five in all');
});
