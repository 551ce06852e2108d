import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkPorts } from '../../../../agent/config/check/check-machine.ts';
import { checkAgainstProfiles, type KnownProfiles } from '../../../../agent/config/check/check-profiles.ts';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import { checkConfig } from '../../../../agent/config/load/load-site.ts';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import { cabinetJsonSchema } from '../../../../agent/config/schema/schema.ts';
import { formatProblem } from '../../../../agent/core/errors.ts';
import { type JsonSchema, withoutNull } from '../../../../agent/core/json-schema.ts';
import type { PointProfile, Profile } from '../../../../agent/core/profile.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { cabinetPage } from '../../../support/cabinet-page.ts';
import { SERIAL_8N2, testPoint, testProfile, writable } from '../../../support/profiles.ts';
import { smallStreet } from '../small-street.ts';

const fromDisk = (file: string) => readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');

t.test('the example street loads clean: 12 lamps on 2 modbus lines, every default spelt out as it is', async (t) => {
  const { cabinet } = loadCabinet('config/example-street.yaml', fromDisk);
  t.equal(cabinet.lamps.length, 12);
  t.equal(cabinet.lines.filter((line) => line.kind === 'modbus').length, 2);
  t.same(cabinet.lamps[0], { ...cabinet.lamps[1], id: 'L01', device: 'L01', pole: 'P01', minPct: 10 });
});

t.test('each default that the example street states is the one that holds when the line is left out', async (t) => {
  const text = fromDisk('config/example-street.yaml');
  const whole = loadCabinet('x', () => text).cabinet;
  const otherwise = /# default(: none|: the system|: where| 0;)/;
  const stated = text.split('\n').filter((line) => /^ *\w+: \S+ # default/.test(line) && !otherwise.test(line));
  t.ok(stated.length >= 12, 'the example states its defaults');
  for (const line of stated) {
    t.same(loadCabinet('x', () => text.replace(`${line}\n`, '')).cabinet, whole, line.trim());
  }
});

t.test('the example street shows every key about light', async (t) => {
  const text = fromDisk('config/example-street.yaml');
  const keysOf = (schema: JsonSchema): string[] => {
    const whole = withoutNull(schema);
    const items = whole.items === undefined ? [] : keysOf(whole.items as JsonSchema);
    return [...items, ...Object.entries(whole.properties ?? {}).flatMap(([key, part]) => [key, ...keysOf(part)])];
  };
  const sections = ['branches', 'zones', 'programmes', 'calendars', 'holidays', 'eventNights', 'rules', 'outputs', 'neighbours'];
  const properties = cabinetJsonSchema().properties ?? {};
  const keys = sections.flatMap((section) => [section, ...keysOf(properties[section] ?? {})]);
  t.ok(keys.length > 100, 'the schema was walked');
  t.strictSame(
    keys.filter((key) => !new RegExp(`\\b${key}:`).test(text)),
    [],
  );
});

t.test('the demo street loads clean, and takes a thirteenth lamp by four lines', async (t) => {
  const text = fromDisk('config/demo.yaml');
  const { cabinet } = loadCabinet('config/demo.yaml', () => text);
  t.equal(cabinet.lamps.length, 12);
  t.match(cabinet, { id: 'demo', uplink: { protocol: 4, group: 'Demo', birthJitterS: 0 }, store: { dir: 'demo-data', commitSeconds: 10 } });
  t.match(
    cabinet.lines.map((line) => line.port),
    ['demo/north', 'demo/south', 'demo/air'],
  );
  const marked = /^( *)#- .* # L13: .*$/gm;
  t.equal(text.match(marked)?.length, 4);
  const longer = loadCabinet('config/demo.yaml', () => text.replace(/^( *)#(- .*? # L13: )/gm, '$1$2')).cabinet;
  t.match(longer.lamps.at(-1), { id: 'L13', device: 'L13', pole: 'P13' });
  t.equal(longer.zones[0]?.lamps.at(-1), 'L13');
  t.equal(longer.poles.at(-1)?.atM, 287);
});

t.test('the square loads clean: light, panel, sound and both meters', async (t) => {
  const { cabinet } = loadCabinet('config/square.yaml', fromDisk);
  t.match(cabinet, {
    id: 'square',
    uplink: { protocol: 4, group: 'Demo' },
    panels: [{ id: 'square-panel' }],
    sound: { places: [{ id: 'square-sound' }] },
  });
  t.match(
    cabinet.lines.map(({ port }) => port),
    ['demo/street', 'demo/square', 'demo/air', 'demo/sound', 'demo/tic'],
  );
  const amplifiers = cabinet.sound?.places.flatMap((place) => place.amplifiers) ?? [];
  t.strictSame(amplifiers, [{ device: 'IO1', point: 'relay_1' }], 'the relay box that opens its relays without supply');
});

t.test('the streets and the square fit the shipped device profiles', async (t) => {
  const shipped = readProfiles([], readPlacedYaml);
  for (const file of ['config/example-street.yaml', 'config/demo.yaml', 'config/square.yaml']) {
    t.strictSame(
      checkAgainstProfiles(loadCabinet(file, fromDisk), { ...shipped, searched: [] }).map((each) => formatProblem(each)),
      [],
      file,
    );
  }
});

t.test('the published schema is the one the agent validates with', async (t) => {
  const hint = 'write JSON.stringify(cabinetJsonSchema()) into config/cabinet.schema.json, then biome check --write config';
  t.strictSame(JSON.parse(fromDisk('config/cabinet.schema.json')), JSON.parse(JSON.stringify(cabinetJsonSchema())), hint);
});

t.test('the page of all keys matches the schema and describes every key', async (t) => {
  const page = cabinetPage(cabinetJsonSchema());
  t.equal(fromDisk('docs/cabinet.md'), page, 'write cabinetPage(cabinetJsonSchema()) into docs/cabinet.md');
  t.match(page, /^\| `lines\[\]\.serial\.baud` \| Bits per second\. \| 1200, .* or 921600 \| `9600` \|$/m);
  t.match(page, /^\| `zones\[\]\.lamps` \| .* \| - \|$/m, 'what must be there');
  t.notMatch(page, /\| {2}\|/, 'every key has a sentence');
});

const POINT = testPoint('level', { semantic: 'level', table: 'holding', unit: '%', range: [0, 100], write: writable({ settleMs: 100 }) });
const profile = (id: string, transport: 'modbus' | 'uart', points: Partial<PointProfile>[]): [string, Profile] => [
  id,
  testProfile(
    id,
    points.map((point) => ({ ...POINT, ...point })),
    { category: 'io', transport, serial: { ...SERIAL_8N2, baud: 9_600 } },
  ),
];
const PROFILES = new Map([
  profile('wirenboard-wb-led', 'modbus', [{}, { id: 'level_now', write: null }, { id: 'output', semantic: 'relay' }]),
  profile('wirenboard-wb-msw', 'modbus', [
    { id: 'motion', semantic: 'presence', write: null },
    { id: 'serial', poll: 'never', write: null },
  ]),
  profile('eastron-sdm630', 'modbus', [{ id: 'power', semantic: 'power', write: null }]),
  profile('nova-sds011', 'uart', [{ id: 'pm25', semantic: 'particles', write: null }]),
]);
const gateway = testProfile(
  'gateway',
  [
    ...[0, 1, 2].map((n) => ({ ...POINT, id: `ecg${n}_level`, address: n })),
    testPoint('motion', { semantic: 'presence', table: 'discrete', type: 'bit' }),
  ],
  {
    serial: null,
    repeats: [{ id: 'ecg', count: 3, points: ['level'] }],
    groups: [
      { id: 'all', reach: 'unit', table: 'holding', address: 90, sets: ['ecg0_level', 'ecg1_level', 'ecg2_level'] },
      { id: 'group0', reach: 'unit', table: 'holding', address: 91, sets: null },
    ],
  },
);
PROFILES.set(gateway.id, gateway);
PROFILES.set('radar', testProfile('radar', [testPoint('presence')], { transport: 'uart', serial: { ...SERIAL_8N2, baud: 256_000 } }));
const LAMP = '{ id: L01, ratedPowerW: 60 }';
/** The first lamp behind a gateway, on a line that states its settings. */
const behind = (rest: string, point = 'ecg1_level'): [from: string, to: string][] => [
  ['port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    serial: { baud: 19200 }'],
  ['profile: wirenboard-wb-led, pole: P01', `profile: gateway, pole: P01${rest}`],
  [LAMP, `{ id: L01, ratedPowerW: 60, point: ${point} }`],
];
const SHELF: KnownProfiles = {
  profiles: PROFILES,
  broken: new Map([['my-lamp', ['/etc/luciole/profiles/lamp.yaml', '/srv/lamp.yml']]]),
  searched: ['/etc/luciole/profiles'],
};
const ALLOWED = '; points that set a level: level';

// biome-ignore format: a table
const misfits: [story: string, change: [from: string, to: string][], problems: string[]][] = [
  ['all fits', [], []],
  ['an unknown profile', [['profile: wirenboard-wb-led', 'profile: wirenboard-wb-lead']], ['6:38: lines[0].devices[0].profile: unknown profile "wirenboard-wb-lead"; did you mean "wirenboard-wb-led"? it is none of those that come with the agent, nor in /etc/luciole/profiles (profileDirs); others: wirenboard-wb-msw, radar, nova-sds011, gateway, eastron-sdm630']],
  ['a profile from nowhere', [['profile: nova-sds011', 'profile: x']], ['14:30: lines[1].devices[0].profile: unknown profile "x"; it is none of those that come with the agent, nor in /etc/luciole/profiles (profileDirs); there are: wirenboard-wb-led, wirenboard-wb-msw, eastron-sdm630, nova-sds011, gateway, radar']],
  ['a profile that is broken', [['profile: wirenboard-wb-led', 'profile: my-lamp']], ['6:38: lines[0].devices[0].profile: profile "my-lamp" is broken, see above: /etc/luciole/profiles/lamp.yaml, /srv/lamp.yml']],
  ['a uart profile among modbus units', [['profile: eastron-sdm630', 'profile: nova-sds011']], ['9:39: lines[0].devices[3].profile: profile "nova-sds011" is for uart, but line "north" is of kind modbus']],
  ['a modbus profile on a uart line', [['profile: nova-sds011', 'profile: eastron-sdm630']], ['14:30: lines[1].devices[0].profile: profile "eastron-sdm630" is for modbus, but line "air" is of kind uart']],
  ['a lamp on an unknown point', [[LAMP, '{ id: L01, ratedPowerW: 60, point: leve }']], ['19:40: lamps[0].point: profile "wirenboard-wb-led" has no point "leve"; did you mean "level"?']],
  ['a lamp on a point that only reads', [[LAMP, '{ id: L01, ratedPowerW: 60, point: level_now }']], [`19:40: lamps[0].point: "level_now" of profile "wirenboard-wb-led" cannot be written${ALLOWED}`]],
  ['a lamp on a switch', [[LAMP, '{ id: L01, ratedPowerW: 60, point: output }']], [`19:40: lamps[0].point: "output" of profile "wirenboard-wb-led" does not set a level${ALLOWED}`]],
  ['a lamp on a meter, reported at the lamp', [[LAMP, '{ id: A, device: M01, pole: P01, ratedPowerW: 60 }'], ['[L01]', '[A]']], ['19:5: lamps[0].point: profile "eastron-sdm630" has no point "level"; points that set a level: none']],
  ['a sensor that does not sense', [['device: S01', 'device: M01'], [', reachM: 40', '']], ['25:27: zones[0].presence.sensors[0].point: profile "eastron-sdm630" has no point "motion"; there are: power']],
  ['a sensor that is never asked', [['device: S01', 'device: S01, point: serial']], ['25:49: zones[0].presence.sensors[0].point: "serial" of profile "wirenboard-wb-msw" is never polled, so it cannot be a sensor']],
  ['a gateway with some of its ballasts', behind(', instances: { ecg: [0, 1] }, groups: { group0: [ecg0_level, ecg1_level] }'), []],
  ['a gateway without known settings', behind('').slice(1), ['6:38: lines[0].devices[0].profile: profile "gateway" states no factory settings: give serial: on the line, as set in the vendor\'s tool or on the device']],
  ['the same behind a network, where there are none', [['port: /dev/ttyUSB0', 'port: tcp://10.0.0.5:502'], ...behind('').slice(1)], []],
  ['the same in capitals', [['port: /dev/ttyUSB0', 'port: TCP://10.0.0.5:502'], ...behind('').slice(1)], []],
  ['behind a serial server, whose line has settings all the same', [['port: /dev/ttyUSB0', 'port: rtu+tcp://10.0.0.5:4001'], ...behind('').slice(1)], ['6:38: lines[0].devices[0].profile: profile "gateway" states no factory settings: give serial: on the line, as set in the vendor\'s tool or on the device']],
  ['settings that say nothing', [['port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    serial:'], ...behind('').slice(1)], ['7:38: lines[0].devices[0].profile: profile "gateway" states no factory settings: give serial: on the line, as set in the vendor\'s tool or on the device']],
  ['settings one a line', [['port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    serial:\n      baud: 19200'], ...behind('').slice(1)], []],
  ['a device that leaves the factory faster than a line that says nothing', [['profile: nova-sds011', 'profile: radar']], ['14:30: lines[1].devices[0].profile: profile "radar" leaves the factory with baud 256000, parity none, a line without serial: has baud 9600, parity none: give serial: on the line']],
  ['the same, said on the line, though slower', [['profile: nova-sds011', 'profile: radar'], ['kind: uart', 'kind: uart\n    serial: { baud: 115200 }']], []],
  ['parts that the device type does not have', behind(', instances: { egc: [0] }'), ['7:76: lines[0].devices[0].instances.egc: profile "gateway" has no repeated part "egc"; did you mean "ecg"?']],
  ['a part beyond the last, and one twice', behind(', instances: { ecg: [1, 3, 1] }'), ['7:80: lines[0].devices[0].instances.ecg[1]: profile "gateway" numbers ecg from 0 to 2, found 3', '7:83: lines[0].devices[0].instances.ecg[2]: 1 is listed twice']],
  ['a lamp on a part that is not there', behind(', instances: { ecg: [0] }'), ['20:40: lamps[0].point: "ecg1_level" is not among the ecg of this device; add its number to instances.ecg']],
  ['a lamp on a part that cannot be there', behind('', 'ecg3_level'), ['20:40: lamps[0].point: profile "gateway" has no point "ecg3_level"; did you mean "ecg0_level"?']],
  ['a group that the device type does not have', behind(', groups: { grop0: [ecg0_level] }'), ['7:75: lines[0].devices[0].groups.grop0: profile "gateway" has no group "grop0"; did you mean "group0"?']],
  ['members for a group that has its own', behind(', groups: { all: [ecg0_level] }'), ['7:73: lines[0].devices[0].groups.all: group "all" of profile "gateway" has fixed members; leave it out']],
  ['a member that sets no level, and one that is not there', behind(', instances: { ecg: [0, 1] }, groups: { group0: [motion, ecg2_level] }'), ['7:105: lines[0].devices[0].groups.group0[0]: profile "gateway" has no point that sets a level "motion"; there are: ecg0_level, ecg1_level', '7:113: lines[0].devices[0].groups.group0[1]: "ecg2_level" is not among the ecg of this device; add its number to instances.ecg']],
  ['a yes-or-no sensor that can never reach its threshold', [...behind(''), ['device: S01', 'device: L01']], ['26:27: zones[0].presence.sensors[0].threshold: found 50, but "motion" of profile "gateway" never goes above 1; give threshold: 1 or less']],
  ['a yes-or-no sensor with a threshold that fits', [...behind(''), ['device: S01', 'device: L01, threshold: 1']], []],
];
for (const [story, changes, problems] of misfits) {
  t.test(`cabinet against profiles: ${story}`, async (t) => {
    const loaded = loadCabinet('c.yaml', () => smallStreet(...changes));
    t.strictSame(
      checkAgainstProfiles(loaded, SHELF).map((p) => formatProblem(p).replace('c.yaml:', '')),
      problems,
    );
  });
}

const noConsole = (): null => null;

t.test('a missing port is reported with the existing ones', async (t) => {
  const loaded = loadCabinet('c.yaml', () => smallStreet());
  const portProblems = checkPorts(loaded, {
    exists: (path) => path === '/dev/ttyUSB1',
    listPorts: () => ['/dev/ttyUSB1', '/dev/ttyS0'],
    consoleAt: noConsole,
  });
  t.strictSame(
    portProblems.map((each) => formatProblem(each)),
    [
      'c.yaml:4:11: lines[0].port: no such device file "/dev/ttyUSB0"; what exists: /dev/ttyUSB1, /dev/ttyS0. Is the adapter plugged in? On another machine than the gateway: luciole check --no-ports',
    ],
  );
  const nothing = { exists: () => false, listPorts: () => [], consoleAt: noConsole };
  t.match(checkPorts(loaded, nothing), [{ message: /what exists: none/ }, { line: 12 }]);
  t.strictSame(checkPorts(loaded, { ...nothing, exists: () => true, listPorts: () => t.fail('asked for nothing') as never }), []);
  const network = loadCabinet('c.yaml', () => smallStreet(['/dev/ttyUSB0', 'tcp://10.0.0.5'], ['/dev/ttyUSB1', 'rtu+tcp://10.0.0.5:4001']));
  t.strictSame(checkPorts(network, nothing), [], 'an address is no device file');
});

t.test('the port of a console is refused as a line', async (t) => {
  const loaded = loadCabinet('c.yaml', () => smallStreet());
  const unit = 'luciole-console@ttyUSB0.service';
  const consoleAt = (path: string): string | null => (path === '/dev/ttyUSB0' ? unit : null);
  t.strictSame(
    checkPorts(loaded, { exists: () => true, listPorts: () => [], consoleAt }).map((each) => formatProblem(each)),
    [`c.yaml:4:11: lines[0].port: a console is enabled on this port (${unit}): take another port for the line, or disable the console`],
  );
});

t.test('a cabinet is checked on another machine than the gateway without its ports, with all other findings', async (t) => {
  const file = join(t.testdir(), 'cabinet.yaml');
  const pathsOf = async (text: string, hasPorts: boolean): Promise<readonly string[]> => {
    const { problems } = await checkConfig({ configFile: file, text, hasPorts });
    return problems.map(({ path }) => path);
  };
  const text = smallStreet(['/dev/ttyUSB0', '/nonexistent/a'], ['/dev/ttyUSB1', '/nonexistent/b']);
  t.strictSame(await pathsOf(text, true), ['lines[0].port', 'lines[1].port']);
  t.strictSame(await pathsOf(text, false), []);
  const wrong = text.replace('profile: eastron-sdm630', 'profile: eastron-sdm63');
  t.strictSame(await pathsOf(wrong, false), ['lines[0].devices[3].profile'], 'what is wrong in the file is still reported');
});
