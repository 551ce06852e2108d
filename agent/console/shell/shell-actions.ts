/** The commands that the shell runs itself: help, terminal, past lines, logout. */

import type { LeastRole } from '../../core/access.ts';
import type { Clock } from '../../core/clock.ts';
import { type Argument, Message, msg, type Said } from '../../core/message.ts';
import type { LogSeverity } from '../../core/ports.ts';
import type { LastState } from '../../core/views.ts';
import type { ShellCommandName } from '../command-spec.ts';
import { renderEvents } from '../commands/cabinet/events.ts';
import { readLevel } from '../commands/service/log.ts';
import { ConsoleError } from '../console-error.ts';
import type { LocalArgs, LocalMachine } from '../terminal/terminal.ts';
import { dayTime, type Page, translated } from '../text/page.ts';
import { plain } from '../text/plain-text.ts';
import { labelled, wrap } from '../text/text-lines.ts';
import { commandHelp, familyHelp } from './command-help.ts';
import type { ShellActions } from './command-runner.ts';
import { type CopyArgs, copySerial } from './copy-serial.ts';
import type { Dialog } from './dialog.ts';
import type { Tree } from './line-tree.ts';
import { busSource, type LiveSource, lampSource, presenceSource, statusSource } from './live-sources.ts';
import type { LogShow } from './log-show.ts';
import type { PastLines } from './past-lines.ts';
import { receiveSerial } from './receive-serial.ts';
import type { Asker } from './session.ts';
import { changeSpeed } from './speed.ts';
import { parseRows, readWidth, speak, type TerminalSettings } from './terminal-settings.ts';
import type { Tty } from './tty.ts';
import { watch } from './watch.ts';

const USUAL_RECALL = 20;

/** What the commands that the shell runs itself use: parts of the session, its terminal, and how to reach the agent. */
export interface ShellActionParts {
  readonly dialog: Dialog;
  readonly tree: Tree;
  /** The lines that the user typed. */
  readonly past: PastLines;
  readonly logShow: LogShow;
  readonly asker: Asker;
  readonly tty: Pick<Tty, 'setSpeed' | 'speedBaud' | 'lend'>;
  readonly clock: Clock;
  readonly machine: LocalMachine;
  /** Folder of the console, with the files of all its sessions; null: none, `receive` then uses the working directory. */
  readonly filesDir: string | null;
  /** Role of the session, which limits the files that it may name; null for a user of the machine. */
  readonly role: LeastRole | null;
  readonly translate: (said: Said) => string;
}

/** The actions of these command families. */
type ActionsOf<Family extends string> = Pick<ShellActions, Extract<ShellCommandName, Family | `${Family} ${string}`>>;

/** Returns the functions of the commands that the shell runs itself, by command name. They resolve with the lines to show. */
export function createShellActions(parts: ShellActionParts): ShellActions {
  const { dialog, past } = parts;
  return {
    help: async ({ command }) => help(typeof command === 'string' ? command.split(' ') : [], parts),
    recall: async (args) => past.all().slice(-count(args)),
    logout: async () => {
      dialog.end('logout');
      return [];
    },
    ...terminalActions(parts),
    ...agentActions(parts),
    ...fileActions(parts),
    ...logActions(parts),
    ...watchActions(parts),
  };
}

function terminalActions({ dialog, logShow, tty, clock, translate }: ShellActionParts): ActionsOf<'terminal' | 'language' | 'speed'> {
  const { settings } = dialog;
  const set = (change: Partial<TerminalSettings>): Promise<readonly string[]> => {
    Object.assign(settings, change);
    dialog.apply();
    return Promise.resolve([]);
  };
  return {
    terminal: async () => settingLines(settings, logShow.level(), translate),
    'terminal type': (args) =>
      set(args['type'] === 'vt100' ? { type: 'vt100', colour: true } : { type: 'dumb', colour: false, charset: 'ascii' }),
    'terminal width': (args) => set({ widthCols: readWidth(text(args, 'columns')) }),
    'terminal length': (args) => set({ rows: parseRows(text(args, 'rows')) }),
    'terminal charset': (args) => set({ charset: args['charset'] === 'utf-8' ? 'utf-8' : 'ascii' }),
    'terminal colour': (args) => set({ colour: args['state'] === 'on' }),
    'terminal status': (args) => set({ status: args['state'] === 'on' }),
    'terminal resize': async () => {
      if (!(await dialog.probe()))
        throw new ConsoleError('failed', msg`the terminal did not answer: type terminal width and terminal length`);
      return [translate(sizeOf(settings))];
    },
    language: async (args) => {
      if (args['language'] === undefined) return [settings.language];
      await speak(settings, args['language'] === 'fr' ? 'fr' : 'en');
      return [translate(msg`messages are in English now`)];
    },
    speed: (args) => changeSpeed(text(args, 'baud'), dialog, tty, clock, translate),
  };
}

function agentActions({ dialog, clock, machine, translate }: ShellActionParts): ActionsOf<'agent'> {
  return {
    'agent state': async () => {
      const state = plain(await machine.lastState()) as LastState;
      const { widthCols, colour, language } = dialog.settings;
      return lastStateLines(state, { widthCols, colour, language, atMs: clock.wallMs(), timezone: state.timezone });
    },
    'agent restart': async () => {
      const refusal = await machine.restart();
      if (refusal !== null)
        throw new ConsoleError('failed', msg`the service manager does not start the agent: ${plain(refusal) as Argument}`);
      return [translate(msg`the service manager has restarted the agent`)];
    },
  };
}

function fileActions(parts: ShellActionParts): ActionsOf<'copy' | 'receive'> {
  return {
    copy: (args) => copySerial(copyArgs(args), parts),
    receive: (args) =>
      receiveSerial({ file: text(args, 'file'), isRestart: args['anew'] === true, isGone: args['remove'] === true }, parts),
  };
}

function logActions({ dialog, logShow, translate }: ShellActionParts): ActionsOf<'log'> {
  return {
    'log on': async (args) => {
      const level = readLevel(args);
      await logShow.on(level);
      return wrap(translate(msg`log lines from ${level} on are shown as they arrive; log off ends it`), dialog.settings.widthCols);
    },
    'log off': async () => {
      logShow.off();
      return [];
    },
  };
}

function watchActions({ dialog, clock, asker }: ShellActionParts): ActionsOf<'watch'> {
  const show = async (source: LiveSource): Promise<readonly string[]> => {
    await watch(dialog, clock, source);
    return [];
  };
  return {
    'watch status': () => show(statusSource(asker)),
    'watch bus': () => show(busSource(asker)),
    'watch lamp': (args) => show(lampSource(text(args, 'lamp'), asker)),
    'watch presence': () => show(presenceSource(asker)),
  };
}

/** Returns the last saved state of an agent that does not answer. */
function lastStateLines(state: LastState, page: Page): readonly string[] {
  const { configFile, service, log, store, problem } = state;
  const last = store?.lastReadingMs;
  return [
    // Text of the service manager.
    ...labelled(translated(msg`Service`, page), service instanceof Message ? translated(service, page) : service, page.widthCols),
    ...labelled(msg`File`, String(problem) === '' ? configFile : problem, page),
    ...(store === null ? [] : labelled(msg`Store`, store.dir, page)),
    ...(last === null || last === undefined ? [] : labelled(msg`Reading`, msg`the last one ${dayTime(last, page.timezone)}`, page)),
    ...(store?.problems ?? []).flatMap((text) => labelled(msg`Trouble`, text, page)),
    ...(store === null || store.events.length === 0
      ? []
      : ['', ...renderEvents(store.events, page, { spanMs: null }).split('\n').slice(0, -2)]),
    '',
    translated(msg`Its log:`, page),
    ...log.filter((line) => line !== '').flatMap((line) => wrap(line instanceof Message ? translated(line, page) : line, page.widthCols)),
  ];
}

function settingLines(settings: TerminalSettings, logLevel: LogSeverity | null, translate: (said: Said) => string): readonly string[] {
  const { type, widthCols, charset, colour, status, language } = settings;
  const rows: readonly (readonly [Message, Said])[] = [
    [msg`Type`, type],
    [msg`Size`, sizeOf(settings)],
    [msg`Charset`, charset],
    // Values as they can be typed again.
    [msg`Colour`, colour ? 'on' : 'off'],
    [msg`Status`, status ? 'on' : 'off'],
    [msg`Log`, logLevel ?? 'off'],
    [msg`Language`, language],
  ];
  return rows.flatMap(([label, value]) => labelled(translate(label), value instanceof Message ? translate(value) : value, widthCols));
}

function sizeOf({ widthCols, rows }: Pick<TerminalSettings, 'widthCols' | 'rows'>): Message {
  return rows === 0 ? msg`${widthCols} columns, no stop after a page` : msg`${widthCols} columns, ${rows} rows`;
}

function help(
  words: readonly string[],
  { tree, translate, dialog }: Pick<ShellActionParts, 'tree' | 'translate' | 'dialog'>,
): readonly string[] {
  const { widthCols } = dialog.settings;
  if (words.length === 0) return familyHelp('', tree.placeAfter([]).choices, widthCols, translate);
  const found = tree.find(words);
  if (found !== undefined) {
    const page = commandHelp(found, widthCols, translate);
    const verbs =
      words.length > 1
        ? []
        : tree.placeAfter(words).choices.filter(({ word, summary }) => !word.startsWith('--') && String(summary) !== '');
    return verbs.length === 0 ? page : [...page, '', ...familyHelp('', verbs, widthCols, translate)];
  }
  return familyHelp(tree.expand(words)[0] ?? '', tree.placeAfter(words).choices, widthCols, translate);
}

/** Errors: throws ConsoleError 'usage'. */
function copyArgs(args: LocalArgs): CopyArgs {
  const typed = args['from'];
  const fromLine = typed === undefined ? 1 : /^\d{1,7}$/.test(String(typed)) ? Number(typed) : 0;
  if (fromLine < 1) throw new ConsoleError('usage', msg`bad line "${String(typed)}": write a whole number from 1`);
  return { file: text(args, 'file'), isBase64: args['base64'] === true || typed !== undefined, fromLine };
}

function count(args: LocalArgs): number {
  const typed = args['count'];
  if (typed === undefined) return USUAL_RECALL;
  const value = /^\d{1,3}$/.test(String(typed)) ? Number(typed) : 0;
  if (value > 0) return value;
  throw new ConsoleError('usage', msg`bad count "${String(typed)}": write a whole number from 1 to 999`);
}

function text(args: LocalArgs, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}
