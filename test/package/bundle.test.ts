import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import t from 'tap';
import { callAgent } from '../../agent/console/protocol/socket-client.ts';
import manifest from '../../package.json' with { type: 'json' };
import { ARCHS, type Arch } from '../../systemd/package/arch.ts';
import { type ProgramBundle, writeBundle } from '../../systemd/package/bundle.ts';
import { programTree } from '../../systemd/package/tree.ts';
import { writeTree } from '../../systemd/package/write-tree.ts';
import { createPtyCable } from '../street/pty.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const arch = ARCHS.find(({ node }) => node === process.arch) as Arch;
/** Far from the project: no node_modules above it, as on a cabinet. */
const home = mkdtempSync(join(tmpdir(), 'luciole-home-'));
const bundleDir = mkdtempSync(join(tmpdir(), 'luciole-bundle-'));
t.teardown(() => {
  for (const dir of [home, bundleDir]) rmSync(dir, { recursive: true, force: true });
});

let bundle: ProgramBundle;
t.before(async () => {
  bundle = await writeBundle({ arch, version: manifest.version, commit: 'abc123', dir: bundleDir });
  writeTree(programTree({ bundleDir, node: readFileSync(process.execPath), licences: '', bom: '' }), home);
});

const luciole = (...words: string[]) => run(join(home, 'bin/luciole'), words, { env: { PATH: '/usr/bin:/bin' } });

t.test('the bundle starts by itself, far from any node_modules, and names version, commit and Node', async (t) => {
  const { stdout } = await luciole('version');
  t.equal(stdout, `luciole ${manifest.version} (commit abc123, node ${process.versions.node})\n`);
  t.match(JSON.parse((await luciole('version', '--json')).stdout), { version: manifest.version, commit: 'abc123' });
});

/** Files of the bundle that importing this source loads immediately, without lazy imports. */
function loadedWith(entry: string): string[] {
  const { outputs } = bundle;
  const open = Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === entry);
  const found = new Set(open);
  for (const name of found)
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind !== 'dynamic-import' && path in outputs) found.add(path);
  return [...found].flatMap((name) =>
    Object.entries(outputs[name]?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
}

t.test('the running agent loads no library that it does not need while it runs', async (t) => {
  const [running, commandLine] = [loadedWith('agent/app/run.ts'), loadedWith('agent/main.ts')];
  const loaded = [...commandLine, ...running];
  for (const needed of ['agent/main.ts', 'agent/app/agent.ts', 'agent/field/field.ts', 'node_modules/modbus-serial/'])
    t.ok(
      loaded.some((path) => path.startsWith(needed)),
      `${needed} is what it runs`,
    );
  for (const library of ['zod', 'yaml', 'commander', 'cli-table3', 'csv-parse', 'asn1js'])
    t.strictSame(
      loaded.filter((path) => path.startsWith(`node_modules/${library}/`)),
      [],
      `${library} is loaded by the command that needs it alone: import it with import()`,
    );
});

t.test('the bundle contains its device profiles and finds no fault in a valid cabinet except its ports', async (t) => {
  const shipped = readdirSync(join(ROOT, 'drivers/profiles'));
  const listed = JSON.parse((await luciole('profile', 'list', '--json')).stdout) as unknown[];
  t.equal(listed.length, shipped.length);
  const checked = await luciole('check', join(ROOT, 'config/demo.yaml')).catch((error: { code: number; stdout: string }) => error);
  t.match(checked.stdout.trim().split('\n'), [/no such device file/, /no such device file/, /no such device file/]);
});

t.test('its agent opens the store in a separate thread and answers', { timeout: 30_000 }, async (t) => {
  const dir = t.testdir();
  const socket = join(home, 'a.sock');
  const words = ['run', join(ROOT, 'config/demo.yaml'), '--no-uplink', '--data-dir', join(dir, 'data'), '--socket', socket];
  const agent = spawn(join(home, 'bin/luciole'), words, { env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const log: string[] = [];
  const ended = once(agent, 'exit');
  t.teardown(() => agent.kill('SIGKILL'));
  for await (const line of createInterface({ input: agent.stdout })) {
    log.push(line);
    if (line.includes('"event":"agent-started"')) break;
  }
  agent.stdout.resume();
  const request = { id: 1, command: 'store', args: {}, user: 'test' };
  t.match(await callAgent({ socketPaths: [socket], request, timeoutMs: 5_000 }), { result: { state: 'ok' } });
  t.ok(statSync(join(dir, 'data/telemetry.db')).size > 0, log.join(''));
  const flags = readFileSync(`/proc/${agent.pid}/cmdline`, 'latin1').split('\0');
  t.ok(
    flags.includes('--max-old-space-size=64') && flags.includes('--disable-sigusr1'),
    'with the lean flags, and no debugger on a signal',
  );
  agent.kill('SIGTERM');
  t.strictSame(await ended, [0, null]);
});

t.test('a first start and a table of poles need no other file', { timeout: 30_000 }, async (t) => {
  const dir = t.testdir({ 'demo.yaml': readFileSync(join(ROOT, 'config/demo.yaml'), 'utf8') });
  const cable = createPtyCable(() => {});
  t.teardown(() => cable.close());
  const site = [
    '--yes',
    '--id',
    'box',
    '--position',
    '47.5,-0.5',
    '--timezone',
    'UTC',
    '--broker',
    'mqtts://broker.example.org',
    '--group',
    'G',
  ];
  const line = ['--port', cable.path, '--units', '1-2', '--serial', '19200-8N2', '--socket', join(dir, 'a.sock'), '--json'];
  const { stdout } = await luciole('setup', join(dir, 'cabinet.yaml'), ...site, ...line);
  t.match(JSON.parse(stdout), { wrote: true, problems: [], lamps: 0, lines: [{ devices: 0 }] });
  t.match(readFileSync(join(dir, 'cabinet.csr'), 'utf8'), /^-----BEGIN CERTIFICATE REQUEST-----/);
  const imported = await luciole('config', 'import', join(ROOT, 'config/poles.csv'), '--into', join(dir, 'demo.yaml'), '--json');
  t.match(JSON.parse(imported.stdout), { rows: 4, flaws: [], problems: [], written: false });
});

t.test('the same sources give the same files', async (t) => {
  const again = t.testdir();
  await writeBundle({ arch, version: manifest.version, commit: 'abc123', dir: again });
  const files = readdirSync(bundleDir, { recursive: true, encoding: 'utf8' }).sort();
  t.strictSame(readdirSync(again, { recursive: true, encoding: 'utf8' }).sort(), files);
  const differing = files.filter(
    (file) => statSync(join(again, file)).isFile() && !readFileSync(join(again, file)).equals(readFileSync(join(bundleDir, file))),
  );
  t.strictSame(differing, []);
});

t.test('a bundle for the other architecture carries its addons', async (t) => {
  const other = ARCHS.find(({ node }) => node !== process.arch) as Arch;
  const dir = t.testdir();
  await writeBundle({ arch: other, version: manifest.version, commit: 'abc123', dir });
  for (const addon of ['better-sqlite3.node', 'serialport.node'])
    t.equal(readFileSync(join(dir, addon)).readUInt16LE(18), other.elfMachine, addon);
  const names = readdirSync(dir).filter((name) => name.endsWith('.node'));
  t.equal(names.length, 2, 'and no others');
});

t.test('the packager reports wrong arguments, and what armhf lacks', async (t) => {
  const packager = (...words: string[]) =>
    run(process.execPath, [join(ROOT, 'systemd/package/run.ts'), ...words]).catch((error: { code: number; stderr: string }) => error);
  t.match(await packager('--arch', 'armhf'), { code: 69, stderr: /Missing: neither Node 24 nor better-sqlite3[\s\S]*Bring your own/ });
  t.match(await packager('--arch', 'sparc'), { code: 64, stderr: /^package: bad --arch "sparc": one of amd64, arm64$/m });
  t.match(await packager(), { code: 64, stderr: /say for which architecture/ });
  t.match(await packager('--arch', 'arm64', '--frob'), { code: 64, stderr: /--frob/ });
  t.match((await packager('--help')) as { stdout?: string }, { stdout: /--tar/ });
});

t.test('the proof of the package accepts no arguments except --systemd and help, so that it is not started by mistake', async (t) => {
  const proof = (...words: string[]) =>
    run(process.execPath, [join(ROOT, 'systemd/package/proof/run.ts'), ...words]).catch((error: { code: number; stderr: string }) => error);
  for (const words of [['--arch', 'arm64'], ['--systemd', '--systemd'], ['--systemd=no'], ['systemd']])
    t.match(await proof(...words), { code: 64, stderr: /takes --systemd and nothing else/ });
  t.match((await proof('--help')) as { stdout?: string }, { stdout: /Needs root, debootstrap/ });
});
