/** The broker and the host restart under a whole city. */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../../agent/core/quantile.ts';
import { round } from '../../result.ts';
import type { City } from '../city-parts.ts';
import { emitGoal, emitTimes, emitUsage, fullFleet, untilComplete, usageOfCity, waitForReturn } from './measure.ts';

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
  const [before, hostBefore] = [await fleet.figures(), await city.host.counts()];
  await city.broker.kill();
  await sleep(BROKER_AWAY_MS);
  const startMs = Date.now();
  await city.broker.start();
  const usage = usageOfCity(city, fleet);
  const backMs = await waitForReturn(city, { nodes: fleet.nodes, sinceMs: startMs, withinMs: WAIT_MS });
  emitUsage(city, 'broker', { before: usage, after: usageOfCity(city, fleet), overMs: Date.now() - startMs });
  emitTimes(
    city,
    'broker: back after its start',
    backMs.map((atMs) => atMs - startMs),
  );
  emitGoal(city, 'broker: until all are back', round((Math.max(...backMs) - startMs) / SECOND_MS, 1), 's', '<=', BACK_GOAL_S);
  await sleep(WAVE_MS);
  const [after, hostAfter] = [await fleet.figures(), await city.host.counts()];
  city.emit('broker: attempts to connect', round((after.attempts - before.attempts) / fleet.nodes.length, 2), 'per agent');
  city.emit('broker: most births in one second', most(backMs), 'births');
  city.emit('broker: longest delay of a timer of the agents', round(after.lateMs, 0), 'ms');
  const births = hostAfter.births - hostBefore.births;
  // One for each cabinet, also 30 s after the last: no second wave.
  emitGoal(city, 'broker: births', births, 'births', '<=', fleet.nodes.length);
  city.emit('broker: births that were sent before a worker had subscribed', Math.max(0, fleet.nodes.length - births), 'births');
  emitGoal(city, 'broker: births requested by the host', hostAfter.rebirths - hostBefore.rebirths, 'births', '<=', 0);
  await untilComplete(city, 'broker');
}

/** Kills the host, starts it again, and measures what the fleet does. */
export async function hostPhase(city: City): Promise<void> {
  const fleet = await fullFleet(city);
  const [before, hostBefore] = [await fleet.figures(), await city.host.counts()];
  // A STATE that really goes offline ends all sessions of cabinets with a primary host, as it should.
  const parts = city.options.primaryHost ? 'all-but-state' : 'all';
  await city.host.kill(parts);
  await sleep(HOST_AWAY_MS);
  const usage = usageOfCity(city, fleet);
  const startMs = Date.now();
  await city.host.start();
  city.emit('host: until the workers are subscribed', round((Date.now() - startMs) / SECOND_MS, 1), 's', { note: `killed: ${parts}` });
  await untilComplete(city, 'host');
  emitUsage(city, 'host', { before: usage, after: usageOfCity(city, fleet), overMs: Date.now() - startMs });
  await sleep(WAVE_MS);
  const [after, hostAfter] = [await fleet.figures(), await city.host.counts()];
  emitGoal(city, 'host: births', hostAfter.births - hostBefore.births, 'births', '<=', 0);
  emitGoal(city, 'host: births requested by the host', hostAfter.rebirths - hostBefore.rebirths, 'births', '<=', 0);
  emitGoal(city, 'host: sessions that ended', after.attempts - before.attempts, 'sessions', '<=', 0);
}

/** The most events of one second. Units: ms since 1970. */
function most(timesMs: readonly number[]): number {
  const perSecond = Map.groupBy(timesMs, (atMs) => Math.floor(atMs / SECOND_MS));
  return quantile(
    [...perSecond.values()].map(({ length }) => length),
    1,
  );
}
