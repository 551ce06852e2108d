/**
 * Asks one question for all units of a port that no profile recognises.
 *
 * One question per unit would need forty answers in a street of forty units of an unlisted type.
 */
import { Message, msg } from '../core/message.ts';
import { type AskLine, INDENT_COLS, type PrintLine } from './ask-questions.ts';
import { isNone } from './questions.ts';

/** The units of one port that no profile recognises, and how to ask for their profiles. */
export interface UnknownUnits {
  readonly port: string;
  /** Addresses that answered. Shape: at least two, ascending. */
  readonly units: readonly number[];
  readonly ask: AskLine;
  readonly print: PrintLine;
  /** Returns why the profile with this id, as typed, cannot be used; null if it can. */
  readonly refusalOf: (profile: string) => Message | null;
}

/** A unit or a range of units, and its profile: `1-6=ID`. */
const PAIR = /^(\d{1,3})(?:-(\d{1,3}))?=(\S+)$/;
const ALLOWED = msg`UNIT=PROFILE or FROM-TO=PROFILE with spaces between them, or none`;

/**
 * Asks for the profiles of these units. Resolves with the profile by unit; units missing from the answer have no entry. Errors: rejects
 * when the person leaves.
 */
export async function askUnknownUnits(parts: UnknownUnits): Promise<ReadonlyMap<number, string>> {
  const { port, units, ask, print } = parts;
  print(msg`Units ${ranges(units)} on ${port} answer, and no profile recognises them.`);
  const others = units.length > 2 ? `${units[1]}-${units.at(-1)}` : units[1];
  print(msg`Write what they are, as ${`${units[0]}=eastron-sdm630 ${others}=eastron-sdm120`}.`);
  for (;;) {
    const typed = (await ask(msg`Their profiles, or none to leave them out [none]:`)).trim();
    if (typed === '' || isNone(typed)) return new Map();
    const read = pairsIn(typed, parts);
    if (!(read instanceof Message)) return read;
    print(read, INDENT_COLS);
  }
}

/** Returns the profile of each unit, or what is wrong with the answer. */
function pairsIn(typed: string, { units, refusalOf }: UnknownUnits): ReadonlyMap<number, string> | Message {
  const chosen = new Map<number, string>();
  for (const pair of typed.split(/[\s,;]+/).filter((word) => word !== '')) {
    const [, from, to, profile = ''] = PAIR.exec(pair) ?? [];
    if (from === undefined) return msg`found ${JSON.stringify(pair)}; allowed: ${ALLOWED}`;
    const meant = units.filter((unit) => unit >= Number(from) && unit <= Number(to ?? from));
    if (meant.length === 0) return msg`no such unit among ${ranges(units)}: ${pair}`;
    const refusal = refusalOf(profile);
    if (refusal !== null) return refusal;
    for (const unit of meant) chosen.set(unit, profile);
  }
  return chosen;
}

/** Returns the units as ranges: `1-6, 31, 41`. */
function ranges(units: readonly number[]): string {
  const parts: [first: number, last: number][] = [];
  for (const unit of units) {
    const open = parts.at(-1);
    if (open !== undefined && unit === open[1] + 1) open[1] = unit;
    else parts.push([unit, unit]);
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}
