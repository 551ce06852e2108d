import t from 'tap';
import { changesBetween } from '../../../../agent/config/edit/changes.ts';
import { type Baseline, judgeTrial, LINE_GRACE_MS, SETTLE_MS, type TrialHealth } from '../../../../agent/config/revisions/trial.ts';
import { texts } from '../../../support/texts.ts';

const units = ['L01', 'L02', 'L03', 'L04'];
const health = (answering: readonly string[], isOnline = true, devices: readonly string[] = units): TrialHealth => ({
  answering: new Set(answering),
  devices: new Map(devices.map((id) => [id, 'north'])),
  silent: new Map(devices.flatMap((id) => (answering.includes(id) ? [] : [[`north:${id.slice(1)}`, id] as const]))),
  isOnline,
});
const TRIAL_MS = 600_000;

const NOT_BACK = /the uplink is not back \(time limit 10 min\)/;

t.test('result of a revision on trial', async (t) => {
  const online = { units, silent: [], isOnline: true };
  const offline = { units, silent: [], isOnline: false };
  type Case = readonly [
    what: string,
    baseline: Baseline,
    now: TrialHealth,
    facts: { mode?: 'auto' | 'asked'; spentMs: number; wellMs?: number },
    verdict: object,
  ];
  const cases: readonly Case[] = [
    ['all is well, not for long', online, health(units), { spentMs: 10_000, wellMs: SETTLE_MS - 1 }, { kind: 'wait' }],
    ['all is well for a while', online, health(units), { spentMs: 20_000, wellMs: SETTLE_MS }, { kind: 'confirm' }],
    [
      'all is well, but a person shall say so',
      online,
      health(units),
      { mode: 'asked', spentMs: 20_000, wellMs: SETTLE_MS },
      { kind: 'wait' },
    ],
    [
      'and no confirmation arrives',
      online,
      health(units),
      { mode: 'asked', spentMs: TRIAL_MS, wellMs: TRIAL_MS },
      { kind: 'return', reason: /it was not confirmed within 10 min/ },
    ],
    ['the uplink takes its time', online, health(units, false), { spentMs: TRIAL_MS - 1 }, { kind: 'wait' }],
    ['too long', online, health(units, false), { spentMs: TRIAL_MS }, { kind: 'return', reason: NOT_BACK }],
    ['it was away before', offline, health(units, false), { spentMs: 20_000, wellMs: SETTLE_MS }, { kind: 'confirm' }],
    ['a line is lost, just now', online, health([]), { spentMs: LINE_GRACE_MS - 1 }, { kind: 'wait' }],
    [
      'a line is lost',
      online,
      health([]),
      { spentMs: LINE_GRACE_MS },
      { kind: 'return', reason: /4 of 4 units no longer answer: L01, L02, L03, L04$/ },
    ],
    ['half of the units', online, health(['L01', 'L02']), { spentMs: LINE_GRACE_MS }, { kind: 'return' }],
    ['one unit may be slow', online, health(['L01', 'L02', 'L03']), { spentMs: LINE_GRACE_MS }, { kind: 'wait' }],
    [
      'but not for ever',
      online,
      health(['L01', 'L02', 'L03']),
      { spentMs: TRIAL_MS },
      { kind: 'return', reason: /1 of 4 units no longer answer: L04 \(time limit/ },
    ],
    [
      'a unit that was taken out need not answer',
      online,
      health(['L01', 'L02', 'L03'], true, ['L01', 'L02', 'L03']),
      { spentMs: 20_000, wellMs: SETTLE_MS },
      { kind: 'confirm' },
    ],
    ['a line that was lost when a person watches', online, health([]), { mode: 'asked', spentMs: LINE_GRACE_MS }, { kind: 'return' }],
  ];
  for (const [what, baseline, now, { mode = 'auto', spentMs, wellMs = 0 }, verdict] of cases)
    t.match(texts(judgeTrial(baseline, now, { mode, trialMs: TRIAL_MS, spentMs, runMs: spentMs, wellMs })), verdict, what);
});

t.test('units at new places that are silent keep a trial from confirming itself', async (t) => {
  const online: Baseline = { units, silent: ['north:05'], isOnline: true };
  const cases: readonly [
    what: string,
    baseline: Baseline,
    now: TrialHealth,
    facts: { spentMs: number; wellMs: number },
    verdict: object,
  ][] = [
    [
      'lamps that moved to wrong addresses under other names',
      online,
      health(['L01', 'L02'], true, ['L01', 'L02', 'L13', 'L14']),
      { spentMs: 20_000, wellMs: SETTLE_MS },
      { kind: 'wait' },
    ],
    [
      'without a confirmation',
      online,
      health(['L01', 'L02'], true, ['L01', 'L02', 'L13', 'L14']),
      { spentMs: TRIAL_MS, wellMs: TRIAL_MS },
      {
        kind: 'return',
        reason: /^new units have not answered: L13, L14 \(where they are not mounted yet, confirm it by hand\) \(time limit 10 min\)/,
      },
    ],
    [
      'a new unit that answers',
      online,
      health([...units, 'L06'], true, [...units, 'L06']),
      { spentMs: 20_000, wellMs: SETTLE_MS },
      { kind: 'confirm' },
    ],
    [
      'a unit that was silent before, under another name or not',
      online,
      health(units, true, [...units, 'X05']),
      { spentMs: 20_000, wellMs: SETTLE_MS },
      { kind: 'confirm' },
    ],
    [
      'a trial that an earlier release began',
      { units, isOnline: true },
      health(units, true, [...units, 'L06']),
      { spentMs: 20_000, wellMs: SETTLE_MS },
      { kind: 'confirm' },
    ],
  ];
  for (const [what, baseline, now, { spentMs, wellMs }, verdict] of cases)
    t.match(texts(judgeTrial(baseline, now, { mode: 'auto', trialMs: TRIAL_MS, spentMs, runMs: spentMs, wellMs })), verdict, what);
});

t.test('what is different is named, and secrets are not shown', async (t) => {
  const before = {
    lines: [{ id: 'north', serial: { baud: 9_600 }, port: '/dev/a' }],
    lamps: [{ id: 'L01' }, { id: 'L02' }],
    uplink: { broker: 'mqtts://c1:sesame@broker:8883', password: 'sesame', passwordFile: '/etc/a' },
    steps: [1, 2],
    rules: [{ at: 1 }, { at: 2 }],
  };
  const after = {
    lines: [{ id: 'north', serial: { baud: 19_200 }, port: '/dev/a' }, { id: 'south' }],
    lamps: [{ id: 'L02' }],
    uplink: { broker: 'mqtts://c1:mel/l@n@broker:8883', password: 'mellon', passwordFile: '/etc/b' },
    steps: [1, 3],
    rules: [{ at: 1 }, { at: 3 }, { at: 4 }],
  };
  const changes = changesBetween(before, after);
  t.strictSame(changes, [
    { path: 'lines[north].serial.baud', before: '9600', after: '19200' },
    { path: 'lines[south]', before: null, after: '{"id":"south"}' },
    { path: 'lamps[L01]', before: '{"id":"L01"}', after: null },
    { path: 'uplink.broker', before: '"mqtts://c1:[redacted]@broker:8883"', after: '"mqtts://c1:[redacted]@broker:8883"' },
    { path: 'uplink.password', before: '"[redacted]"', after: '"[redacted]"' },
    { path: 'uplink.passwordFile', before: '"/etc/a"', after: '"/etc/b"' },
    { path: 'steps', before: '[1,2]', after: '[1,3]' },
    { path: 'rules[1].at', before: '2', after: '3' },
    { path: 'rules[2]', before: null, after: '{"at":4}' },
  ]);
  t.strictSame(changesBetween(before, structuredClone(before)), []);
  t.notMatch(JSON.stringify(changesBetween({}, { uplink: before.uplink })), /sesame/, 'nor in a part that is new');
});

t.test('a line that is not open yet after a restart is no lost line', async (t) => {
  const units = ['L01', 'L02'];
  const nothing = { answering: new Set<string>(), devices: new Map(units.map((id) => [id, 'north'])), silent: new Map(), isOnline: true };
  for (const [runMs, kind] of [
    [0, 'wait'],
    [LINE_GRACE_MS - 1, 'wait'],
    [LINE_GRACE_MS, 'return'],
  ] as const) {
    const facts = { mode: 'asked', trialMs: TRIAL_MS, spentMs: LINE_GRACE_MS * 5, runMs, wellMs: 0 } as const;
    t.equal(judgeTrial({ units, isOnline: true }, nothing, facts).kind, kind, `${runMs} ms after it`);
  }
});

t.test('a revision that loses one line of several is returned as soon as one that loses all', async (t) => {
  const TRIAL_OF_168_MIN = 168 * 60_000;
  for (const [lines, perLine] of [
    [2, 35],
    [4, 35],
    [4, 247],
    [4, 1],
    [10, 3],
  ] as const) {
    const devices = new Map(Array.from({ length: lines * perLine }, (_, i) => [`D${i}`, `line${i % lines}`] as const));
    const units = [...devices.keys()];
    const judge = (answers: (line: string, nth: number) => boolean, runMs: number) => {
      const answering = new Set(units.filter((id, i) => answers(devices.get(id) ?? '', Math.floor(i / lines))));
      const facts = { mode: 'asked', trialMs: TRIAL_OF_168_MIN, spentMs: runMs, runMs, wellMs: 0 } as const;
      return judgeTrial({ units, isOnline: true }, { answering, devices, silent: new Map(), isOnline: true }, facts);
    };
    const isElsewhere = (line: string): boolean => line !== 'line1';
    t.equal(judge(isElsewhere, LINE_GRACE_MS - 1).kind, 'wait', `${lines} lines of ${perLine}, just now`);
    t.match(judge(isElsewhere, LINE_GRACE_MS), { kind: 'return', reason: /units no longer answer: D1/ }, `${lines} lines of ${perLine}`);
    t.equal(judge(() => true, LINE_GRACE_MS).kind, 'wait');
    if (perLine > 1) t.equal(judge((line, nth) => isElsewhere(line) || nth === 0, LINE_GRACE_MS).kind, 'wait', 'its last unit answers');
  }
});
