/** A configuration in waves: one that is good, and one that is wrong. */
import { createHash } from 'node:crypto';
import { judgeWave, planWaves, ROLLOUT_RULES, type RolloutEnd, type WaveVerdict } from '../../../test/platform/rollout-waves.ts';
import { round } from '../../result.ts';
import type { FleetOutcome } from '../city-host.ts';
import type { City } from '../city-parts.ts';
import { citySiteText } from '../city-site.ts';
import { emitGoal, emitTimes, fullFleet, waitFor } from './measure.ts';

/** The level of the new programme: brighter, so that no signature is required. Units: %. */
const BRIGHTER_PCT = 60;
/** How far the addresses of the sensors are off in the bad revision. */
const WRONG_BY = 10;
/** Longest trial of the rollouts. Units: min. Source: the shortest that the platform may set. */
const TRIAL_MINUTES = 1;
/** Longest upload to a wave. Units: ms. */
const UPLOAD_MS = 300_000;
const SECOND_MS = 1_000;

/** Rolls out a good revision to all, then one with wrong addresses, which must stop in its first wave. */
export async function rolloutPhase(city: City): Promise<void> {
  const { lamps } = city.options;
  const { nodes } = await fullFleet(city);
  const waves = planWaves(nodes);
  city.emit('rollout: waves', waves.length, 'waves', { note: waves.map(({ length }) => length).join(', ') });
  const good = await rollOut(city, 'good', citySiteText({ place: city.place, lamps, nightPct: BRIGHTER_PCT, sensorShift: 0 }));
  emitTimes(city, 'rollout: from apply to the end of the trial', good.appliedMs);
  city.emit('rollout: a good revision, until all have confirmed it', round(good.tookMs / SECOND_MS, 1), 's');
  emitGoal(city, 'rollout: cabinets that confirmed the good revision', good.ends.get('confirmed') ?? 0, 'cabinets', '>=', nodes.length);
  // Sensors at addresses where none are: the check cannot see that, only the trial at a cabinet can.
  const bad = await rollOut(city, 'bad', citySiteText({ place: city.place, lamps, nightPct: BRIGHTER_PCT + 1, sensorShift: WRONG_BY }));
  const received = [...bad.ends.values()].reduce((sum, count) => sum + count, 0);
  city.emit('rollout: a bad revision, until it was stopped', round(bad.tookMs / SECOND_MS, 1), 's');
  emitGoal(city, 'rollout: cabinets that received the bad revision', received, 'cabinets', '<=', waves[0]?.length ?? 0);
  emitGoal(city, 'rollout: of them, cabinets that reverted it', bad.ends.get('reverted') ?? 0, 'cabinets', '>=', received);
  city.progress(`  reason of the first: ${bad.reason}`);
}

interface Rolled {
  readonly ends: ReadonlyMap<RolloutEnd, number>;
  readonly tookMs: number;
  readonly appliedMs: readonly number[];
  readonly reason: string;
}

async function rollOut(city: City, id: string, text: string): Promise<Rolled> {
  const startMs = performance.now();
  const { nodes } = await fullFleet(city);
  const ends = new Map<RolloutEnd, number>();
  const appliedMs: number[] = [];
  let reason = '';
  for (const [index, wave] of planWaves(nodes).entries()) {
    await upload(city, `${id}-put-${index}`, wave, text);
    const { verdict, outcomes } = await applyTo(city, `${id}-apply-${index}`, wave);
    appliedMs.push(...outcomes.map(({ afterMs }) => afterMs));
    reason ||= outcomes.find(({ state }) => state !== 'verified')?.reason ?? '';
    for (const outcome of outcomes) ends.set(endOf(outcome), (ends.get(endOf(outcome)) ?? 0) + 1);
    city.progress(`  ${id}: wave ${index + 1} of ${wave.length} cabinets: ${verdict.kind}`);
    if (verdict.kind === 'stop') break;
  }
  return { ends, tookMs: performance.now() - startMs, appliedMs, reason };
}

async function upload(city: City, id: string, wave: readonly string[], text: string): Promise<void> {
  const data = Buffer.from(text);
  const metrics = {
    ...{ 'Config/Action': 'put', 'Config/File': 'cabinet.yaml', 'Config/Part': '1/1' },
    'Config/SHA-256': createHash('sha256').update(data).digest('hex'),
    'Config/Data': { base64: data.toString('base64') },
  };
  await city.host.send({ id, nodes: wave, metrics });
  await waitFor(city, 'the upload', UPLOAD_MS, async () => {
    const ends = await city.host.outcomes(id);
    const refused = ends.find(({ state }) => state !== 'verified');
    if (refused !== undefined) throw new Error(`${refused.node} refused the upload: ${refused.reason}`);
    return { isDone: ends.length === wave.length, text: `${ends.length} of ${wave.length} have the file` };
  });
}

/** Applies the candidate in a wave. The wave that is stopped is awaited too, so that each of its cabinets has ended its trial. */
async function applyTo(
  city: City,
  id: string,
  wave: readonly string[],
): Promise<{ verdict: WaveVerdict; outcomes: readonly FleetOutcome[] }> {
  const startMs = performance.now();
  const metrics = { 'Config/Action': 'apply', 'Config/Comment': 'rollout of the city', 'Config/Minutes': TRIAL_MINUTES };
  await city.host.send({ id, nodes: wave, metrics });
  let outcomes: readonly FleetOutcome[] = [];
  let verdict: WaveVerdict = { kind: 'wait', open: wave.length };
  await waitFor(city, 'the wave', ROLLOUT_RULES.silentAfterMs + UPLOAD_MS, async () => {
    outcomes = await city.host.outcomes(id);
    const ends = new Map(outcomes.map((outcome) => [outcome.node, endOf(outcome)]));
    verdict = judgeWave({ wave, ends, elapsedMs: performance.now() - startMs });
    const isDone = verdict.kind === 'next' || (verdict.kind === 'stop' && ends.size === wave.length);
    return { isDone, text: `${ends.size} of ${wave.length} have ended their trial` };
  });
  return { verdict, outcomes };
}

function endOf({ state }: FleetOutcome): RolloutEnd {
  if (state === 'verified') return 'confirmed';
  return state === 'refused' ? 'refused' : 'reverted';
}
