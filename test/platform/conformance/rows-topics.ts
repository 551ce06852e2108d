/**
 * Rows on topics, ids and names. Source: Sparkplug 3.0.0 chapters 4, 6.
 */
import { type Evidence, metricsOf, type SparkplugMessage } from './evidence.ts';
import { type ConformanceRow, each, type RowFinding, rows } from './row.ts';

const NODE_VERBS = ['NBIRTH', 'NDATA', 'NDEATH', 'NCMD'];
const DEVICE_VERBS = ['DBIRTH', 'DDATA', 'DDEATH', 'DCMD'];

/** The text that names a message in a fault: its topic and its index in the log. */
export function where({ topic, at }: SparkplugMessage): string {
  return `${topic} (#${at})`;
}

/** Everything with a topic of this node: its publishes and its wills. */
function topical({ messages, connections }: Evidence): readonly SparkplugMessage[] {
  return [...connections.flatMap(({ will }) => (will === null ? [] : [will])), ...messages];
}

function withVerb(verb: string): (evidence: Evidence) => readonly SparkplugMessage[] {
  return (evidence) => [...topical(evidence), ...evidence.commands].filter((message) => message.verb === verb);
}

const onTopic =
  (verb: string) =>
  (evidence: Evidence): RowFinding => {
    const { group, node, devices } = evidence.setting;
    const allowed = NODE_VERBS.includes(verb)
      ? [`spBv1.0/${group}/${verb}/${node}`]
      : devices.map(({ id }) => `spBv1.0/${group}/${verb}/${node}/${id}`);
    return each(withVerb(verb)(evidence), (message) => !allowed.includes(message.topic) && `unexpected topic ${where(message)}`);
  };

/** Level `at` of each topic that has one. */
const idIsLegal =
  (at: number) =>
  (evidence: Evidence): RowFinding =>
    each(
      topical(evidence).filter(({ levels }) => levels.length > at),
      (message) => !isLegalId(message.levels[at] ?? '') && `illegal id in ${where(message)}`,
    );

/** Source: MQTT §1.5.4: U+0000 is forbidden, U+FFFD is what bad UTF-8 was read as. */
function isLegalId(id: string): boolean {
  return id !== '' && !['+', '/', '#', '\0', '\ufffd'].some((forbidden) => id.includes(forbidden));
}

function descriptorIsUnique({ connections, setting, others }: Evidence): RowFinding {
  const mine = `${setting.group}/${setting.node}`;
  if (others.some(({ levels }) => `${levels[1]}/${levels[3]}` === mine)) return { count: 1, faults: [`another edge node is ${mine} too`] };
  return each(connections, (connection) => {
    const names = new Set(connection.messages.map(({ levels }) => `${levels[1]}/${levels[3]}`));
    if (names.size > 1) return `connection ${connection.number} speaks for ${[...names].join(' and ')}`;
    const rival = connections.find(({ connectAt, closedAt }) => connectAt < connection.connectAt && closedAt > connection.connectAt);
    return rival !== undefined && `connections ${rival.number} and ${connection.number} are open at once under one descriptor`;
  });
}

/** Two devices under one id would show as two sets of metrics. */
function deviceIdIsUnique({ lives }: Evidence): RowFinding {
  return each(lives, ({ messages }) => {
    const shapes = new Map<string, string>();
    for (const message of messages.filter(({ verb }) => verb === 'DBIRTH')) {
      const shape = metricsOf(message)
        .map(({ name }) => name)
        .sort()
        .join('|');
      const before = shapes.get(message.device);
      if (before !== undefined && before !== shape) return `two sets of metrics were born as ${message.device}: ${where(message)}`;
      shapes.set(message.device, shape);
    }
    return false;
  });
}

function levelsOf(verbs: readonly string[], levels: number): (evidence: Evidence) => RowFinding {
  return (evidence) =>
    each(
      [...topical(evidence), ...evidence.commands].filter(({ verb }) => verbs.includes(verb)),
      (message) => message.levels.length !== levels && `${message.levels.length} levels in ${where(message)}`,
    );
}

function idsDifferByMoreThanCase({ setting, messages, others }: Evidence): RowFinding {
  const ids = {
    group: [setting.group, ...messages.map(({ levels }) => levels[1] ?? '')],
    node: [setting.node, ...messages.map(({ levels }) => levels[3] ?? ''), ...others.map(({ levels }) => levels[3] ?? '')],
    device: [...setting.devices.map(({ id }) => id), ...messages.flatMap(({ device }) => (device === '' ? [] : [device]))],
  };
  return each(Object.entries(ids), ([kind, all]) => clash([...new Set(all)], kind));
}

function namesDifferByMoreThanCase({ messages }: Evidence): RowFinding {
  const births = messages.filter(({ verb }) => verb === 'NBIRTH' || verb === 'DBIRTH');
  return each(births, (birth) => clash([...new Set(metricsOf(birth).map(({ name }) => name ?? ''))], where(birth)));
}

function clash(all: readonly string[], what: string): string | false {
  const seen = new Map<string, string>();
  for (const one of all) {
    const before = seen.get(one.toLowerCase());
    if (before !== undefined) return `${before} and ${one} differ by case alone: ${what}`;
    seen.set(one.toLowerCase(), one);
  }
  return false;
}

function sameDeviceElsewhere({ others, messages }: Evidence): RowFinding {
  const mine = new Set(messages.filter(({ verb }) => verb === 'DBIRTH').map(({ device }) => device));
  return each(
    others.filter(({ verb, device }) => verb === 'DBIRTH' && mine.has(device)),
    () => false,
  );
}

const everyTopic = (faultOf: (message: SparkplugMessage) => string | false) => (evidence: Evidence) => each(topical(evidence), faultOf);

export const TOPIC_ROWS: readonly ConformanceRow[] = [
  ...rows(
    'topic-structure',
    'topics are namespace/group/type/node[/device]',
    everyTopic((message) => {
      const { levels, verb } = message;
      const known = [...NODE_VERBS, ...DEVICE_VERBS].includes(verb);
      return (!known || levels.length < 4 || levels.length > 5 || levels.includes('')) && `not of this shape: ${where(message)}`;
    }),
  ),
  ...rows(
    'topic-structure-namespace-a',
    'the namespace is spBv1.0',
    everyTopic((message) => message.levels[0] !== 'spBv1.0' && `namespace of ${where(message)}`),
  ),
  ...rows('topic-structure-namespace-valid-group-id intro-group-id-string intro-group-id-chars', 'group id is legal UTF-8', idIsLegal(1)),
  ...rows(
    'topic-structure-namespace-valid-edge-node-id intro-edge-node-id-string intro-edge-node-id-chars',
    'edge node id is legal UTF-8',
    idIsLegal(3),
  ),
  ...rows(
    'topic-structure-namespace-valid-device-id intro-device-id-string intro-device-id-chars',
    'device id is legal UTF-8',
    idIsLegal(4),
  ),
  ...rows(
    'topic-structure-namespace-unique-edge-node-descriptor intro-edge-node-id-uniqueness payloads-nbirth-edge-node-descriptor',
    'group and node id are unique, one connection at a time',
    descriptorIsUnique,
  ),
  ...rows('topic-structure-namespace-unique-device-id', 'device id is unique under its edge node', deviceIdIsUnique),
  ...rows(
    'topic-structure-namespace-duplicate-device-id-across-edge-node',
    'the same device id may exist under another edge node',
    sameDeviceElsewhere,
    { level: 'may' },
  ),
  ...rows('topic-structure-namespace-device-id-associated-message-types', 'D… topics carry the device', levelsOf(DEVICE_VERBS, 5)),
  ...rows('topic-structure-namespace-device-id-non-associated-message-types', 'N… topics do not', levelsOf(NODE_VERBS, 4)),
  ...rows('case-sensitivity-sparkplug-ids', 'no two ids differ by case alone', idsDifferByMoreThanCase, { level: 'should' }),
  ...rows('case-sensitivity-metric-names', 'no two metric names differ by case alone', namesDifferByMoreThanCase, { level: 'should' }),
  ...rows('topics-nbirth-topic message-flow-edge-node-birth-publish-nbirth-topic', 'spBv1.0/G/NBIRTH/E', onTopic('NBIRTH')),
  ...rows('topics-ndata-topic', 'spBv1.0/G/NDATA/E', onTopic('NDATA')),
  ...rows('topics-ndeath-topic', 'spBv1.0/G/NDEATH/E', onTopic('NDEATH')),
  ...rows('topics-ncmd-topic', 'spBv1.0/G/NCMD/E', onTopic('NCMD')),
  ...rows('topics-dbirth-topic message-flow-device-birth-publish-dbirth-topic', 'spBv1.0/G/DBIRTH/E/D', onTopic('DBIRTH')),
  ...rows('topics-ddata-topic', 'spBv1.0/G/DDATA/E/D', onTopic('DDATA')),
  ...rows('topics-ddeath-topic', 'spBv1.0/G/DDEATH/E/D', onTopic('DDEATH')),
  ...rows('topics-dcmd-topic', 'spBv1.0/G/DCMD/E/D', onTopic('DCMD')),
];
