import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { POINTS, renderDevices, renderPoints } from '../../../../../agent/console/commands/cabinet/devices.ts';
import { renderEvents } from '../../../../../agent/console/commands/cabinet/events.ts';
import { renderStatus } from '../../../../../agent/console/commands/cabinet/status-page.ts';
import { renderWhy } from '../../../../../agent/console/commands/light/why.ts';
import { learn } from '../../../../../agent/console/text/translate.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { DeviceView } from '../../../../../agent/core/ports.ts';
import type { AgentView, PointView, StatusView } from '../../../../../agent/core/views.ts';
import { AT_MS } from '../../fake-clock.ts';
import {
  devices as fakeDevices,
  fakeEvent,
  line as fakeLine,
  points as fakePoints,
  status as fakeStatus,
  whyZone as fakeWhyZone,
} from '../../fake-view.ts';
import { checkSheets, FAULT, page, same } from '../../pages.ts';

const zones = (number: number): StatusView['zones'] =>
  Array.from({ length: number }, (_, index) => ({ ...(fakeStatus().zones[0] as StatusView['zones'][number]), id: `zone-${index}` }));

const many = same(
  fakeStatus({
    clockQuality: 'none',
    startMs: null,
    zones: zones(20),
    lines: Array.from({ length: 8 }, (_, index) => fakeLine(`line-${index}`)),
    activeEvents: Array.from({ length: 30 }, (_, index) => fakeEvent(index)),
  }),
);

const uplink = { ...fakeStatus().uplink, state: 'down', reason: msg`the broker refuses the password; check passwordFile` } as const;

const LOST = 'does not answer; check its supply, address 4 and the wire to pole P04 (line north); no reply within 45 ms';

const DEAD = msg`no unit on line street answers; check its supply, wires A and B, the adapter`;

const faultyZones = fakeStatus().zones.map((zone) => ({
  ...zone,
  lamps: zone.lamps.map((lamp) => (lamp.id === 'L03' ? { ...lamp, faults: [FAULT] } : lamp)),
}));

const well = { activeEvents: [], units: { ok: 12, flaky: 0, silent: 0 }, lines: [fakeLine('street')] } as const;
const oneLamp = (changes: object): StatusView['zones'] =>
  fakeStatus().zones.map((zone) => ({ ...zone, lamps: zone.lamps.map((lamp) => (lamp.id === 'L03' ? { ...lamp, ...changes } : lamp)) }));
const alarm = fakeEvent(1, { code: 'door-open', severity: 'alarm' });

// biome-ignore format: a table
const verdicts: [story: string, changes: Partial<StatusView>, verdict: string][] = [
  ['nothing is wrong', {}, 'all is well'],
  ['a busy line is normal up to where polls come late', { lines: [fakeLine('street', { busyPct: 80 })] }, 'all is well'],
  ['a line above that', { lines: [fakeLine('street', { busyPct: 81 })] }, 'line street is 81 % busy: `luciole bus stats street`'],
  ['a line reads everything once after a start', { upS: 59, lines: [fakeLine('street', { busyPct: 96 })] }, 'all is well'],
  ['and is judged after a minute', { upS: 60, lines: [fakeLine('street', { busyPct: 96 })] }, 'line street is 96 % busy: `luciole bus stats street`'],
  ['a notice is no finding', { activeEvents: [fakeEvent(1, { code: 'override-started', severity: 'info' })] }, 'all is well'],
  ['no uplink is configured', { uplink: { ...fakeStatus().uplink, state: 'off' } }, 'all is well'],
  ['a lamp does not follow', { zones: oneLamp({ following: false }) }, '1 lamp does not follow: `luciole why L03`'],
  ['a lamp has a fault', { zones: oneLamp({ faults: [FAULT] }) }, '1 lamp has a fault: `luciole why L03`'],
  ['its event counts once', { zones: oneLamp({ faults: [FAULT] }), activeEvents: [fakeEvent(3, { code: 'lamp-fault' })] }, '1 lamp has a fault: `luciole why L03`'],
  ['a silent unit and its event', { units: { ok: 11, flaky: 0, silent: 1 }, activeEvents: [fakeEvent(3)] }, '1 unit silent: `luciole devices silent`'],
  ['an event of nothing else', { activeEvents: [alarm] }, '1 open event: `luciole events --active`'],
  ['an event whose state is over is not hidden', { activeEvents: [fakeEvent(3)] }, '1 open event: `luciole events --active`'],
  ['the time is not trusted', { clockQuality: 'restored' }, 'time not trusted, lamps stay lit: `luciole events --active`'],
  ['the disk takes nothing', { store: { ...fakeStatus().store, state: 'trouble', reason: msg`disk full` } }, 'the store is in trouble: `luciole store`'],
  ['readings were lost', { store: { ...fakeStatus().store, readingsLost: 7 } }, 'readings were lost since the start: `luciole store`'],
  ['an unknown number of them', { store: { ...fakeStatus().store, lossesEstimated: 1 } }, 'readings were lost since the start: `luciole store`'],
  ['the platform is out of reach', { uplink: { ...uplink } }, 'the uplink is down: `luciole uplink`'],
  ['the worst comes first', { activeEvents: [alarm], uplink: { ...uplink }, lines: [fakeLine('street', { state: 'down', reason: msg`no such port` })] },
    'line street is down: `luciole bus stats street`; 2 more below'],
];
await learn('fr');
for (const [story, changes, verdict] of verdicts) {
  t.test(`the first line of the status: ${story}`, async (t) => {
    const [first] = renderStatus(same(fakeStatus({ ...well, ...changes })), page).split('\n');
    t.equal(first, `Verdict   ${verdict}`);
    const [french = ''] = renderStatus(same(fakeStatus({ ...well, ...changes })), { ...page, language: 'fr' }).split('\n');
    t.match(french, /^Verdict +\S.*[^~]$/);
    t.notMatch(french, / is | are | has | more |lamps? |well|silent:|open event/, 'all of it in French');
  });
}

checkSheets([
  [
    'a healthy cabinet on one screen',
    renderStatus(same(fakeStatus()), page),
    [/Rue Bressigny, cote prefecture/, /22:41:07 CET, clock synced/, /bressigny +12 +30\.\.80 %/],
  ],
  ['a line that is down says why', renderStatus(same(fakeStatus()), page), [/cabinet +down +- +9600 .*no such port/]],
  [
    'an event is shown in full if the screen has room',
    renderStatus(same(fakeStatus({ activeEvents: [fakeEvent(2, { source: 'L02', text: msg`L02 ${LOST}` })] })), page),
    [
      /warning +L02 +20 min +does not answer; check its supply, address 4 and the\n +wire to pole P04 \(line north\); no reply within 45 ms$/,
    ],
  ],
  [
    'with less room, the worst event comes first and is cut to fit',
    renderStatus(
      same(
        fakeStatus({
          lines: [fakeLine('a'), fakeLine('b'), fakeLine('c'), fakeLine('d')],
          activeEvents: [2, 4].map((n) => fakeEvent(n, { source: `L0${n}`, text: msg`L0${n} ${LOST}` })),
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
    renderStatus(same(fakeStatus({ zones: faultyZones })), page),
    [/bressigny .*fault: L03, all follow/],
  ],
  [
    'a line that is opened again and again says why',
    renderStatus(same(fakeStatus({ lines: [fakeLine('street', { state: 'reopening', baud: null, reason: DEAD })] })), page),
    [/street +reopening +- +- .*no unit on/],
  ],
  [
    'a device that answers and has a fault',
    renderDevices(
      fakeDevices().map((device) => (device.id === 'L01' ? { ...device, faults: [FAULT] } : { ...device, state: 'new' })),
      page,
    ),
    [/L01 .* ok, fault /, /^Fault +L03.status: the lamp is broken$/m, /3 devices, 0 silent, 2 not met yet, 1 with a fault/],
  ],
  ['an unset clock says what it means', renderStatus(many, page), [/clock not set, lamps stay lit/, /no line polled yet/]],
  [
    'an uplink that is down says why and since when',
    renderStatus(same(fakeStatus({ uplink, activeEvents: [] })), page),
    [/down since 21:41:07: the broker refuses/, /Events +none active/],
  ],
  [
    'a cabinet with nothing in it',
    renderStatus(same(fakeStatus({ zones: [], lines: [], activeEvents: [] })), page),
    [/Zone/, /none active/],
  ],
  [
    'devices with a silent one',
    renderDevices(fakeDevices(), page),
    [/L02 +street +2 +wb-led +P02 +silent +- +- +14/, /3 devices, 1 silent/],
  ],
  [
    'one device with what its nameplate says',
    renderDevices([{ ...(fakeDevices()[0] as DeviceView), nameplate: { serial: '16233039', maker: 'Schneider Electric' } }], page),
    [/^Maker +Schneider Electric$/m, /^Serial no\. +16233039$/m],
  ],
  ['no devices', renderDevices([], page), [/no devices/]],
  [
    'points in their own decimals',
    renderPoints(same(fakePoints()), page),
    [/L01\.temperature +11\.3 +degC +stale +75 s/, /ug\/m3/, /L02\.level +- +% +missing +-/],
  ],
  ['no point matches', renderPoints([], page), [/no point matches/]],
  [
    'events, those that are over too',
    renderEvents(same([fakeEvent(1), fakeEvent(2, { severity: 'info', endMs: AT_MS }), fakeEvent(0, { endMs: AT_MS })]), page, {
      spanMs: 86_400_000,
    }),
    [/22:31:07 {2}warning {3}10 min \+ {2}L01/, /22:21:07 {2}info +20 min {2}L02/, /3 events in the last 24 h, 1 not over/],
  ],
  [
    'a status after a loss that could not be counted',
    renderStatus(same(fakeStatus({ store: { ...fakeStatus().store, readingsLost: 0, lossesEstimated: 1 } })), page),
    [/^Store +ok, an unknown number lost, /m],
  ],
  ['no events', renderEvents([], page, { spanMs: null }), [/no events going on now/]],
  [
    'what is going on, which says so once',
    renderEvents([fakeEvent(1, { source: 'L01.status', text: msg`L01.status: lamp fault` })], page, { spanMs: null }),
    [/ {2}L01\.status {2}lamp fault$/m, /^1 event going on now$/m],
  ],
  [
    'an event about a file, whose path stays whole',
    renderEvents(
      [
        fakeEvent(1, { source: 'telemetry.db', text: msg`/data/telemetry.db: SQLITE_NOTADB: file is not a database` }),
        fakeEvent(2, { source: 'state.db', text: msg`readings wait in memory: /data/state.db: it was removed while in use` }),
        fakeEvent(3, {
          source: 'state.db',
          text: msg`settings are not saved: ${'/var/lib/luciole/state.db: SQLITE_FULL: no space is left'}`,
        }),
      ],
      page,
      { spanMs: null },
    ),
    [/ \/data\/telemetry\.db: SQLITE_NOTADB/, /\/data\/state\.db: it was/, /\/var\/lib\/luciole\/state\.db:\s+SQLITE_FULL/],
  ],
]);

t.test('a status never needs more than one screen, and no list hides another', async (t) => {
  const upTo = fc.nat({ max: 12 });
  fc.assert(
    fc.property(upTo, upTo, upTo, (zoneCount, lineCount, eventCount) => {
      const lines = Array.from({ length: lineCount }, (_, index) => fakeLine(`line-${index}`));
      const activeEvents = Array.from({ length: eventCount }, (_, index) => fakeEvent(index));
      const text = renderStatus(fakeStatus({ zones: zones(zoneCount), lines, activeEvents }), page);
      const shown = (count: number, word: string): boolean => count === 0 || text.includes(word);
      return text.split('\n').length <= 23 && shown(zoneCount, 'zone') && shown(lineCount, '/dev/') && shown(eventCount, 'does not answer');
    }),
  );
  t.equal(renderWhy(fakeWhyZone(), page).match(/dusk/g)?.length, 1, 'what all lamps share stands once');
});

t.test('the worst event is shown first', async (t) => {
  const activeEvents = [fakeEvent(1), fakeEvent(2, { severity: 'alarm' }), fakeEvent(3, { severity: 'info' })];
  t.match(renderStatus(fakeStatus({ activeEvents }), page), /alarm +L02[\s\S]*warning +L01[\s\S]*info +L03/);
});

t.test('colour marks only state words, and only where the page has colours', async (t) => {
  const text = renderStatus(fakeStatus(), { ...page, colour: true });
  t.match(text, '\u001b[32msynced\u001b[39m');
  t.equal(stripVTControlCharacters(text), renderStatus(fakeStatus(), page), 'the layout is the same');
});

t.test('the points of a lamp are those of its device, and of no device whose name ends like it', async (t) => {
  const pointOf = (pointId: PointView['pointId']): PointView => ({ ...(fakePoints()[0] as PointView), pointId });
  const all = (['L1.level', 'AL1.level', 'G2.level', 'G2.power', 'XG2.power'] as const).map(pointOf);
  const view = {
    points: (filter: string) => all.filter(({ pointId }) => pointId.includes(filter)),
    acceptance: { lamps: () => [{ id: 'North', device: 'G2' }] },
  } as unknown as AgentView;
  const idsOf = async (filter: string): Promise<readonly string[]> =>
    ((await POINTS.answer(view, { filter }, {} as never)) as readonly PointView[]).map(({ pointId }) => pointId);
  t.same(await idsOf('L1.'), ['L1.level']);
  t.same(await idsOf('North.'), ['G2.level', 'G2.power']);
  t.same(await idsOf('L1'), ['L1.level', 'AL1.level']);
});
