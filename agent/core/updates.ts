/**
 * Requests about the program itself: install another release, show the releases, go back.
 */

/** Errors: methods never reject for what is wrong with an update; that is in the answer. */
export interface UpdateManager {
  status(): Promise<UpdateView>;
  /** Stores the next part of an update file; the first part starts a new file. */
  put(part: UpdatePart): Promise<UpdateAnswer>;
  /** Checks and unpacks what was put, and starts it on trial. */
  install(request: UpdateRequest): Promise<UpdateAnswer>;
  /** Back to the release before. */
  revert(request: UpdateRequest): Promise<UpdateAnswer>;
}

/** Shape: `atByte` is how many bytes came before; `ofBytes` the whole file. */
export interface UpdatePart {
  readonly atByte: number;
  readonly ofBytes: number;
  readonly data: Buffer;
}

/** `isForced`: though lamps are lit. It never overrides a signature or an age. */
export interface UpdateRequest {
  readonly isForced: boolean;
}

/** A request from the platform. */
export type UpdateAsk = { readonly action: 'put'; readonly part: UpdatePart } | ({ readonly action: 'install' | 'revert' } & UpdateRequest);

/** Such a request with its command id. */
export interface UpdateOrder {
  readonly commandId: string;
  readonly ask: UpdateAsk;
}

export interface UpdateAnswer {
  readonly isDone: boolean;
  /** What was done, or why not and what to check. */
  readonly text: string;
}

export interface UpdateView {
  readonly version: string;
  /** Name of the running release; `package` for the one that was installed with the system. */
  readonly release: string;
  readonly state: 'confirmed' | 'trial';
  /** What `revert` would go back to; null for nothing. */
  readonly previous: string | null;
  /** Only newer ones are accepted. */
  readonly serial: number;
  /** The release that did not come up and was taken back; null for none since the last confirmation. */
  readonly failed: string | null;
  /** Names of the keys whose updates are accepted. */
  readonly keys: readonly string[];
  /** Why nothing can be installed here; empty where it can. */
  readonly obstacle: string;
}
