/**
 * A street on the simulated wire with one unit whose replies are altered in transit. Measures when a person is detected.
 */
import type { Test } from 'tap';
import type { Clock } from '../../../../agent/core/clock.ts';
import type { Profile } from '../../../../agent/core/profile.ts';
import { withChecksum } from '../../../../drivers/modbus/frames.ts';
import { createPlant, LAMP, type Plant, point, profile, SENSOR } from '../plant.ts';

/** What leaves the wire in place of a reply, and how much later. Units: ms. */
export type Trouble = (reply: Buffer, sensorUnit: number) => readonly (readonly [afterMs: number, frame: Buffer])[];

/** Somebody is seen this soon after a quiet poll: a rest of 1 s, three requests, and the silence between them; twice, where the first try was disturbed. Units: ms. */
export const SEEN_WITHIN_MS = 2_500;
const SOMEBODY = 900;

/** Several requests of it have replies of one shape. */
export const MULTISENSOR = profile('multisensor', [
  point('motion', { semantic: 'presence', address: 280, poll: 'fast' }),
  point('temperature', { address: 3, poll: 'slow' }),
  point('illuminance', { address: 9, poll: 'slow' }),
  point('noise', { address: 60 }),
]);

export function repeated(times: number, everyMs: number): Trouble {
  return (reply) => Array.from({ length: times + 1 }, (_, i) => [i * everyMs, reply] as const);
}

export function late(ms: number): Trouble {
  return (reply) => [[ms, reply]];
}

/** `pct` percent of the replies are late by 20 to 170 ms. */
export function sometimesLate(random: () => number, pct: number): Trouble {
  return (reply) => [[100 * random() < pct ? 20 + 150 * random() : 0, reply]];
}

/** `latePct` percent of the replies are late by 0.25 to 0.65 s, 30 percent are damaged, and the others are correct. */
export function lateOrDamaged(random: () => number, latePct = 40): Trouble {
  return (reply) => {
    const chance = 100 * random();
    if (chance < latePct) return [[250 + 400 * random(), reply]];
    const damaged = Buffer.from(reply);
    if (chance < latePct + 30) damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 0x55;
    return [[0, damaged]];
  };
}

export function underUnit(unitOf: (sensorUnit: number) => number, afterMs: number): Trouble {
  return (reply, sensorUnit) => {
    const other = withChecksum(Buffer.concat([Buffer.from([unitOf(sensorUnit)]), reply.subarray(1, -2)]));
    return afterMs === 0
      ? [[0, other]]
      : [
          [0, reply],
          [afterMs, other],
        ];
  };
}

/** Two units have the number of this one: the second replies after the first, and has other values. */
export function twice(afterMs: number): Trouble {
  return (reply) => {
    const other = Buffer.from(reply.subarray(0, -2));
    const isRead = (reply[1] as number) <= 4;
    const last = other.length - 1;
    if (isRead) other[last] = (other[last] as number) ^ 1;
    return [
      [0, reply],
      [afterMs, withChecksum(other)],
    ];
  };
}

export function wrapped(before: string, behind: string): Trouble {
  return (reply) => [[0, Buffer.concat([Buffer.from(before, 'hex'), reply, Buffer.from(behind, 'hex')])]];
}

/** From now on the replies of a unit are altered in transit. */
export function trouble(
  { sim, clock }: Pick<Plant, 'sim'> & { readonly clock: Clock },
  unit: number,
  { untilMono, what, sensorUnit }: { untilMono: number; what: Trouble; sensorUnit: number },
): void {
  const { end } = sim;
  sim.end = {
    ...end,
    write(bytes) {
      const frames = bytes[0] === unit && clock.monoMs() < untilMono ? what(Buffer.from(bytes), sensorUnit) : [[0, bytes] as const];
      for (const [afterMs, frame] of frames) {
        if (afterMs === 0) end.write(frame);
        else clock.after(afterMs, () => end.write(frame));
      }
    },
  };
}

/** Lamps `L1` and on, and the sensors `S1` and `S2`, after a good minute. */
export async function troubledStreet(t: Test, lamps: number, sensor: Profile): Promise<Plant> {
  const ids = Array.from({ length: lamps }, (_, i) => [`L${i + 1}`, LAMP] as const);
  const plant = createPlant({ devices: { ...Object.fromEntries(ids), S1: sensor, S2: sensor } });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(70_000);
  return plant;
}

/** The longest time from a change of the sensor's input until it is read, over a minute and a half in which it changes every 5 s; and readings that were never true. */
export async function worstSight(
  t: Test,
  lamps: number,
  { who, forMs, what, everybody, sensor = SENSOR }: { who: string; forMs: number; what: Trouble; everybody?: Trouble; sensor?: Profile },
) {
  const plant = await troubledStreet(t, lamps, sensor);
  const sensorUnit = plant.addressOf('S1');
  if (everybody !== undefined)
    for (const id of plant.units.keys())
      trouble(plant, plant.addressOf(id), { untilMono: Number.POSITIVE_INFINITY, what: everybody, sensorUnit });
  trouble(plant, plant.addressOf(who), { untilMono: plant.clock.monoMs() + forMs, what, sensorUnit });
  let worstMs = 0;
  for (let i = 0; i < 18; i++) {
    await plant.clock.advance(1_000 * (i % 2));
    const [value, sinceMono] = [SOMEBODY + i, plant.clock.monoMs()];
    plant.unit('S1').registers.set('input:280', value);
    let ms = 0;
    while (plant.field.latest('S1.motion')?.value !== value && ms < 5_000) {
      await plant.clock.advance(50);
      ms += 50;
    }
    worstMs = Math.max(worstMs, plant.clock.monoMs() - sinceMono);
    await plant.clock.advance(5_000 - ms);
  }
  // S1 has had 0 and the values above, each later than the one before.
  const wasTrue = (pointId: string, value: number): boolean =>
    value === 0 || (pointId === 'S1.motion' && value >= SOMEBODY && value < SOMEBODY + 18);
  const wrong = plant.readings.filter(
    ({ pointId, quality, value }) =>
      (pointId === 'S1.motion' || pointId === 'S2.motion') && quality === 'good' && value !== null && !wasTrue(pointId, value),
  );
  return { worstMs, wrong };
}
