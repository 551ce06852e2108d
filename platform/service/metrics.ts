/**
 * Figures for Prometheus, on a Unix socket or a port of the loopback. The only file that uses the `prom-client` library.
 */
import { rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { PlatformFailure } from '../core/errors.ts';

/** Upper ends of the classes of a time. Units: s. Source: assumed; fine around the 2 s that a reading may be late. Confirmed by: the lags of a city's workers. */
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60];
/** Why a worker leaves a message out. */
const REASONS = ['no-birth', 'rejected', 'not-sparkplug', 'invalid-report'];
/** What is sent to cabinets. */
const KINDS = ['command', 'rebirth', 'resend'];
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * The figures for Prometheus of one process of the platform. A process sets only those of its kind; the others stay 0. Units: s for times.
 */
export interface HostMetrics {
  readonly registry: Registry;
  /** Messages from cabinets whose topic and payload could be read. */
  readonly messages: Counter<'verb'>;
  /** Readings that were written, with those that the database already had. */
  readonly readings: Counter;
  /** Readings that were new at the attempt that wrote their group; those that a failed attempt had committed are not counted. */
  readonly inserted: Counter;
  /** Messages, or parts of them such as reports and readings, that were left out, by reason. */
  readonly dropped: Counter<'reason'>;
  /** Messages that wait for a birth. */
  readonly parked: Gauge;
  /** Messages in the queue of a worker after its last write; not updated while a write waits for the database. */
  readonly queued: Gauge;
  /** Bytes of their payloads. */
  readonly queuedBytes: Gauge;
  /** Time in which the broker was not read because the queue was full. Each pause is added at its end. */
  readonly pausedSeconds: Counter;
  /** Transactions of `storeBatch`, counted once their group is written; those of a failed attempt are not. */
  readonly batches: Counter;
  /** Failed attempts to write a group, and transactions that took too long and were halved. */
  readonly retries: Counter;
  /** From the sending of a data message, by the clock of its node, to the commit of its group; 0 if that would be negative. */
  readonly lag: Histogram;
  /** Time of the attempt that wrote a group of messages. */
  readonly commit: Histogram;
  /** Acknowledgements of rows sent to cabinets; not those of the audit log. */
  readonly acks: Counter;
  /** Commands, and requests for births and for rows, sent to cabinets. */
  readonly sent: Counter<'kind'>;
  /** 1 once the Sparkplug STATE online is published, 0 once the host goes offline or the connection to the broker is lost. */
  readonly online: Gauge;
}

/** New figures at zero in a registry of their own, and those of the process itself, such as its memory. */
export function createHostMetrics(): HostMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
    new Counter({ name: `luciole_platform_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string): Gauge => new Gauge({ name: `luciole_platform_${name}`, help, registers });
  const histogram = (name: string, help: string): Histogram =>
    new Histogram({ name: `luciole_platform_${name}`, help, buckets: SECONDS, registers });
  const metrics: HostMetrics = {
    registry,
    messages: counter('messages_total', 'Messages received from cabinets', ['verb']),
    readings: counter('readings_total', 'Readings received'),
    inserted: counter('readings_inserted_total', 'Readings that were new and are committed'),
    dropped: counter('dropped_total', 'Messages that were left out; their rows are not acknowledged, so they come again', ['reason']),
    parked: gauge('parked_messages', 'Messages that wait for a birth'),
    queued: gauge('queued_messages', 'Messages that wait for the database'),
    queuedBytes: gauge('queued_bytes', 'Bytes that wait for the database'),
    pausedSeconds: counter('paused_seconds_total', 'Time in which the socket of the broker was not read because the queue was full'),
    batches: counter('batches_total', 'Transactions committed'),
    retries: counter('retries_total', 'Transactions tried again'),
    lag: histogram('lag_seconds', 'From the sending of a message with readings to its commit'),
    commit: histogram('commit_seconds', 'Duration of a transaction'),
    acks: counter('acks_total', 'Acknowledgements sent'),
    sent: counter('sent_total', 'Messages sent to cabinets: commands, requests for births and for rows', ['kind']),
    online: gauge('state_online', '1 while STATE says online'),
  };
  // A counter that appears with its first event has no increase, so no alert would see it.
  for (const reason of REASONS) metrics.dropped.inc({ reason }, 0);
  for (const kind of KINDS) metrics.sent.inc({ kind }, 0);
  return metrics;
}

/**
 * Serves the figures at `/metrics` over HTTP. `address`: a port of the loopback, such as `127.0.0.1:9464`, or the absolute path of a
 * socket. A socket at this path is removed first, even one in use; other files stay. Returns the server, to be closed.
 *
 * Errors: rejects, with PlatformFailure `usage` for example for an address that is not of the loopback, or for a port in use.
 */
export async function serveMetrics(metrics: HostMetrics, address: string): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void metrics.registry.metrics().then((text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text));
  });
  const target = targetOf(address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new PlatformFailure('usage', `--metrics ${address}: ${error.message}`, error)));
    server.listen(target, () => resolve());
  });
  server.unref();
  return server;
}

function targetOf(address: string): { path: string } | { host: string; port: number } {
  if (address.startsWith('/')) {
    // That of an earlier process; a file that is something else stays, and the address is in use.
    if (statSync(address, { throwIfNoEntry: false })?.isSocket() === true) rmSync(address);
    return { path: address };
  }
  const colon = address.lastIndexOf(':');
  const [host, port] = [address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), Number(address.slice(colon + 1))];
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new PlatformFailure('usage', `--metrics ${address}: write a path, or 127.0.0.1:9464`);
  if (!LOOPBACK.has(host))
    throw new PlatformFailure('usage', `--metrics ${address}: only 127.0.0.1 and ::1 are allowed; a proxy can add a login`);
  return { host, port };
}
