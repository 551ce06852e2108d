/**
 * Makes one panel show its text: writes the lines that differ, and writes them again after growing waits, or once the panel has lost them.
 *
 * A panel that can be read back is compared with its newest readings. For another one the acknowledgement is the only proof; its text is written
 * again at times and after an absence, because it may have lost its supply.
 */

import { textValue, textWords } from '../../drivers/modbus/text-codec.ts';
import type { Clock, MonoMs } from '../core/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../core/durations.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import type { PanelView } from '../core/panel-tools.ts';
import type { Field, WriteResult } from '../core/ports.ts';
import type { TextFormat } from '../core/profile.ts';
import type { PointId } from '../core/words.ts';

/** One line of a panel: its text point, how a text is fitted to it, and whether the written text is read back. */
export interface PanelLine {
  readonly pointId: PointId;
  readonly format: TextFormat;
  readonly isReadBack: boolean;
}

/** The panel with its lines, and the dependencies with which `PanelWriter` is created. */
export interface PanelWriterParts {
  readonly id: string;
  /** The points that are written, one for each line of text. */
  readonly lines: readonly PanelLine[];
  readonly clock: Clock;
  readonly field: Pick<Field, 'writeText' | 'latest'>;
  readonly events: Pick<EventTracker, 'set'>;
}

/** A text that was not sent within this time is planned again. Units: ms. Source: as for the value of an output. */
const WRITE_TTL_MS = 60_000;
/** Waits between attempts. Units: ms. Source: assumed; a panel that restarts is back within a minute, and a dead one must not load the line. Confirmed by: restart times of the panels on the bench. */
const RETRY_MS = { first: 5 * SECOND_MS, longest: 5 * MINUTE_MS };
/** How often a text that cannot be read back is written again. Units: ms. Source: assumed; a panel shows a wrong text no longer than this. Confirmed by: how often panels lose their text in a month. */
const REFRESH_MS = 10 * MINUTE_MS;
/** Failed passes in a row, of any text, before the panel is reported. Source: assumed; as for a lamp that does not follow. Confirmed by: failed attempts in a month of logs. */
const FAILURES_REPORTED = 3;

/** The lines that are written together: however many of them fail, it is one failed attempt of the panel. */
interface WritePass {
  hasFailed: boolean;
}

interface LineState {
  /** The line of the last attempt. */
  text: string | null;
  isProven: boolean;
  /** When the last attempt ended. */
  endMono: MonoMs;
  isInFlight: boolean;
  /** A write of this text has left for the panel. */
  isSent: boolean;
}

/**
 * Writes the lines of one panel when they change or may be lost, and repeats failed writes after a wait. Raises `panel-not-showing` after
 * several failed writes of lines since all lines were last confirmed. A change of the lines does not reset that count, but begins the waits
 * again. Call `follow` regularly.
 */
export class PanelWriter {
  readonly #parts: PanelWriterParts;
  readonly #states: LineState[];
  #lines: readonly string[] = [];
  /** Failed passes in a row: of the present text, and since the panel last showed a whole text. */
  #failures = 0;
  #allFailures = 0;
  #nextMono: MonoMs = 0;
  #trouble: Message = NO_TEXT;

  constructor(parts: PanelWriterParts) {
    this.#parts = parts;
    this.#states = parts.lines.map(() => ({ text: null, isProven: false, endMono: 0, isInFlight: false, isSent: false }));
  }

  /** Sets the lines to show, and writes those that are due. */
  follow(lines: readonly string[]): void {
    const nowMono = this.#parts.clock.monoMs();
    if (lines.some((line, index) => line !== this.#lines[index])) this.#begin(lines, nowMono);
    if (nowMono < this.#nextMono) return;
    const pass: WritePass = { hasFailed: false };
    for (const [index, line] of this.#parts.lines.entries()) if (this.#needs(line, index, nowMono)) this.#write(line, index, pass);
  }

  /** Call it when the panel answers again after an absence, because it may have lost its text. */
  returned(): void {
    for (const state of this.#states) state.isProven = false;
    this.#nextMono = 0;
  }

  /** `isSent`: every line has left for the panel, and none is being written now. */
  get progress(): Pick<PanelView, 'state' | 'trouble'> & { readonly isSent: boolean } {
    const isSent = this.#states.every(({ text, isSent: sent, isProven }, index) => text === this.#lines[index] && (sent || isProven));
    return { state: this.#state(), trouble: this.#trouble, isSent };
  }

  #state(): PanelView['state'] {
    const isProven = this.#states.every((state, index) => state.isProven && state.text === this.#lines[index] && !this.#isElsewhere(index));
    if (isProven) return this.#parts.lines.every(({ isReadBack }) => isReadBack) ? 'shown' : 'acknowledged';
    return this.#failures > 0 ? 'not-shown' : 'waiting';
  }

  #begin(lines: readonly string[], nowMono: MonoMs): void {
    this.#lines = lines;
    this.#nextMono = nowMono;
    this.#failures = 0;
    this.#trouble = NO_TEXT;
  }

  #needs({ isReadBack }: PanelLine, index: number, nowMono: MonoMs): boolean {
    const state = this.#states[index];
    if (state === undefined || state.isInFlight) return false;
    if (!state.isProven || state.text !== this.#lines[index]) return true;
    return isReadBack ? this.#isElsewhere(index) : nowMono >= state.endMono + REFRESH_MS;
  }

  /** Whether a reading after the last write shows another text. */
  #isElsewhere(index: number): boolean {
    const [line, state] = [this.#parts.lines[index], this.#states[index]];
    if (line?.isReadBack !== true || state === undefined) return false;
    const reading = this.#parts.field.latest(line.pointId);
    if (reading?.quality !== 'good' || reading.atMono <= state.endMono) return false;
    return reading.value !== textValue(textWords(line.format, this.#lines[index] ?? ''));
  }

  #write({ pointId }: PanelLine, index: number, pass: WritePass): void {
    const { clock, field } = this.#parts;
    const state = this.#states[index];
    const text = this.#lines[index] ?? '';
    if (state === undefined) return;
    Object.assign(state, { text, isProven: false, isInFlight: true, isSent: false });
    const write = { pointId, text, lane: 'command', expiresMono: clock.monoMs() + WRITE_TTL_MS } as const;
    void field.writeText(write).then((result) => this.#settle(state, result, pass));
  }

  #settle(state: LineState, result: WriteResult, pass: WritePass): void {
    const nowMono = this.#parts.clock.monoMs();
    Object.assign(state, { isInFlight: false, endMono: nowMono, isProven: result.state === 'verified', isSent: result.sentMono !== null });
    if (result.state === 'verified') {
      if (this.#states.every(({ isProven }) => isProven)) this.#recovered();
      return;
    }
    if (!pass.hasFailed) {
      this.#failures++;
      this.#allFailures++;
    }
    pass.hasFailed = true;
    this.#trouble = result.reason;
    this.#nextMono = nowMono + Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** Math.min(this.#failures - 1, 16));
    if (this.#allFailures >= FAILURES_REPORTED) this.#report(true, msg`panel ${this.#parts.id} does not show its text: ${result.reason}`);
  }

  #recovered(): void {
    this.#failures = 0;
    this.#allFailures = 0;
    this.#nextMono = 0;
    this.#trouble = NO_TEXT;
    this.#report(false, msg`panel ${this.#parts.id} shows its text again`);
  }

  #report(isLasting: boolean, text: Message): void {
    this.#parts.events.set(isLasting, { code: 'panel-not-showing', source: this.#parts.id, severity: 'warning', text });
  }
}
