/**
 * `luciole config import` and `luciole inventory import`: import a table into a cabinet file. They show the change, and write it only if
 * requested.
 */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { importInventory, importTable, importTarget, type ReportedChange, rowOf } from '../config/import/import.ts';
import { decodeTable, type ImportFlaw } from '../config/import/table-format.ts';
import { checkConfig } from '../config/load/load-site.ts';
import { ConsoleError } from '../console/console-error.ts';
import type { LocalArgs, Terminal } from '../console/terminal/terminal.ts';
import { translated } from '../console/text/page.ts';
import { paragraph, problemLines } from '../console/text/text-lines.ts';
import { count } from '../core/counts.ts';
import type { Problem } from '../core/errors.ts';
import { type Message, msg, type Said } from '../core/message.ts';
import { withTexts } from '../core/message-wire.ts';
import { readRegularFile } from '../core/regular-file.ts';
import { replaceFile } from '../core/replace-file.ts';

/** The output of `--json`. */
interface ImportReport {
  readonly table: string;
  readonly into: string;
  readonly rows: number;
  /** Number of rows of other cabinets, which are skipped. */
  readonly otherRows: number;
  readonly changes: readonly ReportedChange[];
  /** Flaws of the table, with their line numbers. */
  readonly flaws: readonly ImportFlaw[];
  /** Problems of the cabinet file after the import. */
  readonly problems: readonly (Problem & { readonly row?: number | undefined })[];
  readonly ignoredColumns: readonly string[];
  readonly written: boolean;
  readonly backup: string | null;
}

const EXIT_BAD_CONFIG = 78;
/** Bytes of the megabyte in messages. */
const MEGABYTE = 1_048_576;
/** Largest cabinet or table of poles. Units: bytes. Source: assumed; a thousand lamps are 60 KB. Confirmed by: the largest pole table of a customer. */
const MAX_FILE_BYTES = 4 * MEGABYTE;
/** Largest inventory. Units: bytes. Source: assumed; 45,000 light points with all columns are 6 MB, twice that in UTF-16. Confirmed by: the inventory of a city. */
const MAX_INVENTORY_BYTES = 32 * MEGABYTE;
/** Most flaws that are printed; `--json` has all. Source: assumed; two screens. Confirmed by: what people do after a long list. */
const SHOWN_FLAWS = 50;

/** What is imported, and how large its table may be. */
interface ImportKind {
  readonly apply: typeof importTable;
  readonly maxBytes: number;
}

const POLES: ImportKind = { apply: importTable, maxBytes: MAX_FILE_BYTES };
const INVENTORY: ImportKind = { apply: importInventory, maxBytes: MAX_INVENTORY_BYTES };

/**
 * Imports a pole table into a cabinet file and prints a report. Writes the file only with `--write`, without mistakes and if something
 * changes; then keeps the former one as FILE.bak. Resolves with the exit code: 0, or 78 if the report contains any mistake.
 *
 * Errors: rejects, for example with ConsoleError if a file cannot be read or written.
 */
export function runImport(args: LocalArgs, configFile: string, terminal: Terminal): Promise<number> {
  return importInto(args, configFile, terminal, POLES);
}

/**
 * Imports an inventory of luminaires into a cabinet file and prints a report. Rows of other cabinets are skipped. Writes the file, resolves
 * with the exit code, and rejects, as `runImport`.
 */
export function runInventoryImport(args: LocalArgs, configFile: string, terminal: Terminal): Promise<number> {
  return importInto(args, configFile, terminal, INVENTORY);
}

async function importInto(args: LocalArgs, configFile: string, terminal: Terminal, { apply, maxBytes }: ImportKind): Promise<number> {
  const [table, into] = [String(args['table'] ?? ''), resolve(configFile)];
  const cabinet = read(into, msg`the cabinet to import into; name it with --into`, MAX_FILE_BYTES).toString('utf8');
  if (importTarget(cabinet) === undefined) throw new ConsoleError('failed', msg`${into} cannot be used as it is: luciole check ${into}`);
  const result = apply(decodeTable(read(table, msg`the table`, maxBytes)), cabinet);
  const problems = (await problemsOf(into, cabinet, result.text)).map((problem) => ({
    ...problem,
    row: rowOf(problem.path, result.text, result.changes),
  }));
  const isSound = result.flaws.length === 0 && problems.length === 0;
  const written = isSound && args['write'] === true && result.changes.length > 0;
  const backup = written ? `${into}.bak` : null;
  if (written) write(into, result.text);
  const { rows, otherRows, changes, flaws, ignored } = result;
  const report: ImportReport = { table, into, rows, otherRows, changes, flaws, problems, ignoredColumns: ignored, written, backup };
  if (args['json'] === true) terminal.out(`${JSON.stringify(withTexts(report))}\n`);
  else printReport(report, args['write'] === true, terminal);
  return isSound ? 0 : EXIT_BAD_CONFIG;
}

/** Parts of a cabinet file that a table fills. */
const TABLE_PARTS = /^(lines|poles|lamps|zones)\b/;

/**
 * Resolves with the problems of the cabinet file after the import. Lists may be empty before it.
 *
 * Excluded: problems that a usable cabinet file already had. If only the import makes the file usable, problems outside the imported parts
 * are excluded too.
 * Ports are not checked: they are those of the gateway, and the import usually runs on another machine.
 */
async function problemsOf(configFile: string, cabinet: string, text: string): Promise<readonly Problem[]> {
  const [before, after] = [
    await checkConfig({ configFile, text: cabinet, hasPorts: false }),
    await checkConfig({ configFile, text, hasPorts: false }),
  ];
  if (after.counts !== null && before.counts === null) return after.problems.filter(({ path }) => TABLE_PARTS.test(path));
  if (before.counts === null) return after.problems;
  const known = new Set(before.problems.map(({ path, message }) => `${path} ${message}`));
  return after.problems.filter(({ path, message }) => !known.has(`${path} ${message}`));
}

function read(file: string, what: Message, maxBytes: number): Buffer {
  try {
    if (statSync(file).size > maxBytes)
      throw new ConsoleError('too-large', msg`${file} is larger than ${maxBytes / MEGABYTE} MB: check that it is ${what}`);
    return readRegularFile(file, maxBytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || error instanceof ConsoleError) throw error;
    throw new ConsoleError('failed', msg`${file} cannot be read (${String(error.code)}): check the path of ${what}`, { cause: error });
  }
}

/** Writes the file; the former one is kept as FILE.bak. */
function write(file: string, text: string): void {
  try {
    replaceFile(file, text, { mode: statSync(file).mode & 0o777, backup: `${file}.bak` });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError('failed', msg`${file} cannot be written (${String(error.code)}): use sudo, or import into a copy with --into`, {
      cause: error,
    });
  }
}

function printReport(
  { table, into, rows, otherRows, changes, flaws, problems, ignoredColumns, backup }: ImportReport,
  wantsWrite: boolean,
  terminal: Terminal,
): void {
  const { out, err } = terminal;
  const print = (put: (text: string) => void, line: Said): void => put(`${paragraph(line, terminal).join('\n')}\n`);
  for (const { line, column, message } of flaws.slice(0, SHOWN_FLAWS))
    err(
      `${translated(column === null ? msg`${`${table}:${line}`}: ${message}` : msg`${`${table}:${line}`}: column ${column}: ${message}`, terminal)}\n`,
    );
  if (flaws.length > SHOWN_FLAWS) print(err, msg`and ${flaws.length - SHOWN_FLAWS} more mistakes; --json lists all`);
  for (const { row, ...problem } of problems) {
    if (row === undefined) err(`${problemLines([problem], terminal, false)}\n`);
    else err(`${table}:${row}: ${problem.path}: ${translated(problem.message, terminal)}\n`);
  }
  if (ignoredColumns.length > 0) print(err, msg`these columns are not used: ${ignoredColumns}`);
  if (otherRows > 0) print(out, msg`${count(otherRows, 'row')} of other cabinets skipped`);
  for (const { text } of changes) print(out, text);
  if (flaws.length + problems.length > 0) {
    print(err, msg`${into} was not changed`);
    return;
  }
  if (changes.length === 0) {
    print(out, msg`${count(rows, 'row')}, and ${into} contains all of it already`);
    return;
  }
  const sum = (kind: readonly string[]): number => changes.filter((each) => kind.includes(each.kind)).length;
  print(
    out,
    msg`${count(rows, 'row')}: ${sum(['add', 'join'])} added, ${sum(['set'])} changed, ${sum(['move', 'leave'])} moved or removed`,
  );
  if (backup !== null) print(out, msg`Wrote ${into}; the former file is ${backup}. A running agent uses it from its next start.`);
  else if (!wantsWrite) print(out, msg`Nothing was written: --write writes it into ${into}.`);
}
