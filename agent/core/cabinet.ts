/**
 * A cabinet as `cabinet.yaml` describes it, checked and with every default filled in. It never changes: another configuration is another
 * object.
 */
import type { Role } from './access.ts';
import type { Language, LevelPct } from './words.ts';
import type { Calendar, EventNight, Output, Programme, Rule, Zone } from './zone-config.ts';

export type * from './zone-config.ts';

export interface Cabinet {
  readonly id: string;
  readonly name: string;
  /** Units: degrees, north and east positive. */
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  /** IANA name, `Europe/Paris`. */
  readonly timezone: string;
  /** `system`: something else (chrony, a hypervisor) keeps this clock right, believe it. */
  readonly clockTrust: 'auto' | 'system';
  /** No level is written for so long after mains return. Units: s. */
  readonly startQuietS: number;
  readonly lines: readonly LineConfig[];
  readonly poles: readonly Pole[];
  /** Side streets. */
  readonly branches: readonly Branch[];
  readonly lamps: readonly Lamp[];
  readonly zones: readonly Zone[];
  readonly programmes: readonly Programme[];
  readonly calendars: readonly Calendar[];
  readonly eventNights: readonly EventNight[];
  readonly rules: readonly Rule[];
  readonly outputs: readonly Output[];
  /** Streets of other cabinets that go on from this one. */
  readonly neighbours: readonly Neighbour[];
  readonly uplink: UplinkConfig | null;
  readonly store: StoreConfig;
  /** `metricsFile`: where the metrics are written for node_exporter; null for nowhere. */
  readonly service: { readonly metricsFile: string | null };
  readonly console: { readonly socketPath: string | null; readonly language: Language };
  /** Public Ed25519 keys of people who may sign revisions offline (base64, raw or SPKI), and ports that lines of a revision may use. */
  readonly trust: {
    readonly revisionKeys: readonly { readonly id: string; readonly key: string }[];
    /** Keys of people who may sign the list of users, with the highest role that their list may give. */
    readonly userKeys: readonly { readonly id: string; readonly key: string; readonly role: Role }[];
    readonly ports: readonly string[];
  };
  /** Extra folders of device profiles. */
  readonly profileDirs: readonly string[];
}

export interface SerialSettings {
  readonly baud: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
  readonly dataBits: 7 | 8;
}

/** Source: Linux serial RS-485, struct serial_rs485. */
export interface Rs485Settings {
  /** RTS is high while sending; false for a transceiver wired the other way round. */
  readonly rtsHighOnSend: boolean;
  readonly delayBeforeSendMs: number;
  readonly delayAfterSendMs: number;
  /** The adapter receives what it sends. */
  readonly receiveDuringSend: boolean;
}

/** `modbus`: many units share the wire. `uart`: one device that talks by itself. */
export interface LineConfig {
  readonly id: string;
  readonly kind: 'modbus' | 'uart';
  /** A device file, best a stable name under /dev/serial/by-path; or `tcp://host:502` (Modbus TCP), `rtu+tcp://host:port` (a serial server). */
  readonly port: string;
  readonly serial: SerialSettings;
  /** Direction of the transceiver kept by the kernel; null leaves it to the adapter or the device tree. */
  readonly rs485: Rs485Settings | null;
  /** Levels of a whole line may go as one broadcast, where all its units are known to obey or ignore it. */
  readonly broadcast: boolean;
  /** Levels written in a second at most, urgent ones excepted; spreads inrush and leaves the line to the sensors. */
  readonly maxWritesPerS: number;
  readonly devices: readonly DeviceConfig[];
}

export interface DeviceConfig {
  readonly id: string;
  /** Modbus address 1..247; 0 on a uart line. */
  readonly unit: number;
  readonly profile: string;
  /** Its pole; null for devices in the cabinet. */
  readonly pole: string | null;
  /** What its contacts mean at this site, by quantity: `{ input_1: door }`. */
  readonly roles: Readonly<Record<string, ContactRole>>;
  /** The zone that a contact of role `emergency` or `lights-on` lights, by quantity; one that is absent lights the whole cabinet. */
  readonly contactZones?: Readonly<Record<string, string>>;
  /** Which of its repeated parts are there, by the profile's name for them: `{ ecg: [0, 1, 5] }`; all when not given. */
  readonly instances: Readonly<Record<string, readonly number[]>>;
  /** Level points that belong to each of its groups: `{ group0: [ecg0_level, ecg1_level] }`. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** What goes before the quirks of its profile; empty for none. */
  readonly quirks: DeviceQuirks;
}

/** What a cabinet may say otherwise of one device; each key as in the quirks of its profile. */
export interface DeviceQuirks {
  readonly minGapMs?: number;
  readonly responseTimeoutMs?: number;
  readonly retries?: number;
}

/** What a contact of an I/O box may be wired to; a closed contact (1) means that it happens. The last two request light. */
export type ContactRole = 'door' | 'fault' | 'emergency' | 'lights-on';

export interface Pole {
  readonly id: string;
  /** Distance along its street from that street's start. Units: m. */
  readonly atM: number;
  /** Its branch; null for the main street. */
  readonly branch: string | null;
}

/** A side street; distances on it count from the pole where it leaves its parent. */
export interface Branch {
  readonly id: string;
  readonly from: string;
}

export interface Lamp {
  readonly id: string;
  readonly device: string;
  /** The quantity that sets its level. */
  readonly point: string;
  readonly pole: string;
  readonly ratedPowerW: number;
  readonly minPct: LevelPct;
  readonly maxPct: LevelPct;
  /** Burning hours that a person states, as of the start of a day (`2026-05-01`, UTC); null or absent where none are. Units: h. */
  readonly burned?: { readonly hours: number; readonly on: string } | null;
}

/** The street goes on there: detections of `zones` within `withinM` of the pole are relayed, and its own taken in. */
export interface Neighbour {
  /** Sparkplug edge node of the other cabinet. */
  readonly node: string;
  readonly pole: string;
  readonly withinM: number;
}

export interface UplinkConfig {
  /** `mqtt://` or `mqtts://` with host and port. */
  readonly broker: string;
  /** Where else the platform may be, in the order in which they are walked; empty for one server. */
  readonly otherBrokers: readonly string[];
  readonly protocol: 4 | 5;
  readonly group: string;
  readonly node: string;
  readonly primaryHost: string | null;
  readonly username: string | null;
  /** The secret itself is never part of the configuration. */
  readonly passwordFile: string | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly keepaliveS: number;
  /** Longest wait before a birth after a reconnect, so that a fleet does not arrive at once. */
  readonly birthJitterS: number;
  /** What proves delivery: the broker by a barrier, the platform by `Sync/Ack`, or the platform from its first acknowledgement on. */
  readonly proof: 'auto' | 'broker' | 'platform';
  /** DATA carries aliases instead of names. */
  readonly aliases: boolean;
  /** DATA repeats the type of each metric, for hosts that cannot do without; the standard says it should not. */
  readonly datatypeInData: boolean;
  /** No waiting by chance anywhere, for a checker. */
  readonly conformance: boolean;
  /** What the backlog may cost in a day; live data goes on beyond it. Units: 10^6 bytes; null for no bound. */
  readonly dailyMegabytes: number | null;
}

export interface StoreConfig {
  /** Folder of state.db and telemetry.db. */
  readonly dir: string;
  readonly commitSeconds: number;
  readonly maxMegabytes: number;
  /** Readings older than this go. */
  readonly maxDays: number;
  /** What names people is kept for at most so long. Units: days. */
  readonly peopleDays: number;
  /** A reading that does not change is kept this often all the same. */
  readonly heartbeatS: number;
}
