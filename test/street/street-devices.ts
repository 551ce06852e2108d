/**
 * The simulated device of each device in a configuration, by its type.
 */
import type { Cabinet, DeviceConfig, LineConfig } from '../../agent/core/cabinet.ts';
import type { Clock } from '../../agent/core/clock.ts';
import type { Random } from './random.ts';
import { createSimPlayer, type SimPlayer } from './units/dfplayer.ts';
import { createRelayD8 } from './units/relay-d8.ts';
import { createSdm630 } from './units/sdm630.ts';
import { createSds011, type SimSds011 } from './units/sds011.ts';
import type { SimUnit } from './units/sim-unit.ts';
import { createLedCard, createTubeDisplay, type SimPanel } from './units/text-panel.ts';
import { createTicMeter, type TicMeter } from './units/tic-meter.ts';
import { createWbLed } from './units/wb-led.ts';
import { createWbMr6c, type WbMr6c } from './units/wb-mr6c.ts';
import { createWbMsw } from './units/wb-msw.ts';
import type { SimWorld, WorldLamp } from './world.ts';

/** A device on a line of its own. Without `receive` it gets nothing from the gateway. */
export interface RawDevice {
  start?(): void;
  stop(): void;
  receive?(bytes: Buffer): void;
}

export interface DeviceParts {
  readonly cabinet: Cabinet;
  readonly clock: Clock;
  readonly world: SimWorld;
  readonly random: Random;
  /** Bytes of a raw device come in pieces of so many. Default: whole frames. */
  readonly chunkBytes?: number;
  readonly onLevel: (lamp: WorldLamp, levelPct: number) => void;
}

/** The recordings on the card of a simulated player: music, announcements, and a file of a folder. Units: s, by track or folder × 1000 + file. */
const CARD_LENGTHS_S: Readonly<Record<number, number>> = { 1: 180, 2: 240, 3: 20, 4: 15, 5: 2, 2005: 30 };
/** More than a frame of a meter. */
const FRAME_BYTES = 2_048;

/** Devices by id. The Modbus units of `panels` and `counterBoxes` are replaced with their devices. */
export class StreetDevices {
  /** Inputs of the relay boxes. */
  readonly inputs = new Map<string, number[]>();
  readonly players = new Map<string, SimPlayer>();
  readonly meters = new Map<string, TicMeter>();
  readonly airSensors = new Map<string, SimSds011>();
  readonly panels = new Map<string, SimPanel>();
  readonly counterBoxes = new Map<string, WbMr6c>();
  readonly #parts: DeviceParts;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
  }

  /** A new Modbus unit. Errors: throws TypeError for a device type without a simulated one. */
  unitFor(device: DeviceConfig): SimUnit {
    const { world, cabinet, clock, onLevel } = this.#parts;
    switch (device.profile) {
      // A type of the tests: the same dimmer, with a power register.
      case 'metered-led':
      case 'wirenboard-wb-led': {
        const config = cabinet.lamps.find((lamp) => lamp.device === device.id);
        const lamp = world.addLamp(config?.id ?? device.id, this.#atM(config?.pole ?? device.pole), config?.ratedPowerW ?? 60);
        return createWbLed({ world, lamp, clock, onLevel });
      }
      case 'wirenboard-wb-msw':
        return createWbMsw({ world, sensor: world.addSensor(device.id, this.#atM(device.pole)), clock });
      case 'wirenboard-wb-mr6c':
        return this.#counterBox(device);
      case 'eastron-sdm630':
        return createSdm630(world);
      case 'waveshare-modbus-relay-d8': {
        const contacts = Array.from({ length: 8 }, () => 0);
        this.inputs.set(device.id, contacts);
        return createRelayD8(contacts);
      }
      case 'dm36b06':
        return kept(this.panels, device.id, createTubeDisplay(6));
      case 'dm56a04':
        return kept(this.panels, device.id, createTubeDisplay(4));
      case 'embeddedart-led-card':
      case 'embeddedart-led-card-swapped':
        return kept(this.panels, device.id, createLedCard(device.profile.endsWith('swapped')));
      default:
        throw new TypeError(`the simulated street has no unit that behaves like ${device.profile}`);
    }
  }

  /** The device of a raw line; null if the line has none that is simulated, such as a line of Modbus units. */
  rawDeviceFor({ devices }: LineConfig, send: (bytes: Buffer) => void): RawDevice | null {
    const { world, clock, random, chunkBytes = FRAME_BYTES } = this.#parts;
    const [device] = devices;
    switch (device?.profile) {
      case 'nova-sds011':
        return kept(this.airSensors, device.id, createSds011(clock, random, send));
      case 'dfrobot-dfplayer-mini':
        return kept(this.players, device.id, createSimPlayer({ clock, send, lengthsS: CARD_LENGTHS_S }));
      case 'enedis-linky-tic': {
        // A frame arrives as a whole when its last byte would, because a night has ten million bytes.
        const powerW = (): number => world.powerW();
        return kept(this.meters, device.id, createTicMeter({ mode: 'standard', clock, send, chunkBytes, powerW }));
      }
      default:
        return null;
    }
  }

  /** Its inputs are closed by what the configuration counts: vehicles of a zone by cars, the others by bicycles. */
  #counterBox({ id, pole }: DeviceConfig): WbMr6c {
    const { world, cabinet, clock } = this.#parts;
    const isNew = !this.counterBoxes.has(id);
    const box = kept(this.counterBoxes, id, createWbMr6c(clock));
    const counted = cabinet.zones.flatMap(({ traffic, presence }) => [...(traffic?.counters ?? []), ...(presence?.sensors ?? [])]);
    const loops = new Set(counted.filter(({ device }) => device === id).map(({ point }) => inputOf(point)));
    const values = cabinet.panels.flatMap((panel) => panel.values).filter(({ point }) => point.startsWith(`${id}.`));
    const bicycles = new Set(values.map(({ point }) => inputOf(point.slice(id.length + 1))));
    if (isNew) {
      world.watchPlace(this.#atM(pole), ({ kind }) => {
        const inputs = { car: loops, cyclist: bicycles, walker: [] }[kind];
        for (const input of inputs) this.counterBoxes.get(id)?.pulse(input);
      });
    }
    return box;
  }

  #atM(pole: string | null): number {
    return this.#parts.cabinet.poles.find(({ id }) => id === pole)?.atM ?? 0;
  }
}

/** `count_2` is that of input 2. */
function inputOf(point: string): number {
  return Number(/^(?:count|input)_(\d)$/.exec(point)?.[1] ?? Number.NaN);
}

function kept<Device>(map: Map<string, Device>, id: string, device: Device): Device {
  map.set(id, device);
  return device;
}
