/**
 * A unit of a line as the runner keeps it.
 *
 * Owns the shape and a few questions about it. Changed by the line's own parts alone.
 */
import type { DeviceConfig } from '../core/cabinet.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import type { ModbusDriver, ReadRequest } from '../core/driver.ts';
import type { SetupParameter } from '../core/profile.ts';
import { type Block, blocksOf, type PollSlot, splitBlock } from './poll-plan.ts';
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
  /** The blocks of its profile; `slots` may have been split by what it refuses. */
  readonly plan: readonly Block[];
  health: UnitHealth;
  slots: Slot[];
  /** It has not answered yet, or not since it fell silent or its line went down. */
  isAway: boolean;
  /** Set-up steps still to do; filled when the unit is met. */
  pendingSteps: SetupStep[];
  /** Tries of the first pending step that it answered with a failure. */
  stepFailures: number;
  seenMs: WallMs | null;
  /** End of the last exchange with it. */
  lastMono: MonoMs;
  /** A silent unit gets writes too, but not more often than this allows. */
  nextWriteMono: MonoMs;
}

export interface Slot extends PollSlot {
  readonly block: Block;
  dueMono: MonoMs;
  /** The unit refuses this register; asked again after it has been away. */
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
  const plan = blocksOf(profile, maxRegisters);
  const steps = profile.setup.map(({ value, ...step }) => ({ ...step, value: typeof value === 'number' ? value : setupValues[value] }));
  return {
    device,
    driver,
    steps,
    plan,
    health: FRESH,
    slots: plan.map((block) => slotOf(device.unit, block, 0)),
    isAway: true,
    pendingSteps: [],
    stepFailures: 0,
    seenMs: null,
    lastMono: 0,
    nextWriteMono: 0,
  };
}

function slotOf(unit: number, block: Block, dueMono: MonoMs): Slot {
  return { unit, block, dueMono, refused: false };
}

/** It answers again: its set-up is done anew, and what it refused before is asked anew. */
export function welcome(unit: Unit, nowMono: MonoMs): void {
  unit.isAway = false;
  unit.pendingSteps = [...unit.steps];
  unit.stepFailures = 0;
  const isWhole = unit.slots.length === unit.plan.length && unit.slots.every(({ refused }) => !refused);
  if (isWhole) for (const slot of unit.slots) slot.dueMono = Math.min(slot.dueMono, nowMono);
  else unit.slots = unit.plan.map((block) => slotOf(unit.device.unit, block, nowMono));
}

/** It refuses a block: its halves are asked instead, until the register that it does not have is alone. Returns what is lost by it. */
export function refuse(unit: Unit, slot: Slot, nowMono: MonoMs): readonly string[] {
  const halves = splitBlock(unit.driver.profile, slot.block);
  if (halves.length < 2) {
    slot.refused = true;
    return slot.block.quantities;
  }
  unit.slots = unit.slots.flatMap((each) => (each === slot ? halves.map((block) => slotOf(unit.device.unit, block, nowMono)) : [each]));
  return [];
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

/** How the register of its next set-up step is looked at; undefined when it is set up. */
export function setUpReadOf({ device, pendingSteps }: Unit): ReadRequest | undefined {
  const [step] = pendingSteps;
  return step && { unit: device.unit, table: step.table, address: step.address, count: 1 };
}

/** When it has had the silence it needs. */
export function restedMono({ lastMono, driver }: Unit): MonoMs {
  return lastMono + driver.profile.quirks.minGapMs;
}

/** When a write may go to it: at once, but rarely while it is silent. */
export function writableMono({ health, nextWriteMono }: Unit): MonoMs {
  return health.state === 'silent' ? nextWriteMono : 0;
}

/** The state people see: `new` until it has answered on this line. */
export function stateOf({ health, isAway }: Unit): 'new' | UnitHealth['state'] {
  return isAway && health.state !== 'silent' ? 'new' : health.state;
}
