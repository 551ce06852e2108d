/**
 * A small street on pseudo-terminals with its agent under a fake systemd, for the scenarios of the watchdog and of updates.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import type { RawArgs } from '../../agent/console/protocol/protocol.ts';
import { callAgent } from '../../agent/console/protocol/socket-client.ts';
import { type Clock, every, sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { StatusView } from '../../agent/core/views.ts';
import { createStreet } from '../street/street.ts';
import { connectStreet } from '../street/street-cables.ts';
import type { SimUnit } from '../street/units/sim-unit.ts';
import { createFakeServiceManager, type ManagedRun, type ManagerOptions } from './fake-service-manager.ts';
import { writeProgram } from './update-files.ts';

/** Three lamps and a sensor on each line of the demo's street. They must be set up before the agent can be frozen. */
const SITE = readFileSync(join(import.meta.dirname, '../../config/demo.yaml'), 'utf8')
  .split('\n')
  .filter((line) => !/\b(L04|L05|L06|L10|L11|L12|S02|S04|M01|IO1)\b/.test(line))
  .join('\n')
  .replace('commitSeconds: 10', 'commitSeconds: 1');
/** Shortens the unit file's 30 s to 10 s, and a minute of the drivers to 20 s. */
const PACE = 3;
/** Shorter than the time that the manager takes to heal, longer than what lies between two polls. Units: s. */
const SHORT_FAILSAFE_S = 7;
/** systemd gets this event from the kernel; this test polls. Units: ms. */
const UNPACKER_LOOK_MS = 100;
export const DIMMED_PCT = 30;
export const FAILSAFE_PCT = 100;
/** WB-LED: seconds without a word before the failsafe level. Source: Wiren Board wiki, holding register 8. */
const FAILSAFE_TIMEOUT = 8;
/** WB-LED: level after a mains cut, the last that set-up writes. Source: same, holding register 672. */
const POWER_UP_LEVEL = 672;
export const WATCHED_LAMPS = 6;

/** Wall time at which each run of the agent starts, in UTC: a restart starts there again. */
export const WATCHED_FROM = '2026-12-15T22:30:00Z';
export const WATCHED_NODE = 'demo';

function nextRequestOf(unit: SimUnit): Promise<void> {
  const onRequest = unit.onRequest?.bind(unit) ?? (() => {});
  return new Promise((resolve) => {
    unit.onRequest = () => {
      unit.onRequest = onRequest;
      onRequest();
      resolve();
    };
  });
}

/**
 * Starts six lamps of the demo's street on pseudo-terminals, and their agent as a process under a fake service manager.
 *
 * Resolves once all lamps are set up and dimmed to `DIMMED_PCT`. All ends with the test. `until` waits 20 s by default.
 *
 * Errors: rejects with the end of the agent's log for what does not happen in time.
 */
export async function createWatchedStreet(t: Test, options: WatchedOptions = {}) {
  const clock = createSystemClock({ quality: () => 'synced' });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, SITE);
  const street = createStreet({ cabinet: loadSite(configFile).cabinet, clock, seed: 3 });
  const cables = connectStreet(street, folder);
  const socketPath = join(folder, 'agent.sock');
  const home = join(folder, 'home');
  const ports = [...cables.ports].flatMap(([id, path]) => ['--port', `${id}=${path}`]);
  const manager = createFakeServiceManager({
    ...{ clock, folder, pace: PACE, startPace: options.startPace ?? 1 },
    ...programOf(folder, home, options),
    args: [configFile, ...ports, '--data-dir', join(folder, 'data'), '--socket', socketPath, ...rehearsal(options.broker ?? '')],
  });
  t.teardown(async () => {
    await manager.stop();
    street.stop();
    cables.close();
    rmSync(folder, { recursive: true, force: true });
  });
  if (options.isPackaged === true) t.teardown(startUnpacker(folder, home, clock));
  const lamps = [...street.world.lamps.values()];
  const levels = (): number[] => lamps.map((lamp) => Math.round(street.world.levelPct(lamp)));
  const until = async (what: string, holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> => {
    for (const fromMono = clock.monoMs(); !(await holds()); await sleep(clock, 50))
      if (clock.monoMs() - fromMono > withinMs) {
        const tail = readFileSync(manager.logFile, 'utf8').split('\n').slice(-15).join('\n');
        throw new Error(`not within ${withinMs} ms: ${what}; levels ${levels()}\n${tail}`);
      }
  };
  const ask = (command: string, args: RawArgs = {}): Promise<unknown> => askAt(socketPath, command, args);
  const status = (): Promise<StatusView | null> => statusAt(socketPath);
  const units = lamps.flatMap(({ id }) => street.units.get(id) ?? []);
  const all = (levelPct: number) => (): boolean => levels().filter((level) => level === levelPct).length === WATCHED_LAMPS;
  const event = async (code: string): Promise<string> =>
    String((await status())?.activeEvents.find((each) => each.code === code)?.text ?? '');
  const newest = (): ManagedRun => {
    const run = manager.runs.at(-1);
    if (run === undefined) throw new Error('no run yet');
    return run;
  };
  street.start();
  await manager.start();
  await until('set up', () => units.every((unit) => String(unit.read('holding', POWER_UP_LEVEL, 1)) === '100'));
  await until('dimmed', all(DIMMED_PCT));
  await until('ready', () => newest().isReady);
  const shortened = (): Promise<void> => shortenFailsafe(units);
  return {
    ...{ clock, folder, home, socketPath, street, manager, cables },
    levels,
    until,
    ask,
    status,
    shortenFailsafe: shortened,
    all,
    event,
    newest,
  };
}

interface WatchedOptions {
  /** Runs the packaged program instead of this clone. */
  readonly isPackaged?: boolean;
  /** Module of this folder that an agent of this clone loads first. */
  readonly preload?: string;
  /** Empty for no uplink. */
  readonly broker?: string;
  readonly startPace?: number;
}

function programOf(
  folder: string,
  home: string,
  { isPackaged = false, preload = 'thread-killer.mjs' }: WatchedOptions,
): Partial<ManagerOptions> {
  if (!isPackaged) return { env: { NODE_OPTIONS: `--import=${join(import.meta.dirname, preload)}` } };
  writeProgram(home);
  return { command: [join(home, 'bin/luciole')], env: { STATE_DIRECTORY: join(folder, 'data'), ...updatePlaces(folder) } };
}

/** Folders of maker keys and of unpacked releases in a watched street. */
function updatePlaces(folder: string) {
  return { LUCIOLE_UPDATE_KEYS: join(folder, 'keys'), LUCIOLE_RELEASES: join(folder, 'unpacked') };
}

/** In place of luciole-release.path: runs the real program of luciole-release.service for each request. Returns its end. */
function startUnpacker(folder: string, home: string, clock: Clock): () => void {
  mkdirSync(join(folder, 'unpacked'));
  let running: ChildProcess | null = null;
  const looks = every(clock, UNPACKER_LOOK_MS, () => {
    if (running !== null || !existsSync(join(folder, 'release-request'))) return;
    running = spawn(join(home, 'bin/luciole'), ['unpack-release', join(folder, 'data'), folder], {
      stdio: 'ignore',
      env: { ...process.env, ...updatePlaces(folder) },
    });
    running.once('exit', () => {
      running = null;
    });
  });
  return () => {
    looks.cancel();
    running?.kill('SIGKILL');
  };
}

function rehearsal(broker: string): readonly string[] {
  return ['--start-at', WATCHED_FROM, ...(broker === '' ? ['--no-uplink'] : ['--broker', broker])];
}

async function askAt(socketPath: string, command: string, args: RawArgs): Promise<unknown> {
  return (await callAgent({ socketPaths: [socketPath], request: { id: 1, command, args, user: 'test' }, timeoutMs: 5_000 })).result;
}

/** Null while the agent does not answer. */
async function statusAt(socketPath: string): Promise<StatusView | null> {
  try {
    return (await askAt(socketPath, 'status', {})) as StatusView;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

/** Lets drivers fall back to their failsafe level before the manager restarts a silent agent, so that the level can be observed. */
async function shortenFailsafe(units: readonly SimUnit[]): Promise<void> {
  for (const unit of units) unit.write('holding', FAILSAFE_TIMEOUT, [SHORT_FAILSAFE_S]);
  // It applies from the next request to each unit.
  await Promise.all(units.map(nextRequestOf));
}
