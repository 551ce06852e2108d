/** Renders `luciole user`: users of the console, and secrets that are shown once. Pure. */
import type { CodeOffer, Invitation, UserView } from '../../../core/access.ts';
import { formatDuration } from '../../text/duration.ts';
import { dayTime, NOTHING, type Page, translated } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

export function renderUsers(users: readonly UserView[], page: Page): string {
  if (users.length === 0) return translated('no users yet; `luciole user add NAME --role admin` makes the first one', page);
  const columns = [
    { title: 'User', maxCols: 31 },
    { title: 'Role' },
    { title: 'Codes', isTranslated: true },
    { title: 'Logged in', align: 'right' },
    { title: 'Waits', align: 'right' },
    { title: 'Password', isTranslated: true },
  ] as const;
  const rows = users.map(({ name, role, hasCodes, sessions, lockedMs, invitedUntilMs }) => [
    name,
    role,
    hasCodes ? 'yes' : 'no',
    sessions === 0 ? NOTHING : String(sessions),
    lockedMs === 0 ? NOTHING : formatDuration(lockedMs),
    invitedUntilMs === null ? 'own' : `one-time, until ${dayTime(invitedUntilMs, page.timezone)}`,
  ]);
  return tableLines(columns, rows, page).join('\n');
}

export function renderInvitation({ user, role, oneTimePassword, untilMs }: Invitation, page: Page): string {
  const what = `${user} (${role}) logs in once with this password, until ${dayTime(untilMs, page.timezone)}, and then chooses another:`;
  return [...paragraph(what, page), '', `  ${oneTimePassword}`, '', translated('It is shown this once only.', page)].join('\n');
}

export function renderOffer({ user, secret, uri }: CodeOffer, page: Page): string {
  const grouped = (secret.match(/.{1,4}/g) ?? []).join(' ');
  const next = `Put it into an authenticator, then \`user totp confirm\` with its first code: from then on ${user} is asked for one.`;
  return [translated(`Key for ${user}, shown this once only:`, page), '', `  ${grouped}`, `  ${uri}`, '', ...paragraph(next, page)].join(
    '\n',
  );
}
