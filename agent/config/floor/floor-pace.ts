/**
 * Compares the timing of a start, of lines and of units. One slow unit delays the whole line, so a street could be lit minutes late although every
 * level is as planned. Pure.
 */
import { portOf, type WiredDevice, wireUnit } from '../../../drivers/light-circuits.ts';
import type { LineConfig } from '../../core/cabinet.ts';
import { msg } from '../../core/message.ts';
import type { Quirks } from '../../core/profile.ts';
import type { FloorFlaw } from './floor-circuits.ts';
import type { Sensing, SensingQuestion } from './floor-sensors.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * The timing that any unit may have. Units: ms; times. Source: the shortest and the longest of the profiles that come with the agent and have levels
 * or detections.
 */
const USUAL = {
  responseTimeoutMs: { min: 200, max: 500 },
  minGapMs: { min: 0, max: 60 },
  retries: { min: 2, max: 2 },
  settleMs: { min: 0, max: 50 },
} as const satisfies Record<string, Range>;

const QUIRKS = ['responseTimeoutMs', 'minGapMs', 'retries'] as const satisfies readonly (keyof Quirks)[];

/**
 * Returns the timings of `after` with which light could come later than with both `running` and `site`. A timing of a unit may always be
 * within its usual range. Ports that neither of the two uses are not judged. Empty if there are none.
 */
export function paceFlaws({ after, running, site }: SensingQuestion): FloorFlaw[] {
  const before = [running, site];
  const quietS = Math.max(...before.map(({ cabinet }) => cabinet.startQuietS));
  const start =
    after.cabinet.startQuietS <= quietS
      ? []
      : [
          {
            path: 'cabinet.startQuietS',
            message: msg`${after.cabinet.startQuietS} s without a level after a start; the floor of the site is ${quietS} s`,
          },
        ];
  const ports = new Set(before.flatMap(({ cabinet }) => cabinet.lines.map(portOf)));
  const units = [...after.circuits.units.values()].filter(({ line }) => ports.has(portOf(line)));
  return [
    ...start,
    ...after.cabinet.lines.flatMap((line) => lineTimingFlaws(line, before)),
    ...units.flatMap((unit) => unitFlaws(unit, before)),
  ];
}

/** A line that may send fewer levels, or pauses around each frame, lights its street later. */
function lineTimingFlaws(line: LineConfig, before: readonly Sensing[]): FloorFlaw[] {
  const known = before.flatMap(({ cabinet }) => cabinet.lines.filter((each) => portOf(each) === portOf(line)));
  if (known.length === 0) return [];
  const { id, maxWritesPerS } = line;
  const leastPerS = Math.min(...known.map((each) => each.maxWritesPerS));
  const longestMs = Math.max(...known.map(pauseMs));
  return [
    ...(maxWritesPerS >= leastPerS
      ? []
      : [{ path: `lines[${id}].maxWritesPerS`, message: msg`${maxWritesPerS} levels a second; the floor of the site is ${leastPerS}` }]),
    ...(pauseMs(line) <= longestMs
      ? []
      : [
          {
            path: `lines[${id}].rs485`,
            message: msg`${pauseMs(line)} ms of delays around each request; the floor of the site is ${longestMs} ms`,
          },
        ]),
  ];
}

function pauseMs({ rs485 }: LineConfig): number {
  return rs485 === null ? 0 : rs485.delayBeforeSendMs + rs485.delayAfterSendMs;
}

/** A unit may be as slow as it was, or as any device type that comes with the agent. */
function unitFlaws(wired: WiredDevice, before: readonly Sensing[]): FloorFlaw[] {
  const known = before.flatMap(({ circuits }) => circuits.units.get(wireUnit(wired)) ?? []);
  const path = `lines[${wired.line.id}].devices[${wired.device.id}]`;
  const quirks = QUIRKS.flatMap((key) =>
    outside({ path: `${path}.quirks.${key}`, value: wired.profile.quirks[key] }, [
      USUAL[key],
      ...known.map(({ profile }) => only(profile.quirks[key])),
    ]),
  );
  const settling = wired.profile.points.flatMap(({ id, write }) => {
    const sameMs = known.flatMap(({ profile }) => profile.points.find((each) => each.id === id)?.write?.settleMs ?? []);
    // A new device type may need more time, but the known ones must not get slower.
    if (write === null || sameMs.length === 0) return [];
    return outside({ path: `${path}.${id}.settleMs`, value: write.settleMs }, [USUAL.settleMs, ...sameMs.map(only)]);
  });
  return [...quirks, ...settling];
}

function only(value: number): Range {
  return { min: value, max: value };
}

function outside({ path, value }: { readonly path: string; readonly value: number }, ranges: readonly Range[]): FloorFlaw[] {
  const [min, max] = [Math.min(...ranges.map((each) => each.min)), Math.max(...ranges.map((each) => each.max))];
  if (value >= min && value <= max) return [];
  return [{ path, message: msg`${value} could delay its line; the floor of the site allows ${min} to ${max}` }];
}
