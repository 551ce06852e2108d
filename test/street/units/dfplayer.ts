import type { Clock, MonoMs, Timer } from '../../../agent/core/clock.ts';

/** What came out of the loudspeaker: a track that began, or silence. Units: `volume` 0 to 30. */
export interface HeardSound {
  readonly atMono: MonoMs;
  /** 0: silence. Files of folders are folder × 1000 + file. */
  readonly track: number;
  readonly volume: number;
}

/** A simulated DFPlayer Mini on its line, with faults on demand. */
export interface SimPlayer {
  /** Bytes from the gateway. */
  receive(bytes: Buffer): void;
  readonly state: 'stopped' | 'playing' | 'paused';
  readonly volume: number;
  readonly track: number;
  readonly heard: readonly HeardSound[];
  /** Commands that arrived whole: `03 0001`. */
  readonly commands: readonly string[];
  /** It neither receives nor sends; what plays goes on. */
  isMute: boolean;
  /** It acknowledges a volume and keeps its own. */
  isDeafToVolume: boolean;
  /** It executes commands without acknowledging them, as some modules do. */
  isWithoutAck: boolean;
  /** Time until it answers. Units: ms. */
  answerMs: number;
  /** It receives the next so many frames as noise. */
  missNext: number;
  hasCard: boolean;
  /** Cuts the power, then restores it: full volume, nothing plays, silent for its start. */
  powerCycle(): void;
  insertCard(): void;
  removeCard(): void;
  /** As the buttons at the module do. */
  press(volume: number): void;
  stop(): void;
}

export interface SimPlayerOptions {
  readonly clock: Clock;
  readonly send: (bytes: Buffer) => void;
  /** Length of each track and file on the card. Units: s. */
  readonly lengthsS: Readonly<Record<number, number>>;
}

/** Units: ms. Source: DFRobot manual for the start (1.5 to 3 s); the others are assumed. */
const TIME = { answerMs: 15, errorMs: 60, startMs: 2_000, secondReportMs: 30 };
const FULL_VOLUME = 30;
const CARD = 2;

/** Source: DFRobot, DFPlayer Mini manual; written independently of the agent's codec. */
function frame(command: number, parameter: number): Buffer {
  const bytes = [0x7e, 0xff, 0x06, command, 0x00, (parameter >> 8) & 0xff, parameter & 0xff];
  const sum = bytes.slice(1).reduce((all, byte) => all + byte, 0);
  const check = (0x1_0000 - sum) & 0xffff;
  return Buffer.from([...bytes, check >> 8, check & 0xff, 0xef]);
}

export function createSimPlayer(options: SimPlayerOptions): SimPlayer {
  return new ModulePlayer(options);
}

class ModulePlayer implements SimPlayer {
  state: SimPlayer['state'] = 'stopped';
  volume = FULL_VOLUME;
  track = 0;
  readonly heard: HeardSound[] = [];
  readonly commands: string[] = [];
  isMute = false;
  isDeafToVolume = false;
  isWithoutAck = false;
  answerMs = TIME.answerMs;
  missNext = 0;
  hasCard = true;
  readonly #options: SimPlayerOptions;
  #rx = Buffer.alloc(0);
  #end: Timer | undefined;
  #isStarting = false;
  #isConfirmed = true;

  constructor(options: SimPlayerOptions) {
    this.#options = options;
  }

  receive(bytes: Buffer): void {
    if (this.isMute || this.#isStarting) return;
    this.#rx = Buffer.concat([this.#rx, bytes]);
    for (let at = this.#rx.indexOf(0x7e); at >= 0 && this.#rx.length >= at + 10; at = this.#rx.indexOf(0x7e)) {
      const taken = this.#rx.subarray(at, at + 10);
      this.#rx = this.#rx.subarray(at + 10);
      if (this.missNext > 0) this.missNext--;
      else if (frame(taken.readUInt8(3), taken.readUInt16BE(5)).subarray(5, 7).equals(taken.subarray(5, 7))) this.#obey(taken);
    }
  }

  powerCycle(): void {
    this.#silence();
    this.volume = FULL_VOLUME;
    this.#isStarting = true;
    this.#options.clock.after(TIME.startMs, () => {
      this.#isStarting = false;
      this.#send(frame(0x3f, this.hasCard ? CARD : 0));
    });
  }

  /** The module plays the first track by itself, as the manual says. */
  insertCard(): void {
    this.hasCard = true;
    this.#send(frame(0x3a, CARD));
    this.#play(1);
  }

  removeCard(): void {
    this.hasCard = false;
    this.#silence();
    this.#send(frame(0x3b, CARD));
  }

  press(volume: number): void {
    this.volume = volume;
    this.#note();
  }

  stop(): void {
    this.#end?.cancel();
  }

  #obey(bytes: Buffer): void {
    const [command, parameter] = [bytes.readUInt8(3), bytes.readUInt16BE(5)];
    const isQuery = command >= 0x42;
    if (!isQuery) this.commands.push(`${hex(command, 2)} ${hex(parameter, 4)}`);
    this.#isConfirmed = bytes[4] === 1;
    if (isQuery) this.#answer(command);
    else this.#act(command, parameter);
  }

  #answer(command: number): void {
    const files = this.hasCard ? Object.keys(this.#options.lengthsS).length : 0;
    const state = { stopped: 0, playing: 1, paused: 2 }[this.state];
    const values: Readonly<Record<number, number>> = { 66: (CARD << 8) | state, 67: this.volume, 72: files, 76: this.track };
    const value = values[command];
    if (value !== undefined) this.#later(this.answerMs, frame(command, value));
  }

  #act(command: number, parameter: number): void {
    if (this.#isConfirmed && !this.isWithoutAck) this.#later(this.answerMs, frame(0x41, 0));
    if (command === 0x06 && !this.isDeafToVolume) {
      this.volume = Math.min(parameter, FULL_VOLUME);
      this.#note();
    } else if (command === 0x03) this.#play(parameter);
    else if (command === 0x0f) this.#play((parameter >> 8) * 1_000 + (parameter & 0xff));
    else if (command === 0x16) this.#silence();
    else if (command === 0x0e) this.#silence('paused');
  }

  #play(track: number): void {
    const lengthS = this.#options.lengthsS[track];
    if (lengthS === undefined || !this.hasCard) {
      this.#later(TIME.errorMs, frame(0x40, 6));
      return;
    }
    this.#end?.cancel();
    this.state = 'playing';
    this.track = track;
    this.#note();
    this.#end = this.#options.clock.after(lengthS * 1_000, () => this.#finish(track));
  }

  /** The module reports an end twice. */
  #finish(track: number): void {
    this.#silence();
    this.#send(frame(0x3d, track));
    this.#later(TIME.secondReportMs, frame(0x3d, track));
  }

  #silence(state: SimPlayer['state'] = 'stopped'): void {
    this.#end?.cancel();
    this.state = state;
    this.#note();
  }

  #note(): void {
    const track = this.state === 'playing' ? this.track : 0;
    this.heard.push({ atMono: this.#options.clock.monoMs(), track, volume: this.volume });
  }

  #later(delayMs: number, bytes: Buffer): void {
    this.#options.clock.after(delayMs, () => this.#send(bytes));
  }

  #send(bytes: Buffer): void {
    if (!this.isMute && !this.#isStarting) this.#options.send(bytes);
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
