import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../../../agent/config/load/load-site.ts';
import type { AcceptanceNews, LampRamp } from '../../../../agent/core/acceptance.ts';
import type { Cabinet } from '../../../../agent/core/cabinet.ts';
import { cabinetPoints } from '../../../../agent/core/cabinet-points.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { Refusal } from '../../../../agent/core/refusal.ts';
import { Acceptance } from '../../../../agent/diagnosis/acceptance/acceptance.ts';
import { watchPlan } from '../../../../agent/diagnosis/watch/watch-plan.ts';

const SITE = loadSite(join(import.meta.dirname, '../../../../config/demo.yaml'));
const AT_MS = Date.parse('2026-12-15T22:30:00Z');
const BY = 'console:marie';

/** A disk in memory; null: it does not respond. */
function disk() {
  const facts: { stored: string | undefined; responds: boolean; accepts: boolean } = { stored: undefined, responds: true, accepts: true };
  return {
    facts,
    load: async (_: string, unread?: unknown) =>
      facts.responds ? (facts.stored === undefined ? undefined : JSON.parse(facts.stored)) : unread,
    save: async (_: string, value: unknown) => {
      if (facts.accepts) facts.stored = JSON.stringify(value);
      return facts.accepts;
    },
  };
}

function acceptanceOn(store = disk(), cabinet: Cabinet = SITE.cabinet, clock = createManualClock(AT_MS)) {
  const passed: string[] = [];
  const plan = watchPlan(cabinet, cabinetPoints(cabinet, SITE.profiles), SITE.profiles);
  const acceptance = new Acceptance({
    ...{ clock, store, cabinet: () => cabinet, watched: () => plan },
    onPassed: ({ lamp }, isExchanged) => passed.push(isExchanged ? `${lamp} exchanged` : lamp),
  });
  return { acceptance, store, passed };
}

function ramp(lamp: string, powerAt100W: number, changes: Partial<LampRamp> = {}): LampRamp {
  const measure = { isConfirmed: true, settleMs: 300, powerFactor: null };
  const levels = [
    { levelPct: 20, powerW: null, ...measure },
    { levelPct: 100, powerW: powerAt100W, ...measure },
  ];
  return { lamp, verdict: 'ok', weighedBy: 'meter', levels, serial: null, ...changes };
}

/** Results with which the whole cabinet passes. */
function all(): AcceptanceNews {
  const { lamps, zones } = SITE.cabinet;
  const walked = { night: true, detections: 1, raised: ['L01'], wasLit: false, worstMs: 40 };
  return {
    by: BY,
    scans: ['north', 'south'].map((line) => ({ line, found: 9, missing: [], unknown: [], damaged: [] })),
    placements: lamps.map(({ id, pole }) => ({ lamp: id, pole, atM: null, others: [] })),
    ramps: lamps.map(({ id, ratedPowerW }) => ramp(id, ratedPowerW)),
    walks: zones.flatMap(({ id, presence }) =>
      (presence?.sensors ?? []).map(({ device }) => ({ pointId: `${device}.motion` as const, zone: id, ...walked })),
    ),
  };
}

t.test('nothing is tested: everything is open', async (t) => {
  const report = await acceptanceOn().acceptance.report();
  t.match(report, { result: 'open', startedMs: null, lastMs: null, people: [], hasMeter: true });
  t.strictSame(report.open.map(String), [
    'line north has not been scanned',
    'line south has not been scanned',
    'pole not confirmed: L01, L02, L03, L04, L05, L06, L07, L08 and 4 more',
    'not tested: L01, L02, L03, L04, L05, L06, L07, L08 and 4 more',
    'no walk under S01.motion, S02.motion, S03.motion, S04.motion',
  ]);
});

t.test('a walk that was cut off before any detection begins no commissioning', async (t) => {
  const { acceptance, store } = acceptanceOn();
  t.equal(await acceptance.note({ by: BY, walks: [] }), true);
  t.equal((await acceptance.report()).startedMs, null);
  t.equal(store.facts.stored, undefined);
});

t.test('all is tested and sound: the cabinet passes, also after a restart', async (t) => {
  const { acceptance, store } = acceptanceOn();
  t.equal(await acceptance.note(all()), true);
  t.match(await acceptance.report(), { result: 'pass', open: [], people: [BY], startedMs: AT_MS, lastMs: AT_MS });
  t.match(await acceptanceOn(store).acceptance.report(), { result: 'pass', open: [], people: [BY] });
});

t.test('a lamp is elsewhere until the configuration has the pole, and the newest metres of the pole, where it was found', async (t) => {
  const [first, second] = SITE.cabinet.lamps;
  if (first === undefined || second === undefined) return t.fail('the site has two lamps');
  const atM = SITE.cabinet.poles.find(({ id }) => id === first.pole)?.atM ?? 0;
  const elsewhere = async (found: readonly (readonly [lamp: string, pole: string, atM: number | null])[]) => {
    const clock = createManualClock(AT_MS);
    const acceptance = acceptanceOn(disk(), SITE.cabinet, clock).acceptance;
    for (const [lamp, pole, at] of found) {
      await acceptance.note({ by: BY, placements: [{ lamp, pole, atM: at, others: [] }] });
      await clock.advance(1_000);
    }
    return (await acceptance.report()).lamps.flatMap(({ lamp, isElsewhere }) => (isElsewhere ? [lamp] : []));
  };
  t.same(await elsewhere([[first.id, first.pole, null]]), []);
  t.same(await elsewhere([[first.id, first.pole, atM]]), [], 'corrected already');
  t.same(await elsewhere([[first.id, first.pole, atM + 1]]), [first.id]);
  t.same(await elsewhere([[first.id, second.pole, null]]), [first.id]);
  const older = [first.id, first.pole, atM + 1] as const;
  t.same(await elsewhere([older, [second.id, first.pole, atM]]), [second.id], 'a newer place of the same pole counts');
});

const FAULTS: [story: string, news: Partial<AcceptanceNews>, open: RegExp][] = [
  [
    'a unit is missing',
    { scans: [{ line: 'north', found: 8, missing: [{ unit: 5, device: 'L05' }], unknown: [], damaged: [] }] },
    /^L05 \(unit 5 on line north\) does not answer/,
  ],
  [
    'two units have one address',
    { scans: [{ line: 'north', found: 8, missing: [], unknown: [], damaged: [5] }] },
    /^damaged answers at 5 on line north: two units/,
  ],
  [
    'two lamps blink',
    { placements: [{ lamp: 'L03', pole: 'P03', atM: null, others: ['P07'] }] },
    /^the lamps on P03, P07 blink together as L03/,
  ],
  [
    'a lamp is on another pole',
    { placements: [{ lamp: 'L03', pole: 'P04', atM: null, others: [] }] },
    /^L03 hangs on pole P04, the configuration has P03/,
  ],
  ['a lamp of another wattage', { ramps: [ramp('L09', 40)] }, /^L09: power too low, 40 W at 100 %, rated 60 W$/],
  ['a lamp does not follow', { ramps: [ramp('L09', 60, { verdict: 'does not follow' })] }, /^L09: does not follow$/],
  [
    'a sensor sees no one',
    { walks: [{ pointId: 'S02.motion', zone: 'rue', night: true, detections: 0, raised: [], wasLit: false, worstMs: null }] },
    /^no detection by S02.motion/,
  ],
  [
    'a sensor raises nothing at night',
    { walks: [{ pointId: 'S02.motion', zone: 'rue', night: true, detections: 2, raised: [], wasLit: false, worstMs: null }] },
    /^S02.motion detects and raises no lamp/,
  ],
];
for (const [story, news, open] of FAULTS)
  t.test(`${story}: the report fails and says so`, async (t) => {
    const { acceptance } = acceptanceOn();
    await acceptance.note(all());
    await acceptance.note({ by: 'console:jean', ...news });
    const report = await acceptance.report();
    t.equal(report.result, 'fail');
    t.equal(report.open.length, 1);
    t.match(String(report.open[0]), open);
    t.strictSame(report.people, ['console:jean', BY]);
    await acceptance.note(all());
    t.match(await acceptance.report(), { result: 'pass' }, 'a repeated test replaces the failed one');
  });

t.test('an unknown unit leaves the report open until it is in the configuration', async (t) => {
  const unknown = [{ unit: 99, profiles: [] }];
  const { acceptance } = acceptanceOn();
  await acceptance.note({
    ...all(),
    scans: [
      { line: 'north', found: 10, missing: [], unknown, damaged: [] },
      { line: 'south', found: 9, missing: [], unknown: [{ unit: 1, profiles: [] }], damaged: [] },
    ],
  });
  t.match(await acceptance.report(), { result: 'open', open: [/unit 99 on line north answers/] });
});

t.test('by day a detection is enough', async (t) => {
  const { acceptance } = acceptanceOn();
  const news = all();
  await acceptance.note({ ...news, walks: (news.walks ?? []).map((walk) => ({ ...walk, night: false, raised: [], worstMs: null })) });
  t.match(await acceptance.report(), { result: 'pass' });
});

t.test('levels without a measured power leave the report open where a meter could measure it', async (t) => {
  const { acceptance } = acceptanceOn();
  await acceptance.note({ ...all(), ramps: SITE.cabinet.lamps.map(({ id }) => ramp(id, 60, { weighedBy: 'nothing' })) });
  const report = await acceptance.report();
  t.equal(report.result, 'open');
  t.match(String(report.open[0]), /^power not measured: L01/);
});

t.test('another rated power or driver makes a test count as missing', async (t) => {
  const { acceptance, store } = acceptanceOn();
  await acceptance.note(all());
  const change = (lamps: Cabinet['lamps']): Cabinet => ({ ...SITE.cabinet, lamps });
  const [first, ...others] = SITE.cabinet.lamps;
  if (first === undefined) throw new Error('the demo street has changed');
  const other = acceptanceOn(store, change([{ ...first, ratedPowerW: 40 }, ...others])).acceptance;
  t.match(
    (await other.report()).lamps[0],
    { lamp: 'L01', result: 'open', test: null, placement: { lamp: 'L01' } },
    'it is still on its pole',
  );
});

t.test('a lamp that passed becomes the reference; another serial number is reported as an exchange', async (t) => {
  const { acceptance, passed } = acceptanceOn();
  await acceptance.note({ by: BY, ramps: [ramp('L01', 60, { serial: '17' }), ramp('L02', 20), ramp('L99', 60)] });
  await acceptance.note({ by: BY, ramps: [ramp('L01', 60, { serial: '17' })] });
  await acceptance.note({ by: BY, ramps: [ramp('L01', 60, { serial: '18' })] });
  t.strictSame(passed, ['L01', 'L01', 'L01 exchanged']);
});

t.test('a disk that does not respond loses no earlier result', async (t) => {
  const { acceptance, store } = acceptanceOn();
  await acceptance.note(all());
  const later = acceptanceOn(store).acceptance;
  store.facts.responds = false;
  await t.rejects(later.report(), Refusal);
  await t.rejects(later.note({ by: BY, ramps: [ramp('L01', 20)] }), Refusal);
  store.facts.responds = true;
  t.match(await later.report(), { result: 'pass' });
  store.facts.accepts = false;
  t.equal(await later.note({ by: BY, ramps: [ramp('L01', 20)] }), false, 'a full disk is reported');
  t.match(await later.report(), { result: 'fail' }, 'and the result counts until the agent stops');
});

t.test('concurrent results are all kept; a restart removes them', async (t) => {
  const { acceptance, store } = acceptanceOn();
  await Promise.all(SITE.cabinet.lamps.map(({ id }) => acceptance.note({ by: BY, ramps: [ramp(id, 60)] })));
  t.equal((await acceptance.report()).lamps.filter(({ test }) => test !== null).length, 12);
  await acceptance.restart();
  t.match(await acceptanceOn(store).acceptance.report(), { startedMs: null, people: [] });
});

for (const stored of [
  'null',
  '7',
  '[]',
  '{"v":2,"tests":[{"lamp":"L01"}]}',
  '{"v":1,"tests":"x","scans":[1,null],"walks":[{"pointId":1}]}',
])
  t.test(`stored ${stored} counts as nothing`, async (t) => {
    const store = disk();
    store.facts.stored = stored;
    t.match(await acceptanceOn(store).acceptance.report(), { result: 'open', people: [] });
  });
