/**
 * The only place where the parts are built and joined.
 *
 * Owns the order of start and stop, the ways between the rooms, and what is exchanged when another configuration comes. Decides nothing itself.
 * Called by `run.ts` for a real cabinet; scenario tests hand in a simulated clock and simulated cables.
 */

import { adapterLatencyMs } from '../../drivers/adapter-latency.ts';
import { createAccess } from '../access/access.ts';
import { createSelfRecord } from '../access/self-audit.ts';
import { doorTo } from '../app-door.ts';
import { pendingProfiles } from '../config/pending-profiles.ts';
import { createConfigPost } from '../config/platform-requests.ts';
import { createRevisions, type RevisionParts } from '../config/revisions.ts';
import { setupValuesOf } from '../config/setup-values.ts';
import { countersOf, decimalsOf, type Site, type TouchedRooms, touchedRooms } from '../config/touched-parts.ts';
import { createConsoles } from '../console/sockets.ts';
import { quietUntilMono } from '../control/street-knowledge.ts';
import { uplinkDevices } from '../core/cabinet-points.ts';
import type { Clock, MonoMs } from '../core/clock.ts';
import type { OpenBytePort } from '../core/driver.ts';
import { createEventBook } from '../core/event-book.ts';
import type { Heap } from '../core/heap-keeper.ts';
import type { Field, Log, LogFeed, Uplink } from '../core/ports.ts';
import type { Pulse } from '../core/pulse.ts';
import { createRoomEvents } from '../core/room-events.ts';
import { createSteadyClock, type SteadyClockParts } from '../core/steady-clock.ts';
import type { AgentView } from '../core/views.ts';
import { within } from '../core/within.ts';
import type { PointId, Reading } from '../core/words.ts';
import { withSiteKnowledge } from '../field/bus-tools/site-knowledge.ts';
import { createField } from '../field/field.ts';
import { fieldLine } from '../field/line-from-config.ts';
import type { POLL_PERIOD_MS } from '../field/polls/poll-plan.ts';
import { agentChores } from '../service/chores.ts';
import { createStepWatch } from '../service/clock-steps.ts';
import type { Health } from '../service/health.ts';
import { createHousekeeping } from '../service/housekeeping.ts';
import { endLeftovers } from '../service/leftover-events.ts';
import { createOngoing } from '../service/ongoing.ts';
import { createUpdatePost } from '../service/platform-updates.ts';
import type { RunGuard } from '../service/run-guard.ts';
import { readOnlyBus } from '../service/safe-mode.ts';
import { createSelf } from '../service/self-report.ts';
import { createUpdates, type UpdateParts } from '../service/update-run.ts';
import { createRecorder } from '../store/recorder.ts';
import { createStore, type StoreParts } from '../store/store.ts';
import type { MqttDoor } from '../sync/door.ts';
import type { ReadFile } from '../sync/secrets.ts';
import { createUplinkPlace } from '../sync/uplink-place.ts';
import { createRooms, type Rooms } from './rooms.ts';
import { createCabinetUplink } from './uplink.ts';
import { createAgentView } from './view.ts';

/** Longest wait for what a disk says before the platform is called, or left. Units: ms. Source: assumed; as the store's callers wait. */
const DISK_MS = 5_000;

export interface AgentParts extends Site {
  readonly clock: Clock;
  /** What may prove a step of that clock, and what keeps the held time over a restart. Default: nothing. */
  readonly steady?: Omit<SteadyClockParts, 'clock'>;
  readonly log: Log;
  /** The same log for those who read along; nobody can unless given. */
  readonly logFeed?: LogFeed;
  readonly version: string;
  readonly openPort: OpenBytePort;
  readonly door: MqttDoor;
  /** Reads the files of the uplink. Default: from the disk, without credentials of a service. */
  readonly readFile?: ReadFile;
  /** 0..1. */
  readonly random: () => number;
  /** Where the console answers; null opens no console. */
  readonly socketPath: string | null;
  readonly openStoreLink?: StoreParts['openLink'];
  /** When the machine began, so that an earlier run's times can be put right; not known unless given. */
  readonly machine?: StoreParts['machine'];
  readonly periodsMs?: typeof POLL_PERIOD_MS;
  /** Where other configurations are kept and judged; without it this run takes none. */
  readonly revisions?: RevisionParts;
  /** Receives the steps of the start as they complete. */
  readonly onStartStep?: (step: string) => void;
  /** How this run may go on after those before it. Default: as usual. */
  readonly guard?: Pick<RunGuard, 'mode' | 'news' | 'ledger' | 'unstored' | 'settle'>;
  /** What the process takes; not told unless given. */
  readonly health?: Health;
  /** This thread's; V8 alone decides when to collect unless given. */
  readonly heap?: Heap | null;
  /** Where other releases of the program are kept; without it this run takes none. */
  readonly updates?: UpdateParts;
}

export interface Agent {
  readonly view: AgentView;
  readonly field: Field;
  /** Signs of work of all that the street needs. */
  pulse(): Pulse;
  /** Readings that were meant for the store so far. */
  recorded(): number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What it runs by. */
  site(): Site;
  /**
   * Takes up another configuration, which must be a checked one: only the rooms that it touches are exchanged, one change after the other.
   * Resolves with what was touched, once it runs by it.
   */
  apply(next: Site): Promise<TouchedRooms>;
}

export function createAgent(parts: AgentParts): Agent {
  const { log } = parts;
  const clock = createSteadyClock({ ...parts.steady, clock: parts.clock });
  const startedMono = clock.monoMs();
  const completed = parts.onStartStep ?? (() => {});
  const isSafe = (parts.guard?.mode ?? 'normal') !== 'normal';
  let site: Site = parts;
  let firstPollMono: MonoMs | null = null;
  let recorded = 0;
  let isStopping = false;
  let isRunning = false;
  let applying: Promise<unknown> = Promise.resolve();
  /** Detections and lamps raised under the configurations before this one. */
  let counted = { detections: 0, lampsRaised: 0 };

  const store = createStore({
    dir: parts.cabinet.store.dir,
    get commitSeconds() {
      return site.cabinet.store.commitSeconds;
    },
    get maxMegabytes() {
      return site.cabinet.store.maxMegabytes;
    },
    get maxDays() {
      return site.cabinet.store.maxDays;
    },
    clock,
    log,
    get decimals() {
      return decimalsOf(rooms.points);
    },
    get counters() {
      return countersOf(rooms.points);
    },
    machine: parts.machine ?? null,
    ...(parts.openStoreLink === undefined ? {} : { openLink: parts.openStoreLink }),
  });
  const uplink = createUplinkPlace();
  const self = createSelf({
    clock,
    log,
    uplink,
    health: parts.health ?? null,
    heap: parts.heap ?? null,
    runs: parts.guard ?? null,
    status: () => currentView.status(),
    metricsFile: () => site.cabinet.service.metricsFile,
  });
  const record = createSelfRecord({ clock: parts.clock, log, store });
  const ongoing = createOngoing({ store, uplink, log, self, record });
  const { onEvent, onOutcome } = ongoing;
  const field = createField({
    lines: site.cabinet.lines.map((line) => fieldLine(line, parts)),
    clock,
    log,
    setupValuesOf: (deviceId) => setupValuesOf(site.cabinet, deviceId),
    random: parts.random,
    memory: store,
    profiles: () => [...site.profiles.values()],
    adapterLatencyMs,
    ...(parts.periodsMs === undefined ? {} : { periodsMs: parts.periodsMs }),
    onReadings,
    onAlive: (deviceId, alive) => uplink.deviceAlive(deviceId, alive),
    onEvent,
  });
  const quietMono = quietUntilMono(site.cabinet, parts.machine ?? null, startedMono);
  let rooms = openRooms();
  const recorder = createRecorder({
    clock,
    rules: { get: (pointId) => rooms.points.get(pointId as PointId)?.profile },
    get heartbeatS() {
      return site.cabinet.store.heartbeatS;
    },
    onFrame: (frame) => {
      store.append(frame);
      recorded += frame.readings.length;
      uplink.current?.publish(frame);
    },
  });
  const events = createEventBook(clock, onEvent);
  const stepWatch = createStepWatch({ clock, events });
  const updates =
    parts.updates === undefined
      ? null
      : createUpdates({
          ...parts.updates,
          clock,
          log,
          version: parts.version,
          zones: () => rooms.control.zones(),
          devices: () => field.devices(),
          pulse,
          notice(happening) {
            events.notice(happening);
            void updatePost.show();
          },
        });
  let uplinkEvents = createRoomEvents(clock, onEvent);
  const isOnline = (): boolean => uplink.current?.status().state === 'online';
  const revisions =
    parts.revisions === undefined
      ? null
      : createRevisions({
          ...parts.revisions,
          clock,
          log,
          field,
          isOnline,
          site: () => site,
          apply,
          onEvent,
          onChange: (view) => configPost.show(view),
          onTrialEnd: (end) => configPost.end(end),
        });
  const updatePost = createUpdatePost({ desk: updates?.desk ?? null, cabinetId: site.cabinet.id, clock, uplink, onOutcome });
  const configPost = createConfigPost({ desk: revisions, cabinetId: site.cabinet.id, clock, uplink, onOutcome });
  uplink.put(openUplink());
  const access = createAccess({ dir: parts.cabinet.store.dir, cabinetId: parts.cabinet.id, clock, log, store, onEvent });
  let currentView = openView();
  const view = doorTo(() => currentView);
  const consoles =
    parts.socketPath === null ? null : createConsoles({ view, socketPath: parts.socketPath, log, clock, timezone: site.cabinet.timezone });
  const housekeeping = createHousekeeping({ log, clock, memory: store, chores: agentChores({ cabinet: site.cabinet, store, view, log }) });

  store.onEvent = onEvent;
  store.onCommitted = (committed) => uplink.current?.committed(committed);
  store.fates = () => uplink.current?.fates() ?? (() => 'undelivered');

  return {
    view,
    field,
    pulse,
    recorded: () => recorded,
    async start() {
      // The console first: a second agent on the same socket must not touch the lines. Then light, which waits for nobody:
      // neither for a port that does not open nor for a disk that does not answer.
      await consoles?.start();
      completed('console-opened');
      if (isStopping) return;
      const stored = store.start();
      record.start();
      stepWatch.start();
      void field.start();
      recorder.start();
      await rooms.control.start();
      completed('lighting-started');
      isRunning = true;
      await stored;
      completed('store-opened');
      if (parts.guard?.unstored != null) void store.recordLoss(parts.guard.unstored).then(parts.guard.settle);
      rooms.energy.start();
      if (isStopping) return;
      void endLeftovers({ store, clock, isGoingOn: ongoing.isGoingOn });
      // What the births show; a disk that hangs keeps nobody away, it is told when it is known.
      const shown = showState();
      if ((await within(clock, DISK_MS, shown)) !== true)
        log.event('start-without-disk', { waitedMs: DISK_MS, check: 'the disk of store.dir: dmesg' }, 'warning');
      completed('state-read');
      if (isStopping) return;
      await uplink.start();
      completed('uplink-started');
      if (isStopping) return;
      if (!isSafe) housekeeping.start();
      for (const { isLasting, ...news } of parts.guard?.news ?? []) isLasting ? events.set(true, news) : events.notice(news);
      void shown.then(() => updates?.start());
      events.notice({ code: 'agent-started', source: site.cabinet.id, severity: 'info', text: `luciole ${parts.version} started` });
    },
    async stop() {
      isStopping = true;
      housekeeping.stop();
      self.stop();
      record.stop();
      stepWatch.stop();
      updates?.stop();
      await consoles?.stop();
      await within(clock, DISK_MS, revisions?.stop() ?? Promise.resolve());
      await applying;
      await rooms.control.stop();
      // Lines before recorder before uplink before store, so that the last reading goes all the way.
      await field.stop();
      recorder.stop();
      rooms.energy.stop();
      await uplink.stop();
      events.notice({ code: 'agent-stopped', source: site.cabinet.id, severity: 'info', text: `luciole ${parts.version} stopped` });
      await store.stop();
    },
    site: () => site,
    apply,
  };

  /** What the births need of the disk, one after the other: what hangs holds one of Node's few threads. */
  async function showState(): Promise<true> {
    await self.start();
    await revisions?.start();
    await updatePost.show();
    return true;
  }

  function pulse(): Pulse {
    return { lines: field.pulses(), tickedMono: rooms.control.tickedMono, store: store.pulse() };
  }

  function apply(next: Site): Promise<TouchedRooms> {
    const work = applying.then(() => exchange(next));
    applying = work.catch(() => {});
    return work;
  }

  /** Room by room; what is not touched notices nothing. Lines first: drivers that hear nobody fall back after a minute. */
  async function exchange(next: Site): Promise<TouchedRooms> {
    const before = site;
    const touched = touchedRooms(before, next);
    if (isStopping) return touched;
    log.event('configuration-applied', { ...touched });
    store.audit.note({ user: '', role: '', door: 'self', action: 'configuration applied', detail: JSON.stringify(touched), result: 'ok' });
    site = next;
    const { lines } = next.cabinet;
    if (touched.lines.length > 0) {
      const come = lines.filter(({ id }) => touched.lines.includes(id)).map((line) => fieldLine(line, { ...parts, ...next }));
      await field.exchange({ gone: touched.lines, come, order: lines.map(({ id }) => id) });
    }
    if (touched.light) await leaveRooms();
    if (touched.store) await reopenStore();
    if (touched.light) await enterRooms();
    currentView = openView();
    if (touched.uplink) {
      uplinkEvents.close('the uplink was given other settings');
      const ids = new Set(uplinkDevices(next.cabinet, rooms.points, next.profiles).map(({ id }) => id));
      await uplink.exchange(openUplink, (deviceId) => deviceId === '' || ids.has(deviceId));
    }
    currentView = openView();
    return touched;
  }

  function counters(): typeof counted {
    const { detections, lampsRaised } = rooms.control.counters();
    return { detections: counted.detections + detections, lampsRaised: counted.lampsRaised + lampsRaised };
  }

  async function leaveRooms(): Promise<void> {
    counted = counters();
    await rooms.control.stop();
    rooms.energy.stop();
    rooms.close();
  }

  async function enterRooms(): Promise<void> {
    rooms = openRooms();
    if (!isRunning) return;
    await rooms.control.start();
    rooms.energy.start();
    // What was read last still holds: who is there stays there.
    rooms.onReadings(field.readings());
  }

  /** Readings wait in memory meanwhile. */
  async function reopenStore(): Promise<void> {
    await store.stop();
    await store.start();
  }

  function openRooms(): Rooms {
    return createRooms({ site, clock, log, field, store, uplink, quietUntilMono: quietMono, onEvent, onOutcome });
  }

  function openUplink(): Uplink | null {
    uplinkEvents = createRoomEvents(clock, onEvent);
    const { version, door, random, readFile } = parts;
    return createCabinetUplink({
      ...{ version, clock, log, store, door, random, site },
      ...(readFile === undefined ? {} : { readFile }),
      points: rooms.points,
      control: () => rooms.control,
      field,
      onEvent: uplinkEvents.tell,
      config: configPost,
      update: updatePost,
      isOpenCommand: (id) => ongoing.isOpenCommand(id) || uplink.isHeld(id) || revisions?.openCommand === id,
    });
  }

  function openView(): AgentView {
    const { cabinet, profiles } = site;
    const { points, light, energy, control } = rooms;
    const bus = { ...withSiteKnowledge(field.bus, cabinet, profiles), pendingProfiles: pendingProfiles(cabinet.profileDirs, profiles) };
    return createAgentView({
      ...parts,
      ...site,
      clock,
      energy: energy.view,
      config: revisions,
      logFeed: parts.logFeed ?? null,
      light,
      field,
      bus: isSafe ? readOnlyBus(bus) : bus,
      store,
      access,
      control,
      uplink: uplink.current,
      points,
      startedMono,
      activeEvents: ongoing.activeEvents,
      firstPollMono: () => firstPollMono,
      rssMb: () => Math.round(process.memoryUsage.rss() / 2 ** 20),
      chores: () => housekeeping.view(),
      counters,
      metrics: self.metrics,
      updates: updates?.desk ?? null,
    });
  }

  function onReadings(readings: readonly Reading[]): void {
    if (firstPollMono === null) completed('first-poll');
    firstPollMono ??= clock.monoMs();
    rooms.onReadings(readings);
    recorder.record(readings);
  }
}
