/**
 * `npm run demo`: a street, a broker and the agent in one command, with nothing to configure.
 *
 * The agent is a child process with pseudo-terminals as serial ports; street, broker and platform run in this process. Nothing here helps
 * the agent: it has a port, a broker and a configuration file.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { agentSocketPath, prepareSocketFolder } from '../../agent/console/protocol/socket-path.ts';
import { every, type Timer } from '../../agent/core/clock.ts';
import { ConfigError } from '../../agent/core/errors.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createTestBroker } from '../platform/broker.ts';
import { ReferenceHost } from '../platform/host.ts';
import { startAgentProcess } from './agent-process.ts';
import { DEMO_HELP, type DemoOptions, readDemoOptions } from './demo-options.ts';
import { rehearse } from './demo-rehearsal.ts';
import { openDemoScreen } from './demo-screen.ts';
import type { Demo } from './demo-state.ts';
import { summaryOf } from './demo-summary.ts';
import { watchPassages } from './passages.ts';
import { createStreet } from './street.ts';
import { connectStreet } from './street-cables.ts';

/** People and cars an hour. Source: assumed; a lively street, so that a visitor sees something each few seconds. Confirmed by: visitors of the demo. */
const PER_HOUR = { walker: 120, cyclist: 60, car: 40 };
/** The first movers start soon after the street has dimmed. Units: ms after the start. */
const FIRST = { walkerMs: 12_000, carMs: 13_500, cyclistMs: 14_500 };
const LOOK_MS = 500;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readDemoOptions(process.argv.slice(2));
    if (options === null) {
      console.log(DEMO_HELP);
      return 0;
    }
    return await (options.hasAgent ? run(options) : rehearse(options));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error instanceof ConfigError || error instanceof TypeError || 'code' in error ? `demo: ${error.message}` : error);
    return error instanceof ConfigError ? 78 : 64;
  }
}

async function run(options: DemoOptions): Promise<number> {
  const { cabinet } = loadSite(options.configFile);
  const wallOffsetMs = options.startAtMs - createSystemClock({ quality: () => 'synced' }).wallMs();
  const clock = createSystemClock({ quality: () => 'synced', wallOffsetMs });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-demo-'));
  const street = createStreet({ cabinet, clock, seed: options.seed, perHour: PER_HOUR });
  const cables = connectStreet(street, folder);
  const broker = createTestBroker();
  await broker.start();
  const { group = 'Demo', node = cabinet.id } = cabinet.uplink ?? {};
  const host = new ReferenceHost({ url: broker.url, protocolVersion: 4, group, node, nowMs: () => clock.wallMs() });
  await host.start();
  const socketPath = process.env['LUCIOLE_SOCKET'] || agentSocketPath();
  prepareSocketFolder(socketPath);
  const agent = startAgentProcess({
    configFile: options.configFile,
    ports: cables.ports,
    broker: broker.url,
    dataDir: join(folder, 'data'),
    socketPath,
    startAtMs: clock.wallMs(),
    logFile: join(folder, 'agent.log'),
    clock,
  });
  const demo = createDemo({ options, cabinet, clock, street, passages: watchPassages(street, cabinet, clock), broker, host, agent });
  try {
    await agent.ready();
    return await play(demo);
  } finally {
    await agent.stop();
    street.stop();
    await host.stop();
    await broker.stop();
    cables.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Played = Pick<Demo, 'options' | 'cabinet' | 'clock' | 'street' | 'passages' | 'broker' | 'host' | 'agent'>;

function createDemo(parts: Played): Demo & { readonly ended: Promise<void> } {
  const { broker, host, street } = parts;
  const lampIds = [...street.world.lamps.keys()];
  let silenced: string | null = null;
  let quit: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    quit = resolve;
  });
  const demo = {
    ...parts,
    ended,
    status: null,
    panels: [],
    sounds: [],
    isCut: false,
    async toggleUplink() {
      demo.isCut = !demo.isCut;
      if (demo.isCut) await broker.stop();
      else {
        await broker.start();
        await host.stop();
        await host.start();
      }
    },
    toggleLamp() {
      const id = silenced ?? (lampIds[Math.floor(street.random() * lampIds.length)] as string);
      const { line, unit } = street.unitOf(id);
      if (silenced === null) line.silence(unit);
      else line.revive(unit);
      silenced = silenced === null ? id : null;
      return { id, hasPower: silenced === null };
    },
    quit: () => quit(),
  };
  return demo;
}

async function play(demo: ReturnType<typeof createDemo>): Promise<number> {
  const { options, clock, street, agent } = demo;
  street.start();
  const timers: Timer[] = [
    clock.after(FIRST.walkerMs, () => street.world.send('walker')),
    clock.after(FIRST.carMs, () => street.world.send('car', false)),
    clock.after(FIRST.cyclistMs, () => street.world.send('cyclist')),
    every(clock, LOOK_MS, () => void look(demo)),
  ];
  if (options.forMs !== null) timers.push(clock.after(options.forMs, demo.quit));
  const screen = openDemoScreen(demo);
  const onSignal = (): void => demo.quit();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  // The reader of our output has closed it, so there is no reason to continue.
  process.stdout.on('error', onSignal);
  agent.child.once('exit', demo.quit);
  await demo.ended;
  for (const timer of timers) timer.cancel();
  screen.close();
  const crashed = agent.child.exitCode !== null || agent.child.signalCode !== null;
  if (crashed) {
    const advice = 'If another demo or agent runs here, end it, or set LUCIOLE_SOCKET (npm run demo -- --help).';
    console.error(`demo: the agent stopped by itself. ${advice} The end of its log:\n${agent.logTail(20)}`);
    return 1;
  }
  const summary = await summaryOf(demo);
  console.log(options.json ? JSON.stringify(summary) : screen.farewell(summary));
  return summary.errors.length === 0 ? 0 : 1;
}

async function look(demo: Demo): Promise<void> {
  try {
    const { agent, cabinet } = demo;
    demo.status = await agent.status();
    if (cabinet.panels.length > 0) demo.panels = (await agent.ask('panel show')) as Demo['panels'];
    if (cabinet.sound !== null) demo.sounds = (await agent.ask('sound show')) as Demo['sounds'];
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}
