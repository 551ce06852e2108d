/**
 * Starts of a real agent under a fake systemd, with some steps slowed down or hung.
 *
 * The site has no port, as only the start matters. Limits follow the speed of the machine: they are multiples of a plain start, measured
 * first.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Clock, sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createFakeServiceManager, type FakeServiceManager, type ManagedRun, secondsOf } from './fake-service-manager.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Restarts are three times as frequent as in the unit file. */
const PACE = 3;
/** The limit of a start, in plain starts and at least. */
const LIMIT = { starts: 3, leastMs: 2_000 };

export interface Brake {
  /** Each slowed step takes this longer; `slowAt` names the only one. Units: ms. */
  readonly stepMs?: number;
  readonly slowAt?: 'check';
  readonly hangAt?: 'boot' | 'load' | 'check' | 'console' | 'silent console';
  /** Number of hung starts in the ledger before the first start. */
  readonly hungBefore?: number;
  /** Only the first start hangs. */
  readonly once?: boolean;
}

export interface ManagedStart {
  readonly clock: Clock;
  readonly manager: FakeServiceManager;
  readonly logText: () => string;
  /** Resolves when it holds. Errors: rejects with the end of the log after `withinMs`. */
  until(what: string, holds: (runs: readonly ManagedRun[]) => boolean, withinMs: number): Promise<void>;
}

/** Begins the first start of an agent; does not wait until it is ready. All ends with the test. `limitMs`: limit of each start. Units: ms. */
export async function beginStart(t: Test, limitMs: number, { once = false, hungBefore = 0, ...given }: Brake = {}): Promise<ManagedStart> {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  const clock = createSystemClock({ quality: () => 'synced' });
  const brake = { ...given, ...(once ? { hangFile: join(folder, 'hung') } : {}) };
  const manager = createFakeServiceManager({
    clock,
    folder,
    pace: PACE,
    startPace: (secondsOf('TimeoutStartSec') * 1_000) / limitMs,
    args: [join(ROOT, 'config/demo.yaml'), '--data-dir', join(folder, 'data'), '--socket', join(folder, 'agent.sock'), '--no-uplink'],
    env: { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'start-brake.mjs')}`, LUCIOLE_TEST_BRAKE: JSON.stringify(brake) },
  });
  t.teardown(async () => {
    await manager.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/starts.json'), JSON.stringify(hungLedger(hungBefore)));
  await manager.start();
  const logText = (): string => readFileSync(manager.logFile, 'utf8');
  return {
    clock,
    manager,
    logText,
    async until(what, holds, withinMs) {
      for (const fromMono = clock.monoMs(); !holds(manager.runs); await sleep(clock, 20))
        if (clock.monoMs() - fromMono > withinMs) throw new Error(`not within ${withinMs} ms: ${what}\n${logText().slice(-3_000)}`);
    },
  };
}

function hungLedger(count: number): object {
  const bootMono = Math.round(Number(process.hrtime.bigint()) / 1e6);
  const run = { bootId: 'boot', bootMono, version: '0.1.0', mode: 'normal', end: 'hung', cause: 'line north', cameUp: false };
  return { starts: count, ends: {}, runs: Array.from({ length: count }, () => run) };
}

/** Measures a plain start. Returns a start limit for this machine: three times that, at least 2,000. Units: ms. */
export async function fittingLimitMs(t: Test): Promise<number> {
  const { manager, until } = await beginStart(t, secondsOf('TimeoutStartSec') * 1_000);
  await until('a plain start', ([run]) => run?.isReady === true, 80_000);
  await manager.stop();
  const [run] = manager.runs;
  return Math.max(LIMIT.leastMs, LIMIT.starts * ((run?.readyMono ?? 0) - (run?.atMono ?? 0)));
}
