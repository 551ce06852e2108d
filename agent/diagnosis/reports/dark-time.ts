/** Hours of darkness between two instants, by the sun and the rules of the zones. */
import type { Cabinet, Zone } from '../../core/cabinet.ts';
import type { WallMs } from '../../core/clock.ts';
import type { LocalCalendar } from '../../lighting/local-time.ts';
import { createNights } from '../../lighting/night.ts';

/** A span of time, from `fromMs` to before `toMs`. */
export interface TimeSpan {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
}

/** Computes when a zone is dark enough to be lit, by the sun and the offsets of the zone, night by night. */
export class DarkTime {
  readonly #site: Pick<Cabinet, 'latitudeDeg' | 'longitudeDeg'>;
  readonly #calendar: LocalCalendar;
  readonly #spans = new Map<string, { readonly endMs: WallMs; readonly dark: readonly TimeSpan[] }>();

  constructor(site: Pick<Cabinet, 'latitudeDeg' | 'longitudeDeg'>, calendar: LocalCalendar) {
    this.#site = site;
    this.#calendar = calendar;
  }

  /**
   * Yields the parts of a zone's dark spans that are within a time, night by night, so that the caller can pause. A night without any
   * yields an empty list.
   */
  *spans(zone: Zone, { fromMs, toMs }: TimeSpan): Generator<readonly TimeSpan[], void, void> {
    const nights = createNights(this.#site, zone, this.#calendar);
    for (let atMs = fromMs; atMs < toMs; ) {
      const { endMs, dark } = this.#nightAt(zone.id, nights, atMs);
      yield overlapOf(dark, { fromMs, toMs });
      atMs = endMs;
    }
  }

  /** Several lamps of a zone fail in one night. */
  #nightAt(
    zone: string,
    nights: ReturnType<typeof createNights>,
    atMs: WallMs,
  ): { readonly endMs: WallMs; readonly dark: readonly TimeSpan[] } {
    const { year, month, day, hour } = this.#calendar.localAt(atMs);
    const key = `${zone} ${Date.UTC(year, month - 1, hour < 12 ? day - 1 : day)}`;
    const known = this.#spans.get(key) ?? nights.at(atMs);
    this.#spans.set(key, { endMs: known.endMs, dark: known.dark });
    return known;
  }
}

/** Returns the parts of the spans that are within a time. */
function overlapOf(spans: readonly TimeSpan[], { fromMs, toMs }: TimeSpan): readonly TimeSpan[] {
  return spans.flatMap((span): TimeSpan[] => {
    const part = { fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) };
    return part.fromMs < part.toMs ? [part] : [];
  });
}

/** Returns spans without overlaps, oldest first, from spans in any order. Those that touch or are at most `gapMs` apart become one. */
export function joinedSpans(spans: readonly TimeSpan[], gapMs = 0): readonly TimeSpan[] {
  const joined: TimeSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1);
    if (last === undefined || span.fromMs > last.toMs + gapMs) joined.push(span);
    else joined[joined.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) };
  }
  return joined;
}

/** Returns the sum of the lengths of spans; time in which they overlap counts for each of them. Units: ms. */
export function lengthOf(spans: readonly TimeSpan[]): number {
  return spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}
