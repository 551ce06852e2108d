/**
 * The shapes of the audit log: who did what at this cabinet, and when.
 */

import type { LoginSocket } from './access.ts';
import type { WallMs } from './clock.ts';
import type { Message } from './message.ts';

/** Result of a command that the role of its user does not allow. */
export const DENIED = 'denied';

/** One action, or attempt. It must not contain a secret. Shape: one line of text each; the store cuts what is too long. */
export interface AuditNote {
  /** Login name, or the name of the client's system user; empty for the agent itself. */
  readonly user: string;
  /** Empty where there is no role: the platform, the agent itself. */
  readonly role: string;
  readonly door: LoginSocket | 'platform' | 'self';
  /** The command's name, as typed or as the platform sends it. */
  readonly action: string;
  /** Object of the action, as text. */
  readonly detail: string;
  /** `ok`, or what came of it. */
  readonly result: string;
  /** It changed nothing: an admin's look has no reserved share. Shape: absent unless true. */
  readonly isLook?: true;
}

/** A note as it is kept. `hash` covers it and the hash of the one before. Shape: 64 hexadecimal digits. */
export interface AuditEntry extends AuditNote {
  readonly n: number;
  readonly atMs: WallMs;
  readonly hash: string;
}

/** An entry as it is stored, from which its hash can be computed again. Shape: `body` is the note as JSON. */
export interface AuditRow extends AuditHead {
  readonly atMs: WallMs;
  readonly body: string;
}

/** Stored entries after a number, in order; trimmed ones are missing between them. */
export interface AuditRows {
  readonly rows: readonly AuditRow[];
  /** The newest entry of the log; null where the file does not say. */
  readonly head: AuditHead | null;
}

/** The newest entry at some time. Kept elsewhere, it proves later that no entry up to it was changed. */
export interface AuditHead {
  readonly n: number;
  readonly hash: string;
}

export interface AuditQuery {
  readonly sinceMs: WallMs;
  /** The newest so many. */
  readonly limit: number;
  /** Walk the whole chain. */
  readonly isVerified: boolean;
  /** As noted earlier, elsewhere; null for none. */
  readonly knownHead: AuditHead | null;
}

/** Oldest first. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Null while nothing was noted yet. */
  readonly head: AuditHead | null;
  /** Null where it was not asked for. */
  readonly verdict: AuditVerdict | null;
  /** Later entries in memory that a failing disk does not take; absent for none. A restart loses them. */
  readonly waiting?: number;
}

/** `problems` empty: every entry is as it was written, in order, none missing after `firstN`. */
export interface AuditVerdict {
  readonly entries: number;
  /** Entries before it were trimmed, which the chain itself shows; 0 for an empty log. */
  readonly firstN: number;
  /** Trimmed entries about admins that are kept all the same. */
  readonly reserved: number;
  readonly problems: readonly Message[];
  /** What the entries themselves say of others that may be missing, without being a fault of the chain: a copy was taken into use. */
  readonly remarks: readonly Message[];
}

/** The audit log as the rooms use it. */
export interface AuditTools {
  /** Returns at once; on disk as soon as the disk takes it. */
  note(note: AuditNote): void;
  /** Undefined when the disk could not be asked. */
  read(query: AuditQuery): Promise<AuditPage | undefined>;
}
