/** A cabinet as in the field: the agent as a process with its store on disk, over a simulated street. It can be killed and started again. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { qualityCode } from '../platform/reading-base.ts';
import { type AgentProcess, startAgentProcess } from '../street/agent-process.ts';
import { createStreet } from '../street/street.ts';
import { connectStreet } from '../street/street-cables.ts';

const DEMO = readFileSync(join(import.meta.dirname, '../../config/demo.yaml'), 'utf8');
const PROGRAM = join(import.meta.dirname, '../../agent/luciole.js');
/** More than the export of an hour of the demo's street. Units: bytes. */
const EXPORT_BYTES = 256 * 2 ** 20;

/** A reading of the export. `key`: `device.quantity@ms`; `text`: value and quality code. Units: `atMs` ms UTC. */
export interface ExportedReading {
  readonly row: number;
  readonly atMs: number;
  readonly key: string;
  readonly text: string;
}

/** One cabinet; all of it ends with the test. Units of times: ms UTC. */
export interface RealCabinet {
  readonly id: string;
  /** It answers on its socket. */
  readonly isRunning: boolean;
  /** Starts the agent and waits until it answers. */
  start(): Promise<void>;
  /** The time by the clock of its agent. */
  now(): number;
  /** SIGKILL. Returns that time. */
  kill(): Promise<number>;
  /** What `luciole export` writes now. */
  export(): Promise<ExportedReading[]>;
}

/** Makes the folder and the street of a cabinet. The agent is not started. */
export function openRealCabinet(
  t: Test,
  { id, broker, seed }: { readonly id: string; readonly broker: string; readonly seed: number },
): RealCabinet {
  const clock = createSystemClock({ quality: () => 'synced' });
  // A socket's path must be short.
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  const [configFile, socketPath, logFile] = ['cabinet.yaml', 'agent.sock', 'agent.log'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(configFile, siteOf(id));
  const street = createStreet({ cabinet: loadSite(configFile).cabinet, clock, seed, perHour: { walker: 600, cyclist: 100, car: 100 } });
  const cables = connectStreet(street, folder);
  street.start();
  let agent: AgentProcess | null = null;
  let isReady = false;
  // Its clock begins with the time at which it was started, once it has loaded.
  let behindMs = 0;
  const end = async (): Promise<void> => {
    const running = agent;
    agent = null;
    if (running === null) return;
    const gone = new Promise((resolve) => running.child.once('exit', resolve));
    if (running.child.exitCode !== null || running.child.signalCode !== null) return;
    running.child.kill('SIGKILL');
    await gone;
  };
  t.teardown(async () => {
    await end();
    street.stop();
    cables.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    id,
    get isRunning() {
      return agent !== null && isReady;
    },
    start: async () => {
      isReady = false;
      agent = startAgentProcess({
        ...{ configFile, socketPath, logFile, clock, broker, ports: cables.ports, dataDir: join(folder, 'data') },
        startAtMs: Date.now(),
      });
      await agent.ready();
      behindMs = Date.now() - (await agent.status()).atMs;
      isReady = true;
    },
    now: () => Date.now() - behindMs,
    kill: async () => {
      const atMs = Date.now() - behindMs;
      await end();
      return atMs;
    },
    export: () => exportOf(socketPath),
  };
}

/** The demo's site with MQTT 5, the primary host of the test, and commits often enough for a test. */
function siteOf(id: string): string {
  return DEMO.replace('\n  id: demo\n', `\n  id: ${id}\n`)
    .replace(/\n {2}protocol: 3\.1\.1[^\n]*/, '\n  primaryHost: city')
    .replace('commitSeconds: 10', 'commitSeconds: 2');
}

async function exportOf(socketPath: string): Promise<ExportedReading[]> {
  const words = ['export', '--since', '24h', '--to', '-', '--format', 'jsonl', '--socket', socketPath];
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...words], { maxBuffer: EXPORT_BYTES });
  const [, ...lines] = stdout.trimEnd().split('\n');
  return lines.map((line) => {
    const { seq, point, time, value, quality } = JSON.parse(line) as Record<'point' | 'time' | 'quality', string> & {
      seq: number;
      value: number | null;
    };
    const atMs = Date.parse(time);
    return { row: seq, atMs, key: `${point}@${atMs}`, text: `${value} ${qualityCode(quality)}` };
  });
}
