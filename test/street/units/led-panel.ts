import { ILLEGAL_ADDRESS, ILLEGAL_VALUE, type SimUnit } from './sim-unit.ts';

/** An LED text display of two lines. */
export interface LedPanel extends SimUnit {
  /** What people read, top line first, without the padding. */
  lines(): readonly string[];
}

/** First register of each line. Source: docs-embeddedart-in, products/led-display-control-card. */
const LINES = [1_000, 2_000];
/** Registers of a line. Source: assumed; 24 characters, two in each register. Confirmed by: a panel of this maker. */
const LINE_REGISTERS = 12;
/** Settings that can be read: brightness to reset switch. Source: as above, 29 to 44. */
const SETTINGS = { first: 29, last: 44, resetSwitch: 43 };

/** A dark display; `isSwapped`: the low byte of a register is the earlier character. Its texts cannot be read back. */
export function createLedPanel({ isSwapped = false }: { readonly isSwapped?: boolean } = {}): LedPanel {
  const words = LINES.map(() => Array.from({ length: LINE_REGISTERS }, () => 0));
  return {
    turnaroundMs: 15,
    lines: () => words.map((line) => textOf(line, isSwapped)),
    read(table, address, count) {
      if (table !== 'holding' || address < SETTINGS.first || address + count - 1 > SETTINGS.last) return ILLEGAL_ADDRESS;
      return Array.from({ length: count }, (_, i) => (address + i === SETTINGS.resetSwitch ? 1 : 0));
    },
    write(table, address, values) {
      const line = words[LINES.indexOf(address)];
      if (table !== 'holding' || line === undefined) return ILLEGAL_ADDRESS;
      if (values.length > line.length) return ILLEGAL_VALUE;
      values.forEach((value, i) => {
        line[i] = value;
      });
      return undefined;
    },
    powerUp() {
      for (const line of words) line.fill(0);
    },
  };
}

function textOf(words: readonly number[], isSwapped: boolean): string {
  const codes = words.flatMap((word) => (isSwapped ? [word & 0xff, word >> 8] : [word >> 8, word & 0xff]));
  return String.fromCharCode(...codes.map((code) => (code === 0 ? 32 : code))).trimEnd();
}
