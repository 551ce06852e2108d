/**
 * Checks that ids, units and ports are unique, and that every reference names something that exists. Pure.
 */

import { linePortName, parseLinePort } from '../../core/line-port.ts';
import { type Message, msg } from '../../core/message.ts';
import { given, type Index, type Placed, placed, unknownName, type ZoneDraft } from './draft.ts';
import type { Finding, Path } from './finding.ts';

/** A name, such as an id, and its path in the document. The checks skip an item whose `id` is undefined. */
export interface Named {
  readonly id: string | undefined;
  readonly path: Path;
}

/** Returns findings about equal ids that must differ, such as those of two lamps. Upper and lower case count as equal. */
export function checkIds(index: Index): Finding[] {
  const named = (items: readonly Placed<{ id?: string | undefined }>[]): Named[] =>
    items.map(({ value, path }) => ({ id: value.id, path: [...path, 'id'] }));
  const devices = named(index.devices);
  const lamps = named(index.lamps);
  const foreign = index.lamps.flatMap(({ value, path }) =>
    clash(
      { id: given(value, 'device', value.id) === value.id ? undefined : value.id, path: [...path, 'id'] },
      devices,
      msg`a device that does not drive this lamp`,
    ),
  );
  return [
    ...repeated('line', named(index.lines)),
    ...repeated('device', devices),
    ...repeated('pole', named(index.poles)),
    ...repeated('lamp', lamps),
    ...repeated('zone', named(index.zones)),
    ...repeated('programme', named(index.programmes)),
    ...repeated('branch', named(index.branches)),
    ...repeated('calendar', named(index.calendars)),
    ...repeated('list of holidays', named(index.holidays)),
    ...repeated('event night', named(index.eventNights)),
    ...repeated('rule', named(index.rules)),
    ...repeated('output', named(index.outputs)),
    ...repeated('panel', named(index.panels)),
    ...foreign,
    ...named(index.zones).flatMap((zone) => {
      const withLamp = clash(zone, lamps, msg`a lamp`);
      return withLamp.length > 0 ? withLamp : clash(zone, devices, msg`a device`);
    }),
    // On the platform each of them is a device.
    ...named(index.panels).flatMap((panel) => [
      ...clash(panel, lamps, msg`a lamp`),
      ...clash(panel, named(index.zones), msg`a zone`),
      ...clash(panel, devices, msg`a device`),
    ]),
  ];
}

/**
 * Returns findings about unit numbers that occur twice on one line, and about ports that two lines use. One endpoint written in two ways is
 * one port.
 */
export function checkWiring(index: Index): Finding[] {
  const ports = index.lines.map(({ value, path }): Named => ({ id: portName(value.port), path: [...path, 'port'] }));
  const units = index.lines.flatMap((line) =>
    repeatedBy(
      placed(line.value.devices, [...line.path, 'devices']).map(
        ({ value, path }): Named => ({ id: value.unit?.toString(), path: [...path, 'unit'] }),
      ),
      (unit) => msg`unit ${unit} is used twice on line "${line.value.id ?? '?'}"; each device of a line needs its own`,
    ),
  );
  return [...units, ...repeatedBy(ports, (port) => msg`port "${port}" already belongs to another line; one line owns a port`)];
}

/** The normal form of a port: an endpoint written in two ways is still one. */
function portName(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const port = parseLinePort(text);
  return port.kind === 'bad' ? text : linePortName(port);
}

/**
 * Returns findings about references of devices, lamps and zones, such as an unknown lamp or a lamp in two zones. Empty if there are none.
 * Other checks report some of them, such as the calendar of a zone and the profile of a device.
 */
export function checkReferences(index: Index): Finding[] {
  const { known } = index;
  return [
    ...index.devices.flatMap(({ value, path }) =>
      unknownName({ what: 'pole', id: value.pole, known: known.poles, path: [...path, 'pole'] }),
    ),
    ...index.devices.flatMap((device) => checkContactZones(device, index)),
    ...checkLamps(index),
    ...index.zones.flatMap(({ value, path }) => [
      ...placed(value.lamps, [...path, 'lamps']).flatMap((lamp) =>
        unknownName({ what: 'lamp', id: lamp.value, known: known.lamps, path: lamp.path }),
      ),
      ...unknownName({ what: 'programme', id: value.programme, known: known.programmes, path: [...path, 'programme'] }),
      ...placed(value.presence?.alsoLamps, [...path, 'presence', 'alsoLamps']).flatMap((lamp) => [
        ...unknownName({ what: 'lamp', id: lamp.value, known: known.lamps, path: lamp.path }),
        ...(value.lamps?.includes(lamp.value) === true
          ? [{ path: lamp.path, message: msg`lamp "${lamp.value}" is in this zone already; alsoLamps is for lamps of other zones` }]
          : []),
      ]),
      ...placed(value.presence?.sensors, [...path, 'presence', 'sensors']).flatMap((sensor) =>
        unknownName({ what: 'sensor device', id: sensor.value.device, known: known.devices, path: [...sensor.path, 'device'] }),
      ),
    ]),
    ...checkMembership(index),
    ...index.zones.flatMap(checkSensorTwice),
  ];
}

/** A zone is only for a contact that requests light. */
function checkContactZones({ value: { contactZones, roles }, path }: Index['devices'][number], { known }: Index): Finding[] {
  return Object.entries(contactZones ?? {}).flatMap(([point, id]): Finding[] => {
    const at = [...path, 'contactZones', point];
    const role = roles?.[point];
    if (role !== 'emergency' && role !== 'lights-on' && (roles === undefined || !(point in roles) || role !== undefined)) {
      return [{ path: at, message: msg`${point} has no role emergency or lights-on, so it lights no zone; write it under roles` }];
    }
    return unknownName({ what: 'zone', id, known: known.zones, path: at });
  });
}

function checkLamps(index: Index): Finding[] {
  const polesOfDevices = new Map(index.devices.toReversed().map(({ value }) => [value.id, given(value, 'pole', null)]));
  const drivers: Named[] = [];
  const findings = index.lamps.flatMap(({ value, path }): Finding[] => {
    const device = given(value, 'device', value.id);
    const devicePath = 'device' in value ? [...path, 'device'] : [...path, 'id'];
    const point = given(value, 'point', 'level');
    if (device !== undefined && point !== undefined) drivers.push({ id: `${device}.${point}`, path: devicePath });
    const unknown = [
      ...unknownName({ what: 'device', id: device, known: index.known.devices, path: devicePath }),
      ...unknownName({ what: 'pole', id: value.pole, known: index.known.poles, path: [...path, 'pole'] }),
    ];
    const homeless = !('pole' in value) && device !== undefined && polesOfDevices.get(device) === null;
    return homeless
      ? [...unknown, { path, message: msg`this lamp has no pole, nor has its device "${device ?? ''}"; give one of them a pole` }]
      : unknown;
  });
  return [...findings, ...repeatedBy(drivers, (point) => msg`"${point}" already drives another lamp`)];
}

function checkMembership({ zones, lamps }: Index): Finding[] {
  const members = zones.flatMap(({ value, path }) =>
    placed(value.lamps, [...path, 'lamps']).map((lamp): Named => ({ id: lamp.value, path: lamp.path })),
  );
  const twice = repeatedBy(members, (lamp) => msg`lamp "${lamp}" is already in a zone; a lamp belongs to one: take it out of the other`);
  const allZonesRead = zones.length > 0 && zones.every(({ value }) => value.lamps?.every((lamp) => lamp !== undefined) ?? false);
  if (!allZonesRead) return twice;
  const lit = new Set(members.map((member) => member.id));
  const dark = lamps.filter(({ value }) => value.id !== undefined && !lit.has(value.id));
  return [
    ...twice,
    ...dark.map(({ value, path }) => ({
      path: [...path, 'id'],
      message: msg`lamp "${value.id ?? ''}" is in no zone and would never be lit; add it to the lamps of a zone`,
    })),
  ];
}

function checkSensorTwice({ value, path }: Placed<ZoneDraft>): Finding[] {
  const sensors = placed(value.presence?.sensors, [...path, 'presence', 'sensors']).map((sensor): Named => {
    const point = given(sensor.value, 'point', 'motion');
    return {
      id: sensor.value.device === undefined || point === undefined ? undefined : `${sensor.value.device}.${point}`,
      path: [...sensor.path, 'device'],
    };
  });
  return repeatedBy(sensors, (point) => msg`sensor "${point}" is listed twice in this zone`);
}

/** By kind, because articles and endings differ by kind in other languages. */
const TWICE = {
  line: (id: string) => msg`there are two lines "${id}"`,
  device: (id: string) => msg`there are two devices "${id}"`,
  pole: (id: string) => msg`there are two poles "${id}"`,
  lamp: (id: string) => msg`there are two lamps "${id}"`,
  zone: (id: string) => msg`there are two zones "${id}"`,
  programme: (id: string) => msg`there are two programmes "${id}"`,
  branch: (id: string) => msg`there are two branches "${id}"`,
  calendar: (id: string) => msg`there are two calendars "${id}"`,
  'list of holidays': (id: string) => msg`there are two lists of holidays "${id}"`,
  'event night': (id: string) => msg`there are two event nights "${id}"`,
  rule: (id: string) => msg`there are two rules "${id}"`,
  output: (id: string) => msg`there are two outputs "${id}"`,
  panel: (id: string) => msg`there are two panels "${id}"`,
} satisfies Readonly<Record<string, (id: string) => Message>>;
const ONLY_CASE: Readonly<Record<keyof typeof TWICE, (id: string, first: string) => Message>> = {
  line: (id, first) => msg`line "${id}" differs from "${first}" only in upper and lower case`,
  device: (id, first) => msg`device "${id}" differs from "${first}" only in upper and lower case`,
  pole: (id, first) => msg`pole "${id}" differs from "${first}" only in upper and lower case`,
  lamp: (id, first) => msg`lamp "${id}" differs from "${first}" only in upper and lower case`,
  zone: (id, first) => msg`zone "${id}" differs from "${first}" only in upper and lower case`,
  programme: (id, first) => msg`programme "${id}" differs from "${first}" only in upper and lower case`,
  branch: (id, first) => msg`branch "${id}" differs from "${first}" only in upper and lower case`,
  calendar: (id, first) => msg`calendar "${id}" differs from "${first}" only in upper and lower case`,
  'list of holidays': (id, first) => msg`list of holidays "${id}" differs from "${first}" only in upper and lower case`,
  'event night': (id, first) => msg`event night "${id}" differs from "${first}" only in upper and lower case`,
  rule: (id, first) => msg`rule "${id}" differs from "${first}" only in upper and lower case`,
  output: (id, first) => msg`output "${id}" differs from "${first}" only in upper and lower case`,
  panel: (id, first) => msg`panel "${id}" differs from "${first}" only in upper and lower case`,
};

function repeated(what: keyof typeof TWICE, items: readonly Named[]): Finding[] {
  const firsts = new Map<string, Named>();
  return items.flatMap(({ id, path }) => {
    if (id === undefined) return [];
    const first = firsts.get(id.toLowerCase());
    if (first === undefined) {
      firsts.set(id.toLowerCase(), { id, path });
      return [];
    }
    const message = first.id === id ? TWICE[what](id) : ONLY_CASE[what](id, first.id ?? '');
    return [{ path, message, first: first.path }];
  });
}

/**
 * Returns a finding at the path of each item whose id an earlier item has; `first` is the path of the first one. Upper and lower case
 * differ. `say` creates the message for an id.
 */
export function repeatedBy(items: readonly Named[], say: (id: string) => Message): Finding[] {
  const firsts = new Map<string, Path>();
  return items.flatMap(({ id, path }) => {
    if (id === undefined) return [];
    const first = firsts.get(id);
    if (first !== undefined) return [{ path, message: say(id), first }];
    firsts.set(id, path);
    return [];
  });
}

function clash({ id, path }: Named, others: readonly Named[], what: Message): Finding[] {
  const other = id === undefined ? undefined : others.find((o) => o.id?.toLowerCase() === id.toLowerCase());
  return other === undefined
    ? []
    : [{ path, message: msg`"${id ?? ''}" is also the id of ${what}; the platform could not tell them apart`, first: other.path }];
}
