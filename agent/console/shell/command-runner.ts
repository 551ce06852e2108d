/** Runs one typed line: parses it, requests the answer from the agent, filters it, shows it page by page, and reports the status. */

import { randomInt } from 'node:crypto';
import { mayUse } from '../../core/access.ts';
import type { Clock } from '../../core/clock.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import { askAgent } from '../ask-agent.ts';
import type { ConsoleCommand, ShellCommandName } from '../command-spec.ts';
import { CONFIG_COMMIT, CONFIG_ROLLBACK } from '../commands/config/config-commit.ts';
import { isFrameEnd } from '../commands/config/paste-frame.ts';
import { ConsoleError } from '../console-error.ts';
import { createStatusLine } from '../terminal/status-line.ts';
import type { LocalActions, LocalArgs, Terminal } from '../terminal/terminal.ts';
import { toAscii, withoutControls } from '../text/plain-text.ts';
import { wrap } from '../text/text-lines.ts';
import { askNewSecret, askSecret } from './console-login.ts';
import type { Dialog, EndReason } from './dialog.ts';
import { type Filter, filterLines } from './filters.ts';
import type { Tree } from './line-tree.ts';
import { noteRefusal } from './refusal.ts';
import { askerOf, type ConsoleSession, filesRole } from './session.ts';
import { sessionArgs } from './session-files.ts';
import { readTypedLine, type TypedCommand } from './typed-command.ts';

/**
 * Progress lines that may wait to be sent; more are counted instead. Units: bytes. Source: assumed; a second at 9600 baud. Confirmed by: a
 * `bus watch` at 9600 baud.
 */
const MAX_LIVE_WAITING_BYTES = 960;

/** Commands that put a revision on trial. */
const COMMITS: readonly string[] = [CONFIG_COMMIT.name, CONFIG_ROLLBACK.name];

/**
 * The functions of the commands that the shell runs itself, by name. Each resolves with the lines to show. Errors: throw ConsoleError, or
 * reject with it.
 */
export type ShellActions = Readonly<Record<ShellCommandName, (args: LocalArgs) => Promise<readonly string[]>>>;

/**
 * Returns the functions of the local commands for one typed line. `signal` is aborted to stop the command. `readInput` resolves with the
 * text that the person pastes after the line; it rejects with ConsoleError, for example if the person cancels.
 */
export type SessionActions = (terminal: Terminal, signal: AbortSignal, readInput: () => Promise<string>) => LocalActions;

/**
 * Parts of a `Terminal` that are constant during a session: version, path of the socket, session token, and `localFiles`, which reads
 * profiles and cabinet file.
 */
export type Surroundings = Pick<Terminal, 'version' | 'socketPath' | 'localFiles' | 'token'>;

/**
 * What is needed to run the lines of a session. `tree`: the commands that can be typed. `translate`: into the language of the session.
 * `shellActions`: the functions of the shell's own commands. `localActions`: those of the other commands that run in this process.
 */
export interface RunnerParts {
  readonly dialog: Dialog;
  readonly tree: Tree;
  readonly session: ConsoleSession;
  readonly clock: Pick<Clock, 'monoMs' | 'after'>;
  readonly surroundings: Surroundings;
  readonly localActions: SessionActions;
  /** Awaited before a `config commit` or `config rollback`. Absent: nothing to do. */
  readonly beforeCommit?: () => Promise<void>;
  /** Folder of the files that a session with limits (see `filesRole`) may name. Null or absent: it may name none. */
  readonly filesDir?: string | null;
  readonly shellActions: ShellActions;
  readonly translate: (said: Said) => string;
}

/**
 * Runs one typed line and shows its result, or why it failed; does nothing for an empty line or one that begins with `!`. Errors: rejects
 * only with an error that is not a ConsoleError.
 */
export async function runLine(line: string, parts: RunnerParts): Promise<void> {
  const { dialog } = parts;
  try {
    const work = readTypedLine(line, parts.tree);
    if (work === null) return;
    const { lines, isOk } =
      'help' in work ? { lines: await parts.shellActions.help({ command: work.help.join(' ') }), isOk: true } : await carryOut(work, parts);
    await dialog.page(filterLines(lines, work.filters));
    if (dialog.settings.status) dialog.writer.write(isOk ? '%OK\n' : '%ERR failed see above\n');
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    await writeRefusal(error.code, parts.translate(error.said), dialog);
  }
}

/** Writes why a line was refused or failed: with the setting `status` as one line for a script, otherwise as text for a person. */
export async function writeRefusal(code: ConsoleError['code'], text: string, dialog: Dialog): Promise<void> {
  if (dialog.settings.status) dialog.writer.write(`%ERR ${code} ${toAscii(text)}\n`);
  else await dialog.page(text.split('\n').flatMap((each) => wrap(`% ${each}`, dialog.settings.widthCols)));
}

async function carryOut(job: TypedCommand, parts: RunnerParts): Promise<{ lines: readonly string[]; isOk: boolean }> {
  const { command, filters } = job;
  const { dialog } = parts;
  const args = await permitted(job, parts);
  if (command.kind === 'shell') return { lines: await noted(job, parts, () => parts.shellActions[command.name](args)), isOk: true };
  if (COMMITS.includes(command.name)) await parts.beforeCommit?.();
  const [stop, enough] = [new AbortController(), new AbortController()];
  const stopped = stoppedText(command);
  const onInterrupt = (): void => {
    const way = wayToEnd(command, dialog.ended());
    if (way === 'none') return;
    (way === 'summary' && !enough.signal.aborted ? enough : stop).abort();
    dialog.input.giveUp();
  };
  dialog.input.onInterrupt(onInterrupt);
  if (dialog.ended() !== null) onInterrupt();
  const collected = collector(filters, parts, { stop: stop.signal, enough: enough.signal, onInterrupt });
  try {
    const code =
      command.kind === 'agent'
        ? await orStopped(askAgent(command, args, collected.terminal), stop.signal, stopped)
        : await orStopped(
            parts
              .localActions(collected.terminal, stop.signal, () => pasted(parts, () => stop.abort(), args['framed'] === true))
              [command.name](args),
            stop.signal,
            stopped,
          );
    return { lines: collected.lines(), isOk: code === 0 };
  } finally {
    dialog.input.onInterrupt(null);
    collected.terminal.status?.clear();
  }
}

/**
 * How Ctrl-C (`ended` null) or the end of the session ends a command: it stops, it sends its summary, or it goes on. Without a session no
 * person can stop it. A short request is then still carried out, because its line was typed whole, and so is a test that acts: it ends by
 * itself, and stores its results. A walk does so only without a cut terminal: it would store that unvisited sensors detected no one.
 */
function wayToEnd(command: ConsoleCommand, ended: EndReason | null): 'stop' | 'summary' | 'none' {
  if (command.kind !== 'agent') return 'stop';
  const { hasSummary, progress, audit } = command;
  if (ended === null) return hasSummary ? 'summary' : 'stop';
  if (progress === null) return 'none';
  if (audit === null) return 'stop';
  return hasSummary && (ended === 'hang-up' || ended === 'stopped') ? 'summary' : 'none';
}

/**
 * Returns the arguments with each file name resolved. A refusal of this program is also written to the audit log.
 *
 * Errors: rejects with ConsoleError 'denied'.
 */
function permitted(job: TypedCommand, parts: RunnerParts): Promise<LocalArgs> {
  const { command, args } = job;
  return noted(job, parts, async () => {
    // Files are read with the rights of this process; the agent checks its own requests.
    const { login } = parts.session;
    if (login !== null && !mayUse(login.role, command.role))
      throw new ConsoleError('denied', msg`${command.name} requires the role ${command.role}; you have the role ${login.role}`);
    const role = filesRole(parts.session);
    return command.kind !== 'local' || role === null ? args : sessionArgs(command, args, { filesDir: parts.filesDir ?? null, role });
  });
}

async function noted<T>({ command, args }: TypedCommand, { session, surroundings }: RunnerParts, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConsoleError && error.code === 'denied' && session.login !== null)
      await noteRefusal(command, args, askerOf(session, surroundings));
    throw error;
  }
}

/**
 * Longest paste. Units: characters. Source: assumed; ten times the largest cabinet file at hand. Confirmed by: sizes of cabinet files in
 * service.
 */
const MAX_PASTED = 1_000_000;
/**
 * A paste has ended after this time without input. Units: ms. Source: assumed; twice the longest pause of terminals between lines.
 * Confirmed by: timed pastes from terminal programs in use.
 */
const QUIET_MS = 2_000;
/**
 * Groups of the random mark that ends a text without a frame. Source: a paste of a million characters that guesses at each line succeeds
 * once in ten million.
 */
const MARK_GROUPS = 3;

/**
 * Reads pasted lines, all or none. A frame ends with its own last line; any other text ends with a mark generated now, so that copied text
 * cannot contain it. A wrong line does not end the paste: what follows it must not run as commands.
 *
 * Errors: rejects with ConsoleError if the person interrupts the paste, or it is too large.
 */
async function pasted({ dialog, translate, clock }: RunnerParts, stop: () => void, isFramed: boolean): Promise<string> {
  dialog.input.onInterrupt(null);
  const mark = `end-${Array.from({ length: MARK_GROUPS }, () => String(randomInt(10_000)).padStart(4, '0')).join('-')}`;
  const ending = isFramed
    ? msg`Paste now; the end is detected. Ctrl-C cancels.`
    : msg`Paste now, then type the line ${mark}; Ctrl-C cancels.`;
  dialog.writer.write(`${wrap(translate(ending), dialog.settings.widthCols).join('\n')}\n`);
  const lines: string[] = [];
  let chars = 0;
  let flaw: Message | null = null;
  try {
    for (;;) {
      const read = await dialog.ask({ prompt: '', mode: 'text' });
      if (read.kind === 'end') throw new ConsoleError('failed', msg`cancelled: nothing was loaded`);
      if (read.kind !== 'line') {
        await quiet(dialog, clock);
        throw new ConsoleError('failed', msg`cancelled: nothing was loaded`);
      }
      const isLast = isFramed ? isFrameEnd(read.text) : read.text.trim() === mark;
      if (isLast && !isFramed) break;
      if (read.lostChars > 0) flaw ??= msg`line ${lines.length + 1} is too long: nothing was loaded`;
      chars += read.text.length + 1;
      if (chars <= MAX_PASTED) lines.push(read.text);
      if (isLast) break;
    }
  } finally {
    dialog.input.onInterrupt(stop);
  }
  if (chars > MAX_PASTED) throw new ConsoleError('too-large', msg`more than ${MAX_PASTED} characters: nothing was loaded`);
  if (flaw !== null) throw new ConsoleError('failed', flaw);
  return `${lines.join('\n')}\n`;
}

/** Discards the rest of an aborted paste. */
async function quiet(dialog: Dialog, clock: RunnerParts['clock']): Promise<void> {
  const { input } = dialog;
  do {
    while (input.takeNow() !== undefined);
    await new Promise<void>((resolve) => void clock.after(QUIET_MS / 4, resolve));
  } while (dialog.ended() === null && clock.monoMs() - dialog.lastKeyMono() < QUIET_MS);
  while (input.takeNow() !== undefined);
}

/** Returns a terminal for one command, which collects its output for the pager. */
function collector(
  filters: readonly Filter[],
  { dialog, session, clock, surroundings }: RunnerParts,
  { stop, enough, onInterrupt }: { readonly stop: AbortSignal; readonly enough: AbortSignal; readonly onInterrupt: () => void },
) {
  const { settings, writer } = dialog;
  const role = filesRole(session);
  let text = '';
  let droppedLines = 0;
  const keep = (more: string): void => {
    text += withoutControls(more);
  };
  const live = (more: string): void => {
    const lines = filterLines(
      withoutControls(more).replace(/\n$/, '').split('\n'),
      filters.filter(({ name }) => name === 'include' || name === 'exclude'),
    );
    if (lines.length === 0) return;
    if (writer.waiting() > MAX_LIVE_WAITING_BYTES) {
      droppedLines += lines.length;
      return;
    }
    if (droppedLines > 0) writer.write(`(+${droppedLines})\n`);
    droppedLines = 0;
    writer.write(`${lines.join('\n')}\n`);
  };
  const taken = (): readonly string[] => {
    const lines = [...(droppedLines > 0 ? [`(+${droppedLines})`] : []), ...(text === '' ? [] : text.replace(/\n$/, '').split('\n'))];
    [text, droppedLines] = ['', 0];
    return lines;
  };
  const terminal: Terminal = {
    ...surroundings,
    out: keep,
    err: keep,
    live,
    signal: stop,
    enough: () => enough,
    widthCols: settings.widthCols,
    colour: settings.colour,
    charset: settings.charset,
    language: settings.language,
    user: session.user,
    ...(role === null ? {} : { role }),
    askSecret: async (prompt, rule) => {
      const typed = rule === null ? await askSecret(dialog, prompt) : await askNewSecret(dialog, prompt, rule);
      if (typed === null) throw new ConsoleError('failed', msg`cancelled; nothing was changed`);
      return typed;
    },
    askLine: async (prompt) => {
      terminal.status?.clear();
      return askBetween(dialog, { prompt, lines: filterLines(taken(), filters), stop, onInterrupt });
    },
    status: createStatusLine((shown) => {
      if (writer.isClear() || !shown.trim()) writer.write(shown);
    }, clock),
  };
  return { terminal, lines: taken };
}

/** Shows lines, then asks for one. `onInterrupt` acts again afterwards. Errors: rejects with ConsoleError if the person stops. */
async function askBetween(
  dialog: Dialog,
  { prompt, lines, stop, onInterrupt }: { prompt: string; lines: readonly string[]; stop: AbortSignal; onInterrupt: () => void },
): Promise<string> {
  dialog.input.onInterrupt(null);
  try {
    await dialog.page(lines);
    const read = stop.aborted ? null : await dialog.ask({ prompt, mode: 'text' });
    if (read?.kind === 'line') return read.text;
    throw new ConsoleError('failed', msg`stopped`);
  } finally {
    dialog.input.onInterrupt(onInterrupt);
  }
}

/** Ctrl-C ends the wait immediately and aborts the request. Errors: rejects with ConsoleError 'failed'. */
function orStopped<T>(work: Promise<T>, signal: AbortSignal, text: Message): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => reject(new ConsoleError('failed', text));
    if (signal.aborted) stopped();
    signal.addEventListener('abort', stopped, { once: true });
    work.then(resolve, reject);
  });
}

/** A long job ends with its client; a short request may already have changed the lamps. */
function stoppedText(command: ConsoleCommand): Message {
  if (command.kind === 'agent' && command.progress !== null) return msg`stopped by Ctrl-C, here and in the agent`;
  if (command.kind === 'agent' && command.audit === null && command.group !== 'Act:') return msg`stopped by Ctrl-C`;
  return msg`stopped by Ctrl-C; what an agent has begun by then it may still finish`;
}
