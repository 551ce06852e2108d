/**
 * The counters of all lines: their readings leave the field as totals, over restarts of the agent too.
 *
 * Owns what is known of each counter and one small fact in the store for all of them. The rules are in `counter.ts`.
 *
 * Before the memory has been read nobody knows a total. Readings that come before its first answer wait for it (a few seconds: the
 * store's patience), the newest of each point. Where the disk could not be asked they are `bad` until it can: a total without its
 * offset would be a false one, and saving it would lose the true one.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Clock, every, isTrusted, type Timer } from '../core/clock.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import { isRecord } from '../core/is-record.ts';
import type { Store } from '../core/ports.ts';
import type { PointProfile } from '../core/profile.ts';
import type { PointId, Reading } from '../core/words.ts';
import { afterReading, type Counter, type CounterRestart, type CounterRule, counterRule, inUnit, UNCOUNTED } from './counter.ts';

const KEY = 'counters';
const UNREAD = Symbol('unread');
/** Shortest time between two writings of totals alone. Units: ms. Source: flash wears; a register that was not replaced tells its count again. */
const SAVE_MS = 3_600_000;
/** How soon a memory that could not be read or written is tried again. Units: ms. Source: assumed; two polls of a meter. */
const RETRY_MS = 60_000;
/** How long the agent was away, when no trusted clock says so. Units: ms. Source: assumed; at the largest power this lets weeks of a street pass. */
const AWAY_MS = 24 * 3_600_000;

export interface CountedPoint {
  readonly pointId: PointId;
  readonly profile: PointProfile;
}

export interface CounterRegistryOptions {
  readonly points: readonly CountedPoint[];
  readonly clock: Clock;
  readonly events: EventTracker;
  /** Without one, counters begin anew with the agent. */
  readonly store: Pick<Store, 'load' | 'save'> | null;
  /** Takes readings that had to wait for the memory. */
  readonly onReadings: (readings: readonly Reading[]) => void;
}

export interface CounterRegistry {
  start(): void;
  /** Saves what has not been saved; waits for nobody. */
  stop(): void;
  /** Other points from now on; those that stay go on counting, and one that returns goes on from where it was. */
  exchange(points: readonly CountedPoint[]): void;
  /** The readings as they leave the field: those of counters as totals, or without a value. */
  counted(readings: readonly Reading[]): readonly Reading[];
}

/** Shape: total = lastRaw + offset. Units: `unit`; `atMs` is null where the clock was not trusted. */
interface SavedCounter {
  readonly offset: number;
  readonly lastRaw: number;
  readonly unit: string;
  readonly atMs: number | null;
}

interface Book {
  readonly rule: CounterRule;
  readonly unit: string;
  readonly isEnergy: boolean;
  counter: Counter;
}

type Restarts = { readonly pointId: PointId; readonly book: Book; readonly restart: CounterRestart }[];

export function createCounterRegistry({ points, clock, events, store, onReadings }: CounterRegistryOptions): CounterRegistry {
  const books = new Map(points.flatMap(bookOf));
  const waiting = new Map<PointId, Reading>();
  /** What is saved of all points, those included that are not in the cabinet just now. */
  let saved: Readonly<Record<string, unknown>> = {};
  let memory: 'unasked' | 'unread' | 'known' = store === null ? 'known' : 'unasked';
  let [isChanged, isOwed, isStarted] = [false, false, false];
  let savedMono = clock.monoMs();
  let ticks: Timer | undefined;

  const recall = async (): Promise<void> => {
    const found = await store?.load(KEY, UNREAD);
    if (memory === 'known' || ticks === undefined) return;
    memory = found === UNREAD ? 'unread' : 'known';
    if (memory === 'known' && isRecord(found)) takeUp(found);
    const late = [...waiting.values()];
    waiting.clear();
    if (late.length > 0) onReadings(counted(late));
  };
  const keep = async (): Promise<void> => {
    // Nothing changes before the memory is known, so nothing is written over it.
    if (store === null || !isChanged) return;
    [isChanged, isOwed, savedMono] = [false, false, clock.monoMs()];
    saved = { ...saved, ...savedOf(books, clock) };
    if (!(await store.save(KEY, saved))) [isChanged, isOwed] = [true, true];
  };
  const tick = (): void => {
    if (memory === 'unread') void recall();
    if (isOwed || clock.monoMs() - savedMono >= SAVE_MS) void keep();
  };
  const start = (): void => {
    isStarted = true;
    if (ticks !== undefined || books.size === 0) return;
    ticks = every(clock, RETRY_MS, tick);
    void recall();
  };
  return {
    start,
    stop() {
      isStarted = false;
      ticks?.cancel();
      ticks = undefined;
      void keep();
    },
    exchange(nextPoints) {
      const next = new Map(nextPoints.flatMap(bookOf));
      saved = { ...saved, ...savedOf(books, clock) };
      for (const [pointId, book] of next) {
        const before = books.get(pointId);
        if (before !== undefined && isDeepStrictEqual(before.rule, book.rule) && before.unit === book.unit) book.counter = before.counter;
        else if (memory === 'known') book.counter = recalled(saved[pointId], book, clock) ?? book.counter;
      }
      books.clear();
      for (const [pointId, book] of next) books.set(pointId, book);
      if (isStarted) start();
    },
    counted,
  };

  function counted(readings: readonly Reading[]): readonly Reading[] {
    if (!readings.some(({ pointId }) => books.has(pointId))) return readings;
    const wasOwed = isOwed;
    const restarts: Restarts = [];
    const left = readings.flatMap((reading) => countedReading(reading, restarts));
    tell(restarts);
    if (isOwed && !wasOwed) void keep();
    return left;
  }

  /** The reading with its total; without a value while that is in doubt; nothing while it waits. */
  function countedReading(reading: Reading, restarts: Restarts): Reading[] {
    const { pointId, value, quality, atMono } = reading;
    const book = books.get(pointId);
    if (book === undefined) return [reading];
    waiting.delete(pointId);
    if (quality !== 'good' || value === null) return [reading];
    if (memory === 'unasked') {
      waiting.set(pointId, reading);
      return [];
    }
    if (memory === 'unread') return [{ ...reading, value: null, quality: 'bad' }];
    const before = book.counter;
    const { counter, total, restart } = afterReading(before, { raw: value, atMono }, book.rule);
    book.counter = counter;
    isChanged ||= counter.last?.raw !== before.last?.raw || counter.offset !== before.offset;
    isOwed ||= counter.offset !== before.offset;
    if (restart !== null) restarts.push({ pointId, book, restart });
    return [total === null ? { ...reading, value: null, quality: 'bad' } : { ...reading, value: total }];
  }

  function takeUp(found: Readonly<Record<string, unknown>>): void {
    saved = found;
    for (const [pointId, book] of books) book.counter = recalled(found[pointId], book, clock) ?? book.counter;
  }

  /** One event a device: a meter that is replaced restarts all that it counts, and their events would have one id. */
  function tell(restarts: Restarts): void {
    for (const [deviceId, ofDevice] of Map.groupBy(restarts, ({ pointId }) => pointId.slice(0, pointId.indexOf('.')))) {
      const severity = ofDevice.some(({ book }) => book.isEnergy) ? 'warning' : 'info';
      const what = ofDevice.map(({ pointId, book: { unit }, restart: { total, raw } }) => {
        const [quantity, u] = [pointId.slice(deviceId.length + 1), unit === '' ? '' : ` ${unit}`];
        return `${quantity} goes on from ${total}${u}, the device now says ${raw}${u}`;
      });
      events.notice({
        code: 'counter-restarted',
        source: deviceId,
        severity,
        text: `${deviceId} was reset or replaced: ${what.join('; ')}`,
      });
    }
  }
}

function bookOf({ pointId, profile }: CountedPoint): [PointId, Book][] {
  const rule = counterRule(profile);
  return rule === null ? [] : [[pointId, { rule, unit: profile.unit, isEnergy: profile.semantic === 'energy', counter: UNCOUNTED }]];
}

function savedOf(books: ReadonlyMap<PointId, Book>, clock: Clock): Record<string, SavedCounter> {
  const wallAtZeroMs = isTrusted(clock.quality()) ? clock.wallMs() - clock.monoMs() : null;
  return Object.fromEntries(
    [...books].flatMap(
      ([
        pointId,
        {
          unit,
          counter: { offset, last },
        },
      ]): [string, SavedCounter][] =>
        last === null
          ? []
          : [[pointId, { offset, lastRaw: last.raw, unit, atMs: wallAtZeroMs === null ? null : Math.round(wallAtZeroMs + last.atMono) }]],
    ),
  );
}

/** Undefined for what was never saved, or is of a unit that cannot be told in this one. */
function recalled(saved: unknown, { unit }: Book, clock: Clock): Counter | undefined {
  if (!isRecord(saved)) return undefined;
  const { offset, lastRaw, unit: savedUnit, atMs } = saved;
  if (!Number.isFinite(offset) || !Number.isFinite(lastRaw) || typeof savedUnit !== 'string') return undefined;
  const known = inUnit({ offset: offset as number, raw: lastRaw as number }, savedUnit, unit);
  if (known === undefined) return undefined;
  const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
  const isDated = isTrusted(clock.quality()) && typeof atMs === 'number' && atMs <= nowMs;
  return { offset: known.offset, last: { raw: known.raw, atMono: nowMono - (isDated ? nowMs - atMs : AWAY_MS) }, sightings: [] };
}
