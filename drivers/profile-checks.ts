/**
 * Checks of a profile that a schema cannot do: unknown names, keys of the other transport, examples that decode to other values.
 *
 * Pure. A profile that fails here is not used.
 */
import { msg } from '../agent/core/message.ts';
import type { GroupProfile, IdentifyProbe, Profile } from '../agent/core/profile.ts';
import { isBitType, widthOf } from './modbus/register-types.ts';
import { exampleFlaws } from './profile-examples.ts';
import type { ExpandedProfile, FilePath } from './profile-expand.ts';
import { type Flaw, unknownPoint } from './profile-flaw.ts';
import { nameplateFlaws } from './profile-nameplate.ts';
import { pointFlaws } from './profile-points.ts';
import { UART_CODECS } from './uart/uart-codecs.ts';

/**
 * Returns the flaws of a profile that fits the schema, such as unknown names, or examples that decode to other values; empty if there are
 * none. Missing examples are not among them, see `missingExamples`. `paths`: the place of each row in the file, for the flaws.
 */
export function checkProfile({ profile, paths }: ExpandedProfile): Flaw[] {
  return [
    ...trustFlaws(profile),
    ...pointFlaws(profile, paths.points),
    ...transportFlaws(profile),
    ...quirkFlaws(profile),
    ...nameplateFlaws(profile),
    ...uptimeFlaws(profile),
    ...profile.groups.flatMap((group, index) => groupFlaws(profile, group, index, paths.groups[index] ?? [])),
    ...setupFlaws(profile, paths.setup),
    ...profile.identify.flatMap((probe, index) => probeFlaws(probe, ['identify', index])),
    ...exampleFlaws(profile),
  ];
}

function trustFlaws({ trust, experimental }: Profile): Flaw[] {
  if (trust !== 'C' || experimental !== null) return [];
  return [{ path: ['trust'], message: msg`a map of trust C needs \`experimental:\` and in it why it is doubtful` }];
}

/** Keys that only one transport supports. */
function transportFlaws({ transport, codec, identify, setup, groups, repeats, uptime }: Profile): Flaw[] {
  const known = [...UART_CODECS.keys()];
  if (transport !== 'uart') return codec === null ? [] : [{ path: ['codec'], message: msg`only a uart device has a codec` }];
  const registers = {
    identify: identify.length,
    setup: setup.length,
    groups: groups.length,
    repeat: repeats.length,
    uptime: uptime !== null,
  };
  const foreign = Object.entries(registers).flatMap(([key, given]) =>
    given ? [{ path: [key], message: msg`a uart device has no registers, so it cannot have ${key}` }] : [],
  );
  if (codec !== null && known.includes(codec)) return foreign;
  return [
    ...foreign,
    { path: ['codec'], message: codec === null ? msg`missing; the codecs are ${known}` : msg`found ${codec}; the codecs are ${known}` },
  ];
}

/** Limits that no request can meet, and empty ranges. */
function quirkFlaws({ transport, points, quirks }: Profile): Flaw[] {
  const { maxReadRegisters, maxReadBits, singleOnly, writeFunction } = quirks;
  const flaws: Flaw[] = singleOnly.flatMap(([from, to], index) =>
    from > to ? [{ path: ['quirks', 'singleOnly', index], message: msg`the first number must not exceed the second` }] : [],
  );
  if (transport === 'uart') return flaws;
  // Two requests could give two halves of different values.
  const widest = points.find((point) => !isBitType(point.type) && widthOf(point) > maxReadRegisters);
  const most = points.find((point) => point.type === 'bits' && widthOf(point) > maxReadBits);
  if (most !== undefined)
    flaws.push({
      path: ['quirks', 'maxReadBits'],
      message: msg`${most.id} has ${widthOf(most)} bits that must be read in one request; correct maxReadBits`,
    });
  if (widest !== undefined)
    flaws.push({
      path: ['quirks', 'maxReadRegisters'],
      message: msg`${widest.id} has ${widthOf(widest)} registers that must be read in one request; correct maxReadRegisters`,
    });
  const written = points.find((point) => point.write !== null && widthOf(point) > 1);
  if (written !== undefined && writeFunction === 'single')
    flaws.push({
      path: ['quirks', 'writeFunction'],
      message: msg`${written.id} has ${widthOf(written)} registers that must be written in one request; leave out writeFunction: single`,
    });
  return flaws;
}

function uptimeFlaws({ uptime, points }: Profile): Flaw[] {
  if (uptime === null) return [];
  const point = points.find(({ id }) => id === uptime);
  const names = points.map(({ id }) => id);
  if (point === undefined) return [{ path: ['uptime'], message: unknownPoint(uptime, names) }];
  return point.poll === 'never' ? [{ path: ['uptime'], message: msg`"${uptime}" is never polled, so it shows no restart` }] : [];
}

function groupFlaws({ groups, points }: Profile, group: GroupProfile, index: number, path: FilePath): Flaw[] {
  const levelPoints = points.filter(({ semantic, write }) => semantic === 'level' && write !== null);
  const levels = levelPoints.map(({ id }) => id);
  const flaws: Flaw[] = [];
  if (groups.findIndex(({ id }) => id === group.id) !== index)
    flaws.push({ path: [...path, 'id'], message: msg`"${group.id}" is listed twice` });
  if (group.address > 0xffff) flaws.push({ path: [...path, 'address'], message: msg`${group.id} reaches beyond address 65535` });
  if (levels.length === 0) flaws.push({ path, message: msg`a group sets levels, but no point of this profile does` });
  // A level in a coil would be sent as off.
  const misfit = levelPoints.find(({ id, type }) => (group.sets?.includes(id) ?? true) && isBitType(type) !== (group.table === 'coil'));
  if (misfit !== undefined)
    flaws.push({
      path: [...path, 'table'],
      message: msg`table ${group.table} does not take ${misfit.id}, which is of type ${misfit.type}`,
    });
  const unknown = (group.sets ?? []).filter((id) => !levels.includes(id));
  return [
    ...flaws,
    ...unknown.map((id) => ({
      path: [...path, 'sets', (group.sets ?? []).indexOf(id)],
      message: points.some((point) => point.id === id) ? msg`"${id}" does not set a level` : unknownPoint(id, levels),
    })),
  ];
}

function setupFlaws({ setup }: Profile, paths: readonly FilePath[]): Flaw[] {
  return setup.flatMap(({ table, address, value }, index) => {
    const path = paths[index] ?? [];
    const flaws: Flaw[] = [];
    if (address > 0xffff) flaws.push({ path: [...path, 'address'], message: msg`reaches beyond address 65535` });
    if (table === 'coil' && value !== 0 && value !== 1)
      flaws.push({ path: [...path, 'value'], message: msg`a coil is 0 or 1, found ${value}` });
    return flaws;
  });
}

function probeFlaws({ count, oneOf, text }: IdentifyProbe, path: FilePath): Flaw[] {
  if (oneOf.length === 0 && text === null)
    return [{ path, message: msg`a probe says what it expects: \`oneOf\`, lists of registers, or \`text\`` }];
  if (oneOf.length > 0 && text !== null) return [{ path, message: msg`a probe expects \`oneOf\` or \`text\`, not both` }];
  if (text !== null && text.length > count)
    return [{ path: [...path, 'text'], message: msg`"${text}" needs ${text.length} registers, count is ${count}` }];
  return oneOf.flatMap((words, index) =>
    words.length === count
      ? []
      : [{ path: [...path, 'oneOf', index], message: msg`found ${words.length} registers, count is ${count}; list as many as are read` }],
  );
}
