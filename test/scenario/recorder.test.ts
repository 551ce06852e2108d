/** The flight recorder in a running agent: an alarm leaves a recording that survives SIGKILL and that other programs read. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import type { LineSniffed } from '../../agent/console/commands/lines/bus-sniff.ts';
import type { RecordingList } from '../../agent/console/commands/recorder/recorder.ts';
import { sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { sealed } from '../drivers/port-bench.ts';
import { findProgram } from '../platform/mosquitto.ts';
import { type AgentProcess, startAgentProcess } from '../street/agent-process.ts';
import { createPtyCable } from '../street/pty.ts';
import { createStreet } from '../street/street.ts';
import { SMALL_SITE } from '../support/small-site.ts';
import { LAUNCHER } from '../support/unknown-street.ts';

const clock = createSystemClock({ quality: () => 'synced' });
const run = promisify(execFile);

/** An agent with a line on a pseudo-terminal; `spare` is a port that no line uses. */
function cabinet(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-flight-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, `${SMALL_SITE}store: { commitSeconds: 1 }\n`);
  const street = createStreet({ cabinet: loadSite(configFile).cabinet, clock, seed: 7 });
  const [line] = street.lines.values();
  const cable = createPtyCable((bytes) => line?.receive(bytes), join(folder, 'tty'));
  if (line !== undefined) line.end = cable.end;
  const spare = createPtyCable(() => t.fail('a free port was written'));
  let agent: AgentProcess | undefined;
  t.teardown(() => {
    agent?.child.kill('SIGKILL');
    street.stop();
    cable.close();
    spare.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const socketPath = join(folder, 'agent.sock');
  return {
    folder,
    dataDir,
    cable,
    spare,
    async start(): Promise<AgentProcess> {
      agent = startAgentProcess({
        ...{ configFile, dataDir, socketPath, clock, broker: 'mqtt://127.0.0.1:9', ports: new Map([['north', cable.path]]) },
        startAtMs: Date.parse('2026-12-15T23:30:00+01:00'),
        logFile: join(folder, 'agent.log'),
      });
      await agent.ready();
      return agent;
    },
    luciole: (...args: string[]) => run(process.execPath, [LAUNCHER, ...args, '--socket', socketPath], { cwd: folder }),
  };
}

interface ExportSum {
  readonly file: string;
  readonly rows: number;
  readonly frames: number;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const fromMono = clock.monoMs(); !(await holds()); await sleep(clock, 100))
    if (clock.monoMs() - fromMono > 30_000) throw new Error(`not within 30 s: ${what}`);
}

t.test('an alarm leaves a recording that survives SIGKILL, and tshark reads every frame of it', { timeout: 90_000 }, async (t) => {
  const site = cabinet(t);
  let agent = await site.start();
  const { luciole } = site;
  await until(
    'polls',
    async () => (await agent.status()).lines[0]?.transactions !== undefined && ((await agent.status()).lines[0]?.transactions ?? 0) > 30,
  );
  site.cable.end.unplug();
  await until('a recording', async () => ((await agent.ask('recorder list')) as RecordingList).recordings.length === 1);
  agent.child.kill('SIGKILL');
  site.cable.end.replug();
  agent = await site.start();
  const [recording] = ((await agent.ask('recorder list')) as RecordingList).recordings;
  if (recording === undefined) throw new Error('no recording after the restart');
  t.match(recording.head, { cause: 'alarm', cabinetId: String, version: String, alarms: [{ code: 'line-down', source: 'north' }] });
  t.match(recording.head?.parts[0], { clockQuality: String, atMs: Number });

  const sum = parsed<ExportSum>(await luciole('recorder', 'export', String(recording.id), '--format', 'pcapng', '--json'));
  t.ok(sum.frames > 60, `${sum.frames} frames`);
  const csv = parsed<ExportSum>(await luciole('recorder', 'export', String(recording.id), '--output', 'night.csv', '--json'));
  const rows = readFileSync(join(site.folder, 'night.csv'), 'utf8').trim().split('\n');
  t.equal(rows.length - 1, csv.rows);
  const frames = rows.filter((row) => row.includes(',north,frame,'));
  t.equal(frames.length, sum.frames);
  t.ok(frames.filter((row) => row.includes(',sent,request,')).every((row) => /,[1-9]\d*,\d+,(-?\d+)?,[0-9a-f]+,/.test(row)));
  await luciole('recorder', 'export', String(recording.id), '--format', 'text');
  t.match(readFileSync(join(site.folder, `recording-${recording.id}.txt`), 'utf8'), /^# Recording .*\n(# .*\n)+\d\d:\d\d:\d\d\.\d{6} /);

  const tshark = findProgram('tshark');
  if (tshark === undefined) t.comment('tshark is not installed');
  else {
    const fields = ['mbrtu.unit_id', 'mbtcp.unit_id', 'modbus.func_code'].flatMap((field) => ['-e', field]);
    const { stdout } = await run(tshark, ['-r', join(site.folder, sum.file), '-T', 'fields', '-E', 'separator=/s', ...fields]);
    const printed = stdout.trimEnd().split('\n');
    t.equal(printed.length, sum.frames);
    t.strictSame(
      printed.filter((each) => !/\d+ +\d+/.test(each)),
      [],
      'unit and function of every frame',
    );
  }
  agent.child.kill('SIGKILL');
  await sleep(clock, 100);
  const alone = await run(
    process.execPath,
    [LAUNCHER, 'recorder', 'export', String(recording.id), '--output', 'alone.txt', '--data-dir', site.dataDir],
    { cwd: site.folder },
  );
  t.match(alone.stdout, /alone\.txt/, 'without an agent too');
});

t.test('a sniffer shows own and foreign frames of a line, and reads no terminal', { timeout: 90_000 }, async (t) => {
  const site = cabinet(t);
  const agent = await site.start();
  await until('polls', async () => ((await agent.status()).lines[0]?.transactions ?? 0) > 10);
  const own = parsed<LineSniffed>(await site.luciole('bus', 'sniff', 'north', '--for', '2s', '--json'));
  t.ok((own.frames['request'] ?? 0) > 5 && (own.frames['reply'] ?? 0) > 5 && own.foreign === 0, JSON.stringify(own));
  const second = setInterval(() => site.cable.end.write(sealed(9, 4, 0, 0, 0, 1)), 150);
  const shared = await site.luciole('bus', 'sniff', 'north', '--for', '2s', '--keep').finally(() => clearInterval(second));
  t.match(shared.stdout, /#9 +request\*/);
  t.match(shared.stdout, /a second master on the line\?/);
  const id = /kept as recording (\d+)/.exec(shared.stdout)?.[1] ?? '';
  t.match((await site.luciole('recorder', 'show', id)).stdout, /#9 +request\*/);

  await t.rejects(site.luciole('bus', 'sniff', site.spare.path, '--for', '1s'), /not a serial port/, 'a terminal is never read');
  await t.rejects(site.luciole('bus', 'sniff', site.cable.path, '--for', '1s'), /the port of line/);
  await t.rejects(site.luciole('bus', 'sniff', 'north', '--exclusive', '--for', '10m'), /30 s at most/);
});

/** The last line of an output, which is the answer. */
function parsed<T>({ stdout }: { readonly stdout: string }): T {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T;
}
