/** `why --at` in the past: shows what the record has; where it lacks that instant, what was measured, and what sun and programme request by the present settings. */

import type { WallMs } from '../../../core/clock.ts';
import { count } from '../../../core/counts.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import type { AgentView, PastLamp, WhyView } from '../../../core/views.ts';
import type { Page } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { askStore } from '../store/store.ts';
import { measuredText, missingText, NOT_RECORDED, renderRecorded } from './why-record.ts';
import { requestedAt, sharedTrace, traceLines } from './why-trace.ts';

/**
 * An older reading does not prove the level. Units: ms. Source: assumed; ten readings at the default heartbeat of a minute. Confirmed by:
 * gaps between level readings in a week of a store.
 */
const MEASURED_WITHIN_MS = 600_000;

/**
 * Resolves with the lamps. `measured` is from the last reading stored in the ten minutes up to that instant, with a null level if it has no
 * good value. A lamp without a reading is unchanged. Errors: rejects with ConsoleError 'failed' if the store does not answer.
 */
export async function withMeasured(view: AgentView, lamps: readonly PastLamp[], atMs: WallMs): Promise<readonly PastLamp[]> {
  const found: PastLamp[] = [];
  for (const lamp of lamps) {
    const query = { pointId: lamp.pointId, fromMs: atMs - MEASURED_WITHIN_MS, toMs: atMs + 1, resolution: 'raw', limit: 1 } as const;
    const row = (await askStore(view, view.history(query))).rows.at(-1);
    const levelPct = row?.quality === 'good' && row.value !== null ? Math.round(row.value) : null;
    found.push(row === undefined ? lamp : { ...lamp, measured: { levelPct, atMs: row.atMs } });
  }
  return found;
}

/**
 * Renders `why` for a past instant: what the record has, and what was measured. If the record lacks that instant: why, what was measured,
 * and what sun and programme give by the present settings.
 */
export function renderPast(view: WhyView, lamps: readonly PastLamp[], page: Page): string {
  const { recorded } = view;
  return recorded === undefined || recorded.missing !== null
    ? renderUnrecorded(view, lamps, page)
    : renderRecorded(view, { recorded, measured: lamps }, page);
}

function renderUnrecorded({ id, kind, atMs = 0, recorded }: WhyView, lamps: readonly PastLamp[], page: Page): string {
  const row = (label: Message, text: Said): string[] => labelled(label, text, page);
  const [first] = lamps;
  const then = { ...page, atMs };
  const planned = sharedTrace(lamps.map((lamp) => lamp.planned));
  const head =
    kind === 'lamp' && first !== undefined
      ? row(msg`Lamp`, msg`${first.id} on pole ${first.pole}`)
      : row(msg`Zone`, msg`${id}, ${count(lamps.length, 'lamp')}`);
  return [
    ...head,
    ...requestedAt(atMs, page),
    ...row(
      msg`Record`,
      recorded?.missing == null ? msg`the store does not answer: \`luciole store\`` : missingText(recorded.missing, page),
    ),
    ...[msg`Requested`, msg`In force`, msg`Because`].flatMap((label) => row(label, NOT_RECORDED)),
    ...(kind === 'lamp' && first !== undefined ? row(msg`Measured`, measuredText(first, then)) : ['', ...measuredTable(lamps, then)]),
    '',
    ...paragraph(msg`By the present settings sun and programme give this; sensors and commands of that time are not known:`, page),
    ...traceLines(planned, then),
    '',
    ...paragraph(msg`\`luciole history ${first?.pointId ?? id}\` shows the measured levels`, page),
  ].join('\n');
}

function measuredTable(lamps: readonly PastLamp[], page: Page): readonly string[] {
  const rows = lamps.map((lamp) => [lamp.id, lamp.pole, measuredText(lamp, page)]);
  return tableLines([{ title: msg`Lamp`, maxCols: 12 }, { title: msg`Pole`, maxCols: 8 }, { title: msg`Measured` }], rows, page);
}
