/**
 * The night that is being counted: its sums, its meters and, once the time is trusted, its date.
 *
 * While the time is not trusted it is not known which night it is. No night ends then, and what is counted belongs to the night in which the time
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
  /** What earlier runs have counted of it. */
  before: NightTally;
  readonly sinceMono: MonoMs;
}

/** When the run before was last saved, and the totals of its meters. */
interface LastRun {
  readonly savedMs: WallMs | null;
  readonly totals: Readonly<Record<string, number>>;
}

/** The energy that the meters of the cabinet measured in a night: the difference of their totals, which never fall. */
export interface MeterTracker {
  /** Units: kWh ever counted. */
  read(deviceId: string, totalKwh: number): void;
  /** Since the last restart; `computedWh` is that of all zones in the same time. */
  tallies(computedWh: number): Readonly<Record<string, MeterTally>>;
  /** Begins a new night with the present totals. */
  restart(): void;
  totals(): Readonly<Record<string, number>>;
  /** Adds the energy since the run before last read these totals. */
  bridge(before: Readonly<Record<string, number>>): void;
}

/** Longest break that is bridged; an agent that was away for longer knows nothing of the night. Units: ms. */
const BRIDGE_MS = 86_400_000;

export interface RunningNightParts {
  readonly zones: readonly CountedZone[];
  readonly clock: Clock;
  /** The night to which an instant belongs, by the cabinet's own clocks. */
  readonly nightAt: (atMs: WallMs) => NightDate;
}

export class RunningNight {
  readonly count: EnergyCount;
  readonly meters: MeterTracker;
  readonly #parts: RunningNightParts;
  readonly #startMono: MonoMs;
  #open: OpenNight;
  /** Null once the break since the run before has been accounted for. */
  #last: LastRun | null = null;

  constructor(parts: RunningNightParts) {
    this.#parts = parts;
    this.#startMono = parts.clock.monoMs();
    this.count = createEnergyCount(parts.zones, this.#startMono);
    this.meters = createMeterTracker();
    this.#open = this.#fresh(null);
  }

  /** Null until the time is trusted. */
  get date(): NightDate | null {
    return this.#open.date;
  }

  /** Returns what has been counted of this night so far, by earlier runs too. */
  part(): NightPart {
    const { id, date, before, sinceMono } = this.#open;
    const nowMono = this.#parts.clock.monoMs();
    const zones = this.count.zones(nowMono);
    const wh = Object.values(zones).reduce((sum, zone) => sum + zone.wh, 0);
    const undatedMs = date === null ? nowMono - sinceMono : 0;
    const now: NightTally = { zones, meters: this.meters.tallies(wh), awayMs: 0, undatedMs };
    return { ...added(before, now, 'night'), id, endMs: Math.round(this.#parts.clock.wallMs()) };
  }

  /** Gives the night its date. Where that date is over, returns the night and begins the next one; else null. */
  roll(): ClosedNight | null {
    if (!isTrusted(this.#parts.clock.quality())) return null;
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

  /** Continues the night that an earlier run has stored. Returns that night where it is another one; else null. */
  resume(stored: unknown, last: LastRun): ClosedNight | null {
    const part = readPart(stored);
    const { date } = asRecord(stored);
    this.#last = last;
    if (typeof date === 'string' && this.#open.date !== date) return { date, part };
    this.#open.before = added(this.#open.before, part, 'night');
    if (typeof date === 'string') this.#open = { ...this.#open, id: part.id };
    return null;
  }

  /** Between the last save of the run before and the start of this one nothing was counted. */
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
  /** First total of this run, and where the night began. */
  readonly firstKwh: number;
  fromKwh: number;
  totalKwh: number;
}

function createMeterTracker(): MeterTracker {
  const meters = new Map<string, Meter>();
  /** Of those not read yet in this run. */
  let before: Readonly<Record<string, number>> = {};
  return {
    read(deviceId, totalKwh) {
      const meter = meters.get(deviceId);
      if (meter !== undefined) {
        meter.totalKwh = Math.max(meter.totalKwh, totalKwh);
        return;
      }
      meters.set(deviceId, { firstKwh: totalKwh, fromKwh: Math.min(before[deviceId] ?? totalKwh, totalKwh), totalKwh });
    },
    tallies: (computedWh) =>
      Object.fromEntries(
        [...meters].map(([id, { fromKwh, totalKwh }]) => [id, { kwh: Math.max(0, totalKwh - fromKwh), nights: 1, computedWh }]),
      ),
    restart() {
      for (const meter of meters.values()) meter.fromKwh = meter.totalKwh;
      before = {};
    },
    totals: () => ({ ...before, ...Object.fromEntries([...meters].map(([id, { totalKwh }]) => [id, totalKwh])) }),
    bridge(totals) {
      before = Object.fromEntries(Object.entries(totals).filter(([, kwh]) => Number.isFinite(kwh)));
      for (const [id, meter] of meters) {
        const lastKwh = before[id];
        if (lastKwh !== undefined && lastKwh <= meter.firstKwh) meter.fromKwh -= meter.firstKwh - lastKwh;
      }
    },
  };
}
