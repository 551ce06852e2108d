/** Compares the settings that affect the light of a whole line: how its units are reached, and how soon its sensors are read. Pure. */

import { isDeepStrictEqual } from 'node:util';
import { portOf, type WiredDevice } from '../../../drivers/light-circuits.ts';
import { charMs, replyBytes, requestBytes } from '../../../drivers/modbus/wire-time.ts';
import type { Cabinet, LineConfig } from '../../core/cabinet.ts';
import { parseLinePort } from '../../core/line-port.ts';
import { msg } from '../../core/message.ts';
import { fastRoundMs, paceOf } from '../../field/polls/line-pace.ts';
import { POLL_PERIOD_MS } from '../../field/polls/poll-plan.ts';
import type { FloorFlaw } from './floor-circuits.ts';
import type { Sensing, SensingQuestion } from './floor-sensors.ts';

const OTHER_SETTINGS = msg`other serial settings could leave the light of this line out of reach: a technician at the cabinet, or a signed revision, may change them`;

const ONLY_SENDS = msg`the device at this port sends by itself, and a line of this kind would send requests to it`;

/** Pauses around a frame are compared by their length, in `floor-pace.ts`. */
const NO_PAUSES = { delayBeforeSendMs: 0, delayAfterSendMs: 0 };

/**
 * Returns flaws of lines, such as changes that could put units out of reach or delay sensors. `isAllowedAtCabinet`: a technician at the
 * cabinet may make the change. Empty if there are none.
 */
export function lineFlaws({ after, running, site }: SensingQuestion): FloorFlaw[] {
  return after.cabinet.lines.flatMap((line) => {
    const before = [running, site].filter(({ cabinet }) => lineAt(cabinet, line) !== undefined);
    const changes = [...wireFlaws(line, before), ...roundFlaws(line, after, before)];
    return [...changes.map((flaw) => ({ ...flaw, isAllowedAtCabinet: true }) as const), ...rawFlaws(line, before)];
  });
}

/** Compares with the running line first, because its units answer to it; the file of the site may be older than a change at the cabinet. */
function wireFlaws(line: LineConfig, before: readonly Sensing[]): FloorFlaw[] {
  const known = before[0] === undefined ? undefined : lineAt(before[0].cabinet, line);
  const facts = ({ kind, serial, rs485 }: LineConfig): unknown => [kind, serial, rs485 === null ? null : { ...rs485, ...NO_PAUSES }];
  if (known === undefined || !hasAny(line, before, lightDevices) || isDeepStrictEqual(facts(known), facts(line))) return [];
  return [{ path: `lines[${line.id}].serial`, message: OTHER_SETTINGS }];
}

/** A device that sends by itself, such as the meter of the utility, must receive nothing. A line of another kind would send requests to it. */
function rawFlaws(line: LineConfig, before: readonly Sensing[]): FloorFlaw[] {
  const known = before[0] === undefined ? undefined : lineAt(before[0].cabinet, line);
  return known?.kind === 'uart' && line.kind !== 'uart' ? [{ path: `lines[${line.id}].kind`, message: ONLY_SENDS }] : [];
}

/** Sensors share one lane of their line with all other points that are polled fast. */
function roundFlaws(line: LineConfig, after: Sensing, before: readonly Sensing[]): FloorFlaw[] {
  if (!hasAny(line, before, sensorDevices)) return [];
  const roundMs = Math.round(roundOf(line, after));
  const allowedMs = Math.round(Math.max(POLL_PERIOD_MS.fast, ...before.map((each) => roundOf(line, each))));
  if (roundMs <= allowedMs) return [];
  const message = msg`its sensors would be read every ${roundMs} ms; the floor of the site is ${allowedMs} ms: let fewer units have points with poll: fast, or put some on another line`;
  return [{ path: `lines[${line.id}].devices`, message }];
}

/** Time to read everything on the port that is polled fast once. Units: ms. */
function roundOf(line: LineConfig, { circuits }: Sensing): number {
  const units = [...circuits.units.values()].filter((wired) => portOf(wired.line) === portOf(line));
  return units.reduce((sum, wired) => sum + unitRoundMs(wired), 0);
}

function unitRoundMs({ line, profile }: WiredDevice): number {
  if (line.kind !== 'modbus') return 0;
  const eachMs = parseLinePort(line.port).kind === 'tcp' ? 0 : charMs(line.serial);
  const pace = paceOf({ wireMs: (request) => (requestBytes(request) + replyBytes(request)) * eachMs });
  return fastRoundMs(pace, profile);
}

/** Whether the line has one of these devices in any of the configurations. */
function hasAny(line: LineConfig, before: readonly Sensing[], devicesOf: (cabinet: Cabinet) => ReadonlySet<string>): boolean {
  return before.some(({ cabinet }) => lineAt(cabinet, line)?.devices.some(({ id }) => devicesOf(cabinet).has(id)) ?? false);
}

function lineAt({ lines }: Cabinet, line: LineConfig): LineConfig | undefined {
  return lines.find((each) => portOf(each) === portOf(line));
}

/** The devices whose silence could leave a person without light: lamps, switched circuits, keys and sensors. */
function lightDevices(cabinet: Cabinet): ReadonlySet<string> {
  const keys = cabinet.lines.flatMap(({ devices }) => devices.filter(({ roles }) => Object.keys(roles).length > 0));
  const lit = [...cabinet.lamps, ...cabinet.outputs].map(({ device }) => device);
  return new Set([...lit, ...keys.map(({ id }) => id), ...sensorDevices(cabinet)]);
}

function sensorDevices({ zones }: Cabinet): ReadonlySet<string> {
  return new Set(
    zones.flatMap(({ presence, photocell }) =>
      [...(presence?.sensors ?? []), ...(photocell === null ? [] : [photocell])].map(({ device }) => device),
    ),
  );
}
