/** Renders the sound places, the reason of one, and the outcome of a request. Pure. */
import { type Message, msg, NO_TEXT, type Said } from '../../../core/message.ts';
import type { SoundTraceLine, SoundView } from '../../../core/sound-tools.ts';
import type { Outcome } from '../../../core/words.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, formatLevel, NOTHING, type Page, since, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/**
 * Renders the sound places as a table, then their faults: the track that plays now, the volume that applies while the place plays, and why.
 */
export function renderPlaces(places: readonly SoundView[], page: Page): string {
  if (places.length === 0) return translated(msg`the cabinet has no sound place`, page);
  const rows = places.map((place) => [
    place.id,
    stateOf(place, page),
    place.track ?? NOTHING,
    formatLevel(place.volumePct),
    wordOf(place.rank),
    place.untilMs === null ? NOTHING : clockTime(place.untilMs, page),
    place.trace[0]?.text ?? NO_TEXT,
  ]);
  const columns = [
    { title: msg`Place`, maxCols: 16 },
    { title: msg`State` },
    { title: msg`Track`, maxCols: 14 },
    { title: msg`Volume`, align: 'right' },
    { title: msg`Rank` },
    { title: msg`Until` },
    { title: msg`Why`, wraps: true },
  ] as const;
  const faults = places.flatMap(({ id, faults: own }) => own.flatMap((fault) => labelled(msg`Fault`, msg`${id}: ${fault}`, page)));
  return [...tableLines(columns, rows, page), ...faults].join('\n');
}

/** Renders the state of one sound place, with its player, amplifiers and faults, and the reasons for what it should play. */
export function renderSoundWhy(view: SoundView, page: Page): string {
  const row = (label: Message, text: Said): string[] => labelled(label, text, page);
  const { player, amplifiers, trace } = view;
  const heard = view.track === null ? NOTHING : view.track;
  const wanted = view.play.length === 0 ? msg`silence` : msg`${view.play}`;
  return [
    ...row(msg`Place`, view.id),
    ...row(msg`State`, stateOf(view, page)),
    ...row(msg`In force`, msg`${wanted} since ${clockTime(view.sinceMs, page)} (${since(view.sinceMs, page)})`),
    ...row(msg`Plays`, heard),
    ...row(msg`Volume`, msg`${formatLevel(view.volumePct)}, the player has ${formatLevel(player.volumePct)}`),
    ...row(msg`Player`, player.isAlive ? player.device : msg`${player.device}, silent`),
    ...amplifiers.flatMap(({ pointId, isOn }) => row(msg`Amplifier`, msg`${pointId} ${isOn === null ? msg`unknown` : onOff(isOn)}`)),
    ...view.faults.flatMap((fault) => row(msg`Fault`, fault)),
    '',
    ...traceTable(trace, page),
  ].join('\n');
}

/** Renders the outcome of a request for sound: place, state and reason. `isSaved` false: also that a restart may forget it. */
export function renderSoundOutcome({ state, reason, target, isSaved }: Outcome, page: Page): string {
  const text = String(reason) === '' ? msg`${target.id}: ${wordOf(state)}` : msg`${target.id}: ${wordOf(state)}, ${reason}`;
  const notSaved = isSaved === false ? labelled(msg`Note`, msg`not saved yet: a restart of the agent may forget it`, page) : [];
  return [...paragraph(text, page), ...notSaved].join('\n');
}

function traceTable(trace: readonly SoundTraceLine[], page: Page): string[] {
  const rows = trace.map(({ rank, source, play, applied, text, untilMs }) => [
    applied ? '>' : '',
    wordOf(rank),
    play.length === 0 ? msg`silence` : msg`${play}`,
    source,
    untilMs === null ? text : msg`${text} (until ${clockTime(untilMs, page)}, in ${formatDuration(untilMs - page.atMs)})`,
  ]);
  const columns = [
    { title: NO_TEXT },
    { title: msg`Rank` },
    { title: msg`Sound`, maxCols: 16 },
    { title: msg`Source`, maxCols: 18 },
    { title: msg`Reason`, wraps: true },
  ] as const;
  return tableLines(columns, rows, page);
}

function stateOf({ state }: Pick<SoundView, 'state'>, page: Page): Said {
  return state === 'fault' ? stateWord('bad', page, msg`fault`) : wordOf(state);
}

function onOff(isOn: boolean): Message | string {
  return wordOf(isOn ? 'on' : 'off');
}
