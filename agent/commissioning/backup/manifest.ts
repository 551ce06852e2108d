/** The manifest of a backup, and the check of the files against it. Pure. */

import { createHash } from 'node:crypto';
import { ConsoleError } from '../../console/console-error.ts';
import type { WallMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import { type Message, msg } from '../../core/message.ts';
import { type ArchiveFile, packArchive, unpackArchive } from './archive.ts';

/**
 * Name, size and hash of one file in a backup. `name`: its path in the archive. Units: bytes. Shape: `sha256` of the content as 64 hex
 * digits.
 */
export interface ManifestFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Shape: the JSON of `manifest.json`, the first file of a backup. Except `keys.sealed`, each name in `files` starts with `data/` (the store
 * folder) or `site/` (the folder of the cabinet file).
 */
export interface BackupManifest {
  readonly format: 'luciole-backup';
  /** Version of the format. */
  readonly version: number;
  /** Version of the program that made it. */
  readonly luciole: string;
  /** Id of the cabinet; empty if its cabinet file could not be used. */
  readonly cabinet: string;
  readonly madeMs: WallMs;
  /**
   * State of the stored readings at that time; null if their file was missing or could not be read. A backup does not contain readings.
   * `lastSeq`: highest number of a frame so far. `undelivered`: number of readings not recorded as delivered.
   */
  readonly readings: { readonly epoch: string; readonly lastSeq: number; readonly undelivered: number } | null;
  /** All files except the manifest; the encrypted ones only as `keys.sealed`. */
  readonly files: readonly ManifestFile[];
  /** Names of the files in `keys.sealed`, which is encrypted with a passphrase; empty for none. */
  readonly sealed: readonly string[];
  /**
   * Known files that the backup lacks: secret ones if they were not requested, as names in a backup, and `elsewhere` of `BackupPlaces`. Not
   * a complete list of what it lacks.
   */
  readonly leftOut: readonly string[];
}

/** A backup whose files match its manifest by name and hash. `files` has the content of each file except the manifest itself. */
export interface Backup {
  readonly manifest: BackupManifest;
  /** By name. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const FORMAT = 'luciole-backup';
/** Increase when an older program could not restore the backup correctly. */
const VERSION = 1;
const MANIFEST = 'manifest.json';
/** Name of the file in a backup that contains all encrypted ones. */
export const SEALED = 'keys.sealed';

/** Returns the bytes of a backup with these files, and its manifest, which is its first file. Errors: throws ConsoleError for an unsafe name. */
export function packBackup(
  about: Omit<BackupManifest, 'format' | 'version' | 'files'>,
  files: readonly ArchiveFile[],
): { readonly manifest: BackupManifest; readonly bytes: Buffer } {
  const listed = files.map(({ name, content }) => ({ name, bytes: content.length, sha256: sha256(content) }));
  const manifest: BackupManifest = { format: FORMAT, version: VERSION, ...about, files: listed };
  const first = { name: MANIFEST, content: Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`) };
  return { manifest, bytes: packArchive([first, ...files]) };
}

/**
 * Returns the manifest and the files of a backup, checked against the manifest by name and hash. Encrypted files stay encrypted. Errors:
 * throws ConsoleError 'failed', for example if a file is missing or changed.
 */
export function readBackup(bytes: Uint8Array): Backup {
  const [first, ...rest] = unpackArchive(bytes);
  const manifest = first?.name === MANIFEST ? parsed(first.content) : undefined;
  if (!isRecord(manifest) || manifest['format'] !== FORMAT) throw refused(msg`it is not a backup of luciole`);
  const version = manifest['version'];
  if (version !== VERSION)
    throw refused(
      msg`its format has version ${String(version)}, this program supports ${VERSION}: restore it with the release that made it, or a later one`,
    );
  if (!isManifest(manifest)) throw refused(msg`its list of files is damaged`);
  const files = new Map(rest.map(({ name, content }) => [name, content]));
  for (const { name, sha256: sum } of manifest.files) {
    const content = files.get(name);
    if (content === undefined) throw refused(msg`${name} is missing`);
    if (sha256(content) !== sum) throw refused(msg`${name} was changed: its checksum is wrong`);
  }
  const extra = [...files.keys()].find((name) => !manifest.files.some((file) => file.name === name));
  if (extra !== undefined || files.size !== rest.length)
    throw refused(extra === undefined ? msg`a file is in it twice` : msg`${extra} is in it and not in its list`);
  return { manifest, files };
}

/**
 * Returns the `purpose` for `sealFiles` and `openSealed`. It contains the cabinet's id, so files that were sealed for another cabinet do
 * not open.
 */
export function purposeOf({ cabinet }: Pick<BackupManifest, 'cabinet'>): string {
  return `${FORMAT}/${VERSION}/${cabinet}`;
}

/** Returns the SHA-256 hash of the bytes. Shape: 64 hex digits in small letters. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined; // No manifest; the caller reports it.
  }
}

function isManifest(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, unknown>> & BackupManifest {
  const { luciole, cabinet, madeMs, readings, files, sealed, leftOut } = value;
  const isTexts = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === 'string');
  return (
    typeof luciole === 'string' &&
    typeof cabinet === 'string' &&
    Number.isFinite(madeMs) &&
    (readings === null || (isRecord(readings) && typeof readings['epoch'] === 'string' && Number.isFinite(readings['undelivered']))) &&
    Array.isArray(files) &&
    files.every((file) => isRecord(file) && typeof file['name'] === 'string' && typeof file['sha256'] === 'string') &&
    isTexts(sealed) &&
    isTexts(leftOut)
  );
}

function refused(why: Message): ConsoleError {
  return new ConsoleError('failed', msg`this backup cannot be restored: ${why}`);
}
