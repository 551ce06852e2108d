/** Numbers, dates and units of a report in the language of its reader. Pure. */
import type { WallMs } from '../../core/clock.ts';
import { type Argument, Message, type Said } from '../../core/message.ts';
import type { ReportCell, ReportColumn } from '../../core/report.ts';
import type { SavingsDate } from '../../core/savings-view.ts';
import type { Language } from '../../core/words.ts';
import { translate } from '../text/translate.ts';

/**
 * How a report is rendered. `language`: default English. `widthCols`: width of its text form. `hasSemicolons`: CSV with semicolons and
 * decimal commas also in English. French has them always.
 */
export interface ReportPage {
  readonly language?: Language;
  readonly widthCols: number;
  readonly hasSemicolons?: boolean;
}

/** Source: Unicode CLDR; British English writes day before month, as the console does. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR' };
/** Digits after the decimal point of a number in a sentence. */
const SENTENCE_DECIMALS = 6;
/** A longer number is no quantity of a street: its digits would not fit any column. */
const LONGEST = 1e15;
/** Years in which an agent can run; ids such as a pole `0101-05` are no months. */
const YEAR = '(?:19[7-9]|20[0-9])[0-9]';
const MONTH = new RegExp(`^${YEAR}-(?:0[1-9]|1[0-2])$`);
const DATE = new RegExp(`^${YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$`);
const DATE_TIME = /^(\S+) (\d{2}:\d{2})$/;
const NO_BREAK = '\u00a0';

/** The forms of dates, by name. */
const DATE_FORMS = {
  day: { day: 'numeric', month: 'short', year: 'numeric' },
  short: { day: 'numeric', month: 'short' },
  month: { month: 'short', year: 'numeric' },
  long: { day: 'numeric', month: 'long', year: 'numeric' },
  instant: { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short', hourCycle: 'h23' },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>;
type DateForm = keyof typeof DATE_FORMS;

const numberFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

/**
 * Returns a number with this many decimals (0 to 10), as `1,234.50`; in French with a decimal comma, and narrow no-break spaces between
 * thousands. From 1e15 on it is as `1.235e+15`, in both languages. Empty for a value that is not finite.
 */
export function numberText(value: number, decimals: number, language: Language): string {
  if (!Number.isFinite(value)) return '';
  if (Math.abs(value) >= LONGEST) return value.toExponential(3);
  const digits = Math.min(Math.max(Math.trunc(decimals), 0), 10);
  return numberFormat(language, digits, digits).format(value);
}

function numberFormat(language: Language, least: number, most: number): Intl.NumberFormat {
  const key = `${language} ${least} ${most}`;
  const known = numberFormats.get(key);
  if (known !== undefined) return known;
  // A number in a sentence may be a short one such as a year or an address: it is grouped from 5 digits on.
  const useGrouping = least === most ? 'always' : 'min2';
  const made = new Intl.NumberFormat(LOCALES[language], {
    minimumFractionDigits: least,
    maximumFractionDigits: most,
    useGrouping,
    signDisplay: 'negative',
  });
  numberFormats.set(key, made);
  return made;
}

/** Returns a number with its unit; a no-break space is between them. If one of them is empty, it is the number alone. */
export function withUnit(number: string, unit: string): string {
  return unit === '' || number === '' ? number : `${number}${NO_BREAK}${unit}`;
}

/**
 * Returns a text in the language. Numbers, dates and months among the arguments of a message are written as in this language, with at most
 * 6 decimals. A plain text is written so too if it is a date, with or without a time, or a month, such as `2026-12-01`; else it is
 * unchanged.
 */
export function saidText(said: Said, language: Language): string {
  if (!(said instanceof Message)) return dateText(said, language);
  return translate(
    language,
    new Message(
      said.id,
      said.args.map((arg) => localArgument(arg, language)),
      said.plural,
    ),
  );
}

function localArgument(arg: Argument, language: Language): Argument {
  if (typeof arg === 'number') return Number.isFinite(arg) ? numberFormat(language, 0, SENTENCE_DECIMALS).format(arg) : '-';
  if (typeof arg === 'string') return dateText(arg, language);
  if (arg instanceof Message)
    return new Message(
      arg.id,
      arg.args.map((each) => localArgument(each, language)),
      arg.plural,
    );
  return arg.map((each: Argument) => localArgument(each, language));
}

/** Whether a text has the form of a date such as `2026-12-01`, from 1970 to 2099, with a month of 01 to 12 and a day of 01 to 31. */
export function isDate(text: Said): text is SavingsDate {
  return typeof text === 'string' && DATE.test(text);
}

/** Whether a text is a month such as `2026-12`, from 1970 to 2099. */
export function isMonth(text: Said): text is string {
  return typeof text === 'string' && MONTH.test(text);
}

/**
 * Returns a date as `1 Dec 2026`, with its time if it has one, a month as `Dec 2026`, in the language and with no-break spaces; any other
 * text unchanged.
 */
function dateText(text: string, language: Language): string {
  if (isDate(text)) return dayText(text, language, 'day');
  const [, date = '', time = ''] = DATE_TIME.exec(text) ?? [];
  if (isDate(date)) return `${dayText(date, language, 'day')}${NO_BREAK}${time}`;
  return isMonth(text) ? dayText(text, language, 'month') : text;
}

/** Returns a date as `1 Dec`, with a no-break space, in the language; any other text as `saidText` does. */
export function shortDate(text: string, language: Language): string {
  return isDate(text) ? dayText(text, language, 'short') : dateText(text, language);
}

function dayText(text: string, language: Language, form: DateForm): string {
  return dateFormat(language, form).format(Date.parse(text)).replaceAll(' ', NO_BREAK);
}

/**
 * Returns the nights of a period, such as `1 – 30 November 2026`, in the language; any spaces around the dash are thin ones. With one date
 * null, the other date; empty if both are null.
 */
export function periodText(from: SavingsDate | null, to: SavingsDate | null, language: Language): string {
  const [first, last] = [from ?? to ?? '', to ?? from ?? ''];
  if (!isDate(first) || !isDate(last)) return [...new Set([first, last])].join(' ');
  const format = dateFormat(language, 'long');
  return first <= last ? format.formatRange(Date.parse(first), Date.parse(last)) : `${format.format(Date.parse(first))} ${last}`;
}

/** Returns a time as `1 December 2026 at 08:05 CET`, in the language and this time zone; empty for a value that is not a valid time. */
export function instantText(ms: WallMs, timezone: string, language: Language): string {
  if (Number.isNaN(new Date(ms).getTime())) return '';
  return dateFormat(language, 'instant', timezone).format(ms);
}

function dateFormat(language: Language, form: DateForm, timeZone = 'UTC'): Intl.DateTimeFormat {
  const key = `${language} ${timeZone} ${form}`;
  const known = dateFormats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(LOCALES[language], { ...DATE_FORMS[form], timeZone });
  dateFormats.set(key, made);
  return made;
}

/**
 * Returns the text of a cell in the language, a number with the decimals of its column. Null for a value that is not known or not finite.
 */
export function cellText(cell: ReportCell | undefined, { decimals }: ReportColumn, language: Language): string | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell !== 'number') return saidText(cell, language);
  return Number.isFinite(cell) ? numberText(cell, decimals, language) : null;
}

/** Whether a column has numbers: one of its cells is a number, or it has a unit and no texts. */
export function isNumeric(index: number, { unit }: ReportColumn, rows: readonly (readonly ReportCell[])[]): boolean {
  const cells = rows.map((row) => row[index] ?? null);
  return cells.some((cell) => typeof cell === 'number') || (unit !== '' && cells.every((cell) => cell === null));
}
