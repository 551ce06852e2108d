/** Every cabinet lights all lamps. */
import { round } from '../../result.ts';
import type { FleetOutcome } from '../city-host.ts';
import type { City } from '../city-parts.ts';
import { emitGoal, emitTimes, emitUsage, fullFleet, usageOfCity, waitFor } from './measure.ts';

/** Source: the issue. Units: s. */
const GOAL_S = 30;
/** Longest wait for the ends. Units: ms. Source: assumed; six times the goal. Confirmed by: this bench on slower machines. */
const WAIT_MS = 180_000;
const SECOND_MS = 1_000;

/** Sends an emergency to all cabinets, waits for the end of each command, and ends the emergency. */
export async function commandPhase(city: City): Promise<void> {
  const fleet = await fullFleet(city);
  const usage = usageOfCity(city, fleet);
  const startMs = performance.now();
  const ends = await commandAll(city, 'all-100', true);
  emitUsage(city, 'command', { before: usage, after: usageOfCity(city, fleet), overMs: performance.now() - startMs });
  emitTimes(
    city,
    'command: a citywide 100 %, until a cabinet has verified all lamps',
    ends.map(({ afterMs }) => afterMs),
  );
  const verified = ends.filter(({ state }) => state === 'verified').length;
  emitGoal(city, 'command: cabinets that verified', verified, 'cabinets', '>=', fleet.nodes.length);
  emitGoal(
    city,
    'command: until all have acknowledged',
    round(Math.max(...ends.map(({ afterMs }) => afterMs)) / SECOND_MS, 2),
    's',
    '<=',
    GOAL_S,
  );
  await commandAll(city, 'all-end', false);
}

async function commandAll(city: City, id: string, isOn: boolean): Promise<readonly FleetOutcome[]> {
  const nodes = (await fullFleet(city)).nodes;
  await city.host.send({ id, nodes, metrics: { 'Emergency/On': isOn } });
  let ends: readonly FleetOutcome[] = [];
  await waitFor(city, `all commands ${id} have ended`, WAIT_MS, async () => {
    ends = await city.host.outcomes(id);
    return { isDone: ends.length === nodes.length, text: `${ends.length} of ${nodes.length} ended` };
  });
  return ends;
}
