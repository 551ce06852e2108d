/**
 * The sound of the cabinet: decides each second, and at once when a player reports or a request arrives, what each place plays.
 *
 * Depends on nothing but the lines and the time. A change of the configuration continues what plays; an agent that stops leaves the players
 * as they are: their track ends, and no further one begins.
 */
import { randomUUID } from 'node:crypto';
import type { Cabinet } from '../core/cabinet.ts';
import type { CabinetPoint } from '../core/cabinet-points.ts';
import { type Clock, every, type Timer } from '../core/clock.ts';
import { createEventTracker, type EventTracker } from '../core/event-tracker.ts';
import { portKey } from '../core/line-port.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import { splitPointId } from '../core/point-id.ts';
import type { Field, Log, Store } from '../core/ports.ts';
import type { SoundConfig, SoundPlace } from '../core/sound-config.ts';
import type { SentSoundRequest, SoundTools, SoundView } from '../core/sound-tools.ts';
import type { AgentEvent, Outcome, PointId, Reading } from '../core/words.ts';
import { Amplifier } from './amplifier.ts';
import { historyOf, type SoundHistory } from './announcement-queue.ts';
import { createDayTimes } from './day-times.ts';
import { IntentRegistry } from './intent-registry.ts';
import { PendingRequests } from './pending-requests.ts';
import { PlacePlayer } from './place-player.ts';
import { mayEnd, soundIntentOf, soundRefusal } from './sound-intents.ts';
import { PlaceControl } from './sound-place.ts';
import type { SoundIntent } from './sound-words.ts';

/** The dependencies with which `SoundControl` is created, and its callbacks. */
export interface SoundControlParts {
  readonly site: Pick<Cabinet, 'latitudeDeg' | 'longitudeDeg' | 'timezone' | 'lines'>;
  /** Which announcements were accepted and handled. The control changes it; it continues over a change of the configuration. */
  readonly history: SoundHistory;
  /** Null for a cabinet without sound: no place, and no timer. */
  readonly sound: SoundConfig | null;
  readonly points: ReadonlyMap<PointId, Pick<CabinetPoint, 'profile'>>;
  readonly clock: Clock;
  readonly field: Pick<Field, 'writePoint' | 'latest'>;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  readonly onEvent: (event: AgentEvent) => void;
  /** Receives each stage of a request, up to the final one. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Receives the view of a place when it is new, or its state, rank, tracks, volume, `untilMs` or faults have changed. */
  readonly onView?: (view: SoundView) => void;
}

/** Time between two ticks when nothing else causes one. Units: ms. Source: as for light. */
const TICK_MS = 1_000;
const NO_SOUND: SoundConfig = {
  limits: { maxVolumePct: 0, emergencyVolumePct: 0, quietHours: [], announcementsPerH: 0, emergencyBy: [] },
  ...{ tracks: [], programmes: [], calendars: [], places: [] },
};
const NOT_RUNNING = msg`the agent is starting or stopping; try again in a moment`;

/**
 * The sound of a cabinet: decides what a place plays, makes the player follow, and carries out requests. Requests are refused before
 * `start` and after `stop`.
 */
export class SoundControl {
  readonly #parts: SoundControlParts;
  readonly #config: SoundConfig;
  readonly #events: EventTracker;
  readonly #intents: IntentRegistry;
  readonly #pending: PendingRequests;
  readonly #places: ReadonlyMap<string, PlaceControl>;
  readonly #players: ReadonlySet<string>;
  readonly #shown = new Map<string, string>();
  #timer: Timer | null = null;

  constructor(parts: SoundControlParts) {
    const { clock, sound, onEvent, onOutcome } = parts;
    this.#parts = parts;
    this.#config = sound ?? NO_SOUND;
    this.#events = createEventTracker(clock, onEvent);
    const portOf = new Map(this.#config.places.map((place) => [place.id, this.#portOf(place)]));
    this.#intents = new IntentRegistry({ ...parts, portOf, onEnd: (intent) => this.#noteEnd(intent) });
    this.#pending = new PendingRequests({
      clock,
      saved: () => this.#intents.saved,
      onOutcome,
      onExpired: (request) => this.#withdraw(request),
    });
    this.#places = new Map(this.#config.places.map((place) => [place.id, this.#createPlace(place)]));
    this.#players = new Set(this.#config.places.map(({ player }) => player));
  }

  /** Begins to follow the programme, and restores the requests of an earlier run. */
  start(): void {
    if (this.#timer !== null || this.#places.size === 0) return;
    this.#timer = every(this.#parts.clock, TICK_MS, () => this.#tick());
    void this.#intents.restore().then(() => this.#tick());
  }

  /** Open requests fail. Leaves a place as it is if one place of `next` has its player and all its amplifiers; silences it otherwise. */
  stop(next: SoundConfig | null): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#pending.abandonAll(msg`the agent stopped before it was confirmed`);
    for (const { place, player } of this.#places.values()) if (!next?.places.some((each) => isSameWiring(each, place))) player.release();
  }

  /** Decides at once if one of the readings is of a player. */
  onReadings(readings: readonly Reading[]): void {
    if (this.#timer === null) return;
    if (readings.some(({ pointId }) => this.#players.has(splitPointId(pointId).deviceId))) this.#tick();
  }

  /** Carries out or refuses a request. Resolves with the final outcome; `onOutcome` receives the stages. */
  async request(request: SentSoundRequest): Promise<Outcome> {
    this.#pending.publish(request, 'received');
    const place = this.#places.get(request.place);
    const refusal = place === undefined ? msg`there is no sound place ${request.place}` : this.#refusalOf(request, place);
    if (place === undefined || refusal !== NO_TEXT) return this.#refuse(request, refusal);
    this.#apply(request, place);
    const outcome = this.#pending.follow(request, place);
    this.#tick();
    return outcome;
  }

  /** The tools for the console. Their requests have the authority of a technician. */
  tools(): SoundTools {
    return {
      places: () => [...this.#places.values()].map((place) => place.view()),
      tracks: () => this.#config.tracks.map(({ id }) => id),
      request: (request) => this.request({ ...request, commandId: randomUUID(), authority: 'technician' }),
    };
  }

  #createPlace(place: SoundPlace): PlaceControl {
    const { clock, field, points, log, site, history: all } = this.#parts;
    const events = this.#events;
    const amplifiers = place.amplifiers.map(({ device, point }) => {
      const pointId: PointId = `${device}.${point}`;
      const write = points.get(pointId)?.profile.write;
      const proofId: PointId = write?.verify == null ? pointId : `${device}.${write.verify}`;
      return new Amplifier({ clock, field, events, pointId, proofId, settleMs: write?.settleMs ?? 0 });
    });
    const { tracks } = this.#config;
    const player = new PlacePlayer({ place, tracks, clock, field, events, amplifiers, onProgress: () => this.#tick() });
    const history = historyOf(all, this.#portOf(place));
    return new PlaceControl({ config: this.#config, place, times: createDayTimes(site), clock, log, events, player, history });
  }

  /** The port of the player's line, in its normal form. */
  #portOf({ player }: SoundPlace): string {
    const port = this.#parts.site.lines.find(({ devices }) => devices.some(({ id }) => id === player))?.port;
    return port === undefined ? player : portKey(port);
  }

  #tick(): void {
    if (this.#timer === null) return;
    this.#intents.tend();
    for (const place of this.#places.values()) {
      place.tick(this.#intents.of(place.place.id));
      this.#show(place);
    }
    this.#pending.advance();
  }

  #show(place: PlaceControl): void {
    const { onView } = this.#parts;
    if (onView === undefined) return;
    const view = place.view();
    const { id, state, rank, play, track, volumePct, untilMs, faults } = view;
    const text = JSON.stringify([state, rank, play, track, volumePct, untilMs, faults.map(String)]);
    if (this.#shown.get(id) === text) return;
    this.#shown.set(id, text);
    onView(view);
  }

  #refusalOf(request: SentSoundRequest, { place, decision, announcements }: PlaceControl): Message {
    if (this.#timer === null) return NOT_RUNNING;
    const facts = { place, decision, intents: this.#intents.of(place.id), announcedMono: announcements.announcedMono };
    const refusal = soundRefusal(this.#config, request, { ...facts, nowMono: this.#parts.clock.monoMs() });
    if (refusal !== NO_TEXT || request.ask.action !== 'announce' || !announcements.isFull) return refusal;
    return msg`too many announcements wait at ${place.id}; try again later`;
  }

  #refuse(request: SentSoundRequest, reason: Message): Outcome {
    const text = msg`${request.source}: ${reason}`;
    this.#events.notice({ code: 'command-refused', source: request.place, severity: 'warning', text });
    return this.#pending.publish(request, 'refused', reason);
  }

  #apply(request: SentSoundRequest, { announcements }: PlaceControl): void {
    const { clock } = this.#parts;
    const { ask, authority, commandId, place, source, reason } = request;
    const instant = { nowMs: clock.wallMs(), nowMono: clock.monoMs() };
    if (ask.action === 'announce') announcements.add({ id: commandId, play: ask.track, source, reason }, instant.nowMono);
    else if (ask.action === 'resume') this.#intents.end((each) => each.place === place && mayEnd(this.#config, each, authority));
    const intent = soundIntentOf(request, instant);
    if (intent !== undefined) this.#intents.add(intent);
    const text = requestText(request);
    this.#events.notice({ code: 'sound-requested', source: place, severity: 'info', text });
  }

  /** Withdraws a request that has not begun. */
  #withdraw({ ask, commandId, place }: SentSoundRequest): void {
    if (ask.action === 'play' || ask.action === 'emergency') this.#intents.end(({ id }) => id === commandId);
    this.#places.get(place)?.announcements.remove(commandId);
  }

  #noteEnd({ place, source }: Pick<SoundIntent, 'place' | 'source'>): void {
    const text = msg`${place}: the request by ${source} is over`;
    this.#events.notice({ code: 'sound-ended', source: place, severity: 'info', text });
  }
}

function isSameWiring(next: SoundPlace, { player, amplifiers }: SoundPlace): boolean {
  return (
    next.player === player &&
    amplifiers.every((relay) => next.amplifiers.some((each) => `${each.device}.${each.point}` === `${relay.device}.${relay.point}`))
  );
}

function requestText({ ask, place, source, reason }: SentSoundRequest): Message {
  const texts = {
    play: () => msg`${'track' in ask ? ask.track : ''} at ${place} by ${source}`,
    announce: () => msg`announcement ${'track' in ask ? ask.track : ''} at ${place} by ${source}`,
    emergency: () => msg`emergency announcement ${'track' in ask ? ask.track : ''} at ${place} by ${source}`,
    stop: () => msg`${place} stopped by ${source}`,
    volume: () => msg`volume ${'volumePct' in ask ? ask.volumePct : ''} % at ${place} by ${source}`,
    resume: () => msg`${place} follows its programme again, by ${source}`,
  };
  const what = texts[ask.action]();
  return reason === '' ? what : msg`${what}: ${reason}`;
}
