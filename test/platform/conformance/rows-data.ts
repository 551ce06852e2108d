/**
 * Rows on what flows after the births: seq, timestamps, report by exception, names and aliases. Source: Sparkplug 3.0.0 chapters 4, 5, 6.
 */
import { type Evidence, type Life, metricsOf, type SparkplugMessage } from './evidence.ts';
import { eachReported, labelOf, type ReportedValues, reportedIn } from './lives.ts';
import { type ConformanceRow, each, type RowFinding, rows } from './row.ts';
import { where } from './rows-topics.ts';

/** How far the time in a message may lie from its arrival at the proxy, on one machine. Units: ms. Source: assumed; two busy cores. Confirmed by: the skews of this run on other machines. */
const SEND_SKEW_MS = { before: 5_000, after: 100 };
/** A live value is taken shortly before it is sent. Units: ms. Source: the window of the standard's kit (Sparkplug TCK 3.0). */
const LIVE_AGE_MS = 60_000;
/** Nothing in this system is older: a time before it is no time in milliseconds since 1970. Source: assumed. Confirmed by: nothing needed: any date before the first release. */
const OLDEST_MS = Date.UTC(2020, 0, 1);
const TELLING = ['NBIRTH', 'DBIRTH', 'NDATA', 'DDATA'];

/** Source: `payloads-sequence-num-always-included`: all but NDEATH. */
const numbered = ({ verb }: SparkplugMessage): boolean => verb !== 'NDEATH';

function seqFault({ payload }: SparkplugMessage): string | false {
  const seq = payload?.seq;
  return (seq === undefined || !Number.isInteger(seq) || seq < 0 || seq > 255) && `seq ${seq}`;
}

const hasSeq =
  (verb?: string) =>
  ({ messages }: Evidence): RowFinding =>
    each(
      messages.filter((m) => numbered(m) && (verb === undefined || m.verb === verb)),
      (message) => {
        const fault = seqFault(message);
        return fault && `${fault}: ${where(message)}`;
      },
    );

/** `verb`: only those that should follow the message before them. */
const seqFollows =
  (verb?: string) =>
  ({ lives }: Evidence): RowFinding =>
    each(
      lives.flatMap((life) => pairs(life)).filter(({ next }) => verb === undefined || next.verb === verb),
      ({ before, next }) => {
        const [last, seq] = [before.payload?.seq, next.payload?.seq];
        return (last === undefined || seq !== (last + 1) % 256) && `seq ${seq} after ${last}: ${where(next)}`;
      },
    );

function pairs({ messages }: Life): { readonly before: SparkplugMessage; readonly next: SparkplugMessage }[] {
  const all = messages.filter(numbered);
  return all.slice(1).map((next, i) => ({ before: all[i] as SparkplugMessage, next }));
}

const startsAtZero = ({ lives }: Evidence): RowFinding =>
  each(lives, ({ nbirth }) => nbirth.payload?.seq !== 0 && `seq ${nbirth.payload?.seq}: ${where(nbirth)}`);

const sentNow = (...verbs: readonly string[]) => {
  return ({ messages }: Evidence): RowFinding =>
    each(
      messages.filter(({ verb }) => verbs.includes(verb)),
      (message) => {
        const ageMs = message.atMs - (message.payload?.timestampMs ?? 0);
        return (ageMs > SEND_SKEW_MS.before || ageMs < -SEND_SKEW_MS.after) && `sent ${ageMs} ms before it was seen: ${where(message)}`;
      },
    );
};

const tellsSomething = (verb: string) => (evidence: Evidence) =>
  each(
    evidence.messages.filter((message) => message.verb === verb),
    (message) => metricsOf(message).length === 0 && `nothing in ${where(message)}`,
  );

/** A live value equal to the one before must not be sent. */
const onChange =
  (...verbs: readonly string[]) =>
  ({ lives }: Evidence): RowFinding =>
    each(lives.flatMap(repeats(verbs)), ({ reported, isRepeat }) => isRepeat && `${labelOf(reported)} is what it was`);

function repeats(verbs: readonly string[]): (life: Life) => { readonly reported: ReportedValues; readonly isRepeat: boolean }[] {
  return (life) => {
    const last = new Map<string, string>();
    return reportedIn([life], ...verbs).flatMap((reported) => {
      const { message, metric, born } = reported;
      if (metric.isHistorical) return [];
      const key = `${message.device}/${born?.name ?? metric.name}`;
      const now = `${metric.isNull} ${metric.value} ${metric.properties.get('Quality') ?? 192}`;
      const isRepeat = last.get(key) === now;
      last.set(key, now);
      return message.verb.endsWith('BIRTH') ? [] : [{ reported, isRepeat }];
    });
  };
}

function isUtc({ message, metric }: ReportedValues): string | false {
  const { timestampMs } = metric;
  if (timestampMs === undefined || timestampMs < OLDEST_MS) return `time ${timestampMs}`;
  if (timestampMs > message.atMs + SEND_SKEW_MS.after) return `lies ${timestampMs - message.atMs} ms ahead`;
  const isLive = message.verb.endsWith('DATA') && !metric.isHistorical;
  return isLive && timestampMs < message.atMs - LIVE_AGE_MS && `is live and ${message.atMs - timestampMs} ms old`;
}

function uniqueAliases({ lives }: Evidence): RowFinding {
  return each(lives, ({ messages }) => {
    const owners = new Map<number, string>();
    for (const message of messages.filter(({ verb }) => verb.endsWith('BIRTH'))) {
      for (const { alias, name } of metricsOf(message)) {
        if (alias === undefined) continue;
        const owner = `${message.device}/${name}`;
        const before = owners.get(alias) ?? owner;
        if (before !== owner) return `alias ${alias} is ${before} and ${owner}: ${where(message)}`;
        owners.set(alias, owner);
      }
    }
    return false;
  });
}

function withAliases({ lives }: Evidence): ReportedValues[] {
  return reportedIn(lives, 'NBIRTH', 'DBIRTH').filter(({ metric }) => metric.alias !== undefined);
}

/** A metric born with an alias is sent by alias only; also in the host's commands. */
function aliasAlone({ lives, commands }: Evidence): RowFinding {
  const aliased = reportedIn(lives, 'NDATA', 'DDATA').filter(({ born }) => born?.alias !== undefined);
  const reported = each(
    aliased,
    (one) => (one.metric.alias === undefined || one.metric.name !== undefined) && `${labelOf(one)} by name ${one.metric.name}`,
  );
  const asked = commands.flatMap((command) => askedIn(command, lives));
  const reportedByHost = each(
    asked.filter(({ born }) => born?.alias !== undefined),
    ({ name, command }) => name !== undefined && `${name} by name in ${where(command)}`,
  );
  return { count: reported.count + reportedByHost.count, faults: [...reported.faults, ...reportedByHost.faults] };
}

/** The metrics of a command, each with its metric in the last birth of that device before the command (undefined if there is none). */
export function askedIn(command: SparkplugMessage, lives: readonly Life[]) {
  const births = lives.flatMap(({ messages }) =>
    messages.filter(({ verb, device, at }) => verb.endsWith('BIRTH') && device === command.device && at < command.at),
  );
  const born = births.length === 0 ? [] : metricsOf(births.at(-1) as SparkplugMessage);
  return metricsOf(command).map((metric) => ({
    command,
    metric,
    name: metric.name,
    born: born.find((birth) => (metric.name === undefined ? birth.alias === metric.alias : birth.name === metric.name)),
  }));
}

const seqOf = (verb: string, present: string, follows: string): ConformanceRow[] => [
  ...rows(present, `${verb} has a seq`, hasSeq(verb)),
  ...rows(follows, `seq of ${verb} is one more than the one before`, seqFollows(verb)),
];

export const DATA_ROWS: readonly ConformanceRow[] = [
  ...rows('payloads-sequence-num-always-included', 'every message but NDEATH has a seq', hasSeq()),
  ...rows('payloads-sequence-num-incrementing', 'one more with each message, 255 → 0', seqFollows()),
  ...rows('topics-nbirth-seq-num', 'seq of NBIRTH is 0', startsAtZero),
  ...rows(
    'payloads-nbirth-seq payloads-sequence-num-req-nbirth message-flow-edge-node-birth-publish-nbirth-payload-seq',
    'NBIRTH has a seq, 0 to 255',
    hasSeq('NBIRTH'),
  ),
  ...seqOf(
    'DBIRTH',
    'topics-dbirth-seq payloads-dbirth-seq message-flow-device-birth-publish-dbirth-payload-seq',
    'payloads-dbirth-seq-inc',
  ),
  ...seqOf('NDATA', 'topics-ndata-seq-num payloads-ndata-seq', 'payloads-ndata-seq-inc'),
  ...seqOf('DDATA', 'topics-ddata-seq-num payloads-ddata-seq', 'payloads-ddata-seq-inc'),
  ...seqOf('DDEATH', 'topics-ddeath-seq-num payloads-ddeath-seq payloads-ddeath-seq-number', 'payloads-ddeath-seq-inc'),
  ...rows('topics-nbirth-timestamp payloads-nbirth-timestamp', 'NBIRTH: time of sending', sentNow('NBIRTH')),
  ...rows('topics-dbirth-timestamp payloads-dbirth-timestamp', 'DBIRTH: time of sending', sentNow('DBIRTH')),
  ...rows('topics-ndata-timestamp payloads-ndata-timestamp', 'NDATA: time of sending', sentNow('NDATA')),
  ...rows('topics-ddata-timestamp payloads-ddata-timestamp', 'DDATA: time of sending', sentNow('DDATA')),
  ...rows('payloads-ddeath-timestamp', 'DDEATH: time of sending', sentNow('DDEATH')),
  ...rows('payloads-timestamp-in-UTC', 'payload timestamps are UTC milliseconds', sentNow(...TELLING, 'DDEATH', 'NDEATH')),
  ...rows('payloads-metric-timestamp-in-UTC', 'metric timestamps are UTC milliseconds', eachReported(TELLING, isUtc)),
  ...rows(
    'payloads-name-birth-data-requirement',
    'every metric has its timestamp',
    eachReported(TELLING, ({ metric }) => metric.timestampMs === undefined && 'has none'),
  ),
  ...rows('topics-ndata-payload', 'NDATA tells what changed', tellsSomething('NDATA')),
  ...rows('topics-ddata-payload', 'DDATA tells what changed', tellsSomething('DDATA')),
  ...rows('operational-behavior-data-publish-nbirth-change', 'node: only on change', onChange('NBIRTH', 'NDATA'), { level: 'should' }),
  ...rows('operational-behavior-data-publish-dbirth-change', 'devices: only on change', onChange('DBIRTH', 'DDATA'), { level: 'should' }),
  ...rows('principles-rbe-recommended', 'report by exception', onChange(...TELLING), { level: 'should' }),
  ...rows(
    'payloads-name-requirement',
    'a name, or an alias that was born',
    eachReported(TELLING, ({ metric, born }) => metric.name === undefined && born === undefined && 'has no name and no known alias'),
  ),
  ...rows('payloads-alias-uniqueness', 'an alias belongs to one metric of the whole node', uniqueAliases),
  ...rows('payloads-alias-birth-requirement', 'births carry name and alias', (evidence) =>
    each(withAliases(evidence), (reported) => reported.metric.name === undefined && `${labelOf(reported)} has no name`),
  ),
  ...rows('payloads-alias-data-cmd-requirement', 'DATA and CMD then carry the alias alone', aliasAlone),
];
