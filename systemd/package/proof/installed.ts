/**
 * Proves the package on this machine's architecture: installed, run on the simulated street, upgraded and purged.
 *
 * The lines are pseudo-terminals of the host: the street is outside the root and the agent inside, as at a cabinet.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startChild } from '../../../bench/child.ts';
import { footprintCabinet } from '../../../bench/footprint/footprint-street.ts';
import type { FootprintStreetAnswer, FootprintStreetQuestion } from '../../../bench/footprint/street-process.ts';
import type { Arch } from '../arch.ts';
import { type DebianRoot, makeRoot } from './debian-root.ts';
import type { ReportStep } from './step.ts';

const MARKED_SECRET = 'canary-7f3a91c2e5';
const LIMIT_MS = 60_000;
/** Source: proc(5), /proc/net/tcp: state 0A is LISTEN; a UDP socket needs none to be reached. */
const LISTENING = '0A';

interface Life {
  readonly debs: { readonly first: string; readonly newer: string };
  readonly version: string;
  readonly newer: string;
  readonly arch: Arch;
  readonly report: ReportStep;
}

/**
 * Installs, runs, upgrades and purges the package in a fresh root, and passes each result to `report`. Errors: rejects if a step is not
 * possible at all, or the agent stores no readings within a minute.
 */
export async function proveHere({ debs, version, newer, arch, report }: Life): Promise<void> {
  const root = makeRoot(arch.debian, false);
  const scratch = mkdtempSync(join(tmpdir(), 'luciole-street-'));
  const street = startChild<FootprintStreetQuestion, FootprintStreetAnswer>('footprint/street-process.ts');
  let agent: ChildProcess | null = null;
  const log: string[] = [];
  const starting = (): ChildProcess => {
    const child = root.start('luciole', ['luciole', 'run']);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => log.push(String(bytes)));
    return child;
  };
  try {
    proveInstallation(root, debs.first, version, report);
    const { ports } = await street.ask({ ask: 'build', dir: scratch });
    const cabinet = writeCabinet(root, ports);
    const checked = root.run('luciole', 'check');
    report('luciole check', checked.code === 0, checked.out.trim());

    agent = starting();
    const before = await readings(root, 10, log);
    report('luciole run keeps readings of the street', before > 0, { readings: before });
    const { bytes } = await street.ask({ ask: 'report' });
    report('it polls the lines', bytes > 0, { bytes });
    const open = listeners(agent.pid ?? 0);
    report('no TCP or UDP socket is open', open.length === 0, open);

    const upgrading = install(root, debs.newer);
    report('upgraded while it runs', upgrading.code === 0);
    await stop(agent);
    agent = starting();
    const after = await readings(root, before + 1, log);
    report(
      'the newer release runs and has the readings',
      after > before && root.run('luciole', 'version').out.startsWith(`luciole ${newer} `),
      { before, after },
    );
    report('the cabinet is as it was', readFileSync(join(root.dir, 'etc/luciole/cabinet.yaml'), 'utf8') === cabinet);
    const status = root.run('luciole', 'status', '--json').out;
    await stop(agent);
    agent = null;
    proveSecret(root, log.join(''), status, report);
    provePurge(root, report);
  } finally {
    if (agent !== null) await stop(agent);
    await street.stop();
    root.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Installs the package in the root and reports whether it needs nothing else. */
function proveInstallation(root: DebianRoot, deb: string, version: string, report: ReportStep): void {
  const tools = ['gcc', 'cc', 'make', 'node', 'npm', 'python3'].filter((name) => root.run('sh', '-c', `command -v ${name}`).code === 0);
  report('the root has neither compiler nor Node', tools.length === 0, tools);
  const installing = install(root, deb);
  report('installed without network', installing.code === 0, installing.out.trim().split('\n').at(-1));
  report('nothing is started without a cabinet, and the next step is printed', installing.out.includes('Next step'));
  report('version, commit and Node are named', root.run('luciole', 'version').out.startsWith(`luciole ${version} (commit `));
}

function proveSecret(root: DebianRoot, log: string, status: string, report: ReportStep): void {
  const leaks = [
    ...leaksIn(join(root.dir, 'var/lib/luciole')),
    ...(log.includes(MARKED_SECRET) ? ['log'] : []),
    ...(status.includes(MARKED_SECRET) ? ['status'] : []),
  ];
  report('the secret stands in no log, status or file of the store', leaks.length === 0, leaks);
}

function provePurge(root: DebianRoot, report: ReportStep): void {
  const purging = root.run('dpkg', '--purge', 'luciole');
  report('purged', purging.code === 0, purging.out.trim().split('\n').slice(-2));
  const left = root.run('find', '/', '-xdev', '-name', '*luciole*', '-not', '-path', '/proc/*').out.trim().split('\n').filter(isLeft);
  report(
    'only data is left, and its places are printed',
    left.length === 0 && purging.out.includes('kept /var/lib/luciole') && purging.out.includes('kept /etc/luciole'),
    left,
  );
}

function install(root: DebianRoot, deb: string) {
  copyFileSync(deb, join(root.dir, 'tmp', basename(deb)));
  return root.run('dpkg', '-i', `/tmp/${basename(deb)}`);
}

/** As an integrator writes it, with a secret of the uplink in a file. */
function writeCabinet(root: DebianRoot, ports: FootprintStreetAnswer['ports']): string {
  const inside = Object.entries(ports).map(([line, path]) => [line, realpathSync(path)] as const);
  for (const [, path] of inside) chmodSync(path, 0o666);
  const text = footprintCabinet({
    ports: Object.fromEntries(inside),
    broker: 'mqtts://platform.invalid:8883',
    dataDir: '/var/lib/luciole',
  });
  const secret = text.replace('uplink:\n', 'uplink:\n  username: cabinet\n  passwordFile: /etc/luciole/password\n');
  writeFileSync(join(root.dir, 'etc/luciole/cabinet.yaml'), secret);
  writeFileSync(join(root.dir, 'etc/luciole/password'), `${MARKED_SECRET}\n`);
  root.run('chgrp', '-R', 'luciole', '/etc/luciole');
  // As the unit's RuntimeDirectory.
  root.run('install', '-d', '-o', 'luciole', '-g', 'luciole', '-m', '0750', '/run/luciole');
  return secret;
}

/** Waits until the store holds as many. Errors: rejects when it does not in time. */
async function readings(root: DebianRoot, atLeast: number, log: readonly string[]): Promise<number> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += 500) {
    const { code, out } = root.run('luciole', 'status', '--json');
    const { store } = (code === 0 ? JSON.parse(out) : {}) as { store?: { lastSeq?: number } };
    if ((store?.lastSeq ?? 0) >= atLeast) return store?.lastSeq ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`the agent keeps no ${atLeast} frames:\n${log.join('').split('\n').slice(-20).join('\n')}`);
}

/** Local addresses of sockets that the network could reach, seen from the process's own network. */
function listeners(pid: number): string[] {
  const rows = (name: string): string[][] => {
    const lines = readFileSync(`/proc/${pid}/net/${name}`, 'utf8').trim().split('\n').slice(1);
    return lines.map((line) => line.trim().split(/\s+/));
  };
  const tcp = ['tcp', 'tcp6'].flatMap(rows).filter(([, , , state]) => state === LISTENING);
  return [...tcp, ...['udp', 'udp6'].flatMap(rows)].map(([, local = '']) => local);
}

async function stop(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  agent.kill('SIGTERM');
  await once(agent, 'exit');
}

function leaksIn(dir: string): string[] {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => existsSync(path) && readFileSync(path).includes(MARKED_SECRET));
}

/** Returns true if the path is neither data of the operator nor a file of the proof itself. */
function isLeft(path: string): boolean {
  return path !== '' && !/^\/(etc|var\/lib)\/luciole(\/|$)/.test(path) && !path.startsWith('/tmp/') && !path.startsWith('/dev/');
}
