import t, { type Test } from 'tap';
import { withChecksum } from '../../../../drivers/modbus/frames.ts';
import { createPlant, LAMP, type Plant, SENSOR } from '../plant.ts';

/** What leaves the wire in place of a reply, and how much later. Units: ms. */
type Trouble = (reply: Buffer, sensorUnit: number) => readonly (readonly [afterMs: number, frame: Buffer])[];

/** Somebody is seen this soon after a quiet poll: a rest of 1 s, three requests, and the silence between them; twice, where the first try was disturbed. Units: ms. */
const SEEN_WITHIN_MS = 2_500;
const SOMEBODY = 900;

function repeated(times: number, everyMs: number): Trouble {
  return (reply) => Array.from({ length: times + 1 }, (_, i) => [i * everyMs, reply] as const);
}

function late(ms: number): Trouble {
  return (reply) => [[ms, reply]];
}

function underUnit(unitOf: (sensorUnit: number) => number, afterMs: number): Trouble {
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

function trouble(
  { sim, clock }: Plant,
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

/** The longest time from a change of the sensor's input until it is read, over a minute and a half in which it changes every 5 s; and readings that were never true. */
async function worstSight(t: Test, lamps: number, { who, forMs, what }: { who: string; forMs: number; what: Trouble }) {
  const ids = Array.from({ length: lamps }, (_, i) => [`L${i + 1}`, LAMP] as const);
  const plant = createPlant({ devices: { ...Object.fromEntries(ids), S1: SENSOR, S2: SENSOR } });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(70_000);
  const sensorUnit = plant.addressOf('S1');
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
  const wrong = plant.readings.filter(({ pointId, quality, value }) => pointId === 'S2.motion' && quality === 'good' && value !== 0);
  return { worstMs, wrong };
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'repeats its replies once after 0.2 s': repeated(1, 200),
  'repeats its replies twice within 0.4 s': repeated(2, 200),
  'repeats its replies ten times within 1 s': repeated(10, 100),
  'repeats its replies ten times within 10 s': repeated(10, 1_000),
  'repeats its replies after 10 s': repeated(1, 10_000),
  'replies 1.5 s late': late(1_500),
  'replies 5 s late': late(5_000),
  'replies 30 s late': late(30_000),
  'replies under the number of the sensor': underUnit((sensor) => sensor, 0),
  'repeats its replies under the number of the sensor': underUnit((sensor) => sensor, 150),
  'replies under a number that nobody has': underUnit(() => 99, 0),
};

for (const [name, what] of Object.entries(TROUBLES))
  t.test(`a lamp that ${name} blinds no sensor of its line`, async (t) => {
    for (const lamps of [1, 10, 33])
      for (const forMs of [1_000, 10_000]) {
        const { worstMs, wrong } = await worstSight(t, lamps, { who: 'L1', forMs, what });
        t.ok(worstMs <= SEEN_WITHIN_MS, `with ${lamps} lamps, for ${forMs} ms: seen after ${worstMs} ms`);
        t.same(wrong, []);
      }
  });

t.test('a sensor whose own replies come twice is still read', async (t) => {
  for (const copies of [1, 2]) {
    const { worstMs } = await worstSight(t, 10, { who: 'S1', forMs: 1_000, what: repeated(copies, 200) });
    t.ok(worstMs <= SEEN_WITHIN_MS, `${copies} copies: seen after ${worstMs} ms`);
  }
});
