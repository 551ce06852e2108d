import t from 'tap';
import { renderTest, renderUplink } from '../../../../../agent/console/commands/uplink/uplink-page.ts';
import { renderEntry, renderTrace, type TraceAnswer } from '../../../../../agent/console/commands/uplink/uplink-trace.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import type { RawArgs } from '../../../../../agent/console/protocol/protocol.ts';
import type { Page } from '../../../../../agent/console/text/page.ts';
import { plain, toAscii } from '../../../../../agent/console/text/plain-text.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { UplinkDelivery } from '../../../../../agent/core/ports.ts';
import type { PeerCertificate, UplinkTools } from '../../../../../agent/core/uplink-tools.ts';
import type { AgentView, UplinkView } from '../../../../../agent/core/views.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { failedTest, TRACE, uplinkTest, uplinkView } from '../../fake-uplink.ts';
import { createFakeView } from '../../fake-view.ts';

const page: Page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE };
const shown = (changes: Partial<UplinkView> = {}): string => renderUplink(plain(uplinkView(changes)) as UplinkView, page);
const traced = (answer: TraceAnswer, sheet = page): string => renderTrace(plain(answer) as TraceAnswer, sheet);
const { delivery, certificates, server, lastFailure, ...bare } = uplinkView();

const sheets: [story: string, text: string, patterns: RegExp[], not?: RegExp][] = [
  [
    'a session that does well',
    shown(),
    [
      /^Uplink +online since 21:41:07 \(1 h\), mqtts:\/\/broker\.angers\.example:8883,\n +server 1 of 2$/m,
      /^Node +group angers, node ANG-0421, primary host scada, bdSeq 4$/m,
      /^Proof +the platform acknowledges$/m,
      /^Rows +delivered up to 4019, sent up to 4021, of 4021$/m,
      /^Waiting +2 frames, packed, the oldest 12 s old; 0 gaps, 0 readings lost$/m,
      /^Readings +82340 published, 120 of them as history, 82320 confirmed$/m,
      /^Traffic +1\.2 MB today \(UTC\) of 20 MB for the backlog; 4030 messages, 900 kB\n +since the start$/m,
      /^Broker +certificate CN=broker\.angers\.example, O=City of Angers, 200 days left$/m,
      /^Own +certificate CN=ANG-0421, 12 days left: RENEW IT$/m,
      /^Last +failure 1 h 2 min ago: mqtts/m,
    ],
    /Trouble|Look/,
  ],
  [
    'one that is refused',
    shown({
      state: 'down',
      reason: msg`refused (0x87): not authorised`,
      lastFailure: { atMs: AT_MS, text: msg`refused (0x87): not authorised` },
    }),
    [/^Uplink +down since/m, /^Trouble +refused \(0x87\)/m, /^Look +`luciole uplink test` tries each stage/m],
    /^Last/m,
  ],
  [
    'a platform that says nothing',
    shown({ delivery: { ...(delivery as UplinkDelivery), isPlatformSilent: true } }),
    [/the platform acknowledges, BUT IS SILENT NOW/],
  ],
  [
    'the broker proves',
    shown({ delivery: { ...(delivery as UplinkDelivery), mode: 'broker', oldestMs: null, dailyMegabytes: null } }),
    [/^Proof +the broker answers/m, /today \(UTC\);/],
  ],
  ['what is not known is not shown', renderUplink(bare, page), [/^Uplink +online/m], /Proof|Rows|Broker|Own|Last/],
  [
    'an expired certificate',
    shown({ certificates: { own: null, broker: { ...(certificates?.broker as PeerCertificate), untilMs: AT_MS - 3 * 86_400_000 } } }),
    [/EXPIRED\s+3\s+days\s+ago/],
  ],
  ['no uplink at all', shown({ state: 'off', reason: msg`no uplink is configured` }), [/^Uplink +off: no uplink is configured$/]],
  [
    'a test that passed',
    renderTest(uplinkTest(), page),
    [
      /as luciole-ANG-0421-test: the agent's own\nsession was not touched/,
      /^files +warning +1 {2}own certificate/m,
      /^TLS +ok +260 {2}TLSv1\.3/m,
      /^Result +all stages passed; see the warning above$/m,
    ],
  ],
  [
    'a test that failed at the broker',
    renderTest(failedTest('connack', msg`refused (0x87): not authorised`), page),
    [
      /^broker +failed +30000 {2}refused/m,
      /^Result +the connection fails at broker: the last line says what to check\. A\n +broker that admits only the agent's own client id refuses\n +luciole-ANG-0421-test as well$/m,
    ],
  ],
  [
    'a test that failed at the name',
    renderTest(failedTest('name', msg`not known`), page),
    [/^Result +the connection fails at name lookup: the last line says what to check$/m],
  ],
  [
    'a trace',
    traced({ entries: TRACE, followed: null }),
    [
      /^22:41:04\.000 \*\* connecting$/m,
      /^22:41:04\.100 -> connect$/m,
      /^22:41:05\.000 \*\* failed: .*\n {16}\S/m,
      /^22:41:06\.045 -> publish {4}512 B {2}spBv1\.0\/angers\/DDATA\/ANG-0421\/L+~$/m,
      /^22:41:06\.100 <- publish {5}40 B {2}spBv1\.0\/STATE\/scada\?\[2J$/m,
      /^3 packets with 552 bytes, 2 events; -> sent, <- received$/m,
    ],
  ],
  [
    'a trace of yesterday has days',
    traced({ entries: TRACE, followed: null }, { ...page, atMs: AT_MS + 86_400_000 }),
    [/^ 1 Dec 22:41:04\.000/m],
  ],
  ['an empty trace', traced({ entries: [], followed: null }), [/^nothing has happened yet$/]],
  [
    'the end of a watch',
    traced({ entries: [], followed: { seen: 1, missed: 2, durationMs: 60_000 } }),
    [/^1 entry in 60 s; 2 more not shown/],
  ],
];
for (const [story, text, patterns, not] of sheets) {
  t.test(`${story}, on 80 columns of plain text`, async (t) => {
    for (const each of patterns) t.match(text, each);
    if (not !== undefined) t.notMatch(text, not);
    t.notMatch(text, /[^\n]{81}/, text);
    t.equal(text.replaceAll('\n', ''), toAscii(text.replaceAll('\n', '')));
    t.notMatch(text, / $/m);
  });
}

t.test('each entry of a watch is one line', async (t) => {
  for (const entry of TRACE) t.notMatch(renderEntry(plain(entry) as typeof entry, page), /[^\n]{81}/);
});

const job = {
  source: 'console:tech',
  caller: { user: 'tech', role: 'admin', socketKind: 'agent' } as const,
  report: () => true,
  signal: new AbortController().signal,
  clock: {
    wallMs: () => AT_MS,
    monoMs: () => 0,
    after: (_ms: number, fire: () => void) => {
      queueMicrotask(fire);
      return { cancel: () => {} };
    },
  },
  timezone: TIMEZONE,
};
const ask = async (
  name: string,
  args: RawArgs = {},
  view: AgentView = createFakeView(),
  report: (word: unknown) => boolean = () => true,
) => {
  const command = COMMANDS.find((each) => each.name === name);
  if (command?.kind !== 'agent') throw new TypeError(name);
  return { command, result: await command.answer(view, args, { ...job, report }) };
};

t.test('status is the same with and without its verb', async (t) => {
  t.strictSame((await ask('uplink')).result, (await ask('uplink status')).result);
});

t.test('a test reports each stage, and its failure fails the command', async (t) => {
  const steps: unknown[] = [];
  const { command, result } = await ask('uplink test', {}, createFakeView(), (word) => steps.push(word) > 0);
  t.strictSame([steps.length, command.succeeded(result)], [8, true]);
  t.equal(command.succeeded(failedTest('tls', msg`x`)), false);
  const view = createFakeView();
  await ask('uplink test', { broker: 'mqtts://other.example' }, view);
  t.strictSame(view.asked, [{ broker: 'mqtts://other.example' }]);
});

t.test('a trace shows the newest entries, or follows new ones', async (t) => {
  t.match((await ask('uplink trace', { last: '2' })).result, { entries: TRACE.slice(-2), followed: null });
  const steps: unknown[] = [];
  const view = createFakeView();
  const { result } = await ask('uplink trace', { follow: true, for: '5m' }, view, (word) => steps.push(word) !== 2);
  t.match(result, { entries: [], followed: { seen: 4, missed: 1 } });
  t.strictSame([steps.length, view.asked], [5, ['stopped watching']]);
});

t.test('a reconnect is logged with its author', async (t) => {
  const view = createFakeView();
  const { command } = await ask('uplink reconnect', {}, view);
  t.strictSame([view.asked, command.audit?.({})], [[{ reconnect: 'console:tech' }], {}]);
});

t.test('without an uplink this is reported', async (t) => {
  const view: AgentView = { ...createFakeView(), uplinkTools: null, testUplink: async () => undefined };
  for (const name of ['uplink test', 'uplink trace', 'uplink reconnect'])
    await t.rejects(ask(name, {}, view), { code: 'failed', message: /no uplink is configured/ }, name);
  const tools = { ...(createFakeView().uplinkTools as UplinkTools), reconnect: () => false };
  await t.rejects(ask('uplink reconnect', {}, { ...view, uplinkTools: tools }), { code: 'failed', message: /is off/ });
});

const refused: [name: string, args: RawArgs, message: RegExp][] = [
  ['uplink test', { broker: 'broker.example' }, /bad --broker: write mqtt:\/\/host:1883/],
  ['uplink test', { broker: 'http://broker.example' }, /bad --broker/],
  ['uplink test', { broker: 'mqtt://me:secret@broker.example' }, /no user or password in the address/],
  ['uplink trace', { last: '0' }, /from 1 to 400/],
  ['uplink trace', { for: '5m' }, /--for goes with --follow/],
  ['uplink trace', { follow: true, for: '2h' }, /1h at most/],
  ['uplink trace', { follow: true, for: '5' }, /its unit/],
];
for (const [name, args, message] of refused) {
  t.test(`${name} ${JSON.stringify(args)} is refused as usage, without repeating a secret`, async (t) => {
    const failure = await ask(name, args).catch((error: Error) => error);
    t.match(failure, { code: 'usage', message });
    t.notMatch((failure as Error).message, /secret/);
  });
}
