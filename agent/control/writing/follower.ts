/** Makes the lamps follow the decisions: keeps a track of each lamp and passes the writes that `reconcile` decides to the field. */
import type { Lamp } from '../../core/cabinet.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Message } from '../../core/message.ts';
import type { Field, LevelWrite, Log, WriteResult } from '../../core/ports.ts';
import type { Decision, LevelPct, PointId } from '../../core/words.ts';
import { lampsToWrite, type PaceParts } from './group-pace.ts';
import { afterSend, afterSent, type LampStep, type LampTrack, nearestFirst, nudge, reconcile, type Verification } from './reconcile.ts';
import { TrackRegistry } from './track-registry.ts';

/** The dependencies with which `Follower` is created, and its callbacks. */
export interface FollowerParts {
  readonly lamps: readonly Lamp[];
  readonly clock: Clock;
  readonly field: Pick<Field, 'write' | 'latest'>;
  /** Receives `lamp-not-following`. */
  readonly events: EventTracker;
  readonly log: Log;
  /** Returns how the read level of a lamp is compared with the decided one. */
  readonly verificationOf: (lampId: string) => Verification;
  /** Limits the levels per second, except urgent ones. Absent: no limit. */
  readonly pace?: PaceParts | undefined;
  /** Called after writes were sent or have ended, because open commands may have progressed. */
  readonly onProgress: () => void;
  /** As `LevelWrite.onSent`, for each level that was sent to a lamp. */
  readonly onSent?: (lampId: string, sentMono: MonoMs) => void;
}

/**
 * A write not sent within this time is dropped and planned again. Units: ms. Source: assumed; a line of 247 units at 9600 baud is written
 * once in about 25 s. Confirmed by: the time to write a full line at 9600 baud on the bench.
 */
const WRITE_TTL_MS = { urgent: 30_000, command: 60_000 };

/** Returns the id of the point that sets and reads a lamp's level: `device.point`. */
export function levelPointOf({ device, point }: Lamp): PointId {
  return `${device}.${point}`;
}

/** What one lamp needs at this tick. */
interface FollowStep extends LampStep {
  readonly lampId: string;
  readonly pointId: PointId;
}

/** Writes lamps until they have the decided level. Raises `lamp-not-following` for a lamp that does not follow. */
export class Follower {
  readonly #parts: FollowerParts;
  readonly #points: ReadonlyMap<string, PointId>;
  readonly #tracks: TrackRegistry;
  /** Lamps found at another level than they had confirmed, with the reason, until they confirm again. */
  readonly #found = new Map<string, Message>();
  #writes = 0;
  #isProgressDue = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#points = new Map(parts.lamps.map((lamp) => [lamp.id, levelPointOf(lamp)]));
    this.#tracks = new TrackRegistry(parts.events, 'lamp-not-following');
  }

  /** Writes the lamps that need it and that `pace` allows, nearest to a detection first. Only a later call repeats a failed write. */
  follow(decisions: readonly Decision[]): void {
    const nowMono = this.#parts.clock.monoMs();
    const steps = [...decisions].sort(nearestFirst).flatMap((decision) => this.#step(decision, nowMono));
    const leaving = this.#leaving(steps, nowMono);
    const planned = steps.flatMap((step) => this.#take(step, leaving, nowMono));
    for (const write of planned) void this.#parts.field.write(write).then((result) => this.#settle(write, result));
  }

  /** Removes the back-off of lamps that have not confirmed their level. */
  nudge(lampIds: readonly string[]): void {
    for (const id of lampIds) this.#tracks.set(id, nudge(this.track(id)));
  }

  /** The track of a lamp; `NEW_TRACK` before anything is known of it. */
  track(lampId: string): LampTrack {
    return this.#tracks.of(lampId);
  }

  #step(decision: Decision, nowMono: MonoMs): FollowStep[] {
    const { field, verificationOf } = this.#parts;
    const { lampId } = decision;
    const pointId = this.#points.get(lampId);
    if (pointId === undefined) return [];
    const situation = { decision, measured: field.latest(pointId), verification: verificationOf(lampId), nowMono };
    return [{ lampId, pointId, ...reconcile(this.track(lampId), situation) }];
  }

  #leaving(steps: readonly FollowStep[], nowMono: MonoMs): ReadonlySet<string> {
    const { pace } = this.#parts;
    const writes = steps.flatMap(({ lampId, write }) => (write === null ? [] : [{ lampId, ...write }]));
    return pace === undefined || writes.length === 0 ? new Set(writes.map(({ lampId }) => lampId)) : lampsToWrite(writes, pace, nowMono);
  }

  #take({ lampId, pointId, track, write }: FollowStep, leaving: ReadonlySet<string>, nowMono: MonoMs): LevelWrite[] {
    const { last, confirmedPct } = track;
    if (this.track(lampId).last?.verified === true && last?.verified === false) this.#found.set(lampId, last.reason);
    if (confirmedPct !== null) this.#found.delete(lampId);
    const isHeld = !leaving.has(lampId);
    const commandId = `${lampId}#${this.#writes + 1}`;
    this.#tracks.take(lampId, write === null || isHeld ? track : afterSend(track, commandId, write.levelPct));
    if (write === null || isHeld) return [];
    this.#writes++;
    const onSent = (sentMono: MonoMs): void => this.#onSent(lampId, commandId, sentMono);
    return [{ ...write, commandId, lampId, pointId, expiresMono: nowMono + WRITE_TTL_MS[write.lane], onSent }];
  }

  #onSent(lampId: string, commandId: string, sentMono: MonoMs): void {
    this.#tracks.set(lampId, afterSent(this.track(lampId), commandId));
    this.#parts.onSent?.(lampId, sentMono);
    this.#reportProgress();
  }

  #settle({ lampId, levelPct, commandId }: LevelWrite, result: WriteResult): void {
    const isNewest = this.track(lampId).inFlight?.commandId === commandId;
    this.#tracks.settle(lampId, commandId, { result, endMono: this.#parts.clock.monoMs() });
    if (result.state === 'verified' && isNewest) this.#reportRelit(lampId, levelPct);
    this.#reportProgress();
  }

  #reportRelit(lampId: string, levelPct: LevelPct): void {
    const why = this.#found.get(lampId);
    if (this.#found.delete(lampId))
      this.#parts.log.event('lamp-relit', { lamp: lampId, levelPct, ...(why === undefined ? {} : { why: String(why) }) });
  }

  /** A group write is progress of many lamps at one moment. It is reported once, so that the report does not delay the line. */
  #reportProgress(): void {
    if (this.#isProgressDue) return;
    this.#isProgressDue = true;
    queueMicrotask(() => {
      this.#isProgressDue = false;
      this.#parts.onProgress();
    });
  }
}
