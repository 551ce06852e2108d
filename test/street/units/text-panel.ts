import { ILLEGAL_ADDRESS, type SimUnit } from './sim-unit.ts';

/** A simulated panel with the lines that a person reads on it. */
export interface SimPanel extends SimUnit {
  /** Trailing blanks are left out. */
  texts(): string[];
}

/** A tube display: one ASCII code in each of its first registers, which can be read back. Source: lamaplc.com, DM56A04 / DM36B06. */
export function createTubeDisplay(digits: number): SimPanel {
  const registers: number[] = [];
  // The start text of the display's own memory.
  const powerUp = (): void => void registers.splice(0, digits, ...Array.from({ length: digits }, () => 0x30));
  powerUp();
  return {
    turnaroundMs: 5,
    read: (table, address, count) =>
      table === 'holding' && address + count <= digits ? registers.slice(address, address + count) : ILLEGAL_ADDRESS,
    write(table, address, values) {
      if (table !== 'holding' || address + values.length > digits) return ILLEGAL_ADDRESS;
      registers.splice(address, values.length, ...values);
      return undefined;
    },
    powerUp,
    texts: () => [String.fromCharCode(...registers.map((code) => code & 0x7f)).trim()],
  };
}

const LINES = [1_000, 2_000];
const RESET_SWITCH = 43;

/**
 * An LED card of two lines, whose texts cannot be read back. `isSwapped`: the second character of each pair is in the high byte. It loses its text
 * without power. Source: docs-embeddedart-in, products/led-display-control-card; that reads of the lines are refused is assumed. Confirmed by: a
 * read of register 1000 of a card.
 */
export function createLedCard(isSwapped: boolean): SimPanel {
  const shown = LINES.map((): number[] => []);
  const characters = (word: number): number[] => (isSwapped ? [word & 0xff, word >> 8] : [word >> 8, word & 0xff]);
  return {
    turnaroundMs: 8,
    read: (table, address, count) => (table === 'holding' && address === RESET_SWITCH && count === 1 ? [1] : ILLEGAL_ADDRESS),
    write(table, address, values) {
      const line = LINES.indexOf(address);
      if (table !== 'holding' || line < 0) return ILLEGAL_ADDRESS;
      shown[line] = values.flatMap(characters);
      return undefined;
    },
    powerUp: () => void shown.fill([]),
    texts: () => shown.map((codes) => String.fromCharCode(...codes).trimEnd()),
  };
}
