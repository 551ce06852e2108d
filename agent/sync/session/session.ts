/**
 * The state machine of a Sparkplug session: bdSeq on disk, CONNECT, SUBACK, primary host, births, rebirth, death. Pure.
 *
 *     off ── start ──► saving ── saved ──► connecting ── connected ──► subscribing ── subscribed ──┬──► waiting-for-host
 *                        ▲                     │                           │                       │      │ host online
 *                        │ rested              │ failed                    │ failed                ▼      ▼
 *                     resting ◄────────────────┴───────────────────────────┴─────────────────────── birthing
 *                        ▲                                                                             │ birth-due
 *                        │ died, failed                                                                ▼
 *                      dying ◄───────────────── host offline, reconnect, stop ─────────────────────── live
 *
 * `failed` leads from every phase with a connection to `resting`, and `stop` to `off`: immediately without a connection, through `dying`
 * with one. After a `stop`, `dying` ends in `off`, also on `failed`. `saved` leads on even if the number is not on disk.
 * `rested` leads to `connecting` if the last number is on disk and was not sent with a CONNECT. `reconnect` leads from every phase with a
 * connection to `dying`, and ends `resting`. `platform-silent` leads from `live` to `dying` with several brokers. A host that goes offline
 * leads from `birthing` to `waiting-for-host`. With several brokers it leads from there to `dying`, as does a host without STATE in time.
 */
import type { MonoMs } from '../../core/clock.ts';
import {
  BD_SEQ_COUNT,
  type Effect,
  REBIRTH_GAP_MS,
  type RebirthState,
  type SessionEvent,
  type SessionState,
  type SessionStep,
  STABLE_MS,
} from './session-state.ts';

/** Largest time by which a host's clock may be ahead. Units: ms. Source: assumed, as for the age of a command. Confirmed by: the timestamps of STATE messages of a host in use. */
const CLOCK_SKEW_MS = 300_000;
/**
 * Longest wait for CONNACK, for SUBACK, and after it for the host's retained STATE. Units: ms. With several servers another one may answer, so
 * the wait begins with `step`. It grows by `step` with each round over the servers: for CONNACK with a round in which none sent one, for the
 * others with any round. With one server the wait for an answer is always `longest`, and that for STATE has no end.
 *
 * Source: assumed; a cellular modem needs up to 10 s to wake and TLS four round trips. Tahu's edge node waits 30 s for STATE. Confirmed by:
 * the connection times in a week of logs of a cabinet on a cellular link.
 */
const ANSWER_MS = { step: 10_000, longest: 30_000 };

/** Births wait at least this long after a reconnection: they are lost if no host has subscribed yet. Units: ms. Source: assumed; hosts connect again within a second. Confirmed by: births that a host misses after a restart of its broker. */
const HOST_BACK_MS = 1_000;

/**
 * Returns the session after an event, and the effects that the caller must carry out, in order. Does nothing itself. An event that does not
 * fit the phase changes nothing.
 */
export function afterEvent(session: SessionState, event: SessionEvent): SessionStep {
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
      return phase === 'connecting' ? subscribe(session) : stay(session);
    case 'subscribed':
      return phase === 'subscribing' ? afterSubscribed(session) : stay(session);
    case 'host':
      return afterHost(session, event);
    case 'host-late':
      return phase === 'waiting-for-host' && session.servers > 1 ? leaveServer(countRound(session)) : stay(session);
    case 'platform-silent':
      return phase === 'live' && session.servers > 1 ? leaveServer({ ...session, failures: 0 }) : stay(session);
    case 'birth-due':
      if (phase !== 'birthing') return stay(session);
      return go(
        { ...session, phase: 'live', bornMono: event.atMono, rebirth: afterBirth(session.rebirth, event.atMono) },
        { kind: 'birth' },
      );
    case 'rebirth-asked':
      return phase === 'live' ? askRebirth(session, event) : stay(session);
    case 'rebirth-due':
      return phase === 'live' && session.rebirth.pending ? rebirth(session, event.atMono) : stay(session);
    case 'failed':
      return afterFailure(session, event);
    case 'died':
      return afterDeath(session);
    case 'reconnect':
      return reconnect(session);
    case 'stop':
      return afterStop(session);
  }
}

function stay(session: SessionState): SessionStep {
  return { session, effects: [] };
}

function go(session: SessionState, ...effects: Effect[]): SessionStep {
  return { session, effects };
}

function afterStart(session: SessionState, lastBdSeq: number | null): SessionState {
  return { ...session, failures: 0, bdSeq: lastBdSeq ?? 0, bdSeqSpent: lastBdSeq !== null, bdSeqSaved: false };
}

/** A number that was not sent with a CONNECT is used again: hosts count CONNECTs, not attempts. */
function approach(session: SessionState): SessionStep {
  const bdSeq = session.bdSeqSpent ? (session.bdSeq + 1) % BD_SEQ_COUNT : session.bdSeq;
  const fresh: SessionState = {
    ...session,
    bdSeq,
    bdSeqSpent: false,
    bdSeqSaved: session.bdSeqSaved && !session.bdSeqSpent,
    bornMono: null,
  };
  return fresh.bdSeqSaved ? connect(fresh) : go({ ...fresh, phase: 'saving' }, { kind: 'save', bdSeq });
}

function connect(session: SessionState): SessionStep {
  return go(
    { ...session, phase: 'connecting' },
    { kind: 'connect', bdSeq: session.bdSeq, server: session.server, withinMs: answerMs(session, session.silentRounds) },
  );
}

function subscribe(session: SessionState): SessionStep {
  const effect: Effect = { kind: 'subscribe', withinMs: answerMs(session, session.failures) };
  return go({ ...session, phase: 'subscribing', bdSeqSpent: true, isAnswered: true, silentRounds: 0 }, effect);
}

/** A slow link is still served: each round without success waits longer. A stopped server costs `step` while another one answers. */
function answerMs({ servers }: SessionState, rounds: number): number {
  return servers === 1 ? ANSWER_MS.longest : Math.min(ANSWER_MS.step * (rounds + 1), ANSWER_MS.longest);
}

/** The retained STATE arrives after the SUBACK; a STATE from an earlier connection does not count. */
function afterSubscribed(session: SessionState): SessionStep {
  if (session.host.required && !session.host.online) return awaitHost(session);
  return go({ ...session, phase: 'birthing' }, { kind: 'await-birth' });
}

/** With one server the wait has no limit and costs a keepalive; with several the next server is tried. */
function awaitHost(session: SessionState): SessionStep {
  const waiting: SessionState = { ...session, phase: 'waiting-for-host' };
  return session.servers === 1 ? stay(waiting) : go(waiting, { kind: 'await-host', delayMs: answerMs(session, session.failures) });
}

/** Source: `operational-behavior-primary-application-state-with-multiple-servers-walk`. */
function leaveServer(session: SessionState): SessionStep {
  return go({ ...session, phase: 'dying', afterDeath: 'resting', server: (session.server + 1) % session.servers }, { kind: 'die' });
}

/** Source: `message-flow-edge-node-birth-publish-phid-*`, `operational-behavior-edge-node-termination-host-offline*`. */
function afterHost(session: SessionState, { online, atMs, nowMs }: Extract<SessionEvent, { kind: 'host' }>): SessionStep {
  const { phase, host, server } = session;
  const lastMs = host.lastMs[server] ?? 0;
  // A last STATE with a future time came from a wrong clock: no later STATE of the host would ever count.
  const isBound = nowMs === null || lastMs <= nowMs + CLOCK_SKEW_MS;
  if (!host.required || !isConnected(session) || (isBound && atMs < lastMs)) return stay(session);
  const updated: SessionState = { ...session, host: { ...host, online, lastMs: host.lastMs.with(server, atMs) } };
  if (online) return phase === 'waiting-for-host' ? go({ ...updated, phase: 'birthing' }, { kind: 'await-birth' }) : stay(updated);
  if (phase === 'birthing') return awaitHost(updated);
  if (phase === 'live') return leaveServer({ ...updated, failures: 0, rebirth: { ...session.rebirth, isReturn: true } });
  if (phase === 'waiting-for-host' && session.servers > 1) return leaveServer(countRound(updated));
  return stay(updated);
}

/** If no server has the host online in a whole round, this counts as a failure: the next round is slower. */
function countRound(session: SessionState): SessionState {
  return session.server === session.servers - 1 ? { ...session, failures: session.failures + 1 } : session;
}

/** DATA stops with the request, even if the births must wait. Source: `operational-behavior-data-commands-rebirth-action-1`. */
function askRebirth(session: SessionState, { atMono, isSparing }: Extract<SessionEvent, { kind: 'rebirth-asked' }>): SessionStep {
  const { lastMono, gapMs, pending } = session.rebirth;
  if (pending) return stay(session);
  const delayMs = restOfGapMs(lastMono, gapMs, { atMono, isSparing });
  if (delayMs <= 0) return rebirth(session, atMono);
  return go({ ...session, rebirth: { ...session.rebirth, pending: true } }, { kind: 'await-rebirth', delayMs });
}

function rebirth(session: SessionState, atMono: MonoMs): SessionStep {
  const gapMs = nextGapMs(session.rebirth, session.rebirth.lastMono, atMono);
  return go(
    { ...session, rebirth: { ...session.rebirth, lastMono: atMono, causedMono: atMono, gapMs, pending: false } },
    { kind: 'rebirth' },
  );
}

/**
 * Births of a new session. The first births after the host's return are sent immediately and do not count; a restart of a host is not
 * slowed.
 */
function afterBirth(rebirth: RebirthState, atMono: MonoMs): RebirthState {
  const isNext = { ...rebirth, lastMono: null, pending: false, isReturn: false };
  if (!rebirth.isReturn) return isNext;
  return { ...isNext, returnMono: atMono, causedMono: atMono, gapMs: nextGapMs(rebirth, rebirth.returnMono, atMono) };
}

/** `sinceMono`: the last births for the same cause. The quiet time is counted from the last births for any cause. */
function nextGapMs({ causedMono, gapMs }: RebirthState, sinceMono: MonoMs | null, atMono: MonoMs): number {
  if (causedMono !== null && atMono - causedMono >= REBIRTH_GAP_MS.quiet) return REBIRTH_GAP_MS.first;
  return sinceMono === null ? gapMs : Math.min(gapMs * 2, REBIRTH_GAP_MS.longest);
}

/** The remaining time between two births. `isSparing`: the day's data budget is used up. Units: ms; zero or negative if they are due. */
function restOfGapMs(
  sinceMono: MonoMs | null,
  gapMs: number,
  { atMono, isSparing }: { readonly atMono: MonoMs; readonly isSparing: boolean },
): number {
  return sinceMono === null ? 0 : sinceMono + (isSparing ? REBIRTH_GAP_MS.longest : gapMs) - atMono;
}

/**
 * Returns how long the births of a session wait, so that a fleet does not send its births at the same moment: `chance` (0..1) times
 * `jitterMs`. `awayMs`: the time since a stable session was lost; null for none. It is subtracted, because the back-off has spread the
 * fleet already. After a loss, births wait at least a second, or `jitterMs` if that is less. Units: ms.
 */
export function spreadDelayMs({
  jitterMs,
  chance,
  awayMs,
}: {
  readonly jitterMs: number;
  readonly chance: number;
  readonly awayMs: number | null;
}): number {
  return awayMs === null ? chance * jitterMs : Math.max(chance * jitterMs - awayMs, Math.min(jitterMs, HOST_BACK_MS));
}

/**
 * Returns how long the births after a return of the primary host must still wait, counted from the last such births; 0 for other births.
 * `isSparing`: the day's data budget is used up. Units: ms; zero or negative if they are due.
 */
export function returnDelayMs({ rebirth }: SessionState, at: { readonly atMono: MonoMs; readonly isSparing: boolean }): number {
  return rebirth.isReturn ? restOfGapMs(rebirth.returnMono, rebirth.gapMs, at) : 0;
}

function afterFailure(session: SessionState, { atMono, isSilent }: Extract<SessionEvent, { kind: 'failed' }>): SessionStep {
  const { phase } = session;
  if (phase === 'off' || phase === 'resting' || phase === 'saving') return stay(session);
  if (phase === 'dying') return afterDeath(session);
  const isHealthy = isSound(session, atMono);
  // A link that broke is opened again to the same server first. A server that was silent would accept TCP and be silent again.
  if (isHealthy && !isSilent) return rest({ ...session, failures: 1 });
  const begun = isHealthy ? { ...session, failures: 0, isAnswered: false } : session;
  const next = { ...begun, server: (session.server + 1) % session.servers };
  return rest(next.server === 0 ? afterRound(next) : next);
}

function afterRound(session: SessionState): SessionState {
  const silentRounds = session.isAnswered ? 0 : session.silentRounds + 1;
  return { ...session, failures: session.failures + 1, isAnswered: false, silentRounds };
}

function isSound({ bornMono }: SessionState, atMono: MonoMs): boolean {
  return bornMono !== null && atMono - bornMono >= STABLE_MS;
}

function afterDeath(session: SessionState): SessionStep {
  if (session.phase !== 'dying') return stay(session);
  return session.afterDeath === 'off' ? go({ ...forgetHost(session), phase: 'off' }, { kind: 'drop' }) : rest(session);
}

function rest(session: SessionState): SessionStep {
  return go({ ...forgetHost(session), phase: 'resting' }, { kind: 'drop' }, { kind: 'rest', failures: session.failures });
}

function forgetHost(session: SessionState): SessionState {
  return { ...session, host: { ...session.host, online: false } };
}

/**
 * Continues an attempt to connect, ends a session properly, or shortens a back-off. A person waits for the births, so they are not paced.
 */
function reconnect(session: SessionState): SessionStep {
  const atOnce = { ...session, failures: 0, rebirth: { ...session.rebirth, isReturn: false } };
  if (session.phase === 'resting') return approach(atOnce);
  if (!isConnected(session)) return stay(session);
  return go({ ...atOnce, phase: 'dying', afterDeath: 'resting' }, { kind: 'die' });
}

function afterStop(session: SessionState): SessionStep {
  if (session.phase === 'off') return stay(session);
  if (session.phase === 'dying') return stay({ ...session, afterDeath: 'off' });
  if (isConnected(session)) return go({ ...session, phase: 'dying', afterDeath: 'off' }, { kind: 'die' });
  return go({ ...forgetHost(session), phase: 'off' }, { kind: 'drop' });
}

/** The CONNACK has arrived, and the session has not ended yet. */
function isConnected({ phase }: SessionState): boolean {
  return phase === 'subscribing' || phase === 'waiting-for-host' || phase === 'birthing' || phase === 'live';
}
