/**
 * A hostile platform sends revisions to a whole agent. None may darken the street or send anything out of the cabinet; the honest revisions
 * that follow must all run. The clock is simulated; frames, broker, sockets and files are real.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DAY_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import { createDecider } from '../../agent/lighting/decide.ts';
import type { Metric } from '../../agent/sync/sparkplug/codec.ts';
import { createTestBroker } from '../../test/platform/broker.ts';
import { createRandom } from '../../test/street/random.ts';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { scratchFolder } from '../undo.ts';
import { honestRevision, ROGUE_ATTACKS, type RogueRevision, type RogueTargets, rogueSite } from './rogue-revisions.ts';
import type { TortureOptions } from './torture.ts';

/** Honest revisions for each hostile one. */
const HONEST_SHARE = 0.2;
/** What every lamp of this site has at night at least. */
const FLOOR_PCT = 10;
const START = '2026-12-15T23:30:00+01:00';
/** Nights that are decided minute by minute after each revision that runs: new year is among them. */
const NIGHTS = 19;
const CANARY = 'canary-7f3d19';
/** The memory in use is measured so often in the course of the hostile revisions. */
const MEMORY_SAMPLES = 10;
/** Collections for one sample. */
const MEMORY_COLLECTIONS = 20;
/**
 * What a revision may leave in memory, on average over the last two thirds of the run. Units: kB. Source: assumed; the broker and the
 * platform of this process keep some of what they see, and one revision that were kept would be 10 to 300 kB.
 * Confirmed by: the memory of this run with the broker in another process.
 */
const KEPT_KB = 5;

/** What the hostile revisions have done so far. */
interface HostileResult {
  /** By class. */
  readonly sent: Record<string, number>;
  readonly succeeded: Record<string, number>;
  darkTicks: number;
  /** By the number of hostile revisions. */
  readonly memoryMb: Record<string, number>;
}

/**
 * Sends `rounds` hostile revisions, spread over all classes, then honest ones. Resolves with true if no hostile one succeeded, every
 * honest one ran, no lamp was too dark at night, no secret left the cabinet, and memory did not grow.
 */
export async function rogueTorture(options: TortureOptions): Promise<boolean> {
  const { rounds, seed, emit } = options;
  // As the agent does: local time is then the runtime's own.
  process.env['TZ'] = 'Europe/Paris';
  const random = createRandom(seed);
  const listener = await openListener();
  const cabinet = { current: await openCabinet() };
  const honestSent = Math.round(rounds * HONEST_SHARE);
  try {
    const { sent, succeeded, darkTicks, memoryMb } = await sendHostile(cabinet, listener, { ...options, random });
    const keptKb = keptKbPerRevision(Object.values(memoryMb), rounds / MEMORY_SAMPLES);
    const honest = await sendHonest(cabinet.current, honestSent, { ...options, random });
    const { rig } = cabinet.current;
    // The rest of this night and all of the next one, as the lamps really shine.
    for (let atMs = rig.clock.wallMs(); atMs < Date.parse(START) + 1.4 * DAY_MS; atMs += MINUTE_MS) await rig.clock.advance(MINUTE_MS);
    const darkLevels = cabinet.current.darkLevels();
    const leaked = listener.received().includes(CANARY);
    const isSafe = total(succeeded) === 0 && darkTicks === 0 && darkLevels === 0 && !leaked;
    const ok = isSafe && honest === honestSent && keptKb < KEPT_KB;
    emit({
      ...{ torture: 'rogue', ok, seed, hostile: rounds, succeeded: total(succeeded), byClass: succeeded, sent, honest, honestSent },
      ...{ darkTicks, darkLevels, secretBytesSeen: leaked, foreignBytes: listener.bytes(), memoryMb, keptKb },
    });
    return ok;
  } finally {
    await cabinet.current.close();
    listener.close();
  }
}

type RogueRun = TortureOptions & { readonly random: () => number };

async function sendHostile(
  cabinet: { current: Cabinet },
  listener: Listener,
  { rounds, random, progress }: RogueRun,
): Promise<HostileResult> {
  const names = Object.keys(ROGUE_ATTACKS);
  const none = Object.fromEntries(names.map((name) => [name, 0]));
  const result: HostileResult = { sent: { ...none }, succeeded: { ...none }, darkTicks: 0, memoryMb: {} };
  for (let n = 0; n < rounds; n += 1) {
    const { current } = cabinet;
    const name = names[n % names.length] ?? '';
    const revision = ROGUE_ATTACKS[name]?.(current.site, random, { listener: listener.address, secretFiles: current.secretFiles });
    if (revision === undefined) continue;
    result.sent[name] = (result.sent[name] ?? 0) + 1;
    const bytesBefore = listener.bytes();
    const isIn = await attack(current, revision, n);
    result.darkTicks += isIn && revision.success === 'applied' ? darkMinutes(current.rig) : 0;
    const isReceived = listener.bytes() > bytesBefore;
    if (isIn || isReceived) result.succeeded[name] = (result.succeeded[name] ?? 0) + 1;
    if (isIn || isReceived || current.isBroken) cabinet.current = await reopened(current);
    forget(cabinet.current.rig);
    if ((n + 1) % Math.ceil(rounds / MEMORY_SAMPLES) === 0) result.memoryMb[n + 1] = await usedMb();
    if (n % 20 === 19)
      progress(`${n + 1} of ${rounds} hostile revisions, ${total(result.succeeded)} succeeded, ${result.darkTicks} dark minutes`);
  }
  return result;
}

/** Returns how many of the honest revisions run. */
async function sendHonest(cabinet: Cabinet, count: number, { random, progress }: RogueRun): Promise<number> {
  let honest = 0;
  let running = cabinet.site;
  for (let n = 0; n < count; n += 1) {
    const revision = honestRevision(running, random, n);
    if (await attack(cabinet, revision, 10_000 + n)) honest += 1;
    else progress(`honest revision ${n} was refused: ${cabinet.lastReason}`);
    running = revision.files[0]?.[1] ?? running;
    if (n % 20 === 19) progress(`${n + 1} of ${count} honest revisions, ${honest} run`);
  }
  return honest;
}

interface Cabinet {
  readonly rig: Rig;
  readonly site: string;
  readonly secretFiles: RogueTargets['secretFiles'];
  /** Levels below the floor that reached a lamp at night. */
  darkLevels(): number;
  /** Why the last revision did not run. */
  lastReason: string;
  isBroken: boolean;
  close(): Promise<void>;
}

/** A cabinet as it was commissioned, with secrets in the places where an attacker would look for them. */
async function openCabinet(): Promise<Cabinet> {
  const folder = scratchFolder('torture');
  const ends: (() => unknown)[] = [];
  const broker = createTestBroker();
  await broker.start();
  const site = rogueSite(broker.url);
  mkdirSync(join(folder.dir, 'data'), { recursive: true });
  const secretFiles = ['data/users.json', 'cabinet.key', 'data/state.note'].map((name) => join(folder.dir, name));
  for (const file of secretFiles) writeFileSync(file, `${CANARY}\n`, { mode: 0o400 });
  const rig = await createRig(
    { testdir: () => folder.dir, teardown: (end: () => unknown) => void ends.push(end) } as unknown as Parameters<typeof createRig>[0],
    { startAt: START, withUplink: true, siteFile: site, brokerUrl: broker.url, isUplinkAsWritten: true },
  );
  let darkLevels = 0;
  const { close, ...made }: Cabinet = {
    rig,
    site,
    secretFiles,
    darkLevels: () => darkLevels,
    lastReason: '',
    isBroken: false,
    async close() {
      for (const end of ends) await end();
      await broker.stop();
      folder.remove();
    },
  };
  await rig.until('lit', () => rig.levels().every((level) => level === 30), 10 * MINUTE_MS);
  rig.street.onLevel = ({ levelPct }) => {
    if (levelPct < FLOOR_PCT && isDeepNight(rig.clock.wallMs())) darkLevels += 1;
  };
  return { ...made, close };
}

async function reopened(before: Cabinet): Promise<Cabinet> {
  await before.close();
  return openCabinet();
}

/** In December at Angers the sun is well below the horizon then, whatever the zone's own dusk is. */
function isDeepNight(atMs: number): boolean {
  const hour = new Date(atMs).getHours();
  return hour >= 18 || hour < 8;
}

/** Sends a revision. Resolves with true if it reached what its `success` requires, or damaged the agent. */
async function attack(cabinet: Cabinet, { files, success }: RogueRevision, n: number): Promise<boolean> {
  const { rig } = cabinet;
  try {
    // What an earlier revision left in the candidate is not part of this one.
    await ask(rig, { 'Config/Action': 'discard', 'Command/Id': `d${n}` });
    for (const [file, text] of files) {
      const end = await send(rig, file, text, `${n}-${file}`);
      cabinet.lastReason = end?.reason ?? '';
      if (end?.state !== 'verified') return false;
    }
    if (success === 'kept') return true;
    await ask(rig, { 'Config/Action': 'apply', 'Command/Id': `a${n}`, 'Config/Comment': 'rogue' });
    const hasRun = (): boolean => outcomesOf(rig, `a${n}`).some(({ state }) => state === 'sent');
    await rig.until('a start or an end', () => hasRun() || endOf(rig, `a${n}`) !== undefined, 15 * MINUTE_MS);
    if (hasRun()) await waitForSockets(rig);
    await rig.until('an end', () => endOf(rig, `a${n}`) !== undefined, 15 * MINUTE_MS);
    const end = endOf(rig, `a${n}`);
    cabinet.lastReason = end?.reason ?? '';
    // A revision that was reverted by itself was still in force before.
    const ran = outcomesOf(rig, `a${n}`).some(({ state }) => state === 'sent');
    if (ran && end?.state !== 'verified') cabinet.isBroken = true;
    return end?.state === 'verified' || ran;
  } catch (error) {
    // It no longer ends, or it fails: the agent is damaged.
    cabinet.lastReason = error instanceof Error ? error.message : String(error);
    cabinet.isBroken = true;
    return true;
  }
}

/** Sockets need real time, which the simulated clock does not have. */
async function waitForSockets({ clock }: Rig): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.advance(100);
  }
}

const PART_BYTES = 30_000;

async function send(rig: Rig, file: string, content: string, id: string): Promise<Outcome | undefined> {
  const whole = Buffer.from(content);
  const sha256 = createHash('sha256').update(whole).digest('hex');
  const parts = Math.ceil(whole.length / PART_BYTES);
  for (let part = 1; part <= parts; part += 1) {
    const data = whole.subarray((part - 1) * PART_BYTES, part * PART_BYTES);
    const texts = {
      'Config/Action': 'put',
      'Config/File': file,
      'Config/Part': `${part}/${parts}`,
      'Config/SHA-256': sha256,
      'Command/Id': `${id}-${part}`,
    };
    await ask(rig, texts, [{ name: 'Config/Data', value: { kind: 'bytes', value: data } }]);
    await rig.until('a part', () => endOf(rig, `${id}-${part}`) !== undefined, MINUTE_MS);
  }
  return endOf(rig, `${id}-${parts}`);
}

async function ask({ host, clock }: Rig, texts: Readonly<Record<string, string>>, more: readonly Metric[] = []): Promise<void> {
  // A platform keeps to the rate of commands.
  await clock.advance(600);
  const metrics = Object.entries(texts).map(([name, value]): Metric => ({ name, value: { kind: 'string', value } }));
  await host.command('', [...metrics, ...more]);
}

interface Outcome {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
}

function outcomesOf({ host }: Rig, id: string): readonly Outcome[] {
  const all = [...host.values.values()].filter(
    ({ device, metric, value }) => device === '' && metric === 'Command/Outcome' && typeof value === 'string',
  );
  return all.map(({ value }) => JSON.parse(String(value)) as Outcome).filter((each) => each.id === id);
}

function endOf(rig: Rig, id: string): Outcome | undefined {
  return outcomesOf(rig, id).findLast(({ state }) => ['verified', 'refused', 'failed'].includes(state));
}

/** Minutes of the coming nights in which a lamp that the site lit would have less than its floor by what runs now. */
function darkMinutes({ agent, clock }: Rig): number {
  const { cabinet } = agent.site();
  const decider = createDecider(cabinet);
  let dark = 0;
  for (let atMs = clock.wallMs(); atMs < Date.parse(START) + NIGHTS * DAY_MS; atMs += MINUTE_MS) {
    if (!isDeepNight(atMs)) continue;
    const { decisions } = decider.decide({ nowMs: atMs, nowMono: 1e9, clockQuality: 'synced', sensors: new Map(), intents: [] });
    const lit = decisions.filter(({ levelPct }) => levelPct >= FLOOR_PCT).length;
    if (lit < 4) dark += 1;
  }
  return dark;
}

interface Listener {
  readonly address: string;
  bytes(): number;
  received(): string;
  close(): void;
}

/** Opens the server of the attacker, which records all bytes that it receives. */
async function openListener(): Promise<Listener> {
  const pieces: Buffer[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('data', (data) => void pieces.push(data));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    // A connection alone counts as one byte.
    bytes: () => connections + pieces.reduce((sum, piece) => sum + piece.length, 0),
    received: () => Buffer.concat(pieces).toString('latin1'),
    close: () => void server.close(),
  };
}

/** Clears what this process itself keeps of the past: its log, and the memory of its platform. */
function forget({ log, host }: Rig): void {
  log.length = 0;
  host.forget();
}

/**
 * Memory in use, in and outside of the JavaScript heap: the least of several collections, because buffers are freed some time after a
 * collection. Units: MB.
 */
async function usedMb(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let leastBytes = Number.POSITIVE_INFINITY;
  for (let count = 0; count < MEMORY_COLLECTIONS; count += 1) {
    collect();
    await new Promise(setImmediate);
    const { heapUsed, external } = process.memoryUsage();
    leastBytes = Math.min(leastBytes, heapUsed + external);
  }
  return Math.round(leastBytes / 10_000) / 100;
}

/**
 * The slope of the last two thirds of the samples by least squares, so that neither the first filling of buffers nor one sample decides.
 * Units: kB.
 */
function keptKbPerRevision(samplesMb: readonly number[], revisionsApart: number): number {
  const late = samplesMb.slice(Math.floor(samplesMb.length / 3));
  if (late.length < 2) return 0;
  const [meanAt, meanMb] = [(late.length - 1) / 2, late.reduce((sum, mb) => sum + mb, 0) / late.length];
  const over = late.reduce((sum, mb, at) => sum + (at - meanAt) * (mb - meanMb), 0);
  const under = late.reduce((sum, _, at) => sum + (at - meanAt) ** 2, 0);
  return Math.round((over / under / revisionsApart) * 100_000) / 100;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
