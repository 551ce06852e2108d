import t, { type Test } from 'tap';
import { type HostScene, hostSkip, openHostScene, storedReadings } from './host-scene.ts';
import { openRealCabinet, type RealCabinet } from './real-cabinet.ts';
import { observeWire, watchAcks } from './wire-observer.ts';

const skip = await hostSkip();
/** `HOST_KILLS=50 npm test -- --timeout=900 test/host/kills.test.ts` is the long form. */
const KILLS = Number(process.env['HOST_KILLS'] ?? 6);
const CABINETS = ['k1', 'k2', 'k3'];
/** Rows that an agent has sent and not committed: of one commit period, and of a busy machine. Units: ms. */
const UNCOMMITTED_MS = 10_000;

/** `atMs` by the clock of the agent. */
interface Death {
  readonly id: string;
  readonly atMs: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

t.test(`${KILLS} workers and agents killed at random moments`, { skip, timeout: 120_000 + KILLS * 10_000 }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, kill, holds } = scene;
  const acks = watchAcks(database);
  const wire = await observeWire(t, scene.mosquitto.url, acks.onCommand);
  run('state');
  run('commands');
  const workers = [run('worker'), run('worker')];
  const cabinets = CABINETS.map((id, i) => openRealCabinet(t, { id, broker: scene.mosquitto.url, seed: i + 1 }));
  await Promise.all(cabinets.map((cabinet) => cabinet.start()));
  t.ok(await holds(async () => (await database.query('select 1 from cabinet where rows_complete > 0')).length === CABINETS.length, 60_000));
  const deaths: Death[] = [];
  const starts: Promise<void>[] = [];
  for (let i = 0; i < KILLS; i += 1) {
    await pause(200 + 2_000 * Math.random());
    const running = cabinets.filter(({ isRunning }) => isRunning);
    const victim = Math.floor(Math.random() * (workers.length + running.length));
    const cabinet = running[victim - workers.length];
    if (cabinet === undefined) {
      await kill(workers[victim] as (typeof workers)[number], 'SIGKILL');
      workers[victim] = run('worker');
    } else {
      deaths.push({ id: cabinet.id, atMs: await cabinet.kill() });
      starts.push(pause(1_500 * Math.random()).then(() => cabinet.start()));
    }
  }
  await Promise.all(starts);
  t.comment(`${deaths.length} agents and ${KILLS - deaths.length} workers were killed`);
  const ends = cabinets.map((cabinet) => cabinet.now());
  // What was read until now is committed after this.
  await pause(UNCOMMITTED_MS);
  for (const [i, cabinet] of cabinets.entries()) await expectExport(t, scene, { cabinet, deaths, untilMs: ends[i] as number });
  const { seen, ahead } = await acks.result();
  t.ok(seen > CABINETS.length, `${seen} acknowledgements`);
  t.strictSame(ahead, [], 'none was ahead of the commit');
  t.equal(wire.rebirthRequests(), 0, 'no births were requested');
  t.strictSame(await database.query('select * from rebirth where requests > 0'), []);
  for (const { id } of cabinets) {
    const starts = 1 + deaths.filter((death) => death.id === id).length;
    // An agent may be killed before its birth.
    t.ok(wire.births(id) >= 1 && wire.births(id) <= starts, `${id}: ${wire.births(id)} births for ${starts} starts`);
  }
  t.strictSame(
    wire.states.filter((state) => !state.includes('true')),
    [],
    'STATE did not go offline',
  );
});

interface Expected {
  readonly cabinet: RealCabinet;
  readonly deaths: readonly Death[];
  readonly untilMs: number;
}

/** Every reading of the export is in the database once, and what is there besides was sent just before a kill. */
async function expectExport(t: Test, { database, holds }: HostScene, { cabinet, deaths, untilMs }: Expected): Promise<void> {
  const { id } = cabinet;
  const exported = await cabinet.export();
  const last = Math.max(...exported.map(({ row }) => row));
  const isComplete = async (): Promise<boolean> =>
    (await database.query('select 1 from cabinet where cabinet = $1 and rows_complete >= $2', [id, last])).length === 1;
  t.ok(await holds(isComplete, 120_000), `${id}: ${last} rows are complete`);
  const stored = await storedReadings(database, id);
  const different = exported.filter(({ key, text }) => stored.get(key) !== text);
  t.strictSame(
    different.map(({ key, text }) => `${key}: ${stored.get(key)}, exported ${text}`).slice(0, 5),
    [],
    `${exported.length} readings equal the export`,
  );
  const known = new Set(exported.map(({ key }) => key));
  const extra = [...stored.keys()].filter((key) => !known.has(key) && timeOf(key) <= untilMs);
  const kills = deaths.filter((death) => death.id === id).map(({ atMs }) => atMs);
  const unexplained = extra.filter((key) => !kills.some((atMs) => timeOf(key) <= atMs && timeOf(key) > atMs - UNCOMMITTED_MS));
  t.strictSame(unexplained.slice(0, 5), [], `${extra.length} readings that the killed agent had not committed; killed at ${kills}`);
}

function timeOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('@') + 1));
}
