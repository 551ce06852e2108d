/**
 * One agent with the operations of its owner: start, stop, and change to another configuration.
 *
 * A real run provides the system clock and serial ports, a scenario test a simulated clock and simulated wires. A port that does not open
 * does not delay the light. A disk that does not respond delays light and console by at most `LOCK_WAIT_MS`.
 */
import { type CabinetAndProfiles, type TouchedRooms, touchedRooms } from '../config/revisions/touched-parts.ts';
import { type Message, msg } from '../core/message.ts';
import type { Field } from '../core/ports.ts';
import type { Pulse } from '../core/pulse.ts';
import type { AgentView } from '../core/views.ts';
import { DISK_WAIT_MS, within } from '../core/within.ts';
import { fieldLine } from '../field/line-from-config.ts';
import { endLeftovers } from '../service/ongoing.ts';
import { uplinkDevices } from '../sync/sparkplug/cabinet-metrics.ts';
import { joinParts, pulseOf } from './join.ts';
import { awaitLock, endRunOnceFree, refuseDataInUse } from './lock-wait.ts';
import type { AgentParts, Joined } from './parts.ts';
import { busOf, createRooms, leaveRooms, startControl } from './rooms.ts';
import { openUplink } from './uplink.ts';

/** One agent, with the operations of its owner such as start and stop. */
export interface Agent {
  readonly view: AgentView;
  readonly field: Field;
  /** Returns the latest progress of lines, lighting and store. */
  pulse(): Pulse;
  /** Returns the number of readings recorded by this agent so far, whether or not the store accepted them. */
  recorded(): number;
  /**
   * Starts the agent; call it once. Resolves once it has started, or early if `stop` was called. Errors: rejects, for example with
   * ConsoleError if another agent has the socket or the data.
   */
  start(): Promise<void>;
  /** Stops the agent, also during `start`. It cannot be started again. */
  stop(): Promise<void>;
  /** The configuration in force; from the beginning of a change the new one. */
  site(): CabinetAndProfiles;
  /**
   * Applies another configuration, which must have been checked. Resolves with the parts that it affects. After `stop` was called, it
   * changes nothing, and still resolves with these parts. Calls are carried out one after the other.
   */
  apply(next: CabinetAndProfiles): Promise<TouchedRooms>;
}

/** Builds an agent with the configuration in `parts`. It opens no port, socket or store before `start`. */
export function createAgent(parts: AgentParts): Agent {
  const joined = joinParts(parts, apply);
  const { state, view, field } = joined;

  function apply(next: CabinetAndProfiles): Promise<TouchedRooms> {
    const work = state.applying.then(() => reconfigure(joined, next));
    state.applying = work.catch(() => {});
    return work;
  }

  return {
    view,
    field,
    pulse: () => pulseOf(joined),
    recorded: () => state.recorded,
    start: () => startAgent(joined),
    stop: () => stopAgent(joined),
    site: () => state.site,
    apply,
  };
}

/** Locks the data first: an agent without the lock must use neither the lines nor the sockets of the agent that has it. */
async function startAgent(joined: Joined): Promise<void> {
  const { parts, state, clock, store, uplink, ongoing, events } = joined;
  const completed = parts.onStartStep ?? (() => {});
  await joined.consoles?.refuseOther();
  if (state.isStopping) return;
  const stored = store.start();
  await awaitLock(joined, stored);
  completed('data-lock-asked');
  if (state.isStopping) return;
  await joined.consoles?.start();
  completed('console-opened');
  if (state.isStopping) return;
  await startLight(joined);
  completed('lighting-started');
  state.isRunning = true;
  await stored;
  await refuseDataInUse(joined);
  if (store.pulse().refusal === 'held' || parts.hasBegunHeld === true) void endRunOnceFree(joined);
  completed('store-opened');
  if (parts.guard?.unstored != null) void store.recordLoss(parts.guard.unstored).then(parts.guard.settleLoss);
  if (state.isStopping) return;
  // Before the parts that report again what earlier runs left open.
  void joined.alarms.begin().then(() => endLeftovers({ store, clock, isGoingOn: ongoing.isGoingOn }));
  state.rooms.startOthers();
  // State for the births. A hung disk does not delay the uplink; the state is published once it responds.
  const shown = showState(joined);
  if ((await within(clock, DISK_WAIT_MS, shown)) !== true)
    parts.log.event('start-without-disk', { waitedMs: DISK_WAIT_MS, check: 'the disk of store.dir: dmesg' }, 'warning');
  completed('state-read');
  if (state.isStopping) return;
  await uplink.start();
  completed('uplink-started');
  if (state.isStopping) return;
  if ((parts.guard?.mode ?? 'normal') === 'normal') joined.housekeeping.start();
  for (const { isLasting, ...event } of parts.guard?.events ?? []) isLasting ? events.set(true, event) : events.notice(event);
  void shown.then(() => joined.updates?.start());
  notice(joined, 'agent-started', msg`luciole ${joined.parts.version} started`);
}

/** Stops lines before recorder before uplink before store, so that the last reading reaches each of them. */
async function stopAgent(joined: Joined): Promise<void> {
  const { state, clock } = joined;
  state.isStopping = true;
  joined.housekeeping.stop();
  joined.self.stop();
  joined.alarms.stop();
  joined.record.stop();
  joined.stepWatch.stop();
  joined.updates?.stop();
  await joined.consoles?.stop();
  await within(clock, DISK_WAIT_MS, joined.revisions?.stop() ?? Promise.resolve());
  await state.applying;
  await state.rooms.control.stop();
  await joined.field.stop();
  joined.recorder.stop();
  await state.rooms.stopOthers();
  await joined.uplink.stop();
  notice(joined, 'agent-stopped', msg`luciole ${joined.parts.version} stopped`);
  await within(clock, DISK_WAIT_MS, joined.flight.recorder.stop());
  await joined.store.stop();
}

async function startLight({ record, stepWatch, field, recorder, state }: Joined): Promise<void> {
  record.start();
  stepWatch.start();
  void field.start();
  recorder.start();
  await startControl(state);
}

/** Reads what the birth messages need from the disk, one after the other: each read that hangs blocks one of Node's few threads. */
async function showState({ self, revisions, platformUpdates }: Joined): Promise<true> {
  await self.start();
  await revisions?.start();
  await platformUpdates.show();
  return true;
}

function notice({ events, state }: Joined, code: 'agent-started' | 'agent-stopped', text: Message): void {
  events.notice({ code, source: state.site.cabinet.id, severity: 'info', text });
}

/**
 * Replaces only the parts that the other configuration affects. Resolves with the affected parts. Shape: `next` has been checked. Lines first: drivers without communication fall back to their failsafe level after a minute.
 */
async function reconfigure(joined: Joined, next: CabinetAndProfiles): Promise<TouchedRooms> {
  const { state, store, uplink, parts } = joined;
  const touched = touchedRooms(state.site, next);
  if (state.isStopping) return touched;
  parts.log.event('configuration-applied', { ...touched });
  store.audit.note({ user: '', role: '', door: 'self', action: 'configuration applied', detail: JSON.stringify(touched), result: 'ok' });
  state.site = next;
  if (touched.lines.length > 0) await exchangeLines(joined, touched.lines);
  if (touched.light) await leaveRooms(joined);
  // Readings wait in memory during this time.
  if (touched.store) {
    await store.stop();
    await store.start();
  }
  if (touched.light) await enterRooms(joined);
  state.bus = busOf(joined);
  if (touched.uplink) {
    const ids = new Set(uplinkDevices(next.cabinet, state.rooms.points, next.profiles).map(({ id }) => id));
    await uplink.exchange(
      () => {
        state.uplinkEvents.close(msg`the settings of the uplink changed`);
        return openUplink(joined);
      },
      (deviceId) => deviceId === '' || ids.has(deviceId),
    );
  }
  return touched;
}

async function exchangeLines({ field, parts, state, flight: { memory } }: Joined, gone: readonly string[]): Promise<void> {
  const { lines } = state.site.cabinet;
  const come = lines.filter(({ id }) => gone.includes(id)).map((line) => fieldLine(line, { ...parts, ...state.site, tapOf: memory.tapOf }));
  const order = lines.map(({ id }) => id);
  await field.exchange({ gone, come, order });
  memory.keepOnly(order);
}

async function enterRooms(joined: Joined): Promise<void> {
  const { state, field } = joined;
  state.rooms = createRooms(joined);
  if (!state.isRunning) return;
  await state.rooms.control.start();
  state.rooms.startOthers();
  // The last readings are still valid, including presence.
  state.rooms.onReadings(field.readings());
}
