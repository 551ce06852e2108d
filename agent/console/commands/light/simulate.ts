/** `simulate`: its words, its arguments, and the type of its result. */
import type { NightFigures, OwnReplay, SettingsFigures } from '../../../control/replay/night-replay.ts';
import type { NightCoverage } from '../../../control/replay/record-coverage.ts';
import type { ReplayLimit } from '../../../control/replay/replay-limits.ts';
import type { SweepCost, SweepPoint } from '../../../control/replay/settings-sweep.ts';
import type { NightWindow } from '../../../control/replay/settings-tally.ts';
import { msg } from '../../../core/message.ts';
import { JSON_OPTION, numberArg, textArg } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { NIGHT_COUNT, typedNight } from './record-page.ts';

/**
 * The arguments of `simulate`. `night`: the last night to replay; null: the last that has ended. `nights`: number of nights, with that one.
 * `file`: cabinet file with other settings; null: none. `isSweep`: several hold times and levels are tried, and the best are listed.
 */
export interface SimulateArgs {
  readonly night: string | null;
  readonly nights: number;
  readonly file: string | null;
  readonly isSweep: boolean;
  /** A detection needs the recorded level, but not more light than this; null: the recorded level alone counts. Units: %. */
  readonly needPct: number | null;
  /** Load at the meters besides the lamps. Units: W. */
  readonly otherLoadW: number;
  readonly isJson: boolean;
}

/**
 * A meter of the cabinet in the same nights. `kwh`: what it counted. `recordedKwh`: of all lamps, computed from the recorded levels, plus
 * the load besides the lamps. `differencePct`: by how much `recordedKwh` is above `kwh`, negative if below. Units: % of `kwh`.
 */
export interface MeterCheck {
  readonly device: string;
  readonly kwh: number;
  readonly recordedKwh: number;
  readonly differencePct: number;
}

/** A point of the sweep, with its energy and its darkness over all replayed nights. */
export interface SweepResult extends SweepPoint, SweepCost {}

/**
 * The result of `simulate`. `file`, `needPct`: as in `SimulateArgs`. `nowMs`: the agent's time at its first answer.
 * Shape: `settings` has the record first, then the other settings if a file was named. Lists by night begin with the oldest.
 */
export interface SimulateResult {
  readonly windows: readonly NightWindow[];
  readonly timezone: string;
  readonly nowMs: number;
  readonly file: string | null;
  readonly needPct: number | null;
  readonly settings: readonly SettingsFigures[];
  /**
   * Null without `--suggest`. `tried`: number of points. `front`: those that no other point equals or beats in both energy and
   * darkness, of equal points one; the least energy first.
   */
  readonly sweep: { readonly tried: number; readonly front: readonly SweepResult[] } | null;
  readonly ownReplay: OwnReplay;
  readonly coverage: readonly NightCoverage[];
  /** How the other settings differ from the recorded ones in what the replay does not follow; empty also without file or record. */
  readonly limits: readonly ReplayLimit[];
  /** Meters that counted all of these nights, more than 0 kWh in sum. Empty also if, for example, the record of a night is not complete. */
  readonly meters: readonly MeterCheck[];
  /** At most a hundredth of the darkness of each night, up to now, is missing, and the replay gave the recorded decisions again. */
  readonly isComplete: boolean;
}

/**
 * Sums of some figures over one night or more. `late`: dark moments of kind `late`. `missingS`: missing light, in seconds of full darkness.
 * `levelLampH`: hours of one lamp, by level in %.
 */
export type SummedFigures = Pick<NightFigures, 'kwh' | 'darkMoments' | 'late' | 'missingS' | 'detections' | 'levelLampH'>;

const NEED = { min: 1, max: 100 };
/** Units: W. Source: assumed; more than a cabinet's own gear, below a whole street. Confirmed by: loads by day at real cabinets. */
const OTHER_LOAD = { min: 0, max: 5_000, usual: 0 };

/** Name and options of `simulate`. The replay runs in the client, not in the agent. */
export const SIMULATE: LocalCommand = {
  kind: 'local',
  name: 'simulate',
  role: 'viewer',
  hasSocket: true,
  group: 'Look:',
  summary: msg`past nights again, with other settings`,
  arguments: [],
  options: [
    { name: 'night', value: 'DATE', summary: msg`the day on which it began, as 2026-12-01 (default: the last night that ended at noon)` },
    { name: 'nights', value: 'N', summary: msg`this night and those before it, N in all (default: 1)` },
    { name: 'with', value: 'FILE', summary: msg`a cabinet file with the other settings`, file: 'read' },
    { name: 'suggest', value: null, summary: msg`try hold times and levels, and list the best` },
    { name: 'need', value: 'PCT', summary: msg`light that is enough for a person (default: as recorded)` },
    { name: 'other-load', value: 'W', summary: msg`load at the meter besides the lamps (default: 0)` },
    JSON_OPTION,
  ],
  examples: [
    'luciole simulate --night 2026-12-01 --with other.yaml',
    'luciole simulate --with other.yaml --nights 30 --json',
    'luciole simulate --suggest --nights 3 --need 60',
  ],
};

/**
 * Returns the arguments of `simulate`, with defaults for missing ones; whether the file exists is not checked. Errors: throws ConsoleError
 * 'usage' for an invalid one.
 */
export function readSimulate(args: RawArgs): SimulateArgs {
  const needPct = args['need'] === undefined ? null : numberArg(args, 'need', NEED);
  return {
    ...{ night: typedNight(args), nights: numberArg(args, 'nights', NIGHT_COUNT), needPct },
    file: args['with'] === undefined ? null : textArg(args, 'with'),
    isSweep: args['suggest'] === true,
    otherLoadW: numberArg(args, 'other-load', OTHER_LOAD),
    isJson: args['json'] === true,
  };
}

/**
 * Returns the sums over the nights of one set of settings; 0 without nights. Errors: throws ConsoleError 'failed' if `figures` is
 * undefined.
 */
export function summed(figures: SettingsFigures | undefined): SummedFigures {
  if (figures === undefined) throw new ConsoleError('failed', msg`nothing was replayed`);
  const { nights } = figures;
  const sum = (of: (night: NightFigures) => number): number => nights.reduce((all, night) => all + of(night), 0);
  const levelLampH: Record<number, number> = {};
  for (const night of nights)
    for (const [level, h] of Object.entries(night.levelLampH)) levelLampH[Number(level)] = (levelLampH[Number(level)] ?? 0) + h;
  return {
    kwh: sum(({ kwh }) => kwh),
    darkMoments: sum(({ darkMoments }) => darkMoments),
    late: sum(({ late }) => late),
    missingS: sum(({ missingS }) => missingS),
    detections: sum(({ detections }) => detections),
    levelLampH,
  };
}
