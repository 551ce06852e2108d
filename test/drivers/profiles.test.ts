import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import type { PointProfile, Profile } from '../../agent/core/profile.ts';
import { Refusal } from '../../agent/core/refusal.ts';
import { createUnit } from '../../agent/field/units/unit.ts';
import { modbusDriverFor, uartDriverFor } from '../../drivers/driver-for.ts';
import { createModbusDriver } from '../../drivers/modbus/modbus-driver.ts';
import { exampleFlaws } from '../../drivers/profile-examples.ts';
import { SHIPPED_PROFILES_DIR } from '../../drivers/profile-folders.ts';
import { readProfiles } from '../../drivers/registry.ts';
import { createRandom } from '../street/random.ts';
import { crcBitwise } from '../street/rtu-slave.ts';
import { sds011Frame } from '../street/units/sds011.ts';
import { testDevice } from '../support/profiles.ts';
import { ACME } from './acme-profile.ts';
import { VECTORS } from './vectors.ts';

const { profiles, problems } = readProfiles([], readPlacedYaml);
const profileOf = (id: string): Profile => profiles.get(id) as Profile;
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

t.test('every shipped profile is valid', async (t) => {
  t.same(problems, [], SHIPPED_PROFILES_DIR);
  const modbus = [...profiles.values()].filter(({ transport }) => transport === 'modbus').map(({ id }) => id);
  t.same(modbus.sort(), [
    'abb-eq-a43-b23',
    'carlogavazzi-em111',
    'carlogavazzi-em24',
    'carlogavazzi-em330-em340',
    'deltaohm-pmsense',
    'dfrobot-sen0644',
    'dm36b06',
    'dm56a04',
    'eastron-sdm120',
    'eastron-sdm220',
    'eastron-sdm630',
    'ecodim-dali-gw2',
    'ecowitt-wn90lp',
    'embeddedart-led-card',
    'embeddedart-led-card-swapped',
    'finder-7m38',
    'hager-ecr',
    'icpdas-pir-130',
    'inepro-pro380',
    'intesis-inmbsdal',
    'legrand-emdx3-412045',
    'meanwell-drs',
    'peacefair-pzem-016',
    'schneider-iem3000',
    'schneider-pm3200',
    'seeed-sensecap-orch-s4',
    'siemens-pac2200',
    'socomec-countis-e0x',
    'socomec-countis-e3x-e4x',
    'socomec-diris-a10',
    'wago-879-3000',
    'waveshare-modbus-relay-d8',
    'wirenboard-wb-led',
    'wirenboard-wb-led-4ch',
    'wirenboard-wb-map3e',
    'wirenboard-wb-mcm8',
    'wirenboard-wb-mdm3',
    'wirenboard-wb-mr6c',
    'wirenboard-wb-msw',
  ]);
});

for (const profile of profiles.values()) {
  t.test(`${profile.id}: its examples decode as documented`, async (t) => {
    t.ok(profile.examples.length > 0);
    t.ok(profile.sources.length > 0);
    // Texts are compared by the check of the profile itself.
    t.same(exampleFlaws(profile), []);
    for (const { origin, request, response, expect } of profile.examples) {
      if (Object.values(expect).some((each) => typeof each === 'string')) continue;
      t.match(decode(profile, request, response), expect, `${origin}: ${response}`);
    }
  });
}

t.test('the known frames of the shipped devices decode correctly, and each is an example of its profile', async (t) => {
  for (const { profile, request, response, expect } of VECTORS) {
    t.match(decode(profileOf(profile), request, response), expect, `${profile}: ${response}`);
    const own = profileOf(profile).examples.filter((example) => example.request === request && example.response === response);
    t.equal(own.length, 1, `${profile}: ${request} -> ${response} is an example once`);
  }
});

t.test('doubtful values are marked, and each profile lists what it was not tested on', async (t) => {
  for (const { id, trust, experimental, notes } of profiles.values()) {
    t.ok(experimental !== null || trust !== 'C', `${id} of trust ${trust}`);
    t.match(notes, /[Nn]ot tried on hardware/, id);
  }
  const withoutSerial = [...profiles.values()]
    .filter(({ transport, serial }) => transport === 'modbus' && serial === null)
    .map(({ id }) => id);
  t.same(withoutSerial, [
    'abb-eq-a43-b23',
    'eastron-sdm120',
    'eastron-sdm220',
    'ecodim-dali-gw2',
    'hager-ecr',
    'icpdas-pir-130',
    'intesis-inmbsdal',
    'legrand-emdx3-412045',
    'meanwell-drs',
    'schneider-iem3000',
    'siemens-pac2200',
    'socomec-countis-e0x',
    'socomec-countis-e3x-e4x',
    'socomec-diris-a10',
    'wago-879-3000',
  ]);
});

t.test('a profile whose examples all come from its own register table says so, so that a technician compares first', async (t) => {
  for (const { id, examples, experimental } of profiles.values()) {
    if (!examples.every(({ origin }) => origin.startsWith('computed from the table'))) continue;
    t.match(experimental ?? '', /examples are computed/, id);
  }
});

t.test('the energy example of the ABB manual has the checksum that the manual prints', async (t) => {
  const [example] = profileOf('abb-eq-a43-b23').examples;
  t.match(example?.response, /2F 9F$/);
});

t.test('a device type of a French cabinet gives its nameplate from the texts of its source', async (t) => {
  const { examples } = profileOf('hager-ecr');
  t.match(
    examples.map(({ nameplate }) => nameplate),
    [undefined, { maker: 'Hager', model: 'ECR380D' }, { serial: '12345678' }],
  );
});

t.test('presence is polled fast, levels and contacts normally, meters and weather slowly', async (t) => {
  const wanted: Readonly<Record<string, string>> = {
    presence: 'fast',
    level: 'normal',
    input: 'normal',
    relay: 'normal',
    energy: 'slow',
    power: 'slow',
    wind: 'slow',
    rain: 'slow',
  };
  for (const { id, transport, points } of profiles.values()) {
    if (transport === 'uart') continue;
    for (const point of points) {
      const isDangerous = point.write?.dangerous === true;
      if (point.semantic in wanted && !isDangerous) t.equal(point.poll, wanted[point.semantic], `${id} ${point.id}`);
    }
  }
});

t.test('every alarm that a device reports has a message a person understands, and one name in all profiles', async (t) => {
  const severities = new Map<string, string>();
  for (const { id, points } of profiles.values()) {
    for (const { flags } of points) {
      for (const flag of flags) {
        t.match(flag.message, /^[^A-Z]|^LED/, `${id} ${flag.id}: ${flag.message}`);
        t.equal(flag.severity, severities.get(flag.id) ?? flag.severity, `${id} ${flag.id} is as serious as elsewhere`);
        severities.set(flag.id, flag.severity);
      }
    }
  }
  for (const known of ['mains-lost', 'overcurrent', 'lamp-fault', 'driver-fault']) t.equal(severities.get(known), 'alarm', known);
});

t.test('the known commands of the shipped devices equal ours', async (t) => {
  const sent = (id: string, quantity: string, value: number) => modbusDriverFor(profileOf(id)).encode(quantity, value);
  t.same(sent('wirenboard-wb-led', 'level', 60), { table: 'holding', address: 2_000, values: [60] }, '01 06 07 D0 00 3C');
  t.same(sent('waveshare-modbus-relay-d8', 'relay_1', 1), { table: 'coil', address: 0, values: [1] }, '01 05 00 00 FF 00');
  t.same(sent('intesis-inmbsdal', 'ecg5_level', 70), { table: 'holding', address: 515, values: [70] }, '01 06 02 03 00 46');
  t.same(sent('ecodim-dali-gw2', 'ecg0_level', 100), { table: 'holding', address: 3_000, values: [254] }, '01 06 0B B8 00 FE');
  t.same(sent('wirenboard-wb-mdm3', 'level', 50), { table: 'holding', address: 0, values: [50] }, '01 06 00 00 00 32');
  const all = (id: string, group: string, level: number) => modbusDriverFor(profileOf(id)).encodeGroup(group, level);
  t.same(all('intesis-inmbsdal', 'all', 40), { table: 'holding', address: 6_800, values: [40] }, '01 06 1A 90 00 28');
  t.same(all('intesis-inmbsdal', 'group15', 40), { table: 'holding', address: 6_700, values: [40] });
  t.same(all('ecodim-dali-gw2', 'group3', 10), { table: 'holding', address: 2_015, values: [170] }, 'on the DALI curve');
  t.same(all('wirenboard-wb-led', 'all', 60), { table: 'holding', address: 2_000, values: [60] });
  t.type(all('wirenboard-wb-led', 'everything', 60), Refusal);
  t.type(sent('wirenboard-wb-led', 'level', 101), Refusal);
  t.type(sent('wirenboard-wb-led', 'temperature', 20), Refusal);
  t.type(sent('wirenboard-wb-led', 'brightness', 20), Refusal);
  const setup = profileOf('wirenboard-wb-led').setup.map(({ address, value }) => `${address}=${value}`);
  for (const step of ['3000=rampUpMs', '8=failsafeTimeoutS', '648=3', '656=failsafeLevelPct']) t.ok(setup.includes(step), step);
});

t.test('only points that are completely inside a block are decoded from it', async (t) => {
  const driver = modbusDriverFor(profileOf('wirenboard-wb-msw'));
  t.same(
    driver.decode('input', 9, [0]).map(({ quantity }) => quantity),
    [],
    'half a value is none',
  );
  t.same(driver.decode('input', 3, [3_800, 640, 7_800, 0, 0, 0xffff, 0, 1_234]), [
    { quantity: 'sound', value: 38, plausible: true },
    { quantity: 'temperature', value: 6.4, plausible: true },
    { quantity: 'humidity', value: 78, plausible: true },
    { quantity: 'illuminance', value: 12.34, plausible: true },
  ]);
  t.same(driver.decode('holding', 3, [3_800]), [], 'another table');
  t.same(driver.decode('input', 5, [12_000]), [{ quantity: 'humidity', value: 120, plausible: false }]);
});

t.test('a million random registers: never a throw, never a value that is both called plausible and out of range', async (t) => {
  const random = createRandom(7);
  const drivers = [...profiles.values()].filter(({ transport }) => transport === 'modbus').map((profile) => modbusDriverFor(profile));
  const ranges = new Map(drivers.map(({ profile }) => [profile.id, new Map(profile.points.map(({ id, range }) => [id, range]))]));
  const word = (): number => (random() < 0.2 ? (random() < 0.5 ? 0xffff : 0x8000) : Math.floor(0x1_0000 * random()));
  const tables = ['coil', 'discrete', 'input', 'holding'] as const;
  let wrong = 0;
  let seen = 0;
  for (let words = 0; words < 1_000_000; ) {
    const driver = drivers[Math.floor(drivers.length * random())] as (typeof drivers)[number];
    const around = driver.profile.points[Math.floor(driver.profile.points.length * random())] as PointProfile;
    const address = Math.max(0, around.address - Math.floor(4 * random()));
    const block = Array.from({ length: 125 }, word);
    words += block.length;
    const table = random() < 0.9 ? around.table : (tables[Math.floor(4 * random())] as PointProfile['table']);
    for (const { quantity, value, plausible } of driver.decode(table, address, block)) {
      seen++;
      const range = ranges.get(driver.profile.id)?.get(quantity) ?? null;
      if (value === null ? plausible : !Number.isFinite(value)) wrong++;
      if (plausible && value !== null && range !== null && (value < range[0] || value > range[1])) wrong++;
    }
  }
  t.ok(seen > 10_000, `${seen} values looked at`);
  t.equal(wrong, 0);
});

t.test('a folder of the site adds profiles, replaces shipped ones, and a broken file affects no other', async (t) => {
  const dir = t.testdir({});
  const extra = join(dir, 'profiles');
  mkdirSync(extra);
  writeFileSync(join(extra, 'acme.yaml'), ACME);
  writeFileSync(join(extra, 'broken.yaml'), ACME.replace('level: 40', 'level: 41'));
  writeFileSync(join(extra, 'led.yaml'), ACME.replace('acme-lamp', 'wirenboard-wb-led'));
  writeFileSync(join(extra, 'readme.txt'), 'not a profile');
  // What an editor leaves beside an open file, a name that leads nowhere, a folder in place of a file and a file in place of a folder.
  symlinkSync('luciole@desk.4711', join(extra, '.#acme.yaml'));
  symlinkSync('nowhere.yaml', join(extra, 'gone.yaml'));
  mkdirSync(join(extra, 'folder.yaml'));
  const read = readProfiles([extra, join(dir, 'missing'), join(extra, 'readme.txt')], readPlacedYaml);
  t.equal(read.profiles.size, profiles.size + 1);
  t.equal(read.profiles.get('acme-lamp')?.vendor, 'Acme');
  t.equal(read.profiles.get('wirenboard-wb-led')?.vendor, 'Acme', 'the later one counts');
  t.match(read.problems, [
    { file: join(extra, 'folder.yaml'), message: /cannot be read \(EISDIR\)/ },
    { file: join(extra, 'gone.yaml'), message: /cannot be read \(ENOENT\)/ },
    { file: join(extra, 'readme.txt'), message: /cannot be read \(ENOTDIR\)/ },
    { file: join(extra, 'broken.yaml'), line: 16, path: 'examples[0].expect.level' },
  ]);
  t.equal(read.problems.length, 4);
});

t.test('a broken file claims the id that it has, not the beginning of it, and no word of its next line', async (t) => {
  const dir = t.testdir({
    a: { 'old.yaml': 'id: wirenboard-wb-led.old\nvendor: Acme\n' },
    e: { 'below.yaml': ACME.replace('id: acme-lamp', 'id:\n  acme-lamp') },
    f: { 'lamp.yaml': ACME },
    b: { 'none.yaml': 'id:\nwirenboard-wb-led: x\n' },
    c: { 'merge.yaml': 'id: x\n!!merge b: 3\n' },
    d: { 'codec.yaml': ACME.replace('trust: B', 'trust: B\ntransport: uart\ncodec: constructor') },
  });
  for (const name of ['a', 'b', 'c', 'd']) {
    const read = readProfiles([join(dir, name)], readPlacedYaml);
    t.equal(read.profiles.size, profiles.size, name);
    t.ok(read.problems.length > 0);
  }
  const replaced = readProfiles([join(dir, 'e')], readPlacedYaml, [join(dir, 'f')]);
  t.same([replaced.problems, replaced.profiles.has('acme-lamp')], [[], true], 'an id on the line below is found');
});

t.test('an id in two files of a site is used by neither, and both files are named', async (t) => {
  const dir = t.testdir({
    a: { 'lamp.yaml': ACME, 'led.yml': ACME.replace('acme-lamp', 'wirenboard-wb-led') },
    b: { 'again.yaml': ACME.replace('vendor: Acme', 'vendor: Acme Ltd') },
    c: { 'broken.yaml': ACME.replace('level: 40', 'level: 41') },
    d: { 'led.yaml': ACME.replace('acme-lamp', 'wirenboard-wb-led').replace('level: 40', 'level: 41') },
  });
  const read = (...names: string[]) => {
    const dirs = names.map((name) => join(dir, name));
    return readProfiles(dirs, readPlacedYaml);
  };
  const twice = read('a', 'b');
  t.match(twice.problems, [{ file: join(dir, 'b/again.yaml'), line: 1, column: 5, path: 'id' }]);
  t.equal(
    String(twice.problems[0]?.message),
    `"acme-lamp" is the id of ${join(dir, 'a/lamp.yaml')} too, and neither is used: give one of them another id, or remove it`,
  );
  t.notOk(twice.profiles.has('acme-lamp'));
  t.same([...twice.broken], [['acme-lamp', [join(dir, 'a/lamp.yaml'), join(dir, 'b/again.yaml')]]]);
  t.equal(twice.profiles.get('wirenboard-wb-led')?.vendor, 'Acme', 'a shipped one may be replaced, by a .yml too');
  t.same(read('a', 'a', 'a/../a').problems, [], 'a folder named twice is one');
  const beside = read('a', 'c');
  t.ok(beside.profiles.has('acme-lamp'), 'a broken file beside a sound one does no harm');
  t.same([beside.problems.length, beside.broken.size], [1, 0]);
  const corrected = read('d');
  t.notOk(corrected.profiles.has('wirenboard-wb-led'), 'a shipped profile that a site meant to correct is not used behind its back');
  t.same([...corrected.broken], [['wirenboard-wb-led', [join(dir, 'd/led.yaml')]]]);
});

t.test('for any requested ramps, a set-up writes whole numbers that the register accepts', async (t) => {
  // The longest and the oddest ramps that the configuration allows.
  const setupValues = { rampUpMs: 333.3, rampDownMs: 300_000, failsafeTimeoutS: 60, failsafeLevelPct: 100 };
  const stepsOf = (id: string) =>
    createUnit({ device: testDevice('L', { profile: id }), driver: modbusDriverFor(profileOf(id)), setupValues }).steps;
  t.match(
    stepsOf('wirenboard-wb-led').filter(({ address }) => address === 3000 || address === 3100),
    [{ value: 333 }, { value: 30_000 }],
  );
  for (const { id, transport } of profiles.values()) {
    if (transport === 'uart') continue;
    for (const { value, address } of stepsOf(id)) t.ok(Number.isInteger(value) && value >= 0 && value <= 0xffff, `${id} ${address}`);
  }
});

t.test('a profile of the wrong transport is not made into a driver', async (t) => {
  t.throws(() => modbusDriverFor(profileOf('nova-sds011')), TypeError);
  t.throws(() => uartDriverFor(profileOf('wirenboard-wb-led')), TypeError);
});

// ── SDS011 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const sds = () => uartDriverFor(profileOf('nova-sds011'));
const numbers = (values: readonly { value: number | null }[]) => values.map(({ value }) => value);

t.test('the SDS011 is understood byte by byte, in any pieces', async (t) => {
  const stream = Buffer.concat([sds011Frame(4.2, 9.9), sds011Frame(0.6, 0.6), sds011Frame(999.9, 1_999.9)]);
  for (const size of [1, 2, 3, 7, 10, 11, 30]) {
    const driver = sds();
    const values: (number | null)[] = [];
    for (let at = 0; at < stream.length; at += size) values.push(...numbers(driver.feed(stream.subarray(at, at + size))));
    t.same(values, [4.2, 9.9, 0.6, 0.6, 999.9, 1_999.9], `in pieces of ${size}`);
    t.same(driver.counters, { frames: 3, noiseBytes: 0 });
  }
});

t.test('the SDS011 codec passes over noise, truncated and damaged frames, and counts them', async (t) => {
  const whole = sds011Frame(4.2, 9.9);
  const damaged = Buffer.from(whole);
  damaged[4] = (damaged[4] as number) ^ 1;
  const wrongTail = Buffer.from(whole);
  wrongTail[9] = 0xac;
  const cases: [string, Buffer][] = [
    ['noise', Buffer.from([0, 0xaa, 0xff])],
    ['half a head', Buffer.from([0xaa])],
    ['a truncated frame', whole.subarray(0, 7)],
    ['a damaged frame', damaged],
    ['a wrong tail', wrongTail],
    ['a reply to a setting, not a measurement', Buffer.from('AAC50201010058D935AB', 'hex')],
  ];
  for (const [story, before] of cases) {
    const driver = sds();
    t.same(numbers(driver.feed(Buffer.concat([before, whole]))), [4.2, 9.9], story);
    t.same(driver.counters, { frames: 1, noiseBytes: before.length }, story);
  }
});

t.test('an SDS011 that has drawn no air yet has no value, and an impossible one is not plausible', async (t) => {
  t.match(sds().feed(sds011Frame(0, 0)), [
    { value: null, plausible: false },
    { value: null, plausible: false },
  ]);
  t.match(sds().feed(sds011Frame(1_200, 3_000)), [{ plausible: false }, { plausible: false }]);
});

t.test('100,000 random bytes yield no value, and the next frame is understood', async (t) => {
  const random = createRandom(11);
  const driver = sds();
  const values: unknown[] = [];
  for (let fed = 0; fed < 100_000; ) {
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(40 * random()) }, () => Math.floor(256 * random())));
    if (random() < 0.3) bytes.set([0xaa, 0xc0].slice(0, bytes.length));
    fed += bytes.length;
    values.push(...driver.feed(bytes));
  }
  t.same(values, []);
  driver.feed(Buffer.alloc(10));
  t.same(numbers(driver.feed(sds011Frame(5, 6))), [5, 6]);
});

/** What a profile makes of one exchange, frames taken apart here by hand. */
function decode(profile: Profile, request: string | null, response: string): Record<string, number | null> {
  const answer = bytesOf(response);
  if (profile.transport === 'uart') return named(uartDriverFor(profile).feed(answer));
  const ask = bytesOf(request as string);
  if (profile.transport === 'dali') return daliDecode(profile, ask, answer);
  for (const frame of [ask, answer]) t.equal(crcBitwise(frame), 0, `checksum of ${frame.toString('hex')}`);
  const fc = ask[1] as number;
  if (fc > 4 || (answer[1] as number) > 0x80) return {};
  const [address, count] = [ask.readUInt16BE(2), ask.readUInt16BE(4)];
  const words = Array.from({ length: count }, (_, i) =>
    fc <= 2 ? ((answer[3 + (i >> 3)] as number) >> (i & 7)) & 1 : answer.readUInt16BE(3 + 2 * i),
  );
  const table = (['coil', 'discrete', 'holding', 'input'] as const)[fc - 1] as 'coil';
  return named(createModbusDriver(profile).decode(table, address, words));
}

/** Forward frames: DTR0 and DTR1 select a byte of a bank, C5 reads it and goes to the next, C1 selects a device type. */
function daliDecode(profile: Profile, ask: Buffer, answer: Buffer): Record<string, number | null> {
  const words = new Map<string, number>();
  let [bank, location, type, at] = [0, 0, 0, 0];
  for (let i = 0; i < ask.length; i += 2) {
    const [first, second] = [ask[i] as number, ask[i + 1] as number];
    if (first === 0xa3) location = second;
    else if (first === 0xc3) bank = second;
    else if (first === 0xc1) type = second;
    else if (second === 0xc5) words.set(`input ${bank * 256 + location++}`, answer[at++] as number);
    else words.set(`holding ${type * 256 + second}`, answer[at++] as number);
  }
  t.equal(at, answer.length, `answers of ${ask.toString('hex')}`);
  const sizes: Readonly<Record<string, number>> = { b16: 2, b24: 3, b32: 4, b48: 6, e32: 5, e48: 7 };
  const driver = modbusDriverFor(profile);
  return Object.assign(
    {},
    ...profile.points.map(({ table, address, type: kind }) => {
      const own = Array.from({ length: sizes[kind] ?? 1 }, (_, i) => words.get(`${table} ${address + i}`));
      return own.includes(undefined) ? {} : named(driver.decode(table, address, own as number[]));
    }),
  );
}

function named(values: readonly { readonly quantity: string; readonly value: number | null }[]): Record<string, number | null> {
  return Object.fromEntries(values.map(({ quantity, value }) => [quantity, value]));
}
