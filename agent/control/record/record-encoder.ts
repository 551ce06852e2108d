/** Encodes a segment of the record of decisions: instants, changed inputs and changed levels, each in a stream of its own. */
import type { RecordStreams } from '../../core/decision-record.ts';
import type { Decision } from '../../core/words.ts';
import { ByteStream } from './byte-stream.ts';
import { kindsOf, putItems } from './cell.ts';
import type { CellChange } from './input-cells.ts';
import { RANK_WORDS, REASON_WORDS } from './input-words.ts';

/** The level of a lamp with its reason, as recorded. */
export interface RecordedChoice extends Pick<Decision, 'levelPct' | 'rank' | 'reason'> {
  /** The lamp only keeps its level from the start of the agent or a change of its configuration, see `Decision.isHeld`. */
  readonly isHeld: boolean;
  /** Source of the line of the trace that decided the level, before its limits; empty for none. */
  readonly source: string;
}

/**
 * The level of one lamp with its reason, to be recorded. At the start of a segment it need not have changed. `lamp`: its index in the
 * street. `sinceUs`: since when nothing in the `RecordedChoice` has changed, as far as the recorder has seen. Units: µs of the monotonic
 * clock.
 */
export interface LevelChange extends RecordedChoice {
  readonly lamp: number;
  readonly sinceUs: number;
}

/** An instant with its changes since the last one. `nowUs`: whole µs of the monotonic clock. `nowMs`: wall time, whole ms. */
export interface EncodedInstant {
  readonly nowUs: number;
  readonly nowMs: number;
  /** Changed inputs; at the first instant of a segment all inputs. */
  readonly changes: readonly CellChange[];
  /** Changed levels and reasons; at the first instant of a segment those of all lamps. */
  readonly levels: readonly LevelChange[];
}

/** Unit in which the record keeps the ages of the levels at the start of a segment. Units: microseconds. */
export const AGE_UNIT_US = 1_000_000;

/** Encodes the instants of one segment. The first instant must have the complete inputs and levels. */
export class RecordEncoder {
  readonly #ticks = new ByteStream();
  readonly #inputs = new ByteStream();
  readonly #levels = new ByteStream();
  readonly #keys = new Map<string, number>();
  readonly #choices = new Map<string, number>();
  #last: { readonly nowUs: number; readonly nowMs: number };
  #instants = 0;
  #inputsAt = 0;
  #levelsAt = 0;

  /** `nowUs` (µs of the monotonic clock) and `nowMs` (wall time): the start of the segment. */
  constructor(start: { readonly nowUs: number; readonly nowMs: number }) {
    this.#last = start;
  }

  /** Number of instants that were added, whether taken or not. */
  get instants(): number {
    return this.#instants;
  }

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.#ticks.length + this.#inputs.length + this.#levels.length;
  }

  /** Appends an instant. Its `nowUs` must not be before that of the last one, or of the start; this is not checked. */
  add({ nowUs, nowMs, changes, levels }: EncodedInstant): void {
    const { nowUs: lastUs, nowMs: lastMs } = this.#last;
    this.#ticks.varint(nowUs - lastUs);
    this.#ticks.signed(nowMs - lastMs - Math.round((nowUs - lastUs) / 1_000));
    this.#last = { nowUs, nowMs };
    this.#instants++;
    if (changes.length > 0) this.#addInputs(changes, nowUs);
    if (levels.length > 0) this.#addLevels(levels, nowUs);
  }

  /** Returns the bytes since the last call. */
  take(): RecordStreams {
    return { ticks: this.#ticks.take(), inputs: this.#inputs.take(), levels: this.#levels.take() };
  }

  #addInputs(changes: readonly CellChange[], nowUs: number): void {
    this.#inputs.varint(this.#instants - this.#inputsAt);
    this.#inputsAt = this.#instants;
    this.#inputs.varint(changes.length);
    for (const { key, items } of changes) {
      const known = this.#keys.get(key) ?? 0;
      this.#inputs.varint(known * 2 + (items === null ? 1 : 0));
      if (known === 0) {
        this.#keys.set(key, this.#keys.size + 1);
        this.#inputs.text(key);
      }
      if (items !== null) putItems(this.#inputs, items, kindsOf(key), nowUs);
    }
  }

  #addLevels(levels: readonly LevelChange[], nowUs: number): void {
    const isFirst = this.#levelsAt === 0;
    this.#levels.varint(this.#instants - this.#levelsAt);
    this.#levelsAt = this.#instants;
    this.#levels.varint(levels.length);
    for (const { lamp, sinceUs, ...choice } of levels) {
      this.#levels.varint(lamp);
      this.#addChoice(choice);
      if (isFirst) this.#levels.varint(Math.max(0, Math.round((nowUs - sinceUs) / AGE_UNIT_US)));
    }
  }

  #addChoice({ levelPct, rank, reason, isHeld, source }: RecordedChoice): void {
    const key = `${levelPct} ${rank} ${reason} ${isHeld} ${source}`;
    const known = this.#choices.get(key) ?? 0;
    this.#levels.varint(known);
    if (known > 0) return;
    this.#choices.set(key, this.#choices.size + 1);
    this.#levels.varint(levelPct);
    this.#levels.varint(RANK_WORDS.indexOf(rank));
    this.#levels.varint(REASON_WORDS.indexOf(reason) * 2 + (isHeld ? 1 : 0));
    this.#levels.text(source);
  }
}
