/**
 * Watches the meters of lamps that cannot communicate, and reports what is wrong as events. What was learned, and which events are open,
 * persists in the store.
 *
 * memory: unread ── disk responds ──► known. Readings before that are left out: without the learned nights they would begin new ones.
 */

import type { Cabinet } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import { type Clock, every, isTrusted, type Timer } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { isRecord } from '../../core/is-record.ts';
import { Message } from '../../core/message.ts';
import { withMessages, withTexts } from '../../core/message-wire.ts';
import type { MeterLoadView } from '../../core/meter-load-view.ts';
import type { Store } from '../../core/ports.ts';
import type { Profile } from '../../core/profile.ts';
import { UNREAD } from '../../core/retried-save.ts';
import type { AgentEvent, PointId, Reading } from '../../core/words.ts';
import { createLocalCalendar, type LocalCalendar } from '../../lighting/local-time.ts';
import { watchPlan } from '../watch/watch-plan.ts';
import { MeterLoad } from './meter-load.ts';

/** What `LoadMonitor` requires. `onEvent` receives an event when it begins, ends, or continues after a restart. */
export interface LoadMonitorParts {
  readonly cabinet: Cabinet;
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly clock: Clock;
  readonly store: Pick<Store, 'load' | 'save'>;
  readonly onEvent: (event: AgentEvent) => void;
}

/** Time after which an unreadable disk is tried again, and between two looks at the clock. Units: ms. Source: assumed; a minute is the step of the watch. Confirmed by: disk events of gateways. */
const TURN_MS = 60_000;
/** Time between two saves of the running night. Units: ms. Source: assumed; a mains cut loses at most this of a night, and flash wears. Confirmed by: writes per day of a cabinet. */
const SAVE_MS = 30 * MINUTE_MS;

interface Slot {
  readonly load: MeterLoad;
  readonly quantity: 'watts' | 'volts';
  readonly factor: number;
}

/** Learns the nights of each meter of lamps that cannot communicate, and reports lost power and other deviations as events. */
export class LoadMonitor {
  readonly #parts: LoadMonitorParts;
  readonly #calendar: LocalCalendar;
  readonly #loads: readonly MeterLoad[];
  readonly #slots: ReadonlyMap<PointId, Slot>;
  #isKnown = false;
  #isLoading = false;
  /** Meters whose nights the disk did not accept. */
  readonly #unsaved = new Set<MeterLoad>();
  #savedMono: number;
  #timer: Timer | null = null;

  constructor(parts: LoadMonitorParts) {
    const { cabinet, points, profiles, clock } = parts;
    this.#parts = parts;
    this.#calendar = createLocalCalendar(cabinet.timezone);
    this.#savedMono = clock.monoMs();
    const watched = watchPlan(cabinet, points, profiles).meters.filter(({ isOfLoad, power }) => isOfLoad === true && power.length > 0);
    const named = { cabinet: cabinet.id, lampW: cabinet.watch?.loadLampW ?? null };
    this.#loads = watched.map(({ id, power }) => new MeterLoad({ ...named, meter: id, powers: power.length, onEvent: parts.onEvent }));
    this.#slots = new Map(
      watched.flatMap(({ power, voltages, toW }, index): (readonly [PointId, Slot])[] => {
        const load = this.#loads[index] as MeterLoad;
        const watts = power.map((pointId) => [pointId, { load, quantity: 'watts', factor: toW }] as const);
        return [...watts, ...voltages.slice(0, 1).map((pointId) => [pointId, { load, quantity: 'volts', factor: 1 }] as const)];
      }),
    );
  }

  /** Loads the stored state, with a retry each minute, and starts the regular saves. No effect without a meter to watch. */
  start(): void {
    if (this.#loads.length === 0) return;
    this.#timer ??= every(this.#parts.clock, TURN_MS, () => this.#turn());
    void this.#recall();
  }

  /** Stops and requests a save. Does not end open events. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#save();
  }

  /** Takes the good readings of the meters. Without a trusted time, or before the stored state is loaded, they have no effect. */
  onReadings(readings: readonly Reading[]): void {
    if (!this.#isKnown || !isTrusted(this.#parts.clock.quality())) return;
    for (const { pointId, value, quality } of readings) {
      const slot = this.#slots.get(pointId);
      if (slot === undefined || value === null || quality !== 'good') continue;
      const wallMs = this.#parts.clock.wallMs();
      slot.load.put(slot.quantity, pointId, value * slot.factor, wallMs, this.#parts.clock.monoMs(), () => this.#utcOffsetMin(wallMs));
    }
  }

  /** Returns the present state of each watched meter, also of one that has learned nothing yet. */
  views(): readonly MeterLoadView[] {
    return this.#loads.map((load) => load.view(this.#parts.clock.wallMs()));
  }

  #utcOffsetMin(atMs: number): number {
    const { year, month, day, hour, minute } = this.#calendar.localAt(atMs);
    return Math.round(Date.UTC(year, month - 1, day, hour, minute) / MINUTE_MS) - Math.floor(atMs / MINUTE_MS);
  }

  #turn(): void {
    if (!this.#isKnown) void this.#recall();
    else if (this.#parts.clock.monoMs() - this.#savedMono >= SAVE_MS || this.#loads.some(({ hasNews }) => hasNews)) this.#save();
  }

  async #recall(): Promise<void> {
    if (this.#isKnown || this.#isLoading) return;
    this.#isLoading = true;
    const stored = await Promise.all(
      this.#loads.map(async ({ meter }) => [
        await this.#parts.store.load(keyOf(meter), UNREAD),
        await this.#parts.store.load(nightKeyOf(meter), UNREAD),
      ]),
    );
    this.#isLoading = false;
    if (stored.flat().includes(UNREAD)) return;
    this.#isKnown = true;
    for (const [index, load] of this.#loads.entries()) {
      const [nights, tonight] = stored[index] ?? [];
      load.resume(nights, tonight, eventsIn(isRecord(nights) ? nights['open'] : undefined));
    }
  }

  #save(): void {
    this.#savedMono = this.#parts.clock.monoMs();
    if (!this.#isKnown) return;
    for (const load of this.#loads) {
      if (load.hasNews || this.#unsaved.has(load)) void this.#saveNights(load);
      void this.#parts.store.save(nightKeyOf(load.meter), load.storedTonight());
    }
  }

  /** What the disk did not accept is saved again at the next regular time. */
  async #saveNights(load: MeterLoad): Promise<void> {
    load.hasNews = false;
    this.#unsaved.delete(load);
    const isSaved = await this.#parts.store.save(keyOf(load.meter), { ...load.stored(), open: withTexts(load.openEvents()) });
    if (!isSaved) this.#unsaved.add(load);
  }
}

function keyOf(meter: string): string {
  return `load.${meter}`;
}

function nightKeyOf(meter: string): string {
  return `load.${meter}.tonight`;
}

/** The events that were open, by the key of their finding. */
function eventsIn(stored: unknown): ReadonlyMap<string, AgentEvent> {
  const open = withMessages(stored);
  return new Map(
    (Array.isArray(open) ? open : []).flatMap((each): (readonly [string, AgentEvent])[] =>
      isOpenEvent(each) ? [[each.key, each.event]] : [],
    ),
  );
}

function isOpenEvent(value: unknown): value is { readonly key: string; readonly event: AgentEvent } {
  if (!isRecord(value) || typeof value['key'] !== 'string' || !isRecord(value['event'])) return false;
  const { id, source, text, startMs } = value['event'];
  return typeof id === 'string' && typeof source === 'string' && text instanceof Message && typeof startMs === 'number';
}
