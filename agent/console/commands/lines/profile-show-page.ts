/** Renders `luciole profile show`: everything a device profile contains. Pure. */

import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import type { IdentifyProbe, PointProfile, Profile } from '../../../core/profile.ts';
import type { ProfileView } from '../../../core/views.ts';
import { formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { toAscii } from '../../text/plain-text.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { serialText } from './bus-scan.ts';

const FLAG_COLUMNS = [
  { title: msg`Flag of`, maxCols: 18 },
  { title: msg`Bit`, isTranslated: true },
  { title: msg`Severity`, isTranslated: true },
  { title: msg`Means`, wraps: true, isTranslated: true },
] as const;

const POINT_COLUMNS = [
  { title: msg`Point`, maxCols: 22 },
  { title: msg`Unit`, maxCols: 8 },
  { title: msg`Table` },
  { title: msg`Address`, align: 'right' },
  { title: msg`Type` },
  { title: msg`Poll`, isTranslated: true },
  { title: msg`Write`, maxCols: 16 },
] as const;

const WAITING = {
  new: 'its file has come since the agent started, which takes it up at its next start',
  changed: 'its file has changed since the agent started, which uses what stands here until its next start',
} as const;

export function renderProfile(profile: Profile & Pick<ProfileView, 'pending'>, page: Page): string {
  const row = (label: string, text: string): string[] => (text === '' ? [] : labelled(label, text, page));
  // What the author of a profile wrote stays in his words.
  const quotes = (label: string, text: string): string[] => (text === '' ? [] : labelled(translated(label, page), text, page.widthCols));
  const flags = profile.points.flatMap((point) => point.flags.map((flag) => flagRow(point, flag)));
  return [
    ...quotes('Profile', `${profile.id}: ${profile.vendor} ${profile.model}`),
    ...row('Kind', `${profile.category}, speaks ${profile.transport}, trust ${profile.trust}`),
    ...quotes('Doubt', profile.experimental ?? ''),
    ...row('Waiting', profile.pending === undefined ? '' : WAITING[profile.pending]),
    ...row('Serial', serialOf(profile)),
    ...row('Identify', identityOf(profile)),
    ...row('Groups', profile.groups.map(({ id, reach, address }) => `${id} (${reach}, ${address})`).join(', ')),
    ...row('Set-up', profile.setup.map(({ table, address, value }) => `${table} ${address} = ${value}`).join(', ')),
    '',
    ...tableLines(POINT_COLUMNS, profile.points.map(pointRow), page),
    ...(flags.length === 0 ? [] : ['', ...tableLines(FLAG_COLUMNS, flags, page)]),
    '',
    ...quotes('Notes', profile.notes),
    ...profile.sources.flatMap((source) => quotes('Source', source)),
  ].join('\n');
}

/** What `luciole profile check` prints for a profile without faults. */
export function renderChecked(
  file: string,
  { id, points, examples, trust, experimental }: Profile,
  page: Pick<Page, 'widthCols' | 'language'>,
): string {
  const sum = `${file}: ok, ${toAscii(id)}, ${count(points.length, 'point')}, ${count(examples.length, 'example')} run, trust ${trust}`;
  return [
    translated(sum, page),
    ...(experimental === null ? [] : labelled(translated('Doubt', page), toAscii(experimental), page.widthCols)),
  ].join('\n');
}

function pointRow(point: PointProfile): string[] {
  const type = point.bit === null ? point.type : `${point.type} bit ${point.bit}`;
  return [point.id, point.unit, point.table, formatNumber(point.address), type, point.poll, writeText(point)];
}

function writeText({ write }: PointProfile): string {
  if (write === null) return NOTHING;
  return `${write.min}..${write.max}${write.dangerous ? ' danger' : ''}`;
}

function flagRow(point: PointProfile, { bit, severity, message, inverted }: PointProfile['flags'][number]): string[] {
  return [point.id, `${bit ?? 'any'}${inverted ? ' = 0' : ''}`, severity, message];
}

/** What a scan reads to recognise a unit, by the addresses and registers of the frame. */
function identityOf({ identify, transport }: Profile): string {
  if (transport === 'uart') return 'by its frames, which it sends without a request';
  if (identify.length === 0) return 'nothing: a scan does not recognise it, name it in the cabinet';
  return identify.map(probeText).join('; ');
}

function probeText({ table, address, count, text, oneOf, strength }: IdentifyProbe): string {
  const where = count === 1 ? `${table} ${address}` : `${table} ${address}-${address + count - 1}`;
  const values = text === null ? oneOf.map((registers) => registers.map(hex).join(' ')).join(' / ') : `"${text}"`;
  return `${strength === 'strong' ? 'certain' : 'likely'}: ${where} = ${values}`;
}

function hex(register: number): string {
  return `0x${register.toString(16).toUpperCase().padStart(4, '0')}`;
}

function serialOf({ serial, unit, transport }: Profile): string {
  const settings = serial === null ? 'no factory settings known: give them in the cabinet' : `${serialText(serial)} from the factory`;
  return transport === 'uart' ? settings : `${settings}, ${unit === null ? 'no factory address known' : `address ${unit}`}`;
}
