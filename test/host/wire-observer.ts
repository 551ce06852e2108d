/** A client that reads everything on the broker, as an independent witness of what host and cabinets send. */
import { connectAsync } from 'mqtt';
import type { Test } from 'tap';
import { decodePayload, type Metric } from '../../agent/sync/sparkplug/codec.ts';
import type { Database } from '../../platform/database/postgres.ts';

/** A message that is not STATE. */
export interface SeenMessage {
  readonly verb: string;
  readonly node: string;
  readonly metrics: readonly Metric[];
}

/** What was seen since the start. */
export interface WireObserver {
  readonly messages: readonly SeenMessage[];
  /** Payloads of STATE, without the retained one of before. */
  readonly states: readonly string[];
  /** How often the node has published an NBIRTH. */
  births(node: string): number;
  /** Texts that were written to a metric of the node. */
  written(node: string, metric: string): readonly string[];
  /** How often births were requested from any node. */
  rebirthRequests(): number;
}

/** Connects; ends with the test. `onCommand` gets each text that is written to a metric of a node. */
export async function observeWire(
  t: Test,
  url: string,
  onCommand: (node: string, metric: string, text: string) => void = () => {},
): Promise<WireObserver> {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 200 });
  t.teardown(() => client.endAsync(true));
  const messages: SeenMessage[] = [];
  const states: string[] = [];
  client.on('message', (topic, bytes, { retain }) => {
    const [, group, verb = '', node = ''] = topic.split('/');
    if (group === 'STATE') {
      if (!retain) states.push(bytes.toString());
      return;
    }
    const metrics = decodePayload(bytes)?.metrics ?? [];
    messages.push({ verb, node, metrics });
    if (verb === 'NCMD') for (const metric of metrics) onCommand(node, metric.name ?? '', textOf(metric));
  });
  await client.subscribeAsync('spBv1.0/#');
  const commands = (): SeenMessage[] => messages.filter(({ verb }) => verb === 'NCMD');
  return {
    ...{ messages, states },
    births: (node) => messages.filter((seen) => seen.verb === 'NBIRTH' && seen.node === node).length,
    written: (node, name) =>
      commands().flatMap((seen) => (seen.node === node ? seen.metrics.filter((metric) => metric.name === name).map(textOf) : [])),
    rebirthRequests: () => commands().filter(({ metrics }) => metrics.some(({ name }) => name === 'Node Control/Rebirth')).length,
  };
}

/**
 * Compares each `Sync/Ack` with the database at the moment of its arrival. Returns the function for `observeWire`, and the acknowledgements
 * that were ahead of what was committed.
 */
export function watchAcks(database: Database) {
  const ahead: string[] = [];
  const checks: Promise<void>[] = [];
  const check = async (node: string, text: string): Promise<void> => {
    const [epoch = '', head = '', gap = ''] = text.split(':');
    // While the database is away, the question waits.
    const [row] = await untilAnswered(() =>
      database.query<{ is_committed: boolean }>(
        `select e.complete @> int8multirange(int8range(1, $3::bigint + 1)) and e.gap_head >= $4::bigint as is_committed
       from node_epoch e join node n on n.id = e.node_id where n.node = $1 and e.epoch = $2`,
        [node, epoch, head, gap],
      ),
    );
    if (row?.is_committed !== true) ahead.push(`${node} ${text}`);
  };
  return {
    onCommand: (node: string, metric: string, text: string): void => {
      if (metric === 'Sync/Ack') checks.push(check(node, text));
    },
    /** Resolves when all that were seen are compared. Returns how many there were, and those ahead. */
    result: async () => {
      await Promise.all(checks);
      return { seen: checks.length, ahead };
    },
  };
}

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function textOf({ value }: Metric): string {
  return value?.kind === 'string' ? value.value : '';
}
