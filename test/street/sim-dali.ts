/**
 * A Foxtron converter with a DALI bus and its gear, with the times of both: bytes on the serial line, frames on the bus.
 *
 * The far end is a PTY or an in-memory wire, as for `SimLine`.
 */
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import { type DaliMeaning, meaningOf } from '../../drivers/dali/dali-commands.ts';
import { createFoxtronReader, foxtronFrame } from '../../drivers/dali/foxtron-frames.ts';
import type { GatewayEnd } from './sim-line.ts';
import type { DaliGear } from './units/dali-gear.ts';

/** Units: ms. Source: IEC 62386-101: 1200 bit/s; a 16-bit frame has 19 bit times, an answer 11; gear answers after 5.5 to 10.5 ms. */
const BUS_MS = { frame: 19 / 1.2, answer: 11 / 1.2, answerAfter: 8, noAnswerAfter: 12.4, between: 13.5 } as const;
/** Idle time before a frame, by priority. Units: ms. Source: IEC 62386-101, settling times of priorities 1 to 5. */
const SETTLE_MS: Readonly<Record<number, number>> = { 0: 13.5, 1: 13.5, 2: 14.9, 3: 16.3, 4: 17.9, 5: 19.5 };
/** Units: ms. Source: 19200 baud, 11 bits a character with parity. */
const CHAR_MS = 11 / 19.2;

export interface SimDaliOptions {
  readonly clock: Clock;
  readonly gear: readonly DaliGear[];
}

/** A level that the bus has carried: when its frame ended. */
export interface CarriedLevel {
  readonly atMono: MonoMs;
  readonly target: (DaliMeaning & { kind: 'level' })['target'];
  readonly level: number;
}

export class SimDali {
  /** Set by the owner. */
  end: GatewayEnd = { write: () => {}, unplug: () => {}, replug: () => {} };
  readonly levels: CarriedLevel[] = [];
  readonly stats = { frames: 0, badMessages: 0 };
  /** The converter has no supply: it neither sends nor receives. */
  isSilent = false;
  /** The next answer comes back damaged, as of two gears. */
  damageNext = false;
  /** The converter does not send the next so many confirmations. */
  dropConfirmations = 0;
  readonly #options: SimDaliOptions;
  readonly #reader = createFoxtronReader();
  #serialInMono: MonoMs = 0;
  #serialOutMono: MonoMs = 0;
  #busFreeMono: MonoMs = 0;
  #power = 0;

  constructor(options: SimDaliOptions) {
    this.#options = options;
  }

  receive(bytes: Buffer): void {
    const { clock } = this.#options;
    if (this.isSilent) return;
    this.#serialInMono = Math.max(this.#serialInMono, clock.monoMs()) + bytes.length * CHAR_MS;
    clock.precisely(this.#serialInMono, () => {
      for (const data of this.#reader.feed(bytes)) this.#message(data);
    });
  }

  /** Cuts or restores the power of the bus, as the converter reports it: 0 for power, 1 for none, 2 for mains voltage, 3 for a defective supply. */
  setPower(power: number): void {
    this.#power = power;
    if (power !== 0) for (const gear of this.#options.gear) gear.busFailed();
    this.#say([0x05, power]);
  }

  /** Another sender's frame. */
  foreign(address: number, data: number): void {
    const { clock } = this.#options;
    this.#busFreeMono = Math.max(clock.monoMs(), this.#busFreeMono) + BUS_MS.between + BUS_MS.frame;
    clock.precisely(this.#busFreeMono, () => {
      this.#execute(address, data);
      this.#say([0x04, 16, address, data]);
    });
  }

  /** An event of a DALI-2 input device, 24 bits. */
  inputEvent(bytes: readonly [number, number, number]): void {
    this.#say([0x04, 24, ...bytes]);
  }

  /** Bytes that are no message, now. */
  noise(bytes: Buffer): void {
    this.end.write(bytes);
  }

  #message(data: readonly number[]): void {
    const [type, priority = 0, bits, address = 0, value = 0, param = 0] = data;
    if (type === 0x06 && data.length === 2) this.#say([0x07, priority, 0, priority === 3 ? this.#power : 0]);
    else if (type === 0x0b && bits === 16 && data.length === 6)
      this.#send({ address, value, settleMs: SETTLE_MS[priority] ?? 13.5, isTwice: (param & 1) === 1 });
    else {
      this.stats.badMessages++;
      this.#say([0x05, 0x06]);
    }
  }

  #send({ address, value, settleMs, isTwice }: { address: number; value: number; settleMs: number; isTwice: boolean }): void {
    const { clock } = this.#options;
    const endMono = Math.max(clock.monoMs(), this.#busFreeMono + settleMs) + BUS_MS.frame;
    this.#busFreeMono = endMono;
    clock.precisely(endMono, () => {
      const answers = this.#power === 0 ? this.#execute(address, value) : [];
      if (isTwice) return this.#second(address, value);
      this.#confirm(address, value, answers);
    });
  }

  #second(address: number, value: number): void {
    const { clock } = this.#options;
    this.#busFreeMono = clock.monoMs() + BUS_MS.between + BUS_MS.frame;
    clock.precisely(this.#busFreeMono, () => this.#confirm(address, value, this.#power === 0 ? this.#execute(address, value) : []));
  }

  #execute(address: number, value: number): number[] {
    this.stats.frames++;
    const meaning = meaningOf(address, value);
    if (meaning === null) return [];
    if (meaning.kind === 'level') this.levels.push({ atMono: this.#options.clock.monoMs(), target: meaning.target, level: meaning.level });
    return this.#options.gear.flatMap((gear) => gear.receive(meaning) ?? []);
  }

  #confirm(address: number, value: number, answers: readonly number[]): void {
    const { clock } = this.#options;
    const [answer] = answers;
    const isDamaged = answers.length > 1 || (answer !== undefined && this.damageNext);
    if (answer !== undefined) this.damageNext = false;
    const waitMs = answer === undefined ? BUS_MS.noAnswerAfter : BUS_MS.answerAfter + BUS_MS.answer;
    if (answer !== undefined) this.#busFreeMono = clock.monoMs() + waitMs;
    clock.precisely(clock.monoMs() + waitMs, () => {
      if (this.dropConfirmations > 0) this.dropConfirmations--;
      else if (answer === undefined) this.#say([0x0e, 16, address, value]);
      else this.#say(isDamaged ? [0x0d, 16, 0, address, value] : [0x0d, 16, 8, address, value, answer]);
    });
  }

  #say(data: readonly number[]): void {
    const { clock } = this.#options;
    if (this.isSilent) return;
    const bytes = foxtronFrame(data);
    this.#serialOutMono = Math.max(this.#serialOutMono, clock.monoMs()) + bytes.length * CHAR_MS;
    clock.precisely(this.#serialOutMono, () => {
      if (!this.isSilent) this.end.write(bytes);
    });
  }
}
