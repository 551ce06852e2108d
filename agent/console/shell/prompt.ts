/** Texts of a session: greeting, prompt, and what is still in force at a logout. Pure. */
import { msg, type Said } from '../../core/message.ts';
import type { Names } from '../commands/cabinet/names.ts';
import type { Known } from './known.ts';

type InWords = (said: Said) => string;

/**
 * Returns the first lines of a session, such as cabinet, version and the main keys. `names` null: a line states in place of the cabinet
 * that no agent answers.
 */
export function greeting(names: Names | null, version: string): readonly Said[] {
  const keys = msg`? lists what can be typed, TAB completes, Ctrl-D ends`;
  if (names === null) return [version, msg`no agent answers: agent state, check and agent restart work without one`, keys];
  return [`${names.cabinet.id}  ${names.cabinet.name}`, version, keys];
}

/**
 * Returns the prompt, with the time until the last of the overrides in `known` ends, and the time left of a configuration on trial. `known`
 * is null if no agent answers.
 */
export function promptOf(known: Known | null, inWords: InWords): string {
  if (known === null) return `luciole (${inWords(msg`no agent`)})> `;
  const { cabinet, overrides, trial } = known.names;
  const leftMs = Math.max(0, ...overrides.map(({ untilMs }) => untilMs - known.atMs));
  const marks = [
    ...(leftMs === 0 ? [] : [`[${inWords(msg`OVERRIDE`)} ${countdown(leftMs)}]`]),
    // An agent of an earlier release, which an update has not replaced yet, does not report it.
    ...(trial == null ? [] : [`[${inWords(msg`TRIAL`)} ${countdown(trial.restS * 1_000)}]`]),
  ];
  return `${[cabinet.id, ...marks].join(' ')}> `;
}

/**
 * Returns one sentence for each override and for the trial in `known`: how long it still lasts, and what ends it. Empty if there are none.
 * `inWords`: translates for the reader.
 */
export function goodbyeLines(known: Known, inWords: InWords): readonly string[] {
  return [...overridesLeft(known, inWords), ...trialLeft(known, inWords)];
}

function overridesLeft({ names, atMs }: Known, inWords: InWords): readonly string[] {
  return names.overrides.map(({ target, levelPct, untilMs }) => {
    const left = countdown(Math.max(0, untilMs - atMs));
    const isWhole = target === names.cabinet.id && ![...names.lamps, ...names.zones].includes(target);
    return inWords(
      isWhole
        ? msg`${target} is overridden to ${levelPct} % for ${left} more; lights auto ends it`
        : msg`${target} is overridden to ${levelPct} % for ${left} more; release ${target} ends it`,
    );
  });
}

function trialLeft({ names: { trial } }: Known, inWords: InWords): readonly string[] {
  if (trial == null) return [];
  const { number, mode, restS } = trial;
  const left = countdown(restS * 1_000);
  return [
    inWords(
      mode === 'asked'
        ? msg`revision ${number} is on trial for ${left} more; config confirm keeps it, else the previous one returns`
        : msg`revision ${number} is on trial for ${left} more; it is kept if all is well then, else the previous one returns`,
    ),
  ];
}

/** `14:32`, `1:59:07`. */
function countdown(leftMs: number): string {
  const leftS = Math.ceil(leftMs / 1_000);
  const [hours, minutes, seconds] = [Math.floor(leftS / 3_600), Math.floor(leftS / 60) % 60, leftS % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  return hours === '00' ? `${minutes}:${seconds}` : `${hours}:${minutes}:${seconds}`;
}
