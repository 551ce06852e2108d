/**
 * One place with its announcements, its player and its present decision.
 */
import { type Clock, isTrusted, type WallMs } from '../core/clock.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import { msg, NO_TEXT } from '../core/message.ts';
import type { Log } from '../core/ports.ts';
import type { SoundConfig, SoundPlace } from '../core/sound-config.ts';
import type { SoundView } from '../core/sound-tools.ts';
import { type AnnouncementHistory, AnnouncementQueue } from './announcement-queue.ts';
import type { DayTimes } from './day-times.ts';
import { decideSound } from './decide-sound.ts';
import type { PlacePlayer } from './place-player.ts';
import type { SoundDecision, SoundIntent } from './sound-words.ts';

/**
 * What `PlaceControl` requires. `config`: the sound of the whole site. `place`, `player`: configuration and player of this place. `times`:
 * local times of the site. `history`: that of this player, kept over a change of the configuration.
 */
export interface PlaceControlParts {
  readonly config: SoundConfig;
  readonly place: SoundPlace;
  readonly times: DayTimes;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Pick<EventTracker, 'set' | 'notice'>;
  readonly player: PlacePlayer;
  readonly history: AnnouncementHistory;
}

/** One sound place: its announcements, its player, and the decision of the last `tick`. */
export class PlaceControl {
  readonly announcements: AnnouncementQueue;
  readonly #parts: PlaceControlParts;
  #decision: SoundDecision | null = null;
  #sinceMs: WallMs = 0;

  constructor(parts: PlaceControlParts) {
    const { config, place, times, events, history } = parts;
    this.#parts = parts;
    this.announcements = new AnnouncementQueue({
      config,
      place,
      times,
      history,
      onLeftOut: (id, cause) => {
        const text =
          cause === 'full'
            ? msg`announcement ${id} left out: too many others wait at ${place.id}`
            : msg`announcement ${id} left out: ${config.limits.announcementsPerH} in an hour are allowed, by the file of the site`;
        events.notice({ code: 'sound-left-out', source: place.id, severity: 'info', text });
      },
    });
  }

  get place(): SoundPlace {
    return this.#parts.place;
  }

  get player(): PlacePlayer {
    return this.#parts.player;
  }

  /** Null before the first tick. */
  get decision(): SoundDecision | null {
    return this.#decision;
  }

  /** Decides, and takes the next step of the player. `intents`: those in force at this place, the newest last. */
  tick(intents: readonly SoundIntent[]): void {
    const { clock, player } = this.#parts;
    const nowMono = clock.monoMs();
    const nowMs = isTrusted(clock.quality()) ? clock.wallMs() : null;
    const isSilenced = this.#decide(intents).trace.some(({ rank }) => rank === 'quiet' || rank === 'stop');
    this.announcements.tend(nowMs, nowMono, isSilenced);
    let decision = this.#decide(intents);
    if (player.started?.key === decision.key && decision.isOnce) this.announcements.begun(nowMono);
    if (player.follow(decision)) {
      this.announcements.ended();
      decision = this.#decide(intents);
      player.follow(decision);
    }
    this.#take(decision);
  }

  view(): SoundView {
    const { place, player, clock } = this.#parts;
    const decision = this.#decision;
    const { isAlive, state, volumePct } = player.facts();
    return {
      id: place.id,
      state: player.state,
      rank: decision?.rank ?? 'default',
      play: decision?.play ?? [],
      track: decision === null ? null : player.trackOf(decision),
      volumePct: decision?.volumePct ?? 0,
      sinceMs: decision === null ? clock.wallMs() : this.#sinceMs,
      untilMs: decision?.untilMs ?? null,
      trace: decision?.trace ?? [],
      faults: this.#faults(),
      player: { device: place.player, isAlive, state, volumePct },
      amplifiers: player.amplifiers.map(({ pointId, isOn }) => ({ pointId, isOn })),
    };
  }

  #decide(intents: readonly SoundIntent[]): SoundDecision {
    const { config, place, times, clock } = this.#parts;
    const situation = {
      nowMs: clock.wallMs(),
      otherMs: clock.otherMs?.() ?? null,
      clockQuality: clock.quality(),
      intents,
      announcement: this.announcements.current,
    };
    return decideSound(config, place, situation, times);
  }

  #take(decision: SoundDecision): void {
    const { clock, log, events, place } = this.#parts;
    const before = this.#decision;
    this.#decision = decision;
    if (before !== null && before.key === decision.key && before.rank === decision.rank) return;
    this.#sinceMs = clock.wallMs();
    const [why] = decision.trace;
    log.event('sound-decided', { place: place.id, rank: decision.rank, play: decision.play.join(', '), why: String(why?.text ?? '') });
    const isEmergency = decision.rank === 'emergency';
    const text = isEmergency ? msg`${place.id}: ${why?.text ?? NO_TEXT}` : msg`${place.id}: the emergency announcement is over`;
    events.set(isEmergency, { code: 'sound-emergency', source: place.id, severity: 'alarm', text });
  }

  #faults(): SoundView['faults'] {
    const { player, place } = this.#parts;
    const { isAlive, files } = player.facts();
    const isWanted = (this.#decision?.play.length ?? 0) > 0;
    const all = [
      isAlive ? NO_TEXT : msg`player ${place.player} is silent, check its power and wiring`,
      isAlive && files === 0 ? msg`no card in player ${place.player}, or no file on it` : NO_TEXT,
      ...player.amplifiers.map(({ fault }) => fault),
      isWanted ? player.reason : NO_TEXT,
    ];
    return all.filter((fault) => fault !== NO_TEXT);
  }
}
