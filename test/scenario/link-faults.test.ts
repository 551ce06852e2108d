import t from 'tap';
import type { UplinkConfig } from '../../agent/core/cabinet.ts';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import { findProgram } from '../platform/mosquitto.ts';
import type { FaultProxy } from '../platform/proxy.ts';
import { isPacket } from '../platform/wire-log.ts';
import { type LinkScene, openLinkScene, provesAll } from '../support/link-scene.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;

interface Fault {
  readonly story: string;
  readonly changes?: Partial<UplinkConfig>;
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

const FAULTS: readonly Fault[] = [
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
    happens: async ({ mosquitto, live }) => {
      await mosquitto.kill();
      await live(2 * MINUTE_MS);
      await mosquitto.start();
    },
  },
  {
    story: 'a broker with a receive maximum of one',
    happens: async (scene) => {
      scene.proxy.set({ receiveMaximum: 1 });
      scene.proxy.reset();
      await scene.live(3 * MINUTE_MS);
    },
  },
  {
    story: 'a broker that takes packets of one kilobyte',
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

for (const { story, changes, happens } of FAULTS) {
  t.test(`after ${story} the platform has everything`, { skip, timeout: 120_000 }, async (t) => {
    const scene = await openLinkScene(t, { program: program as string, ...(changes === undefined ? {} : { changes }) });
    await scene.live(MINUTE_MS);
    await happens(scene);
    await provesAll(t, scene);
    const { events } = scene.proxy.log;
    t.ok(events.filter((event) => isPacket(event, 'client', 'connect')).length >= 1);
  });
}
