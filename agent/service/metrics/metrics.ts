/**
 * Names and values of the agent's metrics. Pure: views in, metric families out.
 */
import { isSuppressed } from '../../core/event-handling.ts';
import type { MetricFamily, MetricSample } from '../../core/metrics.ts';
import type { LineView, UplinkStatus } from '../../core/ports.ts';
import type { PeerCertificate } from '../../core/uplink-tools.ts';
import type { StatusView } from '../../core/views.ts';
import type { EventCode, Severity } from '../../core/words.ts';
import type { RunMode, StartLedger } from '../run/start-ledger.ts';
import type { HealthSample } from './health.ts';

/** The values from which the metrics are made: the present state of the agent, and counts of its runs. */
export interface MetricsParts {
  readonly status: StatusView;
  /** Null if it is not measured. */
  readonly health: HealthSample | null;
  /** Null if there is no ledger. */
  readonly ledger: StartLedger | null;
  readonly mode: RunMode;
  /**
   * Number of events that were raised in this run, by code, also of those that continue from an earlier run. An event that begins
   * suppressed by maintenance is counted only if its alarm is raised after all.
   */
  readonly events: ReadonlyMap<EventCode, number>;
}

const CLOCKS: readonly StatusView['clockQuality'][] = ['none', 'restored', 'rtc', 'synced'];
const UPLINKS: readonly UplinkStatus['state'][] = ['off', 'connecting', 'waiting-for-host', 'online', 'down'];
const SEVERITIES: readonly Severity[] = ['info', 'warning', 'alarm'];

/** Returns the metrics of the agent. A family may have no samples, for example if its value is unknown. */
export function metricFamilies(parts: MetricsParts): MetricFamily[] {
  return [
    ...agentFamilies(parts),
    ...lineFamilies(parts.status),
    ...lightFamilies(parts.status),
    ...storeFamilies(parts.status),
    ...uplinkFamilies(parts.status),
    ...eventFamilies(parts),
  ];
}

function agentFamilies({ status, health, ledger, mode }: MetricsParts): MetricFamily[] {
  const { version, cabinet, upS, startMs, clockQuality } = status;
  return [
    family('info', 'luciole', '', 'Version of the agent and the cabinet it lights', [
      { labels: { version, cabinet: cabinet.id }, value: 1 },
    ]),
    gauge('luciole_uptime_seconds', 'seconds', 'Since the start of the agent', upS),
    gauge(
      'luciole_first_poll_seconds',
      'seconds',
      'From the start of the agent to its first poll on a line',
      startMs === null ? null : startMs / 1_000,
    ),
    gauge('luciole_resident_memory_bytes', 'bytes', 'Resident memory of the agent', health?.residentBytes),
    gauge('luciole_heap_memory_bytes', 'bytes', 'JavaScript heap in use', health?.heapBytes),
    family(
      'counter',
      'luciole_cpu_seconds',
      'seconds',
      'Processor time used',
      health === null ? [] : by('mode', { user: health.userCpuS, system: health.systemCpuS }),
    ),
    family(
      'gauge',
      'luciole_loop_lag_seconds',
      'seconds',
      'Delay of the timers of the main loop, over the last minute',
      health === null ? [] : lags(health),
    ),
    counter('luciole_starts', '', 'Starts of the agent on this cabinet', ledger?.starts),
    family('counter', 'luciole_run_ends', '', 'How runs of the agent on this cabinet ended', ledger === null ? [] : by('end', ledger.ends)),
    gauge('luciole_safe_mode', '', '1 while only the light is kept up', mode === 'normal' ? 0 : 1),
    family('gauge', 'luciole_clock_quality', '', 'Quality of the wall clock', oneOf('quality', CLOCKS, clockQuality)),
  ];
}

function lineFamilies({ lines, units }: StatusView): MetricFamily[] {
  const of = (key: 'transactions' | 'timeouts' | 'crcErrors' | 'exceptions' | 'lateReplies' | 'noiseBytes'): MetricSample[] =>
    byLine(lines, (line) => line[key]);
  const up = byLine(lines, ({ state }) => Number(state === 'up'));
  const busy = byLine(lines, ({ busyPct }) => busyPct / 100);
  return [
    family('gauge', 'luciole_line_up', '', '1 while the port is open and a unit answers', up),
    family('gauge', 'luciole_line_busy_ratio', 'ratio', 'Share of the last minute in which the wire was in use', busy),
    family('counter', 'luciole_line_transactions', '', 'Requests that ended', of('transactions')),
    family('counter', 'luciole_line_timeouts', '', 'Requests without an answer', of('timeouts')),
    family('counter', 'luciole_line_crc_errors', '', 'Damaged answers', of('crcErrors')),
    family('counter', 'luciole_line_exceptions', '', 'Requests that were refused', of('exceptions')),
    family('counter', 'luciole_line_late_replies', '', 'Answers that came after their time', of('lateReplies')),
    family('counter', 'luciole_line_noise_bytes', 'bytes', 'Bytes that belong to no answer', of('noiseBytes')),
    family('gauge', 'luciole_units', '', 'Units by how they answer', by('state', units)),
  ];
}

function byLine(lines: readonly LineView[], value: (line: LineView) => number): MetricSample[] {
  return lines.map((line) => ({ labels: { line: line.id }, value: value(line) }));
}

function lightFamilies({ zones, night, detections, lampsRaised }: StatusView): MetricFamily[] {
  const all = zones.flatMap((zone) => zone.lamps);
  const lamps = all.filter(({ isInMaintenance }) => isInMaintenance !== true);
  const count = (holds: (lamp: (typeof lamps)[number]) => boolean): number => lamps.filter(holds).length;
  const states = {
    lit: count(({ measuredPct }) => measuredPct !== null && measuredPct > 0),
    dark: count(({ measuredPct }) => measuredPct === 0),
    unknown: count(({ measuredPct }) => measuredPct === null),
    maintenance: all.length - lamps.length,
  };
  return [
    family('gauge', 'luciole_lamps', '', 'Lamps by what their driver last confirmed, or in maintenance', by('state', states)),
    gauge(
      'luciole_lamps_not_following',
      '',
      'Lamps that do not follow their set level, without those in maintenance',
      count(({ following }) => !following),
    ),
    gauge(
      'luciole_lamps_faulty',
      '',
      'Lamps whose device has a fault',
      count(({ faults }) => faults.length > 0),
    ),
    gauge('luciole_night', '', '1 while it is night for a zone', Number(night)),
    counter('luciole_detections', '', 'Detections by presence sensors', detections),
    counter('luciole_lamps_raised', '', 'Lamps raised by presence', lampsRaised),
  ];
}

function storeFamilies({ store }: StatusView): MetricFamily[] {
  return [
    gauge('luciole_store_up', '', '1 while the store takes readings', Number(store.state === 'ok')),
    gauge('luciole_store_readings', '', 'Readings on disk', store.readings),
    gauge('luciole_store_frames', '', 'Rows on disk', store.frames),
    gauge('luciole_store_size_bytes', 'bytes', 'Size on disk', store.bytes),
    gauge('luciole_store_limit_bytes', 'bytes', 'Largest size on disk', store.maxBytes),
    gauge('luciole_store_backlog_frames', '', 'Rows that are not proven delivered', store.backlogFrames),
    gauge('luciole_store_gaps', '', 'Recorded losses', store.gaps),
    gauge('luciole_store_waiting_readings', '', 'Readings that are not yet on disk', store.readingsWaiting),
    counter('luciole_store_written_readings', '', 'Readings that went to disk', store.readingsStored),
    counter('luciole_store_lost_readings', '', 'Readings that were lost, each recorded as a gap', store.readingsLost),
    counter(
      'luciole_store_uncounted_losses',
      '',
      'Losses whose readings could not be counted: the lost readings are then a guess',
      store.lossesEstimated,
    ),
    counter('luciole_store_written_bytes', 'bytes', 'Bytes that the storage thread wrote to its device', store.written?.bytes),
  ];
}

function uplinkFamilies({ uplink, atMs }: StatusView): MetricFamily[] {
  const { delivery, certificates } = uplink;
  const oldestS = delivery === undefined ? undefined : delivery.oldestMs === null ? 0 : Math.max(0, (atMs - delivery.oldestMs) / 1_000);
  const leftS = (certificate: PeerCertificate | null | undefined): number | undefined =>
    certificate == null ? undefined : (certificate.untilMs - atMs) / 1_000;
  return [
    family('gauge', 'luciole_uplink_state', '', 'How the way to the platform stands', oneOf('state', UPLINKS, uplink.state)),
    counter('luciole_uplink_published_readings', '', 'Readings sent, those of the backlog included', uplink.readingsPublished),
    counter('luciole_uplink_historical_readings', '', 'Readings of the backlog sent', uplink.readingsHistorical),
    counter('luciole_uplink_proven_readings', '', 'Readings proven delivered', uplink.readingsAcked),
    counter('luciole_uplink_messages', '', 'Messages sent', uplink.messagesSent),
    counter('luciole_uplink_sent_bytes', 'bytes', 'Payload sent', uplink.bytesSent),
    gauge('luciole_uplink_today_bytes', 'bytes', 'MQTT packets both ways since midnight UTC', delivery?.bytesToday),
    gauge('luciole_uplink_oldest_unproven_seconds', 'seconds', 'Age of the oldest reading that is not proven delivered', oldestS),
    counter('luciole_uplink_commands', '', 'Commands received', uplink.commandsReceived),
    counter('luciole_uplink_refused_commands', '', 'Commands refused', uplink.commandsRefused),
    gauge('luciole_uplink_certificate_left_seconds', 'seconds', 'Until the own certificate ends', leftS(certificates?.own)),
    gauge(
      'luciole_uplink_authority_left_seconds',
      'seconds',
      'Until the last authority in uplink.caFile ends',
      leftS(certificates?.authority),
    ),
  ];
}

function eventFamilies({ status, events }: MetricsParts): MetricFamily[] {
  const raised = status.activeEvents.filter((event) => !isSuppressed(event));
  const active = Object.fromEntries(SEVERITIES.map((severity) => [severity, raised.filter((event) => event.severity === severity).length]));
  const unacknowledged = raised.filter(({ acknowledged }) => acknowledged === undefined).length;
  const { info: _, ...worth } = active;
  return [
    family('gauge', 'luciole_active_events', '', 'Warnings and alarms that go on', by('severity', worth)),
    gauge('luciole_unacknowledged_events', '', 'Open warnings and alarms without an acknowledgement', unacknowledged),
    gauge('luciole_suppressed_events', '', 'Warnings and alarms that maintenance suppresses', status.activeEvents.length - raised.length),
    family('counter', 'luciole_events', '', 'Events that began', by('code', Object.fromEntries(events))),
  ];
}

function family(
  type: MetricFamily['type'],
  name: string,
  unit: MetricFamily['unit'],
  help: string,
  samples: readonly MetricSample[],
): MetricFamily {
  return { type, name, unit, help, samples };
}

/** Shape: no sample if the value is unknown. */
function gauge(name: string, unit: MetricFamily['unit'], help: string, value: number | null | undefined): MetricFamily {
  return family('gauge', name, unit, help, value == null ? [] : [{ value }]);
}

function counter(name: string, unit: MetricFamily['unit'], help: string, value: number | null | undefined): MetricFamily {
  return family('counter', name, unit, help, value == null ? [] : [{ value }]);
}

function by(label: string, counts: Readonly<Record<string, number | undefined>>): MetricSample[] {
  return Object.entries(counts).map(([name, value = 0]) => ({ labels: { [label]: name }, value }));
}

function oneOf(label: string, words: readonly string[], current: string): MetricSample[] {
  return words.map((word) => ({ labels: { [label]: word }, value: Number(word === current) }));
}

function lags({ loopLag: { meanMs, p99Ms, maxMs } }: HealthSample): MetricSample[] {
  return by('of', { mean: meanMs / 1_000, p99: p99Ms / 1_000, max: maxMs / 1_000 });
}
