/**
 * What storage cards, power cuts and people do to a database file.
 *
 * Owns the ways of damage and what each must be answered with. Source: reliability study, table of damages and what SQLite notices of each.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import Database from 'better-sqlite3';

export interface Damage {
  readonly name: string;
  readonly apply: (path: string) => void;
  /**
   * `replaced`: the file is set aside, an event reports it, and its backup takes its place; an empty file if there is no sound backup.
   * `reported`: an event reports the damage when the value is read, at the latest at a check. `mended`: no committed data is damaged.
   */
  readonly answer: 'replaced' | 'reported' | 'mended';
  /** The only file for which this damage makes sense. Default: each file. */
  readonly only?: 'state.db';
}

/** For each file: the table with most rows, and a value that only a checksum protects. */
const TABLES: Readonly<Record<string, { readonly leaf: string; readonly value: string }>> = {
  'telemetry.db': { leaf: 'frame', value: 'SELECT p FROM frame WHERE length(p) BETWEEN 40 AND 1000 ORDER BY seq LIMIT 1 OFFSET 20' },
  'state.db': { leaf: 'event', value: 'SELECT text FROM event WHERE length(text) > 20 ORDER BY n LIMIT 1 OFFSET 2' },
};
const BEGINNING_BYTES = 8_192;

/** The damages that each file is tested with. */
export const DAMAGES: readonly Damage[] = [
  { name: 'page-zeroed', answer: 'replaced', apply: zeroLeaf },
  { name: 'bytes-flipped', answer: 'reported', apply: flipBytes },
  { name: 'header-destroyed', answer: 'replaced', apply: (path) => change(path, (bytes) => bytes.fill(0xa5, 0, 100)) },
  { name: 'beginning-zeroed', answer: 'replaced', apply: (path) => change(path, (bytes) => bytes.fill(0, 0, BEGINNING_BYTES)) },
  { name: 'cut-in-half', answer: 'replaced', apply: (path) => change(path, (bytes) => bytes.subarray(0, bytes.length / 2)) },
  { name: 'emptied', answer: 'replaced', apply: empty },
  { name: 'emptied-with-its-copies', only: 'state.db', answer: 'replaced', apply: (path) => [path, ...copiesOf(path)].forEach(empty) },
  { name: 'foreign', answer: 'replaced', apply: putForeign },
  { name: 'future-version', answer: 'replaced', apply: makeNewer },
  { name: 'journal-garbled', answer: 'mended', apply: (path) => appendFileSync(`${path}-wal`, Buffer.alloc(20_000, 0x5a)) },
];

/** Moves the journal into the file, so that the journal hides no damage, then applies the damage. */
export function inflict({ apply }: Damage, path: string): void {
  inside(path, (db) => void db.pragma('wal_checkpoint(TRUNCATE)'));
  apply(path);
}

function empty(path: string): void {
  truncateSync(path, 0);
}

/** Returns the existing backups of the file. */
export function copiesOf(path: string): readonly string[] {
  return [`${path}.bak`, `${path}.bak.1`].filter((copy) => existsSync(copy));
}

function zeroLeaf(path: string): void {
  const { leaf } = tablesOf(path);
  const { page, size } = inside(path, (db) => {
    const leaves = db.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno").pluck().all(leaf);
    return { page: Number(leaves[Math.floor(leaves.length / 2)]), size: Number(db.pragma('page_size', { simple: true })) };
  });
  change(path, (bytes) => bytes.fill(0, (page - 1) * size, page * size));
}

/** Changes every copy of the value: a page that was split keeps an unused copy of what moved to the other half. */
function flipBytes(path: string): void {
  const found = inside(path, (db) => db.prepare(tablesOf(path).value).pluck().get());
  const value = Buffer.from(found as string | Buffer);
  change(path, (bytes) => {
    const places: number[] = [];
    for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1)) places.push(at);
    if (places.length === 0) throw new Error(`${path}: the value to flip lies on two pages`);
    for (const place of places) for (let i = place + 8; i < place + 16; i++) bytes[i] = (bytes[i] ?? 0) ^ 0x15;
    return bytes;
  });
}

function makeNewer(path: string): void {
  inside(path, (db) => {
    db.pragma('user_version = 9999');
    db.exec("INSERT INTO meta(key, value) VALUES('readable_since', 9998) ON CONFLICT(key) DO UPDATE SET value = excluded.value");
  });
}

function putForeign(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  inside(path, (db) => void db.exec("CREATE TABLE notes(text TEXT); INSERT INTO notes VALUES('somebody else lives here')"));
}

function tablesOf(path: string): { readonly leaf: string; readonly value: string } {
  const tables = TABLES[basename(path)];
  if (tables === undefined) throw new Error(`no tables are known of ${path}`);
  return tables;
}

function inside<T>(path: string, act: (db: InstanceType<typeof Database>) => T): T {
  const db = new Database(path);
  try {
    return act(db);
  } finally {
    db.close();
  }
}

/** Shape: `act` returns the bytes that stay. */
function change(path: string, act: (bytes: Buffer) => Buffer): void {
  if (existsSync(`${path}-wal`)) throw new Error(`${path} still has a journal`);
  writeFileSync(path, act(readFileSync(path)));
}
