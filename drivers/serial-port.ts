/**
 * A serial port as bytes in and bytes out.
 *
 * The only file that uses the serial bindings. It does not interpret bytes.
 * Reads and writes go straight to the file descriptor: through the library's stream, or Node's thread pool, a stalled
 * flash blocks the bus for seconds. Source: measured, 2,004 ms against 15 ms with four blocked pool threads.
 */

import { readSync, writeSync } from 'node:fs';
import { SerialPort } from 'serialport';
import type { Rs485Settings, SerialSettings } from '../agent/core/cabinet.ts';
import type { BytePort } from '../agent/core/driver.ts';
import { BusError, type BusErrorCode } from '../agent/core/errors.ts';
import { type Message, msg } from '../agent/core/message.ts';
import { consoleHoldsPort, consoleUnitAt } from './console-ports.ts';
import { enableRs485 } from './rs485.ts';

type Binding = Awaited<ReturnType<typeof SerialPort.binding.open>>;
/** The part of the Linux binding that is missing from its published types. */
type LinuxBinding = Binding & {
  readonly fd: number | null;
  readonly poller: { on(event: 'readable', fire: (e: Error | null) => void): void; poll(events: number): void };
};

/** The event that the poller waits for; it fires once and must be armed again. Source: EVENTS of @serialport/bindings-cpp. */
const READABLE = 1;

/** Larger than the kernel's tty buffer. Units: bytes. Source: Linux N_TTY_BUF_SIZE is 4096. */
const READ_BYTES = 4096;

/**
 * Creates a serial port; it is closed until `open`. `rs485` null: the RS-485 settings of the kernel are not changed. `consoleAt`: returns
 * the name of the systemd unit of a console that is enabled on a port, null for none; `open` refuses a port with one.
 *
 * Errors: `open` rejects with BusError, for example `port-busy`, with what to check.
 */
export function createSerialPort(
  path: string,
  serial: SerialSettings,
  rs485: Rs485Settings | null = null,
  consoleAt: (path: string) => string | null = consoleUnitAt,
): BytePort {
  return new TtyPort(path, { serial, rs485, consoleAt });
}

interface Opening {
  readonly serial: SerialSettings;
  readonly rs485: Rs485Settings | null;
  readonly consoleAt: (path: string) => string | null;
}

class TtyPort implements BytePort {
  onBytes: (bytes: Buffer) => void = () => {};
  onLost: (cause: Error) => void = () => {};
  onDiscarded?: (bytes: Buffer) => void;
  readonly #path: string;
  readonly #opening: Opening;
  readonly #chunk = Buffer.alloc(READ_BYTES);
  #binding: LinuxBinding | null = null;
  #isHeld = false;
  /** The poller has been armed and has not fired yet. */
  #isArmed = false;

  constructor(path: string, opening: Opening) {
    this.#path = path;
    this.#opening = opening;
  }

  get isOpen(): boolean {
    return this.#binding !== null;
  }

  async open(): Promise<void> {
    if (this.#binding === null) this.#adopt(await opened(this.#path, this.#opening));
  }

  write(bytes: Uint8Array): void {
    if (this.#binding?.fd == null) throw new BusError('port-closed', msg`${this.#path} is closed`);
    try {
      for (let sent = 0; sent < bytes.length; ) sent += writeSync(this.#binding.fd, bytes, sent);
    } catch (error) {
      this.#lose(error as Error);
      throw new BusError('port-closed', msg`${this.#path} does not accept bytes: check the plug and the adapter`, { cause: error });
    }
  }

  discardInput(): number {
    let bytes = 0;
    for (let got = this.#read(); got !== null; got = this.#read()) {
      bytes += got.length;
      this.onDiscarded?.(got);
    }
    return bytes;
  }

  hold(on: boolean): void {
    this.#isHeld = on;
    if (!on) this.#deliver();
  }

  async close(): Promise<void> {
    const closing = this.#binding;
    this.#binding = null;
    if (closing !== null) await closing.close();
  }

  #adopt(binding: LinuxBinding): void {
    this.#binding = binding;
    this.#isHeld = false;
    this.#isArmed = false;
    binding.poller.on('readable', (error) => {
      if (this.#binding !== binding) return;
      this.#isArmed = false;
      if (error !== null) this.#lose(error);
      else if (!this.#isHeld) this.#deliver();
    });
    this.#arm();
  }

  #deliver(): void {
    const bytes = this.#read();
    if (bytes !== null) this.onBytes(bytes);
    this.#arm();
  }

  #arm(): void {
    if (this.#binding === null || this.#isHeld || this.#isArmed) return;
    this.#isArmed = true;
    this.#binding.poller.poll(READABLE);
  }

  #read(): Buffer | null {
    if (this.#binding?.fd == null) return null;
    try {
      const length = readSync(this.#binding.fd, this.#chunk);
      if (length === 0) throw Object.assign(new Error('end of file'), { code: 'EIO' });
      return Buffer.from(this.#chunk.subarray(0, length));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return null;
      this.#lose(error as Error);
      return null;
    }
  }

  #lose(cause: Error): void {
    const lost = this.#binding;
    this.#binding = null;
    if (lost === null) return;
    closeQuietly(lost);
    this.onLost(new BusError('port-closed', msg`${this.#path} went away: check the plug and the adapter`, { cause }));
  }
}

async function opened(path: string, { serial, rs485, consoleAt }: Opening): Promise<LinuxBinding> {
  const { baud: baudRate, parity, stopBits, dataBits } = serial;
  const console = consoleAt(path);
  if (console !== null) throw new BusError('port-refused', msg`${path}: ${consoleHoldsPort(console)}`);
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
    throw new BusError(error.code, msg`${path}: ${error.said}`, { cause: error });
  }
  return binding;
}

/** The adapter may already be unplugged, so a failure to close its descriptor is ignored. */
function closeQuietly(binding: Binding): void {
  binding.close().catch((error: unknown) => {
    if (!(error instanceof Error)) throw error;
  });
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/**
 * Returns the BusError for a port that cannot be opened: `port-missing`, `port-busy` or `port-refused`. The text of `cause` decides; an
 * unknown text gives `port-refused`.
 */
export function openError(path: string, cause: unknown): BusError {
  const text = cause instanceof Error ? cause.message : String(cause);
  // The library gives only a text, in which the name of the port could look like a reason.
  const reason = text.replaceAll(path, '');
  const [code, advice]: [BusErrorCode, Message] = /no such file/i.test(reason)
    ? ['port-missing', msg`there is no such port: check the cable, the adapter and the name in cabinet.yaml`]
    : /lock|temporarily unavailable|busy/i.test(reason)
      ? ['port-busy', msg`another program holds this port: stop it (try \`fuser -v\` on the port)`]
      : /not permitted/i.test(reason)
        ? [
            'port-refused',
            msg`the service may not open this kind of port: allow it with DeviceAllow (docs/install.md, "Other kinds of ports")`,
          ]
        : ['port-refused', msg`the port cannot be used (${text}): check that the agent's user is in group dialout`];
  return new BusError(code, msg`${path}: ${advice}`, { cause });
}
