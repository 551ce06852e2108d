/**
 * A whole street built from a cabinet's configuration: every device in it gets a simulated unit, every pole its place.
 *
 * The same street runs in real time behind pseudo-terminals and on the manual clock behind wires.
 */
import type { Cabinet, DeviceConfig, LineConfig } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';
import { createRandom, type Random } from './random.ts';
import { SimLine } from './sim-line.ts';
import { createSimPlayer, type SimPlayer } from './units/dfplayer.ts';
import { createRelayD8 } from './units/relay-d8.ts';
import { createSdm630 } from './units/sdm630.ts';
import { sds011Frame } from './units/sds011.ts';
import type { SimUnit } from './units/sim-unit.ts';
import { createLedCard, createTubeDisplay, type SimPanel } from './units/text-panel.ts';
import { createTicMeter, type TicMeter } from './units/tic-meter.ts';
import { createWbLed } from './units/wb-led.ts';
import { createWbMsw } from './units/wb-msw.ts';
import { type MoverKind, SimWorld, type WorldLamp } from './world.ts';

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
  /** The sound players, by device. */
  readonly players: ReadonlyMap<string, SimPlayer>;
  /** Inputs of the relay boxes, by device. */
  readonly inputs: ReadonlyMap<string, number[]>;
  /** The utility's meters, by device. They measure the power of the street. */
  readonly meters: ReadonlyMap<string, TicMeter>;
  /** What a person reads on the panels, by device. */
  readonly panels: ReadonlyMap<string, SimPanel>;
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

/** The recordings on the card of a simulated player: music, announcements, and a file of a folder. Units: s, by track or folder × 1000 + file. */
const CARD_LENGTHS_S: Readonly<Record<number, number>> = { 1: 180, 2: 240, 3: 20, 4: 15, 5: 2, 2005: 30 };
const TIC_PROFILE = 'enedis-linky-tic';
/** More than a frame of a meter. */
const FRAME_BYTES = 2_048;

/** Errors: throws TypeError for a device type without a simulated unit. */
export function createStreet(options: StreetOptions): Street {
  return new SimStreet(options);
}

class SimStreet implements Street {
  readonly world: SimWorld;
  readonly lines = new Map<string, SimLine>();
  readonly units = new Map<string, SimUnit>();
  readonly levels: LevelSeen[] = [];
  readonly players = new Map<string, SimPlayer>();
  readonly inputs = new Map<string, number[]>();
  readonly meters = new Map<string, TicMeter>();
  readonly panels = new Map<string, SimPanel>();
  readonly random: Random;
  onLevel: (seen: LevelSeen) => void = () => {};
  readonly #options: StreetOptions;
  readonly #addresses = new Map<string, { line: SimLine; unit: number }>();
  readonly #replacers = new Map<string, () => void>();
  /** The next timer of each line and each kind of mover. */
  readonly #timers = new Map<string, Timer>();

  constructor(options: StreetOptions) {
    const { cabinet, clock, seed } = options;
    const { latitudeDeg, longitudeDeg, poles } = cabinet;
    this.#options = options;
    this.random = createRandom(seed);
    this.world = new SimWorld({ clock, latitudeDeg, longitudeDeg, lengthM: Math.max(...poles.map(({ atM }) => atM)) });
    for (const config of cabinet.lines) this.#addLine(config);
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
    const { cabinet, perHour = {} } = this.#options;
    for (const meter of this.meters.values()) meter.start();
    for (const config of cabinet.lines) if (config.devices.some(({ profile }) => profile === 'nova-sds011')) this.#transmit(config);
    for (const kind of Object.keys(perHour) as MoverKind[]) this.#scheduleMover(kind);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    for (const meter of this.meters.values()) meter.stop();
    this.world.stop();
    for (const player of this.players.values()) player.stop();
    for (const line of this.lines.values()) line.stop();
  }

  #addLine(config: LineConfig): void {
    const { clock, chunkBytes } = this.#options;
    const units = new Map<number, SimUnit>();
    for (const device of config.kind === 'modbus' ? config.devices : []) {
      const place = (): void => {
        this.units.get(device.id)?.stop?.();
        const unit = this.#unitFor(device);
        units.set(device.unit, unit);
        this.units.set(device.id, unit);
      };
      place();
      this.#replacers.set(device.id, place);
    }
    const player = this.#playerOf(config, (bytes) => this.lines.get(config.id)?.end.write(bytes));
    const line = new SimLine({
      ...{ serial: config.serial, clock, units },
      ...(chunkBytes === undefined ? {} : { chunkBytes }),
      ...(player === null ? {} : { onRawBytes: (bytes) => player.receive(bytes) }),
    });
    this.lines.set(config.id, line);
    for (const { id, profile } of config.devices) if (profile === TIC_PROFILE) this.meters.set(id, this.#meterOn(line));
    for (const device of config.devices) this.#addresses.set(device.id, { line, unit: device.unit });
  }

  /** Null for a line without a sound player. */
  #playerOf({ devices }: LineConfig, send: (bytes: Buffer) => void): SimPlayer | null {
    const device = devices.find(({ profile }) => profile === 'dfrobot-dfplayer-mini');
    if (device === undefined) return null;
    const player = createSimPlayer({ clock: this.#options.clock, send, lengthsS: CARD_LENGTHS_S });
    this.players.set(device.id, player);
    return player;
  }

  /** A frame arrives as a whole when its last byte would, because a night has ten million bytes. */
  #meterOn(line: SimLine): TicMeter {
    const { clock, chunkBytes = FRAME_BYTES } = this.#options;
    return createTicMeter({
      mode: 'standard',
      clock,
      chunkBytes,
      send: (bytes) => line.end.write(bytes),
      powerW: () => this.world.powerW(),
    });
  }

  #unitFor(device: DeviceConfig): SimUnit {
    const { world } = this;
    const { cabinet, clock } = this.#options;
    switch (device.profile) {
      case 'wirenboard-wb-led': {
        const config = cabinet.lamps.find((lamp) => lamp.device === device.id);
        const lamp = world.addLamp(config?.id ?? device.id, this.#atM(config?.pole ?? device.pole), config?.ratedPowerW ?? 60);
        return createWbLed({ world, lamp, clock, onLevel: (...level) => this.#noteLevel(...level) });
      }
      case 'wirenboard-wb-msw':
        return createWbMsw({ world, sensor: world.addSensor(device.id, this.#atM(device.pole)), clock });
      case 'eastron-sdm630':
        return createSdm630(world);
      case 'waveshare-modbus-relay-d8': {
        const contacts = Array.from({ length: 8 }, () => 0);
        this.inputs.set(device.id, contacts);
        return createRelayD8(contacts);
      }
      case 'dm36b06':
        return this.#panel(device, createTubeDisplay(6));
      case 'dm56a04':
        return this.#panel(device, createTubeDisplay(4));
      case 'embeddedart-led-card':
      case 'embeddedart-led-card-swapped':
        return this.#panel(device, createLedCard(device.profile.endsWith('swapped')));
      default:
        throw new TypeError(`the simulated street has no unit that behaves like ${device.profile}`);
    }
  }

  #panel({ id }: DeviceConfig, panel: SimPanel): SimPanel {
    this.panels.set(id, panel);
    return panel;
  }

  #atM(pole: string | null): number {
    return this.#options.cabinet.poles.find(({ id }) => id === pole)?.atM ?? 0;
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

  /** The dust sensor transmits once a second. */
  #transmit(config: LineConfig): void {
    const line = this.lines.get(config.id);
    const again = (): void => {
      line?.end.write(sds011Frame(4 + 3 * this.random(), 9 + 6 * this.random()));
      this.#timers.set(config.id, this.#options.clock.after(1_000, again));
    };
    again();
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
