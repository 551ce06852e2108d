/** What the command line needs from its environment; `main.ts` provides it for the program, tests provide their own. */

import type { LeastRole } from '../../core/access.ts';
import type { Message } from '../../core/message.ts';
import type { LastState, LocalConfigView } from '../../core/views.ts';
import type { Language } from '../../core/words.ts';
import type { LocalCommand } from '../command-spec.ts';
import type { Charset } from '../text/plain-text.ts';
import type { StatusLine } from './status-line.ts';

/** What the console provides to a command: output, properties of the screen, the person, the socket, and how secrets are requested. */
export interface Terminal {
  /** Writes to the output; no line end is added. */
  readonly out: (text: string) => void;
  /** Writes notes and errors; in a session to the same place as `out`. */
  readonly err: (text: string) => void;
  readonly widthCols: number;
  readonly colour: boolean;
  /** Default: ASCII. */
  readonly charset?: Charset;
  /** Default: English. */
  readonly language?: Language;
  /** Loads the language of the person; afterwards `language` is set. Absent if that is done already. */
  readonly speak?: () => Promise<void>;
  /** Sent with each request, as the name of the person. */
  readonly user: string;
  /** What `--version` prints. */
  readonly version: string;
  /** Path of the agent's socket; null: the default paths. */
  readonly socketPath: string | null;
  /** Session token, if the user has logged in. */
  readonly token?: string;
  /** Role of a session, which limits the files that it may name. Absent if there is no limit. */
  readonly role?: LeastRole;
  /** The line that shows progress; null if none is shown. */
  readonly status: StatusLine | null;
  /** Prints lines of progress at once; on a slow connection some are dropped. If absent, use `out`. */
  readonly live?: (text: string) => void;
  /** Aborted when the person stops waiting for the answer. */
  readonly signal?: AbortSignal;
  /** Returns the signal that ends a job with a summary, which then still answers. Absent if Ctrl-C only stops the wait. */
  readonly enough?: () => AbortSignal;
  /**
   * Reads a secret. On a terminal it is not shown, and with a `rule` it is checked and typed twice. Other input is not checked. Absent if
   * nothing can be asked. Errors: rejects with ConsoleError, for example if the person cancels.
   */
  readonly askSecret?: (prompt: Message, rule: SecretRule | null) => Promise<string>;
  /**
   * Shows the prompt after the output so far, and resolves with a typed line. Absent if nothing can be asked. Errors: rejects with
   * ConsoleError if the person stops.
   */
  readonly askLine?: (prompt: string) => Promise<string>;
  /** Device profiles and the cabinet file, for commands that work without the agent. */
  readonly localFiles: () => Promise<LocalFiles>;
}

/** The rule that a new secret must meet. */
export interface SecretRule {
  /** Shown once, before the first prompt. */
  readonly text: Message;
  /** Returns why this secret is refused, before it is typed again; null if it is accepted. */
  readonly problem: (typed: string) => Message | null;
}

/** What the console can find out and do on its own machine without the agent. */
export interface LocalMachine {
  /** Reads the state of the service, its last log lines, and the last state that the agent saved, as far as they can be read. */
  lastState(): Promise<LastState>;
  /** Resolves with the language set in the cabinet file; English if the file cannot be used. */
  language(): Promise<Language>;
  /** Restarts the agent's service. Resolves with null once the service manager reports success, otherwise with the reason. */
  restart(): Promise<Message | null>;
}

/** Device types and uplink test from the files of this machine, without the agent. */
export interface LocalFiles extends LocalConfigView {
  /** States which files were read. */
  readonly about: Message;
}

/**
 * Checks whether the file at `path` may have this size in total. Resolves if it may. Units: bytes. Errors: rejects if it may not, for
 * example with ConsoleError 'failed'.
 */
export type ExpectRoom = (path: string, bytes: number) => Promise<void>;

/**
 * Parsed arguments of a command by name: a text, true for a switch, a list for an option that may repeat. One that was not typed is absent;
 * a switch whose name begins with `no-` may then be false instead.
 */
export type LocalArgs = Readonly<Record<string, string | boolean | readonly string[]>>;
/**
 * The functions of the local commands, by command name. They resolve with the exit code. Errors: they reject, for example with
 * ConsoleError.
 */
export type LocalActions = Readonly<Record<LocalCommand['name'], (args: LocalArgs) => Promise<number>>>;

const USUAL_CONFIG = '/etc/luciole/cabinet.yaml';

/** Returns the path of the cabinet file: the argument `file`, else `LUCIOLE_CONFIG`, else the usual path. The file may be missing. */
export function configFileOf(args: LocalArgs): string {
  return textOf(args['file']) ?? (process.env['LUCIOLE_CONFIG'] || USUAL_CONFIG);
}

/** Returns the argument if it is a text; null if it is missing, empty, a switch or a list. */
export function textOf(value: LocalArgs[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
