/** Scans lines while no agent runs: opens each port, scans it and closes it. It writes no register. */

import { adapterLatencyMs } from '../../drivers/adapter-latency.ts';
import { uartDriverFor } from '../../drivers/driver-for.ts';
import type { FoundUnit, ScanProgress } from '../core/bus-tools.ts';
import type { LineConfig, SerialSettings } from '../core/cabinet.ts';
import { type Clock, sleep } from '../core/clock.ts';
import type { OpenBytePort } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import { parseLinePort, serialOf } from '../core/line-port.ts';
import type { Message } from '../core/message.ts';
import type { Field } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import { createField } from '../field/field.ts';
import { fieldLine } from '../field/line-from-config.ts';
import type { SeenLine } from './propose.ts';

/** Which unit addresses to scan, both ends included, at which serial settings. */
export interface ProbeRequest {
  readonly from: number;
  readonly to: number;
  /** Only these settings are tried. Null: usual settings, and on a serial port possibly others if nothing replies. */
  readonly serial: SerialSettings | null;
}

/** Inputs of the scan of one port. `profiles`: by id. `report` receives the progress. An abort of `signal` makes the scan reject. */
export interface SetupProbeParts extends ProbeRequest {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly clock: Clock;
  readonly openPort: OpenBytePort;
  readonly signal: AbortSignal;
  readonly report: (progress: ScanProgress) => void;
}

/** Source: factory setting of most known devices; the second stop bit does not disturb devices that send one. */
const USUAL_SERIAL: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 2, dataBits: 8 };
const LINE_ID = 'line';
/** How long to listen at each speed for a device that sends without a request. Units: ms. Source: the slowest known device sends once a second. */
const LISTEN_MS = 2_600;
const LOOK_MS = 100;
/** This number of whole frames cannot be noise. */
const FRAMES = 2;
/**
 * Longest wait for each address. A full scan has the line for itself, and a missed unit costs a visit. Units: ms.
 * Source: assumed; 247 addresses take 16 s. Confirmed by: the response times of units in a scan at the gateway.
 */
const PATIENT_WAIT_MS = 60;

/**
 * Scans one port, if necessary with several serial settings, and closes it. `found` is empty if no unit answers a request.
 *
 * Errors: rejects, for example with BusError if the port cannot be used.
 */
export async function probeLine(port: string, parts: SetupProbeParts): Promise<SeenLine> {
  const serial = parts.serial ?? USUAL_SERIAL;
  const isTunable = parts.serial === null && parseLinePort(port).kind === 'serial';
  const seen = await scanAt(port, serial, parts);
  if (!isTunable || seen.found.length + seen.damaged.length > 0) return seen;
  const uartDevice = await listen(port, parts);
  if (uartDevice !== null) return { ...seen, serial: uartDevice.serial, uartDevice };
  const other = await findSettings(port, serial, parts);
  // The search stops at the first unit. Then the whole line is scanned at that speed, with a wait long enough for slow units.
  return other === null ? seen : scanAt(port, other, parts);
}

/** Resolves with the device type that sends frames without a request; null for none. It only listens. */
async function listen(port: string, { profiles, clock, openPort, signal }: SetupProbeParts): Promise<Profile | null> {
  const uartProfiles = [...profiles.values()].filter(({ transport, serial }) => transport === 'uart' && serial !== null);
  const speeds = new Map(uartProfiles.map(({ serial }) => [JSON.stringify(serial), serial as SerialSettings]));
  for (const [key, serial] of speeds) {
    const drivers = uartProfiles.filter((profile) => JSON.stringify(profile.serial) === key).map(uartDriverFor);
    const bytes = openPort(port, serial, null);
    bytes.onBytes = (more) => {
      for (const driver of drivers) driver.feed(more);
    };
    await bytes.open();
    try {
      for (let waitedMs = 0; waitedMs < LISTEN_MS; waitedMs += LOOK_MS) {
        signal.throwIfAborted();
        await sleep(clock, LOOK_MS);
        const found = drivers.find(({ counters }) => counters.frames >= FRAMES);
        if (found !== undefined) return found.profile;
      }
    } finally {
      await bytes.close();
    }
  }
  return null;
}

/** Resolves with the serial settings at which a unit answers; null if none does. */
async function findSettings(port: string, serial: SerialSettings, parts: SetupProbeParts): Promise<SerialSettings | null> {
  const enough = new AbortController();
  let first: FoundUnit | null = null;
  const report = (progress: ScanProgress): void => {
    parts.report(progress);
    first ??= progress.found;
    if (first !== null) enough.abort();
  };
  const signal = AbortSignal.any([parts.signal, enough.signal]);
  try {
    await withLine(port, serial, parts, (field) => scan(field, { ...parts, signal, report }, true));
  } catch (error) {
    parts.signal.throwIfAborted();
    if (first === null) throw error;
  }
  return (first as FoundUnit | null)?.serial ?? null;
}

async function scanAt(port: string, serial: SerialSettings, parts: SetupProbeParts): Promise<SeenLine> {
  return withLine(port, serial, parts, async (field, config) => {
    const { found, damaged } = await scan(field, parts, false);
    return { port, serial: serialOf(config), found, damaged, uartDevice: null };
  });
}

function scan(field: Field, { from, to, signal, report }: Pick<SetupProbeParts, 'from' | 'to' | 'signal' | 'report'>, autoBaud: boolean) {
  return field.bus.scan({ line: LINE_ID, from, to, autoBaud, waitMs: autoBaud ? null : PATIENT_WAIT_MS, signal }, report);
}

/** Opens the port, runs the work and always closes the port. */
async function withLine<T>(
  port: string,
  serial: SerialSettings,
  { profiles, clock, openPort }: SetupProbeParts,
  work: (field: Field, config: LineConfig) => Promise<T>,
): Promise<T> {
  const unused = { rs485: null, broadcast: false, maxWritesPerS: 1, devices: [] };
  const config: LineConfig = { id: LINE_ID, kind: 'modbus', port, serial, ...unused };
  let down: Message | null = null as Message | null;
  const field = createField({
    lines: [fieldLine(config, { profiles, openPort, clock })],
    clock,
    log: { event: () => {} },
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, failsafeTimeoutS: 0, failsafeLevelPct: 100 }),
    random: Math.random,
    profiles: () => [...profiles.values()],
    adapterLatencyMs,
    onReadings: () => {},
    onAlive: () => {},
    onEvent: ({ code, text, endMs }) => {
      if (code === 'line-down' && endMs === null) down = text;
    },
  });
  try {
    await field.start();
    if (down !== null) throw new BusError('port-closed', down);
    return await work(field, config);
  } finally {
    await field.stop();
  }
}
