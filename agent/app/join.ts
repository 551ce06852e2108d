/**
 * Builds the parts of an agent in order, and passes to each the parts it needs.
 */
import { createAccess } from '../access/access.ts';
import { withAuditEvents } from '../access/audit-events.ts';
import { createSelfRecord } from '../access/self-audit.ts';
import { createSentUserLists } from '../access/sent-user-list.ts';
import { PlatformConfigRequests } from '../config/revisions/platform-config-requests.ts';
import type { RevisionManager } from '../config/revisions/revision-manager.ts';
import { createRevisions } from '../config/revisions/revisions.ts';
import type { CabinetAndProfiles, TouchedRooms } from '../config/revisions/touched-parts.ts';
import { verifyUserList } from '../config/revisions/user-list-signature.ts';
import { type Consoles, createConsoles } from '../console/protocol/socket-server.ts';
import { quietUntilMono } from '../control/street-knowledge.ts';
import { isTrusted } from '../core/clock.ts';
import { createEventTracker } from '../core/event-tracker.ts';
import type { Pulse } from '../core/pulse.ts';
import { createSteadyClock } from '../core/steady-clock.ts';
import type { AgentEvent } from '../core/words.ts';
import { agentChores } from '../service/housekeeping/chores.ts';
import { createHousekeeping } from '../service/housekeeping/housekeeping.ts';
import { createOngoing } from '../service/ongoing.ts';
import { createStepWatch } from '../service/time/clock-steps.ts';
import { createPlatformUpdates } from '../service/updates/platform-updates.ts';
import { createUpdates, type Updates } from '../service/updates/update-run.ts';
import { createUplinkSlot } from '../sync/uplink-slot.ts';
import { acceptanceFor } from './acceptance.ts';
import { alarmsFor, fieldFor, recorderFor, selfFor, storeFor } from './core-parts.ts';
import { flightFor } from './flight.ts';
import { type AgentParts, AgentState, type Building, type Joined } from './parts.ts';
import { busOf, createRooms } from './rooms.ts';
import { savingsFor } from './savings.ts';
import { openUplink } from './uplink.ts';
import { createAgentView } from './view.ts';

/** Builds all parts of an agent without starting them. `apply` must put another configuration in force. */
export function joinParts(parts: AgentParts, apply: (next: CabinetAndProfiles) => Promise<TouchedRooms>): Joined {
  const clock = createSteadyClock({ ...parts.steady, clock: parts.clock });
  const startedMono = clock.monoMs();
  const quietMono = quietUntilMono(parts.cabinet, parts.machine ?? null, startedMono);
  const made = { parts, clock, startedMono, quietMono, state: new AgentState(parts) } as Building;
  made.store = storeFor(made);
  made.uplink = createUplinkSlot(clock);
  made.self = selfFor(made);
  made.audit = withAuditEvents({
    ...{ audit: made.store.audit, clock, cabinetId: parts.cabinet.id },
    onEvent: (event) => made.ongoing.onEvent(event),
  });
  // The machine's own clock: the audit log records its steps too.
  made.record = createSelfRecord({ clock: parts.clock, log: parts.log, store: made });
  made.flight = flightFor(made);
  const admit: Building['alarms']['admit'] = (event, before) => made.alarms.admit(event, before);
  made.savings = savingsFor(made);
  made.ongoing = createOngoing({ ...parts, ...made, record: recordOf(made), flight: made.flight.recorder, alarms: { admit } });
  [made.alarms, made.platformAlarms] = alarmsFor(made);
  made.field = fieldFor(made);
  made.state.rooms = createRooms(made);
  made.state.bus = busOf(made);
  made.recorder = recorderFor(made);
  made.events = createEventTracker(clock, made.ongoing.onEvent);
  made.stepWatch = createStepWatch(made);
  made.updates = updatesFor(made);
  made.revisions = revisionsFor(made, apply);
  const platform = { cabinetId: parts.cabinet.id, onOutcome: made.ongoing.onOutcome };
  made.platformUpdates = createPlatformUpdates({ ...made, ...platform, manager: made.updates?.manager ?? null });
  made.platformConfig = new PlatformConfigRequests({
    ...{ ...made, ...platform, manager: made.revisions },
    takeUserList: createSentUserLists({ take: (text) => made.access.takeUserList(text), audit: made.audit, clock }),
  });
  made.uplink.put(openUplink(made));
  made.access = createAccess({
    ...made,
    dir: parts.cabinet.store.dir,
    cabinetId: parts.cabinet.id,
    log: parts.log,
    onEvent: made.ongoing.onEvent,
    verifyUserList: (text, lastSerial) => {
      const { id: cabinetId, trust } = made.state.site.cabinet;
      const nowMs = isTrusted(clock.quality()) ? clock.wallMs() : null;
      return verifyUserList(text, { keys: trust.userKeys, cabinetId, nowMs, lastSerial });
    },
  });
  made.acceptance = acceptanceFor(made);
  made.view = createAgentView(made);
  made.consoles = consolesFor(made);
  made.housekeeping = createHousekeeping({
    log: parts.log,
    clock,
    memory: made.store,
    chores: agentChores({ ...parts, ...made, expireRecordings: (days) => made.flight.recorder.expire(days) }),
  });
  made.store.onEvent = made.ongoing.onEvent;
  made.store.onCommitted = (committed) => made.uplink.current?.committed(committed);
  made.store.fates = () => made.uplink.current?.fates() ?? (() => 'undelivered');
  return made;
}

/** The receivers of every event, also of a suppressed one. */
function recordOf({ record, savings }: Building): { note(event: AgentEvent, isEnd: boolean): void } {
  return {
    note(event, isEnd) {
      record.note(event, isEnd);
      savings.onEvent(event);
    },
  };
}

/**
 * Returns when lines and light control last made progress, and since when the storage thread has not answered. The watchdog recognises from
 * this a part that hangs.
 */
export function pulseOf({ field, state, store }: Joined): Pulse {
  return { lines: field.pulses(), tickedMono: state.rooms.control.tickedMono, store: store.pulse() };
}

/** Null if this run accepts no other release. */
function updatesFor(made: Building): Updates | null {
  const { parts, clock, state, field, events } = made;
  if (parts.updates === undefined) return null;
  return createUpdates({
    ...parts.updates,
    clock,
    log: parts.log,
    version: parts.version,
    zones: () => state.rooms.control.zones(),
    devices: () => field.devices(),
    pulse: () => pulseOf(made),
    notice(happening) {
      events.notice(happening);
      void made.platformUpdates.show();
    },
  });
}

/** Null if this run accepts no other configuration. */
function revisionsFor(made: Building, apply: (next: CabinetAndProfiles) => Promise<TouchedRooms>): RevisionManager | null {
  const { parts, clock, state, field, uplink, ongoing } = made;
  if (parts.revisions === undefined) return null;
  return createRevisions({
    ...parts.revisions,
    clock,
    log: parts.log,
    field,
    isOnline: () => uplink.current?.status().state === 'online',
    site: () => state.site,
    apply,
    onEvent: ongoing.onEvent,
    onChange: (view) => made.platformConfig.show(view),
    onTrialEnd: (end) => made.platformConfig.end(end),
  });
}

/** Null if no console socket is configured. */
function consolesFor({ parts: { socketPath, log, cabinet }, clock, view }: Building): Consoles | null {
  return socketPath === null ? null : createConsoles({ view, socketPath, log, clock, timezone: cabinet.timezone });
}
