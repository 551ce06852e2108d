/**
 * One question to a unit, or one write, and what its end says about the unit.
 *
 * Owns the step from a reply or a failure to health, events and readings. Never chooses what is asked next. One transaction at a time.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { LateReply, ModbusLine, ReadRequest, Reply, WriteRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Log } from '../../core/ports.ts';
import type { Table } from '../../core/profile.ts';
import type { Reading } from '../../core/words.ts';
import { absentReadings, quantitiesOf, readingsOf } from '../decode.ts';
import { replan, retrySoon, setUpAgain, type Unit, welcome } from '../units/unit.ts';
import { afterTransaction, type Transaction as UnitTransaction } from '../units/unit-health.ts';
import { slotsIn, timeoutFor } from '../units/unit-requests.ts';
import { type DeadBudget, hushMs } from './dead-units.ts';

/** A silence shorter than this is reported by its missing readings alone, as no end of the device. Units: ms. Source: assumed; one usual poll period. */
const AWAY_AFTER_MS = 5_000;
/** A unit that answers without data for this long is reported. Units: ms. Source: two polls of the slowest class, 30 s. */
const NO_DATA_AFTER_MS = 60_000;

export interface TransactionsOptions {
  readonly lineId: string;
  readonly line: ModbusLine;
  readonly units: readonly Unit[];
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventTracker;
  /** 0..1. */
  readonly random: () => number;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
}

/** Errors: none thrown; a failed transaction is a value. */
export interface Transactions {
  /** `isRetry`: it may be a register that the unit never answers, so a lost reply says nothing about its health. */
  read(unit: Unit, request: ReadRequest, how?: { readonly isRetry: boolean }): Promise<Reply | BusError>;
  write(unit: Unit, request: WriteRequest): Promise<Reply | BusError>;
  /** To all units of the line; nobody answers, and the line rests for `pauseMs` so that they can obey. */
  broadcast(request: WriteRequest, pauseMs: number): Promise<Reply | BusError>;
  /** Hand on what a reply says. */
  deliver(unit: Unit, at: { readonly table: Table; readonly address: number }, reply: Reply): void;
  /** These quantities have no value: the unit does not know them, or is not there. */
  withdraw(unit: Unit, quantities: readonly string[], quality: 'missing' | 'bad'): void;
  /** Nothing is known of the unit until it answers again; the caller has told why. */
  forget(unit: Unit): void;
  /** A request that was given up has been answered. Returns the unit when it can be waited for that long. */
  noteLate(late: LateReply): Unit | undefined;
  /** Reports the units that have been silent for some time now. */
  reportAway(nowMono: MonoMs): void;
}

/** `isConsole`: whether the console has the turn. */
export function createTransactions(
  options: TransactionsOptions & { readonly budget: DeadBudget; readonly isConsole: () => boolean },
): Transactions {
  const { lineId, line, units, clock, log, events, random, budget, isConsole, onReadings, onAlive } = options;
  const transactions: Transactions = {
    read: (unit, request, { isRetry } = { isRetry: false }) => exchange(unit, request, isRetry),
    async write(unit, request) {
      const startMono = clock.monoMs();
      const result = await exchange(unit, request, false);
      if (result instanceof BusError && unit.health.state === 'silent') {
        const nowMono = clock.monoMs();
        unit.hushedMono = nowMono + hushMs(nowMono - startMono, units.filter(({ health }) => health.state === 'silent').length);
      }
      return result;
    },
    async broadcast(request, pauseMs) {
      try {
        return await line.write(request, pauseMs);
      } catch (error) {
        if (error instanceof BusError) return error;
        throw error;
      }
    },
    deliver(unit, { table, address }, reply) {
      // What a reply says was true when the question left, not when the answer came.
      const at = { atMono: reply.askedMono, atMs: clock.wallMs() - Math.round(clock.monoMs() - reply.askedMono) };
      unit.dataMono = clock.monoMs();
      events.clear('unit-no-data', unit.device.id);
      const values = unit.driver.decode(table, address, reply.words);
      const { uptime } = unit.driver.profile;
      const told = uptime === null ? undefined : values.find(({ quantity }) => quantity === uptime)?.value;
      if (typeof told === 'number') watchUptime(unit, told);
      onReadings(readingsOf(unit.device.id, values, at));
    },
    withdraw(unit, quantities, quality) {
      onReadings(absentReadings(unit.device.id, quantities, quality, { atMono: clock.monoMs(), atMs: clock.wallMs() }));
    },
    forget(unit) {
      if (!unit.isAway) leave(unit);
      report(unit, false);
    },
    noteLate({ request, afterMs }) {
      const unit = units.find(({ device }) => device.unit === request.unit);
      if (unit === undefined) return undefined;
      const firstByteMs = Math.max(0, afterMs - line.wireMs(request));
      const lateness = unit.responses.learnLate(request, firstByteMs);
      const isPoll = lateness === 'learned' && 'count' in request && slotsIn(unit, request).length > 0;
      const atMono = clock.monoMs();
      responded(unit, isPoll ? { kind: 'late', atMono, firstByteMs } : { kind: 'answer', atMono }, true);
      unit.refusals++;
      if (lateness !== 'too-late') return unit;
      const why = `its replies take ${Math.round(firstByteMs)} ms, longer than it is waited for`;
      tellNoData(unit, `${why}: raise responseTimeoutMs in its profile`);
      return undefined;
    },
    reportAway(nowMono) {
      for (const unit of units) {
        if (!unit.isAwayNew || nowMono - (unit.missedMono ?? nowMono) < AWAY_AFTER_MS) continue;
        const text = silentText(unit, { lineId, isNetwork: line.isNetwork === true });
        events.set(true, { code: 'unit-silent', source: unit.device.id, severity: 'warning', text });
        report(unit, false);
      }
    },
  };
  return transactions;

  function leave(unit: Unit): void {
    unit.isAway = true;
    events.clear('unit-no-data', unit.device.id);
    transactions.withdraw(unit, quantitiesOf(unit.driver.profile), 'missing');
  }

  /** Its silence has lasted, or its line went down, of which its keeper tells. */
  function report(unit: Unit, isAlive: boolean): void {
    unit.isAwayNew = false;
    if (unit.isReportedAlive === isAlive || (unit.isReportedAlive === null && !isAlive && unit.health.state !== 'silent')) return;
    unit.isReportedAlive = isAlive;
    onAlive(unit.device.id, isAlive);
  }

  /** The one place where a transaction with a unit of the cabinet ends. */
  async function exchange(unit: Unit, request: ReadRequest | WriteRequest, isRetry: boolean): Promise<Reply | BusError> {
    const startMono = clock.monoMs();
    const timeoutMs = timeoutFor(unit, request);
    const isRead = 'count' in request;
    try {
      const reply = await (isRead ? line.read(request, timeoutMs) : line.write(request, timeoutMs));
      const { turnaroundMs, firstByteMs } = reply;
      const atMono = clock.monoMs();
      // What a person requests is of any length and place; it says nothing about the polls.
      if (!isConsole()) unit.responses.learn(request, firstByteMs);
      unit.replies++;
      responded(unit, isRead ? { kind: 'reply', atMono, turnaroundMs, firstByteMs } : { kind: 'answer', atMono });
      return reply;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      if (error.policy.answered) refused(unit, request, error);
      else if (error.policy.unitUsable) missed(unit, error, { startMono, isRetry });
      return error;
    } finally {
      unit.lastMono = clock.monoMs();
    }
  }

  function refused(unit: Unit, request: ReadRequest | WriteRequest, error: BusError): void {
    unit.refusals++;
    responded(unit, { kind: 'answer', atMono: clock.monoMs() });
    tellNoData(unit, error.message);
    // A search for registers is refused hundreds of times, and its person sees it.
    if (!('count' in request) || !error.policy.excludePoint || isConsole()) return;
    const { table, address, count } = request;
    log.event('registers-refused', { device: unit.device.id, table, address, count, why: error.message });
  }

  function responded(unit: Unit, transaction: Exclude<UnitTransaction, { kind: 'timeout' }>, isLate = false): void {
    const wasSilent = unit.health.state === 'silent';
    const isReturn = wasSilent || unit.seenMs !== null;
    unit.health = afterTransaction(unit.health, transaction);
    unit.seenMs = clock.wallMs();
    unit.missedMono = null;
    // A unit that is reported to be gone is back once it replies in time; each late reply would be a return of its own.
    if (!unit.isAway || (isLate && unit.isReportedAlive === false)) return;
    welcome(unit, transaction.atMono, isReturn);
    if (unit.isReportedAlive !== true) log.event('unit-met', { line: lineId, device: unit.device.id });
    events.clear('unit-silent', unit.device.id);
    report(unit, true);
    if (wasSilent) lookForOthers(transaction.atMono);
  }

  /** It responds, and yet no point has had a value for some time. */
  function tellNoData(unit: Unit, why: string): void {
    const { id } = unit.device;
    if (unit.slots.length === 0 || clock.monoMs() - unit.dataMono < NO_DATA_AFTER_MS) return;
    events.set(true, { code: 'unit-no-data', source: id, severity: 'warning', text: `${id} answers, but gives no data: ${why}` });
  }

  /** Lamps of one feeder come back together: where one answers again, the others are worth asking. */
  function lookForOthers(nowMono: MonoMs): void {
    for (const other of units)
      if (other.health.state === 'silent') other.health = { ...other.health, dueMono: Math.min(other.health.dueMono, nowMono) };
  }

  function missed(unit: Unit, error: BusError, { startMono, isRetry }: { startMono: MonoMs; isRetry: boolean }): void {
    const before = unit.health;
    const atMono = clock.monoMs();
    if (before.state === 'silent' || isRetry) budget.charge(atMono - startMono, atMono);
    // What a person asks may be what the unit never answers, which is no sign of its health; its polls find out whether it is there.
    if (isRetry || isConsole()) return;
    unit.missedMono ??= startMono;
    const mayBeStarting = atMono < unit.startingMono;
    unit.health = afterTransaction(before, { kind: 'timeout', atMono, jitter: random(), mayBeStarting });
    if (before.state === 'silent' || unit.health.state !== 'silent') return;
    if (unit.isReportedAlive !== false) leave(unit);
    unit.isAwayNew = true;
    unit.lostFinding = error.finding;
  }

  /** An uptime that falls tells of a restart that was too short for the unit to be missed. */
  function watchUptime(unit: Unit, uptime: number): void {
    const before = unit.uptime;
    if (before !== null && uptime < before) {
      log.event('unit-restarted', { line: lineId, device: unit.device.id, uptime, before });
      setUpAgain(unit);
      for (const slot of unit.slots) if (slot.isolation === null) slot.dueMono = Math.min(slot.dueMono, clock.monoMs());
      retrySoon(unit, clock.monoMs());
      replan(unit);
    }
    unit.uptime = uptime;
  }
}

/** Where to look first: a screen of 80 columns shows the first 60. */
function silentText({ device: { id, unit, pole }, lostFinding }: Unit, at: { lineId: string; isNetwork: boolean }): string {
  const [wire, where] = at.isNetwork ? ['cable', ' behind the gateway'] : ['wire', ''];
  const way = pole === null ? `its ${wire}${where}` : `the ${wire} to pole ${pole}${where}`;
  return `${id} does not answer; check its supply, address ${unit} and ${way} (line ${at.lineId}); ${lostFinding}`;
}
