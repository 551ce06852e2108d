/**
 * The stages of a command for light, per lamp:
 *
 *     received ──► queued ──► sent ──► verified
 *         │           └─────────┴────► failed
 *         └──► refused
 *
 * If all lamps have the level already, `verified` follows `queued` without `sent`. A release at the next step goes from `received` to
 * `verified`.
 * Pure: a command and the state of its lamps in, the command one step further out.
 *
 * `verified`: every lamp was read back at the level that the command brought about, after local limits. An override to 0 % at night ends
 * verified at the zone's minimum, with that level in `levelPct`.
 * `failed` with "waiting below …": a stronger intent covers this one. No lamp shows its level, but it takes over when the stronger one ends first.
 * A silent lamp ends as `failed` within seconds; the intent stays in force and the lamp is set when it returns.
 */

import type { MonoMs } from '../../core/clock.ts';
import { isSameMessage, type Message, msg, NO_TEXT } from '../../core/message.ts';
import { firstOf, inTurn } from '../../core/message-lists.ts';
import type { Decision, Intent, LevelPct, Outcome, OutcomeState, OverriddenLamps, Target } from '../../core/words.ts';
import { isFollowing, type LampTrack } from '../writing/reconcile.ts';

/**
 * Time after which a lamp that has not confirmed a command counts as failed, and the command with it; other lamps keep their result. Units:
 * ms. Source: assumed; about twice the time to write a line of 247 units. Confirmed by: the time to write a full line at 9600 baud on the
 * bench.
 */
export const COMMAND_MS = 60_000;
/**
 * How long after a command a silent lamp may take to answer before the command fails for it. Units: ms. Source: assumed; two retries of a
 * lost frame, and an operator watching the map expects an answer within this time. Confirmed by: operators at the map of a platform.
 */
export const SILENT_MS = 2_000;
/** Lamps named in one reason; the others are only counted. */
const NAMED_LAMPS = 6;

/** A command for light: what was requested, the stage of the command (`state`), and the progress of each lamp, by lamp id. */
export interface LightCommand {
  readonly commandId: string;
  readonly target: Target;
  /** The requested level, or the high level of a blinking; null if the command sets none. Units: %. */
  readonly levelPct: LevelPct | null;
  readonly source: string;
  /** Id of the intent that the command added; null for none. */
  readonly intentId: string | null;
  /** When it was queued; its time limits are counted from here. */
  readonly sinceMono: MonoMs;
  readonly state: OutcomeState;
  readonly lamps: Readonly<Record<string, LampProgress>>;
}

interface LampProgress {
  readonly state: OutcomeState;
  readonly reason: Message;
  /** A write of this command has been sent to the lamp. */
  readonly sent: boolean;
  /** The level read back; null before. */
  readonly levelPct: LevelPct | null;
  /** Set if it failed only because the lamp follows this stronger intent. */
  readonly below?: Intent;
}

/** What the stage of a command depends on, for one lamp: its newest decision, its write history, and its intents. */
export interface LampWork {
  readonly decision: Decision;
  readonly track: LampTrack;
  /** The intents in force for the lamp, strongest first. */
  readonly intents: readonly Intent[];
}

const SILENT = msg`does not answer: check its power and wiring; it is set as soon as it answers again`;
const QUEUED: LampProgress = { state: 'queued', reason: NO_TEXT, sent: false, levelPct: null };

/** Returns a new command in state `queued`, as are all its lamps. Nothing has been sent for them. */
export function beginCommand(command: Omit<LightCommand, 'state' | 'lamps'>, lampIds: readonly string[]): LightCommand {
  return { ...command, state: 'queued', lamps: Object.fromEntries(lampIds.map((id) => [id, QUEUED])) };
}

/**
 * Returns the command after a check of its lamps and their time limits; `command` itself if no state or reason changed. `workOf`: undefined
 * leaves the lamp as it is.
 */
export function advanceCommand(command: LightCommand, workOf: (lampId: string) => LampWork | undefined, nowMono: MonoMs): LightCommand {
  const lamps = mapLamps(command, (progress, lampId) => {
    const work = workOf(lampId);
    if (isEnd(progress.state) || work === undefined) return progress;
    const next = onceSent(progress, progressOf(command, work, nowMono));
    if (isEnd(next.state) || nowMono < command.sinceMono + COMMAND_MS) return next;
    return failed(String(next.reason) === '' ? msg`not confirmed within ${COMMAND_MS / 1_000} s` : next.reason, next.sent);
  });
  const same = Object.entries(lamps).every(
    ([id, { state, reason }]) => command.lamps[id]?.state === state && isSameMessage(command.lamps[id].reason, reason),
  );
  const state = overall(Object.values(lamps));
  return same && state === command.state ? command : { ...command, lamps, state };
}

/**
 * Returns whether a lamp follows an intent: it is in force for the lamp, none of another rank or level has priority, and the decided level
 * is confirmed, or its write has not ended but is known to have been sent (see `LevelWrite.onSent`).
 */
export function isFollowed(intentId: string, { decision, track, intents }: LampWork): boolean {
  const own = intents.find(({ id }) => id === intentId);
  const [strongest] = intents;
  if (own === undefined || strongest === undefined || isAbove(strongest, own)) return false;
  const { inFlight, confirmedPct } = track;
  return inFlight === null ? confirmedPct === decision.levelPct : inFlight.levelPct === decision.levelPct && inFlight.sent;
}

/** Returns the command as `failed`. Lamps whose stage is not final fail for this reason. */
export function abandonCommand(command: LightCommand, reason: Message): LightCommand {
  return { ...command, state: 'failed', lamps: mapLamps(command, (progress) => (isEnd(progress.state) ? progress : failed(reason))) };
}

/** Returns true if a stage is final: `verified`, `refused` or `failed`. */
export function isEnd(state: OutcomeState): boolean {
  return state === 'verified' || state === 'refused' || state === 'failed';
}

/** Returns the outcomes to publish after a check, in order, with a `sent` that was skipped; empty if the stage has not changed. */
export function outcomesBetween(before: LightCommand, after: LightCommand): readonly Omit<Outcome, 'atMs'>[] {
  if (before.state === after.state) return [];
  const lamps = Object.values(after.lamps);
  const skipped = before.state === 'queued' && isEnd(after.state) && lamps.some(({ sent }) => sent);
  return [...(skipped ? [outcomeOf(asSent(after))] : []), outcomeOf(after)];
}

/**
 * Returns a command's stage for its sender. `levelPct`: the requested level; once `verified`, the confirmed one if it is the same for all
 * lamps. Null if no level was requested, as for a release.
 */
export function outcomeOf(command: LightCommand): Omit<Outcome, 'atMs'> {
  const progress = Object.values(command.lamps);
  const [first] = progress;
  const waiting = waitingIn(command);
  const oneLevel = command.state === 'verified' && progress.every(({ levelPct }) => levelPct === first?.levelPct);
  return {
    commandId: command.commandId,
    target: command.target,
    levelPct: command.levelPct !== null && oneLevel ? (first?.levelPct ?? command.levelPct) : command.levelPct,
    state: command.state,
    reason: command.state === 'failed' ? reasons(command) : NO_TEXT,
    lamps: Object.fromEntries(Object.entries(command.lamps).map(([id, { state }]) => [id, state])),
    source: command.source,
    ...(waiting.length === 0 ? {} : { waiting }),
  };
}

/** The lamps that follow another intent, grouped by that intent. */
function waitingIn({ lamps }: LightCommand): readonly OverriddenLamps[] {
  const byIntent = Map.groupBy(
    Object.entries(lamps).filter(([, { below }]) => below !== undefined),
    ([, { below }]) => below?.id,
  );
  return [...byIntent.values()].flatMap((entries) => {
    const below = entries[0]?.[1].below;
    if (below === undefined) return [];
    const { target, levelPct, rank, source, reason, untilMs, goesByItself } = below;
    const wish = { target, levelPct, rank, source, reason, untilMs, ...(goesByItself ? { goesByItself } : {}) };
    return [{ lamps: entries.map(([id]) => id), wish }];
  });
}

function asSent(command: LightCommand): LightCommand {
  return { ...command, state: 'sent', lamps: mapLamps(command, (progress) => (progress.sent ? { ...progress, state: 'sent' } : progress)) };
}

function progressOf({ intentId, sinceMono }: LightCommand, { decision, track, intents }: LampWork, nowMono: MonoMs): LampProgress {
  const own = intents.find(({ id }) => id === intentId);
  if (intentId !== null && own === undefined) return failed(msg`replaced, released or over before it was confirmed`);
  const [strongest] = intents;
  if (own !== undefined && strongest !== undefined && isAbove(strongest, own))
    return { ...failed(waitingBelow(strongest)), below: strongest };
  const { levelPct } = decision;
  const tried = track.last?.levelPct === levelPct && track.last.endMono >= sinceMono ? track.last : null;
  const isTaken = track.inFlight?.levelPct === levelPct && track.inFlight.sent;
  const sent = (tried?.sent ?? false) || isTaken;
  if (track.inFlight === null && track.confirmedPct === levelPct) return { state: 'verified', reason: NO_TEXT, sent, levelPct };
  // A silent lamp that acknowledged its write has returned; only the read-back is outstanding. A broadcast never counts as sent to a silent lamp.
  if (track.answers === false && !isTaken && nowMono >= sinceMono + SILENT_MS) return failed(SILENT, sent);
  if (track.inFlight === null && tried !== null && !tried.verified && !isFollowing(track)) return failed(tried.reason, sent);
  return { ...QUEUED, state: sent ? 'sent' : 'queued', sent, reason: tried?.reason ?? NO_TEXT };
}

/** A sent write stays sent, even if the lamp is written again: a command never returns to `queued`. */
function onceSent({ sent }: LampProgress, next: LampProgress): LampProgress {
  if (!sent || next.sent) return next;
  return { ...next, sent, state: next.state === 'queued' ? 'sent' : next.state };
}

/** Whether the strongest intent on a lamp has another level or another rank than the given one. */
function isAbove(strongest: Intent, own: Intent): boolean {
  return strongest.rank !== own.rank || strongest.levelPct !== own.levelPct;
}

function overall(lamps: readonly LampProgress[]): OutcomeState {
  if (lamps.every(({ state }) => isEnd(state))) return lamps.some(({ state }) => state === 'failed') ? 'failed' : 'verified';
  return lamps.some(({ sent }) => sent) ? 'sent' : 'queued';
}

/** For example `L03, L04: no reply; L07: waiting below …`. For a single lamp only the reason. */
function reasons({ lamps }: LightCommand): Message {
  const byReason = Map.groupBy(
    Object.entries(lamps).filter(([, { state }]) => state === 'failed'),
    ([, { reason }]) => String(reason),
  );
  const groups = [...byReason.values()].map((entries) => ({ ids: entries.map(([id]) => id), reason: entries[0]?.[1].reason ?? NO_TEXT }));
  if (Object.keys(lamps).length === 1) return groups[0]?.reason ?? NO_TEXT;
  return inTurn(groups.map(({ ids, reason }) => msg`${firstOf(ids, NAMED_LAMPS)}: ${reason}`));
}

function waitingBelow({ rank, source }: Intent): Message {
  if (rank === 'maintenance') return msg`waiting: maintenance by ${source} has priority`;
  return rank === 'emergency' ? msg`waiting below emergency by ${source}` : msg`waiting below override by ${source}`;
}

function failed(reason: Message, sent = false): LampProgress {
  return { state: 'failed', reason, sent, levelPct: null };
}

function mapLamps({ lamps }: LightCommand, change: (progress: LampProgress, lampId: string) => LampProgress): LightCommand['lamps'] {
  return Object.fromEntries(Object.entries(lamps).map(([id, progress]) => [id, change(progress, id)]));
}
