/**
 * Rules about one unit in trouble, while the others are well.
 *
 * Pure.
 */
import { msg } from '../../core/message.ts';
import type { BusFinding } from './finding.ts';
import { isOfOneUnit, percent, sumOf } from './line-rules.ts';
import type { BusSymptoms } from './symptoms.ts';
import type { UnitSymptoms } from './unit-symptoms.ts';

/** Failures of a unit that are not chance, and their share. Source: assumed; as for the line. Confirmed by: failures of units before and after repairs. */
const TROUBLED = { failures: 3, share: 0.01 } as const;
/** The others fail at most this often, and in all at most once. */
const OTHERS_SHARE = 0.004;
/** Units that are needed to tell one unit's trouble from the line's. */
const LEAST_UNITS = 3;
/** A unit that sleeps misses nearly every request after a rest and nearly none soon after another. */
const SLEEP = { rests: 3, missed: 0.8, soon: 8, soonMissed: 0.02 } as const;
/** Two units with one address: double replies, replies that are too long, or damage that is different each time. Source: overlapping frames differ in about half of their bytes; a noisy transceiver changes single bits. */
const TWINS = { doubled: 3, tailBytes: 2, tooLong: 3, tooLongShare: 0.4, likeness: 0.55 } as const;
/** Single wrong bits leave replies alike. */
const NOISY_LIKENESS = 0.75;

/** The only unit in trouble; null if there is none or several. */
function troubledUnit({ units }: BusSymptoms): UnitSymptoms | null {
  const heard = units.filter(({ answered, damaged }) => answered + damaged > 0);
  const troubled = heard.filter(isTroubled);
  const [unit] = troubled;
  if (unit === undefined || troubled.length > 1 || heard.length < LEAST_UNITS) return null;
  const others = sumOf(heard.filter((each) => each !== unit));
  return others.failed <= Math.max(1, OTHERS_SHARE * others.asked) ? unit : null;
}

function isTroubled({ damaged, silent, asked }: UnitSymptoms): boolean {
  const failed = damaged + silent;
  return failed >= TROUBLED.failures && failed >= TROUBLED.share * asked;
}

/** Returns the finding that the only unit in trouble misses the first request after a rest; null if the symptoms do not show it. */
export function sleepingDriver(symptoms: BusSymptoms): BusFinding | null {
  const unit = troubledUnit(symptoms);
  if (unit === null) return null;
  const { rested, soon, restMs } = unit;
  if (rested.failed < SLEEP.rests || rested.failed < SLEEP.missed * rested.asked) return null;
  if (soon.asked < SLEEP.soon || soon.failed > SLEEP.soonMissed * soon.asked || unit.damaged > 0) return null;
  return {
    verdict: 'sleeping-driver',
    units: [unit.unit],
    text: msg`unit ${unit.unit} answers only after a first request`,
    causes: [msg`its driver sleeps between requests`, msg`a radio or DALI bridge in front of it sleeps`],
    evidence: [
      msg`${rested.failed} of ${rested.asked} requests after a pause of ${seconds(restMs)} s or more were not answered`,
      msg`${soon.failed} of ${soon.asked} requests after a shorter pause were not answered`,
    ],
    check: msg`switch the power saving of the unit off with the maker's tool; else set retries: 4 for the device in cabinet.yaml`,
  };
}

/**
 * Returns the finding that two units answer at one address: it has extra replies or bytes, far more often than the others together. Null if
 * the symptoms do not show it.
 */
export function doubleReplies(symptoms: BusSymptoms): BusFinding | null {
  const [unit] = symptoms.units.toSorted((a, b) => tailsOf(b) / b.asked - tailsOf(a) / a.asked);
  if (unit === undefined || tailsOf(unit) < TWINS.doubled) return null;
  const isAlone = isOfOneUnit(symptoms.units, tailsOf);
  const isReply = unit.doubled >= TWINS.doubled || unit.strayBytes >= TWINS.tailBytes * unit.strays || isOverlaid(unit);
  return isAlone && isReply ? twins(unit, symptoms) : null;
}

function tailsOf({ doubled, strays }: UnitSymptoms): number {
  return doubled + strays;
}

/**
 * Returns the finding that two units answer at the address of the only unit in trouble, seen from its damaged replies. Null if the symptoms
 * do not show it.
 */
export function duplicateAddress(symptoms: BusSymptoms): BusFinding | null {
  const unit = troubledUnit(symptoms);
  if (unit === null) return null;
  if (!isOverlaid(unit)) return null;
  return twins(unit, symptoms);
}

/** Its damaged replies are longer than one reply, or wrong from end to end. */
function isOverlaid({ damaged, tooLong, likeness }: UnitSymptoms): boolean {
  const isLong = tooLong >= TWINS.tooLong && tooLong >= TWINS.tooLongShare * damaged && (likeness ?? 0) < NOISY_LIKENESS;
  return isLong || (damaged >= TROUBLED.failures && likeness !== null && likeness < TWINS.likeness);
}

function twins(unit: UnitSymptoms, symptoms: BusSymptoms): BusFinding {
  return {
    verdict: 'duplicate-address',
    units: [unit.unit],
    text: msg`two units answer at address ${unit.unit}`,
    causes: [msg`two units have the address ${unit.unit}`, msg`a repeater passes its replies on twice`],
    evidence: [
      msg`${unit.damaged} of ${unit.asked} replies damaged, ${unit.tooLong} of them longer than one reply, ${unit.doubled} replies too many`,
      ...(unit.likeness === null
        ? []
        : [msg`damaged replies to equal requests agree in ${Math.round(100 * unit.likeness)} % of their bytes`]),
      msg`the other units: ${percent(sumOf(symptoms.units.filter((each) => each !== unit && each.answered > 0)))} failed`,
    ],
    check: msg`switch the unit off: if address ${unit.unit} still answers (\`luciole bus scan ${symptoms.line} --from ${unit.unit} --to ${unit.unit}\`), the other one is found; give one of them a free address`,
  };
}

/** Returns the finding that damaged replies of the only unit in trouble have few wrong bytes; null if the symptoms do not show it. */
export function noisyUnit(symptoms: BusSymptoms): BusFinding | null {
  const unit = troubledUnit(symptoms);
  if (unit === null || unit.damaged < TROUBLED.failures) return null;
  if (unit.likeness === null || unit.likeness < NOISY_LIKENESS) return null;
  return {
    verdict: 'noisy-unit',
    units: [unit.unit],
    text: msg`replies of unit ${unit.unit} alone have wrong bits`,
    causes: [msg`a loose terminal or a long stub at this unit`, msg`its transceiver is damaged`, msg`its supply is weak`],
    evidence: [
      msg`${unit.damaged} damaged and ${unit.silent} missing of ${unit.asked} replies; damaged ones agree in ${Math.round(100 * unit.likeness)} % of their bytes`,
      msg`short replies: ${percent(unit.short)} failed, long replies: ${percent(unit.long)}`,
      msg`the other units: ${percent(sumOf(symptoms.units.filter((each) => each !== unit && each.answered > 0)))} failed`,
    ],
    check: msg`tighten A, B and 0 V at this unit, shorten its stub; then exchange the unit`,
  };
}

function seconds(ms: number | null): string {
  return ((ms ?? 0) / 1_000).toFixed(1);
}
