/**
 * The boot of the machine that this run belongs to, and how long after it the run started.
 *
 * The kernel's monotonic clock runs on from one run of the agent to the next, so a later run can date one whose time was never known.
 */
import { readFileSync } from 'node:fs';
import type { MonoMs } from '../../core/clock.ts';

/** Source: random(4): a new name at each start of the kernel. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * Null where the kernel does not provide it. Units: `startMono` in ms on the kernel's monotonic clock, at zero of this process's own.
 *
 * `givenBootId`: from the service manager, as a service with `ProcSubset=pid` cannot read it itself.
 */
export function machineStart(givenBootId: string | null = null): { readonly bootId: string; readonly startMono: MonoMs } | null {
  const bootId = givenBootId ?? readBootId();
  return bootId === null ? null : { bootId, startMono: Number(process.hrtime.bigint()) / 1e6 - performance.now() };
}

function readBootId(): string | null {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim();
  } catch {
    return null; // Another kind of system: no run can then date another.
  }
}
