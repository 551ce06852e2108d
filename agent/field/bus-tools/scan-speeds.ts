/**
 * A pass over addresses at a speed that is not the line's own, in slices so short that the street does not notice.
 *
 * Owns the slices: the line is quiet and back at its own speed when each ends. Only reads.
 */
import type { SerialSettings } from '../../core/cabinet.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import type { ModbusLine, ReadRequest, Reply } from '../../core/driver.ts';
import type { BusError } from '../../core/errors.ts';
import { type BusToolQueue, replyOrBusError } from './bus-tool-queue.ts';
import { type ScanAnswer, scanRequest, sightingOf } from './scan-pass.ts';
import { requestMs } from './scan-settings.ts';

/** Longest time away from the line's own speed. Units: ms. Source: assumed; a late light of a quarter second is not seen. */
const SLICE_MS = 250;
/** Left for reopening the port twice. Units: ms. */
const REOPEN_MS = 20;
/** An answer that begins in the last moment has ended by then. Units: ms; beyond its own wire time. */
const DRAIN_MS = 10;
/** For a unit known to be there. Units: ms. */
const IDENTIFY_WAIT_MS = 100;

export interface SpeedPassOptions {
  readonly units: readonly number[];
  readonly serial: SerialSettings;
  /** Shortened to what a slice has room for. Units: ms. */
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onProbed: () => void;
}

/** Errors: rejects with BusError when the line cannot be retuned or goes down, with the signal's reason when it is aborted. */
export async function speedPass(desk: BusToolQueue, { units, serial, waitMs, signal, onProbed }: SpeedPassOptions): Promise<ScanAnswer[]> {
  const { clock, line } = desk;
  const sightings: ScanAnswer[] = [];
  const aroundMs = requestMs(serial) + drainMs(serial) + REOPEN_MS;
  const eachMs = Math.min(waitMs, SLICE_MS - aroundMs);
  const waiting = [...units];
  while (waiting[0] !== undefined) {
    signal?.throwIfAborted();
    await desk.unguarded(scanRequest(waiting[0], 1));
    await away(desk, serial, async (own, startMono) => {
      do {
        const unit = waiting.shift() as number;
        const sighting = await lookAt(own, { unit, serial, waitMs: eachMs, clock });
        if (sighting !== null) sightings.push(sighting);
        onProbed();
      } while (isFree(waiting[0]) && clock.monoMs() - startMono + aroundMs + eachMs <= SLICE_MS);
    });
  }
  return sightings;

  function isFree(unit: number | undefined): boolean {
    return unit !== undefined && line.heldUntilMono(scanRequest(unit, 1)) <= clock.monoMs();
  }
}

/** One question at another speed. Errors: as `BusDesk.read`. */
export async function askAway(desk: BusToolQueue, serial: SerialSettings, request: ReadRequest): Promise<Reply | BusError> {
  await desk.unguarded(request);
  return away(desk, serial, (line) => replyOrBusError(line.read(request, IDENTIFY_WAIT_MS)));
}

interface AwayLook {
  readonly unit: number;
  readonly serial: SerialSettings;
  readonly waitMs: number;
  readonly clock: Clock;
}

async function lookAt(line: ModbusLine, { unit, serial, waitMs, clock }: AwayLook): Promise<ScanAnswer | null> {
  const startMono = clock.monoMs();
  const answer = await replyOrBusError(line.read(scanRequest(unit, 1), waitMs));
  return sightingOf(unit, { answer, tookMs: clock.monoMs() - startMono }, serial);
}

/** The line comes back to its own speed whatever happens, after it has fallen silent. */
function away<T>(desk: BusToolQueue, serial: SerialSettings, work: (line: ModbusLine, startMono: number) => Promise<T>): Promise<T> {
  return desk.runner.exclusive(async (line) => {
    const startMono = desk.clock.monoMs();
    await line.retune(serial);
    try {
      const result = await work(line, startMono);
      await sleep(desk.clock, drainMs(serial));
      return result;
    } finally {
      await line.retune(null);
    }
  });
}

function drainMs(serial: SerialSettings): number {
  return requestMs(serial) + DRAIN_MS;
}
