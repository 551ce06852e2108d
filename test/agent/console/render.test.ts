import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { renderDevices, renderPoints } from '../../../agent/console/commands/cabinet/devices-page.ts';
import { renderEvents } from '../../../agent/console/commands/cabinet/events-page.ts';
import { renderStatus } from '../../../agent/console/commands/cabinet/status-page.ts';
import { renderOutcome } from '../../../agent/console/commands/light/override-page.ts';
import { renderWhy } from '../../../agent/console/commands/light/why-page.ts';
import {
  renderRead,
  renderRegisters,
  renderRegistersProgress,
  renderWrite,
} from '../../../agent/console/commands/lines/bus-registers-page.ts';
import { renderLineChoice, renderScan, renderScanProgress } from '../../../agent/console/commands/lines/bus-scan-page.ts';
import { renderStats } from '../../../agent/console/commands/lines/bus-stats-page.ts';
import { renderTransaction, renderWatchEnd } from '../../../agent/console/commands/lines/bus-watch-page.ts';
import { renderProfiles } from '../../../agent/console/commands/lines/profile-list-page.ts';
import { renderChecked, renderProfile } from '../../../agent/console/commands/lines/profile-show-page.ts';
import {
  type ProfileTest,
  renderProfileTest,
  type TestedPoint,
  testSucceeded,
} from '../../../agent/console/commands/lines/profile-test-page.ts';
import type { PointHistory } from '../../../agent/console/commands/store/history-page.ts';
import { renderHistory, samplesOf } from '../../../agent/console/commands/store/history-page.ts';
import { renderBackup, renderCheck, renderCheckProgress, renderStore } from '../../../agent/console/commands/store/store-page.ts';
import type { Page } from '../../../agent/console/text/page.ts';
import { plain, toAscii } from '../../../agent/console/text/plain-text.ts';
import { plotLines, type Sample } from '../../../agent/console/text/plot.ts';
import type { StatusView } from '../../../agent/core/views.ts';
import * as bus from './fake-bus.ts';
import * as fake from './fake-view.ts';

const page: Page = { widthCols: 80, colour: false, atMs: fake.AT_MS, timezone: fake.TIMEZONE };
const same = <T>(value: T): T => plain(value) as T;
const zones = (number: number): StatusView['zones'] =>
  Array.from({ length: number }, (_, index) => ({ ...(fake.status().zones[0] as StatusView['zones'][number]), id: `zone-${index}` }));
const many = same(
  fake.status({
    clockQuality: 'none',
    startMs: null,
    zones: zones(20),
    lines: Array.from({ length: 8 }, (_, index) => fake.line(`line-${index}`)),
    activeEvents: Array.from({ length: 30 }, (_, index) => fake.event(index)),
  }),
);
const uplink = { ...fake.status().uplink, state: 'down', reason: 'the broker refuses the password; check passwordFile' } as const;
const lampWhy = { id: 'L07', kind: 'lamp', lamps: [fake.whyLamp(7, true)] } as const;
const failed = fake.outcome({ state: 'failed', reason: 'L03 does not answer', lamps: { L01: 'verified', L03: 'failed' } });
const bare = fake.outcome({ state: 'refused', reason: 'too dark for the class of this road', lamps: {} });

const wish = {
  target: { kind: 'lamp', id: 'L02' },
  levelPct: 100,
  rank: 'maintenance',
  source: 'console:paul',
  reason: 'lamp test',
  untilMs: fake.AT_MS + 1_800_000,
} as const;
const held = fake.outcome({
  state: 'failed',
  reason: 'L02: waiting below maintenance by console:paul',
  lamps: { L01: 'verified', L02: 'failed', L03: 'verified' },
  waiting: [{ lamps: ['L02'], wish }],
});
const heldLamp = fake.outcome({ ...held, target: wish.target, lamps: { L02: 'failed' } });

const FAULT = 'L03.status: the lamp is broken';
const LOST = 'does not answer; check its supply, address 4 and the wire to pole P04 (line north); no reply within 45 ms';
const DEAD = 'no unit on line street answers; check its supply, wires A and B, the adapter';
const faultyZones = fake.status().zones.map((zone) => ({
  ...zone,
  lamps: zone.lamps.map((lamp) => (lamp.id === 'L03' ? { ...lamp, faults: [FAULT] } : lamp)),
}));
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
  untried,
});
const refusedPoint = tested('energy', {
  value: null,
  quality: 'failed',
  turnaroundMs: null,
  reason: 'illegal-address',
});
const longWords = {
  ...bus.transaction({ unit: 247, error: 'illegal-function', what: 'write holding 2000 = 300, then read back '.repeat(4) }),
};

const HOUR_MS = 3_600_000;
const measured = (hours: number, changes: Partial<PointHistory> = {}): PointHistory => {
  const range = { fromMs: fake.AT_MS - hours * HOUR_MS, toMs: fake.AT_MS, resolution: changes.resolution ?? 'raw' } as const;
  return { pointId: 'M01.power', unit: 'W', decimals: 1, ...range, ...fake.history(range), ...changes };
};
const unbalanced = { produced: 100, delivered: 90, backlog: 5, gaps: 2, isBalanced: false };
const damaged = {
  file: 'telemetry.db',
  ok: false,
  problems: ['frame 17 to 19 are damaged; they are left out and told upstream'],
  bytes: 1,
};

const sheets: [story: string, text: string, says: RegExp[]][] = [
  [
    'a healthy cabinet on one screen',
    renderStatus(same(fake.status()), page),
    [/Rue Bressigny, cote prefecture/, /22:41:07 CET, clock synced/, /bressigny +12 +30\.\.80 %/],
  ],
  [
    'who names no line to scan reads which there are, and what to type',
    renderLineChoice({ lines: [bus.lineStats(), bus.lineStats({ line: 'air', kind: 'uart', port: '/dev/ttyAMA2', baud: 9_600 })] }, page),
    [
      /^Line +Kind +Baud +Port\nstreet +modbus +19200 +\/dev\/serial/,
      /\nair +uart +9600 +\/dev\/ttyAMA2\n\nA uart line carries one device .*\nWhich one\? Say: luciole bus scan street$/,
    ],
  ],
  ['a line that is down says why', renderStatus(same(fake.status()), page), [/cabinet +down +- +9600 .*no such port/]],
  [
    'what is wrong is told whole where the screen has room',
    renderStatus(same(fake.status({ activeEvents: [fake.event(2, { source: 'L02', text: `L02 ${LOST}` })] })), page),
    [
      /warning +L02 +20 min +does not answer; check its supply, address 4 and the\n +wire to pole P04 \(line north\); no reply within 45 ms$/,
    ],
  ],
  [
    'where it has less room, the worst is told first and as far as it goes',
    renderStatus(
      same(
        fake.status({
          lines: [fake.line('a'), fake.line('b'), fake.line('c'), fake.line('d')],
          activeEvents: [2, 4].map((n) => fake.event(n, { source: `L0${n}`, text: `L0${n} ${LOST}` })),
        }),
      ),
      page,
    ),
    [/warning +L02 .*does not answer[^\n]*\n {20,}wire to pole P04 .*\nwarning +L04 .*does not answer[^\n]*~$/],
  ],
  [
    'a crowded cabinet still shows some of everything',
    renderStatus(many, page),
    [/\.\.\. and 18 more zones/, /\.\.\. and \d more lines/, /\.\.\. and \d+ more events/],
  ],
  [
    'a lamp that follows and has a fault does not read as well',
    renderStatus(same(fake.status({ zones: faultyZones })), page),
    [/bressigny .*fault: L03, all follow/],
  ],
  [
    'a line that is opened again and again says why',
    renderStatus(same(fake.status({ lines: [fake.line('street', { state: 'reopening', baud: null, reason: DEAD })] })), page),
    [/street +reopening +- +- .*no unit on/],
  ],
  [
    'a device that answers and has a fault',
    renderDevices(
      fake.devices().map((device) => (device.id === 'L01' ? { ...device, faults: [FAULT] } : { ...device, state: 'new' })),
      page,
    ),
    [/L01 .* ok, fault /, /^Fault +L03.status: the lamp is broken$/m, /3 devices, 0 silent, 2 not met yet, 1 with a fault/],
  ],
  [
    'why a lamp with a fault is dark',
    renderWhy(same({ ...lampWhy, lamps: [{ ...fake.whyLamp(7, true), faults: [FAULT] }] }), page),
    [/^Fault +L03.status: the lamp is broken$/m],
  ],
  [
    'a zone names the fault of each of its lamps, one that they share once',
    renderWhy(same({ ...fake.whyZone(), lamps: fake.whyZone().lamps.map((lamp) => ({ ...lamp, faults: [FAULT] })) }), page),
    [/^L03 .*yes, fault/m, /(?<!broken)\nFault +L03.status: the lamp is broken$/],
  ],
  [
    'a network line and what was found on it have no speed',
    `${renderStats([bus.lineStats({ baud: null })], page)}\n${renderScan({ ...bus.scanResult(), found: foundAtHome }, page)}`,
    [/street, modbus, network,/, /^ *1 +network /m],
  ],
  ['an unset clock says what it means', renderStatus(many, page), [/clock none \(not set\), lamps stay lit/, /no line polled yet/]],
  [
    'an uplink that is down says why and since when',
    renderStatus(same(fake.status({ uplink, activeEvents: [] })), page),
    [/down since 21:41:07: the broker refuses/, /Events +none active/],
  ],
  [
    'a cabinet with nothing in it',
    renderStatus(same(fake.status({ zones: [], lines: [], activeEvents: [] })), page),
    [/Zone/, /none active/],
  ],
  [
    'devices with a silent one',
    renderDevices(fake.devices(), page),
    [/L02 +street +2 +wb-led +P02 +silent +- +- +14/, /3 devices, 1 silent/],
  ],
  ['no devices', renderDevices([], page), [/no devices/]],
  [
    'points in their own decimals',
    renderPoints(same(fake.points()), page),
    [/L01\.temperature +11\.3 +degC +stale +75 s/, /ug\/m3/, /L02\.level +- +% +missing +-/],
  ],
  ['no point matches', renderPoints([], page), [/no point matches/]],
  [
    'why a lamp is bright',
    renderWhy(same(lampWhy), page),
    [/80 % since 22:39:12 \(115 s\)/, /^> {2}presence +80 % +S03/m, /^ {3}programme/m, /in 24 s\)/],
  ],
  [
    'why a zone is as it is, the shared part once',
    renderWhy(same(fake.whyZone()), page),
    [/^> {2}dusk/m, /^L03 +P03 +80 % +78 %.*presence: S03 saw/m],
  ],
  [
    'an override that was verified',
    renderOutcome(fake.outcome(), page, page.atMs + 7_200_000),
    [/override to 80 % verified/, /2 Dec 00:41, in 2 h/, /luciole release/],
  ],
  [
    'an override that failed, the bad lamps first',
    renderOutcome(failed, page, page.atMs + 60_000),
    [/failed: L03 does not answer/, /failed +L03\n +verified +L01/],
  ],
  [
    'one that a lamp follows only later says which, below whose, until when and what to type',
    renderOutcome(held, page, page.atMs + 7_200_000),
    [
      /^Outcome +zone bressigny: override to 80 % verified on 2 of 3 lamps\n {2}waiting +L02\n {2}verified +L01 L03\n/,
      /\nBelow +L02: maintenance to 100 % by console:paul \(lamp test\) until 23:11:07,\n +in 30 min; this one shows then; sooner with: luciole release L02\nEnds /,
    ],
  ],
  [
    'below a wish that outlasts it on the same lamp',
    renderOutcome(heldLamp, page, page.atMs + 60_000),
    [
      /^Outcome +lamp L02: override to 80 % waits below another\n {2}waiting +L02\n/,
      /this one ends before; luciole release L02 ends both: then\n +say it again\n/,
    ],
  ],
  [
    'lamps that wait beside one that fails',
    renderOutcome({ ...held, reason: 'L01: no reply', lamps: { ...held.lamps, L01: 'failed' } }, page, page.atMs + 7_200_000),
    [/80 % failed: L01: no reply\n {2}failed +L01\n {2}waiting +L02\n {2}verified +L03\nBelow/],
  ],
  ['a refused override has no end', renderOutcome(bare, page, page.atMs + 60_000), [/refused: too dark/]],
  [
    'a release whose lamps did not answer was one all the same',
    renderOutcome(fake.outcome({ levelPct: null, state: 'failed', reason: 'L08: no reply' }), page, null),
    [/released, but failed to confirm: L08: no reply/],
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
    'a scan that found nobody',
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
    [/^Level +of lamp L07: the agent writes its own back within seconds; to keep\s+one:\s+luciole\s+override L07$/m],
  ],
  ['the same by broadcast', renderWrite({ ...written, unit: 0, lamps: ['L07', 'L08'] }, page), [/of 2 lamps: the agent writes its own/]],
  ['a register that holds letters', renderRead(bus.readResult({ words: [0x5742], values: [] }), page), [/0x5742 +WB$/m]],
  ['bits', renderRead(bus.readResult({ table: 'coil', words: [1, 0], values: [] }), page), [/^ +2000 {2}0x07D0 +1$/m]],
  ['a write that took', renderWrite(written, page), [/100 \(0x0064\) {2}300 \(0x012C\) {2}300 \(0x012C\)/, /written and read back/]],
  [
    'a write that the profile has something against',
    renderWrite({ ...written, warnings: ["level: 300 is outside the profile's limits 0 to 100"] }, page),
    [/^Result +written and read back\nWarning +level: 300 is outside the profile's limits 0 to 100$/m],
  ],
  ['a write that did not take', renderWrite({ ...written, after: [100] }, page), [/keeps another value/]],
  [
    'a broadcast',
    renderWrite({ ...written, unit: 0, before: null, after: null }, page),
    [/of every unit on/, /- +300 \(0x012C\) {2}-/, /nobody answers a broadcast/],
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
    'a scan through a gateway that finds nobody',
    renderScan(bus.scanResult({ isNetwork: true, found: [], damaged: [] }), page),
    [/^Nobody +answers: check that this is the right gateway/m, /silent; check\s+supply and\s+cable\s+behind\s+the\s+gateway/],
  ],
  ['no lines', renderStats([], page), [/no lines/]],
  [
    'a transaction',
    renderTransaction(bus.transaction(), page),
    [/^22:41:07\.045 #7 {3}read input 0\.\.11 {11}4\.6 ms {2}telemetry {2}ok$/],
  ],
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
    'events, those that are over too',
    renderEvents(
      same([fake.event(1), fake.event(2, { severity: 'info', endMs: fake.AT_MS }), fake.event(0, { endMs: fake.AT_MS })]),
      page,
      86_400_000,
    ),
    [/22:31:07 {2}warning {3}10 min \+ {2}L01/, /22:21:07 {2}info +20 min {2}L02/, /3 events in the last 24 h, 1 not over/],
  ],
  ['no events', renderEvents([], page, null), [/no events going on now/]],
  [
    'what is going on, which says so once',
    renderEvents([fake.event(1, { source: 'L01.status', text: 'L01.status: lamp fault' })], page, null),
    [/ {2}L01\.status {2}lamp fault$/m, /^1 event going on now$/m],
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
      /^power +W +input +52 {2}f32/m,
      /u16 bit 3/,
      /0\.\.100 danger/,
      /^alarms +1 = 0 +alarm +mains lost - on phase 2$/m,
      /Source +this test/,
    ],
  ],
  [
    'a device type that nobody knows the settings of',
    renderProfile(same({ ...bus.METER, serial: null, unit: null }), page),
    [/give them in the cabinet, no factory\n +address known/],
  ],
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
  [
    'what a point measured, reading by reading',
    renderHistory(measured(0.25), page, 'table'),
    [
      /^M01\.power in W, each reading, 2026-12-01 22:26 to 22:41, Europe\/Paris$/m,
      /^ {4}Time {2}Value {2}Quality$/m,
      /^22:27:00 {3}81\.8 {2}good \*$/m,
      /^22:33:00 {6}- {2}missing$/m,
      /^15 readings, 81\.8 to 83\.0; --by minute or hour tells it otherwise$/m,
      /^\* +taken before the clock was right/m,
    ],
  ],
  [
    'what a point measured over days has the day before each time',
    renderHistory(measured(24, { resolution: 'hour' }), page, 'table'),
    [
      /^ {8}Time {3}Min {3}Mean {3}Max {2}Readings$/m,
      /^30 Nov 23:00 {2}84\.2 {2}86\.32 {2}89\.2 {8}60 {2}1 without a value$/m,
      /^ 1 Dec 05:00 {5}- {6}- {5}- {9}1 /m,
    ],
  ],
  [
    'what a point measured, with more before it',
    renderHistory(measured(1, { isCut: true, unit: '' }), page, 'table'),
    [/^M01\.power, each/, /^Cut +there are more before these/m],
  ],
  [
    'nothing of a point',
    renderHistory(measured(1, { rows: [] }), page, 'table'),
    [/^Nothing +of it is kept from these 60 min|1 h: `luciole store`/m],
  ],
  [
    'a point without a value, drawn',
    renderHistory(measured(1, { rows: [{ atMs: fake.AT_MS, value: null, quality: 'missing', isCorrected: false }] }), page, 'plot'),
    [/^no reading of this time has a value$/m, /^1 reading, -;/m],
  ],
  [
    'a day, drawn',
    renderHistory(measured(24, { resolution: 'minute' }), page, 'plot'),
    [/^100 \+$/m, /^ {4}\|::\*+:::$/m, /^ {4}\+-{4}\+-/m, /^ {9}1 Dec {4}03:00 {4}06:00/m],
  ],
  [
    'a history for another program',
    renderHistory(measured(0.25), page, 'csv'),
    [
      /^time,point,value,quality,corrected\n2026-12-01T21:27:00\.000Z,M01\.power,81\.8,good,true$/m,
      /:33:00\.000Z,M01\.power,,missing,false$/m,
    ],
  ],
  [
    'hours for another program',
    renderHistory(measured(3, { resolution: 'hour' }), page, 'csv'),
    [/^time,point,min,mean,max,values,readings\n/, /T20:00:00\.000Z,M01\.power,70\.8,72\.92,75\.8,59,60$/m],
  ],
  [
    'the store',
    renderStore(same(fake.storeView()), page),
    [
      /^Store +ok, \/var\/lib\/luciole$/m,
      /82345 readings in 4021 frames, 1\.2 MB, 0\.2 % of store\.maxMegabytes\n +\(512\), back to Mon 2026-11-30 22:41:07 CET \(24 h\)/,
      /journal 2345 readings in 13 kB, 5\.70 bytes each; 34 segments 80000\n +readings in 61 kB, 0\.76 bytes each/,
      /full in 130 d at the present rate/,
      /657\.0 MB written a day \(87\.6 MB in 3 h 12 min/,
      /82345 produced = 82320 delivered \+ 25 waiting \+ 0 lost in 0 gaps: it\n +holds/,
      /^compaction {2}23:17:00 {5}22:17:00 {2}21600 readings made into 1 segment/m,
      /^integrity {3}2 Dec 13:01 {2}- {9}-$/m,
    ],
  ],
  [
    'a store in trouble says what to do',
    renderStore(
      same(
        fake.storeView({
          state: 'trouble',
          reason: 'the disk is full; make room on /var/lib/luciole',
          readingsLost: 7,
          account: unbalanced,
          chores: [fake.chore('backup', { failed: true, result: 'the disk could not be asked' })],
        }),
      ),
      page,
    ),
    [
      /^Store +trouble, /m,
      /^Trouble +the disk is full; make room on \/var\/lib\/luciole\. The street stays lit/m,
      /7 lost since the start: `luciole\n? *events`/,
      /IT DOES\n +NOT HOLD, 3 readings apart; run `luciole store check`/,
      /^backup .* failed: the disk could not be asked$/m,
    ],
  ],
  [
    'a store that is young, empty and has never been asked',
    renderStore(
      same(
        fake.storeView({
          ...fake.storeStatus({ epoch: '', readings: 0, frames: 0, bytes: 0, maxBytes: 0, oldestMs: null, written: null }),
          journal: { readings: 0, bytes: 0 },
          segments: { count: 0, readings: 0, bytes: 0 },
          hoursLeft: null,
          writtenBytesPerDay: null,
          chores: [],
        }),
      ),
      page,
    ),
    [/journal empty; 0 segments empty/, /nothing yet/, /told after 10 minutes/, /not told by this kernel/, /^Epoch +-$/m],
  ],
  [
    'a store that outlasts its readings',
    renderStore(same(fake.storeView({ hoursLeft: 500 * 24, writtenBytesPerDay: null })), page),
    [/for all readings of 400 days at the present rate/, /a\n? *day's rate after 10\n? *minutes/],
  ],
  [
    'a store without damage',
    renderCheck(same(fake.storeCheck()), page),
    [/^telemetry\.db {2}ok {5}1\.2 MB$/m, /it holds$/m, /^Result +everything was read, nothing is damaged$/m],
  ],
  [
    'a damaged store',
    renderCheck(same(fake.storeCheck({ files: [damaged], account: unbalanced })), page),
    [/^telemetry\.db {2}bad/m, /^Damage +telemetry\.db: frame 17 to 19 are damaged/m, /IT DOES NOT HOLD/, /docs\/store\.md/],
  ],
  ['a store whose account nobody could take', renderCheck(same(fake.storeCheck({ account: null })), page), [/^Result +everything/m]],
  ['a check on its way', renderCheckProgress({ forMs: 12_345 }, page), [/^reading everything, 12 s$/]],
  [
    'a backup',
    renderBackup({ path: '/data/state.db.bak', bytes: 98_304, atMs: fake.AT_MS }, page),
    [/^Backup +\/data\/state\.db\.bak, 98 kB, 22:41:07$/],
  ],
  ['a release', renderOutcome(fake.outcome({ levelPct: null }), page, null), [/release verified/]],
];
for (const [story, text, says] of sheets) {
  t.test(story, async (t) => {
    for (const pattern of says) t.match(text, pattern);
    t.notMatch(text, /undefined|null|NaN/);
    t.match(text, /^[\x20-\x7e\n]+$/, 'printable ASCII');
    t.notMatch(text, /[^\n]{81}/, 'no line wider than 80 columns');
    t.notMatch(text, / $/m, 'no blanks at a line end');
  });
}

/** A plot of one hour. */
const drawn = (samples: readonly Sample[], decimals = 0): string[] =>
  plotLines(samples, { fromMs: fake.AT_MS, toMs: fake.AT_MS + HOUR_MS, timezone: fake.TIMEZONE, decimals, widthCols: 80 });
const steady = (value: number, from = 0, to = 1): Sample => ({
  fromMs: fake.AT_MS + from * HOUR_MS,
  toMs: fake.AT_MS + to * HOUR_MS,
  min: value,
  mean: value,
  max: value,
});

t.test('what holds is a line without a break, and what is not known is a blank of its length', async (t) => {
  const whole = drawn([steady(30)]).filter((line) => line.includes('*'));
  t.strictSame(whole, [`30 +${'*'.repeat(76)}`]);
  const [broken = ''] = drawn([steady(30, 0, 0.25), steady(30, 0.5, 0.75)]).filter((line) => line.includes('*'));
  t.equal(broken, `30 +${'*'.repeat(19)}${' '.repeat(19)}${'*'.repeat(19)}`);
  const [partly = ''] = drawn([steady(30, 0.01, 0.02)]).filter((line) => line.includes('*'));
  t.equal(partly, '30 +**', 'a column that it holds in part is a column');
});

t.test('a reading holds until the next, but not over a time in which readings usually come', async (t) => {
  const at = (minutes: number, value: number | null = 1) =>
    ({ atMs: minutes * 60_000, value, quality: value === null ? 'missing' : 'good', isCorrected: false }) as const;
  const held = (...rows: ReturnType<typeof at>[]) =>
    samplesOf(measured(0, { rows, toMs: 60 * 60_000 })).map(({ fromMs, toMs }) => [fromMs / 60_000, toMs / 60_000]);
  t.strictSame(held(at(0), at(1), at(2, null), at(58), at(59.5)), [
    [0, 1],
    [1, 2],
    [58, 59.5],
    [59.5, 60],
  ]);
  t.strictSame(
    held(at(0), at(1), at(2), at(3), at(13), at(14), at(59)).slice(3, 6),
    [
      [3, 3],
      [13, 14],
      [14, 14],
    ],
    'the agent was off',
  );
  t.strictSame(
    held(at(0), at(20), at(40)),
    [
      [0, 20],
      [20, 40],
      [40, 60],
    ],
    'a store that keeps little is not full of gaps',
  );
});

t.test('an axis has rounded values, and none that says minus nothing', async (t) => {
  const labels = (...samples: Sample[]) => drawn(samples).flatMap((line) => /^ *(-?[\d.]+) \+/.exec(line)?.[1] ?? []);
  t.strictSame(labels(steady(0), steady(97.3)), ['100', '80', '60', '40', '20', '0']);
  t.strictSame(labels(steady(-0.3), steady(0.2)), ['0.2', '0.1', '0.0', '-0.1', '-0.2', '-0.3']);
  t.strictSame(labels(steady(229.8), steady(231.4)), ['231.5', '231.0', '230.5', '230.0', '229.5']);
  t.strictSame(labels(steady(7)), ['8', '7']);
  t.strictSame(
    drawn([steady(7)], 2).flatMap((line) => /^(\S+) \+/.exec(line)?.[1] ?? []),
    ['7.01', '7.00'],
  );
});

t.test('the time axis shows what the clocks on the wall showed, also on the night on which they change', async (t) => {
  const axis = (from: string, to: string) => {
    const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
    const frame = { fromMs, toMs, timezone: fake.TIMEZONE, decimals: 0, widthCols: 80 };
    const [marks = '', labels = ''] = plotLines([{ fromMs, toMs, min: 0, mean: 0, max: 0 }], frame).slice(-2);
    const named = labels.trim().split(/ {2,}/);
    t.equal(marks.split('+').length - 2, named.length, 'no mark without its time');
    return named;
  };
  t.strictSame(axis('2026-10-24T20:00Z', '2026-10-25T08:00Z'), ['22:00', '25 Oct', '02:00', '04:00', '06:00', '08:00']);
  t.strictSame(axis('2026-03-28T20:00Z', '2026-03-29T08:00Z'), ['22:00', '29 Mar', '04:00', '06:00', '08:00']);
  t.strictSame(axis('2026-12-01T21:00Z', '2026-12-02T05:00Z'), ['22:00', '23:00', '2 Dec', '01:00', '02:00', '03:00', '04:00', '05:00']);
  t.strictSame(axis('2026-10-20T00:00Z', '2026-10-31T00:00Z').slice(0, 4), ['22 Oct', '24 Oct', '26 Oct', '28 Oct']);
});

t.test('whatever is drawn fits the terminal, shows each sample and ends', async (t) => {
  const value = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(0, 1e-9, -1e-9, 1e12, 230));
  const sample = fc.record({
    from: fc.double({ min: -0.5, max: 1, noNaN: true }),
    long: fc.double({ min: 0, max: 1, noNaN: true }),
    a: value,
    b: value,
    c: value,
  });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 20 }), fc.nat({ max: 400 }), (made, days) => {
      const fromMs = fake.AT_MS;
      const toMs = fromMs + 60_000 + days * 86_400_000;
      const samples = made.map(({ from, long, a, b, c }): Sample => {
        const [min = 0, mean = 0, max = 0] = [a, b, c].sort((x, y) => x - y);
        const startMs = fromMs + from * (toMs - fromMs - 1);
        return { fromMs: startMs, toMs: startMs + long * (toMs - fromMs), min, mean, max };
      });
      const lines = plotLines(samples, { fromMs, toMs, timezone: fake.TIMEZONE, decimals: 1, widthCols: 80 });
      const isWithin = lines.length <= 24 && lines.every((line) => line.length <= 80 && /^[ -~]*$/.test(line) && !line.endsWith(' '));
      return isWithin && lines.some((line) => line.includes('*'));
    }),
  );
  t.pass('held for all curves');
});

t.test('a status never needs more than one screen, and no list hides another', async (t) => {
  const upTo = fc.nat({ max: 12 });
  fc.assert(
    fc.property(upTo, upTo, upTo, (zoneCount, lineCount, eventCount) => {
      const lines = Array.from({ length: lineCount }, (_, index) => fake.line(`line-${index}`));
      const activeEvents = Array.from({ length: eventCount }, (_, index) => fake.event(index));
      const text = renderStatus(fake.status({ zones: zones(zoneCount), lines, activeEvents }), page);
      const shown = (count: number, word: string): boolean => count === 0 || text.includes(word);
      return text.split('\n').length <= 23 && shown(zoneCount, 'zone') && shown(lineCount, '/dev/') && shown(eventCount, 'does not answer');
    }),
  );
  t.equal(renderWhy(fake.whyZone(), page).match(/dusk/g)?.length, 1, 'what all lamps share stands once');
});

t.test('a profile fits when all was read and nothing impossible came; a value that is not there just now is no fault', async (t) => {
  t.ok(testSucceeded(trial([tested('a'), tested('b', { quality: 'no-value', value: null })])));
  t.notOk(testSucceeded(trial([tested('a', { quality: 'implausible' })])));
  t.notOk(testSucceeded(trial([refusedPoint])));
  t.notOk(testSucceeded(trial([tested('a')], 1)));
});

t.test('a failed transaction is red where the page has colours, and its columns stay', async (t) => {
  const failed = bus.transaction({ error: 'crc' });
  const text = renderTransaction(failed, { ...page, colour: true });
  t.match(text, '\u001b[31mcrc\u001b[39m');
  t.equal(stripVTControlCharacters(text), renderTransaction(failed, page));
});

t.test('the worst event stands first', async (t) => {
  const activeEvents = [fake.event(1), fake.event(2, { severity: 'alarm' }), fake.event(3, { severity: 'info' })];
  t.match(renderStatus(fake.status({ activeEvents }), page), /alarm +L02[\s\S]*warning +L01[\s\S]*info +L03/);
});

t.test('colour marks state words only, and only where the page has colours', async (t) => {
  const text = renderStatus(fake.status(), { ...page, colour: true });
  t.match(text, '\u001b[32msynced\u001b[39m');
  t.equal(stripVTControlCharacters(text), renderStatus(fake.status(), page), 'the layout is the same');
});

const letters: [text: string, ascii: string][] = [
  ['Préfecture, œuvre, Straße', 'Prefecture, oeuvre, Strasse'],
  ['8 µg/m³ à 11 °C – 40°', '8 ug/m3 a 11 degC - 40 deg'],
  ['\u001b[2J\u0007evil\r\nline\u200b 日本', '?[2J?evil  line? ??'],
];
for (const [text, ascii] of letters) t.test(`${ascii} is what a dumb terminal gets`, async (t) => t.equal(toAscii(text), ascii));

t.test('no text whatever can steer a terminal', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\x20-\x7e]*$/.test(toAscii(text))));
  t.strictSame(plain({ é: ['à', 1, null, { ok: true }] }), { e: ['a', 1, null, { ok: true }] });
});
