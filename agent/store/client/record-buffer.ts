import type { NumberedPart, RecordPart } from '../../core/decision-record.ts';
import { MAX_WAITING_RECORD_BYTES } from '../../core/store-port.ts';

/** Parts of the record of decisions until the disk has them. A part that does not fit is refused, and so are the parts that need it. */
export class RecordBuffer {
  #parts: NumberedPart[] = [];
  #bytes = 0;
  #segment = -1;
  #part = -1;
  /** Number of parts that were refused, or that the file could not use. */
  lost = 0;

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Returns false if the part was refused. After that, only the first part of a segment is accepted. */
  add(part: RecordPart): boolean {
    const bytes = sizeOf(part);
    const isFollowing = part.basis !== null || this.#part >= 0;
    if (!isFollowing || this.#bytes + bytes > MAX_WAITING_RECORD_BYTES) {
      this.#part = -1;
      this.lost++;
      return false;
    }
    if (part.basis !== null) {
      this.#segment++;
      this.#part = 0;
    } else this.#part++;
    this.#parts.push({ ...part, segment: this.#segment, part: this.#part });
    this.#bytes += bytes;
    return true;
  }

  /** All parts in memory; the same ones again until they are settled. */
  take(): readonly NumberedPart[] {
    return [...this.#parts];
  }

  /** The file could not use a part of this segment, because it lacks an earlier one: no further part of the segment is accepted. */
  cut(segment: number): void {
    this.lost++;
    if (segment === this.#segment) this.#part = -1;
  }

  /** Removes the oldest parts, because they are on disk. */
  settle(count: number): void {
    for (const part of this.#parts.splice(0, count)) this.#bytes -= sizeOf(part);
  }
}

function sizeOf({ ticks, inputs, levels, basis }: RecordPart): number {
  return ticks.length + inputs.length + levels.length + (basis?.street.length ?? 0);
}
