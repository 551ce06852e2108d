import { readFileSync } from 'node:fs';
import t from 'tap';
import { checkAgainstProfiles } from '../../../../agent/config/check/check-profiles.ts';
import { readCabinet } from '../../../../agent/config/load/load.ts';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import { siteOwnedDifferences } from '../../../../agent/config/revisions/site-owned.ts';
import { cabinetPoints } from '../../../../agent/core/cabinet-points.ts';
import { uplinkDevices } from '../../../../agent/sync/sparkplug/cabinet-metrics.ts';
import { circuitsOf } from '../../../../drivers/light-circuits.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { SQUARE, squareCabinet } from '../../sound/square-site.ts';
import { changed } from '../small-street.ts';

const { profiles } = readProfiles([], readPlacedYaml);
type Change = readonly [from: string, to: string];

function problems(...changes: readonly Change[]): string[] {
  const { loaded, problems: found } = readCabinet('x', () => changed(SQUARE, changes), 'new');
  const byProfile = loaded === null || found.length > 0 ? [] : checkAgainstProfiles(loaded, { profiles, broken: new Map(), searched: [] });
  return [...found, ...byProfile].map(({ path, message }) => `${path}: ${message}`);
}

t.test('the square loads clean', async (t) => {
  t.strictSame(problems(), []);
  const { sound } = squareCabinet();
  t.match(sound.limits, { maxVolumePct: 60, quietHours: [{ weekdays: null }, { weekdays: [7] }] });
  t.match(sound.programmes[0]?.steps[1]?.at, { sun: 'dusk', offsetMin: 0 });
  t.equal(squareCabinet(['    emergencyVolumePct: 90\n', '']).sound.limits.emergencyVolumePct, 60, 'no louder by default');
});

t.test('the example of the page loads clean', async (t) => {
  const page = readFileSync(new URL('../../../../docs/sound.md', import.meta.url), 'utf8');
  const [, example = ''] = /```yaml\n[^`]*?\n(sound:\n[^`]+)```/.exec(page) ?? [];
  t.strictSame(problems([SQUARE.slice(SQUARE.indexOf('sound:\n  limits')), example]), []);
});

const OUTPUT = 'sound:\n  limits:';
const output = (device: string, point: string): Change => [
  OUTPUT,
  `outputs: [{ id: o, device: ${device}, point: ${point}, idle: 0, rules: [{ rule: r, value: 1 }] }]\nrules: [{ id: r, point: PLAYER.files, above: 1 }]\n${OUTPUT}`,
];
const LAMP: Change = [
  'lamps: []\nzones: []\nprogrammes: []',
  'lamps: [{ id: L1, device: IO1, point: relay_3, pole: P1, ratedPowerW: 60 }]\nzones: [{ id: z, lamps: [L1], programme: p }]\nprogrammes: [{ id: p, steps: [{ at: dusk, levelPct: 100 }] }]',
];
const POLE: Change = ['poles: []', 'poles: [{ id: P1, atM: 0 }]'];

// biome-ignore format: a table
const mistakes: readonly (readonly [story: string, changes: readonly Change[], wanted: RegExp])[] = [
  ['an unknown player', [['player: PLAYER', 'player: PLAYR']], /places\[0\]\.player: unknown device "PLAYR"; did you mean "PLAYER"/],
  ['an unknown track', [['play: [birds, water]', 'play: [birs]']], /steps\[0\]\.play\[0\]: unknown track "birs"; did you mean "birds"/],
  ['an unknown track of an announcement', [['play: closing, at', 'play: closin, at']], /announcements\[0\]\.play: unknown track/],
  ['an unknown programme', [['programme: market', 'programme: markt']], /places\[0\]\.programme: unknown sound programme "markt"/],
  ['an unknown programme of a calendar', [['programme: still', 'programme: stil']], /calendars\[0\]\.rules\[0\]\.programme: unknown programme "stil"/],
  ['an unknown calendar', [['calendar: week', 'calendar: weak']], /places\[0\]\.calendar: unknown sound calendar "weak"/],
  ['a track without a place', [['{ id: gong, track: 5, maxS: 10 }', '{ id: gong }']], /tracks\[4\]: write where the recording is/],
  ['a track with two', [['{ id: gong, track: 5,', '{ id: gong, track: 5, folder: 2, file: 3,']], /tracks\[4\]: write where the recording is/],
  ['a folder without a file', [['folder: 2, file: 5', 'folder: 2']], /tracks\[3\]: write where the recording is/],
  ['two tracks of one id', [['id: water', 'id: birds']], /tracks\[1\]\.id: track "birds" is listed twice/],
  ['a place with the id of a device', [['id: square-sound', 'id: IO1']], /places\[0\]\.id: "IO1" is also the id of a device/],
  ['a place with the id of a panel', [['sound:\n', 'panels: [{ id: square-sound, device: IO1, points: [relay_1], fallback: x }]\nsound:\n']], /places\[0\]\.id: "square-sound" is also the id of a device, lamp, zone or panel/],
  ['steps in another order', [['{ at: "21:30" }', '{ at: "08:30" }']], /steps\[2\]\.at: "08:30" comes after "09:00"/],
  ['two volumes at one time', [['"20:00"', '"08:00"']], /volumes\[1\]\.at: two steps at "08:00"/],
  ['quiet hours of no length', [['from: "22:00", until: "08:00"', 'from: "22:00", until: "22:00"']], /quietHours\[0\]\.until: quiet hours from "22:00" to "22:00" have no length/],
  ['a time in English', [['at: "21:30"', 'at: 9pm']], /at: found "9pm": write "21:00"/],
  ['no quiet hours stated', [['    quietHours: [{ from: "22:00", until: "08:00" }, { from: "12:00", until: "14:00", weekdays: [sun] }]\n', '']], /limits\.quietHours: missing/],
  ['an output that writes to the player', [output('PLAYER', 'volume')], /places\[0\]\.player: an output writes to player "PLAYER"/],
  ['an amplifier that belongs to an output', [output('IO1', 'relay_3')], /amplifiers\[0\]\.point: "IO1\.relay_3" belongs to an output, so it may feed lamps/],
  ['an amplifier that drives a lamp', [LAMP, POLE], /amplifiers\[0\]\.point: "IO1\.relay_3" drives a lamp/],
  ['an amplifier that is listed twice', [['point: relay_3 }]', 'point: relay_3 }, { device: IO1, point: relay_3 }]']], /relay "IO1\.relay_3" already supplies an amplifier/],
  ['an amplifier that is an input', [['point: relay_3', 'point: input_3']], /"input_3" of profile "waveshare-modbus-relay-d8" is no relay that can be written/],
  ['a player that is none', [['player: PLAYER', 'player: IO1']], /profile "waveshare-modbus-relay-d8" is no serial player/],
];
for (const [story, changes, wanted] of mistakes)
  t.test(`a mistake: ${story}`, async (t) => {
    const found = problems(...changes);
    t.ok(
      found.some((problem) => wanted.test(problem)),
      found.join('\n'),
    );
  });

const LIMITS = ['maxVolumePct', 'emergencyVolumePct', 'quietHours', 'announcementsPerH', 'emergencyBy'].map((key) => `sound.limits.${key}`);
// biome-ignore format: a table
const revisions: readonly (readonly [story: string, changes: readonly Change[], named: readonly string[]])[] = [
  ['music', [['play: [birds, water]', 'play: [gong]']], []],
  ['volumes by time of day', [['volumePct: 50', 'volumePct: 100']], []],
  ['a louder limit', [['maxVolumePct: 60', 'maxVolumePct: 100']], ['sound.limits.maxVolumePct']],
  ['a louder emergency', [['emergencyVolumePct: 90', 'emergencyVolumePct: 100']], ['sound.limits.emergencyVolumePct']],
  ['shorter nights', [['until: "08:00"', 'until: "06:00"']], ['sound.limits.quietHours']],
  ['more announcements', [['announcementsPerH: 3', 'announcementsPerH: 60']], ['sound.limits.announcementsPerH']],
  ['an emergency of its own', [['emergencyBy: [technician, platform]', 'emergencyBy: [platform]']], ['sound.limits.emergencyBy']],
  ['a line that could carry any bytes to the player', [['kind: uart', 'kind: modbus']], ['lines[sound].kind']],
];
for (const [story, changes, named] of revisions)
  t.test(`a revision that brings ${story}`, async (t) => {
    const differences = siteOwnedDifferences(squareCabinet(...changes), [squareCabinet()]).map(({ key }) => key);
    t.strictSame(differences, named);
  });

t.test('a revision brings no sound to a site without, and takes none away', async (t) => {
  const silent = { ...squareCabinet(), sound: null };
  const keys = (of: ReturnType<typeof siteOwnedDifferences>): string[] => of.map(({ key }) => key);
  t.strictSame(keys(siteOwnedDifferences(squareCabinet(), [silent])), LIMITS);
  t.strictSame(keys(siteOwnedDifferences(silent, [squareCabinet()])), LIMITS);
});

t.test('the platform may write neither player nor amplifier as points', async (t) => {
  const cabinet = squareCabinet();
  const devices = uplinkDevices(cabinet, cabinetPoints(cabinet, profiles), profiles);
  const writable = devices.flatMap(({ id, metrics }) =>
    metrics.flatMap(({ name, write }) => (write === undefined ? [] : [`${id}.${name}`])),
  );
  t.notOk(
    writable.some((name) => name.startsWith('PLAYER.') || name === 'IO1.relay_3'),
    writable.join(', '),
  );
  t.ok(writable.includes('IO1.relay_1'));
  t.match(
    devices.find(({ id }) => id === 'square-sound'),
    { part: 'sound-place', target: null },
  );
});

t.test('the relay of an amplifier counts as a circuit in the check of the floor', async (t) => {
  const cabinet = squareCabinet();
  const { outputs } = circuitsOf({ cabinet, profiles, setupOf: () => ({ failsafeLevelPct: 100 }) });
  t.match([...outputs.values()], [{ isRelay: true, output: { id: 'square-sound', point: 'relay_3', litWith: null } }]);
});
