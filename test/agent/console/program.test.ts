import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ROOT, run, startProgram } from './program.ts';

/** The program as it is, with an agent that only prints its arguments and exits as its file's name says. */
const PROBLEMS = "[{ file: 'bad.yaml', line: 3, column: 7, path: 'lines[0].port', message: 'found 5, allowed a path' }]";

const FAKE_APP = `
import { ConfigError } from '../core/errors.ts';
export async function runAgent({ log, stopSignal, ...options }) {
  if (options.configFile === 'bad.yaml') throw new ConfigError(${PROBLEMS});
  if (options.configFile === 'crash.yaml') throw new TypeError('broken');
  log.event('started', options);
  log.event('started', options);
  await new Promise((resolve) => { stopSignal.onabort = resolve; setInterval(() => {}, 1000); });
  return 0;
}`;

const FAKE_CONFIG = `
export async function checkConfig({ configFile }) {
  if (configFile === 'bad.yaml') return { problems: ${PROBLEMS}, warnings: [], counts: null };
  const warnings = configFile === 'warned.yaml' ? ${PROBLEMS} : [];
  return { problems: [], warnings, counts: { lamps: 12, lines: 3, zones: 1 } };
}`;

function programWith(t: Test): string {
  const home = t.testdir({
    'package.json': '{"type":"module","version":"9.8.7"}',
    agent: { app: { 'run.ts': FAKE_APP }, config: { load: { 'load-site.ts': FAKE_CONFIG } } },
  });
  for (const part of ['main.ts', 'console', 'core', 'service'])
    cpSync(join(ROOT, 'agent', part), join(home, 'agent', part), { recursive: true });
  return join(home, 'agent/main.ts');
}

t.test('the agent gets its arguments, stops on a signal, and its end sets the exit code', async (t) => {
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
