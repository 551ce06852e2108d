/**
 * What the tests and the bench need from a cluster of brokers on the loopback, and how its processes are started and ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** The brokers that the page compares. */
export type BrokerProduct = 'mosquitto' | 'rabbitmq' | 'nats';

/** One broker process. `stop` of the cluster ends it. */
export interface BrokerNode {
  readonly url: string;
  readonly port: number;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Starts it again, on the same ports and with its data. Resolves when it accepts MQTT. */
  start(): Promise<void>;
  /** SIGSTOP: connections stay open, and nothing is answered. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Cuts it off from the other nodes; clients still reach it. */
  isolate(): Promise<void>;
  /** Ends `isolate`. */
  rejoin(): Promise<void>;
}

/** A running cluster. Its folder is removed by `stop`. */
export interface BrokerCluster {
  readonly product: BrokerProduct;
  readonly version: string;
  /** The newest MQTT that it supports. 4: MQTT 3.1.1. */
  readonly protocol: 4 | 5;
  readonly nodes: readonly BrokerNode[];
  stop(): Promise<void>;
}

/** How a cluster is started. `nodes`: default 3. `without`: begins of settings that are left out of the configuration file of the docs, so that the default of the product applies. */
export interface ClusterOptions {
  readonly nodes?: number;
  readonly without?: readonly string[];
}

/** The configuration file of the docs with some lines replaced, since the nodes of a test share one machine. Errors: throws if a replacement does not apply. */
export function docsConfig(
  name: string,
  replaced: readonly (readonly [line: RegExp, by: string])[],
  without: readonly string[] = [],
): string {
  const text = readFileSync(new URL(`../../docs/brokers/${name}`, import.meta.url), 'utf8');
  const kept = text
    .split('\n')
    .filter((line) => !without.some((begin) => line.trim().startsWith(begin)))
    .join('\n');
  return replaced.reduce((config, [line, by]) => {
    if (!line.test(config)) throw new Error(`docs/brokers/${name} has nothing that fits ${line}`);
    return config.replace(line, by);
  }, kept);
}

/** Ports of the loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  for (const server of servers) server.close();
  return ports;
}

/** Longest start of a small server. Units: ms. Source: assumed; it starts within milliseconds. Confirmed by: starts on a loaded machine. */
const LISTEN_MS = 10_000;

/** Resolves when a server of this machine accepts connections at `port`. Errors: rejects after ten seconds. */
export async function untilListening(port: number): Promise<void> {
  const untilMs = Date.now() + LISTEN_MS;
  while (Date.now() < untilMs) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await pause(20);
  }
  throw new Error(`nothing listens on port ${port}`);
}

async function listenAnywhere() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A program that a node consists of: started, stopped, continued and ended by its id. */
export class BrokerProcess {
  readonly #program: string;
  readonly #words: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;
  /** The last output, for the message of a failed start. */
  output = '';

  constructor(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#program = program;
    this.#words = words;
    this.#env = env;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const child = spawn(this.#program, this.#words, { env: { ...process.env, ...this.#env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = `${this.output}${text}`.slice(-4_000);
      });
    }
    this.#child = child;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when the process is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null || !this.isRunning) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGTERM') child.kill('SIGCONT');
    await gone;
  }
}
