/** The broker and the host restart under a whole city. */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../../agent/core/quantile.ts';
import { round } from '../../result.ts';
import type { City } from '../city-parts.ts';
import { birthsOf, emitGoal, emitTimes, emitUsage, fullFleet, untilComplete, usageOfCity, waitForBirths } from './measure.ts';

/** Time without a broker. Units: ms. Source: assumed; a service manager starts a broker again within seconds. Confirmed by: restarts of a city's broker. */
const BROKER_AWAY_MS = 5_000;
/** Time without a host. Units: ms. Source: as for the broker. */
const HOST_AWAY_MS = 2_000;
/** Source: the issue. Units: s. */
const BACK_GOAL_S = 60;
/** How long a second wave is waited for, after the jitter of the births. Units: ms. */
const WAVE_MS = 30_000;
/** Longest wait. Units: ms. */
const WAIT_MS = 600_000;
const SECOND_MS = 1_000;

/** Kills the broker, starts it again, and measures until all are back, and whether more births follow. */
export async function brokerPhase(city: City): Promise<void> {
  const fleet = await fullFleet(city);
  const before = await fleet.figures();
  const hostBefore = await city.host.counts();
  await city.broker.kill();
  await sleep(BROKER_AWAY_MS);
  const startMs = Date.now();
  await city.broker.start();
  const usage = usageOfCity(city, fleet);
  const born = await waitForBirths(city, { count: fleet.nodes.length, sinceMs: startMs, withinMs: WAIT_MS });
  const births = await birthsOf(city.host);
  emitUsage(city, 'broker', { before: usage, after: usageOfCity(city, fleet), overMs: Date.now() - startMs });
  emitTimes(
    city,
    'broker: back after its start',
    born.map((bornMs) => bornMs - startMs),
  );
  emitGoal(city, 'broker: until all are back', round((Math.max(...born) - startMs) / SECOND_MS, 1), 's', '<=', BACK_GOAL_S);
  await sleep(WAVE_MS);
  const again = [...(await birthsOf(city.host))].filter(([node, count]) => count > (births.get(node) ?? 0)).length;
  emitGoal(city, 'broker: cabinets born again afterwards (a second wave)', again, 'cabinets', '<=', 0);
  const [after, hostAfter] = [await fleet.figures(), await city.host.counts()];
  city.emit('broker: attempts to connect', round((after.attempts - before.attempts) / fleet.nodes.length, 2), 'per agent');
  city.emit('broker: most births in one second', most(born), 'births');
  city.emit('broker: births requested by the host', hostAfter.rebirths - hostBefore.rebirths, 'births');
  await untilComplete(city, 'broker');
}

/** Kills the host, starts it again, and measures what the fleet does. */
export async function hostPhase(city: City): Promise<void> {
  const fleet = await fullFleet(city);
  const before = await fleet.figures();
  await city.host.stop('killed');
  await sleep(HOST_AWAY_MS);
  const startMs = Date.now();
  await city.host.start();
  const usage = usageOfCity(city, fleet);
  const born = await waitForBirths(city, { count: fleet.nodes.length, sinceMs: startMs, withinMs: WAIT_MS });
  emitUsage(city, 'host', { before: usage, after: usageOfCity(city, fleet), overMs: Date.now() - startMs });
  emitTimes(
    city,
    'host: births of a cabinet after the start of the host',
    born.map((bornMs) => bornMs - startMs),
  );
  const { rebirths } = await city.host.counts();
  city.emit('host: births requested by the host', rebirths, 'births', { note: 'this host keeps its state in memory' });
  const after = await fleet.figures();
  city.emit('host: sessions that ended', after.attempts - before.attempts, 'sessions');
  await untilComplete(city, 'host');
}

/** The most events of one second. Units: ms since 1970. */
function most(timesMs: readonly number[]): number {
  const perSecond = Map.groupBy(timesMs, (atMs) => Math.floor(atMs / SECOND_MS));
  return quantile(
    [...perSecond.values()].map(({ length }) => length),
    1,
  );
}
