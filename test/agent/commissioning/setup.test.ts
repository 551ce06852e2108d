import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { cabinetText } from '../../../agent/commissioning/cabinet-text.ts';
import { certificateRequest, newKeyPem } from '../../../agent/commissioning/key-files.ts';
import { propose, type SeenLine } from '../../../agent/commissioning/propose.ts';
import { QUESTIONS } from '../../../agent/commissioning/questions.ts';
import { loadCabinet } from '../../../agent/config/load/load.ts';
import { createLineAsker } from '../../../agent/console/terminal/ask-line.ts';
import { findProgram } from '../../platform/mosquitto.ts';
import { SERIAL_8N2, testPoint, testProfile, writable } from '../../support/profiles.ts';

const ANSWERS = {
  id: 'box',
  name: 'Rue "Haute": n° 5 # nord',
  position: '47.4736, -0.5541',
  timezone: 'Europe/Paris',
  spacing: '30',
  power: '60',
  zone: 'on',
  kind: 'path',
  dim: '50',
  broker: '',
  username: '',
};

const answers: [name: string, text: string, read: string | RegExp][] = [
  ['id', 'angers-0042', 'angers-0042'],
  ['id', '-x', /found "-x"; allowed: 1 to 32 letters/],
  ['position', '47.4736, -0.5541', '47.4736, -0.5541'],
  ['position', '47,4736 -0,5541', '47.4736, -0.5541'],
  ['position', '47,4736;-0,5541', '47.4736, -0.5541'],
  ['position', '-0.5541, 147.4', '-0.5541, 147.4'],
  ['position', '147.4, -0.5541', /latitude from -90 to 90 first/],
  ['position', 'Angers', /two numbers in degrees/],
  ['timezone', 'europe/paris', 'Europe/Paris'],
  ['timezone', 'Europe/Pariss', /did you mean "Europe\/Paris"/],
  ['spacing', '27,5', '27.5'],
  ['spacing', '0', /a number from 1 to 500/],
  ['spacing', '', /a number/],
  ['dim', '33.3', /a whole number from 10 to 100/],
  ['kind', 'Path', 'path'],
  ['kind', 'lane', /street, path, road, leisure/],
  ['broker', 'none', ''],
  ['broker', 'mqtts://broker.example.org', 'mqtts://broker.example.org'],
  ['broker', 'https://broker.example.org', /not an address; allowed: mqtts/],
  ['group', 'a/b', /without "\+", "\/" or "#"/],
];
for (const [name, text, read] of answers) {
  t.test(`${name}: ${JSON.stringify(text)}`, async (t) => {
    const result = QUESTIONS.find((question) => question.name === name)?.read(text);
    if (typeof read === 'string') t.equal(result, read);
    else t.match(result, { refused: read });
  });
}

t.test('a password in the address of a broker is refused without being repeated', async (t) => {
  const result = QUESTIONS.find(({ name }) => name === 'broker')?.read('mqtts://box:canary@broker.example.org');
  t.match(result, { refused: /the address contains a user or a password/ });
  t.notMatch(JSON.stringify(result), /canary/);
});

const level = (id: string) => testPoint(id, { semantic: 'level', write: writable() });
const LAMP = testProfile('lamp', [level('level')]);
const TWIN = testProfile('twin', [level('ch1'), level('ch2')], { model: 'Twin\n# injected: true' });
const PIR = testProfile('pir', [testPoint('motion', { semantic: 'presence', type: 'bit' })], { category: 'presence' });
const BALLASTS = testProfile(
  'ballasts',
  Array.from({ length: 8 }, (_, i) => level(`ecg${i}`)),
  { category: 'dali-gateway', experimental: 'its map is doubtful' },
);
const FLAGS = testProfile('flags', [testPoint('motion', { semantic: 'presence', type: 'u16', bit: 2 })], { category: 'presence' });
const SHELF = [LAMP, TWIN, PIR, BALLASTS, FLAGS];

function seen(port: string, units: Readonly<Record<number, string | null>>): SeenLine {
  const found = Object.entries(units).map(([unit, id]) => ({
    unit: Number(unit),
    serial: SERIAL_8N2,
    turnaroundMs: 5,
    profiles: id === null ? [] : [{ id, strength: 'strong' as const }],
    device: null,
    exception: null,
  }));
  return { port, serial: SERIAL_8N2, found, damaged: port === 'b' ? [9] : [], uartDevice: null };
}

function draftOf(...lines: SeenLine[]) {
  return propose(lines, (_, { profiles: [best] }) => SHELF.find(({ id }) => id === best?.id) ?? null, 27.5);
}

t.test('units become lamps, poles and sensors with names that count over all lines', async (t) => {
  const draft = draftOf(seen('a', { 1: 'lamp', 2: 'lamp', 7: 'pir', 9: null }), seen('b', { 1: 'twin', 2: 'ballasts' }));
  t.strictSame(
    draft.lamps.map(({ id, device, point, pole }) => `${id} ${device}.${point} ${pole}`),
    ['L01 L01.level P01', 'L02 L02.level P02', 'L03-1 L03.ch1 P03', 'L03-2 L03.ch2 P03'],
    'each level of a device is a lamp, but ballasts behind a gateway must be counted by a person',
  );
  t.strictSame(draft.poles, [
    { id: 'P01', atM: 0 },
    { id: 'P02', atM: 27.5 },
    { id: 'P03', atM: 55 },
  ]);
  t.strictSame(draft.presence, [{ device: 'S01', point: 'motion', isContact: true }]);
});

t.test('a bit of a register is a contact, whose threshold is 1', async (t) => {
  const draft = draftOf(seen('a', { 1: 'lamp', 7: 'flags' }));
  const text = cabinetText({ answers: ANSWERS, draft, keyFiles: null, passwordFile: null, dataDir: '/data' });
  t.match(loadCabinet('cabinet.yaml', () => text).cabinet.zones, [{ presence: { sensors: [{ device: 'S01', threshold: 1 }] } }]);
});

t.test('for any answers, the resulting cabinet file contains exactly these', async (t) => {
  const draft = draftOf(seen('/dev/ttyS1', { 1: 'lamp', 2: 'twin', 3: 'ballasts', 7: 'pir', 9: null }), seen('b', {}));
  const answers = { ...ANSWERS, broker: 'mqtts://broker.example.org', group: 'Angers', username: 'box' };
  const keyFiles = { certFile: '/etc/luciole/cabinet.pem', keyFile: '/etc/luciole/cabinet.key' };
  const text = cabinetText({ answers, draft, keyFiles, passwordFile: '/etc/luciole/uplink.password', dataDir: '/data/box 1' });
  const { cabinet } = loadCabinet('cabinet.yaml', () => text);
  t.match(cabinet, {
    name: ANSWERS.name,
    latitudeDeg: 47.4736,
    zones: [{ id: 'on', kind: 'path', presence: { sensors: [{ threshold: 1 }] } }],
  });
  t.equal(cabinet.store.dir, '/data/box 1');
  t.match(cabinet.uplink, { broker: answers.broker, username: 'box', ...keyFiles });
  t.notMatch(text, /^# injected/m, 'a comment stays in its line');
  t.match(text, /# Unit 9 answers and no profile is certain/);
  t.match(text, /experimental: compare its values/);
});

t.test('a device that sends without a request gets a line of its own, without an address', async (t) => {
  const dust = testProfile('dust', [testPoint('pm2_5')], { category: 'air', transport: 'uart' });
  const text = cabinetText({
    answers: ANSWERS,
    draft: draftOf({ ...seen('/dev/ttyS1', {}), uartDevice: dust }),
    keyFiles: null,
    passwordFile: null,
    dataDir: null,
  });
  t.match(loadCabinet('cabinet.yaml', () => text).cabinet.lines, [{ kind: 'uart', devices: [{ id: 'A01', profile: 'dust' }] }]);
});

t.test('a line without devices makes a valid cabinet, to be scanned later', async (t) => {
  const text = cabinetText({ answers: ANSWERS, draft: draftOf(seen('/dev/ttyS1', {})), keyFiles: null, passwordFile: null, dataDir: null });
  t.match(loadCabinet('cabinet.yaml', () => text).cabinet, { lamps: [], zones: [], lines: [{ devices: [] }], uplink: null });
});

const openssl = findProgram('openssl');
t.test(
  'the certificate request is one for others too',
  { skip: openssl === undefined ? 'needs the program openssl' : false },
  async (t) => {
    const file = join(t.testdir(), 'cabinet.csr');
    writeFileSync(file, certificateRequest(newKeyPem(), 'Angers 0042 é'));
    const shown = execFileSync(openssl ?? '', ['req', '-in', file, '-verify', '-noout', '-subject', '-nameopt', 'utf8'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.match(shown.toString(), /subject=CN ?= ?Angers 0042 é/);
  },
);

t.test('lines typed ahead wait for their questions; when the user leaves, the questions end', async (t) => {
  const input = new PassThrough();
  const shown: string[] = [];
  const gone = new AbortController();
  const asker = createLineAsker(input, (text) => shown.push(text), gone.signal);
  input.write('first\nsec');
  t.equal(await asker.ask('one? '), 'first');
  const second = asker.ask('two? ');
  input.write('ond\n');
  t.equal(await second, 'second');
  const third = asker.ask('three? ');
  gone.abort();
  await t.rejects(third, { code: 'failed', message: /nothing was written/ });
  t.strictSame(shown, ['one? ', 'two? ', 'three? ']);
  asker.close();
});
