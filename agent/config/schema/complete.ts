import type { Cabinet, DeviceConfig, Lamp, LineConfig, Luminaire, UplinkConfig } from '../../core/cabinet.ts';
import type { EnergyAccounts } from '../../core/energy-accounts.ts';
import { LUMINAIRE_KEYS } from '../../core/luminaire.ts';
import {
  completeCalendars,
  completeEventNights,
  completeOutputs,
  completeProgramme,
  completeRules,
  completeZone,
} from './complete-lighting.ts';
import { completePanels } from './complete-panels.ts';
import { completeSound } from './complete-sound.ts';
import { completeWatch } from './complete-watch.ts';
import { type CabinetDocument, recorderSchema, storeSchema } from './schema.ts';

/** Source: the folder that the package creates for the operator's own profiles. */
const PROFILE_DIRS = ['/etc/luciole/profiles'];
/** Source: Modbus over Serial Line V1.02; the factory setting of most devices is 9600 8N1. */
const SERIAL = { baud: 9600, parity: 'none', stopBits: 1, dataBits: 8 } as const;
/** Source: program NikolayLiber/node-dali for the Foxtron DALI232 (facts only). */
const DALI_SERIAL = { baud: 19_200, parity: 'even', stopBits: 1, dataBits: 8 } as const;

/**
 * Converts a document that fits its schema into the `Cabinet` of the agent, and adds the defaults that the document still lacks. Its values
 * may still contradict each other. Pure.
 */
export function completeCabinet(document: CabinetDocument): Cabinet {
  const lines = document.lines.map(completeLine);
  const polesOfDevices = new Map(lines.flatMap((line) => line.devices).map((device) => [device.id, device.pole]));
  return {
    ...document.cabinet,
    lines,
    poles: document.poles.map(({ id, atM, branch }) => ({ id, atM, branch: branch ?? null })),
    branches: document.branches ?? [],
    lamps: document.lamps.map((lamp) => completeLamp(lamp, polesOfDevices)),
    zones: document.zones.map(completeZone),
    programmes: document.programmes.map(completeProgramme),
    calendars: completeCalendars(document),
    eventNights: completeEventNights(document),
    rules: completeRules(document),
    outputs: completeOutputs(document),
    panels: completePanels(document),
    sound: completeSound(document),
    watch: completeWatch(document.watch),
    ...(document.energy == null ? {} : { energy: completeEnergy(document.energy) }),
    neighbours: document.neighbours ?? [],
    uplink: completeUplink(document),
    store: storeSchema.parse(document.store ?? {}),
    recorder: recorderSchema.parse(document.recorder ?? {}),
    service: { metricsFile: document.service?.metricsFile ?? null },
    trust: {
      revisionKeys: document.trust?.revisionKeys ?? [],
      userKeys: document.trust?.userKeys ?? [],
      ports: document.trust?.ports ?? [],
    },
    console: { socketPath: document.console?.socketPath ?? null, language: document.console?.language ?? 'en' },
    profileDirs: document.profileDirs ?? PROFILE_DIRS,
  };
}

function completeLine(line: CabinetDocument['lines'][number]): LineConfig {
  const devices = line.devices.map(
    (d): DeviceConfig => ({
      id: d.id,
      unit: d.unit ?? 0,
      profile: d.profile,
      pole: d.pole ?? null,
      roles: d.roles ?? {},
      ...(d.contactZones === undefined ? {} : { contactZones: d.contactZones }),
      instances: d.instances ?? {},
      groups: d.groups ?? {},
      quirks: Object.fromEntries(Object.entries(d.quirks ?? {}).filter(([, value]) => value !== undefined)),
    }),
  );
  return {
    id: line.id,
    kind: line.kind,
    port: line.port,
    serial: line.serial ?? (line.kind === 'dali' ? DALI_SERIAL : SERIAL),
    rs485: line.rs485 ?? null,
    broadcast: line.broadcast,
    maxWritesPerS: line.maxWritesPerS,
    devices,
  };
}

function completeLamp(lamp: CabinetDocument['lamps'][number], polesOfDevices: ReadonlyMap<string, string | null>): Lamp {
  const device = lamp.device ?? lamp.id;
  const { id, point, ratedPowerW, minPct, maxPct, burned } = lamp;
  const complete = { id, device, point, pole: lamp.pole ?? polesOfDevices.get(device) ?? '', ratedPowerW, minPct, maxPct };
  const luminaire = luminaireOf(lamp);
  return { ...complete, ...(burned == null ? {} : { burned }), ...(luminaire === null ? {} : { luminaire }) };
}

function luminaireOf(lamp: CabinetDocument['lamps'][number]): Luminaire | null {
  const entries = LUMINAIRE_KEYS.flatMap((key) => (lamp[key] == null ? [] : [[key, lamp[key]] as const]));
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

function completeEnergy({ currency, prices = [], co2Factors = [] }: NonNullable<CabinetDocument['energy']>): EnergyAccounts {
  return { currency, prices: prices.map(({ tariff, ...price }) => ({ ...price, tariff: tariff ?? null })), co2Factors };
}

function completeUplink({ uplink, cabinet }: CabinetDocument): UplinkConfig | null {
  if (!uplink) return null;
  return {
    broker: uplink.broker,
    otherBrokers: uplink.otherBrokers ?? [],
    protocol: uplink.protocol === 5 ? 5 : 4,
    group: uplink.group,
    node: uplink.node ?? cabinet.id,
    primaryHost: uplink.primaryHost ?? null,
    username: uplink.username ?? null,
    passwordFile: uplink.passwordFile ?? null,
    caFile: uplink.caFile ?? null,
    certFile: uplink.certFile ?? null,
    keyFile: uplink.keyFile ?? null,
    keepaliveS: uplink.keepaliveS,
    birthJitterS: uplink.birthJitterS,
    proof: uplink.proof ?? usualProof(uplink),
    aliases: uplink.aliases,
    datatypeInData: uplink.datatypeInData,
    conformance: uplink.conformance,
    dailyMegabytes: uplink.dailyMegabytes ?? null,
  };
}

/** With several brokers, or a host behind one, a broker that is cut off from the host confirms messages that the host never receives. */
function usualProof({ otherBrokers, primaryHost }: NonNullable<CabinetDocument['uplink']>): UplinkConfig['proof'] {
  return (otherBrokers?.length ?? 0) > 0 || (primaryHost ?? null) !== null ? 'platform' : 'auto';
}
