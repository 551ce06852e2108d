import type { BytePort } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';

/** Writes bytes to the port. Returns true, or false if the write fails with a `BusError`. Errors: throws any other error of the write. */
export function sendIfOpen(port: Pick<BytePort, 'write'>, bytes: Uint8Array): boolean {
  try {
    port.write(bytes);
    return true;
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    return false;
  }
}
