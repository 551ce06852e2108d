import t from 'tap';
import { encodePayload, type Metric } from '../../../../agent/sync/sparkplug/codec.ts';
import { payloadRoom, splitMetrics } from '../../../../agent/sync/sparkplug/packet-limit.ts';

t.test('messages of the longest values, stale doubles sent late, fit into every packet limit', async (t) => {
  const topic = 'spBv1.0/Angers/DDATA/c1/L01';
  const metric: Metric = {
    ...{ alias: 2 ** 21, timestampMs: Date.parse('2100-01-01T00:00:00Z'), datatype: 10, isHistorical: true },
    value: { kind: 'double', value: 1 / 3 },
    properties: [{ key: 'Quality', type: 3, value: { kind: 'int', value: 500 } }],
  };
  for (const maxPacketBytes of [400, 1_024, 4_096, 65_536])
    for (const part of splitMetrics(Array<Metric>(300).fill(metric), topic, maxPacketBytes)) {
      const bytes = encodePayload({ timestampMs: metric.timestampMs, seq: 255, metrics: part }).length;
      t.ok(bytes <= payloadRoom(topic, maxPacketBytes), `${bytes} bytes for ${part.length} values at ${maxPacketBytes}`);
    }
});
