import type { ISubscribePacket } from 'mqtt-packet';
import t from 'tap';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { toLong } from '../../../agent/sync/sparkplug/codec.ts';
import { findProgram } from '../mosquitto.ts';
import { isPacket } from '../wire-log.ts';
import { check } from './checker.ts';
import type { Recording } from './evidence.ts';
import {
  connect,
  type Defect,
  isFromClient,
  metric,
  moveBefore,
  nth,
  payload,
  publish,
  publishes,
  remove,
  replace,
  will,
  willPayload,
  with_,
} from './mutate.ts';
import { PROCEDURES, play } from './procedures.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;

const boolean = (value: boolean) => ({ kind: 'boolean' as const, value });
const sub =
  (topic: string, qos: 0 | 1 | 2): Defect =>
  (events) => {
    const old = nth(
      events,
      0,
      (event) => isFromClient('subscribe')(event) && (event.packet as ISubscribePacket).subscriptions.some((s) => s.topic.includes(topic)),
    );
    const packet = old.packet as ISubscribePacket;
    return replace(old, { ...packet, subscriptions: packet.subscriptions.map((s) => (s.topic.includes(topic) ? { ...s, qos } : s)) })(
      events,
    );
  };

/** The defect, the procedure whose recording gets it, and the rows that must fail: these and no others. */
const table: readonly (readonly [defect: string, procedure: string, make: Defect, rows: string])[] = [
  [
    'NBIRTH at QoS 1',
    'B session termination, MQTT 5',
    publish('NBIRTH', 0, { qos: 1 }),
    'message-flow-edge-node-birth-publish-nbirth-qos own-qos-0-not-retained payloads-nbirth-qos topics-nbirth-mqtt',
  ],
  [
    'a retained DBIRTH',
    'B session termination, MQTT 5',
    publish('DBIRTH/c1/L01', 0, { retain: true }),
    'message-flow-device-birth-publish-dbirth-retained own-qos-0-not-retained payloads-dbirth-retain topics-dbirth-mqtt',
  ],
  [
    'a DDATA lost between node and wire: a hole in seq',
    'C send data',
    (events) => remove(nth(events, 0, publishes('DDATA/c1/L01')))(events),
    'payloads-ddata-seq-inc payloads-sequence-num-incrementing',
  ],
  [
    'seq 1 in NBIRTH',
    'A session establishment, MQTT 5',
    payload('NBIRTH', 0, (p) => ({ ...p, seq: 1 })),
    'payloads-dbirth-seq-inc payloads-sequence-num-incrementing topics-nbirth-seq-num',
  ],
  [
    'no seq in NBIRTH',
    'A session establishment, MQTT 5',
    payload('NBIRTH', 0, (p) => ({ ...p, seq: undefined })),
    'message-flow-edge-node-birth-publish-nbirth-payload-seq own-seq-zero-on-the-wire payloads-dbirth-seq-inc payloads-nbirth-seq payloads-sequence-num-always-included payloads-sequence-num-incrementing payloads-sequence-num-req-nbirth topics-nbirth-seq-num',
  ],
  [
    'seq in NDEATH',
    'B session termination, MQTT 5',
    payload('NDEATH', 0, (p) => ({ ...p, seq: 9 })),
    'payloads-ndeath-seq topics-ndeath-seq',
  ],
  [
    'no seq in DDEATH',
    'B session termination, MQTT 5',
    payload('DDEATH', 0, (p) => ({ ...p, seq: undefined })),
    'own-ddeath-seq-chain payloads-ddeath-seq payloads-ddeath-seq-inc payloads-ddeath-seq-number payloads-sequence-num-always-included payloads-sequence-num-incrementing topics-ddeath-seq-num',
  ],
  [
    'two devices share an alias',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/L02', 0, 'level', (m) => ({ ...m, alias: 1 })),
    'payloads-alias-uniqueness',
  ],
  [
    'an alias on Rebirth',
    'A session establishment, MQTT 5',
    metric('NBIRTH', 0, 'Node Control/Rebirth', (m) => ({ ...m, alias: 900 })),
    'operational-behavior-data-commands-rebirth-name-aliases',
  ],
  [
    'Rebirth is true',
    'A session establishment, MQTT 5',
    metric('NBIRTH', 0, 'Node Control/Rebirth', (m) => ({ ...m, value: boolean(true) })),
    'operational-behavior-data-commands-rebirth-value payloads-nbirth-rebirth-req topics-nbirth-rebirth-metric',
  ],
  [
    'no Rebirth',
    'A session establishment, MQTT 5',
    metric('NBIRTH', 0, 'Node Control/Rebirth', () => null),
    'operational-behavior-data-commands-rebirth-datatype operational-behavior-data-commands-rebirth-name operational-behavior-data-commands-rebirth-name-aliases operational-behavior-data-commands-rebirth-value payloads-nbirth-rebirth-req topics-nbirth-rebirth-metric',
  ],
  [
    'no bdSeq in NBIRTH',
    'A session establishment, MQTT 5',
    metric('NBIRTH', 0, 'bdSeq', () => null),
    'message-flow-edge-node-birth-publish-nbirth-payload-bdSeq own-bdseq-int64 payloads-nbirth-bdseq payloads-nbirth-bdseq-repeat topics-nbirth-bdseq-included topics-nbirth-bdseq-matching',
  ],
  [
    'bdSeq is Int32 in NBIRTH',
    'A session establishment, MQTT 5',
    metric('NBIRTH', 0, 'bdSeq', (m) => ({ ...m, datatype: 3 })),
    'message-flow-edge-node-birth-publish-nbirth-payload-bdSeq operational-behavior-data-publish-nbirth-values own-bdseq-int64 own-value-fits-type',
  ],
  [
    'bdSeq does not count on',
    'F primary host',
    willPayload(1, (p) => ({ ...p, metrics: p.metrics.map((m) => ({ ...m, value: toLong(0) })) })),
    'payloads-nbirth-bdseq-repeat payloads-ndeath-bdseq topics-nbirth-bdseq-increment topics-nbirth-bdseq-matching',
  ],
  [
    'no will',
    'A session establishment, MQTT 5',
    connect(0, ({ will: _, ...rest }) => rest),
    'message-flow-edge-node-birth-publish-will-message message-flow-edge-node-birth-publish-will-message-payload message-flow-edge-node-birth-publish-will-message-payload-bdSeq message-flow-edge-node-birth-publish-will-message-qos message-flow-edge-node-birth-publish-will-message-topic message-flow-edge-node-birth-publish-will-message-will-retained payloads-nbirth-bdseq-repeat payloads-ndeath-bdseq payloads-ndeath-will-message payloads-ndeath-will-message-qos payloads-ndeath-will-message-retain topics-nbirth-bdseq-increment topics-nbirth-bdseq-matching',
  ],
  [
    'will at QoS 0',
    'A session establishment, MQTT 5',
    will(0, { qos: 0 }),
    'message-flow-edge-node-birth-publish-will-message-qos payloads-ndeath-will-message-qos',
  ],
  [
    'a retained will',
    'A session establishment, MQTT 5',
    will(0, { retain: true }),
    'message-flow-edge-node-birth-publish-will-message-will-retained payloads-ndeath-will-message-retain',
  ],
  [
    'will on a foreign topic',
    'A session establishment, MQTT 5',
    will(0, { topic: 'spBv1.0/angers/NDEATH/c7' }),
    'message-flow-edge-node-birth-publish-will-message-topic topics-ndeath-topic',
  ],
  [
    'will is JSON',
    'A session establishment, MQTT 5',
    will(0, { payload: Buffer.from('{"bdSeq":0}') }),
    'message-flow-edge-node-birth-publish-will-message-payload message-flow-edge-node-birth-publish-will-message-payload-bdSeq own-bdseq-int64 payloads-nbirth-bdseq-repeat payloads-ndeath-bdseq payloads-ndeath-will-message topics-nbirth-bdseq-increment topics-nbirth-bdseq-matching topics-ndeath-payload',
  ],
  [
    'session expiry of five minutes',
    'A session establishment, MQTT 5',
    connect(0, (c) => ({ ...c, properties: { sessionExpiryInterval: 300 } })),
    'principles-persistence-clean-session-50',
  ],
  [
    'no clean session in 3.1.1',
    'A session establishment, MQTT 3.1.1',
    connect(0, (c) => ({ ...c, clean: false })),
    'principles-persistence-clean-session-311',
  ],
  ['NCMD at QoS 0', 'A session establishment, MQTT 5', sub('NCMD', 0), 'message-flow-edge-node-ncmd-subscribe own-subscribe-qos-1'],
  ['DCMD at QoS 0', 'A session establishment, MQTT 5', sub('DCMD', 0), 'message-flow-device-dcmd-subscribe own-subscribe-qos-1'],
  [
    'births do not wait for SUBACK',
    'A session establishment, MQTT 5',
    (events) => {
      const nbirth = nth(events, 0, publishes('NBIRTH'));
      const subacks = events.filter((event) => isPacket(event, 'server', 'suback') && event.connection === nbirth.connection);
      return subacks.reduce<readonly (typeof events)[number][]>(
        (all, suback) => moveBefore(nbirth, nth(all, 0, publishes('DBIRTH')))(moveBefore(suback, nth(all, -1, publishes('DBIRTH')))(all)),
        events,
      );
    },
    'own-suback-before-nbirth',
  ],
  [
    'DISCONNECT with reason 0',
    'B session termination, MQTT 5',
    (events) => {
      const old = nth(events, 0, isFromClient('disconnect'));
      return replace(old, { cmd: 'disconnect', reasonCode: 0 })(events);
    },
    'payloads-ndeath-will-message-publisher-disconnect-mqtt50',
  ],
  [
    'no NDEATH before DISCONNECT',
    'B session termination, MQTT 3.1.1',
    (events) => remove(nth(events, 0, publishes('NDEATH')))(events),
    'operational-behavior-edge-node-intentional-disconnect-ndeath payloads-ndeath-will-message-publisher payloads-ndeath-will-message-publisher-disconnect-mqtt311',
  ],
  [
    'no DDEATH of a lost device',
    'D send complex data',
    (events) => remove(nth(events, 0, publishes('DDEATH/c1/L01')))(events),
    'operational-behavior-device-ddeath payloads-ddata-seq-inc payloads-sequence-num-incrementing',
  ],
  [
    'a metric without timestamp',
    'C send data',
    metric('DDATA/c1/M1', 0, 0, (m) => ({ ...m, timestampMs: undefined })),
    'operational-behavior-data-publish-dbirth-order payloads-metric-timestamp-in-UTC payloads-name-birth-data-requirement',
  ],
  [
    'a metric in local time',
    'C send data',
    metric('DDATA/c1/M1', 0, 0, (m) => ({ ...m, timestampMs: (m.timestampMs ?? 0) + HOUR_MS })),
    'operational-behavior-data-publish-dbirth-order payloads-metric-timestamp-in-UTC',
  ],
  [
    'payload time in seconds',
    'C send data',
    payload('NDATA', 0, (p) => ({ ...p, timestampMs: Math.round((p.timestampMs ?? 0) / 1_000) })),
    'payloads-ndata-timestamp payloads-timestamp-in-UTC topics-ndata-timestamp',
  ],
  ['a datatype in DATA', 'C send data', metric('DDATA/c1/M1', 0, 0, (m) => ({ ...m, datatype: 4 })), 'payloads-metric-datatype-not-req'],
  [
    'a name beside the alias',
    'C send data',
    metric('DDATA/c1/M1', 0, 0, (m) => ({ ...m, name: 'energy' })),
    'payloads-alias-data-cmd-requirement',
  ],
  [
    'an alias that was not born',
    'C send data',
    metric('DDATA/c1/M1', 0, 0, (m) => ({ ...m, alias: 999 })),
    'operational-behavior-data-publish-dbirth own-value-fits-type payloads-name-requirement topics-dbirth-metric-reqs',
  ],
  [
    'neither value nor null in a birth',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/M1', 0, 'energy', (m) => ({ ...m, value: undefined })),
    'operational-behavior-data-publish-dbirth-values own-value-fits-type topics-dbirth-metrics',
  ],
  [
    'an Int64 in int_value',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/M1', 0, 'energy', (m) => ({ ...m, value: { kind: 'int', value: 5 } })),
    'operational-behavior-data-publish-dbirth-values own-value-fits-type',
  ],
  [
    'no datatype in a birth',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/M1', 0, 'energy', (m) => ({ ...m, datatype: undefined })),
    'operational-behavior-data-publish-dbirth-values own-value-fits-type payloads-metric-datatype-req topics-dbirth-metrics',
  ],
  [
    'datatype 99',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/M1', 0, 'energy', (m) => ({ ...m, datatype: 99 })),
    'operational-behavior-data-publish-dbirth-values own-value-fits-type payloads-metric-datatype-value',
  ],
  [
    'names that differ by case',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/L01', 0, 'power', (m) => ({ ...m, name: 'Level' })),
    'case-sensitivity-metric-names',
  ],
  [
    'a name twice',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/L01', 0, 'power', (m) => ({ ...m, name: 'level' })),
    'own-unique-metric-names',
  ],
  [
    'Quality 100',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/L01', 0, 'power', (m) => ({ ...m, properties: [{ key: 'Quality', type: 3, value: { kind: 'int', value: 100 } }] })),
    'payloads-propertyset-quality-value-value',
  ],
  [
    'Quality as Int64',
    'A session establishment, MQTT 5',
    metric('DBIRTH/c1/L01', 0, 'power', (m) => ({ ...m, properties: [{ key: 'Quality', type: 4, value: toLong(192) }] })),
    'payloads-propertyset-quality-value-type payloads-propertyset-quality-value-value',
  ],
  [
    'namespace spAv1.0',
    'C send data',
    publish('DDATA/c1/M1', 0, { topic: 'spAv1.0/angers/DDATA/c1/M1' }),
    'topic-structure-namespace-a topics-ddata-topic',
  ],
  [
    'a device id with a wildcard',
    'C send data',
    publish('DDATA/c1/M1', 0, { topic: 'spBv1.0/angers/DDATA/c1/M+' }),
    'intro-device-id-chars intro-device-id-string operational-behavior-data-publish-dbirth own-known-devices own-value-fits-type payloads-name-requirement topic-structure-namespace-valid-device-id topics-dbirth-metric-reqs topics-ddata-topic',
  ],
  [
    'NDATA under a device',
    'C send data',
    publish('NDATA', 0, { topic: 'spBv1.0/angers/NDATA/c1/L01' }),
    'operational-behavior-data-publish-nbirth own-value-fits-type payloads-name-requirement topic-structure-namespace-device-id-non-associated-message-types topics-nbirth-metric-reqs topics-ndata-topic',
  ],
  [
    'a payload cut short',
    'C send data',
    publish('NBIRTH', 0, { payload: Buffer.from([0x12, 0xff]) }),
    'message-flow-edge-node-birth-publish-nbirth-payload message-flow-edge-node-birth-publish-nbirth-payload-bdSeq message-flow-edge-node-birth-publish-nbirth-payload-seq operational-behavior-data-commands-rebirth-datatype operational-behavior-data-commands-rebirth-name operational-behavior-data-commands-rebirth-name-aliases operational-behavior-data-commands-rebirth-value operational-behavior-data-publish-nbirth own-bdseq-int64 own-seq-zero-on-the-wire own-value-fits-type payloads-dbirth-seq-inc payloads-name-requirement payloads-nbirth-bdseq payloads-nbirth-bdseq-repeat payloads-nbirth-rebirth-req payloads-nbirth-seq payloads-nbirth-timestamp payloads-sequence-num-always-included payloads-sequence-num-incrementing payloads-sequence-num-req-nbirth payloads-timestamp-in-UTC topics-nbirth-bdseq-included topics-nbirth-bdseq-matching topics-nbirth-metric-reqs topics-nbirth-rebirth-metric topics-nbirth-seq-num topics-nbirth-timestamp',
  ],
  [
    'DDATA before all devices are born',
    'C send data',
    (events) => moveBefore(nth(events, 0, publishes('DBIRTH/c1/Z1')), nth(events, 1, publishes('DDATA/c1/L01')))(events),
    'payloads-dbirth-order payloads-dbirth-seq-inc payloads-ddata-order payloads-ddata-seq-inc payloads-ndata-order payloads-ndata-seq-inc payloads-sequence-num-incrementing',
  ],
  [
    'a rebirth without one device',
    'E receive command',
    (events) => remove(nth(events, 1, publishes('DBIRTH/c1/M1')))(events),
    'operational-behavior-data-commands-rebirth-action-2 payloads-dbirth-order payloads-dbirth-seq-inc payloads-sequence-num-incrementing',
  ],
  [
    'a rebirth with another alias',
    'E receive command',
    metric('DBIRTH/c1/M1', 1, 'energy', (m) => ({ ...m, alias: 700 })),
    'own-rebirth-is-the-same',
  ],
  ['NCMD retained by the host', 'E receive command', publish('NCMD', 1, { retain: true }), 'payloads-ncmd-retain topics-ncmd-mqtt'],
  [
    'DCMD of a wrong type',
    'E receive command',
    metric('DCMD', -2, 0, (m) => ({ ...m, value: boolean(true) })),
    'operational-behavior-data-commands-dcmd-metric-value',
  ],
  [
    'birth before the host is online',
    'A session establishment, MQTT 5',
    (events) =>
      remove(
        ...events.filter(
          (event) => isPacket(event, 'server', 'publish') && event.packet.cmd === 'publish' && event.packet.topic.includes('STATE'),
        ),
      )(events),
    'message-flow-edge-node-birth-publish-phid-wait',
  ],
  [
    'no death when the host goes offline',
    'F primary host',
    (events) => remove(nth(events, -1, publishes('NDEATH')), nth(events, -1, isFromClient('disconnect')))(events),
    'message-flow-edge-node-birth-publish-phid-offline operational-behavior-edge-node-termination-host-offline',
  ],
  [
    'the server is not left in turn',
    'G several servers',
    (events) => events.map((event) => (event.kind !== 'mark' && event.server === 'server 2' ? { ...event, server: 'server 1' } : event)),
    'message-flow-edge-node-birth-publish-phid-wait message-flow-edge-node-birth-publish-phid-wait-timestamp operational-behavior-edge-node-birth-sequence-wait operational-behavior-edge-node-termination-host-offline-reconnect operational-behavior-primary-application-state-with-multiple-servers-walk',
  ],
  [
    'a value sent twice',
    'C send data',
    (events) => {
      const first = nth(events, 2, publishes('DDATA/c1/L01'));
      const again = nth(events, 3, publishes('DDATA/c1/L01'));
      const value = first.packet.cmd === 'publish' ? first.packet.payload : '';
      return again.packet.cmd === 'publish'
        ? payload('DDATA/c1/L01', 3, (p) => p)(replace(again, { ...again.packet, payload: value })(events))
        : events;
    },
    'operational-behavior-data-publish-dbirth-change payloads-ddata-seq-inc payloads-sequence-num-incrementing principles-rbe-recommended',
  ],
];

t.test('each defect fails the rows that name it, and no others', { skip }, async (t) => {
  const recordings = new Map<string, Recording>();
  for (const [defect, procedure, make, rows] of table) {
    let recording = recordings.get(procedure);
    if (recording === undefined) {
      const found = PROCEDURES.find(({ name }) => name === procedure);
      if (found === undefined) throw new Error(`no procedure ${procedure}`);
      recording = (await play(found, program as string)).recordings[0] as Recording;
      recordings.set(procedure, recording);
    }
    const failed = check([with_(recording, make)], { isPartial: true }).filter(({ verdict }) => verdict === 'fail');
    const ids = failed.map(({ row }) => row.id).sort();
    t.strictSame(ids, rows.split(/\s+/).sort(), defect);
  }
});
