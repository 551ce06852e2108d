/**
 * The night of a zone: from local noon to local noon, with its dusk, its dawn and the middle between them.
 *
 * Handles offsets to the sun, and nights without sunset or sunrise. Pure: an instant in, its night out; the cache depends on the date alone.
 */
import type { SunEvent, Zone } from '../core/cabinet.ts';
import type { WallMs } from '../core/clock.ts';
import { MINUTE_MS } from '../core/durations.ts';
import { seasonOf } from './calendar.ts';
import type { LocalCalendar, LocalTime } from './local-time.ts';
import { createSunChanges, isNight, type SunPosition, sunAltitudeDeg } from './sun.ts';

/** One night of a zone, from local noon to before the next local noon. */
export interface Night {
  /** The local time of the noon at which it begins. Its `day` may be 0, the last day of the month before. */
  readonly date: LocalTime;
  readonly startMs: WallMs;
  readonly endMs: WallMs;
  /** When it is dark enough to be lit, by sun and offsets; `toMs` is excluded. With an offset a span may reach beyond the night. */
  readonly dark: readonly { readonly fromMs: WallMs; readonly toMs: WallMs }[];
  /** The zone's first dusk and last dawn of this night, offsets included; null if the sun makes none. */
  readonly duskMs: WallMs | null;
  readonly dawnMs: WallMs | null;
}

/** The nights of one zone. */
export interface Nights {
  /** Returns the night that contains this instant, also by day. */
  at(nowMs: WallMs): Night;
  /**
   * Returns when a sun event of a night happens; null if it does not. Dusk, dawn and middle include the zone's offsets; sunset and sunrise
   * do not. For `middle`, noon takes the place of a missing dusk or dawn.
   */
  event(night: Night, event: SunEvent): WallMs | null;
  /**
   * Returns the next start or end of the zone's dark after an instant, by the sun and the offsets. Null if there is none before the end of
   * the next night.
   */
  changeAfter(nowMs: WallMs): WallMs | null;
}

/** Altitude of the sun's centre at sunrise and sunset. Units: degrees. Source: upper limb with refraction at the horizon. */
export const HORIZON_DEG = -0.833;
const NOON_HOUR = 12;
/** Cached nights: last, present and next. */
const KEEP = 3;

type SunChanges = (afterMs: WallMs) => WallMs | null;
type NightZone = Pick<Zone, 'sunBelowDeg' | 'onOffsetMin' | 'offOffsetMin' | 'seasons'>;

/**
 * Creates the nights of a zone, each computed when it is requested. `calendar`: converts local times, and so sets the noons. `site`: where
 * the sun is computed. The offsets are those of the season of a night, otherwise those of the zone.
 */
export function createNights(site: SunPosition, zone: NightZone, calendar: LocalCalendar): Nights {
  const changes = createSunChanges(site, zone.sunBelowDeg);
  const horizon = createSunChanges(site, HORIZON_DEG);
  const known = new Map<string, Night>();

  function nightOf(date: LocalTime): Night {
    const key = `${date.year}-${date.month}-${date.day}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= KEEP) known.clear();
    const night = nightFrom(site, date, { zone, calendar, changes });
    known.set(key, night);
    return night;
  }

  function at(nowMs: WallMs): Night {
    for (const night of known.values()) if (nowMs >= night.startMs && nowMs < night.endMs) return night;
    const local = calendar.localAt(nowMs);
    return nightOf({ ...local, day: local.hour >= NOON_HOUR ? local.day : local.day - 1, hour: NOON_HOUR, minute: 0 });
  }

  return {
    at,
    event: (night, event) => {
      if (event === 'dusk') return night.duskMs;
      if (event === 'dawn') return night.dawnMs;
      if (event === 'middle') return Math.round(((night.duskMs ?? night.startMs) + (night.dawnMs ?? night.endMs)) / 2);
      return horizonEvent(site, horizon, night, event === 'sunset');
    },
    changeAfter: (nowMs) => {
      const night = at(nowMs);
      const next = at(night.endMs);
      const edges = [...night.dark, ...next.dark].flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
      // If the dark of one night continues into the next, noon is not a change.
      const real = edges.filter(
        (edge, i) => edge > nowMs && edge !== next.endMs && edges.indexOf(edge) === i && edges.lastIndexOf(edge) === i,
      );
      return real.length === 0 ? null : Math.min(...real);
    },
  };
}

/** The night that begins at noon of a date. */
function nightFrom(
  site: SunPosition,
  date: LocalTime,
  { zone, calendar, changes }: { zone: NightZone; calendar: LocalCalendar; changes: SunChanges },
): Night {
  const startMs = calendar.instantOf(date);
  const endMs = calendar.instantOf({ ...date, day: date.day + 1 });
  const isDark = isNight(sunAltitudeDeg(site, startMs), zone.sunBelowDeg);
  const spells = darkSpells(isDark, changes, startMs, endMs);
  const dusk = spells.find(({ fromMs }) => fromMs > startMs);
  const dawn = spells.findLast(({ toMs }) => toMs < endMs);
  const { onOffsetMin, offOffsetMin } = zone.seasons?.[seasonOf(zone.seasons, date)] ?? zone;
  const dark = spells
    .map(({ fromMs, toMs }) => ({
      fromMs: fromMs === startMs ? startMs : fromMs + onOffsetMin * MINUTE_MS,
      toMs: toMs === endMs ? endMs : toMs + offOffsetMin * MINUTE_MS,
    }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
  return {
    date,
    startMs,
    endMs,
    dark,
    duskMs: dusk === undefined ? null : dusk.fromMs + onOffsetMin * MINUTE_MS,
    dawnMs: dawn === undefined ? null : dawn.toMs + offOffsetMin * MINUTE_MS,
  };
}

/** The dark spells without offsets. A spell that reaches the edge of the night ends there. */
function darkSpells(isDarkAtStart: boolean, changes: SunChanges, startMs: WallMs, endMs: WallMs): { fromMs: WallMs; toMs: WallMs }[] {
  const spells: { fromMs: WallMs; toMs: WallMs }[] = [];
  let isDark = isDarkAtStart;
  let fromMs = startMs;
  for (let change = changes(startMs); change !== null && change < endMs; change = changes(change)) {
    if (isDark) spells.push({ fromMs, toMs: change });
    isDark = !isDark;
    fromMs = change;
  }
  if (isDark) spells.push({ fromMs, toMs: endMs });
  return spells;
}

function horizonEvent(site: SunPosition, changes: SunChanges, night: Night, isSunset: boolean): WallMs | null {
  let found: WallMs | null = null;
  for (let change = changes(night.startMs); change !== null && change < night.endMs; change = changes(change)) {
    const sets = isNight(sunAltitudeDeg(site, change), HORIZON_DEG);
    if (sets === isSunset && (found === null || !isSunset)) found = change;
  }
  return found;
}

/** Whether an instant lies in a dark span of this night, in which the zone is dark enough to be lit. The end of a span is excluded. */
export function isDarkAt(night: Night, nowMs: WallMs): boolean {
  return night.dark.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs);
}
