/** A console server on a socket of its own, and clients that behave well or badly. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { ConsoleReply } from '../../../../agent/console/protocol/protocol.ts';
import { callAgent } from '../../../../agent/console/protocol/socket-client.ts';
import { createConsoleServer } from '../../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { AgentView } from '../../../../agent/core/views.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';
import { createFakeView } from '../fake-view.ts';

export const silent = { event: () => {} };

/** A path for a socket in a new folder, which is removed after the test. It is short: a socket's path may have 107 characters only. */
export function place(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'agent.sock');
}

/** A console server that is not started; it is stopped after the test. */
export function serverAt(t: Test, socketPath: string, view: AgentView = createFakeView(), clock = createManualClock(AT_MS)) {
  const server = createConsoleServer({ view, socketPath, log: silent, clock, timezone: TIMEZONE });
  t.teardown(() => server.stop());
  return server;
}

/** A connected client that sends a byte each ms and does not close its end when the server does. Destroyed after the test. */
export async function stubborn(t: Test, socketPath: string): Promise<Socket> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  const writing = setInterval(() => socket.write('x'), 1);
  t.teardown(() => [clearInterval(writing), socket.destroy()]);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

export async function client(t: Test, socketPath: string): Promise<Socket> {
  const socket = connect(socketPath);
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Resolves once `count` replies have arrived, with those and any that arrived with the last. Errors: rejects if the server closes first. */
export function receiveReplies(socket: Socket, count: number): Promise<ConsoleReply[]> {
  return answersUntil(socket, (_, index) => index >= count - 1);
}

/** Resolves with all replies until `isLast` is true for one. Errors: rejects if the server closes the connection first. */
export async function answersUntil(socket: Socket, isLast: (message: unknown, index: number) => boolean): Promise<ConsoleReply[]> {
  let rest = '';
  const got: ConsoleReply[] = [];
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    const lines = `${rest}${bytes}`.split('\n');
    rest = lines.pop() ?? '';
    got.push(...lines.map((line) => JSON.parse(line)));
    if (got.some(isLast)) return got;
  }
  throw new Error(`the agent hung up after ${JSON.stringify(got)} ${rest}`);
}

/** A request as a line of the console's protocol. */
export const ask = (id: number, command: string, args: object = {}): string => `${JSON.stringify({ id, command, args, user: 'tech' })}\n`;

export const call = (socketPath: string, command: string, args: Record<string, string | boolean> = {}, timeoutMs = 5_000) =>
  callAgent({ socketPaths: [socketPath], request: { id: 7, command, args, user: 'tech' }, timeoutMs });
