/**
 * Checks an exported proof of savings: the chain of the ledger, its signature, and that the result follows from nights and ledger. The nights
 * themselves are not signed. Pure.
 */
import { HOUR_MS } from '../../core/durations.ts';
import { type SignerCertificate, signerCertificate, verifyEvidence } from '../../core/evidence-signature.ts';
import { isRecord } from '../../core/is-record.ts';
import type { ReportVerdict } from '../../core/report-seal.ts';
import type { LedgerSeal, SavingsExport, SavingsGap, SavingsNight, SavingsResult } from '../../core/savings-view.ts';
import { brokenAt, ledgerEntriesOf } from './ledger-chain.ts';
import { LEDGER_KIND } from './ledger-store.ts';
import { darkHoursOf } from './reference.ts';
import { savingsResult } from './savings-figures.ts';

/**
 * The verdict about an export. `changed`: the ledger is no unbroken chain, or not the one that was signed; the nights are not signed.
 * `differs`: the result, or a value of the nights, does not follow from the rest. `not-signed`: its last entry has no signature. Others: as
 * in `ReportVerdict`.
 */
export type SavingsVerdict = Exclude<ReportVerdict, 'not-a-report'> | 'not-an-export' | 'differs';

/**
 * The verdict with its reasons. All but `verdict` are null, empty or 0 for a file that is no export. `node`, `signedMs`, `certificate`: of
 * the newest signature, also of an invalid one. `result`: as the file has it, also if it is wrong.
 */
export interface SavingsVerification {
  readonly verdict: SavingsVerdict;
  readonly cabinet: string;
  readonly node: string | null;
  readonly result: SavingsResult | null;
  readonly entries: number;
  /** Hash of the last entry, to compare with the audit log. */
  readonly head: string;
  /** Number of the entry at which the chain breaks, or has another hash than was signed; null if it is whole. */
  readonly brokenAt: number | null;
  /** Number of the newest entry that has a signature, valid or not; 0 for none. */
  readonly signedN: number;
  readonly signedMs: number | null;
  readonly certificate: SignerCertificate | null;
  /**
   * Places of the export that do not follow from the rest, the first five. Empty also if the chain breaks: then they are not looked for.
   */
  readonly differences: readonly string[];
}

/** Source: docs/recompute.md, 1 Wh. Units: kWh. */
const MOST_DIFFERENCE_KWH = 0.001;
/** Source: docs/recompute.md, 3 min. Units: h. */
const MOST_SUN_H = 0.05;
const MOST_NAMED = 5;
/** Figures without which a result says nothing. */
const NEEDED = ['from', 'to', 'nightsCounted', 'total', 'halfKwh'] as const;
const NO_EXPORT: SavingsVerification = {
  ...{ verdict: 'not-an-export', cabinet: '', node: null, result: null, entries: 0, head: '', brokenAt: null },
  ...{ signedN: 0, signedMs: null, certificate: null, differences: [] },
};

/**
 * Returns the verdict about a parsed file. `authority`: trusted certificates in PEM; null for none, and a right signature is then
 * `no-authority`.
 */
export function verifyExport(found: unknown, authority: string | null): SavingsVerification {
  if (!isExport(found)) return NO_EXPORT;
  try {
    return judged(found, authority);
  } catch (error) {
    // The parts of the file are not of the expected form.
    if (error instanceof TypeError || error instanceof RangeError) return NO_EXPORT;
    throw error;
  }
}

function judged(found: SavingsExport, authority: string | null): SavingsVerification {
  const { chain, seals, cabinet, result } = found;
  const newest = Math.max(0, ...seals.map(({ n }) => n));
  const forged = seals.find(({ n, hash }) => chain[n - 1]?.hash !== hash);
  const broken = brokenAt(chain) ?? forged?.n ?? null;
  const differences = broken === null ? differencesIn(found) : [];
  const ranked = seals.filter(({ n }) => n === newest).map((seal) => ({ seal, verdict: sealVerdict(seal, found.node, authority) }));
  const best = ranked.find(({ verdict }) => verdict === 'valid' || verdict === 'no-authority') ?? ranked[0];
  const about = {
    ...{ cabinet, node: best?.seal.node ?? null, result, entries: chain.length, head: chain.at(-1)?.hash ?? '', brokenAt: broken },
    ...{ signedN: newest, signedMs: best?.seal.atMs ?? null, certificate: signerCertificate(best?.seal.certificates ?? ''), differences },
  };
  if (broken !== null) return { verdict: 'changed', ...about };
  if (differences.length > 0) return { verdict: 'differs', ...about };
  // Anybody can append entries with a right hash to a chain.
  return { verdict: best === undefined || newest < chain.length ? 'not-signed' : best.verdict, ...about };
}

function sealVerdict(seal: LedgerSeal, node: string, authority: string | null): SavingsVerdict {
  const claim = { kind: LEDGER_KIND, node: seal.node, digest: `${seal.n}:${seal.hash}`, atMs: seal.atMs };
  const verdict = verifyEvidence(claim, seal, authority ?? seal.certificates);
  if (verdict === 'bad-signature') return 'other-key';
  if (verdict === 'valid' && node !== seal.node) return 'other-node';
  return verdict === 'valid' && authority === null ? 'no-authority' : verdict;
}

function differencesIn({ chain, nights, darkHours, result }: SavingsExport): readonly string[] {
  const differences: string[] = [];
  const dates = nights.map(({ date }) => date);
  if (new Set(dates).size < dates.length) differences.push('nights: twice');
  const again = savingsResult(ledgerEntriesOf(chain), nights, { from: result.from, to: result.to });
  if (again === null) return ['chain: no baseline'];
  for (const key of NEEDED) if (!(key in result)) differences.push(`result.${key}`);
  collect('result', result, again, differences);
  const hoursOf = darkHoursOf(again.baseline);
  for (const night of nights) {
    differences.push(...gapDifferences(night));
    const zones = darkHours[night.date] ?? {};
    for (const [zone, hours] of Object.entries(hoursOf(night.date)))
      if (!(Math.abs((zones[zone] ?? Number.NaN) - hours) <= MOST_SUN_H)) differences.push(`darkHours.${night.date}.${zone}`);
  }
  return differences.slice(0, MOST_NAMED);
}

/** Every value of the exported result is compared; one that an earlier release did not export yet is not missed. */
function collect(path: string, exported: unknown, again: unknown, differences: string[]): void {
  if (differences.length >= MOST_NAMED || exported === again) return;
  if (typeof exported === 'number' && typeof again === 'number') {
    if (!(Math.abs(exported - again) <= MOST_DIFFERENCE_KWH)) differences.push(path);
  } else if (Array.isArray(exported) && Array.isArray(again) && exported.length === again.length)
    for (const [at, item] of exported.entries()) collect(`${path}.${at}`, item, again[at], differences);
  else if (isRecord(exported) && isRecord(again) && !Array.isArray(exported) && !Array.isArray(again))
    for (const key of Object.keys(exported)) collect(`${path}.${key}`, exported[key], again[key], differences);
  else differences.push(path);
}

/** Gaps whose energy does not follow from their parts. */
function gapDifferences({ date, meters }: SavingsNight): readonly string[] {
  return Object.entries(meters).flatMap(([id, { gaps }]) =>
    gaps.flatMap((gap) => (Math.abs(gapWh(gap) - gap.wh) / 1_000 <= MOST_DIFFERENCE_KWH ? [] : [`nights.${date}.${id}`])),
  );
}

/** Source: docs/recompute.md, the energy of a gap. */
function gapWh({ fromMs, toMs, otherW, ratio, factors, bandWh }: SavingsGap): number {
  const lampsWh = bandWh.reduce((sum, wh, band) => sum + wh * (factors[band] ?? 0), 0);
  return Math.max(0, ratio * ((otherW * (toMs - fromMs)) / HOUR_MS + lampsWh));
}

function isExport(found: unknown): found is SavingsExport {
  if (!isRecord(found) || found['form'] !== 'luciole-savings-1') return false;
  const { chain, seals, nights, darkHours, result, cabinet, node } = found;
  const lists = [chain, seals, nights].every((list) => Array.isArray(list) && list.every(isRecord));
  return lists && isRecord(darkHours) && isRecord(result) && typeof cabinet === 'string' && typeof node === 'string';
}
