/**
 * How a line fares: each of its transactions counted, and what the counts say.
 *
 * Owns the counts since the agent started. Never asks the line anything.
 */
import type { LineStats, UnitStats } from '../../core/bus-tools.ts';
import type { LineConfig, SerialSettings } from '../../core/cabinet.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { LineCounters, ModbusLine } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import { serialOf } from '../../core/line-port.ts';
import type { Lane } from '../../core/ports.ts';
import { charMs } from '../bus-tools/scan-settings.ts';
import type { TransactionReport } from '../line/transaction-report.ts';
import { isolatedQuantities, type Unit, unitState } from '../units/unit.ts';
import { timeoutOf } from '../units/unit-requests.ts';
import { type AdvisedUnit, adviceOf } from './bus-advice.ts';
import { createBusLoad } from './bus-load.ts';
import { createConsoleShare } from './console-share.ts';
import { createSpreadMeter } from './spread.ts';
import { createUnitTally, type UnitTally } from './unit-stats.ts';

/** How often the load is looked at. Units: ms. */
const SAMPLE_MS = 5_000;
/** Source: Modbus over Serial Line V1.02: address, function, four bytes, checksum; an exception is three bytes shorter. */
const BYTES = { request: 8, exception: 5 } as const;
/** Damaged replies of a unit that are more than a sound line's. Source: assumed; two units with one address damage every other. */
const DAMAGED = { count: 3, share: 0.1 } as const;

export interface LineStatsParts {
  readonly config: LineConfig;
  readonly line: ModbusLine;
  readonly units: readonly Unit[];
  readonly clock: Clock;
  readonly latencyMs: () => number | null;
  /** Polls that came later than one period after they were due. */
  readonly overruns: () => number;
  /** Requests of one whole round of a unit as things stand. */
  readonly requestsOf: (unit: Unit) => number;
  /** Why the line is down; empty while it is up. */
  readonly downReason: () => string;
}

export interface LineStatsCollector {
  note(report: TransactionReport): void;
  /** An urgent write has begun to leave this long after it was wished. */
  noteUrgent(waitMs: number): void;
  isDamaged(unit: number): boolean;
  /** Of the line, without what the console caused. */
  counters(): LineCounters;
  /** From the start of a reply to the first of its bytes here, as a rule; null before any reply. Units: characters. */
  hiddenChars(): number | null;
  stats(): LineStats;
}

export function createLineStats(parts: LineStatsParts): LineStatsCollector {
  const { config, line, units, clock, requestsOf } = parts;
  const tallies = new Map(units.map(({ device }): [number, UnitTally] => [device.unit, createUnitTally()]));
  const [urgent, hidden] = [createSpreadMeter(), createSpreadMeter()];
  const [busy, wire] = [createBusLoad(), createBusLoad()];
  let wireMs = 0;
  let sampledMono: MonoMs = Number.NEGATIVE_INFINITY;
  let seen: LineCounters = line.counters;
  const share = createConsoleShare();
  /** Whose answer a late one is: the last that was given up. */
  let givenUp: { readonly unit: number; readonly lane: Lane } | null = null;
  sample();

  return {
    note(report) {
      wireMs += wireMsOf(report, config.serial);
      const { request, end, lane } = report;
      const byConsole = lane === 'console';
      const tally = byConsole ? undefined : tallies.get(request.unit);
      tally?.note(report);
      if (!(end instanceof BusError)) hidden.note((end.firstByteMs - end.turnaroundMs) / charMs(config.serial));
      const now = line.counters;
      if (now.echoes > seen.echoes) tally?.noteEchoes(now.echoes - seen.echoes);
      const isLateOfConsole = givenUp?.lane === 'console';
      if (now.lateReplies > seen.lateReplies && givenUp !== null && !isLateOfConsole)
        tallies.get(givenUp.unit)?.noteLate(now.lateReplies - seen.lateReplies, report.atMono);
      share.note(seen, now, { transaction: byConsole, late: isLateOfConsole });
      seen = now;
      if (end instanceof BusError && end.code === 'timeout') givenUp = { unit: request.unit, lane };
      if (clock.monoMs() - sampledMono >= SAMPLE_MS) sample();
    },
    noteUrgent: (waitMs) => urgent.note(waitMs),
    hiddenChars: () => hidden.spread()?.p50 ?? null,
    isDamaged(unit) {
      const { ok = 0, crcErrors = 0 } = tallies.get(unit)?.counts() ?? {};
      return crcErrors >= DAMAGED.count && crcErrors > DAMAGED.share * (ok + crcErrors);
    },
    stats() {
      sample();
      const counters = share.without(line.counters);
      const plain = { ...lineOf(config, counters), console: share.counts(), ...loads(), units: units.map(statsOf) };
      const more = { strangers: counters.strangers, downReason: parts.downReason(), units: units.map(advisedOf) };
      return { ...plain, advice: adviceOf({ ...plain, ...more }, parts.latencyMs()) };
    },
    counters: () => share.without(line.counters),
  };

  function loads() {
    return { busyPct: busy.busyPct(), wirePct: wire.busyPct(), urgentWaitMs: urgent.spread(), overruns: parts.overruns() };
  }

  function sample(): void {
    sampledMono = clock.monoMs();
    busy.sample(sampledMono, line.counters.busyMs);
    wire.sample(sampledMono, wireMs);
  }

  function advisedOf(unit: Unit): AdvisedUnit {
    const { responseTimeoutMs } = unit.driver.profile.quirks;
    return { ...statsOf(unit), recent: tallyOf(unit).recent(clock.monoMs()), profileTimeoutMs: responseTimeoutMs };
  }

  function tallyOf({ device }: Unit): UnitTally {
    return tallies.get(device.unit) ?? createUnitTally();
  }

  function statsOf(unit: Unit): UnitStats {
    const tally = tallyOf(unit);
    return {
      unit: unit.device.unit,
      device: unit.device.id,
      state: unitState(unit),
      ...tally.counts(),
      timeoutMs: Math.round(timeoutOf(unit)),
      requests: requestsOf(unit),
      refused: isolatedQuantities(unit, false),
      unanswered: isolatedQuantities(unit, true),
    };
  }
}

function lineOf(config: LineConfig, counters: LineCounters) {
  const { transactions, timeouts, exceptions, lateReplies, echoes, noiseBytes } = counters;
  const crcErrors = counters.crcErrors + counters.truncated;
  const base = { line: config.id, kind: 'modbus' as const, port: config.port, baud: serialOf(config)?.baud ?? null };
  return { ...base, transactions, timeouts, crcErrors, exceptions, lateReplies, echoes, noiseBytes };
}

/** Bytes alone: a reply tells it by its times, of the rest the shortest frames are taken. Units: ms. */
function wireMsOf({ end }: TransactionReport, serial: SerialSettings): number {
  if (!(end instanceof BusError)) return Math.max(0, end.atMono - end.askedMono - end.turnaroundMs);
  return (BYTES.request + (end.policy.answered ? BYTES.exception : 0)) * charMs(serial);
}
