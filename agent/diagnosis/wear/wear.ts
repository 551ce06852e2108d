/**
 * Follows the wear of the lamps: sums up each night from noon to noon, stores one summary for each lamp, predicts from all stored ones, and
 * reports new entries.
 *
 * A night cannot end while the time is not trusted, or before the stored night was read. Until then all readings count to one night. Up
 * to seven ended nights wait in memory for the disk.
 */

import { crc32 } from 'node:zlib';
import type { Cabinet } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import { type Clock, every, isTrusted, type MonoMs, type Timer } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Store } from '../../core/ports.ts';
import { UNREAD } from '../../core/retried-save.ts';
import { DEFAULT_WATCH } from '../../core/watch-config.ts';
import type { LampPrediction } from '../../core/wear-view.ts';
import type { Decision, PointId, Reading } from '../../core/words.ts';
import { createLocalCalendar } from '../../lighting/local-time.ts';
import { nightAt } from '../energy-count.ts';
import type { NightDate } from '../energy-months.ts';
import { predictionSteps } from './predict-lamps.ts';
import { createWearArchive, type LampsOfNight, type WearArchive } from './wear-archive.ts';
import { WearCounter } from './wear-counter.ts';
import type { DatedNight } from './wear-night.ts';
import { wearPoints } from './wear-points.ts';
import { type ReportedLamps, readReported, wearEvents } from './wear-report.ts';

/** What `Wear` requires: the cabinet, its clock and store, the figures of other parts about the lamps, and the receiver of events. */
export interface WearParts {
  readonly cabinet: Cabinet;
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly clock: Clock;
  readonly store: Pick<Store, 'load' | 'save'>;
  /** Returns the newest decisions, one for each lamp; empty before the first. */
  readonly decisions: () => readonly Decision[];
  /** Drift of the power from its reference, by lamp; absent if unknown. Units: %, positive if the lamp draws more. */
  readonly powerDriftPct: () => ReadonlyMap<string, number>;
  /** Burning hours by lamp, where they are known. Units: h. */
  readonly burningH: () => ReadonlyMap<string, number>;
  /** Receives a notice for a lamp that wears out and was not reported for four weeks, or whose time is shorter than reported since. */
  readonly events: Pick<EventTracker, 'notice'>;
}

const TONIGHT_KEY = 'wear.tonight';
const REPORTED_KEY = 'wear.reported';
/** Time between two looks at the levels and the date. Units: ms. Source: assumed; as often as slow points are polled. Confirmed by: poll periods in use. */
const LOOK_MS = 60_000;
/** Units: ms. Source: as the fault watch; a mains cut loses at most this of a night. */
const SAVE_MS = 3 * HOUR_MS;
/** Shortens the stored kind of a lamp. */
const RADIX = 36;
/** Ended nights that wait for the disk. */
const MAX_WAITING = 7;

/**
 * Collects the wear of the lamps of one configuration night by night, and predicts from it when they should be replaced. Sends a notice
 * when a lamp is newly listed or its time becomes shorter. Nothing is stored before `start`.
 */
export class Wear {
  readonly #parts: WearParts;
  readonly #archive: WearArchive;
  readonly #counter: WearCounter;
  readonly #levels: Float32Array;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #nightNow: () => NightDate;
  readonly #waiting: LampsOfNight[] = [];
  #date: NightDate | null = null;
  #isKnown = false;
  #isBusy = false;
  #savedMono: MonoMs;
  #timer: Timer | null = null;

  constructor(parts: WearParts) {
    this.#parts = parts;
    this.#archive = createWearArchive(parts.store);
    this.#counter = new WearCounter(wearPoints(parts.cabinet, parts.points));
    this.#levels = new Float32Array(parts.cabinet.lamps.length);
    this.#indexOf = new Map(parts.cabinet.lamps.map(({ id }, at) => [id, at]));
    this.#savedMono = parts.clock.monoMs();
    const calendar = createLocalCalendar(parts.cabinet.timezone);
    this.#nightNow = () => nightAt(calendar, parts.clock.wallMs());
  }

  /** Starts to follow the levels and the date, and loads the sums of an earlier run. */
  start(): void {
    this.#timer ??= every(this.#parts.clock, LOOK_MS, () => void this.#look());
    void this.#look();
  }

  /** Stops following, and passes the sums of the night to the store, if its date is known and the stored one was read. Does not wait for the disk. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#save();
  }

  /** Takes readings; one without a good value has no effect, nor has any while the time is not trusted: its night is not known. */
  onReadings(readings: readonly Reading[]): void {
    if (!isTrusted(this.#parts.clock.quality())) return;
    this.#counter.take(readings, (lamp) => this.#levels[lamp] ?? 0);
  }

  /**
   * Resolves with a prediction for each lamp from the stored nights; undefined if the disk could not be read. Without a trusted time they
   * do not count, and the disk is not read.
   */
  async predictions(): Promise<readonly LampPrediction[] | undefined> {
    const hasTime = isTrusted(this.#parts.clock.quality());
    const today = hasTime ? this.#nightNow() : '';
    const nights = hasTime ? await this.#archive.nights(today) : new Map<string, readonly DatedNight[]>();
    if (nights === undefined) return undefined;
    const { temperatureMaxC, ratedHours } = this.#parts.cabinet.watch ?? DEFAULT_WATCH;
    const lamps = this.#parts.cabinet.lamps.map(({ id, pole }) => ({
      id,
      pole,
      temperatureMaxC,
      ratedHours,
      nights: nights.get(id) ?? [],
    }));
    const steps = predictionSteps(lamps, today);
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      // Lines and light have their turn between two lamps.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #look(): Promise<void> {
    for (const { lampId, levelPct } of this.#parts.decisions()) {
      const at = this.#indexOf.get(lampId);
      if (at !== undefined) this.#levels[at] = levelPct;
    }
    if (this.#isBusy) return;
    this.#isBusy = true;
    await this.#recall();
    if (this.#isKnown) {
      this.#roll();
      await this.#settle();
      if (this.#parts.clock.monoMs() - this.#savedMono >= SAVE_MS) this.#save();
    }
    this.#isBusy = false;
  }

  async #recall(): Promise<void> {
    if (this.#isKnown) return;
    const found = await this.#parts.store.load(TONIGHT_KEY, UNREAD);
    if (found === UNREAD) return;
    this.#isKnown = true;
    const { date, sums } = isRecord(found) ? found : {};
    if (typeof date !== 'string') return;
    this.#date = date;
    this.#counter.resume(sums);
  }

  /** Ends the night once the date is another one. */
  #roll(): void {
    if (!isTrusted(this.#parts.clock.quality())) return;
    const today = this.#nightNow();
    if (this.#date !== null && this.#date !== today) {
      this.#waiting.push({ date: this.#date, lamps: this.#summaries() });
      if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
      this.#counter.restart();
    }
    this.#date = today;
  }

  #summaries(): LampsOfNight['lamps'] {
    const { cabinet, points, powerDriftPct, burningH } = this.#parts;
    const [drifts, hours] = [powerDriftPct(), burningH()];
    const profileOf = new Map([...points.values()].map(({ device }) => [device.id, device.profile]));
    return Object.fromEntries(
      cabinet.lamps.flatMap(({ id, device, ratedPowerW }, at) => {
        const kind = crc32(`${device} ${profileOf.get(device) ?? ''} ${ratedPowerW}`).toString(RADIX);
        const night = this.#counter.night(at, { kind, driftPct: drifts.get(id) ?? null, burningH: hours.get(id) ?? null });
        return night === undefined ? [] : [[id, night] as const];
      }),
    );
  }

  async #settle(): Promise<void> {
    let last: NightDate | null = null;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!(await this.#archive.keep(next))) return;
      this.#waiting.shift();
      last = next.date;
    }
    if (last === null) return;
    this.#save();
    await this.#report(last);
  }

  async #report(date: NightDate): Promise<void> {
    const { store, events } = this.#parts;
    const [predictions, stored] = [await this.predictions(), await store.load(REPORTED_KEY, UNREAD)];
    if (predictions === undefined || stored === UNREAD) return;
    const before: ReportedLamps = readReported(stored);
    const found = wearEvents(predictions, before, date);
    if (JSON.stringify(found.reported) !== JSON.stringify(before)) await store.save(REPORTED_KEY, found.reported);
    for (const event of found.events) events.notice(event);
  }

  #save(): void {
    this.#savedMono = this.#parts.clock.monoMs();
    if (this.#isKnown && this.#date !== null) void this.#parts.store.save(TONIGHT_KEY, { date: this.#date, sums: this.#counter.stored() });
  }
}
