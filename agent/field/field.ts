/** All lines of the cabinet as one interface: readings out, writes in. */

import { type Clock, every, type Timer } from '../core/clock.ts';
import { createEventTracker, type EventTracker } from '../core/event-tracker.ts';
import { msg } from '../core/message.ts';
import { splitPointId } from '../core/point-id.ts';
import type { DeviceView, Field, LevelWrite, LineView, TextWrite, ValueWrite, WriteResult } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import type { AgentEvent, PointId, Reading } from '../core/words.ts';
import { createBusTools, type FieldBusTools } from './bus-tools/bus-tools.ts';
import { type CountedPoint, CounterRegistry } from './counter-registry.ts';
import { busLine, deviceViews, lineView, rawLine } from './field-views.ts';
import type { FieldLine } from './line-from-config.ts';
import { createLineRuntime, type LineRuntime, type RuntimeParts } from './line-runtime.ts';
import { LatestReadings } from './readings.ts';
import { asLevelWrite, LAMP_WORDS, OUTPUT_WORDS, TEXT_WORDS, type WriteWords, withTextValue } from './writes/write-reasons.ts';

/** How often the bus load and the age of the readings are checked. Units: ms. */
const LOAD_SAMPLE_MS = 5_000;
/** Period of the check of answering units for trouble; a report is late by at most this. Units: ms. Source: as for the lighting decision; an unread presence input is reported up to 1 s later. */
const TROUBLE_CHECK_MS = 1_000;

/**
 * The lines of a field, the parts that its lines share, and the callback for events. `onReadings` receives counters as totals, and a
 * good reading again when it becomes stale.
 */
export interface FieldOptions extends Omit<RuntimeParts, 'events' | 'latest' | 'bus'> {
  readonly lines: readonly FieldLine[];
  /** Device types that the bus tools may recognise on a line. Absent: none. */
  readonly profiles?: () => readonly Profile[];
  /** How long the adapter of a port holds bytes back; null when this cannot be determined. Units: ms. */
  readonly adapterLatencyMs?: (port: string) => number | null;
  /**
   * The largest power that a meter of the cabinet can measure, for points whose profile states none. Values above 250, the largest feed,
   * count as 250. Units: kW. Default: 250.
   */
  readonly maxPowerKw?: () => number;
  readonly onEvent: (event: AgentEvent) => void;
}

/** Lines to remove and lines to add; a line in both lists is replaced. */
export interface LineExchange {
  /** Ids of the lines to remove; an id without a line has no effect. */
  readonly gone: readonly string[];
  readonly come: readonly FieldLine[];
  /** Ids of all lines after the exchange, in the order of the configuration. */
  readonly order: readonly string[];
}

/** A field in which lines can be removed, added and replaced while its other lines keep running. */
export interface LiveField extends Field {
  /**
   * Closes the removed lines and creates the new ones; on a running field they also start to open. Resolves when the `stop` of
   * the removed lines has resolved, without waiting until the new ones are open.
   */
  exchange(change: LineExchange): Promise<void>;
}

/** Creates the field with these lines. No port is opened before `start`. Errors: as `createLineRuntime`. */
export function createField(options: FieldOptions): LiveField {
  return new CabinetField(options);
}

class CabinetField implements LiveField {
  readonly bus: FieldBusTools;
  readonly #clock: Clock;
  readonly #events: EventTracker;
  readonly #latest: LatestReadings;
  readonly #counters: CounterRegistry;
  readonly #runtimeParts: RuntimeParts;
  #runtimes: readonly LineRuntime[];
  #isRunning = false;
  #timers: readonly Timer[] = [];

  constructor(options: FieldOptions) {
    const {
      lines,
      clock,
      onReadings,
      onEvent,
      memory: store = null,
      profiles = () => [],
      adapterLatencyMs = () => null,
      maxPowerKw,
    } = options;
    const events = createEventTracker(clock, onEvent);
    const latest = new LatestReadings(clock, onReadings);
    const deliver = (readings: readonly Reading[]): void => latest.add(readings);
    const counters = new CounterRegistry({ points: lines.flatMap(pointsOf), clock, events, store, maxPowerKw, onReadings: deliver });
    const bus = createBusTools({ lines: [], rawLines: [], clock, profiles, adapterLatencyMs });
    this.bus = bus;
    this.#clock = clock;
    this.#events = events;
    this.#latest = latest;
    this.#counters = counters;
    this.#runtimeParts = { ...options, events, latest, bus, onReadings: (readings) => latest.add(counters.counted(readings)) };
    this.#runtimes = lines.map((line) => createLineRuntime(line, this.#runtimeParts));
    bus.exchange(new Set(), { lines: this.#runtimes.flatMap(busLine), rawLines: this.#runtimes.flatMap(rawLine) });
  }

  async start(): Promise<void> {
    this.#isRunning = true;
    if (this.#timers.length === 0)
      this.#timers = [
        every(this.#clock, LOAD_SAMPLE_MS, () => this.#sample()),
        every(this.#clock, TROUBLE_CHECK_MS, () => this.#reportTroubled()),
      ];
    this.#sample();
    this.#counters.start();
    await Promise.all(this.#runtimes.map((runtime) => runtime.start()));
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    await Promise.all(this.#runtimes.map((runtime) => runtime.stop()));
    this.#counters.stop();
  }

  async exchange({ gone, come, order }: LineExchange): Promise<void> {
    const ids = new Set(gone);
    const { going = [], staying = [] } = Object.groupBy(this.#runtimes, ({ source }) => (ids.has(source.config.id) ? 'going' : 'staying'));
    await Promise.all(going.map((runtime) => runtime.stop()));
    for (const runtime of going) this.#clearEvents(runtime);
    const coming = come.map((line) => createLineRuntime(line, this.#runtimeParts));
    this.#runtimes = [...staying, ...coming].toSorted((a, b) => order.indexOf(a.source.config.id) - order.indexOf(b.source.config.id));
    const points = this.#runtimes.flatMap(({ source }) => pointsOf(source));
    this.#counters.exchange(points);
    this.bus.exchange(ids, { lines: coming.flatMap(busLine), rawLines: coming.flatMap(rawLine) });
    this.#latest.keepOnly(new Set(points.map(({ pointId }) => pointId)));
    // A port that hangs while it opens must not delay the other lines.
    if (this.#isRunning) for (const runtime of coming) void runtime.start();
  }

  write(write: LevelWrite): Promise<WriteResult> {
    return this.#send(write, LAMP_WORDS);
  }

  writePoint(write: ValueWrite): Promise<WriteResult> {
    const { deviceId, quantity } = splitPointId(write.pointId);
    const raw = this.#runtimes.find(({ source, uart }) => uart !== null && source.config.devices[0]?.id === deviceId);
    if (raw?.uart != null) return raw.uart.write(write, quantity);
    return this.#send(asLevelWrite(write), OUTPUT_WORDS);
  }

  writeText({ text, ...write }: TextWrite): Promise<WriteResult> {
    return this.#send({ ...asLevelWrite({ ...write, value: 0 }), text }, TEXT_WORDS);
  }

  latest(pointId: PointId): Reading | undefined {
    return this.#latest.get(pointId);
  }

  readings(): readonly Reading[] {
    return this.#latest.all();
  }

  lines(): readonly LineView[] {
    return this.#runtimes.map((runtime) => lineView(runtime, this.bus.counters(runtime.source.config.id)));
  }

  devices(): readonly DeviceView[] {
    return this.#runtimes.flatMap(deviceViews);
  }

  pulses(): ReturnType<Field['pulses']> {
    return this.#runtimes.map(({ source, runner, supervisor: { openingMono } }) => ({
      id: source.config.id,
      turnedMono: runner?.turnedMono ?? null,
      openingMono,
    }));
  }

  #send(write: LevelWrite, words: WriteWords): Promise<WriteResult> {
    const { deviceId, quantity } = splitPointId(write.pointId);
    for (const { runner, units } of this.#runtimes) {
      const unit = units.find(({ device }) => device.id === deviceId);
      if (unit !== undefined && runner !== null) return runner.write(withTextValue(write, unit, quantity), unit, quantity, words);
    }
    return Promise.resolve({ state: 'failed', reason: msg`no device ${deviceId} on any line`, sentMono: null });
  }

  /** Ends the events of a line that is removed; its successor reports again what is still wrong. */
  #clearEvents({ source }: LineRuntime): void {
    for (const code of ['line-down', 'line-silent', 'second-master'] as const) this.#events.clear(code, source.config.id);
    for (const { id } of source.config.devices)
      for (const code of ['unit-silent', 'unit-not-set-up', 'unit-no-data', 'unit-answers-twice'] as const) this.#events.clear(code, id);
    for (const { pointId } of pointsOf(source)) this.#events.clear('level-not-read', pointId);
  }

  #reportTroubled(): void {
    for (const { runner } of this.#runtimes) runner?.reportTroubled();
  }

  #sample(): void {
    this.#latest.reportStale();
    for (const { source, load } of this.#runtimes)
      if (source.kind === 'modbus') load.sample(this.#clock.monoMs(), source.line.counters.busyMs);
  }
}

function pointsOf(source: FieldLine): CountedPoint[] {
  return source.config.devices.flatMap(({ id }) => {
    const { points } = (source.kind === 'modbus' ? source.driverOf(id) : source.driver).profile;
    return points.map((profile): CountedPoint => ({ pointId: `${id}.${profile.id}`, profile }));
  });
}
