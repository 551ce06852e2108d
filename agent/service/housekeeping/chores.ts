/**
 * The chores of the store and the nightly report: when they run, what they do, and the text of their results.
 *
 * By the sun's time, only compaction, the report and a chore that catches up can run near dusk. The cabinets of one city run them at
 * different minutes.
 */

import type { Cabinet } from '../../core/cabinet.ts';
import { count } from '../../core/counts.ts';
import { lostNumber } from '../../core/lost-readings.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log, Store, StoreCheck } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { AgentView } from '../../core/views.ts';
import { type Chore, ChoreError } from './housekeeping.ts';

/** The parts of the agent that the chores work on. */
export interface ChoreParts {
  /** Its id and longitude set the times of most chores. */
  readonly cabinet: Pick<Cabinet, 'id' | 'longitudeDeg' | 'store'>;
  readonly store: Store;
  readonly view: Pick<AgentView, 'status'>;
  readonly log: Log;
  /** Removes recordings that are older than this number of days; resolves with how many. Default: none are removed. */
  readonly expireRecordings?: (maxDays: number) => Promise<number>;
}

/** After the night, before the working day. Units: UTC. */
const DAILY_REPORT_CRON = '0 9 * * *';

/** Returns the agent's chores, in the order of display: compaction, retention, backup, integrity check, daily report. Runs none. */
export function agentChores({ cabinet, store, view, log, expireRecordings = async () => 0 }: ChoreParts): readonly Chore[] {
  const minute = minuteOf(cabinet.id);
  const noon = noonHour(cabinet.longitudeDeg);
  const asked = async <T>(answer: Promise<T | undefined>): Promise<T> => (await answer) ?? Promise.reject(await unasked(store));
  return [
    {
      name: 'compaction',
      cron: `${minute} * * * *`,
      catchesUp: true,
      run: async () => {
        const { segments, readings, bytesBefore, bytesAfter } = await asked(store.compact());
        if (segments === 0) return msg`nothing to compact`;
        return msg`${count(readings, 'reading')} packed into ${count(segments, 'segment')}, ${kilobytes(bytesBefore)} into ${kilobytes(bytesAfter)} kB`;
      },
    },
    {
      name: 'retention',
      cron: `${minute} ${hour(noon - 2)} * * *`,
      catchesUp: true,
      run: async () => {
        const { readings, lost, isClockDoubted, people: rows } = await asked(store.retain());
        const { maxDays, peopleDays } = cabinet.store;
        if (isClockDoubted) return msg`the clock is far ahead of the last retention: ${count(readings, 'reading')} dropped; check the time`;
        const people = rows + (await expireRecordings(peopleDays).catch(refusedChore));
        const dropped =
          readings === 0
            ? msg`nothing older than ${count(maxDays, 'day')}`
            : msg`${count(readings, 'reading')} older than ${count(maxDays, 'day')} dropped, ${lost} not delivered`;
        return people === 0 ? dropped : msg`${dropped}; ${count(people, 'record')} with names of people dropped`;
      },
    },
    {
      name: 'backup',
      cron: `${minute} ${hour(noon + 14)} * * *`,
      catchesUp: true,
      run: async () => {
        const { path, bytes } = await asked(store.backup());
        return msg`${path}, ${kilobytes(bytes)} kB`;
      },
    },
    {
      name: 'integrity',
      cron: `${minute} ${noon} * * 3`,
      // This chore reads everything, and soon after a start it may be dusk.
      catchesUp: false,
      run: async () => checkText(await asked(store.check())),
    },
    { name: 'daily-report', cron: DAILY_REPORT_CRON, catchesUp: false, run: () => dailyReport(view, log) },
  ];
}

/** Logs the night in one line, so that a year of nights can be read without the platform. */
async function dailyReport(view: Pick<AgentView, 'status'>, log: Log): Promise<Message> {
  const { store: stored, uplink: link, lines, units, detections, lampsRaised } = await view.status();
  const { readingsStored, readingsLost, lossesEstimated, backlogFrames } = stored;
  const bus = Object.fromEntries(lines.map(({ id, busyPct, timeouts }) => [id, { busyPct, timeouts }]));
  log.event('daily-report', {
    detections,
    lampsRaised,
    units,
    bus,
    readingsStored,
    readingsLost,
    lossesEstimated,
    backlogFrames,
    uplink: link.state,
  });
  return msg`${count(detections, 'detection')}, ${count(readingsStored, 'reading')} stored, ${lostNumber(readingsLost, lossesEstimated)} lost`;
}

/** Errors: throws with all problems if there are any. */
function checkText({ files, account }: StoreCheck): Message {
  const problems = files.flatMap(({ file, problems }) => problems.map((problem) => msg`${file}: ${problem}`));
  if (account?.isBalanced === false) problems.push(msg`stored, sent and lost readings do not add up; check the storage card`);
  if (problems.length > 0 || files.some(({ ok }) => !ok)) {
    const [first = msg`a file is damaged`, ...others] = problems;
    throw new ChoreError(others.reduce((text, problem) => msg`${text}; ${problem}`, first));
  }
  return msg`${count(files.length, 'file')} checked, no damage`;
}

/** Errors: throws ChoreError for a refusal, any other error unchanged. */
function refusedChore(error: unknown): never {
  throw error instanceof Refusal ? new ChoreError(error.said) : error;
}

async function unasked(store: Store): Promise<Error> {
  const { reason } = await store.status();
  return new ChoreError(String(reason) === '' ? msg`the disk did not answer in time` : msg`the disk could not be read: ${reason}`);
}

/**
 * Returns the minute of the hour, 0 to 59, for which the store's chores of this cabinet are scheduled. Source: FNV-1a, for its even
 * distribution.
 */
export function minuteOf(cabinetId: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(cabinetId)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % 60;
}

/**
 * Returns the UTC hour, 0 to 23, nearest to the mean solar noon of a longitude. Units: degrees, positive to the east. Source: 15 degrees an
 * hour.
 */
export function noonHour(longitudeDeg: number): number {
  return hour(12 - Math.round(longitudeDeg / 15));
}

function hour(any: number): number {
  return (any + 24) % 24;
}

function kilobytes(bytes: number): string {
  return (bytes / 1_000).toFixed(1);
}
