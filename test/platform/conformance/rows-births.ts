/**
 * Rows on births and deaths: order, content, bdSeq. Source: Sparkplug 3.0.0 chapters 4, 5, 6.
 */
import type { WireMetric } from '../wire-reader.ts';
import { type Evidence, type Life, metricsOf, type SparkplugMessage } from './evidence.ts';
import { eachReported, labelOf, reportedIn, unborn, valueFault } from './lives.ts';
import { type ConformanceRow, each, type RowFinding, rows } from './row.ts';
import { where } from './rows-topics.ts';

/** Source: Sparkplug 3.0.0 §6.4.16. */
const INT64 = 4;
const BOOLEAN = 11;
const REBIRTH = 'Node Control/Rebirth';

const births =
  (verb: string) =>
  ({ messages }: Evidence): readonly SparkplugMessage[] =>
    messages.filter((message) => message.verb === verb);

const eachMessage =
  (verb: string, faultOf: (message: SparkplugMessage) => string | false) =>
  (evidence: Evidence): RowFinding =>
    each(births(verb)(evidence), (message) => {
      const fault = faultOf(message);
      return fault && `${fault}: ${where(message)}`;
    });

function firstWords(evidence: Evidence): RowFinding {
  return each(
    evidence.connections.filter(({ messages }) => messages.some(({ verb }) => !verb.endsWith('DEATH'))),
    ({ messages }) => {
      const first = messages.find(({ verb }) => !verb.endsWith('DEATH'));
      return first !== undefined && first.verb !== 'NBIRTH' && `${where(first)} before NBIRTH`;
    },
  );
}

/** Messages of these verbs are sent only after the births of the node and of all devices that answered. */
const afterAllBirths =
  (...verbs: readonly string[]) =>
  (evidence: Evidence): RowFinding => {
    const early = evidence.connections.flatMap(({ messages }) => {
      const first = messages.find(({ verb }) => verb === 'NBIRTH')?.at ?? Number.POSITIVE_INFINITY;
      return messages.filter(({ verb, at }) => verbs.includes(verb) && at < first);
    });
    const data = evidence.lives.flatMap((life) =>
      life.messages.filter(({ verb }) => verbs.includes(verb)).map((message) => ({ life, message })),
    );
    const found = each(data, ({ life, message }) => {
      const missing = unborn(evidence, life, message.at);
      return missing.length > 0 && `${where(message)} before the birth of ${missing.join(', ')}`;
    });
    return { count: found.count + early.length, faults: [...found.faults, ...early.map((m) => `${where(m)} before NBIRTH`)] };
  };

/** Each device that answered is born at once; one that is born later was silent before, or is born only to deliver its history. */
function devicesFollow(evidence: Evidence): RowFinding {
  return each(evidence.lives, (life) => {
    const end = life.messages.find(({ verb }) => verb !== 'NBIRTH' && verb !== 'DBIRTH')?.at ?? Number.POSITIVE_INFINITY;
    const missing = unborn(evidence, life, end);
    return missing.length > 0 && `${missing.join(', ')} not born right after ${where(life.nbirth)}`;
  });
}

function nodeBornFirst({ connections }: Evidence): RowFinding {
  return each(
    connections.flatMap(({ messages }) => messages.filter(({ verb }) => verb === 'DBIRTH').map((birth) => ({ messages, birth }))),
    ({ messages, birth }) => !messages.some((m) => m.verb === 'NBIRTH' && m.at < birth.at) && `${where(birth)} without NBIRTH`,
  );
}

function sameNode({ lives }: Evidence): RowFinding {
  const of = ({ levels }: SparkplugMessage): string => `${levels[1]}/${levels[3]}`;
  return each(
    lives.flatMap(({ nbirth, messages }) => messages.filter(({ verb }) => verb === 'DBIRTH').map((birth) => ({ nbirth, birth }))),
    ({ nbirth, birth }) => of(nbirth) !== of(birth) && `${where(birth)} under ${where(nbirth)}`,
  );
}

function complete({ name, datatype, isNull, value }: WireMetric): string | false {
  if (name === undefined || name === '') return 'a metric without name';
  if (datatype === undefined) return `${name} without datatype`;
  return !isNull && value === undefined && `${name} without value`;
}

/** A rebirth has no value older than those sent live before it. */
function isCurrent({ lives }: Evidence, verb: string, data: string): RowFinding {
  return each(
    lives.flatMap((life) => life.messages.filter((m) => m.verb === verb).map((birth) => ({ life, birth }))),
    ({ life, birth }) => {
      const earlier = lives.filter(({ connection, nbirth }) => connection === life.connection && nbirth.at <= life.nbirth.at);
      const newest = new Map<string, number>();
      for (const { message, metric, born } of reportedIn(earlier, data)) {
        if (message.device !== birth.device || message.at > birth.at || metric.isHistorical) continue;
        newest.set(born?.name ?? '', Math.max(newest.get(born?.name ?? '') ?? 0, metric.timestampMs ?? 0));
      }
      const old = metricsOf(birth).find(({ name, timestampMs }) => (timestampMs ?? 0) < (newest.get(name ?? '') ?? 0));
      return old !== undefined && `${old.name} in ${where(birth)} is older than what was sent before`;
    },
  );
}

const values =
  (verb: string, data: string) =>
  (evidence: Evidence): RowFinding => {
    const shape = eachReported([verb], ({ metric }) => valueFault(metric, metric.datatype))(evidence);
    const current = isCurrent(evidence, verb, data);
    return { count: shape.count + current.count, faults: [...shape.faults, ...current.faults] };
  };

/** Within a message, and of each metric over the life: values that are not historical never go back in time. */
const inOrder =
  (...verbs: readonly string[]) =>
  ({ lives }: Evidence): RowFinding =>
    each(lives, (life) => {
      const last = new Map<string, number>();
      let [at, inMessage] = [-1, 0];
      for (const reported of reportedIn([life], ...verbs)) {
        const { message, metric, born } = reported;
        if (metric.isHistorical) continue;
        const timeMs = metric.timestampMs ?? 0;
        const key = `${message.device}/${born?.name ?? metric.name}`;
        if (message.at !== at) [at, inMessage] = [message.at, 0];
        if (timeMs < inMessage || timeMs < (last.get(key) ?? 0)) return `${labelOf(reported)} goes back in time`;
        inMessage = timeMs;
        last.set(key, timeMs);
      }
      return false;
    });

const rebirthMetric = (faultOf: (metric: WireMetric) => string | false) =>
  eachMessage('NBIRTH', (message) => {
    const metric = metricsOf(message).find(({ name }) => name === REBIRTH);
    return metric === undefined ? `no ${REBIRTH}` : faultOf(metric);
  });

function bdSeqOf(message: SparkplugMessage | null): WireMetric | undefined {
  return message === null ? undefined : metricsOf(message).find(({ name }) => name === 'bdSeq');
}

function isInt64BdSeq(message: SparkplugMessage): string | false {
  const metric = bdSeqOf(message);
  if (metric === undefined) return 'no bdSeq';
  if (metric.datatype !== INT64 || typeof metric.value !== 'bigint') return 'bdSeq is no Int64';
  return (metric.value < 0n || metric.value > 255n) && `bdSeq ${metric.value}`;
}

const likeWill = (verb: string, isRebirth?: boolean) => (evidence: Evidence) =>
  each(
    evidence.connections.flatMap(({ will, messages }) => {
      const mine = messages.filter((message) => message.verb === verb);
      return (isRebirth === true ? mine.slice(1) : mine).map((message) => ({ will, message }));
    }),
    ({ will, message }) => {
      const [said, willed] = [bdSeqOf(message)?.value, bdSeqOf(will)?.value];
      return (said === undefined || said !== willed) && `bdSeq ${said} in ${where(message)}, ${willed} in the will`;
    },
  );

function bdSeqCounts({ connections, setting }: Evidence): RowFinding {
  let expected = setting.isFresh ? 0n : undefined;
  return each(connections, ({ number, will }) => {
    const value = bdSeqOf(will)?.value;
    const fault = expected !== undefined && value !== expected && `connection ${number}: bdSeq ${value}, expected ${expected}`;
    expected = typeof value === 'bigint' ? (value + 1n) % 256n : undefined;
    return fault;
  });
}

function willBdSeq({ connections }: Evidence): RowFinding {
  return each(connections, ({ number, will }) => {
    const fault = will === null ? 'no will' : isInt64BdSeq(will);
    return fault && `connection ${number}: ${fault}`;
  });
}

/** Both findings over wills and over deaths that the node published itself. */
const eachDeath =
  (faultOf: (message: SparkplugMessage) => string | false) =>
  ({ connections, messages }: Evidence): RowFinding =>
    each([...connections.flatMap(({ will }) => will ?? []), ...messages.filter(({ verb }) => verb === 'NDEATH')], (message) => {
      const fault = faultOf(message);
      return fault && `${fault}: ${where(message)}`;
    });

/** A born device that falls silent gets a death. */
function lostIsBuried({ marks, lives }: Evidence): RowFinding {
  const lost = marks.filter(({ name }) => name === 'device-lost').flatMap((mark) => burialOf(mark, lives));
  return each(lost, ({ device, isBuried }) => !isBuried && `${device} was lost without DDEATH`);
}

function burialOf(mark: { readonly at: number; readonly detail: string }, lives: readonly Life[]) {
  const life = lives.findLast(({ nbirth, connection }) => nbirth.at < mark.at && connection.closedAt > mark.at);
  if (life === undefined || !life.messages.some((m) => m.verb === 'DBIRTH' && m.device === mark.detail && m.at < mark.at)) return [];
  const isBuried = life.messages.some((m) => m.verb === 'DDEATH' && m.device === mark.detail && m.at > mark.at);
  return [{ device: mark.detail, isBuried }];
}

const isPayload = ({ payload, problem }: SparkplugMessage): string | false => payload === null && problem;

export const BIRTH_ROWS: readonly ConformanceRow[] = [
  ...rows('principles-birth-certificates-order', 'births are the first thing said in a session', firstWords),
  ...rows('message-flow-edge-node-birth-publish-nbirth-payload', 'NBIRTH is Sparkplug protobuf', eachMessage('NBIRTH', isPayload)),
  ...rows('message-flow-device-birth-publish-dbirth-payload', 'DBIRTH is Sparkplug protobuf', eachMessage('DBIRTH', isPayload)),
  ...rows(
    'topics-nbirth-metric-reqs operational-behavior-data-publish-nbirth',
    'NBIRTH lists every metric that NDATA tells',
    eachReported(['NDATA'], ({ born }) => born === undefined && 'was not born'),
  ),
  ...rows(
    'topics-dbirth-metric-reqs operational-behavior-data-publish-dbirth',
    'DBIRTH lists every metric that DDATA tells',
    eachReported(['DDATA'], ({ born }) => born === undefined && 'was not born'),
  ),
  ...rows(
    'topics-nbirth-metrics',
    'name, datatype and value of each metric in NBIRTH',
    eachReported(['NBIRTH'], ({ metric }) => complete(metric)),
  ),
  ...rows(
    'topics-dbirth-metrics',
    'name, datatype and value of each metric in DBIRTH',
    eachReported(['DBIRTH'], ({ metric }) => complete(metric)),
  ),
  ...rows('operational-behavior-data-publish-nbirth-values', 'NBIRTH: the current value, or null without one', values('NBIRTH', 'NDATA')),
  ...rows('operational-behavior-data-publish-dbirth-values', 'DBIRTH: the current value, or null without one', values('DBIRTH', 'DDATA')),
  ...rows('operational-behavior-data-publish-nbirth-order', 'NBIRTH and NDATA in order of time', inOrder('NBIRTH', 'NDATA')),
  ...rows('operational-behavior-data-publish-dbirth-order', 'DBIRTH and DDATA in order of time', inOrder('DBIRTH', 'DDATA')),
  ...rows(
    'topics-nbirth-rebirth-metric payloads-nbirth-rebirth-req',
    `${REBIRTH}, Boolean, false`,
    rebirthMetric(({ datatype, value }) => (datatype !== BOOLEAN || value !== false) && `${REBIRTH} is ${value} of type ${datatype}`),
  ),
  ...rows(
    'operational-behavior-data-commands-rebirth-name',
    `the metric is called ${REBIRTH}`,
    rebirthMetric(() => false),
  ),
  ...rows(
    'operational-behavior-data-commands-rebirth-datatype',
    'it is Boolean',
    rebirthMetric(({ datatype }) => datatype !== BOOLEAN && `type ${datatype}`),
  ),
  ...rows(
    'operational-behavior-data-commands-rebirth-value',
    'it is false',
    rebirthMetric(({ value }) => value !== false && `${value}`),
  ),
  ...rows(
    'operational-behavior-data-commands-rebirth-name-aliases',
    'it has no alias',
    rebirthMetric(({ alias }) => alias !== undefined && `alias ${alias}`),
  ),
  ...rows(
    'topics-nbirth-bdseq-included payloads-nbirth-bdseq',
    'NBIRTH has bdSeq',
    eachMessage('NBIRTH', (message) => bdSeqOf(message) === undefined && 'no bdSeq'),
  ),
  ...rows('message-flow-edge-node-birth-publish-nbirth-payload-bdSeq', 'bdSeq of NBIRTH is Int64', eachMessage('NBIRTH', isInt64BdSeq)),
  ...rows('topics-nbirth-bdseq-matching payloads-nbirth-bdseq-repeat', 'bdSeq of NBIRTH is that of the will', likeWill('NBIRTH')),
  ...rows('payloads-ndeath-bdseq', 'bdSeq of NDEATH is that of its NBIRTH', likeWill('NDEATH')),
  ...rows('topics-nbirth-bdseq-increment', 'bdSeq begins at 0, one more with each CONNECT', bdSeqCounts),
  ...rows('message-flow-edge-node-birth-publish-will-message-payload-bdSeq', 'bdSeq of the will is Int64, 0 to 255', willBdSeq),
  ...rows('operational-behavior-data-commands-rebirth-action-3', 'a rebirth keeps the bdSeq', likeWill('NBIRTH', true)),
  ...rows(
    'topics-ndeath-payload',
    'NDEATH has bdSeq alone',
    eachDeath((message) => {
      const names = metricsOf(message).map(({ name }) => name);
      return (names.length !== 1 || names[0] !== 'bdSeq') && `metrics ${names.join(', ')}`;
    }),
  ),
  ...rows(
    'topics-ndeath-seq payloads-ndeath-seq',
    'NDEATH has no seq',
    eachDeath(({ payload }) => payload?.seq !== undefined && `seq ${payload?.seq}`),
  ),
  ...rows('message-flow-device-birth-publish-nbirth-wait', 'DBIRTH after an NBIRTH of the same session', nodeBornFirst),
  ...rows('message-flow-device-birth-publish-dbirth-match-edge-node-topic', 'DBIRTH under the group and node of NBIRTH', sameNode),
  ...rows('payloads-dbirth-order', 'DBIRTHs right after NBIRTH', devicesFollow),
  ...rows('payloads-ndata-order', 'no NDATA before all births', afterAllBirths('NDATA')),
  ...rows('payloads-ddata-order', 'no DDATA before all births', afterAllBirths('DDATA')),
  ...rows('operational-behavior-device-ddeath', 'DDEATH of a device that is lost', lostIsBuried),
];
