/** `luciole report verify` and `luciole savings verify`: check signed evidence, on any machine. */
import { msg } from '../../../core/message.ts';
import { readRegularFile } from '../../../core/regular-file.ts';
import { verifyReport } from '../../../core/report-seal.ts';
import { verifyExport } from '../../../diagnosis/savings/verify-export.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { type LocalArgs, type Terminal, textOf } from '../../terminal/terminal.ts';
import { SAVINGS_EXPORT } from '../savings/savings.ts';
import { authorityOf } from './authority-file.ts';
import { reportVerdictLines, savingsVerdictLines, VERDICT_EXIT } from './verdict-page.ts';

/** Largest file that is read. Units: bytes. Source: twice the longest answer of the agent. */
const MAX_BYTES = 33_554_432;

/**
 * `report verify`: prints the verdict about a report. Resolves with its exit code. It trusts the certificates of the file `--authority`, or
 * else of the uplink's `caFile` in the cabinet file `configFile`. If neither is given, or `caFile` cannot be used, it trusts none. Errors:
 * rejects with ConsoleError, for example if the report or the file `--authority` cannot be read.
 */
export async function runReportVerify(args: LocalArgs, terminal: Terminal, configFile: string): Promise<number> {
  const file = textOf(args['file']) ?? '';
  const authority = authorityOf(args, configFile);
  const found = verifyReport(content(file), authority?.certificates ?? null);
  const lines = reportVerdictLines(file, found, authority?.file ?? null, terminal);
  print(args, { file, authority: authority?.file ?? null, ...found }, lines, terminal);
  return VERDICT_EXIT[found.verdict];
}

/**
 * `savings verify`: prints the verdict about the ledger and the result of the running agent, or of an export. Resolves with its exit code.
 * `configFile`, errors: as `runReportVerify`; 'unreachable' if no file is named and no agent answers.
 */
export async function runSavingsVerify(args: LocalArgs, terminal: Terminal, configFile: string): Promise<number> {
  const file = textOf(args['file']);
  const authority = authorityOf(args, configFile);
  const asked: RawArgs = typeof args['nights'] === 'string' ? { nights: args['nights'] } : {};
  if (file !== null && asked['nights'] !== undefined)
    throw new ConsoleError('usage', msg`an export has its own nights: leave out --nights`);
  const exported =
    file === null ? (await fetchAnswer(SAVINGS_EXPORT, asked, { socket: args['socket'], terminal })).result : parsed(content(file));
  const found = verifyExport(exported, authority?.certificates ?? null);
  const { result, ...rest } = found;
  const summary = result === null ? null : { from: result.from, to: result.to, total: result.total, halfKwh: result.halfKwh };
  const lines = savingsVerdictLines(file, found, authority?.file ?? null, terminal);
  print(args, { file, authority: authority?.file ?? null, ...rest, result: summary }, lines, terminal);
  return VERDICT_EXIT[found.verdict];
}

function content(file: string): Buffer {
  try {
    return readRegularFile(file, MAX_BYTES);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EFBIG')
      throw new ConsoleError('too-large', msg`${file} is larger than any report: check that it is the right file`);
    throw new ConsoleError('failed', msg`${file} cannot be read (${String(error.code)}): check its path and mode`, { cause: error });
  }
}

function print(args: LocalArgs, raw: object, lines: readonly string[], { out }: Terminal): void {
  out(`${args['json'] === true ? JSON.stringify(raw) : lines.join('\n')}\n`);
}

function parsed(file: Buffer): unknown {
  try {
    return JSON.parse(file.toString('utf8'));
  } catch {
    return null; // The verdict is that it is no export.
  }
}
