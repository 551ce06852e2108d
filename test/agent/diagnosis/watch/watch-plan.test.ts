import t from 'tap';
import { loadSite } from '../../../../agent/config/load/load-site.ts';
import { cabinetPoints } from '../../../../agent/core/cabinet-points.ts';
import type { PointProfile } from '../../../../agent/core/profile.ts';
import { DEFAULT_WATCH } from '../../../../agent/core/watch-config.ts';
import { type WatchPlan, watchPlan } from '../../../../agent/diagnosis/watch/watch-plan.ts';

type WatchedCabinet = Parameters<typeof watchPlan>[0];

/** The plan of the example street with these meters, as `<id> <profile>`, besides the utility's; `loadMeters` as in the section `watch`. */
function planOf(meters: readonly string[], loadMeters: readonly string[] | null = null): WatchPlan {
  const { cabinet, profiles } = loadSite(new URL('../../../../config/example-street.yaml', import.meta.url).pathname);
  const lines = cabinet.lines.map((line) => ({
    ...line,
    devices: line.devices.flatMap((device) =>
      device.id === 'M01'
        ? meters.map((each) => ({ ...device, id: each.split(' ')[0] ?? '', profile: each.split(' ')[1] ?? '' }))
        : [device],
    ),
  }));
  const site = { ...cabinet, lines, watch: { ...DEFAULT_WATCH, loadMeters } };
  return watchPlan(site, cabinetPoints(site, profiles), profiles);
}

t.test("the first meter is that of the supply: not of a load, the own before the utility's, then the most phases", (t) => {
  for (const [meters, loadMeters, expected] of [
    [['M01 eastron-sdm630'], null, ['M01', 'LINKY']],
    [['M01 eastron-sdm120'], null, ['M01', 'LINKY']],
    [['M01 eastron-sdm120', 'M02 eastron-sdm630'], null, ['M02', 'M01', 'LINKY']],
    [['M01 eastron-sdm630', 'M02 eastron-sdm630'], ['M01'], ['M02', 'LINKY', 'M01']],
    [[], null, ['LINKY']],
  ] as const) {
    const { meters: found, feeders } = planOf(meters, loadMeters);
    t.strictSame(
      found.map(({ id }) => id),
      expected,
      meters.join(),
    );
    t.ok(feeders.every(({ meter }) => meter === 0));
  }
  t.end();
});

t.test('a circuit with the id of the cabinet feeds its own zones alone', async (t) => {
  const zones = ['a', 'b', 'c'].map((id) => ({ id, lamps: [`L${id}`], presence: null }));
  const lamps = zones.map(({ lamps: [id = ''] }) => ({ id, device: id, point: 'level', pole: null, ratedPowerW: 40 }));
  const outputs = [
    { id: 'quay', litWith: { zones: ['a'] } },
    { id: 'K2', litWith: { zones: ['b'] } },
  ];
  const { feeders } = watchPlan({ id: 'quay', watch: null, zones, lamps, outputs } as unknown as WatchedCabinet, new Map(), new Map());
  t.strictSame(
    feeders.map((feeder) => feeder.lamps),
    [[0], [1], [2]],
  );
});

t.test('the idle value of a circuit may be a name of its point', async (t) => {
  const { cabinet, profiles } = loadSite(new URL('../../../../config/example-street.yaml', import.meta.url).pathname);
  const [first] = [...cabinetPoints(cabinet, profiles).values()];
  if (first === undefined) return t.fail('no point');
  const point = {
    ...first,
    pointId: 'IO.relay',
    profile: { ...first.profile, enum: { 1: 'on', 2: 'off' }, scale: 1, offset: 0, decimals: 0 },
  } as const;
  const output = { device: 'IO', point: 'relay', litWith: { zones: ['a'], value: 'on' } };
  const outputs = ['off', 2, 0].map((idle, at) => ({ ...output, id: `K${at}`, idle }));
  const site = { id: 'X', watch: null, zones: [], lamps: [], outputs } as unknown as WatchedCabinet;
  const { feeders } = watchPlan(site, new Map([['IO.relay', point]]), new Map());
  t.strictSame(
    feeders.map(({ idle }) => idle),
    [2, 2, 0, 0],
  );
});

t.test('the step of the power of a lamp is that of the point that measures it', async (t) => {
  const { cabinet, profiles } = loadSite(new URL('../../../../config/example-street.yaml', import.meta.url).pathname);
  const [first] = [...cabinetPoints(cabinet, profiles).values()];
  if (first === undefined) return t.fail('no point');
  const power = { ...first.profile, id: 'power', semantic: 'power', unit: 'W', poll: 'slow', type: 'u16', scale: 1, decimals: 0 } as const;
  const stepOf = (...points: readonly Partial<PointProfile>[]): number | undefined => {
    const lamps = [{ id: 'L', device: first.device.id, point: 'level', pole: null, ratedPowerW: 40 }];
    const site = { id: 'X', watch: null, zones: [], lamps, outputs: [] } as unknown as WatchedCabinet;
    const own = points.map((each, at) => ({ ...first, pointId: `L.p${at}`, semantic: 'power', profile: { ...power, ...each } }) as const);
    return watchPlan(site, new Map(own.map((point) => [point.pointId, point])), new Map()).lamps[0]?.stepW;
  };
  t.equal(stepOf({}), 1);
  t.equal(stepOf({ scale: 0.1, decimals: 1 }), 0.1);
  t.equal(stepOf({ type: 'e32', decimals: 1 }), 0.1, 'a number with its own power of ten, as a D4i driver has');
  t.equal(stepOf({ type: 'f32', decimals: 1 }), 0.1);
  t.equal(stepOf({ unit: 'kW', decimals: 3 }, { poll: 'never' }, { scale: 0.5, decimals: 1 }), 0.5, 'others do not measure it');
});
