/**
 * The boot of the machine that this run belongs to, and how long after the boot this run started.
 *
 * The kernel's monotonic clock does not restart with the agent. So a later run in the same boot can work out the real time of an earlier
 * run that had no valid clock.
 */
import { readFileSync } from 'node:fs';
import type { MonoMs } from '../../core/clock.ts';

/** Source: random(4): a new id at each boot. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * Returns the id of the present boot, and when this process started since the boot. Null if the boot id is not available. Units:
 * `startMono` is the kernel's monotonic clock, in ms, at the moment when this process's own clock was zero.
 *
 * `givenBootId`: the id from the service manager; null to read it from /proc.
 */
export function machineStart(givenBootId: string | null = null): { readonly bootId: string; readonly startMono: MonoMs } | null {
  const bootId = givenBootId ?? readBootId();
  return bootId === null ? null : { bootId, startMono: Number(process.hrtime.bigint()) / 1e6 - performance.now() };
}

function readBootId(): string | null {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim();
  } catch {
    return null; // No /proc, or not readable: no run can then work out the time of another.
  }
}
