import type { Clock } from '../../../agent/core/clock.ts';

/**
 * Registers that all Wiren Board devices share: seconds since power-on, and the model's name, one character a register.
 *
 * Any other address is undefined. Source: Wiren Board wiki, common registers.
 */
export interface WirenBoardRegisters {
  input(address: number): number | undefined;
  holding(address: number): number | undefined;
  /** Mains were cut and came back. */
  powerUp(): void;
}

/** The registers of a device that was powered on now. `signature`: the model's name, at most six characters. */
export function createWirenBoardRegisters(signature: string, clock: Clock): WirenBoardRegisters {
  let upSinceMono = clock.monoMs();
  const upS = (): number => Math.floor((clock.monoMs() - upSinceMono) / 1_000);
  return {
    input(address) {
      if (address === 104) return Math.floor(upS() / 0x1_0000);
      return address === 105 ? upS() % 0x1_0000 : undefined;
    },
    // A shorter name is followed by zeros.
    holding: (address) => (address >= 200 && address <= 205 ? signature.padEnd(6, '\0').charCodeAt(address - 200) : undefined),
    powerUp() {
      upSinceMono = clock.monoMs();
    },
  };
}
