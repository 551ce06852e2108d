/** A host written from the page docs/platform.md alone, section "Delivery": what it acknowledges when readings were lost, for each reason. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Gap } from '../../../../agent/core/ports.ts';
import type { PointId, Reading } from '../../../../agent/core/words.ts';
import { createMemoryStore } from '../memory-store.ts';
import { type SmallNode, until } from '../small-node.ts';
import { online, openUplinkScene } from '../uplink-scene.ts';

const PAGE = readFileSync(new URL('../../../../docs/platform.md', import.meta.url), 'utf8');
/** The table of the page: `reason` and what becomes of the rows from `from` to `to`. */
const ROWS_BY_REASON = new Map(
  [...PAGE.matchAll(/^\| `(?<reasons>[a-z-]+(?:`, `[a-z-]+)*)` \|[^|]*\| (?<rows>[^|]+) \|$/gm)].flatMap(({ groups = {} }) =>
    (groups['reasons'] ?? '').split('`, `').map((reason) => [reason, groups['rows'] ?? ''] as const),
  ),
);

interface PageGap extends Omit<Gap, 'reason' | 'firstSeq' | 'lastSeq' | 'id'> {
  readonly epoch: string;
  readonly id: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly reason: string;
  readonly after: number | null;
}

/** A host that stores what the page requires. `countsGaps`: it treats the rows of a gap as received, which the page forbids. */
class PageHost {
  readonly readings = new Set<string>();
  readonly rows = new Set<number>();
  readonly gaps = new Map<string, PageGap>();
  readonly #parts = new Map<string, Set<string>>();
  readonly #countsGaps: boolean;

  constructor(countsGaps = false) {
    this.#countsGaps = countsGaps;
  }

  /** The text for `Sync/Ack`. */
  get ack(): string {
    const isGap = (row: number): boolean =>
      [...this.gaps.values()].some(({ from, to }) => from !== null && to !== null && from <= row && row <= to);
    let row = 0;
    while (this.rows.has(row + 1) || (this.#countsGaps && isGap(row + 1))) row += 1;
    let gapId = 0;
    for (let next = this.#gapAfter(0); next !== undefined; next = this.#gapAfter(gapId)) gapId = next;
    return `e1:${row}:${gapId}`;
  }

  take(rowsText: string, readings: readonly string[]): void {
    const [, range = '', part = ''] = rowsText.split(':');
    const [from = 0, to = 0] = range.split('-').map(Number);
    for (const reading of readings) this.readings.add(reading);
    const parts = this.#parts.get(range) ?? new Set();
    this.#parts.set(range, parts.add(part));
    if (parts.size === Number(part.split('/')[1])) for (let row = from; row <= to; row += 1) this.rows.add(row);
  }

  takeGap(text: string): void {
    const gap = JSON.parse(text) as PageGap;
    this.gaps.set(gap.id === null ? `${gap.from}-${gap.to}-${gap.reason}` : `${gap.id}`, gap);
  }

  #gapAfter(id: number): number | undefined {
    return [...this.gaps.values()].find(({ after }) => after === id)?.id ?? undefined;
  }
}

const key = (pointId: string, atMs: number): string => `${pointId}@${atMs}`;

/** Lets the host read all that the reference host has received so far, and acknowledges. */
function createReader(host: Awaited<ReturnType<typeof openUplinkScene>>['host'], page: PageHost): () => Promise<void> {
  let read = 0;
  let names = new Map<string, string>();
  return async () => {
    for (; read < host.messages.length; read += 1) {
      const message = host.messages[read];
      if (message === undefined) continue;
      const { verb, device, payload } = message;
      if (verb === 'NBIRTH') names = new Map();
      if (verb.endsWith('BIRTH'))
        for (const { alias, name = '' } of payload.metrics) if (alias !== undefined) names.set(`${device}/${alias}`, name);
      const named = payload.metrics.map((metric) => ({ ...metric, name: metric.name ?? names.get(`${device}/${metric.alias}`) ?? '' }));
      for (const { name, value } of named) if (name === 'Sync/Gap' && typeof value === 'string') page.takeGap(value);
      const rows = verb.endsWith('DATA') ? named.find(({ name }) => name === 'Sync/Rows')?.value : undefined;
      if (typeof rows !== 'string' || rows === '') continue;
      page.take(
        rows,
        named.filter(({ name }) => !name.includes('/')).map(({ name, timestampMs = 0 }) => key(`${device}.${name}`, timestampMs)),
      );
    }
    await host.write('Sync/Ack', page.ack);
  };
}

/** Sixty rows of an outage, of which some were lost in each way that has rows. Returns the number of readings lost by the store. */
function produce(node: SmallNode): number {
  const { store } = node;
  for (let i = 1; i <= 60; i += 1) {
    const gone: Partial<Record<PointId, number>> = i === 50 ? { 'G1.removed': 1 } : {};
    node.poll({ 'L01.level': i, 'L01.power': i, 'M1.energy': i, ...gone });
  }
  node.commit();
  const isMeter = ({ pointId }: Pick<Reading, 'pointId'>): boolean => pointId === 'M1.energy';
  const lost: [reason: Gap['reason'], from: number, to: number, keep?: typeof isMeter][] = [
    ['cap', 1, 5],
    ['age', 6, 7],
    ['thinned', 11, 20, isMeter],
    ['corrupt', 30, 30],
    ['memory-full', 40, 45],
  ];
  for (const [reason, firstSeq, lastSeq, keep] of lost) {
    let readings = 0;
    for (let seq = firstSeq; seq <= lastSeq; seq += 1) readings += store.lose(seq, reason === 'thinned' && seq === 15 ? undefined : keep);
    store.gaps.push({ id: store.gaps.length + 1, firstSeq, lastSeq, readings, reason, atMs: 1 });
  }
  store.gaps.push({ id: store.gaps.length + 1, firstSeq: null, lastSeq: null, readings: 2, reason: 'malformed', atMs: 1 });
  return store.gaps.reduce((sum, { readings }) => sum + readings, 0);
}

/** A store that gives the first batch of rows, and the others after `release`. */
function slowStore() {
  const store = createMemoryStore();
  let batches = 0;
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { readAfter } = store.port;
  store.port.readAfter = async (seq, maxFrames) => {
    if (maxFrames > 1) batches += 1;
    if (batches > 1) await released;
    return readAfter(seq, maxFrames);
  };
  return { store, release };
}

t.test('the page describes for each reason what happens to its rows', async (t) => {
  for (const reason of ['cap', 'age', 'corrupt', 'memory-full']) t.match(ROWS_BY_REASON.get(reason), /come without readings/, reason);
  for (const reason of ['thinned', 'not-configured', 'packet-limit']) t.match(ROWS_BY_REASON.get(reason), /come with the rest/, reason);
  for (const reason of ['malformed', 'no-store', 'set-aside']) t.match(ROWS_BY_REASON.get(reason), /^none/, reason);
});

for (const countsGaps of [false, true]) {
  const story = countsGaps
    ? 'takes the rows of gaps for none: it is warned, and loses nothing'
    : 'is written from the page gets each reading or its gap';
  t.test(`a host that ${story}`, async (t) => {
    const { store, release } = slowStore();
    const { host, node } = await openUplinkScene(t, { store });
    node.store.saved.set('sync.mode', 'platform');
    const lost = produce(node);
    const page = new PageHost(countsGaps);
    const read = createReader(host, page);
    await node.uplink.start();
    await until(online(node));
    // The gaps arrive with the first rows, so a host that counts them is ahead at once.
    t.ok(await until(() => [...host.values.values()].some(({ metric }) => metric === 'Sync/Gap')));
    await read();
    t.ok(await until(() => node.uplink.status().delivery?.ack !== ''), 'acknowledged before the second batch has left');
    release();
    for (let round = 0; round < 2_000 && node.store.cursor < 60; round += 1) {
      await read();
      await new Promise((resolve) => setImmediate(resolve));
    }
    t.equal(node.store.cursor, 60);
    await read();
    const stored = node.store.rows.flatMap(({ readings }) => readings.map(({ pointId, atMs }) => key(pointId, atMs)));
    t.strictSame(
      stored.filter((each) => !page.readings.has(each) && !each.startsWith('G1.')),
      [],
      'every reading that the store has kept',
    );
    const gapReadings = [...page.gaps.values()].reduce((sum, { readings }) => sum + readings, 0);
    t.equal(page.readings.size + gapReadings, 60 * 3 + 1 + 2, 'produced = stored by the host + gaps');
    t.equal(gapReadings, lost + 1);
    t.strictSame(
      node.events.filter(({ code, endMs }) => code === 'platform-ack-ahead' && endMs === null),
      [],
      'nothing is open in the end',
    );
    if (!countsGaps) t.notOk(node.events.some(({ code }) => code === 'platform-ack-ahead'));
  });
}
