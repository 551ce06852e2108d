/**
 * Makes the lamps follow the decisions.
 *
 * Owns the tracks of all lamps and hands writes to the field. What to write is decided in `reconcile`; this only asks and remembers.
 */
import type { Lamp } from '../../core/cabinet.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Field, LevelWrite, Log, WriteResult } from '../../core/ports.ts';
import type { Decision, PointId } from '../../core/words.ts';
import { createComplianceTracker } from './compliance-tracker.ts';
import {
  afterResult,
  afterSend,
  afterSent,
  isFollowing,
  type LampTrack,
  NEW_TRACK,
  nearestFirst,
  nudge,
  reconcile,
  type Verification,
} from './reconcile.ts';

export interface FollowerParts {
  readonly lamps: readonly Lamp[];
  readonly clock: Clock;
  readonly field: Pick<Field, 'write' | 'latest'>;
  readonly events: EventTracker;
  readonly log: Log;
  readonly verificationOf: (lampId: string) => Verification;
  /** Whether the lamp's line takes one more level now; urgent ones do not ask. */
  readonly mayWrite?: (lampId: string) => boolean;
  /** Writes have left or ended: commands may have got on. Once for all that did so together. */
  readonly onProgress: () => void;
  /** A level has left for a lamp. */
  readonly onSent?: (lampId: string, sentMono: MonoMs) => void;
}

export interface Follower {
  /** Writes what must be written, nearest to a walker first. */
  follow(decisions: readonly Decision[]): void;
  /** Has the lamps tried at once that have not confirmed their level. */
  nudge(lampIds: readonly string[]): void;
  track(lampId: string): LampTrack;
  isFollowing(lampId: string): boolean;
}

/** A write not sent by then is dropped and planned anew. Units: ms. Source: assumed; a line of 247 units at 9600 baud is written once in about 25 s. */
const WRITE_TTL_MS = { urgent: 30_000, command: 60_000 };

/** The point that sets a lamp's level. */
export function levelPointOf({ device, point }: Lamp): PointId {
  return `${device}.${point}`;
}

export function createFollower({
  lamps,
  clock,
  field,
  events,
  log,
  verificationOf,
  mayWrite = () => true,
  onProgress,
  onSent: tellSent,
}: FollowerParts): Follower {
  const points = new Map(lamps.map((lamp) => [lamp.id, levelPointOf(lamp)]));
  const tracks = new Map<string, LampTrack>();
  /** Lamps found at another level than they had confirmed, and how, until they shine as wanted again. */
  const found = new Map<string, string>();
  let writes = 0;
  const track = (lampId: string): LampTrack => tracks.get(lampId) ?? NEW_TRACK;
  const obedience = createComplianceTracker(events, 'lamp-not-following');
  const keep = (lampId: string, next: LampTrack): void => {
    tracks.set(lampId, next);
    obedience.tell(lampId, next);
  };
  let isTold = true;
  /** A group write is the progress of many lamps at one moment: told once, so that the line is not held up by the telling. */
  const progress = (): void => {
    if (!isTold) return;
    isTold = false;
    queueMicrotask(() => {
      isTold = true;
      onProgress();
    });
  };
  const settle = (write: LevelWrite, result: WriteResult): void => {
    const failedReason = result.state === 'failed' ? result.reason : '';
    const end = { endMono: clock.monoMs(), verified: result.state === 'verified', sent: result.sentMono !== null, reason: failedReason };
    const before = track(write.lampId);
    keep(write.lampId, afterResult(before, write.commandId, end));
    if (end.verified && before.inFlight?.commandId === write.commandId) tellRelit(write);
    progress();
  };
  const tellRelit = ({ lampId, levelPct }: LevelWrite): void => {
    const why = found.get(lampId);
    if (found.delete(lampId)) log.event('lamp-relit', { lamp: lampId, levelPct, why });
  };
  const plan = (decision: Decision): LevelWrite[] => {
    const { lampId } = decision;
    const pointId = points.get(lampId);
    if (pointId === undefined) return [];
    const nowMono = clock.monoMs();
    const before = track(lampId);
    const step = reconcile(before, { decision, measured: field.latest(pointId), verification: verificationOf(lampId), nowMono });
    const { last, confirmedPct } = step.track;
    const isHeld = step.write?.lane === 'command' && !mayWrite(lampId);
    if (before.last?.verified === true && last?.verified === false) found.set(lampId, last.reason);
    if (confirmedPct !== null) found.delete(lampId);
    const commandId = `${lampId}#${writes + 1}`;
    keep(lampId, step.write === null || isHeld ? step.track : afterSend(step.track, commandId, step.write.levelPct));
    if (step.write === null || isHeld) return [];
    writes++;
    const onSent = (sentMono: MonoMs): void => {
      tracks.set(lampId, afterSent(track(lampId), commandId));
      tellSent?.(lampId, sentMono);
      progress();
    };
    return [{ ...step.write, commandId, lampId, pointId, expiresMono: nowMono + WRITE_TTL_MS[step.write.lane], onSent }];
  };
  return {
    follow(decisions) {
      const planned = [...decisions].sort(nearestFirst).flatMap(plan);
      for (const write of planned) void field.write(write).then((result) => settle(write, result));
    },
    nudge(lampIds) {
      for (const id of lampIds) tracks.set(id, nudge(track(id)));
    },
    track,
    isFollowing: (lampId) => isFollowing(track(lampId)),
  };
}
