/** Units and a second master on a line of bits. */
import type { Clock, Timer } from '../../../agent/core/clock.ts';
import { crcBitwise, encodeReadReply, exceptionReply, parseRequest, type SlaveRequest, writeReply } from '../rtu-slave.ts';
import type { BitBus, BusNode } from './bit-bus.ts';
import type { Character } from './uart.ts';

/** A unit on the wires. Times in ms. */
export interface BitUnitOptions extends Omit<BusNode, 'onCharacters' | 'name'> {
  readonly name?: string;
  readonly address: number;
  readonly turnaroundMs: number;
  /** The turnaround varies evenly by up to this. */
  readonly jitterMs: number;
  /** It ignores wrong parity and stop bits. */
  readonly isLenient?: boolean;
  /** After so long without a request it does not receive the next one. */
  readonly sleepsAfterMs?: number;
  /** Share of requests that it does not answer, at random. */
  readonly missShare?: number;
  /** Registers from here are unknown to it. */
  readonly registers: number;
  /** Distinguishes the values of units. */
  readonly salt: number;
  /** Values change this often; units with one address that are in step look like one. */
  readonly valueMs?: number;
}

/** Connects a unit to the line. */
export function addBitUnit(bus: BitBus, clock: Clock, options: BitUnitOptions): void {
  const { address, turnaroundMs, jitterMs, serial, salt } = options;
  const bitsPerCharacter = 1 + serial.dataBits + (serial.parity === 'none' ? 0 : 1) + serial.stopBits;
  const gapMs = (3.5 * bitsPerCharacter * 1_000) / serial.baud;
  let heardMono = Number.NEGATIVE_INFINITY;
  let requests = 0;
  const replyTo = (request: SlaveRequest, bytes: Buffer): Buffer => {
    if (request.kind === 'write') return writeReply(bytes);
    if (request.address + request.count > options.registers) return exceptionReply(request, 2);
    const step = Math.floor(clock.monoMs() / (options.valueMs ?? 2_000));
    // Half of the registers change, as power and counters do; the others are settings.
    const words = Array.from({ length: request.count }, (_, i) => {
      const place = request.address + i;
      return Math.floor(bus.hash('value', salt, place, place % 2 === 0 ? 0 : step) * 1_000);
    });
    return encodeReadReply(request, words);
  };
  const serve = (node: BusNode, frame: readonly Character[]): void => {
    if (options.isLenient !== true && frame.some(({ isFaulty }) => isFaulty)) return;
    const bytes = Buffer.from(frame.map(({ byte }) => byte));
    const request = parseRequest(bytes);
    if (request == null || request.bytes !== bytes.length || request.unit !== address) return;
    const nowMono = clock.monoMs();
    const wasAsleep = nowMono - heardMono > (options.sleepsAfterMs ?? Number.POSITIVE_INFINITY);
    heardMono = nowMono;
    requests++;
    if (wasAsleep || bus.hash('miss', salt, requests) < (options.missShare ?? 0)) return;
    const reply = replyTo(request, bytes);
    // A unit that answers as soon as the silence allows still has the jitter of its own timer.
    const waitMs = Math.max(gapMs, turnaroundMs) + jitterMs * bus.hash('jitter', salt, requests);
    clock.precisely(nowMono + waitMs, () => void bus.send(node, reply));
  };
  const node: BusNode = {
    ...options,
    name: options.name ?? `unit ${address}`,
    onCharacters(characters) {
      for (const frame of framesOf(characters, gapMs)) serve(node, frame);
    },
  };
  bus.add(node);
}

/** A second master, which reads from these addresses in turn. It does not look whether the line is free. */
export function addSecondMaster(
  bus: BitBus,
  clock: Clock,
  options: Pick<BusNode, 'serial'> & { readonly addresses: readonly number[]; readonly periodMs: number; readonly count: number },
): { stop(): void } {
  const node: BusNode = { name: 'second master', serial: options.serial };
  let turn = 0;
  let timer: Timer;
  const next = (): void => {
    const unit = options.addresses[turn % options.addresses.length] as number;
    const body = Buffer.from([unit, 4, 0, 0, 0, options.count]);
    const crc = crcBitwise(body);
    bus.send(node, Buffer.concat([body, Buffer.from([crc & 0xff, crc >> 8])]));
    turn++;
    timer = clock.after(options.periodMs * (0.9 + 0.2 * bus.hash('master', turn)), next);
  };
  timer = clock.after(options.periodMs * bus.hash('master', 0), next);
  return { stop: () => timer.cancel() };
}

function framesOf(characters: readonly Character[], gapMs: number): Character[][] {
  const frames: Character[][] = [];
  for (const character of characters) {
    const last = frames.at(-1);
    if (last === undefined || character.endMs - (last.at(-1) as Character).endMs > 2 * gapMs) frames.push([character]);
    else last.push(character);
  }
  return frames;
}
