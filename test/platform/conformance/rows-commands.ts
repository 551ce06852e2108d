/**
 * Rows on commands and rebirth. Most bind the host: they check what the reference host sends, which the node must accept.
 * Source: Sparkplug 3.0.0 chapters 4, 5, 6.
 */
import { type Evidence, metricsOf, type SparkplugMessage } from './evidence.ts';
import { answering, fieldsOf } from './lives.ts';
import { type ConformanceRow, each, type RowFinding, rows } from './row.ts';
import { askedIn } from './rows-data.ts';
import { where } from './rows-topics.ts';

const REBIRTH = 'Node Control/Rebirth';
/** Within this a second request waits. Units: ms. Source: `agent/sync/session/session-state.ts`, shown in the checker's own row on storms. */
const STORM_MS = 5_000;

const eachCommand =
  (verb: string, faultOf: (command: SparkplugMessage) => string | false) =>
  ({ commands }: Evidence): RowFinding =>
    each(
      commands.filter((command) => command.verb === verb),
      (command) => {
        const fault = faultOf(command);
        return fault && `${fault}: ${where(command)}`;
      },
    );

const eachAsked =
  (verb: string, faultOf: (asked: ReturnType<typeof askedIn>[number]) => string | false) =>
  ({ commands, lives }: Evidence): RowFinding =>
    each(
      commands.filter((command) => command.verb === verb).flatMap((command) => askedIn(command, lives)),
      (asked) => {
        const fault = faultOf(asked);
        return fault && `${asked.name ?? `alias ${asked.metric.alias}`} ${fault}: ${where(asked.command)}`;
      },
    );

const timed = (verb: string) =>
  eachCommand(verb, ({ payload, atMs }) => {
    const ageMs = atMs - (payload?.timestampMs ?? 0);
    return Math.abs(ageMs) > STORM_MS && `time of sending is ${payload?.timestampMs}`;
  });
const writes = (verb: string) => eachCommand(verb, (command) => metricsOf(command).length === 0 && 'nothing to write');
const known = (verb: string) => eachAsked(verb, ({ born }) => born === undefined && 'was not born');
const fits = (verb: string) =>
  eachAsked(
    verb,
    ({ born, metric: { isNull, valueField } }) =>
      born !== undefined &&
      !isNull &&
      !fieldsOf(born.datatype).includes(valueField ?? 0) &&
      `of type ${born.datatype} in field ${valueField}`,
  );

/** Requests for a rebirth, as the platform sent them. */
function requests({ commands }: Evidence): readonly SparkplugMessage[] {
  return commands.filter((command) => metricsOf(command).some(({ name }) => name === REBIRTH));
}

const eachRequest = (faultOf: (command: SparkplugMessage) => string | false) => (evidence: Evidence) =>
  each(requests(evidence), (command) => {
    const fault = faultOf(command);
    return fault && `${fault}: ${where(command)}`;
  });

/**
 * The requests for a rebirth that a node must answer at once, each with all that it sent later on that connection.
 *
 * Omitted: requests before its first NBIRTH, and those less than 5 s after one in this list.
 */
export function heardRequests({ connections }: Evidence) {
  return connections.flatMap((connection) => {
    let lastMs = Number.NEGATIVE_INFINITY;
    return connection.commands.filter(isRequest).flatMap((request) => {
      const isBorn = connection.messages.some(({ verb, at }) => verb === 'NBIRTH' && at < request.at);
      const isEcho = request.atMs - lastMs < STORM_MS;
      if (!isBorn || isEcho) return [];
      lastMs = request.atMs;
      return [{ connection, request, after: connection.messages.filter(({ at }) => at > request.at) }];
    });
  });
}

function isRequest(command: SparkplugMessage): boolean {
  return command.verb === 'NCMD' && metricsOf(command).some(({ name, value }) => name === REBIRTH && value === true);
}

function stopsData(evidence: Evidence): RowFinding {
  return each(heardRequests(evidence), ({ request, after }) => {
    const first = after[0];
    return first?.verb !== 'NBIRTH' && `${first === undefined ? 'nothing' : where(first)} after ${where(request)}`;
  });
}

function birthsAgain(evidence: Evidence): RowFinding {
  return each(heardRequests(evidence), ({ request, after }) => {
    const due = answering(evidence, request.at);
    const answer = after.slice(0, 1 + due.size);
    const devices = new Set(answer.slice(1).map(({ verb, device }) => (verb === 'DBIRTH' ? device : '')));
    const missing = [...due].filter((id) => !devices.has(id));
    if (answer[0]?.verb !== 'NBIRTH') return `no NBIRTH after ${where(request)}`;
    return missing.length > 0 && `no DBIRTH of ${missing.join(', ')} after ${where(request)}`;
  });
}

export const COMMAND_ROWS: readonly ConformanceRow[] = [
  ...rows('topics-ncmd-timestamp payloads-ncmd-timestamp', 'the host times its NCMD', timed('NCMD')),
  ...rows('topics-dcmd-timestamp payloads-dcmd-timestamp', 'the host times its DCMD', timed('DCMD')),
  ...rows('topics-ncmd-payload', 'NCMD has metrics to write', writes('NCMD')),
  ...rows('topics-dcmd-payload', 'DCMD has metrics to write', writes('DCMD')),
  ...rows(
    'payloads-ncmd-seq',
    'NCMD has no seq',
    eachCommand('NCMD', ({ payload }) => payload?.seq !== undefined && 'a seq'),
  ),
  ...rows(
    'payloads-dcmd-seq',
    'DCMD has no seq',
    eachCommand('DCMD', ({ payload }) => payload?.seq !== undefined && 'a seq'),
  ),
  ...rows(
    'operational-behavior-data-commands-ncmd-verb',
    'node commands are NCMD',
    eachCommand('NCMD', ({ device }) => device !== '' && 'names a device'),
  ),
  ...rows(
    'operational-behavior-data-commands-dcmd-verb',
    'device commands are DCMD',
    eachCommand('DCMD', ({ device }) => device === '' && 'names no device'),
  ),
  ...rows('operational-behavior-data-commands-ncmd-metric-name', 'NCMD names what NBIRTH has', known('NCMD'), { level: 'should' }),
  ...rows('operational-behavior-data-commands-dcmd-metric-name', 'DCMD names what DBIRTH has', known('DCMD'), { level: 'should' }),
  ...rows('operational-behavior-data-commands-ncmd-metric-value', 'NCMD: the value fits', fits('NCMD')),
  ...rows('operational-behavior-data-commands-dcmd-metric-value', 'DCMD: the value fits', fits('DCMD')),
  ...rows(
    'payloads-name-cmd-requirement',
    'metrics of commands need no timestamp',
    (evidence) =>
      each(
        evidence.commands.flatMap(metricsOf).filter(({ timestampMs }) => timestampMs === undefined),
        () => false,
      ),
    { level: 'may' },
  ),
  ...rows(
    'operational-behavior-data-commands-ncmd-rebirth-verb',
    'a rebirth is asked by NCMD',
    eachRequest(({ verb }) => verb !== 'NCMD' && verb),
  ),
  ...rows(
    'operational-behavior-data-commands-ncmd-rebirth-name',
    `by the name ${REBIRTH}, never an alias`,
    eachRequest((command) => metricsOf(command).some(({ name, alias }) => name === REBIRTH && alias !== undefined) && 'has an alias'),
  ),
  ...rows(
    'operational-behavior-data-commands-ncmd-rebirth-value',
    'with the value true',
    eachRequest((command) => !metricsOf(command).some(({ name, value }) => name === REBIRTH && value === true) && 'is not true'),
  ),
  ...rows('operational-behavior-data-commands-rebirth-action-1', 'on a rebirth request no DATA any more', stopsData),
  ...rows('operational-behavior-data-commands-rebirth-action-2', 'but NBIRTH and all DBIRTHs', birthsAgain),
];
