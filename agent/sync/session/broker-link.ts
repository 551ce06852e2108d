/**
 * Keeps one connection to the broker at a time: carries out what the session machine decides.
 *
 * Owns connection, timers and the reason of the last failure. Decides nothing: `session.ts` does.
 */
import type { UplinkConfig } from '../../core/cabinet.ts';
import type { Clock, Timer, WallMs } from '../../core/clock.ts';
import { UplinkError, type UplinkErrorCode } from '../../core/errors.ts';
import type { Log, Store } from '../../core/ports.ts';
import { usableBrokers } from '../../core/secret-places.ts';
import type { UplinkCertificates } from '../../core/uplink-tools.ts';
import { within } from '../../core/within.ts';
import { readCertificate } from '../mqtt/certificates.ts';
import type { InboundMessage, MqttConnection, MqttTransport } from '../mqtt/mqtt-transport.ts';
import { startProbe } from '../mqtt/probe.ts';
import { createSecretReader, type ReadFile } from '../mqtt/secrets.ts';
import { backOffMs, STABLE_MS, takeoverRestMs } from './back-off.ts';
import { createBdSeqMemory } from './bd-seq-memory.ts';
import { afterEvent, createSession, type Effect, type SessionEvent, type SessionState } from './session.ts';
import type { Trace } from './trace.ts';

export interface BrokerLinkParts {
  readonly config: UplinkConfig;
  readonly clientId: string;
  readonly subscriptions: readonly string[];
  readonly will: (bdSeq: number) => { readonly topic: string; readonly payload: Buffer };
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly door: MqttTransport;
  /** 0..1. */
  readonly random: () => number;
  readonly readFile: ReadFile;
  readonly onBirth: (connection: MqttConnection, bdSeq: number) => void;
  readonly onRebirth: () => void;
  /** Say what there is to say before the end. */
  readonly onDeath: (connection: MqttConnection, ending: Ending) => Promise<void>;
  /** The connection is not to be used any more. */
  readonly onGone: () => void;
  readonly onMessage: (message: InboundMessage) => void;
  readonly onChange: () => void;
  /** Another client came with our id and the broker gave it the session. */
  readonly onTakenOver: (text: string) => void;
  readonly trace: Trace;
}

/** `wanted`: the agent stops, so there is a moment for the last proof; else the death goes out at once. */
export interface Ending {
  readonly bdSeq: number;
  readonly wanted: boolean;
}

export interface BrokerLink {
  readonly session: SessionState;
  /** In hand or next to be tried. */
  readonly server: { readonly index: number; readonly count: number; readonly url: string };
  /** Why the last connection ended or did not come about; empty when none failed. */
  readonly reason: string;
  /** Stays when it is over. */
  readonly lastFailure: { readonly atMs: WallMs; readonly text: string } | null;
  readonly certificates: UplinkCertificates;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The session cannot go on as it is. */
  fail(failure: UplinkError): void;
  tell(event: Extract<SessionEvent, { kind: 'host' | 'rebirth-asked' | 'reconnect' }>): void;
}

/** From the first packet to CONNACK. Units: ms. Source: assumed; a cellular modem needs up to 10 s to wake and TLS four round trips. */
const CONNECT_TIMEOUT_MS = 30_000;
/** From SUBSCRIBE to SUBACK. Units: ms. Source: as for CONNECT. */
const SUBSCRIBE_TIMEOUT_MS = 30_000;
/** Longest wait for a proper end before the socket is cut. Units: ms. Source: assumed; systemd gives the agent 10 s in all. */
const FAREWELL_MS = 2_000;
/** Chance in conformance mode: the rest grows by the same steps each time. Source: a checker wants births within 3 s of the host (reference/sparkplug.md §2). */
const STEADY = 0.25;
/** A link that touches nothing before `start`. */
export function createBrokerLink(parts: BrokerLinkParts): BrokerLink {
  const { config, clock, log } = parts;
  const readSecrets = createSecretReader(parts);
  const bdSeqs = createBdSeqMemory(parts);
  const servers = usableBrokers(config);
  let session = createSession(config.primaryHost !== null, servers.length);
  let connection: MqttConnection | null = null;
  let attempt = 0;
  let reason = '';
  let failure: UplinkErrorCode | null = null;
  let lastFailure: BrokerLink['lastFailure'] = null;
  let certificates: UplinkCertificates = { own: null, broker: null };
  /** In a row: two clients with one id would throw each other out for ever. */
  let takeovers = 0;
  let abort = new AbortController();
  let probe: Timer | null = null;
  let subscribing: Timer | null = null;
  let running = false;
  let timer: Timer | null = null;
  const whenOff: (() => void)[] = [];
  const events: SessionEvent[] = [];
  let busy = false;

  /** Events raised while effects are carried out wait their turn. */
  const dispatch = (event: SessionEvent): void => {
    events.push(event);
    if (busy) return;
    busy = true;
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const { phase } = session;
      const step = afterEvent(session, next);
      session = step.session;
      for (const effect of step.effects) carryOut(effect);
      if (session.phase !== phase) {
        log.event('uplink-phase', { phase: session.phase, bdSeq: session.bdSeq, reason }, 'debug');
        parts.trace.event(session.phase);
        parts.onChange();
      }
    }
    busy = false;
    if (session.phase === 'off') for (const resolve of whenOff.splice(0)) resolve();
  };
  const fail = (error: unknown): void => {
    if (!(error instanceof UplinkError)) throw error;
    reason = error.message;
    failure = error.code;
    lastFailure = { atMs: clock.wallMs(), text: error.message };
    log.event('uplink-failed', { code: error.code, message: error.message }, 'warning');
    parts.trace.event(`failed: ${error.message}`);
    if (error.code === 'taken-over') {
      takeovers = hasLivedLong() ? 1 : takeovers + 1;
      parts.onTakenOver(error.message);
    }
    dispatch({ kind: 'failed', atMono: clock.monoMs() });
  };
  const hasLivedLong = (): boolean => session.bornMono !== null && clock.monoMs() - session.bornMono >= STABLE_MS;
  const later = (delayMs: number, fire: () => void): void => {
    timer?.cancel();
    if (delayMs <= 0) fire();
    else timer = clock.after(delayMs, fire);
  };

  /** Half of the longest on the average, so that a fleet does not arrive at once. */
  function birthDelayMs(): number {
    return config.conformance ? 0 : parts.random() * config.birthJitterS * 1_000;
  }

  function carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'save':
        void save(effect.bdSeq);
        return;
      case 'connect':
        void connect(effect.bdSeq, servers[effect.server] ?? config.broker);
        return;
      case 'subscribe':
        void subscribe();
        return;
      case 'await-birth':
        later(birthDelayMs(), () => dispatch({ kind: 'birth-due', atMono: clock.monoMs() }));
        return;
      case 'await-host':
        later(effect.delayMs, () => dispatch({ kind: 'host-late' }));
        return;
      case 'birth':
        reason = '';
        failure = null;
        if (connection !== null) parts.onBirth(connection, session.bdSeq);
        return;
      case 'rebirth':
        parts.onRebirth();
        return;
      case 'await-rebirth':
        later(effect.delayMs, () => dispatch({ kind: 'rebirth-due', atMono: clock.monoMs() }));
        return;
      case 'die':
        void die();
        return;
      case 'drop':
        drop();
        return;
      case 'rest':
        later(restMs(effect.failures), () => dispatch({ kind: 'rested' }));
        return;
    }
  }

  /** Whoever throws us out is not thrown out at once. */
  function restMs(failures: number): number {
    const own = backOffMs(failures, config.conformance ? STEADY : parts.random());
    return failure === 'taken-over' ? Math.max(own, takeoverRestMs(takeovers, parts.random())) : own;
  }

  async function subscribe(): Promise<void> {
    const mine = attempt;
    const url = servers[session.server] ?? config.broker;
    subscribing = clock.after(SUBSCRIBE_TIMEOUT_MS, () => {
      unless(mine)(new UplinkError('lost', `${url} did not answer SUBSCRIBE within ${SUBSCRIBE_TIMEOUT_MS / 1_000} s: check the broker`));
    });
    try {
      await connection?.subscribe(parts.subscriptions);
      subscribing.cancel();
      if (mine === attempt) dispatch({ kind: 'subscribed' });
    } catch (error) {
      unless(mine)(error);
    }
  }

  /** A failure of a connection that is no longer the present one is nobody's concern. */
  function unless(mine: number): (error: unknown) => void {
    return (error) => {
      if (mine === attempt) fail(error);
    };
  }

  async function save(bdSeq: number): Promise<void> {
    const mine = attempt;
    const ok = await bdSeqs.save(bdSeq);
    if (mine === attempt) dispatch({ kind: 'saved', ok });
  }

  async function connect(bdSeq: number, url: string): Promise<void> {
    const mine = attempt;
    const { signal } = abort;
    try {
      const secrets = await readSecrets();
      certificates = { own: secrets.cert === null ? null : readCertificate(secrets.cert), broker: null };
      const opened = await parts.door.connect({
        url,
        protocol: config.protocol,
        clientId: parts.clientId,
        keepaliveS: config.keepaliveS,
        timeoutMs: CONNECT_TIMEOUT_MS,
        username: config.username,
        ...secrets,
        will: parts.will(bdSeq),
        clock,
        signal,
        onConnectWritten: () => {
          if (mine === attempt) dispatch({ kind: 'connect-written' });
        },
        onStage: (stage) => {
          if (stage.kind === 'tls') certificates = { ...certificates, broker: stage.peer };
        },
        onPacket: parts.trace.packet,
      });
      if (mine !== attempt) return opened.destroy();
      take(opened, url, mine);
      dispatch({ kind: 'connected' });
    } catch (error) {
      unless(mine)(error);
    }
  }

  function take(opened: MqttConnection, url: string, mine: number): void {
    connection = opened;
    opened.onMessage = parts.onMessage;
    opened.onClosed = unless(mine);
    probe = startProbe({
      clock,
      connection: opened,
      onSilent: (quietMs) => {
        const text = `${url}: nothing was heard for ${Math.round(quietMs / 1_000)} s, a question included: the link is dead. Check the network`;
        unless(mine)(new UplinkError('lost', text));
      },
    });
  }

  async function die(): Promise<void> {
    const dying = connection;
    const mine = attempt;
    if (dying === null) return dispatch({ kind: 'died' });
    await parts.onDeath(dying, { bdSeq: session.bdSeq, wanted: session.afterDeath === 'off' });
    await within(clock, FAREWELL_MS, dying.end());
    if (mine === attempt) dispatch({ kind: 'died' });
  }

  function drop(): void {
    attempt += 1;
    timer?.cancel();
    probe?.cancel();
    subscribing?.cancel();
    abort.abort();
    abort = new AbortController();
    connection?.destroy();
    connection = null;
    parts.onGone();
  }

  return {
    get session() {
      return session;
    },
    get server() {
      return { index: session.server, count: servers.length, url: servers[session.server] ?? config.broker };
    },
    get reason() {
      return reason;
    },
    get lastFailure() {
      return lastFailure;
    },
    get certificates() {
      return certificates;
    },
    start: async () => {
      if (running) return;
      running = true;
      const lastBdSeq = await bdSeqs.load();
      if (running) dispatch({ kind: 'start', lastBdSeq });
    },
    stop: async () => {
      running = false;
      dispatch({ kind: 'stop' });
      if (session.phase !== 'off') await new Promise<void>((resolve) => whenOff.push(resolve));
    },
    fail,
    tell: dispatch,
  };
}
