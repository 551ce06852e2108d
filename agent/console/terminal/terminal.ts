/** What the command line needs of the outside world: `main.ts` gives it, tests give their own. */
import type { LastState, LocalConfigView } from '../../core/views.ts';
import type { Language } from '../../core/words.ts';
import type { LocalCommand } from '../command-spec.ts';
import type { StatusLine } from './status-line.ts';

/** Where the words come from and the text goes. */
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
  /** Null where nobody watches. */
  readonly status: StatusLine | null;
  /** Lines of the moment, which a slow line may lose; absent where `out` takes them all. */
  readonly live?: (text: string) => void;
  /** Aborted when the person wants the answer no more. */
  readonly signal?: AbortSignal;
  /** Reads a secret without echo, twice where it is a new one. Absent where nobody can be asked. Errors: rejects with ConsoleError. */
  readonly askSecret?: (prompt: string, isNew: boolean) => Promise<string>;
  /** What is asked about device types where no agent answers. */
  readonly localFiles: () => Promise<LocalFiles>;
}

/** What a console may ask of its machine where no agent answers. */
export interface LocalMachine {
  /** Errors: none. */
  lastState(): Promise<LastState>;
  /** Of the cabinet's file; English where it cannot be read. Errors: none. */
  language(): Promise<Language>;
  /** Asks the service manager to start the agent anew. Resolves with why it did not, or null. */
  restart(): Promise<string | null>;
}

export interface LocalFiles extends LocalConfigView {
  /** What it was made of, for the reader. */
  readonly about: string;
}

/** Arguments of a local command, as typed. */
export type LocalArgs = Readonly<Record<string, string | boolean | readonly string[]>>;
/** What `main.ts` does for the commands that need no agent. Each resolves with the exit code. */
export type LocalActions = Readonly<Record<LocalCommand['name'], (args: LocalArgs) => Promise<number>>>;
