/** Applies the numbered files of `migrations/`, each once, all in one transaction. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { PlatformFailure } from '../core/errors.ts';
import type { Database, RunQuery } from './postgres.ts';

/**
 * Whether the table of readings is created as a hypertable of TimescaleDB; no effect on a table that exists. `auto`: if the server has
 * loaded TimescaleDB.
 */
export type Hypertable = 'auto' | 'on' | 'off';

const FOLDER = new URL('../migrations/', import.meta.url);

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
}

/**
 * Brings the schema up to date. Returns the names of the files that were applied; none if it was up to date.
 *
 * A second one at the same time waits for the first. Errors: as `query`; also rejects with PlatformFailure `schema-newer` if the database
 * has files that this program does not have, `schema-changed` if a file was changed after it was applied.
 */
export function migrateDatabase(database: Database, hypertable: Hypertable = 'auto'): Promise<readonly string[]> {
  return database.transaction(async (query) => {
    await query(`select pg_advisory_xact_lock(hashtext('luciole migration'))`);
    await query(
      'create table if not exists migration (version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())',
    );
    const applied = await query<{ version: number; sha256: string }>('select version, sha256 from migration');
    const known = readMigrations();
    checkApplied(applied, known);
    const due = known.filter(({ version }) => !applied.some((one) => one.version === version));
    const isHypertable = hypertable === 'on' || (hypertable === 'auto' && (await hasTimescale(query)));
    await query(`select set_config('luciole.hypertable', $1, true)`, [isHypertable ? 'on' : 'off']);
    for (const { version, name, text, sha256 } of due) {
      await query(text);
      await query('insert into migration (version, name, sha256) values ($1, $2, $3)', [version, name, sha256]);
    }
    return due.map(({ name }) => name);
  });
}

/**
 * Checks by the list of applied files that the tables are those of this program. Errors: as `query`; also rejects with PlatformFailure
 * `schema-missing` if `migrate` has not applied all files, and `schema-newer` or `schema-changed` as `migrateDatabase`.
 */
export async function checkTables(query: RunQuery): Promise<void> {
  const [found] = await query<{ is_there: boolean }>(`select to_regclass('migration') is not null as is_there`);
  const applied = found?.is_there === true ? await query<{ version: number; sha256: string }>('select version, sha256 from migration') : [];
  const known = readMigrations();
  checkApplied(applied, known);
  if (applied.length < known.length)
    throw new PlatformFailure('schema-missing', 'the database does not have the tables of this program: npm run platform -- migrate');
}

function readMigrations(): Migration[] {
  return readdirSync(FOLDER)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(name, FOLDER), 'utf8');
      return { version: Number(name.slice(0, 4)), name, text, sha256: createHash('sha256').update(text).digest('hex') };
    });
}

function checkApplied(applied: readonly { version: number; sha256: string }[], known: readonly Migration[]): void {
  for (const { version, sha256 } of applied) {
    const file = known.find((one) => one.version === version);
    if (file === undefined)
      throw new PlatformFailure(
        'schema-newer',
        `the database has migration ${version}, which this program does not have: update the program`,
      );
    if (file.sha256 !== sha256)
      throw new PlatformFailure('schema-changed', `${file.name} was changed after it was applied: write a new file instead`);
  }
}

/** `shared_preload_libraries` itself may be read by superusers only; the settings of a loaded library by all. */
async function hasTimescale(query: RunQuery): Promise<boolean> {
  const [found] = await query<{ is_loaded: boolean }>(
    `select exists (select from pg_available_extensions where name = 'timescaledb')
       and exists (select from pg_settings where name like 'timescaledb.%') as is_loaded`,
  );
  return found?.is_loaded === true;
}
