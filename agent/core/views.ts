/**
 * What the console can read from a running agent, and what it can request.
 */

import type { AcceptanceTools } from './acceptance.ts';
import type { AccessTools } from './access.ts';
import type { AlarmTools } from './alarm-tools.ts';
import type { AuditTools } from './audit-tools.ts';
import type { BusTools } from './bus-tools.ts';
import type { Cabinet } from './cabinet.ts';
import type { ClockQuality, WallMs } from './clock.ts';
import type { RecordPage, RecordQuery } from './decision-record.ts';
import type { LightTools } from './light-tools.ts';
import type { LineSniffer } from './line-sniffer.ts';
import type { Message, Said } from './message.ts';
import type { MeterLoadView } from './meter-load-view.ts';
import type { MetricFamily } from './metrics.ts';
import type { PanelTools } from './panel-tools.ts';
import type {
  BackupReport,
  DeviceView,
  EventQuery,
  ExportPage,
  ExportQuery,
  History,
  HistoryQuery,
  LineView,
  LogFeed,
  OverrideRequest,
  ReleaseRequest,
  StoreCheck,
  StoreStatus,
  UplinkStatus,
} from './ports.ts';
import type { DeviceCategory, Profile, Trust } from './profile.ts';
import type { RecordedWhy, WhyLine } from './recorded-why.ts';
import type { RecorderTools } from './recorder-tools.ts';
import type { ReportTools } from './report.ts';
import type { ConfigManager } from './revisions.ts';
import type { SavingsTools } from './savings-view.ts';
import type { SoundTools } from './sound-tools.ts';
import type { UpdateManager } from './updates.ts';
import type { UplinkStep, UplinkTest, UplinkTestRequest, UplinkTools } from './uplink-tools.ts';
import type { LampPrediction } from './wear-view.ts';
import type { AgentEvent, Language, LevelPct, Outcome, PointId, Quality, Rank } from './words.ts';

/** What the console can read from a running agent or request of it. Read its members at each use: a new configuration replaces some. */
export interface AgentView extends LocalConfigView {
  status(): Promise<StatusView>;
  devices(): readonly DeviceView[];
  /**
   * The polled points whose id contains `filter`, with their newest readings; all for an empty filter. Text points are left out. Case is
   * ignored.
   */
  points(filter: string): readonly PointView[];
  /** Undefined if the cabinet has no such lamp or zone. */
  why(id: string): WhyView | undefined;
  /**
   * As `why`, for another time. In the future: from sun, programme and the intents still in force then. In the past: without levels;
   * `recordedAt` has them.
   */
  whyAt(id: string, atMs: WallMs): WhyView | undefined;
  /** What the record has about a lamp or zone at an instant in the past, or why it lacks that; undefined if the disk did not respond. */
  recordedAt(id: string, atMs: WallMs): Promise<RecordedWhy | undefined>;
  /** Resolves with the final outcome. `authority`: default `technician`. */
  override(request: Omit<OverrideRequest, 'commandId'> & { readonly authority?: 'technician' | 'anyone' }): Promise<OverrideAnswer>;
  /** Resolves with the final outcome. The sender counts as a technician. */
  release(request: Omit<ReleaseRequest, 'commandId'>): Promise<Outcome>;
  readonly light: LightTools;
  readonly panels: PanelTools;
  readonly alarms: AlarmTools;
  /** May be absent without sound places. */
  readonly sound?: SoundTools;
  readonly bus: BusTools;
  /** Passive observation of lines and free ports. */
  readonly sniffer: LineSniffer;
  readonly recorder: RecorderTools;
  /** The results of the commissioning, and their report. */
  readonly acceptance: AcceptanceTools;
  readonly audit: AuditTools;
  readonly access: AccessTools;
  /**
   * Stored events, oldest first. Open warnings and alarms are included even if they began before `sinceMs` or exceed `limit`. If the disk
   * did not respond, only these. `activeOnly`: only these, in any order.
   */
  events(query: EventQuery & { readonly activeOnly: boolean }): Promise<readonly AgentEvent[]>;
  /** As `events` without `activeOnly`, but undefined if the disk did not respond. */
  readEvents(query: EventQuery): Promise<readonly AgentEvent[] | undefined>;
  /** Undefined if the disk did not respond. So for `exportPage`, `checkStore`, `backupStore`, `energy` and `predictions`. */
  history(query: HistoryQuery): Promise<History | undefined>;
  exportPage(query: ExportQuery): Promise<ExportPage | undefined>;
  /** One page of the record of decisions, for a replay; undefined if the disk did not respond. */
  decisions(query: RecordQuery): Promise<RecordPage | undefined>;
  store(): Promise<StoreView>;
  checkStore(): Promise<StoreCheck | undefined>;
  backupStore(): Promise<BackupReport | undefined>;
  energy(query: EnergyQuery): Promise<EnergyView | undefined>;
  /** The meters of lamps that cannot communicate. */
  meterLoads(): readonly MeterLoadView[];
  /** One prediction for each lamp, in the order of the configuration; undefined if the disk did not respond. */
  predictions(): Promise<readonly LampPrediction[] | undefined>;
  /** Proven savings: baseline, ledger, results. */
  readonly savings: SavingsTools;
  /** Reports about nights, months, savings and the commissioning. */
  readonly reports: ReportTools;
  /** Null if this run has no update manager. */
  readonly updates: UpdateManager | null;
  /** Metrics for a monitoring system. */
  metrics(): Promise<readonly MetricFamily[]>;
  uplink(): Promise<UplinkView>;
  /** Null if this run accepts no other configuration. */
  readonly config: ConfigManager | null;
  /** Null if the log cannot be read live. */
  readonly logFeed: LogFeed | null;
  /** Null if there is no uplink at present. */
  readonly uplinkTools: UplinkTools | null;
  /** Language of the messages at this cabinet. */
  readonly language: Language;
  /** Ids that a user may type, for completion and "did you mean". */
  names(): {
    readonly lamps: readonly string[];
    readonly zones: readonly string[];
    readonly panels: readonly string[];
    readonly devices: readonly string[];
    readonly lines: readonly string[];
    /** The lines of `lines` that can be scanned, read and written. */
    readonly modbusLines: readonly string[];
    /** Each pole with its lamps. */
    readonly poles: readonly { readonly id: string; readonly lamps: readonly string[] }[];
  };
}

/** The device types that are available. They can also be read from files, without a running agent. */
export interface ConfigFilesView {
  /** Available device types, shipped and the site's own. */
  profiles(): readonly ProfileView[];
  /** One device type in full; undefined if no profile has this id. */
  profile(id: string): Profile | undefined;
}

/** What the console can do with the configuration files alone, without a running agent: show the device types and test the uplink. */
export interface LocalConfigView extends ConfigFilesView {
  /** Undefined if there is no uplink. */
  testUplink(request: UplinkTestRequest, onStep: (step: UplinkStep) => void): Promise<UplinkTest | undefined>;
}

/** What the files of the store contain, read without the agent. */
export interface StoredState {
  readonly dir: string;
  /** By the clock at that moment, not corrected. Null if no reading is stored, or the file cannot be read. */
  readonly lastReadingMs: WallMs | null;
  /** Some events, oldest first: open ones and the newest others. An event without an end was still open. */
  readonly events: readonly AgentEvent[];
  /** What could not be read, and why. */
  readonly problems: readonly Message[];
}

/** What the machine shows about an agent that does not respond: service, log, stored data and configuration. */
export interface LastState {
  readonly configFile: string;
  /** `UTC` if the configuration cannot be used. */
  readonly timezone: string;
  /** The service manager's state, such as `failed`; or why it could not be read. */
  readonly service: Said;
  /** The agent's last log lines, newest last; or why they could not be read. */
  readonly log: readonly Said[];
  /** Null if the folder is not known, because the configuration cannot be used. */
  readonly store: StoredState | null;
  /** What is wrong with the configuration; empty if it is valid. */
  readonly problem: Message;
}

/** State of the uplink and the backlog, for the console. */
export interface UplinkView extends UplinkStatus {
  /** This and `node` are empty without an uplink. */
  readonly group: string;
  readonly node: string;
  /** Sparkplug id of the host that must be online before data is sent; null if none is configured. */
  readonly primaryHost: string | null;
  readonly store: Pick<StoreStatus, 'epoch' | 'backlogFrames' | 'gaps' | 'readingsLost' | 'lossesEstimated'>;
}

/** One device type in a list. */
export interface ProfileView {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly category: DeviceCategory;
  readonly trust: Trust;
  /** Why its register map is doubtful; null if it is not. */
  readonly experimental: string | null;
  readonly transport: 'modbus' | 'uart' | 'dali';
  /** Number of its points. */
  readonly points: number;
  /** Devices of this cabinet that use it. */
  readonly usedBy: readonly string[];
  /**
   * A file of the site has this profile, and the agent does not use it yet, or uses another version. `AgentView.profiles` does not set it:
   * see `BusTools.pendingProfiles`.
   */
  readonly pending?: 'new' | 'changed';
}

/** State of the store, for the console. `dir`, `commitSeconds` and `maxDays` are its settings. */
export interface StoreView extends StoreStatus {
  readonly dir: string;
  readonly commitSeconds: number;
  readonly maxDays: number;
  /** Time until the byte limit is reached at the rate of this run; null while unknown. Units: hours. */
  readonly hoursLeft: number | null;
  /** Bytes that the storage thread writes per day at its average rate so far, as counted by the kernel; null while unknown. */
  readonly writtenBytesPerDay: number | null;
  readonly chores: readonly ChoreView[];
}

/**
 * Requests the energy of the nights that began, at local noon, in a period: from `fromMs` to before `toMs`. A month that is kept as one sum
 * is included whole.
 */
export interface EnergyQuery {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  /** What one row of a zone is for. Null: the whole period. */
  readonly by: 'night' | 'month' | null;
  /** Id of the zone that the rows are about; null: all zones. Meters and times are not limited by it. */
  readonly zone: string | null;
}

/**
 * Light and energy of nights; each night lasts from noon to noon. The values of zones are computed from the power of their lamps; meters
 * also measure other loads.
 */
export interface EnergyView {
  /** First and last night, by the day on which they began: `2026-12-01`; the month if it is kept as one sum. Null if there is no night. */
  readonly firstNight: string | null;
  readonly lastNight: string | null;
  /** The last night has not ended; its values are preliminary. */
  readonly isOpen: boolean;
  /** Oldest first. */
  readonly rows: readonly EnergyRow[];
  /** One sum over all the nights for each meter. */
  readonly meters: readonly EnergyMeter[];
  /** Time from the last save of a run to the start of the next, at most a day for each. Units: h. */
  readonly awayH: number;
  /** Time counted before the wall clock was valid. It is part of the night in which the clock became valid. Units: h. */
  readonly undatedH: number;
}

/**
 * Light and energy of one zone in one night, one month, or the whole period. Units: names with `H` are hours of an average lamp;
 * `bandsH` and names with `LampH` are hours summed over all lamps. Shape: null where a mean or share has nothing to divide by.
 */
export interface EnergyRow {
  /** `2026-12-01` or `2026-12`; null for the whole period. */
  readonly period: string | null;
  readonly zone: string;
  readonly nights: number;
  /** Mean number of lamps. */
  readonly lamps: number;
  /** Time lit at a known level. */
  readonly litH: number;
  /** Sum over all lamps of the hours at a known level in each band: 0 % (at night only), 1..10 %, 11..20 %, ... 91..100 %. */
  readonly bandsH: readonly number[];
  /** Mean level while lit. */
  readonly meanLevelPct: number | null;
  /** Share of the lamp hours of `bandsH` in which presence, traffic or a rule raised the lamp. */
  readonly raisedPct: number | null;
  /** How often presence raised the zone. */
  readonly activations: number;
  /** Computed from levels and rated powers, standby included; not measured. */
  readonly kwh: number;
  /** Energy that the same nights would have needed if presence, traffic and rules had raised no lamp. */
  readonly quietKwh: number;
  /** The part of `kwh` that was used by day, with the lamps off. */
  readonly standbyKwh: number;
  /** Energy that the installation in the zone's `baseline` would have used in the same nights, without lamps that an intent keeps dark. */
  readonly baselineKwh: number;
  /** `baselineKwh` less `kwh`; negative if more was used. */
  readonly savedKwh: number;
  /** `savedKwh` as a share of `baselineKwh`. */
  readonly savedPct: number | null;
  /**
   * Lamp hours counted without a known level. `kwh` is estimated from the decided level for them; `unknownSavedKwh` is the part of the
   * saving that depends on it.
   */
  readonly unknownLampH: number;
  readonly unknownSavedKwh: number;
  /** Energy while nothing raises the light, divided by the energy of that time at 100 %. Source: EN 13201-5. */
  readonly reduction: number | null;
  /** Grouped by the level without a raise, brightest first. */
  readonly periods: readonly EnergyPeriod[];
}

/**
 * One operation period: the hours of an average lamp for which the level `levelPct` is decided, before a raise by presence, traffic or a
 * rule. Hours without a known level and darkness by day are left out. Source: EN 13201-5: hours, reduction coefficient and detection
 * probability of each.
 */
export interface EnergyPeriod {
  readonly levelPct: LevelPct;
  readonly hours: number;
  /** Reduction coefficient while nothing raises the light. This and `raisedReduction` are null without such a time. */
  readonly reduction: number | null;
  /** Reduction coefficient while presence, traffic or a rule raises the light. */
  readonly raisedReduction: number | null;
  /** Share of `hours` in which presence, traffic or a rule raises the light. */
  readonly detectionPct: number;
}

/**
 * Energy that one meter measured, and the energy computed for all zones in the same nights. `kwh` includes other loads of the cabinet, and
 * may include gaps between two runs of the agent; `computedKwh` includes neither. Runs in which the meter was not read are not part of
 * `computedKwh`.
 */
export interface EnergyMeter {
  readonly device: string;
  /** Nights in or before which the same run of the agent read the meter. */
  readonly nights: number;
  readonly kwh: number;
  readonly computedKwh: number;
}

/** A task that the agent repeats by a schedule, such as the backup of the store, with its last result. */
export interface ChoreView {
  readonly name: string;
  /** Cron expression with five fields, minute first. Units: UTC. */
  readonly cron: string;
  /** Null if it is not due within about a week. */
  readonly nextMs: WallMs | null;
  /** End of its last known run; null if none is known. A restart may forget the newest runs of frequent tasks. */
  readonly lastMs: WallMs | null;
  /** What it did, or why it failed; empty if no run is known. */
  readonly result: Message;
  /** Its last known run failed; false if no run is known. */
  readonly failed: boolean;
}

/** The final outcome of an override, and the time at which it ends by itself, or would have ended if it was refused. */
export interface OverrideAnswer extends Outcome {
  readonly untilMs: WallMs;
}

/** The state of the whole agent on one page. */
export interface StatusView {
  readonly version: string;
  readonly cabinet: { readonly id: string; readonly name: string };
  readonly atMs: WallMs;
  readonly timezone: string;
  readonly clockQuality: ClockQuality;
  /** Since the start of this run of the agent. Units: s. */
  readonly upS: number;
  /** Memory of the process. Units: MiB, 2^20 bytes. */
  readonly rssMb: number;
  /** From process start to the first readings of a line, also those without a value; null before them. Units: ms. */
  readonly startMs: number | null;
  /** It is night for at least one zone, or it is not known whether it is; false before the first decision. */
  readonly night: boolean;
  /** By the clock, also while its time is not trusted; negative: below the horizon. */
  readonly sunAltitudeDeg: number;
  readonly zones: readonly ZoneView[];
  readonly lines: readonly LineView[];
  /**
   * Number of devices by state; `silent` includes those that have not answered yet. Devices that have no supply are not counted, and only
   * the `ok` ones of those in maintenance are.
   */
  readonly units: { readonly ok: number; readonly flaky: number; readonly silent: number };
  readonly store: StoreStatus;
  readonly uplink: UplinkStatus;
  /** Open warnings and alarms, also those that maintenance suppresses. */
  readonly activeEvents: readonly AgentEvent[];
  /**
   * This and `lampsRaised` count since the start of the agent: detections of sensors that raise light themselves, and how often presence
   * raised a lamp.
   */
  readonly detections: number;
  readonly lampsRaised: number;
}

/**
 * One zone with its lamps; lamps without a decision are left out. `programme`: in a `StatusView` the programme or event
 * night in force, otherwise that of the configuration. `minPct`, `maxPct`: lowest and highest decided level of these lamps; 100 and 0
 * without lamps. `reason`: that of the lamp with the highest rank; `default` without lamps.
 */
export interface ZoneView {
  readonly id: string;
  readonly programme: string;
  readonly reason: string;
  readonly minPct: LevelPct;
  readonly maxPct: LevelPct;
  readonly lamps: readonly LampView[];
}

/** One lamp: the decided level, the measured level, and why. */
export interface LampView {
  readonly id: string;
  readonly pole: string;
  /** Level that the arbiter decided. */
  readonly wantedPct: LevelPct;
  /** Level in the newest reading, also in an old one; null if there is none, or it has no value. */
  readonly measuredPct: LevelPct | null;
  readonly rank: Rank;
  /** A `DecisionReason`, not a sentence. */
  readonly reason: string;
  /** It follows its decisions, as far as writes and readings show. False also if its newest reading is not good. */
  readonly following: boolean;
  /** Maintenance covers it; added to the status only. */
  readonly isInMaintenance?: true;
  /**
   * Texts of open fault events of it and its device, added by `agent/diagnosis/faults-in-views.ts`; in the status without suppressed ones.
   * Only `why` adds causes such as a silent line, device or feeder.
   */
  readonly faults: readonly Message[];
}

/**
 * One point with its newest reading. Without one, `value` and `ageS` are null and `quality` is `missing`. `value` is null also if the
 * reading has no value. `ageS`: age of the reading. Units: s.
 */
export interface PointView {
  readonly pointId: PointId;
  readonly value: number | null;
  readonly unit: string;
  readonly decimals: number;
  readonly quality: Quality;
  readonly ageS: number | null;
}

/** Why a lamp, or each lamp of a zone, has its level. */
export interface WhyView {
  readonly id: string;
  readonly kind: 'lamp' | 'zone';
  /** Lamps with a decision. Empty for an instant in the past. */
  readonly lamps: readonly WhyLamp[];
  /** The time that the question is about; absent for the present. */
  readonly atMs?: WallMs;
  /** Used instead of `lamps` for a time in the past. */
  readonly past?: readonly PastLamp[];
  /** What the record has for a time in the past; absent if it was not read, or the disk did not respond. */
  readonly recorded?: RecordedWhy;
}

/**
 * What is known about a lamp at a time in the past without the record of decisions: the stored reading of its level, and what was planned.
 */
export interface PastLamp extends Pick<LampView, 'id' | 'pole'> {
  /** The point with its level. */
  readonly pointId: PointId;
  /** Newest stored reading shortly before that time; null if none is known. Shape: `levelPct` null if it had no good value. */
  readonly measured: { readonly levelPct: number | null; readonly atMs: WallMs } | null;
  /** What sun and programme request at that time with the present settings. */
  readonly planned: readonly WhyLine[];
}

/**
 * Why one lamp has its level, line by line. `sinceMs`: since when its decision has this level, rank and reason; not before the start or a
 * new configuration. In a forecast it is the requested time; a forecast has no measured level, and `following` is true.
 */
export interface WhyLamp extends LampView {
  readonly sinceMs: WallMs;
  /** What the winning rule requested before the limits were applied. Absent: not determined. */
  readonly requestedPct?: LevelPct;
  readonly trace: readonly WhyLine[];
}

/** Returns a device type as an entry of a list, with the number of its points and the ids of the devices on these lines that use it. */
export function profileView({ points, ...profile }: Profile, { lines }: Pick<Cabinet, 'lines'>): ProfileView {
  const { id, vendor, model, category, trust, experimental, transport } = profile;
  const users = lines.flatMap(({ devices }) => devices.filter((device) => device.profile === id));
  return { id, vendor, model, category, trust, experimental, transport, points: points.length, usedBy: users.map((device) => device.id) };
}
