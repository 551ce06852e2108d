import t from 'tap';
import { createLightViews } from '../../../../agent/control/views/light-views.ts';
import type { Zone } from '../../../../agent/core/cabinet.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { ZoneView } from '../../../../agent/core/views.ts';
import type { IntentAuthority } from '../../../../agent/core/words.ts';
import { createDecider } from '../../../../agent/lighting/decide.ts';
import type { LightingSnapshot, LightingStreet } from '../../../../agent/lighting/lighting.ts';
import { texts } from '../../../support/texts.ts';
import { intent, makeStreet, PRESENCE, seen, sensor, snapshot, winter, ZONE } from '../../lighting/street.ts';

const NOW_MONO = 1_000_000;

/** The views of a street at one instant, without lines or lamps. */
function viewsOf(street: LightingStreet, taken: LightingSnapshot | null) {
  const decided = taken === null ? null : createDecider(street).decide(taken);
  const refuse = (): never => {
    throw new Error('not asked here');
  };
  const lamps = (decided?.decisions ?? []).map(({ lampId, levelPct, rank, reason }) => ({
    ...{ id: lampId, pole: 'P1', wantedPct: levelPct, measuredPct: levelPct, rank, reason, faults: [] },
    following: lampId !== 'L4',
  }));
  const zone: ZoneView = { id: 'rue', programme: 'residential', reason: '', minPct: 0, maxPct: 0, lamps };
  const control: Parameters<typeof createLightViews>[0]['control'] = {
    snapshot: () => taken,
    zones: () => [zone],
    zoneStates: () => decided?.zones ?? [],
    why: (id) =>
      id === 'L9'
        ? undefined
        : {
            id,
            kind: 'lamp',
            lamps: lamps.slice(0, 1).map((lamp) => ({ ...lamp, sinceMs: 0, trace: decided?.decisions[0]?.trace ?? [] })),
          },
    walkTest: () => ({ sensors: ['S01.motion'], ended: new AbortController().signal, stop: () => {} }),
    identify: refuse,
    burningHours: () => new Map([['L1', 1_234.6]]),
    setBurningHours: async () => true,
  };
  return createLightViews({ street, clock: createManualClock(winter('23:30')), control });
}
const PHOTOCELL: Zone['photocell'] = {
  ...{ device: 'LUX', point: 'illuminance', onBelowLux: 35, offAboveLux: 70, dwellS: 180, windowMin: 60, staleS: 900 },
  seesOwnLight: false,
};
const cell = { lux: 3, atMono: NOW_MONO, belowMono: 0, aboveMono: null, says: 'dark' } as const;

t.test('what acts in a zone: step, lamps, intents, sensors and their health', async (t) => {
  const presence = {
    ...PRESENCE,
    sensors: [sensor('S01'), sensor('S02'), sensor('S03'), sensor('S04', { listen: 'group' }), sensor('S05')],
  };
  const sensors = new Map([
    ['S01.motion' as const, seen(NOW_MONO - 4_000, true)],
    ['S02.motion' as const, { ...seen(NOW_MONO - 60_000), stuck: true }],
    ['S03.motion' as const, seen(NOW_MONO - 60_000)],
    ['S04.motion' as const, seen(NOW_MONO, true)],
  ]);
  const intents = [
    intent({ levelPct: 20, target: { kind: 'lamp', id: 'L6' } }),
    intent({ rank: 'maintenance', target: { kind: 'cabinet', id: 'c' }, levelPct: 40 }),
    intent({ target: { kind: 'zone', id: 'elsewhere' } }),
    intent({ untilMono: NOW_MONO }),
  ];
  const { light } = viewsOf(makeStreet({ zone: { presence } }), snapshot({ sensors, intents }));
  const [zone] = light.zones();
  t.match(zone, { id: 'rue', light: 'night', programme: 'residential', step: '23:00', programmePct: 30, presence: 'boost' });
  t.equal(zone?.untilMs, winter('06:00', '2026-01-16'));
  t.match(zone?.lamps, { count: 6, lit: 6, minPct: 40, maxPct: 40, notFollowing: ['L4'] });
  t.same(
    zone?.intents.map(({ rank, target }) => [rank, target.kind]),
    [
      ['maintenance', 'cabinet'],
      ['override', 'lamp'],
    ],
    'the strongest first; those of others and those that are over are not among them',
  );
  t.same(
    zone?.sensors.map(({ state, pole }) => [state, pole]),
    [
      ['present', 'P2'],
      ['stuck', 'P5'],
      ['still', null],
      ['group', null],
      ['silent', null],
    ],
  );
  t.equal(zone?.sensors[0]?.lastPresentMs, winter('23:30') - 4_000);
});

t.test('intents by authority: each once, and none shows a key that its reader does not know', async (t) => {
  const zones = [
    { ...ZONE, id: 'one', lamps: ['L1'] },
    { ...ZONE, id: 'two', lamps: ['L2'] },
  ];
  const intents = [
    intent({ id: 'lock', authority: 'technician', source: 'platform', target: { kind: 'cabinet', id: 'c' } }),
    intent({ id: 'order', authority: 'platform', source: 'console:anna', target: { kind: 'zone', id: 'one' } }),
    intent({ id: 'over', authority: 'technician', target: { kind: 'lamp', id: 'L2' }, untilMono: NOW_MONO }),
    intent({ id: 'alone', authority: 'site', target: { kind: 'lamp', id: 'in-no-zone' } }),
  ];
  const { light } = viewsOf(makeStreet({ street: { zones } }), snapshot({ intents }));
  const idsOf = (authority: IntentAuthority) => light.intentsBy(authority).map(({ id }) => id);
  t.same([idsOf('technician'), idsOf('platform'), idsOf('site')], [['lock'], ['order'], ['alone']]);
  const keys = ['id', 'levelPct', 'rank', 'reason', 'sinceMs', 'source', 'target', 'untilMs'];
  for (const shown of [...light.intentsBy('technician'), ...light.zones().flatMap((zone) => zone.intents)])
    t.strictSame(Object.keys(shown).sort(), keys);
});

// biome-ignore format: a table
const cells: [story: string, state: object | null, says: string, ok: boolean][] = [
  ['dark', cell, 'dark', true],
  ['not sure yet', { ...cell, says: null }, 'no value yet', true],
  ['stale', { ...cell, atMono: NOW_MONO - 901_000 }, 'no value', false],
  ['without a value', { ...cell, lux: null }, 'no value', false],
  ['never heard', null, 'no value', false],
  ['against the sun for nights', { ...cell, isDoubtful: true }, 'a value that contradicts the sun', false],
];
for (const [story, state, says, ok] of cells) {
  t.test(`a photocell in the list of zones: ${story}`, async (t) => {
    const photocells = new Map(state === null ? [] : [['LUX.illuminance' as const, state as typeof cell]]);
    const { light } = viewsOf(makeStreet({ zone: { photocell: PHOTOCELL } }), snapshot({ photocells }));
    t.match(texts(light.zones()), [{ photocell: { pointId: 'LUX.illuminance', says, ok } }]);
  });
}

t.test('traffic and rules in the list of zones', async (t) => {
  const traffic: Zone['traffic'] = {
    ...{ counters: [{ device: 'C', point: 'count' }], designFlowPerH: 200 },
    steps: [{ belowPct: 50, level: { pct: 40 } }],
  };
  const rule = { id: 'smog', when: { kind: 'presence', zone: 'rue' }, raise: { zones: ['rue'], levelPct: 50 } } as const;
  const street = makeStreet({
    zone: { traffic },
    street: {
      rules: [
        rule,
        { ...rule, id: 'other', raise: null },
        { ...rule, id: 'off' },
        { ...rule, id: 'peak', raise: null, lower: { zones: ['rue'], levelPct: 20 } },
      ],
    },
  });
  const holds = { holds: true, sinceMono: 0 };
  const taken = snapshot({
    traffic: new Map([['rue', { flowPerH: 60, step: 0, sinceMono: 0 }]]),
    rules: new Map([
      ['smog', holds],
      ['other', holds],
      ['peak', holds],
    ]),
  });
  t.match(viewsOf(street, taken).light.zones(), [{ traffic: { flowPerH: 60, sharePct: 30, ok: true }, rules: ['smog', 'peak'] }]);
  t.match(viewsOf(street, snapshot()).light.zones(), [{ traffic: { flowPerH: null, sharePct: null, ok: false }, rules: [] }]);
});

t.test('without a time a zone is lit and has no step; before the first decision it has no report', async (t) => {
  t.match(viewsOf(makeStreet(), snapshot({ clockQuality: 'none' })).light.zones(), [
    { light: 'time-not-trusted', step: null, untilMs: null },
  ]);
  t.match(viewsOf(makeStreet(), null).light.zones(), [{ light: 'time-not-trusted', presence: 'off', lamps: { count: 0, lit: 0 } }]);
  t.match(viewsOf(makeStreet(), snapshot({ nowMs: winter('12:30') })).light.zones(), [{ light: 'day', step: null, presence: 'off' }]);
});

t.test('why has the request of each rank before the limits, and each line its reasons', async (t) => {
  const lowered = snapshot({ intents: [intent({ levelPct: 3, sinceMs: winter('22:00') })] });
  const [lamp] = viewsOf(makeStreet(), lowered).why('L1')?.lamps ?? [];
  t.match(lamp, { requestedPct: 3, wantedPct: 10 });
  t.match(texts(lamp?.trace[0]), { rank: 'override', sinceMs: winter('22:00'), changes: 'luciole release rue' });
  t.equal(viewsOf(makeStreet(), lowered).why('L9'), undefined);
});

t.test('why in the past reports no level as decided: requests and sensors of that time are not recorded', async (t) => {
  const held = intent({ levelPct: 60, sinceMs: winter('22:00'), untilMono: NOW_MONO + 3_600_000 });
  const programmes = new Map([
    ['rue', { programme: 'other', source: 'platform', untilMono: NOW_MONO + 3_600_000, untilMs: winter('23:59') }],
  ]);
  const { whyAt } = viewsOf(makeStreet(), snapshot({ intents: [held], programmes }));
  const found = whyAt('L2', winter('23:15'));
  t.match(found, { kind: 'lamp', atMs: winter('23:15'), lamps: [] });
  t.match(found?.past, [
    { id: 'L2', measured: null, planned: [{ rank: 'programme', source: 'residential', levelPct: 30 }, { rank: 'dusk' }] },
  ]);
  t.strictSame(
    found?.past?.flatMap(({ planned }) => planned).filter(({ rank, applied }) => applied || rank === 'override'),
    [],
    'an override that holds now is not shown for then, and no line is marked as the one that decided',
  );
  t.equal(whyAt('rue', winter('23:15'))?.past?.length, 6);
  t.match(whyAt('L2', winter('23:30')), { lamps: [{ wantedPct: 60 }] }, 'the present is known');
});

t.test('why at another time decides from the present state', async (t) => {
  const ends = intent({ levelPct: 60, sinceMs: winter('23:00'), untilMono: NOW_MONO + 3_600_000 });
  const { whyAt, light } = viewsOf(makeStreet(), snapshot({ intents: [ends] }));
  t.match(whyAt('L2', winter('00:15', '2026-01-16')), { kind: 'lamp', lamps: [{ wantedPct: 60, measuredPct: null, rank: 'override' }] });
  t.match(whyAt('rue', winter('00:45', '2026-01-16')), { kind: 'zone', lamps: Array(6).fill({ wantedPct: 30, rank: 'programme' }) });
  t.equal(whyAt('L9', 0), undefined);
  t.throws(() => light.tonight('place'), { message: 'there is no zone place on this street' });
  t.equal(light.tonight(null).length, 1);
  const walks = [light, viewsOf(makeStreet(), null).light].map((each) => each.walkTest('rue', 1_000, () => {}));
  t.match(
    walks,
    [{ night: true, sensors: ['S01.motion'] }, { night: true }],
    'also before the first decision: it must not say that it is day',
  );
});
