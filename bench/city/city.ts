/**
 * A run of the city: broker, host and fleet, and the phases on them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, type Mosquitto, startMosquitto } from '../../test/platform/mosquitto.ts';
import { memoryRoot } from '../../test/support/memory-folder.ts';
import type { BenchResult } from '../result.ts';
import type { CityHost } from './city-host.ts';
import type { City } from './city-parts.ts';
import { CITY, cityPlace, citySiteText, nodeNames } from './city-site.ts';
import { startFleet } from './fleet.ts';
import type { CityOptions, PhaseName } from './options.ts';
import { commandPhase } from './phases/command-phase.ts';
import { comparePhase } from './phases/compare-phase.ts';
import { brokerPhase, hostPhase } from './phases/restart-phases.ts';
import { rolloutPhase } from './phases/rollout-phase.ts';
import { nightPhase, partitionPhase } from './phases/scaled-phases.ts';
import { startPhase, steadyPhase } from './phases/steady-phases.ts';
import { createPlatformHost } from './platform-host.ts';

/** The level after 23:00 before a rollout changes it. Units: %. */
const LEVEL_AT_NIGHT_PCT = 50;

/** Where the results and the progress of a run go. */
export interface CityOutput {
  readonly emit: (result: BenchResult) => void;
  readonly progress: (text: string) => void;
}

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

/**
 * Runs the phases. Errors: rejects if a part of the city ends by itself, a phase waits too long, or `signal` is aborted. All processes that
 * it started have ended then.
 */
export async function runCity(options: CityOptions, output: CityOutput, signal: AbortSignal): Promise<void> {
  const program = findProgram('mosquitto');
  if (program === undefined) throw new Error('mosquitto is not installed');
  const folder = mkdtempSync(join(memoryRoot(), 'luciole-city-'));
  const closers: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
  });
  interrupted.catch(() => {});
  try {
    const broker = await startMosquitto(program, BROKER_SETTINGS);
    closers.push(() => broker.stop());
    const host = await createPlatformHost({ broker: broker.url, hostId: CITY.hostId, workers: options.workers });
    closers.push(() => host.close());
    const city = createCity({ options, output, broker, host, folder });
    closers.push(async () => city.fleet?.stop(false));
    await host.start();
    for (const phase of options.phases) {
      output.progress(`${phase} …`);
      await Promise.race([RUN[phase](city), interrupted]);
    }
    await Promise.race([comparePhase(city), interrupted]);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

interface CityParts {
  readonly options: CityOptions;
  readonly output: CityOutput;
  readonly broker: Mosquitto;
  readonly host: CityHost;
  readonly folder: string;
}

function createCity({ options, output, broker, host, folder }: CityParts): City {
  const { lamps, processes, birthJitterS, primaryHost } = options;
  const place = cityPlace(Date.now());
  let named = 0;
  const city: City = {
    ...{ options, broker, host, place, folder, fleet: null, progress: output.progress },
    emit: (metric, value, unit, more = {}) => output.emit({ bench: 'city', metric, value, unit, ...more }),
    async openFleet(count) {
      if (city.fleet?.nodes.length === count) return city.fleet;
      if (city.fleet !== null) await comparePhase(city);
      await city.fleet?.stop(true);
      city.fleet = null;
      // Names of their own: the host must not take a new fleet for the return of the old one.
      const nodes = nodeNames(count, named);
      named += count;
      city.fleet = await startFleet({
        ...{ nodes, processes, folder: mkdtempSync(join(folder, 'fleet-')), birthJitterS, broker: broker.url },
        ...{ text: citySiteText({ place, lamps, nightPct: LEVEL_AT_NIGHT_PCT, sensorShift: 0 }) },
        ...{ primaryHost: primaryHost ? CITY.hostId : null, pollMs: POLL_MS, passagesPerH: PASSAGES_PER_H },
      });
      return city.fleet;
    },
  };
  return city;
}
