/** Reads what a report about nights is made from. Every step is short or can be interrupted. */
import type { Cabinet } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import type { Clock, WallMs } from '../../core/clock.ts';
import type { LevelSpell } from '../../core/decision-record.ts';
import { DAY_MS, MINUTE_MS } from '../../core/durations.ts';
import type { DeviceView, Store } from '../../core/ports.ts';
import type { Profile } from '../../core/profile.ts';
import type { SavingsDate, SavingsResult, SavingsTools } from '../../core/savings-view.ts';
import { KEPT_EVENTS, PEOPLE_BLOCK_DAYS } from '../../core/store-port.ts';
import type { AgentEvent, PointId } from '../../core/words.ts';
import type { LocalCalendar } from '../../lighting/local-time.ts';
import type { Energy } from '../energy-count.ts';
import { nextNight } from '../energy-months.ts';
import type { Pauses } from '../pauses.ts';
import { DarkTime, lengthOf, type TimeSpan } from './dark-time.ts';
import { type FailureFacts, failureFacts } from './failures.ts';
import { LevelGrid, type LevelSteps } from './level-grid.ts';
import type { LostReadings, MeterFacts, NightFacts, RangeFacts, UnreadFact } from './report-facts.ts';
import { nightDates, reportNights, yearBefore } from './report-nights.ts';
import { type NoonSpan, type TariffTotals, tariffParts } from './tariff-energy.ts';
import { usedEnergy } from './used-energy.ts';

/** Where the facts of a report are read. The functions return what is in force when they are called. */
export interface FactSources {
  readonly clock: Clock;
  readonly cabinet: () => Cabinet;
  readonly profiles: () => ReadonlyMap<string, Profile>;
  readonly points: () => ReadonlyMap<PointId, CabinetPoint>;
  readonly energy: () => Pick<Energy, 'nights'>;
  readonly savings: Pick<SavingsTools, 'result'>;
  readonly store: Pick<Store, 'readEvents' | 'history' | 'readGapsAfter'>;
  readonly devices: () => readonly DeviceView[];
  /** Ids of the lamps, by id of their feeder. */
  readonly feederLamps: () => ReadonlyMap<string, readonly string[]>;
  /**
   * The recorded decided levels of a period; spells may be outside it, and damaged ones are left out. `onUnread` is called if the disk did not
   * respond.
   */
  readonly levels: (period: TimeSpan, onUnread: () => void) => AsyncIterable<LevelSpell>;
}

/** Events of one read. Source: the store returns at most 2,000. */
const EVENTS_A_PAGE = 500;
/** Most nights that are divided into tariff periods, the newest ones: each is a read of the disk. Source: readings are seldom kept for longer than a year. */
const TARIFF_NIGHTS = 400;
/** A total counts if it was read at most this long before a noon. Units: ms. Source: an unchanged reading is stored again after `store.heartbeatS`, and one may be lost. */
const OLDEST_TOTAL_MS = 20 * MINUTE_MS;
/** The totals of the tariff periods of a utility meter. Source: drivers/profiles/enedis-linky-tic.yaml. */
const TARIFF_POINT = /^energy_(t\d+)$/;

/** Reads the facts of one report about nights. */
export class FactsReader {
  readonly #sources: FactSources;
  readonly #calendar: LocalCalendar;
  readonly #pauses: Pauses;

  constructor(sources: FactSources, calendar: LocalCalendar, pauses: Pauses) {
    this.#sources = sources;
    this.#calendar = calendar;
    this.#pauses = pauses;
  }

  /**
   * Resolves with the facts of the nights from one to another, both included. Undefined if the counted nights or the proven saving could
   * not be read. Other data that could not be read are empty, incomplete or null; `unread` names them. Only the newest 10,000 events are
   * read. Errors: rejects with WorkAborted after the signal.
   */
  async read(from: SavingsDate, to: SavingsDate): Promise<NightFacts | undefined> {
    const range = await this.#range(from, to);
    if (range === undefined) return undefined;
    const before = await this.#range(yearBefore(from), yearBefore(to));
    const cabinet = this.#sources.cabinet();
    const nowMs = this.#sources.clock.wallMs();
    const period = { fromMs: this.noonMs(from), toMs: Math.min(nowMs, this.noonMs(nextNight(to))) };
    const [found, lost] = [await this.#events(period), await this.#lost(period)];
    const events = found?.events;
    const beforeMs = nowMs - (cabinet.store.peopleDays - PEOPLE_BLOCK_DAYS) * DAY_MS;
    const knownMs = Math.max(found?.sinceMs ?? 0, keptSince(events ?? [], period.fromMs, beforeMs));
    const failures = failureFacts(events ?? [], { cabinet, feederLamps: this.#sources.feederLamps(), period, nowMs });
    const byTariff = await this.#byTariff(nightDates(from, to), nowMs);
    const unread = new Set<UnreadFact>();
    if (events === undefined) unread.add('events');
    if (lost === null) unread.add('losses');
    if (before === undefined) unread.add('year-before');
    if (byTariff.isUnread) unread.add('tariff-totals');
    const levels = from === to ? await this.#levels(period, cabinet.lamps.length, () => unread.add('levels')) : null;
    return {
      ...range,
      ...{ cabinet, nowMs, failures, spanMs: Math.max(0, period.toMs - period.fromMs), endMs: period.toMs },
      eventsFromMs: knownMs <= period.fromMs ? null : Math.min(knownMs, period.toMs),
      timeText: (atMs) => localTimeText(this.#calendar, atMs),
      before: before === undefined || (before.nights.counted === 0 && before.savings === null) ? null : before,
      darkMs: await this.#darkMs(failures, cabinet),
      ...{ byTariff: byTariff.parts, lost, unread },
      meters: this.#meters(range.savings),
      levels,
    };
  }

  /** Returns the local noon at which a night begins. */
  noonMs(date: SavingsDate): WallMs {
    const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
    return this.#calendar.instantOf({ year, month, day, hour: 12, minute: 0 });
  }

  async #range(from: SavingsDate, to: SavingsDate): Promise<RangeFacts | undefined> {
    const stored = await this.#sources.energy().nights(from, to);
    await this.#pauses.due();
    if (stored === undefined) return undefined;
    const nights = await this.#pauses.run(reportNights(from, to, stored));
    const answer = await this.#sources.savings.result(from, to);
    await this.#pauses.due();
    if (!answer.ok && answer.why === 'disk') return undefined;
    const savings = answer.ok ? answer.value : null;
    return { nights, savings, used: await this.#pauses.run(usedEnergy(nights, savings, this.#billed())) };
  }

  /** The meter of the invoice alone has a subscribed power. */
  #billed(): ReadonlySet<string> {
    return new Set(
      [...this.#sources.points().values()].flatMap(({ device, semantic }) => (semantic === 'subscribed-power' ? [device.id] : [])),
    );
  }

  /** `sinceMs`: the store may have removed events from before this because of their number. Undefined if one page could not be read. */
  async #events({ fromMs }: TimeSpan): Promise<{ readonly events: readonly AgentEvent[]; readonly sinceMs: WallMs } | undefined> {
    const found = new Map<string, AgentEvent>();
    let sinceMs = 0;
    for (let skip = 0; skip < KEPT_EVENTS; skip += EVENTS_A_PAGE) {
      const page = await this.#sources.store.readEvents({ sinceMs: fromMs, limit: EVENTS_A_PAGE, skip });
      if (page === undefined) return undefined;
      for (const event of page) found.set(event.id, event);
      await this.#pauses.due();
      if (page.length < EVENTS_A_PAGE) return { events: [...found.values()], sinceMs: 0 };
      sinceMs = page[0]?.startMs ?? 0;
    }
    return { events: [...found.values()], sinceMs };
  }

  async #darkMs({ lamps }: FailureFacts, cabinet: Cabinet): Promise<ReadonlyMap<string, number>> {
    const dark = new DarkTime(cabinet, this.#calendar);
    const sums = new Map<string, number>();
    for (const { lamp, darkSpans } of lamps) {
      const zone = cabinet.zones.find(({ lamps: ids }) => ids.includes(lamp.id));
      if (zone === undefined) continue;
      for (const span of darkSpans) {
        for (const spans of dark.spans(zone, span)) {
          sums.set(lamp.id, (sums.get(lamp.id) ?? 0) + lengthOf(spans));
          await this.#pauses.due();
        }
      }
    }
    return sums;
  }

  async #byTariff(
    dates: readonly SavingsDate[],
    nowMs: WallMs,
  ): Promise<{ readonly parts: NightFacts['byTariff']; readonly isUnread: boolean }> {
    const billed = this.#billed();
    const points = [...this.#sources.points().values()].filter(
      ({ device, profile }) => billed.has(device.id) && TARIFF_POINT.test(profile.id),
    );
    if (points.length === 0) return { parts: new Map(), isUnread: false };
    const nights: NoonSpan[] = [];
    for (const date of dates.slice(-TARIFF_NIGHTS)) {
      const span = { date, fromMs: this.noonMs(date), toMs: this.noonMs(nextNight(date)) };
      if (span.toMs <= nowMs) nights.push(span);
      await this.#pauses.due();
    }
    const noons = [...new Set(nights.flatMap(({ fromMs, toMs }) => [fromMs, toMs]))];
    const registers: TariffTotals[] = [];
    for (const point of points) {
      const totals = await this.#totalsOf(point, noons);
      if (totals === undefined) return { parts: new Map(), isUnread: true };
      if (totals !== null) registers.push(totals);
    }
    return { parts: tariffParts(nights, registers), isUnread: false };
  }

  /** Null for a tariff period in which nothing was used, or that the meter never sent; undefined if the disk could not be read. */
  async #totalsOf({ pointId, profile }: CabinetPoint, noons: readonly WallMs[]): Promise<TariffTotals | null | undefined> {
    const [first = 0, last = 0] = [noons[0], noons.at(-1)];
    const ends = [await this.#totalAt(pointId, first), await this.#totalAt(pointId, last)];
    if (typeof ends[0] === 'number' && ends[0] === ends[1]) return null;
    const totals = new Map<WallMs, number | null>();
    for (const noon of noons) {
      const total = await this.#totalAt(pointId, noon);
      if (total === undefined) return undefined;
      totals.set(noon, total);
    }
    if ([...totals.values()].every((total) => total === null)) return null;
    return { tariff: TARIFF_POINT.exec(profile.id)?.[1] ?? '', kwh: profile.unit === 'Wh' ? 0.001 : 1, totals };
  }

  /** Null without a total; undefined if the disk could not be read. */
  async #totalAt(pointId: PointId, noonMs: WallMs): Promise<number | null | undefined> {
    const found = await this.#sources.store.history({
      ...{ pointId, fromMs: noonMs - OLDEST_TOTAL_MS, toMs: noonMs, resolution: 'raw', limit: 20 },
    });
    await this.#pauses.due();
    return found === undefined
      ? undefined
      : (found.rows.findLast(({ value, quality }) => value !== null && quality === 'good')?.value ?? null);
  }

  /** Null if one page could not be read. */
  async #lost({ fromMs, toMs }: TimeSpan): Promise<LostReadings | null> {
    const lost = { gaps: 0, readings: 0, unknown: 0 };
    for (let id = 0; ; ) {
      const page = await this.#sources.store.readGapsAfter(id);
      if (page === undefined) return null;
      const last = page.at(-1);
      if (last === undefined || last.id <= id) return lost;
      id = last.id;
      for (const { atMs, readings, isEstimate } of page) {
        if (atMs < fromMs || atMs >= toMs) continue;
        lost.gaps++;
        lost.readings += readings;
        if (isEstimate === true) lost.unknown++;
      }
      await this.#pauses.due();
    }
  }

  #meters(savings: SavingsResult | null): readonly MeterFacts[] {
    const views = new Map(this.#sources.devices().map((view) => [view.id, view]));
    const frozen = new Map((savings?.baseline.meters ?? []).map((meter) => [meter.id, meter]));
    const devices = this.#sources.cabinet().lines.flatMap((line) => line.devices);
    return devices
      .filter(({ profile }) => this.#sources.profiles().get(profile)?.category === 'meter')
      .map(({ id, profile }) => ({
        ...{ id, profile, classPct: frozen.get(id)?.classPct ?? null },
        serial: views.get(id)?.nameplate?.serial ?? (frozen.get(id)?.serial || null),
      }));
  }

  async #levels(period: TimeSpan, lamps: number, onUnread: () => void): Promise<LevelSteps | null> {
    const grid = new LevelGrid(period.fromMs, period.toMs);
    for await (const spell of this.#sources.levels(period, onUnread)) {
      grid.add(spell);
      await this.#pauses.due();
    }
    return grid.steps(lamps);
  }
}

/**
 * Returns the end of the time in which events may have been removed by age, at the latest `beforeMs`. An event that is stored proves that
 * those that ended later have not been removed.
 */
function keptSince(events: readonly AgentEvent[], fromMs: WallMs, beforeMs: WallMs): WallMs {
  return events.reduce((sinceMs, { endMs }) => (endMs !== null && endMs >= fromMs ? Math.min(sinceMs, endMs) : sinceMs), beforeMs);
}

/** Returns the local date and time of an instant, as `2026-12-01 22:14`. */
export function localTimeText(calendar: LocalCalendar, atMs: WallMs): string {
  const { year, month, day, hour, minute } = calendar.localAt(atMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
}
