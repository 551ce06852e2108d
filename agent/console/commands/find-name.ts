/** Finds names as people type them, in capital or small letters, and suggests the nearest for a wrong one. Pure. */
import { type Message, msg } from '../../core/message.ts';
import { nearest } from '../../core/suggestions.ts';
import { ConsoleError } from '../console-error.ts';

const NO_SUCH = {
  lamp: (typed: string) => msg`no lamp ${typed}`,
  zone: (typed: string) => msg`no zone ${typed}`,
  'lamp or zone': (typed: string) => msg`no lamp or zone ${typed}`,
  'sound place': (typed: string) => msg`no sound place ${typed}`,
  panel: (typed: string) => msg`no panel ${typed}`,
  line: (typed: string) => msg`no line ${typed}`,
  device: (typed: string) => msg`no device ${typed}`,
  profile: (typed: string) => msg`no profile ${typed}`,
} satisfies Readonly<Record<string, (typed: string) => Message>>;

/**
 * Returns the known name that was typed; capital and small letters may differ if only one name fits. Errors: throws ConsoleError
 * 'unknown-name' with advice. `listedBy`: the command that lists the names. `alsoNear`: other names that the advice may suggest.
 */
export function findName(
  typed: string,
  known: readonly string[],
  {
    noun,
    listedBy,
    alsoNear = [],
  }: { readonly noun: keyof typeof NO_SUCH; readonly listedBy: string; readonly alsoNear?: readonly string[] },
): string {
  if (known.includes(typed)) return typed;
  const [alike, ...others] = known.filter((name) => name.toLowerCase() === typed.toLowerCase());
  if (alike !== undefined && others.length === 0) return alike;
  throw new ConsoleError(
    'unknown-name',
    msg`${NO_SUCH[noun](JSON.stringify(typed))}; ${nameHint(typed, [...known, ...alsoNear], listedBy)}`,
  );
}

/** Returns advice for an unknown name: the nearest known one if one is similar, otherwise the command that lists them. */
export function nameHint(typed: string, known: readonly string[], listedBy: string): Message {
  const near = nearest(typed, known);
  return near === undefined ? msg`\`${listedBy}\` lists all` : msg`did you mean ${near}?`;
}
