/**
 * The interfaces between the field room and `drivers/`: a byte port, a line that takes requests, and a driver that decodes registers.
 */
import type { Rs485Settings, SerialSettings } from './cabinet.ts';
import type { MonoMs } from './clock.ts';
import type { BusError } from './errors.ts';
import type { Profile, Table } from './profile.ts';
import type { Refusal } from './refusal.ts';

/** Raw bytes in and out of one port. A PTY, a serial port or a simulated wire. */
export interface BytePort {
  readonly isOpen: boolean;
  /** Errors: rejects with BusError `port-missing`, `port-busy` or `port-refused`. */
  open(): Promise<void>;
  /** Errors: throws BusError `port-closed`. */
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
  /** Discards what has arrived and was not yet delivered. Returns how many bytes. */
  discardInput(): number;
  /**
   * `true`: what arrives may wait, nobody needs it yet. `false`: deliver what there is, then each piece as it comes.
   * Left out by a port to which each piece costs little.
   */
  readonly hold?: (on: boolean) => void;
  /** Set by the owner before `open`. */
  onBytes: (bytes: Buffer) => void;
  /** The port went away by itself: unplugged, hung up. Not called after `close`. */
  onLost: (cause: Error) => void;
}

/** Makes the serial port of a line; network ports are made by `line-from-config.ts` itself. */
export type OpenBytePort = (path: string, serial: SerialSettings, rs485?: Rs485Settings | null) => BytePort;

export interface ReadRequest {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  /** Reads that include this one and that the unit answers as well: `ModbusLine.clearest` chooses among them. */
  readonly alternates?: readonly Pick<ReadRequest, 'address' | 'count'>[];
}

export interface WriteRequest {
  readonly unit: number;
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly values: readonly number[];
  /** The unit takes one register or coil only by the function for many: FC16, FC15. */
  readonly multiple?: true;
}

export interface Reply {
  /** Registers 0..65535, or bits as 0 and 1. Empty for a write. */
  readonly words: readonly number[];
  /** From the end of the request on the wire to the end of the reply, less the reply's own wire time. Units: ms. */
  readonly turnaroundMs: number;
  /** From the end of the request on the wire to the first bytes of the reply as they arrived, adapters' delay included. Units: ms. */
  readonly firstByteMs: number;
  /** When the request left: the reply's values are no older. */
  readonly askedMono: MonoMs;
  readonly atMono: MonoMs;
}

/** The reply to a request that had been given up: the unit responds, only later than it was waited for. */
export interface LateReply {
  /** The request; the values of a write of several values are missing. */
  readonly request: ReadRequest | WriteRequest;
  /** From the first byte of the request to the end of its reply. Units: ms. */
  readonly afterMs: number;
}

export interface LineCounters {
  readonly transactions: number;
  readonly timeouts: number;
  readonly crcErrors: number;
  readonly exceptions: number;
  readonly lateReplies: number;
  /** Replies that came once more. */
  readonly duplicates: number;
  /** Replies that may belong to another request: no value was taken from them. */
  readonly doubtful: number;
  /** Times that all replies of one shape that were owed had come or could not come any more. */
  readonly resyncs: number;
  readonly echoes: number;
  readonly noiseBytes: number;
  /** Replies that broke off. */
  readonly truncated: number;
  /** Sound frames of the unit that was asked which do not answer the question. */
  readonly wrongReplies: number;
  /** Sound frames that nobody asked for: a second master, or two units with one address. */
  readonly foreignFrames: number;
  /** Requests that had to leave although the line never fell silent. */
  readonly floods: number;
  /** Time the wire was in use, turnarounds and gaps included. Units: ms. */
  readonly busyMs: number;
}

/** A Modbus line: one request at a time, each with a definite end. */
export interface ModbusLine {
  readonly isOpen: boolean;
  readonly counters: LineCounters;
  /** Its units are behind a gateway, whose wire the agent does not observe. */
  readonly isNetwork?: boolean;
  open(): Promise<void>;
  close(): Promise<void>;
  /**
   * Units: `timeoutMs` counts from the end of the request on the wire to the first byte of the reply; one that has begun is waited for in full.
   * Errors: rejects with BusError.
   */
  read(request: ReadRequest, timeoutMs: number): Promise<Reply>;
  write(request: WriteRequest, timeoutMs: number): Promise<Reply>;
  /** Wire time of a request and its reply, without turnaround. Units: ms. */
  wireMs(request: ReadRequest | WriteRequest): number;
  /**
   * The one of this read and its alternates whose reply is least likely to be mistaken for a late one; this read where it does not matter.
   * The caller sends what it returns, so that an exception or a lost reply counts for the registers that were requested.
   */
  clearest(request: ReadRequest): ReadRequest;
  /** The late answer to a read of this shape may still come; asking it again before this time would hold up the line. */
  heldUntilMono(request: ReadRequest): MonoMs;
  /** Before this time a reply to this read cannot be distinguished from an older one and is refused. */
  restUntilMono(request: ReadRequest): MonoMs;
  /** Set by the owner: whether a read may take the time of another one to confirm what looks like a late or repeated reply. Without it such a read fails as `doubtful`. */
  mayAskAgain: () => boolean;
  /** When the wire will have had its silence. What goes next need not be chosen before, so that the most urgent goes. */
  readonly freeMono: MonoMs;
  /** Reopen with other serial settings, for a scan; null goes back to the line's own. Errors: rejects with BusError; a network line refuses. */
  retune(serial: SerialSettings | null): Promise<void>;
  onLost: (cause: Error) => void;
  /** Called when a request has ended. Set by the owner; absent where nothing counts them. */
  onEnd?: (request: ReadRequest | WriteRequest, end: Reply | BusError) => void;
  /** Called when a unit has replied to a request that was given up. Set by the owner; absent on a line that does not detect it. */
  onLateReply?: (late: LateReply) => void;
}

export interface DecodedValue {
  readonly quantity: string;
  /** Null when the device reports that it has no value. */
  readonly value: number | null;
  readonly plausible: boolean;
}

/** A Modbus device type at work. */
export interface ModbusDriver {
  readonly profile: Profile;
  /** All points that lie wholly inside the block. */
  decode(table: Table, address: number, words: readonly number[]): readonly DecodedValue[];
  /** One write of a group of the profile; a Refusal as `encode`. */
  encodeGroup(groupId: string, levelPct: number): Omit<WriteRequest, 'unit'> | Refusal;
  /** A Refusal for a quantity that cannot be written, and for a value that does not fit. */
  encode(quantity: string, value: number): Omit<WriteRequest, 'unit'> | Refusal;
}

/** A raw UART device type at work, fed byte by byte. */
export interface UartDriver {
  readonly profile: Profile;
  /** Longest silence between two frames before its values are missing. Units: ms. */
  readonly silenceMs: number;
  /** Silence that means "no presence", for a device that only sends on detection; null for one that always sends. Units: ms. */
  readonly idleMs: number | null;
  /** The readings that this silence means. */
  idleValues(): readonly DecodedValue[];
  /** Frames to send after the port has opened, in this order; empty for a device that needs none. */
  readonly init: readonly Uint8Array[];
  /** Frame that requests values, and its period; null for a device that sends by itself. */
  readonly poll: { readonly bytes: Uint8Array; readonly everyMs: number } | null;
  feed(bytes: Uint8Array): readonly DecodedValue[];
  readonly counters: { readonly frames: number; readonly noiseBytes: number };
}
