/**
 * Rows that the standard's own kit lacks, although its text or its users require them.
 */
import { type Evidence, type Life, metricsOf, type SparkplugMessage } from './evidence.ts';
import { labelOf, reportedIn, valueFault } from './lives.ts';
import { type ConformanceRow, each, type RowFinding, rows } from './row.ts';
import { heardRequests } from './rows-commands.ts';
import { where } from './rows-topics.ts';

const INT64 = 4;
const UINT32 = 7;
const OWN = { level: 'own' } as const;

/** Requested and granted QoS; with less, commands get lost. */
function subscribedAtQos1({ connections }: Evidence): RowFinding {
  return each(
    connections.flatMap(({ subscriptions }) => subscriptions),
    ({ topic, qos, granted, ackedAt }) =>
      (qos !== 1 || (ackedAt < Infinity && granted !== 1)) && `${topic} asked at QoS ${qos}, granted ${granted}`,
  );
}

function subscribedBeforeBirth({ lives }: Evidence): RowFinding {
  return each(lives, ({ connection, nbirth }) => {
    if (connection.subscriptions.length === 0) return `no SUBSCRIBE before ${where(nbirth)}`;
    const late = connection.subscriptions.find(({ ackedAt }) => ackedAt > nbirth.at);
    return late !== undefined && `${where(nbirth)} before the SUBACK for ${late.topic}`;
  });
}

function bdSeqIsLong({ connections, messages }: Evidence): RowFinding {
  const carriers = [...connections.flatMap(({ will }) => will ?? []), ...messages.filter(({ verb }) => /^N(BIRTH|DEATH)$/.test(verb))];
  return each(carriers, (message) => {
    const bdSeq = metricsOf(message).find(({ name }) => name === 'bdSeq');
    const sound = bdSeq?.datatype === INT64 && bdSeq.valueField === 11 && bdSeq.alias === undefined;
    return !sound && `bdSeq of type ${bdSeq?.datatype}, field ${bdSeq?.valueField}, alias ${bdSeq?.alias}: ${where(message)}`;
  });
}

/** proto2 leaves a field with its default out unless it is set: seq 0 must be there. */
function zeroIsWritten({ messages }: Evidence): RowFinding {
  return each(
    messages.filter(({ verb }) => verb === 'NBIRTH'),
    (message) => message.payload?.seq === undefined && `seq 0 is not on the wire: ${where(message)}`,
  );
}

function burialsInChain({ lives }: Evidence): RowFinding {
  return each(
    lives
      .flatMap(({ messages }) => messages.map((message, i) => ({ message, before: messages[i - 1] })))
      .filter(({ message }) => message.verb === 'DDEATH'),
    ({ message, before }) =>
      message.payload?.seq !== ((before?.payload?.seq ?? -2) + 1) % 256 && `seq ${message.payload?.seq}: ${where(message)}`,
  );
}

function namesAreUnique({ messages }: Evidence): RowFinding {
  return each(
    messages.filter(({ verb }) => verb.endsWith('BIRTH')),
    (birth) => {
      const names = metricsOf(birth).map(({ name }) => name);
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      return twice !== undefined && `${twice} stands twice in ${where(birth)}`;
    },
  );
}

/** A rebirth has the same metrics with the same aliases and types: hosts use the old ones for messages in transit. */
function rebirthIsSame({ lives }: Evidence): RowFinding {
  return each(
    lives.filter(({ isRebirth }) => isRebirth),
    (life) => {
      const first = lives.find(({ connection }) => connection === life.connection) as Life;
      const shapes = shapesOf(first);
      for (const [device, shape] of shapesOf(life)) {
        if ((shapes.get(device) ?? shape) !== shape)
          return `${device === '' ? 'the node' : device} is born otherwise by ${where(life.nbirth)}`;
      }
      return false;
    },
  );
}

function shapesOf({ messages }: Life): Map<string, string> {
  const births = messages.filter(({ verb }) => verb === 'NBIRTH' || verb === 'DBIRTH');
  const shape = (message: SparkplugMessage): string =>
    metricsOf(message)
      .map(({ name, alias, datatype }) => `${name}:${alias}:${datatype}`)
      .sort()
      .join('|');
  return new Map(births.map((message) => [message.device, shape(message)]));
}

/** For any number of simultaneous requests, the node sends its first rebirth immediately, and at least one. Units: rebirths in a window of 5 s. */
function stormsAreDamped(evidence: Evidence): RowFinding {
  const storms = heardRequests(evidence).filter(
    ({ connection, request }) => connection.commands.filter(({ atMs }) => atMs >= request.atMs && atMs < request.atMs + 2_000).length >= 10,
  );
  return each(storms, ({ request, after }) => {
    const births = after.filter(({ verb, atMs }) => verb === 'NBIRTH' && atMs < request.atMs + 4_900);
    return births.length !== 1 && `${births.length} rebirths within 5 s of ${where(request)}`;
  });
}

function birthsAreComplete(evidence: Evidence): RowFinding {
  return each(
    evidence.lives.filter(({ messages }) => messages.some(({ verb }) => verb === 'NDATA' || verb === 'DDATA')),
    (life) => {
      const unknown = life.messages.find(({ device }) => device !== '' && !evidence.setting.devices.some(({ id }) => id === device));
      return unknown !== undefined && `unknown device: ${where(unknown)}`;
    },
  );
}

function sentAsIs({ messages }: Evidence): RowFinding {
  return each(
    messages,
    (message) => (message.qos !== 0 || message.retain) && `QoS ${message.qos}, retain ${message.retain}: ${where(message)}`,
  );
}

function valuesFit({ lives }: Evidence): RowFinding {
  return each(reportedIn(lives, 'NBIRTH', 'DBIRTH', 'NDATA', 'DDATA'), (reported) => {
    const fault = valueFault(reported.metric, reported.born?.datatype ?? reported.metric.datatype);
    return fault && `${labelOf(reported)} ${fault}`;
  });
}

function noUint32({ lives }: Evidence): RowFinding {
  return each(reportedIn(lives, 'NBIRTH', 'DBIRTH'), (reported) => reported.metric.datatype === UINT32 && `${labelOf(reported)} is UInt32`);
}

/** Live and historical values never share a message: a host files the one and shows the other. Marks of the message itself are neither. */
function historyApart({ messages }: Evidence): RowFinding {
  return each(
    messages.filter((message) => metricsOf(message).some(({ isHistorical }) => isHistorical)),
    (message) =>
      metricsOf(message).some(({ isHistorical, isTransient }) => !isHistorical && !isTransient) &&
      `live and historical values in ${where(message)}`,
  );
}

/** Before its births a node sends nothing but its death. */
function silentWhileUnborn({ connections }: Evidence): RowFinding {
  return each(
    connections.filter(({ acceptedAt }) => acceptedAt < Infinity),
    ({ messages }) => {
      const early = messages.find(({ verb }) => verb === 'NBIRTH')?.at ?? Infinity;
      const said = messages.find(({ verb, at }) => at < early && verb !== 'NDEATH');
      return said !== undefined && `${where(said)} before NBIRTH`;
    },
  );
}

/** Messages of a bystander that are not commands for this node do not end the session. */
function survivesStrangers({ marks, connections }: Evidence): RowFinding {
  return each(
    marks.filter(({ name }) => name === 'bad-command'),
    ({ at, detail }) => {
      const open = connections.find(({ acceptedAt, closedAt }) => acceptedAt < at && closedAt > at);
      const isAlive = open?.messages.some((message) => message.at > at && !message.verb.endsWith('DEATH'));
      return isAlive !== true && `nothing was heard any more after ${detail}`;
    },
  );
}

export const OWN_ROWS: readonly ConformanceRow[] = [
  ...rows('own-subscribe-qos-1', 'every SUBSCRIBE asks for QoS 1 and gets it', subscribedAtQos1, OWN),
  ...rows('own-suback-before-nbirth', 'SUBACK before NBIRTH', subscribedBeforeBirth, OWN),
  ...rows('own-bdseq-int64', 'bdSeq is an Int64 in long_value, without alias', bdSeqIsLong, OWN),
  ...rows('own-seq-zero-on-the-wire', 'seq 0 of NBIRTH is written', zeroIsWritten, OWN),
  ...rows('own-ddeath-seq-chain', 'DDEATH takes its place in the chain of seq', burialsInChain, OWN),
  ...rows('own-unique-metric-names', 'no name twice in a birth', namesAreUnique, OWN),
  ...rows('own-rebirth-is-the-same', 'a rebirth tells the same metrics, aliases and types', rebirthIsSame, OWN),
  ...rows('own-rebirth-storm', 'a storm of requests brings one rebirth at once', stormsAreDamped, OWN),
  ...rows('own-known-devices', 'only devices of the cabinet speak', birthsAreComplete, OWN),
  ...rows('own-qos-0-not-retained', 'whatever the node publishes is QoS 0 and not retained', sentAsIs, OWN),
  ...rows('own-value-fits-type', 'every value stands in the field of its type, or is null', valuesFit, OWN),
  ...rows('own-no-uint32', 'no UInt32, about whose field hosts disagree', noUint32, OWN),
  ...rows('own-history-apart', 'live and historical values do not share a message', historyApart, OWN),
  ...rows('own-silent-while-unborn', 'nothing is said before NBIRTH', silentWhileUnborn, OWN),
  ...rows('own-survives-bad-commands', 'a command for an unknown metric does not end the session', survivesStrangers, OWN),
];
