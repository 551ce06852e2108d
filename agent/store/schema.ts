/**
 * The tables of the two files of the store, their file marks and the settings of every opening.
 *
 * Formats may only grow: a change adds a column or table and a higher version, so that the previous release still reads the file.
 */

/** The description of one database file: its name, id, versions, tables and migrations. */
export interface Schema {
  readonly fileName: string;
  /** Distinguishes our file from other SQLite files. Source: SQLite file format, application id at byte 68. */
  readonly applicationId: number;
  /** The version of a file after all migrations; kept in its `user_version`. */
  readonly version: number;
  /**
   * A program whose `version` is lower than this may not use a file that this program writes; kept in the file. Raised only when rows change their meaning.
   */
  readonly readableSince: number;
  /** All tables, whichever migration creates them. */
  readonly tables: readonly string[];
  /** Version 1. A new file gets this and all migrations after it. */
  readonly ddl: string;
  /** In ascending order, without gaps. */
  readonly migrations: readonly Migration[];
}

/** The SQL (`ddl`, one or more statements) that brings a file to version `to` from the one before. */
export interface Migration {
  readonly to: number;
  readonly ddl: string;
}

const META = 'CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;';

/** The description of `telemetry.db`: readings, recorded losses and the record of decisions. */
export const TELEMETRY: Schema = {
  // `AUTOINCREMENT` ensures that seq, series, boot and gap ids are never reused, even if a table becomes empty.
  // No secondary index on frames: it would rewrite pages at every commit. Source: reliability measurement, 13 to 96 times more flash wear.
  // A row of `frame` contains `k` consecutive frames of one commit and has the seq of the last one; rows of `segment` contain older, compacted frames.
  // `n` is the number of readings in the row, `total` the number of readings committed up to and including it.
  // A row of `gap` with `first_seq` describes committed frames; `from_seq` and `to_seq` are the numbers of frames lost in memory.
  // `estimate` is 1 if `n` is not counted: 0 readings then means an unknown number.
  // A row with `merged_from` replaces all gaps from that id to its own.
  // Rows of `record` contain the record of decisions: a segment in parts, one packed row once it has ended. `record_basis` has the street of segments.
  // If the newest row of `frame` is damaged or removed, it stays with an empty `p`: later rows continue its numbers.
  fileName: 'telemetry.db',
  applicationId: 0x4c756354,
  version: 6,
  readableSince: 2,
  tables: ['meta', 'boot', 'series', 'frame', 'gap', 'segment', 'record', 'record_basis'],
  ddl: `${META}
CREATE TABLE boot(id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE series(id INTEGER PRIMARY KEY AUTOINCREMENT, point TEXT NOT NULL, decimals INTEGER NOT NULL, UNIQUE(point, decimals)) STRICT;
CREATE TABLE frame(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, boot INTEGER NOT NULL, ticket INTEGER NOT NULL, mono_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
  tq INTEGER NOT NULL, n INTEGER NOT NULL, total INTEGER NOT NULL, crc INTEGER NOT NULL, p BLOB NOT NULL) STRICT;
CREATE TABLE gap(
  id INTEGER PRIMARY KEY AUTOINCREMENT, first_seq INTEGER, last_seq INTEGER, n INTEGER NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL,
  boot INTEGER, mark INTEGER, UNIQUE(boot, mark)) STRICT;`,
  migrations: [
    {
      to: 2,
      ddl: `
CREATE TABLE segment(
  seq INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, t0_ms INTEGER NOT NULL, t1_ms INTEGER NOT NULL, n INTEGER NOT NULL,
  total INTEGER NOT NULL, thin INTEGER NOT NULL, crc INTEGER NOT NULL, p BLOB NOT NULL, frames INTEGER NOT NULL) STRICT;
ALTER TABLE frame ADD COLUMN k INTEGER NOT NULL DEFAULT 1;
ALTER TABLE boot ADD COLUMN true_ms INTEGER;
ALTER TABLE boot ADD COLUMN machine TEXT;
ALTER TABLE boot ADD COLUMN start_mono INTEGER;`,
    },
    {
      to: 3,
      ddl: `
ALTER TABLE gap ADD COLUMN from_seq INTEGER;
ALTER TABLE gap ADD COLUMN to_seq INTEGER;`,
    },
    {
      to: 4,
      ddl: `
ALTER TABLE boot ADD COLUMN true_tq INTEGER;
ALTER TABLE gap ADD COLUMN merged_from INTEGER;`,
    },
    { to: 5, ddl: 'ALTER TABLE gap ADD COLUMN estimate INTEGER;' },
    {
      to: 6,
      ddl: `
CREATE TABLE record_basis(id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT;
CREATE TABLE record(
  id INTEGER PRIMARY KEY AUTOINCREMENT, boot INTEGER NOT NULL, segment INTEGER NOT NULL, part INTEGER NOT NULL, basis INTEGER NOT NULL,
  from_us INTEGER NOT NULL, to_us INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, tq INTEGER NOT NULL,
  packed INTEGER NOT NULL, is_end INTEGER NOT NULL, lost INTEGER NOT NULL, crc INTEGER NOT NULL,
  ticks BLOB NOT NULL, levels BLOB NOT NULL, inputs BLOB) STRICT;`,
    },
  ],
};

/** The description of `state.db`: facts by key, events, outcomes of commands and the audit log. */
export const STATE: Schema = {
  // `crc` covers the other columns of its row except `n`, `template` and `details`, because SQLite does not detect flipped bytes within a value. It is
  // null in rows of version 1: of these only JSON is checked.
  // Rows of `audit` have no `crc`: their chain of hashes proves more. Rows of `audit_reserved` are trimmed rows of `audit`, and an entry of the chain has
  // their digest. `template` of an event is the JSON of its message template. It is not covered, so that the previous release, which has no such column,
  // accepts the rows; it counts only if it produces the same text. `details` of an event is JSON with a checksum of its own, `details_crc`.
  // Every file from version 4 on has an `audit_head` in `meta`, even for an empty log.
  fileName: 'state.db',
  applicationId: 0x4c756353,
  version: 6,
  readableSince: 2,
  tables: ['meta', 'kv', 'event', 'outcome', 'audit', 'audit_reserved'],
  ddl: `${META}
CREATE TABLE kv(key TEXT PRIMARY KEY, value TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE event(
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL, source TEXT NOT NULL, severity TEXT NOT NULL,
  text TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER) STRICT;
CREATE TABLE outcome(
  n INTEGER PRIMARY KEY AUTOINCREMENT, command_id TEXT NOT NULL, state TEXT NOT NULL, at_ms INTEGER NOT NULL, detail TEXT NOT NULL,
  UNIQUE(command_id, state)) STRICT;`,
  migrations: [
    {
      to: 2,
      ddl: `
ALTER TABLE kv ADD COLUMN crc INTEGER;
ALTER TABLE event ADD COLUMN crc INTEGER;
ALTER TABLE outcome ADD COLUMN crc INTEGER;`,
    },
    {
      to: 3,
      ddl: 'CREATE TABLE audit(n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;',
    },
    {
      to: 4,
      ddl: `
CREATE TABLE audit_reserved(n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
INSERT OR IGNORE INTO meta(key, value) VALUES('audit_head', '0 ${'0'.repeat(64)}');`,
    },
    { to: 5, ddl: 'ALTER TABLE event ADD COLUMN template TEXT;' },
    {
      to: 6,
      ddl: `
ALTER TABLE event ADD COLUMN details TEXT;
ALTER TABLE event ADD COLUMN details_crc INTEGER;`,
    },
  ],
};

/**
 * The page size of a new file; an existing file keeps its own. Units: bytes.
 *
 * Source: measured with `bench -- store device`: a commit changes three pages. The file system's own journal writes as much again
 * whatever their size. So pages of half a block write a third less. Smaller pages lose this gain on rows that do not fit.
 */
export const PAGE_BYTES = 2048;

/** SQLite settings that a file keeps. They must run before the first table is created. */
export const CREATE_PRAGMAS: readonly string[] = [`page_size = ${PAGE_BYTES}`, 'auto_vacuum = INCREMENTAL'];

/**
 * The first commit after a checkpoint cuts the journal (the file `-wal`) to this length; before that it may be longer. Units: bytes.
 * Source: reliability measurement.
 */
export const JOURNAL_BYTES = 2 * 2 ** 20;

/**
 * SQLite settings that `applySettings` gives a connection, such as those of the agent to the files of the store. Other connections, for
 * example read-only ones, have the defaults.
 *
 * Source: better-sqlite3 is compiled to use `synchronous = NORMAL` in WAL mode, which lost up to 30 s of committed readings at a power cut;
 * FULL lost none (reliability measurement). A cache of 2 MB fills over the weeks in which the file grows and is no faster than a cache of
 * half a megabyte (`bench -- store`); the system caches the file's pages anyway.
 */
export const OPEN_PRAGMAS: readonly string[] = [
  'journal_mode = WAL',
  'synchronous = FULL',
  `journal_size_limit = ${JOURNAL_BYTES}`,
  'cache_size = -500',
  'mmap_size = 0',
  'temp_store = MEMORY',
  'foreign_keys = ON',
  'trusted_schema = OFF',
  'cell_size_check = ON',
];
