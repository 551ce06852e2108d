/**
 * A wire with an attacker on it: each reply may be late, doubled, lost or drowned, one by one.
 *
 * Units answer from `late-units.ts`; time is the caller's clock.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import type { Random } from '../../test/street/random.ts';
import { encodeReadReply, parseRequest, type SlaveRequest, writeReply } from '../../test/street/rtu-slave.ts';
import { createWire, type Wire } from '../../test/street/wire.ts';
import { type LateBlock, trueValueAt } from './late-units.ts';

/** An ambush hits one in this many replies. */
const OLD_REPLIES = 6;
/** Units: ms. */
const OLDEST_MS = 60_000;

/** What the attacker does to one reply. Units: ms. */
export interface Fate {
  /** Later than the unit meant to answer; null: lost. */
  readonly lateMs: number | null;
  /** Copies, each so long after the original would have ended. */
  readonly copiesMs: readonly number[];
  readonly noise: Buffer;
}

type Counts = Record<'replies' | 'late' | 'copies' | 'lost' | 'noisy' | 'shifted' | 'ambushes', number>;

export const UNHARMED: Fate = { lateMs: 0, copiesMs: [], noise: Buffer.alloc(0) };

export interface AttackedWire extends Wire {
  /** What happens to the next replies; asked once for each. */
  fate: (unit: number) => Fate;
  /** From now on each reply of these units is that to the request before. */
  shifted: Set<number>;
  /** In the window of the next request an old reply of the same unit and length comes first; its own follows, or is lost. Undone once it has happened. */
  ambush: 'follows' | 'lost' | null;
  readonly counts: Counts;
}

export interface AttackedWireOptions {
  readonly clock: Clock;
  readonly serial: SerialSettings;
  readonly random: Random;
  /** Bytes come from a network: they take no time on the way to the gateway. */
  readonly isNetwork: boolean;
}

export function createAttackedWire({ clock, serial, random, isNetwork }: AttackedWireOptions): AttackedWire {
  const charMs = ((2 + serial.dataBits + (serial.parity === 'none' ? 0 : 1)) * 1_000) / serial.baud;
  const queued = new Map<number, Buffer>();
  /** The last replies of each unit and length. */
  const sent = new Map<string, { reply: Buffer; atMono: MonoMs }[]>();
  const counts: Counts = { replies: 0, late: 0, copies: 0, lost: 0, noisy: 0, shifted: 0, ambushes: 0 };
  const wire = createWire((bytes) => {
    const request = parseRequest(bytes);
    if (request === undefined || request === null) throw new Error(`a bad request: ${bytes.toString('hex')}`);
    clock.precisely(clock.monoMs() + bytes.length * charMs, () => {
      if (request.unit !== 0) answer(request.unit, trueReply(request, bytes, clock.monoMs()));
    });
  });
  const attacked: AttackedWire = Object.assign(wire, { fate: () => UNHARMED, shifted: new Set<number>(), ambush: null, counts });
  return attacked;

  function answer(unit: number, own: Buffer): void {
    const before = queued.get(unit);
    let reply: Buffer | undefined = own;
    if (attacked.shifted.has(unit)) {
      queued.set(unit, own);
      reply = before;
      counts.shifted++;
    } else queued.delete(unit);
    if (reply === undefined) return;
    const { lateMs, copiesMs, noise } = attacked.fate(unit);
    const turnaroundMs = (): number => (unit % 2 === 0 ? 4 : 3 + 30 * random());
    const wireMs = isNetwork ? 4 * random() : reply.length * charMs;
    const endMs = turnaroundMs() + wireMs;
    const old = remember(`${unit}:${reply[1]}:${reply.length}`, reply);
    if (attacked.ambush !== null && old !== undefined) {
      counts.ambushes++;
      send(old, turnaroundMs() * (0.6 + 0.4 * random()) + wireMs);
      if (attacked.ambush === 'follows') send(reply, endMs + wireMs + 20 * random());
      attacked.ambush = null;
      return;
    }
    counts.replies++;
    if (lateMs === null) counts.lost++;
    else send(noise.length === 0 ? reply : Buffer.concat([noise, reply]), endMs + lateMs);
    if (lateMs !== null && lateMs > 0) counts.late++;
    if (noise.length > 0) counts.noisy++;
    counts.copies += copiesMs.length;
    for (const copyMs of copiesMs) send(reply, endMs + copyMs);
  }

  /** One of the replies before this one. */
  function remember(key: string, reply: Buffer): Buffer | undefined {
    const atMono = clock.monoMs();
    const before = (sent.get(key) ?? []).filter((old) => atMono - old.atMono < OLDEST_MS);
    sent.set(key, [...before, { reply, atMono }].slice(-OLD_REPLIES));
    return before[Math.floor(random() * before.length)]?.reply;
  }

  /** Whole, or in two pieces. */
  function send(bytes: Buffer, afterMs: number): void {
    const cut = random() < 0.5 ? 0 : Math.floor(random() * bytes.length);
    const atMono = clock.monoMs() + Math.max(0, afterMs);
    if (cut > 0) clock.precisely(atMono - (isNetwork ? 0 : (bytes.length - cut) * charMs), () => wire.end.write(bytes.subarray(0, cut)));
    clock.precisely(atMono, () => wire.end.write(bytes.subarray(cut)));
  }
}

/** The reply of a sound unit at this time. */
function trueReply(request: SlaveRequest, bytes: Buffer, atMono: MonoMs): Buffer {
  if (request.kind === 'write') return writeReply(bytes);
  const words = Array.from({ length: request.count }, (_, i) => trueValueAt(request as LateBlock, request.address + i, atMono));
  return encodeReadReply(request, words);
}
