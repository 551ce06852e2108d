/**
 * What is known of the nameplate of a unit, and what is still to be read: serial number, firmware and other texts that its registers contain.
 *
 * Pure state. It is read once when the unit answers for the first time or again, because the unit may have been replaced.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { NameplateEntry, NameplateId } from '../../core/profile.ts';

export interface Nameplate {
  readonly texts: Map<NameplateId, string>;
  /** Entries still to be read; another list after each restart. */
  pending: readonly NameplateEntry[];
  /** Lost reads of the first pending entry. */
  losses: number;
  /** No read before this time. */
  dueMono: MonoMs;
}

export function createNameplate(): Nameplate {
  return { texts: new Map(), pending: [], losses: 0, dueMono: 0 };
}

/** Has all entries read again; the known texts remain until then. */
export function restartNameplate(nameplate: Nameplate, entries: readonly NameplateEntry[]): void {
  nameplate.pending = [...entries];
  nameplate.losses = 0;
  nameplate.dueMono = 0;
}

/** Ends the first pending entry with its text; null for one that the unit does not have. */
export function nameplateDone(nameplate: Nameplate, text: string | null): void {
  const [entry, ...others] = nameplate.pending;
  if (entry === undefined) return;
  if (text === null) nameplate.texts.delete(entry.id);
  else nameplate.texts.set(entry.id, text);
  nameplate.pending = others;
  nameplate.losses = 0;
}

/** Returns when the next entry may be read; infinite when all are read. */
export function nameplateMono({ pending, dueMono }: Nameplate): MonoMs {
  return pending.length === 0 ? Number.POSITIVE_INFINITY : dueMono;
}
