/**
 * A run of the city: broker, host and fleet, and the phases on them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, startMosquitto } from '../../test/platform/mosquitto.ts';
import { memoryRoot } from '../../test/support/memory-folder.ts';
import type { BenchResult } from '../result.ts';
import { createReferenceHost } from './city-host.ts';
import type { City } from './city-parts.ts';
import { CITY, citySiteText } from './city-site.ts';
import { startFleet } from './fleet.ts';
import type { CityOptions, PhaseName } from './options.ts';
import { commandPhase } from './phases/command-phase.ts';
import { brokerPhase, hostPhase } from './phases/restart-phases.ts';
import { rolloutPhase } from './phases/rollout-phase.ts';
import { nightPhase, partitionPhase } from './phases/scaled-phases.ts';
import { startPhase, steadyPhase } from './phases/steady-phases.ts';

/** The level after 23:00 before a rollout changes it. Units: %. */
const LEVEL_AT_NIGHT_PCT = 50;

/** Where the results and the progress of a run go. */
export interface CityOutput {
  readonly emit: (result: BenchResult) => void;
  readonly progress: (text: string) => void;
}

/** The clocks of the agents begin at this time. Source: a winter night, after the programme has dimmed, so that a citywide 100 % changes each lamp. */
const START_MS = Date.parse('2026-12-15T23:30:00+01:00');
/** Units: ms. Source: the slow polls of a line. */
const POLL_MS = 30_000;
/** Units: 1/h. Source: assumed; a residential street in the evening. Confirmed by: counts of the presence sensors of a city. */
const PASSAGES_PER_H = 6;
/** One line for all clients; nothing is dropped for a slow subscriber before the kernel's buffers are full. */
const BROKER_SETTINGS = ['max_connections -1', 'max_queued_messages 0', 'set_tcp_nodelay true'];

const RUN: Readonly<Record<PhaseName, (city: City) => Promise<void>>> = {
  start: startPhase,
  steady: steadyPhase,
  command: commandPhase,
  broker: brokerPhase,
  host: hostPhase,
  rollout: rolloutPhase,
  night: nightPhase,
  partition: partitionPhase,
};

/** Why the city cannot run here; undefined if it can. */
export function cityObstacle(): string | undefined {
  return findProgram('mosquitto') === undefined ? 'mosquitto is not installed' : undefined;
}

/**
 * Runs the phases. Errors: rejects if a part of the city ends by itself, a phase waits too long, or `signal` is aborted. All processes that
 * it started have ended then.
 */
export async function runCity(options: CityOptions, output: CityOutput, signal: AbortSignal): Promise<void> {
  const program = findProgram('mosquitto');
  if (program === undefined) throw new Error('mosquitto is not installed');
  const folder = mkdtempSync(join(memoryRoot(), 'luciole-city-'));
  const broker = await startMosquitto(program, BROKER_SETTINGS);
  const wallOffsetMs = START_MS - Date.now();
  const host = createReferenceHost({ broker: broker.url, wallOffsetMs });
  const city: City = {
    ...{ options, broker, host, fleet: null, progress: output.progress },
    emit: (metric, value, unit, more = {}) => output.emit({ bench: 'city', metric, value, unit, ...more }),
    async openFleet(count) {
      if (city.fleet?.nodes.length === count) return city.fleet;
      await city.fleet?.stop(true);
      city.fleet = null;
      const dir = mkdtempSync(join(folder, 'fleet-'));
      const { lamps, processes, birthJitterS, primaryHost } = options;
      city.fleet = await startFleet({
        ...{ count, processes, folder: dir, birthJitterS, wallOffsetMs, broker: broker.url },
        ...{ text: citySiteText({ lamps, nightPct: LEVEL_AT_NIGHT_PCT, sensorShift: 0 }), primaryHost: primaryHost ? CITY.hostId : null },
        ...{ pollMs: POLL_MS, passagesPerH: PASSAGES_PER_H },
      });
      return city.fleet;
    },
  };
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
  });
  interrupted.catch(() => {});
  try {
    await host.start();
    for (const phase of options.phases) {
      output.progress(`${phase} …`);
      await Promise.race([RUN[phase](city), interrupted]);
    }
  } finally {
    await city.fleet?.stop(false);
    await host.stop('killed');
    await broker.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
