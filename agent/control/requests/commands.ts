/**
 * A person's or the platform's command on its way: received → queued → sent → verified, refused or failed, per lamp for a zone.
 *
 * Owns the stages and how they end. Pure: a command and what its lamps do in, the command one step on out.
 *
 * `verified` means that every lamp was read back at the level which the command brought about, after local limits (an override to 0 % at
 * night ends verified at the zone's minimum, and says so in `levelPct`). A command that a stronger wish covers is accepted and waits
 * below it; as no lamp shows its level, it ends `failed` with "waiting below …", and still takes over should the stronger one end first.
 * A lamp known to be silent ends as `failed` within seconds, the wish stays in force and the lamp is set when it returns.
 */
import type { MonoMs } from '../../core/clock.ts';
import {
  type Decision,
  type Intent,
  type LevelPct,
  type Outcome,
  type OutcomeState,
  type OverriddenLamps,
  RANKS,
  type Target,
} from '../../core/words.ts';
import { isFollowing, type LampTrack } from '../writing/reconcile.ts';

/** Longest life of a command before its sender hears how it ended. Units: ms. Source: assumed; twice the time a line of 247 units needs to be written. */
export const COMMAND_MS = 60_000;
/** A lamp known to be silent gets this long to come back before its sender is told. Units: ms. Source: assumed; two retries of a lost frame, and nobody at a map waits longer gladly. */
export const SILENT_MS = 2_000;
/** Lamps named in one reason; the others are counted. */
const NAMED_LAMPS = 6;

export interface LightCommand {
  readonly commandId: string;
  readonly target: Target;
  /** Asked for; null for a release. */
  readonly levelPct: LevelPct | null;
  readonly source: string;
  /** The wish behind it; null for a release. */
  readonly intentId: string | null;
  readonly sinceMono: MonoMs;
  readonly state: OutcomeState;
  readonly lamps: Readonly<Record<string, LampProgress>>;
}

interface LampProgress {
  readonly state: OutcomeState;
  readonly reason: string;
  /** A write of this command has left for the lamp. */
  readonly sent: boolean;
  /** Read back; null before. */
  readonly levelPct: LevelPct | null;
  /** Failed only since the lamp follows this stronger wish. */
  readonly below?: Intent;
}

/** What a command may see of one of its lamps. */
export interface LampWork {
  readonly decision: Decision;
  readonly track: LampTrack;
  /** In force for the lamp, strongest first. */
  readonly intents: readonly Intent[];
}

const SILENT = 'does not answer: check its power and wiring; it is set as soon as it is back';
const QUEUED: LampProgress = { state: 'queued', reason: '', sent: false, levelPct: null };

/** A command whose lamps are all still to be moved. */
export function beginCommand(command: Omit<LightCommand, 'state' | 'lamps'>, lampIds: readonly string[]): LightCommand {
  return { ...command, state: 'queued', lamps: Object.fromEntries(lampIds.map((id) => [id, QUEUED])) };
}

/** The command after a look at its lamps; the same object when nothing happened. */
export function advanceCommand(command: LightCommand, workOf: (lampId: string) => LampWork | undefined, nowMono: MonoMs): LightCommand {
  const lamps = mapLamps(command, (progress, lampId) => {
    const work = workOf(lampId);
    if (isEnd(progress.state) || work === undefined) return progress;
    const next = onceSent(progress, progressOf(command, work, nowMono));
    if (isEnd(next.state) || nowMono < command.sinceMono + COMMAND_MS) return next;
    return failed(next.reason === '' ? `not confirmed within ${COMMAND_MS / 1_000} s` : next.reason, next.sent);
  });
  const same = Object.entries(lamps).every(
    ([id, { state, reason }]) => command.lamps[id]?.state === state && command.lamps[id].reason === reason,
  );
  const state = overall(Object.values(lamps));
  return same && state === command.state ? command : { ...command, lamps, state };
}

/** Whether a lamp follows a wish: it is there, or its level is on the way to it. A stronger wish above it is not followed by this one's lamp. */
export function isFollowed(intentId: string, { decision, track, intents }: LampWork): boolean {
  const own = intents.find(({ id }) => id === intentId);
  const [strongest] = intents;
  if (own === undefined || strongest === undefined || isAbove(strongest, own)) return false;
  const { inFlight, confirmedPct } = track;
  return inFlight === null ? confirmedPct === decision.levelPct : inFlight.levelPct === decision.levelPct && inFlight.sent;
}

/** Ends what has not ended, for a reason that concerns the whole command: the agent stops. */
export function abandonCommand(command: LightCommand, reason: string): LightCommand {
  return { ...command, state: 'failed', lamps: mapLamps(command, (progress) => (isEnd(progress.state) ? progress : failed(reason))) };
}

/** Whether its sender waits for nothing more. */
export function isEnd(state: OutcomeState): boolean {
  return state === 'verified' || state === 'refused' || state === 'failed';
}

/** What its sender hears between two looks: that it was sent, if it was and he does not know yet, and how it stands now. */
export function outcomesBetween(before: LightCommand, after: LightCommand): readonly Omit<Outcome, 'atMs'>[] {
  if (before.state === after.state) return [];
  const lamps = Object.values(after.lamps);
  const skipped = before.state === 'queued' && isEnd(after.state) && lamps.some(({ sent }) => sent);
  return [...(skipped ? [outcomeOf(asSent(after))] : []), outcomeOf(after)];
}

/** A command as its sender sees it. `levelPct` becomes the level read back where all lamps agree on one. */
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
    reason: command.state === 'failed' ? reasons(command) : '',
    lamps: Object.fromEntries(Object.entries(command.lamps).map(([id, { state }]) => [id, state])),
    source: command.source,
    ...(waiting.length === 0 ? {} : { waiting }),
  };
}

/** By the wish that each lamp follows instead. */
function waitingIn({ lamps }: LightCommand): readonly OverriddenLamps[] {
  const byWish = Map.groupBy(
    Object.entries(lamps).filter(([, { below }]) => below !== undefined),
    ([, { below }]) => below?.id,
  );
  return [...byWish.values()].flatMap((entries) => {
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
  if (intentId !== null && own === undefined) return failed('replaced, released or over before it was confirmed');
  const [strongest] = intents;
  if (own !== undefined && strongest !== undefined && isAbove(strongest, own))
    return { ...failed(`waiting below ${strongest.rank} by ${strongest.source}`), below: strongest };
  const { levelPct } = decision;
  const tried = track.last?.levelPct === levelPct && track.last.endMono >= sinceMono ? track.last : null;
  const isTaken = track.inFlight?.levelPct === levelPct && track.inFlight.sent;
  const sent = (tried?.sent ?? false) || isTaken;
  if (track.inFlight === null && track.confirmedPct === levelPct) return { state: 'verified', reason: '', sent, levelPct };
  // A silent lamp that acknowledged its write is back; only the read-back is outstanding. A broadcast never counts as sent to a silent lamp.
  if (track.answers === false && !isTaken && nowMono >= sinceMono + SILENT_MS) return failed(SILENT, sent);
  if (track.inFlight !== null) return { ...QUEUED, state: sent ? 'sent' : 'queued', sent, reason: tried?.reason ?? '' };
  if (tried !== null && !tried.verified && !isFollowing(track)) return failed(tried.reason, sent);
  return { ...QUEUED, state: sent ? 'sent' : 'queued', sent, reason: tried?.reason ?? '' };
}

/** What was sent stays so, even when the lamp is told another level or anew: its sender never hears that it waits again. */
function onceSent({ sent }: LampProgress, next: LampProgress): LampProgress {
  if (!sent || next.sent) return next;
  return { ...next, sent, state: next.state === 'queued' ? 'sent' : next.state };
}

function isAbove(other: Intent, own: Intent): boolean {
  const ranks = RANKS.indexOf(own.rank) - RANKS.indexOf(other.rank);
  return ranks > 0 || (ranks === 0 && other.levelPct > own.levelPct);
}

function overall(lamps: readonly LampProgress[]): OutcomeState {
  if (lamps.every(({ state }) => isEnd(state))) return lamps.some(({ state }) => state === 'failed') ? 'failed' : 'verified';
  return lamps.some(({ sent }) => sent) ? 'sent' : 'queued';
}

/** `L03, L04: no reply; L07: waiting below …`. For a single lamp the reason alone. */
function reasons({ lamps }: LightCommand): string {
  const byReason = Map.groupBy(
    Object.entries(lamps).filter(([, { state }]) => state === 'failed'),
    ([, { reason }]) => reason,
  );
  if (Object.keys(lamps).length === 1) return [...byReason.keys()].join('');
  return [...byReason].map(([reason, entries]) => `${names(entries.map(([id]) => id))}: ${reason}`).join('; ');
}

function names(ids: readonly string[]): string {
  const more = ids.length - NAMED_LAMPS;
  return more > 0 ? `${ids.slice(0, NAMED_LAMPS).join(', ')} and ${more} more` : ids.join(', ');
}

function failed(reason: string, sent = false): LampProgress {
  return { state: 'failed', reason, sent, levelPct: null };
}

function mapLamps({ lamps }: LightCommand, change: (progress: LampProgress, lampId: string) => LampProgress): LightCommand['lamps'] {
  return Object.fromEntries(Object.entries(lamps).map(([id, progress]) => [id, change(progress, id)]));
}
