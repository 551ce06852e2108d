/** The list of users as the platform sends it: over a real broker, into a whole agent. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { createHasher } from '../../agent/access/password.ts';
import { USER_LIST_HEADER } from '../../agent/access/user-list.ts';
import { revisionKeyText } from '../../agent/config/revisions/revision-key.ts';
import { signUserList } from '../../agent/config/revisions/user-list-signature.ts';
import { DAY_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import { createRig, type Rig } from '../support/rig.ts';

const START = '2026-12-15T22:30:00+01:00';
const PASSWORD = 'quatre mats quai gambetta';
const office = generateKeyPairSync('ed25519').privateKey;
const mallory = generateKeyPairSync('ed25519').privateKey;

async function send(rig: Rig, text: string, id: string, part = '1/1'): Promise<void> {
  const data = Buffer.from(text);
  await rig.host.command('', [
    { name: 'Config/Action', value: { kind: 'string', value: 'put' } },
    { name: 'Config/File', value: { kind: 'string', value: 'users.list' } },
    { name: 'Config/Part', value: { kind: 'string', value: part } },
    { name: 'Config/SHA-256', value: { kind: 'string', value: createHash('sha256').update(data).digest('hex') } },
    { name: 'Config/Data', value: { kind: 'bytes', value: data } },
    { name: 'Config/User', value: { kind: 'string', value: 'anne' } },
    { name: 'Command/Id', value: { kind: 'string', value: id } },
  ]);
}

t.test('a list that the office signed lets its people in, also after a kill and without the broker; any other is refused', async (t) => {
  const trust = { revisionKeys: [], ports: [], userKeys: [{ id: 'office', key: revisionKeyText(office), role: 'technician' as const }] };
  const rig = await createRig(t, { startAt: START, withUplink: true, change: (cabinet) => ({ ...cabinet, trust }) });
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 5 * MINUTE_MS);
  const list = `${USER_LIST_HEADER}\nmarie technician 2026-12-31 ${await createHasher().hash(PASSWORD)}\n`;
  const signedBy = (key: typeof office): string =>
    signUserList(list, { privateKey: key, cabinets: ['*'], signedMs: Date.parse(START), validMs: DAY_MS });
  const outcome = (id: string) =>
    [...rig.host.values.values()]
      .filter(({ metric, value }) => metric === 'Command/Outcome' && typeof value === 'string')
      .map(({ value }) => JSON.parse(String(value)) as { readonly id: string; readonly state: string; readonly reason: string })
      .filter((each) => each.id === id)
      .at(-1);
  const ends = async (id: string): Promise<void> =>
    rig.until(`${id} ends`, () => ['verified', 'refused'].includes(outcome(id)?.state ?? ''), 2 * MINUTE_MS);
  const logIn = () =>
    rig.settled(rig.agent.view.access.logIn({ user: 'marie', password: PASSWORD, code: '', newPassword: '', console: '' }));
  for (const [id, text, part, reason] of [
    ['u-1', signedBy(mallory), '1/1', /not one of trust\.userKeys/],
    ['u-2', signedBy(office).replace('technician', 'admin'), '1/1', /changed after it was signed/],
    ['u-3', signedBy(office), '1/2', /is one part/],
  ] as const) {
    await send(rig, text, id, part);
    await ends(id);
    t.match(outcome(id), { state: 'refused', reason }, id);
  }
  t.match(await logIn(), { state: 'no-users' });
  await send(rig, signedBy(office), 'u-4');
  await ends('u-4');
  t.match(outcome('u-4'), { state: 'verified' });
  t.match(await logIn(), { state: 'in', role: 'technician' });
  t.equal((await rig.agent.view.config?.view('platform:anne'))?.candidate ?? null, null, 'it is no part of a revision');
  await rig.broker.stop();
  await rig.kill();
  t.match(await logIn(), { state: 'in' }, 'offline, after a power cut');
  const events = await rig.agent.view.events({ sinceMs: 0, activeOnly: false, limit: 100 });
  t.match(
    events.filter(({ code }) => code === 'users-changed'),
    [{ text: /^by platform:anne: user list sent signed by office on 2026-12-15T21:30:00.000Z: marie technician$/ }],
  );
});
