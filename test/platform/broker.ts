/**
 * A broker in this process (aedes, MQTT 3.1.1) on a free port of the loopback, for tests and the demo.
 *
 * `stop` cuts its sockets as a killed broker would. A second `start` takes the same port and has no state of the first.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';

export interface TestBroker {
  /** The port requested; if that is 0, the port of the first start from then on. */
  readonly port: number;
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Cuts the clients and keeps listening. */
  cut(): void;
}

/** A broker that listens after `start`. `port` 0: any free one, the same after a restart. Errors: `start` rejects if the port is taken. */
export function createTestBroker({ port = 0 }: { readonly port?: number } = {}): TestBroker {
  const sockets = new Set<Socket>();
  let listening: { readonly server: Server; readonly aedes: Aedes } | null = null;
  let usedPort = port;
  return {
    get port() {
      return usedPort;
    },
    get url() {
      return `mqtt://127.0.0.1:${usedPort}`;
    },
    start: async () => {
      if (listening !== null) return;
      const aedes = await Aedes.createBroker();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        socket.setNoDelay(true);
        aedes.handle(socket);
      });
      listening = { server, aedes };
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(usedPort, '127.0.0.1', () => resolve());
      });
      const address = server.address();
      if (typeof address === 'object' && address !== null) usedPort = address.port;
    },
    stop: async () => {
      if (listening === null) return;
      const { server, aedes } = listening;
      listening = null;
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
