/**
 * Which device types a stranger may be.
 *
 * Owns the order of the questions and the judging of the answers. Only reads.
 */
import type { FoundUnit } from '../../core/bus-tools.ts';
import type { ReadRequest, Reply } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { IdentifyProbe, Profile } from '../../core/profile.ts';

/** Unanswered questions in a row after which a stranger is left in peace: some fall silent at what they do not know. */
const SILENT_PROBES = 3;

export type Ask = (request: ReadRequest) => Promise<Reply | BusError>;

export interface Identity {
  readonly profiles: FoundUnit['profiles'];
  /** Of each answer. Units: ms. */
  readonly turnaroundsMs: readonly number[];
}

interface Candidate {
  readonly id: string;
  readonly probe: IdentifyProbe;
}

/**
 * Ask what the profiles say would give each away: first what names a model, and only when nothing does what makes one likely.
 *
 * Errors: none from units; what `ask` throws goes through.
 */
export async function identify(unit: number, profiles: readonly Profile[], ask: Ask): Promise<Identity> {
  const candidates = profiles
    .filter(({ transport }) => transport === 'modbus')
    .flatMap(({ id, identify: probes }) => probes.map((probe): Candidate => ({ id, probe })));
  const answers = new Map<string, readonly number[] | null>();
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

  /** The same registers are asked once, however many types look at them. */
  async function wordsOf({ table, address, count }: IdentifyProbe): Promise<readonly number[] | null> {
    const key = `${table}:${address}:${count}`;
    const known = answers.get(key);
    if (known !== undefined) return known;
    if (unanswered >= SILENT_PROBES) return null;
    const reply = await ask({ unit, table, address, count });
    if (reply instanceof BusError) {
      unanswered = reply.policy.answered ? 0 : unanswered + 1;
    } else {
      unanswered = 0;
      turnaroundsMs.push(reply.turnaroundMs);
    }
    const words = reply instanceof BusError ? null : reply.words;
    answers.set(key, words);
    return words;
  }
}

/** Whether an answer is what the probe wants: one of its patterns, or its text padded with blanks or zeros. */
function fits({ oneOf, text }: IdentifyProbe, words: readonly number[]): boolean {
  if (text !== null) return textOf(words) === text;
  return oneOf.some((pattern) => pattern.length > 0 && pattern.every((word, i) => words[i] === word));
}

/** Source: Wiren Board's signature registers hold one character each and end with zeros. */
function textOf(words: readonly number[]): string {
  return String.fromCharCode(...words).replace(/[\0 \uffff]+$/, '');
}
