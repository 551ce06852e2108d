import type { Clock, Timer } from '../../../agent/core/clock.ts';
import type { Random } from '../random.ts';

/** A Nova SDS011 that sends its measurement once a second. */
export interface SimSds011 {
  /** The air around it: a street with a diesel engine below the sensor, or clean. */
  isAirBad: boolean;
  /** The last measurement sent. Units: µg/m³. */
  readonly pm25: number;
  start(): void;
  stop(): void;
}

/** Units: µg/m³. Source: assumed; a clean evening, and a column of diesel engines. Confirmed by: a week of a sensor at a road. */
const AIR = { clean: { pm25: 4, pm10: 9 }, bad: { pm25: 72, pm10: 110 } } as const;
/** Units: µg/m³. */
const NOISE = { pm25: 3, pm10: 6 } as const;
/** Source: Nova Fitness SDS011 protocol V1.3. */
const PERIOD_MS = 1_000;

/** A silent sensor in clean air; `send` gets its frames once it has started. */
export function createSds011(clock: Clock, random: Random, send: (bytes: Buffer) => void): SimSds011 {
  let timer: Timer | undefined;
  const sensor = {
    isAirBad: false,
    pm25: 0,
    start() {
      const { pm25, pm10 } = sensor.isAirBad ? AIR.bad : AIR.clean;
      sensor.pm25 = pm25 + NOISE.pm25 * random();
      send(sds011Frame(sensor.pm25, pm10 + NOISE.pm10 * random()));
      timer = clock.after(PERIOD_MS, () => sensor.start());
    },
    stop: () => timer?.cancel(),
  };
  return sensor;
}

/** A frame of a Nova SDS011. Units: µg/m³. Source: Nova Fitness SDS011 protocol V1.3. */
export function sds011Frame(pm25: number, pm10: number): Buffer {
  const frame = Buffer.from([0xaa, 0xc0, 0, 0, 0, 0, 0x58, 0xd9, 0, 0xab]);
  frame.writeUInt16LE(Math.round(pm25 * 10), 2);
  frame.writeUInt16LE(Math.round(pm10 * 10), 4);
  frame[8] = frame.subarray(2, 8).reduce((sum, byte) => sum + byte, 0) & 0xff;
  return frame;
}
