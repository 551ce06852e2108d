/** What the command line needs from its surroundings; `main.ts` provides it for the program, tests provide their own. */
import type { LastState, LocalConfigView } from '../../core/views.ts';
import type { Language } from '../../core/words.ts';
import type { LocalCommand } from '../command-spec.ts';
import type { StatusLine } from './status-line.ts';

/** Where input comes from and output goes. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly widthCols: number;
  readonly colour: boolean;
  /** Default: English. */
  readonly language?: Language;
  readonly user: string;
  /** What `--version` prints. */
  readonly version: string;
  /** A socket named in the environment. */
  readonly socketPath: string | null;
  /** Of a session, where one has logged in. */
  readonly token?: string;
  /** Null where progress is not shown. */
  readonly status: StatusLine | null;
  /** Lines of the moment, which a slow line may lose; absent where `out` takes them all. */
  readonly live?: (text: string) => void;
  /** Aborted when the person stops waiting for the answer. */
  readonly signal?: AbortSignal;
  /** Reads a secret without echo, twice where it is a new one. Absent where no question may be asked. Errors: rejects with ConsoleError. */
  readonly askSecret?: (prompt: string, isNew: boolean) => Promise<string>;
  /** Device profiles and the cabinet file, for commands that work where no agent answers. */
  readonly localFiles: () => Promise<LocalFiles>;
}

/** What a console can do on its machine where no agent answers. */
export interface LocalMachine {
  /** Errors: none. */
  lastState(): Promise<LastState>;
  /** Of the cabinet's file; English where it cannot be read. Errors: none. */
  language(): Promise<Language>;
  /** Requests a restart of the agent from the service manager. Resolves with null, or with why it did not. */
  restart(): Promise<string | null>;
}

/** The local files that stand in for an agent that does not answer. */
export interface LocalFiles extends LocalConfigView {
  /** Which files were read, as a sentence for the reader. */
  readonly about: string;
}

/** Arguments of a local command, as typed. */
export type LocalArgs = Readonly<Record<string, string | boolean | readonly string[]>>;
/** What `main.ts` does for the commands that need no agent. Each resolves with the exit code. */
export type LocalActions = Readonly<Record<LocalCommand['name'], (args: LocalArgs) => Promise<number>>>;

const USUAL_CONFIG = '/etc/luciole/cabinet.yaml';

/** The cabinet that was named, else that of the environment, else the usual one. */
export function configFileOf(args: LocalArgs): string {
  return textOf(args['file']) ?? (process.env['LUCIOLE_CONFIG'] || USUAL_CONFIG);
}

/** Null for what is not given, or empty. */
export function textOf(value: LocalArgs[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
