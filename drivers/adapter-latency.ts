/**
 * How long a USB serial adapter buffers bytes before it passes them on. Read from sysfs, never changed.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';

/** Reads the files of the machine: `realPath` resolves links, `read` returns a whole file as text. Errors: both throw Node's error. */
export interface AdapterFiles {
  readonly realPath: (path: string) => string;
  readonly read: (path: string) => string;
}

const FILES: AdapterFiles = { realPath: (path) => realpathSync(path), read: (path) => readFileSync(path, 'latin1') };

/**
 * Returns the latency timer of the adapter behind this port; null when it has none or it cannot be read.
 *
 * Units: ms. Source: Linux drivers/usb/serial/ftdi_sio.c, attribute latency_timer; 16 by default, and it delays every reply.
 */
export function adapterLatencyMs(port: string, files: AdapterFiles = FILES): number | null {
  if (!port.startsWith('/')) return null;
  try {
    const latencyMs = Number.parseInt(files.read(`/sys/class/tty/${basename(files.realPath(port))}/device/latency_timer`), 10);
    return Number.isNaN(latencyMs) ? null : latencyMs;
  } catch (error) {
    // A missing file means that the adapter has no latency timer.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
