import t from 'tap';
import type { AgentCommand, Job } from '../../../../../agent/console/command-spec.ts';
import { type PlacedEvent, renderWorkOrders } from '../../../../../agent/console/commands/alarms/work-orders-page.ts';
import { renderEvents } from '../../../../../agent/console/commands/cabinet/events.ts';
import { renderStatus } from '../../../../../agent/console/commands/cabinet/status-page.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import { plain } from '../../../../../agent/console/text/plain-text.ts';
import { csvText } from '../../../../../agent/console/text/text-table.ts';
import { msg } from '../../../../../agent/core/message.ts';
import { AT_MS } from '../../fake-clock.ts';
import { createFakeView, fakeEvent, status } from '../../fake-view.ts';
import { page } from '../../pages.ts';

const JOB = {
  source: 'console:anna',
  caller: { user: 'anna', role: 'technician', socketKind: 'machine' },
  clock: { wallMs: () => AT_MS },
} as unknown as Job;
const command = (name: string): AgentCommand => COMMANDS.find((each) => each.name === name) as AgentCommand;
const run = async (name: string, args: Record<string, string | boolean>, view = createFakeView()) => {
  const row = command(name);
  row.check(args);
  const result = plain(await row.answer(view, args, JOB));
  return { asked: view.asked, text: await row.render(result, page, args), succeeded: row.succeeded(result) };
};
const fits = (text: string): boolean => text.split('\n').every((line) => line.length <= 80);

t.test('events ack names what it acknowledged, and what was acknowledged before', async (t) => {
  const { asked, text, succeeded } = await run('events ack', { event: 'L01', note: 'fuse ordered' });
  t.strictSame(asked, [{ event: 'L01', note: 'fuse ordered', source: 'console:anna' }]);
  t.match(text, /Event +unit-silent L01: acknowledged, active until it ends\nBefore +unit-silent L02: acknowledged by console:anna/);
  t.ok(succeeded && fits(text));
  const unsaved = await run('events ack', { event: 'all', note: 'disk' });
  t.match(unsaved.text, /not saved: a restart of the agent forgets it/);
  t.notOk(unsaved.succeeded);
  await t.rejects(run('events ack', { event: 'L99' }), { message: /no event "L99" is known/ });
});

t.test('maintenance start says what it does not do, end lists what was suppressed, list shows both', async (t) => {
  const { asked, text } = await run('maintenance start', { target: 'l07', for: '2h', reason: 'new driver' });
  t.match(asked, [{ target: { kind: 'lamp', id: 'L07' }, minutes: 120, reason: 'new driver', owner: 'site', source: 'console:anna' }]);
  t.match(text.replaceAll(/\s+/g, ' '), /Alarms L07: maintenance until .*; alarms are recorded, but not raised/);
  t.match(text.replaceAll(/\s+/g, ' '), /Light not affected: .*lock it by `override L07 LEVEL --maintenance`/);
  const ended = await run('maintenance end', { target: 'cabinet' });
  t.match(ended.asked, [{ target: { kind: 'cabinet' }, minutes: null }]);
  t.match(ended.text.replaceAll(/\s+/g, ' '), /Recorded 9 events, first unit-silent L00, .* Alarms unit-silent L01/);
  const list = await run('maintenance list', {});
  t.match(list.text, /L07 .* console:anna +9 +new driver; 9 events/);
  t.match(list.text, /over +console:anna +0 +no alarm was suppressed/);
  for (const each of [text, ended.text, list.text]) t.ok(fits(each), each);
});

t.test('maintenance of a zone named cabinet does not hide the alarms of the whole cabinet', async (t) => {
  const view = createFakeView();
  const names = { ...view.names(), zones: ['Cabinet'] };
  const { asked } = await run('maintenance start', { target: 'cabinet', for: '2h' }, { ...view, names: () => names });
  t.match(asked, [{ target: { kind: 'zone', id: 'Cabinet' } }]);
});

const refused: readonly (readonly [name: string, args: Record<string, string>, reason: RegExp])[] = [
  ['maintenance start', { target: 'L07' }, /give its length: --for 2h; maintenance always has an end/],
  ['maintenance start', { target: 'L07', for: '0s' }, /bad duration/],
  ['maintenance start', { target: 'L07', for: '3650d' }, /must lie between 1m and 24h/],
  ['maintenance start', { target: 'L07', for: '-2h' }, /bad duration/],
  ['maintenance start', { target: 'L07', for: '2h', reason: 'x'.repeat(161) }, /bad reason/],
  ['maintenance start', { target: 'L77', for: '2h' }, /no lamp or zone "L77"/],
  ['events ack', { event: 'L07', note: 'a\u001b[2J' }, /bad note/],
  ['events export', { format: 'xml' }, /no format "xml"/],
];
for (const [name, args, reason] of refused)
  t.test(`refused: ${name} ${JSON.stringify(args).slice(0, 60)}`, async (t) => {
    await t.rejects(run(name, args), { message: reason });
  });

t.test('roles: a technician acknowledges and maintains, a viewer only reads', async (t) => {
  const roles = ['events ack', 'maintenance start', 'maintenance end', 'maintenance list', 'events export'].map(
    (name) => command(name).role,
  );
  t.strictSame(roles, ['technician', 'technician', 'technician', 'viewer', 'viewer']);
});

const acknowledged = { by: 'console:anna', atMs: AT_MS - 60_000, note: 'fuse ordered' };
const suppressed = { maintenance: 'maintenance-mode:L03:site:1', untilMs: null };

t.test('events and status mark what is acknowledged and what is suppressed; the first line counts only what waits', async (t) => {
  const events = [
    fakeEvent(1, { acknowledged, severity: 'alarm' }),
    fakeEvent(2),
    fakeEvent(3, { suppressed, severity: 'alarm' }),
    fakeEvent(4, { suppressed: { ...suppressed, untilMs: AT_MS } }),
  ];
  const text = renderEvents(events, page, { spanMs: null, hasDetails: true }).replaceAll(/\s+/g, ' ');
  t.match(text, /acknowledged by console:anna at [\d:]+: fuse ordered/);
  t.match(text, /suppressed by maintenance: no alarm/);
  t.match(text, /suppressed by maintenance until [\d:]+/);
  t.match(text, /id: unit-silent:L01:/);
  const screen = renderStatus(status({ activeEvents: events, zones: [], lines: [] }), page);
  const rows = screen.split('\n').filter((line) => /^(warning|alarm)/.test(line));
  t.match(rows[0], /L04|L02/, 'what waits is first');
  t.match(rows.at(-2), /^alarm +L01 .*\(acknowledged\)/);
  t.match(rows.at(-1), /^alarm +L03 .*\(suppressed\)/);
  t.ok(fits(screen));
});

const placed = (over: Partial<PlacedEvent> = {}): PlacedEvent => ({
  ...fakeEvent(7, { code: 'lamp-out', severity: 'alarm', talq: 'lampFailure', urgency: 'urgent' }),
  text: msg`${'L07'} is dark`,
  evidence: {
    text: msg`${'0.4'} W at ${80} %`,
    readings: [{ pointId: 'L07.power', value: 0.4, unit: 'W', atMs: AT_MS }],
    decisions: [{ lampId: 'L07', levelPct: 80, reason: 'programme', sinceMs: AT_MS }],
  },
  check: { what: msg`the fuse`, where: msg`pole ${'P07'}`, tool: msg`a voltage tester` },
  place: { lamp: 'L07', pole: 'P07', atM: 210, zone: 'bressigny', street: 'Rue "B", =1' },
  ...over,
});

t.test('an export has one row for each alarm, and no text of a person becomes a formula', async (t) => {
  const nasty = { ...acknowledged, note: '=HYPERLINK("http://x")' };
  const csv = renderWorkOrders([placed({ acknowledged: nasty }), placed({ suppressed, text: msg`${'a\nb'}` })], page, {
    format: 'csv',
    separator: ',',
  });
  const [titles = '', first = ''] = csv.split('\n');
  t.equal(titles.split(',').length, 22);
  t.match(
    first,
    /^unit-silent:L07:\d+,lamp-out,lampFailure,2026-\S+Z,,alarm,urgent,L07,L07,P07,210,bressigny,"Rue ""B"", =1",L07 is dark,the fuse,pole P07,a voltage tester,/,
  );
  t.match(first, /0.4 W at 80 % \| L07.power 0.4 W 2026-\S+ \| L07 80 % programme 2026-/);
  t.match(first, /,console:anna,2026-[^,]+Z,"'=HYPERLINK\(""http:\/\/x""\)",no$/);
  t.match(csv, /"a\nb"/);
  t.match(csv, /,yes$/);
  const french = renderWorkOrders([placed()], page, { format: 'csv', separator: ';' });
  t.match(french, /;210;bressigny;"Rue ""B"", =1";L07 is dark;/);
  const rows = JSON.parse(renderWorkOrders([placed({ acknowledged: nasty })], page, { format: 'json', separator: ',' })) as Record<
    string,
    unknown
  >[];
  t.match(rows, [{ event: 'lamp-out', position_m: 210, note: '=HYPERLINK("http://x")', street: 'Rue "B", =1' }]);
  t.equal(renderWorkOrders([], page, { format: 'csv', separator: ',' }), titles, 'titles alone if nothing is wrong');
});

t.test('what a spreadsheet would run begins with an apostrophe', async (t) => {
  for (const start of ['=', '+', '-', '@', '\t', '\r']) t.equal(csvText(`${start}1`), `'${start}1`);
  for (const text of ['', 'L07', "it's", '5 - 3', 'a=b']) t.equal(csvText(text), text);
});

t.test('events export requests open events, or those of a period, and leaves out notices', async (t) => {
  const open = await run('events export', { open: true, format: 'json' });
  t.match(JSON.parse(open.text), [{ about: 'L01', pole: 'P07' }]);
  const all = await run('events export', { since: '7d' });
  t.equal(all.text.split('\n').length, 2, 'titles and one warning');
});

t.test('events export has all events of a period, however many; events says when it shows only the newest', async (t) => {
  const stored = Array.from({ length: 4_500 }, (_, n) => fakeEvent(n, { endMs: AT_MS + 1 }));
  const view = {
    ...createFakeView(),
    readEvents: async ({ limit = 0, skip = 0 }) => [fakeEvent(1), ...stored.toReversed().slice(skip, skip + limit)],
  };
  const rows = await command('events export').answer(view, { since: '24h' }, JOB);
  t.equal((rows as readonly PlacedEvent[]).length, 4_500, 'each once');
  const halting = { ...view, readEvents: async ({ skip = 0 }) => (skip > 0 ? undefined : stored.slice(0, 2_000)) };
  await t.rejects(
    async () => command('events export').answer(halting, { since: '24h' }, JOB),
    { code: 'failed' },
    'a disk that does not respond gives no incomplete export',
  );
  const shown = (count: number): string => renderEvents(stored.slice(0, count), page, { spanMs: 60_000 });
  t.match(shown(500), /the newest: `luciole events export` with the same --since has all/);
  t.notMatch(shown(499), /the newest/);
});
