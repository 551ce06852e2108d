/** A cabinet whose agents and commands are processes of their own on the same data. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import { sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { MAIN, programFolder, run } from '../agent/console/program.ts';
import { startAgentProcess } from '../street/agent-process.ts';
import { SMALL_SITE } from './small-site.ts';

const clock = createSystemClock({ quality: () => 'synced' });

/** Resolves after 5 ms: the pause in a loop that waits for something from another process. */
export function nextLook(): Promise<void> {
  return sleep(clock, 5);
}

/**
 * A folder with the cabinet file of `SMALL_SITE` and one data folder for all processes.
 *
 * `agentAt` starts an agent with a socket of that name; it ends with the test. `luciole` runs a command and resolves when it ends.
 * `elsewhere` are options for a command on the same data that reaches no agent.
 */
export function openCabinet(t: Test) {
  const folder = programFolder(t);
  const [configFile, dataDir] = [join(folder, 'cabinet.yaml'), join(folder, 'data')];
  writeFileSync(configFile, SMALL_SITE);
  const agentAt = (name: string, port = join(folder, 'tty')) => {
    const agent = startAgentProcess({
      ...{ configFile, dataDir, clock, ports: new Map([['north', port]]), broker: 'mqtt://127.0.0.1:1' },
      ...{ socketPath: join(folder, `${name}.sock`), startAtMs: Date.parse('2026-12-15T22:00:00Z'), logFile: join(folder, `${name}.log`) },
    });
    t.teardown(() => agent.child.kill('SIGKILL'));
    return agent;
  };
  const elsewhere = ['--data-dir', dataDir, '--socket', join(folder, 'none.sock')];
  const luciole = (...words: string[]) =>
    run([process.execPath, MAIN, ...words], { env: { PATH: '/usr/bin:/bin', LUCIOLE_CONFIG: configFile } });
  return { folder, dataDir, agentAt, elsewhere, luciole };
}

/** A TCP server in place of a serial server: it counts connections and never replies. Closed with the test. `port` is for a line. */
export async function countingPort(t: Test) {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  return { port: `rtu+tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}
