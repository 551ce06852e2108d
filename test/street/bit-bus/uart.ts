/**
 * A UART at the level of bits: what it sends for a byte, and what it makes of a waveform that another one sent.
 *
 * Pure. Source: 16550 data sheet: samples in the middle of a bit; after a framing error the low stop bit counts as the next start bit; a
 * break gives one character 00h, and the next starts after the line was high again. Linux passes characters with wrong parity or framing on,
 * and a break as 00h, unless INPCK, BRKINT or IGNBRK are set, which the serial bindings do not set.
 */
import type { SerialSettings } from '../../../agent/core/cabinet.ts';

/** A level from its start until that of the next. 1: mark (idle), 0: space. Units: ms. */
export interface LevelSpan {
  readonly fromMs: number;
  readonly level: 0 | 1;
}

/** A received character, and when its stop bit was sampled. */
export interface Character {
  readonly byte: number;
  readonly endMs: number;
  readonly isFaulty: boolean;
}

/** The bits of a frame, with start, parity and stop bits. */
export function bitsOf(bytes: Uint8Array, { dataBits, parity, stopBits }: SerialSettings): Uint8Array {
  const bits: number[] = [];
  for (const byte of bytes) {
    bits.push(0);
    let ones = 0;
    for (let i = 0; i < dataBits; i++) {
      bits.push((byte >> i) & 1);
      ones += (byte >> i) & 1;
    }
    if (parity !== 'none') bits.push(parity === 'even' ? ones & 1 : (ones & 1) ^ 1);
    for (let i = 0; i < stopBits; i++) bits.push(1);
  }
  return Uint8Array.from(bits);
}

/** Changes what a receiver samples: `sinceEdgeMs` is the time since the last change of the level. */
export type Disturbance = (atMs: number, level: 0 | 1, sinceEdgeMs: number) => 0 | 1;

/** The characters that a receiver with these settings makes of a waveform. `segments` in order of time; the last level lasts for ever. */
export function receive(segments: readonly LevelSpan[], serial: SerialSettings, disturb: Disturbance = (_, level) => level): Character[] {
  const bitMs = 1_000 / serial.baud;
  const places = 1 + serial.dataBits + (serial.parity === 'none' ? 0 : 1);
  const cursor = createCursor(segments, disturb);
  const out: Character[] = [];
  let startMs = cursor.fallAfter(Number.NEGATIVE_INFINITY);
  while (startMs !== null) {
    if (cursor.sample(startMs + 0.5 * bitMs) === 1) {
      startMs = cursor.fallAfter(startMs + 0.5 * bitMs);
      continue;
    }
    let byte = 0;
    let ones = 0;
    for (let i = 0; i < serial.dataBits; i++) {
      const bit = cursor.sample(startMs + (1.5 + i) * bitMs);
      byte |= bit << i;
      ones += bit;
    }
    const parityBit = serial.parity === 'none' ? null : cursor.sample(startMs + (1.5 + serial.dataBits) * bitMs);
    const stopMs = startMs + (places + 0.5) * bitMs;
    const stop = cursor.sample(stopMs);
    const isParityWrong = parityBit !== null && parityBit !== (serial.parity === 'even' ? ones & 1 : (ones & 1) ^ 1);
    out.push({ byte, endMs: stopMs, isFaulty: stop === 0 || isParityWrong });
    const isBreak = stop === 0 && byte === 0 && parityBit !== 1;
    startMs = stop === 1 ? cursor.fallAfter(stopMs) : isBreak ? cursor.fallAfterRise(stopMs) : startMs + places * bitMs;
  }
  return out;
}

function createCursor(segments: readonly LevelSpan[], disturb: Disturbance) {
  let at = 0;
  const seek = (ms: number): void => {
    while (at > 0 && (segments[at] as LevelSpan).fromMs > ms) at--;
    while (at + 1 < segments.length && (segments[at + 1] as LevelSpan).fromMs <= ms) at++;
  };
  const levelOf = (index: number): number => segments[index]?.level ?? 1;
  const fallFrom = (ms: number): number | null => {
    seek(ms);
    for (let i = at + 1; i < segments.length; i++) if (levelOf(i) === 0 && levelOf(i - 1) === 1) return (segments[i] as LevelSpan).fromMs;
    return null;
  };
  return {
    sample(ms: number): 0 | 1 {
      seek(ms);
      const { level, fromMs } = segments[at] ?? { level: 1 as const, fromMs: Number.NEGATIVE_INFINITY };
      return disturb(ms, level, ms - fromMs);
    },
    /** A receiver that sees a low level right away takes it as a start. */
    fallAfter: fallFrom,
    fallAfterRise(ms: number): number | null {
      seek(ms);
      for (let i = at; i < segments.length; i++) if (levelOf(i) === 1 && i > at) return fallFrom((segments[i] as LevelSpan).fromMs);
      return null;
    },
  };
}
