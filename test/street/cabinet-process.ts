/**
 * One simulated cabinet without a screen: street, pseudo-terminals and the agent as a child, connected to a broker that runs already.
 *
 * For programs that need cabinets as processes: `node test/street/cabinet-process.ts --id demo-1 --broker mqtt://127.0.0.1:1883`. It prints
 * a line when the agent runs. An agent that ends is started again with its data, as systemd does on a gateway. Ends with SIGTERM or SIGINT.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { type AgentProcess, startAgentProcess } from './agent-process.ts';
import { createStreet } from './street.ts';
import { connectStreet } from './street-cables.ts';

const DEMO = join(import.meta.dirname, '../../config/demo.yaml');
/** People and cars an hour. Source: assumed; something changes each minute. Confirmed by: visitors of the demo. */
const PER_HOUR = { walker: 60, cyclist: 30, car: 20 };

/** Source: systemd/luciole.service, RestartSec. Units: ms. */
const RESTART_MS = 2_000;
/** An agent that ends this often cannot run here. Source: assumed; a person who tries kills needs fewer. Confirmed by: visitors of the demo. */
const MOST_RESTARTS = 20;

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: 'demo-1' },
    broker: { type: 'string', default: 'mqtt://127.0.0.1:1883' },
    seed: { type: 'string', default: '1' },
    // Kept at the end; by default a temporary folder.
    dir: { type: 'string' },
  },
});
const folder = values.dir ?? mkdtempSync(join(tmpdir(), 'luciole-cabinet-'));
mkdirSync(folder, { recursive: true });
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
let isEnding = false;
let agent: AgentProcess | null = null;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    isEnding = true;
    agent?.child.kill('SIGTERM');
  });
}
street.start();
for (let starts = 1; !isEnding; starts += 1) {
  agent = startAgentProcess({
    configFile,
    ports: cables.ports,
    broker: values.broker,
    dataDir: join(folder, 'data'),
    socketPath: join(folder, 'agent.sock'),
    startAtMs: clock.wallMs(),
    logFile: join(folder, 'agent.log'),
    clock,
  });
  const { child } = agent;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // An end before it is ready is handled as any other end.
  agent.ready().then(
    () => console.log(`${values.id} runs, agent ${child.pid}`),
    () => {},
  );
  await ended;
  if (isEnding) break;
  const how = child.signalCode ?? `exit code ${child.exitCode}`;
  if (starts > MOST_RESTARTS || child.exitCode === 78) {
    console.error(`${values.id}: its agent cannot run (${how}):\n${agent.logTail(5)}`);
    process.exitCode = 1;
    break;
  }
  console.log(`${values.id}: its agent has ended (${how}); it is started again with its data`);
  await sleep(clock, RESTART_MS);
}
street.stop();
cables.close();
if (values.dir === undefined) rmSync(folder, { recursive: true, force: true });
