/**
 * Reports the agent's own health regularly: to the platform, to a metrics file, and to clients that request metrics. Also keeps its heap
 * small.
 */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { type Heap, startHeapCollector } from '../../core/heap-collector.ts';
import { type MetricFamily, metricsText } from '../../core/metrics.ts';
import type { Log, Uplink, UplinkValue } from '../../core/ports.ts';
import type { StatusView } from '../../core/views.ts';
import type { AgentEvent, EventCode } from '../../core/words.ts';
import { AGENT_METRIC } from '../../sync/sparkplug/metric-table.ts';
import type { RunMode, StartLedger } from '../run/start-ledger.ts';
import type { AgentHealth } from './health.ts';
import { metricFamilies } from './metrics.ts';
import { createMetricsFile } from './metrics-file.ts';

/** Units: ms. Source: assumed; monitors poll once a minute or less often. The lag of the loop is measured over the same interval. Confirmed by: the scrape intervals of the sites. */
const FILE_MS = 60_000;
/** Minutes between two reports to the platform. Source: assumed; growing memory is seen within an hour, and each report costs about 60 bytes. Confirmed by: the traffic of a cabinet over a month. */
const PUBLISH_MINUTES = 10;
const MEGABYTE = 2 ** 20;

/** What the report on the agent itself reads, and where it goes. */
export interface SelfParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly uplink: Pick<Uplink, 'update'>;
  /** Measures memory, processor time and the lag of the event loop; null if they are not measured. */
  readonly health: AgentHealth | null;
  /** Null if V8 alone decides when to collect. */
  readonly heap: Heap | null;
  /** How this run was started, and the ledger with this run as its last one; null without a ledger. */
  readonly runs: { readonly mode: RunMode; readonly ledger: () => StartLedger } | null;
  readonly status: () => Promise<StatusView>;
  /** Path of the file for the metrics; null for none. Read at each interval, because the configuration may change. */
  readonly metricsFile: () => string | null;
}

/** The report of the agent about its own health, to the platform and to the metrics file; see `createSelf`. */
export type Self = ReturnType<typeof createSelf>;

/**
 * Creates the report of the agent about its own health, to the platform and to the metrics file; it reports from `start` until `stop`.
 * In that time it also collects the `heap`. `note` counts an event that began, for the metrics. `metrics` resolves with the metrics. It
 * cannot be started again: `stop` also ends the measurement of `health`.
 */
export function createSelf(parts: SelfParts) {
  const { clock, log, uplink, health, heap, runs } = parts;
  const events = new Map<EventCode, number>();
  let ticks: Timer | null = null;
  let looks: Timer | null = null;
  let minutes = 0;
  let file: { readonly path: string; readonly write: (text: string) => Promise<void> } | null = null;

  const metrics = async (): Promise<readonly MetricFamily[]> =>
    metricFamilies({
      status: await parts.status(),
      health: health?.sample() ?? null,
      ledger: runs?.ledger() ?? null,
      mode: runs?.mode ?? 'normal',
      events,
    });

  const show = (metric: string, value: UplinkValue['value']): void =>
    uplink.update('', metric, { value, quality: 'good', atMs: clock.wallMs() });

  async function publish(): Promise<void> {
    const { lines, store } = await parts.status();
    const sample = health?.sample() ?? null;
    show(AGENT_METRIC.memory, sample === null ? null : Math.round(sample.residentBytes / MEGABYTE));
    show(AGENT_METRIC.loopLag, sample === null ? null : Math.round(sample.loopLag.p99Ms));
    show(AGENT_METRIC.busUse, Math.round(Math.max(0, ...lines.map(({ busyPct }) => busyPct))));
    show(AGENT_METRIC.storeSize, Math.round(store.bytes / MEGABYTE));
  }

  function tellRuns(): void {
    const runsBefore = runs?.ledger().runs.slice(0, -1) ?? [];
    const last = runsBefore.at(-1);
    show(AGENT_METRIC.starts, runs?.ledger().starts ?? null);
    show(AGENT_METRIC.lastEnd, last === undefined ? '' : `${last.end ?? ''}${last.cause === '' ? '' : `: ${last.cause}`}`);
    show(AGENT_METRIC.safeMode, (runs?.mode ?? 'normal') !== 'normal');
  }

  async function turn(): Promise<void> {
    health?.turn();
    minutes += 1;
    if (minutes % PUBLISH_MINUTES === 0) await publish();
    const path = parts.metricsFile();
    if (path === null) return;
    if (file?.path !== path) file = { path, ...createMetricsFile(path, log) };
    await file.write(metricsText(await metrics(), 'prometheus'));
  }

  return {
    /** Publishes what the birth messages need before it resolves. */
    async start(): Promise<void> {
      if (ticks !== null) return;
      ticks = every(clock, FILE_MS, () => void turn());
      looks = heap === null ? null : startHeapCollector(clock, heap);
      tellRuns();
      await publish();
    },
    stop(): void {
      ticks?.cancel();
      looks?.cancel();
      health?.stop();
    },
    note({ code }: AgentEvent, isEnd: boolean): void {
      // The end of a lasting event is not counted: it was counted at its beginning.
      if (!isEnd) events.set(code, (events.get(code) ?? 0) + 1);
    },
    metrics,
  };
}
