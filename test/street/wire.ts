import type { BytePort } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import type { GatewayEnd } from './sim-line.ts';

/** A cable without a kernel in between: for streets on the manual clock, where every byte must come at its exact time. */
export interface Wire {
  readonly port: BytePort;
  readonly end: GatewayEnd;
}

export function createWire(receive: (bytes: Buffer) => void): Wire {
  let isOpen = false;
  let isPlugged = true;
  const port: BytePort = {
    get isOpen() {
      return isOpen;
    },
    onBytes: () => {},
    onLost: () => {},
    async open() {
      if (!isPlugged) throw new BusError('port-missing', 'the simulated port is unplugged');
      isOpen = true;
    },
    write(bytes) {
      if (!isOpen) throw new BusError('port-closed', 'the simulated port is closed');
      receive(Buffer.from(bytes));
    },
    discardInput: () => 0,
    async close() {
      isOpen = false;
    },
  };
  return {
    port,
    end: {
      write(bytes) {
        if (isOpen) port.onBytes(bytes);
      },
      unplug() {
        isPlugged = false;
        if (!isOpen) return;
        isOpen = false;
        port.onLost(new BusError('port-closed', 'the simulated port was unplugged'));
      },
      replug() {
        isPlugged = true;
      },
    },
  };
}
