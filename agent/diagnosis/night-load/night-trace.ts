/**
 * The power and voltage of one night of a meter, one value a minute from switch-on. Logarithms, because lamps, voltage and dimming act as factors.
 */
import { isRecord } from '../../core/is-record.ts';

/** Longest night that is kept. Units: minutes. Source: assumed; a day, for latitudes without a day in winter. Confirmed by: switching times of a northern cabinet. */
export const NIGHT_MIN = 1_440;
/** Steps of a packed logarithm: one is 0.025 % of power or voltage. The largest packed value is e^16 W. */
const PACK = 4_000;

/** Power and voltage by minute. Shape: the index is the minute since `onMin`. Units: ln W, ln V; NaN without a positive value. */
export class NightTrace {
  /** The first minute: when the lamps came on, or, as after a start at night, were first seen on. Units: minutes since 1970, UTC. */
  readonly onMin: number;
  /** Local time less UTC at switch-on. Units: minutes. */
  readonly utcOffsetMin: number;
  readonly lnW: Float32Array;
  readonly lnV: Float32Array;
  /** Number of minutes from `onMin` to the last recorded one, both included, also those without a value. */
  length = 0;
  /** The switch-on was seen at its usual time, or at any while none is known, and the meter was not stuck: the night may be learned. */
  isRegular = false;

  constructor(onMin: number, utcOffsetMin: number, capacityMin = NIGHT_MIN) {
    this.onMin = onMin;
    this.utcOffsetMin = utcOffsetMin;
    this.lnW = new Float32Array(capacityMin).fill(Number.NaN);
    this.lnV = new Float32Array(capacityMin).fill(Number.NaN);
  }

  /** Records one minute. A minute outside the capacity has no effect. Units: `minute` since switch-on; W and V, NaN for no value. */
  put(minute: number, watts: number, volts: number): void {
    if (minute < 0 || minute >= this.lnW.length) return;
    this.lnW[minute] = watts > 0 ? Math.log(watts) : Number.NaN;
    this.lnV[minute] = volts > 0 ? Math.log(volts) : Number.NaN;
    this.length = Math.max(this.length, minute + 1);
  }

  /** Minutes of the night that have a power. */
  get measuredMin(): number {
    let count = 0;
    for (let minute = 0; minute < this.length; minute++) if (!Number.isNaN(this.lnW[minute] ?? Number.NaN)) count++;
    return count;
  }

  /** Returns a copy that is as long as the night, but at least one minute; its `isRegular` is false. */
  trimmed(): NightTrace {
    const copy = new NightTrace(this.onMin, this.utcOffsetMin, Math.max(1, this.length));
    copy.lnW.set(this.lnW.subarray(0, this.length));
    copy.lnV.set(this.lnV.subarray(0, this.length));
    copy.length = this.length;
    return copy;
  }
}

/** Returns a night as data for the store. Values are rounded; those up to about 1 W or 1 V are dropped. */
export function packedNight(night: NightTrace): Readonly<Record<string, unknown>> {
  const { onMin, utcOffsetMin, isRegular, length } = night;
  return { onMin, utcOffsetMin, isRegular, power: packed(night.lnW, length), voltage: packed(night.lnV, length) };
}

/** Returns the night from data that `packedNight` returned; null for a value of another shape. */
export function unpackedNight(stored: unknown): NightTrace | null {
  if (!isRecord(stored)) return null;
  const { onMin, utcOffsetMin, power, voltage } = stored;
  if (!isWhole(onMin) || !isWhole(utcOffsetMin) || typeof power !== 'string' || typeof voltage !== 'string') return null;
  const [watts, volts] = [unpacked(power), unpacked(voltage)];
  if (watts.length !== volts.length || watts.length > NIGHT_MIN) return null;
  const night = new NightTrace(onMin, utcOffsetMin);
  night.lnW.set(watts);
  night.lnV.set(volts);
  night.length = watts.length;
  night.isRegular = stored['isRegular'] === true;
  return night;
}

function packed(values: Float32Array, length: number): string {
  const bytes = Buffer.alloc(length * 2);
  for (let index = 0; index < length; index++) {
    const value = values[index] ?? Number.NaN;
    // 0 stands for no value: ln 1 W is no power of a street.
    if (value > 0) bytes.writeUInt16LE(Math.min(65_535, Math.round(value * PACK)), index * 2);
  }
  return bytes.toString('base64');
}

function unpacked(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return Float32Array.from({ length: Math.floor(bytes.length / 2) }, (_, index) => {
    const value = bytes.readUInt16LE(index * 2);
    return value === 0 ? Number.NaN : value / PACK;
  });
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
