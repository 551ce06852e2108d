/** Renders `luciole profile show`: everything a device profile contains. Pure. */

import { count } from '../../../core/counts.ts';
import { type Message, msg, NO_TEXT, type Said } from '../../../core/message.ts';
import { flagText, type IdentifyProbe, type PointProfile, type Profile } from '../../../core/profile.ts';
import type { ProfileView } from '../../../core/views.ts';
import { formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { toAscii } from '../../text/plain-text.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { serialText } from './bus-scan.ts';

const FLAG_COLUMNS = [
  { title: msg`Flag of`, maxCols: 18 },
  { title: msg`Bit` },
  { title: msg`Severity` },
  { title: msg`Means`, wraps: true },
] as const;

const POINT_COLUMNS = [
  { title: msg`Point`, maxCols: 22 },
  { title: msg`Unit`, maxCols: 8 },
  { title: msg`Table` },
  { title: msg`Address`, align: 'right' },
  { title: msg`Type` },
  { title: msg`Poll` },
  { title: msg`Write`, maxCols: 16 },
] as const;

const WAITING = {
  new: msg`its file was added after the start of the agent, which uses it from its next start`,
  changed: msg`its file was changed after the start of the agent, which uses what is shown here until its next start`,
} as const;

/**
 * Renders `profile show`: a device type with its points, the meaning of its flags, how a scan recognises it, notes and sources. `pending`:
 * its file was added or changed after the start of the agent.
 */
export function renderProfile(profile: Profile & Pick<ProfileView, 'pending'>, page: Page): string {
  const row = (label: Message, text: Said): string[] => (String(text) === '' ? [] : labelled(label, text, page));
  // Texts of the profile's author are not translated.
  const quotes = (label: Message, text: string): string[] => (text === '' ? [] : labelled(translated(label, page), text, page.widthCols));
  const flags = profile.points.flatMap((point) => point.flags.map((flag) => flagRow(point, flag)));
  return [
    ...quotes(msg`Profile`, `${profile.id}: ${profile.vendor} ${profile.model}`),
    ...row(msg`Kind`, msg`${wordOf(profile.category)}, protocol ${profile.transport}, trust ${profile.trust}`),
    ...quotes(msg`Doubt`, profile.experimental ?? ''),
    ...row(msg`Waiting`, profile.pending === undefined ? NO_TEXT : WAITING[profile.pending]),
    ...row(msg`Serial`, serialOf(profile)),
    ...row(msg`Identify`, identityOf(profile)),
    ...row(msg`Nameplate`, profile.nameplate.map(({ id, table, address }) => `${id} (${table} ${address})`).join(', ')),
    ...row(msg`Groups`, profile.groups.map(({ id, reach, address }) => `${id} (${reach}, ${address})`).join(', ')),
    ...row(msg`Set-up`, profile.setup.map(({ table, address, value }) => `${table} ${address} = ${value}`).join(', ')),
    '',
    ...tableLines(POINT_COLUMNS, profile.points.map(pointRow), page),
    ...(flags.length === 0 ? [] : ['', ...tableLines(FLAG_COLUMNS, flags, page)]),
    '',
    ...quotes(msg`Notes`, profile.notes),
    ...profile.sources.flatMap((source) => quotes(msg`Source`, source)),
  ].join('\n');
}

/**
 * Renders `profile check` for a profile without errors: the file, the id, the numbers of points and examples, and the trust.
 * `experimental`: what is in doubt about it, shown too; null for nothing.
 */
export function renderChecked(
  file: string,
  { id, points, examples, trust, experimental }: Profile,
  page: Pick<Page, 'widthCols' | 'language'>,
): string {
  const sum = msg`${file}: ok, ${toAscii(id)}, ${count(points.length, 'point')}, ${count(examples.length, 'example')} run, trust ${trust}`;
  return [
    translated(sum, page),
    ...(experimental === null ? [] : labelled(translated(msg`Doubt`, page), toAscii(experimental), page.widthCols)),
  ].join('\n');
}

function pointRow(point: PointProfile): Said[] {
  return [point.id, point.unit, point.table, formatNumber(point.address), typeText(point), wordOf(point.poll), writeText(point)];
}

function typeText({ type, bit, coils }: PointProfile): string {
  if (type === 'bits') return `${coils} bits`;
  return bit === null ? type : `${type} bit ${bit}`;
}

function writeText({ write }: PointProfile): Said {
  if (write === null) return NOTHING;
  const range = `${write.min}..${write.max}`;
  return write.dangerous ? msg`${range} danger` : range;
}

function flagRow(point: PointProfile, flag: PointProfile['flags'][number]): Said[] {
  const { bit, severity, inverted } = flag;
  const any = wordOf(inverted ? 'any = 0' : 'any');
  return [point.id, bit === null ? any : `${bit}${inverted ? ' = 0' : ''}`, wordOf(severity), flagText(flag)];
}

/** Returns what a scan reads to recognise a unit, with frame addresses. */
function identityOf({ identify, transport }: Profile): Message {
  if (transport === 'uart') return msg`by its frames, which it sends without a request`;
  if (identify.length === 0) return msg`nothing: a scan does not recognise it, name it in the cabinet`;
  return msg`${identify.map(probeText)}`;
}

function probeText({ table, address, count, text, oneOf, strength }: IdentifyProbe): Message {
  const where = count === 1 ? `${table} ${address}` : `${table} ${address}-${address + count - 1}`;
  const values = text === null ? oneOf.map((registers) => registers.map(hex).join(' ')).join(' / ') : `"${text}"`;
  return strength === 'strong' ? msg`certain: ${where} = ${values}` : msg`likely: ${where} = ${values}`;
}

function hex(register: number): string {
  return `0x${register.toString(16).toUpperCase().padStart(4, '0')}`;
}

function serialOf({ serial, unit, transport }: Profile): Message {
  const settings = serial === null ? msg`no factory settings known: give them in the cabinet` : msg`${serialText(serial)} from the factory`;
  if (transport === 'uart') return settings;
  return unit === null ? msg`${settings}, no factory address known` : msg`${settings}, address ${unit}`;
}
