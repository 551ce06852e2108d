import t from 'tap';
import type { Job } from '../../../../../agent/console/command-spec.ts';
import { renderTested, renderTestProgress, renderTestStep } from '../../../../../agent/console/commands/light/test.ts';
import { POWER_WAIT_MS, type TestWait, testTarget } from '../../../../../agent/console/commands/light/test-job.ts';
import { learn } from '../../../../../agent/console/text/translate.ts';
import { createManualClock, type ManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { AgentView, PointView } from '../../../../../agent/core/views.ts';
import type { OutcomeState } from '../../../../../agent/core/words.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { createFakeView, outcome, whyLamp } from '../../fake-view.ts';

const page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE, language: 'en' } as const;
const ZONE = { kind: 'zone', id: 'bressigny' } as const;

interface Street {
  /** State of each lamp, by level. */
  readonly states?: (lamp: string, levelPct: number) => OutcomeState;
  /** A level that is refused as a whole. Units: %. */
  readonly refusedPct?: number;
  /** Units: W of each lamp at this level; null: it does not measure itself. */
  readonly lampW?: (lamp: string, levelPct: number) => number | null;
  /** A meter that shows this. Units: W. */
  readonly meterW?: (levelPct: number) => number;
  /** All of the cabinet. */
  readonly lamps?: readonly string[];
  readonly intents?: readonly object[];
  /** Devices that answer; the others are unknown. */
  readonly answering?: readonly string[];
  /** Devices without new power readings. */
  readonly isStale?: readonly string[];
}

/** An agent with two lamps that follow each override after a while; `asked` gets what was requested of it. */
function streetView(clock: ManualClock, asked: object[], street: Street): AgentView {
  const {
    states = () => 'verified',
    lampW = (_, levelPct) => levelPct / 2,
    meterW,
    lamps = ['L07', 'L08'],
    intents = [],
    answering = [],
    isStale = [],
  } = street;
  let at = { levelPct: 0, sinceMono: 0 };
  const fake = createFakeView();
  const powerOf = (device: string): PointView[] => {
    const value = device === 'M1' ? (meterW?.(at.levelPct) ?? null) : lampW(device, at.levelPct);
    const ageS = isStale.includes(device) ? 300 : Math.min(2, (clock.monoMs() - at.sinceMono) / 1_000);
    return value === null ? [] : [{ pointId: `${device}.power` as const, value, unit: 'W', decimals: 0, quality: 'good', ageS }];
  };
  const meter = fake.profiles().slice(0, 1);
  return {
    ...fake,
    devices: () => answering.map((id) => ({ ...fake.devices()[0], id, state: 'ok' }) as never),
    points: () => ['L07', 'L08', ...(meterW === undefined ? [] : ['M1'])].flatMap(powerOf),
    profiles: () => meter.map((profile) => ({ ...profile, category: 'meter', usedBy: ['M1'] })),
    names: () => ({ ...fake.names(), lamps }),
    why: (id) => ({ id, kind: 'zone', lamps: [whyLamp(7), whyLamp(8)] }),
    light: {
      ...fake.light,
      intentsBy: () => intents as never,
    },
    override: async (request) => {
      asked.push(request);
      at = { levelPct: request.levelPct, sinceMono: clock.monoMs() };
      if (request.levelPct === street.refusedPct)
        return { ...outcome({ state: 'refused', lamps: {}, levelPct: request.levelPct }), untilMs: AT_MS };
      const lamps = Object.fromEntries(['L07', 'L08'].map((lamp) => [lamp, states(lamp, request.levelPct)]));
      return { ...outcome({ lamps, levelPct: request.levelPct }), untilMs: AT_MS };
    },
    release: async (request) => {
      asked.push(request);
      return outcome({ levelPct: null });
    },
  };
}

/** A lamp test on such a street, and what came of it. */
function street(of: Street = {}) {
  const clock = createManualClock(AT_MS);
  const asked: object[] = [];
  const view = streetView(clock, asked, of);
  const gone = new AbortController();
  const steps: unknown[] = [];
  const job: Job = {
    ...{
      source: 'console:marie',
      caller: { user: 'marie', role: 'technician', socketKind: 'login' },
      clock,
      timezone: TIMEZONE,
      signal: gone.signal,
    },
    report: (step) => steps.push(step) > 0,
  };
  const run = async () => {
    let isOver = false;
    const testing = testTarget(view, ZONE, job).finally(() => {
      isOver = true;
    });
    testing.catch(() => {});
    while (!isOver) await clock.advance(500);
    return testing;
  };
  return { run, asked, steps, gone, clock };
}

t.test('a ramp up, each level read back and measured, then the zone is released', async (t) => {
  const { run, asked, steps } = street();
  const tested = await run();
  t.match(asked, [
    { target: ZONE, levelPct: 20, rank: 'maintenance', minutes: 3, source: 'console:marie' },
    { levelPct: 60, isFurther: true, reason: 'test: 20, 60, 100 %' },
    { levelPct: 100, isFurther: true },
    { target: ZONE, rank: 'maintenance', source: 'console:marie' },
  ]);
  t.match(tested.verdicts, [
    { lamp: 'L07', verdict: 'ok', weighedBy: 'lamp' },
    { lamp: 'L08', verdict: 'ok' },
  ]);
  t.equal(tested.restored, 'verified');
  t.equal(steps.length - waitsOf(steps).length, 3);
  const text = renderTested(tested, page);
  t.match(text, /L07 +verified +verified +verified +10\/30\/50 +ok/);
  t.match(text, /2 lamps of bressigny: all ok; given back to its programme/);
  const unproven = renderTested({ ...tested, restored: 'failed' }, page).replaceAll(/\s+/g, ' ');
  t.match(unproven, /all ok; released, but its return to the programme ended as failed: see `luciole why bressigny`$/);
  const step = tested.steps[0];
  if (step !== undefined) t.equal(renderTestStep(step, page), '20 %  2 of 2 lamps confirmed');
});

const FAULTS: [story: string, street: Street, verdict: string][] = [
  ['a lamp that never confirms', { states: () => 'failed' }, 'no answer'],
  ['a lamp that answers and never confirms', { states: () => 'failed', answering: ['L07'] }, 'does not follow'],
  ['a lamp that confirms only low levels', { states: (_, levelPct) => (levelPct === 100 ? 'failed' : 'verified') }, 'does not follow'],
  ['a lamp that says its level and takes no power', { lampW: () => 0 }, 'no power'],
  ['a lamp whose power stays as it is', { lampW: () => 40 }, 'power does not rise'],
  ['a lamp that may not be tried', { states: () => 'refused' }, 'refused'],
  ['a lamp that may be tried at low levels only', { states: (_, levelPct) => (levelPct === 100 ? 'refused' : 'verified') }, 'refused'],
  ['a lamp that nothing weighs', { lampW: () => null }, 'ok'],
];
for (const [story, faulty, verdict] of FAULTS) {
  t.test(`${story}: ${verdict}`, async (t) => {
    const tested = await street(faulty).run();
    t.equal(tested.verdicts[0]?.verdict, verdict);
    t.ok(
      renderTested(tested, page)
        .split('\n')
        .every((line) => line.length <= 80),
    );
  });
}

t.test('a meter is used only where it measures nothing but these lamps', async (t) => {
  const unweighed = { lampW: () => null, meterW: () => 500 };
  t.match((await street(unweighed).run()).verdicts, [{ verdict: 'power does not rise', weighedBy: 'meter' }, {}]);
  const more = await street({ ...unweighed, lamps: ['L07', 'L08', 'L09'] }).run();
  t.match(more.verdicts, [{ verdict: 'ok', weighedBy: 'nothing' }, {}]);
  t.match(renderTested(more, page), /ok, level only/);
  t.match(more.steps, [{ meterW: null }, {}, {}], 'and is not waited for where it cannot');
});

t.test('a test takes no longer than needed: it does not wait for a meter that has other lamps behind it', async (t) => {
  const shared = street({ lampW: () => null, meterW: () => 500, lamps: ['L07', 'L08', 'L09'], isStale: ['M1'] });
  await shared.run();
  t.ok(shared.clock.monoMs() < 1_000, 'not a moment beyond what the lamps take to confirm');
  t.strictSame(
    waitsOf(shared.steps).filter(({ waitsFor }) => waitsFor === 'power'),
    [],
  );
  const own = street({ lampW: () => null, meterW: () => 500, isStale: ['M1'] });
  await own.run();
  t.equal(own.clock.monoMs(), 3 * (POWER_WAIT_MS + 3_000), 'one that can judge is waited for');
});

t.test('while it waits it shows each second for what, and for how long at most', async (t) => {
  const { run, steps } = street({ isStale: ['L07'] });
  await run();
  const waits = waitsOf(steps);
  const power = waits.filter(({ waitsFor, step }) => waitsFor === 'power' && step === 2);
  t.strictSame(
    power.map(({ restMs }) => restMs),
    Array.from({ length: 38 }, (_, s) => 38_000 - s * 1_000),
    'counted down to its end',
  );
  t.match(waits[0], { levelPct: 20, step: 1, steps: 3, waitsFor: 'lamps', restMs: 60_000 });
  const [first, second] = [waits[0], power[0]].map((each) => each && renderTestProgress(each, page));
  t.equal(first, 'step 1 of 3, 20 %: until the lamps confirm, at most 60 s');
  t.equal(second, 'step 2 of 3, 60 %: until the power is read, at most 38 s');
  await learn('fr');
  t.equal(
    waits[0] && renderTestProgress(waits[0], { ...page, language: 'fr' }),
    'étape 1 sur 3, 20 % : attente des luminaires, 60 s au plus',
  );
});

function waitsOf(progress: readonly unknown[]): readonly TestWait[] {
  return progress.filter((each): each is TestWait => typeof each === 'object' && each !== null && 'waitsFor' in each);
}

const UNWEIGHED: [story: string, street: Street, why: RegExp][] = [
  ['nothing measures', { lampW: () => null }, /Power of L07, L08 not checked: neither the lamp nor a meter of the cabinet\s+measures it\n/],
  [
    'the meter has other lamps behind it',
    { lampW: () => null, meterW: () => 500, lamps: ['L07', 'L08', 'L09'] },
    /Power of L07, L08 not checked: the meter measures 1 other lamp too, which may\s+change meanwhile\n/,
  ],
  ['the readings of one lamp are old', { isStale: ['L07'] }, /Power of L07 not checked: no fresh reading of it arrived within 35 s;/],
  [
    "the meter's readings are old",
    { lampW: () => null, meterW: () => 500, isStale: ['M1'] },
    /Power of L07, L08 not checked: no fresh reading of the meter arrived within 35\s+s;/,
  ],
];
for (const [story, unweighed, why] of UNWEIGHED) {
  t.test(`power that was not checked is reported with the reason: ${story}`, async (t) => {
    const tested = await street(unweighed).run();
    t.match(renderTested(tested, page), why);
    t.match(renderTested(tested, page), /2 lamps of bressigny: all ok/);
  });
}

t.test('a lamp whose power was checked, or that does not follow, needs no such note', async (t) => {
  t.notMatch(renderTested(await street().run(), page), 'not checked');
  t.notMatch(renderTested(await street({ lampW: () => null, states: () => 'failed' }).run(), page), 'not checked');
});

t.test('one bad lamp of a zone is named, the other is ok', async (t) => {
  const tested = await street({ states: (lamp) => (lamp === 'L08' ? 'failed' : 'verified') }).run();
  t.match(tested.verdicts, [{ verdict: 'ok' }, { lamp: 'L08', verdict: 'no answer' }]);
  t.match(renderTested(tested, page), /1 of 2 lamps of bressigny not ok/);
});

t.test('a step that is refused for a whole zone counts for each of its lamps', async (t) => {
  const tested = await street({ refusedPct: 100 }).run();
  t.match(tested.steps.at(-1)?.states, { L07: 'refused' });
  t.match(
    tested.verdicts.map(({ lamp, verdict }) => [lamp, verdict]),
    [
      ['L07', 'refused'],
      ['L08', 'refused'],
    ],
  );
});

t.test('a test without a verdict says that no lamp was tested, and why', async (t) => {
  const tested = await street().run();
  const refused = { levelPct: 20, states: {}, reason: msg`the agent is starting`, lampW: {}, meterW: null };
  const none = { ...tested, verdicts: [], restored: 'refused' } as const;
  t.equal(renderTested({ ...none, steps: [refused] }, page), 'no lamp of bressigny was tested: the agent is starting');
  t.equal(renderTested({ ...none, steps: [] }, page), 'no lamp of bressigny was tested');
});

t.test('a zone with a manual override is not touched: a person may be working on the lamp', async (t) => {
  const lock = {
    id: 'w',
    target: { kind: 'lamp', id: 'L07' },
    levelPct: 0,
    rank: 'maintenance',
    source: 'console:luc',
    reason: 'driver out',
  };
  const { run, asked } = street({ intents: [lock] });
  await t.rejects(run(), { code: 'failed', message: /L07 is locked by console:luc \(driver out\).*release L07 first/ });
  t.strictSame(asked, []);
});

t.test('a lock that another person sets during the test ends it before the next level, and stays', async (t) => {
  const lock = { id: 'w', target: { kind: 'lamp', id: 'L07' }, levelPct: 0, rank: 'maintenance', source: 'console:luc', reason: '' };
  const intents: object[] = [];
  const own = { ...lock, target: ZONE, source: 'console:marie' };
  const states = (): OutcomeState => {
    intents.splice(0, 9, own, lock);
    return 'verified';
  };
  const { run, asked } = street({ intents, states });
  await t.rejects(run(), { code: 'failed', message: /L07 is locked by console:luc: a person may be at work/ });
  t.match(asked, [{ levelPct: 20 }, { target: ZONE, rank: 'maintenance', source: 'console:marie', isOwnOnly: true }]);
  t.equal(asked.length, 2);
});

t.test('a test whose reader leaves is given back all the same', async (t) => {
  const { run, asked, gone } = street();
  const running = run();
  gone.abort();
  await running;
  t.ok(asked.length < 4, 'not all steps');
  t.match(asked.at(-1), { target: ZONE, rank: 'maintenance' });
  t.notOk('levelPct' in (asked.at(-1) ?? {}), 'the last is the release');
});
