/**
 * The time that requests cost on a line, and so how much is worth reading at once.
 *
 * Pure.
 */
import type { ModbusLine } from '../../core/driver.ts';
import type { Profile, Table } from '../../core/profile.ts';
import { type Limits, POLL_PERIOD_MS, slotsOf, wholeRound } from './poll-plan.ts';

/** Longest delay of an urgent write by a poll: request, turnaround and reply. Units: ms. Source: docs/lines.md, urgent levels. */
const URGENT_LATENCY_MS = 50;
/** Turnaround of a unit that has not been measured yet. Units: ms. Source: units in the field take 3 to 30 ms, reference measurements. */
const ASSUMED_TURNAROUND_MS = 10;
/** Silence between two frames. Source: Modbus over Serial Line V1.02 §2.5.1.1: 3.5 characters, 1.75 ms above 19200 baud. */
const GAP = { chars: 3.5, minMs: 1.75 };

/**
 * How long requests take on a line, without the turnaround of a unit. On a DALI bus, `fixedMs` is the time of one frame with its answer;
 * the others are 0. Units: ms.
 */
export interface LinePace {
  /** Cost of one more register in a reply. */
  readonly registerMs: number;
  /** Cost of a request and a reply without registers. */
  readonly fixedMs: number;
  /** Silence between two frames. */
  readonly gapMs: number;
}

/** Returns how long requests take on this line without the turnaround of a unit, from what the line computes as time on the wire. */
export function paceOf(line: Pick<ModbusLine, 'wireMs'>): LinePace {
  const read = (count: number): number => line.wireMs({ unit: 1, table: 'holding', address: 0, count });
  const registerMs = read(2) - read(1);
  const charMs = registerMs / 2;
  return { registerMs, fixedMs: read(1) - registerMs, gapMs: charMs === 0 ? 0 : Math.max(GAP.chars * charMs, GAP.minMs) };
}

/**
 * Returns the limits of one read from a table of this unit on this line, by what the unit accepts and how long an urgent write may wait.
 * Units: registers, or bits for a table of bits.
 *
 * Source: `breakEven` = (13 characters + turnaround + gap) / (2 characters for a register, 1/8 character for a bit), reference arithmetic of
 * bus time.
 */
export function limitsOf({ registerMs, fixedMs, gapMs }: LinePace, unit: PacedUnit, table: Table): Limits {
  const { maxReadBits, maxReadRegisters, maxHole, evenAlign } = unit.profile.quirks;
  const isBits = isBitTable(table);
  const turnaroundMs = unit.turnaroundMs ?? ASSUMED_TURNAROUND_MS;
  const eachMs = isBits ? registerMs / 16 : registerMs;
  const repliesMs = Math.max(URGENT_LATENCY_MS - turnaroundMs, URGENT_LATENCY_MS / 2) - fixedMs;
  const affordable = eachMs === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(repliesMs / eachMs));
  return {
    maxCount: Math.min(isBits ? maxReadBits : maxReadRegisters, affordable),
    maxHole: unit.noHoles ? 0 : maxHole,
    breakEven: eachMs === 0 ? Number.POSITIVE_INFINITY : (fixedMs + turnaroundMs + gapMs) / eachMs,
    evenAlign,
  };
}

/** The period of presence inputs. Units: ms. Source: 75 leaves 100 ms from movement to light with the transaction in flight and the frame itself, measured; 100 is assumed. */
const PRESENCE_MS = { least: 75, most: 100 };
/**
 * Share of the line that presence inputs may use. Source: assumed; telemetry of 35 lamps needs a tenth, a scan in service a third. Confirmed by: the
 * statistics of a full line during a scan.
 */
const PRESENCE_SHARE = 0.5;

/**
 * Returns the poll period of presence inputs on a line with this many units that have them. It grows with them, between two fixed bounds.
 * Units: ms.
 */
export function presencePeriodMs({ registerMs, fixedMs, gapMs }: LinePace, units: number): number {
  const roundMs = units * (fixedMs + registerMs + ASSUMED_TURNAROUND_MS + gapMs);
  return Math.min(Math.max(roundMs / PRESENCE_SHARE, PRESENCE_MS.least), PRESENCE_MS.most);
}

/** Returns how long it takes to read all `fast` points of one device once, with an assumed turnaround; 0 without such points. Units: ms. */
export function fastRoundMs(pace: LinePace, profile: Profile): number {
  const slots = slotsOf(profile).filter(({ poll }) => poll === 'fast');
  const unit = { profile, turnaroundMs: null, noHoles: false };
  const blocks = wholeRound({ slots, periodsMs: POLL_PERIOD_MS }, (table) => limitsOf(pace, unit, table));
  return blocks.reduce((sumMs, { table, count }) => {
    const eachMs = isBitTable(table) ? pace.registerMs / 16 : pace.registerMs;
    return sumMs + pace.fixedMs + count * eachMs + ASSUMED_TURNAROUND_MS + pace.gapMs;
  }, 0);
}

function isBitTable(table: Table): boolean {
  return table === 'coil' || table === 'discrete';
}

/** What `limitsOf` needs of a unit. `noHoles`: registers between its slots (see `Slot`) may not be read along. */
export interface PacedUnit {
  readonly profile: Profile;
  /** Null if it was not measured yet. Units: ms. */
  readonly turnaroundMs: number | null;
  readonly noHoles: boolean;
}
