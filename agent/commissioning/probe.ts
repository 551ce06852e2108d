/** Scans lines while no agent runs: opens each port, scans it and closes it. It only reads. */

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

/** Which addresses to scan, at which serial settings. */
export interface ProbeRequest {
  readonly from: number;
  readonly to: number;
  /** These alone; null: the usual, then all others. */
  readonly serial: SerialSettings | null;
}

/** What one scan of a port needs. */
export interface SetupProbeParts extends ProbeRequest {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly clock: Clock;
  readonly openPort: OpenBytePort;
  readonly signal: AbortSignal;
  readonly report: (progress: ScanProgress) => void;
}

/** Source: the factory setting of most known devices; a second stop bit does not disturb those that send one. */
const USUAL_SERIAL: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 2, dataBits: 8 };
const LINE_ID = 'line';
/** How long to listen on a silent line, at each speed of a device that sends without a request. Units: ms. Source: the slowest known device sends once a second. */
const LISTEN_MS = 2_600;
const LOOK_MS = 100;
/** So many whole frames are no accident. */
const FRAMES = 2;
/**
 * For each address of the whole scan: no other request waits for the line, and a missed unit costs a visit. Units: ms.
 * Source: assumed; 247 addresses take 16 s.
 */
const PATIENT_WAIT_MS = 60;

/** Errors: rejects with BusError when the port cannot be used, with the signal's reason when it is aborted. */
export async function probeLine(port: string, parts: SetupProbeParts): Promise<SeenLine> {
  const serial = parts.serial ?? USUAL_SERIAL;
  const isTunable = parts.serial === null && parseLinePort(port).kind === 'serial';
  const seen = await scanAt(port, serial, parts);
  if (!isTunable || seen.found.length + seen.damaged.length > 0) return seen;
  const uartDevice = await listen(port, parts);
  if (uartDevice !== null) return { ...seen, serial: uartDevice.serial, uartDevice };
  const other = await findSettings(port, serial, parts);
  // The search ends at the first unit; the whole line is then scanned at that unit's speed, with a wait that slow units need.
  return other === null ? seen : scanAt(port, other, parts);
}

/** The device type whose frames come by themselves; null when none do. Only listens: what must be asked first is not found. */
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

/** Returns the serial settings at which a unit answers; null when none answers at any. */
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

/** The port is closed again whatever happens. */
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
