/** A configuration in waves by `platform rollout`: one that is good, and one that is wrong. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planWaves } from '../../../platform/core/waves.ts';
import { round } from '../../result.ts';
import type { City } from '../city-parts.ts';
import { citySiteText } from '../city-site.ts';
import { emitGoal, emitTimes, fullFleet } from './measure.ts';

/** The level of the new programme: brighter, so that no signature is required. Units: %. */
const BRIGHTER_PCT = 60;
/** How far the addresses of the sensors are off in the bad revision. */
const WRONG_BY = 10;
/** Longest trial of the rollouts. Units: min. Source: assumed; a wave of a whole city on two cores takes a minute. Confirmed by: this bench on slower machines. */
const TRIAL_MINUTES = 2;
const SECOND_MS = 1_000;

/** Rolls out a good revision to all, then one with wrong addresses, which must stop in its first wave. */
export async function rolloutPhase(city: City): Promise<void> {
  const { lamps } = city.options;
  const { place } = city;
  const { nodes } = await fullFleet(city);
  const waves = planWaves(nodes);
  city.emit('rollout: waves', waves.length, 'waves', { note: waves.map(({ length }) => length).join(', ') });
  const good = await rollOut(city, 'good', citySiteText({ place, lamps, nightPct: BRIGHTER_PCT, sensorShift: 0 }));
  emitTimes(
    city,
    'rollout: from apply to the end of the trial',
    good.ends.flatMap(({ seconds }) => (seconds === null ? [] : [seconds * SECOND_MS])),
  );
  city.emit('rollout: a good revision, until all have confirmed it', round(good.tookMs / SECOND_MS, 1), 's');
  emitGoal(city, 'rollout: cabinets that confirmed the good revision', countOf(good, 'confirmed'), 'cabinets', '>=', nodes.length);
  // Sensors at addresses where none are: the check cannot see that, only the trial at a cabinet can.
  const bad = await rollOut(city, 'bad', citySiteText({ place, lamps, nightPct: BRIGHTER_PCT + 1, sensorShift: WRONG_BY }));
  city.emit('rollout: a bad revision, until it was stopped', round(bad.tookMs / SECOND_MS, 1), 's');
  emitGoal(city, 'rollout: cabinets that received the bad revision', bad.ends.length, 'cabinets', '<=', waves[0]?.length ?? 0);
  emitGoal(city, 'rollout: of them, cabinets that reverted it', countOf(bad, 'reverted'), 'cabinets', '>=', bad.ends.length);
  city.progress(`  reason of the first: ${bad.ends[0]?.reason}`);
}

interface CabinetEnd {
  readonly end: string;
  readonly reason: string;
  readonly seconds: number | null;
}

interface Rolled {
  readonly tookMs: number;
  /** One for each cabinet that received it. */
  readonly ends: readonly CabinetEnd[];
}

function countOf({ ends }: Rolled, kind: string): number {
  return ends.filter(({ end }) => end === kind).length;
}

async function rollOut(city: City, name: string, text: string): Promise<Rolled> {
  const startMs = performance.now();
  const file = join(city.folder, `${name}.yaml`);
  writeFileSync(file, text);
  const ends: CabinetEnd[] = [];
  const words = [`cabinet.yaml=${file}`, '--minutes', String(TRIAL_MINUTES), '--comment', `rollout of the city: ${name}`];
  await city.host.command('rollout', words, (line) => {
    const step = JSON.parse(line) as { readonly kind: string } & CabinetEnd;
    if (step.kind === 'cabinet') ends.push(step);
    else city.progress(`  ${name}: ${line}`);
  });
  return { tookMs: performance.now() - startMs, ends };
}
