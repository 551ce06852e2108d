/** Defines one console command: words and arguments, how the agent answers it, how the answer is rendered. */
import type { Caller, LeastRole } from '../core/access.ts';
import type { Clock } from '../core/clock.ts';
import type { Message } from '../core/message.ts';
import type { AgentView, LocalConfigView } from '../core/views.ts';
import type { RawArgs, ReaderEnd } from './protocol/protocol.ts';
import type { Page } from './text/page.ts';

/**
 * Kinds of names that completion offers for an argument. `target`: a lamp or a zone. `modbus-line`: a line on which a unit can be polled.
 * `place`: a key of the configuration.
 */
export type NameKind = 'lamp' | 'zone' | 'target' | 'panel' | 'line' | 'modbus-line' | 'device' | 'point' | 'profile' | 'place';

/** One positional argument of a command, for the parser, the help and the completion. */
export interface ArgumentSpec {
  readonly name: string;
  readonly summary: Message;
  readonly required: boolean;
  readonly names?: NameKind;
  /** In a session the only allowed values, which may be abbreviated there. On a command line of the shell, the command checks the value. */
  readonly choices?: readonly string[];
  /** The argument is a file of this machine. */
  readonly file?: 'read' | 'write';
  /** The argument is part of a file in base64. Audit log and log contain its size and SHA-256, never the content. */
  readonly isContent?: true;
  /** In a session the last argument takes all following words. A command line of the shell does not use it. */
  readonly isRest?: true;
  /** The argument is the value of a configuration key; this is the name of the argument with the key. */
  readonly placeIn?: string;
}

/** One option of a command, typed as `--name`, for the parser, the help and the completion. */
export interface OptionSpec {
  readonly name: string;
  /** Placeholder for the value, `DURATION`; null for a switch. */
  readonly value: string | null;
  readonly summary: Message;
  /** May be given more than once, and its value is a list; local commands only. Of other options the last value counts. */
  readonly repeats?: true;
  readonly names?: NameKind;
  /** The value is a file of this machine. */
  readonly file?: 'read' | 'write';
  /** Values that completion offers; the command checks the value. */
  readonly choices?: readonly string[];
  /** The value is part of a file in base64, as for `ArgumentSpec.isContent`. */
  readonly isContent?: true;
}

/**
 * A secret argument: typed without echo, or read from the input. It is never part of a command line or of a log. The client checks all other
 * arguments before it asks.
 */
export interface SecretSpec {
  readonly name: string;
  readonly prompt: Message;
  /** A new password: on a terminal it is typed twice, and the password rule applies to it. */
  readonly isNew: boolean;
  /** Returns true if these arguments of this person need the secret. Absent: always needed. */
  readonly isAsked?: (args: RawArgs, person: SecretOwner) => boolean;
}

/** The person who types a secret. */
export interface SecretOwner {
  readonly user: string;
  /** True for a user logged in at a console; false for a user of the machine. */
  readonly hasSession: boolean;
}

/** The headings under which the help lists the commands. */
export type Group = 'Look:' | 'Act:' | 'Lines:' | 'Store:' | 'Uplink:' | 'Access:' | 'Agent:' | 'Session:';

/** The name, role and arguments of a command; help, suggestions and manual page are made from them. */
export interface CommandWords {
  /** One word, or a family and a verb: `bus scan`. */
  readonly name: string;
  /** Lowest role that may run it; the agent checks this for each request. */
  readonly role: LeastRole;
  readonly group: Group;
  readonly summary: Message;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Cannot be abbreviated: an abbreviation never runs it, and never becomes ambiguous because of it. */
  readonly isTypedWhole?: true;
  /** Requested by the program itself as part of another command. It is not in the help, and typing it gives an unknown command. */
  readonly isHidden?: true;
}

/** A command that runs in the process that the person started, not in a running agent. If it needs the agent, it sends agent commands. */
export interface LocalCommand extends CommandWords {
  readonly kind: 'local';
  readonly name:
    | 'run'
    | 'check'
    | 'version'
    | 'console'
    | 'manual'
    | 'profile check'
    | 'profile test'
    | 'update install'
    | 'export'
    | 'recorder export'
    | 'config load'
    | 'config export'
    | 'setup'
    | 'erase'
    | 'backup'
    | 'restore'
    | 'config import'
    | 'config keygen'
    | 'config sign'
    | 'config verify'
    | 'uplink renew'
    | 'user hash'
    | 'user sign'
    | 'tech-support';
  /** Has the option that names the agent's socket. */
  readonly hasSocket: boolean;
}

/**
 * What a command gets besides the view of the agent and its arguments: the caller, and the means to report progress and to notice that the
 * client is gone.
 */
export interface Job {
  /** User who made the request: `console:<user>`. */
  readonly source: string;
  readonly caller: Caller;
  /** Sends progress before the answer. Returns false if this progress is lost: the client is too slow or gone, or the command has none. */
  readonly report: (progress: unknown) => boolean;
  /** Aborted when the client ends the job or disconnects. A job of a command with `hasSummary` must then answer at once. */
  readonly signal: AbortSignal;
  /** How the client ended, after `signal` is aborted. Absent if the caller is not a connected client. */
  readonly readerEnd?: () => ReaderEnd;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs' | 'after'>;
  /** IANA name of the cabinet's time zone. */
  readonly timezone: string;
}

/**
 * How a client shows the progress that a command sends before its answer. `load` resolves with the function that renders it. `isLasting`:
 * each progress is printed and stays; otherwise only the newest is shown, on the status line of a terminal.
 */
export interface ProgressSpec<Progress> {
  readonly isLasting: boolean | ((progress: Progress) => boolean);
  load(): Promise<(progress: Progress, page: Page) => string>;
  /** Without a status line, one line is written to the error output each time that this value changes; null writes none. Default: null. */
  readonly stage?: (progress: Progress, args: RawArgs) => string | null;
}

/** A command that the running agent executes. */
export interface AgentCommand extends CommandWords {
  readonly kind: 'agent';
  /** The agent writes no audit entry for the request. Either the command writes its own, or the request is not an action of a person. */
  readonly isSelfNoted: boolean;
  /** Ctrl-C ends the command in the agent, which then sends a summary as its answer. */
  readonly hasSummary: boolean;
  readonly secrets: readonly SecretSpec[];
  /** Longest silence of the agent; progress and keep-alives end it. Units: ms. */
  readonly timeoutMs: number;
  /** Checks names and values of the arguments, with all secrets. Errors: throws ConsoleError 'usage'. The agent checks again in `answer`. */
  check(args: RawArgs): void;
  /** Runs in the agent. Errors: rejects with ConsoleError. */
  answer(view: AgentView, args: RawArgs, job: Job): Promise<unknown>;
  /**
   * Runs in the client if no agent answers and the command line names no socket; null for a command that needs an agent. Errors: throws, or
   * rejects with, ConsoleError.
   */
  readonly alone: ((files: LocalConfigView, args: RawArgs, report: (progress: unknown) => void) => unknown) | null;
  /** Returns the answer as text. Runs in the client; the texts of `result` contain only characters that the terminal shows. */
  render(result: unknown, page: Page, args: RawArgs): Promise<string>;
  /** Returns false if the answer reports a failure; the exit code is then 1. */
  succeeded(result: unknown): boolean;
  /** Null for a command without progress. */
  readonly progress: ProgressSpec<unknown> | null;
  /** Fields of the answer for the agent's log, in addition to request and user. Null: the log gets no entry for the request. */
  readonly audit: ((result: unknown) => Readonly<Record<string, unknown>>) | null;
}

/** A command of a session that the shell runs itself, such as `terminal width`. Most have no effect outside the session. */
export interface ShellCommand extends CommandWords {
  readonly kind: 'shell';
  readonly name: ShellCommandName;
}

/** Names of the commands that exist only in a session. */
export type ShellCommandName =
  | 'help'
  | 'terminal'
  | 'terminal type'
  | 'terminal width'
  | 'terminal length'
  | 'terminal charset'
  | 'terminal colour'
  | 'terminal status'
  | 'terminal resize'
  | 'language'
  | 'agent state'
  | 'agent restart'
  | 'speed'
  | 'copy'
  | 'receive'
  | 'log on'
  | 'log off'
  | 'watch status'
  | 'watch bus'
  | 'watch lamp'
  | 'watch presence'
  | 'recall'
  | 'logout';

/** Any command of the console. `kind` states who runs it: the agent, the program, or the shell of a session. */
export type ConsoleCommand = LocalCommand | AgentCommand | ShellCommand;
