/**
 * Makes the player and the amplifiers of one place follow its decision, one write at a time, and reports what is wrong with them.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import { SECOND_MS } from '../core/durations.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import type { Field, WriteResult } from '../core/ports.ts';
import { fileValue, PLAYER_ERROR, PLAYER_POINTS, PLAYER_STATE, type SoundPlace, type SoundTrack } from '../core/sound-config.ts';
import type { SoundState } from '../core/sound-tools.ts';
import type { PointId, Reading } from '../core/words.ts';
import type { Amplifier } from './amplifier.ts';
import {
  isTooLoud,
  NEW_PLAY_MEMORY,
  nextPlayStep,
  type PlayerFacts,
  type PlayMemory,
  type PlayStep,
  wantsAmplifiers,
} from './player-plan.ts';
import type { SoundDecision } from './sound-words.ts';

/** The dependencies with which `PlacePlayer` is created. */
export interface PlacePlayerParts {
  readonly place: SoundPlace;
  /** All tracks of the site. */
  readonly tracks: readonly SoundTrack[];
  readonly clock: Clock;
  readonly field: Pick<Field, 'writePoint' | 'latest'>;
  readonly events: Pick<EventTracker, 'set' | 'clear'>;
  /** Those of the place, switched together. */
  readonly amplifiers: readonly Amplifier[];
  /** A write to the player has ended: decide again. */
  readonly onProgress: () => void;
}

/** A write that was not sent within this time is dropped and planned again. Units: ms. Source: assumed; several writes with all their retries. Confirmed by: write times of the player on the bench. */
const WRITE_TTL_MS = 10_000;
/** Wait after a failed write, and after a list of which no track could be started. Units: ms. Source: as for a lamp. */
const RETRY_MS = { first: 1_000, max: 60_000 };

type Missing = 'no-such-track' | 'other';

/**
 * The player and the amplifiers of one place. Call `follow` regularly: it makes them follow the decision, one step of the player at a time.
 */
export class PlacePlayer {
  readonly #parts: PlacePlayerParts;
  #memory: PlayMemory = NEW_PLAY_MEMORY;
  #state: SoundState = 'silent';
  #isWriting = false;
  /** Why the last write to the player failed; empty if it did not. */
  #reason: Message = NO_TEXT;
  #started: { readonly key: string; readonly isProven: boolean; readonly reason: Message } | null = null;

  constructor(parts: PlacePlayerParts) {
    this.#parts = parts;
  }

  /** What the place does, as of the last `follow` while no write to the player ran. */
  get state(): SoundState {
    return this.#state;
  }

  /** The newest finished start of a track, or one found playing: for which decision, if proven, why it failed; null before the first. */
  get started(): { readonly key: string; readonly isProven: boolean; readonly reason: Message } | null {
    return this.#started;
  }

  /** Why the last write to the player failed; empty if it did not. */
  get reason(): Message {
    return this.#reason;
  }

  get amplifiers(): readonly Amplifier[] {
    return this.#parts.amplifiers;
  }

  /**
   * The track of this decision that plays now, as last read or proven by its start; null if none is known. While a start replaces a track
   * that plays, already the new one.
   */
  trackOf(decision: SoundDecision): string | null {
    const { state, stateMono } = this.facts();
    const { key, index, writtenMono } = this.#memory;
    // Right after a start, the write proves more than the last poll.
    const isPlaying = stateMono > writtenMono ? state === PLAYER_STATE.playing : this.#started?.key === key && this.#started.isProven;
    return isPlaying && key === decision.key ? (decision.play[index] ?? null) : null;
  }

  /** True if the player was read as not playing after the last write. False also if that is not known, and during a write. */
  get isSilent(): boolean {
    const { state, stateMono } = this.facts();
    return !this.#isWriting && stateMono > this.#memory.writtenMono && state !== null && state !== PLAYER_STATE.playing;
  }

  /** What the player reports. */
  facts(): PlayerFacts {
    const state = this.#latest(PLAYER_POINTS.state);
    return {
      isAlive: state?.quality === 'good' || (state?.quality === 'bad' && state !== undefined),
      state: goodValue(state),
      stateMono: state?.atMono ?? Number.NEGATIVE_INFINITY,
      volumePct: goodValue(this.#latest(PLAYER_POINTS.volume)),
      files: goodValue(this.#latest(PLAYER_POINTS.files)),
      track: goodValue(this.#latest(PLAYER_POINTS.track)),
    };
  }

  /** Takes the next step, but none while a write to the player runs. Returns true if what plays once is over or missing. */
  follow(decision: SoundDecision): boolean {
    const { clock, place, tracks, amplifiers } = this.#parts;
    const nowMono = clock.monoMs();
    const player = this.facts();
    if (decision.play.length > 0) this.#remember({ soundMono: nowMono });
    this.#report(decision, player);
    const wantsOn = wantsAmplifiers({ decision, player, memory: this.#memory, nowMono }, place);
    for (const amplifier of amplifiers) amplifier.follow(wantsOn);
    if (this.#isWriting) return false;
    const isWarm = amplifiers.every(({ onMono }) => onMono !== null && nowMono - onMono >= place.warmUpS * SECOND_MS);
    const step = nextPlayStep({ decision, player, memory: this.#memory, tracks, isWarm, nowMono });
    const isSilenced = decision.play.length > 0 && amplifiers.some(({ fault }) => fault !== NO_TEXT);
    this.#state = isSilenced ? 'fault' : step.state;
    if (step.kind === 'ended') this.#remember({ key: null });
    else this.#take(step, decision);
    return step.kind === 'ended';
  }

  /** Silences the place, without waiting for the result. Call it if no configured place has this player and all these relays any more. */
  release(): void {
    void this.#send(PLAYER_POINTS.state, PLAYER_STATE.stopped, false);
    for (const amplifier of this.#parts.amplifiers) amplifier.release();
  }

  #take(step: PlayStep, decision: SoundDecision): void {
    const isUrgent = decision.rank === 'emergency';
    if (step.kind === 'adopt') this.#adopt(decision, step.index);
    else if (step.kind === 'volume') void this.#write(this.#send(PLAYER_POINTS.volume, step.volumePct, isUrgent));
    else if (step.kind === 'stop') {
      this.#remember({ key: null });
      void this.#write(this.#send(PLAYER_POINTS.state, PLAYER_STATE.stopped, true));
    } else if (step.kind === 'start') void this.#start(decision, step.index);
  }

  #adopt({ key }: SoundDecision, index: number): void {
    this.#remember({ key, index, startMono: this.#parts.clock.monoMs() });
    this.#started = { key, isProven: true, reason: NO_TEXT };
  }

  async #start(decision: SoundDecision, index: number): Promise<void> {
    const { clock, tracks } = this.#parts;
    const track = tracks.find(({ id }) => id === decision.play[index]);
    if (track === undefined) return;
    const begunMono = clock.monoMs();
    this.#remember({ key: decision.key, index, startMono: begunMono });
    const [point, value] = 'track' in track.place ? [PLAYER_POINTS.track, track.place.track] : [PLAYER_POINTS.file, fileValue(track.place)];
    const result = await this.#write(this.#send(point, value, decision.rank === 'emergency'), false);
    const isProven = result.state === 'verified';
    this.#started = { key: decision.key, isProven, reason: result.state === 'failed' ? result.reason : NO_TEXT };
    if (isProven) this.#noteStarted(track);
    else this.#noteNotStarted(decision, track, this.#cause(begunMono));
    this.#parts.onProgress();
  }

  #noteStarted({ id }: SoundTrack): void {
    this.#remember({ missing: 0 });
    this.#parts.events.clear('sound-track-missing', `${this.#parts.place.id}.${id}`);
  }

  /** A missing track is passed over; when all of a list are missing, the list waits. A single one is over. */
  #noteNotStarted(decision: SoundDecision, { id }: SoundTrack, cause: Missing): void {
    const { events, place, clock } = this.#parts;
    if (cause === 'other') {
      this.#remember({ key: null });
      return;
    }
    const text = msg`${place.id}: the player has no track "${id}"; check the files on its card and sound.tracks`;
    events.set(true, { code: 'sound-track-missing', source: `${place.id}.${id}`, severity: 'warning', text });
    const missing = this.#memory.missing + 1;
    const isRound = missing >= decision.play.length;
    this.#remember({ failures: 0, missing: isRound ? 0 : missing, retryMono: isRound ? clock.monoMs() + RETRY_MS.max : 0 });
    if (decision.isOnce) this.#remember({ retryMono: 0 });
  }

  /** Why a start failed, by the error that the player reported since. */
  #cause(begunMono: MonoMs): Missing {
    const error = this.#latest(PLAYER_POINTS.error);
    return error !== undefined && error.atMono >= begunMono && error.value === PLAYER_ERROR.noSuchTrack ? 'no-such-track' : 'other';
  }

  /** Awaits a write to the player and remembers how it ended. */
  async #write(sending: Promise<WriteResult>, announces = true): Promise<WriteResult> {
    this.#isWriting = true;
    const result = await sending;
    this.#isWriting = false;
    const nowMono = this.#parts.clock.monoMs();
    const failures = result.state === 'verified' ? 0 : this.#memory.failures + 1;
    const waitMs = Math.min(RETRY_MS.first * 2 ** Math.min(failures - 1, 16), RETRY_MS.max);
    this.#reason = result.state === 'failed' ? result.reason : NO_TEXT;
    this.#remember({ writtenMono: nowMono, failures, retryMono: failures === 0 ? 0 : nowMono + waitMs });
    if (announces) this.#parts.onProgress();
    return result;
  }

  #send(point: string, value: number, isUrgent: boolean): Promise<WriteResult> {
    const { field, place, clock } = this.#parts;
    const expiresMono = clock.monoMs() + WRITE_TTL_MS;
    return field.writePoint({ pointId: `${place.player}.${point}`, value, lane: isUrgent ? 'urgent' : 'command', expiresMono });
  }

  #report(decision: SoundDecision, player: PlayerFacts): void {
    const { events, place } = this.#parts;
    const isWanted = decision.play.length > 0;
    const set = (isBad: boolean, code: 'sound-player-silent' | 'sound-no-medium' | 'sound-too-loud', text: Message): void =>
      events.set(isBad, { code, source: place.id, severity: 'warning', text });
    const [silent, again] = [msg`${place.id} should sound, but its player ${place.player} is silent`, msg`${place.id}: its player answers`];
    set(isWanted && !player.isAlive, 'sound-player-silent', isWanted && !player.isAlive ? silent : again);
    const isEmpty = player.isAlive && player.files === 0;
    set(
      isEmpty,
      'sound-no-medium',
      isEmpty ? msg`${place.id}: no card in player ${place.player}, or no file on it` : msg`${place.id}: its player has a card`,
    );
    const isLoud = isTooLoud({ decision, player, memory: this.#memory });
    const loud = msg`${place.id}: the volume of player ${place.player} does not follow, so it is silenced; check the module`;
    set(isLoud, 'sound-too-loud', isLoud ? loud : msg`${place.id}: the volume follows`);
  }

  #latest(point: string): Reading | undefined {
    const { field, place } = this.#parts;
    return field.latest(`${place.player}.${point}` as PointId);
  }

  #remember(change: Partial<PlayMemory>): void {
    this.#memory = { ...this.#memory, ...change };
  }
}

function goodValue(reading: Reading | undefined): number | null {
  return reading?.quality === 'good' ? reading.value : null;
}
