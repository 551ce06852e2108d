/**
 * The audit log as a city has it elsewhere: through an outage and a kill, each entry, in a chain that the platform checks by itself.
 */
import { createHash } from 'node:crypto';
import t from 'tap';
import type { AuditNote } from '../../agent/core/audit-tools.ts';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { createRig, type Rig } from '../support/rig.ts';

interface Entry {
  readonly n: number;
  readonly atMs: number;
  readonly hash: string;
  readonly body: string;
}

/** Entries that the platform received, by number; an entry that arrived twice is listed twice. */
function received(rig: Rig): { readonly entries: readonly Entry[]; readonly head: number } {
  const records = [...rig.host.values.values()]
    .filter(({ metric, value }) => metric === 'Sync/Log' && typeof value === 'string')
    .map(({ value }) => JSON.parse(String(value)) as Partial<Entry> & { readonly head?: number });
  const entries = records.filter((each): each is Entry => each.n !== undefined).toSorted((a, b) => a.n - b.n);
  return { entries, head: Math.max(0, ...records.map(({ head = 0 }) => head)) };
}

/** The first number at which the chain is broken; null if it is complete from 1 to its head. */
function breakOf(entries: readonly Entry[], head: number): number | null {
  let hash = '0'.repeat(64);
  for (let n = 1; n <= head; n += 1) {
    const own = entries.filter((entry) => entry.n === n);
    const expected = own.map(({ atMs, body }) => createHash('sha256').update(`${hash}\n${n}\n${atMs}\n${body}`).digest('hex'));
    if (own.length === 0 || own.some((entry, i) => entry.hash !== expected[i])) return n;
    hash = own[0]?.hash ?? '';
  }
  return null;
}

const act = (rig: Rig, action: string): void =>
  rig.agent.view.audit.note({ user: 'ada', role: 'admin', door: 'login', action, detail: 'name=marie role=viewer', result: 'ok' });
const headOf = async (rig: Rig) =>
  (await rig.agent.view.audit.read({ sinceMs: 0, limit: 1, isVerified: true, knownHead: null }))?.head ?? null;
const online = async (rig: Rig): Promise<boolean> => (await rig.status()).uplink.state === 'online';

t.test('what was done while the broker was away and before a kill reaches the platform, in a chain that is whole', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T22:30:00+01:00', withUplink: true });
  await rig.until('online', () => online(rig), 5 * MINUTE_MS);
  await rig.broker.stop();
  for (let i = 0; i < 30; i += 1) act(rig, 'user role');
  rig.clock.stepWall(60_000);
  await rig.clock.advance(15_000);
  await rig.until('on disk', async () => ((await headOf(rig))?.n ?? 0) >= 32);
  await rig.kill();
  act(rig, 'login');
  await rig.host.stop();
  await rig.broker.start();
  await rig.host.start();
  await rig.until('online again', () => online(rig), 20 * MINUTE_MS);
  const head = await headOf(rig);
  await rig.until('all of it left', () => received(rig).entries.at(-1)?.n === head?.n, 5 * MINUTE_MS);
  const { entries } = received(rig);
  t.equal(breakOf(entries, head?.n ?? 0), null);
  t.equal(entries.at(-1)?.hash, head?.hash, 'its end is the head that `luciole audit --verify` prints');
  const notes = entries.map(({ body }) => JSON.parse(body) as AuditNote);
  t.equal(notes.filter(({ action }) => action === 'user role').length, 30);
  for (const action of ['agent-started', 'clock-set', 'login'])
    t.ok(
      notes.some((note) => note.action === action),
      action,
    );
  const changed = entries.map((entry) => (entry.n === 7 ? { ...entry, body: entry.body.replace('viewer', 'admin') } : entry));
  t.equal(breakOf(changed, head?.n ?? 0), 7, 'and one that was changed on the way would be seen');
});

t.test('the platform writes back up to where it has all, and is sent nothing of that again; a rewritten log it would see', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T22:30:00+01:00', withUplink: true });
  await rig.until('online', () => online(rig), 5 * MINUTE_MS);
  await rig.until('the platform has the whole log', async () => received(rig).entries.at(-1)?.n === (await headOf(rig))?.n, 5 * MINUTE_MS);
  const last = received(rig).entries.at(-1);
  await rig.host.write('Sync/Log', `${last?.n}:${last?.hash}`);
  await rig.clock.advance(MINUTE_MS);
  rig.host.values.clear();
  await rig.host.requestRebirth();
  await rig.until('born again, with its newest entry', () => received(rig).head === last?.n, 5 * MINUTE_MS);
  t.same(
    received(rig).entries.filter(({ n }) => n <= (last?.n ?? 0)),
    [],
  );
  await rig.host.write('Sync/Log', `${last?.n}:${'0'.repeat(64)}`);
  await rig.until('a hash that is not ours is refused, and logged', () =>
    rig.log.some(({ name, fields }) => name === 'uplink-sync-refused' && /another hash/.test(String(fields['reason']))),
  );
});
