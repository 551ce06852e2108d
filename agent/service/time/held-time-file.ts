/**
 * Keeps the held time for the next run in the same boot, so that a restart of the agent does not make it accept a stepped clock.
 *
 * The file is in memory (`/run`): systemd keeps it over a restart of the service, and removes it at a stop and at a reboot.
 */
import { join } from 'node:path';
import { replaceWholeLater } from '../../core/atomic-write.ts';
import { heldMs } from '../../core/held-time.ts';
import { isRecord } from '../../core/is-record.ts';
import { flawOfFile, readRegularFile } from '../../core/regular-file.ts';
import type { HeldTimeMemory } from '../../core/steady-clock.ts';

const NAME = 'held-time.json';
/** A larger file was not written by this program. Units: bytes. Source: assumed; the file has 150. Confirmed by: the size of the file on cabinets in service. */
const MAX_BYTES = 4_096;

/** Where the held time (the last trusted time, continued by the monotonic clock) is kept, and the boot that it belongs to. */
export interface HeldTimeFileParts {
  /** Null if the service manager provides no folder; nothing is then stored. */
  readonly runtimeDir: string | null;
  /** The machine's boot, and this run's start since then in ms. Null if the kernel provides no boot id; nothing is then stored. */
  readonly machine: { readonly bootId: string; readonly startMono: number } | null;
  /** `load` calls it with the path and the cause if the file exists but cannot be read or is not JSON. Default: no action. */
  readonly onFlaw?: (flaw: string) => void;
}

/**
 * Returns the memory of the held time, a file in `runtimeDir`; null if `runtimeDir` or `machine` is null. `load` returns null if there is
 * no valid time of this boot. Errors: none; a failed write is ignored.
 */
export function createHeldTimeFile({ runtimeDir, machine, onFlaw = () => {} }: HeldTimeFileParts): HeldTimeMemory | null {
  if (runtimeDir === null || machine === null) return null;
  const path = join(runtimeDir, NAME);
  const { bootId, startMono } = machine;
  let saving = Promise.resolve();
  return {
    load() {
      try {
        const stored: unknown = JSON.parse(readRegularFile(path, MAX_BYTES).toString('utf8'));
        if (!isRecord(stored)) return null;
        const { bootId: ofBoot, machineZeroMs, quality, hasSteppedOnce } = stored;
        if (ofBoot !== bootId || typeof machineZeroMs !== 'number' || (quality !== 'rtc' && quality !== 'synced')) return null;
        return { zeroMs: machineZeroMs + startMono, quality, hasSteppedOnce: hasSteppedOnce === true };
      } catch (error) {
        // The first run after a boot finds no file.
        const flaw = flawOfFile(path, error);
        if (flaw !== null) onFlaw(flaw);
        return null;
      }
    },
    save(held) {
      const { quality, hasSteppedOnce } = held;
      const text = JSON.stringify({ bootId, machineZeroMs: Math.round(heldMs(held, -startMono)), quality, hasSteppedOnce });
      // Without the file the next run trusts the system clock; nothing else is lost.
      saving = saving.then(() => replaceWholeLater(path, text, 0o600)).catch(() => {});
    },
  };
}
