/** All cabinets start together, and then run at true speed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { against, round } from '../../result.ts';
import type { City } from '../city-parts.ts';
import { nodeNames } from '../city-site.ts';
import { emitGoal, emitUsage, fullFleet, START_MS, usageOfCity, waitForReturn } from './measure.ts';

const SECOND_MS = 1_000;
const DAY_S = 86_400;
const KB = 1e3;
const GB = 1e9;
/** Source: the issue. Units: s. */
const LAG_GOAL_S = 2;

/** Starts the fleet, and measures until the host has the births of all. */
export async function startPhase(city: City): Promise<void> {
  const { cabinets } = city.options;
  const startMs = Date.now();
  const opening = city.openFleet(cabinets);
  const backMs = await Promise.race([
    waitForReturn(city, { nodes: nodeNames(cabinets), sinceMs: startMs, withinMs: START_MS }),
    // A start that fails ends the wait.
    opening.then(() => new Promise<never>(() => {})),
  ]);
  const fleet = await opening;
  const { rssBytes, cpuMs, attempts } = await fleet.figures();
  city.emit('start: until the host has all births', round((Math.max(...backMs) - startMs) / SECOND_MS, 1), 's', {
    note: 'the agents share the cores; on gateways each has its own',
  });
  city.emit('start: processor for one agent', round(cpuMs / cabinets, 1), 'ms');
  city.emit('start: memory of an agent in a shared process', round(rssBytes / cabinets / KB, 0), 'kB');
  const { rebirths, dropped } = await city.host.counts();
  city.emit('start: births requested by the host', rebirths, 'births');
  city.emit('start: messages that the host left out, and that came again', dropped, 'messages');
  city.emit('start: attempts to connect', round(attempts / cabinets, 2), 'per agent');
}

/** Measures data at true speed. */
export async function steadyPhase(city: City): Promise<void> {
  const { cabinets, seconds } = city.options;
  const fleet = await fullFleet(city);
  // Until the readings of the start are repeated at their usual times.
  await sleep(seconds * SECOND_MS);
  const [before, hostBefore, sizeBefore] = [await fleet.figures(), await city.host.counts(), await city.host.size()];
  await city.host.lag();
  const usage = usageOfCity(city, fleet);
  const startMs = performance.now();
  await sleep(seconds * SECOND_MS);
  const [after, hostAfter, sizeAfter] = [await fleet.figures(), await city.host.counts(), await city.host.size()];
  const overMs = performance.now() - startMs;
  const perS = (from: number, to: number): number => ((to - from) * SECOND_MS) / overMs;
  city.emit('steady: messages to the host', round(perS(hostBefore.messages, hostAfter.messages), 0), '1/s');
  city.emit('steady: values produced', round(perS(before.recorded, after.recorded), 0), '1/s');
  city.emit('steady: values committed', round(perS(hostBefore.stored, hostAfter.stored), 0), '1/s');
  const lag = await city.host.lag();
  city.emit('steady: from the message to its commit, p50', round(lag.p50, 2), 's');
  emitGoal(city, 'steady: from the message to its commit, p99', round(lag.p99, 2), 's', '<=', LAG_GOAL_S);
  const perReading = (from: number, to: number): number => (to - from) / (hostAfter.stored - hostBefore.stored);
  city.emit('steady: the database grows by', round(perReading(sizeBefore.readings, sizeAfter.readings), 0), 'bytes for a value', {
    note: `${round((perS(sizeBefore.readings, sizeAfter.readings) * DAY_S) / GB, 1)} GB/day`,
  });
  city.emit('steady: write-ahead log', round(perReading(sizeBefore.wal, sizeAfter.wal), 0), 'bytes for a value');
  city.emit('steady: bytes of a cabinet', round((perS(before.bytes, after.bytes) / cabinets) * (DAY_S / KB), 0), 'kB/day', {
    note: 'MQTT packets that the agent sent, without TCP, TLS and IP',
  });
  city.emit('steady: processor of an agent', round((after.cpuMs - before.cpuMs) / cabinets / (overMs / SECOND_MS), 2), 'ms/s');
  city.emit('steady: memory of an agent in a shared process', round(after.rssBytes / cabinets / KB, 0), 'kB');
  city.emit('steady: longest delay of a timer of the agents', round(after.lateMs, 0), 'ms', {
    note: 'how far the two cores were overloaded',
  });
  emitUsage(city, 'steady', { before: usage, after: usageOfCity(city, fleet), overMs });
  const births = hostAfter.births - hostBefore.births;
  const result = against({ bench: 'city', metric: 'steady: births', value: births, unit: '' }, '<=', 0);
  city.emit(result.metric, births, 'births', result);
  emitWarnings(city, after.warnings);
}

/** Emits how often the agents logged warnings, by name. */
export function emitWarnings(city: City, warnings: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(warnings)) city.emit(`warnings of the agents: ${name}`, count, 'lines');
}
