/**
 * A simulated street, built from a cabinet's configuration: every device gets a simulated unit, every pole its position.
 *
 * The same street runs in real time behind pseudo-terminals and on the manual clock behind in-memory wires.
 */
import type { Cabinet, DeviceConfig } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';
import { createRandom, type Random } from './random.ts';
import type { WorldLamp } from './sim-lamps.ts';
import { createSimLine, type SimLine } from './sim-line.ts';
import type { MoverKind } from './sim-movers.ts';
import { createRelayD8 } from './units/relay-d8.ts';
import { createSdm630 } from './units/sdm630.ts';
import { sds011Frame } from './units/sds011.ts';
import type { SimUnit } from './units/sim-unit.ts';
import { createWbLed } from './units/wb-led.ts';
import { createWbMsw } from './units/wb-msw.ts';
import { createSimWorld, type SimWorld } from './world.ts';

/** A level write that a lamp's driver received. */
export interface LevelSeen {
  readonly lamp: WorldLamp;
  readonly levelPct: number;
  /** End of its frame on the wire. */
  readonly atMono: MonoMs;
  /** Its first byte on the wire. */
  readonly arrivedMono: MonoMs;
}

export interface StreetOptions {
  readonly cabinet: Cabinet;
  readonly clock: Clock;
  readonly seed: number;
  /** Movers an hour that set out by themselves. Default: none. */
  readonly perHour?: Readonly<Partial<Record<MoverKind, number>>>;
  readonly chunkBytes?: number;
}

export interface Street {
  readonly world: SimWorld;
  readonly lines: ReadonlyMap<string, SimLine>;
  /** By device. */
  readonly units: ReadonlyMap<string, SimUnit>;
  readonly levels: readonly LevelSeen[];
  /** Inputs of the relay boxes, by device. */
  readonly inputs: ReadonlyMap<string, number[]>;
  readonly random: Random;
  onLevel: (seen: LevelSeen) => void;
  /** The line and unit of a device. Errors: throws when there is none. */
  unitOf(deviceId: string): { line: SimLine; unit: number };
  /** Puts a new unit of the same kind, in its factory state, in place of this one. Errors: as `unitOf`. */
  replace(deviceId: string): void;
  start(): void;
  stop(): void;
}

/** Nothing moves and no sensor sends until `start`. */
export function createStreet({ cabinet, clock, seed, perHour = {}, chunkBytes }: StreetOptions): Street {
  const random = createRandom(seed);
  const { latitudeDeg, longitudeDeg, poles } = cabinet;
  const world = createSimWorld({ clock, latitudeDeg, longitudeDeg, lengthM: Math.max(...poles.map(({ atM }) => atM)) });
  const inputs = new Map<string, number[]>();
  const units = new Map<string, SimUnit>();
  const lines = new Map<string, SimLine>();
  const places = new Map<string, { line: SimLine; unit: number; readonly fill: () => void }>();
  const levels: LevelSeen[] = [];
  let stopSources = (): void => {};
  const street: Street = {
    world,
    lines,
    units,
    levels,
    inputs,
    random,
    onLevel: () => {},
    unitOf: (deviceId) => placeOf(deviceId),
    replace: (deviceId) => placeOf(deviceId).fill(),
    start() {
      stopSources = startSources({ cabinet, clock, street, perHour });
    },
    stop() {
      stopSources();
      world.stop();
      for (const line of lines.values()) line.stop();
    },
  };

  function placeOf(deviceId: string) {
    const place = places.get(deviceId);
    if (place === undefined) throw new Error(`no device ${deviceId} on this street`);
    return place;
  }

  function onLevel(lamp: WorldLamp, levelPct: number): void {
    const atMono = clock.monoMs();
    const seen = { lamp, levelPct, atMono, arrivedMono: atMono - frameMsOf(cabinet, lamp.id) };
    levels.push(seen);
    street.onLevel(seen);
  }

  for (const { id, kind, serial, devices } of cabinet.lines) {
    const onLine = new Map<number, SimUnit>();
    const line = createSimLine({ serial, clock, units: onLine, ...(chunkBytes === undefined ? {} : { chunkBytes }) });
    lines.set(id, line);
    for (const device of devices) {
      const fill = (): void => {
        units.get(device.id)?.stop?.();
        const unit = simUnitFor(device, { cabinet, clock, world, inputs, onLevel });
        onLine.set(device.unit, unit);
        units.set(device.id, unit);
      };
      if (kind === 'modbus') fill();
      places.set(device.id, { line, unit: device.unit, fill });
    }
  }
  return street;
}

interface UnitPlace {
  readonly cabinet: Cabinet;
  readonly clock: Clock;
  readonly world: SimWorld;
  readonly inputs: Map<string, number[]>;
  readonly onLevel: (lamp: WorldLamp, levelPct: number) => void;
}

function simUnitFor(device: DeviceConfig, { cabinet, clock, world, inputs, onLevel }: UnitPlace): SimUnit {
  const atM = (poleId: string | null): number => cabinet.poles.find(({ id }) => id === poleId)?.atM ?? 0;
  switch (device.profile) {
    case 'wirenboard-wb-led': {
      const lampConfig = cabinet.lamps.find((lamp) => lamp.device === device.id);
      const lamp = world.addLamp(lampConfig?.id ?? device.id, atM(lampConfig?.pole ?? device.pole), lampConfig?.ratedPowerW ?? 60);
      return createWbLed({ world, lamp, clock, onLevel });
    }
    case 'wirenboard-wb-msw':
      return createWbMsw({ world, sensor: world.addSensor(device.id, atM(device.pole)), clock });
    case 'eastron-sdm630':
      return createSdm630(world);
    case 'waveshare-modbus-relay-d8': {
      const contacts = Array.from({ length: 8 }, () => 0);
      inputs.set(device.id, contacts);
      return createRelayD8(contacts);
    }
    default:
      throw new TypeError(`the simulated street has no unit that behaves like ${device.profile}`);
  }
}

/** Wire time of a level write to this lamp. Units: ms. Source: Modbus Application Protocol V1.1b3 §6.6, 8 bytes. */
function frameMsOf({ lamps, lines }: Cabinet, lampId: string): number {
  const device = lamps.find(({ id }) => id === lampId)?.device;
  const serial = lines.find(({ devices }) => devices.some(({ id }) => id === device))?.serial;
  if (serial === undefined) return 0;
  return (8 * (1 + serial.dataBits + (serial.parity === 'none' ? 0 : 1) + serial.stopBits) * 1_000) / serial.baud;
}

interface SourceOptions extends Required<Pick<StreetOptions, 'cabinet' | 'clock' | 'perHour'>> {
  readonly street: Street;
}

/** Starts what comes without a request: frames of the dust sensors once a second, and movers. Returns the function that stops it. */
function startSources({ cabinet, clock, street: { random, lines, world }, perHour }: SourceOptions): () => void {
  /** The next of each source. */
  const timers = new Map<string, Timer>();
  const sendDust = (lineId: string): void => {
    lines.get(lineId)?.end.write(sds011Frame(4 + 3 * random(), 9 + 6 * random()));
    timers.set(
      lineId,
      clock.after(1_000, () => sendDust(lineId)),
    );
  };
  const expectNext = (kind: MoverKind): void => {
    const meanMs = 3_600_000 / (perHour[kind] ?? 1);
    const onTime = (): void => {
      world.send(kind, random() < 0.5);
      expectNext(kind);
    };
    timers.set(kind, clock.after(-Math.log(1 - random()) * meanMs, onTime));
  };
  for (const { id, kind } of cabinet.lines) if (kind === 'uart') sendDust(id);
  for (const kind of Object.keys(perHour) as MoverKind[]) expectNext(kind);
  return () => {
    for (const timer of timers.values()) timer.cancel();
  };
}
