/**
 * The host of the tests in a process of its own, for a whole city. It counts readings and does not keep them.
 */
import { Platform } from '../../test/platform/ingest.ts';
import type { ReadingBase } from '../../test/platform/reading-base.ts';
import { answerParent } from '../child.ts';
import type {
  CityHostAnswer,
  CityHostQuestion,
  FleetCommand,
  FleetOutcome,
  HostCounts,
  HostNode,
  ReferenceHostSettings,
} from './city-host.ts';
import { CITY } from './city-site.ts';

/** Ends of a command. Source: docs/platform.md, "How a command ends". */
const ENDS: readonly string[] = ['verified', 'refused', 'failed'];

/** A row that is missing for this time was lost on the way. Units: ms. Source: docs/platform.md, "First contact", step 6. */
const HOLE_MS = 60_000;
/** Between two looks for holes. Units: ms. */
const LOOK_MS = 10_000;

interface Host {
  readonly platform: Platform;
  readonly births: Map<string, { count: number; atMs: number }>;
  readonly sent: Map<string, Sent>;
  readonly counted: { readings: number };
  /** When the first hole of a node was seen. Units: ms since 1970. */
  readonly holesSince: Map<string, number>;
}
interface Sent {
  readonly atMs: number;
  readonly ends: Map<string, FleetOutcome>;
}

let host: Host | null = null;

answerParent<CityHostQuestion, CityHostAnswer>(async (question) => {
  if (question.kind === 'start') {
    host = createHost(question.settings);
    await host.platform.start();
    setInterval(askForHoles, LOOK_MS, host);
    return null;
  }
  if (host === null) throw new Error('the host was not started');
  if (question.kind === 'counts') return countsOf(host);
  if (question.kind === 'nodes') return nodesOf(host);
  if (question.kind === 'outcomes') return [...(host.sent.get(question.id)?.ends.values() ?? [])];
  if (question.kind === 'send') await send(host, question.command);
  else await host.platform.stop();
  return null;
});

function createHost({ broker, wallOffsetMs }: ReferenceHostSettings): Host {
  const births: Host['births'] = new Map();
  const sent: Host['sent'] = new Map();
  const counted = { readings: 0 };
  const platform: Platform = new Platform({
    ...{ url: broker, protocolVersion: 5, group: CITY.group, hostId: CITY.hostId, workers: 1, acks: true },
    nowMs: () => Date.now() + wallOffsetMs,
    base: createCountingBase(counted),
    onFact(node, device, name, value) {
      // The first metric of each NBIRTH.
      if (device === '' && name === 'bdSeq') {
        const before = births.get(node)?.count ?? 0;
        births.set(node, { count: before + 1, atMs: Date.now() });
        if (before === 0) void platform.accept(node, 'segments/1').catch(() => undefined);
      }
      if (name === 'Command/Outcome' && typeof value === 'string' && value !== '') takeOutcome(sent, node, value);
    },
  });
  return { platform, births, sent, counted, holesSince: new Map() };
}

/** Requests the rows that have been missing for a minute, for example those that an earlier process of this host acknowledged and forgot. */
function askForHoles({ platform, holesSince }: Host): void {
  for (const { node, rows } of platform.nodes.values()) {
    if ((rows?.holes.length ?? 0) === 0) holesSince.delete(node);
    else if (!holesSince.has(node)) holesSince.set(node, Date.now());
    else if (Date.now() - (holesSince.get(node) ?? 0) >= HOLE_MS) {
      holesSince.set(node, Date.now());
      void platform.askForHoles(node).catch(() => undefined);
    }
  }
}

function takeOutcome(sent: Host['sent'], node: string, text: string): void {
  const { id, state, reason } = JSON.parse(text) as { readonly id: string; readonly state: string; readonly reason: string };
  const command = id.endsWith(`-${node}`) ? sent.get(id.slice(0, -node.length - 1)) : undefined;
  if (command === undefined || command.ends.has(node) || !ENDS.includes(state)) return;
  command.ends.set(node, { node, state, reason, afterMs: Date.now() - command.atMs });
}

async function send({ platform, sent }: Host, { id, nodes, metrics }: FleetCommand): Promise<void> {
  sent.set(id, { atMs: Date.now(), ends: new Map() });
  await Promise.all(
    nodes.map((node) => platform.write(node, '', [...metrics, { name: 'Command/Id', value: { kind: 'string', value: `${id}-${node}` } }])),
  );
}

function countsOf({ platform, births, counted }: Host): HostCounts {
  const nodes = [...platform.nodes.values()];
  return {
    messages: platform.taken.reduce((sum, taken) => sum + taken, 0),
    bytes: platform.bytes,
    readings: counted.readings,
    births: [...births.values()].reduce((sum, { count }) => sum + count, 0),
    rebirths: platform.rebirths,
    alive: nodes.filter(({ isAlive }) => isAlive).length,
    garbage: platform.garbage,
  };
}

function nodesOf({ platform, births }: Host): HostNode[] {
  return [...platform.nodes.values()].map(({ node, rows, gaps }) => ({
    node,
    head: rows?.head ?? 0,
    missing: (rows?.holes ?? []).reduce((sum, { from, to }) => sum + to - from + 1, 0),
    lost: gaps.reduce((sum, { readings }) => sum + readings, 0),
    births: births.get(node)?.count ?? 0,
    bornMs: births.get(node)?.atMs ?? 0,
  }));
}

/** A base that counts. Whether a reading arrived twice is known by its row only. */
function createCountingBase(counted: { readings: number }): ReadingBase {
  return {
    get size() {
      return counted.readings;
    },
    ...{ duplicates: 0, conflicts: [], disorders: 0 },
    add() {
      counted.readings += 1;
      return true;
    },
    of: () => [],
  };
}
