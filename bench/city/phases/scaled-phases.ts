/** A night and a partition, on scaled time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { round } from '../../result.ts';
import type { City } from '../city-parts.ts';
import type { RunningFleet } from '../fleet.ts';
import { bornFleet, emitGoal, emitUsage, usageOfCity, waitFor, waitForReturn } from './measure.ts';
import { emitWarnings } from './steady-phases.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const KB = 1e3;
const WINDOW_MS = 5_000;
/** Longest phase. Units: ms. Source: assumed; a night of 1,450 agents on two cores. Confirmed by: this bench at that size. */
const WAIT_MS = 24 * HOUR_MS;
const DRAIN_MS = 3_600_000;

/** Lets the simulated hours pass with the uplink, and compares what was produced with what arrived. */
export async function nightPhase(city: City): Promise<void> {
  const fleet = await bornFleet(city, city.options.sample);
  const [before, hostBefore] = [await fleet.figures(), await city.host.counts()];
  const usage = usageOfCity(city, fleet);
  const { simulatedMs, tookMs } = await letPass(city, fleet);
  const [after, hostAfter] = [await fleet.figures(), await city.host.counts()];
  emitUsage(city, 'night', { before: usage, after: usageOfCity(city, fleet), overMs: tookMs });
  const perDay = (from: number, to: number): number => ((to - from) / fleet.nodes.length / simulatedMs) * DAY_MS;
  city.emit('night: simulated', round(simulatedMs / HOUR_MS, 1), 'h', {
    note: `${fleet.nodes.length} cabinets, ${round(simulatedMs / tookMs, 1)} times as fast`,
  });
  city.emit('night: values of a cabinet', round(perDay(before.recorded, after.recorded), 0), '1/day');
  city.emit('night: messages of a cabinet', round(perDay(hostBefore.messages, hostAfter.messages), 0), '1/day');
  city.emit('night: bytes of a cabinet', round(perDay(before.bytes, after.bytes) / KB, 0), 'kB/day');
  city.emit('night: births', hostAfter.births - hostBefore.births, 'births');
  await drained(city, fleet, 'night');
  emitWarnings(city, after.warnings);
}

/** Stops the broker for the simulated hours, and measures the drain of what was stored. */
export async function partitionPhase(city: City): Promise<void> {
  const fleet = await bornFleet(city, city.options.sample);
  await drained(city, fleet, null);
  const before = await fleet.figures();
  await city.broker.kill();
  const { simulatedMs, tookMs } = await letPass(city, fleet);
  const away = await fleet.figures();
  city.emit('partition: without a broker', round(simulatedMs / HOUR_MS, 1), 'h', {
    note: `${fleet.nodes.length} cabinets, ${round(simulatedMs / tookMs, 1)} times as fast`,
  });
  const stored = away.recorded - before.recorded;
  city.emit('partition: readings stored', stored, 'readings');
  city.emit('partition: attempts to connect', round((away.attempts - before.attempts) / fleet.nodes.length, 1), 'per agent');
  const hostBefore = await city.host.counts();
  const usage = usageOfCity(city, fleet);
  const startMs = Date.now();
  await city.broker.start();
  const drain = { isOver: false };
  const peak = peakRate(city, drain);
  const backMs = await waitForReturn(city, { nodes: fleet.nodes, sinceMs: startMs, withinMs: WAIT_MS });
  city.emit('partition: until all are back', round((Math.max(...backMs) - startMs) / SECOND_MS, 1), 's', {
    note: 'the back-off has reached 5 min',
  });
  await drained(city, fleet, 'partition');
  drain.isOver = true;
  const tookDrainMs = Date.now() - startMs;
  const [after, hostAfter] = [await fleet.figures(), await city.host.counts()];
  emitUsage(city, 'partition', { before: usage, after: usageOfCity(city, fleet), overMs: tookDrainMs });
  city.emit('partition: until all was delivered', round(tookDrainMs / SECOND_MS, 1), 's');
  city.emit(
    'partition: values committed during the drain',
    round(((hostAfter.stored - hostBefore.stored) * SECOND_MS) / tookDrainMs, 0),
    '1/s',
  );
  city.emit('partition: the same, most in 5 s', round(await peak, 0), '1/s');
  city.emit('partition: bytes for a reading', round((after.bytes - away.bytes) / (hostAfter.stored - hostBefore.stored), 2), 'bytes');
  emitWarnings(city, after.warnings);
}

/** Returns the most values that were committed in a second, over windows of five, until the drain is over. */
async function peakRate(city: City, drain: { readonly isOver: boolean }): Promise<number> {
  let peak = 0;
  let before = { atMs: performance.now(), stored: (await city.host.counts()).stored };
  while (!drain.isOver) {
    await sleep(WINDOW_MS);
    const now = { atMs: performance.now(), stored: (await city.host.counts()).stored };
    peak = Math.max(peak, ((now.stored - before.stored) * SECOND_MS) / (now.atMs - before.atMs));
    before = now;
  }
  return peak;
}

async function letPass(city: City, fleet: RunningFleet): Promise<{ simulatedMs: number; tookMs: number }> {
  const { monoMs: startMono } = await fleet.figures();
  const untilMs = city.options.hours * HOUR_MS;
  await fleet.setScale(city.options.scale);
  let passedMs = 0;
  const tookMs = await waitFor(city, 'the simulated time', WAIT_MS, async () => {
    const { monoMs, online } = await fleet.figures();
    passedMs = monoMs - startMono;
    return { isDone: passedMs >= untilMs, text: `${round(passedMs / HOUR_MS, 2)} h passed, ${online} online` };
  });
  await fleet.setScale(1);
  return { simulatedMs: passedMs, tookMs };
}

/** Waits until the host has every row that exists at the call, and each agent has its acknowledgement. `phase` null: emits nothing. */
async function drained(city: City, fleet: RunningFleet, phase: string | null): Promise<void> {
  const heads = new Map((await fleet.cabinets()).map(({ node, lastSeq }) => [node, lastSeq]));
  await waitFor(city, 'the backlog is delivered', DRAIN_MS, async () => {
    const nodes = await fleet.cabinets();
    const open = nodes.filter(({ node, cursorSeq }) => cursorSeq < (heads.get(node) ?? 0)).length;
    return { isDone: open === 0, text: `${open} cabinets with a backlog` };
  });
  if (phase === null) return;
  const own = new Set(fleet.nodes);
  const nodes = (await city.host.nodes()).filter(({ node }) => own.has(node));
  const missing = nodes.filter(({ node, head }) => head < (heads.get(node) ?? 0)).length;
  const lost = (await fleet.cabinets()).reduce((sum, cabinet) => sum + cabinet.lost, 0);
  emitGoal(city, `${phase}: cabinets with a missing row`, missing, 'cabinets', '<=', 0);
  emitGoal(city, `${phase}: readings lost by the agents`, lost, 'readings', '<=', 0);
}
