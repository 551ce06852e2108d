/**
 * The counters of all lines: their readings leave the field as totals, over restarts of the agent too.
 *
 * The rules for one counter are in `counter.ts`; the state of all counters is one entry in the store.
 *
 *   unasked --loaded--> known
 *      |                  ^
 *      +--failed--> unread (loaded again each minute)
 *
 * Totals are unknown until the saved state has been loaded. While it is `unasked` (some seconds at most, the time limit of the store)
 * the newest reading of each counter waits. While it is `unread` readings are `bad`: a total without its offset would be wrong, and
 * saving it would overwrite the right one.
 */

import { isDeepStrictEqual } from 'node:util';
import { type Clock, every, isTrusted, type MonoMs, type Timer } from '../core/clock.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import { isRecord } from '../core/is-record.ts';
import { msg } from '../core/message.ts';
import { splitPointId } from '../core/point-id.ts';
import type { Store } from '../core/ports.ts';
import type { PointProfile } from '../core/profile.ts';
import { UNREAD } from '../core/retried-save.ts';
import type { PointId, Reading } from '../core/words.ts';
import {
  afterReading,
  boundedRule,
  type Counter,
  type CounterRestart,
  type CounterRule,
  counterRule,
  inUnit,
  UNCOUNTED,
} from './counter.ts';

const KEY = 'counters';
/** Shortest time between two saves of totals alone. Units: ms. Source: flash wears; a register that was not replaced reports its count again. */
const SAVE_MS = 3_600_000;
/**
 * Delay before a failed load or save is tried again. Units: ms. Source: assumed; two polls of a meter. Confirmed by: logs of a cabinet whose disk
 * failed for a while.
 */
const RETRY_MS = 60_000;
/**
 * Assumed downtime of the agent when no trusted clock can tell. Units: ms. Source: assumed; at the largest power this accepts the consumption of
 * weeks of a street. Confirmed by: the start events of a cabinet without a trusted clock.
 */
const AWAY_MS = 24 * 3_600_000;

/** A point of the cabinet with its profile. The registry does not change the readings of a point whose profile has no counter rule. */
export interface CountedPoint {
  readonly pointId: PointId;
  readonly profile: PointProfile;
}

/** The points, the store and the callbacks of a `CounterRegistry`. */
export interface CounterRegistryOptions {
  readonly points: readonly CountedPoint[];
  readonly clock: Clock;
  /** Receives a notice when a counter was reset or its device replaced. */
  readonly events: EventTracker;
  /** Null: nothing is kept over a restart of the agent, so that a total starts again from the count of the device. */
  readonly store: Pick<Store, 'load' | 'save'> | null;
  /**
   * The largest power that a meter of the cabinet can measure, for points whose profile states none. Values above 250, the largest feed,
   * count as 250. Units: kW. Default: 250.
   */
  readonly maxPowerKw?: (() => number) | undefined;
  /** Receives the readings that waited for the saved state, as `counted` returns them. */
  readonly onReadings: (readings: readonly Reading[]) => void;
}

/** Shape: total = lastRaw + offset. Units: `unit`; `atMs` is null where the clock was not trusted. */
interface SavedCounter {
  readonly offset: number;
  readonly lastRaw: number;
  readonly unit: string;
  readonly atMs: number | null;
}

interface CounterState {
  readonly rule: CounterRule;
  readonly unit: string;
  readonly isEnergy: boolean;
  counter: Counter;
}

type Restarts = { readonly pointId: PointId; readonly state: CounterState; readonly restart: CounterRestart }[];

/** Keeps the totals of counters and restores them from the store after a restart of the agent. */
export class CounterRegistry {
  readonly #options: CounterRegistryOptions;
  readonly #counters: Map<PointId, CounterState>;
  readonly #waiting = new Map<PointId, Reading>();
  /** The saved state of all points, including those that are not in the cabinet now. */
  #saved: Readonly<Record<string, unknown>> = {};
  #memory: 'unasked' | 'unread' | 'known';
  #isChanged = false;
  /** An offset has changed. The device cannot report it again, so it is saved immediately. */
  #isOwed = false;
  #isStarted = false;
  #savedMono: MonoMs;
  #ticks: Timer | undefined;

  constructor(options: CounterRegistryOptions) {
    this.#options = options;
    this.#counters = new Map(options.points.flatMap(stateOf));
    this.#memory = options.store === null ? 'known' : 'unasked';
    this.#savedMono = options.clock.monoMs();
  }

  /** Starts to load the saved state and to save regularly. */
  start(): void {
    this.#isStarted = true;
    if (this.#ticks !== undefined || this.#counters.size === 0) return;
    this.#ticks = every(this.#options.clock, RETRY_MS, () => this.#tick());
    void this.#load();
  }

  /** Stops the regular saves and starts to save unsaved changes, without waiting for the end of the save. */
  stop(): void {
    this.#isStarted = false;
    this.#ticks?.cancel();
    this.#ticks = undefined;
    void this.#save();
  }

  /** Replaces the points. Each continues from its last known total, also with another rule, if its unit is equal or can be converted. */
  exchange(points: readonly CountedPoint[]): void {
    const { clock } = this.#options;
    const next = new Map(points.flatMap(stateOf));
    this.#saved = { ...this.#saved, ...savedOf(this.#counters, clock) };
    // What a removed point has reported, or one with another rule, would be published without its offset.
    for (const [pointId, before] of this.#counters) if (!isSame(before, next.get(pointId))) this.#waiting.delete(pointId);
    for (const [pointId, state] of next) {
      const before = this.#counters.get(pointId);
      if (before !== undefined && isSame(before, state)) state.counter = before.counter;
      else if (this.#memory === 'known') state.counter = recalled(this.#saved[pointId], state, clock) ?? state.counter;
    }
    this.#counters.clear();
    for (const [pointId, state] of next) this.#counters.set(pointId, state);
    if (this.#isStarted) this.start();
  }

  /**
   * Returns the readings as the field publishes them: good ones of counters as totals, or `bad` without a value while the total is in
   * doubt, as at the first reading of a new counter. Readings that wait for the saved state are left out. `onReadings` receives the last of
   * each counter later, unless a reading that is not good followed it.
   */
  counted(readings: readonly Reading[]): readonly Reading[] {
    if (!readings.some(({ pointId }) => this.#counters.has(pointId))) return readings;
    const wasOwed = this.#isOwed;
    const restarts: Restarts = [];
    const left = readings.flatMap((reading) => this.#countedReading(reading, restarts));
    reportRestarts(restarts, this.#options.events);
    if (this.#isOwed && !wasOwed) void this.#save();
    return left;
  }

  /** Returns the reading with its total; without a value while the total is in doubt; empty while the reading waits for the saved state. */
  #countedReading(reading: Reading, restarts: Restarts): Reading[] {
    const { pointId, value, quality, atMono } = reading;
    const state = this.#counters.get(pointId);
    if (state === undefined) return [reading];
    this.#waiting.delete(pointId);
    if (quality !== 'good' || value === null) return [reading];
    if (this.#memory === 'unasked') {
      this.#waiting.set(pointId, reading);
      return [];
    }
    if (this.#memory === 'unread') return [{ ...reading, value: null, quality: 'bad' }];
    const before = state.counter;
    const { maxPowerKw = () => Number.POSITIVE_INFINITY } = this.#options;
    const { counter, total, restart } = afterReading(before, { raw: value, atMono }, boundedRule(state.rule, maxPowerKw()));
    state.counter = counter;
    this.#isChanged ||= counter.last?.raw !== before.last?.raw || counter.offset !== before.offset;
    this.#isOwed ||= counter.offset !== before.offset;
    if (restart !== null) restarts.push({ pointId, state, restart });
    return [total === null ? { ...reading, value: null, quality: 'bad' } : { ...reading, value: total }];
  }

  async #load(): Promise<void> {
    const { store, clock, onReadings } = this.#options;
    const found = await store?.load(KEY, UNREAD);
    if (this.#memory === 'known' || this.#ticks === undefined) return;
    this.#memory = found === UNREAD ? 'unread' : 'known';
    if (this.#memory === 'known' && isRecord(found)) {
      this.#saved = found;
      for (const [pointId, state] of this.#counters) state.counter = recalled(found[pointId], state, clock) ?? state.counter;
    }
    const late = [...this.#waiting.values()];
    this.#waiting.clear();
    if (late.length > 0) onReadings(this.counted(late));
  }

  async #save(): Promise<void> {
    const { store, clock } = this.#options;
    // Nothing changes before the saved state is known, so nothing overwrites it.
    if (store === null || !this.#isChanged) return;
    [this.#isChanged, this.#isOwed, this.#savedMono] = [false, false, clock.monoMs()];
    this.#saved = { ...this.#saved, ...savedOf(this.#counters, clock) };
    if (!(await store.save(KEY, this.#saved))) [this.#isChanged, this.#isOwed] = [true, true];
  }

  #tick(): void {
    if (this.#memory === 'unread') void this.#load();
    if (this.#isOwed || this.#options.clock.monoMs() - this.#savedMono >= SAVE_MS) void this.#save();
  }
}

/** One event for each device: a meter that is replaced restarts all its counters, and their events would have the same id. */
function reportRestarts(restarts: Restarts, events: EventTracker): void {
  for (const [deviceId, ofDevice] of Map.groupBy(restarts, ({ pointId }) => splitPointId(pointId).deviceId)) {
    const severity = ofDevice.some(({ state }) => state.isEnergy) ? 'warning' : 'info';
    const what = ofDevice.map(({ pointId, state: { unit }, restart: { total, raw } }) => {
      const [quantity, u] = [pointId.slice(deviceId.length + 1), unit === '' ? '' : ` ${unit}`];
      return msg`${quantity} continues from ${`${total}${u}`}, the device now reports ${`${raw}${u}`}`;
    });
    const text = msg`${deviceId} was reset or replaced: ${what}`;
    events.notice({ code: 'counter-restarted', source: deviceId, severity, text });
  }
}

function stateOf({ pointId, profile }: CountedPoint): [PointId, CounterState][] {
  const rule = counterRule(profile);
  return rule === null ? [] : [[pointId, { rule, unit: profile.unit, isEnergy: profile.semantic === 'energy', counter: UNCOUNTED }]];
}

function isSame(before: CounterState, after: CounterState | undefined): boolean {
  return after !== undefined && isDeepStrictEqual(before.rule, after.rule) && before.unit === after.unit;
}

function savedOf(counters: ReadonlyMap<PointId, CounterState>, clock: Clock): Record<string, SavedCounter> {
  const wallAtZeroMs = isTrusted(clock.quality()) ? clock.wallMs() - clock.monoMs() : null;
  const saved: Record<string, SavedCounter> = {};
  for (const [pointId, { unit, counter }] of counters) {
    const { offset, last } = counter;
    if (last === null) continue;
    saved[pointId] = { offset, lastRaw: last.raw, unit, atMs: wallAtZeroMs === null ? null : Math.round(wallAtZeroMs + last.atMono) };
  }
  return saved;
}

/** Undefined if the point was never saved, or if its saved unit cannot be converted into this one. */
function recalled(saved: unknown, { unit }: CounterState, clock: Clock): Counter | undefined {
  if (!isRecord(saved)) return undefined;
  const { offset, lastRaw, unit: savedUnit, atMs } = saved;
  if (!Number.isFinite(offset) || !Number.isFinite(lastRaw) || typeof savedUnit !== 'string') return undefined;
  const known = inUnit({ offset: offset as number, raw: lastRaw as number }, savedUnit, unit);
  if (known === undefined) return undefined;
  const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
  const isDated = isTrusted(clock.quality()) && typeof atMs === 'number' && atMs <= nowMs;
  return { offset: known.offset, last: { raw: known.raw, atMono: nowMono - (isDated ? nowMs - atMs : AWAY_MS) }, candidates: [] };
}
