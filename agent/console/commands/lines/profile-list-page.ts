/** Renders `luciole profile list`: the known device profiles, how well each is proven, and which devices use it. Pure. */
import type { ProfileView } from '../../../core/views.ts';
import { count, NOTHING, type Page, translated } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** Devices named in one row before they are only counted. */
const MAX_USERS = 2;

export function renderProfiles(profiles: readonly ProfileView[], page: Page): string {
  if (profiles.length === 0) return translated('no profiles; is the agent installed whole?', page);
  const sorted = [...profiles].sort((a, b) => a.category.localeCompare(b.category) || a.id.localeCompare(b.id));
  const rows = sorted.map((profile) => [
    profile.id,
    profile.category,
    profile.transport,
    String(profile.points),
    `${profile.trust}${profile.experimental === null ? '' : ' !'}`,
    usersOf(profile, page),
  ]);
  const columns = [
    { title: 'Profile', maxCols: 28 },
    { title: 'Kind', isTranslated: true },
    { title: 'Speaks' },
    { title: 'Points', align: 'right' },
    { title: 'Trust' },
    { title: 'Used by', maxCols: 16 },
  ] as const;
  const waiting = sorted.flatMap(({ id, pending }) => (pending === undefined ? [] : [`${id} (${pending})`]));
  const next = waiting.length === 0 ? [] : labelled('Waiting', `for the next start of the agent: ${waiting.join(', ')}`, page);
  const doubtful = profiles.filter(({ experimental }) => experimental !== null).length;
  const sum = `${count(profiles.length, 'profile')}${doubtful === 0 ? '' : `, ${doubtful} experimental (!)`}`;
  return [...tableLines(columns, rows, page), '', translated(sum, page), ...next].join('\n');
}

function usersOf({ usedBy, pending }: ProfileView, page: Page): string {
  if (pending === 'new') return translated('next start', page);
  if (usedBy.length === 0) return NOTHING;
  return usedBy.length <= MAX_USERS ? usedBy.join(' ') : translated(count(usedBy.length, 'device'), page);
}
