/** `audit`: shows who did what on this gateway, and whether the audit log is intact. */

import type { AuditEntry, AuditHead, AuditPage, AuditVerdict } from '../../../core/audit-tools.ts';
import { count } from '../../../core/counts.ts';
import { counted, type Message, msg, type Said } from '../../../core/message.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { formatDuration, parseDuration, type SpanLimits } from '../../text/duration.ts';
import { clockTime, NOTHING, type Page, translated } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** Units: ms. Source: the log covers years. */
const SPAN: SpanLimits = { minMs: 60_000, maxMs: 3_650 * 86_400_000 };
const USUAL_SPAN = '7d';
/** Most entries that are answered, the newest. Source: assumed; the number of lines that a person can read. Confirmed by: the audit logs of a year of cabinets. */
const MAX_ENTRIES = 1_000;
/** Time to verify the whole chain. Units: ms. Source: assumed; 10,000 entries take a second on a slow card. Confirmed by: bench of a full audit log on the gateway. */
const TIMEOUT_MS = 60_000;

/**
 * `audit`: answers with the newest entries of a period; with `--verify` or `--head` also with a verification of the log. The exit code is 1
 * if that finds a problem, but not for a remark that entries may be missing.
 */
export const AUDIT = agentCommand({
  name: 'audit',
  role: 'admin',
  group: 'Access:',
  summary: msg`who did what here, and is that record whole`,
  options: [
    { name: 'since', value: 'DURATION', summary: msg`how far back, 1m to 3650d, as 24h or 30d (default: 7d)` },
    { name: 'verify', value: null, summary: msg`walk the whole chain: changed, missing, swapped entries` },
    { name: 'head', value: 'N:HASH', summary: msg`as printed by an earlier run: must still be in the chain` },
  ],
  examples: ['luciole audit', 'luciole audit --since 90d --json', 'luciole audit --verify'],
  timeoutMs: TIMEOUT_MS,
  read: (args) => ({
    spanMs: parseDuration(args['since'] === undefined ? USUAL_SPAN : textArg(args, 'since'), SPAN),
    isVerified: args['verify'] === true || args['head'] !== undefined,
    knownHead: args['head'] === undefined ? null : readHead(textArg(args, 'head')),
  }),
  answer: async (view, { spanMs, isVerified, knownHead }, { clock }): Promise<AuditPage> => {
    const page = await view.audit.read({ sinceMs: clock.wallMs() - spanMs, limit: MAX_ENTRIES, isVerified, knownHead });
    if (page === undefined) throw new ConsoleError('failed', msg`the audit log could not be read; see \`luciole store\``);
    return page;
  },
  render: (result, page, { spanMs }) => renderAudit(result, page, spanMs),
  succeeded: ({ verdict }) => verdict === null || verdict.problems.length === 0,
});

function readHead(text: string): AuditHead {
  const [, n, hash] = /^(\d{1,9}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (n === undefined || hash === undefined)
    throw new ConsoleError('usage', msg`bad head "${text.slice(0, 80)}": write it as \`luciole audit --verify\` prints it, NUMBER:HASH`);
  return { n: Number(n), hash: hash.toLowerCase() };
}

/**
 * Renders `luciole audit`: the entries, their number, a remark on entries that wait in memory, and the verification, if there was one, with
 * the head. `spanMs`: the requested period, for the text. Units: ms.
 */
export function renderAudit({ entries, head, verdict, waiting = 0 }: AuditPage, page: Page, spanMs: number): string {
  const columns = [
    { title: msg`When` },
    { title: msg`Who`, maxCols: 14 },
    { title: msg`Access` },
    { title: msg`What`, wraps: true },
    { title: msg`Result`, maxCols: 20 },
  ] as const;
  const rows = entries.map((entry) => [clockTime(entry.atMs, page), who(entry), entry.door, what(entry), entry.result]);
  const span = formatDuration(spanMs);
  const shown = entries.length === 0 ? [translated(msg`no entries in the last ${span}`, page)] : tableLines(columns, rows, page);
  const sum = entries.length === 0 ? [] : ['', translated(msg`${count(entries.length, 'entry')} in the last ${span}`, page)];
  const held = waiting === 0 ? [] : [heldText(waiting)];
  const below = verdict === null ? held.flatMap((text) => paragraph(text, page)) : ['', ...verdictLines(verdict, head, held, page)];
  return [...shown, ...sum, ...below].join('\n');
}

function heldText(waiting: number): Message {
  return counted(
    waiting,
    msg`one later entry waits in memory, a restart loses it: see \`luciole store\``,
    msg`${waiting} later entries wait in memory, a restart loses them: see \`luciole store\``,
  );
}

const KEEP_HEAD: Message = msg`Keep the head elsewhere: a later --head HEAD proves that no entry up to it was changed.`;

const SHORT: Readonly<Record<string, string>> = { technician: 'tech' };

function who({ user, role }: AuditEntry): string {
  return user === '' ? NOTHING : `${user}${role === '' ? '' : ` ${SHORT[role] ?? role}`}`;
}

function what({ action, detail }: AuditEntry): string {
  return detail === '' ? action : `${action} ${detail}`;
}

/** `held`: remarks on entries that are not on disk. */
function verdictLines(verdict: AuditVerdict, head: AuditHead | null, held: readonly Message[], page: Page): string[] {
  const { entries, firstN, reserved, problems } = verdict;
  const remarks = [...verdict.remarks, ...held];
  if (head === null && problems.length === 0)
    return [translated(msg`The log is empty.`, page), ...held.flatMap((text) => paragraph(text, page))];
  const last = firstN + entries - 1;
  const whole =
    remarks.length === 0
      ? msg`Whole: entries ${firstN} to ${last}, none changed, none missing.`
      : msg`Unchanged: entries ${firstN} to ${last}. But entries may be missing:`;
  const items: readonly Said[] = [...problems, ...remarks].map((text) => `- ${translated(text, page)}`);
  const found =
    problems.length === 0
      ? [whole, ...items, ...(reserved === 0 ? [] : [msg`Older entries by admins that were kept: ${reserved}.`])]
      : [msg`NOT WHOLE:`, ...items];
  const lines = found.flatMap((line) => paragraph(line, page));
  // The head is not wrapped, so that it can be copied.
  return head === null ? lines : [...lines, translated(msg`Head: ${head.n}:${head.hash}`, page), ...paragraph(KEEP_HEAD, page)];
}
