import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import type { Field, WriteResult } from '../../../agent/core/ports.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { createField } from '../../../agent/field/field.ts';
import { fieldLine } from '../../../agent/field/line-from-config.ts';
import { encodeReadReply, parseRequest, writeReply } from '../../street/rtu-slave.ts';
import { testDevice, testLine } from '../../support/profiles.ts';
import { LAMP, PLANT_SERIAL, PLANT_START_MS } from './plant.ts';

/** A serial server with lamps behind it: what it has received waits in the connection while it stalls, and is dropped with the connection. */
interface Gateway {
  readonly port: number;
  /** Connections so far. */
  readonly connections: () => number;
  /** Levels carried out: by unit, in order. */
  readonly levels: { readonly unit: number; readonly levelPct: number }[];
  isStalled: boolean;
  areUnitsSilent: boolean;
  resume(): void;
}

async function gateway(t: Test): Promise<Gateway> {
  const queues = new Map<Socket, Buffer[]>();
  const registers = new Map<string, number>();
  let connections = 0;
  const state = { levels: [] as Gateway['levels'], isStalled: false, areUnitsSilent: false };
  const serve = (frame: Buffer, socket: Socket): void => {
    const request = parseRequest(frame);
    if (request == null || state.areUnitsSilent) return;
    const place = (i: number): string => `${request.unit} ${request.table}:${request.address + i}`;
    if (request.kind === 'read') {
      socket.write(
        encodeReadReply(
          request,
          Array.from({ length: request.count }, (_, i) => registers.get(place(i)) ?? 0),
        ),
      );
      return;
    }
    for (const [i, value] of request.values.entries()) registers.set(place(i), value);
    if (request.address === 0) state.levels.push({ unit: request.unit, levelPct: request.values[0] as number });
    socket.write(writeReply(frame));
  };
  const server: Server = createServer((socket) => {
    connections++;
    queues.set(socket, []);
    socket.on('error', () => {}).on('close', () => queues.delete(socket));
    socket.on('data', (frame) => {
      if (state.isStalled) queues.get(socket)?.push(frame);
      else serve(frame, socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of queues.keys()) socket.destroy();
    server.close();
  });
  return Object.assign(state, {
    port: (server.address() as { port: number }).port,
    connections: () => connections,
    resume() {
      state.isStalled = false;
      for (const [socket, frames] of queues) for (const frame of frames.splice(0)) serve(frame, socket);
    },
  });
}

/** Simulated time runs while the sockets of this process keep up with it. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5) {
    await clock.advance(Math.min(left, 5));
    for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Site {
  readonly clock: ManualClock;
  readonly field: Field;
  readonly events: AgentEvent[];
  readonly log: string[];
  write(unit: number, levelPct: number, ttlMs: number): Promise<WriteResult>;
}

async function site(t: Test, { port }: Gateway, lamps: number): Promise<Site> {
  const clock = createManualClock(PLANT_START_MS);
  const events: AgentEvent[] = [];
  const log: string[] = [];
  const devices = Array.from({ length: lamps }, (_, i) => testDevice(`L${i + 1}`, { unit: i + 1, profile: 'lamp' }));
  const config = testLine('north', devices, { port: `rtu+tcp://127.0.0.1:${port}`, serial: { ...PLANT_SERIAL, baud: 115_200 } });
  const openPort = () => {
    throw new TypeError('no serial port');
  };
  const field = createField({
    lines: [fieldLine(config, { profiles: new Map([['lamp', LAMP]]), openPort, clock })],
    clock,
    log: { event: (name) => void log.push(name) },
    setupValuesOf: () => ({ rampUpMs: 1_500, rampDownMs: 5_000, failsafeTimeoutS: 60, failsafeLevelPct: 70 }),
    random: () => 0.5,
    onReadings: () => {},
    onAlive: () => {},
    onEvent: (event) => events.push(event),
  });
  t.teardown(() => field.stop());
  let isOpen = false;
  void field.start().then(() => {
    isOpen = true;
  });
  while (!isOpen) await pass(clock, 5);
  await pass(clock, 8_000);
  const write = (unit: number, levelPct: number, ttlMs: number): Promise<WriteResult> =>
    field.write({
      ...{ commandId: `c${levelPct}`, lampId: `L${unit}`, pointId: `L${unit}.level`, levelPct, lane: 'urgent' },
      expiresMono: clock.monoMs() + ttlMs,
    });
  return { clock, field, events, log, write };
}

const named = (events: readonly AgentEvent[], code: string): number => events.filter((event) => event.code === code).length;

t.test('units without mains behind a network port are a silent line, not a lost one, however long', async (t) => {
  const server = await gateway(t);
  const { clock, field, events } = await site(t, server, 12);
  t.match(field.lines(), [{ state: 'up' }]);
  server.areUnitsSilent = true;
  await pass(clock, 600_000);
  t.equal(named(events, 'line-down'), 0, 'its gateway is there');
  t.same(
    events.filter(({ code }) => code === 'line-silent').map(({ endMs }) => endMs),
    [null],
    'reported once',
  );
  t.match(field.lines(), [{ state: 'reopening' }]);
  t.ok(server.connections() < 12, `${server.connections()} connections in ten minutes`);
  server.areUnitsSilent = false;
  await pass(clock, 61_000);
  t.match(field.lines(), [{ state: 'up' }]);
  t.match(events.filter(({ code }) => code === 'line-silent')[1], { endMs: Number });
});

for (const stallMs of [400, 2_000, 8_000, 30_000]) {
  t.test(`a gateway that stalls for ${stallMs} ms carries out no level that is over, and the newest one once`, async (t) => {
    const server = await gateway(t);
    const { clock, write } = await site(t, server, 2);
    const before = server.levels.length;
    server.isStalled = true;
    const [old, newer] = [write(1, 80, 2_000), pass(clock, stallMs - 150).then(() => write(1, 30, 60_000))];
    let ended: WriteResult | undefined;
    void old.then((result) => {
      ended = result;
    });
    await pass(clock, 240);
    t.equal(ended, undefined, 'a network is given a quarter of a second at least');
    await pass(clock, Math.max(0, stallMs - 240));
    const wasOver = ended !== undefined;
    server.resume();
    await pass(clock, 20_000);
    // Replies from before the stall may still arrive from a serial server, so the read-back may be doubtful.
    t.match(await newer, { sentMono: Number });
    const levels = server.levels.slice(before).map(({ levelPct }) => levelPct);
    t.equal(levels.at(-1), 30, `${levels}`);
    t.ok(levels.filter((levelPct) => levelPct === 30).length === 1, `${levels}`);
    if (wasOver) t.notOk(levels.includes(80), `${levels}: what had failed was carried out`);
  });
}
