/**
 * Publishes for the edge node over all its sessions: births, deaths, and values without a point.
 *
 * Tracks which devices are silent. Without a session nothing is sent: the next birth contains the current values.
 */
import type { Timer } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { Log, Uplink, UplinkValue } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import { type OutcomeKind, outcomeMetrics } from '../commands/outcome-metrics.ts';
import { type MqttConnection, passesBarrier } from '../mqtt/mqtt-transport.ts';
import type { MetricEntry } from './metric-table.ts';
import { Publisher, type PublisherParts } from './publisher.ts';

/** The dependencies with which `NodePublisher` is created. */
export interface NodePublisherParts extends Pick<PublisherParts, 'table' | 'topics' | 'values' | 'clock' | 'onSent'> {
  /** The name of the node in the log. */
  readonly nodeId: string;
  readonly log: Log;
  /** In `open` or `rebirth` a birth is too large for the broker, even reduced as far as possible: no session is possible. */
  readonly onBirthRefused: (error: UplinkError) => void;
}

/** Changes within this time are sent together. Units: ms. Source: assumed; one control tick sets many metrics, none may be late by a second. Confirmed by: the number of messages in a week of logs of a cabinet. */
const GATHER_MS = 50;

/** Publishes births, deaths and the values of metrics without a point, over all sessions of the node. */
export class NodePublisher implements Pick<Uplink, 'update' | 'deviceAlive'> {
  readonly #parts: NodePublisherParts;
  readonly #silent = new Set<string>();
  readonly #changed = new Map<MetricEntry, UplinkValue>();
  /** Null while there is no session. */
  #publisher: Publisher | null = null;
  #gathering: Timer | null = null;
  /** Births are due or being sent: no DATA. */
  #isHeld = false;
  /** Texts that wait for the births. */
  readonly #heldTexts: { readonly name: string; readonly texts: readonly string[] }[] = [];
  /** Number of the current births; results of earlier ones are ignored. */
  #birthRound = 0;

  constructor(parts: NodePublisherParts) {
    this.#parts = parts;
  }

  /** Whether DATA may be sent now. */
  isOpen(): boolean {
    return this.#publisher !== null && !this.#isHeld;
  }

  /** Opens a session and sends its births. `onBorn` as in `rebirth`. */
  open(connection: MqttConnection, bdSeq: number, onBorn: (publisher: Publisher) => void): void {
    const publisher = this.#publisherOn(connection, bdSeq);
    this.#publisher = publisher;
    this.rebirth(connection, () => onBorn(publisher));
  }

  /** Sends no DATA until the next births are sent. */
  hold(): void {
    this.#isHeld = true;
  }

  /**
   * Sends the births again, then what waited for them. `onBorn`: called when they are sent, or at once if one cannot be sent. If the link
   * fails or other births begin, it is perhaps never called.
   */
  rebirth(connection: MqttConnection, onBorn: () => void): void {
    this.#birthRound += 1;
    this.#isHeld = true;
    this.#changed.clear();
    this.#sendBirths((publisher) => publisher.birth());
    this.#birthDevices(connection, this.#birthRound, onBorn);
  }

  #birthDevices(connection: MqttConnection, round: number, onBorn: () => void): void {
    let isMoreDue = false;
    this.#sendBirths((publisher) => {
      isMoreDue = publisher.birthDevices();
    });
    if (isMoreDue) {
      void passesBarrier(connection, this.#parts.log).then((isRead) => {
        if (isRead && this.#publisher !== null && round === this.#birthRound) this.#birthDevices(connection, round, onBorn);
      });
      return;
    }
    this.#isHeld = false;
    onBorn();
    this.#flush();
    this.#releaseTexts();
  }

  #releaseTexts(): void {
    for (const { name, texts } of this.#heldTexts.splice(0)) this.texts(name, texts);
  }

  #sendBirths(send: (publisher: Publisher) => void): void {
    this.#send((publisher) => {
      try {
        send(publisher);
      } catch (error) {
        if (!(error instanceof UplinkError) || error.code !== 'too-large') throw error;
        this.#parts.onBirthRefused(error);
      }
    });
  }

  /** Sends the deaths, also for a connection that had no births. The session is closed as by `close`. */
  death(connection: MqttConnection, bdSeq: number): void {
    const publisher = this.#publisher ?? this.#publisherOn(connection, bdSeq);
    this.close();
    this.#send((dying) => dying.death(), publisher);
  }

  /** The session is gone. The next birth contains the last text of each metric that waited for births. */
  close(): void {
    this.#publisher = null;
    this.#isHeld = false;
    this.#gathering?.cancel();
    this.#gathering = null;
    this.#releaseTexts();
  }

  /**
   * Sends values, which must be stored already. Sends nothing without a session. While births are due, only the newest of each metric is
   * sent, in or after them.
   */
  values(changes: readonly (readonly [MetricEntry, UplinkValue])[]): void {
    if (this.#isHeld) for (const [entry, value] of changes) this.#changed.set(entry, value);
    else if (changes.length > 0) this.#send((publisher) => publisher.values(changes));
  }

  /**
   * Sends each text as a value of its own, after births that are due. Without a session, or if it ends before them, none is sent, and the last
   * one is stored.
   */
  texts(name: string, texts: readonly string[]): void {
    const { table, values, clock } = this.#parts;
    const entry = table.node.find((candidate) => candidate.name === name);
    if (entry === undefined) return;
    if (this.#isHeld) return void this.#heldTexts.push({ name, texts });
    this.values(texts.map((value) => [entry, values.put(entry, { value, quality: 'good', atMs: clock.wallMs() })] as const));
  }

  /** Longest text in one message to the broker; unlimited without a session. Units: UTF-8 bytes. */
  maxTextBytes(): number {
    return this.#publisher?.maxTextBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Stores and sends the state of a command, on the metrics of `outcomeMetrics`. */
  outcome(outcome: Outcome, kind: OutcomeKind): void {
    const { table, values } = this.#parts;
    const maxTextBytes = this.maxTextBytes();
    const isSilent = (deviceId: string): boolean => this.#silent.has(deviceId);
    this.values(outcomeMetrics({ table, values, isSilent, maxTextBytes }, outcome, kind));
  }

  /**
   * Stores a value and, if it changed during a session, sends it soon. For a silent device, only its next birth contains it. Ignores an
   * unknown metric, and logs it. `deviceId`: empty for the node.
   */
  update(deviceId: string, metric: string, value: UplinkValue): void {
    const { table, values, clock, log } = this.#parts;
    const ofNode = deviceId === '' ? table.node.find(({ name }) => name === metric) : undefined;
    const entry = ofNode ?? table.devices.get(deviceId)?.byName.get(metric);
    if (entry === undefined) log.event('uplink-unknown-metric', { deviceId, metric }, 'warning');
    const next = entry === undefined ? undefined : values.set(entry, value);
    if (entry === undefined || next === undefined || this.#publisher === null) return;
    this.#changed.set(entry, next);
    this.#gathering ??= clock.after(GATHER_MS, () => this.#flush());
  }

  /** Records whether a device responds, and sends its birth or death if that changed. Ignores zones and unknown devices. */
  deviceAlive(deviceId: string, alive: boolean): void {
    const device = this.#parts.table.devices.get(deviceId);
    if (device === undefined || device.target?.kind === 'zone') return;
    if (alive) this.#silent.delete(deviceId);
    else this.#silent.add(deviceId);
    this.#send((publisher) => publisher.deviceAlive(deviceId, alive));
  }

  #publisherOn(connection: MqttConnection, bdSeq: number): Publisher {
    const { nodeId, table, topics, values, clock, log, onSent } = this.#parts;
    return new Publisher({
      ...{ connection, table, topics, values, clock, bdSeq, onSent },
      isAlive: (deviceId) => !this.#silent.has(deviceId),
      onCut: (deviceId, leftOut) =>
        log.event('uplink-birth-cut', { device: deviceId ?? nodeId, leftOut, maxPacketBytes: connection.maxPacketBytes }, 'warning'),
    });
  }

  #flush(): void {
    this.#gathering = null;
    if (this.#isHeld) return;
    const changes = [...this.#changed];
    this.#changed.clear();
    this.values(changes);
  }

  /** A broken link ends the session by itself; the next birth contains what was not sent. */
  #send(send: (publisher: Publisher) => void, publisher = this.#publisher): void {
    if (publisher === null) return;
    try {
      send(publisher);
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
      const severity = error.code === 'too-large' ? 'warning' : 'debug';
      this.#parts.log.event('uplink-not-sent', { code: error.code, message: error.message }, severity);
    }
  }
}
