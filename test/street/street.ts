/**
 * A whole street built from a cabinet's configuration: every device in it gets a simulated unit, every pole its place.
 *
 * Owns nothing but the joining. The same street runs in real time behind pseudo-terminals and on the manual clock behind wires.
 */
import type { Cabinet, DeviceConfig, LineConfig } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';
import { createRandom, type Random } from './random.ts';
import { createSimLine, type SimLine } from './sim-line.ts';
import { createRelayD8 } from './units/relay-d8.ts';
import { createSdm630 } from './units/sdm630.ts';
import { sds011Frame } from './units/sds011.ts';
import type { SimUnit } from './units/sim-unit.ts';
import { createWbLed } from './units/wb-led.ts';
import { createWbMsw } from './units/wb-msw.ts';
import { createSimWorld, type MoverKind, type SimWorld, type WorldLamp } from './world.ts';

/** A level written to a lamp, as its driver received it. */
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
  /** People and cars an hour that set out by themselves. Default: nobody. */
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
  /** Another of the same kind hangs in this one's place, as it left the factory. Errors: as `unitOf`. */
  replace(deviceId: string): void;
  start(): void;
  stop(): void;
}

export function createStreet({ cabinet, clock, seed, perHour = {}, chunkBytes }: StreetOptions): Street {
  const random = createRandom(seed);
  const atM = new Map(cabinet.poles.map((pole) => [pole.id, pole.atM]));
  const placeOf = (pole: string | null): number => (pole === null ? 0 : (atM.get(pole) ?? 0));
  const lengthM = Math.max(...cabinet.poles.map((pole) => pole.atM));
  const world = createSimWorld({ clock, latitudeDeg: cabinet.latitudeDeg, longitudeDeg: cabinet.longitudeDeg, lengthM });
  const levels: LevelSeen[] = [];
  const inputs = new Map<string, number[]>();
  const lines = new Map<string, SimLine>();
  const unitsByDevice = new Map<string, SimUnit>();
  const addresses = new Map<string, { line: SimLine; unit: number }>();
  const replacers = new Map<string, () => void>();
  /** The next of each, by what comes. */
  const timers = new Map<string, Timer>();

  for (const config of cabinet.lines) {
    const units = new Map<number, SimUnit>();
    if (config.kind === 'modbus') {
      for (const device of config.devices) {
        const place = (): void => {
          unitsByDevice.get(device.id)?.stop?.();
          const unit = unitFor(device);
          units.set(device.unit, unit);
          unitsByDevice.set(device.id, unit);
        };
        place();
        replacers.set(device.id, place);
      }
    }
    const line = createSimLine({ serial: config.serial, clock, units, ...(chunkBytes === undefined ? {} : { chunkBytes }) });
    lines.set(config.id, line);
    for (const device of config.devices) addresses.set(device.id, { line, unit: device.unit });
  }

  const street: Street = {
    world,
    lines,
    units: unitsByDevice,
    levels,
    inputs,
    random,
    onLevel: () => {},
    unitOf(deviceId) {
      const found = addresses.get(deviceId);
      if (found === undefined) throw new Error(`no device ${deviceId} on this street`);
      return found;
    },
    replace(deviceId) {
      const place = replacers.get(deviceId);
      if (place === undefined) throw new Error(`no device ${deviceId} on this street`);
      place();
    },
    start() {
      for (const config of cabinet.lines) if (config.kind === 'uart') talk(config);
      for (const kind of Object.keys(perHour) as MoverKind[]) expectNext(kind);
    },
    stop() {
      for (const timer of timers.values()) timer.cancel();
      world.stop();
      for (const line of lines.values()) line.stop();
    },
  };
  return street;

  function unitFor(device: DeviceConfig): SimUnit {
    switch (device.profile) {
      case 'wirenboard-wb-led': {
        const lampConfig = cabinet.lamps.find((lamp) => lamp.device === device.id);
        const lamp = world.addLamp(lampConfig?.id ?? device.id, placeOf(lampConfig?.pole ?? device.pole), lampConfig?.ratedPowerW ?? 60);
        return createWbLed({ world, lamp, clock, onLevel: noteLevel });
      }
      case 'wirenboard-wb-msw':
        return createWbMsw({ world, sensor: world.addSensor(device.id, placeOf(device.pole)), clock });
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

  function noteLevel(lamp: WorldLamp, levelPct: number): void {
    const atMono = clock.monoMs();
    const seen = { lamp, levelPct, atMono, arrivedMono: atMono - frameMsOf(lamp.id) };
    levels.push(seen);
    street.onLevel(seen);
  }

  /** Wire time of a level write to this lamp. Source: Modbus Application Protocol V1.1b3 §6.6, 8 bytes. */
  function frameMsOf(lampId: string): number {
    const device = cabinet.lamps.find(({ id }) => id === lampId)?.device;
    const serial = cabinet.lines.find(({ devices }) => devices.some(({ id }) => id === device))?.serial;
    if (serial === undefined) return 0;
    return (8 * (1 + serial.dataBits + (serial.parity === 'none' ? 0 : 1) + serial.stopBits) * 1_000) / serial.baud;
  }

  /** The dust sensor speaks once a second, whoever listens. */
  function talk(config: LineConfig): void {
    const line = lines.get(config.id);
    const again = (): void => {
      line?.end.write(sds011Frame(4 + 3 * random(), 9 + 6 * random()));
      timers.set(config.id, clock.after(1_000, again));
    };
    again();
  }

  function expectNext(kind: MoverKind): void {
    const meanMs = 3_600_000 / (perHour[kind] ?? 1);
    timers.set(
      kind,
      clock.after(-Math.log(1 - random()) * meanMs, () => {
        world.send(kind, random() < 0.5);
        expectNext(kind);
      }),
    );
  }
}
