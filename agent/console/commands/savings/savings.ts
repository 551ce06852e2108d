/** `savings show`, `baseline`, `freeze`, `ledger`, `add` and `export`: proven savings with their error bar, and the ledger behind them. */
import { msg } from '../../../core/message.ts';
import type { LedgerEffect, LedgerEntry, LedgerView, SavingsDate, SavingsExport, SavingsResult } from '../../../core/savings-view.ts';
import { agentCommand, JSON_OPTION, numberArg, textArg } from '../../agent-command.ts';
import type { ConsoleCommand, LocalCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { AUTHORITY_OPTION } from '../authority-option.ts';
import { findName } from '../find-name.ts';
import { causeArg, decimalArg, effectArg, listArg, nightArg, nightsArg, TYPED_CAUSES } from './savings-args.ts';
import { answerOf } from './savings-refusals.ts';

/** Longest note. Units: characters. Source: as in the audit log. */
const MAX_NOTE_CHARS = 400;
/**
 * Time to read twelve years of nights from a slow card. Units: ms. Source: assumed. Confirmed by: an export of a full store on the gateway.
 */
const TIMEOUT_MS = 60_000;
/**
 * Usual tolerance of nameplates. Units: %. Source: assumed; limits of rated power in data sheets of luminaires. Confirmed by: powers
 * measured at poles.
 */
const USUAL_TOLERANCE_PCT = 10;
const NIGHTS_OPTION = { name: 'nights', value: 'FROM..TO', summary: msg`first and last night, as 2026-11-01..2026-11-30` } as const;
const ALL: { readonly from: SavingsDate; readonly to: SavingsDate } = { from: '2020-01-01', to: '2099-12-31' };

const show = agentCommand({
  name: 'savings show',
  role: 'viewer',
  group: 'Look:',
  summary: msg`proven saving against the baseline, with error`,
  options: [{ ...NIGHTS_OPTION, summary: msg`first and last night (default: all since the baseline)` }],
  examples: ['luciole savings show', 'luciole savings show --nights 2026-11-01..2026-11-30 --json'],
  timeoutMs: TIMEOUT_MS,
  read: (args) => periodOf(args),
  answer: async (view, { from, to }): Promise<SavingsResult> => answerOf(await view.savings.result(from, to)),
  render: async (result, page) => (await import('./savings-page.ts')).renderSavings(result, page),
});

const baseline = agentCommand({
  name: 'savings baseline',
  role: 'viewer',
  group: 'Look:',
  summary: msg`what the saving is compared with, since when`,
  examples: ['luciole savings baseline', 'luciole savings baseline --json'],
  timeoutMs: TIMEOUT_MS,
  answer: async (view): Promise<LedgerEntry> => {
    const { entries } = answerOf(await view.savings.ledger());
    const voided = new Set(entries.map(({ voids }) => voids));
    const found = entries.findLast((entry) => entry.cause === 'baseline' && !voided.has(entry.n));
    return found ?? answerOf<never>({ ok: false, why: 'no-baseline' });
  },
  render: async (result, page) => (await import('./savings-page.ts')).renderBaseline(result, page),
});

const freeze = agentCommand({
  name: 'savings freeze',
  role: 'admin',
  group: 'Act:',
  summary: msg`freeze the baseline from nameplates or a meter`,
  arguments: [{ name: 'meter', summary: msg`the meter that measures the saving; several with commas`, required: true, names: 'device' }],
  options: [
    { name: 'class', value: 'PCT', summary: msg`limit of error of the meter, 0.2 to 5 (default: 1)` },
    { name: 'serial', value: 'TEXT', summary: msg`serial number on the meter` },
    { ...NIGHTS_OPTION, summary: msg`learn the power from these nights; else nameplates` },
    { name: 'tolerance', value: 'PCT', summary: msg`tolerance of the nameplates, 0 to 50 (default: 10)` },
    { name: 'note', value: 'TEXT', summary: msg`why, for the record` },
  ],
  examples: [
    'luciole savings freeze M1 --class 1 --serial 21A4711 --note "contract"',
    'luciole savings freeze M1 --nights 2026-11-01..2026-11-30',
  ],
  timeoutMs: TIMEOUT_MS,
  read: (args) => ({
    meters: listArg(args, 'meter'),
    classPct: decimalArg(args, 'class', { min: 0.2, max: 5 }) ?? 1,
    serial: args['serial'] === undefined ? '' : textArg(args, 'serial').slice(0, 64),
    nights: nightsArg(args),
    tolerancePct: decimalArg(args, 'tolerance', { min: 0, max: 50 }) ?? USUAL_TOLERANCE_PCT,
    note: noteOf(args),
  }),
  answer: async (view, { meters, classPct, serial, nights, tolerancePct, note }, { source }): Promise<LedgerEntry> => {
    const known = view
      .profiles()
      .flatMap(({ id, category, usedBy }) => (category === 'meter' ? usedBy.map((device) => ({ id: device, profile: id })) : []));
    const chosen = meters.map((typed) => {
      const id = findName(
        typed,
        known.map((each) => each.id),
        { noun: 'device', listedBy: 'luciole devices' },
      );
      return { id, profile: known.find((each) => each.id === id)?.profile ?? '', serial, classPct };
    });
    return answerOf(await view.savings.freeze({ by: source, note, meters: chosen, nights, tolerancePct }));
  },
  render: async (result, page) => (await import('./savings-page.ts')).renderBaseline(result, page),
});

const ledger = agentCommand({
  name: 'savings ledger',
  role: 'viewer',
  group: 'Look:',
  summary: msg`entries that adjust the baseline, and the chain`,
  examples: ['luciole savings ledger', 'luciole savings ledger --json'],
  timeoutMs: TIMEOUT_MS,
  answer: async (view): Promise<LedgerView> => answerOf(await view.savings.ledger()),
  render: async (result, page) => (await import('./savings-page.ts')).renderLedger(result, page),
  succeeded: ({ brokenAt }) => brokenAt === null,
});

const add = agentCommand({
  name: 'savings add',
  role: 'admin',
  group: 'Act:',
  summary: msg`enter an adjustment; entries are never changed`,
  arguments: [{ name: 'cause', summary: msg`why, as lamps-added, outage or void`, required: true, choices: TYPED_CAUSES }],
  options: [
    { name: 'from', value: 'DATE', summary: msg`first night that it applies to, as 2026-12-01` },
    { name: 'to', value: 'DATE', summary: msg`last night (default: until further notice)` },
    { name: 'note', value: 'TEXT', summary: msg`what happened; it must be given` },
    { name: 'zone', value: 'ID', summary: msg`zone of lamps or energy`, names: 'zone' },
    { name: 'lamps', value: 'IDS', summary: msg`lamps, with commas`, names: 'lamp' },
    { name: 'power', value: 'W', summary: msg`power of each lamp in the reference, gear included` },
    { name: 'level', value: 'PCT', summary: msg`level of added lamps in the reference (default: 100)` },
    { name: 'kwh', value: 'KWH', summary: msg`energy added to the reference; less than 0 takes away` },
    { name: 'load', value: 'W', summary: msg`load added to the reference, day and night` },
    { name: 'about', value: 'IDS', summary: msg`a meter or device that it is about` },
    { name: 'entry', value: 'N', summary: msg`with void: the entry that no longer counts` },
  ],
  examples: [
    'luciole savings add other-load --from 2026-12-08 --load 50 --note sign',
    'luciole savings add outage --from 2026-12-10 --kwh -3.2 --note "feeder 2"',
    'luciole savings add void --entry 7 --note "wrong power"',
  ],
  timeoutMs: TIMEOUT_MS,
  read: readAdd,
  answer: async (view, note, { source }): Promise<LedgerEntry> => {
    refuseUnknown(note.effect, answerOf(await view.savings.ledger()).entries);
    return answerOf(await view.savings.add({ ...note, by: source }));
  },
  render: async (result, page) => (await import('./savings-page.ts')).renderLedgerEntry(result, page),
});

/** `savings export`: answers with the nights and the result of a period, and with the whole ledger. */
export const SAVINGS_EXPORT = agentCommand({
  name: 'savings export',
  role: 'viewer',
  group: 'Store:',
  summary: msg`nights, ledger and result as JSON, to recompute`,
  options: [{ ...NIGHTS_OPTION, summary: msg`first and last night (default: all since the baseline)` }],
  examples: ['luciole savings export > savings.json', 'luciole savings export --nights 2026-01-01..2026-12-31 > savings.json'],
  timeoutMs: TIMEOUT_MS,
  read: (args) => periodOf(args),
  answer: async (view, { from, to }): Promise<SavingsExport> => answerOf(await view.savings.export(from, to)),
  render: (result) => JSON.stringify(result),
});

const VERIFY: LocalCommand = {
  kind: 'local',
  name: 'savings verify',
  role: 'viewer',
  hasSocket: true,
  group: 'Look:',
  summary: msg`check ledger, signature and result of a saving`,
  arguments: [{ name: 'file', summary: msg`an export (default: ask the running agent)`, required: false, file: 'read' }],
  options: [{ ...NIGHTS_OPTION, summary: msg`of the agent: first and last night (default: all)` }, AUTHORITY_OPTION, JSON_OPTION],
  examples: ['luciole savings verify', 'luciole savings verify savings.json --authority city.pem'],
};

/** The commands `savings show`, `baseline`, `ledger`, `export`, `freeze` and `add`, and `savings verify`, which runs in the client. */
export const SAVINGS_COMMANDS: readonly ConsoleCommand[] = [show, baseline, ledger, SAVINGS_EXPORT, VERIFY, freeze, add];

function readAdd(args: RawArgs) {
  const cause = causeArg(args);
  const isVoid = cause === 'void';
  if (!isVoid && args['from'] === undefined) throw new ConsoleError('usage', msg`--from is missing: the first night that it applies to`);
  const from = isVoid ? ALL.from : nightArg(textArg(args, 'from'));
  const to = args['to'] === undefined ? null : nightArg(textArg(args, 'to'));
  if (to !== null && to < from) throw new ConsoleError('usage', msg`--to ${to} is before --from ${from}`);
  if (args['note'] === undefined) throw new ConsoleError('usage', msg`--note is missing: say what happened, for those who check the proof`);
  const about = [...listArg(args, 'lamps'), ...listArg(args, 'about')];
  const note = { cause, from, to, about, effect: effectArg(cause, args), note: noteOf(args) };
  if (note.effect.kind === 'energy' && to === null) throw new ConsoleError('usage', msg`--kwh needs --to: the last night of that energy`);
  return isVoid ? { ...note, voids: numberArg(args, 'entry', { min: 1, max: 1_000_000 }) } : note;
}

/** An entry about a lamp or zone that the reference does not have would have no effect. Errors: throws ConsoleError 'unknown-name'. */
function refuseUnknown(effect: LedgerEffect, entries: readonly LedgerEntry[]): void {
  const listedBy = 'luciole savings baseline';
  const zones = entries.flatMap(({ baseline: frozen }) => frozen?.zones ?? []);
  const added = entries.flatMap((entry) => (entry.effect.kind === 'add-lamps' ? [entry.effect] : []));
  // Without a baseline nothing can be compared.
  if (zones.length === 0) return;
  const lamps = [...zones, ...added].flatMap((each) => each.lamps.map(({ id }) => id));
  if (effect.kind === 'power' || effect.kind === 'remove-lamps')
    for (const typed of effect.lamps) findName(typed, lamps, { noun: 'lamp', listedBy });
  if (effect.kind === 'energy' && effect.zone !== null)
    findName(effect.zone, [...zones.map(({ id }) => id), ...added.map(({ zone }) => zone)], { noun: 'zone', listedBy });
}

function periodOf(args: RawArgs): { readonly from: SavingsDate; readonly to: SavingsDate } {
  return nightsArg(args) ?? ALL;
}

function noteOf(args: RawArgs): string {
  const text = args['note'] === undefined ? '' : textArg(args, 'note');
  if (text.length > MAX_NOTE_CHARS) throw new ConsoleError('usage', msg`the note is too long: at most ${MAX_NOTE_CHARS} characters`);
  return text;
}
