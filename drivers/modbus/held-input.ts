/**
 * Buffers the port's input while a reply arrives, and delivers the rest of the reply at once.
 *
 * The length of a reply that has begun is known, so pieces before its end need not be delivered.
 * Source: measured at 115200 baud with pieces of two bytes: half the CPU time of a read.
 */
import type { Clock, Timer } from '../../agent/core/clock.ts';
import type { BytePort } from '../../agent/core/driver.ts';

/** Timers are accurate to 1 ms; a shorter rest is delivered piece by piece. Units: ms. */
const LEAST_MS = 1;
/**
 * The timer's error must not cost time: the last character plus this is delivered piece by piece. Units: ms. Source: measured, a timer is late by
 * 0.16 (p50).
 */
const EARLY_MS = 0.2;

/**
 * Lets a port hold its input while the rest of a reply arrives. `rest` begins to hold, `fetch` delivers early, `drop` cancels the delivery.
 */
export type HeldInput = ReturnType<typeof createHeldInput>;

/**
 * Creates the control that lets a port hold its input while the rest of a reply arrives. No effect on a port without `hold`. `charMs`: the
 * wire time of a byte, in ms.
 */
export function createHeldInput(port: BytePort, clock: Clock, charMs: number) {
  let timer: Timer | null = null;
  const drop = (): void => {
    timer?.cancel();
    timer = null;
  };
  const fetch = (): void => {
    if (timer === null) return;
    drop();
    port.hold?.(false);
  };
  return {
    /** Call it when a reply has begun and lacks this many bytes: holds the input for about the wire time of all but the last. */
    rest(missingBytes: number): void {
      const forMs = Math.floor((missingBytes - 1) * charMs - EARLY_MS);
      if (port.hold === undefined || timer !== null || forMs < LEAST_MS) return;
      port.hold(true);
      timer = clock.after(forMs, fetch);
    },
    /** Delivers now what has arrived. */
    fetch,
    /** Call it when the port is closed: cancels the delivery of what is held back. */
    drop,
  };
}
