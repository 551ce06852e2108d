/**
 * A street on the simulated wire with one unit whose replies are altered in transit. Measures when a person is detected.
 */
import type { Test } from 'tap';
import type { Clock } from '../../../../agent/core/clock.ts';
import type { Profile } from '../../../../agent/core/profile.ts';
import { withChecksum } from '../../../../drivers/modbus/frames.ts';
import { createPlant, LAMP, type Plant, point, profile, SENSOR } from '../plant.ts';

/** Returns the frames that arrive in place of a reply, each with its delay. `sensorUnit`: address of sensor `S1`. Units: ms. */
export type Trouble = (reply: Buffer, sensorUnit: number) => readonly (readonly [afterMs: number, frame: Buffer])[];

/**
 * The longest time until a person is detected.
 *
 * It is twice a rest of 1 s with three requests and the silence between them: the first try may be disturbed. Units: ms.
 */
export const SEEN_WITHIN_MS = 2_500;
const SOMEBODY = 900;

/** A sensor with several requests whose replies have the same length, so that one could be taken for another. */
export const MULTISENSOR = profile('multisensor', [
  point('motion', { semantic: 'presence', address: 280, poll: 'fast' }),
  point('temperature', { address: 3, poll: 'slow' }),
  point('illuminance', { address: 9, poll: 'slow' }),
  point('noise', { address: 60 }),
]);

/** Each reply arrives at once, and then `times` more. */
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

/** Each reply arrives with another unit's address: in addition, `afterMs` later, or in its place if that is 0. */
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

/** As if a second unit had the same address: `afterMs` after each reply another arrives, with another value if it is a read. */
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

/** Each reply arrives with more bytes before and behind it, given in hexadecimal. */
export function wrapped(before: string, behind: string): Trouble {
  return (reply) => [[0, Buffer.concat([Buffer.from(before, 'hex'), reply, Buffer.from(behind, 'hex')])]];
}

/** Alters the replies of a unit in transit until `untilMono`. */
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

/** Resolves with a plant of lamps `L1`, `L2`, ... and sensors `S1` and `S2`, 70 s after its start. Stopped after the test. */
export async function troubledStreet(t: Test, lamps: number, sensor: Profile): Promise<Plant> {
  const ids = Array.from({ length: lamps }, (_, i) => [`L${i + 1}`, LAMP] as const);
  const plant = createPlant({ devices: { ...Object.fromEntries(ids), S1: sensor, S2: sensor } });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(70_000);
  return plant;
}

/**
 * Changes the input of sensor `S1` 18 times, every 5 s, while replies are altered.
 *
 * Alters by `what` the replies of device `who` for `forMs`, and by `everybody` those of all devices.
 * Resolves with the longest time until a change was read (`worstMs`), and with the good readings that were never true (`wrong`).
 */
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
