/**
 * A cabinet as `cabinet.yaml` describes it: validated, with every default filled in, and immutable. Another configuration is another
 * object.
 */
import type { Role } from './access.ts';
import type { EnergyAccounts } from './energy-accounts.ts';
import type { Luminaire } from './luminaire.ts';
import type { PanelConfig } from './panel-config.ts';
import type { SoundConfig } from './sound-config.ts';
import type { WatchConfig } from './watch-config.ts';
import type { Language, LevelPct } from './words.ts';
import type { Calendar, EventNight, Output, Programme, Rule, Zone } from './zone-config.ts';

export type * from './luminaire.ts';
export type * from './panel-config.ts';
export type * from './zone-config.ts';

/** The configuration of one cabinet: its lines, lamps, zones, programmes, and the settings of its services. */
export interface Cabinet {
  readonly id: string;
  readonly name: string;
  /** Units: degrees, north and east positive. */
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  /** IANA name, `Europe/Paris`. */
  readonly timezone: string;
  /**
   * `auto`: trust the system clock once it was synchronised, or if a battery clock confirms it. `system`: trust it, because something else
   * (chrony, a hypervisor) keeps it correct.
   */
  readonly clockTrust: 'auto' | 'system';
  /** After a mains return, no level of a lamp is written for this time from the start of the agent. Units: s. */
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
  /** Music and announcements; null or absent if there is no sound. */
  readonly sound?: SoundConfig | null;
  readonly panels: readonly PanelConfig[];
  /** Other cabinets where the street continues. */
  readonly neighbours: readonly Neighbour[];
  /** Null without a platform. */
  readonly uplink: UplinkConfig | null;
  readonly store: StoreConfig;
  /** Absent: `RECORDER_DEFAULTS`. */
  readonly recorder?: RecorderConfig;
  /** Limits of the fault watch; absent: the defaults. */
  readonly watch?: WatchConfig;
  /** Prices and emission factors for reports; absent if the file has none. */
  readonly energy?: EnergyAccounts;
  /** `metricsFile`: file for the metrics, read by node_exporter; null for none. */
  readonly service: { readonly metricsFile: string | null };
  /**
   * `socketPath`: where the console connects; null for the default path. `language`: of a console session, until a person chooses another.
   */
  readonly console: { readonly socketPath: string | null; readonly language: Language };
  /**
   * `revisionKeys`: people who may sign revisions offline. `ports`: ports, or ranges of network addresses, that a line of a revision may
   * use besides those in the site's file. Shape: `key` is a public Ed25519 key in base64, raw or SPKI.
   */
  readonly trust: {
    readonly revisionKeys: readonly { readonly id: string; readonly key: string }[];
    /** Keys of people who may sign the list of users, with the highest role that their list may grant. */
    readonly userKeys: readonly { readonly id: string; readonly key: string; readonly role: Role }[];
    readonly ports: readonly string[];
  };
  /** Folders of device profiles besides the shipped ones; absolute in a loaded site. */
  readonly profileDirs: readonly string[];
}

/** Settings of a serial port. Units: `baud` in bit/s. */
export interface SerialSettings {
  readonly baud: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
  readonly dataBits: 7 | 8;
}

/**
 * How the kernel switches the direction of an RS-485 transceiver. Units: delays in ms. Source: Linux serial RS-485, struct serial_rs485.
 */
export interface Rs485Settings {
  /** RTS is high while sending; false for a transceiver with inverted control. */
  readonly rtsHighOnSend: boolean;
  readonly delayBeforeSendMs: number;
  readonly delayAfterSendMs: number;
  /** The adapter receives its own transmission. */
  readonly receiveDuringSend: boolean;
}

/**
 * One line with its devices. `modbus`: units that answer requests. `uart`: one device with frames of its own. `dali`: a converter to a DALI
 * bus.
 */
export interface LineConfig {
  readonly id: string;
  readonly kind: 'modbus' | 'uart' | 'dali';
  /** A device file, `tcp://host:502` (Modbus TCP), or `rtu+tcp://host:port` (a serial server). */
  readonly port: string;
  /** Has no effect with `tcp://`. */
  readonly serial: SerialSettings;
  /** Settings if the kernel switches the direction of the transceiver; null if the adapter or the device tree does. */
  readonly rs485: Rs485Settings | null;
  /** The agent itself may set a level, or a set-up register, of all its units with one broadcast. */
  readonly broadcast: boolean;
  /** Most levels written per second in the long run, without urgent ones; a write that sets a group counts once. */
  readonly maxWritesPerS: number;
  readonly devices: readonly DeviceConfig[];
}

/** One device of the cabinet: its address on a line, the id of its profile, and what is special at this site. */
export interface DeviceConfig {
  readonly id: string;
  /** Address on the line, such as a Modbus address or a DALI short address; 0 on a UART line. */
  readonly unit: number;
  readonly profile: string;
  /** Its pole; null if none is configured, as for a device in the cabinet. */
  readonly pole: string | null;
  /** Meaning of its contacts at this site, by quantity: `{ input_1: door }`. */
  readonly roles: Readonly<Record<string, ContactRole>>;
  /** The zone that a contact lights, by quantity. A contact that requests light and has no entry lights the whole cabinet. */
  readonly contactZones?: Readonly<Record<string, string>>;
  /**
   * Which of its repeated parts exist, by the profile's name of the part: `{ ecg: [0, 1, 5] }`. A part without an entry exists completely.
   */
  readonly instances: Readonly<Record<string, readonly number[]>>;
  /** Level points of each of its groups: `{ group0: [ecg0_level, ecg1_level] }`. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Overrides the quirks of its profile; empty for none. */
  readonly quirks: DeviceQuirks;
}

/** Properties of a device that replace those of its profile (`Quirks`); an absent one is as in the profile. */
export interface DeviceQuirks {
  /** Silence that this unit needs before the next request to it. Units: ms. */
  readonly minGapMs?: number;
  /** Usual limit of the wait for a reply. Units: ms. */
  readonly responseTimeoutMs?: number;
  /** How often a lost write is repeated before it fails. It also affects when the unit counts as silent. */
  readonly retries?: number;
}

/** What a contact of a device is wired to. `emergency` and `lights-on` request light. */
export type ContactRole = 'door' | 'fault' | 'emergency' | 'lights-on';

/** One pole and its position along the main street or a branch. */
export interface Pole {
  readonly id: string;
  /** Distance along its street from that street's start. Units: m. */
  readonly atM: number;
  /** Its branch; null for the main street. */
  readonly branch: string | null;
}

/** A side street. It leaves its parent street at the pole `from`; distances on it count from that pole. */
export interface Branch {
  readonly id: string;
  readonly from: string;
}

/** One light point: the device that sets its level, its pole, its rated power, and the limits of its level while it is lit. */
export interface Lamp {
  readonly id: string;
  readonly device: string;
  /** The quantity that sets its level. */
  readonly point: string;
  readonly pole: string;
  readonly ratedPowerW: number;
  readonly minPct: LevelPct;
  readonly maxPct: LevelPct;
  /** Burning hours entered by a person, as of the start of a day (`2026-05-01`, UTC); null or absent if none were entered. Units: h. */
  readonly burned?: { readonly hours: number; readonly on: string } | null;
  /** Inventory data of the luminaire; absent if the file has none. No level depends on it. */
  readonly luminaire?: Luminaire;
}

/**
 * Another cabinet where the street continues, with which detections are exchanged. Detections within `withinM` (m along the street) of the
 * pole `pole` may be sent to it. Those that it sends enter the street at that pole.
 */
export interface Neighbour {
  /** Sparkplug edge node of the other cabinet. */
  readonly node: string;
  readonly pole: string;
  readonly withinM: number;
}

/** The connection to the platform: broker, names in Sparkplug, files of secrets, and delivery. */
export interface UplinkConfig {
  /** `mqtt://` or `mqtts://` with a host. Without a port, the usual one of the protocol is used: 1883, or 8883 with TLS. */
  readonly broker: string;
  /** Alternative brokers, in the order in which they are tried. If `broker` uses TLS (`mqtts://`), those without TLS are not used. */
  readonly otherBrokers: readonly string[];
  /** 4: MQTT 3.1.1. 5: MQTT 5. */
  readonly protocol: 4 | 5;
  /** This and `node`: the Sparkplug group and edge node of the cabinet. */
  readonly group: string;
  readonly node: string;
  /** Sparkplug id of the host that must be online before data is sent; null to send without one. */
  readonly primaryHost: string | null;
  /** User name at the broker; null to connect without one. */
  readonly username: string | null;
  /** File of the password, or the name of a credential of the service; null for none. */
  readonly passwordFile: string | null;
  /** File of the authority that certifies the broker; null for those that Node trusts by default. */
  readonly caFile: string | null;
  /** File of the client certificate; null to connect without one. */
  readonly certFile: string | null;
  /** File of the key of `certFile`, or the name of a credential of the service; null for none. */
  readonly keyFile: string | null;
  /** Keepalive of MQTT; a broker may only shorten it. Units: s. */
  readonly keepaliveS: number;
  /** Longest usual random wait before the births of a session. Units: s. */
  readonly birthJitterS: number;
  /**
   * What proves delivery: an answer of the broker, or an acknowledgement of the platform. `auto`: the broker, until the platform
   * acknowledges.
   */
  readonly proof: 'auto' | 'broker' | 'platform';
  /** DATA messages contain aliases instead of names. */
  readonly aliases: boolean;
  /** DATA repeats the type of each metric, for hosts that require it. */
  readonly datatypeInData: boolean;
  /** For a conformance checker: births have no random delay, and the usual waits after failures are not random. */
  readonly conformance: boolean;
  /** Once this much was sent in a day (UTC), the backlog waits for the next day; null for no limit. Units: 10^6 bytes. */
  readonly dailyMegabytes: number | null;
}

/** How much the flight recorder keeps. */
export interface RecorderConfig {
  /** Memory for the last minutes of all lines and decisions. Units: 1,000 bytes. */
  readonly memoryKilobytes: number;
  /** Number of recordings, above which unprotected ones are removed. */
  readonly maxRecordings: number;
  /** Size of all recordings together, above which unprotected ones are removed. Units: 10^6 bytes. */
  readonly maxMegabytes: number;
}

/**
 * Used where the configuration says nothing. Source: `memoryKilobytes`: issue 21, a few hundred kB; on a line of 9600 baud that is never
 * idle, 336 kB last five minutes. `maxRecordings`, `maxMegabytes` assumed; a recording has 50 to 200 kB. Confirmed by: sizes and numbers of
 * recordings of a year at a cabinet.
 */
export const RECORDER_DEFAULTS: RecorderConfig = { memoryKilobytes: 384, maxRecordings: 40, maxMegabytes: 8 };

/** Where readings are stored, how often they are committed, and how much is kept. */
export interface StoreConfig {
  /** Folder of state.db and telemetry.db. */
  readonly dir: string;
  /** About the longest time that readings are only in memory while the disk accepts them. Units: s. */
  readonly commitSeconds: number;
  /** Limit for telemetry, above which old readings are thinned or deleted. Units: 2^20 bytes. */
  readonly maxMegabytes: number;
  /** Older readings are deleted, as far as they may be. Units: days. */
  readonly maxDays: number;
  /** Age limit of data that may name people, such as audit entries. They may be deleted up to 30 days before it. Units: days. */
  readonly peopleDays: number;
  /** Age limit of the record of decisions. Units: days. */
  readonly recordDays: number;
  /** A reading that does not change is stored again after this time. Units: s. */
  readonly heartbeatS: number;
}
