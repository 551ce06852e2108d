/**
 * An RS-485 line at the level of bits: drivers that overlap, receivers that sample, noise while no driver is active.
 *
 * Everything that the gateway receives follows from waveforms, so that a fault is its physical cause and not the bytes that somebody expects of
 * it. It shares no code with the agent except types. Noise is a function of seed, receiver and time: the same moment looks the same whenever it
 * is computed.
 */
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import type { Clock, MonoMs, Timer } from '../../../agent/core/clock.ts';
import { bitsOf, type Character, type Disturbance, type LevelSpan, receive } from './uart.ts';

/** Anything that is connected to the wires. */
export interface BusNode {
  readonly name: string;
  readonly serial: SerialSettings;
  /** A and B are exchanged at its terminals. */
  readonly isSwapped?: boolean;
  /** Probability that one sample of what it sends, or of what it receives, is wrong. */
  readonly flipShare?: number;
  /** Amplitude that arrives of the ringing after an edge, 0 for none: grows with its distance from the terminated end. */
  readonly ringing?: number;
  /** Receives the characters of a busy time that it did not send itself, at their end. */
  readonly onCharacters?: (characters: readonly Character[]) => void;
}

/** Physical state of the wires. */
export interface BusWires {
  readonly seed: number;
  /** Standard deviation of the noise at a receiver, in parts of the signal. */
  sigma: number;
  /** A reflection comes back after this time and is `rho` of what it was. Units: ms. */
  readonly reflection: { readonly roundTripMs: number; readonly rho: number } | null;
  /** Noise pulses while no driver is active. Null: biased. Units: pulses per second and ms. */
  floating: { readonly pulsesPerS: number; readonly pulseMs: number; readonly releaseShare: number } | null;
  /** Without a driver the gateway's receiver has the space level. */
  readonly idlesInverted: boolean;
  /** What two opposing drivers give: the stronger one, or anything. */
  readonly contention: 'stronger' | 'mixed';
}

/** The gateway's adapter. `stepMs`: bytes are passed on at these steps; null for at once. */
export interface BusAdapter {
  readonly hasEcho: boolean;
  readonly stepMs: number | null;
  /** The steps count from the last delivery of a full packet. */
  readonly packetBytes: number;
  readonly fifoBytes: number;
}

interface Transmission {
  readonly sender: BusNode;
  readonly fromMs: number;
  readonly bitMs: number;
  readonly bits: Uint8Array;
  readonly endMs: number;
  readonly strength: number;
}

interface Pulse {
  readonly fromMs: number;
  readonly endMs: number;
}

/** The line. `gateway` sends by `send` like every node, and receives through its adapter by `onGatewayBytes`. */
export class BitBus {
  readonly wires: BusWires;
  onGatewayBytes: (bytes: Buffer) => void = () => {};
  readonly #clock: Clock;
  readonly #adapter: BusAdapter;
  readonly #nodes: BusNode[] = [];
  #gateway: BusNode;
  #live: Transmission[] = [];
  #pulses: Pulse[] = [];
  #delivered = 0;
  /** What the gateway has yet to receive, and when the busy time ends. */
  #deliveries: readonly { readonly atMs: MonoMs; readonly bytes: Buffer }[] = [];
  #endMs: MonoMs = 0;
  #next: Timer | null = null;
  #noise: Timer | null = null;
  #order = 0;

  constructor(clock: Clock, wires: BusWires, adapter: BusAdapter, gateway: SerialSettings) {
    this.wires = wires;
    this.#clock = clock;
    this.#adapter = adapter;
    this.#gateway = { name: 'gateway', serial: gateway };
    this.#scheduleNoise();
  }

  add(node: BusNode): void {
    this.#nodes.push(node);
  }

  /** The gateway uses these settings from now on. */
  tune(serial: SerialSettings): void {
    this.#gateway = { ...this.#gateway, serial };
  }

  sendFromGateway(bytes: Uint8Array): void {
    const { hasEcho } = this.#adapter;
    const endMs = this.send(this.#gateway, bytes);
    if (hasEcho) this.#clock.precisely(endMs, () => this.onGatewayBytes(Buffer.from(bytes)));
  }

  /** Puts a frame on the wires now. Returns when it ends. */
  send(sender: BusNode, bytes: Uint8Array): MonoMs {
    const fromMs = this.#clock.monoMs();
    const bitMs = 1_000 / sender.serial.baud;
    const bits = bitsOf(bytes, sender.serial);
    const endMs = fromMs + bits.length * bitMs;
    this.#live.push({ sender, fromMs, bitMs, bits, endMs, strength: this.hash('strength', this.#order++) });
    const { floating } = this.wires;
    if (floating !== null && this.hash('release', endMs) < floating.releaseShare)
      this.#pulse(endMs + this.hash('delay', endMs) * bitMs, 2 * floating.pulseMs);
    this.#changed();
    return endMs;
  }

  stop(): void {
    this.#noise?.cancel();
    this.#next?.cancel();
  }

  /** A number from 0 to 1 that depends on the seed and these values only. */
  hash(word: string, ...values: readonly number[]): number {
    let h = this.wires.seed | 0;
    for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), 0x9e3779b1);
    for (const value of values) {
      h = Math.imul(h ^ Math.floor(value * 65_536), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13) ^ Math.floor(value / 65_536), 0xc2b2ae35);
      h ^= h >>> 16;
    }
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    return ((h ^ (h >>> 12)) >>> 0) / 4_294_967_296;
  }

  #pulse(fromMs: number, meanMs: number): void {
    this.#pulses.push({ fromMs, endMs: fromMs - meanMs * Math.log(1 - this.hash('length', fromMs)) });
  }

  #scheduleNoise(): void {
    const { floating } = this.wires;
    const perS = floating?.pulsesPerS ?? 0;
    const waitMs = perS === 0 ? 1_000 : (-1_000 / perS) * Math.log(1 - this.hash('wait', this.#clock.monoMs()));
    this.#noise = this.#clock.after(waitMs, () => {
      const now = this.wires.floating;
      if (now !== null) {
        this.#pulse(this.#clock.monoMs(), now.pulseMs);
        this.#changed();
      }
      this.#scheduleNoise();
    });
  }

  /** Computes again what the gateway receives in this busy time; what it has already received cannot change. */
  #changed(): void {
    const characters = this.#heardBy(this.#gateway);
    const groups = Map.groupBy(characters.slice(this.#delivered), (character) => this.#deliveryMs(character, characters));
    this.#deliveries = [...groups].map(([atMs, group]) => ({ atMs, bytes: Buffer.from(group.map(({ byte }) => byte)) }));
    this.#endMs = Math.max(...[...this.#live, ...this.#pulses, ...characters].map(({ endMs }) => endMs));
    this.#scheduleNext();
  }

  /** One timer after the other: several at once may fire out of order in real time. */
  #scheduleNext(): void {
    const [next] = this.#deliveries;
    this.#next?.cancel();
    this.#next = this.#clock.precisely(next?.atMs ?? this.#endMs + 1e-3, () => {
      if (next === undefined) {
        this.#end();
        return;
      }
      this.#deliveries = this.#deliveries.slice(1);
      this.#delivered += next.bytes.length;
      this.#scheduleNext();
      this.onGatewayBytes(next.bytes);
    });
  }

  /** A FIFO passes on a group of bytes, and the rest once the line has been silent; an adapter with steps waits for its next step. */
  #deliveryMs({ endMs }: Character, all: readonly Character[]): number {
    const { stepMs, fifoBytes } = this.#adapter;
    if (stepMs !== null) return Math.ceil(endMs / stepMs) * stepMs;
    const index = all.findIndex((each) => each.endMs === endMs);
    const last = Math.min(all.length - 1, (Math.floor(index / fifoBytes) + 1) * fifoBytes - 1);
    return all[last]?.endMs ?? endMs;
  }

  #end(): void {
    const senders = new Set(this.#live.map(({ sender }) => sender));
    for (const node of this.#live.length === 0 ? [] : this.#nodes) {
      if (node.onCharacters === undefined || (senders.size === 1 && senders.has(node))) continue;
      const heard = this.#heardBy(node);
      if (heard.length > 0) node.onCharacters(heard);
    }
    this.#live = [];
    this.#pulses = [];
    this.#deliveries = [];
    this.#delivered = 0;
  }

  #heardBy(receiver: BusNode): Character[] {
    const others = this.#live.filter(({ sender }) => sender.name !== receiver.name);
    const segments = this.#waveform(receiver, others);
    return receive(segments, receiver.serial, this.#disturbanceAt(receiver, others));
  }

  #waveform(receiver: BusNode, others: readonly Transmission[]): LevelSpan[] {
    const own = this.#live.filter(({ sender }) => sender.name === receiver.name);
    const isGateway = receiver.name === 'gateway';
    const idle = isGateway && this.wires.idlesInverted ? 0 : 1;
    const times = new Set<number>([Number.NEGATIVE_INFINITY]);
    for (const { fromMs, bitMs, bits, endMs } of others) {
      for (let i = 0; i < bits.length; i++) if (i === 0 || bits[i] !== bits[i - 1]) times.add(fromMs + i * bitMs);
      times.add(endMs);
    }
    for (const { fromMs, endMs } of [...own, ...this.#pulses]) times.add(fromMs).add(endMs);
    const sorted = [...times].sort((a, b) => a - b);
    const segments: LevelSpan[] = [];
    for (const [i, fromMs] of sorted.entries()) {
      const atMs = fromMs === Number.NEGATIVE_INFINITY ? (sorted[1] ?? 0) - 1 : (fromMs + (sorted[i + 1] ?? fromMs + 1)) / 2;
      const level = this.#levelAt(atMs, { others, own, idle, isSwapped: receiver.isSwapped === true });
      if (segments.at(-1)?.level !== level) segments.push({ fromMs, level });
    }
    return segments;
  }

  #levelAt(
    atMs: number,
    { others, own, idle, isSwapped }: { others: readonly Transmission[]; own: readonly Transmission[]; idle: 0 | 1; isSwapped: boolean },
  ): 0 | 1 {
    // A half-duplex receiver is off while its own driver is on.
    if (own.some(({ fromMs, endMs }) => atMs >= fromMs && atMs < endMs)) return 1;
    const active = others.filter(({ fromMs, endMs }) => atMs >= fromMs && atMs < endMs);
    if (active.length === 0) return this.#pulses.some(({ fromMs, endMs }) => atMs >= fromMs && atMs < endMs) ? 0 : idle;
    const levels = active.map(
      ({ fromMs, bitMs, bits, sender }) => (bits[Math.floor((atMs - fromMs) / bitMs)] ?? 1) ^ (sender.isSwapped === true ? 1 : 0),
    );
    const isEqual = levels.every((level) => level === levels[0]);
    const strongest = active.reduce((best, each, i) => (each.strength > (active[best] as Transmission).strength ? i : best), 0);
    const level = isEqual || this.wires.contention === 'stronger' ? levels[strongest] : this.hash('contention', atMs) < 0.5 ? 0 : 1;
    return (isSwapped ? (level as number) ^ 1 : (level as number)) as 0 | 1;
  }

  #disturbanceAt(receiver: BusNode, others: readonly Transmission[]): Disturbance {
    const { reflection } = this.wires;
    const id = [...receiver.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 65_536;
    // Below one wrong sample in ten million nothing would ever show.
    const isPlain =
      reflection === null &&
      tail(1 / this.wires.sigma) < 1e-7 &&
      others.every(({ sender }) => (sender.flipShare ?? 0) === 0) &&
      (receiver.flipShare ?? 0) === 0;
    if (isPlain) return (_, level) => level;
    return (atMs, level, sinceEdgeMs) => {
      const sender = others.find(({ fromMs, endMs }) => atMs >= fromMs && atMs < endMs)?.sender;
      if (sender === undefined) return level;
      const ringing = Math.max(sender.ringing ?? 0, receiver.ringing ?? 0);
      const rest = reflection === null ? 0 : ringing * reflection.rho ** (sinceEdgeMs / reflection.roundTripMs);
      const share = tail((1 - 2 * rest) / this.wires.sigma) + (sender.flipShare ?? 0) + (receiver.flipShare ?? 0);
      return this.hash('sample', id, atMs) < share ? ((level ^ 1) as 0 | 1) : level;
    };
  }
}

/** The probability that noise exceeds this many standard deviations. Source: Abramowitz and Stegun 7.1.26, error below 1.5e-7. */
function tail(deviations: number): number {
  if (!Number.isFinite(deviations)) return deviations > 0 ? 0 : 1;
  const x = Math.abs(deviations) / Math.SQRT2;
  const t = 1 / (1 + 0.327_591_1 * x);
  const poly = ((((1.061_405_429 * t - 1.453_152_027) * t + 1.421_413_741) * t - 0.284_496_736) * t + 0.254_829_592) * t;
  const upper = 0.5 * poly * Math.exp(-x * x);
  return deviations >= 0 ? upper : 1 - upper;
}
