import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../../agent/config/load/load-site.ts';
import { createEnergy } from '../../../agent/diagnosis/energy-count.ts';
import { createPlatformView } from '../../../agent/sync/sparkplug/platform-view.ts';
import { texts } from '../../support/texts.ts';
import { makeStreet, PRESENCE, winter } from '../lighting/street.ts';
import { makeFakeStreet } from './fake-street.ts';
import { levelsOf } from './lit-street.ts';

const { cabinet: demo } = loadSite(join(import.meta.dirname, '../../../config/demo.yaml'));
const ALL = (pct: number): number[] => [pct, pct, pct, pct, pct, pct];

/** A start at night, programme 30 %, in a street whose lamps are found at a level; with all that counts or publishes presence. */
async function startedStreet(t: { teardown(fn: () => unknown): void }, foundPct: number, holdS: number = PRESENCE.holdS) {
  const layout = makeStreet({ zone: { presence: { ...PRESENCE, holdS } } });
  const street = makeFakeStreet({ now: winter('23:30'), foundPct, street: layout });
  const { clock, control, decisions } = street;
  const cabinet = { ...demo, ...layout, lines: [] };
  const ranks: unknown[] = [];
  const platform = createPlatformView(cabinet, [], clock, {
    update(_device, metric, { value }) {
      if (metric === 'Lamp/Rank' || metric === 'Lamp/Reason') ranks.push(value);
    },
  });
  const energy = createEnergy({
    ...{ cabinet, clock, light: control, profiles: new Map(), points: new Map(), onNight: () => {} },
    store: { load: async () => undefined, save: async () => true },
    field: { latest: (pointId) => ({ pointId, value: 100, quality: 'good', atMono: clock.monoMs(), atMs: 0 }) },
  });
  t.teardown(() => {
    energy.stop();
    return control.stop();
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let step = 0; step < seconds * 10; step += 1) {
      await clock.advance(100);
      for (const decision of decisions.splice(0)) {
        energy.onDecision(decision);
        platform.decision(decision);
      }
    }
  };
  await control.start();
  energy.start();
  for (const device of ['S01', 'S02']) street.sense(device, 0);
  street.poll();
  await pass(1);
  return {
    ...{ street, pass, ranks },
    why: () => control.why('L1')?.lamps[0],
    evidence: async () => {
      const view = await energy.view({ fromMs: 0, toMs: Date.UTC(2030, 0), by: null, zone: null });
      const { activations, raisedPct, periods = [] } = view?.rows[0] ?? {};
      const detectionPct = Math.max(0, ...periods.map((period) => period.detectionPct));
      return { ...control.counters(), activations, raisedPct, detectionPct };
    },
  };
}

const NO_DETECTIONS = { detections: 0, lampsRaised: 0, activations: 0, raisedPct: 0, detectionPct: 0 };

for (const [foundPct, holdS] of [
  [100, 20],
  [31, 20],
  [80, 2],
  [100, 200],
] as const) {
  t.test(
    `a start that finds the lamps at ${foundPct} % holds them for ${holdS} s, and counts no presence without a detection`,
    async (t) => {
      const { street, pass, ranks, why, evidence } = await startedStreet(t, foundPct, holdS);
      t.same(levelsOf(street), ALL(foundPct), 'the light is held');
      t.match(why(), { wantedPct: foundPct, rank: 'programme', reason: 'programme' });
      t.match(
        texts(why()?.trace.filter(({ applied }) => applied)),
        [{ rank: 'programme', source: 'start', levelPct: foundPct, text: 'as found at the start' }],
        'and says why',
      );
      await pass(holdS + 20);
      t.same(levelsOf(street), ALL(30), 'then the programme');
      t.strictSame(await evidence(), NO_DETECTIONS);
      t.strictSame([...new Set(ranks)], ['programme']);
    },
  );
}

t.test('a person who arrives while a start holds the light is counted once, a later one as usual', async (t) => {
  const { street, pass, why, evidence } = await startedStreet(t, 60);
  street.sense('S01', 90);
  await pass(2);
  t.match(why(), { wantedPct: 100, rank: 'presence', reason: 'presence' });
  t.equal(street.levels.get('L6'), 60, 'a lamp that no sensor with a person reaches is held');
  street.sense('S01', 0);
  await pass(40);
  t.same(levelsOf(street), ALL(30));
  const first = await evidence();
  t.match(first, { detections: 1, activations: 1 });
  t.ok((first.raisedPct ?? 0) > 0 && first.detectionPct > 0);
  street.sense('S02', 90);
  await pass(2);
  t.match(await evidence(), { detections: 2, activations: 2 });
});

t.test('a person below whose light the lamps are held is counted, and raises none of them', async (t) => {
  const { street, pass, why, evidence } = await startedStreet(t, 100);
  street.sense('S01', 90);
  await pass(2);
  t.match(why(), { wantedPct: 100, rank: 'presence' });
  t.match(await evidence(), { detections: 1, lampsRaised: 0, activations: 1 });
});

t.test('a held lamp that returns darker gets its light as soon as one that presence raises', async (t) => {
  const { street, pass } = await startedStreet(t, 100);
  street.levels.set('L1', 30);
  street.poll();
  await pass(3);
  t.match(
    street.writes.filter(({ lampId }) => lampId === 'L1'),
    [{ levelPct: 100, lane: 'urgent' }],
  );
});
