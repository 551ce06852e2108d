/**
 * One simulated cabinet without a screen: street, pseudo-terminals and the agent as a child, connected to a broker that runs already.
 *
 * For programs that need cabinets as processes: `node test/street/cabinet-process.ts --id demo-1 --broker mqtt://127.0.0.1:1883`. It prints
 * one line when the agent runs, and ends with SIGTERM or SIGINT.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { startAgentProcess } from './agent-process.ts';
import { createStreet } from './street.ts';
import { connectStreet } from './street-cables.ts';

const DEMO = join(import.meta.dirname, '../../config/demo.yaml');
/** People and cars an hour. Source: assumed; something changes each minute. Confirmed by: visitors of the demo. */
const PER_HOUR = { walker: 60, cyclist: 30, car: 20 };

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: 'demo-1' },
    broker: { type: 'string', default: 'mqtt://127.0.0.1:1883' },
    seed: { type: 'string', default: '1' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'luciole-cabinet-'));
const configFile = join(folder, 'cabinet.yaml');
// The platform's broker has MQTT 5, the default.
writeFileSync(
  configFile,
  readFileSync(DEMO, 'utf8')
    .replace('\n  id: demo\n', `\n  id: ${values.id}\n`)
    .replace(/\n {2}protocol: 3\.1\.1[^\n]*/, ''),
);
const { cabinet } = loadSite(configFile);
const clock = createSystemClock({ quality: () => 'synced' });
const street = createStreet({ cabinet, clock, seed: Number(values.seed), perHour: PER_HOUR });
const cables = connectStreet(street, folder);
const agent = startAgentProcess({
  configFile,
  ports: cables.ports,
  broker: values.broker,
  dataDir: join(folder, 'data'),
  socketPath: join(folder, 'agent.sock'),
  startAtMs: clock.wallMs(),
  logFile: join(folder, 'agent.log'),
  clock,
});
const asked = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  agent.child.once('exit', () => resolve());
});
street.start();
await agent.ready();
console.log(`${values.id} runs`);
await asked;
await agent.stop();
street.stop();
cables.close();
rmSync(folder, { recursive: true, force: true });
