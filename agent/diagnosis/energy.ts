/**
 * Counts how long each zone was at which level, and the energy it used.
 *
 * No clock, no disk, no dates: time is an argument and monotonic, so setting the wall clock neither removes nor adds anything. Works only when
 * something changes: an unchanged street costs nothing.
 */
import type { MonoMs } from '../core/clock.ts';
import { HOUR_MS } from '../core/durations.ts';
import type { LevelPct } from '../core/words.ts';
import type { LampUse } from '../lighting/lamp-use.ts';
import { emptyHours, emptyPeriod, emptyZone, LEVEL_BANDS, type ZoneTally } from './energy-tally.ts';

/**
 * A lamp to be counted. Units: W; `ratedW` is its power at 100 %, `baselineW` the power that the former installation used for this lamp at
 * night.
 */
export interface CountedLamp {
  readonly id: string;
  readonly ratedW: number;
  readonly baselineW: number;
}

/** A zone with the lamps to be counted. */
export interface CountedZone {
  readonly id: string;
  readonly lamps: readonly CountedLamp[];
}

/**
 * How a lamp counts. `follows`: at its decided level; a number: at this level instead. `unknown`: its level is not known. Its energy then
 * counts at the decided level, without standby power, and its time as unknown. Units: %.
 */
export type LampFollowing = 'follows' | 'unknown' | LevelPct;

/** The sums of energy and time of all zones since the start or the last `restart`. */
export interface EnergyCount {
  /** Records the decision for a lamp from `nowMono` on. As in `seen` and `night`, an unknown id has no effect. */
  decided(lampId: string, use: LampUse, nowMono: MonoMs): void;
  /** Records what the lamp does from `nowMono` on. */
  seen(lampId: string, following: LampFollowing, nowMono: MonoMs): void;
  /** Records whether it is night for the zone, from `nowMono` on. */
  night(zoneId: string, isNight: boolean, nowMono: MonoMs): void;
  /** Records the hour of the local time, 0 to 23, from `nowMono` on; null: it is not known, and `nightS` and `presentS` are not counted. */
  hour(hour: number | null, nowMono: MonoMs): void;
  /** Returns all sums up to now, by zone. */
  zones(nowMono: MonoMs): Readonly<Record<string, ZoneTally>>;
  /** Returns the computed energy up to now, by lamp, to 0.1 Wh. Units: Wh. */
  lampWh(nowMono: MonoMs): Readonly<Record<string, number>>;
  /**
   * Returns the computed energy of all lamps since the creation, which `restart` does not clear, by level: dark, up to 10 %, ... The array
   * is live: copy it. Units: Wh.
   */
  usedWh(nowMono: MonoMs): Float64Array;
  /** Clears the sums; counting continues from now. */
  restart(nowMono: MonoMs): void;
}

/**
 * The loss of a dimmed driver as a share of its rated power.
 *
 * Source: assumed; drivers dimmed by current are a few percent above proportion. Confirmed by: a measured power curve of the luminaire.
 */
const FIXED_SHARE = 0.04;
/** Power of a dark driver with mains. Units: W. Source: Regulation (EU) 2019/2020 Annex II, at most 0.5 W in standby. */
const STANDBY_W = 0.5;

/**
 * Returns the estimated mains power of a lamp at a level, at most `ratedW`. At 0 it is the standby power; above, a fixed share of `ratedW`,
 * and the rest in proportion to the level. Units: W, %.
 */
export function powerW(ratedW: number, levelPct: LevelPct): number {
  const fixedW = ratedW * FIXED_SHARE;
  return levelPct <= 0 ? Math.min(STANDBY_W, fixedW) : fixedW + (ratedW - fixedW) * Math.min(1, levelPct / 100);
}

interface ZoneCount {
  readonly lamps: readonly CountedLamp[];
  sums: ZoneTally;
  isNight: boolean;
  /** Number of lamps that presence raises now. */
  raised: number;
  /** The state when time last passed. Lamps of one tick change one after the other, and light that moves along the street is one activation. */
  wasRaised: boolean;
  judgedMono: MonoMs;
  /** By hour of the local time; counted only while that is known. Units: ms. */
  nightMs: number[];
  presentMs: number[];
}

interface LampCount extends CountedLamp {
  readonly zone: ZoneCount;
  /** The sum of all lamps, by level. */
  readonly usedWh: Float64Array;
  use: LampUse | null;
  following: LampFollowing;
  sinceMono: MonoMs;
  /** Energy since the last restart. */
  wh: number;
}

/**
 * Creates the count for these zones, from `startMono` on. The time of a lamp counts from the first decision that is recorded for it. Until
 * the first `seen` its level is not known; until the first `night` it is day.
 */
export function createEnergyCount(zones: readonly CountedZone[], startMono: MonoMs): EnergyCount {
  const usedWh = new Float64Array(LEVEL_BANDS);
  const { counts, lamps } = freshCounts(zones, startMono, usedWh);
  let hourNow: number | null = null;
  const judge = (zone: ZoneCount, nowMono: MonoMs): void => judgeAt(zone, nowMono, hourNow);
  const accountAll = (nowMono: MonoMs): void => {
    for (const lamp of lamps.values()) account(lamp, nowMono);
    for (const zone of counts.values()) judge(zone, nowMono);
  };
  return {
    decided(lampId, use, nowMono) {
      const lamp = lamps.get(lampId);
      if (lamp === undefined) return;
      account(lamp, nowMono);
      judge(lamp.zone, nowMono);
      lamp.zone.raised += isPresence(use) - isPresence(lamp.use);
      lamp.use = use;
    },
    seen(lampId, following, nowMono) {
      const lamp = lamps.get(lampId);
      if (lamp === undefined || lamp.following === following) return;
      account(lamp, nowMono);
      lamp.following = following;
    },
    night(zoneId, isNight, nowMono) {
      const zone = counts.get(zoneId);
      if (zone === undefined || zone.isNight === isNight) return;
      for (const lamp of zone.lamps) account(lamps.get(lamp.id), nowMono);
      judge(zone, nowMono);
      zone.isNight = isNight;
    },
    hour(hour, nowMono) {
      if (hour === hourNow) return;
      for (const zone of counts.values()) judge(zone, nowMono);
      hourNow = hour;
    },
    zones(nowMono) {
      accountAll(nowMono);
      return Object.fromEntries([...counts].map(([id, zone]) => [id, { ...structuredClone(zone.sums), ...hoursOf(zone) }]));
    },
    lampWh(nowMono) {
      accountAll(nowMono);
      return Object.fromEntries([...lamps].map(([id, { wh }]) => [id, Math.round(wh * 10) / 10]));
    },
    usedWh(nowMono) {
      for (const lamp of lamps.values()) account(lamp, nowMono);
      return usedWh;
    },
    restart(nowMono) {
      accountAll(nowMono);
      for (const zone of counts.values()) {
        zone.sums = emptyZone(zone.lamps.length);
        [zone.nightMs, zone.presentMs] = [emptyHours(), emptyHours()];
      }
      for (const lamp of lamps.values()) lamp.wh = 0;
    },
  };
}

function freshCounts(zones: readonly CountedZone[], startMono: MonoMs, usedWh: Float64Array) {
  const counts = new Map<string, ZoneCount>();
  const lamps = new Map<string, LampCount>();
  for (const { id, lamps: ofZone } of zones) {
    const zone = {
      ...{ lamps: ofZone, sums: emptyZone(ofZone.length), isNight: false, raised: 0, wasRaised: false, judgedMono: startMono },
      ...{ nightMs: emptyHours(), presentMs: emptyHours() },
    };
    counts.set(id, zone);
    for (const lamp of ofZone) lamps.set(lamp.id, { ...lamp, zone, usedWh, use: null, following: 'unknown', sinceMono: startMono, wh: 0 });
  }
  return { counts, lamps };
}

/** Counts the time since the last change of the lamp. */
function account(lamp: LampCount | undefined, nowMono: MonoMs): void {
  if (lamp === undefined) return;
  const ms = Math.max(0, nowMono - lamp.sinceMono);
  lamp.sinceMono = Math.max(lamp.sinceMono, nowMono);
  if (ms > 0 && lamp.use !== null) addSpell(lamp, lamp.use, ms / HOUR_MS);
}

/** Units: h. */
function addSpell(lamp: LampCount, use: LampUse, hours: number): void {
  const { zone, usedWh, following, ratedW, baselineW } = lamp;
  const { sums, isNight } = zone;
  const levelPct = typeof following === 'number' ? following : use.levelPct;
  const isDark = levelPct <= 0;
  // A dark lamp that does not answer may have no mains.
  const wh = isDark && following === 'unknown' ? 0 : powerW(ratedW, levelPct) * hours;
  const quietWh = use.raisedBy === null || isDark ? wh : powerW(ratedW, Math.min(levelPct, use.quietPct)) * hours;
  const baselineWh = isNight && !(use.byPerson && use.levelPct === 0) ? baselineW * hours : 0;
  const band = Math.min(LEVEL_BANDS - 1, Math.ceil(Math.max(0, levelPct) / 10));
  usedWh[band] = (usedWh[band] ?? 0) + wh;
  lamp.wh += wh;
  sums.wh += wh;
  sums.quietWh += quietWh;
  sums.baselineWh += baselineWh;
  if (isDark && !isNight) {
    sums.standbyWh += wh;
    return;
  }
  const ms = hours * HOUR_MS;
  if (following === 'unknown') {
    sums.unknownMs += ms;
    sums.unknownWh += wh;
    sums.unknownBaselineWh += baselineWh;
    return;
  }
  sums.bandMs[band] = (sums.bandMs[band] ?? 0) + ms;
  sums.levelMs += Math.max(0, levelPct) * ms;
  addPeriod(sums, use, { ms, wh, fullWh: ratedW * hours });
}

function addPeriod(sums: ZoneTally, use: LampUse, { ms, wh, fullWh }: { ms: number; wh: number; fullWh: number }): void {
  const level = use.raisedBy === null ? use.levelPct : use.quietPct;
  let period = sums.periods[level];
  if (period === undefined) {
    period = emptyPeriod();
    sums.periods[level] = period;
  }
  if (use.raisedBy === null) {
    period.ms += ms;
    period.wh += wh;
    period.fullWh += fullWh;
  } else {
    sums.boostedMs += ms;
    period.boostedMs += ms;
    period.boostedWh += wh;
    period.boostedFullWh += fullWh;
  }
}

/** Whole seconds; empty if the hour was never known. */
function hoursOf({ nightMs, presentMs }: ZoneCount): Pick<ZoneTally, 'nightS' | 'presentS'> {
  if (nightMs.every((ms) => ms === 0)) return { nightS: [], presentS: [] };
  const seconds = (ms: number): number => Math.round(ms / 1_000);
  return { nightS: nightMs.map(seconds), presentS: presentMs.map(seconds) };
}

function judgeAt(zone: ZoneCount, nowMono: MonoMs, hour: number | null): void {
  if (nowMono <= zone.judgedMono) return;
  const isRaised = zone.raised > 0;
  if (hour !== null && zone.isNight) {
    const ms = nowMono - zone.judgedMono;
    zone.nightMs[hour] = (zone.nightMs[hour] ?? 0) + ms;
    if (isRaised) zone.presentMs[hour] = (zone.presentMs[hour] ?? 0) + ms;
  }
  if (isRaised && !zone.wasRaised) zone.sums.activations++;
  zone.wasRaised = isRaised;
  zone.judgedMono = nowMono;
}

function isPresence(use: LampUse | null): number {
  return use?.raisedBy === 'presence' ? 1 : 0;
}
