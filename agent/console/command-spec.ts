/** Defines one console command: words and arguments, how the agent answers it, how the answer is rendered. */
import type { Caller, LeastRole } from '../core/access.ts';
import type { Clock } from '../core/clock.ts';
import type { Message } from '../core/message.ts';
import type { AgentView, LocalConfigView } from '../core/views.ts';
import type { RawArgs, ReaderEnd } from './protocol/protocol.ts';
import type { Page } from './text/page.ts';

/** Kinds of names that completion offers for an argument or option. `target`: a lamp or a zone. `place`: a key of the configuration. */
export type NameKind = 'lamp' | 'zone' | 'target' | 'panel' | 'line' | 'modbus-line' | 'device' | 'point' | 'profile' | 'place';

/**
 * What a command does with a file or folder that an argument names. `read`: reads it; some also rewrite it. `write-or-print`: writes it;
 * `-` is the standard output.
 */
export type FileUse = 'read' | 'write' | 'write-or-print';

/** One positional argument of a command, for the parser, the help and the completion. */
export interface ArgumentSpec {
  readonly name: string;
  readonly summary: Message;
  readonly required: boolean;
  /** Kind of names that completion offers. The parser accepts any other text too. */
  readonly names?: NameKind;
  /** Values that a session accepts; they may be abbreviated there. Outside a session only the command checks the value. */
  readonly choices?: readonly string[];
  /** The argument is a file of this machine, which the command reads or writes. */
  readonly file?: FileUse;
  /** The argument is part of a file in base64. Logs have its size and SHA-256 instead. */
  readonly isContent?: true;
  /** For the last argument: in a session it takes the words that follow, joined by blanks. */
  readonly isRest?: true;
  /** The argument is the value of a configuration key; this is the name of the argument with the key. Logs mask values of secret keys. */
  readonly placeIn?: string;
}

/** One option of a command, typed as `--name`, for the parser, the help and the completion. */
export interface OptionSpec {
  /** Without `--`. */
  readonly name: string;
  /** Placeholder for the value, `DURATION`; null for a switch. */
  readonly value: string | null;
  readonly summary: Message;
  /** May be given more than once; the value is a list. For local commands. */
  readonly repeats?: true;
  /** Kind of names that completion offers. The parser accepts any other text too. */
  readonly names?: NameKind;
  /** The value is a file or folder of this machine. */
  readonly file?: FileUse;
  /** Values that completion offers; the command checks the value. */
  readonly choices?: readonly string[];
  /** The value is part of a file in base64. Logs have its size and SHA-256 instead. */
  readonly isContent?: true;
}

/** A secret argument, such as a password. For a typed command the client asks for it. */
export interface SecretSpec {
  readonly name: string;
  readonly prompt: Message;
  /** A new password: the password rule applies, and on a terminal it is typed twice. */
  readonly isNew: boolean;
  /** Returns true if the client must ask this person for the secret with these arguments. Absent: it always asks. */
  readonly isAsked?: (args: RawArgs, person: SecretOwner) => boolean;
}

/** The person who types a secret. `user`: the name sent with the request, which proves nothing without a session. */
export interface SecretOwner {
  readonly user: string;
  /** True for a user who has logged in at a console. */
  readonly hasSession: boolean;
}

/** The headings under which the help lists the commands. */
export type Group = 'Look:' | 'Act:' | 'Lines:' | 'Store:' | 'Uplink:' | 'Access:' | 'Agent:' | 'Session:';

/** What describes a command: its name, arguments, texts for help and manual page, and the lowest role that may run it. */
export interface CommandWords {
  /** One word, or a family and a verb: `bus scan`. */
  readonly name: string;
  /** Lowest role that may run it. The agent checks it for agent commands, and a session for all commands of a user who has logged in. */
  readonly role: LeastRole;
  readonly group: Group;
  readonly summary: Message;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Whole lines as they are typed, with `luciole` first except for a `ShellCommand`. */
  readonly examples: readonly string[];
  /** Cannot be abbreviated. */
  readonly isTypedWhole?: true;
  /** Sent by the program itself; not in the help. */
  readonly isHidden?: true;
}

/** A command that the program runs in its own process, not in a running agent. It may send requests to an agent. */
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
    | 'simulate'
    | 'recorder export'
    | 'report night'
    | 'report month'
    | 'report savings'
    | 'report commission'
    | 'report verify'
    | 'savings verify'
    | 'config load'
    | 'config export'
    | 'setup'
    | 'commission'
    | 'erase'
    | 'backup'
    | 'restore'
    | 'config import'
    | 'inventory import'
    | 'inventory export'
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

/** What a command gets besides the view of the agent and its arguments, such as the caller and the means to report progress. */
export interface Job {
  /** User who made the request: `console:<user>`. On the machine's own socket the client states the name, which is not verified. */
  readonly source: string;
  readonly caller: Caller;
  /** Sends progress before the answer. Returns false if the progress cannot be sent. */
  readonly report: (progress: unknown) => boolean;
  /** Aborted when the client ends the job or disconnects, or the agent stops. */
  readonly signal: AbortSignal;
  /** How the client ended, after `signal` is aborted. Absent if the caller is not a connected client. */
  readonly readerEnd?: () => ReaderEnd;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs' | 'after'>;
  /** IANA name of the cabinet's time zone. */
  readonly timezone: string;
}

/**
 * How a client shows the progress of a command. `load` resolves with the function that renders it. `isLasting`: the progress is written to
 * the output, as JSON with `--json`; otherwise a status line shows only the newest.
 */
export interface ProgressSpec<Progress> {
  readonly isLasting: boolean | ((progress: Progress) => boolean);
  load(): Promise<(progress: Progress, page: Page) => string>;
  /** Without a status line, the rendered progress goes to the error output when this value changes; not for null. Absent: never. */
  readonly stage?: (progress: Progress, args: RawArgs) => string | null;
}

/** A command that the running agent executes. Some also run without an agent, by `alone`. */
export interface AgentCommand extends CommandWords {
  readonly kind: 'agent';
  /** The gate writes an audit entry only if the caller's role does not allow the command. The command itself may write others. */
  readonly isSelfNoted: boolean;
  /** Ctrl-C ends the command in the agent, which then sends a summary as its answer. False: after Ctrl-C there is no answer. */
  readonly hasSummary: boolean;
  readonly secrets: readonly SecretSpec[];
  /** Longest silence of the agent. Progress and keep-alives end it; a command without `progress` sends neither. Units: ms. */
  readonly timeoutMs: number;
  /** Checks names and values of the arguments. Errors: throws ConsoleError 'usage'. */
  check(args: RawArgs): void;
  /** Runs in the agent. Errors: rejects, for example with ConsoleError. */
  answer(view: AgentView, args: RawArgs, job: Job): Promise<unknown>;
  /**
   * Runs in the client if no agent answers this user and the command line names no socket; null for a command that needs an agent. Errors:
   * throws, or rejects with, ConsoleError.
   */
  readonly alone: ((files: LocalConfigView, args: RawArgs, report: (progress: unknown) => void) => unknown) | null;
  /** Resolves with the answer as text. Runs in the client. */
  render(result: unknown, page: Page, args: RawArgs): Promise<string>;
  /** Returns false if the answer reports a failure; the exit code is then 1. */
  succeeded(result: unknown): boolean;
  /** Null for a command without progress. */
  readonly progress: ProgressSpec<unknown> | null;
  /**
   * Returns fields of the answer for the agent's log. Null: the log has no line for this command. Outside the group `Act:`, null also
   * limits audit entries: about one an hour for the same user, command and result, even with other arguments.
   */
  readonly audit: ((result: unknown) => Readonly<Record<string, unknown>>) | null;
}

/** A command of a session that the shell runs itself, such as `terminal width`. */
export interface ShellCommand extends CommandWords {
  readonly kind: 'shell';
  readonly name: ShellCommandName;
}

/** Names of the commands that the shell of a session runs itself. */
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

/** Any command of the console. `kind`, what runs it: `local`, the client process; `agent`, the agent; `shell`, the shell of a session. */
export type ConsoleCommand = LocalCommand | AgentCommand | ShellCommand;
