/** Sun and night of a place, minute by minute, computed once for a year. */
import { sunAltitudeDeg } from '../../agent/lighting/sun.ts';

/** The sun of Angers over a year. Units: minutes of the day (UTC) at which the lamps go off and on; `at` by day of the year and minute. */
export interface DayLight {
  (day: number): { readonly riseMin: number; readonly setMin: number };
  at(firstDay: number, minute: number): { readonly sunDeg: number; readonly isNight: boolean };
}

const PLACE = { latitudeDeg: 47.47, longitudeDeg: -0.55 };
const DAY_MIN = 1_440;
const DAYS = 365;
/** Altitude is computed each so many minutes. */
const GRID_MIN = 5;
const NIGHT_BELOW_DEG = -2;
let shared: Float32Array | null = null;

/** Returns the sun of a common year; it repeats. */
export function createYear(): DayLight {
  shared ??= Float32Array.from({ length: (DAYS * DAY_MIN) / GRID_MIN }, (_, at) =>
    sunAltitudeDeg(PLACE, Date.UTC(2027, 0, 1) + at * GRID_MIN * 60_000),
  );
  const altitudes = shared;
  const altitude = (day: number, minuteOfDay: number): number =>
    altitudes[Math.floor((((day % DAYS) * DAY_MIN + minuteOfDay) % (DAYS * DAY_MIN)) / GRID_MIN)] ?? 0;
  const edges = new Map<number, { readonly riseMin: number; readonly setMin: number }>();
  const dayOf = (day: number): { readonly riseMin: number; readonly setMin: number } => {
    const known = edges.get(day % DAYS);
    if (known !== undefined) return known;
    let riseMin = 0;
    while (altitude(day, riseMin) < NIGHT_BELOW_DEG) riseMin++;
    let setMin = DAY_MIN / 2;
    while (altitude(day, setMin) >= NIGHT_BELOW_DEG) setMin++;
    edges.set(day % DAYS, { riseMin, setMin });
    return { riseMin, setMin };
  };
  return Object.assign(dayOf, {
    at: (firstDay: number, minute: number) => {
      const [day, minuteOfDay] = [firstDay + Math.floor(minute / DAY_MIN), minute % DAY_MIN];
      const { riseMin, setMin } = dayOf(day);
      return { sunDeg: altitude(day, minuteOfDay), isNight: minuteOfDay < riseMin || minuteOfDay >= setMin };
    },
  });
}
