/** The command lines of a session: prompt, help while typing, command, until the session ends. */

import type { Clock } from '../../core/clock.ts';
import { msg, type Said } from '../../core/message.ts';
import type { NameKind } from '../command-spec.ts';
import { COMMANDS, FAMILIES } from '../commands.ts';
import { ConsoleError } from '../console-error.ts';
import type { LocalMachine } from '../terminal/terminal.ts';
import { wrap } from '../text/text-lines.ts';
import { adaptTemplates, translate } from '../text/translate.ts';
import { asTyped, OUTSIDE } from './as-typed.ts';
import { runLine, type SessionActions, type Surroundings, writeRefusal } from './command-runner.ts';
import type { Dialog, LineQuestion, LineRead } from './dialog.ts';
import { askInForce, askNames, askPlaces, type Known, namesOf } from './known.ts';
import { createTree, type Tree } from './line-tree.ts';
import { LogShow } from './log-show.ts';
import { createPastLines, type LineHistoryStore, type PastLines } from './past-lines.ts';
import { goodbyeLines, greeting, promptOf } from './prompt.ts';
import { askerOf, type ConsoleSession, filesRole } from './session.ts';
import { createShellActions } from './shell-actions.ts';
import { speak } from './terminal-settings.ts';
import type { Tty } from './tty.ts';
import { completion, helpLines, type TypingHelp } from './typing-help.ts';

/** What the command lines of a session use. */
export interface LineParts {
  readonly tty: Tty;
  readonly clock: Clock;
  /** Keeps the lines that each user typed, for later sessions. */
  readonly historyStore: LineHistoryStore;
  /** Folder of the console for files. Null or absent: none, and a user with a limited role can name no file. */
  readonly filesDir?: string | null;
  /** Version of the program, socket of the agent, token of the login, and local files. */
  readonly surroundings: Surroundings;
  /** Reads the state of the service and the cabinet file without the agent, and restarts the service. */
  readonly machine: LocalMachine;
  /** Returns the functions of the commands that run in this process, such as `check`. */
  readonly localActions: SessionActions;
  /** Awaited before a `config commit` or `config rollback`; if it rejects, the command does not run. Absent: nothing to do. */
  readonly beforeCommit?: () => Promise<void>;
  /** Resolves with the values that a configuration key allows, or why the key is invalid. */
  readonly wanted: TypingHelp['wanted'];
}

interface Lines {
  readonly session: ConsoleSession;
  readonly dialog: Dialog;
  readonly parts: LineParts;
  readonly tree: Tree;
  readonly past: PastLines;
  readonly logShow: LogShow;
  readonly inWords: (said: Said) => string;
  /** Newest answer of the agent; null if no agent answers. */
  known: Known | null;
}

/**
 * Greets the user, and reads and runs lines until the dialog ends or Ctrl-D, which does not end the dialog. After a logout or Ctrl-D it
 * warns about the overrides and the trial that the agent then reports. Sets `asTyped` for the templates of the whole process.
 */
export async function serveLines(session: ConsoleSession, dialog: Dialog, parts: LineParts): Promise<void> {
  adaptTemplates(asTyped);
  const inWords = (said: Said): string => translate(dialog.settings.language, said);
  const tree = createTree(
    COMMANDS.filter(({ name }) => !OUTSIDE.has(name)),
    FAMILIES,
  );
  const asker = askerOf(session, parts.surroundings);
  const logShow = new LogShow(dialog, parts.clock, asker, inWords);
  const known = await askNames(asker);
  const lines: Lines = { session, dialog, parts, tree, past: createPastLines(session.user, parts.historyStore), logShow, inWords, known };
  await speak(dialog.settings, known === null ? await parts.machine.language() : known.names.language);
  print(lines, greeting(known?.names ?? null, parts.surroundings.version).map(inWords));
  try {
    await readAndRun(lines);
    if (dialog.ended() === null || dialog.ended() === 'logout') await warn(lines);
  } finally {
    logShow.off();
  }
}

/** Returns when the person ends the session or is disconnected. */
async function readAndRun(lines: Lines): Promise<void> {
  const { session, dialog, parts, past, inWords } = lines;
  const { surroundings } = parts;
  const shellActions = actionsOf(lines);
  const work = { ...parts, dialog, tree: lines.tree, session, shellActions, translate: inWords };
  while (dialog.ended() === null) {
    const read = await dialog.ask(questionOf(lines));
    if (read.kind === 'end' || read.kind === 'eof') return;
    if (read.kind !== 'line' || (await isTooLong(read, lines))) continue;
    past.add(read.text);
    await runLine(read.text, work);
    if (dialog.ended() === null) lines.known = await askNames(askerOf(session, surroundings));
  }
}

async function isTooLong({ lostChars }: Extract<LineRead, { kind: 'line' }>, { dialog, inWords }: Lines): Promise<boolean> {
  if (lostChars > 0) await writeRefusal('too-large', inWords(msg`${lostChars} characters too many in one line: nothing was done`), dialog);
  return lostChars > 0;
}

function questionOf(lines: Lines): LineQuestion {
  const { dialog, tree, past, known, inWords } = lines;
  const { widthCols } = dialog.settings;
  const help = {
    tree,
    translate: inWords,
    names: (kind: NameKind, typed: string) => namesFor(kind, typed, lines),
    wanted: lines.parts.wanted,
    inForce: (path: string) => askInForce(askerOf(lines.session, lines.parts.surroundings), path),
  };
  return {
    prompt: promptOf(known, inWords),
    mode: 'command',
    history: past.all(),
    help: async (before) => {
      try {
        return await helpLines(before, widthCols, help);
      } catch (error) {
        if (error instanceof ConsoleError) return wrap(`% ${inWords(error.said)}`, widthCols);
        throw error;
      }
    },
    complete: (before) => completion(before, widthCols, help),
  };
}

async function namesFor(kind: NameKind, typed: string, { known, session, parts }: Lines): Promise<readonly string[]> {
  if (known === null) return [];
  return kind === 'place' ? askPlaces(askerOf(session, parts.surroundings), typed) : namesOf(known.names, kind);
}

function actionsOf({ session, parts, inWords, ...rest }: Lines): ReturnType<typeof createShellActions> {
  const asker = askerOf(session, parts.surroundings);
  const role = filesRole(session);
  return createShellActions({ ...parts, ...rest, filesDir: parts.filesDir ?? null, asker, role, translate: inWords });
}

/** Checks the present state: the line may have been typed long after its prompt. */
async function warn({ session, dialog, parts, inWords }: Lines): Promise<void> {
  const known = await askNames(askerOf(session, parts.surroundings));
  if (known === null) return;
  for (const text of goodbyeLines(known, inWords)) dialog.writer.write(`${wrap(`! ${text}`, dialog.settings.widthCols).join('\n')}\n`);
}

function print({ dialog }: Lines, texts: readonly string[]): void {
  for (const text of texts) dialog.writer.write(`${wrap(text, dialog.settings.widthCols).join('\n')}\n`);
}
