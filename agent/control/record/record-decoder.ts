/** Decodes a segment of the record of decisions, instant by instant. */

import type { RecordStreams } from '../../core/decision-record.ts';
import { StoreError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import { type ByteReader, takeSigned, takeVarint } from '../../store/telemetry/byte-column.ts';
import { type Item, kindsOf, takeItems, takeText } from './cell.ts';
import { RANK_WORDS, REASON_WORDS } from './input-words.ts';
import { AGE_UNIT_US, type RecordedChoice } from './record-encoder.ts';

/** A recorded detection. `key`: as `detectionKey` returns it. `items`: those of letter `d` in `CELL_ITEMS`. */
export interface DetectionCell {
  readonly key: string;
  readonly items: readonly Item[];
}

/** The items of an input. `sinceMs`: instant at which they were last recorded. Units: ms of wall time. */
export interface InputCell {
  readonly items: readonly Item[];
  readonly sinceMs: number;
}

/** The state of the record at an instant. It changes when the decoder goes on. */
export interface RecordedState {
  /** This instant. Units: microseconds of the monotonic clock; `nowMs`: ms of wall time. */
  nowUs: number;
  nowMs: number;
  /**
   * By key, as before the decision of this instant; once the decoder goes on or ends, with the lamps that it lit. Empty if the inputs of the
   * segment were removed.
   */
  readonly cells: Map<string, InputCell>;
  /** The newest ones, in the order in which they were recorded. */
  readonly detections: DetectionCell[];
  /** By index of the lamp. `sinceMs`: since when nothing in the choice changed, as far as it was recorded. Units: ms of wall time. */
  readonly levels: Map<number, RecordedChoice & { readonly sinceMs: number }>;
  /** Indexes of the lamps whose level is recorded at this instant. */
  readonly changed: Set<number>;
}

/** Detections that are kept while a segment is decoded; the movers evaluate fewer. */
const MOST_DETECTIONS = 512;

/**
 * Yields the state at the instants of a segment, in order, and stops before the first one after `untilMs` (wall time). It is one object
 * that changes between instants. `start`: the time from which the first instant is counted. Errors: throws StoreError `corrupt` for bytes
 * that cannot be read.
 */
export function* decodeRecord(
  { ticks, inputs, levels }: RecordStreams,
  start: { readonly nowUs: number; readonly nowMs: number },
  untilMs = Number.POSITIVE_INFINITY,
): Generator<RecordedState, void, void> {
  const state: RecordedState = { ...start, cells: new Map(), detections: [], levels: new Map(), changed: new Set() };
  const times: ByteReader = { bytes: ticks, offset: 0 };
  const inputReader = new InputReader(inputs);
  const levelReader = new LevelReader(levels);
  for (let instant = 1; times.offset < ticks.length; instant++) {
    const stepUs = takeVarint(times);
    const nowMs = state.nowMs + Math.round(stepUs / 1_000) + takeSigned(times);
    if (nowMs > untilMs) return;
    state.nowUs += stepUs;
    state.nowMs = nowMs;
    inputReader.applyUpTo(instant, state);
    levelReader.applyUpTo(instant, state);
    yield state;
    inputReader.finish(state);
  }
  if (inputReader.isLeft || levelReader.isLeft)
    throw new StoreError('corrupt', msg`stored bytes: the record has changes after its last instant`);
}

/** Reads the index of the next instant with a change, ahead of its changes. */
class ChangeReader {
  protected readonly reader: ByteReader;
  #nextAt = 0;

  constructor(bytes: Uint8Array) {
    this.reader = { bytes, offset: 0 };
    this.#advance();
  }

  get isLeft(): boolean {
    return Number.isFinite(this.#nextAt);
  }

  /** Whether there are changes at this instant; they must then be read at once, followed by `advance`. */
  protected isDue(instant: number): boolean {
    return this.#nextAt === instant;
  }

  protected done(): void {
    this.#advance();
  }

  #advance(): void {
    const isOver = this.reader.offset >= this.reader.bytes.length;
    this.#nextAt = isOver ? Number.POSITIVE_INFINITY : this.#nextAt + takeVarint(this.reader);
  }
}

class InputReader extends ChangeReader {
  readonly #keys: string[] = [];
  /** The lit lamps after the decision of this instant. */
  #after: { readonly key: string; readonly cell: InputCell | null }[] = [];

  applyUpTo(instant: number, state: RecordedState): void {
    if (!this.isDue(instant)) return;
    const count = takeVarint(this.reader);
    for (let change = 0; change < count; change++) this.#applyOne(state);
    this.done();
  }

  finish({ cells }: RecordedState): void {
    for (const { key, cell } of this.#after) {
      if (cell === null) cells.delete(key);
      else cells.set(key, cell);
    }
    this.#after = [];
  }

  #applyOne({ cells, detections, nowUs, nowMs }: RecordedState): void {
    const head = takeVarint(this.reader);
    const key = this.#keyAt(Math.floor(head / 2));
    const items = head % 2 === 1 ? null : takeItems(this.reader, kindsOf(key), nowUs);
    const cell = items === null ? null : { items, sinceMs: nowMs };
    if (key.startsWith('m:')) this.#after.push({ key: `l${key.slice(1)}`, cell });
    else if (cell === null) cells.delete(key);
    else if (!key.startsWith('d:')) cells.set(key, cell);
    else if (detections.push({ key: key.slice(2), items: cell.items }) > MOST_DETECTIONS) detections.shift();
  }

  #keyAt(number: number): string {
    if (number === 0) {
      const key = takeText(this.reader);
      this.#keys.push(key);
      return key;
    }
    const key = this.#keys[number - 1];
    if (key === undefined) throw new StoreError('corrupt', msg`stored bytes: input ${number} of ${this.#keys.length}`);
    return key;
  }
}

class LevelReader extends ChangeReader {
  readonly #choices: RecordedChoice[] = [];
  #isFirst = true;

  applyUpTo(instant: number, { levels, changed, nowMs }: RecordedState): void {
    changed.clear();
    if (!this.isDue(instant)) return;
    const count = takeVarint(this.reader);
    for (let change = 0; change < count; change++) {
      const lamp = takeVarint(this.reader);
      const choice = this.#choice();
      const ageMs = this.#isFirst ? (takeVarint(this.reader) * AGE_UNIT_US) / 1_000 : 0;
      levels.set(lamp, { ...choice, sinceMs: nowMs - ageMs });
      changed.add(lamp);
    }
    this.#isFirst = false;
    this.done();
  }

  #choice(): RecordedChoice {
    const number = takeVarint(this.reader);
    const known = number === 0 ? this.#newChoice() : this.#choices[number - 1];
    if (known === undefined) throw new StoreError('corrupt', msg`stored bytes: level ${number} of ${this.#choices.length}`);
    return known;
  }

  #newChoice(): RecordedChoice {
    const levelPct = takeVarint(this.reader);
    const rank = RANK_WORDS[takeVarint(this.reader)];
    const flags = takeVarint(this.reader);
    const reason = REASON_WORDS[Math.floor(flags / 2)];
    const source = takeText(this.reader);
    if (levelPct > 100 || rank === undefined || reason === undefined)
      throw new StoreError('corrupt', msg`stored bytes: a level of ${levelPct} % with an unknown reason`);
    const choice = { levelPct, rank, reason, isHeld: flags % 2 === 1, source };
    this.#choices.push(choice);
    return choice;
  }
}
