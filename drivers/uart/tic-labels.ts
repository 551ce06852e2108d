/**
 * The groups that a TIC meter sends, by label: their form in each mode, and their value as a number.
 *
 * Pure. A group of another form is not accepted, whatever its checksum.
 * Source: Enedis-NOI-CPT_54E (standard mode), Enedis-NOI-CPT_02E (historic mode).
 */

/** The two forms of the output of a meter. The separator in a group shows which one it has: `standard` a tab, `historic` a space. */
export type TicMode = 'standard' | 'historic';

/**
 * The form of a group. `read` returns its value; null for a valid text that gives no number. Undefined: not a text of this group.
 * `time`: not used for a group without one.
 */
export interface TicForm {
  /** A time of 13 characters is between label and data. */
  readonly isTimed: boolean;
  readonly read: (data: string, time: string) => number | null | undefined;
}

/** A tariff period of the historic mode. `tariff`: the number of the index that counts in it, from 1. */
export interface HistoricPeriod {
  readonly tariff: number;
  /** 0 no colour, 1 blue, 2 white, 3 red. */
  readonly colour: number;
  /** The mobile peak of the tariff EJP, not the full-rate hours of other tariffs. */
  readonly isPeak: boolean;
}

/** The value of `PTEC` is the index in this list. */
const PERIODS: readonly (readonly [text: string, HistoricPeriod])[] = [
  ['TH..', { tariff: 1, colour: 0, isPeak: false }],
  ['HC..', { tariff: 1, colour: 0, isPeak: false }],
  ['HP..', { tariff: 2, colour: 0, isPeak: false }],
  ['HN..', { tariff: 1, colour: 0, isPeak: false }],
  ['PM..', { tariff: 2, colour: 0, isPeak: true }],
  ['HCJB', { tariff: 1, colour: 1, isPeak: false }],
  ['HPJB', { tariff: 2, colour: 1, isPeak: false }],
  ['HCJW', { tariff: 3, colour: 2, isPeak: false }],
  ['HPJW', { tariff: 4, colour: 2, isPeak: false }],
  ['HCJR', { tariff: 5, colour: 3, isPeak: false }],
  ['HPJR', { tariff: 6, colour: 3, isPeak: false }],
];

/**
 * Returns the tariff period of a value of the group `PTEC` (historic mode), as its form reads it: an index from 0 to 10. Undefined for any
 * other number.
 */
export function historicPeriod(ptec: number): HistoricPeriod | undefined {
  return PERIODS[ptec]?.[1];
}

/** The tariff options of the historic mode, each with the labels of its indexes in the order of the tariff periods. */
const OPTIONS: readonly (readonly [text: RegExp, indexes: readonly string[]])[] = [
  [/^BASE$/, ['BASE']],
  [/^HC\.\.$/, ['HCHC', 'HCHP']],
  [/^EJP\.$/, ['EJPHN', 'EJPHPM']],
  [/^BBR.$/, ['BBRHCJB', 'BBRHPJB', 'BBRHCJW', 'BBRHPJW', 'BBRHCJR', 'BBRHPJR']],
];

/**
 * Returns the labels of the indexes of a value of `OPTARIF`, as its form reads it, in the order of the tariff periods. Empty for a number
 * that is none.
 */
export function historicIndexes(optarif: number): readonly string[] {
  return OPTIONS[optarif]?.[1] ?? [];
}

/** Labels of the indexes of the standard mode, in the order of the tariff periods. */
const STANDARD_INDEXES: readonly string[] = Array.from({ length: 10 }, (_, i) => `EASF${String(i + 1).padStart(2, '0')}`);
const HISTORIC_INDEXES: readonly string[] = OPTIONS.flatMap(([, indexes]) => indexes);
const TARIFFS: ReadonlyMap<string, number> = new Map(
  [STANDARD_INDEXES, ...OPTIONS.map(([, indexes]) => indexes)].flatMap((labels) => labels.map((label, i) => [label, i + 1] as const)),
);

/**
 * Returns the number of the supplier's tariff period that the index of this label counts, from 1, in both modes. Undefined for a label that
 * is no such index.
 */
export function tariffOf(label: string): number | undefined {
  return TARIFFS.get(label);
}

const COLOURS: Readonly<Record<string, number>> = { '----': 0, BLEU: 1, BLAN: 2, ROUG: 3 };

function digits(length: number): TicForm {
  const form = new RegExp(`^\\d{${length}}$`);
  return { isTimed: false, read: (data) => (form.test(data) ? Number(data) : undefined) };
}

function timedDigits(length: number): TicForm {
  const { read } = digits(length);
  return { isTimed: true, read: (data, time) => (timeOf(time) === undefined ? undefined : read(data, time)) };
}

function text(length: number): TicForm {
  return { isTimed: false, read: (data) => (data.length === length ? null : undefined) };
}

/** Units: s since 1970. A meter whose clock is not exact writes its season in lower case; it then has no value. */
const CLOCK: TicForm = { isTimed: true, read: (data, time) => (data === '' ? timeOf(time) : undefined) };

/** Units: hours ahead of UTC, by the season letter. Source: CPT_54E: E is summer time, H is winter time, in metropolitan France. */
const AHEAD_H: Readonly<Record<string, number>> = { E: 2, H: 1 };

/** Returns the instant of a time field. Null if the meter reports that its clock is not exact; undefined for a text that is not a time. */
function timeOf(time: string): number | null | undefined {
  const [, season = '', ...parts] = /^([EHeh ])(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(time) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (parts.length < 6 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return undefined;
  const ahead = AHEAD_H[season];
  return ahead === undefined ? null : Date.UTC(2000 + year, month - 1, day, hour - ahead, minute, second) / 1_000;
}

const each = (labels: readonly string[], form: TicForm): [string, TicForm][] => labels.map((label) => [label, form]);
const phases = (label: string, end = ''): string[] => [1, 2, 3].map((phase) => `${label}${phase}${end}`);

const STANDARD = new Map<string, TicForm>([
  ...each(['EAST', 'EAIT', ...STANDARD_INDEXES, 'EASD01', 'EASD02', 'EASD03', 'EASD04', 'ERQ1', 'ERQ2', 'ERQ3', 'ERQ4'], digits(9)),
  ...each(['IRMS1', 'IRMS2', 'IRMS3', 'URMS1', 'URMS2', 'URMS3', 'RELAIS'], digits(3)),
  ...each(['PREF', 'PCOUP', 'VTIC', 'NTARF', 'NJOURF', 'NJOURF+1'], digits(2)),
  ...each(['SINSTS', ...phases('SINSTS'), 'SINSTI'], digits(5)),
  ...each(['SMAXSN', 'SMAXSN-1', ...phases('SMAXSN'), ...phases('SMAXSN', '-1'), 'SMAXIN', 'SMAXIN-1'], timedDigits(5)),
  ...each(['CCASN', 'CCASN-1', 'CCAIN', 'CCAIN-1'], timedDigits(5)),
  ...each(phases('UMOY'), timedDigits(3)),
  ...each([...phases('DPM'), ...phases('FPM')], timedDigits(2)),
  ...each(['NGTF', 'LTARF', 'MSG2'], text(16)),
  ['ADSC', text(12)],
  ['MSG1', text(32)],
  ['PRM', digits(14)],
  ...each(['PJOURF+1', 'PPOINTE'], text(98)),
  ['STGE', { isTimed: false, read: (data) => (/^[0-9A-F]{8}$/.test(data) ? Number.parseInt(data, 16) : undefined) }],
  ['DATE', CLOCK],
]);

const HISTORIC = new Map<string, TicForm>([
  ...each(HISTORIC_INDEXES, digits(9)),
  ...each(['IINST', ...phases('IINST'), 'IMAX', ...phases('IMAX'), 'ADPS', ...phases('ADIR')], digits(3)),
  ...each(['ISOUSC', 'PEJP', 'PPOT'], digits(2)),
  ...each(['PAPP', 'PMAX'], digits(5)),
  // Captures that are published have a shorter one, without the number.
  ['ADCO', { isTimed: false, read: (data) => (/^\w{1,12}$/.test(data) ? null : undefined) }],
  ['HHPHC', text(1)],
  ['MOTDETAT', text(6)],
  ['OPTARIF', { isTimed: false, read: (data) => found(OPTIONS.findIndex(([form]) => form.test(data))) }],
  ['PTEC', { isTimed: false, read: (data) => found(PERIODS.findIndex(([period]) => period === data)) }],
  ['DEMAIN', { isTimed: false, read: (data) => (Object.hasOwn(COLOURS, data) ? COLOURS[data] : undefined) }],
]);

function found(index: number): number | undefined {
  return index < 0 ? undefined : index;
}

/** Returns how a group with this label is read, and whether it has a time. Undefined for a label that is not supported in this mode. */
export function ticForm(mode: TicMode, label: string): TicForm | undefined {
  return (mode === 'standard' ? STANDARD : HISTORIC).get(label);
}
