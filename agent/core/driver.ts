/**
 * The interfaces between the field module (polls the devices) and `drivers/`: a byte port, a line that takes requests, and a driver that
 * decodes registers.
 */
import type { LineTap } from './bus-exam.ts';
import type { Rs485Settings, SerialSettings } from './cabinet.ts';
import type { MonoMs } from './clock.ts';
import type { BusError } from './errors.ts';
import type { Message } from './message.ts';
import type { Profile, Table } from './profile.ts';
import type { Refusal } from './refusal.ts';

/** Raw bytes in and out of one port: a serial port, a pseudo-terminal, a socket or a simulated wire. */
export interface BytePort {
  readonly isOpen: boolean;
  /** Errors: rejects with BusError `port-missing`, `port-busy` or `port-refused`. */
  open(): Promise<void>;
  /** Errors: throws BusError `port-closed`. */
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
  /** Discards the input that was not yet delivered. Returns how many bytes; always 0 for a socket, whose input only the event loop reads. */
  discardInput(): number;
  /** A network connection from which no byte has come since the last bytes were sent. Absent where that means nothing. */
  readonly isStalled?: boolean;
  /**
   * `true`: keep incoming bytes in the port, the caller does not need them yet. `false`: deliver the bytes kept so far, then each chunk as
   * it arrives. Optional: a port where a chunk is cheap does not implement it.
   */
  readonly hold?: (on: boolean) => void;
  /**
   * Closes the port and opens it with the next of its serial settings. Absent: it has only one. Never rejects: a port that does not open again
   * is reported by `onLost`.
   */
  readonly retune?: () => Promise<void>;
  /** Set by the owner before `open`. */
  onBytes: (bytes: Buffer) => void;
  /** The port was lost: unplugged, or closed by the far end. Not called after `close`. */
  onLost: (cause: Error) => void;
}

/** Creates the port of a serial line, still closed: call its `open`. Network ports are created elsewhere, by `line-from-config.ts`. */
export type OpenBytePort = (path: string, serial: SerialSettings, rs485?: Rs485Settings | null) => BytePort;

/** One read of `count` registers or bits of a unit from `address`, 0-based as in the frame. */
export interface ReadRequest {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  /** Larger reads that include this one and that the unit also supports: `ModbusLine.clearest` chooses among them. */
  readonly alternates?: readonly Pick<ReadRequest, 'address' | 'count'>[];
}

/** One write of consecutive registers or coils of a unit from `address`, 0-based as in the frame. Unit 0 is a broadcast. */
export interface WriteRequest {
  readonly unit: number;
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly values: readonly number[];
  /** The unit accepts even a single register or coil only through the write-multiple functions (FC16, FC15). */
  readonly multiple?: true;
}

/** The reply to a request, and its times. */
export interface Reply {
  /** Registers 0..65535, or bits as 0 and 1. Empty for a write. */
  readonly words: readonly number[];
  /** From the end of the request on the wire to the end of the reply, less the reply's own wire time. Units: ms. */
  readonly turnaroundMs: number;
  /** From the end of the request on the wire to the first bytes of the reply as they arrived, adapters' delay included. Units: ms. */
  readonly firstByteMs: number;
  /** When the request was sent. If it was sent several times, an early one of them: the device certainly read the values after this time. */
  readonly askedMono: MonoMs;
  /** When the reply was complete. */
  readonly atMono: MonoMs;
  /** False: the request was sent, but nothing proves that the unit received it. DALI gear acknowledges no command. */
  readonly isAcknowledged?: false;
}

/**
 * A reply that arrived after the line had given up its request: the unit responds, but later than the timeout. The request has already
 * failed with `timeout`.
 */
export interface LateReply {
  /** The request; for a write by FC15 or FC16, `values` has the right length but only zeros, and `multiple` is absent. */
  readonly request: ReadRequest | WriteRequest;
  /** From the first byte of the request to the end of its reply. Units: ms. */
  readonly afterMs: number;
}

/** What a line has counted since it was created. */
export interface LineCounters {
  readonly transactions: number;
  readonly timeouts: number;
  readonly crcErrors: number;
  readonly exceptions: number;
  readonly lateReplies: number;
  /** Replies received a second time. */
  readonly duplicates: number;
  /** Replies rejected because they may belong to another request. */
  readonly doubtful: number;
  /**
   * How often the line caught up: no overdue reply of a shape can still arrive.
   * Shape: same unit, function and length; for a write also the same address, and value or count.
   */
  readonly resyncs: number;
  /** The line's own requests received back (RS-485 echo). */
  readonly echoes: number;
  readonly noiseBytes: number;
  /** Replies that ended before their last byte. */
  readonly truncated: number;
  /** Valid frames that do not match the request: on a serial line from its unit and with its function, on Modbus TCP with its transaction id. */
  readonly wrongReplies: number;
  /** Valid frames that belong to no request of this line: a second master, or two units with one address. */
  readonly foreignFrames: number;
  /** Requests sent although the line did not become idle within the longest wait. */
  readonly floods: number;
  /** Time the wire was in use, including turnarounds and gaps. Units: ms. */
  readonly busyMs: number;
}

/**
 * A line of units with registers: Modbus, or a DALI bus behind a converter, whose driver gives gear registers. It takes one request at a time and has no queue: `read` and `write` throw TypeError while another request is in flight. Each request
 * ends with a reply or a BusError.
 */
export interface ModbusLine {
  readonly isOpen: boolean;
  /** The present counts; each call returns a new object. */
  readonly counters: LineCounters;
  /** The units are behind a Modbus TCP gateway or a serial server, whose wire the agent does not observe. */
  readonly isNetwork?: boolean;
  /** The last address of a DALI bus, whose addresses start at 0 and on which no unit is a broadcast. Absent on a Modbus line. */
  readonly lastUnit?: number;
  /** As `BytePort`. */
  readonly isStalled?: boolean;
  open(): Promise<void>;
  close(): Promise<void>;
  /**
   * Sends a read once the line is silent, and resolves with its reply. It may send the read again to confirm a suspicious reply (`mayAskAgain`).
   * Units: `timeoutMs` counts from the end of each request on the wire to the first byte of the reply; a reply that has begun gets extra
   * time.
   * Errors: rejects with BusError.
   */
  read(request: ReadRequest, timeoutMs: number): Promise<Reply>;
  /** As `read`. A broadcast (unit 0) ends with an empty reply after a pause of `timeoutMs`. */
  write(request: WriteRequest, timeoutMs: number): Promise<Reply>;
  /**
   * Waits for the reply in flight no longer than this, as if the request had specified it; a reply that has begun still gets extra time.
   * On a DALI line a read of a memory bank ends at once with BusError `interrupted`, for an urgent level any other read too. Absent where
   * waits cannot be shortened. Units: ms.
   */
  cutShort?(timeoutMs: number, isUrgent?: boolean): void;
  /** Wire time of a request and its reply, without turnaround. Units: ms. */
  wireMs(request: ReadRequest | WriteRequest): number;
  /**
   * Picks, from this read and its alternates, the one whose reply is least likely to be confused with the reply to an earlier request; this
   * read if no alternate is better. Send the returned request, so that errors are charged to the registers actually requested.
   */
  clearest(request: ReadRequest): ReadRequest;
  /** Sending this read before this time would block the line: it waits for a late reply of the same shape (see `resyncs`). */
  heldUntilMono(request: ReadRequest): MonoMs;
  /** Before this time, sending this read would block the line, or its reply would be rejected because it could be an old one. */
  restUntilMono(request: ReadRequest): MonoMs;
  /**
   * May the line send a read again to confirm a suspicious reply? If it returns false, that read fails as `doubtful`. `isChange`: the reply
   * is not what these registers were last read as. Set by the owner.
   */
  mayAskAgain: (isChange: boolean) => boolean;
  /** When the required silence on the wire ends. Choose the next request just before it, so that the most urgent one is sent. */
  readonly freeMono: MonoMs;
  /**
   * Reopens the port with other serial settings, for a scan; null restores the configured ones. Call it only between requests. Errors:
   * rejects with BusError; a network line accepts only null. If the line is then closed, `onLost` is called, and `open` uses the configured settings.
   */
  retune(serial: SerialSettings | null): Promise<void>;
  onLost: (cause: Error) => void;
  /** Called when a request has ended, before its caller receives the result; also for a request that a closed line refuses. Optional; set by the owner. */
  onEnd?: (request: ReadRequest | WriteRequest, end: Reply | BusError) => void;
  /** Called when a unit has replied to a request that was given up. Optional; set by the owner. */
  onLateReply?: (late: LateReply) => void;
  /** Called when this unit has sent one reply more than it got requests. Optional; set by the owner. */
  onExtraReply?: (unit: number) => void;
  /** Called when another sender has sent a command on a DALI bus. Optional; set by the owner. */
  onForeignFrame?: () => void;
  /** Receives the bytes of a serial line at its own settings; null for none. Absent or without effect on Modbus TCP and DALI. Set by an examination. */
  tap?: LineTap | null;
}

/** The value of one point, decoded. `plausible`: there is a value, and it is within the range of the profile. */
export interface DecodedValue {
  readonly quantity: string;
  /** Null when the device reports that it has no value. */
  readonly value: number | null;
  readonly plausible: boolean;
}

/** Decodes the registers of one Modbus device type and builds its writes. Does not use the line. */
export interface ModbusDriver {
  readonly profile: Profile;
  /** Returns the values of all points that lie completely inside the block. */
  decode(table: Table, address: number, words: readonly number[]): readonly DecodedValue[];
  /** Builds the single write that sets a whole group defined in the profile to a level. Returns a Refusal for an unknown group or a value that does not fit. */
  encodeGroup(groupId: string, levelPct: number): Omit<WriteRequest, 'unit'> | Refusal;
  /** Builds the write of one value. Returns a Refusal for a quantity that cannot be written, or a value that does not fit. */
  encode(quantity: string, value: number): Omit<WriteRequest, 'unit'> | Refusal;
  /**
   * Builds the write of a text, fitted to the point, and the value that the point then has. Returns a Refusal for a quantity that takes no text.
   */
  encodeText(quantity: string, text: string): { readonly request: Omit<WriteRequest, 'unit'>; readonly value: number } | Refusal;
}

/** How a raw UART device answered a frame that was written to it. `busy`: the same frame may be accepted later. `reason`: empty if accepted. */
export interface UartReply {
  readonly kind: 'accepted' | 'busy' | 'refused';
  readonly reason: Message;
}

/**
 * The frame that writes a value to a raw UART device, and what proves it: the answer to `request` has `value` as its `quantity`. `orAny`: a
 * quantity of which any value is a proof too.
 */
export interface UartWrite {
  readonly bytes: Uint8Array;
  readonly proof: { readonly request: Uint8Array; readonly quantity: string; readonly value: number; readonly orAny?: string };
}

/**
 * How a device is read that is never written. `serials`: the settings that it may use, tried in turn. `trialMs`: how long one of them is tried
 * before the next, if no frame arrives. Units: ms.
 */
export interface UartListening {
  readonly serials: readonly SerialSettings[];
  readonly trialMs: number;
}

/** Decodes the bytes of one raw UART device. Pass the bytes to `feed` as they arrive. Does not use the port. */
export interface UartDriver {
  readonly profile: Profile;
  /** Longest silence between two frames before the values are treated as missing. Units: ms. */
  readonly silenceMs: number;
  /** Silence that means "no presence", for a device that only sends on detection; null for one that always sends. Units: ms. */
  readonly idleMs: number | null;
  /** The readings to report after `idleMs` of silence, such as presence = 0; empty if `idleMs` is null. */
  idleValues(): readonly DecodedValue[];
  /** Frames to send after the port has opened, in this order; empty for a device that needs none. */
  readonly init: readonly Uint8Array[];
  /** Frame that requests values, others that are sent in turn with it, and the period of each frame; null for a device that sends without requests. */
  readonly poll: { readonly bytes: Uint8Array; readonly others?: readonly Uint8Array[]; readonly everyMs: number } | null;
  /** The device is only read, with one of these settings. Absent: it may be written, and has the settings of the line. */
  readonly listens?: UartListening;
  /**
   * Returns the values of all frames completed by these bytes; empty if none was. An incomplete frame is kept for the next call. `atMono`: when
   * they arrived, for a device whose values depend on time.
   */
  feed(bytes: Uint8Array, atMono?: MonoMs): readonly DecodedValue[];
  readonly counters: { readonly frames: number; readonly noiseBytes: number };
  /**
   * Builds the write of one value. Returns a Refusal for a quantity that cannot be written, or a value that does not fit. Absent for a
   * device that cannot be written.
   */
  readonly encode?: (quantity: string, value: number) => UartWrite | Refusal;
  /** Returns the answers to written frames since the last call. Absent for a device that cannot be written. */
  readonly takeReplies?: () => readonly UartReply[];
}
