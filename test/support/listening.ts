/**
 * Lists the network sockets on which a process accepts connections.
 *
 * Source: proc_pid_net(5), proc_pid_fd(5); states of include/net/tcp_states.h.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** TCP_LISTEN; of a datagram socket TCP_CLOSE: bound and not connected to one peer, so anybody may write to it. */
const OPEN_STATES: Readonly<Record<string, readonly string[]>> = {
  tcp: ['0A'],
  tcp6: ['0A'],
  udp: ['07'],
  udp6: ['07'],
  raw: ['07'],
  raw6: ['07'],
};

/**
 * The sockets of a process that accept connections, or datagrams from anyone: `tcp 0100007F:1F90`, address and port in hexadecimal.
 *
 * Child processes are not included. Errors: throws if there is no such process.
 */
export function listeningSockets(pid: number): string[] {
  const own = new Set(inodesOf(pid));
  return Object.entries(OPEN_STATES).flatMap(([protocol, states]) =>
    rowsOf(pid, protocol).flatMap((row) => {
      const [, local = '', , state = '', , , , , , inode = ''] = row.trim().split(/\s+/);
      return states.includes(state) && own.has(inode) ? [`${protocol} ${local}`] : [];
    }),
  );
}

function inodesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch (error) {
      // Closed between the two looks.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  });
}

function rowsOf(pid: number, protocol: string): string[] {
  return readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8').trim().split('\n').slice(1);
}
