/** Renders `luciole audit`: user and action, the newest last, and whether the record is complete. Pure. */
import type { AuditEntry, AuditHead, AuditPage, AuditVerdict } from '../../../core/audit-tools.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, count, NOTHING, type Page, translated } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** `spanMs` is how far back was asked. Units: ms. */
export function renderAudit({ entries, head, verdict }: AuditPage, page: Page, spanMs: number): string {
  const columns = [
    { title: 'When' },
    { title: 'Who', maxCols: 14 },
    { title: 'Door' },
    { title: 'What', wraps: true },
    { title: 'Result', maxCols: 20 },
  ] as const;
  const rows = entries.map((entry) => [clockTime(entry.atMs, page), who(entry), entry.door, what(entry), entry.result]);
  const within = `in the last ${formatDuration(spanMs)}`;
  const shown = entries.length === 0 ? [translated(`nothing was noted ${within}`, page)] : tableLines(columns, rows, page);
  const sum =
    entries.length === 0 ? [] : ['', translated(`${count(entries.length, 'entry').replace('entrys', 'entries')} ${within}`, page)];
  return [...shown, ...sum, ...(verdict === null ? [] : ['', ...verdictLines(verdict, head, page)])].join('\n');
}

const SHORT: Readonly<Record<string, string>> = { technician: 'tech' };

function who({ user, role }: AuditEntry): string {
  return user === '' ? NOTHING : `${user}${role === '' ? '' : ` ${SHORT[role] ?? role}`}`;
}

function what({ action, detail }: AuditEntry): string {
  return detail === '' ? action : `${action} ${detail}`;
}

function verdictLines({ entries, firstN, problems }: AuditVerdict, head: AuditHead | null, page: Page): string[] {
  if (head === null && problems.length === 0) return [translated('The log is empty.', page)];
  const kept = `entries ${firstN} to ${firstN + entries - 1}`;
  const found =
    problems.length === 0
      ? [`Whole: ${kept}, none changed, none missing.`]
      : ['NOT WHOLE:', ...problems.map((text) => `- ${translated(text, page)}`)];
  const advice =
    head === null
      ? []
      : [`Head: ${head.n}:${head.hash}`, 'Keep the head elsewhere: a later --head HEAD proves that all up to it is as it is now.'];
  // A head is longer than 80 columns only where nobody could copy it in one piece.
  return [...found, ...advice].flatMap((line) => (line.startsWith('Head:') ? [translated(line, page)] : paragraph(line, page)));
}
