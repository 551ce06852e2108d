/**
 * A small street on pseudo-terminals with its agent under the stand-in for systemd: what freezes, hangs or dies is seen by all sides.
 *
 * Owns the joining for the scenarios of the watchdog and of updates.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { loadSite } from '../../agent/app-load.ts';
import { callAgent } from '../../agent/console/socket-client.ts';
import { sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { StatusView } from '../../agent/core/views.ts';
import { createPtyCable } from '../street/pty.ts';
import { createStreet } from '../street/street.ts';
import type { SimUnit } from '../street/units/sim-unit.ts';
import { createStandInManager, type ManagedRun } from './stand-in-manager.ts';
import { writeProgram } from './update-files.ts';

/** Of the demo's street three lamps and a sensor on each line: what is there must be set up before it can be frozen. */
const SITE = readFileSync(join(import.meta.dirname, '../../config/demo.yaml'), 'utf8')
  .split('\n')
  .filter((line) => !/\b(L04|L05|L06|L10|L11|L12|S02|S04|M01|IO1)\b/.test(line))
  .join('\n')
  .replace('commitSeconds: 10', 'commitSeconds: 1');
/** The unit file's half minute becomes ten seconds, and a minute of the drivers twenty. */
const PACE = 3;
/** Shorter than the time that the manager takes to heal, longer than what lies between two polls. Units: s. */
const SHORT_FAILSAFE_S = 7;
export const DIMMED_PCT = 30;
export const FAILSAFE_PCT = 100;
/** WB-LED: seconds without a word before the failsafe level. Source: Wiren Board wiki, holding register 8. */
const FAILSAFE_TIMEOUT = 8;
/** WB-LED: level after a mains cut, the last that set-up writes. Source: same, holding register 672. */
const POWER_UP_LEVEL = 672;
export const LAMPS = 6;

/** Time of day of each run: a rehearsal begins anew with every start. */
export const WATCHED_FROM = '2026-12-15T22:30:00Z';
export const WATCHED_NODE = 'demo';

function nextRequestOf(unit: SimUnit): Promise<void> {
  const heard = unit.heard?.bind(unit) ?? (() => {});
  return new Promise((resolve) => {
    unit.heard = () => {
      unit.heard = heard;
      heard();
      resolve();
    };
  });
}

/** The demo's street on pseudo-terminals, its agent as a process under a service manager. Errors: throws with the log's tail for what does not come about. */
export async function createWatchedStreet(t: Test, { isPackaged = false, preload = 'thread-killer.mjs', broker = '', startPace = 1 } = {}) {
  const clock = createSystemClock({ quality: () => 'synced' });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, SITE);
  const { cabinet } = loadSite(configFile);
  const street = createStreet({ cabinet, clock, seed: 3 });
  const cables = [...street.lines].map(([id, line]) => {
    const cable = createPtyCable((bytes) => line.receive(bytes), join(folder, `tty-${id}`));
    line.end = cable.end;
    return { id, cable };
  });
  const socketPath = join(folder, 'agent.sock');
  const ports = cables.flatMap(({ id, cable }) => ['--port', `${id}=${cable.path}`]);
  const startAt = ['--start-at', WATCHED_FROM, ...(broker === '' ? ['--no-uplink'] : ['--broker', broker])];
  const home = join(folder, 'home');
  const dataDir = join(folder, 'data');
  if (isPackaged) writeProgram(home);
  const manager = createStandInManager({
    clock,
    folder,
    ...(isPackaged ? { command: [join(home, 'bin/luciole')] as const } : {}),
    pace: PACE,
    startPace,
    args: [configFile, ...ports, '--data-dir', dataDir, '--socket', socketPath, ...startAt],
    env: isPackaged
      ? { STATE_DIRECTORY: dataDir, LUCIOLE_UPDATE_KEYS: join(folder, 'keys') }
      : { NODE_OPTIONS: `--import=${join(import.meta.dirname, preload)}` },
  });
  t.teardown(async () => {
    await manager.stop();
    street.stop();
    for (const { cable } of cables) cable.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const levels = (): number[] => [...street.world.lamps.values()].map((lamp) => Math.round(street.world.levelPct(lamp)));
  const until = async (what: string, holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> => {
    for (const fromMono = clock.monoMs(); !(await holds()); await sleep(clock, 50))
      if (clock.monoMs() - fromMono > withinMs) {
        const tail = readFileSync(manager.logFile, 'utf8').split('\n').slice(-15).join('\n');
        throw new Error(`not within ${withinMs} ms: ${what}; levels ${levels()}\n${tail}`);
      }
  };
  const ask = async (command: string, args = {}): Promise<unknown> =>
    (await callAgent({ socketPaths: [socketPath], request: { id: 1, command, args, user: 'test' }, timeoutMs: 5_000 })).result;
  const status = async (): Promise<StatusView | null> => {
    try {
      return (await ask('status')) as StatusView;
    } catch (error) {
      if (error instanceof Error && 'code' in error) return null;
      throw error;
    }
  };
  /** Drivers that give up on a silent agent sooner than the manager does, so that their level can be seen meanwhile. */
  const shortenFailsafe = async (): Promise<void> => {
    const units = [...street.world.lamps.keys()].flatMap((id) => street.units.get(id) ?? []);
    for (const unit of units) unit.write('holding', FAILSAFE_TIMEOUT, [SHORT_FAILSAFE_S]);
    // With the next request for each it is in force.
    await Promise.all(units.map(nextRequestOf));
  };
  const all = (levelPct: number) => (): boolean => levels().filter((level) => level === levelPct).length === LAMPS;
  const event = async (code: string): Promise<string> => (await status())?.activeEvents.find((each) => each.code === code)?.text ?? '';
  street.start();
  await manager.start();
  await until('set up', () =>
    [...street.world.lamps.keys()].every((id) => String(street.units.get(id)?.read('holding', POWER_UP_LEVEL, 1)) === '100'),
  );
  await until('dimmed', all(DIMMED_PCT));
  await until('ready', () => newest().isReady);
  function newest(): ManagedRun {
    const run = manager.runs.at(-1);
    if (run === undefined) throw new Error('no run yet');
    return run;
  }
  return { clock, folder, home, socketPath, street, manager, cables, levels, until, ask, status, shortenFailsafe, all, event, newest };
}
