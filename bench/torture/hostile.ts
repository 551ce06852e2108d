/**
 * A million hostile messages for the command inbox: does any crash it, make it grow, or get through beyond what may be asked?
 *
 * The inbox and the codec are the real ones; the clock is advanced by hand.
 */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import type { PlatformOrder, UplinkDevice } from '../../agent/core/ports.ts';
import { CommandInbox } from '../../agent/sync/commands/command-inbox.ts';
import { REMEMBERED } from '../../agent/sync/commands/command-registry.ts';
import { encodePayload, type Metric, type MetricValue } from '../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../agent/sync/sparkplug/metric-table.ts';
import { createRandom, type Random } from '../../test/street/random.ts';
import type { TortureOptions } from './torture.ts';

const START_MS = Date.UTC(2026, 11, 15, 22);
/** Simulated time between two messages. Units: ms. Source: a hundred times the rate that the inbox accepts. */
const GAP_MS = 5;
/** Largest growth of the heap. Units: MB. Source: measured, 2 MB for full registries; a leak of 20 bytes a message is detected in a million. */
const MAX_GROWTH_MB = 20;

const DEVICES: readonly UplinkDevice[] = [
  { id: 'L01', target: { kind: 'lamp', id: 'L01' }, metrics: [] },
  { id: 'rue', target: { kind: 'zone', id: 'rue' }, metrics: [] },
  {
    id: 'IO1',
    target: null,
    metrics: [
      { name: 'relay_1', pointId: 'IO1.relay_1', type: 'Boolean', unit: '', write: { min: 0, max: 1 } },
      { name: 'volume', pointId: 'IO1.volume', type: 'Double', unit: '%', write: { min: 10, max: 80 } },
      { name: 'input_1', pointId: 'IO1.input_1', type: 'Boolean', unit: '' },
    ],
  },
  { id: 'M1', target: null, metrics: [] },
];
const TABLE = createMetricTable(DEVICES);
const DEVICE_IDS = ['L01', 'rue', 'IO1', 'M1', '', '', '__proto__', 'constructor', 'x'.repeat(10_000), '\u001b[2J'];
const NAMES = [
  ...new Set([...TABLE.node, ...[...TABLE.devices.values()].flatMap(({ metrics }) => metrics)].map(({ name }) => name)),
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', '\u0000', 'x'.repeat(5_000)],
];
const TEXTS = ['', 'a-1', 'next-step', '__proto__', '{"__proto__":{"levelPct":0}}', '\u001b[2J', 'é'.repeat(80), 'x'.repeat(30_000)];
const NUMBERS = [0, 1, -1, 30, 100, 101, 2 ** 31, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY, START_MS, START_MS + 60_000];

/**
 * Sends `rounds` hostile messages to a command inbox. Resolves with true if each was counted, no order was outside the limits, and memory
 * did not grow beyond a bound.
 */
export async function hostileTorture({ rounds, seed, progress, emit }: TortureOptions): Promise<boolean> {
  const random = createRandom(seed);
  const { clock, disk, seen, inbox } = openInbox(random);
  const before = await heapMb();
  for (let i = 0; i < rounds; i += 1) {
    const payload = makePayload(random, clock.wallMs());
    const deviceId = pick(random, DEVICE_IDS);
    const message = { topic: '', payload, retained: random() < 0.02 };
    if (deviceId === '') inbox.nodeCommand(message);
    else inbox.deviceCommand(deviceId, message);
    await clock.advance(i % 8 === 0 ? 8 * GAP_MS : 0);
    if (i > 0 && i % 100_000 === 0) progress(`hostile: ${i} messages, ${JSON.stringify(seen)}`);
  }
  await inbox.stop();
  const grownMb = Math.round((await heapMb()) - before);
  const onDisk = disk.size;
  const isPrototypeClean = Object.keys(Object.prototype).length === 0 && !('levelPct' in {});
  const ok =
    inbox.received === rounds &&
    seen.outside === 0 &&
    seen.orders > 0 &&
    isPrototypeClean &&
    onDisk <= REMEMBERED.sound + REMEMBERED.refused &&
    seen.longest < 2_000 &&
    grownMb < MAX_GROWTH_MB;
  emit({ torture: 'hostile', ok, messages: rounds, refused: inbox.refused, ...seen, onDisk, grownMb, isPrototypeClean });
  return ok;
}

/** An inbox that counts its orders, answers and events, and those outside the limits. */
function openInbox(random: Random) {
  const clock = createManualClock(START_MS);
  const disk = new Map<string, unknown>();
  const seen = { orders: 0, outside: 0, answers: 0, events: 0, longest: 0, rebirths: 0 };
  const inbox = new CommandInbox({
    table: TABLE,
    cabinetId: 'c1',
    clock,
    log: { event: () => {} },
    store: {
      save: async (key, value) => {
        if (value === undefined) disk.delete(key);
        else disk.set(key, value);
        return true;
      },
      load: async () => undefined,
      loadAll: async () => [],
      audit: { note: () => {}, read: async () => undefined },
    },
    random,
    onOrder: (order) => {
      seen.orders += 1;
      if (!isWithinLimits(order)) seen.outside += 1;
    },
    onRebirth: () => {
      seen.rebirths += 1;
    },
    onTaken: () => {},
    onAnswer: (outcome) => {
      seen.answers += 1;
      seen.longest = Math.max(seen.longest, JSON.stringify(outcome).length);
    },
    onEvent: ({ text }) => {
      seen.events += 1;
      if (/\p{C}/u.test(String(text))) seen.outside += 1;
    },
  });
  inbox.open({ barrier: async () => {} });
  return { clock, disk, seen, inbox };
}

/** Memory in use after garbage collection. A first collection still counts array buffers that are freed beside it. Units: MB. */
async function heapMb(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i += 1) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

function isWithinLimits({ kind, request }: PlatformOrder): boolean {
  if (request.commandId.length === 0 || request.commandId.length > 64 || /\p{C}/u.test(request.commandId)) return false;
  const isBetween = (value: number, min: number, max: number): boolean => value >= min && value <= max;
  switch (kind) {
    case 'override':
      return Number.isInteger(request.levelPct) && isBetween(request.levelPct, 0, 100) && isBetween(request.minutes, 1, 1_440);
    case 'release':
      return request.rank === 'override' || request.rank === 'emergency';
    case 'programme':
      return isBetween(request.minutes, 1, 44_640) && (request.programme ?? '').length <= 64;
    case 'blink':
      return request.seconds === 0 || isBetween(request.seconds, 5, 600);
    case 'point':
      return request.pointId === 'IO1.volume'
        ? isBetween(request.value, 10, 80)
        : request.pointId === 'IO1.relay_1' && isBetween(request.value, 0, 1);
    case 'panel':
      return !/\p{C}/u.test(request.text ?? '') && (request.text ?? '').length <= 256 && isBetween(request.minutes, 0, 1_440);
    case 'sound':
      return !('minutes' in request.ask) || isBetween(request.ask.minutes, 1, 1_440);
    case 'alarm':
      return request.action === 'acknowledge'
        ? !/\p{C}/u.test(request.event + request.note) && request.note.length <= 160
        : !/\p{C}/u.test(request.reason) && (request.minutes === null || isBetween(request.minutes, 1, 480));
    case 'config':
      return !/\p{C}/u.test(request.by) && (request.ask.action !== 'put' || request.ask.data.length <= 65_536);
    case 'update':
      return request.ask.action !== 'put' || request.ask.part.data.length <= 65_536;
  }
}

function makePayload(random: Random, nowMs: number): Buffer {
  const chance = random();
  if (chance < 0.15) return Buffer.from(Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256)));
  if (chance < 0.155) return Buffer.alloc(random() < 0.5 ? 65_537 : 1_000_000, Math.floor(random() * 256));
  if (chance < 0.16) return deep(Math.floor(random() * 30_000));
  if (chance < 0.165) return encodePayload({ timestampMs: nowMs, metrics: Array.from({ length: 3_000 }, () => makeMetric(random)) });
  if (chance < 0.17) return Buffer.from('{"Override/Level":{"__proto__":0}}');
  const metrics = Array.from({ length: Math.floor(random() * 5) }, () => makeMetric(random));
  const timestampMs = pick(random, [nowMs, nowMs, nowMs, 0, nowMs - 400_000, nowMs + 400_000, undefined]);
  const bytes = chance < 0.3 ? sound(random, nowMs) : encodePayload({ timestampMs, metrics });
  if (chance < 0.6) return bytes;
  for (let flips = Math.floor(random() * 4); flips > 0 && bytes.length > 0; flips -= 1) {
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  }
  return bytes.subarray(0, random() < 0.2 ? Math.floor(random() * bytes.length) : bytes.length);
}

/** A command that may be carried out, with ids that repeat. */
function sound(random: Random, nowMs: number): Buffer {
  const orders: readonly Metric[] = [
    { name: 'Override/Level', value: { kind: 'long', value: BigInt(Math.floor(random() * 120)) } },
    { name: 'Programme/Choice', value: { kind: 'string', value: 'market' } },
    { name: 'Identify/Seconds', value: { kind: 'long', value: BigInt(Math.floor(random() * 700)) } },
    { name: 'Emergency/On', value: { kind: 'boolean', value: random() < 0.5 } },
    { name: 'Node Control/Rebirth', value: { kind: 'boolean', value: true } },
    { name: 'relay_1', value: { kind: 'boolean', value: true } },
    { name: 'volume', value: { kind: 'double', value: random() * 120 } },
  ];
  const id: Metric = { name: 'Command/Id', value: { kind: 'string', value: `s-${Math.floor(random() * 5_000)}` } };
  return encodePayload({ timestampMs: nowMs, metrics: [pick(random, orders), ...(random() < 0.7 ? [id] : [])] });
}

function makeMetric(random: Random): Metric {
  return {
    ...(random() < 0.85 ? { name: pick(random, NAMES) } : {}),
    ...(random() < 0.2 ? { alias: Math.floor(random() * 80) } : {}),
    ...(random() < 0.3 ? { datatype: Math.floor(random() * 25) } : {}),
    ...(random() < 0.1 ? { isNull: true } : {}),
    ...(random() < 0.9 ? { value: makeValue(random) } : {}),
  };
}

function makeValue(random: Random): MetricValue {
  const number = pick(random, NUMBERS);
  const whole = Number.isFinite(number) ? Math.trunc(number) : 0;
  return pick<MetricValue>(random, [
    { kind: 'long', value: BigInt.asUintN(64, BigInt(whole)) },
    { kind: 'long', value: 2n ** 64n - 1n },
    { kind: 'int', value: whole | 0 },
    { kind: 'double', value: number },
    { kind: 'float', value: number },
    { kind: 'boolean', value: random() < 0.5 },
    { kind: 'string', value: pick(random, TEXTS) },
    { kind: 'bytes', value: Buffer.alloc(Math.floor(random() * 100), 255) },
  ]);
}

/** Groups within groups, and metrics within metrics. Source: protobuf encoding, wire types 3 and 2. */
function deep(levels: number): Buffer {
  return levels % 2 === 0 ? Buffer.alloc(levels, 0x0b) : Buffer.alloc(levels, Buffer.from([0x12, 0x7f]));
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}
