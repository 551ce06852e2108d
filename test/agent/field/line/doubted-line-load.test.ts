/** What it costs a line in doubt that replies are confirmed. */
import t from 'tap';
import { createPlant, LAMP, type Plant } from '../plant.ts';
import { many } from './line-plant.ts';
import { MULTISENSOR, trouble, twice } from './troubles.ts';

/** A request that confirms a reply is sent sooner than this after the one before, the next poll of a sensor later. Units: ms. */
const CONFIRM_GAP_MS = 65;
const WINDOW_MS = 20_000;
/** Largest share of a line's time. `voting`, while three replies must agree: two requests a second with their silences. `later`: at most one confirming read for each read. */
const MOST_PCT = { voting: 12, later: 50 };

/** How long confirmations had the line, silences before them included. Units: ms. */
function confirmingMs(plant: Plant, unit: string, sinceMono: number): number {
  const times = plant.unit(unit).asked.flatMap(({ atMono }) => (atMono >= sinceMono ? [atMono] : []));
  const gapsMs = times.slice(1).map((atMono, i) => atMono - (times[i] as number));
  return gapsMs.filter((ms) => ms < CONFIRM_GAP_MS).reduce((sum, ms) => sum + ms, 0);
}

for (const [sensors, baud] of [
  [1, 9_600],
  [2, 9_600],
  [1, 19_200],
  [2, 19_200],
  [8, 19_200],
] as const)
  t.test(
    `with two lamps on one address, confirmations of ${sensors} sensors leave time on the line at ${baud} baud for others too`,
    async (t) => {
      const ids = Object.keys(many(sensors, MULTISENSOR, 'S'));
      const plant = createPlant({
        devices: { ...many(4, LAMP), ...many(sensors, MULTISENSOR, 'S') },
        serial: { baud, parity: 'none', stopBits: 2, dataBits: 8 },
      });
      t.teardown(() => plant.field.stop());
      await plant.field.start();
      await plant.clock.advance(70_000);
      trouble(plant, 1, { untilMono: Number.POSITIVE_INFINITY, what: twice(20), sensorUnit: plant.addressOf('S1') });
      // The first duplicate is seen, and the line is in doubt.
      await plant.clock.advance(60_000);
      const startMono = plant.clock.monoMs();
      const shares: number[] = [];
      for (let i = 0; i < 6; i++) {
        const sinceMono = plant.clock.monoMs();
        await plant.clock.advance(WINDOW_MS);
        shares.push((100 * ids.reduce((sum, id) => sum + confirmingMs(plant, id, sinceMono), 0)) / WINDOW_MS);
      }
      const [voting = 0, ...later] = shares;
      t.ok(voting > 0 && voting <= sensors * MOST_PCT.voting, `${voting.toFixed(1)} % while three replies must agree`);
      for (const share of later) t.ok(share <= Math.min(sensors > 2 ? 60 : MOST_PCT.later, sensors * 30), `${share.toFixed(1)} % later`);
      for (const id of ['L2', 'L3', 'L4']) {
        const isStale = plant.readings.some(
          ({ pointId, quality, atMono }) => pointId === `${id}.level` && quality === 'stale' && atMono >= startMono,
        );
        t.notOk(isStale, `${id} is read on`);
      }
    },
  );
