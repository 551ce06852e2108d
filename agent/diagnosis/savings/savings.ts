/** Proven savings of a cabinet: counts the nights, keeps baseline and ledger, and answers with results and exports. */
import type { Cabinet } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import { type Clock, every, isTrusted, type Timer } from '../../core/clock.ts';
import { DAY_MS, HOUR_MS } from '../../core/durations.ts';
import type { Log, Store } from '../../core/ports.ts';
import type { Profile } from '../../core/profile.ts';
import type {
  FreezeRequest,
  LedgerEntry,
  LedgerNote,
  LedgerView,
  SavingsAnswer,
  SavingsDate,
  SavingsExport,
  SavingsMeterNight,
  SavingsResult,
  SavingsTools,
} from '../../core/savings-view.ts';
import type { EnergyQuery, EnergyView } from '../../core/views.ts';
import type { AgentEvent, PointId, Reading } from '../../core/words.ts';
import { createLocalCalendar, type LocalCalendar } from '../../lighting/local-time.ts';
import { meterPoints, nightAt } from '../energy-count.ts';
import { UNREAD } from '../energy-months.ts';
import { closedNight, LEARNED_NIGHTS } from './closed-night.ts';
import { energyChanges, energyFacts, readEnergyFacts } from './energy-facts.ts';
import { eventNote } from './event-notes.ts';
import { frozenBaseline } from './frozen-baseline.ts';
import { baselineEntry, brokenAt, ledgerEntriesOf } from './ledger-chain.ts';
import { LedgerStore, type SignDigest } from './ledger-store.ts';
import { learnedFit } from './load-fit.ts';
import type { MeterCarry } from './meter-night.ts';
import { createNightArchive, type DatedLearned, type NightArchive } from './night-archive.ts';
import { NightCounter, type RunningSavingsNight } from './night-counter.ts';
import { darkHoursOf } from './reference.ts';
import { savingsResult } from './savings-figures.ts';

/** What `Savings` requires. `cabinet`, `profiles`, `points` and `energy` return what is in force at the call. */
export interface SavingsParts {
  readonly clock: Clock;
  readonly log: Pick<Log, 'event'>;
  readonly store: Pick<Store, 'load' | 'save'> & { readonly audit: Pick<Store['audit'], 'note'> };
  readonly sign: SignDigest;
  readonly cabinet: () => Cabinet;
  readonly profiles: () => ReadonlyMap<string, Profile>;
  readonly points: () => ReadonlyMap<PointId, CabinetPoint>;
  readonly energy: () => { usedWh(): Float64Array; view(query: EnergyQuery): Promise<EnergyView | undefined> };
}

/** Time between two looks at lamps and clock. Units: ms. Source: a fifteenth of a slot of five minutes. */
const LOOK_MS = 20_000;
/** Most of the night that a mains cut can lose; the total of the meter is not lost. Units: ms. Source: assumed; flash wears. Confirmed by: bytes written per day on a gateway. */
const SAVE_MS = 1_800_000;
const TONIGHT_KEY = 'savings.tonight';
const FACTS_KEY = 'savings.site';
/** Automatic entries of one night. Source: assumed; more are one condition that repeats, and the events have all of them. Confirmed by: ledgers of cabinets. */
const MAX_AUTOMATIC = 20;
/** A longer absence is entered in the ledger. Units: ms. Source: as the energy figures compare nights. */
const AWAY_MS = 600_000;
/** Fewest nights from which a baseline is frozen. Source: one more than the parameters of the judgement. */
const LEAST_NIGHTS = 3;

const DISK = { ok: false, why: 'disk' } as const;
const AUTOMATIC = { by: 'agent', effect: { kind: 'none' } } as const;

/** The proof of savings of a run. */
export class Savings {
  readonly #parts: SavingsParts;
  readonly #archive: NightArchive;
  readonly #ledger: LedgerStore;
  readonly #counter: NightCounter;
  /** What each meter has taught, newest last. */
  readonly #learned = new Map<string, DatedLearned[]>();
  /** Automatic entries of the running night, by cause and object. */
  readonly #noted = new Set<string>();
  #notedDate: SavingsDate = '';
  #calendar: { readonly timezone: string; readonly calendar: LocalCalendar } | null = null;
  #meters: ReadonlyMap<PointId, { device: string; kwh: number }> = new Map();
  #metersOf: unknown = null;
  #savedMono = 0;
  #timer: Timer | null = null;
  #isRead = false;

  constructor(parts: SavingsParts) {
    this.#parts = parts;
    this.#archive = createNightArchive(parts.store);
    this.#ledger = new LedgerStore(parts);
    this.#counter = new NightCounter({
      clock: parts.clock,
      calendar: () => this.#calendarNow(),
      usedWh: () => parts.energy().usedWh(),
      onNight: (night, missed) => this.#onNight(night, missed),
    });
  }

  /**
   * Starts to count, or continues after `stop`. Nothing is counted until the state of earlier runs could be read. Enters changes of the
   * configuration in the ledger, if the disk can be read.
   */
  async start(): Promise<void> {
    const { clock } = this.#parts;
    this.#timer ??= every(clock, LOOK_MS, () => this.#turn());
    this.#savedMono = clock.monoMs();
    for (const id of this.#meterIds()) if (!this.#learned.has(id)) this.#learned.set(id, [...(await this.#archive.learned(id))]);
    await this.#recall();
    await this.#enterChanges();
  }

  /** Stops the regular count, and requests that the running night is saved. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#isRead) void this.#save();
  }

  /** Takes totals of meters from good readings; others have no effect. Until the state of earlier runs was read, none has. */
  onReadings(readings: readonly Reading[]): void {
    if (!this.#isRead) return;
    const meters = this.#meterPoints();
    if (meters.size === 0) return;
    for (const { pointId, value, quality } of readings) {
      const meter = meters.get(pointId);
      if (meter !== undefined && value !== null && quality === 'good') this.#counter.read(meter.device, value * meter.kwh * 1_000);
    }
  }

  /** Enters an event in the ledger if it concerns savings. In one night, repetitions and entries beyond a limit are left out. */
  onEvent(event: AgentEvent): void {
    const ids = this.#meterIds();
    if (event.code === 'counter-restarted' && ids.has(event.source)) this.#counter.restarted(event.source);
    const note = eventNote(event, this.#today(), ids);
    if (note !== null) this.#noteOnce(note);
  }

  async #enterChanges(): Promise<void> {
    const { cabinet, store } = this.#parts;
    const found = await store.load(FACTS_KEY, UNREAD);
    const chain = await this.#ledger.chain();
    if (found === UNREAD || chain === undefined) return;
    const factors = baselineEntry(ledgerEntriesOf(chain))?.baseline.factors ?? null;
    const after = energyFacts(cabinet(), this.#meterIds(), factors);
    const before = readEnergyFacts(found);
    const changes = before === null ? [] : energyChanges(before, after, this.#today());
    for (const note of changes) await this.#ledger.append(note);
    if (changes.some(({ cause }) => cause === 'wattage')) await this.#forget();
    if (JSON.stringify(found) !== JSON.stringify(after)) await store.save(FACTS_KEY, after);
  }

  /** Returns the functions for console and reports. */
  tools(): SavingsTools {
    return {
      ledger: () => this.#view(),
      add: (note) => this.#add(note),
      freeze: (request) => this.#freeze(request),
      result: (from, to) => this.#result(from, to),
      export: (from, to) => this.#export(from, to),
    };
  }

  #turn(): void {
    if (!this.#isRead) {
      void this.#recall();
      return;
    }
    this.#counter.look();
    if (this.#parts.clock.monoMs() - this.#savedMono >= SAVE_MS) void this.#save();
  }

  /** Forgets what the model learned, because the computed energy has another scale. */
  async #forget(): Promise<void> {
    this.#counter.mix();
    for (const id of this.#learned.keys()) {
      this.#learned.set(id, []);
      await this.#archive.forget(id);
    }
  }

  /** Until the disk can be read nothing is counted, and nothing that was stored is overwritten. */
  async #recall(): Promise<void> {
    if (this.#isRead) return;
    const found = await this.#parts.store.load(TONIGHT_KEY, UNREAD);
    if (found === UNREAD || this.#isRead) return;
    this.#counter.restore(found);
    this.#isRead = true;
  }

  #save(): Promise<boolean> {
    this.#savedMono = this.#parts.clock.monoMs();
    const packed = this.#counter.packed();
    return packed === undefined ? Promise.resolve(true) : this.#parts.store.save(TONIGHT_KEY, packed);
  }

  #onNight({ date, fromMs, toMs, lamps, meters, isMixed }: RunningSavingsNight, isMissed: boolean): ReadonlyMap<string, MeterCarry> {
    const stored: Record<string, SavingsMeterNight> = {};
    const carries = new Map<string, MeterCarry>();
    for (const [id, meter] of meters) {
      if (!this.#meterIds().has(id)) continue;
      const learned = this.#learned.get(id) ?? [];
      const closed = closedNight(meter, lamps, toMs, learned, isMissed);
      stored[id] = closed.stored;
      if (closed.carry !== null) carries.set(id, closed.carry);
      if (closed.learned !== null && !isMixed) {
        const night = { ...closed.learned, date };
        this.#learned.set(id, [...learned, night].slice(-LEARNED_NIGHTS));
        void this.#archive.learn(id, night);
      }
    }
    void this.#keep({ date, fromMs, toMs, meters: stored });
    if (isMissed) this.#noteOnce({ ...AUTOMATIC, cause: 'agent-away', from: date, to: date, about: [], note: 'missed=night' });
    return carries;
  }

  async #keep(night: Omit<Parameters<NightArchive['keep']>[0], 'zoneWh'>): Promise<void> {
    const view = await this.#parts.energy().view({ fromMs: night.fromMs, toMs: night.fromMs + 1, by: 'night', zone: null });
    const rows = view?.rows.filter(({ period }) => period === night.date) ?? [];
    await this.#archive.keep({ ...night, zoneWh: Object.fromEntries(rows.map(({ zone, kwh }) => [zone, kwh * 1_000])) });
    if (view !== undefined && view.awayH * HOUR_MS > AWAY_MS) {
      const note = `away=${Math.round(view.awayH * 60)}min`;
      await this.#ledger.append({ ...AUTOMATIC, cause: 'agent-away', from: night.date, to: night.date, about: [], note });
    }
    await this.#ledger.seal();
    await this.#save();
  }

  #noteOnce(note: LedgerNote): void {
    if (note.from !== this.#notedDate) this.#noted.clear();
    this.#notedDate = note.from;
    const key = `${note.cause} ${note.about}`;
    if (this.#noted.has(key) || this.#noted.size >= MAX_AUTOMATIC) return;
    this.#noted.add(key);
    void this.#ledger.append(note);
  }

  async #view(): Promise<SavingsAnswer<LedgerView>> {
    const chain = await this.#ledger.chain();
    if (chain === undefined) return DISK;
    const seals = await this.#ledger.seals();
    const last = chain.at(-1);
    return {
      ok: true,
      value: {
        entries: ledgerEntriesOf(chain),
        head: { n: last?.n ?? 0, hash: last?.hash ?? '' },
        brokenAt: brokenAt(chain),
        sealedN: Math.max(0, ...seals.map(({ n }) => n)),
      },
    };
  }

  async #add(note: LedgerNote): Promise<SavingsAnswer<LedgerEntry>> {
    const chain = await this.#ledger.chain();
    if (chain === undefined) return DISK;
    if (note.voids !== undefined && !chain.some(({ n }) => n === note.voids)) return { ok: false, why: 'no-entry' };
    return this.#ledger.append(note);
  }

  async #freeze({ by, note, meters, nights, tolerancePct }: FreezeRequest): Promise<SavingsAnswer<LedgerEntry>> {
    const { clock, cabinet } = this.#parts;
    if (!isTrusted(clock.quality())) return { ok: false, why: 'no-time' };
    if (meters.length === 0 || (nights !== null && meters.length > 1)) return { ok: false, why: 'no-meter' };
    const learned = meters.map(({ id }) => learnedFit((this.#learned.get(id) ?? []).filter(({ date }) => isIn(date, nights))));
    const [fit = null] = learned;
    if (nights !== null && (fit === null || fit.nights < LEAST_NIGHTS)) return { ok: false, why: 'too-few-nights' };
    const otherW = learned.reduce((sum, each) => sum + (each?.otherW ?? 0), 0);
    const from = this.#today();
    const baseline = frozenBaseline({ cabinet: cabinet(), from, meters, fit: nights === null ? null : fit, otherW, tolerancePct });
    return this.#ledger.append({
      ...{ cause: 'baseline', by, from, to: null, note, baseline },
      about: meters.map(({ id }) => id),
      effect: { kind: 'none' },
    });
  }

  async #result(from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsResult>> {
    const chain = await this.#ledger.chain();
    if (chain === undefined) return DISK;
    const entries = ledgerEntriesOf(chain);
    const frozen = baselineEntry(entries);
    if (frozen === undefined) return { ok: false, why: 'no-baseline' };
    // The running night has no result yet.
    const period = { from: latest(from, frozen.baseline.from), to: earliest(to, dayBefore(this.#today())) };
    const nights = await this.#archive.nights(period.from, period.to);
    if (nights === undefined) return DISK;
    const result = savingsResult(entries, nights, period);
    if (result === null) return { ok: false, why: 'no-baseline' };
    return result.nightsCounted === 0 ? { ok: false, why: 'no-nights' } : { ok: true, value: result };
  }

  async #export(from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsExport>> {
    await this.#ledger.seal();
    const answer = await this.#result(from, to);
    if (!answer.ok) return answer;
    const [chain, nights, seals] = [
      await this.#ledger.chain(),
      await this.#archive.nights(answer.value.from, answer.value.to),
      await this.#ledger.seals(),
    ];
    if (chain === undefined || nights === undefined) return DISK;
    const { id, uplink } = this.#parts.cabinet();
    const hoursOf = darkHoursOf(answer.value.baseline);
    return {
      ok: true,
      value: {
        ...{ form: 'luciole-savings-1', cabinet: id, node: uplink?.node ?? '', chain, seals, nights },
        darkHours: Object.fromEntries(nights.map(({ date }) => [date, hoursOf(date)])),
        result: answer.value,
      },
    };
  }

  #today(): SavingsDate {
    return this.#counter.date ?? nightAt(this.#calendarNow(), this.#parts.clock.wallMs());
  }

  #calendarNow(): LocalCalendar {
    const { timezone } = this.#parts.cabinet();
    if (this.#calendar?.timezone !== timezone) this.#calendar = { timezone, calendar: createLocalCalendar(timezone) };
    return this.#calendar.calendar;
  }

  #meterPoints(): ReadonlyMap<PointId, { device: string; kwh: number }> {
    const points = this.#parts.points();
    if (points !== this.#metersOf) {
      this.#metersOf = points;
      this.#meters = meterPoints({ points, profiles: this.#parts.profiles() });
    }
    return this.#meters;
  }

  #meterIds(): ReadonlySet<string> {
    return new Set([...this.#meterPoints().values()].map(({ device }) => device));
  }
}

function latest(a: SavingsDate, b: SavingsDate): SavingsDate {
  return a > b ? a : b;
}

function earliest(a: SavingsDate, b: SavingsDate): SavingsDate {
  return a < b ? a : b;
}

function dayBefore(date: SavingsDate): SavingsDate {
  return new Date(Date.parse(date) - DAY_MS).toISOString().slice(0, 10);
}

function isIn(date: SavingsDate, nights: FreezeRequest['nights']): boolean {
  return nights === null || (date >= nights.from && date <= nights.to);
}
