/** Which nights a report is about: read from the typed words, and completed with the time of the agent. Pure. */
import { DAY_MS, dayStartMs } from '../../../core/durations.ts';
import { msg } from '../../../core/message.ts';
import type { ReportKind } from '../../../core/report.ts';
import type { SavingsDate } from '../../../core/savings-view.ts';
import { textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { nightArg, nightsArg } from '../savings/savings-args.ts';
import type { ReportPeriod } from './report-file.ts';

/**
 * Returns the typed nights, of the argument `date` or of `--nights`; null if none were typed. For `month`, `date` is a month. Errors:
 * throws ConsoleError 'usage' for an invalid text, or if both were typed.
 */
export function typedPeriod(kind: ReportKind, args: RawArgs): ReportPeriod | null {
  const nights = nightsArg(args);
  if (args['date'] === undefined) return nights;
  if (nights !== null) throw new ConsoleError('usage', msg`give either one date or --nights`);
  const typed = textArg(args, 'date');
  return kind === 'month' ? monthOf(typed) : { from: nightArg(typed), to: typed };
}

/**
 * Returns the nights of the report. `typed` null: the last night, the last whole month, or for a saving all nights since `since`. Nights
 * that have not ended are left out. `lastNight`: the newest night that has ended. `commission` is not about nights: always `lastNight`.
 * Errors: throws ConsoleError 'usage' if none of the nights has ended.
 */
export function completedPeriod(
  kind: ReportKind,
  typed: ReportPeriod | null,
  { lastNight, since }: { readonly lastNight: SavingsDate; readonly since: SavingsDate },
): ReportPeriod {
  if (kind === 'commission') return { from: lastNight, to: lastNight };
  const period = typed ?? usualPeriod(kind, lastNight, since);
  if (period.from > lastNight)
    throw new ConsoleError(
      'usage',
      kind === 'month'
        ? msg`no night from ${period.from} on has ended: the newest that has is ${lastNight}, and a night ends at noon`
        : msg`the night of ${period.from} has not ended: the newest that has is ${lastNight}, and a night ends at noon`,
    );
  return { from: period.from, to: period.to < lastNight ? period.to : lastNight };
}

function usualPeriod(kind: ReportKind, lastNight: SavingsDate, since: SavingsDate): ReportPeriod {
  if (kind === 'savings') return { from: since, to: lastNight };
  if (kind === 'night') return { from: lastNight, to: lastNight };
  const nextNight = shifted(lastNight, 1);
  return monthOf(shifted(`${nextNight.slice(0, 7)}-01`, -1).slice(0, 7));
}

function monthOf(text: string): ReportPeriod {
  const from = `${text}-01`;
  if (!/^\d{4}-\d\d$/.test(text) || dayStartMs(from) === null)
    throw new ConsoleError('usage', msg`bad month "${text}": write year and month, as 2026-11, or --nights FROM..TO`);
  // The 32nd day is always in the next month.
  return { from, to: shifted(`${shifted(from, 31).slice(0, 7)}-01`, -1) };
}

function shifted(date: SavingsDate, days: number): SavingsDate {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}
