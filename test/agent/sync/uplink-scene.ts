import { createTestBroker, type TestBroker } from '../../platform/broker.ts';
import { ReferenceHost } from '../../platform/host.ts';
import type { HostMessage } from '../../platform/host-view.ts';
import { createSmallNode, GROUP, NODE, type SmallNode, uplinkConfig } from './small-node.ts';

interface Scene {
  readonly broker: TestBroker;
  readonly host: ReferenceHost;
  readonly node: SmallNode;
}

/** Starts broker and host, and creates a node that the test starts. All end with the test. */
export async function openUplinkScene(
  t: { teardown(end: () => Promise<void>): void },
  changes: Partial<Parameters<typeof createSmallNode>[0]> & { readonly primaryHost?: string } = {},
): Promise<Scene> {
  const broker = createTestBroker();
  await broker.start();
  const hostId = changes.primaryHost;
  const host = new ReferenceHost({
    url: broker.url,
    protocolVersion: 4,
    group: GROUP,
    node: NODE,
    ...(hostId === undefined ? {} : { hostId }),
  });
  await host.start();
  const node = createSmallNode({ config: uplinkConfig(broker.url, { primaryHost: hostId ?? null }), ...changes });
  t.teardown(async () => {
    await node.uplink.stop();
    await host.stop();
    await broker.stop();
  });
  return { broker, host, node };
}

/** The kinds of these messages in order, such as `NBIRTH DBIRTH:L01`. */
export const verbs = (messages: readonly HostMessage[]): string =>
  messages.map(({ verb, device }) => (device === '' ? verb : `${verb}:${device}`)).join(' ');
/** Returns a condition for `until`: is the node's uplink online? */
export const online = (node: SmallNode) => (): boolean => node.uplink.status().state === 'online';
/** What `verbs` returns for the births of the node. */
export const BIRTHS = 'NBIRTH DBIRTH:L01 DBIRTH:L02 DBIRTH:M1 DBIRTH:Z1';
