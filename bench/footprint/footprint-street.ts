/**
 * The cabinet of the footprint: 35 lamps on two lines, four motion sensors and a meter. Pure.
 */
import { stringify } from 'yaml';

export const FOOTPRINT_LAMPS = 35;
const LINES = ['north', 'south'] as const;
const SENSORS_A_LINE = 2;
const FIRST_SENSOR = 41;
const METER_UNIT = 51;
/** Units: m. Source: assumed; usual distance of poles in a residential street. Confirmed by: the light points of the city in its inventory. */
const POLE_DISTANCE_M = 25;

/** A Modbus unit of the street: its line, address and kind. Node-RED, which has no profiles, is set up from it. */
export interface FootprintUnit {
  readonly line: string;
  readonly unit: number;
  readonly kind: 'lamp' | 'sensor' | 'meter';
}

export interface FootprintPlaces {
  readonly ports: Readonly<Record<string, string>>;
  readonly broker: string;
  readonly dataDir: string;
}

/** Every unit of the street. */
export function footprintUnits(): readonly FootprintUnit[] {
  return LINES.flatMap((line, at) => [
    ...lampsOf(at).map((_, i) => ({ line, unit: i + 1, kind: 'lamp' as const })),
    ...Array.from({ length: SENSORS_A_LINE }, (_, i) => ({ line, unit: FIRST_SENSOR + i, kind: 'sensor' as const })),
    ...(at === 0 ? [{ line, unit: METER_UNIT, kind: 'meter' as const }] : []),
  ]);
}

/** Returns the text of the `cabinet.yaml` of this street, with the given ports, broker and data folder. */
export function footprintCabinet({ ports, broker, dataDir }: FootprintPlaces): string {
  const numbers = Array.from({ length: FOOTPRINT_LAMPS }, (_, i) => i);
  return stringify({
    cabinet: { id: 'footprint', name: 'Rue de la Mesure', latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: 'Europe/Paris' },
    lines: LINES.map((id, at) => ({ id, port: ports[id] ?? `/dev/${id}`, serial: { baud: 19_200, stopBits: 2 }, devices: devicesOf(at) })),
    poles: numbers.map((n) => ({ id: poleId(n), atM: n * POLE_DISTANCE_M })),
    lamps: numbers.map((n) => ({ id: lampId(n), ratedPowerW: 60, minPct: 10 })),
    zones: [
      {
        id: 'rue',
        lamps: numbers.map(lampId),
        programme: 'residential',
        minPct: 10,
        presence: {
          boostPct: 100,
          holdS: 15,
          rampUpS: 1,
          rampDownS: 5,
          reachM: 60,
          sensors: LINES.flatMap((_, at) => sensorsOf(at)).map((device) => ({ device, threshold: 50, ownHoldS: 5 })),
        },
      },
    ],
    programmes: [
      {
        id: 'residential',
        steps: [
          { at: 'dusk', levelPct: 100 },
          { at: '23:00', levelPct: 30 },
          { at: '06:00', levelPct: 100 },
        ],
      },
    ],
    uplink: { broker, protocol: '3.1.1', group: 'Bench', birthJitterS: 0 },
    store: { dir: dataDir, commitSeconds: 10 },
  });
}

function devicesOf(at: number): object[] {
  return [
    ...lampsOf(at).map((n, i) => ({ id: lampId(n), unit: i + 1, profile: 'wirenboard-wb-led', pole: poleId(n) })),
    ...sensorsOf(at).map((id, i) => ({
      id,
      unit: FIRST_SENSOR + i,
      profile: 'wirenboard-wb-msw',
      pole: poleId(lampsOf(at)[8 * (i + 1)] ?? 0),
    })),
    ...(at === 0 ? [{ id: 'M01', unit: METER_UNIT, profile: 'eastron-sdm630' }] : []),
  ];
}

/** Numbers of the lamps on a line: half and half. */
function lampsOf(at: number): readonly number[] {
  const half = Math.ceil(FOOTPRINT_LAMPS / LINES.length);
  return Array.from({ length: FOOTPRINT_LAMPS }, (_, n) => n).slice(at * half, (at + 1) * half);
}

function sensorsOf(at: number): readonly string[] {
  return Array.from({ length: SENSORS_A_LINE }, (_, i) => `S${at * SENSORS_A_LINE + i + 1}`);
}

function lampId(n: number): string {
  return `L${String(n + 1).padStart(2, '0')}`;
}

function poleId(n: number): string {
  return `P${String(n + 1).padStart(2, '0')}`;
}
