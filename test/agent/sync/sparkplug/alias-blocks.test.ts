import fc from 'fast-check';
import t from 'tap';
import type { UplinkDevice } from '../../../../agent/core/ports.ts';
import { readDeviceCommand } from '../../../../agent/sync/commands/commands.ts';
import { restoreAliasBlocks } from '../../../../agent/sync/sparkplug/alias-blocks.ts';
import { encodePayload, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable, type MetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { createMemoryStore } from '../memory-store.ts';
import { createSmallNode, NODE_DEVICES, NODE_START_MS, until, uplinkConfig } from '../small-node.ts';
import { online, openUplinkScene } from '../uplink-scene.ts';

type Saved = Pick<ReturnType<typeof createMemoryStore>['port'], 'save' | 'load'>;

/** The table of a run with these devices, numbered as the uplink does it at its start. */
async function startRun(devices: readonly UplinkDevice[], store: Saved, chance = 0.5): Promise<MetricTable> {
  const table = createMetricTable(devices);
  table.adoptAliases(await restoreAliasBlocks(store, table.aliased, () => chance));
  return table;
}
const aliasesOf = (table: MetricTable): [alias: number, metric: string][] =>
  [...table.node, ...[...table.devices.values()].flatMap(({ metrics }) => metrics)].flatMap(({ alias, deviceId, name }) =>
    alias === null ? [] : [[alias, `${deviceId}/${name}`] as [number, string]],
  );
const lamp = (id: string, extra = 0): UplinkDevice => ({
  id,
  target: { kind: 'lamp', id },
  metrics: ['level', 'power', 'energy', 'current', 'voltage'].slice(0, 2 + extra).map((name) => ({
    name,
    pointId: `${id}.${name}`,
    type: 'Double' as const,
    unit: '',
  })),
});

t.test('an alias never names two metrics, whatever devices are added, removed and changed across restarts', async (t) => {
  const device = fc.record({ id: fc.constantFrom('L1', 'L2', 'L3', '__proto__'), extra: fc.nat(3) });
  const run = fc.uniqueArray(device, { selector: ({ id }) => id, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 2, maxLength: 12 }), async (runs) => {
      const store = createMemoryStore().port;
      const metricOf = new Map<number, string>();
      for (const devices of runs) {
        const table = await startRun(
          devices.map(({ id, extra }) => lamp(id, extra)),
          store,
        );
        const aliases = aliasesOf(table);
        if (new Set(aliases.map(([alias]) => alias)).size !== aliases.length) return false;
        for (const [alias, metric] of aliases) {
          if ((metricOf.get(alias) ?? metric) !== metric) return false;
          metricOf.set(alias, metric);
        }
        for (const { byAlias, metrics } of table.devices.values()) if (metrics.some((m) => byAlias.get(m.alias ?? 0) !== m)) return false;
      }
      return true;
    }),
    { numRuns: 200 },
  );
  t.pass('held for all generated histories');
});

t.test('the same devices have the same aliases after a restart, from 1 on at the first start', async (t) => {
  const store = createMemoryStore();
  const first = aliasesOf(await startRun(NODE_DEVICES, store.port));
  t.strictSame(
    [...first.map(([alias]) => alias)],
    [...first.keys()].map((i) => i + 1),
  );
  const { size } = store.saved;
  t.strictSame(aliasesOf(await startRun(NODE_DEVICES, store.port)), first);
  const more = aliasesOf(await startRun([lamp('A0'), ...NODE_DEVICES], store.port));
  t.ok(first.every(([alias, metric]) => more.some(([a, m]) => a === alias && m === metric)));
  t.equal(store.saved.size, size);
});

t.test('numbers that cannot be read, or are invalid, are not used again', async (t) => {
  const refusing = { save: async () => true, load: async (_: string, unread?: unknown) => unread };
  const low = aliasesOf(await startRun(NODE_DEVICES, refusing)).map(([alias]) => alias);
  t.ok(low.every((alias) => alias >= 1_000_000 && alias < 2_100_000));
  for (const value of [null, 5, {}, { next: 0, blocks: [] }, { next: 5 }, 'x']) {
    const store = createMemoryStore(new Map<string, unknown>([['sync.aliases', value]]));
    t.ok(aliasesOf(await startRun(NODE_DEVICES, store.port)).every(([alias]) => alias >= 1_000_000));
  }
  const odd = { next: 50, blocks: [null, { deviceId: 'L01', first: 70, digest: 'x' }, { deviceId: 5 }] };
  const store = createMemoryStore(new Map<string, unknown>([['sync.aliases', odd]]));
  t.ok(aliasesOf(await startRun(NODE_DEVICES, store.port)).every(([alias]) => alias >= 50));
});

t.test('a late command by an alias of the previous run reaches its own metric or is refused', async (t) => {
  const store = createMemoryStore().port;
  const before = await startRun([lamp('L1', 1), lamp('L2')], store);
  const after = await startRun([lamp('L1', 2), lamp('L2')], store);
  const context = { nowMs: NODE_START_MS, nowMono: 1_000, clockQuality: 'synced', freshId: 'fresh' } as const;
  for (const [deviceId, isSame] of [
    ['L1', false],
    ['L2', true],
  ] as const) {
    for (const metric of before.devices.get(deviceId)?.metrics ?? []) {
      const sent = { alias: metric.alias ?? 0, value: toLong(80) };
      const payload = encodePayload({ timestampMs: NODE_START_MS, metrics: [sent] });
      const command = readDeviceCommand({ topic: '', payload, retained: false }, after.devices.get(deviceId), context);
      const isObeyed = command.kind === 'order';
      t.equal(isObeyed, isSame && ['Override/Level', 'Identify/Seconds'].includes(metric.name), `${deviceId} ${metric.name}`);
    }
  }
});

t.test('a session after a restart with one more device keeps the old aliases of known metrics', async (t) => {
  const { broker, host, node } = await openUplinkScene(t);
  await node.uplink.start();
  await until(online(node));
  t.ok(await until(() => host.alive.size === 4));
  const alias = host.aliasOf('L02', 'level');
  await node.uplink.stop();
  const heir = createSmallNode({
    config: uplinkConfig(broker.url),
    store: createMemoryStore(node.store.saved),
    devices: [lamp('A0'), ...NODE_DEVICES],
  });
  t.teardown(() => heir.uplink.stop());
  await heir.uplink.start();
  t.ok(await until(() => host.alive.size === 5));
  t.equal(host.aliasOf('L02', 'level'), alias);
  t.not(host.aliasOf('A0', 'level'), undefined);
  const frame = heir.poll({ 'L02.level': 12, 'A0.level': 13 } as Parameters<typeof heir.poll>[0]);
  t.ok(
    await until(() => host.values.get(`L02/level@${frame.atMs}`)?.value === 12 && host.values.get(`A0/level@${frame.atMs}`)?.value === 13),
  );
});
