/**
 * The whole agent on the street of the detection figures: `agent-process.ts`. Composed as on a gateway, but without uplink and console.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Agent, createAgent } from '../agent/app/agent.ts';
import { createSystemClock } from '../agent/core/system-clock.ts';
import { createMqttTransport } from '../agent/sync/mqtt/mqttjs-transport.ts';
import { createSerialPort } from '../drivers/serial-port.ts';
import { answerParent } from './child.ts';
import { NIGHT_MS, streetSite } from './street-cabinet.ts';

/** Replaces the running agent by one on this line; null only stops it. The answer is about the agent that is stopped. */
export interface AgentQuestion {
  readonly run: { readonly path: string; readonly broadcast: boolean; readonly ticPath?: string } | null;
}
/** How late the turns of its event loop were at most in 99.9 % of the cases; NaN without a running agent. Units: ms. */
export interface AgentAnswer {
  readonly loopDelayMs: number;
}

let agent: Agent | undefined;
let dir: string | undefined;
/** Source: 1 ms is the finest that Node measures. */
const delays = monitorEventLoopDelay({ resolution: 1 });
const NANOSECONDS = 1e6;

answerParent<AgentQuestion, AgentAnswer>(async ({ run }) => {
  const loopDelayMs = agent === undefined ? Number.NaN : delays.percentile(99.9) / NANOSECONDS;
  delays.disable();
  await agent?.stop();
  agent = undefined;
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  dir = undefined;
  if (run === null) return { loopDelayMs };
  dir = mkdtempSync(join(tmpdir(), 'luciole-bench-'));
  const clock = createSystemClock({ quality: () => 'synced', wallOffsetMs: NIGHT_MS - Date.now() });
  const { path: port, ...place } = run;
  const site = streetSite({ ...place, port, dir });
  agent = createAgent({
    ...site,
    clock,
    log: { event: () => {} },
    version: 'bench',
    openPort: createSerialPort,
    door: createMqttTransport(),
    random: Math.random,
    socketPath: null,
  });
  await agent.start();
  delays.reset();
  delays.enable();
  return { loopDelayMs };
});
