/**
 * Compares the energy of the meter that the invoice is based on with the agent's own meters and with the computed energy of the lamps.
 *
 * Pure. It compares whole nights, from noon to noon.
 */
import { type Message, msg } from '../core/message.ts';
import type { NightTally } from './energy-tally.ts';

/**
 * The comparison of a meter of the invoice with the agent's own meters, and with the computed energy of the lamps, for one night.
 * `differs`: at least one of these figures is too far from the meter's.
 */
export interface EnergyComparison {
  readonly meter: string;
  readonly differs: boolean;
  readonly text: Message;
}

/** Largest difference that is not reported. Units: %. Source: the issue, 2 %. */
const LIMIT_PCT = 2;
/** Nights with less energy are not compared. Units: kWh. Source: 2 % of it are 20 steps of the meter, and less is the standby of a dark street. */
const LEAST_KWH = 1;
/** If the agent was away for longer, the computed energy lacks too much of the night. Units: ms. Source: 2 % of a night of 8 h. */
const MAX_AWAY_MS = 600_000;

/**
 * Compares each meter in `billed` for one night with the sum of all meters not in it, and with the computed energy of the lamps. That
 * energy is not compared if it is 0, or if the agent was away for over 10 min. A meter is left out if it has no count, if nothing can be
 * compared with it, or if all figures are below 1 kWh. `night`: the date of the night, for the text.
 */
export function comparedEnergy({ meters, awayMs }: NightTally, billed: ReadonlySet<string>, night: string): readonly EnergyComparison[] {
  const own = Object.entries(meters).filter(([id]) => !billed.has(id));
  return Object.entries(meters).flatMap(([meter, { kwh, computedWh }]): EnergyComparison[] => {
    if (!billed.has(meter)) return [];
    const ownKwh = own.reduce((sum, [, each]) => sum + each.kwh, 0);
    const others = [
      ...(own.length === 0 ? [] : [{ kwh: ownKwh, of: msg`the agent's own meters` }]),
      ...(awayMs > MAX_AWAY_MS || computedWh === 0 ? [] : [{ kwh: computedWh / 1_000, of: msg`the computed energy of the lamps` }]),
    ];
    if (others.length === 0 || Math.max(kwh, ...others.map((each) => each.kwh)) < LEAST_KWH) return [];
    const figures = others.map((each) => ({ ...each, differencePct: (100 * (each.kwh - kwh)) / Math.max(kwh, LEAST_KWH) }));
    const differs = figures.some(({ differencePct }) => Math.abs(differencePct) > LIMIT_PCT);
    const parts = figures.map(({ kwh: otherKwh, of, differencePct }) => msg`${of} ${rounded(otherKwh)} kWh (${signed(differencePct)} %)`);
    const counted = msg`night ${night}: ${meter} counted ${rounded(kwh)} kWh, ${parts}`;
    return [{ meter, differs, text: differs ? msg`${counted}; check other loads, lamps in no zone and ratedPowerW` : counted }];
  });
}

function rounded(kwh: number): string {
  return kwh.toFixed(1);
}

function signed(pct: number): string {
  return `${pct > 0 ? '+' : ''}${pct.toFixed(1)}`;
}
