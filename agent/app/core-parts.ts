/**
 * Builds the parts that a reading passes through (field, recorder, store) and the agent's report about itself.
 *
 * Values of the configuration are read at each use, because it may change.
 */
import { adapterLatencyMs } from '../../drivers/adapter-latency.ts';
import { tracesOfRevisions } from '../config/revisions/revision-history.ts';
import { countersOf, decimalsOf } from '../config/revisions/touched-parts.ts';
import { maxMeterKw, setupValuesOf } from '../config/setup-values.ts';
import { BURNING_COPY_RULE } from '../control/burning-hours-tracker.ts';
import { OVERRIDES_COPY_RULE } from '../control/requests/override-registry.ts';
import { PROGRAMMES_COPY_RULE } from '../control/requests/programme-registry.ts';
import type { Cabinet } from '../core/cabinet.ts';
import { BusError } from '../core/errors.ts';
import type { Store } from '../core/ports.ts';
import type { PointId } from '../core/words.ts';
import type { FlightMemory } from '../diagnosis/flight/flight-memory.ts';
import type { TransactionReport } from '../field/bus-tools/bus-watch.ts';
import { createField, type LiveField } from '../field/field.ts';
import { fieldLine } from '../field/line-from-config.ts';
import { TEXTS_COPY_RULE } from '../panels/sent-text-registry.ts';
import { Alarms } from '../service/alarms/alarms.ts';
import { ACKNOWLEDGED_COPY_RULE } from '../service/alarms/carried-acknowledgements.ts';
import { MAINTENANCE_COPY_RULE } from '../service/alarms/maintenance-registry.ts';
import { createPlatformAlarms, type PlatformAlarms } from '../service/alarms/platform-alarms.ts';
import { createSelf, type Self } from '../service/metrics/self-report.ts';
import { tracesOfRuns } from '../service/run/start-ledger.ts';
import { SOUND_COPY_RULE } from '../sound/intent-registry.ts';
import { createRecorder, type Recorder } from '../store/recorder.ts';
import { createStore } from '../store/store.ts';
import { BD_SEQ_COPY_RULE } from '../sync/session/bd-seq-memory.ts';
import type { Building } from './parts.ts';

/**
 * Returns the store of the run, not started. Its folder stays that of `parts`. At each start it takes limits, decimals and counters from
 * the configuration in force.
 */
export function storeFor({ parts, clock, state }: Building): Store {
  return createStore({
    dir: parts.cabinet.store.dir,
    get commitSeconds() {
      return state.site.cabinet.store.commitSeconds;
    },
    get maxMegabytes() {
      return state.site.cabinet.store.maxMegabytes;
    },
    get maxDays() {
      return state.site.cabinet.store.maxDays;
    },
    get peopleDays() {
      return state.site.cabinet.store.peopleDays;
    },
    get recordDays() {
      return state.site.cabinet.store.recordDays;
    },
    clock,
    log: parts.log,
    get decimals() {
      return decimalsOf(state.rooms.points);
    },
    get counters() {
      return countersOf(state.rooms.points);
    },
    machine: parts.machine ?? null,
    traces: [...tracesOfRuns(parts.guard?.ledger()), ...tracesOfRevisions(parts.revisions?.atStart.history)],
    copyRules: [
      ...[BD_SEQ_COPY_RULE, OVERRIDES_COPY_RULE, PROGRAMMES_COPY_RULE, BURNING_COPY_RULE, TEXTS_COPY_RULE, SOUND_COPY_RULE],
      ...[MAINTENANCE_COPY_RULE, ACKNOWLEDGED_COPY_RULE],
    ],
    ...(parts.openStoreLink === undefined ? {} : { openLink: parts.openStoreLink }),
  });
}

/**
 * Returns the alarm handling, which has read nothing from the store yet, and the handler of the platform's orders for it. Sets the list of
 * maintenance that the platform receives to empty.
 */
export function alarmsFor({ parts, clock, store, uplink, ongoing, state }: Building): [Alarms, PlatformAlarms] {
  const site = (): Cabinet => state.site.cabinet;
  const made: { alarms?: Alarms } = {};
  const platform = createPlatformAlarms({ clock, site, uplink, onOutcome: ongoing.onOutcome }, () => made.alarms as Alarms);
  const alarms = new Alarms({ clock, store, log: parts.log, site, ongoing, onMaintenance: platform.show });
  made.alarms = alarms;
  platform.show([]);
  return [alarms, platform];
}

/**
 * Returns the service that reports the agent's own health to the platform and in a metrics file, not started. It uses `made.view` from its
 * start on.
 */
export function selfFor(made: Building): Self {
  const { parts, clock, uplink, state } = made;
  return createSelf({
    clock,
    log: parts.log,
    uplink,
    health: parts.health ?? null,
    heap: parts.heap ?? null,
    runs: parts.guard ?? null,
    status: () => made.view.status(),
    metricsFile: () => state.site.cabinet.service.metricsFile,
  });
}

/**
 * Returns the lines of the configuration, not started. The field lasts for the whole run; its `exchange` replaces lines. Readings go to the
 * modules in force, and to the recorder except those of text points.
 */
export function fieldFor(made: Building): LiveField {
  const { parts, clock, state, store, uplink, ongoing, flight } = made;
  const create = parts.createField ?? createField;
  return create({
    lines: state.site.cabinet.lines.map((line) => fieldLine(line, { ...parts, tapOf: flight.memory.tapOf })),
    clock,
    log: parts.log,
    setupValuesOf: (deviceId) => setupValuesOf(state.site.cabinet, deviceId),
    random: parts.random,
    memory: store,
    profiles: () => [...state.site.profiles.values()],
    adapterLatencyMs,
    maxPowerKw: () => maxMeterKw(state.site.cabinet),
    ...(parts.periodsMs === undefined ? {} : { periodsMs: parts.periodsMs }),
    onReadings(readings) {
      if (state.firstPollMono === null) parts.onStartStep?.('first-poll');
      state.firstPollMono ??= clock.monoMs();
      state.rooms.onReadings(readings);
      // The value of a text point is a checksum, of use only for the panel itself.
      made.recorder.record(readings.filter(({ pointId }) => state.rooms.points.get(pointId)?.profile.type !== 'text'));
    },
    onTransaction: (lineId, report) => flight.memory.ended(lineId, endOf(report)),
    onAlive: (deviceId, alive) => uplink.deviceAlive(deviceId, alive),
    onEvent: (event) => state.rooms.watch.takeLineEvent(event, ongoing.onEvent),
  });
}

function endOf({ request, end, lane, atMono }: TransactionReport): Parameters<FlightMemory['ended']>[1] {
  return { unit: request.unit, lane, result: end instanceof BusError ? end.code : 'ok', atMono };
}

/** Returns the recorder, not started. It gives frames to the store and to the uplink, if there is one at that time. */
export function recorderFor({ clock, state, store, uplink }: Building): Recorder {
  return createRecorder({
    clock,
    rules: { get: (pointId) => state.rooms.points.get(pointId as PointId)?.profile },
    get heartbeatS() {
      return state.site.cabinet.store.heartbeatS;
    },
    onFrame: (frame) => {
      store.append(frame);
      state.recorded += frame.readings.length;
      uplink.current?.publish(frame);
    },
  });
}
