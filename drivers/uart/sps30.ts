/**
 * The Sensirion SPS30 dust sensor, which is woken, started and then polled once a second.
 *
 * Pure.
 * Source: Sensirion/embedded-uart-sps, the manufacturer's own driver; answers confirmed by PyPMS and its captured data.
 */
import type { FrameCodec, FrameValues } from './frame-codec.ts';
import { maxAnswerBytes, shdlcAnswerAt } from './shdlc.ts';

/** Big-endian floats of the answer in their order. Units: µg/m³, then 1/cm³, then µm. */
const QUANTITIES = ['pm1', 'pm2_5', 'pm4', 'pm10', 'nc0_5', 'nc1', 'nc2_5', 'nc4', 'nc10', 'size_um'];
const DATA_BYTES = 4 * QUANTITIES.length;
const READ = 0x03;
const REFUSED_MASK = 0x7f;
const FAULT_BIT = 7;
const MAX_BYTES = maxAnswerBytes(DATA_BYTES);

/** The first byte is lost on a sensor that sleeps: it only wakes the interface. */
const WAKE = Buffer.from('ff7e007d3100ee7e', 'hex');
const START_WITH_FLOATS = Buffer.from('7e0000020103f97e', 'hex');
const READ_VALUES = Buffer.from('7e000300fc7e', 'hex');

export const SPS30: FrameCodec = {
  maxFrameBytes: MAX_BYTES,
  /** Five of its samples. Units: ms. Source: assumed. */
  silenceMs: 5_000,
  init: [WAKE, START_WITH_FLOATS],
  /** Units: ms. Source: it has a new sample once a second. */
  poll: { bytes: READ_VALUES, everyMs: 1_000 },
  parse(bytes, at) {
    const answer = shdlcAnswerAt(bytes, at, MAX_BYTES);
    if (answer === 'no' || answer === 'more') return answer;
    const { lengthBytes, command, state, data } = answer;
    // No data is "no new sample"; a refusal is that of a sensor that has restarted and measures nothing until it is started again.
    const measures = command === READ && (state & REFUSED_MASK) === 0 && data.length === DATA_BYTES;
    return { lengthBytes, values: measures ? valuesOf(data, state >> FAULT_BIT) : null };
  },
};

function valuesOf(data: Buffer, fault: number): FrameValues {
  return { ...Object.fromEntries(QUANTITIES.map((id, i) => [id, data.readFloatBE(4 * i)])), fault };
}
