/**
 * A serial cable through the kernel: the gateway opens one end as a serial port, the simulated line uses the other.
 *
 * Source of the recipe: the native `open` of node-pty; its JavaScript wrapper would read from the gateway's end and steal bytes.
 */
import { closeSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReadStream } from 'node:tty';
import type { GatewayEnd } from './sim-line.ts';

interface NativePty {
  open(cols: number, rows: number): { master: number; slave: number; pty: string };
}
/** The native `open` of node-pty: returns the descriptors of both ends of a new pseudo-terminal, and the path of the end for the gateway. */
export const nativePty = createRequire(import.meta.url)(`@lydell/node-pty-linux-${process.arch}/pty.node`) as NativePty;

export interface PtyCable {
  readonly end: GatewayEnd;
  /** What the gateway opens: `linkPath` when given, as a stable name under /dev/serial would be, else the pseudo-terminal itself. */
  readonly path: string;
  /** `true`: bytes from the gateway no longer reach the line, as with a hung adapter; they wait in a buffer. `false`: they pass again. */
  stall(on: boolean): void;
  close(): void;
}

/** A plugged cable. `receive` gets the bytes that the gateway sends. */
export function createPtyCable(receive: (bytes: Buffer) => void, linkPath?: string): PtyCable {
  let plugged = plug();

  function plug(): { master: number; slave: number; pty: string; stream: ReadStream } {
    const { master, slave, pty } = nativePty.open(80, 24);
    const stream = new ReadStream(master);
    stream.setRawMode(true);
    stream.on('data', (bytes: Buffer) => receive(bytes));
    // The far end hung up: unplugged, or the gateway is gone. Nothing to do but wait for the next plug.
    stream.on('error', () => {});
    if (linkPath !== undefined) {
      rmSync(linkPath, { force: true });
      symlinkSync(pty, linkPath);
    }
    return { master, slave, pty, stream };
  }
  const unplug = (): void => {
    if (plugged.stream.destroyed) return;
    plugged.stream.destroy();
    closeSync(plugged.slave);
    if (linkPath !== undefined) rmSync(linkPath, { force: true });
  };
  return {
    path: linkPath ?? plugged.pty,
    end: {
      write(bytes) {
        if (!plugged.stream.destroyed) writeWhatFits(plugged.master, bytes);
      },
      unplug,
      replug() {
        if (plugged.stream.destroyed) plugged = plug();
      },
    },
    stall: (on) => void (on ? plugged.stream.pause() : plugged.stream.resume()),
    close: unplug,
  };
}

/** A wire does not wait: what a gateway that does not read has no room for is lost. */
function writeWhatFits(master: number, bytes: Uint8Array): void {
  try {
    writeSync(master, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}
