/** Plants that are set up, and what is read from their events and writes. */
import type { Test } from 'tap';
import type { WriteResult } from '../../../../agent/core/ports.ts';
import type { Profile } from '../../../../agent/core/profile.ts';
import { createPlant, type Plant, type PlantOptions } from '../plant.ts';

export const LINE_CHAR_MS = 11_000 / 19_200;

export const LINE_GAP_MS = 3.5 * LINE_CHAR_MS;

/** The set-up registers of `LAMP`, as they are once it is set up. */
export const SET_UP: [string, number][] = [
  ['holding:100', 7],
  ['holding:101', 1_500],
];

/** Resolves once the field runs; it is stopped after the test. `isSetUp`: the units contain `SET_UP` already. */
export async function plantWith(t: Test, options: PlantOptions, isSetUp = true): Promise<Plant> {
  const plant = createPlant(options);
  if (isSetUp) for (const unit of plant.units.values()) for (const [at, value] of SET_UP) unit.registers.set(at, value);
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  return plant;
}

/** Advances the clock until the result arrives, and returns it. Errors: rejects after `withinMs` of that clock. */
export async function resultOf({ clock }: Plant, pending: Promise<WriteResult>, withinMs = 60_000): Promise<WriteResult> {
  let result: WriteResult | undefined;
  void pending.then((r) => {
    result = r;
  });
  for (let ms = 0; ms < withinMs && result === undefined; ms += 5) await clock.advance(5);
  if (result === undefined) throw new Error(`no result in ${withinMs} ms`);
  return result;
}

/** `count` devices of one type, with ids `L1`, `L2`, ... */
export const many = (count: number, profile: Profile, prefix = 'L'): Record<string, Profile> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i + 1}`, profile]));

/** `L1 starts` or `L1 ends` for each report of an event with this code, oldest first. */
export const eventsOf = ({ events }: Plant, code: string): string[] =>
  events.filter((event) => event.code === code).map(({ source, endMs }) => `${source} ${endMs === null ? 'starts' : 'ends'}`);
