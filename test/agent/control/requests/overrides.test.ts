import fc from 'fast-check';
import t from 'tap';
import { refusalOf } from '../../../../agent/control/requests/limits.ts';
import {
  addIntent,
  expireIntents,
  intentOf,
  readStored,
  rebaseIntents,
  releaseIntents,
  resumeIntents,
  shortenIntents,
  toStored,
} from '../../../../agent/control/requests/overrides.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import type { Intent, IntentAuthority } from '../../../../agent/core/words.ts';
import { texts } from '../../../support/texts.ts';
import { intent, makeStreet } from '../../lighting/street.ts';

const NOON = Date.UTC(2026, 0, 15, 12);
const request = {
  commandId: 'c1',
  target: { kind: 'lamp', id: 'L1' },
  levelPct: 40,
  rank: 'override',
  minutes: 120,
  reason: '',
  authority: 'platform',
  source: 'platform',
} as const;
const moment = (nowMs: number, nowMono = 0) => ({ nowMs, nowMono });
const fromDisk = (list: readonly Intent[]) => readStored(JSON.parse(JSON.stringify(toStored(list))));

t.test('an intent replaces the earlier one of the same source, target and rank, and no other', async (t) => {
  const others = [
    intent({ id: 'other-source', source: 'console:anna' }),
    intent({ id: 'other-rank', rank: 'emergency' }),
    intent({ id: 'other-target', target: { kind: 'lamp', id: 'rue' } }),
  ];
  const list = addIntent([intent({ id: 'old' }), ...others], intent({ id: 'new' }));
  t.same(
    list.map(({ id }) => id),
    ['other-source', 'other-rank', 'other-target', 'new'],
  );
});

t.test('an intent is bounded whatever was requested', async (t) => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (minutes) => {
      const { untilMono, untilMs } = intentOf({ ...request, minutes }, moment(NOON, 500));
      return untilMono >= 500 + MINUTE_MS && untilMono <= 500 + 24 * HOUR_MS && untilMs === Math.round(NOON + untilMono - 500);
    }),
  );
  t.pass('held for all lengths');
});

const releases: [story: string, authority: IntentAuthority, kept: string[], denied: string[]][] = [
  ['the platform leaves maintenance alone', 'platform', ['lock', 'lamp'], ['lock']],
  ['the console may release all', 'technician', ['lamp'], []],
];
for (const [story, authority, kept, denied] of releases) {
  t.test(`release of a zone: ${story}`, async (t) => {
    const list = [
      intent({ id: 'lock', rank: 'maintenance', source: 'console:anna' }),
      intent({ id: 'zone' }),
      intent({ id: 'lamp', target: { kind: 'lamp', id: 'L1' } }),
    ];
    const release = releaseIntents(list, { kind: 'zone', id: 'rue' }, authority);
    t.same(
      [release.kept, release.denied].map((each) => each.map(({ id }) => id)),
      [kept, denied],
    );
  });
}

t.test('an intent ends at its time and not before', async (t) => {
  const list = [intent({ id: 'a', untilMono: 100 }), intent({ id: 'b', untilMono: 101 })];
  const { kept, ended } = expireIntents(list, 100);
  t.match([kept, ended], [[{ id: 'b' }], [{ id: 'a' }]]);
});

const restores: [story: string, untilMs: number, restMs: number | null][] = [
  ['the rest by the wall clock remains', NOON + 30 * MINUTE_MS, 30 * MINUTE_MS],
  ['what is over has ended', NOON, null],
  ['never more than a day', NOON + 400 * HOUR_MS, 24 * HOUR_MS],
];
for (const [story, untilMs, restMs] of restores) {
  t.test(`after a restart: ${story}`, async (t) => {
    const { kept, ended } = resumeIntents(fromDisk([intent({ untilMs })]), moment(NOON, 7));
    t.same(
      kept.map(({ untilMono }) => untilMono - 7),
      restMs === null ? [] : [restMs],
    );
    t.equal(ended.length, restMs === null ? 1 : 0);
  });
}

for (const [story, aheadMs] of [
  ['four years ahead', 4 * 365 * 24 * HOUR_MS],
  ['ten hours ahead', 10 * HOUR_MS],
  ['right', 0],
] as const) {
  t.test(`a lock of half an hour that was taken under a clock ${story} lasts no longer after any number of restarts`, async (t) => {
    const taken = intentOf(
      { ...request, rank: 'maintenance', authority: 'technician', source: 'console:anna', levelPct: 0, minutes: 30 },
      moment(NOON + aheadMs, 10),
    );
    const again = resumeIntents(fromDisk([taken]), moment(NOON + MINUTE_MS, 7)).kept;
    const once = again.map(({ untilMono }) => untilMono - 7);
    t.ok((once[0] ?? 0) <= 30 * MINUTE_MS, `${once[0]} ms`);
    const third = resumeIntents(fromDisk(rebaseIntents(again, moment(NOON + 400 * HOUR_MS, 7))), moment(NOON + MINUTE_MS, 9)).kept;
    t.ok((third[0]?.untilMono ?? 9) - 9 <= 30 * MINUTE_MS);
  });
}

t.test('a clock that is set later moves the wall end, not the end', async (t) => {
  const [first] = rebaseIntents([intent({ untilMs: 5_000, untilMono: 1_000 })], moment(NOON, 400));
  t.match(first, { untilMs: NOON + 600, untilMono: 1_000 });
});

t.test('whatever the disk contains, only valid intents are restored', async (t) => {
  const good = toStored([intent({ untilMs: NOON + HOUR_MS })])[0] as object;
  const spoilt = ['levelPct', 'rank', 'target', 'untilMs', 'source'].flatMap((key) => [
    { ...good, [key]: undefined },
    { ...good, [key]: 101.5 },
    { ...good, [key]: 'presence' },
  ]);
  const passed = readStored(spoilt);
  t.same(
    passed.map(({ source, untilMs }) => [source, untilMs]),
    [
      ['platform', 101.5],
      ['presence', NOON + HOUR_MS],
    ],
    'an end may be any number, a source any text',
  );
  fc.assert(fc.property(fc.anything(), (stored) => readStored(stored).length === 0));
});

/** An intent as the release before this one stored it. */
const FORMER = {
  ...{ id: 'c1', target: { kind: 'lamp', id: 'L1' }, levelPct: 0, rank: 'maintenance', source: 'console:anna', reason: 'works' },
  ...{ sinceMs: NOON, untilMs: NOON + HOUR_MS, startBy: { atMs: NOON + MINUTE_MS, atMono: 60_010 } },
};

t.test('intents that a former release stored get the authority of their sender', async (t) => {
  const read = readStored([FORMER, { ...FORMER, rank: 'override', source: 'platform' }, { ...FORMER, authority: 'king' }]);
  t.strictSame(
    read.map(({ authority }) => authority),
    ['technician', 'platform', 'technician'],
  );
  const [lock] = resumeIntents(read, moment(NOON, 10)).kept;
  if (lock === undefined) throw new Error('nothing was read');
  t.equal(releaseIntents([lock], lock.target, 'platform').denied.length, 1, 'the platform may not release the lock of a technician');
  t.equal(releaseIntents([lock], lock.target, 'technician').released.length, 1);
});

t.test('a former release can read what this one stores: all its keys, and one that it ignores', async (t) => {
  const taken = intentOf(
    {
      ...{ ...request, rank: 'maintenance', authority: 'technician', source: 'console:anna', levelPct: 0 },
      ...{ minutes: 60, reason: 'works', expiresMono: 60_010 },
    },
    moment(NOON, 10),
  );
  t.strictSame(JSON.parse(JSON.stringify(toStored([taken]))), [{ ...FORMER, authority: 'technician' }]);
  t.strictSame(fromDisk([taken])[0]?.authority, 'technician');
  const renamed = { ...taken, authority: 'platform' } as const;
  t.strictSame(fromDisk([renamed])[0]?.authority, 'platform', 'a stored authority is not derived again');
});

const refusals: [story: string, changes: object, reason: RegExp | ''][] = [
  ['a plain override', {}, ''],
  ['a zone', { target: { kind: 'zone', id: 'rue' } }, ''],
  ['an unknown lamp', { target: { kind: 'lamp', id: 'L99' } }, /no lamp L99/],
  ['a zone named as a lamp', { target: { kind: 'lamp', id: 'rue' } }, /no lamp rue/],
  ['too bright', { levelPct: 101 }, /level 101 .* 0 to 100/],
  ['half a percent', { levelPct: 0.5 }, /level 0.5/],
  ['no time', { minutes: 0 }, /0 minutes .* 1 to 1440/],
  ['for ever', { minutes: Number.POSITIVE_INFINITY }, /1 to 1440/],
  ['not a number', { minutes: Number.NaN }, /1 to 1440/],
  ['remote maintenance', { rank: 'maintenance' }, /only the console at the cabinet may set maintenance, not platform/],
  ['remote maintenance under the name of a technician', { rank: 'maintenance', source: 'console:anna' }, /console at the cabinet/],
  ['maintenance at the cabinet', { rank: 'maintenance', authority: 'technician', source: 'console:anna' }, ''],
];
for (const [story, changes, reason] of refusals) {
  t.test(`valid requests: ${story}`, async (t) => t.match(texts(refusalOf(makeStreet(), { ...request, ...changes })), reason));
}

t.test('added, kept on disk and read again at the same moment, a list is what it was', async (t) => {
  const lengths = fc.array(fc.integer({ min: 1, max: 1_440 }), { maxLength: 5 });
  fc.assert(
    fc.property(lengths, (minutes) => {
      const list = minutes
        .map((m, i): Intent => intentOf({ ...request, commandId: `c${i}`, source: `console:${i}`, minutes: m }, moment(NOON, 10)))
        .reduce<readonly Intent[]>(addIntent, []);
      t.same(resumeIntents(fromDisk(list), moment(NOON, 10)), { kept: list, ended: [] });
    }),
    { numRuns: 50 },
  );
});

t.test('an end for all intents shortens those on zones and lamps, too', (t) => {
  const cabinet = { kind: 'cabinet', id: '' } as const;
  const list = [intent({ id: 'lamp', target: { kind: 'lamp', id: 'L1' } }), intent({ id: 'zone', target: { kind: 'zone', id: 'rue' } })];
  const end = moment(NOON + 1_000, 1_000);
  const idsOf = (everywhere: boolean) =>
    shortenIntents(list, { target: cabinet, authority: 'platform', end, everywhere }).changed.map(({ id }) => id);
  t.strictSame(idsOf(true), ['lamp', 'zone']);
  t.strictSame(idsOf(false), []);
  t.end();
});

t.test('an end shortens no intent on another target that has the same id', (t) => {
  const lamp = { kind: 'lamp', id: 'L1' } as const;
  const list = [intent({ id: 'again', target: lamp }), intent({ id: 'again', target: { kind: 'lamp', id: 'L2' } })];
  const { changed } = shortenIntents(list, { target: lamp, authority: 'platform', end: moment(NOON + 1_000, 1_000) });
  t.strictSame(
    changed.map(({ target }) => target.id),
    ['L1'],
  );
  t.end();
});
