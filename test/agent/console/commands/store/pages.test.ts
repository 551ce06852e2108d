import t from 'tap';
import { type PointHistory, renderPointHistory, samplesOf } from '../../../../../agent/console/commands/store/history-page.ts';
import {
  renderBackup,
  renderCheckProgress,
  renderStore,
  renderStoreCheck,
} from '../../../../../agent/console/commands/store/store-page.ts';
import { HOUR_MS } from '../../../../../agent/core/durations.ts';
import { msg } from '../../../../../agent/core/message.ts';
import { AT_MS } from '../../fake-clock.ts';
import {
  chore as fakeChore,
  history as fakeHistory,
  storeCheck as fakeStoreCheck,
  storeStatus as fakeStoreStatus,
  fakeStoreView,
} from '../../fake-store.ts';
import { checkSheets, page, same } from '../../pages.ts';

const measured = (hours: number, changes: Partial<PointHistory> = {}): PointHistory => {
  const range = { fromMs: AT_MS - hours * HOUR_MS, toMs: AT_MS, resolution: changes.resolution ?? 'raw' } as const;
  return { pointId: 'M01.power', unit: 'W', decimals: 1, ...range, ...fakeHistory(range), ...changes };
};

const hoursFrom = (start: string, hours: number): PointHistory => {
  const range = { fromMs: Date.parse(start), toMs: Date.parse(start) + hours * HOUR_MS, resolution: 'hour' } as const;
  return measured(1, { ...range, ...fakeHistory(range) });
};

const unbalanced = { produced: 100, delivered: 90, backlog: 5, gaps: 2, estimates: 0, isBalanced: false };

const damaged = {
  file: 'telemetry.db',
  ok: false,
  problems: [msg`frame 17 to 19 are damaged; they are left out and reported upstream`],
  bytes: 1,
};

checkSheets([
  [
    'what a point measured, reading by reading',
    renderPointHistory(measured(0.25), page, 'table'),
    [
      /^M01\.power in W, each reading, 2026-12-01 22:26 to 22:41, Europe\/Paris$/m,
      /^ {4}Time {2}Value {2}Quality$/m,
      /^22:27:00 {3}81\.8 {2}good \*$/m,
      /^22:33:00 {6}- {2}missing$/m,
      /^15 readings, 81\.8 to 83\.0; another step with --by minute or hour$/m,
      /^\* +taken before the clock was right/m,
    ],
  ],
  [
    'what a point measured over days has the day before each time',
    renderPointHistory(measured(24, { resolution: 'hour' }), page, 'table'),
    [
      /^ {8}Time {3}Min {3}Mean {3}Max {2}Readings$/m,
      /^30 Nov 23:00 {2}84\.2 {2}86\.32 {2}89\.2 {8}60 {2}1 without a value$/m,
      /^ 1 Dec 05:00 {5}- {6}- {5}- {9}1 /m,
    ],
  ],
  [
    'two hours of the same name have their zone',
    renderPointHistory(hoursFrom('2026-10-24T23:00Z', 4), page, 'table'),
    [/^01:00 CEST /m, /^02:00 CEST /m, /^ ?02:00 CET /m, /^ ?03:00 CET /m],
  ],
  ['the second hour of that name alone has it too', renderPointHistory(hoursFrom('2026-10-25T01:00Z', 1), page, 'table'), [/^02:00 CET /m]],
  ['a night without that has none', renderPointHistory(hoursFrom('2026-10-26T00:00Z', 4), page, 'table'), [/^02:00 {2}/m]],
  [
    'what a point measured over two years has the year before each time',
    renderPointHistory(hoursFrom('2025-12-31T21:00Z', 4), page, 'table'),
    [/^31 Dec 2025 22:00 /m, /^ 1 Jan 2026 00:00 /m],
  ],
  [
    'what a point measured, with more before it',
    renderPointHistory(measured(1, { isCut: true, unit: '' }), page, 'table'),
    [/^M01\.power, each/, /^Cut +there are more before these/m],
  ],
  [
    'nothing of a point',
    renderPointHistory(measured(1, { rows: [] }), page, 'table'),
    [/^Nothing +of it is kept from these 60 min|1 h: `luciole store`/m],
  ],
  [
    'a point without a value, drawn',
    renderPointHistory(measured(1, { rows: [{ atMs: AT_MS, value: null, quality: 'missing', isCorrected: false }] }), page, 'plot'),
    [/^no reading of this time has a value$/m, /^1 reading, -;/m],
  ],
  [
    'a day, drawn',
    renderPointHistory(measured(24, { resolution: 'minute' }), page, 'plot'),
    [/^100 \+$/m, /^ {4}\|::\*+:::$/m, /^ {4}\+-{4}\+-/m, /^ {9}1 Dec {4}03:00 {4}06:00/m],
  ],
  [
    'a history for another program',
    renderPointHistory(measured(0.25), page, 'csv'),
    [
      /^time,point,value,quality,corrected\n2026-12-01T21:27:00\.000Z,M01\.power,81\.8,good,true$/m,
      /:33:00\.000Z,M01\.power,,missing,false$/m,
    ],
  ],
  [
    'hours for another program',
    renderPointHistory(measured(3, { resolution: 'hour' }), page, 'csv'),
    [/^time,point,min,mean,max,values,readings\n/, /T20:00:00\.000Z,M01\.power,70\.8,72\.92,75\.8,59,60$/m],
  ],
  [
    'the store',
    renderStore(same(fakeStoreView()), page),
    [
      /^Store +ok, \/var\/lib\/luciole$/m,
      /82345 readings in 4021 frames, 1\.2 MB, 0\.2 % of store\.maxMegabytes\n +\(512\), oldest Mon 2026-11-30 22:41:07 CET \(24 h ago\)/,
      /journal 2345 readings in 13 kB, 5\.70 bytes each; 34 segments 80000\n +readings in 61 kB, 0\.76 bytes each/,
      /full in 130 d at the present rate/,
      /657\.0 MB written a day \(87\.6 MB in 3 h 12 min/,
      /82345 produced = 82320 delivered \+ 25 waiting \+ 0 lost in 0 gaps:\n +balanced/,
      /^compaction {2}23:17:00 {5}22:17:00 {2}21600 readings packed into 1 segment/m,
      /^integrity {3}2 Dec 13:01 {2}- {9}-$/m,
    ],
  ],
  [
    'a store whose oldest reading is later than the clock says so',
    renderStore(same(fakeStoreView({ oldestMs: AT_MS + HOUR_MS })), page),
    [/oldest Tue 2026-12-01 23:41:07 CET\s+\(in\s+the\s+future:\s+the\s+clock\s+went\s+back\)/],
  ],
  [
    'a store in trouble says what to do',
    renderStore(
      same(
        fakeStoreView({
          state: 'trouble',
          reason: msg`the disk is full; make room on /var/lib/luciole`,
          readingsLost: 7,
          account: unbalanced,
          chores: [fakeChore('backup', { failed: true, result: msg`the disk could not be asked` })],
        }),
      ),
      page,
    ),
    [
      /^Store +trouble, /m,
      /^Trouble +the disk is full; make room on \/var\/lib\/luciole\. The street stays lit/m,
      /7 lost since the start: `luciole\n? *events`/,
      /MISMATCH,\n +3 readings apart; run `luciole store check`/,
      /^backup .* failed: the disk could not be asked$/m,
    ],
  ],
  ...[
    {
      readings: 0,
      lost: /an\s+unknown\s+number\s+lost\s+since\s+the\s+start/,
      account: /an\s+unknown\s+number\s+lost\s+in\s+1\s+gap:\s+balanced;\s+1\s+gap\s+could\s+not\s+be\s+counted/,
    },
    {
      readings: 354,
      lost: /about\s+354\s+lost\s+since\s+the\s+start/,
      account: /about\s+354\s+lost\s+in\s+1\s+gap:\s+balanced;\s+1\s+gap\s+could\s+not\s+be\s+counted/,
    },
  ].map(({ readings, lost, account }): [string, string, RegExp[]] => [
    `a store that lost a file with ${readings} readings known`,
    renderStore(
      same(
        fakeStoreView({
          readingsLost: readings,
          lossesEstimated: 1,
          gaps: 1,
          account: { produced: readings, delivered: 0, backlog: 0, gaps: readings, estimates: 1, isBalanced: true },
        }),
      ),
      page,
    ),
    [lost, account],
  ]),
  [
    'a check of such a store',
    renderStoreCheck(
      same(fakeStoreCheck({ account: { produced: 12, delivered: 12, backlog: 0, gaps: 0, estimates: 2, isBalanced: true } })),
      page,
    ),
    [
      /12\s+produced,\s+12\s+\+\s+0\s+\+\s+an\s+unknown\s+number\s+delivered,\s+waiting\s+and\s+lost:\s+balanced;\s+2\s+gaps\s+could\s+not\s+be\s+counted/,
    ],
  ],
  [
    'a store that is young, empty and has never been asked',
    renderStore(
      same(
        fakeStoreView({
          ...fakeStoreStatus({ epoch: '', readings: 0, frames: 0, bytes: 0, maxBytes: 0, oldestMs: null, written: null }),
          journal: { readings: 0, bytes: 0 },
          segments: { count: 0, readings: 0, bytes: 0 },
          hoursLeft: null,
          writtenBytesPerDay: null,
          chores: [],
        }),
      ),
      page,
    ),
    [/journal empty; 0 segments empty/, /nothing yet/, /known after 10 minutes/, /this kernel does not report/, /^Epoch +-$/m],
  ],
  [
    'a store that outlasts its readings',
    renderStore(same(fakeStoreView({ hoursLeft: 500 * 24, writtenBytesPerDay: null })), page),
    [/for all readings of 400 days at the present rate/, /a\n? *day's rate after 10\n? *minutes/],
  ],
  [
    'a store without damage',
    renderStoreCheck(same(fakeStoreCheck()), page),
    [/^telemetry\.db {2}ok {5}1\.2 MB$/m, /balanced$/m, /^Result +everything was read, nothing is damaged$/m],
  ],
  [
    'a damaged store',
    renderStoreCheck(same(fakeStoreCheck({ files: [damaged], account: unbalanced })), page),
    [/^telemetry\.db {2}bad/m, /^Damage +telemetry\.db: frame 17 to 19 are damaged/m, /MISMATCH/, /docs\/store\.md/],
  ],
  ['a store without an account', renderStoreCheck(same(fakeStoreCheck({ account: null })), page), [/^Result +everything/m]],
  ['a check on its way', renderCheckProgress({ forMs: 12_345 }, page), [/^reading everything, 12 s$/]],
  [
    'a backup',
    renderBackup({ path: '/data/state.db.bak', bytes: 98_304, atMs: AT_MS }, page),
    [/^Backup +\/data\/state\.db\.bak, 98 kB, 22:41:07$/],
  ],
]);

t.test('a reading is valid until the next, but not across a gap in which readings were due', async (t) => {
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
