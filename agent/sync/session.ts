/**
 * Where the uplink stands between "off" and "live", and what must happen next.
 *
 * Owns the order of a Sparkplug session: bdSeq on disk, CONNECT, SUBACK, primary host, births, rebirth, death.
 * Never sends, waits or reads a clock. Called by `uplink.ts` with each event; it carries out the effects in their order.
 */
import type { MonoMs, WallMs } from '../core/clock.ts';
import { STABLE_MS } from './back-off.ts';

export type Phase = 'off' | 'saving' | 'connecting' | 'subscribing' | 'waiting-for-host' | 'birthing' | 'live' | 'dying' | 'resting';

export interface Session {
  readonly phase: Phase;
  /** Of the CONNECT in hand, or of the last one. 0..255. */
  readonly bdSeq: number;
  /** A CONNECT with this bdSeq has left: the next one takes the next number. */
  readonly bdSeqSpent: boolean;
  readonly bdSeqSaved: boolean;
  /** Failures in a row, for the back-off. */
  readonly failures: number;
  readonly bornMono: MonoMs | null;
  readonly host: HostState;
  readonly rebirth: { readonly lastMono: MonoMs | null; readonly pending: boolean };
  /** After the farewell: back to the broker, or off for good. */
  readonly afterDeath: 'resting' | 'off';
}

/** What the primary host last said. It outlives a connection, so that a late will cannot speak for a new host. */
interface HostState {
  /** Births wait for it. */
  readonly required: boolean;
  readonly online: boolean;
  readonly lastMs: WallMs | null;
}

export type SessionEvent =
  /** `lastBdSeq`: null when there never was one; a random one where the disk could not say. */
  | { readonly kind: 'start'; readonly lastBdSeq: number | null }
  /** Not `ok`: the disk refused, or took too long; the number goes on in memory. */
  | { readonly kind: 'saved'; readonly ok: boolean }
  | { readonly kind: 'connect-written' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'host'; readonly online: boolean; readonly atMs: WallMs }
  | { readonly kind: 'birth-due'; readonly atMono: MonoMs }
  | { readonly kind: 'rebirth-asked'; readonly atMono: MonoMs }
  | { readonly kind: 'rebirth-due'; readonly atMono: MonoMs }
  | { readonly kind: 'failed'; readonly atMono: MonoMs }
  | { readonly kind: 'died' }
  | { readonly kind: 'rested' }
  | { readonly kind: 'stop' };

export type Effect =
  /** Put the number on disk, then report `saved`. */
  | { readonly kind: 'save'; readonly bdSeq: number }
  | { readonly kind: 'connect'; readonly bdSeq: number }
  | { readonly kind: 'subscribe' }
  /** Wait the fleet's jitter, then report `birth-due`. */
  | { readonly kind: 'await-birth' }
  | { readonly kind: 'birth' }
  | { readonly kind: 'rebirth' }
  | { readonly kind: 'await-rebirth'; readonly delayMs: number }
  /** Deaths and DISCONNECT, then report `died`. */
  | { readonly kind: 'die' }
  /** Forget the connection; it is gone or must go without a word. */
  | { readonly kind: 'drop' }
  /** Wait the back-off, then report `rested`. */
  | { readonly kind: 'rest'; readonly failures: number };

export interface Step {
  readonly session: Session;
  readonly effects: readonly Effect[];
}

/** Shortest time between two rebirths; the first is answered at once. Units: ms. Source: Tahu's host asks at most each 5 s. */
export const REBIRTH_GAP_MS = 5_000;
/** How many numbers there are. Source: `message-flow-edge-node-birth-publish-will-message-payload-bdSeq`: wraps 255 → 0. */
export const BD_SEQ_COUNT = 256;

/** A session that has not begun. `awaitsHost`: a primary host is configured. */
export function createSession(awaitsHost: boolean): Session {
  return {
    phase: 'off',
    bdSeq: 0,
    bdSeqSpent: false,
    bdSeqSaved: false,
    failures: 0,
    bornMono: null,
    host: { required: awaitsHost, online: false, lastMs: null },
    rebirth: { lastMono: null, pending: false },
    afterDeath: 'resting',
  };
}

/**
 * The session after one more event, and what to do about it.
 *
 * Errors: none; an event that does not fit the phase (a late answer) changes nothing.
 */
export function afterEvent(session: Session, event: SessionEvent): Step {
  const { phase } = session;
  switch (event.kind) {
    case 'start':
      return phase === 'off' ? approach(afterStart(session, event.lastBdSeq)) : stay(session);
    case 'rested':
      return phase === 'resting' ? approach(session) : stay(session);
    case 'saved':
      return phase === 'saving' ? connect({ ...session, bdSeqSaved: event.ok }) : stay(session);
    case 'connect-written':
      return phase === 'connecting' ? stay({ ...session, bdSeqSpent: true }) : stay(session);
    case 'connected':
      return phase === 'connecting' ? go({ ...session, phase: 'subscribing', bdSeqSpent: true }, { kind: 'subscribe' }) : stay(session);
    case 'subscribed':
      return phase === 'subscribing' ? afterSubscribed(session) : stay(session);
    case 'host':
      return afterHost(session, event);
    case 'birth-due':
      if (phase !== 'birthing') return stay(session);
      return go({ ...session, phase: 'live', bornMono: event.atMono, rebirth: { lastMono: null, pending: false } }, { kind: 'birth' });
    case 'rebirth-asked':
      return phase === 'live' ? askRebirth(session, event.atMono) : stay(session);
    case 'rebirth-due':
      return phase === 'live' && session.rebirth.pending ? rebirth(session, event.atMono) : stay(session);
    case 'failed':
      return afterFailure(session, event.atMono);
    case 'died':
      return afterDeath(session);
    case 'stop':
      return afterStop(session);
  }
}

function stay(session: Session): Step {
  return { session, effects: [] };
}

function go(session: Session, ...effects: Effect[]): Step {
  return { session, effects };
}

function afterStart(session: Session, lastBdSeq: number | null): Session {
  return { ...session, failures: 0, bdSeq: lastBdSeq ?? 0, bdSeqSpent: lastBdSeq !== null, bdSeqSaved: false };
}

/** A number that never left with a CONNECT is used again: hosts count CONNECTs, not attempts. */
function approach(session: Session): Step {
  const bdSeq = session.bdSeqSpent ? (session.bdSeq + 1) % BD_SEQ_COUNT : session.bdSeq;
  const fresh: Session = { ...session, bdSeq, bdSeqSpent: false, bdSeqSaved: session.bdSeqSaved && !session.bdSeqSpent, bornMono: null };
  return fresh.bdSeqSaved ? connect(fresh) : go({ ...fresh, phase: 'saving' }, { kind: 'save', bdSeq });
}

function connect(session: Session): Step {
  return go({ ...session, phase: 'connecting' }, { kind: 'connect', bdSeq: session.bdSeq });
}

/** The retained STATE arrives after the SUBACK; what an earlier connection heard does not count. */
function afterSubscribed(session: Session): Step {
  if (session.host.required && !session.host.online) return stay({ ...session, phase: 'waiting-for-host' });
  return go({ ...session, phase: 'birthing' }, { kind: 'await-birth' });
}

/** Source: `message-flow-edge-node-birth-publish-phid-*`, `operational-behavior-edge-node-termination-host-offline*`. */
function afterHost(session: Session, { online, atMs }: { readonly online: boolean; readonly atMs: WallMs }): Step {
  const { phase, host } = session;
  const listening = phase === 'subscribing' || phase === 'waiting-for-host' || phase === 'birthing' || phase === 'live';
  if (!host.required || !listening || atMs < (host.lastMs ?? 0)) return stay(session);
  const heard: Session = { ...session, host: { ...host, online, lastMs: atMs } };
  if (online) return phase === 'waiting-for-host' ? go({ ...heard, phase: 'birthing' }, { kind: 'await-birth' }) : stay(heard);
  if (phase === 'birthing') return stay({ ...heard, phase: 'waiting-for-host' });
  if (phase === 'live') return go({ ...heard, phase: 'dying', afterDeath: 'resting' }, { kind: 'die' });
  return stay(heard);
}

function askRebirth(session: Session, atMono: MonoMs): Step {
  const { lastMono, pending } = session.rebirth;
  if (pending) return stay(session);
  const delayMs = lastMono === null ? 0 : lastMono + REBIRTH_GAP_MS - atMono;
  if (delayMs <= 0) return rebirth(session, atMono);
  return go({ ...session, rebirth: { lastMono, pending: true } }, { kind: 'await-rebirth', delayMs });
}

function rebirth(session: Session, atMono: MonoMs): Step {
  return go({ ...session, rebirth: { lastMono: atMono, pending: false } }, { kind: 'rebirth' });
}

function afterFailure(session: Session, atMono: MonoMs): Step {
  const { phase, bornMono } = session;
  if (phase === 'off' || phase === 'resting' || phase === 'saving') return stay(session);
  if (phase === 'dying') return afterDeath(session);
  const sound = bornMono !== null && atMono - bornMono >= STABLE_MS;
  return rest({ ...session, failures: sound ? 1 : session.failures + 1 });
}

function afterDeath(session: Session): Step {
  if (session.phase !== 'dying') return stay(session);
  return session.afterDeath === 'off' ? go({ ...forgetHost(session), phase: 'off' }, { kind: 'drop' }) : rest(session);
}

function rest(session: Session): Step {
  return go({ ...forgetHost(session), phase: 'resting' }, { kind: 'drop' }, { kind: 'rest', failures: session.failures });
}

function forgetHost(session: Session): Session {
  return { ...session, host: { ...session.host, online: false } };
}

function afterStop(session: Session): Step {
  switch (session.phase) {
    case 'off':
      return stay(session);
    case 'dying':
      return stay({ ...session, afterDeath: 'off' });
    case 'saving':
    case 'connecting':
    case 'resting':
      return go({ ...forgetHost(session), phase: 'off' }, { kind: 'drop' });
    case 'subscribing':
    case 'waiting-for-host':
    case 'birthing':
    case 'live':
      return go({ ...session, phase: 'dying', afterDeath: 'off' }, { kind: 'die' });
  }
}
