/** Renders `luciole hours`: the burning hours of lamps, one row each. Pure. */
import type { HoursAnswer } from '../../../core/light-tools.ts';
import { formatNumber, type Page, translated } from '../../text/page.ts';
import { tableLines } from '../../text/text-table.ts';

const COLUMNS = [
  { title: 'Lamp', maxCols: 20 },
  { title: 'Hours', align: 'right' },
] as const;

export function renderHours({ lamps, isSaved }: HoursAnswer, page: Page): string {
  const isUnknown = lamps.some(({ hours }) => hours === null);
  return [
    ...tableLines(
      COLUMNS,
      lamps.map(({ lamp, hours }) => [lamp, formatNumber(hours)]),
      page,
    ),
    ...(isUnknown ? [translated('hours that are not known: constant light does not reduce these lamps', page)] : []),
    ...(isSaved === false ? [translated('in force until the agent stops, but not saved: check the disk of store.dir', page)] : []),
  ].join('\n');
}
