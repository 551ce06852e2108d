/**
 * Recognises files of this program by name and content. A foreign file with the same name is not ours.
 *
 * Reads only the start of each file, and follows no link.
 */
import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseRecord } from '../core/is-record.ts';
import { STATE, TELEMETRY } from '../store/schema.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** Units: bytes. Source: the limit of users file and start ledger. */
const MAX_TEXT_BYTES = 65_536;
/** Source: SQLite file format §1.3: the text is at byte 0, the application id at byte 68. */
const DATABASE = { text: 'SQLite format 3\0', idAt: 68, headerBytes: 100 };
/** Source: SQLite WAL format §4.1; the last bit is the byte order of its checksums. */
const WAL_MAGIC = 0x377f0682;
/** Source: RFC 1952, 2.3.1. */
const GZIP_MAGIC = 0x1f8b;
const CONSOLE = /^(console-lines-|luciole-support-|\.console-key)/;
const JOURNAL = /-(wal|shm|journal)$/;

/** A kind of file, and the check of its content. */
interface OwnKind {
  readonly name: RegExp;
  readonly isOurs: (path: string) => boolean;
}

/** Only this program creates these files. A folder with none of them is not ours. */
const KINDS: readonly OwnKind[] = [
  { name: /^(telemetry|state)\.db.*-(wal|shm|journal)$/, isOurs: isOurJournal },
  { name: /^(telemetry|state)\.db/, isOurs: isOurDatabase },
  { name: /^users\.json/, isOurs: (path) => isJson(path, ({ version, users }) => typeof version === 'number' && Array.isArray(users)) },
  { name: /^starts\.json/, isOurs: (path) => isJson(path, ({ starts, runs }) => typeof starts === 'number' && Array.isArray(runs)) },
  { name: /^console-lines-/, isOurs: (path) => beginningOf(path, 0) !== null },
  { name: /^\.console-key/, isOurs: (path) => /^[\w-]{32,}$/.test(beginningOf(path, MAX_TEXT_BYTES)?.toString('latin1') ?? '') },
  { name: /^luciole-support-.*\.txt\.gz$/, isOurs: (path) => numberAt(beginningOf(path, 2), 0, 2) === GZIP_MAGIC },
];

/**
 * Returns whether a file is of a kind that only this program creates, such as `state.db`: by its name, and usually its content. False also
 * for other files and folders of this program, such as `config`. Errors: throws the system's error (`code` EACCES, ...).
 */
export function isOwnFile(path: string): boolean {
  return KINDS.find(({ name }) => name.test(basename(path)))?.isOurs(path) ?? false;
}

/** Returns whether the name begins as that of a file of typed lines, of a console's key, or of a bundle for support. A console leaves all three. */
export function isConsoleName(name: string): boolean {
  return CONSOLE.test(name);
}

/** Returns whether the name ends as that of a database's journal: `-wal`, `-shm` or `-journal`. */
export function isJournalName(name: string): boolean {
  return JOURNAL.test(name);
}

function isOurDatabase(path: string): boolean {
  const header = beginningOf(path, DATABASE.headerBytes);
  if (header?.subarray(0, DATABASE.text.length).toString('latin1') !== DATABASE.text) return false;
  const id = numberAt(header, DATABASE.idAt, 4);
  return id === STATE.applicationId || id === TELEMETRY.applicationId;
}

function isOurJournal(path: string): boolean {
  if (isOurDatabase(join(dirname(path), basename(path).replace(JOURNAL, '')))) return true;
  const magic = path.endsWith('-wal') ? numberAt(beginningOf(path, 4), 0, 4) : null;
  return magic !== null && (magic & ~1) === WAL_MAGIC;
}

function isJson(path: string, isOurs: (document: Readonly<Record<string, unknown>>) => boolean): boolean {
  const document = parseRecord(beginningOf(path, MAX_TEXT_BYTES)?.toString('utf8') ?? '');
  return document !== undefined && isOurs(document);
}

/** Returns the first bytes; null if it is not a regular file. */
function beginningOf(path: string, maxBytes: number): Buffer | null {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(maxBytes);
    return bytes.subarray(0, maxBytes === 0 ? 0 : readSync(file, bytes, 0, maxBytes, 0));
  } finally {
    closeSync(file);
  }
}

/** Returns null if the bytes are too short. */
function numberAt(bytes: Buffer | null, at: number, length: number): number | null {
  return bytes === null || bytes.length < at + length ? null : bytes.readUIntBE(at, length);
}
