/**
 * Values of an output: a number, or a name from the profile's `enum`. Pure.
 */

import type { Lamp, Output, OutputValue } from './cabinet.ts';
import { type Message, msg, NO_TEXT } from './message.ts';
import type { PointProfile, Profile } from './profile.ts';
import { didYouMean, listNames } from './suggestions.ts';

/** The part of a point that parsing a value needs. */
type ValuePoint = Pick<PointProfile, 'enum' | 'scale' | 'offset' | 'decimals'>;

/** A mistake in the configuration of an output. Shape: `path` starts at the list of outputs: `[0, 'rules', 1, 'value']`. */
export interface OutputProblem {
  readonly path: readonly (string | number)[];
  readonly message: Message;
}

/**
 * Returns the number to write for a configured value: a number is returned unchanged, a name from the point's `enum` as the value that it
 * stands for. Undefined for an unknown name. Units: the point's own. Shape: a point with names must have no `transform`.
 */
export function outputNumber(value: OutputValue, { enum: names, scale, offset, decimals }: ValuePoint): number | undefined {
  if (typeof value === 'number') return value;
  const raw = Object.entries(names ?? {}).find(([, name]) => name === value)?.[0];
  if (raw === undefined) return undefined;
  const factor = 10 ** decimals;
  return Math.round((Number(raw) * scale + offset) * factor) / factor;
}

/**
 * Returns mistakes in the points and values of the outputs; empty if none is found. If the point of an output is wrong, its values are not
 * checked.
 *
 * Shape: `profileOf` returns undefined for an unknown profile. Outputs with it are not checked.
 */
export function outputProblems(
  outputs: readonly Output[],
  lamps: readonly Pick<Lamp, 'id' | 'device' | 'point'>[],
  profileOf: (deviceId: string) => Profile | undefined,
): readonly OutputProblem[] {
  return outputs.flatMap((output, i) => {
    const profile = profileOf(output.device);
    if (profile === undefined) return [];
    const point = profile.points.find(({ id }) => id === output.point);
    const flaw = pointFlaw(output, profile, point, lamps);
    if (flaw !== NO_TEXT || point === undefined) return [{ path: [i, 'point'], message: flaw }];
    const flaws = valuesOf(output).map(({ path, value }) => ({ path: [i, ...path], message: valueFlaw(value, point) }));
    const bad = flaws.filter(({ message }) => message !== NO_TEXT);
    return bad.length > 0 ? bad : circuitFlaws(output, point).map(({ path, message }) => ({ path: [i, ...path], message }));
  });
}

function pointFlaw(
  output: Output,
  profile: Profile,
  point: PointProfile | undefined,
  lamps: readonly Pick<Lamp, 'id' | 'device' | 'point'>[],
): Message {
  const id = output.point;
  const usable = profile.points.filter(({ write, type }) => write !== null && !write.dangerous && type !== 'text').map((each) => each.id);
  const there = msg`; points that can be written: ${listNames(usable)}`;
  if (point === undefined) return msg`profile "${profile.id}" has no point "${id}"${didYouMean(id, usable, there)}`;
  if (point.write === null) return msg`"${id}" of profile "${profile.id}" cannot be written${there}`;
  // Its limits, such as the highest volume, are those of the place that uses it.
  if (profile.transport === 'uart') return msg`"${id}" of profile "${profile.id}" is written by its own part of the agent, no output may`;
  if (point.type === 'text') return msg`"${id}" of profile "${profile.id}" shows texts; write it under \`panels:\``;
  if (point.write.dangerous) return msg`"${id}" of profile "${profile.id}" is dangerous to write, no output may${there}`;
  const lamp = lamps.find((each) => each.device === output.device && each.point === id);
  return lamp === undefined
    ? NO_TEXT
    : msg`"${output.device}.${id}" already sets the level of lamp "${lamp.id}"; raise a zone by a rule instead`;
}

interface PlacedValue {
  readonly path: readonly (string | number)[];
  readonly value: OutputValue;
}

function valuesOf({ idle, litWith, rules }: Output): readonly PlacedValue[] {
  return [
    { path: ['idle'], value: idle },
    ...(litWith === null ? [] : [{ path: ['litWith', 'value'], value: litWith.value }]),
    ...rules.map(({ value }, j) => ({ path: ['rules', j, 'value'], value })),
  ];
}

function valueFlaw(value: OutputValue, point: PointProfile): Message {
  const number = outputNumber(value, point);
  const names = Object.values(point.enum ?? {});
  const { min, max } = point.write ?? { min: 0, max: 0 };
  if (number === undefined && names.length === 0)
    return msg`"${point.id}" has no names for its values; give a number from ${min} to ${max}`;
  if (number === undefined)
    return msg`"${value}" is not a value of "${point.id}"${didYouMean(String(value), names, msg`; there are: ${listNames(names)}`)}`;
  if (number >= min && number <= max) return decimalsFlaw(number, point);
  return number === value
    ? msg`${number} is outside ${min} to ${max}, which the profile allows for "${point.id}"`
    : msg`${number} ("${value}") is outside ${min} to ${max}, which the profile allows for "${point.id}"`;
}

/** A digit that the device does not keep would make each read-back differ from the value. */
function decimalsFlaw(number: number, { id, decimals }: PointProfile): Message {
  const kept = Number(number.toFixed(decimals));
  return kept === number ? NO_TEXT : msg`${number} has more decimals than "${id}" keeps; write ${kept}`;
}

/** A circuit that feeds lamps stays closed while one of them is lit, so no rule may open it. */
function circuitFlaws({ idle, litWith, rules }: Output, point: PointProfile): readonly OutputProblem[] {
  if (litWith === null) return [];
  const off = outputNumber(idle, point);
  if (outputNumber(litWith.value, point) === off)
    return [{ path: ['litWith', 'value'], message: msg`equals idle, so the output would never change; give another value for lit` }];
  return rules.flatMap(({ value, rule }, j) =>
    outputNumber(value, point) === off
      ? [
          {
            path: ['rules', j, 'value'],
            message: msg`rule "${rule}" may not put a circuit of lit zones to idle; leave it out or give another value`,
          },
        ]
      : [],
  );
}
