/**
 * Checks of the nameplate of a profile that a schema cannot do.
 *
 * Pure.
 */
import { msg } from '../agent/core/message.ts';
import type { NameplateEntry, Profile, ProfileExample } from '../agent/core/profile.ts';
import { type ExampleExchange, takeApart } from './example-frames.ts';
import { nameplateText, nameplateWidth } from './modbus/nameplate-text.ts';
import type { FilePath } from './profile-expand.ts';
import type { Flaw } from './profile-flaw.ts';
import { ADDRESSES } from './profile-writes.ts';

/** Returns flaws of the nameplate of a profile, such as an entry that is listed twice or too long for one read. Empty if there are none. */
export function nameplateFlaws({ nameplate, quirks, transport }: Profile): Flaw[] {
  if (transport === 'uart' && nameplate.length > 0)
    return [{ path: ['nameplate'], message: msg`a uart device has no registers, so it cannot have ${'nameplate'}` }];
  return nameplate.flatMap((entry, index) => entryFlaws(entry, { index, nameplate, quirks }));
}

interface Context extends Pick<Profile, 'nameplate' | 'quirks'> {
  readonly index: number;
}

function entryFlaws(entry: NameplateEntry, { index, nameplate, quirks }: Context): Flaw[] {
  const { id, address, type, count, wordOrder } = entry;
  const at = ['nameplate', index];
  const width = nameplateWidth(entry);
  const flaws: Flaw[] = [];
  if (nameplate.findIndex((other) => other.id === id) !== index) flaws.push({ path: [...at, 'id'], message: msg`"${id}" is listed twice` });
  if (type !== 'text' && count !== 1) flaws.push({ path: [...at, 'count'], message: msg`only a text has a count of registers` });
  if (type === 'text' && wordOrder === 'low-first') flaws.push({ path: [...at, 'wordOrder'], message: msg`a text has no order of words` });
  if (address + width > ADDRESSES) flaws.push({ path: [...at, 'address'], message: msg`${id} reaches beyond address ${ADDRESSES - 1}` });
  if (width > quirks.maxReadRegisters)
    flaws.push({
      path: [...at, 'count'],
      message: msg`${id} has ${width} registers that must be read in one request; correct maxReadRegisters`,
    });
  if (quirks.evenAlign && (address % 2 !== 0 || width % 2 !== 0))
    flaws.push({ path: [...at, 'address'], message: msg`evenAlign: start and number of registers must be even` });
  return flaws;
}

/**
 * Returns one flaw for each nameplate text that an example expects, if the profile has no such entry or the Modbus frames of the example
 * do not give this text. `path`: the place of the example.
 */
export function nameplateExampleFlaws(
  { nameplate }: Profile,
  { request, response, nameplate: expected = {} }: ProfileExample,
  path: FilePath,
): Flaw[] {
  const exchange = request === null ? null : takeApart(request, response);
  return Object.entries(expected).flatMap(([id, text]): Flaw[] => {
    const at = [...path, 'nameplate', id];
    const entry = nameplate.find((each) => each.id === id);
    if (entry === undefined) return [{ path: at, message: msg`the nameplate has no "${id}"`, atKey: true }];
    const words = exchange === null || 'message' in exchange ? null : wordsOfEntry(entry, exchange);
    if (words === null) return [{ path: at, message: msg`expected ${String(text)}, but it is not among the registers of this exchange` }];
    const got = nameplateText(entry, words);
    return got === text ? [] : [{ path: at, message: msg`expected ${String(text)}, but it decodes to ${String(got)}` }];
  });
}

/** The registers of an entry; null if they are not all among those that were read. */
function wordsOfEntry(entry: NameplateEntry, { table, address, words }: ExampleExchange): readonly number[] | null {
  const from = entry.address - address;
  const own = from < 0 || table !== entry.table ? [] : words.slice(from, from + nameplateWidth(entry));
  return own.length < nameplateWidth(entry) ? null : own;
}
