/** The verdicts without a fault: healthy, and undecided with what is known. Pure. */
import { msg } from '../../core/message.ts';
import type { BusFinding } from './finding.ts';
import { percent, sumOf } from './line-rules.ts';
import type { BusSymptoms } from './symptoms.ts';

/**
 * Returns the finding that the line is healthy, whatever the symptoms are. They give the counts of its evidence, also how many times there
 * were stray bytes, and how many frames of others.
 */
export function healthy({
  asked,
  answered,
  units,
  quarters,
  durationMs,
  strays,
  foreignRequests,
  foreignReplies,
}: BusSymptoms): BusFinding {
  const bad = quarters.bad.length;
  const durationS = Math.round(durationMs / 1_000);
  const foreign = foreignRequests + foreignReplies;
  return {
    verdict: 'healthy',
    units: [],
    text: msg`the line is healthy`,
    causes: [],
    evidence: [
      strays + foreign === 0
        ? msg`${answered} of ${asked} requests to ${units.length} units answered in ${durationS} s, no stray bytes, no frames of others`
        : msg`${answered} of ${asked} requests to ${units.length} units answered in ${durationS} s, ${strays} times stray bytes, ${foreign} frames of others`,
      ...(quarters.known === 0 ? [] : [msg`${quarters.known - bad} of the last ${quarters.known} quarters of an hour without trouble`]),
    ],
    check: msg`nothing`,
  };
}

/** Returns the finding, with the verdict `undecided`, that no unit of the line has supply. `unfed`: its units, which are only counted. */
export function notFed(unfed: ReadonlySet<number>): BusFinding {
  return {
    verdict: 'undecided',
    units: [],
    text: msg`no unit of this line has supply now`,
    causes: [msg`the contactor of their feeder is open, as by day`],
    evidence: [msg`${unfed.size} units are not judged`],
    check: msg`run the doctor again when the feeder is on`,
  };
}

/**
 * Returns the finding that the symptoms are too weak or fit several causes, whatever they are. Failed requests of the examination are
 * counted for the units that sent a valid or damaged reply. `units`: up to four of these, those with the most failures.
 */
export function undecided(symptoms: BusSymptoms): BusFinding {
  const { asked, units, strays, quarters, recents } = symptoms;
  const present = units.filter(({ answered, damaged }) => answered + damaged > 0);
  const all = sumOf(present);
  const worst = present.toSorted((a, b) => b.damaged + b.silent - a.damaged - a.silent).slice(0, 4);
  const lately = recents.reduce((sum, { recent }) => sum + recent.missed + recent.damaged, 0);
  return {
    verdict: 'undecided',
    units: worst.filter(({ damaged, silent }) => damaged + silent > 0).map(({ unit }) => unit),
    text: msg`something is wrong, but the symptoms are too weak or fit several causes`,
    causes: [msg`a loose terminal`, msg`termination or bias`, msg`one unit that disturbs the others`],
    evidence: [
      msg`${all.failed} of ${all.asked} requests failed (${percent(all)}), ${strays} times stray bytes, ${asked} requests in all`,
      msg`in the last ten minutes ${lately} requests failed`,
      ...(quarters.bad.length === 0 ? [] : [msg`${quarters.bad.length} of ${quarters.known} quarters of an hour with trouble`]),
    ],
    check: msg`run the doctor again while the trouble lasts; switch half of the units off and compare \`luciole bus stats\` of both halves`,
  };
}
