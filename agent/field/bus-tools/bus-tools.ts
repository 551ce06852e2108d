/** Scans, reads and writes that an operator starts, sent between the line's own transactions. */

import { writePlace } from '../../../drivers/modbus/modbus-driver.ts';
import type { BusRead, BusReadResult, BusTools, BusTransaction, BusWrite, BusWriteResult, LineStats } from '../../core/bus-tools.ts';
import type { LineConfig } from '../../core/cabinet.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import type { LineCounters, ReadRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Profile } from '../../core/profile.ts';
import { Refusal } from '../../core/refusal.ts';
import { downAdvice } from '../stats/bus-advice.ts';
import { LineStatsCollector, type LineStatsParts } from '../stats/line-stats.ts';
import type { Unit } from '../units/unit.ts';
import { checkRead, checkRegisters, checkScan, checkWrite, scanRange } from './bus-bounds.ts';
import { type ExamParts, examineLine } from './bus-exam.ts';
import { findRegisters } from './bus-registers.ts';
import { scanLine } from './bus-scan.ts';
import { type BusLine, type BusToolQueue, createBusToolQueue } from './bus-tool-queue.ts';
import { type BusWatch, createBusWatch, type TransactionReport, whatOf } from './bus-watch.ts';

/** A line with one device on a raw UART, for the statistics of the bus tools. */
export interface RawLine {
  readonly config: LineConfig;
  /** How many bytes were in no valid frame, since the line was opened with its present configuration. */
  readonly noiseBytes: () => number;
  /** Why it is down; empty while it is up. */
  readonly downReason: () => Message;
}

/** The lines of the field, and what the tools use besides them. */
export interface BusToolsParts {
  /** Modbus lines and DALI buses. */
  readonly lines: readonly (BusLine & Pick<LineStatsParts, 'overruns' | 'requestsOf' | 'downReason'>)[];
  readonly rawLines: readonly RawLine[];
  readonly clock: Clock;
  /** Device types that the tools may recognise. */
  readonly profiles: () => readonly Profile[];
  /** How long the adapter of a port delays bytes; null when unknown. Units: ms. */
  readonly adapterLatencyMs: (port: string) => number | null;
}

const NO_DOUBT = { duplicates: 0, doubtful: 0, resyncs: 0 };

/** The bus tools, with the methods by which the field reports to them. */
export interface FieldBusTools extends BusTools {
  /** Records an ended transaction of a line. */
  note(lineId: string, report: TransactionReport): void;
  /** Records how long an urgent write waited until its first byte was sent. Units: ms. */
  noteUrgent(lineId: string, waitMs: number): void;
  /** Removes lines and adds others. Lines in neither list keep their statistics; a line of units in both keeps only its `counters`. */
  exchange(gone: ReadonlySet<string>, come: Pick<BusToolsParts, 'lines' | 'rawLines'>): void;
  /**
   * Returns the counters of a Modbus line or DALI bus, most of them without the console's requests; null if no line of units has this id.
   */
  counters(lineId: string): LineCounters | null;
}

/** The tools of one line of units. */
interface LineTools {
  readonly queue: BusToolQueue;
  readonly stats: LineStatsCollector;
  readonly watch: BusWatch;
}

/**
 * Creates the bus tools of these lines: scan, examination, register search, read, write, statistics and watch.
 *
 * Shape: a plain object, which can be spread. Errors: the requests reject with Refusal, for example for an unknown line, and with BusError,
 * for example while the line is down. `watch` and `hush` throw Refusal, for example for an unknown line.
 */
export function createBusTools({ clock, profiles, adapterLatencyMs, ...first }: BusToolsParts): FieldBusTools {
  const toolsOf = (line: BusToolsParts['lines'][number]): [string, LineTools] => {
    const latencyMs = (): number | null => adapterLatencyMs(line.config.port);
    const stats = new LineStatsCollector({ ...line, clock, latencyMs });
    return [line.config.id, { queue: createBusToolQueue(line, clock), stats, watch: createBusWatch(clock) }];
  };
  const lines = new Map(first.lines.map(toolsOf));
  const carried = createCarriedCounters();
  let rawLines = first.rawLines;
  const lineTools = (lineId: string): LineTools => lines.get(lineId) ?? refuseLine(lineId, [...lines.keys()], rawLines);
  const openLine = (lineId: string): LineTools => {
    const tools = lineTools(lineId);
    if (!tools.queue.line.isOpen) throw new BusError('port-closed', msg`line ${lineId} is down: check ${tools.queue.config.port}`);
    return tools;
  };
  const examParts = ({ queue, stats }: LineTools): ExamParts => {
    return { queue, stats, profiles: profiles(), latencyMs: adapterLatencyMs(queue.config.port) };
  };
  const countersOf = (lineId: string): LineCounters | null => carried.sum(lineId, lines.get(lineId)?.stats.counters());

  return {
    async scan(asked, onProgress) {
      const { queue, stats } = openLine(asked.line);
      const request = scanRange(asked, queue.line);
      checkScan(request, queue.config.port, queue.line);
      const adapter = { latencyMs: adapterLatencyMs(queue.config.port), hiddenChars: stats.hiddenChars() };
      const isDamaged = (unit: number): boolean => stats.isDamaged(unit);
      return scanLine({ queue, profiles: profiles(), adapter, isDamaged }, request, onProgress);
    },
    examine: async (request, onProgress) => examineLine(examParts(openLine(request.line)), request, onProgress),
    async registers(request, onProgress) {
      const { queue } = openLine(request.line);
      checkRegisters(request, queue.line);
      return findRegisters(queue, request, onProgress);
    },
    async read(request) {
      const { queue } = openLine(request.line);
      checkRead(request, queue.line);
      return readRegisters(queue, request);
    },
    async write(request) {
      const { queue } = openLine(request.line);
      checkWrite(request, queue.line);
      return writeRegisters(queue, request);
    },
    stats: () => [...[...lines.values()].map(({ stats }) => stats.stats()), ...rawLines.map(rawStats)],
    watch: (lineId, onTransaction) => lineTools(lineId).watch.watch(onTransaction),
    hush: (lineId, forMs) => lineTools(lineId).queue.runner.hush(forMs),
    note: (lineId, report) => noteOn(lines.get(lineId), report, clock),
    exchange(gone, come) {
      for (const id of gone) {
        carried.keep(id, come.lines.some(({ config }) => config.id === id) ? countersOf(id) : null);
        lines.delete(id);
      }
      for (const line of come.lines) lines.set(...toolsOf(line));
      rawLines = [...rawLines.filter(({ config }) => !gone.has(config.id)), ...come.rawLines];
    },
    noteUrgent: (lineId, waitMs) => lines.get(lineId)?.stats.noteUrgent(waitMs),
    counters: countersOf,
  };
}

function noteOn(tools: LineTools | undefined, report: TransactionReport, clock: Clock): void {
  tools?.stats.note(report);
  if (tools?.watch.isWatched === true) tools.watch.note(watched(report, clock));
}

/** The counters of lines from before they were reopened with other settings. */
function createCarriedCounters() {
  const carried = new Map<string, LineCounters>();
  return {
    keep(lineId: string, counters: LineCounters | null): void {
      if (counters === null) carried.delete(lineId);
      else carried.set(lineId, counters);
    },
    /** Null for no counters. */
    sum(lineId: string, counters: LineCounters | undefined): LineCounters | null {
      const before = carried.get(lineId);
      if (counters === undefined || before === undefined) return counters ?? null;
      const keys = Object.keys(counters) as (keyof LineCounters)[];
      return { ...counters, ...Object.fromEntries(keys.map((key) => [key, counters[key] + before[key]])) };
    },
  };
}

/** Errors: always throws Refusal: the line does not exist, or does not carry Modbus. */
function refuseLine(lineId: string, modbusLines: readonly string[], rawLines: readonly RawLine[]): never {
  const isRaw = rawLines.some(({ config }) => config.id === lineId);
  const found = isRaw ? msg`line ${lineId} has one device that sends by itself` : msg`there is no line ${lineId}`;
  throw new Refusal(modbusLines.length === 0 ? msg`${found}: there is no Modbus line` : msg`${found}: Modbus lines are ${modbusLines}`);
}

/** A transaction as shown to a person who watches the line. */
function watched({ request, end, lane, atMono }: TransactionReport, clock: Clock): BusTransaction {
  const atMs = clock.wallMs() - Math.round(clock.monoMs() - atMono);
  const how = end instanceof BusError ? { turnaroundMs: null, error: end.code } : { turnaroundMs: end.turnaroundMs, error: null };
  return { atMs, unit: request.unit, lane, what: whatOf(request), ...how };
}

function rawStats({ config, noiseBytes, downReason }: RawLine): LineStats {
  const none = {
    busyPct: 0,
    wirePct: 0,
    transactions: 0,
    timeouts: 0,
    crcErrors: 0,
    exceptions: 0,
    lateReplies: 0,
    ...NO_DOUBT,
    echoes: 0,
  };
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
    advice: String(why) === '' ? [] : [downAdvice(why)],
  };
}

/** Errors: rejects with BusError. */
async function readRegisters(queue: BusToolQueue, request: BusRead): Promise<BusReadResult> {
  const { unit, table, address, count } = request;
  const reply = await queue.read({ unit, table, address, count });
  if (reply instanceof BusError) throw reply;
  const driver = queue.unitAt(unit)?.driver;
  const units = new Map(driver?.profile.points.map((point) => [point.id, point.unit]));
  const values = (driver?.decode(table, address, reply.words) ?? []).map(({ quantity, value, plausible }) => ({
    quantity,
    value: plausible ? value : null,
    unit: units.get(quantity) ?? '',
  }));
  return { ...request, words: reply.words, turnaroundMs: Math.round(reply.turnaroundMs * 10) / 10, values };
}

/**
 * Shape: `before` and `after` are null for a broadcast and for registers that cannot be read.
 * Errors: rejects with BusError when the write itself fails.
 */
async function writeRegisters(queue: BusToolQueue, request: BusWrite): Promise<BusWriteResult> {
  const { unit, table, address, values } = request;
  const read: ReadRequest = { unit, table, address, count: values.length };
  const known = queue.unitAt(unit);
  const before = await wordsOf(queue, read);
  const multiple = known?.driver.profile.quirks.writeFunction === 'multiple' ? { multiple: true as const } : {};
  const written = await queue.write({ unit, table, address, values, ...multiple });
  if (written instanceof BusError) throw written;
  await sleep(queue.clock, known === undefined ? 0 : settleMs(known, read));
  return { ...request, before, after: await wordsOf(queue, read), ...(isBroadcast(queue, unit) ? { isBroadcast: true } : {}) };
}

async function wordsOf(queue: BusToolQueue, request: ReadRequest): Promise<readonly number[] | null> {
  if (isBroadcast(queue, request.unit)) return null;
  const reply = await queue.read(request);
  return reply instanceof BusError ? null : reply.words;
}

/** On a DALI bus, 0 is the address of one unit. */
function isBroadcast({ line }: Pick<BusToolQueue, 'line'>, unit: number): boolean {
  return unit === 0 && line.lastUnit === undefined;
}

/** How long after a write of these registers the unit needs until they read back the new value, with its fade. Units: ms. */
function settleMs({ driver, fadeMs }: Unit, { table, address, count }: ReadRequest): number {
  const written = driver.profile.points.filter((point) => {
    const place = writePlace(point);
    return place.table === table && place.address >= address && place.address < address + count;
  });
  return Math.max(0, ...written.map(({ write }) => (write?.settleMs ?? 0) + (write?.fades === true ? fadeMs : 0)));
}
