/** Renders the answers of the `savings` commands. Pure. */
import { count } from '../../../core/counts.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import { firstOf } from '../../../core/message-lists.ts';
import type { LedgerEntry, LedgerView, SavingsResult } from '../../../core/savings-view.ts';
import { savingsCautions } from '../../../diagnosis/savings/savings-cautions.ts';
import { clockTime, formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** Gaps and missing nights that are named; the others are counted. */
const NAMED = 6;
const RIGHT = { align: 'right' } as const;

/** Renders the saving of a period with its 90 % interval, its adjustments and zones, cautions, and what was not measured or not counted. */
export function renderSavings(result: SavingsResult, page: Page): string {
  const { total, halfKwh, savedPct, halfParts, cvPct, nmbePct } = result;
  const line = (label: Message, text: Said): string[] => labelled(label, text, page);
  const parts = msg`reference ${kwh(halfParts.referenceKwh)}, meter ${kwh(halfParts.meterKwh)}, gaps ${kwh(halfParts.gapsKwh)}, nights ${kwh(halfParts.nightsKwh)}, unexplained ${kwh(halfParts.otherKwh ?? 0)} kWh`;
  return [
    ...line(msg`Saved`, msg`${kwh(total.savedKwh)} kWh ± ${kwh(halfKwh)} kWh (90 %), ${formatNumber(savedPct, 1)} % of the reference`),
    ...line(msg`Nights`, msg`${result.nightsCounted} of ${result.nightsExpected}, ${result.from} to ${result.to}`),
    ...(result.missingNights.length === 0 ? [] : line(msg`Missing`, msg`not counted: ${firstOf(result.missingNights, NAMED)}`)),
    '',
    ...figureTable(result, page),
    '',
    ...zoneTable(result, page),
    '',
    ...line(
      msg`Measured`,
      msg`${formatNumber(result.measuredSharePct, 1)} % of the energy used, estimated ${formatNumber(result.estimatedSharePct, 1)} %`,
    ),
    ...line(msg`Error`, parts),
    ...line(
      msg`Model`,
      cvPct === null
        ? msg`not judged: fewer than 3 nights after those it learned from`
        : msg`CV(RMSE) ${formatNumber(cvPct, 2)} %, NMBE ${formatNumber(nmbePct, 2)} %, each night judged by the nights before it`,
    ),
    ...checkLines(result, page),
    ...(result.isSignificant ? [] : line(msg`Caution`, msg`the saving is not larger than twice its standard error`)),
    ...gapLines(result, page),
  ].join('\n');
}

/** What the reader must judge before the saving is used. */
function checkLines(result: SavingsResult, page: Page): string[] {
  const otherLoad = result.checks?.otherLoad ?? null;
  return [
    ...(otherLoad === null
      ? []
      : labelled(
          msg`Other load`,
          msg`${kwh(otherLoad.referenceW)} W in the reference, ${kwh(otherLoad.measuredW)} W measured by day`,
          page,
        )),
    ...savingsCautions(result, kwh).flatMap((text) => labelled(msg`Caution`, text, page)),
  ];
}

function figureTable({ total, adjustments }: SavingsResult, page: Page): string[] {
  const rows: readonly (readonly [Said, number])[] = [
    [msg`Reference, mean nights`, total.referenceKwh],
    [msg`Hours of darkness`, total.routineKwh],
    ...adjustments.map(({ n, cause, by, kwh: value }) => [msg`Ledger ${n}: ${cause}, ${by}`, value] as const),
    [msg`Adjusted reference`, total.adjustedKwh],
    [msg`Measured`, total.measuredKwh],
    [msg`Estimated`, total.estimatedKwh],
  ];
  return tableLines(
    [
      { title: msg`Energy`, wraps: true },
      { title: msg`kWh`, ...RIGHT },
    ],
    rows.map(([label, value]) => [label, kwh(value)]),
    page,
  );
}

function zoneTable({ zones }: SavingsResult, page: Page): string[] {
  const columns = [
    { title: msg`Zone`, maxCols: 24 },
    { title: msg`Reference`, ...RIGHT },
    { title: msg`Used`, ...RIGHT },
    { title: msg`Saved`, ...RIGHT },
  ];
  const rows = zones.map(({ zone, adjustedKwh, usedKwh, savedKwh }) => [zone, kwh(adjustedKwh), kwh(usedKwh), kwh(savedKwh)]);
  return [
    ...tableLines(columns, rows, page),
    ...paragraph(msg`Zones have no interval: their part of the metered energy is computed.`, page),
  ];
}

function gapLines({ gaps }: SavingsResult, page: Page): string[] {
  if (gaps.length === 0) return [];
  const named = gaps.map(
    ({ fromMs, meter, why, wh, halfWh }) => `${clockTime(fromMs, page)} ${meter} ${why} ${kwh(wh / 1_000)}±${kwh(halfWh / 1_000)} kWh`,
  );
  return labelled(msg`Gaps`, msg`${count(gaps.length, 'gap')}: ${firstOf(named, NAMED)}`, page);
}

/**
 * Renders a ledger entry with a baseline: when, by whom and from what it was frozen, its error, and its zones. A dash for an entry without
 * a baseline. `from`: the first night that is compared with it.
 */
export function renderBaseline({ n, by, atMs, from, note, baseline }: LedgerEntry, page: Page): string {
  if (baseline === undefined) return NOTHING;
  const line = (label: Message, text: Said): string[] => labelled(label, text, page);
  const { zones, meters, source, powerHalfPct, otherW, learnedNights } = baseline;
  const columns = [
    { title: msg`Zone`, maxCols: 24 },
    ...[msg`Lamps`, msg`W`, msg`Level`, msg`h a night`].map((title) => ({ title, ...RIGHT })),
  ];
  const rows = zones.map(({ id, lamps, meanHours }) => {
    const watts = lamps.reduce((sum, { powerW }) => sum + powerW, 0);
    const litW = lamps.reduce((sum, { powerW, reduction }) => sum + powerW * reduction, 0);
    return [
      id,
      String(lamps.length),
      formatNumber(watts, 1),
      `${formatNumber(watts > 0 ? (100 * litW) / watts : null)} %`,
      formatNumber(meanHours, 2),
    ];
  });
  return [
    ...line(msg`Frozen`, msg`entry ${n}, ${clockTime(atMs, page)} by ${by}; compared from the night of ${from} on`),
    ...line(
      msg`Source`,
      source === 'meter' ? msg`a meter, ${count(learnedNights ?? 0, 'night')}` : msg`nameplates: ratedPowerW and baseline of cabinet.yaml`,
    ),
    ...line(msg`Meters`, meters.map(({ id, serial, classPct }) => `${id} ${serial === '' ? NOTHING : serial} ±${classPct} %`).join(', ')),
    ...line(msg`Error`, msg`power ±${formatNumber(powerHalfPct, 2)} % (90 %)`),
    ...line(msg`Other`, msg`${formatNumber(otherW, 1)} W besides the light, in reference and use`),
    ...(note === '' ? [] : line(msg`Note`, note)),
    '',
    ...tableLines(columns, rows, page),
  ].join('\n');
}

/**
 * Renders the ledger in the order of its entries, and whether its chain is whole. If it is, also up to which entry it is signed. The head
 * is the number and hash of the newest entry.
 */
export function renderLedger({ entries, head, brokenAt, sealedN }: LedgerView, page: Page): string {
  const columns = [
    { title: msg`N`, ...RIGHT },
    { title: msg`From` },
    { title: msg`To` },
    { title: msg`Cause` },
    { title: msg`By`, maxCols: 14 },
    { title: msg`What`, wraps: true },
  ] as const;
  const rows = entries.map((entry) => [String(entry.n), entry.from, entry.to ?? NOTHING, entry.cause, entry.by, whatOf(entry)]);
  const whole =
    brokenAt === null
      ? msg`Whole: ${count(head.n, 'entry')}, signed up to entry ${sealedN}.`
      : msg`NOT WHOLE: entry ${brokenAt} was changed, is missing, or does not follow the one before it.`;
  return [
    ...(entries.length === 0 ? [translated(msg`no entries`, page)] : tableLines(columns, rows, page)),
    '',
    translated(whole, page),
    ...(head.n === 0 ? [] : [translated(msg`Head: ${head.n}:${head.hash}`, page)]),
  ].join('\n');
}

/** Renders one entry that was added to the ledger: its cause, nights and effect, and its number and hash as the new head. */
export function renderLedgerEntry(entry: LedgerEntry, page: Page): string {
  const { n, hash, cause, from, to } = entry;
  return [
    ...labelled(msg`Entered`, msg`${n}: ${cause}, ${from} to ${to ?? NOTHING}: ${whatOf(entry)}`, page),
    translated(msg`Head: ${n}:${hash}`, page),
  ].join('\n');
}

function whatOf({ effect, about, note, voids }: LedgerEntry): string {
  const effects =
    effect.kind === 'energy'
      ? [`${kwh(effect.kwh)} kWh`]
      : effect.kind === 'load'
        ? [`${effect.loadW} W`]
        : effect.kind === 'power'
          ? [`${effect.powerW} W`]
          : [];
  return [...(voids === undefined ? [] : [`#${voids}`]), ...about, ...effects, note].filter(Boolean).join(' ');
}

/** Small values get more decimals. */
function kwh(value: number): string {
  const size = Math.abs(value);
  return formatNumber(value, size < 10 ? 2 : size < 1_000 ? 1 : 0);
}
