import { join } from 'node:path';
import t from 'tap';
import { createConsoleServer } from '../../../agent/console/protocol/socket-server.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import { AT_MS, TIMEZONE } from './fake-clock.ts';
import { createFakeView } from './fake-view.ts';
import { drawn, inProcess, inProcessWith, MAIN, programFolder, ROOT, run, runLuciole } from './program.ts';

const CASES: [words: string[], code: number, out: RegExp, err: RegExp][] = [
  [['status'], 0, /^Verdict {3}line cabinet is down.*\nCabinet {3}ANG-0421 {2}Rue Bressigny, cote prefecture\n/, /^$/],
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
  [
    ['bus', 'read', 'street', '9', '0', '--json'],
    1,
    /^{"error":{"code":"failed","message":".*","messageTemplate":{.*},"bus":"timeout"}}\n$/,
    /^$/,
  ],
  [['bus', 'write', 'street', '7', '2000', '300', '--yes'], 0, /written and read back/, /^$/],
  [['bus', 'write', 'street', '7', '1', '300', '--yes'], 1, /keeps another value/, /^$/],
  [['bus', 'write', 'street', '7', '0x7D0', '-5'], 64, /^$/, /would write 65531 \(0xFFFB\) to holding register\n2000/],
  [
    ['bus', 'write', 'street', '7', '2001', '500'],
    64,
    /^$/,
    /line street\.\nwarning: level: 500 is outside the profile's limits 0 to 100\nAdd --yes to write it all the same\n$/,
  ],
  [['bus', 'write', 'street', '7', '2001', '500', '--json'], 64, /^{"error":{"code":"usage","message":".*limits 0 to 100\\nAdd/, /^$/],
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
  [['uplink', 'test'], 0, /^name lookup +ok[\s\S]*all stages passed/m, /^$/],
  [['uplink', 'trace', '--last', '2'], 0, /^22:41:06\.045 -> publish[\s\S]*2 packets with 552 bytes/, /^$/],
  [['uplink', 'trace', '--follow', '--for', '1s', '--json'], 0, /^{"atMs".*}\n[\s\S]*{"entries":\[\],"followed":{"seen":5,.*}}\n$/, /^$/],
  [['uplink', 'reconnect'], 0, /^requested; certificates and password are read again/, /^$/],
  [['points', 'S99'], 1, /^$/, /no point matches "S99"/],
  [['release', 'bressigny', '--json'], 0, /^{.*"state":"verified".*}\n$/, /^$/],
];

t.test('a running agent answers over its socket', async (t) => {
  const socketPath = join(programFolder(t), 'agent.sock');
  const log = { event: () => {} };
  // Its wall stands still, its timers run: a watch ends by itself.
  const clock = { ...createSystemClock({ quality: () => 'none' }), wallMs: () => AT_MS };
  const server = createConsoleServer({ view: createFakeView(), socketPath, log, clock, timezone: TIMEZONE });
  t.teardown(() => server.stop());
  await server.start();
  for (const [words, code, out, err] of CASES)
    t.match(await inProcess(...words, '--socket', socketPath), { code, out, err }, words.join(' '));
  t.strictSame(drawn.slice(0, 3), ['0 %, 1 of 247 at 19200 8N2', '50 %, 124 of 247 at 19200 8N2', '100 %, 247 of 247 at 19200 8N2']);
  const log2 = await inProcessWith({ status: null }, 'bus', 'scan', 'street', '--baud', 'auto', '--socket', socketPath);
  t.match(log2, { code: 0, err: '0 %, 1 of 247 at 19200 8N2\n' }, 'one line a speed where there is no terminal');
  t.match(await inProcessWith({ status: null }, 'bus', 'scan', 'street', '--socket', socketPath), { err: '' }, 'none for one speed');
  t.match(
    await runLuciole('why', 'l07', '--socket', socketPath),
    { code: 0, out: /> {2}presence +80 %/, err: '' },
    'by the program as well',
  );
  const env = { PATH: '/usr/bin:/bin', LUCIOLE_SOCKET: socketPath };
  t.match(await run([process.execPath, MAIN, 'devices'], { env }), { code: 0, out: /L01/ }, 'the environment may name the socket');
});

t.test('device profiles are shown without an agent too, unless a socket is named', async (t) => {
  const nowhere = { socketPath: join(programFolder(t), 'none.sock') };
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
    { code: 0, out: /all stages passed/, err: about },
    'and so is the way to the platform',
  );
  t.match(await inProcessWith(nowhere, 'uplink', 'trace'), { code: 69 });
  const env = { PATH: '/usr/bin:/bin', LUCIOLE_SOCKET: nowhere.socketPath, LUCIOLE_CONFIG: join(ROOT, 'config/demo.yaml') };
  const listed = await run([process.execPath, MAIN, 'profile', 'list'], { env });
  t.match(listed, { code: 0, out: /eastron-sdm630 .* M01$/m, err: /no agent answers[\s\S]*demo\.yaml/ });
});
