/**
 * What the windows of one unit show together.
 *
 * Pure.
 */
import type { WindowFacts } from './window-facts.ts';

/** How many requests there were, and how many of them got no valid reply. An exception is a valid reply. */
export interface Share {
  readonly asked: number;
  readonly failed: number;
}

/** The symptoms of one unit. */
export interface UnitSymptoms {
  readonly unit: number;
  /** Requests to the unit. `answered`, `damaged` and `silent`: those that ended so, as in `WindowEnd`. */
  readonly asked: number;
  readonly answered: number;
  readonly damaged: number;
  readonly silent: number;
  /** Valid replies too many: further ones that fit the request of their window, or ones that do not fit it while none was due. */
  readonly doubled: number;
  /** Valid replies that do not fit the request of their window, while an earlier request was without a reply. */
  readonly late: number;
  /** Windows of this unit with bytes of no frame beside a reply or in silence, and the number of those bytes. */
  readonly strays: number;
  readonly strayBytes: number;
  /** Requests with short and with long replies, and those that got no valid reply. The limit is the middle of the unit's own lengths. */
  readonly short: Share;
  readonly long: Share;
  /**
   * `restMs`: shortest time from a request to the next one to this unit, if that one is `silent`, in ms; null without one. `rested`:
   * requests after such a time or a longer one; `soon`: after a shorter one. Both are 0 if `restMs` is null.
   */
  readonly restMs: number | null;
  readonly rested: Share;
  readonly soon: Share;
  /** Damaged replies with more bytes than the normal reply. */
  readonly tooLong: number;
  /**
   * Share of the bytes of damaged replies that are as usual: near 1 when single bytes are wrong, low when whole replies are. Null with too
   * few of them to compare.
   */
  readonly likeness: number | null;
  /** Share of the damaged replies that equal the most common one to the same request. Null with too few of them. */
  readonly sameness: number | null;
}

/** Replies that do not fit the request of their window: late if an earlier request of their unit is without a reply, else too many. */
interface Displaced {
  readonly extra: number;
  readonly late: number;
}

const NOT_DISPLACED: Displaced = { extra: 0, late: 0 };

/** Returns the symptoms of each unit that was requested, lowest address first. Shape: `windows` in the order of time. */
export function unitSymptoms(windows: readonly WindowFacts[]): UnitSymptoms[] {
  const displaced = displacedReplies(windows);
  const byUnit = Map.groupBy(
    windows.filter(({ end }) => end !== 'none'),
    ({ unit }) => unit,
  );
  return [...byUnit].map(([unit, own]) => symptomsOf(unit, own, displaced.get(unit) ?? NOT_DISPLACED)).toSorted((a, b) => a.unit - b.unit);
}

/** A request without a reply in time is owed one; a reply beyond those is one too many. */
function displacedReplies(windows: readonly WindowFacts[]): Map<number, Displaced> {
  const owed = new Map<number, number>();
  const displaced = new Map<number, Displaced>();
  for (const { unit, end, foreignReplies } of windows) {
    for (const other of foreignReplies) {
      const [due, { extra, late }] = [owed.get(other), displaced.get(other) ?? NOT_DISPLACED];
      if (due === undefined) continue;
      displaced.set(other, due > 0 ? { extra, late: late + 1 } : { extra: extra + 1, late });
      owed.set(other, Math.max(0, due - 1));
    }
    if (end !== 'none') owed.set(unit, (owed.get(unit) ?? 0) + (end === 'silent' ? 1 : 0));
  }
  return displaced;
}

function symptomsOf(unit: number, windows: readonly WindowFacts[], { extra, late }: Displaced): UnitSymptoms {
  const counts = (end: WindowFacts['end']): number => windows.filter((window) => window.end === end).length;
  const lengths = windows.map(({ expectedBytes }) => expectedBytes);
  const middle = (Math.min(...lengths) + Math.max(...lengths)) / 2;
  const damaged = windows.filter(({ end }) => end === 'damaged');
  return {
    unit,
    asked: windows.length,
    answered: counts('answered'),
    damaged: damaged.length,
    silent: counts('silent'),
    doubled: extra + windows.reduce((sum, { replies }) => sum + Math.max(0, replies - 1), 0),
    late,
    strays: windows.filter(({ strayBytes }) => strayBytes > 0).length,
    strayBytes: windows.reduce((sum, { strayBytes }) => sum + strayBytes, 0),
    short: shareOf(windows.filter(({ expectedBytes }) => expectedBytes <= middle)),
    long: shareOf(windows.filter(({ expectedBytes }) => expectedBytes > middle)),
    ...restsOf(windows),
    tooLong: damaged.filter(({ bytes, expectedBytes }) => bytes.length > expectedBytes).length,
    likeness: likenessOf(windows),
    sameness: samenessOf(damaged),
  };
}

function restsOf(windows: readonly WindowFacts[]): Pick<UnitSymptoms, 'restMs' | 'rested' | 'soon'> {
  const paused = windows.slice(1).map((window, i) => ({ window, pauseMs: window.sentMono - (windows[i] as WindowFacts).sentMono }));
  const lost = paused.filter(({ window }) => window.end === 'silent').map(({ pauseMs }) => pauseMs);
  const restMs = lost.length === 0 ? null : Math.min(...lost);
  const of = (isRest: boolean): Share =>
    shareOf(paused.flatMap(({ window, pauseMs }) => (restMs !== null && pauseMs >= restMs === isRest ? [window] : [])));
  return { restMs, rested: of(true), soon: of(false) };
}

function shareOf(windows: readonly WindowFacts[]): Share {
  return { asked: windows.length, failed: windows.filter(({ end }) => end !== 'answered').length };
}

function likenessOf(windows: readonly WindowFacts[]): number | null {
  const shares = [...Map.groupBy(windows, ({ request }) => request).values()].flatMap((same) => {
    const valid = same.filter(({ end, bytes, expectedBytes }) => end === 'answered' && bytes.length === expectedBytes);
    const damaged = same.filter(({ end }) => end === 'damaged');
    const usual = valid.length >= 2 ? agreedBytes(valid) : usualBytes(damaged);
    const places = usual.flatMap((byte, place) => (byte === undefined ? [] : [place]));
    return usual.length === 0
      ? []
      : damaged.map(({ bytes }) => places.filter((place) => bytes[place] === usual[place]).length / places.length);
  });
  return shares.length < 3 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** The bytes in which valid replies agree; undefined elsewhere. */
function agreedBytes(valid: readonly WindowFacts[]): (number | undefined)[] {
  const [{ bytes }] = valid as [WindowFacts];
  return [...bytes].map((byte, place) => (valid.every((other) => other.bytes[place] === byte) ? byte : undefined));
}

/** The most common byte at each place; empty with fewer than three replies. */
function usualBytes(damaged: readonly WindowFacts[]): (number | undefined)[] {
  const length = damaged.length < 3 ? 0 : (damaged[0] as WindowFacts).expectedBytes;
  return Array.from({ length }, (_, place) => mostCommon(damaged.map(({ bytes }) => bytes[place])));
}

function samenessOf(damaged: readonly WindowFacts[]): number | null {
  const groups = [...Map.groupBy(damaged, ({ request }) => request).values()].filter(({ length }) => length >= 3);
  const all = groups.reduce((sum, { length }) => sum + length, 0);
  if (all === 0) return null;
  const common = groups.map((group) => Math.max(...countsOf(group.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).values()));
  return common.reduce((sum, count) => sum + count, 0) / all;
}

function mostCommon(bytes: readonly (number | undefined)[]): number | undefined {
  return [...countsOf(bytes)].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}

function countsOf<T>(items: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}
