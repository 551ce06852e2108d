/** What a revision may do with every timing key: refused, or the street still lights as soon as before. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { floorFlaws } from '../../../../agent/config/floor/floor-check.ts';
import { cabinetJsonSchema } from '../../../../agent/config/schema/schema.ts';
import type { JsonSchema } from '../../../../agent/core/json-schema.ts';
import { changed } from '../small-street.ts';
import { flaws as allFlaws, FED, loadEdited, NOW_MS } from './floor-changes.ts';

/** Timing is the same in each night, so three do. */
const NIGHTS = { nightsAhead: 3 };
const flaws = (...[t, changes]: Parameters<typeof allFlaws>): string[] => allFlaws(t, { ...changes, ...NIGHTS });

type Edits = readonly (readonly [from: string, to: string])[];

const DARK: Edits = [['minPct: 10\n    presence', 'dark: {}\n    presence']];
const CELL: Edits = [
  ['    programme: residential', '    photocell: { device: S01, dwellS: 100, windowMin: 60, staleS: 900 }\n    programme: residential'],
];
const inLine = (text: string): Edits => [['    serial: {', `    ${text}\n    serial: {`]];
const QUIRKS: Edits = [
  [
    'profile: wirenboard-wb-msw, pole: P02',
    'profile: wirenboard-wb-msw, pole: P02, quirks: { responseTimeoutMs: 300, minGapMs: 10, retries: 2 }',
  ],
];
const SENSOR: Edits = [
  ...DARK,
  ['threshold: 50, ownHoldS: 5', 'threshold: 50, minPulseS: 1, offDelayS: 5, blankS: 2, stuckS: 1800, maxPerH: 200, ownHoldS: 5'],
];
/** Path of a key with its value, and the factors that need no approval because light starts as soon and lasts as long. */
interface Row {
  readonly base: Edits;
  readonly key: string;
  readonly value: number;
  readonly free: readonly number[];
}
const FACTORS = [0.1, 10, 1_000];
const SHORTER = [0.1];

// biome-ignore format: a table
const LIGHT: Readonly<Record<string, Row>> = {
  'cabinet.startQuietS': { base: [['timezone: Europe/Paris }', 'timezone: Europe/Paris, startQuietS: 5 }']], key: 'startQuietS', value: 5, free: SHORTER },
  'lines.rs485.delayBeforeSendMs': { base: inLine('rs485: { delayBeforeSendMs: 10 }'), key: 'delayBeforeSendMs', value: 10, free: SHORTER },
  'lines.rs485.delayAfterSendMs': { base: inLine('rs485: { delayAfterSendMs: 10 }'), key: 'delayAfterSendMs', value: 10, free: SHORTER },
  'lines.maxWritesPerS': { base: inLine('maxWritesPerS: 20'), key: 'maxWritesPerS', value: 20, free: [10] },
  'lines.devices.quirks.responseTimeoutMs': { base: QUIRKS, key: 'responseTimeoutMs', value: 300, free: [] },
  'lines.devices.quirks.minGapMs': { base: QUIRKS, key: 'minGapMs', value: 10, free: [] },
  'lines.devices.quirks.retries': { base: QUIRKS, key: 'retries', value: 2, free: [] },
  'zones.photocell.dwellS': { base: CELL, key: 'dwellS', value: 100, free: SHORTER },
  'zones.photocell.staleS': { base: CELL, key: 'staleS', value: 900, free: SHORTER },
  'zones.presence.holdS': { base: DARK, key: 'holdS', value: 15, free: [10] },
  'zones.presence.rampUpS': { base: [...DARK, ['rampDownS: 5', 'rampUpS: 1, rampDownS: 5']], key: 'rampUpS', value: 1, free: SHORTER },
  'zones.presence.maxBoostS': { base: [...DARK, ['rampDownS: 5', 'maxBoostS: 7200, rampDownS: 5']], key: 'maxBoostS', value: 7_200, free: [10] },
  'zones.presence.sensors.ownHoldS': { base: SENSOR, key: 'ownHoldS', value: 5, free: SHORTER },
  'zones.presence.sensors.minPulseS': { base: SENSOR, key: 'minPulseS', value: 1, free: SHORTER },
  'zones.presence.sensors.offDelayS': { base: SENSOR, key: 'offDelayS', value: 5, free: SHORTER },
  'zones.presence.sensors.blankS': { base: SENSOR, key: 'blankS', value: 2, free: SHORTER },
  'zones.presence.sensors.stuckS': { base: SENSOR, key: 'stuckS', value: 1_800, free: [10] },
  'zones.presence.sensors.maxPerH': { base: SENSOR, key: 'maxPerH', value: 200, free: [10] },
  'outputs.minOffS': { base: [...FED, ['zones: [rue] } }', 'zones: [rue] }, minOffS: 60 }']], key: 'minOffS', value: 60, free: SHORTER },
};
/** Keys that cannot bring the light below the floor, with the reason. */
const NOT_OWED: Readonly<Record<string, string>> = {
  'zones.onOffsetMin': 'compared night by night, in floor-check.test.ts',
  'zones.offOffsetMin': 'compared night by night',
  'zones.seasons.onOffsetMin': 'compared night by night, in floor-operators.test.ts',
  'zones.seasons.offOffsetMin': 'compared night by night',
  'zones.photocell.windowMin': 'compared night by night, with a photocell that reports day',
  'zones.dark.warnS': 'a warning before a dark that is planned',
  'zones.presence.rampDownS': 'a slower or faster end',
  'zones.presence.wave.lookAheadS': 'the floor has the light around a sensor, without the wave',
  'zones.traffic.designFlowPerH': 'traffic only raises',
  'rules.forS': 'a rule only raises',
  'outputs.minOnS': 'a circuit stays closed for longer',
  'panels.limits.changesPerMin': 'no lamp depends on a text; texts are commands, which urgent levels pass',
  'sound.limits.announcementsPerH': 'no light',
  'sound.places.warmUpS': 'no light; a relay that feeds a lamp cannot switch an amplifier',
  'sound.places.offDelayS': 'no light',
  'sound.tracks.maxS': 'no light',
  'uplink.keepaliveS': 'no light',
  'uplink.birthJitterS': 'no light',
  'store.commitSeconds': 'no light',
  'store.maxDays': 'no light',
  'store.peopleDays': 'no light',
  'store.recordDays': 'no light',
  'store.heartbeatS': 'no light',
  'watch.powerFactorMin': 'no light; a power factor',
};

function timingKeys(schema: JsonSchema, path = ''): string[] {
  const {
    properties = {},
    items,
    anyOf = [],
  } = schema as { properties?: Record<string, JsonSchema>; items?: JsonSchema; anyOf?: JsonSchema[] };
  const own = Object.entries(properties).flatMap(([key, each]) => {
    const name = path === '' ? key : `${path}.${key}`;
    const isTiming = /(S|Ms|Min|Days|Seconds|PerH|retries)$/.test(key) && !('properties' in each);
    return [...(isTiming ? [name] : []), ...timingKeys(each, name)];
  });
  return [...own, ...[items, ...anyOf].flatMap((each) => (each === undefined ? [] : timingKeys(each, path)))];
}

t.test('every timing key of the configuration has its place in these tables', (t) => {
  const judged = [...Object.keys(LIGHT), ...Object.keys(NOT_OWED)].sort();
  t.strictSame([...new Set(timingKeys(cabinetJsonSchema()))].sort(), judged);
  t.end();
});

for (const [name, { base, key, value, free }] of Object.entries(LIGHT)) {
  t.test(`a tenth, ten and a thousand times of ${name} is refused where light would start later or end sooner`, async (t) => {
    for (const factor of FACTORS) {
      const found = flaws(t, { base, edits: [[`${key}: ${value}`, `${key}: ${Math.round(value * factor * 10) / 10}`]] });
      t.equal(found.length === 0, free.includes(factor), `x ${factor}: ${found.join('\n')}`);
    }
  });
}

t.test('a device type that makes its units slow is refused as the device itself', async (t) => {
  for (const text of [
    'responseTimeoutMs: 5000',
    'responseTimeoutMs: 20',
    'responseTimeoutMs: 200, retries: 9',
    'responseTimeoutMs: 200, retries: 0',
  ])
    t.match(flaws(t, { led: [['responseTimeoutMs: 200', text]] }).join('\n'), /could delay its line; the floor of the site allows/, text);
  t.match(flaws(t, { led: [['settleMs: 40', 'settleMs: 40000']] }).join('\n'), /level\.settleMs: 40000 could delay its line/);
});

t.test('a new unit on a line of lamps may be as slow as the shipped device types, and no slower', async (t) => {
  const added = (quirks: string): Parameters<typeof flaws>[1] => ({
    edits: [['      - { id: S01', `      - { id: M09, unit: 99, profile: eastron-sdm630, quirks: { ${quirks} } }\n      - { id: S01`]],
  });
  t.strictSame(flaws(t, added('responseTimeoutMs: 500, minGapMs: 60, retries: 2')), []);
  for (const slow of ['responseTimeoutMs: 501', 'minGapMs: 61', 'retries: 3', 'responseTimeoutMs: 5000, retries: 9'])
    t.match(flaws(t, added(slow)).join('\n'), /devices\[M09\]\.quirks/, slow);
});

t.test('what the site already runs may stay, and become faster', async (t) => {
  const slow: Edits = [
    ['profile: wirenboard-wb-msw, pole: P02', 'profile: wirenboard-wb-msw, pole: P02, quirks: { responseTimeoutMs: 2000, retries: 5 }'],
  ];
  t.strictSame(flaws(t, { base: slow, edits: [['levelPct: 30 }', 'levelPct: 20 }']] }), []);
  t.strictSame(flaws(t, { base: slow, edits: [['responseTimeoutMs: 2000, retries: 5', 'responseTimeoutMs: 800, retries: 3']] }), []);
  t.ok(flaws(t, { base: slow, edits: [['responseTimeoutMs: 2000', 'responseTimeoutMs: 2500']] }).length > 0);
});

t.test('a sensor of a zone that may be dark, and a key that requests light, are read as often as before', async (t) => {
  const profileWith = (device: string, from: string, to: string) =>
    changed(readFileSync(`drivers/profiles/${device}.yaml`, 'utf8'), [[from, to]]);
  const key: Edits = [
    [
      '      - { id: S01',
      '      - { id: IO1, unit: 41, profile: waveshare-modbus-relay-d8, roles: { input_1: emergency } }\n      - { id: S01',
    ],
  ];
  const rows = [
    [DARK, profileWith('wirenboard-wb-msw', 'poll: fast', 'poll: slow'), /S01\.motion no longer gives light/],
    [
      key,
      profileWith(
        'waveshare-modbus-relay-d8',
        'discrete, address: 0, type: bit, poll: normal',
        'discrete, address: 0, type: bit, poll: slow',
      ),
      /roles: its emergency .* read otherwise/,
    ],
  ] as const;
  for (const [base, profile, flaw] of rows) {
    const site = loadEdited(t, base);
    const found = floorFlaws({ after: loadEdited(t, base, profile), running: site, site, nowMs: NOW_MS, ...NIGHTS });
    t.match(found.map(({ path, message }) => `${path}: ${message}`).join('\n'), flaw);
  }
});
