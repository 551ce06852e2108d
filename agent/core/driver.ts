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
  /** Errors: throws BusError `port-closed`. A port that is only read throws TypeError. */
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
  /** Discards the input that was not yet delivered. Returns how many bytes; always 0 for a socket, whose input only the event loop reads. */
  discardInput(): number;
  /** True: a network connection from which no byte has come since bytes were sent. Absent: not a network connection. */
  readonly isStalled?: boolean;
  /**
   * `true`: keep incoming bytes in the port, the caller does not need them yet. `false`: deliver the bytes kept so far, then each chunk as
   * it arrives. Optional: a port where a chunk is cheap does not implement it.
   */
  readonly hold?: (on: boolean) => void;
  /**
   * Closes the port and opens it with the next of its serial settings; with fewer than two it does nothing. Absent: the settings are fixed.
   * A port that does not open again is reported by `onLost`.
   */
  readonly retune?: () => Promise<void>;
  /** Receives the bytes. Set by the owner before `open`. */
  onBytes: (bytes: Buffer) => void;
  /** Receives the input that `discardInput` drops. Optional; a port without access to the bytes never calls it. */
  onDiscarded?: (bytes: Buffer) => void;
  /** Set by the owner. The port was lost, for example unplugged or closed by the far end. */
  onLost: (cause: Error) => void;
}

/**
 * Creates a serial port, which is closed until its `open` is called. `path`: the device file. `rs485` null: the kernel does not switch the
 * direction.
 */
export type OpenBytePort = (path: string, serial: SerialSettings, rs485?: Rs485Settings | null) => BytePort;

/** One read of `count` registers or bits of a unit from `address`, 0-based as in the frame. */
export interface ReadRequest {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  /** Larger reads that include this one and may be sent instead: `ModbusLine.clearest` chooses among them. */
  readonly alternates?: readonly Pick<ReadRequest, 'address' | 'count'>[];
}

/**
 * One write of consecutive registers or coils of a unit from `address`, 0-based as in the frame. Unit 0 is a broadcast, except on a DALI
 * bus.
 */
export interface WriteRequest {
  readonly unit: number;
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly values: readonly number[];
  /** A single register or coil is also written with FC16 or FC15, because the unit requires it. */
  readonly multiple?: true;
}

/** The reply to a request, and its times. */
export interface Reply {
  /** Registers 0..65535, or bits as 0 and 1. Empty for a write. */
  readonly words: readonly number[];
  /** Response time of the unit, without the wire time of the reply; over a network with its delays. Units: ms. */
  readonly turnaroundMs: number;
  /**
   * From the end of the request to the first bytes of the reply, with the delay of adapters. On a DALI bus from the start of a frame to its
   * answer. Units: ms.
   */
  readonly firstByteMs: number;
  /** When the request was sent. If it was sent several times, one of these times: the unit read the values after it. */
  readonly askedMono: MonoMs;
  /** When the reply was complete. */
  readonly atMono: MonoMs;
  /** False: the request was sent, but nothing proves that the unit received it. DALI gear acknowledges no command. */
  readonly isAcknowledged?: false;
}

/** A reply that arrived after the line had given up its request, usually because the timeout had passed. The request has already failed. */
export interface LateReply {
  /** The request. For a write, only the number of `values` is reliable, and `multiple` is absent. */
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
  /** Replies that ended before their last byte; on a DALI bus, damaged frames of the converter. */
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
 * A line of units with registers: Modbus, or a DALI bus behind a converter, whose driver gives gear registers. It has no queue: a second
 * request while one is in flight fails with TypeError. Each request ends with a reply or a BusError.
 */
export interface ModbusLine {
  readonly isOpen: boolean;
  /** The present counts; each call returns a new object. */
  readonly counters: LineCounters;
  /** The units are behind a Modbus TCP gateway or a serial server, whose wire the agent does not observe. */
  readonly isNetwork?: boolean;
  /** The last address of a DALI bus. Its addresses start at 0, and none of them is a broadcast. Absent on a Modbus line. */
  readonly lastUnit?: number;
  /** As `BytePort`. */
  readonly isStalled?: boolean;
  open(): Promise<void>;
  close(): Promise<void>;
  /**
   * Sends a read once the line is silent, and resolves with its reply. It may send the read again to confirm a suspicious reply
   * (`mayAskAgain`).
   * Units: `timeoutMs` counts from the end of the request to the first byte of the reply; a reply that has begun gets extra time. A DALI
   * bus uses its own time limits instead.
   * Errors: rejects with BusError.
   */
  read(request: ReadRequest, timeoutMs: number): Promise<Reply>;
  /** As `read`, but sent once. On a Modbus line unit 0 is a broadcast: it ends with an empty reply after a pause of `timeoutMs`. */
  write(request: WriteRequest, timeoutMs: number): Promise<Reply>;
  /**
   * Waits for the reply in flight no longer than this, as if the request had specified it; a reply that has begun still gets extra time. On
   * a DALI bus a read of a memory bank ends with BusError `interrupted`; for an urgent level any other read too. Without `isUrgent`,
   * another read ends after its present register. Units: ms.
   */
  cutShort?(timeoutMs: number, isUrgent?: boolean): void;
  /** Wire time of a request and its reply, without turnaround; on a DALI bus that of one frame. Units: ms. */
  wireMs(request: ReadRequest | WriteRequest): number;
  /**
   * Picks, from this read and its alternates, the one whose reply is least likely to be confused with the reply to an earlier request. If
   * none is better, returns this read without its alternates.
   */
  clearest(request: ReadRequest): ReadRequest;
  /** Sending this read before this time would block the line: it waits for a late reply of the same shape (see `resyncs`). */
  heldUntilMono(request: ReadRequest): MonoMs;
  /** Before this time, sending this read would block the line, or its reply would be rejected because it could be an old one. */
  restUntilMono(request: ReadRequest): MonoMs;
  /**
   * Returns whether the line may send a read again to confirm a suspicious reply. If not, that read fails as `doubtful`. `isChange`: the
   * reply differs from the last reply to such a read. Set by the owner.
   */
  mayAskAgain: (isChange: boolean) => boolean;
  /** When the required silence on the wire ends. Choose the next request just before it, so that the most urgent one is sent. */
  readonly freeMono: MonoMs;
  /**
   * Reopens the port with other serial settings, for a scan; null restores the configured ones. Call it only between requests.
   * Errors: rejects with BusError; a network line and a DALI bus accept only null. If the port was lost, `onLost` is called, and `open`
   * uses the configured settings.
   */
  retune(serial: SerialSettings | null): Promise<void>;
  /** As `BytePort`. */
  onLost: (cause: Error) => void;
  /** Called when a request has ended, before its caller receives the result; also for one that a closed line refuses. Set by the owner. */
  onEnd?: (request: ReadRequest | WriteRequest, end: Reply | BusError) => void;
  /** Called when a unit has replied to a request that was given up. Set by the owner. */
  onLateReply?: (late: LateReply) => void;
  /** Called when a unit has sent a reply that no request explains. Set by the owner. */
  onExtraReply?: (unit: number) => void;
  /** Called when another sender has sent a command on a DALI bus. Set by the owner. */
  onForeignFrame?: () => void;
  /** Receives the bytes of a serial line at its own settings; null for none. Absent or without effect on Modbus TCP and DALI. Set by an examination. */
  tap?: LineTap | null;
}

/** The value of one point, decoded. `plausible`: there is a value, and it is within the range of the profile, if the profile has one. */
export interface DecodedValue {
  readonly quantity: string;
  /** Null if there is no valid value, for example because the device reports that it has none. */
  readonly value: number | null;
  readonly plausible: boolean;
}

/** Decodes the registers of one Modbus or DALI device type, and builds its writes. Does not use the line. */
export interface ModbusDriver {
  readonly profile: Profile;
  /** Returns the values of all points that lie completely inside the block. */
  decode(table: Table, address: number, words: readonly number[]): readonly DecodedValue[];
  /**
   * Builds the single write that sets a group of the profile to a level. Returns a Refusal for an unknown group, one without a writable
   * level, or a value that does not fit.
   */
  encodeGroup(groupId: string, levelPct: number): Omit<WriteRequest, 'unit'> | Refusal;
  /** Builds the write of one value. Returns a Refusal for a quantity that cannot be written, or a value that does not fit. */
  encode(quantity: string, value: number): Omit<WriteRequest, 'unit'> | Refusal;
  /**
   * Builds the write of a text, fitted to the point, and the value that the point then has. Returns a Refusal for a quantity that takes no text.
   */
  encodeText(quantity: string, text: string): { readonly request: Omit<WriteRequest, 'unit'>; readonly value: number } | Refusal;
}

/**
 * How a raw UART device answered a frame that was written to it. `busy`: the same frame may be accepted later. `reason`: why it was not
 * accepted, and what to check; empty if it was.
 */
export interface UartReply {
  readonly kind: 'accepted' | 'busy' | 'refused';
  readonly reason: Message;
}

/**
 * The frame that writes a value to a raw UART device, and the proof that it had effect: `request` is sent, and the answer contains
 * `quantity` with this `value`. `orAny`: another quantity; any value of it is a proof too.
 */
export interface UartWrite {
  readonly bytes: Uint8Array;
  readonly proof: { readonly request: Uint8Array; readonly quantity: string; readonly value: number; readonly orAny?: string };
}

/**
 * How a device is read to which nothing is sent. `serials`: the settings that it may use, tried in turn. `trialMs`: how long each is tried
 * before the next, while no frame arrives. Units: ms.
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
  /**
   * Frame that requests values, and others that are sent in turn with it, one every `everyMs`. Null for a device that sends without
   * requests.
   * Units: ms.
   */
  readonly poll: { readonly bytes: Uint8Array; readonly others?: readonly Uint8Array[]; readonly everyMs: number } | null;
  /** The device is only read, with one of these settings. Absent: it may be written, and has the settings of the line. */
  readonly listens?: UartListening;
  /**
   * Returns the values of all frames completed by these bytes; empty if there are none. An incomplete frame is kept for the next call.
   * `atMono`: when the bytes arrived, for a device whose values depend on time. Default: 0.
   */
  feed(bytes: Uint8Array, atMono?: MonoMs): readonly DecodedValue[];
  readonly counters: { readonly frames: number; readonly noiseBytes: number };
  /**
   * Builds the write of one value. Returns a Refusal for a quantity that cannot be written, or a value that does not fit. Absent for a
   * device that cannot be written.
   */
  readonly encode?: (quantity: string, value: number) => UartWrite | Refusal;
  /** Returns the answers to written frames since the last call, oldest first. */
  readonly takeReplies?: () => readonly UartReply[];
}
