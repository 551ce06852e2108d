/** Commands that end without an answer, and commands to a cabinet with an odd birth. */
import { connectAsync } from 'mqtt';
import t from 'tap';
import { encodePayload, type Metric } from '../../agent/sync/sparkplug/codec.ts';
import { hostSkip, openHostScene } from './host-scene.ts';
import { observeWire } from './wire-observer.ts';

const skip = await hostSkip();

/** Commands as they are in the table: state, minutes since `expires_at`, and the state after a look. */
const OLD: readonly (readonly [id: string, state: string, minutes: number, after: string, metrics?: object])[] = [
  ['new', 'new', 1, 'expired'],
  ['published', 'published', 1, 'expired'],
  ...['received', 'queued', 'sent'].flatMap(
    (state) =>
      [
        [`${state}-open`, state, -1, state],
        [`${state}-late`, state, 9, state],
        [`${state}-over`, state, 11, 'expired'],
      ] as const,
  ),
  ['trial', 'sent', 177, 'sent', { 'Config/Action': 'apply', 'Config/Minutes': 'x' }],
  ['trial-over', 'sent', 179, 'expired', { 'Config/Action': 'apply' }],
  ['ended', 'verified', 600, 'verified'],
];

t.test('a command that was answered expires too, and its outcome still counts', { skip }, async (t) => {
  const { database } = await openHostScene(t);
  const [{ expireCommands }, { saveCommandOutcomes }, { Batch }] = await Promise.all([
    import('../../platform/database/open-commands.ts'),
    import('../../platform/database/store-reports.ts'),
    import('../../platform/core/batch.ts'),
  ]);
  const [node] = await database.query<{ id: number }>(`insert into node (group_name, node) values ('g', 'c1') returning id`);
  for (const [id, state, minutes, , metrics = {}] of OLD) {
    await database.query(
      `insert into command (id, cabinet, metrics, state, expires_at) values ($1, 'c1', $2, $3, now() - make_interval(mins => $4))`,
      [id, JSON.stringify(metrics), state, minutes],
    );
  }
  await expireCommands(database.query);
  const states = await database.query<{ id: string; state: string; is_over: boolean; reason: string }>(
    'select id, state, ended_at is not null as is_over, reason from command',
  );
  for (const [id, , , after] of OLD) t.equal(states.find((row) => row.id === id)?.state, after, id);
  t.match(
    states.find(({ id }) => id === 'sent-over'),
    { is_over: true, reason: /did not report the end in time/ },
  );
  const batch = new Batch();
  const by = { node: node?.id ?? 0, atReportMs: 1, body: '{}', reason: '', target: '' };
  batch.reports.outcomes.push({ ...by, id: 'sent-over', state: 'sent' }, { ...by, id: 'queued-over', state: 'verified' });
  batch.reports.outcomes.push({ ...by, id: 'sent-open', state: 'expired' });
  await saveCommandOutcomes(database.query, batch);
  t.strictSame(await database.query(`select id, state from command where id in ('sent-over', 'queued-over') order by 1`), [
    { id: 'queued-over', state: 'verified' },
    { id: 'sent-over', state: 'expired' },
  ]);
  t.strictSame(await database.query(`select state, ended_at is not null as is_over from command where id = 'sent-open'`), [
    { state: 'expired', is_over: true },
  ]);
});

t.test('a birth of the same session that changes only a limit of a metric changes its series', { skip }, async (t) => {
  const { database, run, holds, mosquitto } = await openHostScene(t);
  run('worker');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 0));
  const client = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  t.teardown(() => client.endAsync(true));
  const send = (topic: string, metrics: readonly Metric[]) =>
    client.publishAsync(`spBv1.0/g/${topic}`, encodePayload({ timestampMs: Date.now(), seq: 0, metrics }));
  await send('NBIRTH/c1', [{ name: 'Sync/Epoch', alias: 1, datatype: 12, value: { kind: 'string', value: 'abcdefgh' } }]);
  for (const high of [100, 150, 200, 250]) {
    const properties = [{ key: 'engHigh', type: 10, value: { kind: 'double', value: high } }] as const;
    await send('DBIRTH/c1/L01', [{ name: 'power', alias: 2, datatype: 10, isNull: true, properties }]);
    t.ok(
      await holds(
        async () => (await database.query(`select 1 from series where quantity = 'power' and high = $1`, [high])).length === 1,
        5_000,
      ),
      `${high}`,
    );
  }
});

t.test('a birth with odd types: its commands are sent with those of their values, and no process ends', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, holds, mosquitto } = scene;
  const wire = await observeWire(t, mosquitto.url);
  run('worker');
  const commands = run('commands');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 0));
  const client = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  t.teardown(() => client.endAsync(true));
  const send = (topic: string, metrics: readonly Metric[]) =>
    client.publishAsync(`spBv1.0/g/${topic}`, encodePayload({ timestampMs: Date.now(), seq: 0, metrics }));
  await send('NBIRTH/odd', [{ name: 'Sync/Epoch', alias: 1, datatype: 12, value: { kind: 'string', value: 'abcdefgh' } }]);
  const types = [18, undefined, 15, 12];
  await send(
    'DBIRTH/odd/rue',
    types.map((datatype, i) => ({ name: `Odd/${i}`, alias: i + 2, ...(datatype === undefined ? {} : { datatype }), isNull: true })),
  );
  t.ok(await holds(async () => (await database.query(`select 1 from birth where device = 'rue'`)).length === 1));
  const { cabinetsOf } = await import('../../platform/database/rollout-commands.ts');
  await send('NBIRTH/foreign', [{ name: 'bdSeq', alias: 1, datatype: 8, value: { kind: 'long', value: 0n } }]);
  t.ok(await holds(async () => (await database.query(`select 1 from node where node = 'foreign' and epoch is not null`)).length === 1));
  t.match(await cabinetsOf(database.query, ['+'], []), [{ node: 'odd' }], 'a node that is no cabinet gets no configuration');
  for (const i of types.keys())
    await database.query(`insert into command (cabinet, device, metrics) values ('odd', 'rue', $1)`, [
      JSON.stringify({ [`Odd/${i}`]: 80 }),
    ]);
  const written = (): string[] =>
    wire.messages
      .filter(({ verb }) => verb === 'DCMD')
      .flatMap(({ metrics }) => metrics.filter(({ name }) => name?.startsWith('Odd/')))
      .map(({ name, datatype, value }) => `${name} ${datatype} ${value?.kind === 'long' ? value.value : value?.kind}`);
  t.ok(await holds(() => new Set(written()).size === types.length, 10_000));
  t.strictSame([...new Set(written())].sort(), ['Odd/0 4 80', 'Odd/1 4 80', 'Odd/2 4 80', 'Odd/3 4 80']);
  t.equal(commands.exitCode, null);
});
