/**
 * TCP state that Node does not expose: whether the far end still acknowledges what is sent to it.
 *
 * Node has neither TCP_USER_TIMEOUT nor TCP_INFO, and the kernel closes a dead connection only after 15 minutes.
 */
import { readFile } from 'node:fs/promises';

/** One per version of the internet protocol; `self` is allowed in a sandbox too. Source: Linux Documentation/networking/proc_net_tcp.rst. */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
/** Columns of a table. Source: as `TABLES`. */
const COLUMN = { local: 1, remote: 2, state: 3, retransmits: 6 };
const ESTABLISHED = '01';

/** The port numbers at both ends of a connection. */
export interface TcpPorts {
  readonly local: number;
  readonly remote: number;
}

/**
 * Resolves to how often the oldest unacknowledged byte of a connection between these ports was sent again; null if this is unknown.
 * `tables`: the files of the kernel to read; one that cannot be read is skipped.
 */
export async function retransmits(ports: TcpPorts, tables: readonly string[] = TABLES): Promise<number | null> {
  const counts = await Promise.all(tables.map(async (path) => retransmitsIn(await readFile(path, 'latin1').catch(() => ''), ports)));
  return counts.find((count) => count !== null) ?? null;
}

/**
 * Returns how often the oldest unacknowledged byte of a connection was sent again; the fewest if the table shows several connections. Null
 * if it shows no established connection between these ports. `table`: the text of a file like `/proc/net/tcp`.
 */
export function retransmitsIn(table: string, { local, remote }: TcpPorts): number | null {
  let least: number | null = null;
  for (const row of table.split('\n')) {
    const columns = row.trim().split(/\s+/);
    if (columns[COLUMN.state] !== ESTABLISHED) continue;
    if (portOf(columns[COLUMN.local]) !== local || portOf(columns[COLUMN.remote]) !== remote) continue;
    const count = Number.parseInt(columns[COLUMN.retransmits] ?? '', 16);
    if (Number.isFinite(count)) least = Math.min(least ?? count, count);
  }
  return least;
}

/** `0100007F:01F6`: the address, then the port. */
function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(':').at(-1) ?? '', 16);
}
