/**
 * The maintenance in force: in memory for each event, on disk for the next start.
 *
 * Maintenance from before the start is not in force until the time is trusted, because without it the agent cannot tell whether it has ended. Until then alarms
 * are raised: an alarm too many is better than a hidden one.
 */
import { MAINTENANCE_SPAN, type Maintenance, type MaintenanceRequest, type MaintenanceView } from '../../core/alarm-tools.ts';
import { type Clock, isTrusted, type MonoMs, type WallMs } from '../../core/clock.ts';
import type { CopyRule } from '../../core/copied-state.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { msg } from '../../core/message.ts';
import type { Log, Store } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import { RetriedSave, UNREAD } from '../../core/retried-save.ts';
import { createTokenBucket, type TokenBucket } from '../../core/token-bucket.ts';
import type { AgentEvent } from '../../core/words.ts';
import {
  type Instant,
  isSameMaintenance,
  isSameTarget,
  REST_SAVE_MS,
  readStoredMaintenance,
  rebasedMaintenance,
  resumedMaintenance,
  type StoredMaintenance,
  toStoredMaintenance,
  withSuppressed,
} from './maintenance-list.ts';
import { leftToPlatform, type PlatformTime, readPlatformTime, usedUntil } from './platform-time.ts';

const KEY = 'service.maintenance';
const PLATFORM_KEY = 'service.maintenance-platform';
/** How stored maintenance changes when a copy replaces the stored state: maintenance of the platform is removed. */
export const MAINTENANCE_COPY_RULE: CopyRule = { key: KEY, change: 'remove-items', where: { owner: /^platform$/ } };
/** Starts of the platform. Source: assumed; each lamp of a usual cabinet once, then one in a minute. Confirmed by: the maintenance that a platform starts in a year. */
const PLATFORM_STARTS = { burst: 60, perS: 1 / 60 };
/** Ended maintenance that is listed. Source: assumed; a screen. Confirmed by: a technician who reads the list on a terminal of 80 columns. */
const MAX_ENDED = 20;

/** The dependencies with which `MaintenanceRegistry` is created. */
export interface MaintenanceRegistryParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  /** Receives maintenance from before the start that is in force again. */
  readonly onBegun: (begun: readonly Maintenance[]) => void;
  /** Receives maintenance that ended because its time was over, also while the agent was off. Not for a call of `end`. */
  readonly onEnded: (ended: readonly MaintenanceView[]) => void;
  /** Receives the `views` when they change: the maintenance in force or waiting for a trusted time. Not after a mere count of an event. */
  readonly onChange: (views: readonly MaintenanceView[]) => void;
}

/** Most requests that are kept for stored maintenance that could not be read yet. Source: more than people send while a disk does not answer. */
const MAX_EARLY = 100;

/** The maintenance in force, in memory and on disk. A failed save is repeated. */
export class MaintenanceRegistry {
  readonly #parts: MaintenanceRegistryParts;
  readonly #saves: RetriedSave;
  readonly #starts: TokenBucket;
  #list: readonly Maintenance[] = [];
  /** Maintenance from before the start, until the time is trusted. */
  #waiting: readonly StoredMaintenance[] = [];
  /** What was replaced or ended before the stored maintenance could be read. */
  #early: readonly ((each: StoredMaintenance) => boolean)[] = [];
  #ended: readonly MaintenanceView[] = [];
  #platform: PlatformTime;
  /** What is saved has the present number of suppressed events. */
  #isCounted = true;
  #savedMono: MonoMs;

  constructor(parts: MaintenanceRegistryParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    this.#platform = { usedMs: 0, atMono: clock.monoMs() };
    this.#savedMono = clock.monoMs();
    this.#starts = createTokenBucket(clock, PLATFORM_STARTS);
    this.#saves = new RetriedSave({
      clock,
      recall: () => this.#recall(),
      save: () => this.#write(),
      onFailed: () => log.event('maintenance-not-saved', { check: 'the disk of store.dir; it holds until the agent stops' }, 'warning'),
    });
  }

  /** Resolves whether the newest save succeeded; true before the first. */
  get saved(): Promise<boolean> {
    return this.#saves.latest;
  }

  /** The maintenance in force. */
  get list(): readonly Maintenance[] {
    return this.#list;
  }

  /** The maintenance in force, and that from before the start that waits for a trusted time. */
  get views(): readonly MaintenanceView[] {
    return [...this.#list.map(viewOf), ...this.#waiting.map(waitingViewOf)];
  }

  /** The newest maintenance that ended in this run, or had ended when it was restored; newest last. */
  get ended(): readonly MaintenanceView[] {
    return this.#ended;
  }

  /**
   * Reads what an earlier run stored; what was started since for the same target and owner replaces it. If the disk cannot be read this is
   * logged, and `tend` tries again.
   */
  async restore(): Promise<void> {
    if (await this.#saves.restore()) this.#resume((each) => each);
    else this.#parts.log.event('maintenance-not-restored', { check: 'the disk of store.dir; it is read again' }, 'warning');
  }

  async #recall(): Promise<boolean> {
    const { store, clock } = this.#parts;
    const [stored, platform] = await Promise.all([store.load(KEY, UNREAD), store.load(PLATFORM_KEY, UNREAD)]);
    if (stored === UNREAD || platform === UNREAD) return false;
    const { usedMs } = readPlatformTime(platform, clock.monoMs());
    this.#platform = { ...this.#platform, usedMs: Math.max(this.#platform.usedMs, usedMs) };
    this.#waiting = readStoredMaintenance(stored).filter((each) => !this.#early.some((isDropped) => isDropped(each)));
    this.#early = [];
    if (this.#waiting.length > 0) this.#parts.onChange(this.views);
    return true;
  }

  /** Starts maintenance, or changes that of the same target and owner. Errors: throws Refusal beyond the limits of the owner. */
  start({ target, minutes, reason, owner, source }: MaintenanceRequest & { readonly minutes: number }): Maintenance {
    const lengthMs = minutes * MINUTE_MS;
    this.#expectAllowed(owner, lengthMs);
    const { nowMs, nowMono } = this.#now();
    const before = this.#list.find((each) => isSameMaintenance(each, { target, owner }));
    const begun: Maintenance = {
      ...(before ?? { id: idOf({ target, owner }, nowMs), sinceMs: nowMs, count: 0, suppressed: [] }),
      ...{ target, owner, source, reason },
      untilMs: Math.round(nowMs + lengthMs),
      untilMono: nowMono + lengthMs,
    };
    this.#drop((each) => isSameMaintenance(each, begun));
    this.#replace(before === undefined ? [...this.#list, begun] : this.#list.map((each) => (each === before ? begun : each)));
    return begun;
  }

  /** Ends the maintenance of a target and returns it. The platform may end only its own. Errors: throws Refusal if it finds none to end. */
  end({ target, owner }: Pick<MaintenanceRequest, 'target' | 'owner'>): readonly MaintenanceView[] {
    const isMeant = (each: Pick<Maintenance, 'target' | 'owner'>): boolean =>
      isSameTarget(each.target, target) && (owner === 'site' || each.owner === owner);
    const ended = this.views.filter(isMeant);
    if (ended.length === 0) {
      if (!this.#saves.isRecalled)
        throw new Refusal(msg`the maintenance of ${target.id} could not be read yet: check the disk of store.dir, then repeat`);
      const other = this.#list.find((each) => isSameTarget(each.target, target));
      throw new Refusal(
        other === undefined
          ? msg`no maintenance of ${target.id} is in force`
          : msg`the maintenance of ${target.id} by ${other.source} can only be ended at the console`,
      );
    }
    this.#drop(isMeant);
    this.#note(ended);
    this.#replace(this.#list.filter((each) => !isMeant(each)));
    return ended;
  }

  /** Stored maintenance that was replaced or ended; what could not be read yet is dropped once it is read. */
  #drop(isDropped: (each: StoredMaintenance) => boolean): void {
    this.#waiting = this.#waiting.filter((each) => !isDropped(each));
    if (!this.#saves.isRecalled) this.#early = [...this.#early, isDropped].slice(-MAX_EARLY);
  }

  /**
   * Counts an event as suppressed by the maintenance with this id, and lists the first ones. `tend` saves it, so that many events at once
   * are one write.
   */
  suppress(id: string, event: AgentEvent): void {
    this.#isCounted = false;
    this.#list = this.#list.map((each) => (each.id === id ? withSuppressed(each, event) : each));
  }

  /** Ends maintenance that is over, resumes what waited for a trusted time, and saves changes. Call it every second. */
  tend(): void {
    const { clock } = this.#parts;
    const nowMono = clock.monoMs();
    if (this.#list.length > 0) this.#expire(nowMono);
    else this.#platform = usedUntil(this.#platform, nowMono, false);
    // The event of the earlier run has ended by now.
    this.#resume((each) => ({ ...each, id: idOf(each, clock.wallMs()) }));
    if (this.#list.length > 0 && (!this.#isCounted || nowMono - this.#savedMono >= REST_SAVE_MS)) this.#save();
    else this.#saves.tend();
  }

  #expire(nowMono: MonoMs): void {
    this.#platform = usedUntil(this.#platform, nowMono, this.#isPlatformActive());
    const over = this.#list.filter(({ untilMono }) => nowMono >= untilMono);
    const now = this.#now();
    const kept = this.#list.filter((each) => !over.includes(each)).map((each) => rebasedMaintenance(each, now));
    if (over.length === 0 && kept.every((each, index) => each === this.#list[index])) return;
    const ended = over.map(viewOf);
    this.#note(ended);
    this.#replace(kept);
    if (ended.length > 0) this.#parts.onEnded(ended);
  }

  #resume(named: (each: Maintenance) => Maintenance): void {
    const { clock, log, onBegun, onEnded } = this.#parts;
    if (this.#waiting.length === 0 || !isTrusted(clock.quality())) return;
    const now = this.#now();
    const resumed = this.#waiting.map((each) => ({ each, next: resumedMaintenance(each, now) }));
    this.#waiting = [];
    const begun = resumed.flatMap(({ next }) => (next === null ? [] : [named(next)]));
    const ended = resumed.flatMap(({ each, next }) => (next === null ? [waitingViewOf(each)] : []));
    log.event('maintenance-restored', { count: begun.length, over: ended.length });
    this.#note(ended);
    this.#replace([...begun, ...this.#list]);
    if (ended.length > 0) onEnded(ended);
    if (begun.length > 0) onBegun(begun);
  }

  #expectAllowed(owner: MaintenanceRequest['owner'], lengthMs: number): void {
    const { minMs, maxMs } = MAINTENANCE_SPAN[owner];
    if (!(lengthMs >= minMs && lengthMs <= maxMs))
      throw new Refusal(msg`maintenance lasts ${minMs / MINUTE_MS} to ${maxMs / MINUTE_MS} min, not ${lengthMs / MINUTE_MS}`);
    if (owner !== 'platform') return;
    this.#platform = usedUntil(this.#platform, this.#parts.clock.monoMs(), this.#isPlatformActive());
    const leftMs = leftToPlatform(this.#platform);
    if (lengthMs > leftMs)
      throw new Refusal(
        msg`the platform has ${Math.floor(leftMs / MINUTE_MS)} min of maintenance left; without maintenance it gains half of the time, up to ${maxMs / MINUTE_MS} min`,
      );
    if (!this.#starts.take()) throw new Refusal(msg`too many starts of maintenance: ${PLATFORM_STARTS.burst} at once and one a minute`);
  }

  #isPlatformActive(): boolean {
    return this.#list.some(({ owner }) => owner === 'platform');
  }

  #note(ended: readonly MaintenanceView[]): void {
    this.#ended = [...this.#ended, ...ended].slice(-MAX_ENDED);
  }

  #replace(list: readonly Maintenance[]): void {
    this.#list = list;
    this.#save();
    this.#parts.onChange(this.views);
  }

  #save(): void {
    this.#isCounted = true;
    this.#savedMono = this.#parts.clock.monoMs();
    this.#saves.now();
  }

  async #write(): Promise<boolean> {
    const { store, clock } = this.#parts;
    const items = [...this.#waiting, ...this.#list.map((each) => toStoredMaintenance(each, clock.monoMs()))];
    const [isSaved] = await Promise.all([
      store.save(KEY, items.length === 0 ? undefined : items),
      store.save(PLATFORM_KEY, this.#platform.usedMs > 0 ? { usedMs: Math.round(this.#platform.usedMs) } : undefined),
    ]);
    return isSaved;
  }

  #now(): Instant {
    const { clock } = this.#parts;
    return { nowMs: clock.wallMs(), nowMono: clock.monoMs() };
  }
}

function idOf({ target, owner }: Pick<Maintenance, 'target' | 'owner'>, nowMs: WallMs): string {
  return `maintenance-mode:${target.id}:${owner}:${nowMs}`;
}

function viewOf({ untilMono: _, ...view }: Maintenance): MaintenanceView {
  return view;
}

function waitingViewOf({ restMs: _, ...view }: StoredMaintenance): MaintenanceView {
  return view;
}
