/**
 * Maintains the session with the broker: passes events to the session machine and carries out the effects that it returns.
 *
 * Decides nothing itself; `session.ts` has the diagram.
 */

import type { MonoMs, Timer } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log, Store } from '../../core/ports.ts';
import { usableBrokers } from '../../core/secrets.ts';
import type { UplinkCertificates } from '../../core/uplink-tools.ts';
import type { MqttConnection } from '../mqtt/mqtt-transport.ts';
import { type BdSeqMemory, createBdSeqMemory } from './bd-seq-memory.ts';
import { BrokerConnection, type BrokerConnectionParts } from './broker-connection.ts';
import { LinkFailures } from './link-failures.ts';
import { afterEvent, returnDelayMs, spreadDelayMs } from './session.ts';
import { createSession, type Effect, type SessionEvent, type SessionState, STABLE_MS } from './session-state.ts';

/** The dependencies with which `BrokerLink` is created, and its callbacks. */
export interface BrokerLinkParts extends Omit<BrokerConnectionParts, 'onConnectWritten' | 'onConnected' | 'onSubscribed' | 'onFailed'> {
  readonly log: Log;
  readonly store: Pick<Store, 'save' | 'load'>;
  /** Returns a random number from 0 to below 1. */
  readonly random: () => number;
  /** The day's data budget is used up: births after a return of the host are sent at the slowest pace. */
  readonly isSparing: () => boolean;
  /** Send the first births of a session, with its bdSeq. */
  readonly onBirth: (connection: MqttConnection, bdSeq: number) => void;
  /** The births are due again; DATA may continue after them. */
  readonly onRebirth: (connection: MqttConnection) => void;
  /** No DATA until `onRebirth` or `onGone`. */
  readonly onHold: () => void;
  /** The session ends, perhaps before its births, but not by a failure: send the deaths. The connection is ended when this resolves. */
  readonly onDeath: (connection: MqttConnection, ending: Ending) => Promise<void>;
  /** No connection may be used any more. Also called after an attempt that led to none. */
  readonly onGone: () => void;
  /** The phase changed. */
  readonly onChange: () => void;
  /** Another client connected with this client id, and the broker ended this session. */
  readonly onTakenOver: (text: Message) => void;
}

/**
 * How a session ends. `bdSeq`: the number of the session. `wanted`: it ends because of a `stop`, so there is time to wait for the last
 * proof of delivery.
 */
export interface Ending {
  readonly bdSeq: number;
  readonly wanted: boolean;
}

/**
 * Keeps a Sparkplug session with one of the brokers: connects, reconnects after a failure, and reports when births and deaths are due. Idle
 * until `start`.
 */
export class BrokerLink {
  /** Why connections failed. */
  readonly failures: LinkFailures;
  readonly #parts: BrokerLinkParts;
  readonly #servers: readonly string[];
  readonly #bdSeqs: BdSeqMemory;
  readonly #connection: BrokerConnection;
  #session: SessionState;
  #isRunning = false;
  /** The timer of the current phase: birth jitter, wait for the host, rebirth, back-off. */
  #timer: Timer | null = null;
  /** When a stable session was lost; null after births, and once births wait for a host, because its return concerns all at once. */
  #lostMono: MonoMs | null = null;
  readonly #events: SessionEvent[] = [];
  #isDispatching = false;
  readonly #whenOff: (() => void)[] = [];

  constructor(parts: BrokerLinkParts) {
    const { config, random } = parts;
    this.#parts = parts;
    this.#servers = usableBrokers(config);
    this.#session = createSession(config.primaryHost !== null, this.#servers.length);
    this.failures = new LinkFailures(random, config.conformance);
    this.#bdSeqs = createBdSeqMemory(parts, random);
    this.#connection = new BrokerConnection({
      ...parts,
      onConnectWritten: () => this.dispatch({ kind: 'connect-written' }),
      onConnected: () => this.dispatch({ kind: 'connected' }),
      onSubscribed: () => this.dispatch({ kind: 'subscribed' }),
      onFailed: (error) => this.fail(error),
    });
  }

  /** The current state of the session. */
  get session(): SessionState {
    return this.#session;
  }

  /** The server in use, or the next one to be tried. */
  get server(): { readonly index: number; readonly count: number; readonly url: string } {
    const { server } = this.#session;
    return { index: server, count: this.#servers.length, url: this.#urlOf(server) };
  }

  get certificates(): UplinkCertificates {
    return this.#connection.certificates;
  }

  /** The next connection starts again with the first choice of certificate. */
  retryCertificate(): void {
    this.#connection.retryCertificate();
  }

  /** Reads the last bdSeq and begins to connect. Does nothing if it has started. Do not call it while `stop` runs. */
  async start(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const lastBdSeq = await this.#bdSeqs.load();
    if (this.#isRunning) this.dispatch({ kind: 'start', lastBdSeq });
  }

  /** Ends the session properly. Resolves when it is off. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.dispatch({ kind: 'stop' });
    if (this.#session.phase !== 'off') await new Promise<void>((resolve) => this.#whenOff.push(resolve));
  }

  /** Records a failure of the connection and ends the session. Errors: rethrows anything but an UplinkError. */
  fail(error: unknown): void {
    if (!(error instanceof UplinkError)) throw error;
    const { clock, log, trace, onTakenOver } = this.#parts;
    const { bornMono } = this.#session;
    const isStable = bornMono !== null && clock.monoMs() - bornMono >= STABLE_MS;
    // A session that never was stable is no sign that the broker was well: the usual back-off applies.
    if (isStable && this.#session.phase === 'live') this.#lostMono = clock.monoMs();
    this.failures.note(error, { atMs: clock.wallMs(), isStable });
    log.event('uplink-failed', { code: error.code, message: error.message }, 'warning');
    trace.event(msg`failed: ${error.said}`);
    if (error.code === 'taken-over') onTakenOver(error.said);
    this.dispatch({ kind: 'failed', atMono: clock.monoMs(), isSilent: error.code === 'silent' });
  }

  /**
   * Ends the session properly now, and tries the next server. Does nothing with one server, or without births. `silentMs`: how long the
   * platform has acknowledged nothing, only for the message and the log. Units: ms.
   */
  leaveServer(silentMs: number): void {
    const { clock, log, trace } = this.#parts;
    if (this.#servers.length === 1 || this.#session.phase !== 'live') return;
    const text = msg`${this.server.url}: the platform has acknowledged nothing for ${Math.round(silentMs / 1_000)} s; trying the next server`;
    this.failures.note(new UplinkError('silent', text), { atMs: clock.wallMs(), isStable: true });
    log.event('uplink-server-left', { server: this.#session.server, silentMs }, 'warning');
    trace.event(text);
    this.dispatch({ kind: 'platform-silent' });
  }

  /** Passes an event to the session. Events raised while effects are carried out wait in a queue. */
  dispatch(event: SessionEvent): void {
    this.#events.push(event);
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next);
    this.#isDispatching = false;
    if (this.#session.phase === 'off') for (const resolve of this.#whenOff.splice(0)) resolve();
  }

  #step(event: SessionEvent): void {
    const { log, trace, onChange } = this.#parts;
    const { phase } = this.#session;
    const step = afterEvent(this.#session, event);
    this.#session = step.session;
    if (step.session.phase === 'waiting-for-host') this.#lostMono = null;
    for (const effect of step.effects) this.#carryOut(effect);
    if (this.#session.phase === phase) return;
    log.event('uplink-phase', { phase: this.#session.phase, bdSeq: this.#session.bdSeq, reason: String(this.failures.reason) }, 'debug');
    trace.event(this.#session.phase);
    onChange();
  }

  #carryOut(effect: Effect): void {
    const { clock, onBirth, onRebirth, onHold, onGone } = this.#parts;
    const { current } = this.#connection;
    switch (effect.kind) {
      case 'save':
        void this.#save(effect.bdSeq);
        return;
      case 'connect':
        void this.#connection.connect(effect.bdSeq, this.#urlOf(effect.server), effect.withinMs);
        return;
      case 'subscribe':
        void this.#connection.subscribe(this.#urlOf(this.#session.server), effect.withinMs);
        return;
      case 'await-birth':
        this.#after(this.#birthDelayMs(), () => this.dispatch({ kind: 'birth-due', atMono: clock.monoMs() }));
        return;
      case 'await-host':
        this.#after(effect.delayMs, () => this.dispatch({ kind: 'host-late' }));
        return;
      case 'birth':
        this.failures.clear();
        this.#lostMono = null;
        if (current !== null) onBirth(current, this.#session.bdSeq);
        return;
      case 'rebirth':
        if (current !== null) onRebirth(current);
        return;
      case 'await-rebirth':
        onHold();
        this.#after(effect.delayMs, () => this.dispatch({ kind: 'rebirth-due', atMono: clock.monoMs() }));
        return;
      case 'die':
        void this.#die();
        return;
      case 'drop':
        this.#timer?.cancel();
        this.#connection.drop();
        onGone();
        return;
      case 'rest':
        this.#after(this.failures.restMs(effect.failures, this.#awayMs()), () => this.dispatch({ kind: 'rested' }));
        return;
    }
  }

  async #save(bdSeq: number): Promise<void> {
    const { attempt } = this.#connection;
    const ok = await this.#bdSeqs.save(bdSeq);
    if (attempt === this.#connection.attempt) this.dispatch({ kind: 'saved', ok });
  }

  async #die(): Promise<void> {
    const { current, attempt } = this.#connection;
    if (current === null) return this.dispatch({ kind: 'died' });
    await this.#parts.onDeath(current, { bdSeq: this.#session.bdSeq, wanted: this.#session.afterDeath === 'off' });
    await this.#connection.end(current);
    if (attempt === this.#connection.attempt) this.dispatch({ kind: 'died' });
  }

  #after(delayMs: number, fire: () => void): void {
    this.#timer?.cancel();
    if (delayMs <= 0) fire();
    else this.#timer = this.#parts.clock.after(delayMs, fire);
  }

  /** Longer for a host that repeatedly goes offline. Units: ms. */
  #birthDelayMs(): number {
    const { config, random, clock, isSparing } = this.#parts;
    if (config.conformance) return 0;
    const atMono = clock.monoMs();
    return Math.max(
      spreadDelayMs({ jitterMs: config.birthJitterS * 1_000, chance: random(), awayMs: this.#awayMs() }),
      returnDelayMs(this.#session, { atMono, isSparing: isSparing() }),
    );
  }

  /** Time since the last session was lost; null if none was. Units: ms. */
  #awayMs(): number | null {
    return this.#lostMono === null ? null : this.#parts.clock.monoMs() - this.#lostMono;
  }

  #urlOf(server: number): string {
    return this.#servers[server] ?? this.#parts.config.broker;
  }
}
