/** Checks a profile file and tries it on a real unit through the running agent. It never writes to a unit. */
import { readFileSync } from 'node:fs';
import { REGISTERS_PER_VALUE } from '../../../../drivers/modbus/codec.ts';
import { createModbusDriver } from '../../../../drivers/modbus/modbus-driver.ts';
import type { ProfileUse } from '../../../../drivers/profile-judge.ts';
import { loadProfile } from '../../../../drivers/profile-loader.ts';
import { readPlacedYaml } from '../../../config/load/places.ts';
import type { BusRead, BusReadResult } from '../../../core/bus-tools.ts';
import type { ModbusDriver } from '../../../core/driver.ts';
import { BusError, ConfigError, type Problem } from '../../../core/errors.ts';
import type { PointProfile, Profile } from '../../../core/profile.ts';
import { ConsoleError } from '../../console-error.ts';
import type { ProfileTest, TestedPoint } from './profile-test-page.ts';

/** Reads without any answer after which a unit is given up. Source: assumed; two may be lost to a bad line. */
const GIVE_UP_AFTER = 3;

export type CheckedProfile =
  | { readonly problems: readonly Problem[]; readonly profile: null }
  | { readonly problems: readonly []; readonly profile: Profile };

/** The profile with its examples run, or all that is wrong with it. Errors: none; a file that cannot be read is a problem too. */
export function checkProfileFile(file: string, use: ProfileUse = 'service'): CheckedProfile {
  try {
    return { problems: [], profile: loadProfile({ file, text: textOf(file) }, readPlacedYaml, use) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, profile: null };
  }
}

export interface ProfileTrial {
  readonly profile: Profile;
  readonly line: string;
  readonly unit: number;
  /** Errors: rejects with ConsoleError; one that carries a bus code is about this read only. */
  readonly read: (request: BusRead) => Promise<BusReadResult>;
  readonly report: (done: number, total: number) => void;
}

/**
 * Each polled point once, as the unit gives it.
 *
 * Errors: rejects with ConsoleError 'usage' for a device that cannot be asked, else as `read` does for trouble that is not the unit's.
 */
export async function runProfileTrial(trial: ProfileTrial): Promise<ProfileTest> {
  const { profile, line, unit, report } = trial;
  if (profile.transport === 'uart')
    throw new ConsoleError(
      'usage',
      `${profile.id} talks by itself on a line of its own: put it in the cabinet, then see \`luciole points\``,
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
      return known;
    });
    unanswered = tested.answered ? 0 : unanswered + 1;
    points.push(tested.point);
    report(points.length, polled.length);
  }
  return { profile: profile.id, line, unit, points, untried: polled.length - points.length };
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
    const { answered, unitUsable } = new BusError(error.bus, error.message).policy;
    if (!unitUsable) throw error;
    return { point: { ...common, value: null, quality: 'failed', turnaroundMs: null, reason: error.bus }, answered };
  }
}

/** The registers of the point alone, from an even address where the unit insists. */
function requestFor({ table, address, type }: PointProfile, { quirks }: Profile): Omit<BusRead, 'line' | 'unit'> {
  const count = REGISTERS_PER_VALUE[type];
  if (!quirks.evenAlign) return { table, address, count };
  const from = address - (address % 2);
  const wanted = address + count - from;
  return { table, address: from, count: wanted + (wanted % 2) };
}

/** Errors: throws ConfigError for a file that cannot be read. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const cause = code === 'ENOENT' ? 'no such file; check the path' : `cannot be read: ${message}`;
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message: cause }]);
  }
}
