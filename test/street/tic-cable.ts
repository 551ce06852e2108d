/**
 * The cable between a TIC meter and the gateway, in memory: a port at another speed than the meter's receives what a real receiver would.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { BytePort, OpenBytePort } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { msg } from '../../agent/core/message.ts';

export interface TicCable {
  readonly openPort: OpenBytePort;
  /** Bytes of the meter, which arrive at the port that is open. */
  deliver(bytes: Buffer): void;
  unplug(): void;
  replug(): void;
  /** The speed of each opening, oldest first. */
  readonly openings: readonly number[];
  /** The utility changes the output of the meter to another speed. */
  setBaud(meterBaud: number): void;
  /** How many bytes were written to the meter. */
  readonly written: number;
}

/** A plugged cable of a meter with this speed. Errors: a second open port is refused as `port-busy`, as by the lock of a real one. */
export function createTicCable(startBaud: number): TicCable {
  let meterBaud = startBaud;
  const openings: number[] = [];
  let [written, isPlugged] = [0, true];
  let open: { readonly port: BytePort; readonly baud: number; hear: (bytes: Buffer) => Buffer } | null = null;
  const openPort: OpenBytePort = (_path, { baud }: SerialSettings) => {
    const port: BytePort = {
      get isOpen() {
        return open?.port === port;
      },
      onBytes: () => {},
      onLost: () => {},
      async open() {
        if (!isPlugged) throw new BusError('port-missing', msg`the simulated port is unplugged`);
        if (open !== null) throw new BusError('port-busy', msg`the simulated port is open already`);
        openings.push(baud);
        open = { port, baud, hear: createReceiver(meterBaud, baud) };
      },
      write(bytes) {
        written += bytes.length;
      },
      discardInput: () => 0,
      async close() {
        if (open?.port === port) open = null;
      },
    };
    return port;
  };
  return {
    openPort,
    openings,
    get written() {
      return written;
    },
    setBaud(next) {
      meterBaud = next;
      if (open !== null) open.hear = createReceiver(meterBaud, open.baud);
    },
    deliver(bytes) {
      const heard = open?.hear(bytes);
      if (heard !== undefined && heard.length > 0) open?.port.onBytes(heard);
    },
    unplug() {
      isPlugged = false;
      const lost = open?.port;
      open = null;
      lost?.onLost(new BusError('port-closed', msg`the simulated port was unplugged`));
    },
    replug() {
      isPlugged = true;
    },
  };
}

const DATA_BITS = 8;

/**
 * What a receiver at `toBaud` makes of bytes sent without pause at `fromBaud`: a level is sampled in the middle of each of its own bits. A byte
 * without a stop bit is discarded, as the kernel does.
 */
function createReceiver(fromBaud: number, toBaud: number): (bytes: Buffer) => Buffer {
  if (fromBaud === toBaud) return (bytes) => bytes;
  let line: number[] = [];
  const bitsPerSample = fromBaud / toBaud;
  return (bytes) => {
    for (const byte of bytes) line.push(0, ...Array.from({ length: DATA_BITS }, (_, bit) => (byte >> bit) & 1), 1);
    const heard: number[] = [];
    let from = line.indexOf(0);
    while (from >= 0 && from + bitsPerSample * (DATA_BITS + 2) <= line.length) {
      const at = (sample: number): number => line[Math.floor(from + bitsPerSample * (sample + 0.5))] ?? 1;
      let byte = 0;
      for (let bit = 0; bit < DATA_BITS; bit++) byte |= at(bit + 1) << bit;
      if (at(DATA_BITS + 1) === 1) heard.push(byte);
      from = line.indexOf(0, Math.ceil(from + bitsPerSample * (DATA_BITS + 1.5)));
    }
    line = from < 0 ? [] : line.slice(from);
    return Buffer.from(heard);
  };
}
