/**
 * What the numbers of a line say to the person in front of it.
 *
 * Pure: statistics in, sentences out. Every rule names the finding first and then where to look. Called by `line-stats.ts`.
 */
import type { LineStats, UnitStats } from '../core/bus-tools.ts';

/** Below this many transactions of a unit nothing is said about its share of failures. Source: assumed; one failure in twenty is no pattern yet. */
const ENOUGH = 20;
/** Share of transactions from which a failure is worth a walk to the pole. Source: assumed; a sound RS-485 line damages less than one frame in a thousand. */
const SHARE = { crc: 0.01, late: 0.005, timeout: 0.02 } as const;
/** From here on polls begin to miss their periods. Units: %. Source: assumed; telemetry waits behind presence from about there. */
const BUSY_PCT = 80;
/** Stray bytes for each transaction that are more than a glitch now and then. Source: assumed. */
const NOISE_PER_TRANSACTION = 0.05;
/** An adapter that holds bytes back no longer than this is as good as none. Units: ms. Source: modbus.md §2.2: 16 is the factory setting of FTDI, 1 the best. */
const ADAPTER_LATENCY_MS = 2;

/** A line's numbers before anything is said about them. */
export interface PlainLineStats extends Omit<LineStats, 'advice'> {
  /** Sound frames that nobody asked for. */
  readonly strangers: number;
}

/**
 * All that is worth looking at, the most likely cause of most trouble first.
 *
 * Units: `latencyMs` is how long the line's adapter holds bytes back, null when it does not say.
 */
export function adviceOf(line: PlainLineStats, latencyMs: number | null): string[] {
  const rules = [silence, damage, echo, foreign, lateness, timeouts, exceptions, load];
  const advice = rules.flatMap((rule) => rule(line));
  return latencyMs === null || latencyMs <= ADAPTER_LATENCY_MS ? advice : [...advice, slowAdapter(line, latencyMs)];
}

function silence({ units, port, baud }: PlainLineStats): string[] {
  const silent = units.filter(({ state }) => state === 'silent');
  if (silent.length > 1 && silent.length === units.length) {
    return [`no unit answers: check the supply of the line, A and B swapped, ${baud} baud and parity, and that ${port} is the right port`];
  }
  return silent.map(({ device, unit, ok }) =>
    ok === 0
      ? `${device} (unit ${unit}) has never answered: check its address, its supply and its baud rate; "bus scan" finds it elsewhere`
      : `${device} (unit ${unit}) has stopped answering: check its supply and its wires`,
  );
}

function damage({ units }: PlainLineStats): string[] {
  const heard = units.filter((unit) => transactionsOf(unit) >= ENOUGH && unit.state !== 'silent');
  const damaged = heard.filter((unit) => unit.crcErrors > SHARE.crc * transactionsOf(unit));
  if (damaged.length > 1 && damaged.length * 2 > heard.length) {
    return [
      `damaged replies from ${damaged.length} of ${heard.length} units: check termination (120 ohm at both ends), biasing, shield and baud rate`,
    ];
  }
  return damaged.map(
    ({ device, unit, crcErrors }) =>
      `${crcErrors} damaged replies from ${device} (unit ${unit}) alone: check its stub and its transceiver, and for a second unit with address ${unit}`,
  );
}

function echo({ echoes }: PlainLineStats): string[] {
  return echoes === 0 ? [] : ['the adapter hears what it sends: harmless, but switch off its local echo (RE with DE) to spare the line'];
}

/** Bytes that belong to no question of ours. */
function foreign({ strangers, transactions, noiseBytes }: PlainLineStats): string[] {
  if (strangers > 0) return [`${strangers} frames of somebody else: look for a second master on the line, or two units with one address`];
  if (transactions < ENOUGH || noiseBytes <= NOISE_PER_TRANSACTION * transactions) return [];
  return [
    `${noiseBytes} bytes nobody asked for: look for a second master on the line, for missing biasing, or for a unit that talks by itself`,
  ];
}

function lateness({ units }: PlainLineStats): string[] {
  const late = units.filter((unit) => transactionsOf(unit) >= ENOUGH && unit.lateReplies > SHARE.late * transactionsOf(unit));
  return late.map(
    ({ device, timeoutMs, lateReplies }) =>
      `${lateReplies} replies of ${device} came after its ${Math.round(timeoutMs)} ms were over: raise responseTimeoutMs in its profile`,
  );
}

function timeouts({ units }: PlainLineStats): string[] {
  const lossy = units.filter(
    (unit) => unit.state !== 'silent' && transactionsOf(unit) >= ENOUGH && unit.timeouts > SHARE.timeout * transactionsOf(unit),
  );
  return lossy.map(
    (unit) =>
      `${unit.device} (unit ${unit.unit}) misses ${Math.round((100 * unit.timeouts) / transactionsOf(unit))} % of its questions: check its connectors and its supply`,
  );
}

function exceptions({ units }: PlainLineStats): string[] {
  const busy = units.filter(
    (unit) => (unit.exceptions['device-failure'] ?? 0) + (unit.exceptions['device-busy'] ?? 0) > SHARE.crc * transactionsOf(unit),
  );
  const refusing = units.filter(({ refused }) => refused.length > 0);
  return [
    ...busy.map(({ device }) => `${device} reports failures of its own: see its manual for exceptions 4 to 6, then restart it`),
    ...refusing.map(({ device, refused }) => `${device} refuses ${refused.join(', ')}: check that its profile fits its model and firmware`),
  ];
}

function load({ busyPct, wirePct, overruns, baud }: PlainLineStats): string[] {
  if (busyPct <= BUSY_PCT) return [];
  const late = overruns === 0 ? '' : `, ${overruns} polls came late`;
  const cure =
    wirePct * 2 > busyPct
      ? `raise ${baud} baud, poll less often or split the line`
      : 'its units take their time: poll less often or split the line';
  return [`the line is ${Math.round(busyPct)} % busy${late}: ${cure}`];
}

function slowAdapter({ port }: PlainLineStats, latencyMs: number): string {
  const tty = port.split('/').at(-1);
  const file = tty?.startsWith('tty') ? `/sys/bus/usb-serial/devices/${tty}/latency_timer` : 'latency_timer of the adapter';
  return `the adapter holds each reply back for up to ${latencyMs} ms: write 1 to ${file}, for good by a udev rule`;
}

function transactionsOf({ ok, timeouts, crcErrors, exceptions }: UnitStats): number {
  return ok + timeouts + crcErrors + Object.values(exceptions).reduce((sum, count) => sum + count, 0);
}
