/** A growing sequence of bytes, for a stream of the record of decisions. */
import { type ByteWriter, createByteWriter, MAX_VARINT_BYTES, putDouble, putSigned, putVarint } from '../../store/telemetry/byte-column.ts';

const FIRST_BYTES = 256;

/** Bytes that are appended until they are taken. Whether a number is in its range is not checked. */
export class ByteStream {
  #writer: ByteWriter = createByteWriter(FIRST_BYTES);

  /** Number of bytes that have not been taken yet. */
  get length(): number {
    return this.#writer.offset;
  }

  /** Appends a whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    putVarint(this.#room(MAX_VARINT_BYTES), value);
  }

  /** Appends a whole number from -`MAX_SIGNED` to `MAX_SIGNED`. */
  signed(value: number): void {
    putSigned(this.#room(MAX_VARINT_BYTES), value);
  }

  /** Appends a number unrounded, in eight bytes. */
  double(value: number): void {
    putDouble(this.#room(8), value);
  }

  /** Appends the length of the text in bytes, and the text in UTF-8. */
  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.varint(bytes.length);
    const writer = this.#room(bytes.length);
    writer.offset += bytes.copy(writer.bytes, writer.offset);
  }

  /** Returns a copy of the bytes, and empties the stream. */
  take(): Uint8Array {
    const { bytes, offset } = this.#writer;
    const taken = Uint8Array.from(bytes.subarray(0, offset));
    this.#writer.offset = 0;
    return taken;
  }

  #room(needed: number): ByteWriter {
    const { bytes, offset } = this.#writer;
    if (offset + needed > bytes.length) {
      const larger = createByteWriter(Math.max(bytes.length * 2, offset + needed));
      bytes.copy(larger.bytes, 0, 0, offset);
      this.#writer = larger;
      larger.offset = offset;
    }
    return this.#writer;
  }
}
