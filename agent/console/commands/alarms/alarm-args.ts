/** Arguments and lines that the commands about events and maintenance share. */
import { MAX_NOTE_LENGTH } from '../../../core/alarm-tools.ts';
import { msg } from '../../../core/message.ts';
import { textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import type { Page } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';

/**
 * Returns an optional text of one line; empty if the argument is missing. Errors: throws ConsoleError 'usage', for example if the text is
 * too long, or given but empty.
 */
export function noteArg(args: RawArgs, name: string): string {
  const text = args[name] === undefined ? '' : textArg(args, name);
  if (text.length <= MAX_NOTE_LENGTH && !/\p{C}/u.test(text)) return text;
  throw new ConsoleError('usage', msg`bad ${name}: one line of ${MAX_NOTE_LENGTH} characters at most, without control characters`);
}

/** Returns a warning that a restart forgets the request; no line if it is saved. */
export function notSavedLines(isSaved: boolean, page: Page): readonly string[] {
  return isSaved ? [] : labelled(msg`But`, msg`not saved: a restart of the agent forgets it; check the disk of store.dir`, page);
}
