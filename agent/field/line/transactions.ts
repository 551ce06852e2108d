/**
 * One request to a unit, and how its result changes the unit's health, events and readings.
 *
 * The caller chooses the request. One transaction at a time.
 */

import type { Clock, MonoMs } from '../../core/clock.ts';
import type { LateReply, ModbusLine, ReadRequest, Reply, WriteRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import type { Table } from '../../core/profile.ts';
import type { Reading } from '../../core/words.ts';
import { absentReadings, quantitiesOf, readingsOf } from '../readings.ts';
import { asLit, changedSwitches, darkLevel } from '../units/switches.ts';
import { replan, retrySoon, setUpAgain, type Unit, wasMet, welcome } from '../units/unit.ts';
import { afterTransaction, type Transaction as UnitTransaction } from '../units/unit-health.ts';
import { hurriedMs, probeTimeoutFor, slotsIn, timeoutFor } from '../units/unit-requests.ts';
import { afterExtra, answersTwice, doMostAnswerTwice, hasPresence, isBlindNow, isReadPresence } from '../units/unit-trouble.ts';
import { type DeadBudget, hushMs } from './dead-units.ts';

/**
 * A shorter silence only makes readings missing and is not an event. Units: ms. Source: assumed; one usual poll period. Confirmed by: lengths of
 * short silences in a week of logs of a cabinet.
 */
const AWAY_AFTER_MS = 5_000;
/** A unit that answers without data for this long is reported. Units: ms. Source: two polls of the slowest class, 30 s. */
const NO_DATA_AFTER_MS = 60_000;

/** What the owner of a line gives `Transactions`: the line, its units and callbacks. */
export interface TransactionsOptions {
  readonly lineId: string;
  readonly line: ModbusLine;
  readonly units: readonly Unit[];
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventTracker;
  /** A random number from 0 to 1. */
  readonly random: () => number;
  /** Receives the readings of the units, also those without a value. */
  readonly onReadings: (readings: readonly Reading[]) => void;
  /**
   * Called with true when a unit starts to answer. Called with false when it is reported as silent, also if it never answered, or when its
   * line goes down while its state is known. Not called twice in a row with the same value.
   */
  readonly onAlive: (deviceId: string, alive: boolean) => void;
}

/** `isConsole`: whether the request in flight belongs to the console lane. */
type TransactionsParts = TransactionsOptions & {
  readonly budget: DeadBudget;
  readonly isConsole: () => boolean;
  /** Whether a level waits. */
  readonly isHurried: () => boolean;
  /** The far end of a network connection did not answer a write: it must not execute it later, after a newer one. */
  readonly onStalled: () => Promise<void>;
};

const NO_RETRY = { isRetry: false };

/**
 * Shortest wait for a reply through a network: a lost segment is repeated after the kernel's shortest timeout, 200 ms. Units: ms. Source: Linux
 * TCP_RTO_MIN, and a quarter more for transmission.
 */
const NETWORK_LEAST_MS = 250;

/** `timeoutMs` is the wait for the first byte of the reply. Units: ms. */
interface ExchangeOptions {
  readonly isRetry: boolean;
  readonly timeoutMs: number;
}

/**
 * Sends requests to the units of a line and updates their health and events. Publishes the points of a unit that becomes silent as missing,
 * and 0 for a level whose channel is read as off. The caller publishes the values of a reply by `deliver`.
 *
 * Errors: a failed transaction resolves with its BusError; any other error rejects.
 */
export class Transactions {
  readonly #parts: TransactionsParts;
  /** How long the request in flight may delay a level. Units: ms. */
  #hurriedMs = Number.POSITIVE_INFINITY;

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
  }

  /**
   * Sends a read and resolves with the reply or the error. `isRetry`: the unit may never answer for this register, so a lost reply does not change
   * its health.
   */
  read(unit: Unit, request: ReadRequest, { isRetry }: { readonly isRetry: boolean } = NO_RETRY): Promise<Reply | BusError> {
    return this.#exchange(unit, request, { isRetry, timeoutMs: timeoutFor(unit, request) });
  }

  /** Sends a request to a silent unit to see whether it answers again. */
  probe(unit: Unit, request: ReadRequest): Promise<Reply | BusError> {
    const { units, budget, clock } = this.#parts;
    const timeoutMs = probeTimeoutFor(unit, request, { units, savedMs: budget.savedMs(clock.monoMs()) });
    return this.#exchange(unit, request, { isRetry: false, timeoutMs });
  }

  /** Sends a write and resolves with the reply or the error. */
  async write(unit: Unit, request: WriteRequest): Promise<Reply | BusError> {
    const { clock, units, line, onStalled } = this.#parts;
    const startMono = clock.monoMs();
    const wasSilent = unit.health.state === 'silent';
    const result = await this.#exchange(unit, request, { isRetry: false, timeoutMs: timeoutFor(unit, request) });
    if (result instanceof BusError && !wasSilent && line.isStalled === true) await onStalled();
    if (result instanceof BusError && unit.health.state === 'silent') {
      const nowMono = clock.monoMs();
      unit.hushedMono = nowMono + hushMs(nowMono - startMono, units.filter(({ health }) => health.state === 'silent').length);
    }
    return result;
  }

  /** Call it when a level waits, so that the request in flight ends earlier if it can. `isUrgent`: the level is urgent. */
  hurry(isUrgent = false): void {
    this.#parts.line.cutShort?.(this.#leastMs(this.#hurriedMs), isUrgent);
  }

  /**
   * Sends a write that no unit answers: a Modbus broadcast, or a level of a group or of all gear on a DALI bus. A Modbus line is then idle
   * for `pauseMs`, while the units execute it.
   */
  async broadcast(request: WriteRequest, pauseMs: number): Promise<Reply | BusError> {
    try {
      return await this.#parts.line.write(request, pauseMs);
    } catch (error) {
      if (error instanceof BusError) return error;
      throw error;
    }
  }

  /** Decodes the values in a reply to this read and publishes them as readings of the time at which the request left. */
  deliver(unit: Unit, { table, address }: { readonly table: Table; readonly address: number }, reply: Reply): void {
    const { clock, events, onReadings } = this.#parts;
    // The values of a reply were valid when the request left, not when the reply arrived.
    const at = { atMono: reply.askedMono, atMs: clock.wallMs() - Math.round(clock.monoMs() - reply.askedMono) };
    unit.dataMono = clock.monoMs();
    if (hasPresence(unit, table, address, reply.words.length)) {
      unit.presenceDataMono = unit.dataMono;
      unit.isBlind = false;
    }
    if (!unit.isBlind) events.clear('unit-no-data', unit.device.id);
    const values = unit.driver.decode(table, address, reply.words).map((value) => asLit(unit, value));
    const { uptime } = unit.driver.profile;
    const reported = uptime === null ? undefined : values.find(({ quantity }) => quantity === uptime)?.value;
    if (typeof reported === 'number') this.#watchUptime(unit, reported);
    onReadings(readingsOf(unit.device.id, values, at));
  }

  /** Publishes these quantities of the unit without a value. */
  withdraw(unit: Unit, quantities: readonly string[], quality: 'missing' | 'bad'): void {
    const { clock, onReadings } = this.#parts;
    onReadings(absentReadings(unit.device.id, quantities, quality, { atMono: clock.monoMs(), atMs: clock.wallMs() }));
  }

  /** Call it when the line went down: the unit counts as away from now on. Unless it already did, its points are published as missing. */
  forget(unit: Unit): void {
    if (!unit.isAway) this.#leave(unit);
    this.#report(unit, false);
  }

  /**
   * Records the reply to a request that was given up. Returns the unit; undefined if it is unknown, or if the reply was so late that no
   * request waits that long.
   */
  noteLate({ request, afterMs }: LateReply): Unit | undefined {
    const { line, clock } = this.#parts;
    const unit = this.#parts.units.find(({ device }) => device.unit === request.unit);
    if (unit === undefined) return undefined;
    const firstByteMs = Math.max(0, afterMs - line.wireMs(request));
    const lateness = unit.responses.learnLate(request, firstByteMs);
    const isPoll = lateness === 'learned' && 'count' in request && slotsIn(unit, request).length > 0;
    const atMono = clock.monoMs();
    this.#responded(unit, isPoll ? { kind: 'late', atMono, firstByteMs } : { kind: 'answer', atMono }, true);
    unit.refusals++;
    if (lateness !== 'too-late') return unit;
    const why = msg`its replies take ${Math.round(firstByteMs)} ms, longer than its timeout: raise responseTimeoutMs in its profile`;
    this.#reportNoData(unit, why);
    return undefined;
  }

  /** Reports as event `unit-silent` the units that have been silent for some seconds and are not reported yet. */
  reportAway(nowMono: MonoMs): void {
    const { units, lineId, line, events } = this.#parts;
    for (const unit of units) {
      if (!unit.isAwayNew || nowMono - (unit.missedMono ?? nowMono) < AWAY_AFTER_MS) continue;
      const text = silentText(unit, { lineId, isNetwork: line.isNetwork === true });
      events.set(true, { code: 'unit-silent', source: unit.device.id, severity: 'warning', text });
      this.#report(unit, false);
    }
  }

  /** Records that the unit with this address has sent one reply more than requested. */
  noteExtra(address: number): void {
    const unit = this.#parts.units.find(({ device }) => device.unit === address);
    if (unit !== undefined) unit.extras = afterExtra(unit.extras, this.#parts.clock.monoMs());
  }

  /**
   * Updates the events about presence inputs that have not been read for some time though their units answer, and about double replies.
   * Such inputs are published as missing. `isPaused`: polls are or were just paused, so no event about presence begins.
   */
  reportTroubled(nowMono: MonoMs, isPaused: boolean): void {
    const { units, events } = this.#parts;
    for (const unit of units) if (isBlindNow(unit, nowMono)) this.#noteBlind(unit, nowMono, isPaused);
    for (const unit of units) {
      const { id, unit: address } = unit.device;
      const text = msg`${id} answers twice: two units may have the address ${address}; see "bus stats"`;
      const isTwice = answersTwice(unit, nowMono) && !doMostAnswerTwice(units, nowMono);
      events.set(isTwice, {
        code: 'unit-answers-twice',
        source: id,
        severity: 'warning',
        text: isTwice ? text : msg`${id} no longer answers twice`,
      });
    }
  }

  #noteBlind(unit: Unit, nowMono: MonoMs, isPaused: boolean): void {
    const { id } = unit.device;
    if (!unit.isBlind) {
      const quantities = unit.slots.filter(isReadPresence).flatMap((slot) => slot.quantities);
      this.withdraw(unit, quantities, 'missing');
      unit.isBlind = true;
    }
    if (isPaused) return;
    const forS = Math.round((nowMono - unit.presenceDataMono) / 1_000);
    const why = msg`its presence input has not been read for ${forS} s, replies could be late or repeated ones`;
    this.#parts.events.set(true, {
      code: 'unit-no-data',
      source: id,
      severity: 'warning',
      text: msg`${id} answers, but gives no data: ${why}`,
    });
  }

  #leastMs(timeoutMs: number): number {
    return this.#parts.line.isNetwork === true ? Math.max(timeoutMs, NETWORK_LEAST_MS) : timeoutMs;
  }

  /** The single place where a transaction with a unit of the cabinet ends. */
  async #exchange(unit: Unit, request: ReadRequest | WriteRequest, how: ExchangeOptions): Promise<Reply | BusError> {
    const { clock, line } = this.#parts;
    const startMono = clock.monoMs();
    const { isRetry } = how;
    const timeoutMs = this.#leastMs(how.timeoutMs);
    const isRead = 'count' in request;
    // A network connection is closed after a write without any answer, so the write must have had its full time.
    const mayHurry = !this.#parts.isConsole() && (isRead || line.isNetwork !== true);
    this.#hurriedMs = mayHurry ? hurriedMs(unit, request) : Number.POSITIVE_INFINITY;
    try {
      const pending = isRead ? line.read(request, timeoutMs) : line.write(request, timeoutMs);
      if (this.#parts.isHurried()) this.hurry();
      const reply = await pending;
      if (reply.isAcknowledged === false) return reply;
      const { turnaroundMs, firstByteMs } = reply;
      const atMono = clock.monoMs();
      // Console requests have any length and address, so their times say nothing about polls.
      if (!this.#parts.isConsole()) unit.responses.learn(request, firstByteMs);
      if (isRead) this.#noteSwitches(unit, request, reply);
      unit.replies++;
      this.#responded(unit, isRead ? { kind: 'reply', atMono, turnaroundMs, firstByteMs } : { kind: 'answer', atMono }, false);
      return reply;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      if (error.code === 'interrupted') return error;
      if (error.policy.answered) this.#refused(unit, request, error);
      else if (error.policy.unitUsable) this.#missed(unit, error, { startMono, isRetry });
      return error;
    } finally {
      this.#hurriedMs = Number.POSITIVE_INFINITY;
      unit.lastMono = clock.monoMs();
    }
  }

  /** A channel found off is dark from now on; the level of a channel that is on again is read immediately. */
  #noteSwitches(unit: Unit, request: ReadRequest, reply: Reply): void {
    const { clock, onReadings } = this.#parts;
    const { off, on } = changedSwitches(unit, request, reply.words);
    for (const level of off) unit.switchedOff.add(level);
    for (const level of on) unit.switchedOff.delete(level);
    const at = { atMono: reply.askedMono, atMs: clock.wallMs() - Math.round(clock.monoMs() - reply.askedMono) };
    if (off.length > 0) onReadings(readingsOf(unit.device.id, off.map(darkLevel), at));
    if (on.length === 0) return;
    for (const slot of unit.slots) if (slot.quantities.some((id) => on.includes(id))) slot.dueMono = Math.min(slot.dueMono, clock.monoMs());
    replan(unit);
  }

  #refused(unit: Unit, request: ReadRequest | WriteRequest, error: BusError): void {
    const { clock, log, isConsole } = this.#parts;
    unit.refusals++;
    this.#responded(unit, { kind: 'answer', atMono: clock.monoMs() }, false);
    this.#reportNoData(unit, error.said);
    // A register search is refused hundreds of times, and its operator sees the result.
    if (!('count' in request) || !error.policy.excludePoint || isConsole()) return;
    const { table, address, count } = request;
    log.event('registers-refused', { device: unit.device.id, table, address, count, why: error.message });
  }

  #responded(unit: Unit, transaction: Exclude<UnitTransaction, { kind: 'timeout' }>, isLate: boolean): void {
    const { clock, log, events, lineId } = this.#parts;
    const wasSilent = unit.health.state === 'silent';
    const isReturn = wasSilent || unit.seenMs !== null;
    unit.health = afterTransaction(unit.health, transaction);
    unit.seenMs = clock.wallMs();
    unit.missedMono = null;
    // A unit reported as silent has returned once it replies in time; otherwise each late reply would be reported as a return.
    if (!unit.isAway || (isLate && unit.isReportedAlive === false)) return;
    welcome(unit, transaction.atMono, isReturn);
    if (unit.isReportedAlive !== true) log.event('unit-met', { line: lineId, device: unit.device.id });
    events.clear('unit-silent', unit.device.id);
    this.#report(unit, true);
    if (wasSilent) this.#probeOthers(transaction.atMono);
  }

  #missed(unit: Unit, error: BusError, { startMono, isRetry }: { startMono: MonoMs; isRetry: boolean }): void {
    const { clock, budget, random, isConsole } = this.#parts;
    const before = unit.health;
    const atMono = clock.monoMs();
    if (before.state === 'silent' || isRetry) budget.charge(atMono - startMono, atMono);
    // The unit may never answer a console request, so it is no evidence of its health; its polls show whether it answers.
    if (isRetry || isConsole()) return;
    unit.missedMono ??= startMono;
    const mayBeStarting = atMono < unit.startingMono;
    unit.health = afterTransaction(before, {
      kind: 'timeout',
      atMono,
      jitter: random(),
      mayBeStarting,
      // A unit that never answered may be absent: only its first request has a normal turn, later ones are probes within the probe share.
      silentAfter: wasMet(unit) ? unit.driver.profile.quirks.retries + 1 : 1,
    });
    if (before.state === 'silent' || unit.health.state !== 'silent') return;
    if (unit.isReportedAlive !== false) this.#leave(unit);
    unit.isAwayNew = true;
    unit.lostFinding = error.finding;
  }

  #leave(unit: Unit): void {
    unit.isAway = true;
    unit.isBlind = false;
    this.#parts.events.clear('unit-no-data', unit.device.id);
    this.withdraw(unit, quantitiesOf(unit.driver.profile), 'missing');
  }

  /** Reports the unit as alive, or as gone because it stayed silent or its line went down. */
  #report(unit: Unit, isAlive: boolean): void {
    unit.isAwayNew = false;
    if (unit.isReportedAlive === isAlive || (unit.isReportedAlive === null && !isAlive && unit.health.state !== 'silent')) return;
    unit.isReportedAlive = isAlive;
    this.#parts.onAlive(unit.device.id, isAlive);
  }

  /** Reports a unit that responds but has had no value for any point for some time. */
  #reportNoData(unit: Unit, why: Message): void {
    const { clock, events } = this.#parts;
    const { id } = unit.device;
    if (unit.slots.length === 0 || clock.monoMs() - unit.dataMono < NO_DATA_AFTER_MS) return;
    events.set(true, { code: 'unit-no-data', source: id, severity: 'warning', text: msg`${id} answers, but gives no data: ${why}` });
  }

  /** Lamps of one feeder return together: when one answers again, the other silent units are probed now. */
  #probeOthers(nowMono: MonoMs): void {
    for (const other of this.#parts.units)
      if (other.health.state === 'silent') other.health = { ...other.health, dueMono: Math.min(other.health.dueMono, nowMono) };
  }

  /** An uptime that falls shows a restart that was too short to lose a reply. */
  #watchUptime(unit: Unit, uptime: number): void {
    const { clock, log, lineId } = this.#parts;
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

/** The most likely causes first: a screen of 80 columns shows the first 60 characters. */
function silentText({ device: { id, unit, pole }, lostFinding }: Unit, at: { lineId: string; isNetwork: boolean }): Message {
  const own = at.isNetwork ? msg`its cable behind the gateway` : msg`its wire`;
  const toPole = at.isNetwork ? msg`the cable to pole ${pole ?? ''} behind the gateway` : msg`the wire to pole ${pole ?? ''}`;
  const way = pole === null ? own : toPole;
  return msg`${id} does not answer; check its supply, address ${unit} and ${way} (line ${at.lineId}); ${lostFinding}`;
}
