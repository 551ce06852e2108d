/**
 * Forecast of the light in the coming night, or at another instant, from what is known: sun, programmes, calendars, event nights and intents in
 * force.
 *
 * Future presence, photocells and traffic are unknown and left out. Pure; uses the same `decide` as the tick.
 */
import type { EventNight, Zone } from '../core/cabinet.ts';
import type { WallMs } from '../core/clock.ts';
import type { TonightRow, TonightView } from '../core/light-tools.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import { listed } from '../core/message-lists.ts';
import type { Decision, Intent } from '../core/words.ts';
import { describeRule, isOn, ruleOf } from './calendar.ts';
import { createDecider, type Decider } from './decide.ts';
import { intentsFor } from './intents.ts';
import type { LightingResult, LightingSnapshot, LightingStreet } from './lighting.ts';
import type { Night, Nights } from './night.ts';
import { chosenIn, type ProgrammeState } from './programme.ts';
import type { ZonePlan } from './zone-moment.ts';

/** The present, from which a forecast starts: its time on both clocks, the intents and, if known, the burning hours and the chosen programmes. */
export type ForecastStart = Pick<LightingSnapshot, 'nowMs' | 'nowMono' | 'intents'> &
  Partial<Pick<LightingSnapshot, 'burningH' | 'programmes'>>;

/** Computes the light of a street at an instant, without presence, photocells, traffic and rules. */
export interface Forecast {
  /** Returns nights and programme of a zone, whose photocell, presence and traffic are then null; undefined for an unknown zone. */
  readonly plan: Decider['plan'];
  /** Returns the decisions at an instant, without intents that begin later or have ended by then. The clock counts as correct. */
  at(now: ForecastStart, atMs: WallMs): LightingResult;
  /** Returns the times, programme and changes of level of this night or, once it is over, of the next; undefined for an unknown zone. */
  tonight(now: ForecastStart, zoneId: string): TonightView | undefined;
}

/**
 * Creates the forecast of a street from the sun, programmes, calendars, event nights and intents, without presence, photocells, traffic
 * and rules. Errors: may throw RangeError for an unknown time zone.
 */
export function createForecast(street: LightingStreet): Forecast {
  const quiet = { ...street, zones: street.zones.map(withoutSensors), rules: [] };
  const decider = createDecider(quiet);
  const at = (now: ForecastStart, atMs: WallMs): LightingResult => decider.decide(snapshotAt(now, atMs));
  return {
    plan: decider.plan,
    at,
    tonight(now, zoneId) {
      const zone = street.zones.find(({ id }) => id === zoneId);
      const plan = decider.plan(zoneId);
      if (zone === undefined || plan === undefined) return undefined;
      const night = nightAhead(plan.nights, now.nowMs);
      const rows = edgesOf(plan, night, now).map((atMs) => {
        const { stretch } = plan.programme.at(atMs, chosenAt(now, zone.id, atMs));
        return rowOf(zone, at(now, atMs), atMs, stretch);
      });
      const leftOut = plan.programme.leftOut(night, chosenAt(now, zone.id, Math.max(now.nowMs, night.startMs)));
      return { ...nightView(street, zone, night), ...chosenView(now, zone, night), leftOut, rows: changesOf(rows) };
    },
  };
}

function withoutSensors(zone: Zone): Zone {
  return { ...zone, photocell: null, presence: null, traffic: null };
}

/** The clock is assumed to be correct by then. */
function snapshotAt({ nowMs, nowMono, intents, burningH, programmes }: ForecastStart, atMs: WallMs): LightingSnapshot {
  const known = intents.filter(({ sinceMs }) => sinceMs <= atMs);
  const snapshot = { nowMs: atMs, nowMono: nowMono + (atMs - nowMs), clockQuality: 'synced' as const, sensors: new Map(), intents: known };
  return { ...snapshot, ...(burningH === undefined ? {} : { burningH }), ...(programmes === undefined ? {} : { programmes }) };
}

function chosenAt(now: ForecastStart, zoneId: string, atMs: WallMs): string | undefined {
  return chosenIn(snapshotAt(now, atMs), zoneId)?.programme;
}

/** The programme of a choice that lasts into the night; empty without a choice. */
function chosenView(now: ForecastStart, { id }: Zone, { startMs }: Night): { readonly programme?: string; readonly rule?: Message } {
  const programme = chosenAt(now, id, Math.max(now.nowMs, startMs));
  return programme === undefined ? {} : { programme, rule: msg`chosen by the platform` };
}

/** For people a night has ended after its dawn, although it ends at noon. */
function nightAhead(nights: Nights, nowMs: WallMs): Night {
  const night = nights.at(nowMs);
  const end = night.dark.at(-1)?.toMs ?? night.startMs;
  const isMorning = nowMs - night.startMs > (night.endMs - night.startMs) / 2;
  return isMorning && nowMs >= end ? nights.at(night.endMs) : night;
}

/** Every instant of the night at which something may change, in order. */
function edgesOf({ zone: { id, lamps, dark }, programme }: ZonePlan, night: Night, now: ForecastStart): readonly WallMs[] {
  const choice = now.programmes?.get(id);
  const stretches = [...programme.of(night), ...(choice === undefined ? [] : programme.of(night, choice.programme))];
  // Rounded up: a fraction of a millisecond before its end an intent is still in force.
  const choiceEnds = choice === undefined ? [] : [Math.ceil(now.nowMs + choice.untilMono - now.nowMono)];
  const warnings = stretches.filter(({ levelPct }) => levelPct === 0).map(({ atMs }) => atMs + (dark?.warnS ?? 0) * 1_000);
  const intents = now.intents.filter((intent) => concernsZone(intent, id, lamps));
  const ends = intents.flatMap(({ sinceMs, untilMono }) => [sinceMs, Math.ceil(now.nowMs + untilMono - now.nowMono)]);
  const spells = night.dark.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  const all = [night.startMs, ...spells, ...stretches.map(({ atMs }) => atMs), ...warnings, ...ends, ...choiceEnds];
  return [...new Set(all)].filter((atMs) => atMs >= night.startMs && atMs < night.endMs).sort((a, b) => a - b);
}

function concernsZone(intent: Intent, zoneId: string, lamps: readonly string[]): boolean {
  return lamps.some((lampId) => intentsFor([intent], { lampId, zoneId }, Number.NEGATIVE_INFINITY).length > 0);
}

/** The reason of the brightest lamp is shown for the zone. */
function rowOf({ lamps, presence }: Zone, { decisions }: LightingResult, atMs: WallMs, stretch: ProgrammeState['stretch']): TonightRow {
  const own = decisions.filter(({ lampId }) => lamps.includes(lampId));
  const levels = own.map(({ levelPct }) => levelPct);
  const brightest = own.reduce<Decision | null>((best, each) => (best === null || each.levelPct > best.levelPct ? each : best), null);
  const reason = brightest?.reason ?? 'default';
  const applied = (brightest?.trace ?? []).filter((line) => line.applied);
  const isRaisable = presence !== null && (reason === 'programme' || reason === 'default');
  return {
    atMs,
    // A zone without lamps has no levels.
    minPct: levels.length === 0 ? 0 : Math.min(...levels),
    maxPct: Math.max(...levels, 0),
    boostPct: isRaisable ? (stretch?.boostPct ?? presence.boostPct) : null,
    reason,
    text: listed(applied.map(({ text }) => text)),
  };
}

/** Rows that differ from the previous one; the day before the first is left out. */
function changesOf(rows: readonly TonightRow[]): readonly TonightRow[] {
  return rows.filter((row, i) => {
    const before = rows[i - 1];
    if (before === undefined) return row.reason !== 'day';
    return row.minPct !== before.minPct || row.maxPct !== before.maxPct || row.reason !== before.reason || row.boostPct !== before.boostPct;
  });
}

function nightView(street: LightingStreet, zone: Zone, night: Night): Omit<TonightView, 'rows' | 'leftOut'> {
  const calendar = street.calendars.find(({ id }) => id === zone.calendar);
  const rule = calendar === undefined ? null : ruleOf(calendar, night.date);
  const isOurs = ({ date, zones }: EventNight): boolean => isOn(date, night.date) && (zones?.includes(zone.id) ?? true);
  const { startMs, endMs, duskMs, dawnMs, date } = night;
  return {
    zone: zone.id,
    date: isoDay(date),
    startMs,
    endMs,
    duskMs,
    dawnMs,
    programme: rule?.programme ?? zone.programme,
    rule: rule === null || calendar === undefined ? NO_TEXT : msg`calendar ${calendar.id}: ${describeRule(rule)}`,
    events: street.eventNights.filter(isOurs).map(({ id }) => id),
    photocellMin: zone.photocell?.windowMin ?? null,
  };
}

/** A day beyond its month continues in the next one. */
function isoDay({ year, month, day }: Night['date']): string {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}
