/**
 * The nights of the cabinet: counts the running one, saves it every quarter of an hour, and keeps those that are over for years.
 *
 * 400 nights are kept one by one, older ones as months. Counting is in `energy`. Depends on the disk for nothing but memory: while the disk
 * cannot be read, counting goes on.
 *
 * memory: unasked ── disk not readable ──► unread ── retry each minute ──► known: saves begin └──────────────── disk read
 * ──────────────────────────────────►
 */

import { every, type MonoMs, type Timer, type WallMs } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';
import { UNREAD } from '../core/retried-save.ts';
import type { EnergyCount } from './energy.ts';
import {
  type ClosedNight,
  createEnergyArchive,
  type EnergyArchive,
  monthsBetween,
  type NightDate,
  nightOf,
  readPart,
} from './energy-months.ts';
import { asRecord, type NightTally, rounded } from './energy-tally.ts';
import { type MeterTracker, RunningNight, type RunningNightParts } from './running-night.ts';

/** What an `EnergyTracker` uses. */
export interface EnergyTrackerParts extends RunningNightParts {
  readonly store: Pick<Store, 'load' | 'save'>;
  /** Called regularly and before `nights` returns sums; it must update `count`. */
  readonly refresh: () => void;
  /**
   * Called once a night, or a part of one, has ended and is stored; `night` has all its parts. It may be repeated for a night. `endMs`: the
   * time up to which it was counted.
   */
  readonly onNight: (date: NightDate, night: NightTally, endMs: WallMs) => void;
}

/** The count of a night, or the sum of the nights of a month that are no longer kept one by one. `isOpen`: the night has not ended. */
export interface KeptNights {
  /** `2026-12-01` or `2026-11`. */
  readonly period: string;
  readonly isOpen: boolean;
  readonly tally: NightTally;
}

/** Where the running night is stored. */
const OPEN_KEY = 'energy.tonight';
/**
 * Time between two updates from the street. Units: ms. Source: assumed; a lamp that becomes silent was counted correctly until the last update.
 * Confirmed by: kilowatt hours of a night counted with this and with a tenth of it.
 */
const LOOK_MS = 10_000;
/**
 * Most counted time that a mains cut can lose. Units: ms. Source: assumed; flash wears, and it is a fiftieth of a night. Confirmed by:
 * mains cuts per year and writes per day in the logs of a cabinet.
 */
const SAVE_MS = 900_000;
/** Delay before an unreadable disk is tried again. Units: ms. Source: assumed. Confirmed by: the disk events of the gateways. */
const RETRY_MS = 60_000;

/**
 * Counts the running night, saves it regularly and archives it once it has ended. Counting begins with the constructor, regular saves with
 * `start`.
 */
export class EnergyTracker {
  /** What this run has counted of the running night. It receives decisions and measured levels. */
  readonly count: EnergyCount;
  /** The energy of the meters in the running night. It receives their totals. */
  readonly meters: MeterTracker;
  readonly #parts: EnergyTrackerParts;
  readonly #archive: EnergyArchive;
  readonly #night: RunningNight;
  /** Nights that have ended and are not yet in their month, oldest first. */
  readonly #closed: ClosedNight[] = [];
  #memory: 'unasked' | 'unread' | 'known' = 'unasked';
  #savedMono: MonoMs;
  #triedMono: MonoMs;
  #settling: Promise<void> | null = null;
  #timer: Timer | null = null;

  constructor(parts: EnergyTrackerParts) {
    this.#parts = parts;
    this.#archive = createEnergyArchive(parts.store);
    this.#night = new RunningNight(parts);
    this.count = this.#night.count;
    this.meters = this.#night.meters;
    [this.#savedMono, this.#triedMono] = [parts.clock.monoMs(), parts.clock.monoMs()];
  }

  start(): void {
    this.#timer ??= every(this.#parts.clock, LOOK_MS, () => this.#turn());
    void this.#recall();
  }

  /** Ends the regular saves. Passes the running night to the store if what earlier runs saved was read; does not wait for the disk. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#roll();
    if (this.#memory === 'known') void this.#save();
  }

  /**
   * Resolves with the nights of a range, both ends included, oldest first. A month that is kept as one sum is returned whole. The running
   * night is left out while its date is not known. Undefined if the disk could not be read.
   */
  async nights(from: NightDate, to: NightDate): Promise<readonly KeptNights[] | undefined> {
    if (this.#memory !== 'known') await this.#recall();
    if (this.#memory !== 'known') return undefined;
    this.#parts.refresh();
    this.#roll();
    const kept: KeptNights[] = [];
    for (const name of monthsBetween(from, to)) {
      const { date: today } = this.#night;
      const running = today === null ? [] : [{ date: today, part: this.#night.part() }];
      const month = await this.#archive.month(name, [...this.#closed, ...running]);
      if (month === undefined) return undefined;
      if (month.folded !== null) kept.push({ period: name, isOpen: false, tally: month.folded });
      const dates = Object.keys(month.nights).filter((date) => date >= from && date <= to);
      for (const date of dates.sort()) kept.push({ period: date, isOpen: date === today, tally: nightOf(month.nights[date] ?? []) });
    }
    return kept;
  }

  #turn(): void {
    this.#parts.refresh();
    this.#roll();
    const nowMono = this.#parts.clock.monoMs();
    if (this.#memory !== 'known' && nowMono - this.#triedMono >= RETRY_MS) void this.#recall();
    if (nowMono - this.#savedMono >= SAVE_MS) void this.#settle();
  }

  #roll(): void {
    const ended = this.#night.roll();
    if (ended === null) return;
    this.#closed.push(ended);
    void Promise.resolve(this.#settling).then(() => this.#settle());
  }

  async #recall(): Promise<void> {
    this.#triedMono = this.#parts.clock.monoMs();
    const found = await this.#parts.store.load(OPEN_KEY, UNREAD);
    if (this.#memory === 'known') return;
    this.#memory = found === UNREAD ? 'unread' : 'known';
    if (this.#memory !== 'known') return;
    this.#resume(asRecord(found));
    this.#roll();
    await this.#reportLast();
    await this.#settle();
  }

  #resume({ open, closed, savedMs, totals }: Readonly<Record<string, unknown>>): void {
    this.#closed.push(...readClosed(closed));
    if (open === undefined) return;
    this.#roll();
    const ended = this.#night.resume(open, {
      savedMs: typeof savedMs === 'number' ? savedMs : null,
      totals: asRecord(totals) as Readonly<Record<string, number>>,
    });
    if (ended !== null) this.#closed.push(ended);
  }

  /** Writes the ended nights into their months, one after the other, and then saves the running one. */
  #settle(): Promise<void> {
    this.#settling ??= this.#settleAll().finally(() => {
      this.#settling = null;
    });
    return this.#settling;
  }

  async #settleAll(): Promise<void> {
    if (this.#memory !== 'known') return;
    this.#savedMono = this.#parts.clock.monoMs();
    for (let next = this.#closed[0]; next !== undefined; next = this.#closed[0]) {
      const night = await this.#archive.keep(next);
      if (night === undefined) break;
      this.#closed.shift();
      this.#parts.onNight(next.date, night, next.part.endMs);
    }
    await this.#save();
  }

  async #save(): Promise<void> {
    const open = { ...this.#night.part(), date: this.#night.date };
    await this.#parts.store.save(OPEN_KEY, rounded({ open, closed: this.#closed, ...this.#night.asLastRun() }));
  }

  async #reportLast(): Promise<void> {
    const { date } = this.#night;
    if (date === null || this.#closed.length > 0) return;
    const found = await this.#archive.newest(date);
    if (found === undefined) return;
    const [newest, parts] = found;
    this.#parts.onNight(newest, nightOf(parts), Math.max(...parts.map(({ endMs }) => endMs)));
  }
}

function readClosed(stored: unknown): readonly ClosedNight[] {
  const all: readonly unknown[] = Array.isArray(stored) ? stored : [];
  return all.flatMap((each) => {
    const { date, part } = asRecord(each);
    return typeof date === 'string' ? [{ date, part: readPart(part) }] : [];
  });
}
