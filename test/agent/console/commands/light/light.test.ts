import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runCommandLine } from '../../../../../agent/console/cli.ts';
import type { AgentCommand, Job } from '../../../../../agent/console/command-spec.ts';
import { renderIdentified, renderIdentifyProgress } from '../../../../../agent/console/commands/light/identify.ts';
import { renderTonight } from '../../../../../agent/console/commands/light/tonight.ts';
import { renderWalked, renderWalkProgress } from '../../../../../agent/console/commands/light/walk-test.ts';
import { renderWhy } from '../../../../../agent/console/commands/light/why.ts';
import { renderZones } from '../../../../../agent/console/commands/light/zones.ts';
import { instantOf, typedInstant } from '../../../../../agent/console/commands/time-range.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import { createConsoleServer } from '../../../../../agent/console/protocol/socket-server.ts';
import type { Page } from '../../../../../agent/console/text/page.ts';
import { plain } from '../../../../../agent/console/text/plain-text.ts';
import { learn } from '../../../../../agent/console/text/translate.ts';
import type { AcceptanceNews } from '../../../../../agent/core/acceptance.ts';
import type { TonightRow, ZoneLightView } from '../../../../../agent/core/light-tools.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { RecordedLamp, RecordedWhy } from '../../../../../agent/core/recorded-why.ts';
import type { History, HistoryQuery, HistoryRow } from '../../../../../agent/core/store-port.ts';
import type { AgentView, PastLamp, WhyView } from '../../../../../agent/core/views.ts';
import { fakeAcceptance } from '../../fake-acceptance.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { fakeLight, tonight, zoneLightView } from '../../fake-light.ts';
import { createFakeView, whyLamp } from '../../fake-view.ts';
import { NO_ACTIONS } from '../../no-actions.ts';

const page: Page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE };
const same = <T>(value: T): T => plain(value) as T;
const noDusk = { duskMs: null, dawnMs: null, rows: [] };
const PAST_MS = AT_MS - 3_600_000;
/** A lamp, or the lamps of a zone, from L07 on. */
function pastView(measured: readonly PastLamp['measured'][]): WhyView {
  const past = measured.map((each, index): PastLamp => {
    const { id, pole, trace } = whyLamp(index + 7);
    return { id, pole, pointId: `${id}.level`, measured: each, planned: trace.map((line) => ({ ...line, applied: false })) };
  });
  const isLamp = past.length === 1;
  return { id: isLamp ? 'L07' : 'bressigny', kind: isLamp ? 'lamp' : 'zone', atMs: PAST_MS, lamps: [], past };
}
/** What the record has about the same lamps at that time. */
function recordedWhy(changes: Partial<RecordedWhy> = {}): RecordedWhy {
  const lamps = [7, 8, 9].map((number): RecordedLamp => {
    const { id, pole, trace } = whyLamp(number);
    const choice = { levelPct: number === 9 ? 30 : 80, rank: 'presence', reason: 'presence', source: 'S01' } as const;
    return { id, pole, ...choice, sinceMs: PAST_MS - 9_000, trace, recomputedPct: null };
  });
  const inputs = [
    { source: 'S01.motion', text: msg`detected someone`, sinceMs: PAST_MS - 9_000 },
    { source: 'console:marie', text: msg`requested ${55} % for ${'L06'}: ${'works'}`, sinceMs: null },
  ];
  return { missing: null, lamps, inputs, notes: [], basis: { revision: 7, version: '1.2.0' }, clockQuality: 'synced', ...changes };
}

/** A lamp, or a zone of three lamps, with what the record has. */
function recordedView(kind: 'lamp' | 'zone', changes: Partial<RecordedWhy> = {}): WhyView {
  const recorded = recordedWhy(changes);
  const lamps = kind === 'lamp' ? recorded.lamps.slice(0, 1) : recorded.lamps;
  const measured = Array.from({ length: kind === 'lamp' ? 1 : 3 }, () => ({ levelPct: 60, atMs: PAST_MS - 4_000 }));
  return { ...pastView(measured), recorded: { ...recorded, lamps } };
}

const stuck = { pointId: 'S02.motion', pole: 'P10', kind: 'motion', state: 'stuck', lastPresentMs: AT_MS - 7_200_000 } as const;
const silent = { pointId: 'S03.motion', pole: null, kind: 'counter', state: 'silent', lastPresentMs: null } as const;
const intent: ZoneLightView['intents'][number] = {
  id: 'i',
  target: { kind: 'zone', id: 'bressigny' },
  levelPct: 80,
  rank: 'override',
  source: 'platform',
  reason: 'accident',
  sinceMs: AT_MS,
  untilMs: AT_MS + 3_600_000,
};
const busy = zoneLightView({
  lamps: { count: 12, lit: 12, minPct: 80, maxPct: 80, notFollowing: ['L03'] },
  intents: [intent, { ...intent, target: { kind: 'lamp', id: 'L07' }, rank: 'maintenance', source: 'console:eve', reason: '' }],
  sensors: [stuck, silent, { ...stuck, pointId: 'S04.motion', state: 'group' }],
  photocell: { pointId: 'LUX.illuminance', lux: 4.25, says: msg`dark`, ok: true },
  traffic: { flowPerH: 120, sharePct: 60, text: msg`120/h is 60 % of design, step below 75 %`, ok: true },
  rules: ['smog'],
});
const detection = { kind: 'detection', atMs: AT_MS + 123, pointId: 'S01.motion', pole: 'P03', alreadyLit: false, latencyMs: 42 } as const;
const manyLamps = Array.from({ length: 30 }, (_, i) => `L${String(i + 1).padStart(2, '0')}`);
const explained = {
  ...whyLamp(7, true),
  requestedPct: 5,
  trace: [
    { ...whyLamp(7, true).trace[0], sinceMs: AT_MS - 60_000, changes: msg`falls 25 s after its last detection` },
    ...whyLamp(7).trace,
  ] as ReturnType<typeof whyLamp>['trace'],
};

const sheets: [story: string, text: string, patterns: RegExp[]][] = [
  [
    'a night is a row a change, and the one that holds is marked',
    renderTonight(same([tonight()]), page, false),
    [
      /^Zone +bressigny, night of 2026-12-01: dusk 17:29, dawn 08:20, 14 h 51 min$/m,
      /^> +17:29 +100 % +- +dusk step/m,
      /23:00 +20\.\.30 % +80 %/,
      /08:20 +0 % +- +day: sun 2\.0 deg below/,
    ],
  ],
  [
    'a night says which rule chose its programme, its events and its photocell',
    renderTonight(same([tonight({ rule: msg`calendar week: Fri, Sat`, events: ['fair', 'match'], photocellMin: 60 })]), page, false),
    [/Programme residential, by calendar week: Fri, Sat/, /Event +fair, match/, /Photocell may decide within 60 min/],
  ],
  [
    'a night names the step that it leaves out',
    renderTonight(
      same([tonight({ leftOut: [{ name: 'sunset+180', nextName: '23:00', atMs: Date.parse('2026-12-02T00:02Z') }] })]),
      page,
      false,
    ),
    [/Left out +step sunset\+180 would start after 23:00 tonight;\s+23:00\s+starts at 01:02\s+instead/],
  ],
  [
    'a night that is none',
    renderTonight(same([tonight(noDusk)]), page, true),
    [/no dusk and dawn this night/, /not lit: the sun does not go down far enough/],
  ],
  ['a night as a curve', renderTonight(same([tonight()]), page, true), [/^100 \+/m, /\*/, / 2 Dec /]],
  [
    'a night with two changes within a minute has seconds',
    renderTonight(
      same([tonight({ rows: [0, 30_000].map((ms) => ({ ...(tonight().rows[1] as TonightRow), atMs: tonight().startMs + ms })) })]),
      page,
      false,
    ),
    [/12:00:00 +20\.\.30 %/, /12:00:30 +20\.\.30 %/],
  ],
  ['no zones', renderTonight([], page, false), [/no zones/]],
  [
    'a zone with its sensors',
    renderZones(same([zoneLightView()]), page),
    [
      /bressigny +night +residential 23:00 +2 Dec 06:00 +30\.\.100 % +12\/12 +boost/,
      /Sensor +S01\.motion on P03: ok, someone is present/,
      /S02\.motion \(button\): ok, no detection yet/,
    ],
  ],
  [
    'a zone with trouble and wishes',
    renderZones(same([busy]), page),
    [
      /Lamps +L03 does not follow/,
      /Request +override: the zone at 80 % by platform until 23:41:07: accident/,
      /maintenance: L07 at 80 % by console:eve/,
      /S02\.motion on P10: stuck, ignored until it clears; last\s+detection\s+2 h\s+ago/,
      /S03\.motion \(counter\): silent/,
      /S04\.motion on P10: follows the others/,
      /Photocell LUX\.illuminance 4\.3 lx, reports dark/,
      /Traffic +120\/h is 60 %/,
      /Rules +smog/,
    ],
  ],
  [
    'a zone by day has nothing to list',
    renderZones(same([zoneLightView({ light: 'day', step: null, untilMs: null, presence: 'off', sensors: [] })]), page),
    [/bressigny +day +residential +- .*12\/12 +-$/m],
  ],
  ['a zone without a clock', renderZones(same([zoneLightView({ light: 'time-not-trusted' })]), page), [/lit, no time/]],
  ['no zone', renderZones([], page), [/no zones/]],
  [
    'a walk begins with who will be heard',
    renderWalkProgress({ kind: 'start', zone: 'rue', night: true, sensors: ['S01.motion', 'S02.motion'], forMs: 600_000 }, page),
    [/^Walk under S01\.motion, S02\.motion of rue; Ctrl-C ends it, else 10 min\.$/],
  ],
  [
    'a walk by day says so',
    renderWalkProgress({ kind: 'start', zone: 'rue', night: false, sensors: ['S01.motion'], forMs: 60_000 }, page),
    [/It is day here: no\s+lamp\s+will be raised/],
  ],
  [
    'a detection with the lamps it raised',
    renderWalkProgress({ ...detection, raised: ['L02', 'L03'] }, page),
    [/^22:41:07\.123 {2}S01\.motion +P03 +42 ms {2}L02 L03$/],
  ],
  [
    'a detection of a whole street is cut and counted',
    renderWalkProgress({ ...detection, raised: manyLamps }, page),
    [/L01 L02 .* \+\d+$/],
  ],
  [
    'a detection in the light',
    renderWalkProgress({ ...detection, raised: [], alreadyLit: true, latencyMs: null }, page),
    [/ - {2}lit already$/],
  ],
  [
    'a detection that did nothing',
    renderWalkProgress({ ...detection, pole: null, raised: [], latencyMs: null }, page),
    [/- +- {2}no lamp raised$/],
  ],
  [
    'a walk ends with the sensors that detected nothing',
    renderWalked(
      {
        zone: 'rue',
        night: true,
        durationMs: 240_000,
        missed: 2,
        isCut: false,
        sensors: [
          { pointId: 'S01.motion', detections: 5 },
          { pointId: 'S02.motion', detections: 0 },
        ],
        medianMs: 42,
        worstMs: 95,
      },
      page,
    ),
    [
      /^5 detections in zone rue in 4 min: S01\.motion 5, S02\.motion 0$/m,
      /after 42 ms at the median, 95 ms at most/,
      /no detection by S02\.motion/,
      /2 not shown/,
    ],
  ],
  [
    'a lamp that blinks',
    renderIdentifyProgress({ lamp: 'L07', levelPct: 20, restMs: 12_000, following: true }, page),
    [/^L07 at 20 %, blinks 12 s more; Ctrl-C ends it$/],
  ],
  [
    'a lamp that should blink but hears nothing',
    renderIdentifyProgress({ lamp: 'L07', levelPct: 20, restMs: 12_000, following: false }, page),
    [/^L07 set to 20 %, does not follow, 12 s more; Ctrl-C ends it$/],
  ],
  [
    'a lamp that should have blinked',
    renderIdentified({ lamp: 'L07', lowPct: 20, highPct: 100, durationMs: 30_000, following: false, isTaken: false }, page),
    [/^L07 was to blink for 30 s, but does not follow: luciole why L07$/],
  ],
  [
    'a lamp that has blinked',
    renderIdentified({ lamp: 'L07', lowPct: 20, highPct: 100, durationMs: 30_000, following: true, isTaken: false }, page),
    [/between 20 and 100 % for 30 s and is back/],
  ],
  [
    'why says what was asked, what is in force and what was measured, and what would change it',
    renderWhy(same({ id: 'L07', kind: 'lamp', lamps: [explained] }), page),
    [
      /^Requested 5 %$/m,
      /^In force +80 % since 22:39:12 \(115 s\)$/m,
      /^Measured +78 %$/m,
      /\(since 22:40:07;\s+until\s+22:41:31,\s+in\s+24\s+s;\s+falls\s+25\s+s\s+after/,
    ],
  ],
  [
    'why at another time measures nothing, and says what is not known',
    renderWhy(same({ id: 'L07', kind: 'lamp', lamps: [explained], atMs: AT_MS + 3_600_000 }), page),
    [/^At +Tue 2026-12-01 23:41:07 CET$/m, /^In force +80 %$/m, /Forecast +by sun, programme and the overrides still in force then/],
  ],
  [
    'why at a time that comes twice says which one it is, and how to ask for the other',
    renderWhy(same({ id: 'L07', kind: 'lamp', lamps: [explained], atMs: Date.parse('2026-10-25T00:30Z') }), page),
    [/^At +Sun 2026-10-25 02:30:00 CEST\nOr +02:30 occurs twice; for the other one use --at 2026-10-25T01:30Z$/m],
  ],
  [
    'why in the past at a time that comes twice says the same',
    renderWhy(same({ ...pastView([{ levelPct: 60, atMs: PAST_MS }]), atMs: Date.parse('2026-10-25T01:30Z') }), page),
    [/^At +Sun 2026-10-25 02:30:00 CET\nOr +02:30 occurs twice; for the other one use --at 2026-10-25T00:30Z$/m],
  ],
  [
    'why in the past says "not recorded" and what was measured, never a level as decided',
    renderWhy(same(pastView([{ levelPct: 60, atMs: PAST_MS - 4_000 }])), page),
    [
      /^At +Tue 2026-12-01 21:41:07 CET$/m,
      /^Requested not recorded\nIn force +not recorded\nBecause +not recorded\nMeasured +60 % at 21:41:03$/m,
      /By the present settings sun and programme give this/,
      /^ +programme +30 %/m,
      /`luciole history L07\.level`/,
    ],
  ],
  [
    'why of a zone in the past shows what each lamp measured, if it did',
    renderWhy(same(pastView([{ levelPct: 60, atMs: PAST_MS }, { levelPct: null, atMs: PAST_MS }, null])), page),
    [/^Zone +bressigny, 3 lamps$/m, /^L07 +P07 +60 % at 21:41:07\nL08 +P08 +no answer at 21:41:07\nL09 +P09 +not recorded$/m],
  ],
  [
    'why of a lamp in the past is answered from the record',
    renderWhy(same(recordedView('lamp')), page),
    [
      /^Lamp +L07 on pole P07\nAt +Tue 2026-12-01 21:41:07 CET\nIn force +80 % since 21:40:58\nMeasured +60 % at 21:41:03$/m,
      /^Because +presence \(rank presence\): S01$/m,
      /^Settings +revision 7, luciole 1\.2\.0, clock synced$/m,
      /^S01\.motion +21:40:58 +detected someone$/m,
      /^console:marie +requested 55 % for L06: works$/m,
    ],
  ],
  [
    'why of a zone in the past has a row per lamp',
    renderWhy(same(recordedView('zone')), page),
    [/^Zone +bressigny, 3 lamps$/m, /^L09 +P09 +30 % +21:40:58 +60 % at 21:41:03 +presence \(rank/m, /^For all its lamps:$/m],
  ],
  [
    'why in the past says that the inputs were thinned, and that this program decides otherwise',
    renderWhy(
      same(
        recordedView('lamp', {
          notes: [msg`thinned: the inputs of that time were removed to make room; levels and reasons are kept`],
          inputs: [],
          lamps: recordedWhy().lamps.map((lamp) => ({ ...lamp, recomputedPct: 20 })),
        }),
      ),
      page,
    ),
    [/^Note +thinned: the inputs of that time were removed to make room; levels and$/m, /^Differs +this program would decide 20 %/m],
  ],
  ...(
    [
      ['empty', /^Record +nothing is recorded yet$/m],
      ['before', /^Record +it begins at Tue 2026-12-01 21:31:07 CET$/m],
      ['aged', /older parts were removed\s+after store\.recordDays/],
      ['dropped', /older parts were removed to\s+make room/],
      ['stopped', /^Record +the agent did not run from Tue 2026-12-01 21:21:07 CET to/m],
      ['broken-off', /the agent ended without a stop/],
      ['not-stored', /the disk accepted nothing from/],
      ['damaged', /its bytes are damaged from/],
      ['not-yet', /it is on disk up to/],
      ['unknown', /had no such lamp or zone/],
    ] as const
  ).map(([why, pattern]): [string, string, RegExp[]] => [
    `why in the past says why the record lacks the moment: ${why}`,
    renderWhy(same(recordedView('lamp', { missing: { why, fromMs: PAST_MS - 1_200_000, toMs: PAST_MS - 600_000 }, lamps: [] })), page),
    [pattern, /^Requested not recorded$/m, /By the present settings sun and programme give this/],
  ]),
];
for (const [story, text, patterns] of sheets) {
  t.test(`80 columns of plain letters: ${story}`, async (t) => {
    for (const pattern of patterns) t.match(text, pattern);
    t.notOk(story.includes('measures nothing') && text.includes('Measured'), 'what is to come has not been measured');
    t.strictSame(
      text.split('\n').filter((line) => line.length > 80 || !/^[ -~]*$/.test(line) || line.endsWith(' ')),
      [],
    );
  });
}

// biome-ignore format: a table
const times: [typed: string, now: string, then: string][] = [
  ['23:30', '2026-12-01T21:41:07Z', '2026-12-01T22:30Z'],
  ['22:41', '2026-12-01T21:41:07Z', '2026-12-02T21:41Z'],
  ['3:00', '2026-12-01T21:41:07Z', '2026-12-02T02:00Z'],
  ['03:00', '2026-12-02T01:00Z', '2026-12-02T02:00Z'],
  ['2026-12-24T18:00', '2026-12-01T21:41:07Z', '2026-12-24T17:00Z'],
  ['2026-12-24T18:00Z', '2026-12-01T21:41:07Z', '2026-12-24T18:00Z'],
  ['2026-11-01 02:00:30', '2026-12-01T21:41:07Z', '2026-11-01T01:00:30Z'],
  ['06:00', '2026-10-24T20:00Z', '2026-10-25T05:00Z'],
  ['02:30', '2026-10-24T20:00Z', '2026-10-25T00:30Z'],
  ['02:30', '2026-10-25T00:40Z', '2026-10-25T01:30Z'],
  ['02:30', '2026-10-25T01:40Z', '2026-10-26T01:30Z'],
  ['2026-10-25T02:30', '2026-10-24T20:00Z', '2026-10-25T00:30Z'],
  ['02:30', '2026-03-28T20:00Z', '2026-03-29T01:30Z'],
  ['06:00', '2026-03-28T20:00Z', '2026-03-29T04:00Z'],
  ['yesterday 23:40', '2026-12-01T21:41:07Z', '2026-11-30T22:40Z'],
  ['23:40 yesterday', '2026-12-01T21:41:07Z', '2026-11-30T22:40Z'],
  ['Yesterday 0:05', '2026-12-01T23:30Z', '2026-11-30T23:05Z'],
  ['hier 23h40', '2026-12-01T21:41:07Z', '2026-11-30T22:40Z'],
  ['hier à 23h', '2026-12-01T21:41:07Z', '2026-11-30T22:00Z'],
  ['avant-hier 23:40', '2026-12-01T21:41:07Z', '2026-11-29T22:40Z'],
  ["aujourd'hui 06:00", '2026-12-01T21:41:07Z', '2026-12-01T05:00Z'],
  ['today 23:59', '2026-12-01T21:41:07Z', '2026-12-01T22:59Z'],
  ['saturday 23:40', '2026-12-01T21:41:07Z', '2026-11-28T22:40Z'],
  ['sam 23:40', '2026-12-01T21:41:07Z', '2026-11-28T22:40Z'],
  ['tuesday 22:00', '2026-12-01T21:41:07Z', '2026-12-01T21:00Z'],
  ['tuesday 23:00', '2026-12-01T21:41:07Z', '2026-11-24T22:00Z'],
  ['yesterday 02:30', '2026-10-26T10:00Z', '2026-10-25T00:30Z'],
  ['yesterday 02:30', '2026-03-30T10:00Z', '2026-03-29T01:30Z'],
];
for (const [typed, now, then] of times) {
  t.test(`--at ${typed} asked at ${now} is ${then}`, async (t) => {
    t.equal(instantOf(typedInstant(typed), Date.parse(now), TIMEZONE), Date.parse(then));
  });
}
for (const typed of [
  'noon',
  'yesterday',
  'yesterday 25:00',
  'yesterday sunday',
  'yesterday 23:40 24:00',
  'constructor 23:40',
  '24:00',
  '23:60',
  '2h',
  '2026-12-24',
  '2026-13-01T10:00',
  '',
]) {
  t.test(`--at ${JSON.stringify(typed)} is refused with what to write`, async (t) => {
    t.throws(() => typedInstant(typed), { code: 'usage', message: /bad time .*: write / });
  });
}

interface Shown {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A console connected to this view by a socket of its own. */
async function consoleOf(t: { teardown(fn: () => unknown): void }, view: AgentView, clock = createManualClock(AT_MS)) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(folder, 'agent.sock');
  const logged: unknown[] = [];
  const log = { event: (name: string, fields = {}) => void logged.push([name, fields]) };
  const server = createConsoleServer({ view, socketPath, log, clock, timezone: TIMEZONE });
  await server.start();
  t.teardown(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const luciole = async (...words: string[]): Promise<Shown> => {
    const text = { out: '', err: '' };
    const terminal = {
      ...{ widthCols: 80, colour: false, user: 'tech', version: 'luciole 0', socketPath, status: { show: () => {}, clear: () => {} } },
      localFiles: async () => ({ ...createFakeView(), about: msg`` }),
      out: (more: string) => {
        text.out += more;
      },
      err: (more: string) => {
        text.err += more;
      },
    };
    return { code: await runCommandLine(words, terminal, NO_ACTIONS), ...text };
  };
  return { luciole, socketPath, logged };
}

t.test('each command is typed, answered and laid out', async (t) => {
  const view = createFakeView();
  const { luciole } = await consoleOf(t, view);
  t.match(await luciole('tonight', 'bressigny', '--plot'), { code: 0, out: /dusk step of residential[\s\S]*\*/, err: '' });
  t.match(await luciole('tonight', 'BRESSIGNI'), { code: 1, err: /no zone "BRESSIGNI"; did you mean bressigny\?/ });
  t.match(JSON.parse((await luciole('tonight', '--json')).out), [{ zone: 'bressigny', rows: [{ minPct: 100 }, {}, {}, {}] }]);
  t.match(await luciole('zones'), { code: 0, out: /S01\.motion on P03: ok/ });
  t.match(await luciole('zones', 'bres'), { code: 0, out: /12\/12/ });
  t.match(await luciole('zones', 'xyz'), { code: 1, err: /no zone "xyz"/ });
  t.match(await luciole('why', 'l07', '--at', '23:41'), { code: 0, out: /^Requested 5 %$/m });
  t.match(await luciole('why', 'L07', '--at', '5pm'), { code: 64, err: /write a time of day, as 23:30/ });
  t.match(view.asked, [{ tonight: 'bressigny' }, { tonight: null }, { id: 'L07', atMs: Date.parse('2026-12-01T22:41Z') }]);
});

t.test('why in the past is French where the session is', async (t) => {
  await learn('fr');
  const french = { ...page, language: 'fr' } as const;
  const found = renderWhy(same(recordedView('lamp', { notes: [msg`the clock was wrong then; the time was corrected later`] })), french);
  t.match(found, /^Réglages +révision 7, luciole 1\.2\.0, horloge/m);
  t.match(found, /^S01\.motion +21:40:58 +détectait quelqu'un$/m);
  t.match(found, /^Note +l'horloge était fausse alors/m);
  for (const view of [pastView([{ levelPct: 60, atMs: PAST_MS }]), pastView([null, { levelPct: null, atMs: PAST_MS }])]) {
    const text = renderWhy(same(view), french);
    t.match(text, /^Demandé +non enregistré\nAppliqué +non enregistré\nRaison +non enregistré$/m);
    t.notMatch(text, /recorded|present settings|no answer|shows|measured/);
    t.strictSame(
      text.split('\n').filter((line) => line.length > 80),
      [],
    );
  }
});

t.test('why in the past reads the level of each lamp from the store, as it was shortly before', async (t) => {
  const view = createFakeView();
  const rows = new Map<string, HistoryRow>([
    ['L07.level', { atMs: PAST_MS - 599_000, value: 60.4, quality: 'good', isCorrected: false }],
    ['L08.level', { atMs: PAST_MS - 3_000, value: null, quality: 'missing', isCorrected: false }],
  ]);
  const past = { ...view, whyAt: () => pastView([null, null, null]), history: (query: HistoryQuery) => historyOf(rows, query) };
  const { luciole } = await consoleOf(t, past);
  const { lamps, past: known } = JSON.parse((await luciole('why', 'bressigny', '--at', '2026-12-01T21:41:07', '--json')).out);
  t.strictSame(lamps, []);
  t.strictSame(
    known.map(({ measured }: PastLamp) => measured),
    [{ levelPct: 60, atMs: PAST_MS - 599_000 }, { levelPct: null, atMs: PAST_MS - 3_000 }, null],
  );
  rows.set('L07.level', { atMs: PAST_MS - 601_000, value: 60, quality: 'good', isCorrected: false });
  t.match(await luciole('why', 'bressigny', '--at', '2026-12-01T21:41:07'), { code: 0, out: /^L07 +P07 +not recorded$/m });
  const silent = await consoleOf(t, { ...past, history: async () => undefined });
  t.match(await silent.luciole('why', 'bressigny', '--at', '2026-12-01T21:41:07'), { code: 1, err: /the store did not answer/ });
});

/** The newest row of the time, as the store answers it. */
async function historyOf(rows: ReadonlyMap<string, HistoryRow>, { pointId, fromMs, toMs }: HistoryQuery): Promise<History> {
  const row = rows.get(pointId);
  return { rows: row !== undefined && row.atMs >= fromMs && row.atMs < toMs ? [row] : [], buckets: [], isCut: false };
}

t.test('a refusal of the street is shown with its reason', async (t) => {
  const { luciole } = await consoleOf(t, createFakeView());
  t.match(await luciole('identify', 'L09'), { code: 1, err: /L09 is locked at 100 % by console:eve/ });
  t.match(await luciole('identify', 'bressigny'), { code: 1, err: /no lamp "bressigny"/ });
  t.match(await luciole('identify', 'L07', '--for', '1h'), { code: 64, err: /between 5s and 10m/ });
  t.match(await luciole('walk-test', 'L07'), { code: 1, err: /no zone "L07"/ });
  t.match(await luciole('walk-test', 'bressigny', '--for', '2h'), { code: 64, err: /between 10s and 1h/ });
});

const rowOf = (name: string): AgentCommand => COMMANDS.find((each) => each.name === name) as AgentCommand;

t.test('burning hours are shown and stated, and an unsaved statement is no success', async (t) => {
  const view = createFakeView();
  const { luciole } = await consoleOf(t, view);
  t.match(await luciole('hours'), { code: 0, out: /L07 +12000[\s\S]*L08 +-[\s\S]*hours that are not known: constant light/ });
  t.match(JSON.parse((await luciole('hours', 'l07', '--json')).out), { lamps: [{ lamp: 'L07', hours: 12_000 }], isSaved: null });
  t.match(await luciole('hours', 'L07', '0'), { code: 0, out: /L07 +0/ });
  t.match(await luciole('hours', 'L07', '13'), { code: 1, out: /in force until the agent stops, but not saved/ });
  for (const wrong of ['-1', '1.5', 'many', '1000001']) t.match(await luciole('hours', 'L07', wrong), { code: 64, err: /bad hours/ });
  t.match(await luciole('hours', 'L99', '1'), { code: 1, err: /no lamp or zone "L99"/ });
  t.match(view.asked, [{ hours: null }, { hours: 'L07' }, { setHours: 'L07', hours: 0 }, { setHours: 'L07', hours: 13 }]);
  t.equal(rowOf('hours').role, 'technician');
});
function jobOf(clock = createManualClock(AT_MS)) {
  const reports: unknown[] = [];
  const gone = new AbortController();
  const report = (progress: unknown): boolean => reports.push(progress) > 0;
  const job: Job = {
    source: 'console:tech',
    caller: { user: 'tech', role: 'admin', socketKind: 'agent' },
    report,
    signal: gone.signal,
    clock,
    timezone: TIMEZONE,
  };
  return { reports, gone, clock, job };
}

t.test('a walk test reports its sensors, then each detection, and ends by itself with the sums', async (t) => {
  const view = createFakeView();
  const { reports, clock, job } = jobOf();
  const answer = rowOf('walk-test').answer(view, { zone: 'bressigny', for: '30s' }, job);
  await clock.advance(30_000);
  t.match(reports, [
    { kind: 'start', zone: 'bressigny', night: true, sensors: ['S01.motion', 'S02.motion'] },
    { raised: ['L02', 'L03'] },
    { alreadyLit: true },
  ]);
  t.match(await answer, {
    ...{ durationMs: 30_000, missed: 0, medianMs: 42, worstMs: 42 },
    sensors: [
      { pointId: 'S01.motion', detections: 2 },
      { pointId: 'S02.motion', detections: 0 },
    ],
  });
  t.same(view.asked, [{ walkTest: 'bressigny', forMs: 30_000 }, 'walk stopped']);
});

t.test('a walk that is cut off ends at once, and a sensor without a detection is neither stored nor called defective', async (t) => {
  for (const name of ['walk-test', 'commission walk']) {
    const cut = new AbortController();
    const { clock, job } = jobOf();
    const stored: AcceptanceNews[] = [];
    const view: AgentView = {
      ...createFakeView(),
      light: fakeLight([], cut.signal),
      acceptance: { ...fakeAcceptance(), note: async (news) => stored.push(news) > 0 },
    };
    const args = { zone: 'bressigny' };
    const answer = rowOf(name).answer(view, args, job);
    await clock.advance(5_000);
    cut.abort();
    const walked = await answer;
    const text = (await rowOf(name).render(walked, page, args)).replaceAll(/\s+/g, ' ');
    t.match(text, /ended early, by a person, a lost connection or another configuration: walk again under S02\.motion/, name);
    t.notMatch(text, /defective/, name);
    if (name === 'commission walk')
      t.match(
        stored.flatMap(({ walks = [] }) => walks.map(({ pointId, detections }) => [pointId, detections])),
        [['S01.motion', 2]],
      );
    t.equal(stored.flatMap(({ walks = [] }) => walks).length, name === 'commission walk' ? 1 : 0);
  }
});

t.test('a lamp blinks for the given time, thirty seconds by default', async (t) => {
  const view = createFakeView();
  const { reports, clock, job } = jobOf();
  const answer = rowOf('identify').answer(view, { lamp: 'l07' }, job);
  await clock.advance(29_999);
  t.same(view.asked, [{ lamp: 'L07', forMs: 30_000, source: 'console:tech' }]);
  await clock.advance(1);
  t.match(await answer, { lamp: 'L07', durationMs: 30_000, lowPct: 20, highPct: 100 });
  t.same(view.asked.at(-1), 'identify stopped');
  t.match(reports, [{ lamp: 'L07', levelPct: 100, restMs: 30_000 }]);
  t.strictSame(rowOf('identify').audit?.(await answer), { durationMs: 30_000 }, 'who blinked what is written down');
});

t.test('a blinking that another request replaces ends the command with the time until then', async (t) => {
  const replaced = new AbortController();
  const view: AgentView = { ...createFakeView(), light: fakeLight([], replaced.signal) };
  const { clock, job } = jobOf();
  const answer = rowOf('identify').answer(view, { lamp: 'L07' }, job);
  await clock.advance(12_000);
  replaced.abort();
  t.match(await answer, { durationMs: 12_000 });
  t.match(
    (await rowOf('identify').render(await answer, page, { lamp: 'L07' })).replaceAll(/\s+/g, ' '),
    /replaced the blinking of L07 after 12 s/,
  );
});

for (const [name, args, stopped] of [
  ['walk-test', { zone: 'bressigny' }, 'walk stopped'],
  ['identify', { lamp: 'L07', for: '10m' }, 'identify stopped'],
] as const) {
  t.test(`${name} ends when its reader hangs up`, async (t) => {
    const view = createFakeView();
    const { socketPath } = await consoleOf(t, view);
    const socket = connect(socketPath);
    await once(socket, 'connect');
    socket.write(`${JSON.stringify({ id: 1, command: name, args, user: 'tech' })}\n`);
    await once(socket, 'data');
    t.notOk(view.asked.includes(stopped));
    socket.destroy();
    while (!view.asked.includes(stopped)) await new Promise(setImmediate);
    t.pass('and what it did is over');
  });
}
