/** Whole nights with the limits that a configuration has when it states none: people who stay have light, a sensor at fault ends and is reported. */
import t from 'tap';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import type { SensorState } from '../../../../agent/lighting/lighting.ts';
import { afterSensorReading, afterSensorTick } from '../../../../agent/lighting/sensor-filter.ts';
import { createRandom } from '../../../street/random.ts';
import { reading, winter } from '../../lighting/street.ts';
import { type FakeStreet, makeFakeStreet } from '../fake-street.ts';

const HOUR_S = 3_600;

/** One zone of six lamps with sensors S1 and S2 at their default limits, 30 % at night and 100 % by presence. */
function cabinetOf(zone: string) {
  const text = `cabinet: { id: c, name: C, latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: Europe/Paris }
lines: [{ id: n, port: /dev/null, devices: [{ id: S1, unit: 2, profile: p, pole: P1 }, { id: S2, unit: 3, profile: p, pole: P2 }, { id: L1, unit: 1, profile: p, pole: P1 }] }]
poles: [{ id: P1, atM: 0 }, { id: P2, atM: 50 }]
lamps: [{ id: L1, ratedPowerW: 60 }]
zones: [{ id: rue, lamps: [L1], programme: usual, ${zone} }]
programmes: [{ id: usual, steps: [{ at: dusk, levelPct: 30 }] }]`;
  return loadCabinet('c.yaml', () => text).cabinet;
}

interface Night {
  /** Level of the lamp at each second. */
  readonly levels: readonly number[];
  /** Code, source, and from which second to which. */
  readonly events: readonly (readonly [code: AgentEvent['code'], source: string, fromS: number, untilS: number | null])[];
  readonly texts: readonly string[];
}

/** A night of 11 h from 20:00 on, polled each second. `values` is what each sensor shows at a second. */
async function nightOf(zone: string, values: (second: number) => Readonly<Record<string, number>>, untilS = 11 * HOUR_S): Promise<Night> {
  const street: FakeStreet = makeFakeStreet({ now: winter('20:00'), street: cabinetOf(zone) });
  await street.control.start();
  const startMs = street.clock.wallMs();
  const levels: number[] = [];
  for (let second = 0; second < untilS; second++) {
    for (const [device, value] of Object.entries(values(second))) street.sense(device, value);
    levels.push(street.control.decisions()[0]?.levelPct ?? 0);
    await street.clock.advance(1_000);
  }
  await street.control.stop();
  const since = (ms: number): number => Math.round((ms - startMs) / 1_000);
  const own = street.events.filter(({ code }) => code.startsWith('sensor-') || code.startsWith('presence-'));
  const ends = new Map(own.filter(({ endMs }) => endMs !== null).map(({ id, endMs }) => [id, since(endMs ?? 0)]));
  const begins = own.filter(({ endMs }) => endMs === null);
  return {
    levels,
    events: begins.map(({ code, source, startMs: atMs, id }) => [code, source, since(atMs), ends.get(id) ?? null]),
    texts: begins.map(({ text }) => String(text)),
  };
}

const codes = ({ events }: Night): readonly string[] => events.map(([code, source]) => `${code} ${source}`);
const secondsAt = ({ levels }: Night, pct: number, fromS = 0, untilS = levels.length): number =>
  levels.slice(fromS, untilS).filter((level) => level === pct).length;
const ON = 100;
const OFF = 0;
const ONE = 'presence: { sensors: [{ device: S1 }] }';
const TWO = 'presence: { sensors: [{ device: S1 }, { device: S2 }] }';

const stays: [kind: string, stuckAfterS: number][] = [
  ['path', 1_800],
  ['street', 3_600],
  ['road', 7_200],
  ['leisure', 14_400],
];
for (const [kind, stuckAfterS] of stays) {
  t.test(`people who stay on a ${kind} have light until their sensor counts as stuck, which is an event`, async (t) => {
    const night = await nightOf(`kind: ${kind}, ${ONE}`, () => ({ S1: ON }), stuckAfterS + 600);
    t.equal(secondsAt(night, 100, 1, stuckAfterS), stuckAfterS - 1, 'raised all the time');
    t.equal(night.levels.at(-1), 30);
    t.match(night.events, [['sensor-stuck', 'S1.motion', stuckAfterS + 1, null]]);
  });
}

t.test('in a leisure zone that becomes dark, people on a bench are not left in the dark before that event either', async (t) => {
  const zone = `kind: leisure, dark: {}, minPct: 0, ${ONE}`;
  const night = await nightOf(zone, () => ({ S1: ON }), 3 * HOUR_S);
  t.equal(secondsAt(night, 100, 1), 3 * HOUR_S - 1);
  t.same(night.events, []);
});

t.test('a sensor that chatters is one detection that lasts, so it counts as stuck', async (t) => {
  const night = await nightOf(`kind: path, ${ONE}`, (second) => ({ S1: second % 4 < 2 ? ON : OFF }));
  t.match(night.events, [['sensor-stuck', 'S1.motion', 1_801, null]]);
  t.equal(secondsAt(night, 100, 2_000), 0);
});

t.test('without its filter it is reported as too busy, and the zone falls to its programme after the longest raise', async (t) => {
  const bare = 'presence: { sensors: [{ device: S1, offDelayS: 0 }] }';
  const night = await nightOf(`kind: path, ${bare}`, (second) => ({ S1: second % 4 < 2 ? ON : OFF }));
  t.same(codes(night), ['sensor-busy S1.motion', 'presence-too-long rue']);
  t.ok((night.events[0]?.[2] ?? 0) <= HOUR_S);
  t.equal(secondsAt(night, 100, 4 * HOUR_S + 60), 0);
  t.match(night.texts, [
    'S1.motion: more than 170 detections an hour; the light follows it all the same; check whether it chatters, or what it detects',
    'rue: presence has raised the light for 4 h without a pause; the programme applies until all its sensors have been clear for a minute; check what they detect',
  ]);
});

t.test('a pulse each 20 s is reported within the hour', async (t) => {
  const night = await nightOf(`kind: path, ${ONE}`, (second) => ({ S1: second % 20 === 0 ? ON : OFF }));
  t.same(codes(night), ['sensor-busy S1.motion', 'presence-too-long rue']);
  t.ok((night.events[0]?.[2] ?? 0) <= HOUR_S);
  t.equal(secondsAt(night, 100, 4 * HOUR_S + 60), 0);
});

t.test('two sensors in turn raise a zone for its longest time, and again once both have been still for a minute', async (t) => {
  const inTurn = (second: number) => ({ S1: second % 1_200 < 600 ? ON : OFF, S2: second % 1_200 < 600 ? OFF : ON });
  const rests = (second: number) => second >= 6 * HOUR_S && second < 6 * HOUR_S + 120;
  const night = await nightOf(`kind: path, ${TWO}`, (second) => (rests(second) ? { S1: OFF, S2: OFF } : inTurn(second)), 7 * HOUR_S);
  t.same(codes(night), ['presence-too-long rue']);
  const [, , fromS, untilS] = night.events[0] ?? ['', '', 0, 0];
  t.ok(Math.abs(fromS - 4 * HOUR_S) <= 2, `at ${fromS} s`);
  t.ok(Math.abs((untilS ?? 0) - (6 * HOUR_S + 60)) <= 2, `until ${untilS} s`);
  t.equal(secondsAt(night, 100, 4 * HOUR_S + 2, 6 * HOUR_S + 60), 0);
  t.equal(secondsAt(night, 100, 6 * HOUR_S + 125), HOUR_S - 125);
});

t.test('a busy place is no fault: pauses longer than the hold begin a new raise', async (t) => {
  const night = await nightOf(`kind: path, ${TWO}`, (second) => ({ S1: second % 600 < 500 ? ON : OFF, S2: OFF }));
  t.same(night.events, []);
});

const COUNTER = 'presence: { sensors: [{ device: S1, kind: counter, point: motion, offDelayS: 5 }] }';

t.test('a full path before a counter stays lit: one person each three seconds for three hours', async (t) => {
  const night = await nightOf(`kind: path, ${COUNTER}`, (second) => ({ S1: Math.floor(second / 3) }), 3 * HOUR_S);
  t.equal(secondsAt(night, 100, 4), 3 * HOUR_S - 4);
  t.same(night.events, []);
});

t.test('a counter that runs away is ignored and reported, and trusted again when it is normal', async (t) => {
  const counts = (second: number): number => (second < 5 * HOUR_S ? second * 5 : 5 * HOUR_S * 5 + Math.floor((second - 5 * HOUR_S) / 60));
  const night = await nightOf(`kind: path, ${COUNTER}`, (second) => ({ S1: counts(second) }), 7 * HOUR_S);
  t.same(codes(night), ['sensor-busy S1.motion']);
  const [, , fromS, untilS] = night.events[0] ?? ['', '', 0, 0];
  t.ok(fromS <= HOUR_S, `at ${fromS} s`);
  t.equal(secondsAt(night, 100, fromS + 60, 5 * HOUR_S), 0, 'it gives no light');
  t.match(night.texts, [/more than 7200 detections an hour; it is ignored until it counts less/]);
  t.ok(untilS !== null && untilS <= 6 * HOUR_S + 600, `until ${untilS} s`);
  t.ok(secondsAt(night, 100, (untilS ?? 0) + 60) > 1_000, 'people counted afterwards have light');
});

t.test('a counter that was replaced, or not read for a day, is no runaway', async (t) => {
  const [device] = cabinetOf(`kind: path, ${COUNTER}`).zones[0]?.presence?.sensors ?? [];
  if (device === undefined) throw new Error('the zone has changed');
  const at = (state: SensorState | undefined, count: number, atS: number) =>
    afterSensorReading(state, reading('S1.motion', count, atS * 1_000), device, { nowMono: atS * 1_000, ownChangeMono: null }).state;
  const replaced = at(at(at(undefined, 5, 0), 60_000, 1), 60_001, 2);
  t.match(replaced, { present: true, stuck: false, isBusy: false });
  const missed = at(at(undefined, 5, 0), 30_005, 24 * HOUR_S);
  t.match(missed, { present: true, stuck: false, isBusy: false });
});

t.test('people and vehicles at random times cause no event, however many pass in a night', async (t) => {
  for (const [kind, ownS] of [
    ['path', 5],
    ['road', 1],
  ] as const) {
    const [sensor] = cabinetOf(`kind: ${kind}, ${ONE}`).zones[0]?.presence?.sensors ?? [];
    if (sensor === undefined) throw new Error('the zone has changed');
    for (const perH of [6, 36, 120, 360, 600, 1_200]) {
      const random = createRandom(perH);
      let [state, untilS, most]: [SensorState | undefined, number, number] = [undefined, -1, 0];
      for (let second = 0; second < 10 * HOUR_S; second++) {
        if (random() < perH / HOUR_S) untilS = second + ownS;
        const time = { nowMono: second * 1_000, ownChangeMono: null };
        state = afterSensorReading(state, reading('S1.motion', second < untilS ? 100 : 0, time.nowMono), sensor, time).state;
        state = afterSensorTick(state, sensor, time.nowMono).state;
        most = Math.max(
          most,
          (state.activity ?? []).reduce((sum, { count }) => sum + count, 0),
        );
        if (state.isBusy === true) break;
      }
      t.equal(state?.isBusy, false, `${perH} an hour on a ${kind}: ${most} detections in an hour`);
    }
  }
});
