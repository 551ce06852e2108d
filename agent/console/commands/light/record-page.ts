/** `record page`: answers with recorded decisions of nights, for the replay in the client. The typed nights are resolved in the agent's time zone. */

import type { NightWindow } from '../../../control/replay/settings-tally.ts';
import type { RecordPage, StoredRecord } from '../../../core/decision-record.ts';
import { DAY_MS, dayStartMs } from '../../../core/durations.ts';
import { msg } from '../../../core/message.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { askStore } from '../store/store.ts';
import { rangeOf, typedTime } from '../time-range.ts';

/** A segment on its way to the client: its streams in base64. */
export interface SentRecord extends Omit<StoredRecord, 'ticks' | 'inputs' | 'levels'> {
  readonly streams: readonly [ticks: string, inputs: string, levels: string];
}

/** The answer of `record page`: a page of segments. `nights`: all requested ones, recorded or not, oldest first. */
export interface RecordPageAnswer extends Omit<RecordPage, 'segments'> {
  readonly nights: readonly NightWindow[];
  readonly segments: readonly SentRecord[];
}

const NO_BYTES = new Uint8Array();
/** Smallest, largest and usual number of nights of one replay. Source: the longest time that a record can be kept, 400 days. */
export const NIGHT_COUNT = { min: 1, max: 400, usual: 1 };
/** Source: `numberArg` reads ten digits at most. No record has as many segments. */
const SEGMENT_IDS = { min: 0, max: 9_999_999_999, usual: 0 };

/** `record page`: answers with a page of segments of the record, and the requested nights. */
export const RECORD_PAGE = agentCommand({
  name: 'record page',
  role: 'viewer',
  group: 'Look:',
  summary: msg`some of the recorded decisions`,
  isHidden: true,
  options: [
    { name: 'night', value: 'DATE', summary: msg`the last night (default: the last that has ended)` },
    { name: 'nights', value: 'N', summary: msg`so many nights (default: 1)` },
    { name: 'after', value: 'ID', summary: msg`the segments after this one (default: 0)` },
  ],
  read: (args) => ({
    night: typedNight(args),
    nights: numberArg(args, 'nights', NIGHT_COUNT),
    afterId: numberArg(args, 'after', SEGMENT_IDS),
  }),
  answer: async (view, { night, nights: count, afterId }, { clock, timezone }): Promise<RecordPageAnswer> => {
    const nights = nightWindows(night ?? (await lastNight(clock.wallMs(), timezone)), count, timezone);
    const [first, last] = [nights[0], nights.at(-1)];
    const query = { fromMs: first?.fromMs ?? 0, toMs: last?.toMs ?? 0, afterId };
    const { segments, ...page } = await askStore(view, view.decisions(query));
    return { ...page, nights, segments: segments.map(sentRecord) };
  },
  render: async (result) => JSON.stringify(result),
});

/** Returns the typed night; null if none was typed. Errors: throws ConsoleError 'usage' if it is not a day such as `2026-12-01`. */
export function typedNight(args: RawArgs): string | null {
  if (args['night'] === undefined) return null;
  const text = textArg(args, 'night');
  if (dayStartMs(text) !== null) return text;
  throw new ConsoleError('usage', msg`bad --night "${text}": write the day on which it began, as 2026-12-01`);
}

/** The nights up to `date`, oldest first. */
function nightWindows(date: string, count: number, timezone: string): readonly NightWindow[] {
  return Array.from({ length: count }, (_, at) => {
    const day = shifted(date, at - count + 1);
    const range = { since: typedTime(`${day}T12:00`), until: typedTime(`${shifted(day, 1)}T12:00`) };
    return { date: day, ...rangeOf(range, 0, timezone) };
  });
}

/** The newest night that has ended. */
async function lastNight(nowMs: number, timezone: string): Promise<string> {
  const { createLocalCalendar } = await import('../../../lighting/local-time.ts');
  const { nightAt } = await import('../../../diagnosis/energy-count.ts');
  return shifted(nightAt(createLocalCalendar(timezone), nowMs), -1);
}

function shifted(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

function sentRecord({ ticks, inputs, levels, ...rest }: StoredRecord): SentRecord {
  const [t, i, l] = [ticks, inputs, levels].map((bytes) => Buffer.from(bytes).toString('base64'));
  return { ...rest, streams: [t ?? '', i ?? '', l ?? ''] };
}

/** Returns the segment with its streams as bytes, decoded from base64. Errors: none; the base64 is not checked. */
export function receivedRecord({ streams, ...rest }: SentRecord): StoredRecord {
  const [ticks, inputs, levels] = streams.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  return { ...rest, ticks: ticks ?? NO_BYTES, inputs: inputs ?? NO_BYTES, levels: levels ?? NO_BYTES };
}
