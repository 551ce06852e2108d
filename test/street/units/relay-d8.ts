import { ILLEGAL_ADDRESS, ILLEGAL_VALUE, type SimUnit } from './sim-unit.ts';

/** A Waveshare Modbus RTU Relay (D): eight relays and eight inputs, 0 or 1. The caller changes `inputs` at any time. Source: Waveshare wiki. */
export function createRelayD8(inputs: number[]): SimUnit & { readonly relays: readonly number[] } {
  const relays = Array.from({ length: 8 }, () => 0);
  const modes = Array.from({ length: 8 }, () => 1);
  const slice = (from: readonly number[], address: number, count: number): readonly number[] | typeof ILLEGAL_ADDRESS =>
    address + count <= from.length ? from.slice(address, address + count) : ILLEGAL_ADDRESS;
  return {
    relays,
    turnaroundMs: 4,
    read(table, address, count) {
      if (table === 'coil') return slice(relays, address, count);
      if (table === 'discrete') return slice(inputs, address, count);
      return table === 'holding' && address >= 0x1000 ? slice(modes, address - 0x1000, count) : ILLEGAL_ADDRESS;
    },
    write(table, address, values) {
      const [to, at] = table === 'coil' ? [relays, address] : [modes, address - 0x1000];
      if (at < 0 || at + values.length > to.length) return ILLEGAL_ADDRESS;
      if (table === 'holding' && values.some((value) => value > 3)) return ILLEGAL_VALUE;
      values.forEach((value, i) => {
        to[at + i] = value;
      });
      return undefined;
    },
    powerUp: () => relays.fill(0),
  };
}
