/**
 * Types of the audit log: who did what at this cabinet, and when.
 */

import type { LoginSocket } from './access.ts';
import type { WallMs } from './clock.ts';
import type { Message } from './message.ts';

/** `AuditNote.result` of a command that the role of its user does not allow. */
export const DENIED = 'denied';

/** One action, or attempt, for the audit log. It must not contain a secret. */
export interface AuditNote {
  /**
   * Login name, name of the client's system user, or name of the platform's user. `nobody` without a login; `unknown` for a login with an
   * unknown name. Empty for the agent itself, and if there is no single known user.
   */
  readonly user: string;
  /** Empty if there is no role, as for the platform and the agent itself. */
  readonly role: string;
  /** The socket or connection that the action came from; `self`: the agent itself. */
  readonly door: LoginSocket | 'platform' | 'self';
  /** What was done, such as the name of a command. */
  readonly action: string;
  /** Object of the action, as text. */
  readonly detail: string;
  /** `ok`, or another outcome, which need not be a failure: a refusal, the state of a command, how a session ended. */
  readonly result: string;
  /** Set only for a kind of action that leaves light, configuration and users as they are, such as a view. Not for a refused change. */
  readonly isLook?: true;
}

/**
 * A note as stored in the audit log, with its number, and the hash that links it to the entry before. The action is `unreadable` if the
 * stored note cannot be parsed.
 */
export interface AuditEntry extends AuditNote {
  readonly n: number;
  /** When it was noted, which may be before it was stored. */
  readonly atMs: WallMs;
  readonly hash: string;
}

/** An entry of the audit log as stored on disk. Shape: `body` is the note as JSON, with its texts cleaned and cut. */
export interface AuditRow extends AuditHead {
  readonly atMs: WallMs;
  readonly body: string;
}

/** The next stored entries after a requested number, a limited number of them, in ascending order; empty if there is none. */
export interface AuditRows {
  readonly rows: readonly AuditRow[];
  /** The newest entry of the log, as noted outside its table; `n` is 0 for an empty log. Null if it is not known. */
  readonly head: AuditHead | null;
}

/** Number and hash of an entry of the audit log; `n` is 0 for none. Kept elsewhere, they help to detect a later change of the log. */
export interface AuditHead {
  readonly n: number;
  readonly hash: string;
}

/** Which stored entries to read: not older than `sinceMs`, and at most `limit` of them. */
export interface AuditQuery {
  readonly sinceMs: WallMs;
  /** Most entries; the newest are returned. The store returns 2,000 at most. */
  readonly limit: number;
  /** Verify the whole chain. */
  readonly isVerified: boolean;
  /** A head noted earlier and kept elsewhere, with which a verification compares the log; null for none. */
  readonly knownHead: AuditHead | null;
}

/** The answer to a query of the audit log. `entries`: by ascending number; some numbers may be missing. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** The newest entry as noted outside the table, so also one that was removed from it; null if there is none or it is not known. */
  readonly head: AuditHead | null;
  /** Null if there was no verification. */
  readonly verdict: AuditVerdict | null;
  /** Number of later entries that the disk does not accept. Absent for none. */
  readonly waiting?: number;
}

/** Result of a verification of the audit log. `entries`: how many were checked, not counting `reserved`. `problems`: empty if none. */
export interface AuditVerdict {
  readonly entries: number;
  /** Number of the oldest of `entries`; 0 for an empty log. */
  readonly firstN: number;
  /** Number of entries that were kept although their range was trimmed. */
  readonly reserved: number;
  /** The first problems found. */
  readonly problems: readonly Message[];
  /** The newest notes in the log that a copy of the state was taken into use; entries made after that copy may be missing. */
  readonly remarks: readonly Message[];
}

/** Access to the audit log. */
export interface AuditTools {
  /** Returns immediately. Until the disk accepts the note, it is only in memory. Repeated attempts may become one entry. */
  note(note: AuditNote): void;
  /** Resolves with undefined if the disk could not be read. */
  read(query: AuditQuery): Promise<AuditPage | undefined>;
}
