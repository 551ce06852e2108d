/**
 * Keeps the settings of a serial port, such as its speed, to restore them after another use. The serial bindings change them and do not
 * restore them.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

/** Never becomes the controlling terminal, and does not wait for a carrier. Source: open(2). */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK;

/**
 * Reads the settings of a port. Resolves with a function that restores them; call it once. The port stays open until then. The
 * function restores nothing, and reports no error, if the port could not be opened or its settings could not be read or set.
 */
export async function keepSettings(path: string): Promise<() => Promise<void>> {
  let fd: number;
  try {
    fd = openSync(path, OPEN_FLAGS);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return async () => {};
  }
  const found = await stty(fd, ['-g']);
  return async () => {
    if (found !== null) await stty(fd, [found]);
    closeSync(fd);
  };
}

/** Resolves with the output; null if the port is no longer plugged in, or stty(1) is not installed. */
function stty(fd: number, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn('stty', args, { stdio: [fd, 'pipe', 'ignore'] });
    let output = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      output += bytes.toString('latin1');
    });
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code === 0 ? output.trim() : null));
  });
}
