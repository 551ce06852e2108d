/**
 * The nights of the street as hours and kilowatt hours: what is counted, from where, and who is told.
 *
 * Owns the joining of control and meters with the energy book of diagnosis. Part of `app.ts`.
 */

import type { Cabinet, Lamp, Zone } from '../core/cabinet.ts';
import type { CabinetPoint } from '../core/cabinet-points.ts';
import type { Clock, WallMs } from '../core/clock.ts';
import type { Field, Store } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import type { EnergyQuery, EnergyView, LampView, ZoneView } from '../core/views.ts';
import type { Decision, PointId, Reading } from '../core/words.ts';
import type { ZoneState } from '../lighting/lighting.ts';
import { createLocalCalendar, type LocalCalendar } from '../lighting/local-time.ts';
import type { CountedLamp, LampSight, LampUse } from './energy.ts';
import { createEnergyBook, type KeptNights } from './energy-book.ts';
import { type NightDate, nextNight } from './energy-months.ts';
import { energySums, figures } from './energy-rows.ts';
import type { NightTally } from './energy-tally.ts';

export interface EnergyParts {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly clock: Clock;
  readonly store: Pick<Store, 'load' | 'save'>;
  readonly field: Pick<Field, 'latest'>;
  readonly control: {
    decisions(): readonly Decision[];
    zones(): readonly ZoneView[];
    zoneStates(): readonly ZoneState[];
  };
  /** Receives the sums of each zone when a night ends. */
  readonly onNight?: (zone: string, sums: ReturnType<typeof figures>, endMs: WallMs) => void;
}

export interface Energy {
  start(): void;
  /** After the lamps, before the store. */
  stop(): void;
  onDecision(decision: Decision): void;
  onReadings(readings: readonly Reading[]): void;
  view(query: EnergyQuery): Promise<EnergyView | undefined>;
}

/** Source: noon to noon, so that a night is one. */
const NOON_HOUR = 12;
/** One kWh in the units of meters. */
const KWH: Readonly<Record<string, number>> = { Wh: 0.001, kWh: 1, MWh: 1_000 };

export function createEnergy(parts: EnergyParts): Energy {
  const { cabinet, clock, store, field, control } = parts;
  const calendar = createLocalCalendar(cabinet.timezone);
  const meters = meterPoints(parts);
  const lamps = new Map(cabinet.lamps.map((lamp) => [lamp.id, lamp]));
  const zoneOf = new Map(cabinet.zones.flatMap((zone) => zone.lamps.map((id) => [id, zone] as const)));
  const zones = cabinet.zones.map((zone) => ({ id: zone.id, lamps: zone.lamps.flatMap((id) => countedLamp(lamps.get(id), zone)) }));
  const book = createEnergyBook({ zones, clock, store, nightAt: (atMs) => nightAt(calendar, atMs), refresh, onNight });

  /** Decisions too: one that stays the same may rest on another step of the programme. */
  function refresh(): void {
    const nowMono = clock.monoMs();
    control.decisions().forEach(onDecision);
    for (const lamp of control.zones().flatMap((zone) => zone.lamps)) book.count.seen(lamp.id, sightOf(lamp), nowMono);
  }

  function onDecision(decision: Decision): void {
    const lamp = lamps.get(decision.lampId);
    const zone = zoneOf.get(decision.lampId);
    if (lamp === undefined || zone === undefined) return;
    const nowMono = clock.monoMs();
    // First: at dusk and dawn night and level change in one moment.
    const state = control.zoneStates().find(({ id }) => id === zone.id);
    // What stood there before would burn by the sun alone, so a night that is in doubt is none for it.
    if (state !== undefined) book.count.night(zone.id, state.night && state.isNightDoubted !== true, nowMono);
    book.count.decided(lamp.id, lampUse(decision, lamp, zone), nowMono);
  }

  function sightOf({ id, following }: LampView): LampSight {
    const lamp = lamps.get(id);
    const reading = lamp && field.latest(`${lamp.device}.${lamp.point}`);
    if (reading?.quality !== 'good' || reading.value === null) return 'unknown';
    return following ? 'follows' : Math.round(reading.value);
  }

  function onNight({ zones: tallies }: NightTally, endMs: WallMs): void {
    for (const [id, tally] of Object.entries(tallies)) {
      if (cabinet.zones.some((zone) => zone.id === id)) parts.onNight?.(id, figures(tally), endMs);
    }
  }

  return {
    start: () => book.start(),
    stop: () => book.stop(),
    onDecision,
    onReadings(readings) {
      for (const { pointId, value, quality } of readings) {
        const meter = meters.get(pointId);
        if (meter !== undefined && value !== null && quality === 'good') book.meters.read(meter.device, value * meter.kwh);
      }
    },
    async view({ fromMs, toMs, by, zone }) {
      // A night belongs to a time when its noon does.
      const kept = await book.nights(nextNight(nightAt(calendar, fromMs - 1)), nightAt(calendar, toMs - 1));
      return kept && energyView(kept, by, { zone, zoneIds: cabinet.zones.map(({ id }) => id) });
    },
  };
}

function energyView(
  kept: readonly KeptNights[],
  by: EnergyQuery['by'],
  { zone, zoneIds }: { zone: string | null; zoneIds: readonly string[] },
): EnergyView {
  const sums = energySums(kept, by, zoneIds);
  return {
    ...sums,
    rows: sums.rows.filter((row) => zone === null || row.zone === zone),
    firstNight: kept[0]?.period ?? null,
    lastNight: kept.at(-1)?.period ?? null,
    isOpen: kept.at(-1)?.isOpen ?? false,
  };
}

/** The day on whose noon the night began, by the clocks of the cabinet. */
export function nightAt(calendar: LocalCalendar, atMs: WallMs): NightDate {
  const { year, month, day, hour } = calendar.localAt(atMs);
  return new Date(Date.UTC(year, month - 1, hour < NOON_HOUR ? day - 1 : day)).toISOString().slice(0, 10);
}

function countedLamp(lamp: Lamp | undefined, { baseline }: Zone): CountedLamp[] {
  if (lamp === undefined) return [];
  const { id, ratedPowerW } = lamp;
  return [{ id, ratedW: ratedPowerW, baselineW: ((baseline.lampPowerW ?? ratedPowerW) * baseline.levelPct) / 100 }];
}

/** What the decision means for the count; the level without presence and traffic is read from its trace. */
export function lampUse({ levelPct, rank, trace }: Decision, lamp: Lamp, zone: Zone): LampUse {
  const byPerson = rank === 'maintenance' || rank === 'emergency' || rank === 'override';
  if (rank !== 'presence' && rank !== 'traffic') return { levelPct, quietPct: levelPct, raisedBy: null, byPerson };
  const programmePct = trace.find((line) => line.rank === 'programme')?.levelPct ?? 100;
  const wantedPct = trace.find((line) => line.rank === rank && line.applied)?.levelPct ?? levelPct;
  const quietPct = limited(programmePct, lamp, zone);
  // Constant light dims all levels alike.
  const share = zone.constantLight === null ? 1 : levelPct / Math.max(1, limited(wantedPct, lamp, zone));
  return { levelPct, quietPct: Math.min(levelPct, Math.round(quietPct * share)), raisedBy: rank, byPerson };
}

function limited(levelPct: number, lamp: Lamp, zone: Zone): number {
  if (levelPct === 0 && zone.dark !== null) return 0;
  return Math.min(lamp.maxPct, Math.max(lamp.minPct, zone.minPct, levelPct));
}

/** The energy counter of each meter: its first one, since what comes after is a phase of it or what was fed back. */
function meterPoints({
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
