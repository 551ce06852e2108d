/**
 * Why a level or the value of an output could not be set, with what to check.
 *
 * Pure.
 */

import type { BusError, BusErrorCode } from '../../core/errors.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { LevelWrite, ValueWrite } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Unit } from '../units/unit.ts';

/** What to check when a unit answers with an exception; the messages of other failures already contain advice. */
const ADVICE: Readonly<Partial<Record<BusErrorCode, Message>>> = {
  'illegal-function': msg`check that the profile fits the device`,
  'illegal-address': msg`check that the profile fits the device and its mode`,
  'illegal-value': msg`check the limits set in the device`,
  'device-failure': msg`check the lamp and its driver`,
  'device-busy': msg`it was busy each time, check what else writes to it`,
};

/** Whether the request was refused, on Modbus by an exception of the unit; also if only for now, such as `device-busy`. */
export function isUnitRefusal({ code }: BusError): boolean {
  return ADVICE[code] !== undefined;
}

/** Whether the error is `illegal-function` or `illegal-address`: the unit seems not to have the function or the register. */
export function isAbsent({ code }: BusError): boolean {
  return code === 'illegal-function' || code === 'illegal-address';
}

/** Returns the reason of a failed write to a channel that is off and did not switch on. `coil` is the address of its switch. */
export function channelOffReason(coil: number): Message {
  return msg`its channel is off and does not switch on (coil ${coil}): check the buttons at the driver and its mode`;
}

/**
 * The reasons of failed writes, in terms of a lamp, an output or a text. `failure`: the write or its read-back failed. `mismatch`: another
 * value was read back, or no value (`found` null).
 */
export interface WriteWords {
  /** Why a value is not sent; empty when it may be sent. */
  refusal(write: LevelWrite, unit: Unit, quantity: string): Message;
  failure(error: BusError): Message;
  mismatch(found: number | null, value: number): Message;
}

/** Why this level is not sent; empty when it may be sent. */
function writeRefusal({ levelPct }: LevelWrite, { device, driver: { profile } }: Unit, quantity: string): Message {
  const limits = profile.points.find(({ id }) => id === quantity)?.write ?? null;
  if (limits === null) return msg`${quantity} of ${device.id} cannot be written: check the lamp's point against profile ${profile.id}`;
  if (limits.dangerous) return msg`${quantity} of ${device.id} is dangerous by profile ${profile.id}: give the lamp another point`;
  if (levelPct >= limits.min && levelPct <= limits.max) return NO_TEXT;
  return msg`${levelPct} is outside ${limits.min}..${limits.max} of ${quantity} of ${device.id}: check the limits of the lamp`;
}

/** Why a write, or its read-back, failed. */
function failureReason({ code, said }: BusError): Message {
  const advice = ADVICE[code];
  return advice === undefined ? said : msg`${said}: ${advice}`;
}

/** Why a read-back does not prove the level. */
function mismatchReason(found: number | null, levelPct: number): Message {
  if (found === null) return msg`reads back no value, wrote ${levelPct}: check the driver's limits, its mode and what else writes to it`;
  return msg`reads back ${found}, wrote ${levelPct}: check the driver's limits, its mode and what else writes to it`;
}

/** The reasons why a write to a lamp is not sent, or failed. */
export const LAMP_WORDS: WriteWords = { refusal: writeRefusal, failure: failureReason, mismatch: mismatchReason };

/** The reasons why a write to an output is not sent, or failed. */
export const OUTPUT_WORDS: WriteWords = {
  refusal: outputRefusal,
  failure: ({ code, said }) => (code === 'timeout' ? said : msg`${said}: check the output's device and its profile`),
  mismatch: (found, value) =>
    found === null
      ? msg`reads back no value, wrote ${value}: check for a switch at the device, its mode and what else writes to it`
      : msg`reads back ${found}, wrote ${value}: check for a switch at the device, its mode and what else writes to it`,
};

/** Returns the write of an output as a level write: `levelPct` is the value of the output, `commandId` and `lampId` the id of its point. */
export function asLevelWrite({ pointId, value, lane, expiresMono }: ValueWrite): LevelWrite {
  return { commandId: pointId, lampId: pointId, pointId, levelPct: value, lane, expiresMono };
}

/** The reasons why a write to a text point is not sent, or failed. */
export const TEXT_WORDS: WriteWords = {
  refusal: textRefusal,
  failure: ({ code, said }) => (code === 'timeout' ? said : msg`${said}: check the panel and its profile`),
  mismatch: () =>
    msg`reads back another text than was written: check the order of the characters in the profile, and what else writes to it`,
};

/** Returns the write with `levelPct` set to the checksum of its encoded text; unchanged if there is no text or it cannot be encoded. */
export function withTextValue(write: LevelWrite, { driver }: Pick<Unit, 'driver'>, quantity: string): LevelWrite {
  const encoded = write.text === undefined ? undefined : driver.encodeText(quantity, write.text);
  return encoded === undefined || encoded instanceof Refusal ? write : { ...write, levelPct: encoded.value };
}

function textRefusal({ text = '' }: LevelWrite, { device, driver }: Unit, quantity: string): Message {
  const limits = driver.profile.points.find(({ id }) => id === quantity)?.write ?? null;
  if (limits?.dangerous === true)
    return msg`${quantity} of ${device.id} is dangerous by profile ${driver.profile.id}: give the panel another point`;
  const encoded = driver.encodeText(quantity, text);
  return encoded instanceof Refusal ? encoded.said : NO_TEXT;
}

function outputRefusal({ levelPct: value }: LevelWrite, { device, driver }: Unit, quantity: string): Message {
  const { profile } = driver;
  const limits = profile.points.find(({ id }) => id === quantity)?.write ?? null;
  if (limits === null) return msg`${quantity} of ${device.id} cannot be written: check the output's point against profile ${profile.id}`;
  if (limits.dangerous) return msg`${quantity} of ${device.id} is dangerous by profile ${profile.id}: give the output another point`;
  if (!(value >= limits.min && value <= limits.max))
    return msg`${value} is outside ${limits.min}..${limits.max} of ${quantity} of ${device.id}: check the values of the output`;
  const request = driver.encode(quantity, value);
  return request instanceof Refusal ? request.said : NO_TEXT;
}
