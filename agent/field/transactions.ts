/**
 * One question to a unit, or one write, and what its end says about the unit.
 *
 * Owns the step from a reply or a failure to health, events and readings. Never chooses what is asked next.
 * Called by the line runner's parts, one transaction at a time.
 */
import type { Clock } from '../core/clock.ts';
import type { ModbusLine, ReadRequest, Reply, WriteRequest } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { EventBook } from '../core/event-book.ts';
import type { Log } from '../core/ports.ts';
import type { Table } from '../core/profile.ts';
import type { Reading } from '../core/words.ts';
import { absentReadings, quantitiesOf, readingsOf } from './decode.ts';
import { timeoutOf, type Unit, welcome } from './unit.ts';
import { afterTransaction } from './unit-health.ts';

export interface TransactionsOptions {
  readonly lineId: string;
  readonly line: ModbusLine;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventBook;
  /** 0..1. */
  readonly random: () => number;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
}

/** Errors: none thrown; a failed transaction is a value. */
export interface Transactions {
  read(unit: Unit, request: ReadRequest): Promise<Reply | BusError>;
  write(unit: Unit, request: WriteRequest): Promise<Reply | BusError>;
  /** Hand on what a reply says. */
  deliver(unit: Unit, at: { readonly table: Table; readonly address: number }, reply: Reply): void;
  /** These quantities have no value: the unit does not know them, or is not there. */
  withdraw(unit: Unit, quantities: readonly string[], quality: 'missing' | 'bad'): void;
  /** Nothing is known of the unit until it answers again; the caller has told why. */
  forget(unit: Unit): void;
}

export function createTransactions(options: TransactionsOptions): Transactions {
  const { lineId, line, clock, log, events, random, onReadings, onAlive } = options;

  const transactions: Transactions = {
    async read(unit, request) {
      const result = await exchange(unit, () => line.read(request, timeoutOf(unit)));
      if (result instanceof BusError && result.policy.excludePoint) {
        const { table, address, count } = request;
        log.event('registers-refused', { device: unit.device.id, table, address, count, why: result.message });
      }
      return result;
    },
    write: (unit, request) => exchange(unit, () => line.write(request, timeoutOf(unit))),
    deliver(unit, { table, address }, reply) {
      // What a reply says was true when the question left, not when the answer came.
      const at = { atMono: reply.askedMono, atMs: clock.wallMs() - Math.round(clock.monoMs() - reply.askedMono) };
      onReadings(readingsOf(unit.device.id, unit.driver.decode(table, address, reply.words), at));
    },
    withdraw(unit, quantities, quality) {
      onReadings(absentReadings(unit.device.id, quantities, quality, { atMono: clock.monoMs(), atMs: clock.wallMs() }));
    },
    forget(unit) {
      if (!unit.isAway) leave(unit);
    },
  };
  return transactions;

  function leave(unit: Unit): void {
    unit.isAway = true;
    transactions.withdraw(unit, quantitiesOf(unit.driver.profile), 'missing');
    onAlive(unit.device.id, false);
  }

  /** The one place where a transaction ends. */
  async function exchange(unit: Unit, transact: () => Promise<Reply>): Promise<Reply | BusError> {
    try {
      const reply = await transact();
      heard(unit, reply.turnaroundMs);
      return reply;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      if (error.policy.answered) heard(unit, unit.health.turnaroundMs?.mean ?? 0);
      else if (error.policy.unitUsable) missed(unit, error);
      return error;
    } finally {
      unit.lastMono = clock.monoMs();
    }
  }

  function heard(unit: Unit, turnaroundMs: number): void {
    const nowMono = clock.monoMs();
    unit.health = afterTransaction(unit.health, { kind: 'reply', atMono: nowMono, turnaroundMs });
    unit.seenMs = clock.wallMs();
    if (!unit.isAway) return;
    welcome(unit, nowMono);
    log.event('unit-met', { line: lineId, device: unit.device.id });
    events.clear('unit-silent', unit.device.id);
    onAlive(unit.device.id, true);
  }

  function missed(unit: Unit, error: BusError): void {
    const before = unit.health.state;
    unit.health = afterTransaction(unit.health, { kind: 'timeout', atMono: clock.monoMs(), jitter: random() });
    if (before === 'silent' || unit.health.state !== 'silent') return;
    leave(unit);
    const text = `${unit.device.id} on line ${lineId} is silent: ${error.message}`;
    events.set(true, { code: 'unit-silent', source: unit.device.id, severity: 'warning', text });
  }
}
