import type { Clock, Timer } from '../../../agent/core/clock.ts';
import type { SimWorld, WorldLamp } from '../world.ts';
import { type Exception, ILLEGAL_ADDRESS, ILLEGAL_VALUE, readSparse, type SimUnit } from './sim-unit.ts';
import { createWirenBoardRegisters } from './wiren-board.ts';

/** Writable registers with their factory values and limits. Source: Wiren Board wiki, WB-LED registers. */
const HOLDING: Readonly<Record<number, { factory: number; min: number; max: number }>> = {
  8: { factory: 10, min: 1, max: 65_534 },
  648: { factory: 0, min: 0, max: 3 },
  656: { factory: 50, min: 1, max: 100 },
  664: { factory: 1, min: 0, max: 3 },
  672: { factory: 50, min: 1, max: 100 },
  2000: { factory: 0, min: 0, max: 100 },
  3000: { factory: 1_000, min: 0, max: 30_000 },
  3100: { factory: 1_000, min: 0, max: 30_000 },
  4000: { factory: 256, min: 0, max: 512 },
};
const NOT_IN_THIS_MODE = 0xffff;
/** Channels 1 to 4, pairs and all, colour temperatures, RGB: on or off, with the level kept. Source: as above. */
const COILS = 10;
/** Power; only the profile of a test has this register. Units: 0.1 W. */
const METERED = 403;

export interface WbLedOptions {
  readonly world: SimWorld;
  readonly lamp: WorldLamp;
  readonly clock: Clock;
  /** Called for each level written, before the fade starts. */
  readonly onLevel: (lamp: WorldLamp, levelPct: number) => void;
}

/** The lamp on channel 1: its level counts while its coil is on, and is kept while it is off. */
function createChannel({ world, lamp }: Pick<WbLedOptions, 'world' | 'lamp'>, registers: Map<number, number>) {
  const coils = Array.from({ length: COILS }, () => 1);
  const register = (address: number): number => registers.get(address) ?? 0;
  const shine = (): void => {
    const levelPct = coils[0] === 1 ? register(2000) : 0;
    const rises = levelPct > world.levelPct(lamp);
    world.dim(lamp, levelPct, register(rises ? 3000 : 3100));
  };
  return {
    coil: (address: number): number | undefined => coils[address],
    dim(levelPct: number): void {
      registers.set(2000, levelPct);
      shine();
    },
    switchCoil(address: number, value: number): Exception | undefined {
      if (address >= COILS) return ILLEGAL_ADDRESS;
      coils[address] = value;
      if (address === 0) shine();
      return undefined;
    },
    /** Its own action on comms loss or power-up: 2 and 3 are "on". */
    turnOn(action: number): void {
      if (action > 1) coils[0] = 1;
    },
  };
}

/** A Wiren Board WB-LED with one lamp on channel 1. */
export function createWbLed({ world, lamp, clock, onLevel }: WbLedOptions): SimUnit {
  const registers = new Map(Object.entries(HOLDING).map(([address, { factory }]) => [Number(address), factory]));
  const common = createWirenBoardRegisters('WB-LED', clock);
  const { coil, dim, switchCoil, turnOn } = createChannel({ world, lamp }, registers);
  let watchdog: Timer | undefined;
  let isStopped = false;
  const register = (address: number): number => registers.get(address) ?? 0;
  const isSeparateChannels = (): boolean => register(4000) === 0;

  const commsLost = (): void => {
    turnOn(register(648));
    if (register(648) === 1) dim(0);
    else if (register(648) === 2) dim(100);
    else if (register(648) === 3) dim(register(656));
  };
  const input = (address: number): number | undefined => {
    if (address === 400) return Math.round(25 + world.levelPct(lamp) / 5);
    if (address === 401 || address === METERED) return address === 401 ? 100 : Math.round(10 * world.lampW(lamp));
    return address === 402 ? Number(lamp.burnt) : common.input(address);
  };
  const holding = (address: number): number | undefined =>
    address >= 2000 && address <= 2003 && !(address === 2000 && isSeparateChannels())
      ? NOT_IN_THIS_MODE
      : (registers.get(address) ?? common.holding(address));

  return {
    turnaroundMs: 3,
    read(table, address, count) {
      if (table === 'input') return readSparse(input, address, count);
      if (table === 'coil') return readSparse(coil, address, count);
      return table === 'holding' ? readSparse(holding, address, count) : ILLEGAL_ADDRESS;
    },
    write(table, address, values) {
      if (values.length !== 1) return ILLEGAL_ADDRESS;
      if (table === 'coil') return switchCoil(address, values[0] as number);
      const limits = HOLDING[address];
      const value = values[0] as number;
      if (limits === undefined) return ILLEGAL_ADDRESS;
      if (value < limits.min || value > limits.max) return ILLEGAL_VALUE;
      if (address === 2000 && !isSeparateChannels()) return ILLEGAL_VALUE;
      if (address === 2000) {
        onLevel(lamp, value);
        dim(value);
      } else registers.set(address, value);
      return undefined;
    },
    onRequest() {
      watchdog?.cancel();
      if (!isStopped) watchdog = clock.after(register(8) * 1_000, commsLost);
    },
    stop() {
      isStopped = true;
      watchdog?.cancel();
    },
    powerUp() {
      common.powerUp();
      turnOn(register(664));
      if (register(664) === 3) dim(register(672));
      else if (register(664) !== 1) dim(register(664) === 2 ? 100 : 0);
    },
  };
}
