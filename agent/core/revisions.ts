/**
 * Revisions of the configuration: the views for, and the requests from, console and platform.
 */

import type { WallMs } from './clock.ts';
import type { Problem } from './errors.ts';
import type { Message, Said } from './message.ts';

/**
 * Longest signature on a revision or a list of users. Units: characters. Source: a signature lists its cabinets, a hundred with ids of 32
 * characters take 4,700; a command carries 64 KB.
 */
export const MAX_SIGNATURE_CHARS = 8_192;

/** File name under which the signature on all files of a candidate is sent. It is not one of these files, nor stored under this name. */
export const SIGNATURE_FILE = 'revision.sig';

/**
 * State of a revision of the configuration. `trial`: in force, but not yet accepted. `confirmed`: accepted, or put in force without a
 * trial. `returned`: withdrawn.
 */
export type RevisionState = 'trial' | 'confirmed' | 'returned';

/** One configuration that is or was in force, with author, time and reason. Higher numbers are newer. */
export interface Revision {
  readonly number: number;
  /** When it was made, by the cabinet's clock, which may have been wrong at the time. */
  readonly atMs: WallMs;
  /** `file`, `platform`, `platform:<user>` or `console:<user>`. */
  readonly by: string;
  /** The author's reason for the change: a text as stored, or a message that can be translated. */
  readonly why: Said;
  /** Template of `why`, in the format of `message-wire.ts`; absent if `why` is a plain text. */
  readonly whyTemplate?: unknown;
  /** SHA-256 of its cabinet.yaml and profiles. Shape: 64 hex digits. */
  readonly hash: string;
  readonly state: RevisionState;
  /** Why it was withdrawn; empty otherwise. Format as `why`. */
  readonly reason: Said;
  /** Template of `reason`, as `whyTemplate`. */
  readonly reasonTemplate?: unknown;
}

/**
 * How a revision on trial becomes confirmed. `asked`: only by `ConfigManager.confirm`. `auto`: by that too, and automatically once
 * `TrialView.missing` has been empty for some seconds, or if it is empty at the end of the trial. Otherwise the revision is withdrawn, at
 * the end of the trial at the latest. While the disk fails, the automatic confirmation waits.
 */
export type ConfirmMode = 'auto' | 'asked';

/** The trial of the revision in force. */
export interface TrialView {
  /** Number of that revision. */
  readonly number: number;
  readonly mode: ConfirmMode;
  /** Time left of the trial; 0 also while its end has to wait, as for the disk. Units: s. */
  readonly restS: number;
  /** What does not work since the change, in words; empty if nothing is missing. */
  readonly missing: readonly Message[];
}

/** A configuration in preparation that is not in force. Each user of the console has one of their own; those of the platform share one. */
export interface CandidateView {
  /** Its last author, or who copied it. */
  readonly by: string;
  /** The last authors who contributed to it with a request, newest last. */
  readonly authors: readonly string[];
  /** When it was last changed or copied. */
  readonly atMs: WallMs;
  /** As `Revision.hash`, of its present files. */
  readonly hash: string;
  /** Number of the revision that was in force when the candidate was started. */
  readonly base: number;
  /** The signature received with it, not verified yet: `verifyRevisionSignature` checks it against the files. Null for none. */
  readonly signature: string | null;
}

/** The configuration in force, its trial, and the configurations in preparation. */
export interface ConfigView {
  readonly running: Revision;
  readonly trial: TrialView | null;
  /** Candidate of the author who made the request; null for none. */
  readonly candidate: CandidateView | null;
  /** Candidates of other authors; `ConfigManager.take` copies one. */
  readonly others: readonly CandidateView[];
  /**
   * Why the disk refused the history of the revisions or took too long, in this run. Empty if neither has happened since the history was
   * last written.
   */
  readonly trouble: Message;
}

/**
 * The texts of one configuration. Shape: `cabinet` is that of cabinet.yaml; `profiles` are those that come with it, by file name,
 * `acme-x1.yaml`.
 */
export interface ConfigFiles {
  readonly cabinet: string;
  readonly profiles: Readonly<Record<string, string>>;
}

/**
 * One difference between two configurations. Shape: `path` as `lines[north].port` or `profiles.acme-x1.yaml`; the value as JSON, a secret
 * hidden and a long one cut; for a profile a short hash. Null if it does not exist, or is not kept, on that side.
 */
export interface ConfigChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** The value of the running configuration at a path. */
export interface ValueInForce {
  /** JSON without secrets; a long one is cut. */
  readonly value: string;
  /** Time (`at`) of the last item on the path that has one, such as a step of a programme: `23:00`, `dusk`, `sunset+30`. Null for none. */
  readonly step: string | null;
}

/**
 * One value to change in the text of `cabinet.yaml` in the folder `dir`; the file itself is not written. `value` null removes the value.
 * Shape: `path` as `zones[rue].minPct`, `value` is YAML.
 */
export interface EditOrder {
  readonly dir: string;
  readonly path: string;
  readonly value: string | null;
}

/**
 * The text of cabinet.yaml with one value changed, or the reason why there is none. `missing`: required keys that the text lacks because of
 * this change; absent if there are none, or after a removal.
 */
export type EditedText = { readonly text: string; readonly missing?: readonly Problem[] } | { readonly reason: Message };

/**
 * A key in which a configuration differs from those with which `siteOwnedDifferences` compares it. Shape: `uplink.broker`,
 * `lines[north].port`.
 */
export interface SiteOwnedDifference {
  readonly key: string;
}

/**
 * The result of a request about configurations. If it was refused, `reason` has why, and `problems` the mistakes in files. A request that
 * was done may have a `reason` too.
 */
export interface ConfigAnswer {
  readonly state: 'done' | 'refused';
  readonly reason: Message;
  /**
   * Present, for example, if the disk refused a write or took too long; `reason` has what happened. With `done` the result is in force all
   * the same.
   */
  readonly code?: 'not-stored';
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Differences that a check or comparison found, or from the running revision to the committed files; empty for other requests. */
  readonly changes: readonly ConfigChange[];
  /** Parts of the agent that the change affects: `line north`, `light`, `uplink`, `store`, `clock`, `console`; `... at the next start`. */
  readonly touches: readonly Message[];
  /** Number of the running revision after a commit, rollback, confirmation or return; null for other requests and most refusals. */
  readonly revision: number | null;
  /** It is in force on trial; the result is reported as an event. */
  readonly isOnTrial: boolean;
  /** For a commit: other authors whose parts the candidate contains. Absent: none is known. */
  readonly partsBy?: readonly string[];
}

/** A request to put a configuration in force, with its author, its reason and the terms of its trial. */
export interface CommitRequest {
  /** The author, for the history. Shape: as `Revision.by`. */
  readonly by: string;
  /** Where the request comes from. Some rules differ: for example, `platform` may not commit a configuration without an uplink. */
  readonly author: 'platform' | 'console';
  readonly why: Said;
  readonly mode: ConfirmMode;
  /** Longest duration of the trial. Units: min. */
  readonly minutes: number;
  /**
   * Hash of the revision that must be running; otherwise the request is refused. Null: for a candidate the one on which it was started, for
   * a rollback any.
   */
  readonly base: string | null;
  /** Id of the command that waits for the end of the trial; null for none. */
  readonly commandId: string | null;
  /** An admin at the cabinet permits what `floorFlaws` finds, such as less light than the floor of the site. */
  readonly lowersFloor: boolean;
}

/**
 * One part of a file that is sent in parts. Shape: `part` counts from 1 to `parts`; `sha256` is that of the whole file, 64 hex digits in
 * small letters.
 */
export interface FilePart {
  readonly file: string;
  readonly part: number;
  readonly parts: number;
  readonly sha256: string;
  readonly data: Uint8Array;
}

/**
 * A request from the platform about the configuration. File names, part numbers, hashes of files and contents have not been checked.
 * `return`: withdraw the revision on trial. A `put` of `USER_LIST_FILE` sends a list of users, which is not part of a candidate.
 */
export type ConfigAsk =
  | ({ readonly action: 'put' } & FilePart)
  | { readonly action: 'remove'; readonly file: string }
  | { readonly action: 'check' | 'confirm' | 'return' | 'discard' }
  | (Omit<CommitRequest, 'by' | 'author' | 'commandId' | 'lowersFloor'> & { readonly action: 'apply' })
  | (Omit<CommitRequest, 'by' | 'author' | 'commandId' | 'lowersFloor'> & { readonly action: 'rollback'; readonly revision: number });

/**
 * A request from the platform about the configuration, with the id of its command. `by`: `platform`, or `platform:<user>` with the user
 * that the platform names.
 */
export interface ConfigRequest {
  readonly commandId: string;
  readonly by: string;
  readonly ask: ConfigAsk;
}

/**
 * Changes configurations through candidates: configurations in preparation. A refusal is an answer, not a rejection. `by`: the author.
 * Shape: as `Revision.by`.
 */
export interface ConfigManager {
  view(by: string): ConfigView;
  /** Newest first. */
  history(): readonly Revision[];
  /**
   * Undefined if cabinet.yaml is not kept or cannot be read, or if `candidate` is requested and there is none. A profile that cannot be
   * read is left out.
   */
  files(of: number | 'candidate' | 'running', by: string): Promise<ConfigFiles | undefined>;
  /**
   * Puts a file into the candidate; null removes a profile or the signature. Starts a candidate if there is none. Shape: `cabinet.yaml`,
   * `profiles/<name>.yaml`, `revision.sig`.
   */
  put(file: string, text: string | null, by: string): Promise<ConfigAnswer>;
  /** As `put`, in parts. Until the file is complete, `reason` contains how many parts have arrived. */
  putPart(part: FilePart, by: string): Promise<ConfigAnswer>;
  /**
   * Sets one value of the candidate's cabinet.yaml; null removes it, even if it is required. Starts a candidate if there is none. Refused,
   * for example, for an unknown key. Required keys that a new part lacks are only `warnings`. Shape: `zones[rue].minPct`; `value` is YAML.
   */
  set(path: string, value: string | null, by: string): Promise<ConfigAnswer>;
  /** Copies another author's candidate to `by`. Refused, for example, if that author has none, or `by` has a candidate already. */
  take(author: string, by: string): Promise<ConfigAnswer>;
  /** Checks the candidate, and compares it with the running revision. */
  check(by: string): Promise<ConfigAnswer>;
  /** Lists the differences from the first to the second in `changes`; refused, for example, if the files of one of them are not kept. */
  compare(from: number | 'running', to: number | 'candidate' | 'running', by: string): Promise<ConfigAnswer>;
  /** Commits the candidate of its author. Resolves when the revision is in force or was refused; does not wait for the trial to end. */
  commit(request: CommitRequest): Promise<ConfigAnswer>;
  /** As `commit`, with the files of an earlier revision; refused, for example, if it is no longer kept. */
  rollback(number: number, request: CommitRequest): Promise<ConfigAnswer>;
  /** Accepts the revision on trial; refused, for example, if there is none. */
  confirm(by: string): Promise<ConfigAnswer>;
  /** Withdraws the revision on trial; refused, for example, if there is none, or if it is not the revision `number`. */
  returnTrial(by: string, why: Said, number?: number): Promise<ConfigAnswer>;
  /** Resolves when the requests that consoles have made so far have been handled. */
  settled(): Promise<void>;
  /** Discards the candidate of this author; refused, for example, if there is none. */
  discard(by: string): Promise<ConfigAnswer>;
  /** Completions for a partly typed path, taken from the running configuration: `zones[`, `zones[rue].`, `zones[rue].minPct`. */
  paths(typed: string): readonly string[];
  /** The value at a path of the running configuration; null if it does not exist, or is null. */
  inForce(path: string): ValueInForce | null;
}
