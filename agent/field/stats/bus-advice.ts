/**
 * Advice for an operator from the statistics of a line. Each sentence names the finding first and then what to check.
 *
 * Pure.
 */
import type { LineStats, UnitStats } from '../../core/bus-tools.ts';
import { adviceWords } from './advice-words.ts';
import { RECENT_MIN, type RecentCounts } from './unit-stats.ts';

/** Below this many recent transactions of a unit there is no advice about its share of failures. Source: assumed; one failure in twenty is no pattern yet. */
const ENOUGH = 20;
/** Late replies of late from which they are no accident, though the unit is as a rule faster than its profile allows. Source: assumed. */
const REPEATED = 10;
/** Share of transactions from which a failure is worth a walk to the pole. Source: assumed; a sound RS-485 line damages less than one frame in a thousand. */
const SHARE = { crc: 0.01, late: 0.005, timeout: 0.02 } as const;
/** A line above this load: polls begin to miss their periods. Units: %. Source: assumed; telemetry waits behind presence from about there. */
export const BUSY_PCT = 80;
/** Stray bytes for each transaction that are more than a glitch now and then. Source: assumed. */
const NOISE_PER_TRANSACTION = 0.05;
/** An adapter that holds bytes back no longer than this is as good as none. Units: ms. Source: modbus.md §2.2: 16 is the factory setting of FTDI, 1 the best. */
const ADAPTER_LATENCY_MS = 2;

const LATELY = ` in the last ${RECENT_MIN} minutes`;
/** A sentence names this many units at most. */
const MAX_NAMES = 4;

/** The numbers of a line without advice. */
export interface PlainLineStats extends Omit<LineStats, 'advice' | 'units'> {
  readonly units: readonly AdvisedUnit[];
  /** Why the line is down; empty while it is up. */
  readonly downReason: string;
  /** What is on the line comes twice, whatever unit it is from. */
  readonly doMostAnswerTwice: boolean;
  /** Sound frames that no request of the agent caused. */
  readonly foreignFrames: number;
}

/** A unit's numbers, with those of the last minutes: a share of failures is one of now. */
export interface AdvisedUnit extends UnitStats {
  readonly recent: RecentCounts;
  /** It sent unrequested replies recently. */
  readonly answersTwice: boolean;
  /** Longest wait that its profile allows. Units: ms. */
  readonly profileTimeoutMs: number;
}

/** The first advice for a line that is down. */
export function downAdvice(reason: string): string {
  return `the line is down: ${reason}`;
}

/**
 * All that is worth looking at, the most likely cause of most trouble first.
 *
 * Units: `latencyMs` is how long the line's adapter holds bytes back, null when that is unknown.
 */
export function adviceOf(line: PlainLineStats, latencyMs: number | null): string[] {
  const rules = [silence, damage, echo, twice, foreign, lateness, timeouts, exceptions, load];
  const advice = rules.flatMap((rule) => rule(line));
  return latencyMs === null || latencyMs <= ADAPTER_LATENCY_MS ? advice : [...advice, slowAdapter(line, latencyMs)];
}

function silence({ units, port, baud, downReason }: PlainLineStats): string[] {
  if (downReason !== '') return [downAdvice(downReason)];
  const silent = units.filter(({ state }) => state === 'silent');
  const words = adviceWords(port);
  if (silent.length > 1 && silent.length === units.length) return [`no unit answers: ${words.noUnit(port, baud)}`];
  return [
    ...together(
      silent.filter(({ ok }) => ok === 0),
      (names, one) => `${names} ${one ? 'has' : 'have'} never answered: ${words.never(one)}`,
    ),
    ...together(
      silent.filter(({ ok }) => ok > 0),
      (names, one) => `${names} ${one ? 'has' : 'have'} stopped answering: ${words.stopped(one)}`,
    ),
  ];
}

function damage({ units, port }: PlainLineStats): string[] {
  const words = adviceWords(port);
  const answering = units.filter((unit) => recentOf(unit) >= ENOUGH && unit.state !== 'silent');
  const damaged = answering.filter((unit) => unit.recent.damaged > SHARE.crc * recentOf(unit));
  if (damaged.length > 1 && damaged.length * 2 > answering.length) {
    return [`damaged replies from ${damaged.length} of ${answering.length} units: ${words.damagedAll}`];
  }
  return damaged.map(
    ({ device, unit, recent }) =>
      `${counted(recent.damaged, 'damaged reply', 'damaged replies')} from ${device} (unit ${unit}) alone: ${words.damagedOne(unit)}`,
  );
}

function echo({ echoes, port }: PlainLineStats): string[] {
  return echoes === 0 ? [] : [adviceWords(port).echo];
}

/** Unrequested replies of units of the line. */
function twice({ units, port, doMostAnswerTwice }: PlainLineStats): string[] {
  const words = adviceWords(port);
  if (doMostAnswerTwice) return [`replies of most units come twice: ${words.repeats}`];
  return units
    .filter((unit) => unit.answersTwice)
    .map(({ device, unit }) => `${device} (unit ${unit}) answers twice: two units may have the address ${unit}; ${words.twice}`);
}

/** Bytes that belong to no request of the agent. */
function foreign({ foreignFrames, transactions, noiseBytes, port }: PlainLineStats): string[] {
  if (foreignFrames > 0) return [`${foreignFrames} frames of somebody else: ${adviceWords(port).foreignFrames}`];
  if (transactions < ENOUGH || noiseBytes <= NOISE_PER_TRANSACTION * transactions) return [];
  return [`${noiseBytes} bytes nobody asked for: ${adviceWords(port).noise}`];
}

/** A wait that was learned from the unit itself is not the profile's to raise: only what comes again and again is worth a word then. */
function lateness({ units }: PlainLineStats): string[] {
  const late = units.filter((unit) => recentOf(unit) >= ENOUGH && unit.recent.late > SHARE.late * recentOf(unit));
  const isLearned = ({ timeoutMs, profileTimeoutMs }: AdvisedUnit): boolean => timeoutMs < profileTimeoutMs;
  const repliesOf = (some: readonly AdvisedUnit[]): string =>
    counted(
      some.reduce((sum, { recent }) => sum + recent.late, 0),
      'reply',
      'replies',
    );
  const short = late.filter((unit) => !isLearned(unit));
  const uneven = late.filter((unit) => isLearned(unit) && unit.recent.late >= REPEATED);
  return [
    ...together(short, (names, one) => {
      const waits = range(short.map(({ timeoutMs }) => timeoutMs));
      return `${repliesOf(short)} of ${names} came after ${one ? 'its' : 'their'} ${waits} ms were over${LATELY}: raise responseTimeoutMs in ${one ? 'its profile' : 'their profiles'}`;
    }),
    ...together(
      uneven,
      (names) =>
        `${repliesOf(uneven)} of ${names} came late${LATELY}, most come in time: look for what else keeps the unit or its gateway busy`,
    ),
  ];
}

function timeouts({ units, port }: PlainLineStats): string[] {
  const lossy = units.filter(
    (unit) => unit.state !== 'silent' && recentOf(unit) >= ENOUGH && unit.recent.missed > SHARE.timeout * recentOf(unit),
  );
  const shares = range(lossy.map((unit) => (100 * unit.recent.missed) / recentOf(unit)));
  return together(lossy, (names, one) => {
    const missed = one ? `misses ${shares} % of its` : `miss ${shares} % of their`;
    return `${names} ${missed} questions${LATELY}: ${adviceWords(port).lossy(one)}`;
  });
}

function exceptions({ units }: PlainLineStats): string[] {
  // Where registers are isolated, the failures may mean that the unit does not have them.
  const busy = units.filter(
    (unit) =>
      unit.refused.length + unit.unanswered.length === 0 &&
      (unit.exceptions['device-failure'] ?? 0) + (unit.exceptions['device-busy'] ?? 0) > SHARE.crc * transactionsOf(unit),
  );
  return [
    ...together(
      busy,
      (names, one) =>
        `${names} ${one ? 'reports' : 'report'} failures of ${one ? 'its' : 'their'} own: see the manual for exceptions 4 to 6, then restart`,
    ),
    ...lacking(units, 'refused', (what, one) => `${one ? 'refuses' : 'refuse'} ${what}`),
    ...lacking(units, 'unanswered', (what, one) => `${one ? 'does' : 'do'} not answer for ${what}, but for others`),
  ];
}

/** One sentence for all units without data for the same quantities. */
function lacking(
  units: readonly AdvisedUnit[],
  key: 'refused' | 'unanswered',
  finding: (quantities: string, isOne: boolean) => string,
): string[] {
  const some = units.filter((unit) => unit[key].length > 0);
  return [...Map.groupBy(some, (unit) => unit[key].join(', '))].flatMap(([quantities, same]) =>
    together(same, (names, one) => {
      const fits = `check that ${one ? 'its' : 'their'} profile fits model and firmware`;
      return `${names} ${finding(quantities, one)}: ${fits}`;
    }),
  );
}

function load({ busyPct, wirePct, overruns, baud, port }: PlainLineStats): string[] {
  if (busyPct <= BUSY_PCT) return [];
  const late = overruns === 0 ? '' : `, ${overruns} polls came late`;
  const faster = wirePct * 2 > busyPct ? adviceWords(port).fuller(baud) : null;
  const cure = faster ?? 'its units take their time: poll less often or split the line';
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

function recentOf({ recent }: AdvisedUnit): number {
  return recent.answered + recent.missed + recent.damaged;
}

/** One sentence about all of them; none when there are none. */
function together(units: readonly AdvisedUnit[], sentence: (names: string, isOne: boolean) => string): string[] {
  if (units.length === 0) return [];
  const names = units.slice(0, MAX_NAMES).map(({ device, unit }) => `${device} (unit ${unit})`);
  const more = units.length - names.length;
  return [sentence(`${names.join(', ')}${more === 0 ? '' : ` and ${more} more`}`, units.length === 1)];
}

function range(numbers: readonly number[]): string {
  const [least, most] = [Math.round(Math.min(...numbers)), Math.round(Math.max(...numbers))];
  return least === most ? `${least}` : `${least} to ${most}`;
}

function counted(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
