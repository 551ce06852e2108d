/**
 * The state of a Sparkplug session, the events that change it, and the effects that follow.
 */
import type { MonoMs, WallMs } from '../../core/clock.ts';

/**
 * The phase of a session; `session.ts` has the diagram. `saving`: bdSeq is being written. `birthing`: the births are due after a wait.
 * `live`: they were sent. `dying`: the deaths, then DISCONNECT. `resting`: the wait before the next attempt.
 */
export type Phase = 'off' | 'saving' | 'connecting' | 'subscribing' | 'waiting-for-host' | 'birthing' | 'live' | 'dying' | 'resting';

/** The whole state of a session; `afterEvent` replaces it. */
export interface SessionState {
  readonly phase: Phase;
  /** The bdSeq of the last CONNECT, or of the next one: see `bdSeqSpent`. 0..255. */
  readonly bdSeq: number;
  /** A CONNECT with this bdSeq was sent, or may have been: the next one uses the next number. */
  readonly bdSeqSpent: boolean;
  /** This bdSeq is known to be on disk. */
  readonly bdSeqSaved: boolean;
  /** Failed attempts in a row, or failed rounds over several servers, as counted for the back-off. */
  readonly failures: number;
  /** Number of servers, and the index of the one in use, or to be tried next. */
  readonly servers: number;
  readonly server: number;
  /** A server has sent a CONNACK in this round over the servers. */
  readonly isAnswered: boolean;
  /** Rounds in a row in which no server sent one. */
  readonly silentRounds: number;
  /** When the first births of the session were sent; null before. It stays until the next attempt to connect. */
  readonly bornMono: MonoMs | null;
  /** What is known of the primary host, and whether births wait for it. */
  readonly host: HostState;
  /** The births that a host causes, and their pace. */
  readonly rebirth: RebirthState;
  /** The phase after `dying`: `resting` to connect again, or `off`. */
  readonly afterDeath: 'resting' | 'off';
}

/** The state of the births that a host causes. */
export interface RebirthState {
  /** The time of the last births on request since the first births of the session; null if there were none. */
  readonly lastMono: MonoMs | null;
  /** The time of the last births after the host ended a session, on any connection; null if there were none. */
  readonly returnMono: MonoMs | null;
  /** The time of the last births that a host caused, on any connection; null if there were none. */
  readonly causedMono: MonoMs | null;
  /** The births of the next session are paced, because the host ended the last session that had births. */
  readonly isReturn: boolean;
  /** The pace of births that a host causes: the least time between two for the same cause, while the day's data budget lasts. Units: ms. */
  readonly gapMs: number;
  /** DATA is held until births on request. */
  readonly pending: boolean;
}

/**
 * The last STATE of the primary host, per server. It outlives a connection, so that a late will is not mistaken for the state of a new
 * host.
 */
interface HostState {
  /** Births wait for the host. */
  readonly required: boolean;
  /** On the current server. */
  readonly online: boolean;
  readonly lastMs: readonly (WallMs | null)[];
}

/** What happened to a session. The input of `afterEvent`. */
export type SessionEvent =
  /** `lastBdSeq`: null if none is stored, or only a damaged one; a random one if it could not be read or is no bdSeq. */
  | { readonly kind: 'start'; readonly lastBdSeq: number | null }
  /** Not `ok`: the disk refused or took too long; the number is kept in memory. */
  | { readonly kind: 'saved'; readonly ok: boolean }
  /** The CONNECT was sent, or may have been. */
  | { readonly kind: 'connect-written' }
  /** The CONNACK has arrived. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'subscribed' }
  /** The primary host has reported whether it is online. `atMs`: the time in its message. `nowMs`: null while the clock is not trusted. */
  | { readonly kind: 'host'; readonly online: boolean; readonly atMs: WallMs; readonly nowMs: WallMs | null }
  /** The host did not report on this server in time that it is online. */
  | { readonly kind: 'host-late' }
  /** The platform acknowledges nothing through this server. */
  | { readonly kind: 'platform-silent' }
  | { readonly kind: 'birth-due'; readonly atMono: MonoMs }
  /** A host requests new births. `isSparing`: the day's data budget is used up. */
  | { readonly kind: 'rebirth-asked'; readonly atMono: MonoMs; readonly isSparing: boolean }
  | { readonly kind: 'rebirth-due'; readonly atMono: MonoMs }
  /** `isSilent`: after its CONNACK the broker had not answered for too long, as one that is stopped or cut off. */
  | { readonly kind: 'failed'; readonly atMono: MonoMs; readonly isSilent: boolean }
  /** The effect `die` was carried out. */
  | { readonly kind: 'died' }
  /** The wait before the next attempt is over. */
  | { readonly kind: 'rested' }
  /** A new connection is requested. */
  | { readonly kind: 'reconnect' }
  | { readonly kind: 'stop' };

/** What the caller of `afterEvent` must do now. `birth`: send the first births of the session; `rebirth`: send them again. */
export type Effect =
  /** Write the number to disk, then dispatch `saved`. */
  | { readonly kind: 'save'; readonly bdSeq: number }
  /** `server`: the index of the server. `withinMs`: longest wait for CONNACK. */
  | { readonly kind: 'connect'; readonly bdSeq: number; readonly server: number; readonly withinMs: number }
  /** `withinMs`: longest wait for SUBACK. */
  | { readonly kind: 'subscribe'; readonly withinMs: number }
  /** Dispatch `host-late` after this time: the host may be on another server. */
  | { readonly kind: 'await-host'; readonly delayMs: number }
  /** Wait for the fleet's jitter and for the pace of births, then dispatch `birth-due`. */
  | { readonly kind: 'await-birth' }
  | { readonly kind: 'birth' }
  | { readonly kind: 'rebirth' }
  /** Stop DATA now, and dispatch `rebirth-due` after this time. */
  | { readonly kind: 'await-rebirth'; readonly delayMs: number }
  /** Send the deaths and DISCONNECT, then dispatch `died`. */
  | { readonly kind: 'die' }
  /** Drop the connection, or the attempt to connect, without DISCONNECT. Cancel a wait that is in progress. */
  | { readonly kind: 'drop' }
  /** Wait for the back-off after this number of failed attempts or rounds in a row, then dispatch `rested`. */
  | { readonly kind: 'rest'; readonly failures: number };

/** The result of an event: the next state of the session, and the effects to carry out in this order. */
export interface SessionStep {
  readonly session: SessionState;
  readonly effects: readonly Effect[];
}

/** Number of values of bdSeq. Source: `message-flow-edge-node-birth-publish-will-message-payload-bdSeq`: wraps 255 → 0. */
export const BD_SEQ_COUNT = 256;

/**
 * A link counts as healthy if its session lasted this long after its births. Units: ms. Source: assumed; longer than 1.5 times the default
 * keepalive. Confirmed by: the lengths of sessions in a week of logs of a cabinet on a cellular link.
 */
export const STABLE_MS = 60_000;

/**
 * The pace of births that a host causes, by requests or by its returns: the least time between two for the same cause. Requests of an
 * earlier session do not count. Both causes share the pace: it grows from `first` to `longest`, also over sessions, and is `first` again
 * after `quiet` without such births. Units: ms.
 *
 * Source: Tahu's host requests at most one per 5 s. The others are assumed: at 10 min, births of 35 lamps (80 KB) cost 12 MB a day.
 * Confirmed by: the requests of a platform in use.
 */
export const REBIRTH_GAP_MS = { first: 5_000, longest: 600_000, quiet: 1_200_000 };

/**
 * Returns the state of a session before its start, in phase `off`. `awaitsHost`: births wait for a primary host. `servers`: number of
 * brokers that may be tried.
 */
export function createSession(awaitsHost: boolean, servers = 1): SessionState {
  return {
    phase: 'off',
    bdSeq: 0,
    bdSeqSpent: false,
    bdSeqSaved: false,
    failures: 0,
    servers,
    server: 0,
    isAnswered: false,
    silentRounds: 0,
    bornMono: null,
    host: { required: awaitsHost, online: false, lastMs: Array.from({ length: servers }, () => null) },
    rebirth: { lastMono: null, returnMono: null, causedMono: null, isReturn: false, gapMs: REBIRTH_GAP_MS.first, pending: false },
    afterDeath: 'resting',
  };
}
