import { stripVTControlCharacters } from 'node:util';
import t from 'tap';
import { renderDiagnosis, renderExamProgress } from '../../../../../agent/console/commands/lines/bus-doctor-page.ts';
import {
  renderRead,
  renderRegisters,
  renderRegistersProgress,
  renderWrite,
} from '../../../../../agent/console/commands/lines/bus-registers-page.ts';
import { renderLineChoice, renderScan, renderScanProgress } from '../../../../../agent/console/commands/lines/bus-scan.ts';
import { renderStats } from '../../../../../agent/console/commands/lines/bus-stats.ts';
import { renderTransaction, renderWatchEnd } from '../../../../../agent/console/commands/lines/bus-watch.ts';
import { renderProfiles } from '../../../../../agent/console/commands/lines/profile.ts';
import { renderChecked, renderProfile } from '../../../../../agent/console/commands/lines/profile-show-page.ts';
import {
  type ProfileTest,
  renderProfileTest,
  type TestedPoint,
  testSucceeded,
} from '../../../../../agent/console/commands/lines/profile-test-page.ts';
import { msg } from '../../../../../agent/core/message.ts';
import * as bus from '../../fake-bus.ts';
import { checkSheets, page, same } from '../../pages.ts';

const foundAtHome = bus
  .scanResult()
  .found.slice(0, 1)
  .map((unit) => ({ ...unit, serial: null }));

const serial = { baud: 9_600, dataBits: 8, parity: 'even', stopBits: 1 } as const;

const written = { line: 'street', unit: 7, table: 'holding', address: 2_000, values: [300], before: [100], after: [300] } as const;

const tested = (point: string, changes: Partial<TestedPoint> = {}): TestedPoint => ({
  point,
  address: 52,
  value: 12.345,
  unit: 'W',
  decimals: 1,
  quality: 'good',
  turnaroundMs: 4.62,
  reason: '',
  ...changes,
});

const trial = (points: readonly TestedPoint[], untried = 0): ProfileTest => ({
  profile: 'my-driver',
  line: 'street',
  unit: 7,
  points,
  nameplate: {},
  untried,
  isSilent: false,
});

const refusedPoint = tested('energy', {
  value: null,
  quality: 'failed',
  turnaroundMs: null,
  reason: 'illegal-address',
});

const longWords = {
  ...bus.transaction({ unit: 247, error: 'illegal-function', what: msg`write ${'holding'} ${2000}=${'300,'.repeat(40)}` }),
};

const diagnosis = {
  line: 'street',
  verdict: 'echo',
  asked: 252,
  answered: 250,
  units: 7,
  unfed: [],
  durationMs: 31_400,
  findings: [
    {
      verdict: 'echo',
      units: [],
      text: msg`the adapter receives its own transmission`,
      causes: [msg`a jumper`, msg`a setting`],
      evidence: [msg`252 of 252 requests came back`, msg`none was damaged`],
      check: msg`look at the jumper`,
    },
    { verdict: 'healthy', units: [], text: msg`the line is healthy`, causes: [], evidence: [], check: msg`nothing` },
  ],
} as const;

checkSheets([
  [
    'a diagnosis shows each finding with evidence, numbered causes and the next check, and nothing to check where all is well',
    renderDiagnosis(diagnosis, page),
    [
      /^line street: 250 of 252 requests answered, examined for 31 s\n\nVerdict +the adapter receives/,
      /\nEvidence +252 of 252 .*\n +none was damaged\nCauses +1\. a jumper\n +2\. a setting\nCheck +look at the jumper\n\nVerdict +the line is healthy$/,
    ],
  ],
  [
    'the progress of an examination',
    renderExamProgress({ step: 'settings', doneMs: 41_000, totalMs: 60_000 }),
    [/^trying other serial settings, 41 of about 60 s$/],
  ],
  [
    'who names no line to scan reads which there are, and what to type',
    renderLineChoice({ lines: [bus.lineStats(), bus.lineStats({ line: 'air', kind: 'uart', port: '/dev/ttyAMA2', baud: 9_600 })] }, page),
    [
      /^Line +Kind +Baud +Port\nstreet +modbus +19200 +\/dev\/serial/,
      /\nair +uart +9600 +\/dev\/ttyAMA2\n\nA uart line has one device .*\nWhich one\? Type: luciole bus scan street$/,
    ],
  ],
  [
    'a network line and what was found on it have no speed',
    `${renderStats([bus.lineStats({ baud: null })], page)}\n${renderScan({ ...bus.scanResult(), found: foundAtHome }, page)}`,
    [/street, modbus, network,/, /^ *1 +network /m],
  ],
  [
    'a scan with strangers, a missing and a double unit',
    renderScan(bus.scanResult(), page),
    [
      /^ +1 {2}19200 8N2 {2}4\.6 {2}L01 +wirenboard-wb-led$/m,
      /eastron-sdm630\?/,
      /200 {2}9600 8E1.*answers illegal-address/,
      /Missing +L02 \(2\)/,
      /Damaged +33: /,
      /3 units on line street, in 7.9 s/,
    ],
  ],
  [
    'a scan that found no unit',
    renderScan(bus.scanResult({ found: [], missing: [], damaged: [] }), page),
    [/0 units on line/, /--baud auto/],
  ],
  [
    'a scan on its way',
    renderScanProgress({ done: 124, total: 247, serial, found: bus.scanResult().found[0] ?? null }),
    [/^50 %, 124 of 247 at 9600 8E1, found unit 1$/],
  ],
  ['a scan of nothing', renderScanProgress({ done: 0, total: 0, serial, found: null }), [/^0 %/]],
  [
    'registers that answer, eight in a row',
    renderRegisters(bus.registersResult(), page, { from: 0, to: 500 }),
    [/^ +8 {2}0x0008 {2}24000 {2}27000/m, /^ +2000 {2}0x07D0 {2}65535/m, /20 holding registers answer from 0 to 500; 23 requests/],
  ],
  [
    'a unit without such registers',
    renderRegisters(bus.registersResult({ runs: [] }), page, { from: 0, to: 500 }),
    [/0 holding registers/, /try another --table/],
  ],
  ['registers on their way', renderRegistersProgress({ done: 100, total: 500 }, page), [/^20 %, 100 of 500 addresses$/]],
  [
    'a register in all its forms',
    renderRead(same(bus.readResult()), page),
    [/^ +2000 {2}0x07D0 +300 {2}0x012C/m, /2001 {2}0x07D1 +65336 {2}0xFF38 +-200/, /^level +30 {2}%$/m, /^temperature +- {2}degC$/m],
  ],
  [
    'a read as an example of a profile has it',
    renderRead(bus.readResult({ values: [], request: '07 03 07 D0 00 02 C4 E0', response: `07 03 04 ${'01 2C '.repeat(9)}01 2C` }), page),
    [/\n\nrequest: 07 03 07 D0 00 02 C4 E0\nresponse: 07 03 04 (01 2C ?){10}$/],
  ],
  [
    'a write to a level that the agent keeps',
    renderWrite({ ...written, lamps: ['L07'] }, page),
    [/^Level +the agent writes its own level to lamp L07 again within seconds;\s+to\s+keep\s+one:\s+luciole\s+override\s+L07$/m],
  ],
  [
    'the same by broadcast',
    renderWrite({ ...written, unit: 0, isBroadcast: true, lamps: ['L07', 'L08'] }, page),
    [/the agent writes its own levels to 2 lamps again/],
  ],
  ['a register that holds letters', renderRead(bus.readResult({ words: [0x5742], values: [] }), page), [/0x5742 +WB$/m]],
  ['bits', renderRead(bus.readResult({ table: 'coil', words: [1, 0], values: [] }), page), [/^ +2000 {2}0x07D0 +1$/m]],
  ['a write that took', renderWrite(written, page), [/100 \(0x0064\) {2}300 \(0x012C\) {2}300 \(0x012C\)/, /written and read back/]],
  [
    'a write that the profile has something against',
    renderWrite({ ...written, warnings: [msg`level: 300 is outside the profile's limits 0 to 100`] }, page),
    [/^Result +written and read back\nWarning +level: 300 is outside the profile's limits 0 to 100$/m],
  ],
  [
    'a write to the first unit of a DALI bus',
    renderWrite({ ...written, unit: 0 }, page),
    [/registers of unit 0 on/, /written and read back/],
  ],
  ['a write that did not take', renderWrite({ ...written, after: [100] }, page), [/keeps another value/]],
  [
    'a broadcast',
    renderWrite({ ...written, unit: 0, isBroadcast: true, before: null, after: null }, page),
    [/of every unit on/, /- +300 \(0x012C\) {2}-/, /no unit answers a broadcast/],
  ],
  [
    'how a line does',
    renderStats([bus.lineStats(), bus.lineStats({ line: 'air', kind: 'uart', units: [], advice: [], urgentWaitMs: null })], page),
    [
      /^L01 +1 {2}ok +123456 +12 +3 +3 +1 +0 +4\.6 +5\.2 +31\.4$/m,
      /busy 41 %/,
      /p99 41\.2 ms/,
      /Refused +L02: temperature, voltage/,
      /check its supply/,
      /no urgent write yet/,
      /all is well/,
    ],
  ],
  [
    'a scan through a gateway that finds no unit',
    renderScan(bus.scanResult({ isNetwork: true, found: [], damaged: [] }), page),
    [/^None +no unit answers: check that this is the right gateway/m, /silent; check\s+supply and\s+cable\s+behind\s+the\s+gateway/],
  ],
  ['no lines', renderStats([], page), [/no lines/]],
  ['a transaction', renderTransaction(bus.transaction(), page), [/^22:41:07\.045 #7 {3}read input 0\+12 {12}4\.6 ms {2}telemetry {2}ok$/]],
  [
    'a transaction that failed',
    renderTransaction(bus.transaction({ error: 'illegal-function', turnaroundMs: null }), page),
    [/ - ms {2}telemetry {2}illegal-function$/],
  ],
  ['a transaction with many words', renderTransaction(longWords, page), [/~ {4}4\.6 ms/]],
  [
    'the end of a watch',
    renderWatchEnd({ line: 'street', seen: 12, missed: 3, durationMs: 30_000 }, page),
    [/^12 transactions on line street in 30 s; 3 more not shown: this terminal is too\nslow$/],
  ],
  [
    'the shelf',
    renderProfiles(bus.profiles(), page),
    [/^eastron-sdm630 +meter +modbus +3 {2}A ! +M01$/m, /3 devices$/m, /2 profiles, 1 experimental/],
  ],
  [
    'a device type',
    renderProfile(same(bus.METER), page),
    [
      /Doubt +two manuals/,
      /19200 8N2 from the factory, address 1/,
      /^Identify +nothing: a scan does not recognise it, name it in the cabinet$/m,
      /^power +W +input +52 {2}f32/m,
      /u16 bit 3/,
      /0\.\.100 danger/,
      /^alarms +1 = 0 +alarm +mains lost - on phase 2$/m,
      /Source +this test/,
    ],
  ],
  [
    'a device type with unknown settings',
    renderProfile(same({ ...bus.METER, serial: null, unit: null }), page),
    [/give them in the cabinet, no factory\n +address known/],
  ],
  [
    'what identifies a device type',
    renderProfile(
      same({
        ...bus.METER,
        identify: [
          { table: 'holding', address: 200, count: 6, oneOf: [], text: 'WB-LED', strength: 'strong' },
          { table: 'input', address: 0xfc02, count: 1, oneOf: [[0x79], [0x8a]], text: null, strength: 'plausible' },
          { table: 'holding', address: 0, count: 2, oneOf: [[1, 0xffff]], text: null, strength: 'strong' },
        ],
      }),
      page,
    ),
    [/^Identify +certain: holding 200-205 = "WB-LED", likely: input 64514 = 0x0079 \/\n +0x008A, certain: holding 0-1 = 0x0001 0xFFFF$/m],
  ],
  ['what a uart device is known by', renderProfile(same({ ...bus.METER, transport: 'uart' }), page), [/^Identify +by its frames, which/m]],
  [
    'a profile without faults',
    renderChecked('my.yaml', bus.METER, page),
    [/^my\.yaml: ok, eastron-sdm630, 3 points, 0 examples run, trust A\nDoubt/],
  ],
  [
    'a profile that fits its unit',
    renderProfileTest(trial([tested('power')]), page),
    [/^power +52 +12\.3 {2}W +good +4\.6 {2}-$/m, /1 of 1 point good$/m],
  ],
  [
    'a profile that does not',
    renderProfileTest(trial([tested('power', { quality: 'implausible' }), refusedPoint]), page),
    [/implausible/, /failed +- {2}illegal-address$/m, /compare the/],
  ],
  [
    "a point at a manual's number",
    renderProfileTest(trial([tested('power'), { ...refusedPoint, address: 40_101 }]), page),
    [/type,\s+scale;\s+a\s+manual\s+that\s+says\s+40101\s+means\s+address\s+100\s+of\s+table\s+holding$/],
  ],
  ['a unit that was given up', renderProfileTest(trial([refusedPoint], 7), page), [/0 of 8 points good; given up/]],
]);

t.test(
  'a profile fits if everything was read and no value was impossible; a value that is missing at the moment is no fault',
  async (t) => {
    t.ok(testSucceeded(trial([tested('a'), tested('b', { quality: 'no-value', value: null })])));
    t.notOk(testSucceeded(trial([tested('a', { quality: 'implausible' })])));
    t.notOk(testSucceeded(trial([refusedPoint])));
    t.notOk(testSucceeded(trial([tested('a')], 1)));
  },
);

t.test('a failed transaction is red where the page has colours, and its columns stay', async (t) => {
  const failed = bus.transaction({ error: 'crc' });
  const text = renderTransaction(failed, { ...page, colour: true });
  t.match(text, '\u001b[31mcrc\u001b[39m');
  t.equal(stripVTControlCharacters(text), renderTransaction(failed, page));
});
