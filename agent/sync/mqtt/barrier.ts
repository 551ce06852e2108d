/**
 * One barrier on a connection, as a yes or no.
 */
import { UplinkError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import type { MqttConnection } from './mqtt-transport.ts';

/** Resolves true when the broker has read all that was published before, false when the connection broke meanwhile. */
export async function passesBarrier(connection: Pick<MqttConnection, 'barrier'>, log: Log): Promise<boolean> {
  try {
    await connection.barrier();
    return true;
  } catch (error) {
    if (!(error instanceof UplinkError)) throw error;
    log.event('uplink-barrier-failed', { code: error.code, message: error.message }, 'debug');
    return false;
  }
}
