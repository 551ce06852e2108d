/**
 * Splits the bytes of a line into frames, by checksum and by silence, and names them: requests, replies, exceptions, noise.
 *
 * For a recording or a line that is only observed. Pure: times are those of the entries.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { MonoMs } from '../../agent/core/clock.ts';
import type { SniffedLine } from '../../agent/core/line-sniffer.ts';
import type { WireEntry } from '../../agent/core/wire-tap.ts';
import { crc16, functionOf, REFUSED, type SoundFrame, soundFrames } from './frames.ts';
import { charMs, gapMs } from './wire-time.ts';

/**
 * What a frame is. `echo`: the agent's own request, received back; before another request has shown that the adapter echoes, the echo of a
 * single write is called `reply`, and its reply `echo`. `frame`: another valid frame. `damaged`: on Modbus RTU, a reply to the
 * agent that is damaged or incomplete. `noise`: other bytes in no valid frame. `raw`: bytes that are not decoded.
 */
export type WireFrameKind = 'request' | 'reply' | 'exception' | 'echo' | 'frame' | 'damaged' | 'noise' | 'raw';

/**
 * One frame of a line. `unit` and `fc` (the function, as `functionOf` returns it) are null for `noise` and `raw`. A `damaged` reply has
 * those of its request.
 */
export interface WireFrame {
  /** `discarded`: received, and dropped by the agent without use. */
  readonly direction: 'sent' | 'received' | 'discarded';
  /** Time just before it was sent; for a received one, a time of delivery at which all its bytes had arrived. */
  readonly atMono: MonoMs;
  /** Silence between the frame before and this one; null if unknown. May be below 0, if times are not exact. Units: ms. */
  readonly gapMs: number | null;
  /** All its bytes: on Modbus RTU with checksum, on Modbus TCP with header. */
  readonly bytes: Buffer;
  readonly kind: WireFrameKind;
  readonly unit: number | null;
  readonly fc: number | null;
  /**
   * The agent seems to have no part in it: a request that it did not send, or a reply with a unit and function for which it has no request
   * open or given up. False for noise, and for a first frame that may be a reply. True for the kind `frame`, unless the agent has a request
   * to its unit open. On Modbus TCP: a reply with another transaction id than the open request, perhaps a late one to the agent.
   */
  readonly isForeign: boolean;
}

/**
 * A chunk that begins later than this after the one before begins a new frame, in addition to the silence of the standard. Units: ms. Source: default
 * latency timer of FTDI adapters; between the chunks of a serial server: assumed; one retransmission is 200. Confirmed by: chunks of serial servers on
 * the bench.
 */
const SPLIT_MS = { adapter: 16, network: 100 };
/** Longest row of a line that is not Modbus, and of noise. Units: bytes. Source: assumed; a row of a listing. Confirmed by: nothing, any number works. */
const ROW_BYTES = { raw: 64, noise: 512 };
/** Source: Modbus Messaging on TCP/IP V1.0b §3.1.3: transaction, protocol, length. Units: bytes. */
const MBAP_BYTES = 6;
const LONGEST_MBAP_BODY = 254;
/** Unit, function and checksum. Units: bytes. */
const LEAST_RTU_BYTES = 4;

const NAMELESS = { unit: null, fc: null, isForeign: false };

/** The request that waits for its reply. */
interface Outstanding {
  readonly unit: number;
  readonly fc: number;
  readonly isOwn: boolean;
  readonly bytes: Buffer;
}

/**
 * How the bytes of a line are read, and a callback. `serial` is used until an `opened` entry has other settings. `onFrame` receives each
 * frame when it is complete.
 */
export interface FrameSplitterOptions extends SniffedLine {
  readonly onFrame: (frame: WireFrame) => void;
}

/**
 * Creates a splitter. Entries must come in the order of their times; `onFrame` receives each frame once it is complete. Silence completes
 * some frames: call `flush` regularly, and `end` at the end.
 */
export function createFrameSplitter(options: FrameSplitterOptions) {
  const splitter = new Splitter(options);
  return {
    /** Takes the next entry of the line. Its bytes are copied where they are kept. */
    add: (entry: WireEntry): void => splitter.add(entry),
    /** Completes what has been followed by silence up to this time. */
    flush: (nowMono: MonoMs): void => splitter.flush(nowMono),
    /** Completes what is left: no more bytes follow. */
    end: (): void => splitter.end(),
  };
}

class Splitter {
  readonly #options: FrameSplitterOptions;
  #charMs = 0;
  #silenceMs = 0;
  #rest: Buffer = Buffer.alloc(0);
  #restDirection: 'received' | 'discarded' = 'received';
  /** Start of the first byte of the rest, and delivery of its last one. */
  #startMono: MonoMs = 0;
  #lastMono: MonoMs = 0;
  #endMono: MonoMs | null = null;
  #outstanding: Outstanding | null = null;
  #echo: Buffer | null = null;
  /** The adapter receives what it sends. A single write does not show it: its reply looks like its echo. */
  #isEchoing = false;
  /** Unit and function of own requests that were given up: their replies may still arrive. */
  readonly #late = new Set<string>();

  constructor(options: FrameSplitterOptions) {
    this.#options = options;
    this.#settle(options.serial);
  }

  add(entry: WireEntry): void {
    if (entry.kind === 'received' || entry.kind === 'discarded') {
      if (entry.bytes.length > 0) this.#receive(entry.kind, entry.bytes, entry.atMono);
      return;
    }
    this.end();
    if (entry.kind === 'sent') this.#send(Buffer.from(entry.bytes), entry.atMono);
    else if (entry.kind === 'opened') this.#settle(entry.serial ?? this.#options.serial);
    if (entry.kind !== 'ended' && entry.kind !== 'lost' && entry.kind !== 'closed') return;
    if (entry.kind !== 'ended') this.#late.clear();
    else if (this.#outstanding?.isOwn === true) this.#late.add(keyOf(this.#outstanding));
    this.#outstanding = this.#echo = null;
  }

  flush(nowMono: MonoMs): void {
    if (this.#rest.length > 0 && nowMono - this.#lastMono > this.#silenceMs) this.end();
  }

  end(): void {
    if (this.#rest.length === 0) return;
    if (this.#options.protocol !== 'rtu') this.#emit(this.#rest.length, this.#options.protocol === 'raw' ? 'raw' : 'noise');
    else this.#endRtu();
  }

  #settle(serial: SerialSettings | null): void {
    this.#charMs = serial === null ? 0 : charMs(serial);
    this.#silenceMs = (serial === null ? 0 : gapMs(serial)) + (this.#options.isNetwork ? SPLIT_MS.network : SPLIT_MS.adapter);
  }

  #send(bytes: Buffer, atMono: MonoMs): void {
    const { protocol } = this.#options;
    const at = protocol === 'tcp' ? MBAP_BYTES : 0;
    const isModbus = protocol !== 'raw' && bytes.length >= at + 2;
    const [unit, fc] = isModbus ? [bytes[at] as number, bytes[at + 1] as number] : [null, null];
    this.#report(
      { direction: 'sent', bytes, unit, fc, kind: isModbus ? 'request' : 'raw', isForeign: false },
      { atMono, startMono: atMono },
    );
    this.#endMono = atMono + bytes.length * this.#charMs;
    this.#outstanding = unit === null || fc === null || unit === 0 ? null : { unit, fc, isOwn: true, bytes };
    this.#echo = bytes;
  }

  #receive(direction: 'received' | 'discarded', bytes: Uint8Array, atMono: MonoMs): void {
    const startMono = atMono - bytes.length * this.#charMs;
    if (direction !== this.#restDirection || startMono - this.#lastMono > this.#silenceMs) this.end();
    if (this.#rest.length === 0) this.#startMono = startMono;
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    this.#restDirection = direction;
    this.#lastMono = atMono;
    if (this.#options.protocol === 'rtu') this.#splitRtu();
    else if (this.#options.protocol === 'tcp') this.#splitTcp();
    else while (this.#rest.length >= ROW_BYTES.raw) this.#emit(ROW_BYTES.raw, 'raw');
  }

  #splitRtu(): void {
    for (let next = soundFrames(this.#rest)[0]; next !== undefined; next = soundFrames(this.#rest)[0]) {
      const before = next.frame.byteOffset - this.#rest.byteOffset;
      if (before > 0) this.#emit(before, 'noise');
      this.#emitSound(next);
    }
    if (this.#rest.length > ROW_BYTES.noise) this.#emit(ROW_BYTES.noise, 'noise');
  }

  #emitSound({ unit, fc, frame, isRequest }: SoundFrame): void {
    const open = this.#outstanding;
    const mayBeReply = fc > 4 && !isRequest && unit !== 0;
    const isEcho = this.#echo?.equals(frame) === true && (!mayBeReply || this.#isEchoing || open === null);
    const isAnswer = open !== null && open.unit === unit && open.fc === fc;
    const isLate = !isEcho && !isAnswer && !isRequest && this.#late.delete(keyOf({ unit, fc }));
    const kind = isEcho ? 'echo' : nameOf(frame, { fc, isRequest, isAnswer: isAnswer || isLate });
    // A frame before anything else that may be a reply: its request may have been sent before the observation began.
    const isFirst = this.#endMono === null && !isRequest;
    const isForeign = kind !== 'echo' && !isFirst && !isLate && !(isAnswer && open.isOwn && kind !== 'request');
    if (kind === 'request') this.#outstanding = unit === 0 ? null : { unit, fc, isOwn: false, bytes: Buffer.from(frame) };
    else if (kind !== 'echo' && isAnswer) {
      // An echo arrives before the reply.
      if (open.isOwn && this.#echo !== null) this.#isEchoing = false;
      this.#outstanding = null;
    }
    if (kind === 'echo') {
      this.#isEchoing ||= !mayBeReply;
      this.#echo = null;
    }
    this.#emit(frame.length, kind, { unit, fc, isForeign });
  }

  #endRtu(): void {
    const [rest, open] = [this.#rest, this.#outstanding];
    const [unit, code] = [rest[0] as number, rest[1] ?? 0];
    if (rest.length >= LEAST_RTU_BYTES && crc16(rest, 0, rest.length - 2) === rest.readUInt16LE(rest.length - 2)) {
      this.#emit(rest.length, 'frame', { unit, fc: functionOf(code), isForeign: open?.isOwn !== true || open.unit !== unit });
      return;
    }
    const isReply = open?.isOwn === true && open.unit === unit && (rest.length < 2 || functionOf(code) === open.fc);
    if (isReply) this.#emit(rest.length, 'damaged', { unit, fc: open.fc, isForeign: false });
    else this.#emit(rest.length, 'noise');
  }

  #splitTcp(): void {
    while (this.#rest.length >= MBAP_BYTES) {
      const bodyBytes = this.#rest.readUInt16BE(4);
      if (this.#rest.readUInt16BE(2) !== 0 || bodyBytes < 2 || bodyBytes > LONGEST_MBAP_BODY) {
        this.#emit(this.#rest.length, 'noise');
        return;
      }
      if (this.#rest.length < MBAP_BYTES + bodyBytes) return;
      const [unit, code] = [this.#rest[MBAP_BYTES] as number, this.#rest[MBAP_BYTES + 1] as number];
      // Another transaction id: a reply to a request that was given up.
      const isForeign = this.#outstanding !== null && this.#rest.readUInt16BE(0) !== this.#outstanding.bytes.readUInt16BE(0);
      const kind = (code & REFUSED) === 0 ? 'reply' : 'exception';
      this.#emit(MBAP_BYTES + bodyBytes, kind, { unit, fc: functionOf(code), isForeign });
    }
  }

  /** Takes the first bytes of the rest as a frame. */
  #emit(length: number, kind: WireFrameKind, named: Pick<WireFrame, 'unit' | 'fc' | 'isForeign'> = NAMELESS): void {
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    const startMono = this.#startMono;
    this.#startMono += length * this.#charMs;
    this.#report({ direction: this.#restDirection, bytes, kind, ...named }, { atMono: this.#lastMono, startMono });
    this.#endMono = this.#lastMono - this.#rest.length * this.#charMs;
  }

  #report(frame: Omit<WireFrame, 'atMono' | 'gapMs'>, { atMono, startMono }: { atMono: MonoMs; startMono: MonoMs }): void {
    this.#options.onFrame({ ...frame, atMono, gapMs: this.#endMono === null ? null : startMono - this.#endMono });
  }
}

function keyOf({ unit, fc }: { readonly unit: number; readonly fc: number }): string {
  return `${unit}.${fc}`;
}

/** Length of a frame that may be a request or a reply. Units: bytes. */
const EITHER_BYTES = 8;

/** The request and the reply of a single write look the same, and so do a read from register 0x0300 on and a reply with three bytes. */
function nameOf(
  frame: Buffer,
  { fc, isRequest, isAnswer }: { readonly fc: number; readonly isRequest: boolean; readonly isAnswer: boolean },
): WireFrameKind {
  if (((frame[1] as number) & REFUSED) !== 0) return 'exception';
  if (isRequest) return 'request';
  const isEither = frame.length === EITHER_BYTES && fc <= 6;
  return isEither && !isAnswer ? 'request' : 'reply';
}
