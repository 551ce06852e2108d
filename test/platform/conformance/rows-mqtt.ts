/**
 * Rows on MQTT itself: session, will, QoS, retain, subscriptions, disconnect. Source: Sparkplug 3.0.0 chapters 2, 4, 5, 6.
 */
import type { EdgeConnection, Evidence, SparkplugMessage } from './evidence.ts';
import { type ConformanceRow, each, type RowFinding, rows } from './row.ts';
import { where } from './rows-topics.ts';

/** Source: MQTT 5 §3.14.2.1, disconnect with will message. */
const WITH_WILL = 0x04;

const connectionsOf =
  (protocol: 4 | 5 | 'any') =>
  ({ connections }: Evidence): readonly EdgeConnection[] =>
    connections.filter(({ connect }) => protocol === 'any' || connect.protocolVersion === protocol);

const eachConnection = (faultOf: (connection: EdgeConnection, evidence: Evidence) => string | false, protocol: 4 | 5 | 'any' = 'any') => {
  return (evidence: Evidence): RowFinding =>
    each(connectionsOf(protocol)(evidence), (connection) => {
      const fault = faultOf(connection, evidence);
      return fault && `connection ${connection.number}: ${fault}`;
    });
};

const eachWill = (faultOf: (will: SparkplugMessage, evidence: Evidence) => string | false) =>
  eachConnection(({ will }, evidence) => (will === null ? 'CONNECT has no will' : faultOf(will, evidence)));

const flags = (verb: string, isCommand = false) => ({
  both: (evidence: Evidence): RowFinding =>
    each(ofVerb(evidence, verb, isCommand), (m) => (m.qos !== 0 || m.retain) && `QoS ${m.qos}, retain ${m.retain}: ${where(m)}`),
  qos: (evidence: Evidence): RowFinding => each(ofVerb(evidence, verb, isCommand), (m) => m.qos !== 0 && `QoS ${m.qos}: ${where(m)}`),
  retain: (evidence: Evidence): RowFinding => each(ofVerb(evidence, verb, isCommand), (m) => m.retain && `retained: ${where(m)}`),
});

function ofVerb({ messages, commands }: Evidence, verb: string, isCommand: boolean): readonly SparkplugMessage[] {
  return (isCommand ? commands : messages).filter((message) => message.verb === verb);
}

function flagRows(
  verb: string,
  { bothIds, qosIds, retainIds }: Readonly<Record<'bothIds' | 'qosIds' | 'retainIds', string>>,
): ConformanceRow[] {
  const isCommand = verb.endsWith('CMD');
  const { both, qos, retain } = flags(verb, isCommand);
  const who = isCommand ? 'the host sends ' : '';
  return [
    ...rows(bothIds, `${who}${verb} at QoS 0, not retained`, both),
    ...(qosIds === '' ? [] : rows(qosIds, `${who}${verb} at QoS 0`, qos)),
    ...(retainIds === '' ? [] : rows(retainIds, `${who}${verb} not retained`, retain)),
  ];
}

/** Whether the filter, asked for with QoS 1, was sent before place `at` of the log. */
function subscribedBefore({ subscriptions }: EdgeConnection, filters: readonly string[], at: number): boolean {
  return subscriptions.some((asked) => filters.includes(asked.topic) && asked.qos === 1 && asked.at < at);
}

function ncmdSubscribed({ lives, setting: { group, node } }: Evidence): RowFinding {
  const filter = `spBv1.0/${group}/NCMD/${node}`;
  return each(
    lives,
    ({ connection, nbirth }) =>
      !subscribedBefore(connection, [filter], nbirth.at) && `no SUBSCRIBE to ${filter} at QoS 1 before ${where(nbirth)}`,
  );
}

function dcmdSubscribed({ lives, setting: { group, node, devices } }: Evidence): RowFinding {
  const writable = new Set(devices.filter(({ isWritable }) => isWritable).map(({ id }) => id));
  const births = lives.flatMap(({ connection, messages }) =>
    messages.filter(({ verb, device }) => verb === 'DBIRTH' && writable.has(device)).map((birth) => ({ connection, birth })),
  );
  const prefix = `spBv1.0/${group}/DCMD/${node}`;
  return each(births, ({ connection, birth }) => {
    const filters = [`${prefix}/${birth.device}`, `${prefix}/+`, `${prefix}/#`];
    return !subscribedBefore(connection, filters, birth.at) && `no SUBSCRIBE to its DCMD at QoS 1 before ${where(birth)}`;
  });
}

function acceptedBeforeBirths({ lives }: Evidence): RowFinding {
  return each(
    lives.flatMap(({ connection, messages }) =>
      messages.filter(({ verb }) => verb.endsWith('BIRTH')).map((birth) => ({ connection, birth })),
    ),
    ({ connection, birth }) => connection.acceptedAt > birth.at && `${where(birth)} before CONNACK`,
  );
}

/** If the node publishes its own death, this is its last message before DISCONNECT. */
function deathBefore(protocol: 4 | 5 | 'any'): (evidence: Evidence) => RowFinding {
  return (evidence) =>
    each(
      connectionsOf(protocol)(evidence).filter(({ disconnect }) => disconnect !== null),
      ({ number, messages, disconnect }) => {
        const last = messages.filter(({ at }) => at < (disconnect?.at ?? 0)).at(-1);
        return last?.verb !== 'NDEATH' && `connection ${number}: DISCONNECT after ${last === undefined ? 'nothing' : where(last)}`;
      },
    );
}

/** Every stop requested by the test ends the open connection with a death. */
function stopsWithDeath({ marks, connections }: Evidence): RowFinding {
  return each(
    marks.filter(({ name }) => name === 'stop-node'),
    ({ at }) => {
      const open = connections.find(({ acceptedAt, closedAt }) => acceptedAt < at && closedAt > at);
      if (open === undefined) return false;
      return !open.messages.some((m) => m.verb === 'NDEATH' && m.at > at) && `connection ${open.number} stopped without NDEATH`;
    },
  );
}

export const MQTT_ROWS: readonly ConformanceRow[] = [
  ...rows(
    'principles-persistence-clean-session-311',
    'MQTT 3.1.1: Clean Session',
    eachConnection(({ connect }) => connect.clean !== true && 'session is not clean', 4),
  ),
  ...rows(
    'principles-persistence-clean-session-50',
    'MQTT 5: Clean Start, Session Expiry 0',
    eachConnection(({ connect }) => {
      if (connect.clean !== true) return 'start is not clean';
      const expiry = connect.properties?.sessionExpiryInterval ?? 0;
      return expiry !== 0 && `session expiry ${expiry}`;
    }, 5),
  ),
  ...rows('message-flow-edge-node-birth-publish-connect', 'CONNACK before any birth', acceptedBeforeBirths),
  ...rows(
    'message-flow-edge-node-birth-publish-will-message',
    'CONNECT carries a will',
    eachWill(() => false),
  ),
  ...rows(
    'payloads-ndeath-will-message',
    'the will is an NDEATH',
    eachWill(({ verb, payload }) => (verb !== 'NDEATH' || payload === null) && `will on ${verb}`),
  ),
  ...rows(
    'message-flow-edge-node-birth-publish-will-message-topic',
    'will topic is the NDEATH topic',
    eachWill(({ topic }, { setting: { group, node } }) => topic !== `spBv1.0/${group}/NDEATH/${node}` && `will topic ${topic}`),
  ),
  ...rows(
    'message-flow-edge-node-birth-publish-will-message-payload',
    'will payload is Sparkplug protobuf',
    eachWill(({ payload, problem }) => payload === null && `will payload: ${problem}`),
  ),
  ...rows(
    'message-flow-edge-node-birth-publish-will-message-qos payloads-ndeath-will-message-qos',
    'will QoS 1',
    eachWill(({ qos }) => qos !== 1 && `will QoS ${qos}`),
  ),
  ...rows(
    'message-flow-edge-node-birth-publish-will-message-will-retained payloads-ndeath-will-message-retain',
    'will not retained',
    eachWill(({ retain }) => retain && 'will is retained'),
  ),
  ...rows('message-flow-edge-node-ncmd-subscribe', 'NCMD subscribed with QoS 1 before NBIRTH', ncmdSubscribed),
  ...rows('message-flow-device-dcmd-subscribe', 'DCMD of a writable device subscribed with QoS 1 before its DBIRTH', dcmdSubscribed),
  ...flagRows('NBIRTH', {
    bothIds: 'topics-nbirth-mqtt',
    qosIds: 'payloads-nbirth-qos message-flow-edge-node-birth-publish-nbirth-qos',
    retainIds: 'payloads-nbirth-retain message-flow-edge-node-birth-publish-nbirth-retained',
  }),
  ...flagRows('DBIRTH', {
    bothIds: 'topics-dbirth-mqtt',
    qosIds: 'payloads-dbirth-qos message-flow-device-birth-publish-dbirth-qos',
    retainIds: 'payloads-dbirth-retain message-flow-device-birth-publish-dbirth-retained',
  }),
  ...flagRows('NDATA', { bothIds: 'topics-ndata-mqtt', qosIds: 'payloads-ndata-qos', retainIds: 'payloads-ndata-retain' }),
  ...flagRows('DDATA', { bothIds: 'topics-ddata-mqtt', qosIds: 'payloads-ddata-qos', retainIds: 'payloads-ddata-retain' }),
  ...flagRows('DDEATH', { bothIds: 'topics-ddeath-mqtt', qosIds: '', retainIds: '' }),
  ...flagRows('NCMD', { bothIds: 'topics-ncmd-mqtt', qosIds: 'payloads-ncmd-qos', retainIds: 'payloads-ncmd-retain' }),
  ...flagRows('DCMD', { bothIds: 'topics-dcmd-mqtt', qosIds: 'payloads-dcmd-qos', retainIds: 'payloads-dcmd-retain' }),
  ...rows('operational-behavior-edge-node-intentional-disconnect-ndeath', 'a wanted disconnect publishes NDEATH', stopsWithDeath),
  ...rows(
    'operational-behavior-edge-node-intentional-disconnect-packet',
    'DISCONNECT may follow it',
    (evidence) =>
      each(
        connectionsOf('any')(evidence).filter(({ disconnect }) => disconnect !== null),
        () => false,
      ),
    { level: 'may' },
  ),
  ...rows('payloads-ndeath-will-message-publisher', 'NDEATH before DISCONNECT', deathBefore('any'), { level: 'should' }),
  ...rows('payloads-ndeath-will-message-publisher-disconnect-mqtt311', 'MQTT 3.1.1: NDEATH before DISCONNECT', deathBefore(4)),
  ...rows('payloads-ndeath-will-message-publisher-disconnect-mqtt50', 'MQTT 5: DISCONNECT with reason 0x04', (evidence) =>
    each(
      connectionsOf(5)(evidence).filter(({ disconnect }) => disconnect !== null),
      ({ number, disconnect }) => disconnect?.reasonCode !== WITH_WILL && `connection ${number}: reason ${disconnect?.reasonCode}`,
    ),
  ),
];
