import { parseLinePort } from '../../core/line-port.ts';
import { type Message, msg } from '../../core/message.ts';
import { brokerFlaw, withoutUrlPasswords } from '../../core/secrets.ts';
import { type CabinetDraft, given, type Index, type LampDraft, type LineDraft, type Placed, placed } from './draft.ts';
import type { Finding } from './finding.ts';

/** Source: IEC 62386-102: short addresses 0 to 63. */
const LAST_SHORT_ADDRESS = 63;

/** Returns findings about values of lines, lamps and the uplink, such as a minimum above its maximum. Empty if there are none. */
export function checkValues(draft: CabinetDraft, index: Index): Finding[] {
  return [
    ...index.lines.flatMap((line) => [...checkLine(line), ...checkPort(line)]),
    ...index.lamps.flatMap(checkLampLevels),
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
        : [{ path: [...path, 'devices'], message: msg`found ${count} devices; a uart line has exactly one` }]),
      ...units.map((device) => ({
        path: [...device.path, 'unit'],
        message: msg`a device on a uart line has no unit; leave it out, or make the line kind modbus`,
      })),
    ];
  }
  const isDali = kind === 'dali';
  const seven = isDali ? msg`found 7; a dali line needs 8` : msg`found 7; a modbus line needs 8`;
  return [
    ...devices.flatMap((device) => unitFindings(device, isDali)),
    ...(line.serial?.dataBits === 7 ? [{ path: [...path, 'serial', 'dataBits'], message: seven }] : []),
  ];
}

/** Source: Modbus over Serial Line V1.02 §2.2; IEC 62386-102, short addresses. */
function unitFindings({ value, path }: Placed<NonNullable<NonNullable<LineDraft['devices']>[number]>>, isDali: boolean): Finding[] {
  const allowed = isDali
    ? msg`needed on a dali line: the short address, a whole number from 0 to 63`
    : msg`needed on a modbus line: a whole number from 1 to 247`;
  if (!('unit' in value)) return [{ path: [...path, 'unit'], message: msg`missing; ${allowed}` }];
  const { unit } = value;
  if (typeof unit !== 'number' || (isDali ? unit <= LAST_SHORT_ADDRESS : unit >= 1)) return [];
  return [{ path: [...path, 'unit'], message: msg`found ${unit}; ${allowed}` }];
}

function checkPort({ value: line, path }: Placed<LineDraft>): Finding[] {
  if (line.port === undefined) return [];
  const port = parseLinePort(line.port);
  if (port.kind === 'bad') return [{ path: [...path, 'port'], message: port.why }];
  if (port.kind === 'serial') return [];
  const idle = (key: 'rs485' | 'serial', message: Message): Finding[] =>
    line[key] === undefined || line[key] === null ? [] : [{ path: [...path, key], message }];
  if (port.kind === 'rtu+tcp')
    return idle('rs485', msg`has no effect with rtu+tcp://, the serial server switches the direction; leave it out`);
  const kind = given(line, 'kind', 'modbus');
  const isRaw = kind === 'uart' || kind === 'dali';
  const advice = msg`found tcp:// on a ${kind ?? ''} line, which has no Modbus; a serial server that passes bytes on is rtu+tcp://host:port`;
  return [
    ...(isRaw ? [{ path: [...path, 'port'], message: advice }] : []),
    ...idle('rs485', msg`has no effect with tcp://; leave it out`),
    ...idle('serial', msg`has no effect with tcp://, the gateway has its own settings; leave it out`),
  ];
}

function checkLampLevels({ value, path }: Placed<LampDraft>): Finding[] {
  const [minPct, maxPct] = [given(value, 'minPct', 0), given(value, 'maxPct', 100)];
  if (minPct === undefined || maxPct === undefined || minPct <= maxPct) return [];
  return [{ path: [...path, 'minPct' in value ? 'minPct' : 'maxPct'], message: msg`minPct ${minPct} lies above maxPct ${maxPct}` }];
}

function checkUplink(uplink: CabinetDraft['uplink']): Finding[] {
  if (uplink === undefined || uplink === null) return [];
  const alone = (key: 'passwordFile' | 'certFile' | 'keyFile', partner: 'username' | 'certFile' | 'keyFile'): Finding[] =>
    typeof uplink[key] === 'string' && given(uplink, partner, null) === null
      ? [{ path: ['uplink', key], message: msg`needs ${partner} beside it` }]
      : [];
  const others = Array.isArray(uplink.otherBrokers) ? uplink.otherBrokers : [];
  const broker = [
    ...checkBroker(uplink.broker, ['uplink', 'broker']),
    ...others.flatMap((other, i) => (typeof other === 'string' ? checkBroker(other, ['uplink', 'otherBrokers', i]) : [])),
  ];
  const plain = broker.length === 0 && [uplink.broker, ...others].every((url) => url?.toLowerCase().startsWith('mqtt://') === true);
  const tls = (['caFile', 'certFile', 'keyFile'] as const).filter((key) => plain && typeof uplink[key] === 'string');
  return [
    ...broker,
    ...alone('passwordFile', 'username'),
    ...alone('certFile', 'keyFile'),
    ...alone('keyFile', 'certFile'),
    ...tls.map((key) => ({ path: ['uplink', key], message: msg`has no effect with mqtt://; write mqtts:// in broker, or leave it out` })),
  ];
}

function checkBroker(broker: string | undefined, path: Finding['path']): Finding[] {
  if (broker === undefined) return [];
  const flaw = brokerFlaw(broker);
  if (flaw === 'no-address')
    return [{ path, message: msg`found ${JSON.stringify(withoutUrlPasswords(broker))}; allowed: mqtt://host:port or mqtts://host:port` }];
  // The address is not repeated here: it may contain a password, and messages end up in logs.
  if (flaw === 'password')
    return [{ path, message: msg`found a user or password in the address; write username and passwordFile instead` }];
  return [];
}
