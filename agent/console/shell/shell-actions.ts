/** What the shell carries out itself: help, the terminal, lines typed before, the end. */
import type { Clock } from '../../core/clock.ts';
import type { LogSeverity } from '../../core/ports.ts';
import type { LastState } from '../../core/views.ts';
import { readLevel } from '../commands/service/log.ts';
import { ConsoleError } from '../console-error.ts';
import type { LocalArgs, LocalMachine } from '../terminal/terminal.ts';
import { plain, toAscii } from '../text/plain-text.ts';
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
import { lastStateLines } from './render-last.ts';
import type { Asker } from './session.ts';
import { changeSpeed } from './speed.ts';
import { parseRows, readWidth, speak, type TerminalSettings } from './terminal-settings.ts';
import type { Tty } from './tty.ts';
import { watch } from './watch.ts';

const USUAL_RECALL = 20;

export interface ShellActionParts {
  readonly talk: Dialog;
  readonly tree: Tree;
  readonly past: PastLines;
  readonly logShow: LogShow;
  readonly asker: Asker;
  readonly tty: Pick<Tty, 'setSpeed' | 'speedBaud' | 'lend'>;
  readonly clock: Clock;
  readonly machine: LocalMachine;
  /** Of the console; null keeps none. */
  readonly filesDir: string | null;
  /** Who logged in reads no file but of that folder. */
  readonly isConfined: boolean;
  readonly translate: (text: string) => string;
}

export function createShellActions({
  talk,
  tree,
  past,
  logShow,
  asker,
  tty,
  clock,
  machine,
  filesDir,
  isConfined,
  translate,
}: ShellActionParts): ShellActions {
  const { settings } = talk;
  const show = async (source: LiveSource): Promise<readonly string[]> => {
    await watch(talk, clock, source);
    return [];
  };
  const set = (change: Partial<TerminalSettings>): Promise<readonly string[]> => {
    Object.assign(settings, change);
    talk.apply();
    return Promise.resolve([]);
  };
  return {
    help: async ({ command }) => help(typeof command === 'string' ? command.split(' ') : [], { tree, translate, talk }),
    terminal: async () => settingLines(settings, logShow.level(), translate),
    'terminal type': (args) =>
      set(args['type'] === 'vt100' ? { type: 'vt100', colour: true } : { type: 'dumb', colour: false, charset: 'ascii' }),
    'terminal width': (args) => set({ widthCols: readWidth(text(args, 'columns')) }),
    'terminal length': (args) => set({ rows: parseRows(text(args, 'rows')) }),
    'terminal charset': (args) => set({ charset: args['charset'] === 'utf-8' ? 'utf-8' : 'ascii' }),
    'terminal colour': (args) => set({ colour: args['state'] === 'on' }),
    'terminal status': (args) => set({ status: args['state'] === 'on' }),
    'terminal resize': async () => {
      if (!(await talk.probe())) throw new ConsoleError('failed', 'the terminal did not answer: say terminal width and terminal length');
      return [translate(`${settings.widthCols} columns, ${settings.rows} rows`)];
    },
    language: async (args) => {
      if (args['language'] === undefined) return [settings.language];
      await speak(settings, args['language'] === 'fr' ? 'fr' : 'en');
      return [translate('messages are in English now')];
    },
    'agent state': async () => {
      const state = plain(await machine.lastState()) as LastState;
      const { widthCols, colour, language } = settings;
      return lastStateLines(state, { widthCols, colour, language, atMs: clock.wallMs(), timezone: state.timezone });
    },
    'agent restart': async () => {
      const refusal = await machine.restart();
      if (refusal !== null) throw new ConsoleError('failed', `the service manager does not start it: ${toAscii(refusal)}`);
      return [translate('the service manager has started it anew')];
    },
    speed: (args) => changeSpeed(text(args, 'baud'), talk, tty, clock, translate),
    copy: (args) => copySerial(copyArgs(args), { talk, tty, clock, filesDir, isConfined, translate }),
    receive: (args) =>
      receiveSerial(
        { file: text(args, 'file'), isAnew: args['anew'] === true, isGone: args['remove'] === true },
        { talk, tty, clock, filesDir, isConfined, translate },
      ),
    'log on': async (args) => {
      const level = readLevel(args);
      await logShow.on(level);
      return wrap(translate(`lines of the log from ${level} on are shown as they come; log off ends it`), settings.widthCols);
    },
    'log off': async () => {
      logShow.off();
      return [];
    },
    'watch status': () => show(statusSource(asker)),
    'watch bus': () => show(busSource(asker)),
    'watch lamp': (args) => show(lampSource(text(args, 'lamp'), asker)),
    'watch presence': () => show(presenceSource(asker)),
    recall: async (args) => past.all().slice(-count(args)),
    logout: async () => {
      talk.end('logout');
      return [];
    },
  };
}

function settingLines(
  { type, widthCols, rows, charset, colour, status, language }: TerminalSettings,
  logLevel: LogSeverity | null,
  translate: (text: string) => string,
): readonly string[] {
  return [
    ['Type', type],
    ['Size', `${widthCols} columns, ${rows === 0 ? 'no stop after a page' : `${rows} rows`}`],
    ['Charset', charset],
    ['Colour', colour ? 'on' : 'off'],
    ['Status', status ? 'on' : 'off'],
    ['Log', logLevel ?? 'off'],
    ['Language', language],
  ].flatMap(([label = '', value = '']) => labelled(translate(label), label === 'Size' ? translate(value) : value, widthCols));
}

function help(
  words: readonly string[],
  { tree, translate, talk }: Pick<ShellActionParts, 'tree' | 'translate' | 'talk'>,
): readonly string[] {
  const { widthCols } = talk.settings;
  if (words.length === 0) return familyHelp('', tree.placeAfter([]).choices, widthCols, translate);
  const found = tree.find(words);
  if (found !== undefined) {
    const page = commandHelp(found, widthCols, translate);
    const verbs =
      words.length > 1 ? [] : tree.placeAfter(words).choices.filter(({ word, summary }) => !word.startsWith('--') && summary !== '');
    return verbs.length === 0 ? page : [...page, '', ...familyHelp('', verbs, widthCols, translate)];
  }
  return familyHelp(tree.expand(words)[0] ?? '', tree.placeAfter(words).choices, widthCols, translate);
}

/** Errors: throws ConsoleError 'usage'. */
function copyArgs(args: LocalArgs): CopyArgs {
  const typed = args['from'];
  const fromLine = typed === undefined ? 1 : /^\d{1,7}$/.test(String(typed)) ? Number(typed) : 0;
  if (fromLine < 1) throw new ConsoleError('usage', `bad line "${String(typed)}": write a whole number from 1`);
  return { file: text(args, 'file'), isBase64: args['base64'] === true || typed !== undefined, fromLine };
}

function count(args: LocalArgs): number {
  const typed = args['count'];
  if (typed === undefined) return USUAL_RECALL;
  const value = /^\d{1,3}$/.test(String(typed)) ? Number(typed) : 0;
  if (value > 0) return value;
  throw new ConsoleError('usage', `bad count "${String(typed)}": write a whole number from 1 to 999`);
}

function text(args: LocalArgs, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}
