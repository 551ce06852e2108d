/** Feeds the energy tracker with decisions, measured levels and meters, and returns its nights as hours and kilowatt hours. */
import type { Cabinet, Lamp, Zone } from '../core/cabinet.ts';
import type { CabinetPoint } from '../core/cabinet-points.ts';
import type { Clock, WallMs } from '../core/clock.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import type { Field, Store } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import type { EnergyQuery, EnergyRow, EnergyView, LampView, ZoneView } from '../core/views.ts';
import type { Decision, PointId, Reading } from '../core/words.ts';
import { lampUse } from '../lighting/lamp-use.ts';
import type { ZoneState } from '../lighting/lighting.ts';
import { createLocalCalendar, type LocalCalendar } from '../lighting/local-time.ts';
import { type CountedLamp, type LampFollowing, powerW } from './energy.ts';
import { comparedEnergy } from './energy-check.ts';
import { type NightDate, nextNight } from './energy-months.ts';
import { energySums, figures } from './energy-rows.ts';
import type { NightTally } from './energy-tally.ts';
import { EnergyTracker, type KeptNights } from './energy-tracker.ts';

/** The dependencies of `createEnergy`. */
export interface EnergyParts {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly clock: Clock;
  readonly store: Pick<Store, 'load' | 'save'>;
  readonly field: Pick<Field, 'latest'>;
  /** The present state of the light. */
  readonly light: {
    decisions(): readonly Decision[];
    zones(): readonly Pick<ZoneView, 'lamps'>[];
    zoneStates(): readonly ZoneState[];
  };
  /**
   * Called for each zone once a night, or a part of it, has ended and is stored, earlier parts included. It may be repeated, also after a
   * restart. `endMs`: the time up to which the night was counted.
   */
  readonly onNight: (night: Omit<EnergyRow, 'period'> & { readonly endMs: WallMs }) => void;
  /** Receives the event `energy-differs` of the meter of the invoice. Absent: it is not reported. */
  readonly events?: Pick<EventTracker, 'set'>;
}

/** Counts the energy of the street for each night, from noon to noon, and answers queries about nights. */
export interface Energy {
  /** Call once; nights are stored from then on. */
  start(): void;
  /** Call after the lamps have stopped and before the store does, so that the last counts are stored. */
  stop(): void;
  /** Counts a decision for a lamp from now on. */
  onDecision(decision: Decision): void;
  /** Takes the totals of meters from good readings; other readings have no effect. */
  onReadings(readings: readonly Reading[]): void;
  /** Returns the computed energy of the lamps of all zones since the creation, by level: dark, up to 10 %, ... Live: copy it. Units: Wh. */
  usedWh(): Float64Array;
  /** Undefined if the disk could not be read. */
  view(query: EnergyQuery): Promise<EnergyView | undefined>;
  /**
   * The sums behind `view`, for the nights from one to another, both included. A month that is kept as one sum is returned whole. Undefined
   * if the disk could not be read.
   */
  nights(from: NightDate, to: NightDate): Promise<readonly KeptNights[] | undefined>;
}

/** Source: noon to noon, so that one night is not split. */
const NOON_HOUR = 12;
/** No night is stored outside these times, even by a wrong clock. Source: a system clock starts in 1970, and a battery clock ends in 2099. */
const CLOCK_MS = { first: 0, last: Date.UTC(2100, 0) } as const;
/** One kWh in the units of meters. */
const KWH: Readonly<Record<string, number>> = { Wh: 0.001, kWh: 1, MWh: 1_000 };

/** Creates the count of energy. Counting begins now, regular saves begin with `start`. */
export function createEnergy(parts: EnergyParts): Energy {
  const { cabinet, clock, store, field, light } = parts;
  const calendar = createLocalCalendar(cabinet.timezone);
  const meters = meterPoints(parts);
  const reportDifferences = differencesIn(parts);
  const lamps = new Map(cabinet.lamps.map((lamp) => [lamp.id, lamp]));
  const zoneOf = new Map(cabinet.zones.flatMap((zone) => zone.lamps.map((id) => [id, zone] as const)));
  const zones = cabinet.zones.map((zone) => ({ id: zone.id, lamps: zone.lamps.flatMap((id) => countedLamp(lamps.get(id), zone)) }));
  const tracker = new EnergyTracker({ zones, clock, store, ...datesIn(calendar), refresh, onNight });

  /** Runs on unchanged decisions too: the same level may result from another step of the programme. */
  function refresh(): void {
    const nowMono = clock.monoMs();
    light.decisions().forEach(onDecision);
    for (const lamp of light.zones().flatMap((zone) => zone.lamps)) tracker.count.seen(lamp.id, followingOf(lamp), nowMono);
  }

  function onDecision(decision: Decision): void {
    const lamp = lamps.get(decision.lampId);
    const zone = zoneOf.get(decision.lampId);
    if (lamp === undefined || zone === undefined) return;
    const nowMono = clock.monoMs();
    // Night first: at dusk and dawn, night and level change at one moment.
    const state = light.zoneStates().find(({ id }) => id === zone.id);
    // The former installation followed the sun alone, so a doubtful night does not count for it.
    if (state !== undefined) tracker.count.night(zone.id, state.night && state.isNightDoubted !== true, nowMono);
    tracker.count.decided(lamp.id, lampUse(decision, lamp, zone), nowMono);
  }

  function followingOf({ id, following }: LampView): LampFollowing {
    const lamp = lamps.get(id);
    const reading = lamp && field.latest(`${lamp.device}.${lamp.point}`);
    if (reading?.quality !== 'good' || reading.value === null) return 'unknown';
    return following ? 'follows' : Math.round(reading.value);
  }

  function onNight(date: NightDate, night: NightTally, endMs: WallMs): void {
    reportDifferences(night, date);
    for (const [id, tally] of Object.entries(night.zones)) {
      if (cabinet.zones.some((zone) => zone.id === id)) parts.onNight({ zone: id, ...figures(tally), endMs });
    }
  }

  return {
    start: () => tracker.start(),
    stop: () => tracker.stop(),
    onDecision,
    onReadings(readings) {
      for (const { pointId, value, quality } of readings) {
        const meter = meters.get(pointId);
        if (meter !== undefined && value !== null && quality === 'good') tracker.meters.read(meter.device, value * meter.kwh);
      }
    },
    usedWh: () => tracker.count.usedWh(clock.monoMs()),
    nights: (from, to) => tracker.nights(from, to),
    async view(query) {
      const kept = await tracker.nights(...nightsIn(calendar, query));
      return (
        kept &&
        energyView(
          kept,
          query,
          cabinet.zones.map(({ id }) => id),
        )
      );
    },
  };
}

function datesIn(calendar: LocalCalendar): { nightAt(atMs: WallMs): NightDate; hourAt(atMs: WallMs): number } {
  return { nightAt: (atMs) => nightAt(calendar, atMs), hourAt: (atMs) => calendar.localAt(atMs).hour };
}

/** Reports the nights in which the meter of the invoice, which alone has a subscribed power, differs from other figures. */
function differencesIn({ points, events }: Pick<EnergyParts, 'points' | 'events'>): (night: NightTally, date: NightDate) => void {
  const billed = new Set([...points.values()].flatMap(({ device, semantic }) => (semantic === 'subscribed-power' ? [device.id] : [])));
  return (night, date) => {
    for (const { meter, differs, text } of comparedEnergy(night, billed, date))
      events?.set(differs, { code: 'energy-differs', source: meter, severity: 'warning', text });
  };
}

function energyView(kept: readonly KeptNights[], { by, zone }: Pick<EnergyQuery, 'by' | 'zone'>, zoneIds: readonly string[]): EnergyView {
  const sums = energySums(kept, by, zoneIds);
  return {
    ...sums,
    rows: sums.rows.filter((row) => zone === null || row.zone === zone),
    firstNight: kept[0]?.period ?? null,
    lastNight: kept.at(-1)?.period ?? null,
    isOpen: kept.at(-1)?.isOpen ?? false,
  };
}

/** Returns the first and the last night of a period. Both are within `CLOCK_MS`, because each month between them is one read. */
function nightsIn(calendar: LocalCalendar, { fromMs, toMs }: EnergyQuery): [from: NightDate, to: NightDate] {
  const possible = (atMs: WallMs): WallMs => Math.min(Math.max(atMs, CLOCK_MS.first), CLOCK_MS.last);
  // A night belongs to a period when its noon does.
  return [nextNight(nightAt(calendar, possible(fromMs - 1))), nightAt(calendar, possible(toMs - 1))];
}

/** Returns the date of the night that an instant belongs to, in the calendar's time zone. A night begins at noon. */
export function nightAt(calendar: LocalCalendar, atMs: WallMs): NightDate {
  const { year, month, day, hour } = calendar.localAt(atMs);
  return new Date(Date.UTC(year, month - 1, hour < NOON_HOUR ? day - 1 : day)).toISOString().slice(0, 10);
}

function countedLamp(lamp: Lamp | undefined, { baseline: { lampPowerW, levelPct } }: Zone): CountedLamp[] {
  if (lamp === undefined) return [];
  const { id, ratedPowerW } = lamp;
  // Today's lamps are assumed to use as much at their former level as they use at it now; how others saved when dimmed is not known.
  const isSameLamp = lampPowerW === null || lampPowerW === ratedPowerW;
  return [{ id, ratedW: ratedPowerW, baselineW: isSameLamp ? powerW(ratedPowerW, levelPct) : (lampPowerW * levelPct) / 100 }];
}

/**
 * Returns the first energy counter in Wh, kWh or MWh of each meter, by point id. `device`: the meter. `kwh`: one unit of the counter's
 * readings, in kWh. Meters without such a counter are left out.
 */
export function meterPoints({
  points,
  profiles,
}: Pick<EnergyParts, 'points' | 'profiles'>): ReadonlyMap<PointId, { device: string; kwh: number }> {
  const counters = [...points.values()].filter(
    ({ device, profile, semantic }) =>
      profiles.get(device.profile)?.category === 'meter' && semantic === 'energy' && profile.counter !== null && profile.unit in KWH,
  );
  const first = [...Map.groupBy(counters, ({ device }) => device.id).values()].flatMap(([point]) => (point === undefined ? [] : [point]));
  return new Map(first.map(({ pointId, device, profile }) => [pointId, { device: device.id, kwh: KWH[profile.unit] ?? 1 }]));
}
