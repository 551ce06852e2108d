/**
 * A street whose lamps are dark until the agent lights them, and the whole agent as a separate process.
 *
 * Owns street, cables, broker and agents. Nothing in here helps the agent: it sees ports, a broker, a config file and a data folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadedSite, loadSite } from '../../agent/config/load/load-site.ts';
import { ConsoleError } from '../../agent/console/console-error.ts';
import type { RawArgs } from '../../agent/console/protocol/protocol.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { sleep } from '../../agent/core/clock.ts';
import type { SetupParameter } from '../../agent/core/profile.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { StatusView } from '../../agent/core/views.ts';
import type { AgentEvent } from '../../agent/core/words.ts';
import { createTestBroker } from '../../test/platform/broker.ts';
import { type AgentProcess, startAgentProcess } from '../../test/street/agent-process.ts';
import { createStreet, type Street } from '../../test/street/street.ts';
import { connectStreet } from '../../test/street/street-cables.ts';
import { undoAtEnd } from '../undo.ts';

/** One run of the agent, from its start. */
export interface AgentRun {
  readonly pid: number;
  isAlive(): boolean;
  status(): Promise<StatusView>;
  /** Events that began in this run or have not ended. */
  events(): Promise<readonly AgentEvent[]>;
  ask(command: string, args?: RawArgs): Promise<unknown>;
  /** From the start of its process to the first level on the wire, and until every lamp had one. Shape: rejects with its last words when it takes too long. Units: ms. */
  lit(): Promise<{ readonly firstMs: number; readonly allMs: number }>;
  /**
   * Repeats `look` until `holds` accepts its answer. Resolves with that answer and the time that it took. Errors: rejects if the agent
   * ends, or after `withinMs`. Units: ms.
   */
  until<T>(
    look: () => Promise<T>,
    holds: (answer: T) => boolean,
    withinMs: number,
  ): Promise<{ readonly answer: T; readonly afterMs: number }>;
  kill(): Promise<void>;
  /** Stops it with SIGTERM, as the service manager does. Resolves with the exit code; null if a signal ended it. */
  stop(): Promise<number | null>;
}

export interface AgentStreet {
  readonly cabinet: Cabinet;
  readonly clock: ReturnType<typeof createSystemClock>;
  readonly street: Street;
  /** Makes all lamps dark, then starts the agent with this data folder. `away`: no broker is reachable. */
  run(dataDir: string, link?: 'up' | 'away'): AgentRun;
  close(): Promise<void>;
}

/** A winter night, at an hour when the programme changes nothing. */
const NIGHT_MS = Date.parse('2026-12-15T23:30:00+01:00');
/** Faster than in the field, so that the run does not wait for commits. Units: s. */
const COMMIT_SECONDS = 1;
/** Far more than the documented limit; after this time the run counts as failed. Units: ms. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 50;
/** Nothing listens there. Source: IANA, port 1 is tcpmux. */
const NO_BROKER = 'mqtt://127.0.0.1:1';
const LAMP_PROFILE = 'wirenboard-wb-led';
/** What the demo's zone asks of its drivers. */
const SET_UP: Partial<Record<SetupParameter, number>> = {
  rampUpMs: 1_000,
  rampDownMs: 5_000,
  daliFadeTime: 2,
  failsafeTimeoutS: 60,
  failsafeLevelPct: 100,
};
const DEMO = join(import.meta.dirname, '../../config/demo.yaml');

/**
 * Starts a street with a broker, from the demo cabinet; `run` starts the agent on it. All files are in `folder`, whose path must be short,
 * because sockets need that. The caller closes it.
 */
export async function openAgentStreet(folder: string): Promise<AgentStreet> {
  const clock = createSystemClock({ quality: () => 'synced', wallOffsetMs: NIGHT_MS - Date.now() });
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, readFileSync(DEMO, 'utf8').replace('commitSeconds: 10', `commitSeconds: ${COMMIT_SECONDS}`));
  const { cabinet, profiles } = loadSite(configFile);
  const street = createStreet({ cabinet, clock, seed: 3 });
  const cables = connectStreet(street, folder);
  const broker = createTestBroker();
  await broker.start();
  street.start();
  let runs = 0;

  return {
    cabinet,
    clock,
    street,
    run: (dataDir, link = 'up') => {
      for (const { device } of cabinet.lamps) darken(street, device, profiles);
      runs += 1;
      const startMono = clock.monoMs();
      const litAt = new Map<string, number>();
      street.onLevel = ({ lamp, levelPct, arrivedMono }) => {
        if (levelPct > 0 && !litAt.has(lamp.id)) litAt.set(lamp.id, arrivedMono - startMono);
      };
      const agent = startAgentProcess({
        configFile,
        ports: cables.ports,
        broker: link === 'up' ? broker.url : NO_BROKER,
        dataDir,
        socketPath: join(folder, 'agent.sock'),
        startAtMs: clock.wallMs(),
        logFile: join(folder, `agent-${runs}.log`),
        clock,
      });
      return createRun({ agent, clock, litAt, lamps: cabinet.lamps.length });
    },
    close: async () => {
      street.stop();
      cables.close();
      await broker.stop();
    },
  };
}

/** Replaces the lamp's driver by another one that is set up but has received no level yet. */
function darken(street: Street, device: string, profiles: LoadedSite['profiles']): void {
  street.replace(device);
  const unit = street.units.get(device);
  for (const { table, address, value } of profiles.get(LAMP_PROFILE)?.setup ?? [])
    unit?.write(table, address, [typeof value === 'number' ? value : (SET_UP[value] ?? 0)]);
}

interface RunParts {
  readonly agent: AgentProcess;
  readonly clock: AgentStreet['clock'];
  readonly litAt: ReadonlyMap<string, number>;
  readonly lamps: number;
}

function createRun({ agent, clock, litAt, lamps }: RunParts): AgentRun {
  const { child } = agent;
  const killNow = undoAtEnd(() => child.kill('SIGKILL'));
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const startMs = clock.wallMs();

  const until: AgentRun['until'] = async (look, holds, withinMs) => {
    const fromMono = clock.monoMs();
    for (;;) {
      if (!isAlive()) throw new Error(`the agent has ended:\n${agent.logTail(20)}`);
      const answer = await look().catch(unlessUnreachable);
      const afterMs = Math.round(clock.monoMs() - fromMono);
      if (answer !== undefined && holds(answer)) return { answer, afterMs };
      if (afterMs > withinMs)
        throw new Error(`never within ${withinMs / 1_000} s: ${JSON.stringify(answer ?? 'no answer').slice(0, 1_000)}`);
      await sleep(clock, LOOK_MS);
    }
  };
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    if (signal === 'SIGKILL') killNow();
    await agent.stop();
    killNow();
  };
  return {
    pid: child.pid ?? 0,
    isAlive,
    status: agent.status,
    events: async () => {
      const all = (await agent.ask('events', { since: '1h' })) as readonly AgentEvent[];
      return all.filter((event) => event.startMs >= startMs || event.endMs === null);
    },
    ask: agent.ask,
    lit: async () => {
      await until(
        async () => litAt.size,
        (size) => size >= lamps,
        PATIENCE_MS,
      );
      const times = [...litAt.values()];
      return { firstMs: Math.round(Math.min(...times)), allMs: Math.round(Math.max(...times)) };
    },
    until,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      return child.exitCode;
    },
  };
}

/** An agent that has only just started does not listen yet. */
function unlessUnreachable(error: unknown): undefined {
  if (!(error instanceof ConsoleError && error.code === 'unreachable')) throw error;
}
