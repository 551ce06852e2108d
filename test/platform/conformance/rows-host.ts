/**
 * Rows on the primary host: the node waits for it, leaves with it, and looks for it on its other servers. Source: Sparkplug 3.0.0 chapter 5.
 */
import type { EdgeConnection, Evidence, ReceivedState } from './evidence.ts';
import { type ConformanceRow, each, type RowFinding, rows } from './row.ts';

/** From the host's STATE to the node's death. Units: ms. Source: assumed; "immediately" on two busy cores. Confirmed by: the times of this run on other machines. */
const AT_ONCE_MS = 2_000;

/** A STATE of the node's host as the node must interpret it: `stale` is older than the newest on that server. */
interface JudgedState extends ReceivedState {
  readonly connection: EdgeConnection;
  readonly meaning: 'online' | 'offline' | 'stale' | 'none';
}

/** Every STATE received, in order. Times count per server and outlive connections. */
function judgedStates({ connections, setting }: Evidence): JudgedState[] {
  const newest = new Map<string, number>();
  return connections.flatMap((connection) =>
    connection.states
      .filter(({ hostId }) => hostId === setting.hostId)
      .map((received): JudgedState => {
        const { state } = received;
        if (state === null) return { ...received, connection, meaning: 'none' };
        if (state.timestamp < (newest.get(connection.server) ?? 0)) return { ...received, connection, meaning: 'stale' };
        newest.set(connection.server, state.timestamp);
        return { ...received, connection, meaning: state.online ? 'online' : 'offline' };
      }),
  );
}

/** First births of each connection of a node with a primary host, with the last valid STATE before them. */
function awaitedBirths(evidence: Evidence) {
  if (evidence.setting.hostId === null) return [];
  const all = judgedStates(evidence);
  return evidence.lives
    .filter(({ isRebirth }) => !isRebirth)
    .map((life) => {
      const before = all.filter(({ connection, at }) => connection === life.connection && at < life.nbirth.at);
      return { life, before, last: before.findLast(({ meaning }) => meaning === 'online' || meaning === 'offline') };
    });
}

function waits(evidence: Evidence): RowFinding {
  return each(
    awaitedBirths(evidence),
    ({ life, last }) => last?.meaning !== 'online' && `birth on connection ${life.connection.number} though the host is not online`,
  );
}

/** STATE messages after which no birth may follow until a later STATE allows it. */
const noBirthAfter = (picks: (word: JudgedState) => boolean) => (evidence: Evidence) => {
  const all = judgedStates(evidence);
  return each(
    all.filter((word) => picks(word) && !isBorn(word)),
    (word) => {
      const next = all.find((later) => later.connection === word.connection && later.at > word.at && later.meaning === 'online');
      const birth = word.connection.messages.find(({ verb, at }) => verb === 'NBIRTH' && at > word.at && at < (next?.at ?? Infinity));
      return birth !== undefined && `birth (#${birth.at}) after STATE ${JSON.stringify(word.state)} (#${word.at})`;
    },
  );
};

/** The node is in session when this arrives. */
function isBorn({ connection, at }: JudgedState): boolean {
  const spoken = connection.messages.filter((message) => message.at < at);
  return spoken.some(({ verb }) => verb === 'NBIRTH') && !spoken.some(({ verb }) => verb === 'NDEATH');
}

function endings(evidence: Evidence): JudgedState[] {
  return judgedStates(evidence).filter((word) => word.meaning === 'offline' && isBorn(word));
}

function leaves(evidence: Evidence): RowFinding {
  return each(endings(evidence), ({ at, atMs, connection }) => {
    const after = connection.messages.filter((message) => message.at > at);
    const death = after.findIndex(({ verb }) => verb === 'NDEATH');
    if (death < 0) return `no NDEATH after the host went offline (#${at})`;
    const chatter = after.slice(0, death).find(({ verb }) => verb !== 'DDEATH');
    if (chatter !== undefined) return `${chatter.topic} (#${chatter.at}) after the host went offline`;
    if ((after[death]?.atMs ?? 0) - atMs > AT_ONCE_MS) return `NDEATH ${(after[death]?.atMs ?? 0) - atMs} ms after the host went offline`;
    return connection.closedAt === Infinity && `connection ${connection.number} stays open without the host`;
  });
}

/** The connection after this one goes to the next server of the list. */
function goesOn({ connections, setting: { servers } }: Evidence, left: readonly EdgeConnection[]): RowFinding {
  if (servers.length < 2) return { count: 0, faults: [] };
  const followed = left.flatMap((connection) => {
    const next = connections[connections.indexOf(connection) + 1];
    return next === undefined ? [] : [{ connection, next }];
  });
  return each(followed, ({ connection, next }) => {
    const due = servers[(servers.indexOf(connection.server) + 1) % servers.length];
    return next.server !== due && `after ${connection.server} came ${next.server}, not ${due}`;
  });
}

/** Also those left before a birth, because the host is offline there. */
function leftForWant(evidence: Evidence): readonly EdgeConnection[] {
  const all = judgedStates(evidence);
  return evidence.connections.filter((connection) => {
    const last = all.findLast((word) => word.connection === connection && word.meaning !== 'stale');
    const isStopped = evidence.marks.some(({ name, at }) => name === 'stop-node' && at > connection.connectAt && at < connection.closedAt);
    return last?.meaning === 'offline' && connection.disconnect !== null && !isStopped;
  });
}

function staysForStale(evidence: Evidence): RowFinding {
  const all = judgedStates(evidence);
  return each(
    all.filter((word) => word.meaning === 'stale' && word.state?.online === false && isBorn(word)),
    ({ at, connection }) => {
      const reason = [
        ...all.filter((word) => word.connection === connection && word.meaning === 'offline').map((word) => word.at),
        ...evidence.marks.filter(({ name }) => name === 'stop-node').map((mark) => mark.at),
      ].find((later) => later > at);
      const death = connection.messages.find((message) => message.verb === 'NDEATH' && message.at > at);
      return death !== undefined && death.at < (reason ?? Infinity) && `NDEATH (#${death.at}) for a STATE of the past (#${at})`;
    },
  );
}

function subscribesState({ connections, setting: { hostId } }: Evidence): RowFinding {
  if (hostId === null) return { count: 0, faults: [] };
  return each(
    connections.filter(({ acceptedAt }) => acceptedAt < Infinity),
    ({ number, subscriptions }) =>
      !subscriptions.some(({ topic }) => topic === `spBv1.0/STATE/${hostId}`) && `connection ${number} does not subscribe to STATE`,
  );
}

/** The STATE of a foreign host, seen on the way to the broker, has no effect. */
function heedsOwnHostOnly(evidence: Evidence): RowFinding {
  const { hostStates, setting, lives } = evidence;
  if (setting.hostId === null) return { count: 0, faults: [] };
  const foreign = hostStates.filter(({ hostId, state }) => hostId !== setting.hostId && state?.online === true);
  return each(foreign, ({ hostId, at }) => {
    const born = lives.find(({ nbirth }) => nbirth.at > at);
    const own = judgedStates(evidence).some(
      (word) => word.connection === born?.connection && word.meaning === 'online' && word.at < (born?.nbirth.at ?? 0),
    );
    return born !== undefined && !own && `birth (#${born.nbirth.at}) for ${hostId}`;
  });
}

function oneAtATime({ connections, setting }: Evidence): RowFinding {
  if (setting.servers.length < 2) return { count: 0, faults: [] };
  return each(connections, (connection) => {
    const rival = connections.find(({ connectAt, closedAt }) => connectAt < connection.connectAt && closedAt > connection.connectAt);
    return rival !== undefined && `connected to ${rival.server} and ${connection.server} at once`;
  });
}

const severalServers =
  (check: (evidence: Evidence) => RowFinding) =>
  (evidence: Evidence): RowFinding =>
    evidence.setting.servers.length < 2 ? { count: 0, faults: [] } : check(evidence);

export const HOST_ROWS: readonly ConformanceRow[] = [
  ...rows('message-flow-edge-node-birth-publish-phid-wait', 'no birth before the primary host is online', waits),
  ...rows('message-flow-edge-node-birth-publish-phid-wait-id', "only the configured host's STATE counts", heedsOwnHostOnly),
  ...rows(
    'message-flow-edge-node-birth-publish-phid-wait-online',
    'only online:true counts as online',
    noBirthAfter(({ meaning }) => meaning === 'offline' || meaning === 'none'),
  ),
  ...rows(
    'message-flow-edge-node-birth-publish-phid-wait-timestamp',
    'a STATE older than the last one does not count',
    noBirthAfter(({ meaning }) => meaning === 'stale'),
  ),
  ...rows(
    'message-flow-edge-node-birth-publish-phid-offline operational-behavior-edge-node-termination-host-offline',
    'the host goes offline: NDEATH at once, disconnect',
    leaves,
  ),
  ...rows('operational-behavior-edge-node-termination-host-offline-reconnect', 'then the next server', (evidence) =>
    goesOn(
      evidence,
      endings(evidence).map(({ connection }) => connection),
    ),
  ),
  ...rows('operational-behavior-edge-node-termination-host-offline-timestamp', 'an offline of the past is ignored', staysForStale),
  ...rows('operational-behavior-primary-application-state-with-multiple-servers-state-subs', 'STATE is subscribed', subscribesState),
  ...rows('operational-behavior-primary-application-state-with-multiple-servers-single-server', 'one server at a time', oneAtATime),
  ...rows(
    'operational-behavior-primary-application-state-with-multiple-servers-walk',
    'host offline here: on to the next server',
    (evidence) => goesOn(evidence, leftForWant(evidence)),
  ),
  ...rows('operational-behavior-edge-node-birth-sequence-wait', 'births wait for the host on the new server too', severalServers(waits)),
];
