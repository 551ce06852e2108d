/**
 * A pass over addresses at another speed than the line's own, in slices too short to be noticed in the street.
 *
 * At the end of each slice the line is silent and back at its own speed. Only reads.
 */
import type { SerialSettings } from '../../core/cabinet.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import type { ModbusLine, ReadRequest, Reply } from '../../core/driver.ts';
import type { BusError } from '../../core/errors.ts';
import { type BusToolQueue, replyOrBusError } from './bus-tool-queue.ts';
import { type PassOptions, type ScanAnswer, scanAnswer, scanRequest } from './scan-pass.ts';
import { requestMs } from './scan-settings.ts';

/**
 * Longest time away from the line's own speed. Units: ms. Source: assumed; light that is a quarter second late is not noticed. Confirmed by: a walk
 * along a street during a scan at other speeds.
 */
const SLICE_MS = 250;
/** Reserved for reopening the port twice. Units: ms. */
const REOPEN_MS = 20;
/** Time for an answer that begins at the last moment to end. Units: ms, in addition to its own wire time. */
const DRAIN_MS = 10;
/** Response timeout of a unit that has answered before. Units: ms. */
const IDENTIFY_WAIT_MS = 100;

/** Options of a scan at the speed `serial`. `waitMs` may be shortened so that the line is not away from its own speed for long. */
export interface SpeedPassOptions extends Omit<PassOptions, 'readsAgain'> {
  readonly serial: SerialSettings;
}

/**
 * Reads addresses at another speed than the line's own. Returns the units that answered, in the order of `units`.
 *
 * Errors: rejects with BusError when the line cannot change its speed or goes down. Rejects with the signal's reason when it is aborted
 * while addresses wait.
 */
export async function speedPass(queue: BusToolQueue, { units, serial, waitMs, signal, onProbed }: SpeedPassOptions): Promise<ScanAnswer[]> {
  const { clock, line } = queue;
  const answers: ScanAnswer[] = [];
  const aroundMs = requestMs(serial) + drainMs(serial) + REOPEN_MS;
  const eachMs = Math.min(waitMs, SLICE_MS - aroundMs);
  const waiting = [...units];
  while (waiting[0] !== undefined) {
    signal?.throwIfAborted();
    await queue.unguarded(scanRequest(waiting[0], 1));
    await away(queue, serial, async (own, startMono) => {
      do {
        const unit = waiting.shift() as number;
        const answer = await readUnit(own, { unit, serial, waitMs: eachMs, clock });
        if (answer !== null) answers.push(answer);
        onProbed();
      } while (isFree(waiting[0]) && clock.monoMs() - startMono + aroundMs + eachMs <= SLICE_MS);
    });
  }
  return answers;

  function isFree(unit: number | undefined): boolean {
    return unit !== undefined && line.heldUntilMono(scanRequest(unit, 1)) <= clock.monoMs();
  }
}

/**
 * Sends one read at another speed, then returns the line to its own speed. Resolves with the reply; the failure of the unit is returned as
 * a value.
 *
 * Errors: rejects with BusError if the line is down or cannot change its speed.
 */
export async function readAway(queue: BusToolQueue, serial: SerialSettings, request: ReadRequest): Promise<Reply | BusError> {
  await queue.unguarded(request);
  return away(queue, serial, (line) => replyOrBusError(line.read(request, IDENTIFY_WAIT_MS)));
}

interface AwayRead {
  readonly unit: number;
  readonly serial: SerialSettings;
  readonly waitMs: number;
  readonly clock: Clock;
}

async function readUnit(line: ModbusLine, { unit, serial, waitMs, clock }: AwayRead): Promise<ScanAnswer | null> {
  const startMono = clock.monoMs();
  const answer = await replyOrBusError(line.read(scanRequest(unit, 1), waitMs));
  return scanAnswer(unit, { answer, tookMs: clock.monoMs() - startMono }, serial);
}

/** Runs `work` at another speed. The line always returns to its own speed, once it is silent. */
function away<T>(queue: BusToolQueue, serial: SerialSettings, work: (line: ModbusLine, startMono: number) => Promise<T>): Promise<T> {
  return queue.runner.exclusive(async (line) => {
    const startMono = queue.clock.monoMs();
    await line.retune(serial);
    try {
      const result = await work(line, startMono);
      await sleep(queue.clock, drainMs(serial));
      return result;
    } finally {
      await line.retune(null);
    }
  });
}

function drainMs(serial: SerialSettings): number {
  return requestMs(serial) + DRAIN_MS;
}
