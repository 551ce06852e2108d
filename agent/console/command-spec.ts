/** The definition of one console command: its words and arguments, how the agent answers it, how the answer is laid out. */
import type { Caller, LeastRole } from '../core/access.ts';
import type { Clock } from '../core/clock.ts';
import type { Message } from '../core/message.ts';
import type { AgentView, LocalConfigView } from '../core/views.ts';
import type { RawArgs, ReaderEnd } from './protocol/protocol.ts';
import type { Page } from './text/page.ts';

/** What of the cabinet can be named: completion offers these names. `modbus-line`: one on which units can be asked. */
export type NameKind = 'lamp' | 'zone' | 'target' | 'line' | 'modbus-line' | 'device' | 'point' | 'profile' | 'place';

export interface ArgumentSpec {
  readonly name: string;
  readonly summary: Message;
  readonly required: boolean;
  readonly names?: NameKind;
  /** The only words that may stand there. */
  readonly choices?: readonly string[];
  /** It names a file of this machine. */
  readonly file?: 'read' | 'write';
  /** A part of a file in base64: the audit log and the log have its size and SHA-256, never the content. */
  readonly isContent?: true;
  /** It takes all words that follow. */
  readonly isRest?: true;
  /** It is the value for the place of the configuration that the argument of this name says. */
  readonly placeIn?: string;
}

export interface OptionSpec {
  readonly name: string;
  /** What stands after it, `DURATION`; null for a switch. */
  readonly value: string | null;
  readonly summary: Message;
  /** May be given more than once; local commands only. */
  readonly repeats?: true;
  readonly names?: NameKind;
  /** It names a file of this machine. */
  readonly file?: 'read' | 'write';
  readonly choices?: readonly string[];
  /** As of an argument. */
  readonly isContent?: true;
}

/** An argument that is asked from the terminal without echo, or read from the input; it stands on no command line and in no log. */
export interface SecretSpec {
  readonly name: string;
  readonly prompt: Message;
  /** A new one is typed twice. */
  readonly isNew: boolean;
  /** Only with these arguments, of this person; always unless given. */
  readonly isAsked?: (args: RawArgs, person: SecretOwner) => boolean;
}

/** The person who is asked for a secret. */
export interface SecretOwner {
  readonly user: string;
  /** Logged in at a console; false for a user of the machine. */
  readonly hasSession: boolean;
}

export type Group = 'Look:' | 'Act:' | 'Lines:' | 'Store:' | 'Uplink:' | 'Access:' | 'Agent:' | 'Session:';

/** The words of a command; help, suggestions and manual page are made of these. */
export interface CommandWords {
  /** One word, or a family and a verb: `bus scan`. */
  readonly name: string;
  /** The least role that may run it; checked in the agent for each request. */
  readonly role: LeastRole;
  readonly group: Group;
  readonly summary: Message;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** It has no abbreviation, so that it is not meant by chance and takes none of another command. */
  readonly isTypedWhole?: true;
  /** Asked by the program itself, for a command that asks several things; no person types it. */
  readonly isHidden?: true;
}

/** Carried out by the program itself, where an agent is needed at all by asking it simpler things. */
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
  /** It has the option that names the agent's socket. */
  readonly hasSocket: boolean;
}

/** What a command may use in addition to the view. */
export interface Job {
  /** The user who requests it: `console:<user>`. */
  readonly source: string;
  readonly caller: Caller;
  /** Sends progress before the answer. Returns false when the reader is too slow: it never sees it. */
  readonly report: (progress: unknown) => boolean;
  /** Aborted when no client waits for the answer. */
  readonly signal: AbortSignal;
  /** How the client ended, once `signal` is aborted. Absent where the caller is not a connected client. */
  readonly readerEnd?: () => ReaderEnd;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs' | 'after'>;
  /** The cabinet's, IANA name. */
  readonly timezone: string;
}

/** Shows what comes before the answer. `isLasting`: it is a line of the output; else only the newest matters, on a terminal. */
export interface ProgressSpec<Progress> {
  readonly isLasting: boolean | ((progress: Progress) => boolean);
  load(): Promise<(progress: Progress, page: Page) => string>;
  /** Where there is no terminal to draw on, one line is written each time that this becomes another; null writes none. */
  readonly stage?: (progress: Progress, args: RawArgs) => string | null;
}

/** Carried out by the running agent. */
export interface AgentCommand extends CommandWords {
  readonly kind: 'agent';
  /** It writes its own audit notes, since what it does lasts longer than it takes. */
  readonly isSelfNoted: boolean;
  /** Ctrl-C ends it in the agent, which then sends its answer: the summary up to there. */
  readonly hasSummary: boolean;
  readonly secrets: readonly SecretSpec[];
  /** Longest silence of the agent. Units: ms. */
  readonly timeoutMs: number;
  /** Errors: throws ConsoleError 'usage'; the same check on both ends. */
  check(args: RawArgs): void;
  /** On the agent's side. Errors: rejects with ConsoleError. */
  answer(view: AgentView, args: RawArgs, job: Job): Promise<unknown>;
  /** On the reader's side, where no agent answers; null for a command that needs one. Errors: throws ConsoleError. */
  readonly alone: ((files: LocalConfigView, args: RawArgs, report: (progress: unknown) => void) => unknown) | null;
  /** On the reader's side; `result` has been made plain. */
  render(result: unknown, page: Page, args: RawArgs): Promise<string>;
  succeeded(result: unknown): boolean;
  /** Null for an answer that comes all at once. */
  readonly progress: ProgressSpec<unknown> | null;
  /** What of the answer goes into the agent's log, in addition to request and user; null for a command that only reads. */
  readonly audit: ((result: unknown) => Readonly<Record<string, unknown>>) | null;
}

/** Carried out by the shell: it is about the session, and means nothing outside of one. */
export interface ShellCommand extends CommandWords {
  readonly kind: 'shell';
  readonly name: ShellCommandName;
}

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

/** A command of the table: run by the agent, by the program, or by the shell of a session. */
export type ConsoleCommand = LocalCommand | AgentCommand | ShellCommand;
