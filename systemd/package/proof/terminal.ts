/**
 * A technician's terminal at a serial port: stays plugged in while a console hangs up and the next one opens the port.
 */
import { closeSync, read, writeSync } from 'node:fs';
import { nativePty } from '../../../test/street/pty.ts';

/** Until a port that was hung up is looked at again. Units: ms. */
const HUNG_UP_MS = 50;
/** Bytes taken at once. */
const CHUNK = 4_096;

export interface ProofTerminal {
  /** The end that the console opens. */
  readonly path: string;
  type(text: string): void;
  /** All that has come so far. */
  received(): string;
  close(): void;
}

export function openTerminal(): ProofTerminal {
  const { master, slave, pty } = nativePty.open(80, 24);
  const buffer = Buffer.alloc(CHUNK);
  let text = '';
  let isOpen = true;
  const next = (): void => {
    if (!isOpen) return;
    read(master, buffer, 0, CHUNK, null, (error, bytes) => {
      if (error === null) text += buffer.toString('latin1', 0, bytes);
      // EIO: the other end is not open. EAGAIN: no data yet.
      if (error === null) next();
      else setTimeout(next, HUNG_UP_MS).unref();
    });
  };
  next();
  return {
    path: pty,
    type: (typed) => void writeSync(master, Buffer.from(typed, 'latin1')),
    received: () => text,
    close() {
      isOpen = false;
      closeSync(slave);
    },
  };
}
