/**
 * The whole agent on the street of the detection figures: `agent-process.ts`. Composed as on a gateway, but without uplink and console.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, createAgent } from '../agent/app/agent.ts';
import { createSystemClock } from '../agent/core/system-clock.ts';
import { createMqttTransport } from '../agent/sync/mqtt/mqttjs-transport.ts';
import { createSerialPort } from '../drivers/serial-port.ts';
import { answerParent } from './child.ts';
import { NIGHT_MS, streetSite } from './street-cabinet.ts';

/** Replaces the running agent by one on this line; null only stops it. */
export interface AgentQuestion {
  readonly run: { readonly path: string; readonly broadcast: boolean; readonly ticPath?: string } | null;
}
export type AgentAnswer = Readonly<Record<never, never>>;

let agent: Agent | undefined;
let dir: string | undefined;

answerParent<AgentQuestion, AgentAnswer>(async ({ run }) => {
  await agent?.stop();
  agent = undefined;
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  dir = undefined;
  if (run === null) return {};
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
  return {};
});
