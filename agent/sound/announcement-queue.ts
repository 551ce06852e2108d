/**
 * The announcements of one place that wait or play: those of the configuration at their times, and requested ones, within the rate of the
 * site.
 */
import type { MonoMs, WallMs } from '../core/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../core/durations.ts';
import type { SoundConfig, SoundPlace } from '../core/sound-config.ts';
import type { DayTimes } from './day-times.ts';
import { dueAnnouncements } from './sound-day.ts';
import { inLastHour, isWithinRate } from './sound-intents.ts';
import type { Announcement } from './sound-words.ts';

/**
 * How late an announcement may begin. Units: ms. Source: assumed; warm-up and two other announcements before it. Confirmed by: the operators
 * of a square.
 */
const GRACE_MS = 5 * MINUTE_MS;
/** Announcements of the configuration are looked for this far back, so that a late tick or a short restart misses none. Units: ms. Source: as for the start. */
const LOOK_BACK_MS = MINUTE_MS;
/** What is added to the longest time of a recording before a started announcement is given up. Units: ms. Source: assumed; several polls of the player. Confirmed by: a week of logs. */
const MARGIN_MS = 10 * SECOND_MS;
/** Times of announcements that are remembered. Source: those of a day, twice. */
const MAX_SEEN = 128;
/** Most that wait. Source: assumed; later ones would not begin in time. Confirmed by: the operators of a square. */
const MAX_WAITING = 8;

/**
 * What is remembered of the announcements of one player over a change of the configuration: when recent ones were accepted, and which
 * times of the configuration were handled.
 */
export interface AnnouncementHistory {
  /** May include times more than an hour ago. */
  announcedMono: readonly MonoMs[];
  /** The newest keys of `dueAnnouncements`: an announcement at one time. */
  seen: readonly string[];
}

/** The history of announcements for each player; the key is the port of the player's line. */
export type SoundHistory = Map<string, AnnouncementHistory>;

/** Returns the history of the player at this port. If there is none, an empty one is added to `all` and returned. */
export function historyOf(all: SoundHistory, port: string): AnnouncementHistory {
  const history = all.get(port) ?? { announcedMono: [], seen: [] };
  all.set(port, history);
  return history;
}

/**
 * What an `AnnouncementQueue` needs. `config`: the sound of the whole site. `times`: local times of the site. `history`: that of the player
 * of `place`; the queue changes it.
 */
export interface AnnouncementQueueParts {
  readonly config: SoundConfig;
  readonly place: SoundPlace;
  readonly times: DayTimes;
  readonly history: AnnouncementHistory;
  /**
   * An announcement of the configuration that was due is left out: too many wait (`full`), or `announcementsPerH` is reached (`rate`).
   * `id`: that of the configuration.
   */
  readonly onLeftOut: (id: string, cause: 'full' | 'rate') => void;
}

/** The announcements of one place that wait or play; `current` is the first, null if there is none. Call `tend` regularly. */
export class AnnouncementQueue {
  readonly #parts: AnnouncementQueueParts;
  #waiting: readonly Announcement[] = [];
  /** Until when the first one may last, since it has begun; null before. */
  #endMono: MonoMs | null = null;

  constructor(parts: AnnouncementQueueParts) {
    this.#parts = parts;
  }

  /** When announcements were accepted; may include times more than an hour ago. */
  get announcedMono(): readonly MonoMs[] {
    return this.#parts.history.announcedMono;
  }

  get current(): Announcement | null {
    return this.#waiting[0] ?? null;
  }

  has(id: string): boolean {
    return this.#waiting.some((each) => each.id === id);
  }

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  /** Adds an announcement. The caller has checked that it is allowed, and that the queue is not full. */
  add(announcement: Omit<Announcement, 'startByMono'>, nowMono: MonoMs): void {
    const { history } = this.#parts;
    history.announcedMono = [...inLastHour(history.announcedMono, nowMono), nowMono];
    this.#waiting = [...this.#waiting, { ...announcement, startByMono: nowMono + GRACE_MS }];
  }

  /** Call it when the first one has begun; further calls for it change nothing. */
  begun(nowMono: MonoMs): void {
    const maxS = this.#parts.config.tracks.find(({ id }) => id === this.current?.play)?.maxS ?? 0;
    this.#endMono ??= nowMono + maxS * SECOND_MS + MARGIN_MS;
  }

  /** Removes the first one, because it is over. */
  ended(): void {
    this.#waiting = this.#waiting.slice(1);
    this.#endMono = null;
  }

  remove(id: string): void {
    if (this.current?.id === id) this.ended();
    else this.#waiting = this.#waiting.filter((each) => each.id !== id);
  }

  /**
   * Drops what waits too long or, once begun, lasts too long, and adds what is due. Without a trusted time (`nowMs` null) nothing is added.
   * `isSilenced`: drops all, and adds nothing; with a trusted time, what is due then is not announced later.
   */
  tend(nowMs: WallMs | null, nowMono: MonoMs, isSilenced: boolean): void {
    if (this.#endMono !== null && nowMono >= this.#endMono) this.ended();
    const begun = this.#endMono === null ? [] : this.#waiting.slice(0, 1);
    const isKept = (each: Announcement): boolean => begun.includes(each) || nowMono < each.startByMono;
    this.#waiting = isSilenced ? [] : this.#waiting.filter(isKept);
    if (this.#waiting.length === 0) this.#endMono = null;
    if (nowMs !== null) this.#addDue(nowMs, nowMono, isSilenced);
  }

  #addDue(nowMs: WallMs, nowMono: MonoMs, isSilenced: boolean): void {
    const { config, place, times, history, onLeftOut } = this.#parts;
    for (const { key, id, play } of dueAnnouncements(place, nowMs, LOOK_BACK_MS, times)) {
      if (history.seen.includes(key)) continue;
      history.seen = [...history.seen, key].slice(-MAX_SEEN);
      if (isSilenced) continue;
      if (this.isFull) onLeftOut(id, 'full');
      else if (!isWithinRate(config, { announcedMono: history.announcedMono, nowMono })) onLeftOut(id, 'rate');
      else this.add({ id: key, play, source: id, reason: '' }, nowMono);
    }
  }
}
