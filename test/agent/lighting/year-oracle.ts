/**
 * A reckoning of light apart from ours: NOAA's sun, the runtime's own clock formatter, three levels by the minute of the day.
 */
import t from 'tap';
import { DAY_MS, MINUTE_MS } from '../../../agent/core/durations.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import { makeStreet, snapshot } from './street.ts';

export type OracleSite = readonly [name: string, latitudeDeg: number, longitudeDeg: number, timezone: string];

export const SITES: readonly OracleSite[] = [
  ['Angers', 47.4736, -0.5541, 'Europe/Paris'],
  ['Tromso', 69.65, 18.96, 'Europe/Oslo'],
  ['Singapore', 1.35, 103.82, 'Asia/Singapore'],
  ['Auckland', -36.85, 174.76, 'Pacific/Auckland'],
  ['Quito', -0.18, -78.47, 'America/Guayaquil'],
  ['Reykjavik', 64.15, -21.94, 'Atlantic/Reykjavik'],
  ['Kashgar', 39.47, 75.99, 'Asia/Shanghai'],
  ['Kathmandu', 27.72, 85.32, 'Asia/Kathmandu'],
  ['Lord Howe', -31.55, 159.08, 'Australia/Lord_Howe'],
  ['Ushuaia', -54.8, -68.3, 'America/Argentina/Ushuaia'],
  ['Apia', -13.83, -171.76, 'Pacific/Apia'],
  ['Longyearbyen', 78.22, 15.65, 'Arctic/Longyearbyen'],
];

/**
 * Source of the reckoning: NOAA's solar calculator (Meeus, low precision), apart from suncalc; good to about 0.01 degrees.
 */
function oracleAltitudeDeg(latitudeDeg: number, longitudeDeg: number, atMs: number): number {
  const rad = Math.PI / 180;
  const century = (atMs / DAY_MS + 2_440_587.5 - 2_451_545) / 36_525;
  const meanLongitude = (280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360;
  const anomaly = 357.52911 + century * (35_999.05029 - 0.0001537 * century);
  const eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century);
  const centre =
    Math.sin(anomaly * rad) * (1.914602 - century * (0.004817 + 0.000014 * century)) +
    Math.sin(2 * anomaly * rad) * (0.019993 - 0.000101 * century) +
    Math.sin(3 * anomaly * rad) * 0.000289;
  const omega = 125.04 - 1934.136 * century;
  const apparent = meanLongitude + centre - 0.00569 - 0.00478 * Math.sin(omega * rad);
  const tilt =
    23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60) / 60 + 0.00256 * Math.cos(omega * rad);
  const declination = Math.asin(Math.sin(tilt * rad) * Math.sin(apparent * rad)) / rad;
  const y = Math.tan((tilt / 2) * rad) ** 2;
  const equationMin =
    (4 / rad) *
    (y * Math.sin(2 * meanLongitude * rad) -
      2 * eccentricity * Math.sin(anomaly * rad) +
      4 * eccentricity * y * Math.sin(anomaly * rad) * Math.cos(2 * meanLongitude * rad) -
      0.5 * y * y * Math.sin(4 * meanLongitude * rad) -
      1.25 * eccentricity * eccentricity * Math.sin(2 * anomaly * rad));
  const minuteOfDay = (atMs % DAY_MS) / MINUTE_MS;
  const hourAngle = (minuteOfDay + equationMin + 4 * longitudeDeg) / 4 - 180;
  const sine =
    Math.sin(latitudeDeg * rad) * Math.sin(declination * rad) +
    Math.cos(latitudeDeg * rad) * Math.cos(declination * rad) * Math.cos(hourAngle * rad);
  return Math.asin(sine) / rad;
}

/** Minute of the local day, by the runtime's own formatter. */
function oracleClock(timezone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  // No zone changes its offset within a quarter of an hour.
  let known = { quarter: Number.NaN, minute: 0 };
  return (atMs) => {
    const quarter = Math.floor(atMs / (15 * MINUTE_MS));
    if (quarter !== known.quarter) {
      const [hour = 0, minute = 0] = format
        .format(quarter * 15 * MINUTE_MS)
        .split(':')
        .map(Number);
      known = { quarter, minute: hour * 60 + minute };
    }
    return (known.minute + Math.floor((atMs - quarter * 15 * MINUTE_MS) / MINUTE_MS)) % 1_440;
  };
}

/** 80 % from dusk, 30 % from 23:00, 90 % from 06:00, reckoned from the minute of the day alone. */
function oracleLevelPct(minute: number): number {
  if (minute >= 23 * 60 || minute < 6 * 60) return 30;
  return minute < 12 * 60 ? 90 : 80;
}

/**
 * Registers one test: the level decided for each minute of 400 days equals an independent calculation.
 *
 * It takes 3 s of CPU, so a test file has two sites at most.
 */
export function compareYear([name, latitudeDeg, longitudeDeg, timezone]: OracleSite): void {
  t.test(`400 days minute by minute equal an independent calculation: ${name}`, async (t) => {
    const street = makeStreet({ zone: { presence: null }, street: { latitudeDeg, longitudeDeg, timezone } });
    const decider = createDecider({ ...street, lamps: street.lamps.slice(0, 1) });
    const minuteOf = oracleClock(timezone);
    const fromMs = Date.parse('2026-01-01T00:00Z');
    let [wrong, near] = [0, 0];
    for (let i = 0; i < 400 * 1_440; i++) {
      const nowMs = fromMs + i * MINUTE_MS;
      const altitude = oracleAltitudeDeg(latitudeDeg, longitudeDeg, nowMs);
      const minute = minuteOf(nowMs);
      const expected = altitude < -2 ? oracleLevelPct(minute) : 0;
      const found = decider.decide(snapshot({ nowMs })).decisions[0]?.levelPct;
      if (found === expected) continue;
      // The two reckonings of the sun differ by some seconds, and a repeated hour counts its first time only.
      if (Math.abs(altitude + 2) < 0.05 || isRepeated(minuteOf, nowMs)) near++;
      else wrong++;
    }
    t.equal(wrong, 0);
    t.ok(near < 400 * 4, `${near} minutes at the very edge`);
  });
}

/** Whether this minute of the local day has been an hour (or half, on Lord Howe) ago. */
function isRepeated(minuteOf: (atMs: number) => number, atMs: number): boolean {
  return [30, 60].some(
    (ago) => minuteOf(atMs - ago * MINUTE_MS) === minuteOf(atMs) || minuteOf(atMs - ago * MINUTE_MS) > minuteOf(atMs) + 1,
  );
}
