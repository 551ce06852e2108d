/**
 * Requests about the program itself: install another release, show the releases, go back to the previous one.
 */
import type { Message } from './message.ts';

/** Installs and reverts releases of the program. A refusal, a bad update or a full disk is an answer, not a rejection. */
export interface UpdateManager {
  status(): Promise<UpdateView>;
  /** Stores the next part of an update file; the first part starts a new file. */
  put(part: UpdatePart): Promise<UpdateAnswer>;
  /** Checks and unpacks the uploaded file. If it is accepted, the agent restarts with that release, on trial. */
  install(request: UpdateRequest): Promise<UpdateAnswer>;
  /** Restarts the agent with the previous release, without a trial; refused, for example, if there is none. */
  revert(request: UpdateRequest): Promise<UpdateAnswer>;
}

/**
 * One part of an update file that is sent in parts. Units: bytes; `atByte` is the offset of this part, `ofBytes` the size of the whole
 * file.
 */
export interface UpdatePart {
  readonly atByte: number;
  readonly ofBytes: number;
  readonly data: Buffer;
}

/** A request to install or revert a release. `isForced`: even while lamps are lit. */
export interface UpdateRequest {
  readonly isForced: boolean;
}

/** A request from the platform about the program: store one part of an update file, install the file, or revert to the previous release. */
export type UpdateAsk = { readonly action: 'put'; readonly part: UpdatePart } | ({ readonly action: 'install' | 'revert' } & UpdateRequest);

/** A request from the platform about the program, with the id of the command that its outcome answers. */
export interface UpdateOrder {
  readonly commandId: string;
  readonly ask: UpdateAsk;
}

/** The answer to one request about the program. */
export interface UpdateAnswer {
  /** False if the request was refused or failed. True for an installation or a revert that only the restart completes. */
  readonly isDone: boolean;
  /** What was done, or why the request was refused or failed. */
  readonly text: Message;
}

/** The state of the releases: the running one, the previous one, and the last one that failed. */
export interface UpdateView {
  readonly version: string;
  /** Name of the running release; `package` if no update has installed it. */
  readonly release: string;
  /** `trial`: a release is on trial, not yet confirmed. */
  readonly state: 'confirmed' | 'trial';
  /** The release to which `revert` returns; null if there is none. */
  readonly previous: string | null;
  /** Highest serial of a release that runs or was confirmed here. */
  readonly serial: number;
  /** The last release that did not start, or whose trial ended without a confirmation; null if none since the last confirmation. */
  readonly failed: string | null;
  /** Names of the keys whose updates are accepted. */
  readonly keys: readonly string[];
  /** Why this run cannot install or revert a release; empty if it can. */
  readonly obstacle: Message;
}
