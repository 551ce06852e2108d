/** A running line: its port, its units, and the modules that poll and write them. */

import type { LineConfig } from '../core/cabinet.ts';
import type { Clock } from '../core/clock.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import { type Message, msg } from '../core/message.ts';
import type { Log, Store } from '../core/ports.ts';
import type { Reading } from '../core/words.ts';
import { isNetwork } from './bus-tools/bus-bounds.ts';
import type { FieldBusTools } from './bus-tools/bus-tools.ts';
import type { TransactionReport } from './bus-tools/bus-watch.ts';
import { createLineMemory, type LineMemory } from './line/line-memory.ts';
import { LineRunner } from './line/line-runner.ts';
import { PortSupervisor } from './line/port-supervisor.ts';
import type { FieldLine } from './line-from-config.ts';
import { daliPeriodsMs } from './polls/dali-pace.ts';
import { paceOf, presencePeriodMs } from './polls/line-pace.ts';
import { POLL_PERIOD_MS } from './polls/poll-plan.ts';
import type { LatestReadings } from './readings.ts';
import { type BusLoad, createBusLoad } from './stats/meters.ts';
import { UartLine } from './uart/uart-line.ts';
import { createUnit, type SetupValues, type Unit } from './units/unit.ts';

/**
 * A reading is stale when it is older than this many periods. Source: assumed; two lost polls in a row are noise. Confirmed by: gaps between readings
 * of healthy units in a week of logs.
 */
const STALE_PERIODS = 3;

/** What all lines of the field share. */
export interface RuntimeParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventTracker;
  /** The lines set in it when their readings become stale. They add no readings to it. */
  readonly latest: LatestReadings;
  /** Receives the transactions and the waits of urgent writes of lines with units, for statistics and watchers. */
  readonly bus: Pick<FieldBusTools, 'note' | 'noteUrgent'>;
  /** Receives each transaction of a Modbus or DALI line when it ends. */
  readonly onTransaction?: (lineId: string, report: TransactionReport) => void;
  /** Returns the set-up values of a device, such as its ramps and its failsafe level. */
  readonly setupValuesOf: (deviceId: string) => SetupValues;
  /** Returns a random number from 0 to 1. */
  readonly random: () => number;
  /** Keeps what was learned about units, and the counters, over a restart of the agent. Absent: nothing is kept. */
  readonly memory?: Pick<Store, 'load' | 'save'>;
  /** The poll periods of a Modbus line; a DALI bus has its own. Absent: `POLL_PERIOD_MS`, with `fast` adapted to the line. Units: ms. */
  readonly periodsMs?: typeof POLL_PERIOD_MS;
  /** Receives the readings of the devices, also those without a value. */
  readonly onReadings: (readings: readonly Reading[]) => void;
  /**
   * Called with true when a device starts to answer, and with false when it is reported as silent or its line goes down. A Modbus or DALI
   * unit whose state is still unknown when its line goes down is not reported.
   */
  readonly onAlive: (deviceId: string, alive: boolean) => void;
}

/** A line with all its parts. It runs from `start` to `stop`. */
export interface LineRuntime {
  readonly source: FieldLine;
  readonly supervisor: PortSupervisor;
  /** Has only the samples that the owner of the line adds. */
  readonly load: BusLoad;
  /** Empty for a line of raw bytes, which has a `uart` in place of a `runner`. */
  readonly units: readonly Unit[];
  readonly runner: LineRunner | null;
  readonly uart: UartLine | null;
  /** Resolves after the first try to open the port, also if that failed. */
  start(): Promise<void>;
  /** Closes the port. If the port is just being opened, it may be closed only after this has resolved. */
  stop(): Promise<void>;
}

/**
 * Creates a line with its parts, and sets in `latest` when its readings become stale. `start` opens its port.
 *
 * Errors: throws TypeError for a raw line without a device.
 */
export function createLineRuntime(source: FieldLine, parts: RuntimeParts): LineRuntime {
  return source.kind === 'modbus' ? new ModbusRuntime(source, parts) : new UartRuntime(source, parts);
}

/**
 * Returns the message that no unit on a line answers, with what to check. `port`: the line's port; the advice suits any if absent. `kind`:
 * only `dali` changes the text.
 */
export function deadLineText(lineId: string, port?: string, kind?: LineConfig['kind']): Message {
  if (kind === 'dali') return msg`no gear on line ${lineId} answers; check the DALI wires, the supply of the gear and its short addresses`;
  const where =
    port === undefined
      ? msg`its supply, its wires and what its port leads to`
      : isNetwork(port)
        ? msg`the gateway, its address and what is behind it`
        : msg`its supply, wires A and B, the adapter`;
  return msg`no unit on line ${lineId} answers; check ${where} (its port is reopened now and then)`;
}

class ModbusRuntime implements LineRuntime {
  readonly source: FieldLine & { kind: 'modbus' };
  readonly supervisor: PortSupervisor;
  readonly load = createBusLoad();
  readonly units: readonly Unit[];
  readonly runner: LineRunner;
  readonly uart = null;
  readonly #memory: LineMemory | null;
  readonly #parts: RuntimeParts;

  constructor(source: FieldLine & { kind: 'modbus' }, parts: RuntimeParts) {
    const { config, line } = source;
    const { clock, log, events, bus, memory: store } = parts;
    const [lineId, units] = [config.id, createUnits(source, parts)];
    const periodsMs = periodsOf(source, parts, units);
    setLimits(parts.latest, units, periodsMs);
    this.source = source;
    this.units = units;
    this.#parts = parts;
    this.#memory = store === undefined ? null : createLineMemory({ lineId, units, store, clock });
    this.supervisor = new PortSupervisor({ lineId, port: line, clock, events, log, onUp: () => this.#up() });
    this.runner = new LineRunner({
      ...parts,
      lineId,
      line,
      units,
      periodsMs,
      broadcast: config.broadcast,
      onTransaction(report) {
        bus.note(lineId, report);
        parts.onTransaction?.(lineId, report);
      },
      onUrgentSent: (waitMs) => bus.noteUrgent(lineId, waitMs),
      onDeadLine: () => this.#revive(),
      onStalled: () => this.supervisor.reopen(),
      onRevived: () => events.clear('line-silent', lineId),
      onSetUpWrite: () => this.#memory?.saveNow(),
      onClosed: (cause) => this.supervisor.lost(cause),
    });
    line.onLost = (cause) => {
      this.runner.lost();
      this.supervisor.lost(cause);
    };
  }

  start(): Promise<void> {
    this.#memory?.start();
    return this.supervisor.start();
  }

  async stop(): Promise<void> {
    this.#memory?.stop();
    this.runner.stop();
    await this.supervisor.stop();
  }

  #up(): void {
    this.runner.start();
    this.runner.up();
  }

  /** No unit answers any more, so the adapter may hang: reports the line and reopens its port. */
  async #revive(): Promise<void> {
    const { id, port, kind } = this.source.config;
    this.#parts.events.set(true, { code: 'line-silent', source: id, severity: 'warning', text: deadLineText(id, port, kind) });
    this.#parts.log.event('line-reopened', { line: id });
    await this.supervisor.reopen();
  }
}

function createUnits({ config, driverOf }: FieldLine & { kind: 'modbus' }, { setupValuesOf }: RuntimeParts): Unit[] {
  const count = config.devices.length;
  const hasGroups = config.devices.some(({ groups }) => Object.keys(groups).length > 0);
  return config.devices.map((device, i) => {
    const phase = (i + 1) / count;
    const slowDelayMs = config.kind === 'dali' ? phase * daliPeriodsMs(count).slow : 0;
    return createUnit({ device, driver: driverOf(device.id), setupValues: setupValuesOf(device.id), phase, hasGroups, slowDelayMs });
  });
}

function periodsOf(
  { config, line }: FieldLine & { kind: 'modbus' },
  { periodsMs }: RuntimeParts,
  units: readonly Unit[],
): typeof POLL_PERIOD_MS {
  if (config.kind === 'dali') return daliPeriodsMs(config.devices.length);
  return periodsMs ?? { ...POLL_PERIOD_MS, fast: presencePeriodMs(paceOf(line), presencesOf(units)) };
}

/** How many units have presence inputs. */
function presencesOf(units: readonly Unit[]): number {
  return units.filter(({ slots }) => slots.some(({ poll }) => poll === 'fast')).length;
}

function setLimits(latest: LatestReadings, units: readonly Unit[], periodsMs: typeof POLL_PERIOD_MS): void {
  for (const { device, slots } of units) {
    for (const { quantities, poll } of slots)
      for (const quantity of quantities) latest.setLimit(`${device.id}.${quantity}`, STALE_PERIODS * periodsMs[poll] + 1_000);
  }
}

class UartRuntime implements LineRuntime {
  readonly source: FieldLine & { kind: 'uart' };
  readonly supervisor: PortSupervisor;
  readonly load = createBusLoad();
  readonly units = [];
  readonly runner = null;
  readonly uart: UartLine;

  constructor(source: FieldLine & { kind: 'uart' }, parts: RuntimeParts) {
    const { config, port, driver } = source;
    const { clock, log, events, latest } = parts;
    const [device] = config.devices;
    if (device === undefined) throw new TypeError(`line ${config.id} has no device`);
    // A point that is reported only when it happens does not age.
    for (const { id, poll } of driver.profile.points) if (poll !== 'never') latest.setLimit(`${device.id}.${id}`, driver.silenceMs);
    this.source = source;
    this.uart = new UartLine({ ...parts, device, driver, port });
    this.supervisor = new PortSupervisor({ lineId: config.id, port, clock, events, log, onUp: () => this.uart.start() });
    port.onLost = (cause) => {
      this.uart.lost();
      this.supervisor.lost(cause);
    };
  }

  start(): Promise<void> {
    return this.supervisor.start();
  }

  async stop(): Promise<void> {
    this.uart.stop();
    await this.supervisor.stop();
  }
}
