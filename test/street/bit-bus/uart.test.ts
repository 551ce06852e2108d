/** What a UART makes of waveforms, computed by hand. */
import t from 'tap';
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import { bitsOf, type LevelSpan, receive } from './uart.ts';

const settings = (baud: number, parity: SerialSettings['parity'] = 'none', stopBits: 1 | 2 = 1): SerialSettings => ({
  baud,
  parity,
  stopBits,
  dataBits: 8,
});

/** The waveform of a frame that begins at 1 ms. */
function wave(bytes: readonly number[], serial: SerialSettings, isInverted = false): LevelSpan[] {
  const bitMs = 1_000 / serial.baud;
  const flip = isInverted ? 1 : 0;
  const level = (bit: number): 0 | 1 => (bit ^ flip) as 0 | 1;
  const bits = [...bitsOf(Uint8Array.from(bytes), serial)];
  return [
    { fromMs: Number.NEGATIVE_INFINITY, level: 1 },
    ...bits.map((bit, i) => ({ fromMs: 1 + i * bitMs, level: level(bit) })),
    { fromMs: 1 + bits.length * bitMs, level: 1 },
  ];
}

const heard = (segments: readonly LevelSpan[], serial: SerialSettings): string =>
  receive(segments, serial)
    .map(({ byte, isFaulty }) => `${byte.toString(16).padStart(2, '0')}${isFaulty ? '!' : ''}`)
    .join(' ');

const CASES = [
  ['its own settings', wave([0x01, 0x03, 0xff, 0x00], settings(9_600)), settings(9_600), '01 03 ff 00'],
  ['two stop bits instead of one', wave([0x01, 0x03, 0xff], settings(9_600, 'none', 2)), settings(9_600), '01 03 ff'],
  // 55h at half the speed: 00 11 00 11 ..., so start 0, data 0 1 1 0 0 1 1 0 (66h), stop 0; that stop is the next start, data 1 1 0 0 1 1 0 0 (33h).
  ['a sender at half the speed', wave([0x55], settings(4_800)), settings(9_600), '66! 33'],
  // 00h at three times the speed is low for three bits of the receiver: start, two zeros, then ones.
  ['a sender at three times the speed', wave([0x00], settings(28_800)), settings(9_600), 'fc'],
  // The parity bit of 03h (two ones) is 0 and stands where a stop bit is expected: a framing error, and it counts as the next start.
  ['even parity where none is expected, with a parity bit of 1', wave([0x01], settings(9_600, 'even')), settings(9_600), '01'],
  ['even parity where none is expected, with a parity bit of 0', wave([0x03], settings(9_600, 'even')), settings(9_600), '03! ff'],
  ['two stop bits where even parity is expected', wave([0x01, 0x03], settings(9_600, 'none', 2)), settings(9_600, 'even'), '01 03!'],
  // Inverted, 00h is a mark of nine bits after an idle mark: the start is the inverted stop bit.
  ['swapped wires', wave([0x00], settings(9_600), true), settings(9_600), 'ff'],
] as const;

for (const [what, segments, serial, expected] of CASES)
  t.test(`a receiver of ${what} sees ${expected}`, async (t) => {
    t.equal(heard(segments, serial), expected);
  });

t.test('a line that falls to space is one 00, however long it lasts', async (t) => {
  const fall = (forMs: number): LevelSpan[] => [
    { fromMs: Number.NEGATIVE_INFINITY, level: 1 },
    { fromMs: 1, level: 0 },
    { fromMs: 1 + forMs, level: 1 },
  ];
  t.equal(heard(fall(2), settings(9_600)), '00!');
  t.equal(heard(fall(500), settings(9_600)), '00!');
  t.equal(heard(fall(0.03), settings(9_600)), '', 'a pulse shorter than half a bit is no start');
});
