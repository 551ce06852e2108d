import type { Clock } from '../../../agent/core/clock.ts';
import { ILLEGAL_ADDRESS, ILLEGAL_VALUE, readSparse, type SimUnit } from './sim-unit.ts';
import { createWirenBoardRegisters } from './wiren-board.ts';

/** A Wiren Board WB-MR6C: six relays, and seven inputs that each count their closures. */
export interface WbMr6c extends SimUnit {
  readonly relays: readonly number[];
  /** Closes the contact of an input, 0 to 6, and opens it again before the next poll. */
  pulse(input: number): void;
  /** Closes the contact of an input, or opens it. */
  close(input: number, isClosed: boolean): void;
}

const RELAYS = 6;
const INPUTS = 7;
/** Input registers of the counters, by input. Source: vendor's device description of the MR6C: 32 to 37 for inputs 1 to 6, 39 for input 0. */
const COUNTERS = [39, 32, 33, 34, 35, 36, 37];
/** Discrete inputs, by input. Source: as above: input 0 is 7. */
const CONTACTS = [7, 0, 1, 2, 3, 4, 5];
/** Discrete inputs of the relays' own state. */
const OUTPUTS = 96;
/** Set-up registers that are stored and have no effect here: modes of inputs, time-out, states on power-up and silence. */
const SETTINGS = new Set([5, 6, 8, ...range(9, 6), ...range(930, 6), ...range(938, 6)]);

/** Powered on, all relays off, all counters 0. Source: Wiren Board, device description of the MR6C. */
export function createWbMr6c(clock: Clock): WbMr6c {
  const common = createWirenBoardRegisters('WBMR6C', clock);
  const relays = Array.from({ length: RELAYS }, () => 0);
  const contacts = Array.from({ length: INPUTS }, () => 0);
  const counts = Array.from({ length: INPUTS }, () => 0);
  const settings = new Map<number, number>();
  const close = (input: number, isClosed: boolean): void => {
    if (isClosed && contacts[input] === 0) counts[input] = ((counts[input] ?? 0) + 1) % 0x1_0000;
    contacts[input] = isClosed ? 1 : 0;
  };
  const holding = (at: number): number | undefined => (SETTINGS.has(at) ? (settings.get(at) ?? 0) : common.holding(at));
  const discrete = (at: number): number | undefined => {
    const input = CONTACTS.indexOf(at);
    // Between the inputs there is one address without a contact; it reads as open.
    return input >= 0 ? contacts[input] : at === 6 ? 0 : relays[at - OUTPUTS];
  };
  return {
    relays,
    close,
    pulse(input) {
      close(input, true);
      close(input, false);
    },
    turnaroundMs: 6,
    read(table, address, count) {
      if (table === 'coil') return readSparse((at) => relays[at], address, count);
      if (table === 'discrete') return readSparse(discrete, address, count);
      if (table === 'holding') return readSparse(holding, address, count);
      // Register 38 lies between the counters and reads as 0.
      return readSparse((at) => counts[COUNTERS.indexOf(at)] ?? (at === 38 ? 0 : common.input(at)), address, count);
    },
    write(table, address, values) {
      const places = values.map((_, i) => address + i);
      if (table === 'coil') {
        if (places.some((at) => relays[at] === undefined)) return ILLEGAL_ADDRESS;
        values.forEach((value, i) => {
          relays[address + i] = value;
        });
        return undefined;
      }
      if (!places.every((at) => SETTINGS.has(at))) return ILLEGAL_ADDRESS;
      if (values.some((value) => value > 0xffff)) return ILLEGAL_VALUE;
      values.forEach((value, i) => void settings.set(address + i, value));
      return undefined;
    },
    powerUp() {
      relays.fill(0);
      counts.fill(0);
      common.powerUp();
    },
  };
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
