/** Renders what the record of decisions has about a past instant, and why it lacks one. Pure. */

import { count } from '../../../core/counts.ts';
import { type Message, msg, NO_TEXT, type Said } from '../../../core/message.ts';
import type { MissingRecord, RecordedInput, RecordedLamp, RecordedWhy } from '../../../core/recorded-why.ts';
import type { PastLamp, WhyView } from '../../../core/views.ts';
import { clockTime, formatLevel, fullTime, NOTHING, type Page, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { requestedAt, sharedTrace, traceLines } from './why-trace.ts';

/** Shown in place of a past value that is not available. */
export const NOT_RECORDED = msg`not recorded`;

/** What the record has about a past instant, and each lamp with the level measured then or in the ten minutes before, if known. */
export interface PastFacts {
  readonly recorded: RecordedWhy;
  readonly measured: readonly PastLamp[];
}

/** Returns a text that says why the record has no answer for the instant, with times in the page's time zone. */
export function missingText({ why, fromMs, toMs }: MissingRecord, page: Page): Message {
  const at = (ms: number | null): Said => (ms === null ? NOTHING : fullTime(ms, page.timezone));
  const [from, to] = [at(fromMs), at(toMs)];
  switch (why) {
    case 'empty':
      return msg`nothing is recorded yet`;
    case 'before':
      return msg`it begins at ${to}`;
    case 'aged':
      return msg`it begins at ${to}; older parts were removed after store.recordDays`;
    case 'dropped':
      return msg`it begins at ${to}; older parts were removed to make room`;
    case 'stopped':
      return toMs === null ? msg`the agent has not run since ${from}` : msg`the agent did not run from ${from} to ${to}`;
    case 'broken-off':
      return msg`the agent ended without a stop, as at a mains cut: nothing is recorded from ${from} to ${to}`;
    case 'not-stored':
      return msg`the disk accepted nothing from ${from} to ${to}: \`luciole events\``;
    case 'damaged':
      return msg`its bytes are damaged from ${from} to ${to}: check the storage card, \`luciole store check\``;
    case 'skipped':
      return msg`the clock was set forward from ${from} to ${to}: the time between did not occur`;
    case 'not-yet':
      return msg`it is on disk up to ${from}; ask again in a minute`;
    case 'unknown':
      return msg`the configuration of that time had no such lamp or zone`;
  }
}

/**
 * Renders the recorded levels of a lamp or zone at the past instant `atMs`, with reasons and inputs, and those measured up to ten minutes
 * before. Times are in the page's time zone.
 */
export function renderRecorded({ id, kind, atMs = 0 }: WhyView, { recorded, measured }: PastFacts, page: Page): string {
  const then = { ...page, atMs };
  const [first] = recorded.lamps;
  const row = (label: Message, text: Said): string[] => labelled(label, text, page);
  const head =
    kind === 'lamp' && first !== undefined
      ? lampRows(first, { recorded, measured }, then)
      : [...row(msg`Zone`, msg`${id}, ${count(recorded.lamps.length, 'lamp')}`), ...requestedAt(atMs, page)];
  const traces = recorded.lamps.flatMap(({ trace }) => (trace === null ? [] : [trace]));
  const shared = sharedTrace(traces);
  return [
    ...head,
    ...basisRows(recorded, page),
    ...recorded.notes.flatMap((text) => row(msg`Note`, text)),
    ...(kind === 'lamp' ? [] : ['', ...lampTable(recorded.lamps, measured, then)]),
    ...(shared.length === 0
      ? []
      : ['', ...(kind === 'lamp' ? [] : [translated(msg`For all its lamps:`, page)]), ...traceLines(shared, then)]),
    ...(recorded.inputs.length === 0 ? [] : ['', ...inputTable(recorded.inputs, then)]),
    '',
    ...paragraph(msg`\`luciole history ${measured[0]?.pointId ?? id}\` shows the measured levels`, page),
  ].join('\n');
}

function lampRows(lamp: RecordedLamp, { measured }: PastFacts, then: Page): string[] {
  const row = (label: Message, text: Said): string[] => labelled(label, text, then);
  const reading = measured.find(({ id }) => id === lamp.id);
  return [
    ...row(msg`Lamp`, msg`${lamp.id} on pole ${lamp.pole}`),
    ...requestedAt(then.atMs, then),
    ...row(msg`In force`, msg`${formatLevel(lamp.levelPct)} since ${clockTime(lamp.sinceMs, then)}`),
    ...(reading === undefined ? [] : row(msg`Measured`, measuredText(reading, then))),
    ...row(msg`Because`, becauseText(lamp)),
    ...(lamp.recomputedPct === null ? [] : row(msg`Differs`, differsText(lamp))),
  ];
}

function becauseText({ reason, rank, source }: RecordedLamp): Message {
  const word = msg`${wordOf(reason)} (rank ${wordOf(rank)})`;
  return source === '' ? word : msg`${word}: ${wordOf(source)}`;
}

function differsText({ recomputedPct }: RecordedLamp): Message {
  return msg`this program would decide ${formatLevel(recomputedPct)} from the same inputs; the lines below are its own`;
}

function basisRows({ basis, clockQuality }: RecordedWhy, page: Page): string[] {
  if (basis === null) return [];
  const { revision, version } = basis;
  const by = revision === null ? msg`luciole ${version}` : msg`revision ${revision}, luciole ${version}`;
  return labelled(msg`Settings`, clockQuality === null ? by : msg`${by}, clock ${wordOf(clockQuality)}`, page);
}

function lampTable(lamps: readonly RecordedLamp[], measured: readonly PastLamp[], then: Page): readonly string[] {
  const rows = lamps.map((lamp) => {
    const reading = measured.find(({ id }) => id === lamp.id);
    const cell = reading === undefined ? NOT_RECORDED : measuredText(reading, then);
    return [lamp.id, lamp.pole, formatLevel(lamp.levelPct), clockTime(lamp.sinceMs, then), cell, becauseText(lamp)];
  });
  const columns = [
    { title: msg`Lamp`, maxCols: 12 },
    { title: msg`Pole`, maxCols: 8 },
    { title: msg`In force`, align: 'right' },
    { title: msg`Since` },
    { title: msg`Measured` },
    { title: msg`Why`, wraps: true },
  ] as const;
  return tableLines(columns, rows, then);
}

function inputTable(inputs: readonly RecordedInput[], then: Page): readonly string[] {
  const rows = inputs.map(({ source, text, sinceMs }) => [source, sinceMs === null ? NO_TEXT : clockTime(sinceMs, then), text]);
  return tableLines([{ title: msg`Input`, maxCols: 20 }, { title: msg`Since` }, { title: msg`What`, wraps: true }], rows, then);
}

/** Returns the measured level with its time; for a null level, `no answer` with the time; without a reading, `NOT_RECORDED`. */
export function measuredText({ measured }: PastLamp, page: Page): Message {
  if (measured === null) return NOT_RECORDED;
  const at = clockTime(measured.atMs, page);
  return measured.levelPct === null ? msg`no answer at ${at}` : msg`${formatLevel(measured.levelPct)} at ${at}`;
}
