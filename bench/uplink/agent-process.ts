/**
 * Store and uplink of a cabinet in a process of their own, on the real clock: filled in one life, drained in the next.
 *
 * While it drains, a reading of one lamp is taken each second as live data.
 */
import { readFileSync } from 'node:fs';
import type { UplinkConfig } from '../../agent/core/cabinet.ts';
import { type Clock, every, sleep } from '../../agent/core/clock.ts';
import { ownHeap, startHeapCollector } from '../../agent/core/heap-collector.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createRecorder } from '../../agent/store/recorder.ts';
import { createStore } from '../../agent/store/store.ts';
import { createMqttTransport } from '../../agent/sync/mqtt/mqttjs-transport.ts';
import { SparkplugUplink } from '../../agent/sync/uplink.ts';
import { answerParent } from '../child.ts';
import { openFedStore } from '../store/fed-store.ts';
import { NO_LOG } from '../store/feed.ts';
import { createWorkload } from '../store/workload.ts';
import { benchDevices } from './devices.ts';

export type UplinkAgentQuestion =
  | { readonly kind: 'fill'; readonly dir: string; readonly hours: number }
  | { readonly kind: 'drain'; readonly dir: string; readonly url: string; readonly proof: 'broker' | 'platform' };

/**
 * Result of filling or draining a store. `readings`: in the store, or in the backlog before the drain. `drainMs`: from the state online to
 * the delivery of the last of them. A fill has 0 in all other fields. Units: ms, bytes.
 */
export interface UplinkAgentAnswer {
  readonly readings: number;
  readonly drainMs: number;
  readonly peakRssBytes: number;
  /** Before the first connection. */
  readonly restRssBytes: number;
  readonly bytesSent: number;
  readonly messages: number;
}

const LIVE_MS = 1_000;
const CHECK_MS = 100;
const COMMIT_SECONDS = 10;

answerParent<UplinkAgentQuestion, UplinkAgentAnswer>((question) => (question.kind === 'fill' ? fill(question) : drain(question)));

async function fill({ dir, hours }: Extract<UplinkAgentQuestion, { kind: 'fill' }>): Promise<UplinkAgentAnswer> {
  const fed = await openFedStore({ dir, commitSeconds: 60, isCompacted: true });
  await fed.run(hours);
  const { readings } = await fed.status();
  await fed.store.stop();
  return { readings, drainMs: 0, peakRssBytes: 0, restRssBytes: 0, bytesSent: 0, messages: 0 };
}

async function drain({ dir, url, proof }: Extract<UplinkAgentQuestion, { kind: 'drain' }>): Promise<UplinkAgentAnswer> {
  const clock = createSystemClock({ quality: () => 'synced' });
  const { store, uplink, startLive } = createDrainingAgent(clock, dir, benchConfig(url, proof));
  await store.start();
  const before = await store.status();
  const restRssBytes = residentBytes();
  let peakRssBytes = 0;
  startLive();
  await uplink.start();
  while (uplink.status().state !== 'online') await sleep(clock, CHECK_MS);
  const startMono = clock.monoMs();
  const bytesBefore = uplink.status().bytesSent;
  while ((uplink.status().delivery?.cursorSeq ?? 0) < before.lastSeq) {
    peakRssBytes = Math.max(peakRssBytes, residentBytes());
    await sleep(clock, CHECK_MS);
  }
  const drainMs = clock.monoMs() - startMono;
  const { bytesSent, messagesSent } = uplink.status();
  await uplink.stop();
  await store.stop();
  return {
    readings: before.account.backlog,
    drainMs,
    peakRssBytes,
    restRssBytes,
    bytesSent: bytesSent - bytesBefore,
    messages: messagesSent,
  };
}

/** Store, uplink and recorder as in the agent. `startLive` begins to take live readings. */
function createDrainingAgent(clock: Clock, dir: string, config: UplinkConfig) {
  const workload = createWorkload(2);
  const store = createStore({
    dir,
    clock,
    log: NO_LOG,
    commitSeconds: COMMIT_SECONDS,
    maxMegabytes: 4_096,
    maxDays: 400,
    decimals: workload.decimals,
  });
  const uplink = new SparkplugUplink({
    config,
    cabinetId: 'c1',
    version: 'bench',
    devices: benchDevices(workload.points),
    clock,
    log: NO_LOG,
    store,
    latest: () => undefined,
    transport: createMqttTransport(),
    random: () => 0.5,
  });
  const recorder = createRecorder({
    clock,
    rules: workload.rules,
    heartbeatS: 1,
    onFrame: (frame) => {
      store.append(frame);
      uplink.publish(frame);
    },
  });
  store.onCommitted = (committed) => uplink.committed(committed);
  const startLive = (): void => {
    recorder.start();
    const heap = ownHeap();
    if (heap !== null) startHeapCollector(clock, heap);
    every(clock, LIVE_MS, () => recorder.record(workload.poll({ atMs: clock.wallMs(), atMono: clock.monoMs() })));
  };
  return { store, uplink, startLive };
}

function benchConfig(broker: string, proof: 'broker' | 'platform'): UplinkConfig {
  return {
    broker,
    otherBrokers: [],
    protocol: 5,
    group: 'bench',
    node: 'c1',
    primaryHost: null,
    username: null,
    passwordFile: null,
    caFile: null,
    certFile: null,
    keyFile: null,
    keepaliveS: 30,
    birthJitterS: 0,
    proof,
    aliases: true,
    datatypeInData: false,
    conformance: true,
    dailyMegabytes: null,
  };
}

/** Units: bytes. Source: proc(5): VmRSS, in kB. */
function residentBytes(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1_024;
}
