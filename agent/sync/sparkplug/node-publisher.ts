/**
 * Publishes for the edge node over all its sessions: births, deaths, and values without a point.
 *
 * Tracks which devices are silent. Without a session nothing is sent: the next birth carries the present values.
 */
import type { Timer } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { Log, Uplink, UplinkValue } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import { type OutcomeKind, outcomeMetrics } from '../commands/outcome-metrics.ts';
import type { MqttConnection } from '../mqtt/mqtt-transport.ts';
import type { MetricEntry } from './metric-table.ts';
import { Publisher, type PublisherParts } from './publisher.ts';

export interface NodePublisherParts extends Pick<PublisherParts, 'table' | 'topics' | 'values' | 'clock' | 'onSent'> {
  readonly nodeId: string;
  readonly log: Log;
  /** The broker refuses even the smallest birth: no session is possible. */
  readonly onBirthRefused: (error: UplinkError) => void;
}

/** Changes within this time are sent together. Units: ms. Source: assumed; one control tick sets many metrics, none may be late by a second. */
const GATHER_MS = 50;

export class NodePublisher implements Pick<Uplink, 'update' | 'deviceAlive'> {
  readonly #parts: NodePublisherParts;
  readonly #silent = new Set<string>();
  readonly #changed = new Map<MetricEntry, UplinkValue>();
  /** Null while there is no session. */
  #publisher: Publisher | null = null;
  #gathering: Timer | null = null;

  constructor(parts: NodePublisherParts) {
    this.#parts = parts;
  }

  isOpen(): boolean {
    return this.#publisher !== null;
  }

  /** Opens a session and sends its births. */
  open(connection: MqttConnection, bdSeq: number): Publisher {
    const publisher = this.#publisherOn(connection, bdSeq);
    this.#publisher = publisher;
    this.#changed.clear();
    this.rebirth();
    return publisher;
  }

  /** Sends the births again. */
  rebirth(): void {
    this.#send((publisher) => {
      try {
        publisher.birth();
      } catch (error) {
        if (!(error instanceof UplinkError) || error.code !== 'too-large') throw error;
        this.#parts.onBirthRefused(error);
      }
    });
  }

  /** Sends the deaths, also for a connection that had no births. */
  death(connection: MqttConnection, bdSeq: number): void {
    const publisher = this.#publisher ?? this.#publisherOn(connection, bdSeq);
    this.#publisher = null;
    this.#send((dying) => dying.death(), publisher);
  }

  /** The session is gone. */
  close(): void {
    this.#publisher = null;
    this.#gathering?.cancel();
    this.#gathering = null;
  }

  values(changes: readonly (readonly [MetricEntry, UplinkValue])[]): void {
    if (changes.length > 0) this.#send((publisher) => publisher.values(changes));
  }

  /** Sends each text as a value of its own; equal times are separated by a millisecond. */
  texts(name: string, texts: readonly string[]): void {
    const { table, values, clock } = this.#parts;
    const entry = table.node.find((candidate) => candidate.name === name);
    if (entry === undefined) return;
    this.values(texts.map((value) => [entry, values.put(entry, { value, quality: 'good', atMs: clock.wallMs() })] as const));
  }

  outcome(outcome: Outcome, kind: OutcomeKind): void {
    const { table, values } = this.#parts;
    const maxTextBytes = this.#publisher?.maxTextBytes ?? Number.POSITIVE_INFINITY;
    const isSilent = (deviceId: string): boolean => this.#silent.has(deviceId);
    this.values(outcomeMetrics({ table, values, isSilent, maxTextBytes }, outcome, kind));
  }

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
    const changes = [...this.#changed];
    this.#changed.clear();
    this.values(changes);
  }

  /** A broken link ends the session by itself; the next birth carries what was not sent. */
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
