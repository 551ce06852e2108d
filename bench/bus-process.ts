/**
 * Modbus units with exact timing on one pseudo-terminal.
 *
 * A separate process, so that it takes no time from the event loop of the master. Each reply arrives at the moment its last
 * character would: request + turnaround + reply after the request was written.
 */
import { charMs } from '../drivers/modbus/wire-time.ts';
import { createPtyCable, type PtyCable } from '../test/street/pty.ts';
import { encodeReadReply, exceptionReply, parseRequest, type SlaveRequest, writeReply } from '../test/street/rtu-slave.ts';
import { BENCH_REGISTERS, LEVEL_ADDRESS, REGISTER_VALUES, serialAt, silenceMs, TURNAROUND_MS } from './bus.ts';
import { answerParent, sharedMonoMs } from './child.ts';

/** Changes applied before the answer; an empty request only reads. */
export interface BusQuestion {
  /** Replaces the cable by a new one with these units; replies are sent whole, or in pieces of this size. */
  readonly plug?: { readonly baud: number; readonly units: readonly number[]; readonly chunkBytes?: number };
  /** Units without power; all others have power. */
  readonly dead?: readonly number[];
}

export interface BusAnswer {
  /** Where a master finds the line. */
  readonly path: string;
  /** What the units saw since the last question. */
  readonly seen: BusSeen;
}

export interface BusSeen {
  readonly requests: number;
  /** Full reads that were answered. */
  readonly polls: number;
  /** Requests sent before the wire had been silent for 3.5 characters, with 10 % tolerance. */
  readonly tooEarly: number;
  /** How much later than its due time each reply was sent: the error of the simulated units. Units: ms. */
  readonly latenessMs: readonly number[];
  /** Levels written; `arrivedMono` is their first byte, on the clock of all processes. */
  readonly writes: readonly { readonly unit: number; readonly value: number; readonly arrivedMono: number }[];
}

/** A timer is accurate to a millisecond; the rest is a busy wait. Units: ms. */
const SPIN_MS = 2;
/** Source: Modbus Application Protocol V1.1b3 §7. */
const ILLEGAL_ADDRESS = 2;

const unseen = () => ({
  requests: 0,
  polls: 0,
  tooEarly: 0,
  latenessMs: [] as number[],
  writes: [] as { unit: number; value: number; arrivedMono: number }[],
});

let seen = unseen();
/** When the wire became silent. */
let silentMono = Number.NEGATIVE_INFINITY;
let cable: PtyCable | undefined;
let units: ReadonlySet<number> = new Set();
let dead: ReadonlySet<number> = new Set();
const levels = new Map<number, number>();

answerParent<BusQuestion, BusAnswer>((question) => {
  if (question.plug !== undefined) {
    cable?.close();
    units = new Set(question.plug.units);
    dead = new Set();
    cable = plugIn(question.plug);
  }
  if (question.dead !== undefined) dead = new Set(question.dead);
  const answer = { path: cable?.path ?? '', seen };
  seen = unseen();
  silentMono = Number.NEGATIVE_INFINITY;
  return answer;
});

function plugIn({ baud, chunkBytes }: NonNullable<BusQuestion['plug']>): PtyCable {
  const oneCharMs = charMs(serialAt(baud));
  let rx = Buffer.alloc(0);
  const plugged = createPtyCable((bytes) => {
    const nowMono = sharedMonoMs();
    rx = Buffer.concat([rx, bytes]);
    const request = parseRequest(rx);
    if (request === undefined) return;
    if (request === null) throw new Error(`the units heard what is no request: ${rx.toString('hex')}`);
    const frame = rx.subarray(0, request.bytes);
    rx = Buffer.alloc(0);
    seen.requests++;
    if (nowMono - silentMono < 0.9 * silenceMs(baud)) seen.tooEarly++;
    const endMono = nowMono + request.bytes * oneCharMs;
    silentMono = endMono;
    const reply = answer(request, frame, nowMono);
    if (reply !== undefined) deliver(reply, endMono + TURNAROUND_MS);
  });
  return plugged;

  function deliver(reply: Buffer, startMono: number): void {
    const size = chunkBytes ?? reply.length;
    const firstMono = startMono + Math.min(size, reply.length) * oneCharMs;
    const send = (): void => {
      for (let at = 0; at < reply.length; at += size) {
        const piece = reply.subarray(at, at + size);
        const dueMono = startMono + (at + piece.length) * oneCharMs;
        while (sharedMonoMs() < dueMono);
        silentMono = sharedMonoMs();
        plugged.end.write(piece);
        if (at + size >= reply.length) seen.latenessMs.push(silentMono - dueMono);
      }
    };
    setTimeout(send, Math.max(0, firstMono - sharedMonoMs() - SPIN_MS));
  }
}

/** Returns the reply of the unit; undefined for a broadcast, an unknown unit or one without power. */
function answer(request: SlaveRequest, frame: Buffer, arrivedMono: number): Buffer | undefined {
  const { unit, address } = request;
  if (request.kind === 'write') {
    const [value = 0] = request.values;
    seen.writes.push({ unit, value, arrivedMono });
    for (const obeying of unit === 0 ? units : [unit]) levels.set(obeying, value);
  }
  if (!units.has(unit) || dead.has(unit)) return undefined;
  if (request.kind === 'write') return address === LEVEL_ADDRESS ? writeReply(frame) : exceptionReply(request, ILLEGAL_ADDRESS);
  if (address === LEVEL_ADDRESS && request.count === 1) return encodeReadReply(request, [levels.get(unit) ?? 0]);
  if (address + request.count > BENCH_REGISTERS) return exceptionReply(request, ILLEGAL_ADDRESS);
  if (request.count === BENCH_REGISTERS) seen.polls++;
  return encodeReadReply(request, REGISTER_VALUES.slice(address, address + request.count));
}
