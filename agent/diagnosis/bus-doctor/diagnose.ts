/**
 * From the symptoms of a line to a verdict.
 *
 * Pure. The rules are asked in a fixed order, because one cause produces symptoms of others: a second master damages replies, an open line makes
 * noise, a wrong speed makes silence. A rule that explains the failures ends the search. What no rule explains is "undecided".
 */
import type { BusExam } from '../../core/bus-exam.ts';
import type { BusDiagnosis, BusFinding, TimeText } from './finding.ts';
import { adapterLatency, echo, noBias, noiseAtHours, noTermination, secondMaster } from './line-rules.ts';
import { healthy, notFed, undecided } from './plain-findings.ts';
import { lineSilent, slowUnit, swappedWires, unitSilent, wrongSettings } from './silence-rules.ts';
import { type BusSymptoms, symptomsOf } from './symptoms.ts';
import { doubleReplies, duplicateAddress, noisyUnit, sleepingDriver } from './unit-rules.ts';

/** Requests below which an examination shows nothing. */
const LEAST_ASKED = 12;

type Rule = (symptoms: BusSymptoms) => BusFinding | null;

/** A silent line has one cause, so the first of these that applies is its only finding. */
const SILENCE: readonly Rule[] = [wrongSettings, slowUnit, swappedWires, lineSilent];
/** What explains failures of several units: the first that applies. */
const FAILURES: readonly Rule[] = [secondMaster, slowUnit, doubleReplies, noBias, noTermination];
/** What explains failures of one unit: the first that applies. */
const UNIT: readonly Rule[] = [sleepingDriver, duplicateAddress, noisyUnit];

/**
 * Returns the verdict of an examination with its findings: `undecided` with fewer than 12 requests. `unfed`: addresses of the units
 * without supply, which are not judged. The line's counts of the last day still include them.
 */
export function diagnose(exam: BusExam, timeText: TimeText, unfed: ReadonlySet<number> = new Set()): BusDiagnosis {
  const symptoms = symptomsOf(unfed.size === 0 ? exam : withoutUnits(exam, unfed));
  const found = findingsOf(symptoms, timeText);
  const isHealthy = isExplained(symptoms) && !symptoms.quarters.hasTrouble;
  const plain = unfed.size > 0 && symptoms.asked === 0 ? notFed(unfed) : isHealthy ? healthy(symptoms) : undecided(symptoms);
  const findings = found.length > 0 ? found : [plain];
  const { line, asked, answered, durationMs } = symptoms;
  const { verdict } = findings[0] as BusFinding;
  return { line, verdict, findings, asked, answered, units: symptoms.units.length, unfed: [...unfed].sort((a, b) => a - b), durationMs };
}

function withoutUnits(exam: BusExam, unfed: ReadonlySet<number>): BusExam {
  const isFed = (unit: number | undefined): boolean => unit === undefined || !unfed.has(unit);
  return {
    ...exam,
    windows: exam.windows.filter(({ request }) => isFed(request[0])),
    units: exam.units.filter(({ unit }) => isFed(unit)),
    trials: exam.trials
      .map((trial) => ({ ...trial, tried: trial.tried.filter(isFed), answered: trial.answered.filter(isFed) }))
      .filter(({ tried }) => tried.length > 0),
  };
}

function findingsOf(symptoms: BusSymptoms, timeText: TimeText): BusFinding[] {
  if (symptoms.asked < LEAST_ASKED) return [];
  const steady = [echo, adapterLatency].flatMap((rule) => rule(symptoms) ?? []);
  if (symptoms.answered === 0) return [...firstOf(SILENCE, symptoms), ...steady];
  const absent = [wrongSettings, unitSilent].flatMap((rule) => rule(symptoms) ?? []);
  // Units with other settings and silent ones are explained already.
  const named = new Set(absent.flatMap((finding) => finding.units));
  const others = { ...symptoms, units: symptoms.units.filter(({ unit }) => !named.has(unit)) };
  const whole = firstOf(FAILURES, others);
  const single = whole.length > 0 ? [] : firstOf(UNIT, others);
  const active = [...whole, ...single];
  const timed = active.length > 0 || !isExplained(others) ? [] : firstOf([(all) => noiseAtHours(all, timeText)], symptoms);
  // Failures that no rule explains are said too, beside what is certain.
  const rest =
    active.length === 0 && timed.length === 0 && absent.length + steady.length > 0 && !isExplained(others) ? [undecided(others)] : [];
  return [...active, ...absent, ...timed, ...rest, ...steady];
}

function firstOf(rules: readonly Rule[], symptoms: BusSymptoms): BusFinding[] {
  for (const rule of rules) {
    const finding = rule(symptoms);
    if (finding !== null) return [finding];
  }
  return [];
}

/** Failures that are no pattern. Source: assumed; a good line damages less than one frame in a thousand. Confirmed by: failure shares of healthy units in a week of logs of a cabinet. */
const ODD = { failures: 1, share: 0.001 } as const;

/** Whether all units answer, except those that never do, with at most an odd failure, now and in the last ten minutes. */
function isExplained({ units, recents, asked, strays }: BusSymptoms): boolean {
  if (asked < LEAST_ASKED) return false;
  const present = units.filter(({ answered }) => answered > 0);
  const failures = present.reduce((sum, unit) => sum + unit.damaged + unit.silent, 0);
  const ids = new Set(present.map(({ unit }) => unit));
  const lately = recents.filter(({ unit }) => ids.has(unit)).map(({ recent }) => recent);
  const recentFailures = lately.reduce((sum, { missed, damaged }) => sum + missed + damaged, 0);
  const recentAsked = lately.reduce((sum, { missed, damaged, answered }) => sum + missed + damaged + answered, 0);
  const isOdd = (count: number, of: number): boolean => count <= ODD.failures || count <= ODD.share * of;
  return isOdd(failures + recentFailures, asked + recentAsked) && isOdd(strays, asked);
}
