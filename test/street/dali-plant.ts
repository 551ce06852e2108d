/** A field module on one simulated DALI bus with D4i drivers. The line, the converter's protocol and the profiles are the real ones. */

import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import type { Field, WriteResult } from '../../agent/core/ports.ts';
import type { Profile } from '../../agent/core/profile.ts';
import type { AgentEvent, Reading } from '../../agent/core/words.ts';
import { createField } from '../../agent/field/field.ts';
import { fieldLine } from '../../agent/field/line-from-config.ts';
import { readProfiles } from '../../drivers/registry.ts';
import { testDevice, testLine } from '../support/profiles.ts';
import { createRandom } from './random.ts';
import { SimDali } from './sim-dali.ts';
import { DaliGear, type DaliGearOptions, d4iBanks } from './units/dali-gear.ts';
import { createWire, type Wire } from './wire.ts';

export const D4I = 'dali-d4i-driver';
const START_MS = Date.parse('2026-01-15T22:00:00Z');
const SERIAL = { baud: 19_200, parity: 'even', stopBits: 1, dataBits: 8 } as const;

/** The device types that come with the agent. */
export const SHIPPED: ReadonlyMap<string, Profile> = readProfiles([], readPlacedYaml).profiles;

export interface DaliPlantOptions {
  /** Number of gears, with short addresses from 0. */
  readonly count: number;
  /** Gears of one DALI group, in the order of the short addresses; 0 for no groups. */
  readonly perGroup?: number;
  readonly gear?: Partial<DaliGearOptions>;
  readonly profile?: string;
  readonly rampUpMs?: number;
  /** Gear on the bus that is not in the cabinet. */
  readonly extraGear?: readonly Omit<DaliGearOptions, 'clock'>[];
}

export interface DaliPlant {
  readonly clock: ManualClock;
  readonly field: Field;
  readonly sim: SimDali;
  readonly wire: Wire;
  readonly gear: readonly DaliGear[];
  readonly readings: Reading[];
  readonly events: AgentEvent[];
  write(n: number, levelPct: number, over?: WriteOver): Promise<WriteResult>;
  /** The newest value of a point. */
  valueOf(n: number, quantity: string): number | null | undefined;
}

export interface WriteOver {
  readonly lane?: 'urgent' | 'command';
  readonly ttlMs?: number;
  readonly onSent?: (sentMono: number) => void;
}

/** `field` is not started, and the caller stops it. */
export function createDaliPlant({
  count,
  perGroup = 0,
  gear: over = {},
  profile = D4I,
  rampUpMs = 0,
  extraGear = [],
}: DaliPlantOptions): DaliPlant {
  const clock = createManualClock(START_MS);
  const state = { energyWh: 1_234.5, powerW: 42.3, onS: 7_200, temperatureC: 40, failures: [] };
  const options = (shortAddress: number): DaliGearOptions => ({ clock, banks: d4iBanks(state), ...over, shortAddress });
  const gear = Array.from({ length: count }, (_, n) => new DaliGear(options(n)));
  const sim = new SimDali({ clock, gear: [...gear, ...extraGear.map((each) => new DaliGear({ ...each, clock }))] });
  const wire = createWire((bytes) => sim.receive(bytes));
  sim.end = wire.end;
  const [readings, events]: [Reading[], AgentEvent[]] = [[], []];
  const devices = gear.map((_, n) =>
    testDevice(`G${n}`, { unit: n, profile, groups: perGroup === 0 ? {} : { [`group${Math.floor(n / perGroup)}`]: ['level'] } }),
  );
  const config = testLine('dali', devices, { kind: 'dali', port: '/dev/dali', serial: SERIAL });
  const field = createField({
    lines: [fieldLine(config, { profiles: SHIPPED, openPort: () => wire.port, clock })],
    clock,
    setupValuesOf: () => ({ rampUpMs, rampDownMs: rampUpMs, failsafeTimeoutS: 60, failsafeLevelPct: 70 }),
    profiles: () => [...SHIPPED.values()],
    random: createRandom(3),
    log: { event: () => {} },
    onReadings: (more) => void readings.push(...more),
    onAlive: () => {},
    onEvent: (event) => void events.push(event),
  });
  let commands = 0;
  return {
    clock,
    field,
    sim,
    wire,
    gear,
    readings,
    events,
    write: (n, levelPct, { lane = 'urgent', ttlMs = 30_000, onSent = () => {} } = {}) =>
      field.write({
        commandId: `c${commands++}`,
        lampId: `G${n}`,
        pointId: `G${n}.level`,
        levelPct,
        lane,
        expiresMono: clock.monoMs() + ttlMs,
        onSent,
      }),
    valueOf: (n, quantity) => field.latest(`G${n}.${quantity}`)?.value,
  };
}
