/**
 * What is known of the nameplate of a unit, and what is still to be read: serial number, firmware and other texts that its registers contain.
 *
 * Pure state. It is read once when the unit answers for the first time or again, because the unit may have been replaced.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { NameplateEntry, NameplateId } from '../../core/profile.ts';

/** What is known of the nameplate of one unit, and the entries still to be read. It is changed in place. */
export interface Nameplate {
  readonly texts: Map<NameplateId, string>;
  /** Entries still to be read; another list after each restart. */
  pending: readonly NameplateEntry[];
  /** Lost reads of the first pending entry. */
  losses: number;
  /** No read before this time. */
  dueMono: MonoMs;
}

/** Returns a nameplate without texts and with no entry to be read; `restartNameplate` adds the entries. */
export function createNameplate(): Nameplate {
  return { texts: new Map(), pending: [], losses: 0, dueMono: 0 };
}

/** Replaces the pending entries by `entries`, which may be read from now on. Stored texts are not changed. */
export function restartNameplate(nameplate: Nameplate, entries: readonly NameplateEntry[]): void {
  nameplate.pending = [...entries];
  nameplate.losses = 0;
  nameplate.dueMono = 0;
}

/**
 * Removes the first pending entry and stores its text; null deletes the stored text of this entry. Does nothing when no entry is pending.
 */
export function nameplateDone(nameplate: Nameplate, text: string | null): void {
  const [entry, ...others] = nameplate.pending;
  if (entry === undefined) return;
  if (text === null) nameplate.texts.delete(entry.id);
  else nameplate.texts.set(entry.id, text);
  nameplate.pending = others;
  nameplate.losses = 0;
}

/** Returns the monotonic time from which the first pending entry may be read; infinite when none is pending. */
export function nameplateMono({ pending, dueMono }: Nameplate): MonoMs {
  return pending.length === 0 ? Number.POSITIVE_INFINITY : dueMono;
}
