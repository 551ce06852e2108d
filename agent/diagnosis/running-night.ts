/**
 * The running night: its sums, its meters and, once the time is trusted, its date.
 *
 * Without a trusted time it is not known which night it is. No night ends then, and the counts belong to the night in which the time
 * becomes known.
 */
import { type Clock, isTrusted, type MonoMs, type WallMs } from '../core/clock.ts';
import { type CountedZone, createEnergyCount, type EnergyCount } from './energy.ts';
import { type ClosedNight, type NightDate, type NightPart, readPart } from './energy-months.ts';
import { added, asRecord, type MeterTally, type NightTally, NO_TALLY } from './energy-tally.ts';

interface OpenNight {
  readonly id: string;
  /** Null until the time is trusted. */
  date: NightDate | null;
  /** The counts of earlier runs for this night. */
  before: NightTally;
  readonly sinceMono: MonoMs;
}

/** When the previous run was last saved, and its meter totals. */
interface LastRun {
  readonly savedMs: WallMs | null;
  readonly totals: Readonly<Record<string, number>>;
}

/** Computes the energy that the meters of the cabinet measured in a night, from their totals. */
export interface MeterTracker {
  /** Records the total of a meter; one below the highest that this run has read has no effect. Units: kWh ever counted. */
  read(deviceId: string, totalKwh: number): void;
  /**
   * Returns the energy of each meter in the running night, as far as this run counted or bridged it. `computedWh`, of all zones, is copied
   * into each.
   */
  tallies(computedWh: number): Readonly<Record<string, MeterTally>>;
  /** Starts a new night with the present totals. */
  restart(): void;
  /**
   * Returns the highest total that this run has read of each meter. From `bridge` to `restart`, meters that it has not read have the total
   * of the previous run. Units: kWh.
   */
  totals(): Readonly<Record<string, number>>;
  /**
   * Returns the totals from which a later run can bridge, together with its own gap, the one before this run. `before`: the totals of the
   * previous run, not bridged yet.
   */
  unbridged(before: Readonly<Record<string, number>>): Readonly<Record<string, number>>;
  /**
   * Adds the energy from the totals of the previous run up to the first total of this run; nothing for a meter whose first total is lower.
   * Call it once.
   */
  bridge(before: Readonly<Record<string, number>>): void;
}

/** Longest gap that is bridged; after a longer absence the agent has no data about the night. Units: ms. */
const BRIDGE_MS = 86_400_000;

/** The zones to count, and how the date of a night is found. */
export interface RunningNightParts {
  readonly zones: readonly CountedZone[];
  readonly clock: Clock;
  /** Returns the night that an instant belongs to, in the cabinet's time zone. */
  readonly nightAt: (atMs: WallMs) => NightDate;
  /** Returns the hour of an instant, 0 to 23, in the same time zone. */
  readonly hourAt: (atMs: WallMs) => number;
}

/** The counts of the night that has not ended yet, with those of earlier runs that `resume` added. */
export class RunningNight {
  /** The counts of this night by this run alone. */
  readonly count: EnergyCount;
  /** The energy of this night by this run, and that of the gap before the run once it is counted. */
  readonly meters: MeterTracker;
  readonly #parts: RunningNightParts;
  readonly #startMono: MonoMs;
  #open: OpenNight;
  /** Null once the gap since the previous run has been counted. */
  #last: LastRun | null = null;

  constructor(parts: RunningNightParts) {
    this.#parts = parts;
    this.#startMono = parts.clock.monoMs();
    this.count = createEnergyCount(parts.zones, this.#startMono);
    this.meters = createMeterTracker();
    this.#open = this.#fresh(null);
  }

  /** Null until the first `roll` with a trusted time. */
  get date(): NightDate | null {
    return this.#open.date;
  }

  /** Returns the counts of this night so far: those of this run, and those of earlier runs that `resume` added. */
  part(): NightPart {
    const { id, date, before, sinceMono } = this.#open;
    const nowMono = this.#parts.clock.monoMs();
    const zones = this.count.zones(nowMono);
    const wh = Object.values(zones).reduce((sum, zone) => sum + zone.wh, 0);
    const undatedMs = date === null ? nowMono - sinceMono : 0;
    const now: NightTally = { zones, meters: this.meters.tallies(wh), lampWh: this.count.lampWh(nowMono), awayMs: 0, undatedMs };
    return { ...added(before, now, 'night'), id, endMs: Math.round(this.#parts.clock.wallMs()) };
  }

  /**
   * Gives the night its date once the time is trusted; after `resume`, it then also counts the gap before this run. If the present date is
   * another one, returns the night and starts the next one; otherwise returns null.
   */
  roll(): ClosedNight | null {
    const isDated = isTrusted(this.#parts.clock.quality());
    this.count.hour(isDated ? this.#parts.hourAt(this.#parts.clock.wallMs()) : null, this.#parts.clock.monoMs());
    if (!isDated) return null;
    const today = this.#parts.nightAt(this.#parts.clock.wallMs());
    const open = this.#open;
    if (open.date === null) {
      open.before = { ...open.before, undatedMs: open.before.undatedMs + this.#parts.clock.monoMs() - open.sinceMono };
      open.date = today;
    }
    this.#bridge();
    if (open.date === today) return null;
    const ended = { date: open.date, part: this.part() };
    this.count.restart(this.#parts.clock.monoMs());
    this.meters.restart();
    this.#open = this.#fresh(today);
    return ended;
  }

  /**
   * Takes over the night that an earlier run stored. Returns the stored night if it has a date and this one has another or none. Otherwise
   * adds its counts to this night and returns null. `last`: what `asLastRun` returned in that run.
   */
  resume(stored: unknown, last: LastRun): ClosedNight | null {
    const part = readPart(stored);
    const { date } = asRecord(stored);
    this.#last = last;
    if (typeof date === 'string' && this.#open.date !== date) return { date, part };
    this.#open.before = added(this.#open.before, part, 'night');
    if (typeof date === 'string') this.#open = { ...this.#open, id: part.id };
    return null;
  }

  /**
   * Returns what the next run needs to count the gap after this one. If the gap before this run is not counted yet, because the time was
   * never trusted, it is a part of that one.
   */
  asLastRun(): LastRun {
    const { clock } = this.#parts;
    if (this.#last === null)
      return { savedMs: isTrusted(clock.quality()) ? Math.round(clock.wallMs()) : null, totals: this.meters.totals() };
    const { savedMs, totals } = this.#last;
    const ranMs = clock.monoMs() - this.#startMono;
    return { savedMs: savedMs === null ? null : Math.round(savedMs + ranMs), totals: this.meters.unbridged(totals) };
  }

  /** Counts the gap between the last save of the previous run and the start of this one. */
  #bridge(): void {
    if (this.#last === null) return;
    const { savedMs, totals } = this.#last;
    this.#last = null;
    const startMs = this.#parts.clock.wallMs() - this.#parts.clock.monoMs() + this.#startMono;
    const awayMs = savedMs === null ? 0 : Math.max(0, startMs - savedMs);
    const { before } = this.#open;
    this.#open.before = { ...before, awayMs: before.awayMs + Math.min(awayMs, BRIDGE_MS) };
    if (awayMs <= BRIDGE_MS) this.meters.bridge(totals);
  }

  #fresh(date: NightDate | null): OpenNight {
    const sinceMono = this.#parts.clock.monoMs();
    return { id: `${Math.round(this.#parts.clock.wallMs())}-${Math.round(sinceMono)}`, date, before: NO_TALLY, sinceMono };
  }
}

interface Meter {
  /** First total of this run; the night is counted from it. */
  readonly firstKwh: number;
  fromKwh: number;
  totalKwh: number;
}

function createMeterTracker(): MeterTracker {
  const meters = new Map<string, Meter>();
  /** Totals of the previous run for meters that this run has not read yet. */
  let before: ReadonlyMap<string, number> = new Map();
  return {
    read(deviceId, totalKwh) {
      const meter = meters.get(deviceId);
      if (meter !== undefined) {
        meter.totalKwh = Math.max(meter.totalKwh, totalKwh);
        return;
      }
      meters.set(deviceId, { firstKwh: totalKwh, fromKwh: Math.min(before.get(deviceId) ?? totalKwh, totalKwh), totalKwh });
    },
    tallies: (computedWh) =>
      Object.fromEntries(
        [...meters].map(([id, { fromKwh, totalKwh }]) => [id, { kwh: Math.max(0, totalKwh - fromKwh), nights: 1, computedWh }]),
      ),
    restart() {
      for (const meter of meters.values()) meter.fromKwh = meter.totalKwh;
      before = new Map();
    },
    totals: () => ({ ...Object.fromEntries(before), ...Object.fromEntries([...meters].map(([id, { totalKwh }]) => [id, totalKwh])) }),
    unbridged(earlier) {
      const own = [...meters].map(([id, { firstKwh, totalKwh }]) => {
        const missingKwh = firstKwh - (earlier[id] ?? firstKwh);
        return [id, totalKwh - Math.max(0, missingKwh)] as const;
      });
      return { ...earlier, ...Object.fromEntries(own) };
    },
    bridge(totals) {
      before = new Map(Object.entries(totals).filter(([, kwh]) => Number.isFinite(kwh)));
      for (const [id, meter] of meters) {
        const lastKwh = before.get(id);
        if (lastKwh !== undefined && lastKwh <= meter.firstKwh) meter.fromKwh -= meter.firstKwh - lastKwh;
      }
    },
  };
}
