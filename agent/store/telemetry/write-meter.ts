import { readFileSync } from 'node:fs';
import type { MonoMs } from '../../core/clock.ts';

/** Source: proc_pid_io(5), `write_bytes`: bytes that this task caused to be sent to the storage layer. */
const ACCOUNT = '/proc/thread-self/io';

/** Measures how many bytes this thread has made the kernel write since the first call, without the file system's own journal. */
export function createWriteMeter() {
  let first: { readonly bytes: number; readonly atMono: MonoMs } | null = null;
  return {
    /** Since the first reading; null where the kernel does not say. Units: bytes, ms. */
    read: (nowMono: MonoMs): { readonly bytes: number; readonly overMs: number } | null => {
      const bytes = writtenBytes();
      if (bytes === null) return null;
      first ??= { bytes, atMono: nowMono };
      return { bytes: bytes - first.bytes, overMs: nowMono - first.atMono };
    },
  };
}

function writtenBytes(): number | null {
  try {
    const found = /^write_bytes: (\d+)$/m.exec(readFileSync(ACCOUNT, 'utf8'));
    return found?.[1] === undefined ? null : Number(found[1]);
  } catch {
    return null; // A kernel without task accounting.
  }
}
