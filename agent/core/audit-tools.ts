/**
 * Types of the audit log: who did what at this cabinet, and when.
 */

import type { LoginSocket } from './access.ts';
import type { WallMs } from './clock.ts';
import type { Message } from './message.ts';

/** `AuditNote.result` of a command that the role of its user does not allow. */
export const DENIED = 'denied';

/**
 * One action, or attempt, for the audit log. It must not contain a secret. Shape: each field is one line of text; the store cuts what is
 * too long.
 */
export interface AuditNote {
  /** Login name, or the name of the client's system user; empty for the agent itself. */
  readonly user: string;
  /** Empty if there is no role, as for the platform and the agent itself. */
  readonly role: string;
  /** The socket or connection that the action came from; `self`: the agent itself. */
  readonly door: LoginSocket | 'platform' | 'self';
  /** The command's name, as typed or as the platform sends it. */
  readonly action: string;
  /** Object of the action, as text. */
  readonly detail: string;
  /** `ok`, or the failure. */
  readonly result: string;
  /** It changed nothing, so it does not use the share reserved for actions of admins. Shape: absent unless true. */
  readonly isLook?: true;
}

/**
 * A note as stored. `n` counts from 1. `hash` covers this entry and the hash of the entry before. Shape: `hash` has 64 hexadecimal digits.
 */
export interface AuditEntry extends AuditNote {
  readonly n: number;
  readonly atMs: WallMs;
  readonly hash: string;
}

/**
 * An entry as stored on disk; with the hash of the entry before, its hash can be recomputed from this. Shape: `body` is the note as JSON.
 */
export interface AuditRow extends AuditHead {
  readonly atMs: WallMs;
  readonly body: string;
}

/**
 * The next entries after a requested number, at most 100, in ascending order; empty if there is none. Numbers are missing where entries
 * were deleted. Entries that are only in memory are not included.
 */
export interface AuditRows {
  readonly rows: readonly AuditRow[];
  /** The newest entry of the log; `n` is 0 for an empty log. Null if the file does not contain it. */
  readonly head: AuditHead | null;
}

/** Number and hash of one entry; as a `head`, of the newest. Kept elsewhere, it can show later whether an entry up to it was changed. */
export interface AuditHead {
  readonly n: number;
  readonly hash: string;
}

/** Which stored entries to read: not older than `sinceMs`, and at most `limit` of them. */
export interface AuditQuery {
  readonly sinceMs: WallMs;
  /** Most entries, 2,000 at most; the newest are returned. */
  readonly limit: number;
  /** Verify the whole chain, whatever `sinceMs` and `limit` are. */
  readonly isVerified: boolean;
  /**
   * A head noted earlier and kept elsewhere; null for none. A verification compares it with the entry of this number. If that entry was
   * trimmed and not kept, there is nothing to compare.
   */
  readonly knownHead: AuditHead | null;
}

/** The answer to a query of the audit log. `entries`: oldest first, with those kept from trimmed ranges, so numbers may be missing. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Null if the log is empty, or if the file does not identify its newest entry. */
  readonly head: AuditHead | null;
  /** Null if it was not requested. */
  readonly verdict: AuditVerdict | null;
  /** Later entries that are only in memory because the disk does not accept them; a restart loses them. Absent for none. */
  readonly waiting?: number;
}

/**
 * Result of a verification of the whole log. If `problems` is empty, all entries from `firstN` on are in order and complete, and none was
 * changed alone. A log whose hashes were all computed again differs only from a head kept elsewhere. `entries` counts the verified ones,
 * without `reserved`.
 */
export interface AuditVerdict {
  readonly entries: number;
  /** The first entry that was not trimmed; 0 for an empty log. A later entry must record the trim, or there is a problem. */
  readonly firstN: number;
  /** Entries that were kept although their range was trimmed: changes by admins, and records of missing entries. */
  readonly reserved: number;
  /** The first 20. */
  readonly problems: readonly Message[];
  /** Entries may be missing for a reason that the log itself contains, such as a restored copy. That is not a fault of the chain. */
  readonly remarks: readonly Message[];
}

/** The audit log for the other modules. */
export interface AuditTools {
  /** Returns immediately. Until the disk accepts the note it is only in memory, and a restart loses it. */
  note(note: AuditNote): void;
  /** Resolves with undefined if the disk could not be read. */
  read(query: AuditQuery): Promise<AuditPage | undefined>;
}
