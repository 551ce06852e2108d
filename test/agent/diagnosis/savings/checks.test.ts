/** What would be a wrong saving that looks right: a night without its meter, a meter that counts too little, lamps dark by a fault, other loads. */
import t from 'tap';
import { createManualClock, type ManualClock } from '../../../../agent/core/manual-clock.ts';
import type { LedgerEntry, LedgerNote, SavingsBaseline, SavingsMeterNight, SavingsNight } from '../../../../agent/core/savings-view.ts';
import type { AgentEvent, Decision, EventCode, PointId } from '../../../../agent/core/words.ts';
import { closedNight } from '../../../../agent/diagnosis/savings/closed-night.ts';
import { DarkLamps } from '../../../../agent/diagnosis/savings/dark-lamps.ts';
import { frozenBaseline } from '../../../../agent/diagnosis/savings/frozen-baseline.ts';
import { estimatedGap } from '../../../../agent/diagnosis/savings/gap-estimate.ts';
import { LampSlots, SLOT_MS } from '../../../../agent/diagnosis/savings/lamp-slots.ts';
import { loadSums, UNKNOWNS } from '../../../../agent/diagnosis/savings/load-sums.ts';
import { type MeterCarry, MeterNight } from '../../../../agent/diagnosis/savings/meter-night.ts';
import { createNightArchive, type DatedLearned } from '../../../../agent/diagnosis/savings/night-archive.ts';
import { NightCounter, type RunningSavingsNight } from '../../../../agent/diagnosis/savings/night-counter.ts';
import { datesBetween } from '../../../../agent/diagnosis/savings/reference.ts';
import { Savings } from '../../../../agent/diagnosis/savings/savings.ts';
import { savingsResult } from '../../../../agent/diagnosis/savings/savings-figures.ts';
import { createLocalCalendar } from '../../../../agent/lighting/local-time.ts';
import { simulatedCabinet } from '../../../../bench/savings/simulated-site.ts';

const [METER, SECOND] = ['M1', 'M2'].map((id) => ({ id, profile: 'p', serial: '', classPct: 1 }));
const CABINET = simulatedCabinet([100, 100]);
const FROM = '2026-12-01';
const PERIOD = { from: FROM, to: '2026-12-10' };
const FIT = { otherW: 20, leastOtherW: 20, litShare: 0, nights: 20, cvPct: 0.3, nmbePct: 0, standardErrorPct: 0.1 };
/** Computed energy of a night: 1 kWh at 50 %. Units: Wh. */
const BAND_WH = [4, 0, 0, 0, 0, 1_000, 0, 0, 0, 0, 0];

function baselineOf(source: 'nameplates' | 'meter', meters = METER === undefined ? [] : [METER]): SavingsBaseline {
  const fit = source === 'meter' ? { ...FIT, factors: BAND_WH.map((_, band) => (band === 0 ? 0 : 1)) } : null;
  return frozenBaseline({ cabinet: CABINET, from: FROM, meters, fit, otherW: 20, tolerancePct: 10 });
}

function entry(n: number, over: Partial<LedgerNote> = {}): LedgerEntry {
  return {
    n,
    hash: '',
    atMs: 0,
    cause: 'other-load',
    by: 'x',
    from: FROM,
    to: null,
    about: [],
    effect: { kind: 'none' },
    note: '',
    ...over,
  };
}

const frozen = (n: number, baseline: SavingsBaseline): LedgerEntry => entry(n, { cause: 'baseline', baseline });

function meterNight(measuredWh: number, darkW = 20): SavingsMeterNight {
  return { startWh: 0, endWh: measuredWh, measuredWh, gaps: [], modelWh: null, darkW };
}

function nightsWith(over: (date: string) => Partial<SavingsNight>): SavingsNight[] {
  return datesBetween(PERIOD.from, PERIOD.to).map((date) => {
    const fromMs = Date.parse(`${date}T11:00Z`);
    const meters = { M1: meterNight(1_000 + 20 * 24) };
    return { date, fromMs, toMs: fromMs + 86_400_000, meters, zoneWh: { street: 1_004 }, bandWh: BAND_WH, ...over(date) };
  });
}

t.test('a night without a count of a meter is no night without energy: it is named and in no sum', async (t) => {
  const whole = savingsResult(
    [frozen(1, baselineOf('meter'))],
    nightsWith(() => ({})),
    PERIOD,
  );
  const nights = nightsWith((date) => (date > '2026-12-05' ? { meters: { renamed: meterNight(1_480) } } : {}));
  const result = savingsResult([frozen(1, baselineOf('meter'))], nights, PERIOD);
  t.match(result, { nightsCounted: 5, nightsExpected: 10, missingNights: ['2026-12-06', /7/, /8/, /9/, /10/] });
  t.ok((result?.total.savedKwh ?? 0) < 0.6 * (whole?.total.savedKwh ?? 0));
  if (METER === undefined || SECOND === undefined) return;
  const two = savingsResult(
    [frozen(1, baselineOf('nameplates', [METER, SECOND]))],
    nightsWith(() => ({})),
    PERIOD,
  );
  t.equal(two?.nightsCounted, 0, 'one of two meters');
});

t.test('a new baseline has the effect of what was entered before it for earlier nights', async (t) => {
  const load = { cause: 'other-load', effect: { kind: 'load', loadW: 500 } } as const;
  const saved = (...entries: LedgerEntry[]): number =>
    savingsResult(
      entries,
      nightsWith(() => ({})),
      PERIOD,
    )?.total.savedKwh ?? 0;
  const alone = saved(frozen(1, baselineOf('meter')));
  t.equal(saved(entry(1, { ...load, from: '2026-11-01' }), frozen(2, baselineOf('meter'))), alone);
  t.ok(
    Math.abs(saved(entry(1, { ...load, from: '2026-12-05' }), frozen(2, baselineOf('meter'))) - alone - 6 * 12) < 1e-6,
    'of later nights',
  );
  t.ok(Math.abs(saved(frozen(1, baselineOf('meter')), entry(2, { ...load, from: '2026-11-01' })) - alone - 120) < 1e-6, 'entered after it');
});

const doubts: [story: string, source: 'nameplates' | 'meter', measuredWh: number, unexplainedKwh: number][] = [
  ['a meter that counts what the lamps use', 'nameplates', 1_480, 0],
  ['nameplates within their tolerance', 'nameplates', 1_400, 0],
  ['a meter without one phase', 'nameplates', 987, 4.93],
  ['a load that works at night only', 'nameplates', 2_000, 5.2],
  ['lamps that age within the error', 'meter', 1_475, 0],
  ['lamps of half the power', 'meter', 980, 5],
];

for (const [story, source, measuredWh, unexplainedKwh] of doubts)
  t.test(`${story}: ${unexplainedKwh} kWh have no explanation, and the interval has them`, async (t) => {
    const nights = nightsWith(() => ({ meters: { M1: meterNight(measuredWh) } }));
    const result = savingsResult([frozen(1, baselineOf(source))], nights, PERIOD);
    t.ok(Math.abs((result?.checks?.unexplainedKwh ?? 0) - unexplainedKwh) < 0.01, `${result?.checks?.unexplainedKwh}`);
    t.ok((result?.halfKwh ?? 0) >= unexplainedKwh);
    t.equal((result?.halfParts.otherKwh ?? 0) > 0, unexplainedKwh > 0);
  });

t.test('a reference at a level that no learned night had has a wide interval', async (t) => {
  const halfOf = (errorAtFull: number): number => {
    const factors = BAND_WH.map((_, band) => (band === 0 ? 0 : 1));
    const factorErrors = factors.map((_, band) => (band === 10 ? errorAtFull : 0.001));
    const fit = { ...FIT, factors, factorErrors };
    return frozenBaseline({ cabinet: CABINET, from: FROM, meters: [], fit, otherW: 20, tolerancePct: 10 }).powerHalfPct;
  };
  t.ok(halfOf(0.002) < 1, `${halfOf(0.002)} %`);
  t.ok(halfOf(0.1) > 30, `${halfOf(0.1)} %: a curve that is known up to 40 % may differ by as much`);
  const former = { ...CABINET, zones: CABINET.zones.map((zone) => ({ ...zone, baseline: { levelPct: 100, lampPowerW: 150 } })) };
  const fit = { ...FIT, factors: BAND_WH.map(() => 1), factorErrors: BAND_WH.map(() => 0.1) };
  t.ok(
    frozenBaseline({ cabinet: former, from: FROM, meters: [], fit, otherW: 20, tolerancePct: 10 }).powerHalfPct > 9,
    'former lamps have nameplates',
  );
});

t.test(
  'a reference of the present lamps has their standby, whether their power is stated or left out; former lamps have none',
  async (t) => {
    const otherW = (lampPowerW: number | null): number => {
      const cabinet = { ...CABINET, zones: CABINET.zones.map((zone) => ({ ...zone, baseline: { levelPct: 100, lampPowerW } })) };
      return frozenBaseline({ cabinet, from: FROM, meters: [], fit: null, otherW: 0, tolerancePct: 10 }).otherW;
    };
    t.equal(otherW(null), 0.5, 'two lamps of 0.5 W, half of the day');
    t.equal(otherW(100), 0.5);
    t.equal(otherW(150), 0);
  },
);

t.test('lamps dark by a fault are stated next to the saving, and explain what the meter did not count', async (t) => {
  const lost = { darkWh: 400, silentWh: 100 };
  const nights = nightsWith(() => ({ meters: { M1: meterNight(980) }, lost }));
  const result = savingsResult([frozen(1, baselineOf('meter'))], nights, PERIOD);
  t.match(result?.checks, { unexplainedKwh: 0 });
  t.ok(Math.abs((result?.checks?.darkKwh ?? 0) - 4) < 1e-9 && Math.abs((result?.checks?.silentKwh ?? 0) - 1) < 1e-9);
});

t.test('lamps dark in nights that are not checked explain nothing in those that are', async (t) => {
  const lost = { darkWh: 5_000, silentWh: 0 };
  const nights = nightsWith((date) => {
    if (date > FROM) return { meters: { M1: meterNight(980) } };
    return { meters: { M1: { ...meterNight(980), darkW: null } }, lost };
  });
  const result = savingsResult([frozen(1, baselineOf('meter'))], nights, PERIOD);
  t.match(result?.checks, { lamps: { nights: 9 }, darkKwh: 5 });
  t.ok(Math.abs((result?.checks?.unexplainedKwh ?? 0) - 4.5) < 0.01, `${result?.checks?.unexplainedKwh}`);
});

t.test('what a meter taught is forgotten also while a night of it is being written', async (t) => {
  const stored = new Map<string, unknown>();
  const slow = () => new Promise((done) => setImmediate(done));
  const archive = createNightArchive({
    load: async (key) => slow().then(() => stored.get(key)),
    save: async (key, value) => slow().then(() => stored.set(key, value) === stored),
  });
  const matrix = Array.from({ length: (UNKNOWNS * (UNKNOWNS + 1)) / 2 }, () => 0);
  const sums = { matrix, vector: Array.from({ length: UNKNOWNS }, () => 0), squares: 0, samples: 1 };
  const night = { date: FROM, bandWh: BAND_WH, sums, errors: [] } as unknown as DatedLearned;
  const learned = archive.learn('M1', night);
  const forgotten = archive.forget('M1');
  t.strictSame([await learned, await forgotten], [true, true]);
  t.strictSame(await archive.learned('M1'), []);
});

t.test('a night of which nothing is known has an interval as large as its reference', async (t) => {
  const lamps = new LampSlots(0);
  lamps.add(
    286 * SLOT_MS,
    288 * SLOT_MS,
    BAND_WH.map(() => 0),
  );
  const fit = { otherW: 5, litW: 0, factors: BAND_WH.map(() => 1) };
  const open = { fromMs: 0, toMs: 287 * SLOT_MS, why: 'no-meter' } as const;
  const gap = estimatedGap(open, { lamps, slotWh: new Float32Array(300).fill(Number.NaN) }, fit, []);
  t.equal(gap.isGuess, true);
  const nights = nightsWith(() => ({ meters: { M1: { ...meterNight(5), gaps: [gap] } } })).slice(0, 1);
  const result = savingsResult([frozen(1, baselineOf('nameplates'))], nights, PERIOD);
  t.ok((result?.halfKwh ?? 0) >= (result?.total.adjustedKwh ?? 1));
  t.equal(result?.isSignificant, false);
});

t.test('another load by day than that of the reference widens the interval, unless the ledger has it', async (t) => {
  const nights = nightsWith(() => ({ meters: { M1: meterNight(1_000 + 60 * 24, 60) } }));
  const result = savingsResult([frozen(1, baselineOf('meter'))], nights, PERIOD);
  t.match(result?.checks, { otherLoad: { referenceW: 20, measuredW: 60 }, unexplainedKwh: 0 });
  t.ok((result?.halfParts.otherKwh ?? 0) > 9.6, '40 W for ten nights');
  const entered = savingsResult([frozen(1, baselineOf('meter')), entry(2, { effect: { kind: 'load', loadW: 40 } })], nights, PERIOD);
  t.match(entered?.checks, { otherLoad: { referenceW: 60, measuredW: 60 } });
  t.ok((entered?.halfParts.otherKwh ?? 1) < 1e-9);
});

t.test('the power of lamps that a fault keeps dark follows their levels, until the fault ends', async (t) => {
  const dark = new DarkLamps();
  const decided = (levelPct: number): Decision[] =>
    CABINET.lamps.map(
      ({ id: lampId }) => ({ lampId, levelPct, rank: 'programme', reason: 'programme', distanceM: null, trace: [] }) as Decision,
    );
  const lines = [{ id: 'north', devices: [{ id: 'L01' }, { id: 'L02' }, { id: 'M1' }] }] as unknown as (typeof CABINET)['lines'];
  const lost = (levelPct = 100) =>
    dark.lost(() => ({ cabinet: { lamps: CABINET.lamps, lines }, decisions: decided(levelPct), feederOf: () => 'F1' }));
  const event = (code: EventCode, source: string, endMs: number | null = null): void =>
    dark.onEvent({ id: `${code}:${source}`, code, source, startMs: 1, endMs } as AgentEvent);
  t.same(lost(), { darkW: 0, silentW: 0 });
  const faults: [code: EventCode, source: string, darkW: number, silentW: number][] = [
    ['lamp-out', 'L01', 100, 0],
    ['unit-silent', 'L02', 0, 100],
    ['line-silent', 'north', 0, 200],
    ['supply-lost', 'F1', 200, 0],
    ['supply-lost', 'M1', 200, 0],
    ['lamp-power-low', 'L01', 0, 0],
  ];
  for (const [code, source, darkW, silentW] of faults) {
    event(code, source);
    t.same(lost(), { darkW, silentW }, `${code} of ${source}`);
    t.same(lost(0), { darkW: 0, silentW: 0 }, 'nothing is lost by day');
    event(code, source, 5);
  }
  t.same(lost(), { darkW: 0, silentW: 0 });
});

/** `isFailing`: nothing is read or written. `refused`: keys that begin with this are not written. */
interface Disk {
  isFailing: boolean;
  refused?: string | null;
  readonly stored?: Map<string, string>;
  /** Start of the keys that take longer to read than others take to write. */
  readonly slow?: string;
}

const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The proof of savings of a cabinet without readings. */
function savingsOn(clock: ManualClock, disk: Disk, cabinet: () => typeof CABINET = () => CABINET) {
  const { stored = new Map<string, string>() } = disk;
  const point = { pointId: 'M1.energy', device: { id: 'M1', profile: 'm' }, profile: { counter: {}, unit: 'kWh' }, semantic: 'energy' };
  return new Savings({
    clock,
    store: {
      load: async (key: string, unread: unknown) => {
        for (let turn = 0; turn < 20 && key.startsWith(disk.slow ?? '-'); turn++) await turnOfLoop();
        return disk.isFailing ? unread : (JSON.parse(stored.get(key) ?? 'null') ?? undefined);
      },
      save: async (key: string, value: unknown) =>
        !disk.isFailing && !key.startsWith(disk.refused ?? '-') && stored.set(key, JSON.stringify(value ?? null)) === stored,
      audit: { note: () => {}, read: async () => undefined },
    },
    sign: async (_kind: string, digest: string) => ({ digest, node: 'c1', atMs: 9, signature: 's', certificates: 'c' }),
    cabinet,
    profiles: () => new Map([['m', { category: 'meter' }]]),
    points: () => new Map([['M1.energy', point]]),
    energy: () => ({
      usedWh: () => new Float64Array(11),
      view: async ({ fromMs }: { fromMs: number }) => (disk.isFailing ? undefined : viewAt(fromMs)),
    }),
    decisions: () => [],
    feederOf: () => null,
  } as unknown as ConstructorParameters<typeof Savings>[0]);
}

/** The energy of the night that begins at a noon. */
function viewAt(fromMs: number) {
  return { rows: [{ period: new Date(fromMs).toISOString().slice(0, 10), zone: 'street', kwh: 1 }], awayH: 0 };
}

/** Counts for some hours with a meter of 100 W. */
async function meteredHours(savings: Savings, clock: ManualClock, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    const value = (clock.wallMs() / 3_600_000) * 0.1;
    savings.onReadings([{ pointId: 'M1.energy' as PointId, value, quality: 'good', atMono: clock.monoMs(), atMs: clock.wallMs() }]);
    await clock.advance(3_600_000);
  }
}

async function nightsOf(savings: Savings): Promise<unknown> {
  const answer = await savings.tools().result('2026-12-01', '2026-12-31');
  if (!answer.ok) return answer.why;
  const { nightsCounted, missingNights, zones } = answer.value;
  return { nightsCounted, missingNights, usedKwh: zones.map(({ usedKwh }) => Math.round(usedKwh)) };
}

async function frozenSavings(clock: ManualClock, disk: Disk): Promise<Savings> {
  const savings = savingsOn(clock, disk);
  await savings.start();
  await clock.advance(20_000);
  const meters = METER === undefined ? [] : [METER];
  await savings.tools().freeze({ by: 'x', note: '', meters, nights: null, tolerancePct: 10 });
  return savings;
}

t.test('a night that ends while the disk refuses it is stored once the disk works, also after a restart', async (t) => {
  const whole = { nightsCounted: 2, missingNights: [], usedKwh: [5] };
  const plan: [story: string, change: Partial<Disk>, isRestarted: boolean][] = [
    ['the disk works', {}, false],
    ['nothing is read or written', { isFailing: true }, false],
    ['nights are not written', { refused: 'savings.nights.' }, false],
    ['nights are not written before a restart', { refused: 'savings.nights.' }, true],
  ];
  for (const [story, change, isRestarted] of plan) {
    const clock = createManualClock(Date.parse('2026-12-01T11:00Z'));
    const disk: Disk = { isFailing: false, refused: null, stored: new Map() };
    let savings = await frozenSavings(clock, disk);
    await meteredHours(savings, clock, 22);
    Object.assign(disk, change);
    await meteredHours(savings, clock, 4);
    if (isRestarted) {
      savings.stop();
      savings = savingsOn(clock, disk);
      await savings.start();
    }
    await meteredHours(savings, clock, 2);
    Object.assign(disk, { isFailing: false, refused: null });
    await meteredHours(savings, clock, 22);
    t.same(await nightsOf(savings), whole, story);
    savings.stop();
  }
});

/** A night whose lamps, at 50 %, used what was computed. */
function taughtNight(date: string): DatedLearned {
  const lit = BAND_WH.map((_, band) => (band === 5 ? 25 : 0));
  const sums = loadSums(Array.from({ length: 40 }, () => ({ hours: 0.25, bandWh: lit, meterWh: 30 })));
  return { date, sums, hours: 24, litHours: 10, bandWh: BAND_WH, meterWh: 1_480, darkW: 20, errors: [] } as unknown as DatedLearned;
}

t.test('nights that taught a meter and cannot be read at the start are read once the disk works', async (t) => {
  const clock = createManualClock(Date.parse('2026-12-01T11:00Z'));
  const disk: Disk = { isFailing: false, stored: new Map() };
  const nights = datesBetween('2026-11-20', '2026-11-29').map(taughtNight);
  disk.stored?.set('savings.learned.M1', JSON.stringify(nights));
  const request = {
    ...{ by: 'x', note: '', meters: METER === undefined ? [] : [METER], tolerancePct: 10 },
    nights: { from: '2026-11-20', to: '2026-11-29' },
  };
  const savings = savingsOn(clock, disk);
  disk.isFailing = true;
  await savings.start();
  t.match(await savings.tools().freeze(request), { ok: false, why: 'disk' });
  disk.isFailing = false;
  await clock.advance(20_000);
  t.match(await savings.tools().freeze(request), { ok: true });
  savings.stop();
});

t.test('a meter exchanged while the agent was stopped leaves a gap, also if it is found before the night can be restored', async (t) => {
  for (const isDiskLate of [false, true]) {
    const clock = createManualClock(Date.parse('2026-12-01T11:00Z'));
    const disk: Disk = { isFailing: false, stored: new Map() };
    const before = await frozenSavings(clock, disk);
    await meteredHours(before, clock, 6);
    before.stop();
    await clock.advance(3_600_000);
    const savings = savingsOn(clock, disk);
    disk.isFailing = isDiskLate;
    if (isDiskLate) await savings.start();
    savings.onEvent({ code: 'counter-restarted', source: 'M1', startMs: 1, endMs: 1 } as AgentEvent);
    disk.isFailing = false;
    await (isDiskLate ? clock.advance(20_000) : savings.start());
    await meteredHours(savings, clock, 20);
    const answer = await savings.tools().export('2026-12-01', '2026-12-01');
    const reasons: unknown[] = answer.ok
      ? answer.value.nights.flatMap(({ meters }) => meters['M1']?.gaps.map(({ why }) => why))
      : [answer.why];
    t.ok(reasons.includes('meter-restarted'), `the disk is late: ${isDiskLate}; gaps: ${reasons}`);
    savings.stop();
  }
});

t.test('a result, a view and an export beside which entries are added are whole, and signed to their end', async (t) => {
  const clock = createManualClock(Date.parse('2026-12-01T11:00Z'));
  const savings = await frozenSavings(clock, { isFailing: false, stored: new Map(), slow: 'savings.nights.' });
  await meteredHours(savings, clock, 26);
  const tools = savings.tools();
  const { n: _, hash: __, atMs: ___, ...note } = entry(1);
  const state = { isAdding: true };
  const adding = (async () => {
    while (state.isAdding) {
      await tools.add(note);
      await turnOfLoop();
    }
  })();
  for (let turn = 0; turn < 3; turn++) {
    const [exported, view, result] = await Promise.all([
      tools.export('2026-12-01', '2026-12-01'),
      tools.ledger(),
      tools.result('2026-12-01', '2026-12-01'),
    ]);
    t.match(result, { ok: true });
    t.match(view, { ok: true, value: { brokenAt: null } });
    if (!exported.ok) throw new Error(exported.why);
    const { chain, seals, result: stated } = exported.value;
    t.same(
      seals.map(({ n }) => n),
      [chain.length],
      `turn ${turn}`,
    );
    t.equal(stated.entries.at(-1)?.n, chain.length, 'the result is that of the exported entries');
  }
  state.isAdding = false;
  await adding;
  savings.stop();
});

async function causesOf(savings: Savings): Promise<readonly string[]> {
  const ledger = await savings.tools().ledger();
  return ledger.ok ? ledger.value.entries.map(({ cause }) => cause) : [];
}

t.test('a night with many overrides keeps the entry of an exchanged meter', async (t) => {
  const clock = createManualClock(Date.parse('2026-12-01T20:00Z'));
  const savings = savingsOn(clock, { isFailing: false });
  await savings.start();
  for (let at = 0; at < 30; at++) savings.onEvent({ code: 'override-started', source: `z${at}`, startMs: 1, endMs: null } as AgentEvent);
  savings.onEvent({ code: 'counter-restarted', source: 'M1', startMs: 1, endMs: 1 } as AgentEvent);
  await clock.advance(20_000);
  const causes = await causesOf(savings);
  t.ok(causes.length === 21 && causes.at(-1) === 'meter-exchanged', `${causes.length}`);
  savings.stop();
});

t.test('what the disk does not accept is entered once it does: an exchanged meter, and lamps of a new configuration', async (t) => {
  const clock = createManualClock(Date.parse('2026-12-01T20:00Z'));
  const disk = { isFailing: false };
  let cabinet = CABINET;
  const savings = savingsOn(clock, disk, () => cabinet);
  await savings.start();
  await clock.advance(20_000);
  disk.isFailing = true;
  savings.onEvent({ code: 'counter-restarted', source: 'M1', startMs: 1, endMs: 1 } as AgentEvent);
  savings.stop();
  cabinet = simulatedCabinet([100, 100, 60]);
  await savings.start();
  await clock.advance(60_000);
  disk.isFailing = false;
  await clock.advance(60_000);
  t.same((await causesOf(savings)).toSorted(), ['lamps-added', 'meter-exchanged']);
  await clock.advance(60_000);
  t.equal((await causesOf(savings)).length, 2, 'once');
  savings.stop();
});

const MINUTE_MS = 60_000;
/** Ten lamps of 50 W for 14 hours a night. Meter M1 counts eight of them in all nights, M2 the others until 12:30 of the first day. */
function nightsOfSilentFeeder(count: number): SavingsNight[] {
  const carries: { M1: MeterCarry | null; M2: MeterCarry | null } = { M1: null, M2: null };
  let totalWh = 0;
  return Array.from({ length: count }, (_, night) => {
    const fromMs = Date.parse(`${FROM}T12:00Z`) + night * 1_440 * MINUTE_MS;
    const toMs = fromMs + 1_440 * MINUTE_MS;
    const lamps = new LampSlots(fromMs);
    const [m1, m2] = [new MeterNight(fromMs, carries.M1), new MeterNight(fromMs, carries.M2)];
    for (let minute = 0; minute < 1_440; minute++) {
      const wh = minute >= 300 && minute < 1_140 ? 500 / 60 : 0;
      const atMs = fromMs + (minute + 1) * MINUTE_MS;
      lamps.add(
        atMs - MINUTE_MS,
        atMs,
        BAND_WH.map((_, band) => (band === 5 ? wh : 0)),
      );
      totalWh += 0.8 * wh;
      m1.read(atMs, totalWh, lamps.addedWh);
      if (night === 0 && minute < 30) m2.read(atMs, 5_000, lamps.addedWh);
    }
    const [first, second] = [m1, m2].map((meter) => closedNight(meter, lamps, toMs, [], { ofMeters: 2 }));
    carries.M1 = first?.carry ?? null;
    carries.M2 = second?.carry ?? null;
    const meters = first === undefined || second === undefined ? {} : { M1: first.stored, M2: second.stored };
    return { date: new Date(fromMs).toISOString().slice(0, 10), fromMs, toMs, meters, zoneWh: { street: 7_000 } };
  });
}

t.test('the energy of a feeder whose meter is silent before it has taught anything is within the interval', async (t) => {
  if (METER === undefined || SECOND === undefined) return;
  const nights = nightsOfSilentFeeder(10);
  const result = savingsResult([frozen(1, baselineOf('nameplates', [METER, SECOND]))], nights, PERIOD);
  const errorKwh = (result?.total.measuredKwh ?? 0) + (result?.total.estimatedKwh ?? 0) - 70;
  t.equal(result?.nightsCounted, 10);
  t.ok(Math.abs(errorKwh) <= (result?.halfParts.gapsKwh ?? 0), `${errorKwh} kWh, ± ${result?.halfParts.gapsKwh}`);
  t.ok(Math.abs(errorKwh) < 25, 'M2 does not get the lamps of M1 too');
});

t.test('the night in which an agent returns after months does not get what the meter counted meanwhile', async (t) => {
  const clock = createManualClock(Date.parse('2026-12-01T20:00Z'));
  const ended: RunningSavingsNight[] = [];
  const counter = new NightCounter({
    clock,
    calendar: () => createLocalCalendar('UTC'),
    usedWh: () => new Float64Array(11),
    lost: () => ({ darkW: 0, silentW: 0 }),
    onNight: (night) => {
      ended.push(night);
      return new Map([...night.meters].flatMap(([id, { carry }]) => (carry === null ? [] : [[id, carry]])));
    },
  });
  counter.read('M1', 1_000);
  await clock.advance(90 * 1_440 * MINUTE_MS);
  counter.read('M1', 901_000);
  await clock.advance(MINUTE_MS);
  counter.read('M1', 901_005);
  await clock.advance(1_440 * MINUTE_MS);
  counter.look();
  t.equal(ended.at(-1)?.meters.get('M1')?.sums().measuredWh, 5);
});
