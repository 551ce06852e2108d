/**
 * A cabinet as `cabinet.yaml` describes it, checked and with every default filled in.
 *
 * Owns the shapes. The config room makes one, `app.ts` hands each room its part, nobody changes it.
 */
import type { LevelPct } from './words.ts';

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
  readonly lines: readonly LineConfig[];
  readonly poles: readonly Pole[];
  readonly lamps: readonly Lamp[];
  readonly zones: readonly Zone[];
  readonly programmes: readonly Programme[];
  readonly uplink: UplinkConfig | null;
  readonly store: StoreConfig;
  readonly console: { readonly socketPath: string | null };
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
  /** The adapter hears itself. */
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
  readonly devices: readonly DeviceConfig[];
}

export interface DeviceConfig {
  readonly id: string;
  /** Modbus address 1..247; 0 on a uart line. */
  readonly unit: number;
  readonly profile: string;
  /** Where it stands; null for cabinet gear. */
  readonly pole: string | null;
  /** What its contacts mean at this site, by quantity: `{ input_1: door }`. */
  readonly roles: Readonly<Record<string, ContactRole>>;
  /** Which of its repeated parts are there, by the profile's name for them: `{ ecg: [0, 1, 5] }`; all when not given. */
  readonly instances: Readonly<Record<string, readonly number[]>>;
  /** Level points that belong to each of its groups: `{ group0: [ecg0_level, ecg1_level] }`. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** What a contact of an I/O box may be wired to; a closed contact (1) is the thing happening. */
export type ContactRole = 'door' | 'fault';

export interface Pole {
  readonly id: string;
  /** Distance along the street from its start. Units: m. */
  readonly atM: number;
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
}

export interface Zone {
  readonly id: string;
  readonly lamps: readonly string[];
  readonly programme: string;
  /** Never darker at night. */
  readonly minPct: LevelPct;
  /** Dusk: the zone is lit while the sun stands below this. Units: degrees of altitude. */
  readonly sunBelowDeg: number;
  readonly presence: PresenceConfig | null;
}

export interface PresenceConfig {
  readonly sensors: readonly PresenceSensor[];
  readonly boostPct: LevelPct;
  readonly holdS: number;
  readonly rampUpS: number;
  readonly rampDownS: number;
  /** Lamps within this distance of the sensor's pole are raised; null raises the whole zone. Units: m. */
  readonly reachM: number | null;
}

export interface PresenceSensor {
  readonly device: string;
  /** The quantity that says someone is there (an analogue motion value or a flag). */
  readonly point: string;
  /** Present at or above this. Units: the point's own. */
  readonly threshold: number;
  /** How long the sensor itself keeps saying so after the last movement; taken off `holdS`. */
  readonly ownHoldS: number;
}

export interface Programme {
  readonly id: string;
  /** In the order of the night. */
  readonly steps: readonly ProgrammeStep[];
}

/** From `at` on, this level. `dusk` is the start of the zone's night; otherwise local time of day. */
export interface ProgrammeStep {
  readonly at: 'dusk' | { readonly hour: number; readonly minute: number };
  readonly levelPct: LevelPct;
}

export interface UplinkConfig {
  /** `mqtt://` or `mqtts://` with host and port. */
  readonly broker: string;
  readonly protocol: 4 | 5;
  readonly group: string;
  readonly node: string;
  readonly primaryHost: string | null;
  readonly username: string | null;
  /** The secret itself never stands in the config. */
  readonly passwordFile: string | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly keepaliveS: number;
  /** Longest wait before a birth after a reconnect, so that a fleet does not arrive at once. */
  readonly birthJitterS: number;
}

export interface StoreConfig {
  /** Folder of state.db and telemetry.db. */
  readonly dir: string;
  readonly commitSeconds: number;
  readonly maxMegabytes: number;
  /** Readings older than this go. */
  readonly maxDays: number;
  /** A reading that does not change is kept this often all the same. */
  readonly heartbeatS: number;
}
