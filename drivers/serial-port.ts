/**
 * A serial port as bytes in and bytes out.
 *
 * Owns the only use of the serial bindings. Never interprets a byte.
 * Reads and writes go straight to the file descriptor: through the library's stream, or Node's thread pool, a stalled
 * flash blocks the bus for seconds. Source: measured, 2,004 ms against 15 ms with four blocked pool threads.
 */
import { readSync, writeSync } from 'node:fs';
import { SerialPort } from 'serialport';
import type { Rs485Settings, SerialSettings } from '../agent/core/cabinet.ts';
import type { BytePort } from '../agent/core/driver.ts';
import { BusError, type BusErrorCode } from '../agent/core/errors.ts';
import { enableRs485 } from './rs485.ts';

type Binding = Awaited<ReturnType<typeof SerialPort.binding.open>>;
/** The part of the Linux binding that its published types leave to each platform. */
type LinuxBinding = Binding & {
  readonly fd: number | null;
  readonly poller: { on(event: 'readable', fire: (e: Error | null) => void): void; poll(events: number): void };
};

/** What the poller is asked for; it tells once and must be asked again. Source: EVENTS of @serialport/bindings-cpp. */
const READABLE = 1;

/** Larger than the kernel's tty buffer. Units: bytes. Source: Linux N_TTY_BUF_SIZE is 4096. */
const READ_BYTES = 4096;

/** Errors: `open` rejects with BusError `port-missing`, `port-busy` or `port-refused`, each saying what to check. */
export function createSerialPort(path: string, serial: SerialSettings, rs485: Rs485Settings | null = null): BytePort {
  let binding: LinuxBinding | null = null;
  let isHeld = false;
  /** The poller has been asked and has not told yet. */
  let isAsked = false;
  const chunk = Buffer.alloc(READ_BYTES);

  const read = (): Buffer | null => {
    if (binding?.fd == null) return null;
    try {
      const length = readSync(binding.fd, chunk);
      if (length === 0) throw Object.assign(new Error('end of file'), { code: 'EIO' });
      return Buffer.from(chunk.subarray(0, length));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return null;
      lose(error as Error);
      return null;
    }
  };
  const deliver = (): void => {
    const bytes = read();
    if (bytes !== null) port.onBytes(bytes);
    ask();
  };
  const ask = (): void => {
    if (binding === null || isHeld || isAsked) return;
    isAsked = true;
    binding.poller.poll(READABLE);
  };
  const listenTo = (opened: LinuxBinding): void => {
    binding = opened;
    isHeld = false;
    isAsked = false;
    opened.poller.on('readable', (error) => {
      if (binding !== opened) return;
      isAsked = false;
      if (error !== null) lose(error);
      else if (!isHeld) deliver();
    });
    ask();
  };
  const lose = (cause: Error): void => {
    const lost = binding;
    binding = null;
    if (lost === null) return;
    closeQuietly(lost);
    port.onLost(new BusError('port-closed', `${path} went away: check the plug and the adapter`, { cause }));
  };

  const port: BytePort = {
    get isOpen() {
      return binding !== null;
    },
    onBytes: () => {},
    onLost: () => {},
    async open() {
      if (binding === null) listenTo(await opened(path, serial, rs485));
    },
    write(bytes) {
      if (binding?.fd == null) throw new BusError('port-closed', `${path} is closed`);
      try {
        for (let sent = 0; sent < bytes.length; ) sent += writeSync(binding.fd, bytes, sent);
      } catch (error) {
        lose(error as Error);
        throw new BusError('port-closed', `${path} does not take bytes: check the plug and the adapter`, { cause: error });
      }
    },
    discardInput() {
      let bytes = 0;
      for (let got = read(); got !== null; got = read()) bytes += got.length;
      return bytes;
    },
    hold(on) {
      isHeld = on;
      if (!on) deliver();
    },
    async close() {
      const closing = binding;
      binding = null;
      if (closing !== null) await closing.close();
    },
  };
  return port;
}

async function opened(path: string, serial: SerialSettings, rs485: Rs485Settings | null): Promise<LinuxBinding> {
  const { baud: baudRate, parity, stopBits, dataBits } = serial;
  let binding: LinuxBinding;
  try {
    binding = (await SerialPort.binding.open({ path, baudRate, parity, stopBits, dataBits, hupcl: false })) as LinuxBinding;
  } catch (error) {
    throw openError(path, error);
  }
  try {
    if (rs485 !== null && binding.fd !== null) await enableRs485(binding.fd, rs485);
  } catch (error) {
    closeQuietly(binding);
    if (!(error instanceof BusError)) throw error;
    throw new BusError(error.code, `${path}: ${error.message}`, { cause: error });
  }
  return binding;
}

/** The descriptor may already be gone with the adapter; there is nothing left to save. */
function closeQuietly(binding: Binding): void {
  binding.close().catch((error: unknown) => {
    if (!(error instanceof Error)) throw error;
  });
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The bindings report errno only inside a sentence, so this is the one place that reads text. */
export function openError(path: string, cause: unknown): BusError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const [code, advice]: [BusErrorCode, string] = /no such file/i.test(text)
    ? ['port-missing', 'there is no such port: check the cable, the adapter and the name in cabinet.yaml']
    : /lock|temporarily unavailable|busy/i.test(text)
      ? ['port-busy', 'another program holds this port: stop it (try `fuser -v` on the port)']
      : /not permitted/i.test(text)
        ? [
            'port-refused',
            'the service may not open this kind of port: allow it with DeviceAllow (docs/install.md, "Other kinds of ports")',
          ]
        : ['port-refused', `the port cannot be used (${text}): check that the agent's user is in group dialout`];
  return new BusError(code, `${path}: ${advice}`, { cause });
}
