/**
 * Advice for an operator from the statistics of a line. Each sentence names the finding first and then what to check.
 *
 * Pure.
 */
import type { LineStats, UnitStats } from '../../core/bus-tools.ts';
import { counted, type Message, msg } from '../../core/message.ts';
import { adviceWords } from './advice-words.ts';
import { RECENT_MIN, type RecentCounts } from './unit-stats.ts';

/**
 * Below this many recent transactions of a unit there is no advice about its share of failures. Source: assumed; one failure in twenty is no pattern
 * yet. Confirmed by: failure shares of healthy units in a week of logs of a cabinet.
 */
const ENOUGH = 20;
/**
 * Recent late replies from which they are not an accident, although the unit is usually faster than its profile allows. Source: assumed. Confirmed
 * by: late replies of healthy units in a week of logs of a cabinet.
 */
const REPEATED = 10;
/**
 * Share of transactions from which a failure justifies a site visit. Source: assumed; a good RS-485 line damages less than one frame in a thousand.
 * Confirmed by: failure shares before and after repairs on site.
 */
const SHARE = { crc: 0.01, late: 0.005, timeout: 0.02 } as const;
/**
 * Above this load a line counts as busy: polls begin to miss their periods. A DALI line never counts as busy. Units: %. Source: assumed;
 * telemetry waits behind presence from about this load. Confirmed by: overruns by load in the statistics of a full line.
 */
export const BUSY_PCT = 80;
/**
 * Stray bytes per transaction that are more than an occasional glitch. Source: assumed. Confirmed by: stray bytes on healthy lines in a week of logs
 * of a cabinet.
 */
const NOISE_PER_TRANSACTION = 0.05;
/** An adapter delay up to this is negligible. Units: ms. Source: modbus.md §2.2: 16 is the factory setting of FTDI, 1 the best. */
const ADAPTER_LATENCY_MS = 2;

/** A sentence names this many units at most. */
const MAX_NAMES = 4;

/** The statistics of a line from which advice is derived. */
export interface PlainLineStats extends Omit<LineStats, 'advice' | 'units'> {
  readonly units: readonly AdvisedUnit[];
  /** Why the line is down; empty while it is up. */
  readonly downReason: Message;
  /** As the function `doMostAnswerTwice`: something seems to repeat the replies. An echo of the agent's own requests does not count. */
  readonly doMostAnswerTwice: boolean;
  /** Valid frames that seem to come from another sender, such as a second master. */
  readonly foreignFrames: number;
}

/** The statistics of a unit, with the further facts from which advice about it is derived. `recent`: its counts of the last minutes. */
export interface AdvisedUnit extends UnitStats {
  readonly recent: RecentCounts;
  /** Several replies of this unit have come twice, the last of them in the last minute. */
  readonly answersTwice: boolean;
  /** The response timeout of its profile. Units: ms. */
  readonly profileTimeoutMs: number;
}

/** Returns the sentence that the line is down, with the reason. */
export function downAdvice(reason: Message): Message {
  return msg`the line is down: ${reason}`;
}

/**
 * Returns the advice for a line as sentences; empty if there is none. Units: `latencyMs` is how long the adapter delays bytes, in ms; null
 * when unknown.
 */
export function adviceOf(line: PlainLineStats, latencyMs: number | null): Message[] {
  const rules = [silence, damage, echo, twice, foreign, lateness, timeouts, exceptions, load];
  const advice = rules.flatMap((rule) => rule(line));
  return latencyMs === null || latencyMs <= ADAPTER_LATENCY_MS ? advice : [...advice, slowAdapter(line, latencyMs)];
}

function silence({ units, port, kind, baud, downReason }: PlainLineStats): Message[] {
  if (String(downReason) !== '') return [downAdvice(downReason)];
  const silent = units.filter(({ state }) => state === 'silent');
  const words = adviceWords(port, kind);
  if (silent.length > 1 && silent.length === units.length) return [msg`no unit answers: ${words.noUnit(port, baud)}`];
  return [
    ...together(
      silent.filter(({ ok }) => ok === 0),
      (name) => msg`${name} has never answered: ${words.never(true)}`,
      (names) => msg`${names} have never answered: ${words.never(false)}`,
    ),
    ...together(
      silent.filter(({ ok }) => ok > 0),
      (name) => msg`${name} has stopped answering: ${words.stopped(true)}`,
      (names) => msg`${names} have stopped answering: ${words.stopped(false)}`,
    ),
  ];
}

function damage({ units, port, kind }: PlainLineStats): Message[] {
  const words = adviceWords(port, kind);
  const answering = units.filter((unit) => recentOf(unit) >= ENOUGH && unit.state !== 'silent');
  const damaged = answering.filter((unit) => unit.recent.damaged > SHARE.crc * recentOf(unit));
  if (damaged.length > 1 && damaged.length * 2 > answering.length) {
    return [msg`damaged replies from ${damaged.length} of ${answering.length} units: ${words.damagedAll}`];
  }
  return damaged.map((unit) => {
    const [number, name, check] = [unit.recent.damaged, nameOf(unit), words.damagedOne(unit.unit)];
    return counted(
      number,
      msg`${number} damaged reply from ${name} alone: ${check}`,
      msg`${number} damaged replies from ${name} alone: ${check}`,
    );
  });
}

function echo({ echoes, port, kind }: PlainLineStats): Message[] {
  return echoes === 0 ? [] : [adviceWords(port, kind).echo];
}

/** Unrequested replies of units of the line. */
function twice({ units, port, kind, doMostAnswerTwice }: PlainLineStats): Message[] {
  const words = adviceWords(port, kind);
  if (doMostAnswerTwice) return [msg`replies of most units come twice: ${words.repeats}`];
  return units
    .filter((unit) => unit.answersTwice)
    .map(({ device, unit }) => msg`${device} (unit ${unit}) answers twice: two units may have the address ${unit}; ${words.twice}`);
}

/** Bytes that belong to no request of the agent. */
function foreign({ foreignFrames, transactions, noiseBytes, port, kind }: PlainLineStats): Message[] {
  const { foreignFrames: check, noise } = adviceWords(port, kind);
  if (foreignFrames > 0)
    return [
      counted(
        foreignFrames,
        msg`${foreignFrames} frame that the agent did not request: ${check}`,
        msg`${foreignFrames} frames that the agent did not request: ${check}`,
      ),
    ];
  if (transactions < ENOUGH || noiseBytes <= NOISE_PER_TRANSACTION * transactions) return [];
  return [msg`${noiseBytes} bytes that the agent did not request: ${noise}`];
}

/** A timeout that was learned from the unit itself is not in the profile, so advice is given only when late replies repeat. */
function lateness({ units }: PlainLineStats): Message[] {
  const late = units.filter((unit) => recentOf(unit) >= ENOUGH && unit.recent.late > SHARE.late * recentOf(unit));
  const isLearned = ({ timeoutMs, profileTimeoutMs }: AdvisedUnit): boolean => timeoutMs < profileTimeoutMs;
  const repliesOf = (some: readonly AdvisedUnit[]): number => some.reduce((sum, { recent }) => sum + recent.late, 0);
  const short = late.filter((unit) => !isLearned(unit));
  const uneven = late.filter((unit) => isLearned(unit) && unit.recent.late >= REPEATED);
  const [shortReplies, unevenReplies, waits] = [repliesOf(short), repliesOf(uneven), range(short.map(({ timeoutMs }) => timeoutMs))];
  const unevenText = (names: Message): Message =>
    msg`${unevenReplies} replies of ${names} came late in the last ${RECENT_MIN} minutes, most come in time: look for what else keeps the unit or its gateway busy`;
  return [
    ...together(
      short,
      (name) =>
        counted(
          shortReplies,
          msg`${shortReplies} reply of ${name} came after its ${waits} ms were over in the last ${RECENT_MIN} minutes: raise responseTimeoutMs in its profile`,
          msg`${shortReplies} replies of ${name} came after its ${waits} ms were over in the last ${RECENT_MIN} minutes: raise responseTimeoutMs in its profile`,
        ),
      (names) =>
        msg`${shortReplies} replies of ${names} came after their ${waits} ms were over in the last ${RECENT_MIN} minutes: raise responseTimeoutMs in their profiles`,
    ),
    ...together(uneven, unevenText, unevenText),
  ];
}

function timeouts({ units, port, kind }: PlainLineStats): Message[] {
  const lossy = units.filter(
    (unit) => unit.state !== 'silent' && recentOf(unit) >= ENOUGH && unit.recent.missed > SHARE.timeout * recentOf(unit),
  );
  const shares = range(lossy.map((unit) => (100 * unit.recent.missed) / recentOf(unit)));
  const words = adviceWords(port, kind);
  return together(
    lossy,
    (name) => msg`${name} misses ${shares} % of its requests in the last ${RECENT_MIN} minutes: ${words.lossy(true)}`,
    (names) => msg`${names} miss ${shares} % of their requests in the last ${RECENT_MIN} minutes: ${words.lossy(false)}`,
  );
}

function exceptions({ units }: PlainLineStats): Message[] {
  // Where registers are isolated, the failures may mean that the unit does not have them.
  const busy = units.filter(
    (unit) =>
      unit.refused.length + unit.unanswered.length === 0 &&
      (unit.exceptions['device-failure'] ?? 0) + (unit.exceptions['device-busy'] ?? 0) > SHARE.crc * transactionsOf(unit),
  );
  return [
    ...together(
      busy,
      (name) => msg`${name} reports failures of its own: see the manual for exceptions 4 to 6, then restart`,
      (names) => msg`${names} report failures of their own: see the manual for exceptions 4 to 6, then restart`,
    ),
    ...lacking(
      units,
      'refused',
      (name, what) => msg`${name} refuses ${what}: check that its profile fits model and firmware`,
      (names, what) => msg`${names} refuse ${what}: check that their profile fits model and firmware`,
    ),
    ...lacking(
      units,
      'unanswered',
      (name, what) => msg`${name} does not answer for ${what}, but for others: check that its profile fits model and firmware`,
      (names, what) => msg`${names} do not answer for ${what}, but for others: check that their profile fits model and firmware`,
    ),
  ];
}

type Lacking = (names: Message, quantities: readonly string[]) => Message;

/** One sentence for all units without data for the same quantities. */
function lacking(units: readonly AdvisedUnit[], key: 'refused' | 'unanswered', one: Lacking, several: Lacking): Message[] {
  const some = units.filter((unit) => unit[key].length > 0);
  return [...Map.groupBy(some, (unit) => unit[key].join(', ')).values()].flatMap((same) => {
    const quantities = same[0]?.[key] ?? [];
    return together(
      same,
      (name) => one(name, quantities),
      (names) => several(names, quantities),
    );
  });
}

function load({ busyPct, wirePct, overruns, baud, port, kind }: PlainLineStats): Message[] {
  // Memory banks fill a DALI bus on purpose: they make room for everything else.
  if (busyPct <= BUSY_PCT || kind === 'dali') return [];
  const faster = wirePct * 2 > busyPct ? adviceWords(port, kind).fuller(baud) : null;
  const cure = faster ?? msg`its units need long to answer: poll less often or split the line`;
  const busy = Math.round(busyPct);
  if (overruns === 0) return [msg`the line is ${busy} % busy: ${cure}`];
  return [
    counted(
      overruns,
      msg`the line is ${busy} % busy, ${overruns} poll was late: ${cure}`,
      msg`the line is ${busy} % busy, ${overruns} polls were late: ${cure}`,
    ),
  ];
}

function slowAdapter({ port }: PlainLineStats, latencyMs: number): Message {
  const tty = port.split('/').at(-1);
  const file = tty?.startsWith('tty') ? `/sys/bus/usb-serial/devices/${tty}/latency_timer` : msg`latency_timer of the adapter`;
  return msg`the adapter delays each reply by up to ${latencyMs} ms: write 1 to ${file}, permanently by a udev rule`;
}

function transactionsOf({ ok, timeouts, crcErrors, exceptions }: UnitStats): number {
  return ok + timeouts + crcErrors + Object.values(exceptions).reduce((sum, count) => sum + count, 0);
}

function recentOf({ recent }: AdvisedUnit): number {
  return recent.answered + recent.missed + recent.damaged;
}

/** One sentence about all of them, in the singular or plural; none when there are none. */
function together(units: readonly AdvisedUnit[], one: (name: Message) => Message, several: (names: Message) => Message): Message[] {
  const [first, ...others] = units;
  if (first === undefined) return [];
  if (others.length === 0) return [one(nameOf(first))];
  const names = units.slice(0, MAX_NAMES).map(nameOf);
  const more = units.length - names.length;
  return [several(more === 0 ? msg`${names}` : msg`${names} and ${more} more`)];
}

function nameOf({ device, unit }: AdvisedUnit): Message {
  return msg`${device} (unit ${unit})`;
}

function range(numbers: readonly number[]): Message {
  const [least, most] = [Math.round(Math.min(...numbers)), Math.round(Math.max(...numbers))];
  return least === most ? msg`${least}` : msg`${least} to ${most}`;
}
