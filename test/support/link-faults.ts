/**
 * What may happen to the link between a cabinet and its broker, as stories on simulated time. Used against every broker.
 */
import type { UplinkConfig } from '../../agent/core/cabinet.ts';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import type { FaultProxy } from '../platform/proxy.ts';
import type { LinkScene } from './link-scene.ts';

/** A fault with the scene's time around it. `needs5`: it shows only over MQTT 5. */
export interface LinkFault {
  readonly story: string;
  readonly changes?: Partial<UplinkConfig>;
  readonly needs5?: true;
  readonly happens: (scene: LinkScene) => Promise<void>;
}

const on =
  (faults: Parameters<FaultProxy['set']>[0], ms = 3 * MINUTE_MS) =>
  async ({ proxy, live }: LinkScene): Promise<void> => {
    proxy.set(faults);
    await live(ms);
    proxy.heal();
  };
const isData = (packet: { readonly cmd: string; readonly topic?: string }): boolean =>
  packet.cmd === 'publish' && packet.topic?.includes('DATA') === true;

/** The fault runs of the uplink: after each of them the platform must have everything. */
export const LINK_FAULTS: readonly LinkFault[] = [
  { story: 'a black hole, each way', happens: on({ blackHole: true }) },
  {
    story: 'the connection reset again and again',
    happens: async ({ proxy, live }) => {
      for (let i = 0; i < 10; i += 1) {
        proxy.reset();
        await live(12_000);
      }
    },
  },
  { story: 'a slow way', happens: on({ delayMs: { client: 8, server: 8 } }) },
  { story: 'one byte at a time', happens: on({ chunkBytes: 1 }, MINUTE_MS) },
  {
    story: 'a packet cut in the middle',
    happens: async ({ proxy, live }) => {
      for (let i = 0; i < 4; i += 1) {
        proxy.set({ truncate: isData });
        await live(30_000);
      }
    },
  },
  { story: 'every message twice', happens: on({ duplicate: isData }) },
  {
    story: 'messages that the broker drops for a slow subscriber',
    happens: async (scene) => {
      await on({ drop: (packet, from) => from === 'client' && isData(packet) }, 20_000)(scene);
      await scene.live(30_000);
    },
  },
  {
    story: 'refused by the broker for an hour',
    happens: async (scene) => {
      scene.proxy.set({ refuseConnack: 0x87 });
      scene.proxy.reset();
      await scene.live(HOUR_MS, 30_000);
      scene.proxy.heal();
    },
  },
  {
    story: 'the broker killed and started again',
    happens: async ({ broker, live }) => {
      await broker.kill();
      await live(2 * MINUTE_MS);
      await broker.start();
    },
  },
  {
    story: 'a broker with a receive maximum of one',
    needs5: true,
    happens: async (scene) => {
      scene.proxy.set({ receiveMaximum: 1 });
      scene.proxy.reset();
      await scene.live(3 * MINUTE_MS);
    },
  },
  {
    story: 'a broker that takes packets of one kilobyte',
    needs5: true,
    happens: async (scene) => {
      scene.proxy.set({ maximumPacketSize: 1_024 });
      scene.proxy.reset();
      await scene.live(3 * MINUTE_MS);
    },
  },
  {
    story: 'the primary host offline and back',
    changes: { primaryHost: 'scada' },
    happens: async ({ host, live }) => {
      await host.stop();
      await live(5 * MINUTE_MS);
      await host.start();
    },
  },
];
