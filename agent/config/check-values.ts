/**
 * Do values that belong together agree: levels, steps of the night, line kinds, reach of sensors, the uplink's settings?
 *
 * Owns the checks that take two values of one section. Pure. Called by `load.ts`.
 */
import { parseLinePort } from '../core/line-port.ts';
import {
  type CabinetDraft,
  given,
  type Index,
  type LampDraft,
  type LineDraft,
  type Placed,
  type ProgrammeDraft,
  placed,
  type ZoneDraft,
} from './draft.ts';
import type { Finding } from './finding.ts';

/** Units: minutes. */
const DAY_MIN = 24 * 60;
const NOON_MIN = 12 * 60;

/** All of these checks on one document. */
export function checkValues(draft: CabinetDraft, index: Index): Finding[] {
  return [
    ...index.lines.flatMap((line) => [...checkLine(line), ...checkPort(line)]),
    ...index.lamps.flatMap(checkLampLevels),
    ...index.zones.flatMap((zone) => [...checkBoost(zone), ...checkReach(zone, index), ...checkCeilings(zone, index)]),
    ...index.programmes.flatMap(checkSteps),
    ...checkUplink(draft.uplink),
  ];
}

function checkLine({ value: line, path }: Placed<LineDraft>): Finding[] {
  const kind = given(line, 'kind', 'modbus');
  if (kind === undefined) return [];
  const devices = placed(line.devices, [...path, 'devices']);
  const count = line.devices?.length;
  if (kind === 'uart') {
    const units = devices.filter(({ value }) => 'unit' in value);
    return [
      ...(count === undefined || count === 1
        ? []
        : [{ path: [...path, 'devices'], message: `found ${count} devices; a uart line has exactly one` }]),
      ...units.map((device) => ({
        path: [...device.path, 'unit'],
        message: 'a device on a uart line has no unit; leave it out, or make the line kind modbus',
      })),
    ];
  }
  return [
    ...devices
      .filter(({ value }) => !('unit' in value))
      .map((device) => ({ path: [...device.path, 'unit'], message: 'missing; needed on a modbus line: a whole number from 1 to 247' })),
    ...(line.serial?.dataBits === 7 ? [{ path: [...path, 'serial', 'dataBits'], message: 'found 7; a modbus line needs 8' }] : []),
  ];
}

function checkPort({ value: line, path }: Placed<LineDraft>): Finding[] {
  if (line.port === undefined) return [];
  const port = parseLinePort(line.port);
  if (port.kind === 'bad') return [{ path: [...path, 'port'], message: port.why }];
  if (port.kind === 'serial') return [];
  const idle = (key: 'rs485' | 'serial', why: string): Finding[] =>
    line[key] === undefined || line[key] === null ? [] : [{ path: [...path, key], message: `has no effect with ${why}; leave it out` }];
  if (port.kind === 'rtu+tcp') return idle('rs485', 'rtu+tcp://, the serial server switches the direction');
  const isUart = given(line, 'kind', 'modbus') === 'uart';
  const advice = 'found tcp:// on a uart line, which speaks no Modbus; a serial server that passes bytes on is rtu+tcp://host:port';
  return [
    ...(isUart ? [{ path: [...path, 'port'], message: advice }] : []),
    ...idle('rs485', 'tcp://'),
    ...idle('serial', 'tcp://, the gateway has its own settings'),
  ];
}

function checkLampLevels({ value, path }: Placed<LampDraft>): Finding[] {
  const [minPct, maxPct] = [given(value, 'minPct', 0), given(value, 'maxPct', 100)];
  if (minPct === undefined || maxPct === undefined || minPct <= maxPct) return [];
  return [{ path: [...path, 'minPct' in value ? 'minPct' : 'maxPct'], message: `minPct ${minPct} lies above maxPct ${maxPct}` }];
}

/** At night a lamp's maximum comes last, so one below the zone's minimum would keep the lamp darker than the zone may be. */
function checkCeilings({ value: zone }: Placed<ZoneDraft>, { lamps }: Index): Finding[] {
  const minPct = given(zone, 'minPct', 10);
  if (minPct === undefined) return [];
  return lamps
    .filter(({ value }) => value.id !== undefined && zone.lamps?.includes(value.id) === true)
    .flatMap(({ value: { maxPct }, path }) => {
      if (maxPct === undefined || maxPct >= minPct) return [];
      const ofZone = zone.id === undefined ? 'its zone' : `zone "${zone.id}"`;
      const advice = `write maxPct ${minPct} or more, or minPct ${maxPct} or less for the zone`;
      return [{ path: [...path, 'maxPct'], message: `maxPct ${maxPct} lies below minPct ${minPct} of ${ofZone}; ${advice}` }];
    });
}

function checkBoost({ value: zone, path }: Placed<ZoneDraft>): Finding[] {
  if (zone.presence === undefined || zone.presence === null) return [];
  const [minPct, boostPct] = [given(zone, 'minPct', 10), given(zone.presence, 'boostPct', 100)];
  if (minPct === undefined || boostPct === undefined || boostPct >= minPct) return [];
  return [
    {
      path: [...path, 'presence', 'boostPct'],
      message: `boostPct ${boostPct} lies below the zone's minPct ${minPct}; presence would never show`,
    },
  ];
}

function checkReach({ value: zone, path }: Placed<ZoneDraft>, { devices }: Index): Finding[] {
  if (typeof zone.presence?.reachM !== 'number') return [];
  const homeless = new Set(devices.filter(({ value }) => given(value, 'pole', null) === null).map(({ value }) => value.id));
  return placed(zone.presence.sensors, [...path, 'presence', 'sensors'])
    .filter((sensor) => sensor.value.device !== undefined && homeless.has(sensor.value.device))
    .map((sensor) => ({
      path: [...sensor.path, 'device'],
      message: `device "${sensor.value.device}" has no pole, so reachM cannot be measured from it; give it a pole or leave reachM out`,
    }));
}

/** The night runs from noon to noon, so evening comes before morning. */
function checkSteps({ value: programme, path }: Placed<ProgrammeDraft>): Finding[] {
  const steps = placed(programme.steps, [...path, 'steps']);
  return steps.flatMap((step, i): Finding[] => {
    const { at } = step.value;
    const stepPath = [...step.path, 'at'];
    if (at === undefined) return [];
    if (i === 0)
      return at === 'dusk' || programme.steps?.[0] !== step.value
        ? []
        : [{ path: stepPath, message: `found "${at}" first; the first step of a night is at dusk` }];
    if (at === 'dusk') return [{ path: stepPath, message: 'found dusk after another step; dusk comes first, and once' }];
    const before = steps[i - 1]?.value.at;
    if (before === undefined || before === 'dusk') return [];
    if (minuteOfNight(at) === minuteOfNight(before)) return [{ path: stepPath, message: `two steps at "${at}"; keep one` }];
    if (minuteOfNight(at) > minuteOfNight(before)) return [];
    return [{ path: stepPath, message: `"${at}" comes after "${before}"; write the steps in the order of the night, from noon to noon` }];
  });
}

function minuteOfNight(at: string): number {
  const [hour = 0, minute = 0] = at.split(':').map(Number);
  return (hour * 60 + minute - NOON_MIN + DAY_MIN) % DAY_MIN;
}

function checkUplink(uplink: CabinetDraft['uplink']): Finding[] {
  if (uplink === undefined || uplink === null) return [];
  const alone = (key: 'passwordFile' | 'certFile' | 'keyFile', partner: 'username' | 'certFile' | 'keyFile'): Finding[] =>
    typeof uplink[key] === 'string' && given(uplink, partner, null) === null
      ? [{ path: ['uplink', key], message: `needs ${partner} beside it` }]
      : [];
  const broker = checkBroker(uplink.broker);
  const plain = broker.length === 0 && uplink.broker?.toLowerCase().startsWith('mqtt://') === true;
  const tls = (['caFile', 'certFile', 'keyFile'] as const).filter((key) => plain && typeof uplink[key] === 'string');
  return [
    ...broker,
    ...alone('passwordFile', 'username'),
    ...alone('certFile', 'keyFile'),
    ...alone('keyFile', 'certFile'),
    ...tls.map((key) => ({ path: ['uplink', key], message: 'has no effect with mqtt://; write mqtts:// in broker, or leave it out' })),
  ];
}

function checkBroker(broker: string | undefined): Finding[] {
  if (broker === undefined) return [];
  const path = ['uplink', 'broker'];
  const url = URL.parse(broker);
  if (url === null || !['mqtt:', 'mqtts:'].includes(url.protocol) || url.hostname === '') {
    return [{ path, message: `found ${JSON.stringify(broker)}; allowed: mqtt://host:port or mqtts://host:port` }];
  }
  // The address is not repeated here: it may hold a password, and messages end up in logs.
  if (url.username !== '' || url.password !== '')
    return [{ path, message: 'found a user or password in the address; write username and passwordFile instead' }];
  return [];
}
