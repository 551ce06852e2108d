import t from 'tap';
import { inProcess, runLuciole } from './program.ts';

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
  [['agent', 'state'], 64, /^$/, /'agent state' works only in a session: start one with `luciole\s+console`, then type it there/],
  [['copy', 'week.csv', 'serial'], 64, /^$/, /'copy' works only in a session/],
  [['language', 'fr'], 64, /^$/, /'language' works only in a session/],
  [['log', 'on'], 64, /^$/, /'log on' works only in a session/],
  [['help', 'copy'], 64, /^$/, /'copy' works only in a session/],
  [['log'], 64, /^$/, /Usage: luciole log VERB/],
  [['help', 'log'], 0, /Usage: luciole log VERB/, /^$/],
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
  [['history', 'L01.level', '--by', 'day'], 64, /^$/, /it is one of raw, minute, hour/],
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
  [
    ['run', '/nonexistent.yaml', '--broker', 'broker.example:1883'],
    64,
    /^$/,
    /bad --broker: write mqtt:\/\/host:1883 or mqtts:\/\/host:8883/,
  ],
  [['run', '/nonexistent.yaml', '--broker', 'mqtt://c1:canary@broker.example'], 64, /^$/, /write\s+username\s+and\s+passwordFile/],
  [['version'], 0, /^luciole \d+\.\d+\.\d+ \(node \d+\.\d+\.\d+\)\n$/, /^$/],
  [['version', '--json'], 0, /^{"version":"[\d.]+","node":"[\d.]+"}\n$/, /^$/],
  [['--version'], 0, /^luciole \d/, /^$/],
  [['profile', 'check', '/nonexistent.yaml'], 78, /^\/nonexistent.yaml:1:1: no such file/, /^$/],
  [['profile', 'test', 'x.yaml'], 64, /^$/, /give the line and unit: --line LINE --unit N\n$/],
  [['profile', 'test', '/nonexistent.yaml', '--line', 'street', '--unit', '7'], 78, /no such file/, /^$/],
  [['export'], 64, /^$/, /give a start: --since 24h, or --since 2026-12-01\n$/],
  [['export', '--since', '1h', '--to', 'x.txt', '--json'], 64, /^{"error":{"code":"usage","message":"no format \\"txt\\"/, /^$/],
  [['run', '--port', 'street'], 64, /^$/, /write LINE=PATH/],
  [['run', '--start-at', 'tomorrow'], 64, /^$/, /write an ISO time/],
  [['run', '--start-at', '2026-02-30T22:00:00Z'], 64, /^$/, /bad --start-at "2026-02-30T22:00:00Z": write an ISO time/],
];

t.test('a command line becomes a text and an exit code', async (t) => {
  const rows = [...usage.map((row) => [inProcess, row] as const), ...byTheProgram.map((row) => [runLuciole, row] as const)];
  for (const [carryOut, [words, code, out, err]] of rows) {
    const ended = await carryOut(...words);
    t.match(ended, { code, out, err }, `luciole ${words.join(' ')}`);
    if (!words.includes('--json')) t.notMatch(ended.out + ended.err, /[^\n]{81}/, 'fits 80 columns');
  }
});
