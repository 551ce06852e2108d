/** Ballasts behind a DALI gateway whose level moves while they fade, with the shipped profile and the whole way from the decision to the wire. */
import t from 'tap';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import { streetKnowledge } from '../../../../agent/control/street-knowledge.ts';
import { Follower } from '../../../../agent/control/writing/follower.ts';
import { cabinetPoints } from '../../../../agent/core/cabinet-points.ts';
import { createEventTracker } from '../../../../agent/core/event-tracker.ts';
import { narrowed } from '../../../../agent/core/narrowed.ts';
import type { AgentEvent, Decision } from '../../../../agent/core/words.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { createPlant, type Plant } from '../../field/plant.ts';

const { profiles } = readProfiles([], readPlacedYaml);
const INTESIS = profiles.get('intesis-inmbsdal');
const BALLASTS = [0, 1, 2];
const [LEVEL, ACTUAL, ALL_LEVEL, ALL_FADE] = [15, 6, 6_800, 6_808];

/** The ballasts of the gateway fade from where they are, in the time that its register says. */
function makeFade({ clock, unit }: Plant): void {
  const gateway = unit('G1');
  const fades = new Map(BALLASTS.map((n) => [n, { fromPct: 0, toPct: 0, startMono: 0 }]));
  const fadeMs = (): number => {
    const fadeTime = gateway.registers.get(`holding:${ALL_FADE}`) ?? 0;
    return fadeTime === 0 ? 0 : 500 * Math.SQRT2 ** fadeTime;
  };
  const actualPct = (n: number): number => {
    const { fromPct, toPct, startMono } = fades.get(n) ?? { fromPct: 0, toPct: 0, startMono: 0 };
    const share = fadeMs() === 0 ? 1 : Math.min(1, (clock.monoMs() - startMono) / fadeMs());
    return Math.round(fromPct + (toPct - fromPct) * share);
  };
  const { write, read } = gateway;
  gateway.write = (table, address, values) => {
    const written = address === ALL_LEVEL ? BALLASTS : BALLASTS.filter((n) => address === LEVEL + 100 * n);
    for (const n of written) fades.set(n, { fromPct: actualPct(n), toPct: values[0] ?? 0, startMono: clock.monoMs() });
    return write(table, address, values);
  };
  gateway.read = (table, address, count) => {
    for (const n of BALLASTS) gateway.registers.set(`holding:${ACTUAL + 100 * n}`, actualPct(n));
    return read(table, address, count);
  };
}

function cabinetOf(rampUpS: number) {
  const text = `cabinet: { id: c, name: C, latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: Europe/Paris }
lines: [{ id: n, port: /dev/null, serial: { baud: 19200 }, devices: [{ id: G1, unit: 1, profile: intesis-inmbsdal, instances: { ecg: [${BALLASTS}] } }, { id: S1, unit: 2, profile: p, pole: P1 }] }]
poles: [{ id: P1, atM: 0 }]
lamps: [${BALLASTS.map((n) => `{ id: E${n}, device: G1, point: ecg${n}_level, pole: P1, ratedPowerW: 60 }`).join(', ')}]
zones: [{ id: rue, lamps: [${BALLASTS.map((n) => `E${n}`)}], programme: usual, presence: { sensors: [{ device: S1 }], rampUpS: ${rampUpS} } }]
programmes: [{ id: usual, steps: [{ at: dusk, levelPct: 30 }] }]`;
  return loadCabinet('c.yaml', () => text).cabinet;
}

for (const rampUpS of [0, 0.8, 1, 8, 45, 60]) {
  t.test(`ballasts that fade for ${rampUpS} s are written once a level, and follow`, async (t) => {
    if (INTESIS === undefined) throw new Error('the profile has gone');
    const cabinet = cabinetOf(rampUpS);
    const type = narrowed(INTESIS, { ecg: BALLASTS });
    const plant = createPlant({ devices: { G1: type }, rampUpMs: rampUpS * 1_000 });
    makeFade(plant);
    // What the ballasts were left with.
    plant.unit('G1').registers.set(`holding:${ALL_FADE}`, 8);
    const events: AgentEvent[] = [];
    const follower = new Follower({
      ...{ lamps: cabinet.lamps, clock: plant.clock, field: plant.field, onProgress: () => {}, log: { event: () => {} } },
      ...streetKnowledge(cabinet, cabinetPoints(cabinet, new Map([[INTESIS.id, INTESIS]])), new Map([[INTESIS.id, INTESIS]])),
      events: createEventTracker(plant.clock, (event) => events.push(event)),
      pace: undefined,
    });
    await plant.field.start();
    await plant.clock.advance(20_000);
    const sinceMono = plant.clock.monoMs();
    for (const levelPct of [100, 20]) {
      const decisions = cabinet.lamps.map(
        ({ id }): Decision => ({ lampId: id, levelPct, rank: 'programme', reason: 'programme', distanceM: null, trace: [] }),
      );
      for (let second = 0; second < 150; second++) {
        follower.follow(decisions);
        await plant.clock.advance(1_000);
      }
      t.same(
        cabinet.lamps.map(({ id }) => follower.track(id).confirmedPct),
        [levelPct, levelPct, levelPct],
        `${levelPct} % is confirmed`,
      );
    }
    const levels = plant.askedSince('G1', sinceMono).filter((what) => /^write holding:(6800|15|115|215)=/.test(what));
    t.same(levels, ['write holding:6800=100', 'write holding:6800=20']);
    t.same(events, [], 'none is reported as not following');
    await plant.field.stop();
  });
}
