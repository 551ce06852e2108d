/**
 * A whole street built from a cabinet's configuration: every device in it gets a simulated unit, every pole its place.
 *
 * The same street runs in real time behind pseudo-terminals and on the manual clock behind wires.
 */
import type { Cabinet, LineConfig } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';
import type { MoverKind } from './movers.ts';
import { createRandom, type Random } from './random.ts';
import { SimLine } from './sim-line.ts';
import { type RawDevice, StreetDevices } from './street-devices.ts';
import type { SimUnit } from './units/sim-unit.ts';
import { SimWorld, type WorldLamp } from './world.ts';

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
  /** People and cars that start by themselves, per hour. Default: none. */
  readonly perHour?: Readonly<Partial<Record<MoverKind, number>>>;
  readonly chunkBytes?: number;
}

export interface Street {
  readonly world: SimWorld;
  readonly lines: ReadonlyMap<string, SimLine>;
  /** By device. */
  readonly units: ReadonlyMap<string, SimUnit>;
  /** All levels written so far, oldest first. */
  readonly levels: readonly LevelSeen[];
  /** Those with more than registers, by device. */
  readonly devices: StreetDevices;
  /** The sound players, by device. */
  readonly players: StreetDevices['players'];
  /** Inputs of the relay boxes, by device. */
  readonly inputs: ReadonlyMap<string, number[]>;
  /** The utility's meters, by device. They measure the power of the street. */
  readonly meters: StreetDevices['meters'];
  /** What a person reads on the panels, by device. */
  readonly panels: StreetDevices['panels'];
  readonly random: Random;
  /** Called for each level, after it was added to `levels`. */
  onLevel: (seen: LevelSeen) => void;
  /** The line and Modbus address of a device. Errors: throws when there is none. */
  unitOf(deviceId: string): { line: SimLine; unit: number };
  /** Replaces a Modbus device by another of its type with factory settings; its lamp is a new one, off. Errors: throws for any other id. */
  replace(deviceId: string): void;
  /** Starts the movers and the units that transmit by themselves. Modbus units reply without it. */
  start(): void;
  stop(): void;
}

/** Errors: throws TypeError for a device type without a simulated unit. */
export function createStreet(options: StreetOptions): Street {
  return new SimStreet(options);
}

class SimStreet implements Street {
  readonly world: SimWorld;
  readonly lines = new Map<string, SimLine>();
  readonly units = new Map<string, SimUnit>();
  readonly levels: LevelSeen[] = [];
  readonly devices: StreetDevices;
  readonly random: Random;
  onLevel: (seen: LevelSeen) => void = () => {};
  readonly #options: StreetOptions;
  readonly #addresses = new Map<string, { line: SimLine; unit: number }>();
  readonly #replacers = new Map<string, () => void>();
  readonly #rawDevices: RawDevice[] = [];
  /** The next timer of each kind of mover. */
  readonly #timers = new Map<MoverKind, Timer>();

  constructor(options: StreetOptions) {
    const { cabinet, clock, seed } = options;
    const { latitudeDeg, longitudeDeg, poles } = cabinet;
    this.#options = options;
    this.random = createRandom(seed);
    this.world = new SimWorld({ clock, latitudeDeg, longitudeDeg, lengthM: Math.max(...poles.map(({ atM }) => atM)) });
    const { random, world } = this;
    this.devices = new StreetDevices({ ...options, random, world, onLevel: (...level) => this.#noteLevel(...level) });
    for (const config of cabinet.lines) this.#addLine(config);
  }

  get players(): Street['players'] {
    return this.devices.players;
  }

  get meters(): Street['meters'] {
    return this.devices.meters;
  }

  get panels(): Street['panels'] {
    return this.devices.panels;
  }

  get inputs(): Street['inputs'] {
    return this.devices.inputs;
  }

  unitOf(deviceId: string): { line: SimLine; unit: number } {
    const found = this.#addresses.get(deviceId);
    if (found === undefined) throw new Error(`no device ${deviceId} on this street`);
    return found;
  }

  replace(deviceId: string): void {
    const place = this.#replacers.get(deviceId);
    if (place === undefined) throw new Error(`no device ${deviceId} on this street`);
    place();
  }

  start(): void {
    const { perHour = {} } = this.#options;
    for (const device of this.#rawDevices) device.start?.();
    for (const kind of Object.keys(perHour) as MoverKind[]) this.#scheduleMover(kind);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.world.stop();
    for (const device of this.#rawDevices) device.stop();
    for (const line of this.lines.values()) line.stop();
  }

  #addLine(config: LineConfig): void {
    const { clock, chunkBytes } = this.#options;
    const units = new Map<number, SimUnit>();
    for (const device of config.kind === 'modbus' ? config.devices : []) {
      const place = (): void => {
        this.units.get(device.id)?.stop?.();
        const unit = this.devices.unitFor(device);
        units.set(device.unit, unit);
        this.units.set(device.id, unit);
      };
      place();
      this.#replacers.set(device.id, place);
    }
    const raw = this.devices.rawDeviceFor(config, (bytes) => this.lines.get(config.id)?.end.write(bytes));
    if (raw !== null) this.#rawDevices.push(raw);
    const line = new SimLine({
      ...{ serial: config.serial, clock, units },
      ...(chunkBytes === undefined ? {} : { chunkBytes }),
      ...(raw === null ? {} : { onRawBytes: (bytes) => raw.receive?.(bytes) }),
    });
    this.lines.set(config.id, line);
    for (const device of config.devices) this.#addresses.set(device.id, { line, unit: device.unit });
  }

  #noteLevel(lamp: WorldLamp, levelPct: number): void {
    const atMono = this.#options.clock.monoMs();
    const seen = { lamp, levelPct, atMono, arrivedMono: atMono - this.#frameMsOf(lamp.id) };
    this.levels.push(seen);
    this.onLevel(seen);
  }

  /** Wire time of a level write to this lamp. Source: Modbus Application Protocol V1.1b3 §6.6, 8 bytes. */
  #frameMsOf(lampId: string): number {
    const { cabinet } = this.#options;
    const device = cabinet.lamps.find(({ id }) => id === lampId)?.device;
    const serial = cabinet.lines.find(({ devices }) => devices.some(({ id }) => id === device))?.serial;
    if (serial === undefined) return 0;
    return (8 * (1 + serial.dataBits + (serial.parity === 'none' ? 0 : 1) + serial.stopBits) * 1_000) / serial.baud;
  }

  #scheduleMover(kind: MoverKind): void {
    const { clock, perHour = {} } = this.#options;
    const meanMs = 3_600_000 / (perHour[kind] ?? 1);
    this.#timers.set(
      kind,
      clock.after(-Math.log(1 - this.random()) * meanMs, () => {
        this.world.send(kind, this.random() < 0.5);
        this.#scheduleMover(kind);
      }),
    );
  }
}
