/**
 * Publishes STATE, and nothing else: so that workers and the process for commands restart without an outage for the cabinets.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerAddress } from '../broker/broker-files.ts';
import { type HostConnection, openConnection } from '../broker/mqtt-connection.ts';
import { PlatformFailure } from '../core/errors.ts';
import { type HostState, isOfflineText, nextHostState, OFFLINE, stateText, type WorkersSeen } from '../core/host-state.ts';
import type { Database } from '../database/postgres.ts';
import { hasReadyWorker, noteProcess } from '../database/processes.ts';
import type { HostLog } from '../service/host-log.ts';
import type { HostMetrics } from '../service/metrics.ts';

/** Options of a `StatePublisher`. It sets `online` of `metrics`. */
export interface StateOptions {
  /** Its key in the table of running processes. */
  readonly id: string;
  readonly broker: BrokerAddress;
  readonly database: Database;
  /** The last level of the topic of STATE. */
  readonly hostId: string;
  readonly metrics: HostMetrics;
  readonly log: HostLog;
}

/** Source: assumed; a cabinet waits 10 s for a host before it tries another server. Units: ms. Confirmed by: starts of the city's platform. */
const LOOK_MS = 1_000;

/**
 * Publishes STATE of one host on its broker, from `start` to `stop`: online or offline as `nextHostState`. About once a second it checks in
 * the database whether a worker is ready.
 */
export class StatePublisher {
  readonly #options: StateOptions;
  readonly #topic: string;
  readonly #startedMs = Date.now();
  #state: HostState = OFFLINE;
  #session: { readonly connection: HostConnection; readonly bornMs: number } | null = null;
  /** Why the files of the broker could not be used last; empty if they could. */
  #filesTrouble = '';
  #isStopping = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: StateOptions) {
    this.#options = options;
    this.#topic = `spBv1.0/STATE/${options.hostId}`;
  }

  start(): void {
    this.#loop = this.#watch();
  }

  /** Publishes offline if the host is online and the broker is connected, and ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#loop;
    await this.#goOffline();
  }

  async #watch(): Promise<void> {
    while (!this.#isStopping) {
      this.#state = nextHostState(this.#state, await this.#look(), performance.now());
      if (this.#state.isOnline && this.#session === null) this.#goOnline();
      if (!this.#state.isOnline) await this.#goOffline();
      await pause(LOOK_MS);
    }
  }

  async #look(): Promise<WorkersSeen> {
    const { database, id } = this.#options;
    try {
      await noteProcess(database.query, { id, kind: 'state', startedMs: this.#startedMs, isReady: true });
      return (await hasReadyWorker(database.query)) ? 'ready' : 'gone';
    } catch (error) {
      if (!(error instanceof PlatformFailure)) throw error;
      return 'unknown';
    }
  }

  #goOnline(): void {
    const bornMs = Date.now();
    try {
      this.#session = { connection: this.#open(bornMs), bornMs };
      this.#filesTrouble = '';
    } catch (error) {
      // The files of the broker are read again here, for example while a certificate is renewed.
      if (!(error instanceof PlatformFailure)) throw error;
      if (error.message !== this.#filesTrouble) this.#options.log('broker-error', { reason: error.message });
      this.#filesTrouble = error.message;
    }
  }

  /** A session of its own for each time online, since its will must have the timestamp of its birth. Errors: as `openConnection`. */
  #open(bornMs: number): HostConnection {
    const { broker, log, metrics } = this.#options;
    const publish = (): void => void this.#publish(bornMs);
    return openConnection({
      broker,
      topics: [this.#topic],
      will: { topic: this.#topic, payload: stateText(false, bornMs) },
      onReady: publish,
      onMessage: (_, payload, onRoom) => {
        // A late will of an earlier session, or of another host with this name.
        if (isOfflineText(payload.toString()) && this.#session?.bornMs === bornMs) publish();
        onRoom();
      },
      onLost: () => {
        metrics.online.set(0);
        log('broker-lost');
      },
      onError: (error) => log('broker-error', { reason: error.message }),
    });
  }

  async #publish(bornMs: number): Promise<void> {
    const { metrics, log, hostId } = this.#options;
    if (this.#session?.bornMs !== bornMs) return;
    if (!(await this.#session.connection.publish(this.#topic, stateText(true, bornMs), { qos: 1, retain: true }))) return;
    metrics.online.set(1);
    log('state-online', { hostId, timestamp: bornMs });
  }

  async #goOffline(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    if (session === null) return;
    await session.connection.publish(this.#topic, stateText(false, Date.now()), { qos: 1, retain: true });
    await session.connection.close();
    this.#options.metrics.online.set(0);
    this.#options.log('state-offline', { hostId: this.#options.hostId });
  }
}
