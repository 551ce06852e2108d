/**
 * A cabinet as `cabinet.yaml` describes it, checked and with every default filled in.
 *
 * Owns the shapes. The config room makes one, `app.ts` hands each room its part, nobody changes it.
 */
import type { Language, LevelPct } from './words.ts';

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
  /** Levels written in a second at most, urgent ones excepted; spreads inrush and leaves the line to the sensors. */
  readonly maxWritesPerS: number;
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

/** What a contact of an I/O box may be wired to; a closed contact (1) is the thing happening. The last two ask for light. */
export type ContactRole = 'door' | 'fault' | 'emergency' | 'lights-on';

export interface Pole {
  readonly id: string;
  /** Distance along its street from that street's start. Units: m. */
  readonly atM: number;
  /** The branch that it stands on; null for the main street. */
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
}

/** What kind of place a zone is: sets how long presence may last and whether light runs ahead pole by pole or as a section. */
export type ZoneKind = 'path' | 'street' | 'road' | 'leisure';

/** Source: EN 13201-2:2015. */
export type LightingClass =
  | 'M1'
  | 'M2'
  | 'M3'
  | 'M4'
  | 'M5'
  | 'M6'
  | 'C0'
  | 'C1'
  | 'C2'
  | 'C3'
  | 'C4'
  | 'C5'
  | 'P1'
  | 'P2'
  | 'P3'
  | 'P4'
  | 'P5'
  | 'P6';

export interface Zone {
  readonly id: string;
  readonly lamps: readonly string[];
  readonly kind: ZoneKind;
  readonly programme: string;
  /** Chooses another programme for some nights; null: always `programme`. */
  readonly calendar: string | null;
  /** Never darker at night, whoever asks; the class minimum is in it. */
  readonly minPct: LevelPct;
  /** What 100 % gives; null where classes are not used. */
  readonly designClass: LightingClass | null;
  /** Dusk: the zone is lit while the sun stands below this. Units: degrees of altitude. */
  readonly sunBelowDeg: number;
  /** Lit so much later (or earlier, negative) than the sun says, and put out so much later. Units: min. */
  readonly onOffsetMin: number;
  readonly offOffsetMin: number;
  readonly photocell: PhotocellConfig | null;
  /** It may go dark in the night, but only after this warning; null: it may not. */
  readonly dark: DarkConfig | null;
  readonly presence: PresenceConfig | null;
  readonly traffic: TrafficConfig | null;
  /** What savings are counted against. */
  readonly baseline: BaselineConfig;
  /** Constant light output over the life of the lamps; null: not done here. */
  readonly constantLight: ConstantLightConfig | null;
}

/** Lights below the one, puts out above the other, within a window around the sun's own times. */
export interface PhotocellConfig {
  readonly device: string;
  readonly point: string;
  /** Units: lx. `offAboveLux` is the higher one. */
  readonly onBelowLux: number;
  readonly offAboveLux: number;
  /** A value counts once it has lasted so long. Units: s. */
  readonly dwellS: number;
  /** How far from the sun's own times it may speak; outside them the sun decides. Units: min. */
  readonly windowMin: number;
  /** An older value counts as none. Units: s. */
  readonly staleS: number;
  /** It sees the zone's own light: its values count only while the zone is dark. */
  readonly seesOwnLight: boolean;
}

/** First dimmed to this for so long, then dark. */
export interface DarkConfig {
  readonly warnPct: LevelPct;
  readonly warnS: number;
}

/** What the zone was before. Units: W of one lamp, null: the rated power of today's. */
export interface BaselineConfig {
  readonly levelPct: LevelPct;
  readonly lampPowerW: number | null;
}

/** A new lamp gives all its light at `newPct`; at `fullAtH` burning hours it needs 100 %, in between in proportion. */
export interface ConstantLightConfig {
  readonly newPct: LevelPct;
  readonly fullAtH: number;
}

export interface PresenceConfig {
  readonly sensors: readonly PresenceSensor[];
  readonly boostPct: LevelPct;
  readonly holdS: number;
  readonly rampUpS: number;
  readonly rampDownS: number;
  /** Lamps within this distance of the sensor's pole are raised; null raises the whole zone. Units: m. */
  readonly reachM: number | null;
  /** Longest raise without a pause; then the sensors are taken for stuck until they have been still. Units: s. */
  readonly maxBoostS: number;
  /** Light ahead of who moves; null: only around the sensors. */
  readonly wave: WaveConfig | null;
  /** Level for a detection that a neighbour cabinet has relayed; null: they are ignored. */
  readonly relayedPct: LevelPct | null;
}

export interface PresenceSensor {
  readonly device: string;
  /** The quantity that says someone is there (an analogue motion value or a flag), or counts who passes. */
  readonly point: string;
  /** `counter`: each rise is a detection, so that none is lost between polls. */
  readonly kind: 'motion' | 'button' | 'counter';
  /** Present at or above this. Units: the point's own. */
  readonly threshold: number;
  /** How long the sensor itself keeps saying so after the last movement; taken off `holdS`. */
  readonly ownHoldS: number;
  /** Shorter presence is none, and a shorter pause is no pause. Units: s. */
  readonly minPulseS: number;
  readonly offDelayS: number;
  /** Deaf for so long after the zone's own light has changed. Units: s. */
  readonly blankS: number;
  /** Present for longer without a pause means stuck. Units: s. */
  readonly stuckS: number;
  /** `group`: badly placed, it follows the others and is not heard itself. */
  readonly listen: 'own' | 'group';
}

/** `poles`: light runs ahead pole by pole; `section`: the whole zone rises, as fast roads need. */
export interface WaveConfig {
  readonly mode: 'poles' | 'section';
  /** Speed assumed until two detections have told it. Units: km/h. */
  readonly speedKmh: number;
  /** Sensing, bus and ramp together: light must be there this long before who comes. Units: s. */
  readonly lookAheadS: number;
  /** Lit ahead and behind at least. Units: m. */
  readonly leastAheadM: number;
  readonly behindM: number;
}

/** Source: UNI 11248:2016 annex D, as told in the reference. */
export interface TrafficConfig {
  readonly counters: readonly { readonly device: string; readonly point: string }[];
  /** Flow for which the road was designed. Units: vehicles an hour. */
  readonly designFlowPerH: number;
  /** Lowest first: below this share of the design flow, this level. */
  readonly steps: readonly { readonly belowPct: number; readonly level: StepLevel }[];
}

/** Percent of full light, or a class to be computed from the zone's design class. */
export type StepLevel = { readonly pct: LevelPct } | { readonly class: LightingClass };

export interface Programme {
  readonly id: string;
  /** In the order of the night. */
  readonly steps: readonly ProgrammeStep[];
}

/** From `at` on, this level; `boostPct` goes before the zone's own while it is given. */
export interface ProgrammeStep {
  readonly at: StepTime;
  readonly level: StepLevel;
  readonly boostPct: LevelPct | null;
}

/** `dusk` is the start of the zone's night; `middle` the middle of it; a sun event with an offset; otherwise local time of day. */
export type StepTime = 'dusk' | { readonly hour: number; readonly minute: number } | { readonly sun: SunEvent; readonly offsetMin: number };

/** `dusk` and `dawn` are the zone's own; sunset and sunrise are at -0.833 degrees. */
export type SunEvent = 'sunset' | 'sunrise' | 'dusk' | 'dawn' | 'middle';

/** The first rule that fits the date on which the night began. */
export interface Calendar {
  readonly id: string;
  readonly rules: readonly CalendarRule[];
}

/** All that is given must fit. */
export interface CalendarRule {
  readonly programme: string;
  /** 1 Monday to 7 Sunday. */
  readonly weekdays: readonly number[] | null;
  /** Both ends included; without a year each year, also over its end. */
  readonly from: CalendarDate | null;
  readonly to: CalendarDate | null;
  /** `nth` of the month, -1 the last. */
  readonly nthWeekday: { readonly nth: number; readonly weekday: number } | null;
  readonly holidays: 'fr' | null;
}

export interface CalendarDate {
  readonly year: number | null;
  readonly month: number;
  readonly day: number;
}

/** One night with a level of its own for a time: "14 July: 100 % until 02:00". */
export interface EventNight {
  readonly id: string;
  readonly date: CalendarDate;
  readonly from: StepTime;
  readonly until: StepTime;
  readonly levelPct: LevelPct;
  /** Null: all. */
  readonly zones: readonly string[] | null;
}

/** What holds when: a measured value beyond a threshold, with hysteresis, for a while. */
export interface Rule {
  readonly id: string;
  readonly when: RuleInput;
  /** While it holds, these zones are raised to at least this. */
  readonly raise: { readonly zones: readonly string[]; readonly levelPct: LevelPct } | null;
}

export type RuleInput =
  | {
      readonly kind: 'above' | 'below';
      readonly point: `${string}.${string}`;
      readonly value: number;
      readonly clearsAt: number;
      readonly forS: number;
    }
  | { readonly kind: 'presence'; readonly zone: string }
  | { readonly kind: 'traffic'; readonly zone: string; readonly flowPct: number; readonly clearsAt: number };

/** A number as the point takes it, or the name that the profile's `enum` gives to one. */
export type OutputValue = number | string;

/** A relay circuit, an info panel or a sound level: a writable point that follows zones and rules. */
export interface Output {
  readonly id: string;
  readonly device: string;
  readonly point: string;
  /** Written while no rule speaks and no zone of `litWith` is lit. */
  readonly idle: OutputValue;
  /** Written while one of these zones has a lamp above 0 %. */
  readonly litWith: { readonly zones: readonly string[]; readonly value: OutputValue } | null;
  /** The first that holds goes before all. */
  readonly rules: readonly { readonly rule: string; readonly value: OutputValue }[];
  /** Shortest time at a value other than `idle`, and at `idle`. Units: s. */
  readonly minOnS: number;
  readonly minOffS: number;
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
  /** The secret itself never stands in the config. */
  readonly passwordFile: string | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly keepaliveS: number;
  /** Longest wait before a birth after a reconnect, so that a fleet does not arrive at once. */
  readonly birthJitterS: number;
  /** Who proves delivery: the broker by a barrier, the platform by `Sync/Ack`, or the platform from its first word on. */
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
  /** A reading that does not change is kept this often all the same. */
  readonly heartbeatS: number;
}
