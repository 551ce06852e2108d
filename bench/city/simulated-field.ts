/**
 * The lines of one simulated cabinet, above the wire: readings come from a model of the lamps, and written levels are set after the time
 * that a real line needs.
 *
 * 1,450 real buses do not fit on two cores. So the decoding of frames, the queue of the line and its tools are not part of the city; the
 * benches of the line measure them.
 */
import { every, type MonoMs, type Timer } from '../../agent/core/clock.ts';
import { msg } from '../../agent/core/message.ts';
import { splitPointId } from '../../agent/core/point-id.ts';
import type { DeviceView, LevelWrite, LineView, WriteResult } from '../../agent/core/ports.ts';
import type { PointId, Reading } from '../../agent/core/words.ts';
import { createField, type FieldOptions, type LiveField } from '../../agent/field/field.ts';
import { LatestReadings } from '../../agent/field/readings.ts';
import { CITY_SENSORS, FIRST_SENSOR_UNIT } from './city-site.ts';

/** What the street does by itself. */
export interface CityStreetOptions {
  /** Each lamp is polled once in this time, the lamps one after the other. Units: ms. */
  readonly pollMs: number;
  /** People that pass a cabinet. Units: 1/h. */
  readonly passagesPerH: number;
  readonly random: () => number;
  /** While it is quiet no reading is made. */
  readonly street: { readonly isQuiet: boolean };
}

type Device = FieldOptions['lines'][number]['config']['devices'][number];
interface Lamp {
  readonly id: string;
  levelPct: number;
  energyWh: number;
  sinceMono: MonoMs;
}

/** The polled points of a lamp. */
const QUANTITIES = ['level', 'switch', 'temperature', 'allowed_power', 'overcurrent', 'uptime', 'power', 'supply'] as const;
/** Time of one write with its read-back on the line. Units: ms. Source: bench `line`, two transactions of 8 bytes at 19200 baud with 3 ms turnaround. */
const WRITE_MS = 24;
/** Units: ms. Source: the field of the agent looks for stale readings as often. */
const STALE_CHECK_MS = 5_000;
/** A reading is stale when three polls have failed. */
const STALE_POLLS = 3;
/** How long a sensor reports a person. Units: ms. Source: assumed; a few metres at walking speed. Confirmed by: recordings of a sensor in a street. */
const PASSAGE_MS = 8_000;
/** Period of an unchanged sensor value. Units: ms. Source: assumed; a real line reads ten times a second, and only changes are recorded. Confirmed by: bench `line detection`. */
const SENSOR_MS = 10_000;
const MOTION = { none: 2, person: 400 };
const HOUR_MS = 3_600_000;
const RATED_W = 60;
/** What a dimmed lamp still needs of its rated power. Source: assumed; drivers at their minimum. Confirmed by: the meter of a cabinet with dimmed lamps. */
const STANDBY_SHARE = 0.04;

/** Returns a function with which an agent creates its lines. A device answers only at the address where it was installed: a lamp at its number. */
export function simulatedFieldOf(options: CityStreetOptions): typeof createField {
  return (parts) => new SimulatedField(parts, options);
}

class SimulatedField implements LiveField {
  readonly bus: LiveField['bus'];
  readonly #parts: FieldOptions;
  readonly #options: CityStreetOptions;
  readonly #latest: LatestReadings;
  readonly #lamps = new Map<string, Lamp>();
  #devices: readonly Device[];
  #timers: Timer[] = [];
  #next = 0;
  #freeMono: MonoMs = 0;
  readonly #motion = new Map<string, number>();
  readonly #seen = new Map<string, number>();

  constructor(parts: FieldOptions, options: CityStreetOptions) {
    this.#parts = parts;
    this.#options = options;
    this.bus = createField({ ...parts, lines: [] }).bus;
    this.#latest = new LatestReadings(parts.clock, parts.onReadings);
    this.#devices = devicesOf(parts.lines);
    this.#setLimits();
  }

  async start(): Promise<void> {
    const { clock } = this.#parts;
    const { pollMs, random } = this.#options;
    const lamps = this.#devices.filter(isLamp);
    this.#seeAll();
    // Cabinets do not poll in step.
    const phaseMs = random() * pollMs;
    this.#timers = [
      clock.after(phaseMs % (pollMs / lamps.length), () => {
        this.#timers.push(every(clock, pollMs / lamps.length, () => this.#pollNext()));
      }),
      every(clock, STALE_CHECK_MS, () => this.#options.street.isQuiet || this.#latest.reportStale()),
      every(clock, SENSOR_MS, () => this.#readSensors()),
    ];
    this.#awaitPassage();
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  async exchange({ come }: Parameters<LiveField['exchange']>[0]): Promise<void> {
    this.#devices = devicesOf(come);
    this.#seen.clear();
    this.#setLimits();
    if (this.#timers.length > 0) this.#seeAll();
  }

  /** A level is set and read back after the writes before it. */
  write(write: LevelWrite): Promise<WriteResult> {
    const { deviceId } = splitPointId(write.pointId);
    const device = this.#devices.find(({ id }) => id === deviceId);
    if (device === undefined || !answers(device))
      return Promise.resolve({ state: 'failed', reason: msg`no answer from ${deviceId}`, sentMono: null });
    const { clock } = this.#parts;
    this.#freeMono = Math.max(this.#freeMono, clock.monoMs()) + WRITE_MS;
    return new Promise((resolve) => {
      clock.precisely(this.#freeMono, () => {
        const sentMono = clock.monoMs();
        write.onSent?.(sentMono);
        this.#setLevel(deviceId, write.levelPct);
        resolve({ state: 'verified', sentMono });
      });
    });
  }

  writePoint(): Promise<WriteResult> {
    return Promise.resolve({ state: 'failed', reason: msg`the simulated street has no outputs`, sentMono: null });
  }

  writeText(): Promise<WriteResult> {
    return this.writePoint();
  }

  latest(pointId: PointId): Reading | undefined {
    return this.#latest.get(pointId);
  }

  readings(): readonly Reading[] {
    return this.#latest.all();
  }

  lines(): readonly LineView[] {
    const counts = { busyPct: 0, transactions: 0, timeouts: 0, crcErrors: 0, exceptions: 0, lateReplies: 0, noiseBytes: 0 };
    return [{ id: 'street', kind: 'modbus', port: 'city/street', state: 'up', reason: msg``, baud: 19_200, ...counts }];
  }

  devices(): readonly DeviceView[] {
    return this.#devices.map(({ id, unit, profile, pole }): DeviceView => {
      const lastSeenMs = this.#seen.get(id) ?? null;
      const base = { id, line: 'street', unit, profile, pole, faults: [], lastSeenMs, turnaroundMs: 3, failures: 0 };
      return { ...base, state: lastSeenMs === null ? 'silent' : 'ok' };
    });
  }

  pulses(): ReturnType<LiveField['pulses']> {
    return [{ id: 'street', turnedMono: this.#parts.clock.monoMs(), openingMono: null }];
  }

  #setLimits(): void {
    const staleMs = this.#options.pollMs * STALE_POLLS;
    for (const { id } of this.#devices.filter(isLamp))
      for (const quantity of QUANTITIES) this.#latest.setLimit(`${id}.${quantity}`, staleMs);
  }

  /** The first poll of all devices. */
  #seeAll(): void {
    this.#latest.add(this.#devices.filter(answers).flatMap((device) => (isLamp(device) ? this.#lampReadings(device.id) : [])));
    for (const device of this.#devices) if (isLamp(device)) this.#parts.onAlive(device.id, answers(device));
    this.#readSensors();
  }

  #pollNext(): void {
    const lamps = this.#devices.filter(isLamp);
    const device = lamps[this.#next++ % lamps.length];
    if (this.#options.street.isQuiet) return;
    if (device !== undefined && answers(device)) this.#latest.add(this.#lampReadings(device.id));
  }

  #lampReadings(id: string): Reading[] {
    const { clock } = this.#parts;
    const stamp = { atMono: clock.monoMs(), atMs: clock.wallMs() };
    this.#seen.set(id, stamp.atMs);
    const lamp = this.#lampOf(id);
    this.#count(lamp);
    return lampValues(lamp, this.#options.random).map(
      ([quantity, value]): Reading => ({ pointId: `${id}.${quantity}`, value, quality: 'good', ...stamp }),
    );
  }

  #setLevel(id: string, levelPct: number): void {
    const lamp = this.#lampOf(id);
    this.#count(lamp);
    lamp.levelPct = levelPct;
    if (this.#options.street.isQuiet) return;
    const { clock } = this.#parts;
    this.#latest.add([{ pointId: `${id}.level`, value: levelPct, quality: 'good', atMono: clock.monoMs(), atMs: clock.wallMs() }]);
  }

  #count(lamp: Lamp): void {
    const nowMono = this.#parts.clock.monoMs();
    lamp.energyWh += (powerW(lamp.levelPct) * (nowMono - lamp.sinceMono)) / HOUR_MS;
    lamp.sinceMono = nowMono;
  }

  #lampOf(id: string): Lamp {
    const lamp = this.#lamps.get(id) ?? { id, levelPct: 0, energyWh: 0, sinceMono: this.#parts.clock.monoMs() };
    this.#lamps.set(id, lamp);
    return lamp;
  }

  #readSensors(): void {
    if (this.#options.street.isQuiet) return;
    const { clock } = this.#parts;
    const stamp = { atMono: clock.monoMs(), atMs: clock.wallMs() };
    const sensors = this.#devices.filter((device) => !isLamp(device) && answers(device)).map(({ id }) => id);
    for (const id of sensors) this.#seen.set(id, stamp.atMs);
    this.#latest.add(
      sensors.map((id): Reading => ({ pointId: `${id}.motion`, value: this.#motion.get(id) ?? MOTION.none, quality: 'good', ...stamp })),
    );
  }

  /** A person passes one sensor after the other, at random times. */
  #awaitPassage(): void {
    const { passagesPerH, random } = this.#options;
    if (passagesPerH === 0) return;
    const { clock } = this.#parts;
    const waitMs = (-Math.log(1 - random()) * HOUR_MS) / passagesPerH;
    this.#timers[3] = clock.after(waitMs, () => {
      const sensor = CITY_SENSORS[Math.floor(random() * CITY_SENSORS.length)] ?? CITY_SENSORS[0];
      this.#motion.set(sensor, MOTION.person);
      this.#readSensors();
      this.#timers[3] = clock.after(PASSAGE_MS, () => {
        this.#motion.set(sensor, MOTION.none);
        this.#readSensors();
        this.#awaitPassage();
      });
    });
  }
}

function lampValues({ levelPct, sinceMono }: Lamp, random: () => number): [(typeof QUANTITIES)[number], number][] {
  return [
    ['level', levelPct],
    ['switch', 1],
    ['temperature', Math.round(12 + levelPct / 4 + random() * 2)],
    ['allowed_power', 100],
    ['overcurrent', 0],
    ['uptime', Math.round(sinceMono / 1_000)],
    ['power', Math.round((powerW(levelPct) + random() * 0.5) * 10) / 10],
    ['supply', Math.round((231 + random()) * 10) / 10],
  ];
}

function powerW(levelPct: number): number {
  return RATED_W * (STANDBY_SHARE + ((1 - STANDBY_SHARE) * levelPct) / 100);
}

function devicesOf(lines: FieldOptions['lines']): Device[] {
  return lines.flatMap(({ config }) => [...config.devices]);
}

function isLamp({ id }: Device): boolean {
  return id.startsWith('L');
}

/** A device was installed at the address of its number. */
function answers({ id, unit }: Device): boolean {
  const number = Number(id.slice(1));
  return unit === (id.startsWith('L') ? number : FIRST_SENSOR_UNIT + number - 1);
}
