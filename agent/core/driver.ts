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
  /** Has no effect on an open port. Errors: rejects with BusError, for example `port-missing`. */
  open(): Promise<void>;
  /** The bytes may be sent after the call. Errors: throws BusError, for example `port-closed`; TypeError for a port that is only read. */
  write(bytes: Uint8Array): void;
  /** Has no effect on a closed port. `onLost` is not called. */
  close(): Promise<void>;
  /** Discards input that was not yet delivered, if the port keeps any. Returns the number of bytes, as far as it is known. */
  discardInput(): number;
  /** True: a network connection from which no byte has come since bytes were sent. */
  readonly isStalled?: boolean;
  /** `true`: keep incoming bytes in the port. `false`: deliver them. Absent on a port that cannot do it. */
  readonly hold?: (on: boolean) => void;
  /** Opens an open port again, with the next of its serial settings; no effect if it has only one. Absent: the settings are fixed. */
  readonly retune?: () => Promise<void>;
  /** Receives the bytes. Set by the owner before `open`. */
  onBytes: (bytes: Buffer) => void;
  /** Receives the input that `discardInput` drops, as far as the port reports it. */
  onDiscarded?: (bytes: Buffer) => void;
  /** Set by the owner. The port was lost, for example unplugged or closed by the far end. It stays closed until `open`. */
  onLost: (cause: Error) => void;
}

/**
 * Creates a serial port, closed until its `open` is called. `path`: the device file. `rs485`: null or absent leaves the RS-485 settings of
 * the kernel as they are.
 */
export type OpenBytePort = (path: string, serial: SerialSettings, rs485?: Rs485Settings | null) => BytePort;

/** One read of `count` registers or bits of a unit from `address`, 0-based as in the frame. */
export interface ReadRequest {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  /** Larger reads that include this one. `ModbusLine.clearest` may choose one of them; `ModbusLine.read` does not use them. */
  readonly alternates?: readonly Pick<ReadRequest, 'address' | 'count'>[];
}

/** One write of consecutive registers or coils of a unit. `address` is 0-based, as in the frame. `values`: raw; coils as 0 and 1. */
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
  /** Response time of the unit; on a serial line without the wire time of the reply. Units: ms. */
  readonly turnaroundMs: number;
  /** From the end of the request to the first bytes of the reply; on a DALI bus, duration of the first frame with its answer. Units: ms. */
  readonly firstByteMs: number;
  /** When the request was sent. The unit read the values after it; on a DALI bus, some perhaps in an interrupted read before. */
  readonly askedMono: MonoMs;
  /** When the reply was complete. */
  readonly atMono: MonoMs;
  /** False: a write on a DALI bus, which no unit acknowledges. Absent otherwise, also for a Modbus broadcast, which no unit answers. */
  readonly isAcknowledged?: false;
}

/** A reply that arrived after the line had given up its request. */
export interface LateReply {
  /** The request. The `values` of a write may not be those that were sent. */
  readonly request: ReadRequest | WriteRequest;
  /** From the sending of the request to the end of its reply. Units: ms. */
  readonly afterMs: number;
}

/** Counters of a line since it was created. */
export interface LineCounters {
  /** Requests that were begun, whatever their end. A repetition by the line itself does not count. */
  readonly transactions: number;
  /** Requests without a reply in time. Noise and frames of others are no reply. */
  readonly timeouts: number;
  /** Damaged replies; on a DALI bus, for example those of two units at once. */
  readonly crcErrors: number;
  /** Requests that ended with an exception. */
  readonly exceptions: number;
  /** Replies to requests that had been given up. */
  readonly lateReplies: number;
  /** Replies received a second time. */
  readonly duplicates: number;
  /** Replies rejected because they may belong to another request; on a DALI bus, reads of memory that may have changed meanwhile. */
  readonly doubtful: number;
  /** How often a wait for overdue replies ended, because they arrived or can no longer arrive. */
  readonly resyncs: number;
  /** The line's own requests received back (RS-485 echo). */
  readonly echoes: number;
  /** Received bytes that were discarded, such as noise, damaged replies and frames of others. */
  readonly noiseBytes: number;
  /** Incomplete replies; on a DALI line, damaged messages of the converter. */
  readonly truncated: number;
  /** Valid frames that do not match the request. */
  readonly wrongReplies: number;
  /** Valid frames that belong to no request of this line, for example of a second master. */
  readonly foreignFrames: number;
  /** Requests sent although the line did not become idle. */
  readonly floods: number;
  /** Time the wire was in use, including the waits for replies. Units: ms. */
  readonly busyMs: number;
}

/**
 * A line of units with registers. It has no queue: send one request at a time. Errors: a request fails with BusError, for example if the
 * unit does not answer.
 */
export interface ModbusLine {
  /** True also while `retune` reopens the port. */
  readonly isOpen: boolean;
  /** Counts since the line was created; each access returns a new object. */
  readonly counters: LineCounters;
  /** The units are behind a Modbus TCP gateway or a serial server, whose wire the agent does not observe. */
  readonly isNetwork?: boolean;
  /** The highest short address that a DALI bus can have, 63. Absent on a Modbus line. */
  readonly lastUnit?: number;
  /** As in `BytePort`: a network connection from which no byte has come since bytes were sent. */
  readonly isStalled?: boolean;
  /** Errors: rejects with BusError, for example `port-missing`. */
  open(): Promise<void>;
  /** A request in flight fails with `port-closed`. */
  close(): Promise<void>;
  /**
   * Sends a read once the line permits it, and resolves with its reply. `timeoutMs`: wait from the end of the request to the first byte of
   * the reply; a DALI line does not use it. Errors: rejects with BusError. Units: ms.
   */
  read(request: ReadRequest, timeoutMs: number): Promise<Reply>;
  /**
   * Sends a write, and resolves with a reply without words. For a broadcast on a Modbus line, `timeoutMs` is the pause after it. Errors: as
   * for `read`.
   */
  write(request: WriteRequest, timeoutMs: number): Promise<Reply>;
  /**
   * May shorten the wait for the reply in flight to `timeoutMs`, or end that request. `isUrgent`: a read on a DALI bus does not wait for the
   * answer to its frame in flight. Units: ms.
   */
  cutShort?(timeoutMs: number, isUrgent?: boolean): void;
  /**
   * Estimated wire time of a request and its reply, without turnaround; on a DALI bus that of one frame, with its answer for a read. Units:
   * ms.
   */
  wireMs(request: ReadRequest | WriteRequest): number;
  /** Picks, from this read and its alternates, the one whose reply is least likely to be confused with the reply to an earlier request. */
  clearest(request: ReadRequest): ReadRequest;
  /** Sending this read before this time may block the line, which waits for a late reply. A time in the past: no such wait. */
  heldUntilMono(request: ReadRequest): MonoMs;
  /** Sending this read before this time may block the line, or its reply may be rejected. A time in the past: no need to wait. */
  restUntilMono(request: ReadRequest): MonoMs;
  /**
   * Returns whether the line may send a read again to confirm a suspicious reply. Set by the owner. `isChange`: the first reply has content
   * that was on the line before, but not in the last accepted reply. False also for entirely new content.
   */
  mayAskAgain: (isChange: boolean) => boolean;
  /** When the required silence on the wire ends; a time in the past if it has ended, or if none is required. */
  readonly freeMono: MonoMs;
  /**
   * Reopens the port with other serial settings, for a scan; null restores the configured ones. Call it only between requests. Errors:
   * rejects with BusError; if the port does not open again, the line is closed and calls `onLost`.
   */
  retune(serial: SerialSettings | null): Promise<void>;
  /**
   * Called when the open line has closed, but not by `close`: for example its port was lost, or the DALI bus has no power. Set by the owner.
   */
  onLost: (cause: Error) => void;
  /** Called when a request has ended, before its caller receives the result. Set by the owner. */
  onEnd?: (request: ReadRequest | WriteRequest, end: Reply | BusError) => void;
  /** Called when a unit has replied to a request that was given up. Set by the owner. */
  onLateReply?: (late: LateReply) => void;
  /** Called when a unit may have sent one reply more than was requested. Set by the owner. */
  onExtraReply?: (unit: number) => void;
  /** Called when another sender has sent a command on a DALI bus. Set by the owner. */
  onForeignFrame?: () => void;
  /** Receives the bytes of a serial line; null for none. It may be without effect. Set by an examination. */
  tap?: LineTap | null;
}

/** The value of one point, decoded. `plausible`: there is a value, and it is within the range of its point, if the point has one. */
export interface DecodedValue {
  readonly quantity: string;
  /** Null if there is no valid value, for example because the device reports that it has none. May be out of range. */
  readonly value: number | null;
  readonly plausible: boolean;
}

/** Decodes the registers and bits of one Modbus or DALI device type, and builds its writes. Does not use the line. */
export interface ModbusDriver {
  readonly profile: Profile;
  /** Returns the values of all points that lie completely inside the block. */
  decode(table: Table, address: number, words: readonly number[]): readonly DecodedValue[];
  /** Builds the single write that sets a group of the profile to a level in %. Returns a Refusal if that is not possible. */
  encodeGroup(groupId: string, levelPct: number): Omit<WriteRequest, 'unit'> | Refusal;
  /** Builds the write of one value, in the unit of its point. Returns a Refusal if that is not possible. */
  encode(quantity: string, value: number): Omit<WriteRequest, 'unit'> | Refusal;
  /**
   * Builds the write of a text, cut and with characters replaced to fit. `value`: the value of the point afterwards, a checksum of its
   * registers. Returns a Refusal if that is not possible.
   */
  encodeText(quantity: string, text: string): { readonly request: Omit<WriteRequest, 'unit'>; readonly value: number } | Refusal;
}

/**
 * The answer of a raw UART device to a frame. It does not say which frame, which may also be a request for values. `busy`: the same frame
 * may be accepted later. `reason`: why the frame was not accepted; empty if it was.
 */
export interface UartReply {
  readonly kind: 'accepted' | 'busy' | 'refused';
  readonly reason: Message;
}

/**
 * The frame that writes a value to a raw UART device. It had effect if the answer to `proof.request` has `quantity` with this `value`.
 * These may differ from what is written: the state `playing` proves a started track. Any value of the quantity `orAny` also proves it,
 * once the frame was acknowledged or `proof.request` was sent.
 */
export interface UartWrite {
  readonly bytes: Uint8Array;
  readonly proof: { readonly request: Uint8Array; readonly quantity: string; readonly value: number; readonly orAny?: string };
}

/**
 * How to read a device to which nothing is sent. `serials`: the settings that it may use, tried in this order. `trialMs`: how long each is
 * tried at first without a valid frame; in later rounds longer, up to one minute. Units: ms.
 */
export interface UartListening {
  readonly serials: readonly SerialSettings[];
  readonly trialMs: number;
}

/** Decodes the bytes of one raw UART device, and builds its writes. Pass the bytes to `feed` as they arrive. Does not use the port. */
export interface UartDriver {
  readonly profile: Profile;
  /** Longest time without values before they are treated as missing; with `idleMs`, without any frame. Units: ms. */
  readonly silenceMs: number;
  /** Time without values that means "no presence", for a device that only sends on detection; null for one that always sends. Units: ms. */
  readonly idleMs: number | null;
  /** The readings to report after `idleMs` without values, such as presence = 0; empty if `idleMs` is null. */
  idleValues(): readonly DecodedValue[];
  /** Frames to send in this order after the port has opened, and again after each silence of `silenceMs`. Empty for none. */
  readonly init: readonly Uint8Array[];
  /**
   * Frame that requests values, and others that are sent in turn with it, one every `everyMs`. Null for a device that sends without
   * requests. Units: ms.
   */
  readonly poll: { readonly bytes: Uint8Array; readonly others?: readonly Uint8Array[]; readonly everyMs: number } | null;
  /** The device is only read, with one of these settings. */
  readonly listens?: UartListening;
  /**
   * Returns the values that are complete with these bytes, perhaps from several frames. What is incomplete is kept for the next call.
   * `atMono`: when the bytes arrived.
   */
  feed(bytes: Uint8Array, atMono?: MonoMs): readonly DecodedValue[];
  /** Since the creation. `noiseBytes`: bytes that were in no frame. */
  readonly counters: { readonly frames: number; readonly noiseBytes: number };
  /** Builds the write of one value. Returns a Refusal if that is not possible. Absent for a device that cannot be written. */
  readonly encode?: (quantity: string, value: number) => UartWrite | Refusal;
  /** Returns the answers to written frames since the last call, oldest first. */
  readonly takeReplies?: () => readonly UartReply[];
}
