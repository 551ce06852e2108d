/**
 * Jobs of a person at the cabinet, done between a line's own transactions.
 *
 * Owns the checks and who does what. Never opens a port.
 */
import type { BusTools, LineStats } from '../../core/bus-tools.ts';
import type { LineConfig } from '../../core/cabinet.ts';
import type { Clock } from '../../core/clock.ts';
import type { LineCounters } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { Profile } from '../../core/profile.ts';
import { type TransactionReport, whatOf } from '../line/transaction-report.ts';
import { downAdvice } from '../stats/bus-advice.ts';
import { createLineStats, type LineStatsCollector, type LineStatsParts } from '../stats/line-stats.ts';
import { readRegisters, writeRegisters } from './bus-access.ts';
import { checkRead, checkRegisters, checkScan, checkWrite } from './bus-bounds.ts';
import { findRegisters } from './bus-registers.ts';
import { scanLine } from './bus-scan.ts';
import { type BusLine, type BusToolQueue, createBusToolQueue } from './bus-tool-queue.ts';
import { type BusWatch, createBusWatch } from './bus-watch.ts';

/** A line of raw bytes: nothing can be asked of it. */
export interface RawLine {
  readonly config: LineConfig;
  readonly noiseBytes: () => number;
  /** Why it is down; empty while it is up. */
  readonly downReason: () => string;
}

export interface BusToolsParts {
  readonly lines: readonly (BusLine & Pick<LineStatsParts, 'overruns' | 'requestsOf' | 'downReason'>)[];
  readonly rawLines: readonly RawLine[];
  readonly clock: Clock;
  /** Device types a stranger may be. */
  readonly profiles: () => readonly Profile[];
  /** How long the adapter of a port holds bytes back; null when it does not say. Units: ms. */
  readonly adapterLatencyMs: (port: string) => number | null;
}

export interface FieldBusTools extends BusTools {
  /** Every transaction of a line, as it ends. */
  note(lineId: string, report: TransactionReport): void;
  /** An urgent write has begun to leave this long after it was wished. Units: ms. */
  noteUrgent(lineId: string, waitMs: number): void;
  /** Other lines in the place of some; what is known of those that stay is kept. */
  exchange(gone: ReadonlySet<string>, come: Pick<BusToolsParts, 'lines' | 'rawLines'>): void;
  /** Counters of a Modbus line without what the console caused; null for any other line. */
  counters(lineId: string): LineCounters | null;
}

interface Post {
  readonly desk: BusToolQueue;
  readonly stats: LineStatsCollector;
  readonly watch: BusWatch;
}

export function createBusTools({ clock, profiles, adapterLatencyMs, ...first }: BusToolsParts): FieldBusTools {
  const posts = new Map(first.lines.map(toPost));
  let rawLines = first.rawLines;

  function toPost(line: BusToolsParts['lines'][number]): [string, Post] {
    const latencyMs = (): number | null => adapterLatencyMs(line.config.port);
    return [
      line.config.id,
      { desk: createBusToolQueue(line, clock), stats: createLineStats({ ...line, clock, latencyMs }), watch: createBusWatch(clock) },
    ];
  }

  return {
    async scan(request, tell) {
      const { desk, stats } = openPost(request.line);
      checkScan(request, desk.config.port);
      const adapter = { latencyMs: adapterLatencyMs(desk.config.port), hiddenChars: stats.hiddenChars() };
      return scanLine({ desk, profiles: profiles(), adapter, isDamaged: stats.isDamaged }, request, tell);
    },
    async registers(request, tell) {
      const { desk } = openPost(request.line);
      checkRegisters(request);
      return findRegisters(desk, request, tell);
    },
    async read(request) {
      const { desk } = openPost(request.line);
      checkRead(request);
      return readRegisters(desk, request);
    },
    async write(request) {
      const { desk } = openPost(request.line);
      checkWrite(request);
      return writeRegisters(desk, request);
    },
    stats: () => [...[...posts.values()].map(({ stats }) => stats.stats()), ...rawLines.map(rawStats)],
    watch: (lineId, tell) => postOf(lineId).watch.watch(tell),
    note(lineId, report) {
      const post = posts.get(lineId);
      post?.stats.note(report);
      if (post?.watch.isWatched !== true) return;
      const { request, end, lane } = report;
      const atMs = clock.wallMs() - Math.round(clock.monoMs() - report.atMono);
      const how = end instanceof BusError ? { turnaroundMs: null, error: end.code } : { turnaroundMs: end.turnaroundMs, error: null };
      post.watch.note({ atMs, unit: request.unit, lane, what: whatOf(request), ...how });
    },
    exchange(gone, come) {
      for (const id of gone) posts.delete(id);
      for (const line of come.lines) posts.set(...toPost(line));
      rawLines = [...rawLines.filter(({ config }) => !gone.has(config.id)), ...come.rawLines];
    },
    noteUrgent: (lineId, waitMs) => posts.get(lineId)?.stats.noteUrgent(waitMs),
    counters: (lineId) => posts.get(lineId)?.stats.counters() ?? null,
  };

  /** Errors: throws RangeError for a line that is not there or speaks no Modbus. */
  function postOf(lineId: string): Post {
    const post = posts.get(lineId);
    if (post !== undefined) return post;
    const isRaw = rawLines.some(({ config }) => config.id === lineId);
    const found = isRaw ? `line ${lineId} carries one device that talks by itself` : `there is no line ${lineId}`;
    throw new RangeError(`${found}: Modbus lines are ${[...posts.keys()].join(', ') || 'none'}`);
  }

  /** Errors: also throws BusError `port-closed` while the line is down. */
  function openPost(lineId: string): Post {
    const post = postOf(lineId);
    if (!post.desk.line.isOpen) throw new BusError('port-closed', `line ${lineId} is down: check ${post.desk.config.port}`);
    return post;
  }
}

function rawStats({ config, noiseBytes, downReason }: RawLine): LineStats {
  const none = { busyPct: 0, wirePct: 0, transactions: 0, timeouts: 0, crcErrors: 0, exceptions: 0, lateReplies: 0, echoes: 0 };
  const { id: line, port, serial } = config;
  const why = downReason();
  return {
    line,
    kind: 'uart',
    port,
    baud: serial.baud,
    ...none,
    noiseBytes: noiseBytes(),
    console: { transactions: 0, timeouts: 0, exceptions: 0, lateReplies: 0 },
    urgentWaitMs: null,
    overruns: 0,
    units: [],
    advice: why === '' ? [] : [downAdvice(why)],
  };
}
