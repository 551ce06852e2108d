/**
 * Reads while replies are late by up to a minute, doubled, lost, drowned in noise or one request behind: is a wrong value ever taken for
 * good?
 *
 * A value is wrong if the register did not hold it at any time between the sending of the request and the end of its reply. The line is the real one; wire, units and time are simulated.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { ModbusLine, ReadRequest, Reply } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { createRandom, type Random } from '../../test/street/random.ts';
import { eagerClock } from '../../test/support/eager-clock.ts';
import { LATE_ATTACKS, oneEvent, type Strength, stormOf } from './late-attacks.ts';
import { heldBetween, type LateBlock } from './late-units.ts';
import { type AttackedWire, createAttackedWire, UNHARMED } from './late-wire.ts';
import type { TortureOptions } from './torture.ts';

const BAUDS = [9_600, 19_200, 115_200] as const;
/** Reads of one cycle: under attack, then calm for longer than a reply is remembered, then with one event on the healthy line. */
const CYCLE = { storm: 200, calm: 60, event: 40 };
/** Between two reads. Units: ms. */
const PACE_MS = { storm: 60, calm: 3_000, event: 150 };
/** Share of reads that follow the line's advice, as the field does; the others are sent regardless, as a person at the console does. */
const FOLLOWS = { storm: 0.8, calm: 1, event: 1 };
/** Share of reads whose wait is cut short, as for an urgent level, and the time until then. A read that has ended before is not affected. Units: ms. */
const CUT = { share: 0.2, afterMs: 100, toMs: 60 };
const GEARS = 64;
/**
 * The requests of the run: many of the same length to a gateway, several lengths to a meter, one length to other units, and eight inputs.
 */
const READS: readonly ReadRequest[] = [
  ...Array.from({ length: GEARS }, (_, i): ReadRequest => {
    const address = 8 * i + 1;
    const alternates = i % 4 === 0 ? {} : { alternates: [3, 4, 5].map((count) => ({ address, count })) };
    return { unit: 10, table: 'holding', address, count: 2, ...alternates };
  }),
  ...[0, 8, 16, 24].map((address): ReadRequest => ({ unit: 1, table: 'input', address, count: 2 })),
  ...[2, 10, 18, 26].map((address): ReadRequest => ({ unit: 2, table: 'holding', address, count: 1 })),
  ...[4, 12].map((address): ReadRequest => ({ unit: 2, table: 'holding', address, count: 1 })),
  ...[3, 4, 6, 9].map((count): ReadRequest => ({ unit: 3, table: 'input', address: 8 * count, count })),
  { unit: 4, table: 'discrete', address: 0, count: 8 },
  { unit: 5, table: 'holding', address: 2, count: 1 },
];
/** So long a line that shows a sign of trouble is watched. Units: ms. Source: ADR 26. */
const SIGN_MS = 60_000;

interface Seen {
  reads: number;
  good: number;
  wrong: number;
  /** Counted beside `wrong`: the registers had changed, and what they were last read as came once more, while the line had shown no sign of trouble for a minute (ADR 26). */
  repeated: number;
  readonly failed: Record<string, number>;
}

/**
 * Makes about `rounds` reads on attacked lines of three speeds, serial and over a network. Resolves with true if some reads succeeded on
 * each and none returned a value that the register did not have.
 */
export async function lateTorture({ rounds, seed, progress, emit }: TortureOptions): Promise<boolean> {
  let isKept = true;
  const scenes = BAUDS.flatMap((baud) => [false, true].map((isNetwork) => ({ baud, isNetwork })));
  for (const [i, { baud, isNetwork }] of scenes.entries()) {
    const reads = Math.ceil(rounds / scenes.length);
    const scene = await openScene({ baud, parity: 'none', stopBits: 1, dataBits: 8 }, isNetwork, createRandom(seed + i));
    const seen = await attacked(scene, reads, (text) => progress(`late: ${baud} ${isNetwork ? 'rtu+tcp' : 'rtu'} ${text}`));
    const { timeouts, crcErrors, lateReplies, duplicates, doubtful, resyncs, foreignFrames } = scene.line.counters;
    const ok = seen.wrong === 0 && seen.good > 0;
    isKept &&= ok;
    const counters = { timeouts, crcErrors, lateReplies, duplicates, doubtful, resyncs, strangers: foreignFrames };
    const { failed, ...counted } = seen;
    const name = `${baud} ${isNetwork ? 'rtu+tcp' : 'rtu'}`;
    emit({ torture: 'late', ok, line: name, seed, ...counted, failed, attack: { ...scene.wire.counts }, counters });
  }
  return isKept;
}

/** Replies that were late, doubled or of no request, and when the last of them came. */
interface Signs {
  count: number;
  mono: number;
}

interface Scene {
  readonly clock: ManualClock;
  readonly line: ModbusLine;
  readonly wire: AttackedWire;
  readonly random: Random;
}

async function openScene(serial: SerialSettings, isNetwork: boolean, random: Random): Promise<Scene> {
  const clock = createManualClock(0);
  const wire = createAttackedWire({ clock, serial, random, isNetwork });
  const line = createModbusLine({ port: wire.port, serial, clock: eagerClock(clock), isNetwork });
  await line.open();
  await clock.advance(100);
  return { clock, line, wire, random };
}

async function attacked(scene: Scene, reads: number, progress: (text: string) => void): Promise<Seen> {
  const { wire, random } = scene;
  const seen: Seen = { reads: 0, good: 0, wrong: 0, repeated: 0, failed: {} };
  const before = new Map<string, number>();
  const signs: Signs = { count: 0, mono: Number.NEGATIVE_INFINITY };
  let strength: Strength = LATE_ATTACKS[0] as Strength;
  while (seen.reads < reads) {
    const at = seen.reads % (CYCLE.storm + CYCLE.calm + CYCLE.event);
    const phase = at < CYCLE.storm ? 'storm' : at < CYCLE.storm + CYCLE.calm ? 'calm' : 'event';
    if (at === 0) strength = LATE_ATTACKS[Math.floor(random() * LATE_ATTACKS.length)] as Strength;
    if (phase === 'storm') stormOf(strength, wire, random);
    else if (at === CYCLE.storm) Object.assign(wire, { fate: () => UNHARMED, shifted: new Set() });
    else if (at === CYCLE.storm + CYCLE.calm + 10) oneEvent(wire, random);
    await read(scene, seen, { before, signs, follows: FOLLOWS[phase] });
    await scene.clock.advance(random() * PACE_MS[phase]);
    if (seen.reads % 5_000 === 0) progress(`${seen.reads} reads, ${seen.wrong} wrong, ${seen.good} good`);
  }
  return seen;
}

async function read(
  { clock, line, random }: Scene,
  seen: Seen,
  by: { before: Map<string, number>; signs: Signs; follows: number },
): Promise<void> {
  const { before, signs, follows } = by;
  const request = await choose({ clock, line, random }, follows);
  seen.reads++;
  noteSigns(signs, line, clock.monoMs());
  const isQuiet = signs.mono + SIGN_MS < clock.monoMs();
  const reply = line.read(request, 25 + random() * 75);
  if (random() < CUT.share) clock.after(random() * CUT.afterMs, () => line.cutShort?.(random() * CUT.toMs));
  const end = await endOf(clock, reply);
  if (end instanceof BusError) {
    seen.failed[end.code] = (seen.failed[end.code] ?? 0) + 1;
    return;
  }
  seen.good++;
  const key = (i: number): string => `${request.unit}:${request.table}:${request.address + i}`;
  const isRepeated = end.words.every((word, i) => before.get(key(i)) === word);
  if (!heldBetween(request as LateBlock, end.words, end.askedMono, end.atMono)) seen[isRepeated && isQuiet ? 'repeated' : 'wrong']++;
  for (const [i, word] of end.words.entries()) before.set(key(i), word);
}

function noteSigns(signs: Signs, { counters }: ModbusLine, nowMono: number): void {
  const { lateReplies, duplicates, foreignFrames, wrongReplies } = counters;
  const count = lateReplies + duplicates + foreignFrames + wrongReplies;
  if (count !== signs.count) Object.assign(signs, { count, mono: nowMono });
}

/**
 * Selects a request: with chance `follows` one that the line permits now, otherwise any, as a person at the console does. Waits if none is
 * permitted.
 */
async function choose({ clock, line, random }: Pick<Scene, 'clock' | 'line' | 'random'>, follows: number): Promise<ReadRequest> {
  const rest = (request: ReadRequest): number => line.restUntilMono(request);
  for (let tries = 0; ; tries++) {
    const request = line.clearest(READS[Math.floor(random() * READS.length)] as ReadRequest);
    if (random() > follows || rest(request) <= clock.monoMs()) return request;
    if (tries % 10 === 9) await clock.advance(1_000);
  }
}

async function endOf(clock: ManualClock, transaction: Promise<Reply>): Promise<Reply | BusError> {
  let end: Reply | BusError | undefined;
  transaction.then(
    (reply) => {
      end = reply;
    },
    (error: BusError) => {
      end = error;
    },
  );
  while (end === undefined) await clock.advance(3);
  if (end instanceof Error && !(end instanceof BusError)) throw end;
  return end;
}
