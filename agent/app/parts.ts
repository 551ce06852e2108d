/** The parts of an agent: those that a run provides, those that exist for the whole run, and those of one configuration. */
import type { Access } from '../access/access.ts';
import type { SelfRecord } from '../access/self-audit.ts';
import type { PlatformConfigRequests } from '../config/revisions/platform-config-requests.ts';
import type { RevisionManager } from '../config/revisions/revision-manager.ts';
import type { RevisionParts } from '../config/revisions/revisions.ts';
import type { CabinetAndProfiles } from '../config/revisions/touched-parts.ts';
import type { Consoles } from '../console/protocol/socket-server.ts';
import type { Control } from '../control/control.ts';
import type { LightViews } from '../control/views/light-views.ts';
import type { AcceptanceTools } from '../core/acceptance.ts';
import type { AuditTools } from '../core/audit-tools.ts';
import type { BusTools } from '../core/bus-tools.ts';
import type { CabinetPoint } from '../core/cabinet-points.ts';
import type { Clock, MonoMs } from '../core/clock.ts';
import type { OpenBytePort } from '../core/driver.ts';
import type { EventTracker, RoomEvents } from '../core/event-tracker.ts';
import type { Heap } from '../core/heap-collector.ts';
import type { Log, LogFeed, Store } from '../core/ports.ts';
import type { SteadyClock, SteadyClockParts } from '../core/steady-clock.ts';
import type { AgentView } from '../core/views.ts';
import type { PointId, Reading } from '../core/words.ts';
import type { Energy } from '../diagnosis/energy-count.ts';
import type { FlightMemory } from '../diagnosis/flight/flight-memory.ts';
import type { FlightRecorder } from '../diagnosis/flight/flight-recorder.ts';
import type { LoadMonitor } from '../diagnosis/night-load/load-monitor.ts';
import type { Savings } from '../diagnosis/savings/savings.ts';
import type { HeldEvents } from '../diagnosis/watch/supply-gate.ts';
import type { Watch } from '../diagnosis/watch/watch.ts';
import type { Wear } from '../diagnosis/wear/wear.ts';
import type { createField, LiveField } from '../field/field.ts';
import type { POLL_PERIOD_MS } from '../field/polls/poll-plan.ts';
import type { PanelPaces } from '../panels/panel-registers.ts';
import type { Panels } from '../panels/panels.ts';
import type { Alarms } from '../service/alarms/alarms.ts';
import type { PlatformAlarms } from '../service/alarms/platform-alarms.ts';
import type { Housekeeping } from '../service/housekeeping/housekeeping.ts';
import type { AgentHealth } from '../service/metrics/health.ts';
import type { Self } from '../service/metrics/self-report.ts';
import type { Ongoing } from '../service/ongoing.ts';
import type { RunGuard } from '../service/run/run-guard.ts';
import type { StepWatch } from '../service/time/clock-steps.ts';
import type { PlatformUpdates } from '../service/updates/platform-updates.ts';
import type { UpdateParts, Updates } from '../service/updates/update-run.ts';
import type { SoundHistory } from '../sound/announcement-queue.ts';
import type { SoundControl } from '../sound/sound-control.ts';
import type { Recorder } from '../store/recorder.ts';
import type { StoreParts } from '../store/store.ts';
import type { MqttTransport } from '../sync/mqtt/mqtt-transport.ts';
import type { ReadFile } from '../sync/mqtt/secret-files.ts';
import type { UplinkSlot } from '../sync/uplink-slot.ts';

/** The parts that a run provides, such as the configuration, the clock and the connection to the broker. */
export interface AgentParts extends CabinetAndProfiles {
  readonly clock: Clock;
  /** Evidence for large steps of `clock`, which the agent follows once confirmed; keeps the held time over a restart. Default: none. */
  readonly steady?: Omit<SteadyClockParts, 'clock'>;
  readonly log: Log;
  /** Gives live readers the entries of `log`; without it no command can read the log. */
  readonly logFeed?: LogFeed;
  readonly version: string;
  readonly openPort: OpenBytePort;
  /** Creates the lines of the cabinet, not started. Default: those of the configuration, each on its port. A simulation of many cabinets has no ports. */
  readonly createField?: typeof createField;
  /** Connects to the broker. */
  readonly door: MqttTransport;
  /** Reads the files of the uplink. Default: from the disk, without credentials of a service. */
  readonly readFile?: ReadFile;
  /** Random number from 0, below 1. */
  readonly random: () => number;
  /** Path of the console's socket; null for no socket. */
  readonly socketPath: string | null;
  /** Starts the storage thread. Default: the store's own. */
  readonly openStoreLink?: StoreParts['openLink'];
  /** The boot of the machine, and how long after it this run started: for times of earlier runs and for `startQuietS`. Default: unknown. */
  readonly machine?: StoreParts['machine'];
  /** Poll periods in ms. Default: those of the field. */
  readonly periodsMs?: typeof POLL_PERIOD_MS;
  /** Store and checks of other configurations; without them this run accepts none. */
  readonly revisions?: RevisionParts;
  /** Whether a process of this run may have the data locked; then a lock does not prove that another agent runs. Default: no. */
  readonly isLockOurs?: () => boolean;
  /** The data could not be locked, for example during a restore, when this run chose its configuration. Default: no. */
  readonly hasBegunHeld?: boolean;
  /** Must end this run. Called after a start while a command had the data locked, once that lock has ended. */
  readonly onDataFree?: () => void;
  /** Receives the completed steps of the start. */
  readonly onStartStep?: (step: string) => void;
  /** Start mode, events to report, ledger of the runs, and lost readings not recorded yet. Default: mode `normal`, nothing else. */
  readonly guard?: Pick<RunGuard, 'mode' | 'events' | 'ledger' | 'unstored' | 'settleLoss'>;
  /** Measures memory, processor time and loop lag of the process; without it, reports have no values for these. */
  readonly health?: AgentHealth;
  /** Heap of this thread; without it, V8 alone decides when to collect. */
  readonly heap?: Heap | null;
  /** Store of other releases of the program; without it this run accepts none. */
  readonly updates?: UpdateParts;
}

/** The modules of one configuration. `watch` finds faults, `loads` finds lost power at meters, `wear` predicts replacements of lamps. */
export interface Rooms {
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly control: Control;
  readonly panels: Panels;
  readonly energy: Energy;
  readonly watch: Watch;
  readonly loads: LoadMonitor;
  readonly wear: Wear;
  readonly light: LightViews;
  readonly sound: SoundControl;
  /** Starts the modules except `control`, and the proof of savings of the run. Does nothing after a call of it or of `stopOthers`. */
  startOthers(): void;
  /** Stops what `startOthers` started. Silences a sound player unless one place in `site` of `AgentState` has it with all its amplifiers. */
  stopOthers(): Promise<void>;
  /** Passes readings to the modules, `control` first, and to the proof of savings. */
  onReadings(readings: readonly Reading[]): void;
  /** Ends the open events that do not outlast this configuration. */
  close(): void;
}

/** State that changes during a run, such as the configuration in force with its modules. */
export class AgentState {
  /** The configuration in force; from the beginning of a change the new one. */
  site: CabinetAndProfiles;
  /** The modules of this configuration; during a change, until the new ones are built, those of the former one. */
  rooms!: Rooms;
  /** Open events of the uplink of this configuration. */
  uplinkEvents!: RoomEvents;
  /** Requests on the lines, with this configuration's data about the devices. */
  bus!: BusTools;
  /** When the first readings of this run arrived; null before. */
  firstPollMono: MonoMs | null = null;
  /** Readings recorded so far, whether or not the store accepted them. */
  recorded = 0;
  /** True once the light control has started; it stays true at the stop. */
  isRunning = false;
  isStopping = false;
  /** Settles once the changes of configuration requested so far have ended. Never rejects. */
  applying: Promise<unknown> = Promise.resolve();
  /** Detections and raised lamps counted by the light controls of this run that were replaced, or are being replaced. */
  countedBefore = { detections: 0, lampsRaised: 0 };

  /** Announcements, kept from one configuration to the next. */
  readonly soundHistory: SoundHistory = new Map();
  /** Times of recent changes and accepted texts of the panels, kept from one configuration to the next. */
  readonly panelPaces: PanelPaces = new Map();

  /** By event id, events of lines and of the light control that wait until it is known whether their lamps have supply. */
  readonly heldEvents: HeldEvents = new Map();

  constructor(site: CabinetAndProfiles) {
    this.site = site;
  }
}

/** The parts that exist for the whole run; those of the configuration in force are in `state`. */
export interface Joined {
  readonly parts: AgentParts;
  readonly state: AgentState;
  readonly clock: SteadyClock;
  readonly startedMono: MonoMs;
  /** The light control writes no level before this time. */
  readonly quietMono: MonoMs;
  readonly store: Store;
  readonly uplink: UplinkSlot;
  readonly self: Self;
  /** The audit log of the store; some notes also become events. */
  readonly audit: AuditTools;
  /** The agent's own entries in the audit log. */
  readonly record: SelfRecord;
  /** Passes on the events and outcomes of the run, and lists the open ones. */
  readonly ongoing: Ongoing;
  /** Acknowledgements and maintenance; `platformAlarms` carries out the orders of the platform for both. */
  readonly alarms: Alarms;
  readonly platformAlarms: PlatformAlarms;
  readonly field: LiveField;
  /** Collects readings into frames for the store and the uplink. */
  readonly recorder: Recorder;
  /** The last minutes of lines, decisions and events, and their recordings. */
  readonly flight: { readonly memory: FlightMemory; readonly recorder: FlightRecorder };
  /** Baseline, ledger and nights of the proof of savings. */
  readonly savings: Savings;
  readonly events: EventTracker;
  readonly stepWatch: StepWatch;
  /** Null if this run accepts no other release. */
  readonly updates: Updates | null;
  /** Null if this run accepts no other configuration. */
  readonly revisions: RevisionManager | null;
  readonly platformUpdates: PlatformUpdates;
  readonly platformConfig: PlatformConfigRequests;
  readonly access: Access;
  /** The results of the commissioning. */
  readonly acceptance: AcceptanceTools;
  readonly view: AgentView;
  /** Null without a console socket. */
  readonly consoles: Consoles | null;
  readonly housekeeping: Housekeeping;
}

/** The parts while they are built. A part may use a later one only after the build. */
export type Building = { -readonly [Part in keyof Joined]: Joined[Part] };
