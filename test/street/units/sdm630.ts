import type { SimWorld } from '../world.ts';
import { f32Words, ILLEGAL_ADDRESS, type SimUnit } from './sim-unit.ts';

/** Mains at the cabinet. Units: V. */
const PHASE_V = 230.4;

/** An Eastron SDM630 on the feed of the whole street; quantities that are not simulated are 0. Source: Eastron SDM630MCT Modbus protocol V1.7. */
export function createSdm630(world: SimWorld): SimUnit {
  const currentA = (): number => world.powerW() / 3 / PHASE_V;
  const floats: Readonly<Record<number, () => number>> = {
    0: () => PHASE_V,
    2: () => PHASE_V + 0.6,
    4: () => PHASE_V - 0.4,
    6: currentA,
    8: currentA,
    10: currentA,
    12: () => world.powerW() / 3,
    14: () => world.powerW() / 3,
    16: () => world.powerW() / 3,
    52: () => world.powerW(),
    62: () => 1,
    70: () => 50.01,
    72: () => world.energyKwh(),
    342: () => world.energyKwh(),
  };
  return {
    turnaroundMs: 20,
    read(table, address, count) {
      if (table !== 'input' || address % 2 !== 0 || count % 2 !== 0 || count > 60) return ILLEGAL_ADDRESS;
      return Array.from({ length: count / 2 }, (_, i) => f32Words(floats[address + 2 * i]?.() ?? 0)).flat();
    },
    write: () => ILLEGAL_ADDRESS,
  };
}
