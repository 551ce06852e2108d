/**
 * What the node says while there is a session: births, deaths, and values without a point, gathered for a moment.
 *
 * Owns the publisher of the session and which devices are silent. Without a session it says nothing: the next birth carries it.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { Log, Uplink, UplinkValue } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import { type OutcomeKind, outcomeMetrics } from '../commands/outcome-metrics.ts';
import type { MqttConnection } from '../mqtt/mqtt-transport.ts';
import type { CurrentValues } from './current-values.ts';
import type { MetricEntry, MetricTable } from './metric-table.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import type { Topics } from './topics.ts';

export interface NodePublisherParts {
  readonly nodeId: string;
  readonly table: MetricTable;
  readonly topics: Topics;
  readonly values: CurrentValues;
  readonly clock: Clock;
  readonly log: Log;
  /** Units: bytes of one message. */
  readonly onSent: (bytes: number) => void;
  /** The broker takes no birth, not even a cut one: there is no session. */
  readonly onUnbearable: (error: UplinkError) => void;
}

export interface NodePublisher extends Pick<Uplink, 'update' | 'deviceAlive'> {
  isOpen(): boolean;
  /** A session with its births. */
  open(connection: MqttConnection, bdSeq: number): Publisher;
  /** The births again. */
  bear(): void;
  /** The deaths, also of a session that came to no birth. */
  farewell(connection: MqttConnection, bdSeq: number): void;
  /** The session is gone. */
  close(): void;
  values(changes: readonly (readonly [MetricEntry, UplinkValue])[]): void;
  /** Each text is a value of its own; those of one moment are told apart by a millisecond. */
  texts(name: string, texts: readonly string[]): void;
  outcome(outcome: Outcome, kind: OutcomeKind): void;
}

/** Changes of one moment leave together. Units: ms. Source: assumed; one control tick sets many metrics, none may be late by a second. */
const GATHER_MS = 50;

/** A voice without a session. */
export function createNodePublisher({
  nodeId,
  table,
  topics,
  values,
  clock,
  log,
  onSent,
  onUnbearable,
}: NodePublisherParts): NodePublisher {
  const silent = new Set<string>();
  const isSilent = (deviceId: string): boolean => silent.has(deviceId);
  const changed = new Map<MetricEntry, UplinkValue>();
  let publisher: Publisher | null = null;
  let gathering: Timer | null = null;

  /** A broken link ends the session by itself; what was to be said stands in the next birth. */
  function say(send: (session: Publisher) => void, session = publisher): void {
    if (session === null) return;
    try {
      send(session);
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
      log.event('uplink-not-sent', { code: error.code, message: error.message }, error.code === 'too-large' ? 'warning' : 'debug');
    }
  }

  function bear(session: Publisher): void {
    try {
      session.birth();
    } catch (error) {
      if (!(error instanceof UplinkError) || error.code !== 'too-large') throw error;
      onUnbearable(error);
    }
  }

  function sessionOn(connection: MqttConnection, bdSeq: number): Publisher {
    const onCut = (deviceId: string | null, leftOut: readonly string[]): void =>
      log.event('uplink-birth-cut', { device: deviceId ?? nodeId, leftOut, maxPacketBytes: connection.maxPacketBytes }, 'warning');
    return createPublisher({ ...{ connection, table, topics, values, clock, bdSeq, onSent, onCut }, isAlive: (id) => !silent.has(id) });
  }

  function tell(changes: readonly (readonly [MetricEntry, UplinkValue])[]): void {
    if (changes.length > 0) say((session) => session.values(changes));
  }

  function flush(): void {
    gathering = null;
    const changes = [...changed];
    changed.clear();
    tell(changes);
  }

  return {
    isOpen: () => publisher !== null,
    open(connection, bdSeq) {
      const session = sessionOn(connection, bdSeq);
      publisher = session;
      changed.clear();
      say(bear);
      return session;
    },
    bear: () => say(bear),
    farewell(connection, bdSeq) {
      const dying = publisher ?? sessionOn(connection, bdSeq);
      publisher = null;
      say((session) => session.death(), dying);
    },
    close() {
      publisher = null;
      gathering?.cancel();
      gathering = null;
    },
    values: tell,
    texts(name, texts) {
      const entry = table.node.find((candidate) => candidate.name === name);
      if (entry === undefined) return;
      tell(texts.map((value) => [entry, values.put(entry, { value, quality: 'good', atMs: clock.wallMs() })] as const));
    },
    outcome(outcome, kind) {
      const maxTextBytes = publisher?.maxTextBytes ?? Number.POSITIVE_INFINITY;
      tell(outcomeMetrics({ table, values, isSilent, maxTextBytes }, outcome, kind));
    },
    update(deviceId, metric, value) {
      const ofNode = deviceId === '' ? table.node.find(({ name }) => name === metric) : undefined;
      const entry = ofNode ?? table.devices.get(deviceId)?.byName.get(metric);
      if (entry === undefined) return log.event('uplink-unknown-metric', { deviceId, metric }, 'warning');
      const next = values.set(entry, value);
      if (next === undefined || publisher === null) return;
      changed.set(entry, next);
      gathering ??= clock.after(GATHER_MS, flush);
    },
    deviceAlive(deviceId, alive) {
      const device = table.devices.get(deviceId);
      if (device === undefined || device.target?.kind === 'zone') return;
      if (alive) silent.delete(deviceId);
      else silent.add(deviceId);
      say((session) => session.deviceAlive(deviceId, alive));
    },
  };
}
