/** The failsafe level of a lamp: never below a level that the agent might have requested. */
import fc from 'fast-check';
import t from 'tap';
import { loadCabinet } from '../../../agent/config/load/load.ts';
import { readPlacedYaml } from '../../../agent/config/load/places.ts';
import { setupValuesOf } from '../../../agent/config/setup-values.ts';
import type { Cabinet } from '../../../agent/core/cabinet.ts';
import { createUnit } from '../../../agent/field/units/unit.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import { modbusDriverFor } from '../../../drivers/driver-for.ts';
import { readProfiles } from '../../../drivers/registry.ts';
import { testDevice } from '../../support/profiles.ts';
import { snapshot } from '../lighting/street.ts';

interface Changes {
  readonly zone?: string;
  readonly lamp?: string;
  readonly steps?: string;
  readonly rest?: string;
}

/** One lamp in one zone. */
function street({ zone = '', lamp = '', steps = '[{ at: dusk, levelPct: 40 }]', rest = '' }: Changes = {}): Cabinet {
  const text = `cabinet: { id: c, name: C, latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: Europe/Paris }
lines: [{ id: n, port: /dev/null, devices: [{ id: L1, unit: 1, profile: p, pole: P1 }, { id: S1, unit: 2, profile: p, pole: P1 }] }]
poles: [{ id: P1, atM: 0 }]
lamps: [{ id: L1, ratedPowerW: 60${lamp} }]
zones: [{ id: rue, lamps: [L1], programme: usual${zone} }]
programmes: [{ id: usual, steps: ${steps} }, { id: market, steps: [{ at: dusk, levelPct: 90 }] }]
${rest}`;
  return loadCabinet('c.yaml', () => text).cabinet;
}
const failsafe = (cabinet: Cabinet, device = 'L1'): number => setupValuesOf(cabinet, device).failsafeLevelPct;

const TRAFFIC = ', designClass: M3, traffic: { counters: [{ device: S1 }], designFlowPerH: 400, steps: [{ belowPct: 25, levelPct: 30 }] }';
const CALENDAR = 'calendars: [{ id: week, rules: [{ programme: market, weekdays: [fri] }] }]';
const levels: [story: string, changes: Changes, pct: number][] = [
  ['the highest step of its programme', { steps: '[{ at: dusk, levelPct: 70 }, { at: "23:00", levelPct: 20 }]' }, 70],
  ['full light where traffic decides', { zone: TRAFFIC, steps: '[{ at: dusk, levelPct: 30 }]' }, 100],
  [
    'full light where presence raises',
    { zone: ', kind: path, presence: { sensors: [{ device: S1 }] }', steps: '[{ at: dusk, levelPct: 20 }]' },
    100,
  ],
  ['the highest programme of its calendar', { zone: ', calendar: week', rest: CALENDAR }, 90],
  ['an event night', { rest: 'eventNights: [{ id: fete, date: 07-14, until: "02:00", levelPct: 80 }]' }, 80],
  ['not that of another zone', { rest: CALENDAR }, 40],
  [
    'what a rule raises it to',
    { rest: 'rules: [{ id: r, point: S1.pm, above: 50, clearsAt: 40, raise: { zones: [rue], levelPct: 55 } }]' },
    55,
  ],
  ['not below the minimum of its zone', { zone: ', minPct: 60' }, 60],
  ['not above what the lamp may give', { lamp: ', maxPct: 70', zone: TRAFFIC }, 70],
  ['nor above it in a zone with presence', { lamp: ', maxPct: 85', zone: ', presence: { sensors: [{ device: S1 }] }' }, 85],
  ['at least some light in a street that goes dark', { zone: ', dark: {}, minPct: 0', steps: '[{ at: dusk, levelPct: 0 }]' }, 1],
];
for (const [story, changes, pct] of levels) {
  t.test(`without an agent a lamp keeps ${story}`, async (t) => t.equal(failsafe(street(changes)), pct));
}

t.test('a device without a lamp, and a lamp without a zone, have full light', async (t) => {
  t.equal(failsafe(street(), 'S1'), 100);
  const cabinet = street({ lamp: ', maxPct: 95' });
  t.equal(failsafe({ ...cabinet, zones: [] }), 95);
});

t.test('on any night, no failsafe level is darker than what the agent decides by itself', async (t) => {
  const pct = fc.integer({ min: 10, max: 100 });
  fc.assert(
    fc.property(
      pct,
      pct,
      pct,
      fc.integer({ min: 50, max: 100 }),
      fc.integer({ min: 0, max: 366 }),
      fc.integer({ min: 0, max: 23 }),
      (a, b, c, maxPct, day, hour) => {
        const cabinet = street({
          lamp: `, maxPct: ${maxPct}`,
          zone: ', calendar: week',
          steps: `[{ at: dusk, levelPct: ${a} }, { at: "22:00", levelPct: ${b} }, { at: dawn-60, levelPct: ${c} }]`,
          rest: `${CALENDAR}\neventNights: [{ id: fete, date: 07-14, until: "02:00", levelPct: ${c} }]`,
        });
        const nowMs = Date.UTC(2026, 0, 1 + day, hour);
        const [decision] = createDecider(cabinet).decide(snapshot({ nowMs })).decisions;
        return failsafe(cabinet) >= (decision?.levelPct ?? 0) && failsafe(cabinet) <= maxPct;
      },
    ),
    { numRuns: 100 },
  );
  t.pass('held for all generated nights');
});

// ── devices ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const { profiles } = readProfiles([], readPlacedYaml);
const stepsOf = (id: string, failsafeLevelPct: number) => {
  const profile = profiles.get(id);
  if (profile === undefined) throw new Error(`no profile ${id}`);
  const setupValues = { rampUpMs: 1_000, rampDownMs: 10_000, failsafeTimeoutS: 60, failsafeLevelPct };
  return createUnit({ device: testDevice('G', { profile: id }), driver: modbusDriverFor(profile), setupValues }).steps;
};

t.test('a DALI gateway gets one power-on and one system-failure level: the highest that one of its lamps needs', async (t) => {
  const bare = street();
  const [lamp] = bare.lamps;
  if (lamp === undefined) throw new Error('the street has changed');
  const zone = (id: string, lampId: string, minPct: number) => ({
    ...(bare.zones[0] as Cabinet['zones'][number]),
    id,
    lamps: [lampId],
    minPct,
  });
  const cabinet = {
    ...bare,
    lamps: [
      { ...lamp, id: 'A', device: 'G', point: 'ecg0_level', maxPct: 50 },
      { ...lamp, id: 'B', device: 'G', point: 'ecg1_level', maxPct: 80 },
    ],
    zones: [zone('a', 'A', 90), zone('b', 'B', 65)],
  };
  t.equal(failsafe(cabinet, 'G'), 65);
  t.match(stepsOf('intesis-inmbsdal', 65), [
    { table: 'holding', address: 6_808, value: 2 },
    { table: 'holding', address: 6_812, value: 65 },
    { table: 'holding', address: 6_813, value: 65 },
  ]);
});

t.test('a device with lamps of several zones rises as fast as the fastest of them, and falls as slowly as the slowest', async (t) => {
  const bare = street({ zone: ', presence: { sensors: [{ device: S1 }], rampUpS: 8, rampDownS: 4 }' });
  const [lamp, zone] = [bare.lamps[0] as Cabinet['lamps'][number], bare.zones[0] as Cabinet['zones'][number]];
  const fast = { ...zone, id: 'b', lamps: ['B'], presence: zone.presence && { ...zone.presence, rampUpS: 2, rampDownS: 6 } };
  const cabinet = { ...bare, lamps: [lamp, { ...lamp, id: 'B', point: 'level2' }], zones: [zone, fast] };
  t.match(setupValuesOf(cabinet, 'L1'), { rampUpMs: 2_000, rampDownMs: 6_000 });
  t.match(setupValuesOf(bare, 'L1'), { rampUpMs: 8_000, rampDownMs: 4_000 });
  t.match(setupValuesOf(street(), 'L1'), { rampUpMs: 1_000, rampDownMs: 10_000 }, 'a zone without presence');
});

t.test('each shipped profile declares whether its lamps fall back by themselves, and writes what is needed for that', async (t) => {
  const lamps = [...profiles.values()].filter(({ points }) => points.some(({ semantic, write }) => semantic === 'level' && write !== null));
  t.same(lamps.map(({ id, fallsBack }) => [id, fallsBack]).sort(), [
    ['dali-d4i-driver', false],
    ['dali-dt6', false],
    ['ecodim-dali-gw2', false],
    ['intesis-inmbsdal', false],
    ['wirenboard-wb-led', true],
    ['wirenboard-wb-led-4ch', true],
    ['wirenboard-wb-mdm3', true],
  ]);
  for (const { id, fallsBack, setup } of lamps) {
    const written = setup.map(({ value }) => value);
    t.equal(written.includes('failsafeTimeoutS') && written.includes('failsafeLevelPct'), fallsBack, id);
  }
});
