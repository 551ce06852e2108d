/**
 * The lines of the cabinet as one: readings out, writes in.
 *
 * Owns what was last read. Never decides about light, never opens a port itself.
 */
import type { LineConfig } from '../core/cabinet.ts';
import { type Clock, every, type Timer } from '../core/clock.ts';
import { createEventTracker } from '../core/event-tracker.ts';
import type { Field, LevelWrite, Log, Store, WriteResult } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import type { AgentEvent, PointId, Reading } from '../core/words.ts';
import { createBusTools } from './bus-tools/bus-tools.ts';
import { type CountedPoint, createCounterRegistry } from './counter-registry.ts';
import { busLine, deadLineText, deviceViews, type LineRuntime, lineView, rawLine } from './field-views.ts';
import { createLineMemory } from './line/line-memory.ts';
import { createLineRunner, type LineRunner } from './line/line-runner.ts';
import { createPortSupervisor, type PortSupervisor } from './line/port-supervisor.ts';
import type { FieldLine } from './line-from-config.ts';
import { paceOf, presencePeriodMs } from './polls/line-pace.ts';
import { POLL_PERIOD_MS } from './polls/poll-plan.ts';
import { createBusLoad } from './stats/bus-load.ts';
import { createUartLine } from './uart/uart-line.ts';
import { createUnit, type SetupValues } from './units/unit.ts';
import { asLevelWrite, OUTPUT_WORDS } from './writes/point-writes.ts';
import { LAMP_WORDS, type WriteWords } from './writes/write-reasons.ts';

/** A reading is stale when it is older than this many periods. Source: assumed; two lost polls in a row are noise. */
const STALE_PERIODS = 3;
/** How often the bus load, and the age of what was read, are looked at. Units: ms. */
const LOAD_SAMPLE_MS = 5_000;

export interface FieldOptions {
  readonly lines: readonly FieldLine[];
  readonly clock: Clock;
  readonly log: Log;
  /** Set-up values of a device, from the policy of its zone. */
  readonly setupValuesOf: (deviceId: string) => SetupValues;
  readonly random: () => number;
  /** Keeps what units have taught and counters have counted over a restart; without it both begin anew. */
  readonly memory?: Pick<Store, 'load' | 'save'>;
  /** Device types that a stranger found on a line may be. */
  readonly profiles?: () => readonly Profile[];
  /** How long the adapter of a port holds bytes back; null when it does not say. Units: ms. */
  readonly adapterLatencyMs?: (port: string) => number | null;
  /** Default: the agent's own, presence inputs as often as the line has room. */
  readonly periodsMs?: typeof POLL_PERIOD_MS;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
  readonly onEvent: (event: AgentEvent) => void;
}

/** Lines that go and lines that come; one in both is opened anew with other settings. */
export interface LineExchange {
  /** Ids. */
  readonly gone: readonly string[];
  readonly come: readonly FieldLine[];
  /** Ids of all lines in the order of the configuration. */
  readonly order: readonly string[];
}

/** A field whose lines can be exchanged one by one, while the others go on. */
export interface LiveField extends Field {
  /** Resolves when what goes is closed and what comes is being opened. What was read of a device that stays is kept until it is old. */
  exchange(change: LineExchange): Promise<void>;
}

export function createField(options: FieldOptions): LiveField {
  const { lines, clock, onReadings, onEvent } = options;
  const events = createEventTracker(clock, onEvent);
  const latest = new Map<PointId, Reading>();
  const staleMs = new Map<PointId, number>();
  const deliver = (readings: readonly Reading[]): void => {
    for (const reading of readings) latest.set(reading.pointId, reading);
    onReadings(readings);
  };
  const counters = createCounterRegistry({
    points: lines.flatMap(pointsOf),
    clock,
    events,
    store: options.memory ?? null,
    onReadings: deliver,
  });
  const note = (readings: readonly Reading[]): void => deliver(counters.counted(readings));
  const runtimeOf = (source: FieldLine): LineRuntime => (source.kind === 'modbus' ? modbusRuntime(source) : uartRuntime(source));
  let runtimes = lines.map(runtimeOf);
  let isRunning = false;
  const bus = createBusTools({
    lines: runtimes.flatMap(busLine),
    rawLines: runtimes.flatMap(rawLine),
    clock,
    profiles: options.profiles ?? (() => []),
    adapterLatencyMs: options.adapterLatencyMs ?? (() => null),
  });
  let sampler: Timer | undefined;

  return {
    async start() {
      isRunning = true;
      sampler ??= every(clock, LOAD_SAMPLE_MS, sample);
      sample();
      counters.start();
      await Promise.all(runtimes.map(begin));
    },
    async stop() {
      isRunning = false;
      sampler?.cancel();
      sampler = undefined;
      await Promise.all(runtimes.map(end));
      counters.stop();
    },
    async exchange({ gone, come, order }) {
      const ids = new Set(gone);
      const [going, staying] = [true, false].map((goes) => runtimes.filter(({ source }) => ids.has(source.config.id) === goes));
      await Promise.all((going ?? []).map(end));
      for (const runtime of going ?? []) forget(runtime);
      const coming = come.map(runtimeOf);
      runtimes = [...(staying ?? []), ...coming].toSorted((a, b) => order.indexOf(a.source.config.id) - order.indexOf(b.source.config.id));
      counters.exchange(runtimes.flatMap(({ source }) => pointsOf(source)));
      bus.exchange(ids, { lines: coming.flatMap(busLine), rawLines: coming.flatMap(rawLine) });
      const known = new Set(runtimes.flatMap(({ source }) => pointsOf(source)).map(({ pointId }) => pointId));
      for (const pointId of latest.keys()) if (!known.has(pointId)) latest.delete(pointId);
      // A port that hangs while it opens must not hold up the rest.
      if (isRunning) for (const runtime of coming) void begin(runtime);
    },
    write: (write) => send(write, LAMP_WORDS),
    writePoint: (write) => send(asLevelWrite(write), OUTPUT_WORDS),
    latest: (pointId) => aged(latest.get(pointId)),
    readings: () => [...latest.values()].map((reading) => aged(reading) as Reading),
    lines: () => runtimes.map((runtime) => lineView(runtime, bus.counters(runtime.source.config.id))),
    devices: () => runtimes.flatMap(deviceViews),
    pulses: () =>
      runtimes.map(({ source, runner, keeper: { openingMono } }) => ({
        id: source.config.id,
        turnedMono: runner?.turnedMono ?? null,
        openingMono,
      })),
    bus,
  };

  function begin({ memory, keeper }: LineRuntime): Promise<void> {
    memory?.start();
    return keeper.start();
  }

  async function end({ runner, uart, memory, keeper }: LineRuntime): Promise<void> {
    memory?.stop();
    runner?.stop();
    uart?.stop();
    await keeper.stop();
  }

  /** What was wrong with a line that is no more is over; what still is wrong with its successor begins anew. */
  function forget({ source }: LineRuntime): void {
    for (const code of ['line-down', 'line-silent'] as const) events.clear(code, source.config.id);
    for (const { id } of source.config.devices)
      for (const code of ['unit-silent', 'unit-not-set-up', 'unit-no-data'] as const) events.clear(code, id);
    for (const { pointId } of pointsOf(source)) events.clear('level-not-read', pointId);
  }

  function send(write: LevelWrite, words: WriteWords): Promise<WriteResult> {
    const dot = write.pointId.indexOf('.');
    const [deviceId, quantity] = [write.pointId.slice(0, dot), write.pointId.slice(dot + 1)];
    for (const { runner, units } of runtimes) {
      const unit = units.find(({ device }) => device.id === deviceId);
      if (unit !== undefined && runner !== null) return runner.write(write, unit, quantity, words);
    }
    return Promise.resolve({ state: 'failed', reason: `no device ${deviceId} on any line`, sentMono: null });
  }

  function modbusRuntime(source: FieldLine & { kind: 'modbus' }): LineRuntime {
    const { config, line, driverOf } = source;
    const count = config.devices.length;
    const units = config.devices.map((device, i) =>
      createUnit({ device, driver: driverOf(device.id), setupValues: options.setupValuesOf(device.id), phase: (i + 1) / count }),
    );
    const presences = units.filter(({ slots }) => slots.some(({ poll }) => poll === 'fast')).length;
    const periodsMs = options.periodsMs ?? { ...POLL_PERIOD_MS, fast: presencePeriodMs(paceOf(line), presences) };
    for (const { device, slots } of units) {
      for (const { quantities, poll } of slots)
        for (const quantity of quantities) staleMs.set(`${device.id}.${quantity}`, STALE_PERIODS * periodsMs[poll] + 1_000);
    }
    const common = { ...options, lineId: config.id, line, units, events, periodsMs, onReadings: note };
    const runner: LineRunner = createLineRunner({
      ...common,
      broadcast: config.broadcast,
      onTransaction: (report) => bus.note(config.id, report),
      onUrgentSent: (waitMs) => bus.noteUrgent(config.id, waitMs),
      onDeadLine: () => revive(config, keeper),
      onRevived: () => events.clear('line-silent', config.id),
      onSetUpWrite: () => memory?.saveNow(),
      onClosed: (cause) => keeper.lost(cause),
    });
    const onUp = (): void => {
      runner.start();
      runner.up();
    };
    const keeper: PortSupervisor = createPortSupervisor({ ...options, lineId: config.id, port: line, events, onUp });
    line.onLost = (cause) => {
      runner.lost();
      keeper.lost(cause);
    };
    const memory = options.memory === undefined ? null : createLineMemory({ lineId: config.id, units, store: options.memory, clock });
    return { source, keeper, load: createBusLoad(), units, runner, memory, uart: null };
  }

  /** No unit answers any more: the adapter may hang. */
  async function revive({ id, port }: LineConfig, keeper: PortSupervisor): Promise<void> {
    events.set(true, { code: 'line-silent', source: id, severity: 'warning', text: deadLineText(id, port) });
    options.log.event('line-reopened', { line: id });
    await keeper.reopen();
  }

  function uartRuntime(source: FieldLine & { kind: 'uart' }): LineRuntime {
    const { config, port, driver } = source;
    const [device] = config.devices;
    if (device === undefined) throw new TypeError(`line ${config.id} has no device`);
    for (const { id } of driver.profile.points) staleMs.set(`${device.id}.${id}`, driver.silenceMs);
    const uart = createUartLine({ ...options, device, driver, port, events, onReadings: note });
    const keeper = createPortSupervisor({ ...options, lineId: config.id, port, events, onUp: () => uart.start() });
    port.onLost = (cause) => {
      uart.lost();
      keeper.lost(cause);
    };
    return { source, keeper, load: createBusLoad(), units: [], runner: null, memory: null, uart };
  }

  /** What has not been renewed in time is reported once, so that its old value does not stand for a new one where it was sent to. */
  function reportAged(): void {
    const atMs = clock.wallMs();
    // It is still of the time it was read; it is reported at the time at which it became too old.
    const old = [...latest.values()].filter((reading) => reading.quality === 'good' && isOld(reading));
    if (old.length > 0) deliver(old.map((reading): Reading => ({ ...reading, quality: 'stale', atMs })));
  }

  function sample(): void {
    reportAged();
    for (const { source, load } of runtimes) if (source.kind === 'modbus') load.sample(clock.monoMs(), source.line.counters.busyMs);
  }

  function aged(reading: Reading | undefined): Reading | undefined {
    return reading?.quality === 'good' && isOld(reading) ? { ...reading, quality: 'stale' } : reading;
  }

  function isOld({ pointId, atMono }: Reading): boolean {
    return clock.monoMs() - atMono > (staleMs.get(pointId) ?? Number.POSITIVE_INFINITY);
  }
}

function pointsOf(source: FieldLine): CountedPoint[] {
  return source.config.devices.flatMap(({ id }) => {
    const { points } = (source.kind === 'modbus' ? source.driverOf(id) : source.driver).profile;
    return points.map((profile): CountedPoint => ({ pointId: `${id}.${profile.id}`, profile }));
  });
}
