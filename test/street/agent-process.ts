/**
 * The agent as a child process, as on the gateway.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawArgs } from '../../agent/console/protocol/protocol.ts';
import { callAgent } from '../../agent/console/protocol/socket-client.ts';
import { type Clock, sleep } from '../../agent/core/clock.ts';
import type { StatusView } from '../../agent/core/views.ts';

const LAUNCHER = join(import.meta.dirname, '../../agent/luciole.js');

export interface AgentProcessOptions {
  readonly configFile: string;
  readonly ports: ReadonlyMap<string, string>;
  readonly broker: string;
  readonly dataDir: string;
  readonly socketPath: string;
  /** Wall time at which the run starts. */
  readonly startAtMs: number;
  readonly logFile: string;
  readonly clock: Clock;
}

/** A running agent. `ask` gives the result of a console command. Errors: `ask` and `status` reject as `callAgent`, after 5 s at the latest. */
export interface AgentProcess {
  readonly child: ChildProcess;
  /** The last lines of its log. */
  logTail(lines: number): string;
  ask(command: string, args?: RawArgs): Promise<unknown>;
  status(): Promise<StatusView>;
  /** Resolves when it answers on its socket; waits without a limit. Errors: rejects with the end of its log if the process ends first. */
  ready(): Promise<void>;
  /** Sends SIGTERM and waits for the end. Resolves with the exit code; null if a signal ended the process. */
  stop(): Promise<number | null>;
}

/** Starts `luciole run`; its output is appended to `logFile`. Returns before the agent is ready: see `ready`. */
export function startAgentProcess(options: AgentProcessOptions): AgentProcess {
  const { clock, socketPath, logFile } = options;
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [LAUNCHER, 'run', ...argumentsOf(options)], { stdio: ['ignore', log, log] });
  const ended = once(child, 'exit');
  const logTail = (lines: number): string => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  const ask = async (command: string, args: RawArgs = {}): Promise<unknown> => {
    const reply = await callAgent({ socketPaths: [socketPath], request: { id: 1, command, args, user: 'demo' }, timeoutMs: 5_000 });
    return reply.result;
  };
  return {
    child,
    logTail,
    ask,
    status: async () => (await ask('status')) as StatusView,
    async ready() {
      while (child.exitCode === null && child.signalCode === null) {
        try {
          await ask('status');
          return;
        } catch (error) {
          if (!(error instanceof Error && 'code' in error)) throw error;
          await sleep(clock, 25);
        }
      }
      throw new Error(`the agent ended with exit code ${child.exitCode}:\n${logTail(20)}`);
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await ended;
      }
      return child.exitCode;
    },
  };
}

function argumentsOf({ configFile, ports, broker, dataDir, socketPath, startAtMs }: AgentProcessOptions): string[] {
  const portArguments = [...ports].flatMap(([line, path]) => ['--port', `${line}=${path}`]);
  const startAt = ['--start-at', new Date(startAtMs).toISOString()];
  return [configFile, ...portArguments, '--broker', broker, '--data-dir', dataDir, '--socket', socketPath, ...startAt];
}
