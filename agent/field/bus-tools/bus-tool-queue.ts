/** The requests of the bus tools to one line. Each waits for its turn in the console lane. */
import type { LineConfig } from '../../core/cabinet.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import type { ModbusLine, ReadRequest, Reply, WriteRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { LineRunner } from '../line/line-runner.ts';
import { restedMono, type Unit } from '../units/unit.ts';
import { BROADCAST_PAUSE_MS } from '../writes/level-writes.ts';

/** Response timeout of a unit that is not in the cabinet. Units: ms. Source: unit health's first contact. */
const UNKNOWN_UNIT_WAIT_MS = 300;

/** A read of a person is continued this often after it made room for a level. Source: assumed; each part reads one byte at least, and 32 bytes are the longest read. Confirmed by: reads at the console while a street is lit. */
const INTERRUPTED_TRIES = 32;

/** One Modbus line or DALI bus as the bus tools need it. `units`: its units in the cabinet. `runner`: gives each request its turn. */
export interface BusLine {
  readonly config: LineConfig;
  readonly line: ModbusLine;
  readonly units: readonly Unit[];
  readonly runner: Pick<LineRunner, 'ask' | 'exclusive' | 'hush'>;
}

/**
 * Sends the requests of the bus tools to one line, in the console lane.
 *
 * Errors: the BusError of a unit that fails, or of a read that gave way to levels too often, is part of the result. The requests reject
 * with BusError when the line itself is down.
 */
export interface BusToolQueue extends BusLine {
  readonly clock: Clock;
  /** The unit of the cabinet at this address; undefined if there is none. */
  unitAt(unit: number): Unit | undefined;
  /**
   * Resolves with the reply, or with the failure of the unit as a value. `waitMs`: on a Modbus line, the wait for the first byte of a unit
   * that is not in the cabinet. Units: ms. Errors: rejects with BusError if the line is down.
   */
  read(request: ReadRequest, waitMs?: number): Promise<Reply | BusError>;
  /** Resolves with the reply, or with the failure of the unit as a value. Errors: rejects with BusError if the line is down. */
  write(request: WriteRequest): Promise<Reply | BusError>;
  /** Waits until the line would no longer delay this read for a late reply to an earlier one, as far as is known at the call. */
  unguarded(request: ReadRequest): Promise<void>;
  /**
   * Reads and measures how long the transaction took. On a Modbus line `waitMs` is the wait for the first byte, also of a unit of the
   * cabinet. Units: ms. Errors: as for `read`.
   */
  timedRead(request: ReadRequest, waitMs: number): Promise<TimedAnswer>;
}

/**
 * The reply or failure of a read, and how long the transaction took, without the wait for its turn. If a read was interrupted, it is the
 * time of its last part. Units: ms.
 */
export interface TimedAnswer {
  readonly answer: Reply | BusError;
  readonly tookMs: number;
}

/** Creates the queue for the requests of the bus tools to one line. They wait in the console lane of its `runner`. */
export function createBusToolQueue(parts: BusLine, clock: Clock): BusToolQueue {
  const { line, units, runner } = parts;
  const unitAt = (unit: number): Unit | undefined => units.find(({ device }) => device.unit === unit);

  return {
    ...parts,
    clock,
    unitAt,
    async read(request, waitMs) {
      const unit = unitAt(request.unit);
      await until(Math.max(line.heldUntilMono(request), unit === undefined ? 0 : restedMono(unit)));
      return continued(() =>
        replyOrBusError(
          runner.ask((own, transactions) =>
            unit === undefined ? own.read(request, waitMs ?? UNKNOWN_UNIT_WAIT_MS) : transactions.read(unit, request),
          ),
        ),
      );
    },
    unguarded: (request) => until(line.heldUntilMono(request)),
    async timedRead(request, waitMs) {
      await until(line.heldUntilMono(request));
      let startMono = clock.monoMs();
      const answer = await continued(() =>
        replyOrBusError(
          runner.ask((own) => {
            startMono = clock.monoMs();
            return own.read(request, waitMs);
          }),
        ),
      );
      return { answer, tookMs: clock.monoMs() - startMono };
    },
    async write(request) {
      const unit = unitAt(request.unit);
      if (unit !== undefined) await until(restedMono(unit));
      return replyOrBusError(
        runner.ask((own, transactions) => {
          if (request.unit === 0 && line.lastUnit === undefined) return transactions.broadcast(request, BROADCAST_PAUSE_MS.most);
          return unit === undefined ? own.write(request, UNKNOWN_UNIT_WAIT_MS) : transactions.write(unit, request);
        }),
      );
    },
  };

  async function until(mono: number): Promise<void> {
    const waitMs = mono - clock.monoMs();
    if (waitMs > 0) await sleep(clock, waitMs);
  }
}

/** Sends a read again while it makes room for levels: it goes on where it stopped. */
async function continued(send: () => Promise<Reply | BusError>): Promise<Reply | BusError> {
  let reply = await send();
  for (let tries = 1; tries < INTERRUPTED_TRIES && reply instanceof BusError && reply.code === 'interrupted'; tries++) reply = await send();
  return reply;
}

/**
 * Resolves with the reply, or with a BusError as a value if other requests to the unit may still succeed. Errors: rejects with other
 * failures, for example BusError when the line itself is down.
 */
export async function replyOrBusError(pending: Promise<Reply | BusError>): Promise<Reply | BusError> {
  const result = await pending.catch((error: unknown) => {
    if (error instanceof BusError) return error;
    throw error;
  });
  if (result instanceof BusError && !result.policy.unitUsable) throw result;
  return result;
}
