/**
 * Statistics of a line since the agent started, and the advice that follows from them.
 */
import { charMs } from '../../../drivers/modbus/wire-time.ts';
import type { ExamUnit, QuarterHour } from '../../core/bus-exam.ts';
import type { LineStats, UnitStats } from '../../core/bus-tools.ts';
import type { LineConfig, SerialSettings } from '../../core/cabinet.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { LineCounters, ModbusLine } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import { serialOf } from '../../core/line-port.ts';
import type { Message } from '../../core/message.ts';
import type { Lane } from '../../core/ports.ts';
import type { TransactionReport } from '../bus-tools/bus-watch.ts';
import { isolatedQuantities, type Unit, unitState } from '../units/unit.ts';
import { SILENT_AFTER } from '../units/unit-health.ts';
import { timeoutOf } from '../units/unit-requests.ts';
import { answersTwice, doMostAnswerTwice } from '../units/unit-trouble.ts';
import { type AdvisedUnit, adviceOf } from './bus-advice.ts';
import { createLineHistory } from './line-history.ts';
import { createBusLoad, createConsoleShare, createSpreadMeter } from './meters.ts';
import { createUnitTally, isDamaged, type UnitTally } from './unit-stats.ts';

/** How often the load is sampled. Units: ms. */
const SAMPLE_MS = 5_000;
/** Source: Modbus over Serial Line V1.02: address, function, four bytes, checksum; an exception is three bytes shorter. */
const BYTES = { request: 8, exception: 5 } as const;
/**
 * From here on more replies of a unit are damaged than on a good line. Source: assumed; two units with one address damage every second reply.
 * Confirmed by: damaged replies on healthy lines in a week of logs, and a bench with two units at one address.
 */
const DAMAGED = { count: 3, share: 0.1 } as const;

/** What a `LineStatsCollector` needs to describe one line with units. */
export interface LineStatsParts {
  readonly config: LineConfig;
  readonly line: ModbusLine;
  readonly units: readonly Unit[];
  readonly clock: Clock;
  /** How long the adapter holds bytes back; null when that is unknown. Units: ms. */
  readonly latencyMs: () => number | null;
  /**
   * The number of polls, since the line was created, that left more than one period after they were due. Polls after a lost one and most
   * first polls do not count.
   */
  readonly overruns: () => number;
  /** The number of requests in one whole round of polls of a unit, without isolated registers. */
  readonly requestsOf: (unit: Unit) => number;
  /** Why the line is down; empty while it is up. */
  readonly downReason: () => Message;
}

/** Collects the statistics of one line and its units in bounded memory, and derives advice from them. */
export class LineStatsCollector {
  readonly #parts: LineStatsParts;
  /** By unit. */
  readonly #tallies: ReadonlyMap<number, UnitTally>;
  readonly #urgent = createSpreadMeter();
  readonly #hidden = createSpreadMeter();
  readonly #busy = createBusLoad();
  readonly #wire = createBusLoad();
  readonly #share = createConsoleShare();
  readonly #history = createLineHistory();
  /** Requests lost in a row, by unit: they count once the unit answers again. */
  readonly #lost = new Map<number, number>();
  #wireMs = 0;
  #sampledMono: MonoMs = Number.NEGATIVE_INFINITY;
  #seen: LineCounters;
  /** The last request that was given up: a late reply is counted for it. */
  #givenUp: { readonly unit: number; readonly lane: Lane } | null = null;

  constructor(parts: LineStatsParts) {
    this.#parts = parts;
    this.#tallies = new Map(parts.units.map(({ device }) => [device.unit, createUnitTally()]));
    this.#seen = parts.line.counters;
    this.#sample();
  }

  /** Adds one finished transaction. Those of the console are counted apart. */
  note(report: TransactionReport): void {
    const { config, line, clock } = this.#parts;
    const { request, end, lane } = report;
    this.#wireMs += wireMsOf(report, line, config.serial);
    const byConsole = lane === 'console';
    const tally = byConsole ? undefined : this.#tallies.get(request.unit);
    tally?.note(report);
    if (!(end instanceof BusError)) this.#hidden.note((end.firstByteMs - end.turnaroundMs) / charMs(config.serial));
    const [before, now] = [this.#seen, line.counters];
    if (now.echoes > before.echoes) tally?.noteEchoes(now.echoes - before.echoes);
    const isLateOfConsole = this.#givenUp?.lane === 'console';
    if (now.lateReplies > before.lateReplies && this.#givenUp !== null && !isLateOfConsole)
      this.#tallies.get(this.#givenUp.unit)?.noteLate(now.lateReplies - before.lateReplies, report.atMono);
    this.#share.note(before, now, { transaction: byConsole, late: isLateOfConsole });
    if (!byConsole) this.#noteHistory(report, now.noiseBytes - before.noiseBytes);
    this.#seen = now;
    if (end instanceof BusError && end.code === 'timeout') this.#givenUp = { unit: request.unit, lane };
    if (clock.monoMs() - this.#sampledMono >= SAMPLE_MS) this.#sample();
  }

  /**
   * What was counted in each quarter of an hour of the last day, without the requests of the console. Oldest first; a quarter without a
   * request is absent.
   */
  quarters(): QuarterHour[] {
    return this.#history.quarters(this.#parts.clock.wallMs());
  }

  /** How the requests to each unit ended in about the last ten minutes, without those of the console. */
  recentUnits(): ExamUnit[] {
    const { units, clock } = this.#parts;
    return units.map((unit) => {
      const { unit: address, id } = unit.device;
      return { unit: address, device: id, recent: this.#tallyOf(unit).recent(clock.monoMs()) };
    });
  }

  /** Records how long an urgent write waited from its queueing to its first byte. Units: ms. */
  noteUrgent(waitMs: number): void {
    this.#urgent.note(waitMs);
  }

  /**
   * Whether more replies of the unit have been damaged, since this object was created, than on a good line. False also for only one or two,
   * and for an unknown unit. `unit` is the address.
   */
  isDamaged(unit: number): boolean {
    const { ok = 0, crcErrors = 0 } = this.#tallies.get(unit)?.counts() ?? {};
    return crcErrors >= DAMAGED.count && crcErrors > DAMAGED.share * (ok + crcErrors);
  }

  /** The counters of the line since it was created, less what ended requests of the console added to them; `busyMs` is not reduced. */
  counters(): LineCounters {
    return this.#share.without(this.#parts.line.counters);
  }

  /**
   * On a Modbus line at a local serial port, the median time, of the newest replies, from the start of a reply until the agent can read its
   * first bytes. Null before any reply. Units: characters.
   */
  hiddenChars(): number | null {
    return this.#hidden.spread()?.p50 ?? null;
  }

  /** Returns the statistics of the line and its units, and the advice that follows from them. */
  stats(): LineStats {
    const { config, units, clock, latencyMs, downReason, overruns } = this.#parts;
    this.#sample();
    const counters = this.counters();
    const plain = {
      ...lineOf(config, counters),
      console: this.#share.counts(),
      busyPct: this.#busy.busyPct(),
      wirePct: this.#wire.busyPct(),
      urgentWaitMs: this.#urgent.spread(),
      overruns: overruns(),
      units: units.map((unit) => this.#statsOf(unit)),
    };
    const advised = units.map((unit) => this.#advisedOf(unit));
    const more = {
      foreignFrames: counters.foreignFrames,
      downReason: downReason(),
      units: advised,
      doMostAnswerTwice: doMostAnswerTwice(units, clock.monoMs()),
    };
    return { ...plain, advice: adviceOf({ ...plain, ...more }, latencyMs()) };
  }

  #noteHistory({ request: { unit }, end }: TransactionReport, noiseBytes: number): void {
    const code = end instanceof BusError ? end.code : null;
    const isLost = code === 'timeout';
    const lost = this.#lost.get(unit) ?? 0;
    // A unit that stays silent has no supply or no wire: that is no trouble of certain hours.
    const missed = !isLost && code !== 'interrupted' && lost < SILENT_AFTER ? lost : 0;
    if (code !== 'interrupted') this.#lost.set(unit, isLost ? lost + 1 : 0);
    const damaged = end instanceof BusError && isDamaged(end) ? 1 : 0;
    this.#history.note(this.#parts.clock.wallMs(), { transactions: 1, damaged, missed, noiseBytes });
  }

  #sample(): void {
    const { clock, line } = this.#parts;
    this.#sampledMono = clock.monoMs();
    this.#busy.sample(this.#sampledMono, line.counters.busyMs);
    this.#wire.sample(this.#sampledMono, this.#wireMs);
  }

  #advisedOf(unit: Unit): AdvisedUnit {
    const { responseTimeoutMs } = unit.driver.profile.quirks;
    const recent = this.#tallyOf(unit).recent(this.#parts.clock.monoMs());
    const nowMono = this.#parts.clock.monoMs();
    return { ...this.#statsOf(unit), recent, profileTimeoutMs: responseTimeoutMs, answersTwice: answersTwice(unit, nowMono) };
  }

  #tallyOf({ device }: Unit): UnitTally {
    return this.#tallies.get(device.unit) ?? createUnitTally();
  }

  #statsOf(unit: Unit): UnitStats {
    return {
      unit: unit.device.unit,
      device: unit.device.id,
      state: unitState(unit),
      ...this.#tallyOf(unit).counts(),
      timeoutMs: Math.round(timeoutOf(unit)),
      requests: this.#parts.requestsOf(unit),
      refused: isolatedQuantities(unit, false),
      unanswered: isolatedQuantities(unit, true),
    };
  }
}

function lineOf(config: LineConfig, counters: LineCounters) {
  const { transactions, timeouts, exceptions, lateReplies, duplicates, doubtful, resyncs, echoes, noiseBytes } = counters;
  const crcErrors = counters.crcErrors + counters.truncated;
  const base = { line: config.id, kind: config.kind, port: config.port, baud: serialOf(config)?.baud ?? null };
  return { ...base, transactions, timeouts, crcErrors, exceptions, lateReplies, duplicates, doubtful, resyncs, echoes, noiseBytes };
}

/** Time of the bytes alone: for a reply from its timestamps, otherwise from the shortest frames. Units: ms. */
function wireMsOf({ request, end }: TransactionReport, line: ModbusLine, serial: SerialSettings): number {
  // Between replies that confirm each other there are silences, which are no bytes.
  if (!(end instanceof BusError)) return Math.min(Math.max(0, end.atMono - end.askedMono - end.turnaroundMs), line.wireMs(request));
  return (BYTES.request + (end.policy.answered ? BYTES.exception : 0)) * charMs(serial);
}
