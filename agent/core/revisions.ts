/**
 * Revisions of the configuration: the views and requests of console and platform.
 */
import type { WallMs } from './clock.ts';
import type { Problem } from './errors.ts';

/** Longest signature on a revision. Units: characters. Source: a hundred cabinets with ids of 32 characters take 4,700; a command carries 64 KB. */
export const MAX_SIGNATURE_CHARS = 8_192;

/** The name under which a signature on the whole revision is put into a candidate; it is no part of what is signed. */
export const SIGNATURE_FILE = 'revision.sig';

/**
 * `trial`: it runs, and is judged. `confirmed`: it was found good, or came as the file of the site. `returned`: it was taken back.
 */
export type RevisionState = 'trial' | 'confirmed' | 'returned';

/** One configuration that was in force: author, time and reason. */
export interface Revision {
  readonly number: number;
  /** By the clock of the cabinet, whatever that was worth then. */
  readonly atMs: WallMs;
  /** `file`, `platform`, `platform:<user>` or `console:<user>`. */
  readonly by: string;
  readonly why: string;
  /** SHA-256 of all its files. Shape: 64 hex digits. */
  readonly hash: string;
  readonly state: RevisionState;
  /** Why it was returned; empty otherwise. */
  readonly reason: string;
}

/** How a revision on trial becomes confirmed: automatically once all is well, or by a person. */
export type ConfirmMode = 'auto' | 'asked';

export interface TrialView {
  readonly number: number;
  readonly mode: ConfirmMode;
  /** Until it returns by itself. Units: s. */
  readonly restS: number;
  /** What is not back yet, in words; empty when all is. */
  readonly missing: readonly string[];
}

export interface CandidateView {
  readonly by: string;
  readonly atMs: WallMs;
  readonly hash: string;
  /** The revision that ran when it was begun. */
  readonly base: number;
  /** What came with it as its signature, not verified: `verifyRevisionSignature` judges it against the files. Null for none. */
  readonly signature: string | null;
}

export interface ConfigView {
  readonly running: Revision;
  readonly trial: TrialView | null;
  readonly candidate: CandidateView | null;
  /** Why revisions cannot be kept now; empty while they can. */
  readonly trouble: string;
}

/** The files of one configuration. Shape: profiles by file name, `acme-x1.yaml`. */
export interface ConfigFiles {
  readonly cabinet: string;
  readonly profiles: Readonly<Record<string, string>>;
}

/** One value that is different. Shape: JSON texts without secrets; null where it is not there. */
export interface ConfigChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** One value to change. Shape: `dir` holds `cabinet.yaml`; path and value as `set` takes them. */
export interface EditOrder {
  readonly dir: string;
  readonly path: string;
  readonly value: string | null;
}

/** A text with one value changed, or why that cannot be. */
export type EditedText = { readonly text: string } | { readonly reason: string };

/** One key that a configuration sets to a value of its own though the file of the site owns it. Shape: `uplink.broker`, `lines[north].port`. */
export interface SiteOwnedDifference {
  readonly key: string;
}

/** What came of a request. `refused` has a reason, and problems where files are wrong. */
export interface ConfigAnswer {
  readonly state: 'done' | 'refused';
  readonly reason: string;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly changes: readonly ConfigChange[];
  /** Rooms that it touches or has touched, in words: `line north`, `light`, `uplink`, `store`; `next start: ...`. */
  readonly touches: readonly string[];
  /** The revision that it is about; null where there is none. */
  readonly revision: number | null;
  /** It is in force on trial; the result is reported as an event. */
  readonly isOnTrial: boolean;
}

export interface CommitRequest {
  /** Who commits, for the history. Shape: as `Revision.by`. */
  readonly by: string;
  /** The platform may not cut itself off; a person at the console may. */
  readonly author: 'platform' | 'console';
  readonly why: string;
  readonly mode: ConfirmMode;
  /** Units: min. */
  readonly minutes: number;
  /** Hash of the revision that must be running; null for any. */
  readonly base: string | null;
  /** Id of the command that waits for the end; null for none. */
  readonly commandId: string | null;
  /** An admin at the cabinet allows less light than the floor of the site. */
  readonly lowersFloor: boolean;
}

/** One part of a file that arrives in parts. Shape: `part` from 1 to `parts`; `sha256` is that of the whole file, 64 hex digits. */
export interface FilePart {
  readonly file: string;
  readonly part: number;
  readonly parts: number;
  readonly sha256: string;
  readonly data: Uint8Array;
}

/** A request of the platform about the configuration, already checked for shape. */
export type ConfigAsk =
  | ({ readonly action: 'put' } & FilePart)
  | { readonly action: 'remove'; readonly file: string }
  | { readonly action: 'check' | 'confirm' | 'return' | 'discard' }
  | (Omit<CommitRequest, 'by' | 'author' | 'commandId' | 'lowersFloor'> & { readonly action: 'apply' })
  | (Omit<CommitRequest, 'by' | 'author' | 'commandId' | 'lowersFloor'> & { readonly action: 'rollback'; readonly revision: number });

export interface ConfigRequest {
  readonly commandId: string;
  readonly by: string;
  readonly ask: ConfigAsk;
}

/** Changes configurations through one candidate, shared by all authors. */
export interface ConfigManager {
  view(): ConfigView;
  /** Newest first. */
  history(): readonly Revision[];
  /** Undefined for a revision that is not kept; `candidate` where there is none too. */
  files(of: number | 'candidate' | 'running'): Promise<ConfigFiles | undefined>;
  /** Puts a file into the candidate, or takes a profile or signature out with null; begins one where there is none. Shape: `cabinet.yaml`, `profiles/<name>.yaml`, `revision.sig`. */
  put(file: string, text: string | null, by: string): Promise<ConfigAnswer>;
  /** The same in parts; answers how many are there, as its reason, until the file is whole. */
  putPart(part: FilePart, by: string): Promise<ConfigAnswer>;
  /** One value of the candidate's cabinet.yaml, the rest left as it was written; null takes it out. Shape: `zones[rue].minPct`; `value` is YAML. */
  set(path: string, value: string | null, by: string): Promise<ConfigAnswer>;
  check(): Promise<ConfigAnswer>;
  /** What is different between two. */
  compare(from: number | 'running', to: number | 'candidate' | 'running'): Promise<ConfigAnswer>;
  /** Answers once it runs, or is refused. */
  commit(request: CommitRequest): Promise<ConfigAnswer>;
  /** The same with the files of an earlier revision; a candidate in work is left alone. */
  rollback(number: number, request: CommitRequest): Promise<ConfigAnswer>;
  confirm(by: string): Promise<ConfigAnswer>;
  /** Takes the revision on trial back at once; with a number only that one. */
  giveBack(by: string, why: string, number?: number): Promise<ConfigAnswer>;
  discard(by: string): Promise<ConfigAnswer>;
  /** How a place that is being typed may go on, by what runs: `zones[`, `zones[rue].`, `zones[rue].minPct`. */
  paths(typed: string): readonly string[];
}
