/**
 * A ring of timed entries in one buffer of fixed size: a new entry pushes out the oldest ones.
 *
 * An entry costs its content and about five bytes, and adding one allocates nothing.
 * Shape of an entry: kind (1 byte), time since the entry before (varint, µs), length of the content (varint), content.
 */

/** Marks a byte of a varint that is not the last; each has seven bits. Source: LEB128, as in the Protocol Buffers encoding. */
const VARINT_MORE = 0x80;
/** Smallest ring. Units: bytes. */
const LEAST_BYTES = 64;
/** The longest varint of a safe integer. Units: bytes. */
const MAX_VARINT_BYTES = 8;

/** An entry to store in a ring, or read from one: `kind` is one byte, `atUs` a monotonic time. Units: whole µs. */
export interface StoredEntry {
  readonly kind: number;
  readonly atUs: number;
  readonly content: Buffer;
}

/** A copy of entries of a ring. `baseUs`: the monotonic time to which the stored time of the first entry is relative. Units: µs. */
export interface RingImage {
  readonly baseUs: number;
  /** The entries in their stored form, oldest first, for `entriesOf`. */
  readonly bytes: Buffer;
  /** Number of its first entry; without entries, that of the next entry of the ring. */
  readonly fromSeq: number;
}

/** Keeps the newest entries that fit into its size. */
export class EntryRing {
  readonly #store: Buffer;
  /** Position of the oldest entry, and bytes in use. */
  #from = 0;
  #used = 0;
  /** Time from which the oldest entry counts, and time of the newest one. */
  #baseUs = 0;
  #lastUs = 0;
  /** Numbers of the oldest entry and of the next one. */
  #firstSeq = 0;
  #nextSeq = 0;

  /** Creates an empty ring. `sizeBytes`: its fixed size; less than 64 counts as 64. `nextSeq`: number of its first entry. */
  constructor(sizeBytes: number, nextSeq = 0) {
    this.#store = Buffer.alloc(Math.max(LEAST_BYTES, sizeBytes));
    this.#firstSeq = this.#nextSeq = nextSeq;
  }

  /** The fixed size, not the bytes in use. */
  get sizeBytes(): number {
    return this.#store.length;
  }

  /** Time of the oldest entry; null without entries. Units: µs. */
  get oldestUs(): number | null {
    return this.#used === 0 ? null : this.#baseUs + this.#entryAt(this.#from).deltaUs;
  }

  /** Number that the next entry gets. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /**
   * Adds an entry. `content` is copied, and cut if it is nearly as long as the ring. A time before that of the last entry counts as that
   * time. Units: whole µs; other times would drift.
   */
  add(kind: number, atUs: number, content: Uint8Array): void {
    const room = this.#store.length - 1 - 2 * MAX_VARINT_BYTES;
    const length = Math.min(content.length, room);
    if (this.#used === 0) this.#baseUs = this.#lastUs = Math.max(atUs, this.#lastUs);
    const deltaUs = Math.max(0, atUs - this.#lastUs);
    const needed = 1 + varintBytes(deltaUs) + varintBytes(length) + length;
    while (this.#used > 0 && this.#store.length - this.#used < needed) this.#dropOldest();
    if (this.#used === 0) this.#baseUs = this.#lastUs;
    this.#put(kind);
    this.#putVarint(deltaUs);
    this.#putVarint(length);
    this.#putAll(content, length);
    this.#lastUs += deltaUs;
    this.#nextSeq++;
  }

  /** Returns a copy of the entries from this number on that the ring still has; later entries do not change it. */
  image(fromSeq = 0): RingImage {
    let [from, used, baseUs, seq] = [this.#from, this.#used, this.#baseUs, this.#firstSeq];
    for (; seq < fromSeq && used > 0; seq++) {
      const oldest = this.#entryAt(from);
      from = (from + oldest.bytes) % this.#store.length;
      used -= oldest.bytes;
      baseUs += oldest.deltaUs;
    }
    const bytes = Buffer.alloc(used);
    const first = Math.min(used, this.#store.length - from);
    this.#store.copy(bytes, 0, from, from + first);
    this.#store.copy(bytes, first, 0, used - first);
    return { baseUs, bytes, fromSeq: seq };
  }

  #dropOldest(): void {
    const { bytes, deltaUs } = this.#entryAt(this.#from);
    this.#baseUs += deltaUs;
    this.#from = (this.#from + bytes) % this.#store.length;
    this.#used -= bytes;
    this.#firstSeq++;
  }

  #entryAt(from: number): { readonly bytes: number; readonly deltaUs: number } {
    let at = 1;
    const varint = (): number => {
      let value = 0;
      for (let scale = 1; ; scale *= VARINT_MORE) {
        const byte = this.#store[(from + at++) % this.#store.length] as number;
        value += (byte & ~VARINT_MORE) * scale;
        if (byte < VARINT_MORE) return value;
      }
    };
    const deltaUs = varint();
    const length = varint();
    return { bytes: at + length, deltaUs };
  }

  #put(byte: number): void {
    this.#store[(this.#from + this.#used++) % this.#store.length] = byte;
  }

  #putVarint(value: number): void {
    let rest = value;
    for (; rest >= VARINT_MORE; rest = Math.floor(rest / VARINT_MORE)) this.#put((rest % VARINT_MORE) | VARINT_MORE);
    this.#put(rest);
  }

  #putAll(content: Uint8Array, length: number): void {
    const at = (this.#from + this.#used) % this.#store.length;
    const first = Math.min(length, this.#store.length - at);
    this.#store.set(length === content.length && first === length ? content : content.subarray(0, first), at);
    if (first < length) this.#store.set(content.subarray(first, length), 0);
    this.#used += length;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= VARINT_MORE; rest = Math.floor(rest / VARINT_MORE)) bytes++;
  return bytes;
}

/** Returns the entries of an image, oldest first. Errors: throws RangeError if an entry is cut off or has a number that is too long. */
export function entriesOf({ baseUs, bytes }: Pick<RingImage, 'baseUs' | 'bytes'>): StoredEntry[] {
  const found: StoredEntry[] = [];
  let at = 0;
  let atUs = baseUs;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= VARINT_MORE) {
      const byte = bytes[at++];
      if (byte === undefined || !Number.isSafeInteger(scale)) throw new RangeError('the entries of the recording are damaged');
      value += (byte & ~VARINT_MORE) * scale;
      if (byte < VARINT_MORE) return value;
    }
  };
  while (at < bytes.length) {
    const kind = bytes[at++] as number;
    atUs += varint();
    const length = varint();
    if (at + length > bytes.length) throw new RangeError('the entries of the recording are damaged');
    found.push({ kind, atUs, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}
