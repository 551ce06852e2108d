/** Proven savings of a cabinet: counts the nights, keeps baseline and ledger, and answers with results and exports. */

import type { Cabinet } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import { type Clock, every, isTrusted, type Timer } from '../../core/clock.ts';
import { DAY_MS, HOUR_MS } from '../../core/durations.ts';
import type { ChainEntry } from '../../core/hash-chain.ts';
import type { Store } from '../../core/ports.ts';
import type { Profile } from '../../core/profile.ts';
import { UNREAD } from '../../core/retried-save.ts';
import type {
  FreezeRequest,
  LedgerEntry,
  LedgerNote,
  LedgerView,
  SavingsAnswer,
  SavingsDate,
  SavingsExport,
  SavingsMeterNight,
  SavingsNight,
  SavingsResult,
  SavingsTools,
} from '../../core/savings-view.ts';
import type { EnergyQuery, EnergyView } from '../../core/views.ts';
import type { AgentEvent, Decision, PointId, Reading } from '../../core/words.ts';
import { createLocalCalendar, type LocalCalendar } from '../../lighting/local-time.ts';
import { meterPoints, nightAt } from '../energy-count.ts';
import { asRecord } from '../energy-tally.ts';
import { Pauses } from '../pauses.ts';
import { closedNight, LEARNED_NIGHTS, LEAST_KNOWN } from './closed-night.ts';
import { DarkLamps } from './dark-lamps.ts';
import { energyChanges, energyFacts, readEnergyFacts } from './energy-facts.ts';
import { eventNote } from './event-notes.ts';
import { frozenBaseline } from './frozen-baseline.ts';
import { baselineEntry, entriesWith, ledgerEntriesOf } from './ledger-chain.ts';
import { LedgerStore, type SignDigest } from './ledger-store.ts';
import { learnedFit } from './load-fit.ts';
import type { MeterCarry } from './meter-night.ts';
import { createNightArchive, type DatedLearned, isSavingsNight, type NightArchive } from './night-archive.ts';
import { NightCounter, type RunningSavingsNight } from './night-counter.ts';
import { NotedEntries } from './noted-entries.ts';
import { darkHoursOf, referenceLampsOn } from './reference.ts';
import { savingsSteps } from './savings-figures.ts';

/**
 * What `Savings` requires. `cabinet`, `profiles`, `points`, `energy`, `decisions` and `feederOf` return what is in force at the call.
 */
export interface SavingsParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'load' | 'save'> & { readonly audit: Store['audit'] };
  readonly sign: SignDigest;
  readonly cabinet: () => Cabinet;
  readonly profiles: () => ReadonlyMap<string, Profile>;
  readonly points: () => ReadonlyMap<PointId, CabinetPoint>;
  /**
   * `usedWh`: computed energy of all lamps so far, by level, in Wh; it may begin again at 0. `view`: undefined if the disk could not be
   * read.
   */
  readonly energy: () => { usedWh(): Float64Array; view(query: EnergyQuery): Promise<EnergyView | undefined> };
  readonly decisions: () => readonly Decision[];
  /** Id of the feeder of a lamp, or of the cabinet if it has none of its own; null for an unknown lamp. */
  readonly feederOf: (lampId: string) => string | null;
}

/** Time between two looks at lamps and clock. Units: ms. Source: a fifteenth of a slot of five minutes. */
const LOOK_MS = 20_000;
/** Most of the night that a mains cut can lose; the total of the meter is not lost. Units: ms. Source: assumed; flash wears. Confirmed by: bytes written per day on a gateway. */
const SAVE_MS = 1_800_000;
const TONIGHT_KEY = 'savings.tonight';
/** The lamps of the last night that was counted. */
const USUAL_KEY = 'savings.usual';
const FACTS_KEY = 'savings.site';
/** Automatic entries that wait for the disk; further ones replace the oldest. Source: assumed; a few nights with their causes. Confirmed by: disk faults of gateways. */
const MAX_OWED = 100;
/** Ended nights that wait for the disk; further ones replace the oldest, which is then a missing night. Source: some more than `NightCounter` fills in at once. */
const MAX_OWED_NIGHTS = 64;
/** A longer absence is entered in the ledger. Units: ms. Source: as the energy figures compare nights. */
const AWAY_MS = 600_000;
/** Fewest nights from which a baseline is frozen. Source: one more than the parameters of the judgement. */
const LEAST_NIGHTS = 3;

const DISK = { ok: false, why: 'disk' } as const;
const AUTOMATIC = { by: 'agent', effect: { kind: 'none' } } as const;

/**
 * Counts the nights for the proof of savings, keeps its ledger, and makes results and exports from both. Continues what earlier runs
 * stored. One serves all configurations of a run.
 */
export class Savings {
  readonly #parts: SavingsParts;
  readonly #archive: NightArchive;
  readonly #ledger: LedgerStore;
  readonly #counter: NightCounter;
  readonly #dark = new DarkLamps();
  /** What each meter has taught, newest last; absent for a meter whose stored nights are not read yet. */
  readonly #learned = new Map<string, DatedLearned[]>();
  readonly #noted = new NotedEntries();
  /** Automatic entries that the disk has not accepted yet, oldest first. */
  readonly #owed: LedgerNote[] = [];
  #isEntering = false;
  /** Ended nights that are not stored yet, oldest first; their `zoneWh` is read when they are stored. */
  #owedNights: SavingsNight[] = [];
  #isKeeping = false;
  /** Changes of the configuration could not be entered completely. */
  #areChangesOwed = false;
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
      lost: () => this.#dark.lost(() => ({ cabinet: parts.cabinet(), decisions: parts.decisions(), feederOf: (id) => parts.feederOf(id) })),
      onNight: (night, missed) => this.#onNight(night, missed),
    });
  }

  /**
   * Starts to count, or continues after `stop`. Nothing is counted until the state of earlier runs could be read. Enters changes of the
   * configuration in the ledger; if the disk fails, this is tried again later.
   */
  async start(): Promise<void> {
    const { clock } = this.#parts;
    this.#timer ??= every(clock, LOOK_MS, () => this.#turn());
    this.#savedMono = clock.monoMs();
    await this.#recall();
    await this.#enterChanges();
  }

  /** Stops the regular count, and requests that the running night is saved. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#isRead) void this.#save();
  }

  /**
   * Takes totals of meters from good readings; others have no effect. None has while the time is not trusted, or until the state of earlier
   * runs was read.
   */
  onReadings(readings: readonly Reading[]): void {
    if (!this.#isRead) return;
    const meters = this.#meterPoints();
    if (meters.size === 0) return;
    for (const { pointId, value, quality } of readings) {
      const meter = meters.get(pointId);
      if (meter !== undefined && value !== null && quality === 'good') this.#counter.read(meter.device, value * meter.kwh * 1_000);
    }
  }

  /**
   * Takes faults that leave lamps dark or without an answer, and restarts of counters. Enters an event in the ledger when it begins, if it
   * concerns savings. In one night of a run, repetitions and entries beyond a limit are left out.
   */
  onEvent(event: AgentEvent): void {
    this.#dark.onEvent(event);
    const ids = this.#meterIds();
    if (event.code === 'counter-restarted' && ids.has(event.source)) this.#counter.restarted(event.source);
    const note = eventNote(event, this.#today(), ids);
    if (note !== null) this.#noteOnce(note);
  }

  async #enterChanges(): Promise<void> {
    const { cabinet, store } = this.#parts;
    this.#areChangesOwed = false;
    const found = await store.load(FACTS_KEY, UNREAD);
    const chain = await this.#ledger.chain();
    if (found === UNREAD || chain === undefined) {
      this.#areChangesOwed = true;
      return;
    }
    const entries = ledgerEntriesOf(chain);
    const frozen = baselineEntry(entries);
    const after = energyFacts(cabinet(), this.#meterIds(), frozen?.baseline.factors ?? null);
    const before = readEnergyFacts(found);
    const today = this.#today();
    const reference = frozen === undefined ? undefined : referenceLampsOn(frozen.baseline, entriesWith(entries, frozen), today);
    const changes = before === null ? [] : energyChanges(before, after, today, reference);
    for (const note of changes) {
      const answer = await this.#ledger.append(note);
      if (answer.ok || answer.why !== 'disk') continue;
      // The entries before it are entered again, which changes nothing.
      this.#areChangesOwed = true;
      return;
    }
    if (changes.some(({ cause }) => cause === 'wattage')) await this.#forget();
    if (JSON.stringify(found) !== JSON.stringify(after)) await store.save(FACTS_KEY, after);
  }

  /** Returns the functions for console and reports. */
  tools(): SavingsTools {
    return {
      ledger: () => this.#view(),
      add: (note) => this.#add(note),
      freeze: (request) => this.#freeze(request),
      result: (from, to) => this.#wholeResult(from, to),
      export: (from, to) => this.#export(from, to),
    };
  }

  #turn(): void {
    void this.#recall();
    if (!this.#isRead) return;
    this.#counter.look();
    if (this.#owedNights.length > 0) void this.#keepOwed();
    if (this.#owed.length > 0) void this.#enterOwed();
    if (this.#areChangesOwed) void this.#enterChanges();
    if (this.#parts.clock.monoMs() - this.#savedMono >= SAVE_MS) void this.#save();
  }

  /** Forgets what the model learned, because the computed energy has another scale. */
  async #forget(): Promise<void> {
    this.#counter.mix();
    for (const id of new Set([...this.#learned.keys(), ...this.#meterIds()])) {
      this.#learned.set(id, []);
      await this.#archive.forget(id);
    }
  }

  /** Reads what meters have taught in earlier runs. Resolves with false if the disk could not be read. */
  async #readLearned(): Promise<boolean> {
    for (const id of this.#meterIds()) {
      if (this.#learned.has(id)) continue;
      const stored = await this.#archive.learned(id);
      if (stored === undefined) return false;
      if (!this.#learned.has(id)) this.#learned.set(id, [...stored]);
    }
    return true;
  }

  /** Until the disk can be read nothing is counted, and nothing that was stored is overwritten. */
  async #recall(): Promise<void> {
    if (!(await this.#readLearned()) || this.#isRead) return;
    const found = await this.#parts.store.load(TONIGHT_KEY, UNREAD);
    const usual = await this.#parts.store.load(USUAL_KEY, UNREAD);
    if (found === UNREAD || usual === UNREAD || this.#isRead) return;
    this.#counter.restore(found, usual);
    const { owed } = asRecord(found);
    this.#owedNights = (Array.isArray(owed) ? owed : []).filter(isSavingsNight).slice(-MAX_OWED_NIGHTS);
    this.#isRead = true;
  }

  #save(): Promise<boolean> {
    this.#savedMono = this.#parts.clock.monoMs();
    const packed = this.#counter.packed();
    return packed === undefined
      ? Promise.resolve(true)
      : this.#parts.store.save(TONIGHT_KEY, { ...asRecord(packed), owed: this.#owedNights });
  }

  #onNight(night: RunningSavingsNight, isMissed: boolean): ReadonlyMap<string, MeterCarry> {
    const { date, fromMs, toMs, lamps, meters, isMixed, lost } = night;
    const stored: Record<string, SavingsMeterNight> = {};
    const carries = new Map<string, MeterCarry>();
    for (const [id, meter] of meters) {
      if (!this.#meterIds().has(id)) continue;
      const learned = this.#learned.get(id);
      const closed = closedNight(meter, lamps, toMs, learned ?? [], { isMissed, ofMeters: this.#meterIds().size });
      stored[id] = closed.stored;
      if (closed.carry !== null) carries.set(id, closed.carry);
      if (closed.learned !== null && !isMixed) {
        const taught = { ...closed.learned, date };
        if (learned !== undefined) this.#learned.set(id, [...learned, taught].slice(-LEARNED_NIGHTS));
        void this.#archive.learn(id, taught);
      }
    }
    const { bandWh, knownShare } = lamps.between(fromMs, toMs);
    const counted = isMissed || knownShare < LEAST_KNOWN ? {} : { bandWh };
    if (this.#owedNights.length >= MAX_OWED_NIGHTS) this.#owedNights.shift();
    this.#owedNights.push({ date, fromMs, toMs, meters: stored, zoneWh: {}, lost: { ...lost }, ...counted });
    void this.#keepOwed();
    if (isMissed) this.#noteOnce({ ...AUTOMATIC, cause: 'agent-away', from: date, to: date, about: [], note: 'missed=night' });
    return carries;
  }

  /** Stores the ended nights until the disk refuses; the rest is tried again later. */
  async #keepOwed(): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    for (let next = this.#owedNights[0]; next !== undefined; next = this.#owedNights[0]) {
      if (!(await this.#keep(next))) break;
      if (this.#owedNights[0] === next) this.#owedNights.shift();
      await this.#ledger.seal();
      await this.#parts.store.save(USUAL_KEY, this.#counter.packedUsual());
      await this.#save();
    }
    this.#isKeeping = false;
  }

  async #keep(night: SavingsNight): Promise<boolean> {
    const view = await this.#parts.energy().view({ fromMs: night.fromMs, toMs: night.fromMs + 1, by: 'night', zone: null });
    if (view === undefined) return false;
    const rows = view.rows.filter(({ period }) => period === night.date);
    const zoneWh = Object.fromEntries(rows.map(({ zone, kwh }) => [zone, kwh * 1_000]));
    if (!(await this.#archive.keep({ ...night, zoneWh }))) return false;
    if (view.awayH * HOUR_MS > AWAY_MS) {
      const note = `away=${Math.round(view.awayH * 60)}min`;
      this.#enter({ ...AUTOMATIC, cause: 'agent-away', from: night.date, to: night.date, about: [], note });
    }
    return true;
  }

  #noteOnce(note: LedgerNote): void {
    if (this.#noted.take(note)) this.#enter(note);
  }

  #enter(note: LedgerNote): void {
    if (this.#owed.length >= MAX_OWED) this.#owed.shift();
    this.#owed.push(note);
    void this.#enterOwed();
  }

  /** Enters what is owed until the disk refuses; the rest is tried again later. */
  async #enterOwed(): Promise<void> {
    if (this.#isEntering) return;
    this.#isEntering = true;
    for (let next = this.#owed[0]; next !== undefined; next = this.#owed[0]) {
      const answer = await this.#ledger.append(next);
      if (!answer.ok && answer.why === 'disk') break;
      if (this.#owed[0] === next) this.#owed.shift();
    }
    this.#isEntering = false;
  }

  async #view(): Promise<SavingsAnswer<LedgerView>> {
    const stored = await this.#ledger.read();
    if (stored === undefined) return DISK;
    const { chain, seals, flawN } = stored;
    const last = chain.at(-1);
    return {
      ok: true,
      value: {
        entries: ledgerEntriesOf(chain),
        head: { n: last?.n ?? 0, hash: last?.hash ?? '' },
        brokenAt: flawN,
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
    if (!(await this.#readLearned())) return DISK;
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

  /** Refused if the ledger was changed; an export of it is not. */
  async #wholeResult(from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsResult>> {
    const stored = await this.#ledger.read();
    if (stored === undefined) return DISK;
    return stored.flawN === null ? this.#result(stored.chain, from, to) : { ok: false, why: 'ledger-broken' };
  }

  async #result(chain: readonly ChainEntry[], from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsResult>> {
    const entries = ledgerEntriesOf(chain);
    const frozen = baselineEntry(entries);
    if (frozen === undefined) return { ok: false, why: 'no-baseline' };
    // The running night has no result yet.
    const period = { from: latest(from, frozen.baseline.from), to: earliest(to, dayBefore(this.#today())) };
    const nights = await this.#archive.nights(period.from, period.to);
    if (nights === undefined) return DISK;
    const result = await new Pauses(null).run(savingsSteps(entries, nights, period));
    if (result === null) return { ok: false, why: 'no-baseline' };
    return result.nightsCounted === 0 ? { ok: false, why: 'no-nights' } : { ok: true, value: result };
  }

  async #export(from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsExport>> {
    await this.#ledger.seal();
    const stored = await this.#ledger.read();
    if (stored === undefined) return DISK;
    const { chain, seals } = stored;
    const answer = await this.#result(chain, from, to);
    if (!answer.ok) return answer;
    const nights = await this.#archive.nights(answer.value.from, answer.value.to);
    if (nights === undefined) return DISK;
    const { id, uplink } = this.#parts.cabinet();
    const hoursOf = darkHoursOf(answer.value.baseline);
    const pauses = new Pauses(null);
    const darkHours: Record<SavingsDate, Readonly<Record<string, number>>> = {};
    for (const { date } of nights) {
      darkHours[date] = hoursOf(date);
      await pauses.due();
    }
    return {
      ok: true,
      value: {
        ...{ form: 'luciole-savings-1', cabinet: id, node: uplink?.node ?? '', chain, seals, nights },
        darkHours,
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
