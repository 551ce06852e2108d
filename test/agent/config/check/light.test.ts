import fc from 'fast-check';
import t from 'tap';
import { checkAgainstProfiles } from '../../../../agent/config/check/check-profiles.ts';
import { compareTimes } from '../../../../agent/config/check/check-programmes.ts';
import { loadCabinet, readCabinet } from '../../../../agent/config/load/load.ts';
import { formatProblem, type Problem } from '../../../../agent/core/errors.ts';
import type { PointProfile, Profile } from '../../../../agent/core/profile.ts';
import { SERIAL_8N2, testPoint, testProfile, writable } from '../../../support/profiles.ts';
import { LIT_STREET, litStreetYaml } from '../floor/lit-street.ts';
import { calendars, levels, outputs, programmes, rules, streets, zones } from './light-mistakes.ts';

const textsOf = (problems: readonly Problem[]): string[] => problems.map((problem) => formatProblem(problem).replace('c.yaml:', ''));
const complaints = (text: string): string[] => textsOf(readCabinet('c.yaml', () => text, 'new').problems);

t.test('what an update would refuse in a new configuration is a warning in a running one, and people who stay have light', async (t) => {
  const text = litStreetYaml(['reachM: 40', 'maxBoostS: 3600'], ['litWith: { zones: [road] }', 'litWith: { zones: [road, park] }']);
  const refused = complaints(text);
  t.match(refused, [/maxBoostS 3600 ends before stuckS 14400/, /zone "park" may go dark and presence lights it/]);
  const { cabinet, warnings } = loadCabinet('c.yaml', () => text);
  t.strictSame(
    textsOf(warnings).filter((each) => refused.includes(each)),
    refused,
  );
  t.equal(cabinet.zones[1]?.presence?.maxBoostS, 14_400);
});

t.test('a street with every kind of light loads, each default by what it depends on', async (t) => {
  const cabinet = loadCabinet('c.yaml', () => LIT_STREET).cabinet;
  const [road, park] = cabinet.zones;
  t.match(road, { minPct: 30, designClass: 'M3', calendar: 'weekly', dark: null }, 'the class minimum is in minPct');
  t.match(road?.presence?.wave, { mode: 'poles', speedKmh: 25, lookAheadS: 4, leastAheadM: 30, behindM: 15 });
  t.match(road?.photocell, { point: 'illuminance', dwellS: 180, windowMin: 60, staleS: 900, seesOwnLight: false });
  t.match(road?.traffic, { counters: [{ point: 'count' }], steps: [{ belowPct: 25, level: { class: 'M5' } }, { belowPct: 50 }] });
  t.match(park, { dark: { warnPct: 20, warnS: 30 }, presence: { sensors: [{ stuckS: 14_400 }] } }, 'a bench is sat on for long');
  t.strictSame(
    cabinet.programmes[0]?.steps.map(({ at }) => at),
    ['dusk', { hour: 23, minute: 0 }, { sun: 'middle', offsetMin: -60 }, { hour: 5, minute: 30 }, { sun: 'dawn', offsetMin: -20 }],
  );
  const unconditional = { weekdays: null, from: null, to: null, nthWeekday: null, holidays: null };
  t.strictSame(cabinet.calendars[0]?.rules.slice(0, 2), [
    {
      ...unconditional,
      programme: 'market',
      weekdays: [5, 6],
      from: { year: null, month: 6, day: 1 },
      to: { year: null, month: 9, day: 15 },
    },
    { ...unconditional, programme: 'market', nthWeekday: { nth: 1, weekday: 7 } },
  ]);
  t.match(cabinet.eventNights, [{ from: { sun: 'sunset', offsetMin: 30 }, until: { hour: 2 }, levelPct: 100, zones: ['road'] }]);
  t.strictSame(cabinet.rules, [
    {
      id: 'smog',
      when: { kind: 'above', point: 'AIR.pm25', value: 50, clearsAt: 40, forS: 600 },
      raise: { zones: ['park'], levelPct: 60 },
    },
    { id: 'someone', when: { kind: 'presence', zone: 'park' }, raise: null },
    { id: 'rush', when: { kind: 'traffic', zone: 'road', flowPct: 80, clearsAt: 60 }, raise: null },
  ]);
  t.match(cabinet.outputs[0], { idle: 0, litWith: { zones: ['road'], value: 1 }, rules: [], minOnS: 60, minOffS: 60 });
  t.strictSame(cabinet.neighbours, [{ node: 'next', pole: 'P01', withinM: 60 }]);
});

const tables = { programmes, levels, zones, streets, calendars, rules, outputs };
for (const [name, rows] of Object.entries(tables)) {
  for (const [story, changes, problems] of rows) {
    t.test(`${name}, reported at its place: ${story}`, async (t) => t.strictSame(complaints(litStreetYaml(...changes)), problems));
  }
}

t.test('an unreadable value is reported once, and causes no other problem', async (t) => {
  // biome-ignore format: a table
  const slips: [from: string, to: string, only: RegExp][] = [
    ['designClass: M3', 'designClass: 3', /zones\[0\].designClass: found 3/],
    ['dark: {}', 'dark: 0', /zones\[1\].dark: found 0/],
    ['{ at: dusk, levelPct: 80 }', '{ at: dusk, levelPct: bright }', /levelPct: found "bright"/],
    ['calendars:\n', 'calendars: yes\nspare:\n', /calendars: found "yes"/],
    ['branches:\n', 'branches: yes\nspare:\n', /branches: found "yes"/],
    ['rules:\n  - { id: smog', 'rules: yes\nspare:\n  - { id: smog', /rules: found "yes"/],
    ['clearsAt: 40', 'clearsAt: soon', /clearsAt: found "soon"/],
    ['above: 50', 'above: much', /above: found "much"/],
    ['offAboveLux: 60', 'offAboveLux: x', /offAboveLux: found "x"/],
    ['presence: { sensors: [{ device: S02 }], reachM: 40 }', 'presence: 1', /presence: found 1/],
    ['date: 07-14', 'date: never', /date: found "never"/],
    ['until: "02:00"', 'until: late', /until: found "late"/],
    ['uplink:\n', 'uplink: 1\nspare:\n', /uplink: found 1/],
  ];
  for (const [from, to, only] of slips) {
    const reports = complaints(litStreetYaml([from, to])).filter((problem) => !problem.includes('unknown key "spare"'));
    t.equal(reports.length, 1, reports.join('\n'));
    t.match(reports[0], only);
  }
});

t.test('the order of two times is checked in both directions, or not at all', async (t) => {
  const offset = fc.integer({ min: -240, max: 240 }).map((n) => (n < 0 ? String(n) : `+${n}`));
  const sun = fc.tuple(fc.constantFrom('sunset', 'sunrise', 'dusk', 'dawn', 'middle'), offset).map(([event, by]) => `${event}${by}`);
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = fc.integer({ min: 0, max: 1439 }).map((n) => `${two(Math.floor(n / 60))}:${two(n % 60)}`);
  const time = fc.oneof(sun, clock, fc.constantFrom('dusk', 'middle'));
  fc.assert(
    fc.property(time, time, (a, b) => {
      const [there, back] = [compareTimes(a, b), compareTimes(b, a)];
      return there === null ? back === null : back !== null && Math.sign(there) === -Math.sign(back);
    }),
  );
  t.ok((compareTimes('12:00', '11:59') ?? 0) < 0, 'noon begins the night, the minute before it is its end');
  t.equal(compareTimes('23:00', 'sunset+60'), null);
});

/** The devices of the lit street, invented. */
const POINTS: Readonly<Record<string, Partial<PointProfile>[]>> = {
  lamp: [{ id: 'level', semantic: 'level', write: writable() }],
  sensor: [
    { id: 'motion', semantic: 'presence' },
    { id: 'serial', poll: 'never' },
    { id: 'sound', unit: 'dB' },
  ],
  light: [{ id: 'illuminance', semantic: 'illuminance', unit: 'lx', range: [0, 1_000] }],
  counter: [{ id: 'count', semantic: 'count', range: [0, 16] }],
  air: [
    { id: 'pm25', semantic: 'particles', range: [0, 999] },
    { id: 'sum', poll: 'never' },
  ],
  relays: [
    { id: 'relay_1', semantic: 'relay', write: writable({ min: 0, max: 1 }) },
    { id: 'reboot', write: writable({ dangerous: true }) },
    { id: 'input_1', semantic: 'input', type: 'bit' },
  ],
  panel: [{ id: 'text', enum: { '0': 'welcome', '2': 'take care' }, write: writable({ max: 9 }) }],
};
const profiles = new Map<string, Profile>(
  Object.entries(POINTS).map(([id, points]) => [
    id,
    testProfile(
      id,
      points.map((point) => ({ ...testPoint(point.id ?? ''), ...point })),
      { serial: { ...SERIAL_8N2, baud: 9_600 } },
    ),
  ]),
);

// biome-ignore format: a table
const misfits: [story: string, from: string, to: string, problems: string[]][] = [
  ['all fits', 'id: lit', 'id: lit', []],
  ['a photocell that is no light sensor', 'device: LUX,', 'device: S01, point: sound,', ['34:38: zones[0].photocell.point: "sound" of profile "sensor" measures no light; points that do, in lux: none']],
  ['a photocell on a point that is not there', 'device: LUX,', 'device: LUX, point: lux,', ['34:38: zones[0].photocell.point: profile "light" has no point "lux"; there are: illuminance']],
  ['a photocell that can never see day', 'offAboveLux: 60', 'offAboveLux: 1200', ['34:60: zones[0].photocell.offAboveLux: found 1200, but "illuminance" of profile "light" never goes above 1000; give offAboveLux: 1000 or less']],
  ['a counter that is not there', '{ device: CNT }', '{ device: CNT, point: cars }', ['37:40: zones[0].traffic.counters[0].point: profile "counter" has no point "cars"; there are: count']],
  ['a presence counter needs no threshold', '{ device: S01 }', '{ device: CNT, kind: counter, point: count, listen: group }', []],
  ['a rule on a point that is not there', 'AIR.pm25', 'AIR.pm10', ['71:24: rules[0].point: profile "air" has no point "pm10"; there are: pm25, sum']],
  ['a rule on a point that is never asked', 'AIR.pm25', 'AIR.sum', ['71:24: rules[0].point: "sum" of profile "air" is never polled, so no rule can use it']],
  ['a rule beyond what can be measured', 'above: 50', 'above: 2000', ['71:41: rules[0].above: found 2000, but "pm25" of profile "air" never goes above 999; give above: 999 or less']],
  ['an output on a contact', 'point: relay_1', 'point: input_1', ['75:45: outputs[0].point: "input_1" of profile "relays" cannot be written; points that can be written: relay_1']],
  ['an output on what only a person may write', 'point: relay_1', 'point: reboot', ['75:45: outputs[0].point: "reboot" of profile "relays" is dangerous to write, no output may; points that can be written: relay_1']],
  ['an output on a point that is not there', 'point: relay_1', 'point: relay_9', ['75:45: outputs[0].point: profile "relays" has no point "relay_9"; did you mean "relay_1"?']],
  ['a value beyond the relay', 'litWith: { zones: [road] }', 'litWith: { zones: [road], value: 2 }', ['75:87: outputs[0].litWith.value: 2 is outside 0 to 1, which the profile allows for "relay_1"']],
  ['a name for a relay, which has none', 'litWith: { zones: [road] }', 'litWith: { zones: [road], value: on }', ['75:87: outputs[0].litWith.value: "relay_1" has no names for its values; give a number from 0 to 1']],
  ['a text that the panel does not know', 'idle: welcome', 'idle: wellcome', ['76:51: outputs[1].idle: "wellcome" is not a value of "text"; did you mean "welcome"?']],
  ['the same, nothing near', 'value: take care', 'value: smog', ['76:89: outputs[1].rules[0].value: "smog" is not a value of "text"; there are: welcome, take care']],
  ['a text by a number that it does not have', 'value: 3 }', 'value: 12 }', ['76:123: outputs[1].rules[1].value: 12 is outside 0 to 9, which the profile allows for "text"']],
];
for (const [story, from, to, problems] of misfits) {
  t.test(`light against profiles: ${story}`, async (t) => {
    const loaded = loadCabinet('c.yaml', () => litStreetYaml([from, to]));
    const reports = checkAgainstProfiles(loaded, { profiles, broken: new Map(), searched: [] });
    t.strictSame(
      reports.map((p) => formatProblem(p).replace('c.yaml:', '')),
      problems,
    );
  });
}
