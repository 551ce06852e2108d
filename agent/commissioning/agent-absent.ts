/** Refuses a command that needs the lines or the data alone while the agent runs. */
import { ConsoleError } from '../console/console-error.ts';
import { callAgent } from '../console/protocol/socket-client.ts';
import { usualSocketPaths } from '../console/protocol/socket-path.ts';
import type { LocalArgs, Terminal } from '../console/terminal/terminal.ts';

/** Longest wait for an agent that might be there. Units: ms. */
const AGENT_WAIT_MS = 3_000;

/** Resolves when no agent runs. Errors: rejects with ConsoleError 'busy' and this advice where one answers, or has its socket open and does not. */
export async function refuseWhileAgentRuns(args: LocalArgs, terminal: Terminal, advice: string): Promise<void> {
  const named = typeof args['socket'] === 'string' ? args['socket'] : terminal.socketPath;
  const socketPaths = named === null ? usualSocketPaths() : [named];
  try {
    await callAgent({ socketPaths, request: { id: 1, command: 'status', args: {}, user: terminal.user }, timeoutMs: AGENT_WAIT_MS });
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    if (error.code === 'unreachable') return;
  }
  throw new ConsoleError('busy', advice);
}
