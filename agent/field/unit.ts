import type { DeviceConfig } from '../core/cabinet.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import type { ModbusDriver, ReadRequest } from '../core/driver.ts';
import type { SetupParameter } from '../core/profile.ts';
import { type Block, blocksOf, type PollSlot } from './poll-plan.ts';
import { FRESH, responseTimeoutMs, type UnitHealth } from './unit-health.ts';

/** A register to be put right, taken from the profile with the site's values filled in. */
export interface SetupStep {
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly value: number;
  readonly why: string;
}

/** One unit of a line while the agent runs. Owned and changed by the line runner alone. */
export interface Unit {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
  readonly steps: readonly SetupStep[];
  health: UnitHealth;
  slots: Slot[];
  /** Set-up steps still to do; filled when the unit is met. */
  pendingSteps: SetupStep[];
  seenMs: WallMs | null;
  /** End of the last exchange with it. */
  lastMono: MonoMs;
  /** A silent unit gets writes too, but not more often than this allows. */
  nextWriteMono: MonoMs;
}

export interface Slot extends PollSlot {
  readonly block: Block;
  dueMono: MonoMs;
  /** The unit refuses these registers; asked again after it has been away. */
  refused: boolean;
}

export type SetupValues = Readonly<Record<SetupParameter, number>>;

export interface UnitOptions {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
  /** Caps a block so that it does not hold up an urgent write. Units: registers. */
  readonly maxRegisters: number;
  readonly setupValues: SetupValues;
}

export function createUnit({ device, driver, maxRegisters, setupValues }: UnitOptions): Unit {
  const { profile } = driver;
  const slots = blocksOf(profile, maxRegisters).map((block) => ({ unit: device.unit, block, dueMono: 0, refused: false }));
  const steps = profile.setup.map(({ value, ...step }) => ({ ...step, value: typeof value === 'number' ? value : setupValues[value] }));
  return { device, driver, steps, health: FRESH, slots, pendingSteps: [], seenMs: null, lastMono: 0, nextWriteMono: 0 };
}

/** How long to wait for it: what it has shown, or what its profile says before it has shown anything. Units: ms. */
export function timeoutOf({ health, driver }: Unit): number {
  return health.turnaroundMs === null ? driver.profile.quirks.responseTimeoutMs : responseTimeoutMs(health);
}

/** The cheapest question that proves that it is there. */
export function probeOf({ device, driver, slots }: Unit): ReadRequest | undefined {
  const block = slots[0]?.block;
  if (block === undefined) return undefined;
  const { evenAlign } = driver.profile.quirks;
  return { unit: device.unit, table: block.table, address: block.address, count: evenAlign ? 2 : 1 };
}

/** Whether it needs no more silence of its own. */
export function isRested({ lastMono, driver }: Unit, nowMono: MonoMs): boolean {
  return nowMono >= lastMono + driver.profile.quirks.minGapMs;
}

/** The state people see: `new` until it has answered once. */
export function stateOf({ health, seenMs }: Unit): 'new' | UnitHealth['state'] {
  return seenMs === null && health.state !== 'silent' ? 'new' : health.state;
}
