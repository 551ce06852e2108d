/** Checks a profile file and tries it on a real unit through the running agent. It never writes to a unit. */

import { createModbusDriver } from '../../../../drivers/modbus/modbus-driver.ts';
import { nameplateText, nameplateWidth } from '../../../../drivers/modbus/nameplate-text.ts';
import { widthOf } from '../../../../drivers/modbus/register-types.ts';
import type { ProfileUse } from '../../../../drivers/profile-judge.ts';
import { loadProfile } from '../../../../drivers/profile-loader.ts';
import { readPlacedYaml } from '../../../config/load/places.ts';
import type { BusRead, BusReadResult } from '../../../core/bus-tools.ts';
import type { ModbusDriver } from '../../../core/driver.ts';
import { BusError, ConfigError, type Problem } from '../../../core/errors.ts';
import { msg } from '../../../core/message.ts';
import { withTexts } from '../../../core/message-wire.ts';
import type { NameplateId, PointProfile, Profile } from '../../../core/profile.ts';
import { readRegularFile } from '../../../core/regular-file.ts';
import { numberArg, textArg } from '../../agent-command.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { CONSOLE_EXIT, ConsoleError, EXIT_BAD_CONFIG } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { type LocalArgs, type Terminal, textOf } from '../../terminal/terminal.ts';
import { translated } from '../../text/page.ts';
import { plain } from '../../text/plain-text.ts';
import { wordOf } from '../../text/state-words.ts';
import { problemLines } from '../../text/text-lines.ts';
import { UNITS } from './bus-args.ts';
import { BUS_READ } from './bus-read.ts';
import { renderChecked } from './profile-show-page.ts';
import { type ProfileTest, renderProfileTest, type TestedPoint, testSucceeded } from './profile-test-page.ts';

/**
 * Consecutive reads without an answer after which the test stops. Source: assumed; two may be lost on a bad line. Confirmed by: loss
 * statistics of lines (`bus stats`).
 */
const GIVE_UP_AFTER = 3;

/** A profile and no problems, or the problems of its file and null. */
export type CheckedProfile =
  | { readonly problems: readonly Problem[]; readonly profile: null }
  | { readonly problems: readonly []; readonly profile: Profile };

/**
 * Reads and checks a profile file, with its examples. Returns the profile, or its problems and null. With `use` = `trial`, examples are not
 * required. An unreadable file is a problem too.
 */
export function checkProfileFile(file: string, use: ProfileUse = 'service'): CheckedProfile {
  try {
    return { problems: [], profile: loadProfile({ file, text: textIn(file) }, readPlacedYaml, use) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, profile: null };
  }
}

/**
 * The profile and the unit of a test, and how registers are read. `report` is called with the number of points tried and of all points of
 * the test.
 */
export interface ProfileTrial {
  readonly profile: Profile;
  readonly line: string;
  readonly unit: number;
  /** Errors: rejects with ConsoleError, for example if the unit does not answer. */
  readonly read: (request: BusRead) => Promise<BusReadResult>;
  readonly report: (done: number, total: number) => void;
}

/**
 * Reads polled points and then the nameplate from the unit, and resolves with the results. After several points in a row without an answer
 * it stops. The nameplate is empty if points were left out, or if none was answered. An exception is an answer, a damaged reply is none.
 *
 * Errors: rejects with ConsoleError, for example 'usage' for a device that sends without being polled, or if no agent answers.
 */
export async function runProfileTrial(trial: ProfileTrial): Promise<ProfileTest> {
  const { profile, line, unit, report } = trial;
  if (profile.transport === 'uart')
    throw new ConsoleError(
      'usage',
      msg`${profile.id} sends by itself on a line of its own: put it in the cabinet, then see \`luciole points\``,
    );
  const driver = createModbusDriver(profile);
  const polled = profile.points.filter(({ poll }) => poll !== 'never');
  const reads = new Map<string, Promise<BusReadResult>>();
  const points: TestedPoint[] = [];
  let unanswered = 0;
  for (const point of polled) {
    if (unanswered >= GIVE_UP_AFTER) break;
    const tested = await testPoint(point, driver, (request) => {
      // Bits of one register are read together.
      const key = `${request.table}:${request.address}:${request.count}`;
      const known = reads.get(key) ?? trial.read({ ...request, line, unit });
      reads.set(key, known);
      // A read that failed is repeated for the next bit.
      known.catch(() => reads.delete(key));
      return known;
    });
    unanswered = tested.answered ? 0 : unanswered + 1;
    points.push(tested.point);
    report(points.length, polled.length);
  }
  const untried = polled.length - points.length;
  const isSilent = unanswered > 0 && unanswered === points.length;
  const nameplate = untried > 0 || isSilent ? {} : await readNameplate(trial);
  return { profile: profile.id, line, unit, points, nameplate, untried, isSilent };
}

async function readNameplate({ profile, line, unit, read }: ProfileTrial): Promise<ProfileTest['nameplate']> {
  const texts: Partial<Record<NameplateId, string | null>> = {};
  for (const entry of profile.nameplate) {
    try {
      const { words } = await read({ line, unit, table: entry.table, address: entry.address, count: nameplateWidth(entry) });
      texts[entry.id] = nameplateText(entry, words);
    } catch (error) {
      // A unit of another firmware may lack this register, as the agent expects in operation.
      if (!(error instanceof ConsoleError) || error.bus === null || !new BusError(error.bus, error.said).policy.unitUsable) throw error;
      texts[entry.id] = null;
    }
  }
  return texts;
}

type Ask = (request: Omit<BusRead, 'line' | 'unit'>) => Promise<BusReadResult>;

async function testPoint(point: PointProfile, driver: ModbusDriver, ask: Ask): Promise<{ point: TestedPoint; answered: boolean }> {
  const { id, address, unit, decimals } = point;
  const common = { point: id, address, unit, decimals };
  try {
    const request = requestFor(point, driver.profile);
    const { words, turnaroundMs } = await ask(request);
    const decoded = driver.decode(request.table, request.address, words).find(({ quantity }) => quantity === id);
    const value = decoded?.value ?? null;
    const quality = value === null ? 'no-value' : decoded?.plausible === true ? 'good' : 'implausible';
    return { point: { ...common, value, quality, turnaroundMs, reason: '' }, answered: true };
  } catch (error) {
    if (!(error instanceof ConsoleError) || error.bus === null) throw error;
    const { answered, unitUsable } = new BusError(error.bus, error.said).policy;
    if (!unitUsable) throw error;
    return { point: { ...common, value: null, quality: 'failed', turnaroundMs: null, reason: error.bus }, answered };
  }
}

/** Returns a read of this point only, from an even address if the unit requires that. */
function requestFor({ table, address, ...layout }: PointProfile, { quirks }: Profile): Omit<BusRead, 'line' | 'unit'> {
  const count = widthOf(layout);
  if (!quirks.evenAlign) return { table, address, count };
  const from = address - (address % 2);
  const wanted = address + count - from;
  return { table, address: from, count: wanted + (wanted % 2) };
}

/** Errors: throws ConfigError for a file that cannot be read. */
function textIn(file: string): string {
  try {
    return readRegularFile(file).toString('utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const cause =
      code === 'ENOENT'
        ? msg`no such file; check the path`
        : msg`cannot be read: ${code === 'not a regular file' ? wordOf(code) : message}`;
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message: cause }]);
  }
}

/**
 * `profile check`: checks a profile file and prints the result, as JSON with `--json`. `isTerminal`: long lines about problems are wrapped.
 * Resolves with 0, or 78 for problems, also if the file cannot be read.
 */
export async function runProfileCheck(args: LocalArgs, screen: Terminal, isTerminal: boolean): Promise<number> {
  const file = textOf(args['file']) ?? '';
  const { problems, profile } = checkProfileFile(file);
  if (args['json'] === true) screen.out(`${JSON.stringify(withTexts({ problems, profile }))}\n`);
  else screen.out(`${profile === null ? problemLines(problems, screen, isTerminal) : renderChecked(file, profile, screen)}\n`);
  return profile === null ? EXIT_BAD_CONFIG : 0;
}

/**
 * `profile test`: checks the file, reads the unit through the agent and prints the result. `isTerminal`: as for `runProfileCheck`.
 * Resolves with 0, 1 if a point failed, was implausible or was not tried, or 78 for problems in the file.
 *
 * Errors: rejects with ConsoleError, for example if line or unit are missing or no agent answers.
 */
export async function runProfileTest(args: LocalArgs, screen: Terminal, isTerminal: boolean): Promise<number> {
  if (args['line'] === undefined || args['unit'] === undefined)
    throw new ConsoleError('usage', msg`give the line and unit: --line LINE --unit N`);
  const [line, unit] = [textArg(args as RawArgs, 'line'), numberArg(args as RawArgs, 'unit', UNITS)];
  const { problems, profile } = checkProfileFile(textOf(args['file']) ?? '', 'trial');
  if (profile === null) {
    screen.out(`${args['json'] === true ? JSON.stringify(withTexts({ problems })) : problemLines(problems, screen, isTerminal)}\n`);
    return EXIT_BAD_CONFIG;
  }
  const read = async ({ line, unit, table, address, count }: BusRead): Promise<BusReadResult> => {
    const asked = { line, unit: String(unit), table, address: String(address), count: String(count) };
    return (await fetchAnswer(BUS_READ, asked, { socket: args['socket'], terminal: screen })).result as BusReadResult;
  };
  const report = (done: number, total: number): void => screen.status?.show(translated(msg`${done} of ${total} points`, screen));
  try {
    const result = await runProfileTrial({ profile, line, unit, read, report });
    screen.status?.clear();
    screen.out(`${args['json'] === true ? JSON.stringify(result) : renderProfileTest(plain(result) as typeof result, screen)}\n`);
    return testSucceeded(result) ? 0 : CONSOLE_EXIT.failed;
  } finally {
    screen.status?.clear();
  }
}
