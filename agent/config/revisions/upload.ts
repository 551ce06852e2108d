/**
 * Assembles files that arrive in parts, and verifies their hash. It keeps a few files of bounded size at most, for the platform and for the console.
 * Does not access the disk.
 */

import { createHash } from 'node:crypto';
import type { Clock, MonoMs } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { type FilePart, SIGNATURE_FILE } from '../../core/revisions.ts';

/**
 * The state of an upload after a part. `more`: parts are missing, `have` of `of` have arrived. `whole`: the complete text. `refused`: the
 * part or the file is not accepted. `dropped`: the incomplete upload of the same file that this part replaced; null if there was none.
 */
export type UploadState =
  | { readonly kind: 'more'; readonly have: number; readonly of: number; readonly dropped: PartCount | null }
  | { readonly kind: 'whole'; readonly text: string; readonly dropped: PartCount | null }
  | { readonly kind: 'refused'; readonly reason: Message };

/**
 * Limits of uploads. `partBytes`, `cabinetBytes`, `profileBytes`: largest sizes, `profileBytes` of any file but `cabinet.yaml`. `parts`:
 * most parts of a file. `files`: most unfinished files of the platform, and as many of all consoles together; one more, even of a single
 * part, displaces the one begun first. `idleMs`: an unfinished file that receives no part for longer is discarded. Units: bytes, files, ms.
 *
 * Source: assumed; 988 devices with lamp and pole are 250 KB, the largest shipped profile 13 KB. Confirmed by: upload sizes and times over
 * the mobile link of a cabinet.
 */
export const UPLOAD_LIMIT = { partBytes: 32_768, parts: 64, cabinetBytes: 524_288, profileBytes: 131_072, files: 4, idleMs: 900_000 };

interface PartCount {
  readonly have: number;
  readonly of: number;
}

interface Upload {
  readonly parts: number;
  readonly sha256: string;
  readonly pieces: Map<number, Buffer>;
  touchedMono: MonoMs;
}

/**
 * Returns why a candidate cannot contain a file of this name. Empty if it can: for `cabinet.yaml`, `revision.sig`, and in small letters
 * `profiles/<name>.yaml`.
 */
export function fileRefusal(file: string): Message {
  if (file === 'cabinet.yaml' || file === SIGNATURE_FILE || /^profiles\/[a-z0-9][a-z0-9._-]{0,63}\.yaml$/.test(file)) return NO_TEXT;
  return msg`a file is "cabinet.yaml", "profiles/<name>.yaml" with small letters, digits, ".", "_" and "-", "revision.sig", or "users.list" where trust.userKeys is set`;
}

/** Adds a part of this author; a complete file is verified and returned. */
interface Uploads {
  take(part: FilePart, author: string): UploadState;
}

/**
 * Creates the uploads of a run, empty. Until a file is complete, its parts may arrive in any order, and again with the same bytes.
 * `author`: as `candidateAuthor` returns it.
 */
export function createUploads(clock: Pick<Clock, 'monoMs'>): Uploads {
  const [platform, console] = [createUploadsOfSide(clock), createUploadsOfSide(clock)];
  return { take: (part, author) => (author === 'platform' ? platform : console).take(part, author) };
}

function createUploadsOfSide(clock: Pick<Clock, 'monoMs'>): Uploads {
  /** By author and file. */
  const open = new Map<string, Upload>();

  function forgetOld(): void {
    for (const [key, { touchedMono }] of open) if (clock.monoMs() - touchedMono > UPLOAD_LIMIT.idleMs) open.delete(key);
  }

  /** The upload of the part; another hash or count restarts the file. */
  function uploadOf(key: string, { parts, sha256 }: FilePart): { readonly upload: Upload; readonly dropped: PartCount | null } {
    const known = open.get(key);
    if (known?.sha256 === sha256 && known.parts === parts) return { upload: known, dropped: null };
    const begun: Upload = { parts, sha256, pieces: new Map(), touchedMono: clock.monoMs() };
    open.delete(key);
    open.set(key, begun);
    const [oldest] = open.keys();
    if (open.size > UPLOAD_LIMIT.files && oldest !== undefined) open.delete(oldest);
    return { upload: begun, dropped: known === undefined ? null : { have: known.pieces.size, of: known.parts } };
  }

  function refuse(key: string, file: string, reason: Message): UploadState {
    open.delete(key);
    return { kind: 'refused', reason: msg`${reason}; send ${file} again from its first part` };
  }

  return {
    take(part, author) {
      const flaw = flawOf(part);
      if (flaw !== NO_TEXT) return { kind: 'refused', reason: flaw };
      const { file, data } = part;
      const key = `${author} ${file}`;
      forgetOld();
      const { upload, dropped } = uploadOf(key, part);
      upload.touchedMono = clock.monoMs();
      const before = upload.pieces.get(part.part);
      if (before !== undefined && !before.equals(data)) return refuse(key, file, msg`part ${part.part} came twice with different bytes`);
      upload.pieces.set(part.part, Buffer.from(data));
      const bytes = [...upload.pieces.values()].reduce((sum, piece) => sum + piece.length, 0);
      const most = file === 'cabinet.yaml' ? UPLOAD_LIMIT.cabinetBytes : UPLOAD_LIMIT.profileBytes;
      if (bytes > most) return refuse(key, file, msg`more than ${most} bytes`);
      if (upload.pieces.size < upload.parts) return { kind: 'more', have: upload.pieces.size, of: upload.parts, dropped };
      const whole = Buffer.concat(Array.from({ length: upload.parts }, (_, i) => upload.pieces.get(i + 1) ?? Buffer.alloc(0)));
      const found = createHash('sha256').update(whole).digest('hex');
      if (found !== part.sha256) return refuse(key, file, msg`its SHA-256 is ${found}, not the one that was sent with it`);
      open.delete(key);
      const text = asText(whole);
      return text === null ? { kind: 'refused', reason: msg`${file} is not UTF-8 text` } : { kind: 'whole', text, dropped };
    },
  };
}

function flawOf({ file, part, parts, sha256, data }: FilePart): Message {
  const name = fileRefusal(file);
  if (name !== NO_TEXT) return name;
  if (!Number.isInteger(parts) || parts < 1 || parts > UPLOAD_LIMIT.parts) return msg`a file has 1 to ${UPLOAD_LIMIT.parts} parts`;
  if (!Number.isInteger(part) || part < 1 || part > parts) return msg`part ${part} of ${parts} is impossible: parts count from 1`;
  if (!/^[0-9a-f]{64}$/.test(sha256)) return msg`the SHA-256 of the whole file is 64 hex digits in small letters`;
  if (data.length > UPLOAD_LIMIT.partBytes) return msg`a part of ${data.length} bytes, at most ${UPLOAD_LIMIT.partBytes}`;
  return data.length === 0 && parts > 1 ? msg`part ${part} is empty` : NO_TEXT;
}

function asText(bytes: Buffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    // Bytes that are not UTF-8.
    return null;
  }
}
