import type { Clock } from '../../../agent/core/clock.ts';
import type { SimWorld, WorldSensor } from '../world.ts';
import { ILLEGAL_ADDRESS, ILLEGAL_VALUE, readSparse, type SimUnit } from './sim-unit.ts';
import { createWirenBoardRegisters } from './wiren-board.ts';

/** Value of the motion register while a person moves in front of it. Source: Wiren Board: 0 to several thousand. */
const MOTION = { moving: 380, still: 6 };

export interface WbMswOptions {
  readonly world: SimWorld;
  readonly sensor: WorldSensor;
  readonly clock: Clock;
}

/** A Wiren Board WB-MSW: motion with its own hold window, light, sound, climate. */
export function createWbMsw({ world, sensor, clock }: WbMswOptions): SimUnit {
  const common = createWirenBoardRegisters('WBMSW4', clock);
  let windowS = 10;
  const raw = (holdMs: number): number => {
    if (sensor.stuck !== null) return sensor.stuck;
    const seenMono = world.seenMono(sensor);
    return seenMono !== null && clock.monoMs() - seenMono <= holdMs ? MOTION.moving : MOTION.still;
  };
  const lux = (): number => Math.round(world.daylightLx() * 100);
  const inputs: Readonly<Record<number, () => number>> = {
    3: () => (raw(0) === MOTION.moving ? 5_200 : 3_800),
    4: () => 640,
    5: () => 7_800,
    6: () => 0,
    7: () => 0,
    8: () => 0xffff,
    9: () => Math.floor(lux() / 0x1_0000) & 0xffff,
    10: () => lux() & 0xffff,
    280: () => raw(windowS * 1_000),
    281: () => raw(0),
    283: () => raw(0),
  };
  return {
    turnaroundMs: 8,
    read(table, address, count) {
      if (table === 'input') return readSparse((at) => inputs[at]?.() ?? common.input(at), address, count);
      if (table !== 'holding') return ILLEGAL_ADDRESS;
      return readSparse((at) => (at === 282 ? windowS : common.holding(at)), address, count);
    },
    write(table, address, [value]) {
      if (table !== 'holding' || address !== 282 || value === undefined) return ILLEGAL_ADDRESS;
      if (value < 1 || value > 60) return ILLEGAL_VALUE;
      windowS = value;
      return undefined;
    },
    powerUp: () => common.powerUp(),
  };
}
