/** Reads the arguments of the `savings` commands: nights, lists, decimal numbers, and what an entry of the ledger changes. */
import { dayStartMs } from '../../../core/durations.ts';
import { msg } from '../../../core/message.ts';
import { LEDGER_CAUSES, type LedgerCause, type LedgerEffect, type SavingsDate } from '../../../core/savings-view.ts';
import { nearest } from '../../../core/suggestions.ts';
import { numberArg, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';

/** Causes that a person may enter with `savings add`. Source: a baseline is entered by `savings freeze`, the others by the agent alone. */
export const TYPED_CAUSES: readonly LedgerCause[] = LEDGER_CAUSES.slice(1, LEDGER_CAUSES.indexOf('settings-changed'));

/** Largest power or load. Units: W. Source: the largest subscribed power of a low-voltage connection in France, 250 kVA. */
const MAX_W = 250_000;
/** Largest energy of an entry. Units: kWh. Source: that power for a year. */
const MAX_KWH = 2_200_000;

/** Returns a typed date such as `2026-12-01`. Errors: throws ConsoleError 'usage' for another form or a day that does not exist. */
export function nightArg(text: string): SavingsDate {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && dayStartMs(text) !== null) return text;
  throw new ConsoleError('usage', msg`bad night "${text}": write the date of its evening, as 2026-12-01`);
}

/**
 * Returns the first and the last night of `--nights FROM..TO`; null if it is missing. Errors: throws ConsoleError 'usage' for an invalid
 * text, or if the first is after the last.
 */
export function nightsArg(args: RawArgs): { readonly from: SavingsDate; readonly to: SavingsDate } | null {
  if (args['nights'] === undefined) return null;
  const text = textArg(args, 'nights');
  const [from, to, ...more] = text.split('..');
  if (from === undefined || to === undefined || more.length > 0 || from > to)
    throw new ConsoleError('usage', msg`bad --nights "${text}": write the first and the last, as 2026-11-01..2026-11-30`);
  return { from: nightArg(from), to: nightArg(to) };
}

/**
 * Returns a decimal number, typed with a point or a comma, with at most six decimals; undefined if it is missing. Errors: throws
 * ConsoleError 'usage' for any other text, or unless it is from `min` to `max`.
 */
export function decimalArg(args: RawArgs, name: string, { min, max }: { readonly min: number; readonly max: number }): number | undefined {
  if (args[name] === undefined) return undefined;
  const text = textArg(args, name);
  const value = /^-?\d{1,9}([.,]\d{1,6})?$/.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new ConsoleError('usage', msg`bad ${name} "${text}": write a number from ${min} to ${max}, as 12.5`);
}

/**
 * Returns the items of a list with commas, without outer blanks and without empty items; no items if it is missing. Errors: throws
 * ConsoleError 'usage' for an empty text.
 */
export function listArg(args: RawArgs, name: string): readonly string[] {
  const items = args[name] === undefined ? [] : textArg(args, name).split(',');
  return items.map((item) => item.trim()).filter(Boolean);
}

/**
 * Returns the cause that a person typed; capital letters are accepted. Errors: throws ConsoleError 'usage' if it is missing or none of
 * `TYPED_CAUSES`.
 */
export function causeArg(args: RawArgs): LedgerCause {
  const typed = textArg(args, 'cause');
  const found = TYPED_CAUSES.find((cause) => cause === typed.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(typed, TYPED_CAUSES);
  throw new ConsoleError(
    'usage',
    near === undefined
      ? msg`bad cause "${typed}": one of ${TYPED_CAUSES}`
      : msg`bad cause "${typed}": did you mean ${near}? One of ${TYPED_CAUSES}`,
  );
}

/**
 * Returns what an entry with this cause changes. An option that the cause does not use may be ignored, also an invalid one. Errors: throws
 * ConsoleError 'usage', for example if a required option is missing. It does not check that lamps and zone exist.
 */
export function effectArg(cause: LedgerCause, args: RawArgs): LedgerEffect {
  const lamps = listArg(args, 'lamps');
  const powerW = decimalArg(args, 'power', { min: 0, max: MAX_W });
  const kwh = decimalArg(args, 'kwh', { min: -MAX_KWH, max: MAX_KWH });
  const loadW = decimalArg(args, 'load', { min: -MAX_W, max: MAX_W });
  const zone = args['zone'] === undefined ? null : textArg(args, 'zone');
  if (cause === 'lamps-added') {
    if (zone === null || lamps.length === 0 || powerW === undefined) throw needed(cause, '--zone --lamps --power');
    const reduction = numberArg(args, 'level', { min: 1, max: 100, usual: 100 }) / 100;
    return { kind: 'add-lamps', zone, lamps: lamps.map((id) => ({ id, powerW, reduction })) };
  }
  if (cause === 'lamps-removed') {
    if (lamps.length === 0) throw needed(cause, '--lamps');
    return { kind: 'remove-lamps', lamps };
  }
  if (cause === 'wattage') {
    if (lamps.length === 0 || powerW === undefined) throw needed(cause, '--lamps --power');
    return { kind: 'power', lamps, powerW };
  }
  if (cause === 'other-load') {
    if (loadW !== undefined) return { kind: 'load', loadW };
    if (kwh === undefined) throw needed(cause, '--load');
  }
  return kwh === undefined ? { kind: 'none' } : { kind: 'energy', kwh, zone };
}

function needed(cause: LedgerCause, options: string): ConsoleError {
  return new ConsoleError('usage', msg`${cause} needs ${options}`);
}
