/** Renders `luciole profile test`: the result of each point. Pure. */

import { count } from '../../../core/counts.ts';
import type { BusErrorCode } from '../../../core/errors.ts';
import { manualHint } from '../../../core/manual-address.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import type { NameplateId } from '../../../core/profile.ts';
import { nameplateLines } from '../../text/nameplate-lines.ts';
import { formatNumber, NOTHING, type Page, stateWord } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/**
 * The result of a test for one point. `value`: null for `no-value` and `failed`; for a text, a checksum. `unit`: unit of measurement.
 * `decimals`: digits to show after the decimal point.
 */
export interface TestedPoint {
  readonly point: string;
  readonly address: number;
  readonly value: number | null;
  readonly unit: string;
  readonly decimals: number;
  /** `no-value`: the unit answered without a usable value; `implausible`: outside the profile's range; `failed`: could not be read. */
  readonly quality: 'good' | 'no-value' | 'implausible' | 'failed';
  /** Null if it could not be read. */
  readonly turnaroundMs: number | null;
  /** Why it could not be read; empty otherwise. */
  readonly reason: BusErrorCode | '';
}

/**
 * The result of a test of a profile with a unit. `profile`: its id. `points`: those that were tried. `unit`: address of the unit on the
 * line.
 */
export interface ProfileTest {
  readonly profile: string;
  readonly line: string;
  readonly unit: number;
  readonly points: readonly TestedPoint[];
  /** Texts of the nameplate; null for one that could not be read or has no usable text. Empty if `untried` is above 0, or `isSilent`. */
  readonly nameplate: Readonly<Partial<Record<NameplateId, string | null>>>;
  /** Number of points that were not tried because the unit had not answered several times in a row. */
  readonly untried: number;
  /** The unit answered for no point. */
  readonly isSilent: boolean;
}

/**
 * Returns true if all points of the test were tried and none failed or was implausible. `no-value` is accepted; the nameplate does not
 * count.
 */
export function testSucceeded({ points, untried }: ProfileTest): boolean {
  return untried === 0 && points.every(({ quality }) => quality === 'good' || quality === 'no-value');
}

const WORD: Readonly<Record<TestedPoint['quality'], Said>> = {
  good: wordOf('good'),
  'no-value': msg`no value`,
  implausible: msg`implausible`,
  failed: wordOf('failed'),
};

/** Renders `profile test`: a table of the points that were tried, then the nameplate and the result. */
export function renderProfileTest(test: ProfileTest, page: Pick<Page, 'widthCols' | 'colour' | 'language'>): string {
  const sheet: Page = { ...page, atMs: 0, timezone: 'UTC' };
  const rows = test.points.map((point) => [
    point.point,
    formatNumber(point.address),
    formatNumber(point.value, point.decimals),
    point.unit,
    point.quality === 'good' ? stateWord('good', sheet) : WORD[point.quality],
    formatNumber(point.turnaroundMs, 1),
    point.reason === '' ? NOTHING : point.reason,
  ]);
  const columns = [
    { title: msg`Point`, maxCols: 20 },
    { title: msg`Address`, align: 'right' },
    { title: msg`Value`, align: 'right' },
    { title: msg`Unit`, maxCols: 6 },
    { title: msg`Quality` },
    { title: msg`ms`, align: 'right' },
    { title: msg`Why` },
  ] as const;
  return [
    ...tableLines(columns, rows, page),
    '',
    ...nameplateLines(test.nameplate, page),
    ...labelled(msg`Result`, ending(test), page),
  ].join('\n');
}

function ending(test: ProfileTest): Message {
  const { profile, unit, line, points, untried, isSilent } = test;
  const good = points.filter(({ quality }) => quality === 'good').length;
  const sum = msg`${profile} with unit ${unit} on line ${line}: ${good} of ${count(points.length + untried, 'point')} good`;
  if (untried > 0 || isSilent) return msg`${sum}; given up: the unit does not answer. Check its supply, address and wire`;
  if (testSucceeded(test)) return sum;
  const refused = points.find(({ address, reason }) => reason === 'illegal-address' && String(manualHint(address)) !== '');
  const hint = refused === undefined ? '' : manualHint(refused.address);
  return msg`${sum}; compare the others with the manual: table, address, type, scale${hint}`;
}
