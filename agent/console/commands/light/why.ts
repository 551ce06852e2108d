/** `why`: shows why a lamp or zone has its level, now or at another time, why a panel has its text, a place its sound, and a meter its events. */

import { count } from '../../../core/counts.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import { inTurn } from '../../../core/message-lists.ts';
import type { MeterLoadView } from '../../../core/meter-load-view.ts';
import type { PanelView } from '../../../core/panel-tools.ts';
import type { SoundView } from '../../../core/sound-tools.ts';
import type { AgentView, PastLamp, WhyLamp, WhyView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { since as ago, clockTime, formatLevel, formatLevels, type Page, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { type TableColumn, tableLines } from '../../text/text-table.ts';
import { renderWhyPanel } from '../panels/panel-page.ts';
import { renderSoundWhy } from '../sound/sound-page.ts';
import { instantOf, typedInstant } from '../time-range.ts';
import { findTarget } from './light-args.ts';
import { renderMeterLoad } from './meter-load-page.ts';
import { renderPast, withMeasured } from './why-past.ts';
import { requestedAt, sharedTrace, traceKey, traceLines } from './why-trace.ts';

/** For the past, the level of each lamp is read from the store. Units: ms. Source: as `history`. */
const TIMEOUT_MS = 60_000;

/**
 * `why`: answers with the state of a lamp, zone, panel, sound place or meter of `AgentView.meterLoads`, and its reasons. For a lamp or
 * zone another time may be requested.
 */
export const WHY = agentCommand({
  name: 'why',
  role: 'viewer',
  group: 'Look:',
  summary: msg`why a lamp, zone, panel, place or meter is so`,
  arguments: [{ name: 'target', summary: msg`a lamp, a zone, a panel, a sound place or a meter`, required: true, names: 'target' }],
  options: [{ name: 'at', value: 'TIME', summary: msg`at another time, as 23:30 (the next one), "yesterday 23:40" or 2026-12-01T23:30` }],
  examples: ['luciole why L07', 'luciole why M01', 'luciole why L07 --at "yesterday 23:40"'],
  read: (args) => ({ target: textArg(args, 'target'), at: args['at'] === undefined ? null : typedInstant(textArg(args, 'at')) }),
  timeoutMs: TIMEOUT_MS,
  answer: async (view, { target, at }, { clock, timezone }): Promise<WhyView | WhyPanel | WhySound | WhyMeter> => {
    const isTarget = ({ id }: { readonly id: string }): boolean => id.toLowerCase() === target.toLowerCase();
    const panel = view.panels.views().find(isTarget);
    const place = view.sound?.places().find(isTarget);
    const load = view.meterLoads().find(({ meter }) => isTarget({ id: meter }));
    if ((panel ?? place ?? load) !== undefined && at !== null)
      throw new ConsoleError('usage', msg`only lamps and zones have a record of other times; leave --at out`);
    if (panel !== undefined) return { kind: 'panel', panel };
    if (place !== undefined) return { kind: 'sound-place', place };
    if (load !== undefined) return { kind: 'meter', load };
    const { id } = findTarget(view, target);
    const found = at === null ? view.why(id) : view.whyAt(id, instantOf(at, clock.wallMs(), timezone));
    if (found?.past !== undefined) return withRecord(view, found, found.past);
    if (found === undefined || found.lamps.length === 0)
      throw new ConsoleError('failed', msg`no level has been decided for ${id} yet; try again in a second`);
    return found;
  },
  render: (result, page) => {
    if (result.kind === 'panel') return renderWhyPanel(result.panel, page);
    if (result.kind === 'meter') return renderMeterLoad(result.load, page);
    return result.kind === 'sound-place' ? renderSoundWhy(result.place, page) : renderWhy(result, page);
  },
});

/** Adds the record of that time, and what was measured. */
async function withRecord(view: AgentView, found: WhyView, past: readonly PastLamp[]): Promise<WhyView> {
  const { id, atMs = 0 } = found;
  const recorded = await view.recordedAt(id, atMs);
  return { ...found, past: await withMeasured(view, past, atMs), ...(recorded === undefined ? {} : { recorded }) };
}

interface WhySound {
  readonly kind: 'sound-place';
  readonly place: SoundView;
}

interface WhyMeter {
  readonly kind: 'meter';
  readonly load: MeterLoadView;
}

interface WhyPanel {
  readonly kind: 'panel';
  readonly panel: PanelView;
}

/** Renders why a lamp or zone has its level now, had it in the past, or will have it by the forecast. */
export function renderWhy(view: WhyView, page: Page): string {
  if (view.past !== undefined) return renderPast(view, view.past, page);
  const [first] = view.lamps;
  if (first === undefined) return translated(msg`zone ${view.id} has no lamps`, page);
  return view.kind === 'lamp' ? lamp(first, view.atMs, page) : zone(view, page);
}

function lamp(view: WhyLamp, atMs: WhyView['atMs'], page: Page): string {
  const row = (label: Message, text: Said): string[] => labelled(label, text, page);
  const [level, measured] = [formatLevel(view.wantedPct), formatLevel(view.measuredPct)];
  const inForce = atMs === undefined ? msg`${level} since ${clockTime(view.sinceMs, page)} (${ago(view.sinceMs, page)})` : level;
  return [
    ...row(msg`Lamp`, msg`${view.id} on pole ${view.pole}`),
    ...requestedAt(atMs, page),
    ...row(msg`Requested`, formatLevel(view.requestedPct ?? view.wantedPct)),
    ...row(msg`In force`, inForce),
    ...(atMs === undefined ? row(msg`Measured`, view.following ? measured : msg`${measured}, the lamp does not follow`) : []),
    ...view.faults.flatMap((text) => row(msg`Fault`, text)),
    ...row(msg`Because`, msg`${wordOf(view.reason)} (rank ${wordOf(view.rank)})`),
    '',
    ...traceLines(view.trace, pageAt(atMs, page)),
    ...note(atMs, page),
  ].join('\n');
}

/** Returns a page whose end times are relative to the requested instant. */
function pageAt(atMs: WhyView['atMs'], page: Page): Page {
  return atMs === undefined ? page : { ...page, atMs };
}

/** Returns what a forecast does not include. */
function note(atMs: WhyView['atMs'], page: Page): string[] {
  if (atMs === undefined) return [];
  const text = msg`by sun, programme and the overrides still in force then; presence, photocells, traffic and rules are not known ahead`;
  return ['', ...labelled(msg`Forecast`, text, page)];
}

function zone({ id, lamps, atMs }: WhyView, page: Page): string {
  const shared = sharedTrace(lamps.map(({ trace }) => trace));
  const sharedKeys = new Set(shared.map(traceKey));
  const wanted = lamps.map(({ wantedPct }) => wantedPct);
  const rows = lamps.map((view) => {
    const own = view.trace.filter((line) => line.applied && !sharedKeys.has(traceKey(line)));
    const reasons = own.length === 0 ? wordOf(view.reason) : inTurn(own.map(({ rank, text }) => msg`${wordOf(rank)}: ${text}`));
    const now = atMs === undefined ? [formatLevel(view.measuredPct), ago(view.sinceMs, page), followsText(view, page)] : [];
    return [view.id, view.pole, formatLevel(view.wantedPct), ...now, reasons];
  });
  // Two lamps of one device may have the same fault.
  const faults = new Map(lamps.flatMap((view) => view.faults).map((fault) => [String(fault), fault] as const));
  const now: readonly TableColumn[] = [
    { title: msg`Measured`, align: 'right' },
    { title: msg`For`, align: 'right' },
    { title: msg`Follows` },
  ];
  const columns: readonly TableColumn[] = [
    { title: msg`Lamp`, maxCols: 12 },
    { title: msg`Pole`, maxCols: 8 },
    { title: msg`In force`, align: 'right' },
    ...(atMs === undefined ? now : []),
    { title: msg`Why` },
  ];
  return [
    ...labelled(msg`Zone`, msg`${id}, ${count(lamps.length, 'lamp')}, ${formatLevels(Math.min(...wanted), Math.max(...wanted))}`, page),
    ...requestedAt(atMs, page),
    '',
    ...(shared.length === 0 ? [] : [translated(msg`For all its lamps:`, page), ...traceLines(shared, pageAt(atMs, page)), '']),
    ...tableLines(columns, rows, page),
    ...[...faults.values()].flatMap((text) => labelled(msg`Fault`, text, page)),
    ...note(atMs, page),
  ].join('\n');
}

function followsText({ following, faults }: WhyLamp, page: Page): string {
  const word = stateWord(following ? 'yes' : 'no', page);
  return faults.length === 0 ? word : translated(msg`${word}, fault`, page);
}
