/**
 * The views of a running agent, and the requests to it, that the console uses.
 */

import type { AccessTools } from './access.ts';
import type { AuditTools } from './audit-tools.ts';
import type { BusTools } from './bus-tools.ts';
import type { Cabinet } from './cabinet.ts';
import type { ClockQuality, WallMs } from './clock.ts';
import type { LightTools } from './light-tools.ts';
import type { Message, Said } from './message.ts';
import type { MetricFamily } from './metrics.ts';
import type {
  BackupReport,
  DeviceView,
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
import type { ConfigManager } from './revisions.ts';
import type { UpdateManager } from './updates.ts';
import type { UplinkStep, UplinkTest, UplinkTestRequest, UplinkTools } from './uplink-tools.ts';
import type { AgentEvent, Language, LevelPct, Outcome, PointId, Quality, Rank, TraceLine } from './words.ts';

/** Queries and requests of the console to a running agent; implemented by `agent/app/view.ts`. */
export interface AgentView extends LocalConfigView {
  status(): Promise<StatusView>;
  devices(): readonly DeviceView[];
  points(filter: string): readonly PointView[];
  /** Undefined when there is no such lamp or zone. */
  why(id: string): WhyView | undefined;
  /** Why at another instant. Ahead: by sun, programme and the intents still in force then. In the past: without levels, since decisions are not recorded. */
  whyAt(id: string, atMs: WallMs): WhyView | undefined;
  /** Resolves with the final outcome. `authority`: that of a technician unless given. */
  override(request: Omit<OverrideRequest, 'commandId'> & { readonly authority?: 'technician' | 'anyone' }): Promise<OverrideAnswer>;
  release(request: Omit<ReleaseRequest, 'commandId'>): Promise<Outcome>;
  readonly light: LightTools;
  readonly bus: BusTools;
  readonly audit: AuditTools;
  readonly access: AccessTools;
  /** Oldest first; open events are included whenever they began. */
  events(query: { readonly sinceMs: WallMs; readonly activeOnly: boolean; readonly limit: number }): Promise<readonly AgentEvent[]>;
  /** These resolve undefined when the disk did not answer; `store` then gives the reason. */
  history(query: HistoryQuery): Promise<History | undefined>;
  exportPage(query: ExportQuery): Promise<ExportPage | undefined>;
  store(): Promise<StoreView>;
  checkStore(): Promise<StoreCheck | undefined>;
  backupStore(): Promise<BackupReport | undefined>;
  energy(query: EnergyQuery): Promise<EnergyView | undefined>;
  /** Null where this run takes no updates. */
  readonly updates: UpdateManager | null;
  /** For a monitor. */
  metrics(): Promise<readonly MetricFamily[]>;
  uplink(): Promise<UplinkView>;
  /** Null where this run takes no other configuration. */
  readonly config: ConfigManager | null;
  /** Null where the log has no live readers. */
  readonly logFeed: LogFeed | null;
  /** Null where no uplink is configured. */
  readonly uplinkTools: UplinkTools | null;
  /** Of the messages at this cabinet. */
  readonly language: Language;
  /** Every id a person may name, for completion and "did you mean". */
  names(): {
    readonly lamps: readonly string[];
    readonly zones: readonly string[];
    readonly devices: readonly string[];
    readonly lines: readonly string[];
    /** Those of them on which units can be asked. */
    readonly modbusLines: readonly string[];
    /** With the lamps on each. */
    readonly poles: readonly { readonly id: string; readonly lamps: readonly string[] }[];
  };
}

/** The part of it that files can answer as well. */
export interface ConfigFilesView {
  /** Device types at hand, shipped and the site's own. */
  profiles(): readonly ProfileView[];
  /** One of them in full; undefined when there is none of this id. */
  profile(id: string): Profile | undefined;
}

/** What needs no agent at all. */
export interface LocalConfigView extends ConfigFilesView {
  /** Undefined where no uplink is configured. */
  testUplink(request: UplinkTestRequest, onStep: (step: UplinkStep) => void): Promise<UplinkTest | undefined>;
}

/** Data of the store's files while no agent runs. */
export interface StoredState {
  readonly dir: string;
  /** Null where there is none. */
  readonly lastReadingMs: WallMs | null;
  /** Oldest first; those without an end were going on. */
  readonly events: readonly AgentEvent[];
  /** What could not be read, and why. */
  readonly problems: readonly Message[];
}

/** State of an agent that does not answer. */
export interface LastState {
  readonly configFile: string;
  readonly timezone: string;
  /** The service manager's state, `failed`; or why it is not known. */
  readonly service: Said;
  /** Its last lines, newest last; or why they are not known. */
  readonly log: readonly Said[];
  /** Null where the configuration does not name the folder. */
  readonly store: StoredState | null;
  /** What is wrong with the configuration; empty when it can be used. */
  readonly problem: Message;
}

/** The platform's side, for a person. */
export interface UplinkView extends UplinkStatus {
  /** Empty without an uplink, as the next. */
  readonly group: string;
  readonly node: string;
  readonly primaryHost: string | null;
  readonly store: Pick<StoreStatus, 'epoch' | 'backlogFrames' | 'gaps' | 'readingsLost' | 'lossesEstimated'>;
}

/** A device type as a list shows it. */
export interface ProfileView {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly category: DeviceCategory;
  readonly trust: Trust;
  readonly experimental: string | null;
  readonly transport: 'modbus' | 'uart';
  readonly points: number;
  /** Devices of this cabinet that are of this type. */
  readonly usedBy: readonly string[];
  /** Its file is new, or other than what the agent uses: taken up at the next start. */
  readonly pending?: 'new' | 'changed';
}

/** The offline memory, for a person. */
export interface StoreView extends StoreStatus {
  readonly dir: string;
  readonly commitSeconds: number;
  readonly maxDays: number;
  /** Until the byte cap is reached at the rate of this run; null while unknown. Units: hours. */
  readonly hoursLeft: number | null;
  /** Units: bytes a day written by the storage thread, by the kernel's accounting; null while that cannot be told. */
  readonly writtenBytesPerDay: number | null;
  readonly chores: readonly ChoreView[];
}

/** Nights that began in a time. Shape: `toMs` excluded. */
export interface EnergyQuery {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  /** Null: all nights as one. */
  readonly by: 'night' | 'month' | null;
  /** Null: all. */
  readonly zone: string | null;
}

/** Light and energy of nights from noon to noon. Zones are computed from the power of their lamps, meters measure the cabinet. */
export interface EnergyView {
  /** First and last night by the day on which they began, `2026-12-01`; null where there is none. */
  readonly firstNight: string | null;
  readonly lastNight: string | null;
  /** The last one goes on; its figures are those so far. */
  readonly isOpen: boolean;
  /** Oldest first. */
  readonly rows: readonly EnergyRow[];
  readonly meters: readonly EnergyMeter[];
  /** The agent did not run, and nothing was counted. Units: h. */
  readonly awayH: number;
  /** Counted before the time was known, in the night in which it became known. Units: h. */
  readonly undatedH: number;
}

/** Units: h of an average lamp, but `LampH`: hours of lamps, added up. Shape: null where there is nothing to divide by. */
export interface EnergyRow {
  /** `2026-12-01`, `2026-12`, null for all of the time. */
  readonly period: string | null;
  readonly zone: string;
  readonly nights: number;
  /** On average. */
  readonly lamps: number;
  /** Lit at a level that is known. */
  readonly litH: number;
  /** Hours of lamps dark at night, at 1..10 %, 11..20 %, ... 91..100 %. */
  readonly bandsH: readonly number[];
  /** While lit. */
  readonly meanLevelPct: number | null;
  /** Share of the night in which presence or traffic held a lamp up. */
  readonly raisedPct: number | null;
  /** How often presence raised the zone. */
  readonly activations: number;
  readonly kwh: number;
  /** What it would have been without presence and traffic. */
  readonly quietKwh: number;
  /** Part of `kwh`: dark by day. */
  readonly standbyKwh: number;
  readonly baselineKwh: number;
  readonly savedKwh: number;
  readonly savedPct: number | null;
  /** Lamps that did not answer at night; `kwh` assumes their last written level, and so much of the saving depends on that. */
  readonly unknownLampH: number;
  readonly unknownSavedKwh: number;
  /** EN 13201-5: power over full power without presence. */
  readonly reduction: number | null;
  /** By the level without anybody, brightest first. */
  readonly periods: readonly EnergyPeriod[];
}

/** One period of operation. Source: EN 13201-5, hours, reduction coefficient and detection probability of each. */
export interface EnergyPeriod {
  readonly levelPct: LevelPct;
  readonly hours: number;
  readonly reduction: number | null;
  /** The same while raised. */
  readonly raisedReduction: number | null;
  readonly detectionPct: number;
}

/** What one meter measured from noon to noon, all else of the cabinet included, and what was computed for the zones in the same nights. */
export interface EnergyMeter {
  readonly device: string;
  readonly nights: number;
  readonly kwh: number;
  readonly computedKwh: number;
}

/** One chore of the night and how it went last. */
export interface ChoreView {
  readonly name: string;
  /** Five fields, minute first, UTC. */
  readonly cron: string;
  readonly nextMs: WallMs | null;
  readonly lastMs: WallMs | null;
  /** What it did, or why it failed; empty before its first run. */
  readonly result: Message;
  readonly failed: boolean;
}

/** How an override went, and when it ends by itself. */
export interface OverrideAnswer extends Outcome {
  readonly untilMs: WallMs;
}

export interface StatusView {
  readonly version: string;
  readonly cabinet: { readonly id: string; readonly name: string };
  readonly atMs: WallMs;
  readonly timezone: string;
  readonly clockQuality: ClockQuality;
  readonly upS: number;
  readonly rssMb: number;
  /** From process start to the first poll on a line. Units: ms. Null before it. */
  readonly startMs: number | null;
  readonly night: boolean;
  readonly sunAltitudeDeg: number;
  readonly zones: readonly ZoneView[];
  readonly lines: readonly LineView[];
  readonly units: { readonly ok: number; readonly flaky: number; readonly silent: number };
  readonly store: StoreStatus;
  readonly uplink: UplinkStatus;
  readonly activeEvents: readonly AgentEvent[];
  readonly detections: number;
  readonly lampsRaised: number;
}

export interface ZoneView {
  readonly id: string;
  readonly programme: string;
  readonly reason: string;
  readonly minPct: LevelPct;
  readonly maxPct: LevelPct;
  readonly lamps: readonly LampView[];
}

export interface LampView {
  readonly id: string;
  readonly pole: string;
  /** Level that the arbiter decided. */
  readonly wantedPct: LevelPct;
  /** Level that the driver last confirmed; null while unknown. */
  readonly measuredPct: LevelPct | null;
  readonly rank: Rank;
  readonly reason: string;
  readonly following: boolean;
  /** Texts of what is wrong with its device though it answers: open events, added by `agent/diagnosis/faults-in-views.ts`. */
  readonly faults: readonly Message[];
}

export interface PointView {
  readonly pointId: PointId;
  readonly value: number | null;
  readonly unit: string;
  readonly decimals: number;
  readonly quality: Quality;
  readonly ageS: number | null;
}

export interface WhyView {
  readonly id: string;
  readonly kind: 'lamp' | 'zone';
  /** Empty for an instant in the past. */
  readonly lamps: readonly WhyLamp[];
  /** The instant of a `why` that is not about now. */
  readonly atMs?: WallMs;
  /** Instead of `lamps`, for an instant in the past. */
  readonly past?: readonly PastLamp[];
}

/** A lamp at an instant in the past. Its decision is not recorded; its readings are. */
export interface PastLamp extends Pick<LampView, 'id' | 'pole'> {
  /** Its level. */
  readonly pointId: PointId;
  /** Newest recorded reading up to the instant; null where there is none shortly before. Shape: `levelPct` null where the lamp did not answer. */
  readonly measured: { readonly levelPct: number | null; readonly atMs: WallMs } | null;
  /** What sun and programme of the present settings ask for at that instant. */
  readonly planned: readonly WhyLine[];
}

export interface WhyLamp extends LampView {
  readonly sinceMs: WallMs;
  /** What the rule that won asked for, before the limits; filled in where field and configuration are joined, as is the rest of each line. */
  readonly requestedPct?: LevelPct;
  readonly trace: readonly WhyLine[];
}

/** A line of the trace with the answer to the next question of a person. */
export interface WhyLine extends TraceLine {
  /** Null where unknown. */
  readonly sinceMs?: WallMs | null;
  /** What would change it; empty where its end is the answer. */
  readonly changes?: Message;
}

/** The profile as a list shows it, with the devices of these lines that use it. */
export function profileView({ points, ...profile }: Profile, { lines }: Pick<Cabinet, 'lines'>): ProfileView {
  const { id, vendor, model, category, trust, experimental, transport } = profile;
  const users = lines.flatMap(({ devices }) => devices.filter((device) => device.profile === id));
  return { id, vendor, model, category, trust, experimental, transport, points: points.length, usedBy: users.map((device) => device.id) };
}
