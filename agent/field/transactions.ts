/**
 * One question to a unit, or one write, and what its end says about the unit.
 *
 * Owns the step from a reply or a failure to health, events and readings. Never chooses what is asked next.
 * Called by the line runner's parts, one transaction at a time.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { ModbusLine, ReadRequest, Reply, WriteRequest } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { EventBook } from '../core/event-book.ts';
import type { Log } from '../core/ports.ts';
import type { Table } from '../core/profile.ts';
import type { Reading } from '../core/words.ts';
import { type DeadBudget, hushMs } from './dead-units.ts';
import { absentReadings, quantitiesOf, readingsOf } from './decode.ts';
import { replan, setUpAgain, timeoutOf, type Unit, welcome } from './unit.ts';
import { afterTransaction, type Transaction as UnitTransaction } from './unit-health.ts';
import type { TransactionReport, WatchedLine } from './watched-line.ts';

export type { TransactionReport };

/** A late reply is another unit's, perhaps, when that was given up within this time. Units: ms. Source: the longest that late replies are waited for. */
const OWN_MS = 5_000;

export interface TransactionsOptions {
  readonly lineId: string;
  readonly line: ModbusLine;
  readonly units: readonly Unit[];
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventBook;
  /** 0..1. */
  readonly random: () => number;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
  /** Hears of every transaction of the line, those of the console included. */
  readonly onTransaction?: (report: TransactionReport) => void;
}

/** Errors: none thrown; a failed transaction is a value. */
export interface Transactions {
  read(unit: Unit, request: ReadRequest): Promise<Reply | BusError>;
  write(unit: Unit, request: WriteRequest): Promise<Reply | BusError>;
  /** To all units of the line; nobody answers, and the line rests for `pauseMs` so that they can obey. */
  broadcast(request: WriteRequest, pauseMs: number): Promise<Reply | BusError>;
  /** Hand on what a reply says. */
  deliver(unit: Unit, at: { readonly table: Table; readonly address: number }, reply: Reply): void;
  /** These quantities have no value: the unit does not know them, or is not there. */
  withdraw(unit: Unit, quantities: readonly string[], quality: 'missing' | 'bad'): void;
  /** Nothing is known of the unit until it answers again; the caller has told why. */
  forget(unit: Unit): void;
}

/** `line` is the watched one: whatever is sent over it, `onTransaction` hears of. */
export function createTransactions(
  options: TransactionsOptions & { readonly line: WatchedLine; readonly budget: DeadBudget },
): Transactions {
  const { lineId, line, units, clock, log, events, random, budget, onReadings, onAlive } = options;
  /** The unit whose reply was last given up; when; and whether no other's was for some time before. */
  let missedMono: MonoMs = Number.NEGATIVE_INFINITY;
  let isOnly = false;
  let lastMissed: { readonly unit: Unit; readonly lateReplies: number } | undefined;

  const transactions: Transactions = {
    async read(unit, request) {
      const result = await exchange(unit, () => line.read(request, timeoutOf(unit)));
      // A search for registers is refused hundreds of times, and its person sees it.
      if (result instanceof BusError && result.policy.excludePoint && line.turn.lane !== 'console') {
        const { table, address, count } = request;
        log.event('registers-refused', { device: unit.device.id, table, address, count, why: result.message });
      }
      return result;
    },
    async write(unit, request) {
      const startMono = clock.monoMs();
      const result = await exchange(unit, () => line.write(request, timeoutOf(unit)));
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
    },
  };
  return transactions;

  function leave(unit: Unit): void {
    unit.isAway = true;
    transactions.withdraw(unit, quantitiesOf(unit.driver.profile), 'missing');
    onAlive(unit.device.id, false);
  }

  /** The one place where a transaction with a unit of the cabinet ends. */
  async function exchange(unit: Unit, transact: () => Promise<Reply>): Promise<Reply | BusError> {
    const startMono = clock.monoMs();
    if (lastMissed !== undefined) blameLateReply();
    try {
      const reply = await transact();
      heard(unit, { kind: 'reply', atMono: clock.monoMs(), turnaroundMs: reply.turnaroundMs, firstByteMs: reply.firstByteMs });
      return reply;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      if (error.policy.answered) heard(unit, { kind: 'answer', atMono: clock.monoMs() });
      else if (error.policy.unitUsable) missed(unit, error, startMono);
      return error;
    } finally {
      unit.lastMono = clock.monoMs();
    }
  }

  function heard(unit: Unit, transaction: UnitTransaction & { readonly kind: 'reply' | 'answer' }): void {
    const wasSilent = unit.health.state === 'silent';
    const isReturn = wasSilent || unit.seenMs !== null;
    unit.health = afterTransaction(unit.health, transaction);
    unit.seenMs = clock.wallMs();
    unit.lateReplies = 0;
    if (!unit.isAway) return;
    welcome(unit, transaction.atMono, isReturn);
    log.event('unit-met', { line: lineId, device: unit.device.id });
    events.clear('unit-silent', unit.device.id);
    onAlive(unit.device.id, true);
    if (wasSilent) lookForOthers(transaction.atMono);
  }

  /** Lamps of one feeder come back together: where one answers again, the others are worth asking. */
  function lookForOthers(nowMono: MonoMs): void {
    for (const other of units)
      if (other.health.state === 'silent') other.health = { ...other.health, dueMono: Math.min(other.health.dueMono, nowMono) };
  }

  /** A reply that came late is that of the unit which was given up, when there was only one: it is slow, not dead. */
  function blameLateReply(): void {
    if (lastMissed === undefined || line.counters.lateReplies <= lastMissed.lateReplies) return;
    if (isOnly) lastMissed.unit.lateReplies++;
    lastMissed = { unit: lastMissed.unit, lateReplies: line.counters.lateReplies };
  }

  function missed(unit: Unit, error: BusError, startMono: MonoMs): void {
    const before = unit.health;
    const atMono = clock.monoMs();
    isOnly = unit === lastMissed?.unit || atMono - missedMono > OWN_MS;
    lastMissed = { unit, lateReplies: line.counters.lateReplies };
    missedMono = atMono;
    if (before.state === 'silent') budget.charge(atMono - startMono, atMono);
    // What a person asks may be what the unit never answers, which is no sign of its health; its polls find out whether it is there.
    if (line.turn.lane === 'console') return;
    const mayBeStarting = atMono < unit.startingMono;
    unit.health = afterTransaction(before, { kind: 'timeout', atMono, jitter: random(), mayBeStarting });
    if (before.state === 'silent' || unit.health.state !== 'silent') return;
    leave(unit);
    const text = silentText(unit, { lineId, isNetwork: line.isNetwork === true }, error);
    events.set(true, { code: 'unit-silent', source: unit.device.id, severity: 'warning', text });
  }

  /** An uptime that falls tells of a restart that was too short for the unit to be missed. */
  function watchUptime(unit: Unit, uptime: number): void {
    const before = unit.uptime;
    if (before !== null && uptime < before) {
      log.event('unit-restarted', { line: lineId, device: unit.device.id, uptime, before });
      setUpAgain(unit);
      for (const slot of unit.slots) {
        slot.dueMono = Math.min(slot.dueMono, clock.monoMs());
        slot.refused = false;
      }
      replan(unit);
    }
    unit.uptime = uptime;
  }
}

/** Where to look first: a screen of 80 columns shows the first 60. */
function silentText({ device: { id, unit, pole } }: Unit, at: { lineId: string; isNetwork: boolean }, { finding }: BusError): string {
  const [wire, where] = at.isNetwork ? ['cable', ' behind the gateway'] : ['wire', ''];
  const way = pole === null ? `its ${wire}${where}` : `the ${wire} to pole ${pole}${where}`;
  return `${id} does not answer; check its supply, address ${unit} and ${way} (line ${at.lineId}); ${finding}`;
}
