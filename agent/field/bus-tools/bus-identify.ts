/** Finds which device types an unknown unit may be, with the probes of the profiles. Only reads. */
import type { FoundUnit } from '../../core/bus-tools.ts';
import type { ReadRequest, Reply } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { IdentifyProbe, Profile } from '../../core/profile.ts';

/** Unanswered probes in a row after which the unit gets no more: some units stop answering after requests that they do not support. */
const SILENT_PROBES = 3;

/** Sends one read. Resolves with the reply, or with the failure of the unit as a value. Errors: may reject if the line itself fails. */
export type SendProbe = (request: ReadRequest) => Promise<Reply | BusError>;

/** Which device types a unit may be, with the strength of the probes that matched. */
export interface Identity {
  readonly profiles: FoundUnit['profiles'];
  /** Turnaround of each reply with data, not of exceptions. Units: ms. */
  readonly turnaroundsMs: readonly number[];
}

interface Candidate {
  readonly id: string;
  readonly probe: IdentifyProbe;
}

/**
 * Reads identification registers of a unit and returns the profiles that match best, with the turnarounds of the replies. `profiles` is
 * empty if none is found to match.
 *
 * Errors: rejects with what `send` rejects with; a failed read is a probe that does not match, and after three unanswered ones in a row no
 * more are read.
 */
export async function identify(unit: number, profiles: readonly Profile[], send: SendProbe): Promise<Identity> {
  const candidates = profiles
    .filter(({ transport }) => transport !== 'uart')
    .flatMap(({ id, identify: probes }) => probes.map((probe): Candidate => ({ id, probe })));
  const replies = new Map<string, readonly number[] | null>();
  const turnaroundsMs: number[] = [];
  let unanswered = 0;
  for (const strength of ['strong', 'plausible'] as const) {
    const fitting = new Set<string>();
    for (const { id, probe } of candidates.filter((each) => each.probe.strength === strength)) {
      const words = await wordsOf(probe);
      if (words !== null && fits(probe, words)) fitting.add(id);
    }
    if (fitting.size > 0) return { profiles: [...fitting].map((id) => ({ id, strength })), turnaroundsMs };
  }
  return { profiles: [], turnaroundsMs };

  /** Each register is read once, even if several device types have a probe for it. */
  async function wordsOf({ table, address, count }: IdentifyProbe): Promise<readonly number[] | null> {
    const key = `${table}:${address}:${count}`;
    const known = replies.get(key);
    if (known !== undefined) return known;
    if (unanswered >= SILENT_PROBES) return null;
    const reply = await send({ unit, table, address, count });
    if (reply instanceof BusError) {
      unanswered = reply.policy.answered ? 0 : unanswered + 1;
    } else {
      unanswered = 0;
      turnaroundsMs.push(reply.turnaroundMs);
    }
    const words = reply instanceof BusError ? null : reply.words;
    replies.set(key, words);
    return words;
  }
}

/** Whether a reply matches the probe: one of its patterns, or its text padded with blanks or zeros. */
function fits({ oneOf, text }: IdentifyProbe, words: readonly number[]): boolean {
  if (text !== null) return textOf(words) === text;
  return oneOf.some((pattern) => pattern.length > 0 && pattern.every((word, i) => words[i] === word));
}

/** Source: Wiren Board's signature registers hold one character each and end with zeros. */
function textOf(words: readonly number[]): string {
  return String.fromCharCode(...words).replace(/[\0 \uffff]+$/, '');
}
