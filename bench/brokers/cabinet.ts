/**
 * A cabinet of the broker bench: the real store and session, a reading of four points each half second, on the real clock.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { UplinkConfig } from '../../agent/core/cabinet.ts';
import { every, sleep } from '../../agent/core/clock.ts';
import type { Log, Store, StoredFrame, Uplink } from '../../agent/core/ports.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { PointId, Reading } from '../../agent/core/words.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { createMqttTransport } from '../../agent/sync/mqtt/mqttjs-transport.ts';
import { SparkplugUplink } from '../../agent/sync/uplink.ts';
import { NODE_DEVICES, silentLog, uplinkConfig } from '../../test/agent/sync/small-node.ts';
import { memoryRoot } from '../../test/support/memory-folder.ts';

/** A running cabinet. */
export interface BenchCabinet {
  readonly uplink: Uplink;
  readonly store: Store;
  /** Failed connections since the start: time since the start in ms, and the reason. */
  readonly failures: readonly { readonly atMs: number; readonly reason: string }[];
  /** Stops the readings; what was read is committed within a second. */
  stopReading(): void;
  /** All rows of the store. */
  rows(): Promise<readonly StoredFrame[]>;
  end(): Promise<void>;
}

/** Between two readings. Units: ms. Source: assumed; a cabinet with live values. Confirmed by: nothing; it only has to be short against the times measured. */
const READ_MS = 500;
const POINTS: readonly PointId[] = ['L01.level', 'L01.power', 'L02.level', 'M1.energy'];

/** Starts a cabinet. `broker`: the first server; the others are in `changes`. */
export async function startBenchCabinet(broker: string, changes: Partial<UplinkConfig>): Promise<BenchCabinet> {
  const dir = mkdtempSync(join(memoryRoot(), 'luciole-brokers-'));
  const clock = createSystemClock({ quality: () => 'synced' });
  const startedMs = performance.now();
  const failures: { atMs: number; reason: string }[] = [];
  const log: Log = {
    event: (name, details) => {
      if (name === 'uplink-failed')
        failures.push({ atMs: Math.round(performance.now() - startedMs), reason: String(details?.['message']) });
    },
  };
  const store = createStore({
    ...{ dir: join(dir, 'data'), clock, log: silentLog, commitSeconds: 1, maxMegabytes: 64, maxDays: 400 },
    decimals: new Map(),
    openLink: openInProcessLink,
  });
  const uplink = new SparkplugUplink({
    config: uplinkConfig(broker, changes),
    ...{ cabinetId: changes.node ?? 'c1', version: 'bench', devices: NODE_DEVICES, log, clock, store },
    latest: () => undefined,
    transport: createMqttTransport(),
    random: Math.random,
  });
  store.onCommitted = (committed) => uplink.committed(committed);
  await store.start();
  await uplink.start();
  let ticket = 0;
  const reading = every(clock, READ_MS, () => {
    ticket += 1;
    const [atMs, atMono] = [clock.wallMs(), clock.monoMs()];
    const readings = POINTS.map((pointId, i): Reading => ({ pointId, value: ticket * 10 + i, quality: 'good', atMono, atMs }));
    const frame = { ticket, atMono, atMs, clockQuality: 'synced' as const, readings };
    store.append(frame);
    uplink.publish(frame);
  });
  return {
    ...{ uplink, store, failures },
    stopReading: () => reading.cancel(),
    rows: () => rowsOf(store),
    end: async () => {
      reading.cancel();
      await uplink.stop();
      await store.stop();
      await sleep(clock, 0);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function rowsOf(store: Store): Promise<readonly StoredFrame[]> {
  const rows: StoredFrame[] = [];
  for (;;) {
    const more = await store.readAfter(rows.at(-1)?.seq ?? 0, 2_000);
    if (more.length === 0) return rows;
    rows.push(...more);
  }
}
