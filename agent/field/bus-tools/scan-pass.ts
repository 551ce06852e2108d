/**
 * One pass over addresses at the line's own speed: a short read of each, a longer one where stray bytes came.
 *
 * Only reads.
 */
import type { SerialSettings } from '../../core/cabinet.ts';
import { type MonoMs, sleep } from '../../core/clock.ts';
import type { LineCounters, ReadRequest } from '../../core/driver.ts';
import { BusError, type BusErrorCode } from '../../core/errors.ts';
import type { BusToolQueue, TimedAnswer } from './bus-tool-queue.ts';
import { refusalMs } from './scan-settings.ts';

/** Longest time by which a stray or late reply may follow its request. Units: ms. Source: modbus.md §3: units take up to 200 ms in the field. */
const LOOK_BACK_MS = 300;

/** An address that was requested, and about when. If it answered, `atMono` is too early, by at most the wait for its reply. */
export interface Probed {
  readonly unit: number;
  readonly atMono: MonoMs;
}

/** An address that may have sent stray bytes: a late or damaged reply, or noise. */
export interface Suspect {
  readonly unit: number;
  /**
   * The bytes came at least and at most this long after the request to this address; how long exactly is not known. In a search after a
   * damaged reply both are 0. Units: ms.
   */
  readonly minMs: number;
  readonly maxMs: number;
}

/** The time in which stray bytes arrived: after `fromMono` and by `toMono`. */
export interface StrayTime {
  readonly fromMono: MonoMs;
  readonly toMono: MonoMs;
}

/** Counts bytes that answer no request; only its growth is meaningful. */
function strayCount({ lateReplies, noiseBytes, crcErrors, truncated, wrongReplies, foreignFrames }: LineCounters): number {
  return lateReplies + noiseBytes + crcErrors + truncated + wrongReplies + foreignFrames;
}

/**
 * Returns the addresses that may have sent the stray bytes: those requested from 300 ms before `fromMono` on, the latest request first.
 * Shape: `probed` in the order of the requests, none of them after `toMono`.
 */
export function suspectsOf(probed: readonly Probed[], { fromMono, toMono }: StrayTime): Suspect[] {
  return probed
    .map(({ unit, atMono }) => ({ unit, minMs: Math.max(0, fromMono - atMono), maxMs: toMono - atMono }))
    .filter(({ minMs }) => minMs <= LOOK_BACK_MS)
    .toReversed();
}

/** Whether a unit with this turnaround can have sent the stray bytes, give or take `slackMs`. Units: ms. */
export function explains(turnaroundMs: number, { minMs, maxMs }: Suspect, slackMs: number): boolean {
  return turnaroundMs >= minMs - slackMs && turnaroundMs <= maxMs + slackMs;
}

/** Requests in the line's queue: one on the wire and the next, so that the console lane uses every turn. */
const WORKERS = 2;
/** A longer read waits this much longer than the stray bytes took. Units: ms. */
const SLACK_MS = 25;
/** Longer reads in one pass; beyond that the line is too noisy to find anything. */
const MAX_LONG_READS = 64;
/** Stray bytes of the last addresses are counted for this long after the pass. Units: ms. */
const TAIL_MS = 150;
/** Failures without a reply. A read that is interrupted again and again made room for levels. */
const PROVES_NOTHING: ReadonlySet<BusErrorCode> = new Set(['timeout', 'interrupted']);
/** Reads of an address whose replies are damaged, including the first; two damaged replies are not an accident. */
const DAMAGED = { reads: 3, enough: 2 } as const;

/**
 * Further reads of the addresses without an answer, as long as bytes arrive that answer no request: on a machine that was busy for a moment,
 * replies arrive after both reads of their units. Units: ms. Source: `waitMs` modbus.md §3, units take up to 200 ms in the field; `rounds` assumed.
 * Confirmed by: scans of a whole line on a busy gateway.
 */
const AGAIN = { waitMs: 200, rounds: 3 } as const;

/**
 * A unit that answered. `exception`: null if it answered with data, otherwise the code of its exception, or of a reply that may belong to
 * an older request. `turnaroundMs`: its response time, on a serial line without the wire time. Units: ms.
 */
export interface ScanAnswer {
  readonly unit: number;
  readonly turnaroundMs: number;
  readonly exception: BusErrorCode | null;
}

/** What one pass over the addresses has found. */
export interface PassResult {
  readonly answers: readonly ScanAnswer[];
  /** Addresses that sent damaged replies more than once; one may be in `answers` too. */
  readonly damaged: readonly number[];
}

/** What a pass is to do. `units`: the addresses, in the order in which they are read. */
export interface PassOptions {
  readonly units: readonly number[];
  /** Wait for the first byte of the reply to the first read of an address; further reads may wait longer. Units: ms. */
  readonly waitMs: number;
  /**
   * Afterwards reads the addresses that are neither in `answers` nor in `damaged` again, up to three times, while bytes arrive that answer
   * no request.
   */
  readonly readsAgain: boolean;
  readonly signal: AbortSignal | undefined;
  /** Called after the first read of each address. */
  readonly onProbed: () => void;
}

/**
 * Reads the addresses at the line's own speed. On a Modbus line it waits `waitMs` for each reply. After stray bytes or a damaged reply it
 * reads suspected addresses again with a longer wait, whatever `readsAgain` is. Returns the units that answered, and the addresses that
 * sent more than one damaged reply.
 *
 * Errors: rejects with BusError when the line goes down, and with the signal's reason when it is aborted while reads remain.
 */
export function quickPass(queue: BusToolQueue, options: PassOptions): Promise<PassResult> {
  return new QuickPass(queue, options).run();
}

class QuickPass {
  readonly #queue: BusToolQueue;
  readonly #options: PassOptions;
  readonly #answers = new Map<number, ScanAnswer>();
  /** Damaged replies, by unit. */
  readonly #damages = new Map<number, number>();
  readonly #probed: Probed[] = [];
  /** The suspects of each time when stray bytes arrived. */
  readonly #incidents: Suspect[][] = [];
  #strays: { readonly count: number; readonly atMono: MonoMs };

  constructor(queue: BusToolQueue, options: PassOptions) {
    this.#queue = queue;
    this.#options = options;
    this.#strays = { count: strayCount(queue.line.counters), atMono: queue.clock.monoMs() };
  }

  async run(): Promise<PassResult> {
    const { clock } = this.#queue;
    const { units, waitMs, readsAgain, onProbed } = this.#options;
    const waiting = units.values();
    await Promise.all(Array.from({ length: WORKERS }, () => this.#probe(waiting, waitMs, onProbed)));
    await sleep(clock, TAIL_MS);
    this.#countStrays(clock.monoMs());
    await this.#searchSuspects();
    // Late bytes may be of several units, of which the search has found one.
    for (let round = 0, heard = 0; readsAgain && round < AGAIN.rounds && this.#incidents.length > heard; round++) {
      heard = this.#incidents.length;
      await this.#probe(this.#unanswered(), Math.max(waitMs, AGAIN.waitMs), () => {});
      await sleep(clock, TAIL_MS);
      this.#countStrays(clock.monoMs());
    }
    return { answers: [...this.#answers.values()], damaged: [...this.#damages.keys()].filter((unit) => this.#isDamaged(unit)) };
  }

  #unanswered(): number[] {
    return this.#options.units.filter((unit) => !this.#answers.has(unit) && !this.#isDamaged(unit));
  }

  async #probe(waiting: Iterable<number>, waitMs: number, onProbed: () => void): Promise<void> {
    const { clock } = this.#queue;
    const { signal } = this.#options;
    for (const unit of waiting) {
      signal?.throwIfAborted();
      this.#note(unit, await this.#queue.timedRead(scanRequest(unit, 1), waitMs));
      this.#probed.push({ unit, atMono: clock.monoMs() - waitMs });
      this.#countStrays(clock.monoMs());
      onProbed();
    }
  }

  #isDamaged(unit: number): boolean {
    return (this.#damages.get(unit) ?? 0) >= DAMAGED.enough;
  }

  #countStrays(nowMono: MonoMs): void {
    const count = strayCount(this.#queue.line.counters);
    if (count > this.#strays.count) this.#incidents.push(suspectsOf(this.#probed, { fromMono: this.#strays.atMono, toMono: nowMono }));
    this.#strays = { count, atMono: nowMono };
  }

  #note(unit: number, timed: TimedAnswer): void {
    const found = scanAnswer(unit, timed, this.#queue.config.serial);
    if (found !== null) this.#answers.set(unit, found);
    else if (timed.answer instanceof BusError && !PROVES_NOTHING.has(timed.answer.code))
      this.#damages.set(unit, (this.#damages.get(unit) ?? 0) + 1);
  }

  /** Reads the suspects of each incident again, the nearest first, until the pace or a damaged reply of one explains the incident. */
  async #searchSuspects(): Promise<void> {
    const { waitMs } = this.#options;
    const waited = new Map<number, number>();
    for (const unit of this.#damages.keys()) this.#incidents.unshift([{ unit, minMs: 0, maxMs: 0 }]);
    for (const suspects of this.#incidents) {
      for (const suspect of suspects) {
        const { unit } = suspect;
        if (this.#isDamaged(unit)) break;
        const longMs = Math.max(waitMs, suspect.maxMs) + SLACK_MS;
        if (this.#answers.has(unit) || (waited.get(unit) ?? 0) >= longMs || waited.size >= MAX_LONG_READS) continue;
        waited.set(unit, longMs);
        await this.#readLonger(unit, longMs);
        const found = this.#answers.get(unit);
        if (found !== undefined && explains(found.turnaroundMs, suspect, SLACK_MS)) break;
      }
    }
  }

  /** Uses another function and two registers, so that neither a late reply nor a late exception is mistaken for the reply to this read. */
  async #readLonger(unit: number, longMs: number): Promise<void> {
    for (let read = 1; read < DAMAGED.reads; read++) {
      this.#options.signal?.throwIfAborted();
      this.#note(unit, await this.#queue.timedRead({ ...scanRequest(unit, 2), table: 'discrete' }, longMs));
      if ((this.#damages.get(unit) ?? 0) === 0) return;
    }
  }
}

/**
 * Returns the unit if it answered with data, with an exception, or with a reply that may belong to an older request. Null without an
 * answer and for a damaged reply.
 */
export function scanAnswer(unit: number, { answer, tookMs }: TimedAnswer, serial: SerialSettings): ScanAnswer | null {
  if (!(answer instanceof BusError)) return { unit, turnaroundMs: answer.turnaroundMs, exception: null };
  return answer.policy.answered ? { unit, turnaroundMs: Math.max(0, tookMs - refusalMs(serial)), exception: answer.code } : null;
}

/** Returns a read of `count` holding registers from address 0 of this unit. */
export function scanRequest(unit: number, count: number): ReadRequest {
  return { unit, table: 'holding', address: 0, count };
}
