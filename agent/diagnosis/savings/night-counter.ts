/**
 * Counts the running night for the proof of savings: totals of meters, and the computed energy of the lamps in slots. A night that has ended is
 * given to `onNight`.
 *
 * While the time is not trusted nothing has a date: readings wait for the next one that has, and its total includes them.
 */
import { type Clock, isTrusted, type WallMs } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import { isRecord } from '../../core/is-record.ts';
import type { SavingsDate } from '../../core/savings-view.ts';
import type { LocalCalendar } from '../../lighting/local-time.ts';
import { nightAt } from '../energy-count.ts';
import { nextNight } from '../energy-months.ts';
import { asRecord, LEVEL_BANDS } from '../energy-tally.ts';
import type { LostPower } from './dark-lamps.ts';
import { LampSlots } from './lamp-slots.ts';
import { type MeterCarry, MeterNight } from './meter-night.ts';

/** The count of one night, running or just ended: from the local noon of `date` to the next one. */
export interface RunningSavingsNight {
  readonly date: SavingsDate;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly lamps: LampSlots;
  /** By id of the meter. */
  readonly meters: Map<string, MeterNight>;
  /** The rated powers changed in it: the model does not learn from it. */
  isMixed: boolean;
  /**
   * Energy by rated power and decided level that lamps did not use because a fault kept them dark, and that of other lamps that did not
   * answer. Units: Wh.
   */
  readonly lost: { darkWh: number; silentWh: number };
}

/** What `NightCounter` requires. */
export interface NightCounterParts {
  readonly clock: Clock;
  readonly calendar: () => LocalCalendar;
  /** Computed energy of all lamps so far, by level; it may begin again at 0. Units: Wh. */
  readonly usedWh: () => Float64Array;
  /** The power that lamps do not use now because of a fault, or may not use because they do not answer. */
  readonly lost: () => LostPower;
  /**
   * Receives nights that have ended, one by one; of a long absence only the first nights. Returns the state of each meter for the next
   * one. `missed`: the night was passed over, as in an absence.
   */
  readonly onNight: (night: RunningSavingsNight, missed: boolean) => ReadonlyMap<string, MeterCarry>;
}

/** Longest time between two looks whose energy counts; after a longer one the agent was stopped or the clock was set. Units: ms. */
const MAX_LOOK_MS = 60_000;
/** Most nights without the agent that are filled in, each with a gap. Source: assumed; a cabinet that is off for longer has a new meter total that says little about each night. Confirmed by: outages in logs of cabinets. */
const MAX_MISSED = 60;
/** Least share of a night in slots of five minutes that were counted, at least in part, for a night that later ones may be like. Source: assumed; two hours may be missing. Confirmed by: absences of agents in logs of cabinets. */
const USUAL_SHARE = 0.9;

/** Counts the running night: readings of the meters, and computed energy of the lamps. A night that has ended goes to `onNight`. */
export class NightCounter {
  readonly #parts: NightCounterParts;
  readonly #lastWh = new Float64Array(LEVEL_BANDS);
  readonly #stepWh = new Float64Array(LEVEL_BANDS);
  #night: RunningSavingsNight | null = null;
  /** Meters whose counter restarted before there was a night. */
  readonly #restarted = new Set<string>();
  #carries: ReadonlyMap<string, MeterCarry> = new Map();
  /** The last night of which at least `USUAL_SHARE` was counted. */
  #usual: LampSlots | null = null;
  #look: { readonly atMs: WallMs; readonly atMono: number } | null = null;

  constructor(parts: NightCounterParts) {
    this.#parts = parts;
  }

  /** The date of the running night; null before the first one. */
  get date(): SavingsDate | null {
    return this.#night?.date ?? null;
  }

  /**
   * Counts the lamps since the last call, and ends the night once the next noon has passed. A time of more than a minute since the last
   * call, or in which the clock was set by more than a second, is not counted. While the time is not trusted, it counts and ends nothing.
   */
  look(): void {
    const { clock } = this.#parts;
    this.#takeStep();
    const now = { atMs: clock.wallMs(), atMono: clock.monoMs() };
    const before = this.#look;
    if (!isTrusted(clock.quality())) {
      this.#look = null;
      return;
    }
    this.#look = now;
    this.#roll(now.atMs);
    if (before === null) return;
    const [wallMs, monoMs] = [now.atMs - before.atMs, now.atMono - before.atMono];
    // A step of the clock: the energy of this time has no place in the night.
    if (wallMs <= 0 || wallMs > MAX_LOOK_MS || Math.abs(wallMs - monoMs) > 1_000) return;
    this.#night?.lamps.add(before.atMs, now.atMs, this.#stepWh);
    this.#addLost(wallMs / HOUR_MS);
  }

  #addLost(hours: number): void {
    const lost = this.#night?.lost;
    if (lost === undefined) return;
    const { darkW, silentW } = this.#parts.lost();
    lost.darkWh += darkW * hours;
    lost.silentWh += silentW * hours;
  }

  /** Takes a total of a meter. Without effect while the time is not trusted. Units: Wh. */
  read(meter: string, totalWh: number): void {
    if (!isTrusted(this.#parts.clock.quality())) return;
    this.look();
    const night = this.#night;
    if (night === null) return;
    this.#meterOf(night, meter).read(this.#parts.clock.wallMs(), totalWh, night.lamps.addedWh);
  }

  /** The counter of a meter restarted: its next total is not compared with the one before. Also valid before `restore`. */
  restarted(meter: string): void {
    if (this.#night === null) this.#restarted.add(meter);
    else this.#meterOf(this.#night, meter).restarted();
  }

  /**
   * Call it when rated powers change: computed energies before and after are not comparable. Marks the running night; no effect without
   * one.
   */
  mix(): void {
    if (this.#night !== null) this.#night.isMixed = true;
  }

  /** Returns the state for the disk; undefined before the first night. */
  packed(): unknown {
    const night = this.#night;
    if (night === null) return undefined;
    const meters = Object.fromEntries([...night.meters].map(([id, meter]) => [id, meter.packed()]));
    const { date, fromMs, toMs, lamps, isMixed, lost } = night;
    return { date, fromMs, toMs, lamps: lamps.packed(), meters, isMixed, lost, carries: [...this.#carries] };
  }

  /**
   * Returns the lamps of the last ended night that was counted nearly whole, for the disk; undefined before there is one. Shape: as
   * `LampSlots.packed`.
   */
  packedUsual(): unknown {
    return this.#usual?.packed();
  }

  /** Continues from states that `packed` and `packedUsual` returned. Call it before the first `look`. */
  restore(stored: unknown, usual: unknown): void {
    if (Array.isArray(usual)) this.#usual = slotsOf(usual);
    if (!isRecord(stored) || !isRecord(stored['meters'])) return;
    const { date, fromMs, toMs, lamps, meters, carries } = stored;
    if (typeof date !== 'string' || typeof fromMs !== 'number' || typeof toMs !== 'number') return;
    this.#carries = new Map(Array.isArray(carries) ? (carries as [string, MeterCarry][]) : []);
    this.#night = {
      date,
      fromMs,
      toMs,
      lamps: new LampSlots(fromMs, this.#usual),
      meters: new Map(),
      isMixed: stored['isMixed'] === true,
      lost: lostOf(stored['lost']),
    };
    this.#night.lamps.restore(lamps);
    for (const [id, meter] of Object.entries(meters))
      if (isRecord(meter) && Array.isArray(meter['slots']) && Array.isArray(meter['gaps']))
        this.#meterOf(this.#night, id).restore(meter as unknown as ReturnType<MeterNight['packed']>);
    for (const id of this.#restarted) this.#meterOf(this.#night, id).restarted();
  }

  #meterOf({ meters, fromMs }: RunningSavingsNight, id: string): MeterNight {
    const found = meters.get(id) ?? new MeterNight(fromMs, this.#carries.get(id) ?? null);
    meters.set(id, found);
    return found;
  }

  /** The energy since the last call. */
  #takeStep(): void {
    const used = this.#parts.usedWh();
    const isRestarted = used.some((wh, band) => wh < (this.#lastWh[band] ?? 0));
    for (let band = 0; band < LEVEL_BANDS; band++) this.#stepWh[band] = (used[band] ?? 0) - (isRestarted ? 0 : (this.#lastWh[band] ?? 0));
    this.#lastWh.set(used);
  }

  /** Ends nights up to the present one. A clock that was set back keeps the running night. */
  #roll(nowMs: WallMs): void {
    const calendar = this.#parts.calendar();
    const today = nightAt(calendar, nowMs);
    this.#night ??= freshNight(calendar, today, this.#usual);
    for (let missed = 0; this.#night.date < today; missed++) {
      this.#carries = this.#parts.onNight(this.#night, missed > 0);
      const next = nextNight(this.#night.date);
      const date: SavingsDate = missed < MAX_MISSED ? next : today;
      // The total has the energy of the nights that are left out, which this one must not get.
      if (date > next) this.#carries = new Map();
      const { lamps, fromMs, toMs } = this.#night;
      // A night without the agent is not counted: it is estimated as the last one that was.
      if (lamps.between(fromMs, toMs).knownShare >= USUAL_SHARE) this.#usual = slotsOf(lamps.packed());
      this.#night = freshNight(calendar, date, this.#usual);
      // Meters that were read before are expected in this night too.
      for (const id of this.#carries.keys()) this.#meterOf(this.#night, id);
    }
  }
}

/** Returns packed slots as a night without a date. */
function slotsOf(packed: unknown): LampSlots {
  const slots = new LampSlots(0);
  slots.restore(packed);
  return slots;
}

function freshNight(calendar: LocalCalendar, date: SavingsDate, usual: LampSlots | null): RunningSavingsNight {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const fromMs = calendar.instantOf({ year, month, day, hour: 12, minute: 0 });
  const toMs = calendar.instantOf({ year, month, day: day + 1, hour: 12, minute: 0 });
  const lamps = new LampSlots(fromMs, usual);
  return { date, fromMs, toMs: Math.min(toMs, fromMs + 25 * HOUR_MS), lamps, meters: new Map(), isMixed: false, lost: lostOf(null) };
}

function lostOf(stored: unknown): RunningSavingsNight['lost'] {
  const { darkWh, silentWh } = asRecord(stored);
  const known = (wh: unknown): number => (typeof wh === 'number' && wh > 0 ? wh : 0);
  return { darkWh: known(darkWh), silentWh: known(silentWh) };
}
