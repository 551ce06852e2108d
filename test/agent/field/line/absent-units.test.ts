import t from 'tap';
import type { Profile } from '../../../../agent/core/profile.ts';
import { createRandom } from '../../../street/random.ts';
import { createPlant, LAMP, type Plant, point, profile, SENSOR } from '../plant.ts';
import { many } from './line-plant.ts';

/** A device type as anybody may write it: the longest wait and the most retries that a profile can have. */
const patient = (points: number, over: Partial<Profile['quirks']> = {}): Profile =>
  profile(
    'patient',
    Array.from({ length: points }, (_, i) => point(`p${i}`, { semantic: 'presence', table: 'holding', address: 16 + 3 * i, poll: 'fast' })),
    { quirks: { ...LAMP.quirks, singleOnly: [[0, 65_535]], responseTimeoutMs: 5_000, retries: 9, ...over } },
  );

interface Street {
  readonly lamps: number;
  readonly absent: number;
  readonly points: number;
  readonly quirks?: Partial<Profile['quirks']>;
}

/** A street with units that nobody has, which have been on the line since the start. */
async function streetOf({ lamps, absent, points, quirks }: Street): Promise<Plant> {
  const plant = createPlant({ devices: { ...many(lamps, LAMP), S1: SENSOR, ...many(absent, patient(points, quirks), 'X') } });
  for (let i = 1; i <= absent; i++) plant.sim.silence(plant.addressOf(`X${i}`));
  await plant.field.start();
  return plant;
}

/** How long it takes until the last lamp has its level. Units: ms. */
async function lightAll({ clock, write }: Plant, lamps: number, order: { lane: 'urgent' | 'command'; levelPct: number }): Promise<number> {
  const startMono = clock.monoMs();
  let [lastMono, sent] = [startMono, 0];
  const onSent = (sentMono: number): void => {
    lastMono = Math.max(lastMono, sentMono);
    sent++;
  };
  for (let i = 1; i <= lamps; i++) void write(`L${i}`, order.levelPct, { lane: order.lane, ttlMs: 60_000, onSent });
  while (sent < lamps && clock.monoMs() < startMono + 60_000) await clock.advance(5);
  return lastMono - startMono + (sent < lamps ? 60_000 : 0);
}

for (const lamps of [12, 35]) {
  for (const absent of [1, 3]) {
    for (const points of [1, 40]) {
      t.test(`${lamps} lamps have an emergency or override within 1 s beside ${absent} absent units with ${points} points`, async (t) => {
        const plant = await streetOf({ lamps, absent, points });
        t.teardown(() => plant.field.stop());
        await plant.clock.advance(2_500);
        const random = createRandom(lamps + absent + points);
        const took: number[] = [];
        for (let turn = 0; turn < 100; turn++) {
          took.push(await lightAll(plant, lamps, { lane: turn % 2 === 0 ? 'urgent' : 'command', levelPct: 30 + (turn % 70) }));
          await plant.clock.advance(200 + 6_000 * random());
        }
        took.sort((a, b) => a - b);
        t.comment(`p50 ${took[50]?.toFixed(0)} p99 ${took[98]?.toFixed(0)} most ${took.at(-1)?.toFixed(0)} ms`);
        t.ok((took[98] as number) <= 1_000, `${took[98]?.toFixed(0)} ms`);
      });
    }
  }
}
