/**
 * Checks that the examples of a profile decode to their expected values.
 *
 * Pure. The profile's own driver decodes the frames.
 */

import type { DecodedValue } from '../agent/core/driver.ts';
import { manualHint } from '../agent/core/manual-address.ts';
import { type Message, msg } from '../agent/core/message.ts';
import type { Profile, ProfileExample, Table } from '../agent/core/profile.ts';
import { Refusal } from '../agent/core/refusal.ts';
import { daliExchange } from './dali/dali-examples.ts';
import { bytesOf, takeApart } from './example-frames.ts';
import { createModbusDriver } from './modbus/modbus-driver.ts';
import { textFormatOf } from './modbus/text-codec.ts';
import { type Flaw, unknownPoint } from './profile-flaw.ts';
import { nameplateExampleFlaws } from './profile-nameplate.ts';
import { createUartDriver } from './uart/frame-codec.ts';
import { UART_CODECS } from './uart/uart-codecs.ts';

type Values = ReadonlyMap<string, DecodedValue>;
type ValuesOf = (profile: Profile) => (example: ProfileExample) => Values | Unexplained;

const VALUES_OF: Readonly<Record<Profile['transport'], ValuesOf>> = { modbus: modbusValues, uart: uartValues, dali: daliValues };

/** A profile without examples may be tried, but not used in service. */
const NO_EXAMPLE = msg`give at least one exchange and what must come out of it; \`luciole bus read\` prints one of each read`;
const NOTHING_EXPECTED = msg`no example says what must come out of it: give one read its values, as { level: 40 }`;

/**
 * Returns one flaw if a profile has no example, or if it has polled points but no example with expected values. Otherwise returns an empty
 * list.
 */
export function missingExamples({ examples, points }: Profile): Flaw[] {
  if (examples.length === 0) return [{ path: ['examples'], message: NO_EXAMPLE }];
  const isRead = points.some(({ poll }) => poll !== 'never');
  const proves = examples.some(({ expect }) => Object.keys(expect).length > 0);
  return proves || !isRead ? [] : [{ path: ['examples', 0, 'expect'], message: NOTHING_EXPECTED }];
}

/**
 * Returns flaws in the examples of a profile, such as an invalid Modbus frame, or an expected value or nameplate text that does not match.
 * A value that matches is a flaw if it is outside the range of its point. Empty if there are none, also for a profile without examples.
 */
export function exampleFlaws(profile: Profile): Flaw[] {
  const valuesOf = VALUES_OF[profile.transport](profile);
  return profile.examples.flatMap((example, index) => {
    const path = ['examples', index];
    const values = valuesOf(example);
    if ('message' in values) return [{ path: [...path, ...values.at], message: values.message }];
    return [
      ...nameplateExampleFlaws(profile, example, path),
      ...Object.entries(example.expect).flatMap(([id, expected]) => {
        const flaw =
          typeof expected === 'string'
            ? textFlaw(profile, id, { text: expected, got: values.get(id) })
            : valueFlaw(profile, id, { expected, got: values.get(id) });
        return flaw === null ? [] : [{ path: [...path, 'expect', id], ...flaw }];
      }),
    ];
  });
}

interface Outcome {
  readonly expected: number | null;
  readonly got: DecodedValue | undefined;
}

/** The flaw of one expected value; null if it was decoded and a device can have it. */
function valueFlaw({ points }: Profile, id: string, { expected, got }: Outcome): Omit<Flaw, 'path'> | null {
  const point = points.find((each) => each.id === id);
  const names = points.map((each) => each.id);
  if (point === undefined) return { message: unknownPoint(id, names), atKey: true };
  const wanted = String(expected);
  if (got === undefined) {
    const hint = manualHint(point.address);
    return { message: msg`expected ${wanted}, but it is not among the registers of this exchange${hint}` };
  }
  if (got.value !== expected) return { message: msg`expected ${wanted}, but it decodes to ${String(got.value)}` };
  const { range } = point;
  if (expected === null || got.plausible || range === null) return null;
  return {
    message: msg`${expected} is outside the range of ${id}, ${range[0]} to ${range[1]}, so it would never be used: correct the range or the example`,
  };
}

/** The flaw of one expected text; null if the registers of the exchange have it. */
function textFlaw(
  profile: Profile,
  id: string,
  { text, got }: { readonly text: string; readonly got: DecodedValue | undefined },
): Omit<Flaw, 'path'> | null {
  const written = createModbusDriver(profile).encodeText(id, text);
  if (written instanceof Refusal) return { message: written.said };
  if (got?.value === written.value) return null;
  const format = textFormatOf(profile.points.find((each) => each.id === id) ?? { type: 'bit' });
  const hex = written.request.values.map((word) => word.toString(16).padStart(4, '0')).join(' ');
  return {
    message: msg`expected the text "${text}", which is ${hex} in ${format?.length ?? 0} characters, but the exchange has other registers`,
  };
}

/** Why an example cannot be decoded at all, and at which of its keys. */
interface Unexplained {
  readonly at: readonly string[];
  readonly message: Message;
}

function uartValues(profile: Profile): (example: ProfileExample) => Values | Unexplained {
  const codec = UART_CODECS.get(profile.codec ?? '');
  if (codec === undefined) return () => ({ at: [], message: msg`codec ${profile.codec ?? '-'} is unknown` });
  return ({ response }) => byName(createUartDriver(profile, codec).feed(bytesOf(response)));
}

function modbusValues(profile: Profile): (example: ProfileExample) => Values | Unexplained {
  const driver = createModbusDriver(profile);
  return ({ request, response }) => {
    if (request === null) return { at: [], message: msg`a Modbus example needs its request` };
    const exchange = takeApart(request, response);
    if (exchange === null) return new Map();
    if ('message' in exchange) return { at: [exchange.at], message: exchange.message };
    return byName(driver.decode(exchange.table, exchange.address, exchange.words));
  };
}

/** Each register of an example is decoded with its neighbours, as one read would return them. */
function daliValues(profile: Profile): (example: ProfileExample) => Values | Unexplained {
  const driver = createModbusDriver(profile);
  return ({ request, response }) => {
    if (request === null) return { at: [], message: msg`a DALI example needs its request: the forward frames, two bytes each` };
    const exchange = daliExchange(bytesOf(request), bytesOf(response));
    if ('message' in exchange) return { at: [exchange.at], message: exchange.message };
    const runs: { readonly table: Table; readonly address: number; readonly words: number[] }[] = [];
    for (const { table, address, word } of exchange) {
      const last = runs.at(-1);
      if (last?.table === table && last.address + last.words.length === address) last.words.push(word);
      else runs.push({ table, address, words: [word] });
    }
    return byName(runs.flatMap(({ table, address, words }) => driver.decode(table, address, words)));
  };
}

function byName(values: readonly DecodedValue[]): Values {
  return new Map(values.map((value) => [value.quantity, value]));
}
