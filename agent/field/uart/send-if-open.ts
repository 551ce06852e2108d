import type { BytePort } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';

/** Sends bytes. Returns false if the port is down: it reports that itself, through `onLost`. */
export function sendIfOpen(port: Pick<BytePort, 'write'>, bytes: Uint8Array): boolean {
  try {
    port.write(bytes);
    return true;
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    return false;
  }
}
