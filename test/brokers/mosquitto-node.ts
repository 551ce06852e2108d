/** Debian's Mosquitto with the configuration of the docs, in the form of a cluster with one node. */
import { execFileSync } from 'node:child_process';
import { findProgram, startMosquitto } from '../platform/mosquitto.ts';
import { type BrokerCluster, docsConfig } from './broker-cluster.ts';

/** Why Mosquitto cannot be started here; false if it can. */
export function withoutMosquitto(): string | false {
  return findProgram('mosquitto') === undefined ? 'Mosquitto is not installed (apt-get install mosquitto)' : false;
}

/** Starts it. It has no cluster, so `isolate` and `rejoin` do nothing. */
export async function startMosquittoNode(): Promise<BrokerCluster> {
  const program = findProgram('mosquitto') ?? 'mosquitto';
  // The listener and its access are those of the test.
  const settings = docsConfig('mosquitto.conf', [], ['listener', 'allow_anonymous']).split('\n');
  const mosquitto = await startMosquitto(program, settings);
  const signal = (name: NodeJS.Signals): void => {
    if (mosquitto.pid !== undefined) process.kill(mosquitto.pid, name);
  };
  return {
    ...{ product: 'mosquitto', version: versionOf(program), protocol: 5 },
    nodes: [
      {
        ...{ url: mosquitto.url, port: mosquitto.port, start: () => mosquitto.start(), kill: () => mosquitto.kill() },
        freeze: () => signal('SIGSTOP'),
        thaw: () => signal('SIGCONT'),
        isolate: async () => {},
        rejoin: async () => {},
      },
    ],
    stop: () => mosquitto.stop(),
  };
}

/** Source: `mosquitto -h` begins with `mosquitto version 2.0.21`, and ends with 3. */
function versionOf(program: string): string {
  try {
    return readVersion(execFileSync(program, ['-h'], { encoding: 'utf8' }));
  } catch (error) {
    return readVersion(String((error as { stdout?: unknown }).stdout ?? ''));
  }
}

function readVersion(text: string): string {
  return /mosquitto version (\S+)/.exec(text)?.[1] ?? 'unknown';
}
