import t from 'tap';
import { msg } from '../../../../agent/core/message.ts';
import type { ReadingFrame, StoredFrame, UplinkDevice } from '../../../../agent/core/ports.ts';
import type { Outcome, Reading } from '../../../../agent/core/words.ts';
import { outcomeMetrics } from '../../../../agent/sync/commands/outcome-metrics.ts';
import { unsentGapTexts } from '../../../../agent/sync/delivery/gap-reporter.ts';
import { decodePayload, encodePayload, type Metric } from '../../../../agent/sync/sparkplug/codec.ts';
import { createCurrentValues } from '../../../../agent/sync/sparkplug/current-values.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { Publisher } from '../../../../agent/sync/sparkplug/publisher.ts';
import { createTopics } from '../../../../agent/sync/sparkplug/topics.ts';
import { GROUP, manualClock, NODE, NODE_DEVICES, NODE_START_MS } from '../small-node.ts';

/** A device whose birth does not fit into a kilobyte. */
const WIDE: UplinkDevice = {
  id: 'W1',
  target: null,
  metrics: Array.from({ length: 80 }, (_, i) => ({ name: `channel_${i}`, pointId: `W1.channel_${i}`, type: 'Double' as const, unit: 'W' })),
};

/** A session after its births, with a broker that accepts packets up to this size, and everything that was published. */
function openSession(
  maxPacketBytes: number,
  devices: readonly UplinkDevice[] = NODE_DEVICES,
  latest: (pointId: Reading['pointId']) => Reading | undefined = () => undefined,
) {
  const clock = manualClock();
  const table = createMetricTable(devices);
  const values = createCurrentValues(table, clock, latest);
  const sent: { topic: string; metrics: readonly Metric[] }[] = [];
  const cut: string[] = [];
  const publisher = new Publisher({
    connection: {
      maxPacketBytes,
      publish: (topic, payload) => {
        if (payload.length + topic.length + 6 > maxPacketBytes) throw new Error(`${topic} has ${payload.length} bytes`);
        sent.push({ topic, metrics: decodePayload(payload)?.metrics ?? [] });
      },
    },
    table,
    topics: createTopics(GROUP, NODE, null),
    values,
    clock,
    bdSeq: 0,
    isAlive: () => true,
    onSent: () => {},
    onCut: (_, leftOut) => cut.push(...leftOut),
  });
  const born = (verb: string): (string | undefined)[] =>
    sent.find(({ topic }) => topic.includes(verb))?.metrics.map(({ name }) => name) ?? [];
  const birth = (): void => {
    publisher.birth();
    while (publisher.birthDevices());
  };
  return { table, values, publisher, birth, sent, cut, born };
}

const reading = (pointId: Reading['pointId']): Reading => ({ pointId, value: 1, quality: 'good', atMono: 0, atMs: NODE_START_MS });
const frame = (...points: Reading['pointId'][]): ReadingFrame => ({
  ticket: 1,
  atMono: 0,
  atMs: NODE_START_MS,
  clockQuality: 'synced',
  readings: points.map(reading),
});
const row = (...points: Reading['pointId'][]): StoredFrame => ({ ...frame(...points), seq: 1, isCorrected: false });
const ROWS = { epoch: 'e1', from: 1, to: 1 };

t.test('a birth that must be cut keeps the metrics for proof, losses and results of commands', async (t) => {
  for (const maxPacketBytes of [400, 700, 1_024]) {
    const { birth, born, cut } = openSession(maxPacketBytes);
    birth();
    const node = born('NBIRTH');
    for (const name of ['bdSeq', 'Node Control/Rebirth', 'Sync/Rows', 'Sync/Gap', 'Command/Outcome']) t.ok(node.includes(name), name);
    t.ok(born('DBIRTH').includes('Command/Outcome'));
    const light = cut.filter((name) => !/^(Agent|Config|Update|Alarm|Maintenance)\//.test(name));
    t.equal(light.length > 0, maxPacketBytes < 1_024, 'a kilobyte holds all that light and readings need');
  }
});

/** As full as a node in service shows them. */
function fill({ table, values }: ReturnType<typeof openSession>): void {
  for (const entry of table.node) {
    const isText = entry.type === 'String' || entry.type === 'Bytes';
    const value = isText
      ? /Hash|Candidate/.test(entry.name)
        ? 'a'.repeat(64)
        : 'confirmed'
      : entry.type === 'Boolean'
        ? true
        : NODE_START_MS;
    if (entry.type !== 'Bytes') values.put(entry, { value, quality: 'good', atMs: NODE_START_MS });
  }
}

t.test('the metrics left out first are those that only the platform writes; 2.9 kilobytes hold all', async (t) => {
  for (const [maxPacketBytes, left] of [
    [1_024, /./],
    [
      2_100,
      /^(Config\/(Action|File|Part|SHA-256|Data|Base|Target|Confirm|Minutes|Comment|User)|Update\/(Action|At|Of|Data|Force)|Alarm\/(Acknowledge|Note|User)|Maintenance\/(On|Target|Minutes|Reason|User))$/,
    ],
    [2_900, /^nothing$/],
  ] as const) {
    const session = openSession(maxPacketBytes);
    fill(session);
    session.birth();
    t.strictSame(
      session.cut.filter((name) => !left.test(name)),
      [],
      `${session.cut.length} left out at ${maxPacketBytes} bytes`,
    );
  }
});

t.test('no names, however short, would fit the whole node into a kilobyte: the standard requires type and time of each', async (t) => {
  const session = openSession(100_000);
  session.birth();
  const [birth] = session.sent;
  const leastNames = birth?.metrics.map((metric, i) => ({ ...metric, name: String.fromCharCode(0x21 + i), properties: undefined })) ?? [];
  t.ok(encodePayload({ metrics: leastNames }).length > 1_024, `${encodePayload({ metrics: leastNames }).length} bytes`);
});

t.test('a reading that no birth contains is counted as not reportable, and its frame is not sent as if it were', async (t) => {
  const { publisher, birth, sent } = openSession(1_024, [WIDE]);
  birth();
  const before = sent.length;
  t.equal(publisher.live(frame('W1.channel_0', 'W1.channel_79'), ROWS), undefined);
  t.equal(sent.length, before);
  t.match(publisher.live(frame('W1.channel_0'), ROWS), { readings: 1, leftOut: 0 });
  const history = publisher.history([row('W1.channel_0', 'W1.channel_79', 'W1.gone')], ROWS);
  t.match(history, { readings: 1, leftOut: 1, notConfigured: 1 });
  t.match(
    unsentGapTexts('e1', { rows: ROWS, frames: [row('W1.channel_79')] }, history).map((note) => JSON.parse(note) as object),
    [
      { from: 1, to: 1, readings: 1, reason: 'not-configured' },
      { from: 1, to: 1, readings: 1, reason: 'packet-limit' },
    ],
  );
});

t.test('what a smaller birth of the device contains again is sent as data again', async (t) => {
  let isFull = true;
  const { publisher, birth, cut } = openSession(1_024, [WIDE], (pointId) => (isFull ? reading(pointId) : undefined));
  birth();
  t.ok(cut.includes('channel_79'));
  publisher.deviceAlive('W1', false);
  isFull = false;
  cut.length = 0;
  publisher.deviceAlive('W1', true);
  const [known = ''] = WIDE.metrics
    .map(({ name }) => name)
    .filter((name) => !cut.includes(name))
    .slice(-1);
  t.match(publisher.live(frame(`W1.${known}` as Reading['pointId']), ROWS), { readings: 1, leftOut: 0 }, known);
});

t.test('a live reading that is older than the one in the birth is marked as historical; a wall clock set back marks none', async (t) => {
  const known = (atMono: number, atMs = NODE_START_MS + atMono): Reading => ({ ...reading('L01.level'), atMono, atMs });
  for (const bornMono of [1, 1_000, 600_000]) {
    const { publisher, birth, sent } = openSession(100_000, NODE_DEVICES, (pointId) =>
      pointId === 'L01.level' ? known(bornMono) : undefined,
    );
    birth();
    const isHistorical = (taken: Reading): boolean => {
      publisher.live({ ...frame(), readings: [taken] }, ROWS);
      return sent.at(-1)?.metrics.some((metric) => metric.isHistorical === true) === true;
    };
    t.equal(isHistorical(known(bornMono - 1)), true);
    t.equal(isHistorical(known(bornMono)), false, 'the one in the birth is not older than itself');
    t.equal(isHistorical(known(bornMono + 1)), false);
    t.equal(isHistorical(known(bornMono + 1, NODE_START_MS - 86_400_000)), false);
    t.equal(isHistorical({ ...reading('L01.power'), atMono: 0 }), false, 'no reading in the birth');
    const before = sent.length;
    publisher.live({ ...frame(), readings: [known(bornMono - 1), { ...reading('L01.power'), atMono: 0 }] }, ROWS);
    const flags = sent
      .slice(before)
      .map(({ metrics }) => metrics.filter((metric) => metric.isTransient !== true).map((m) => m.isHistorical === true));
    t.strictSame(flags, [[true], [false]], 'and the two never share a message');
  }
});

t.test('a long text does not push metrics out of a birth', async (t) => {
  const { birth, values, table, born, cut } = openSession(2_400, NODE_DEVICES.slice(2));
  const outcome = table.node.find(({ name }) => name === 'Command/Outcome');
  if (outcome === undefined) throw new Error('no such metric');
  values.put(outcome, { value: 'x'.repeat(1_500), quality: 'good', atMs: NODE_START_MS });
  birth();
  t.strictSame(cut, []);
  t.ok(born('NBIRTH').includes('Emergency/On'));
});

t.test(
  'the result of a command arrives whatever packet size the broker accepts: without its lamps, then with a shorter reason',
  async (t) => {
    const { publisher, birth, values, table, sent } = openSession(1_024);
    birth();
    const lamps: Outcome['lamps'] = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`L${i}`, 'failed' as const]));
    const outcome: Outcome = {
      commandId: 'a-1',
      target: { kind: 'zone', id: 'Z1' },
      levelPct: 80,
      state: 'failed',
      reason: msg`no reply`,
      lamps,
      source: 'platform',
      atMs: NODE_START_MS,
    };
    const send = (outcome: Outcome): Record<string, unknown>[] => {
      const before = sent.length;
      publisher.values(
        outcomeMetrics({ table, values, isSilent: () => false, maxTextBytes: publisher.maxTextBytes }, outcome, 'programme'),
      );
      const metrics = sent.slice(before).flatMap((message) => message.metrics);
      return metrics.map(({ value }) => JSON.parse(value?.kind === 'string' ? value.value : '{}') as Record<string, unknown>);
    };
    t.match(send({ ...outcome, lamps: { L1: 'failed' } }), [{ id: 'a-1', lamps: { L1: 'failed' } }]);
    t.strictSame(send(outcome), [{ id: 'a-1', target: 'Z1', state: 'failed', reason: 'no reply', level: 80, lamps: {} }]);
    t.match(send({ ...outcome, lamps: {}, isSaved: false }), [{ id: 'a-1', saved: false }], 'what the disk did not take');
    t.match(send({ ...outcome, reason: msg`${'é'.repeat(2_000)}` }), [{ id: 'a-1', state: 'failed', reason: /^é{100,}$/ }]);
  },
);
