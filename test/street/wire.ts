import type { BytePort } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { msg } from '../../agent/core/message.ts';
import type { GatewayEnd } from './sim-line.ts';

/** A simulated cable, for streets on the manual clock, where every byte must arrive at its exact time. */
export interface Wire {
  readonly port: BytePort;
  readonly end: GatewayEnd;
  /** Makes the adapter hang: no byte passes in either direction until the port is opened again. */
  hang(): void;
}

/** A plugged cable whose port is closed. `receive` gets what the gateway writes, at once. */
export function createWire(receive: (bytes: Buffer) => void): Wire {
  let isOpen = false;
  let isPlugged = true;
  let isHung = false;
  const port: BytePort = {
    get isOpen() {
      return isOpen;
    },
    onBytes: () => {},
    onLost: () => {},
    async open() {
      if (!isPlugged) throw new BusError('port-missing', msg`the simulated port is unplugged`);
      isOpen = true;
      isHung = false;
    },
    write(bytes) {
      if (!isOpen) throw new BusError('port-closed', msg`the simulated port is closed`);
      if (!isHung) receive(Buffer.from(bytes));
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
        if (isOpen && !isHung) port.onBytes(bytes);
      },
      unplug() {
        isPlugged = false;
        if (!isOpen) return;
        isOpen = false;
        port.onLost(new BusError('port-closed', msg`the simulated port was unplugged`));
      },
      replug() {
        isPlugged = true;
      },
    },
    hang() {
      isHung = isOpen;
    },
  };
}
