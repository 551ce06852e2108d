/**
 * Where the tools' questions queue for a line.
 *
 * Owns the step from a question to its turn in the console lane: a unit's rest, the guard against late replies, failures as values.
 * Never opens a port. Made by `bus-tools.ts`, one a line.
 */
import type { LineConfig } from '../../core/cabinet.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import type { ModbusLine, ReadRequest, Reply, WriteRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { LineRunner } from '../line/line-runner.ts';
import { restedMono, type Unit } from '../units/unit.ts';
import { BROADCAST_PAUSE_MS } from '../writes/level-writes.ts';

/** How long a unit that nobody knows is given. Units: ms. Source: unit health's first contact. */
const STRANGER_WAIT_MS = 300;

export interface BusLine {
  readonly config: LineConfig;
  readonly line: ModbusLine;
  readonly units: readonly Unit[];
  readonly runner: Pick<LineRunner, 'ask' | 'exclusive'>;
}

/** Errors: `read` and `write` return a failed transaction as a value and throw BusError only when the line itself is gone. */
export interface BusToolQueue extends BusLine {
  readonly clock: Clock;
  unitAt(unit: number): Unit | undefined;
  /** Units: `waitMs` for the first byte; not given: the unit's own. */
  read(request: ReadRequest, waitMs?: number): Promise<Reply | BusError>;
  write(request: WriteRequest): Promise<Reply | BusError>;
  /** Off the line, so that nobody else waits: until a late answer can no longer be taken for this question's. */
  unguarded(request: ReadRequest): Promise<void>;
  /** As `read`, with the time from its turn to its end, which is all that a refusal tells of a unit's pace. Units: ms. */
  look(request: ReadRequest, waitMs: number): Promise<Look>;
}

export interface Look {
  readonly answer: Reply | BusError;
  readonly tookMs: number;
}

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
      return replyOrBusError(
        runner.ask((own, transactions) =>
          unit === undefined ? own.read(request, waitMs ?? STRANGER_WAIT_MS) : transactions.read(unit, request),
        ),
      );
    },
    unguarded: (request) => until(line.heldUntilMono(request)),
    async look(request, waitMs) {
      await until(line.heldUntilMono(request));
      let startMono = clock.monoMs();
      const answer = await replyOrBusError(
        runner.ask((own) => {
          startMono = clock.monoMs();
          return own.read(request, waitMs);
        }),
      );
      return { answer, tookMs: clock.monoMs() - startMono };
    },
    async write(request) {
      const unit = unitAt(request.unit);
      if (unit !== undefined) await until(restedMono(unit));
      return replyOrBusError(
        runner.ask((own, transactions) => {
          if (request.unit === 0) return transactions.broadcast(request, BROADCAST_PAUSE_MS.most);
          return unit === undefined ? own.write(request, STRANGER_WAIT_MS) : transactions.write(unit, request);
        }),
      );
    },
  };

  async function until(mono: number): Promise<void> {
    const waitMs = mono - clock.monoMs();
    if (waitMs > 0) await sleep(clock, waitMs);
  }
}

/** Trouble of one unit is a value, trouble of the line ends the job. */
export async function replyOrBusError(pending: Promise<Reply | BusError>): Promise<Reply | BusError> {
  const result = await pending.catch((error: unknown) => {
    if (error instanceof BusError) return error;
    throw error;
  });
  if (result instanceof BusError && !result.policy.unitUsable) throw result;
  return result;
}
