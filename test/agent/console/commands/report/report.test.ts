/** `luciole report` over the socket of an agent, into files and onto the screen. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCommandLine } from '../../../../../agent/console/cli.ts';
import { createLocalActions } from '../../../../../agent/console/local-actions.ts';
import { createConsoleServer } from '../../../../../agent/console/protocol/socket-server.ts';
import { renderInChild } from '../../../../../agent/console/report/render-in-child.ts';
import type { LocalActions, Terminal } from '../../../../../agent/console/terminal/terminal.ts';
import { learn } from '../../../../../agent/console/text/translate.ts';
import type { SigningAnswer } from '../../../../../agent/core/evidence-signature.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { ReportQuery, ReportTools } from '../../../../../agent/core/report.ts';
import { verifyReport } from '../../../../../agent/core/report-seal.ts';
import type { SavingsTools } from '../../../../../agent/core/savings-view.ts';
import { type Authority, openTestAuthorities } from '../../../../platform/certificates.ts';
import { findProgram } from '../../../../platform/mosquitto.ts';
import { reportSigner, smallReport } from '../../../../support/small-report.ts';
import { TIMEZONE } from '../../fake-clock.ts';
import { createFakeView, renderHere } from '../../fake-view.ts';
import { runLuciole } from '../../program.ts';

await learn('fr');
const openssl = findProgram('openssl');
const skip = openssl === undefined ? 'openssl is needed' : false;
const authorities = openssl === undefined ? null : openTestAuthorities(openssl);
t.teardown(() => authorities?.close());
const city = authorities?.create('city') as Authority;
const stranger = authorities?.create('stranger') as Authority;
/** Ten past noon: the night of 30 November has just ended. */
const NOW = Date.parse('2026-12-01T12:10:00+01:00');

interface AgentChange {
  readonly make?: ReportTools['make'];
  readonly sign?: (digest: string) => Promise<SigningAnswer>;
  readonly savings?: SavingsTools;
  readonly nowMs?: number;
}

async function agentAt(t: Test, change: AgentChange = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(folder, 'agent.sock');
  const clock = createManualClock(change.nowMs ?? NOW);
  const fake = createFakeView();
  const asked: ReportQuery[] = [];
  const make: ReportTools['make'] = async (query, signal) => {
    asked.push(query);
    const { kind, from, to, by } = query;
    return change.make?.(query, signal) ?? { ok: true, report: smallReport({ kind, from, to, by }) };
  };
  const view = {
    ...fake,
    savings: change.savings ?? fake.savings,
    reports: { ...fake.reports, make, ...(change.sign && { sign: change.sign }) },
  };
  const server = createConsoleServer({ view, socketPath, log: { event: () => {} }, clock, timezone: TIMEZONE });
  t.teardown(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  await server.start();
  return { folder, socketPath, clock, asked, at: (name: string) => join(folder, name) };
}
type At = Awaited<ReturnType<typeof agentAt>>;

interface Change extends Partial<Terminal> {
  readonly isTerminal?: boolean;
  readonly stop?: AbortSignal;
}

async function run({ socketPath }: Pick<At, 'socketPath'>, words: readonly string[], change: Change = {}) {
  const { isTerminal = false, stop = new AbortController().signal, ...more } = change;
  const text = { out: '', err: '' };
  const add = (stream: 'out' | 'err') => (part: string) => {
    text[stream] += part;
  };
  const screen: Terminal = {
    ...{ out: add('out'), err: add('err'), widthCols: 80, colour: false, user: 'ada', version: 'luciole 0', socketPath, status: null },
    localFiles: () => Promise.reject(new Error('not needed here')),
    ...more,
  };
  const write = async (part: string): Promise<void> => screen.out(part);
  const actions = createLocalActions({
    screen,
    isTerminal,
    write,
    readInput: null,
    signal: () => stop,
    commit: undefined,
    own: {} as never,
  });
  const code = await runCommandLine(['report', ...words], screen, actions as LocalActions);
  return { code, ...text };
}

t.test('the usual nights: the last one, the last whole month, all since the baseline', async (t) => {
  const at = await agentAt(t);
  const cases: readonly (readonly [words: readonly string[], query: Partial<ReportQuery>])[] = [
    [['night'], { kind: 'night', from: '2026-11-30', to: '2026-11-30', by: 'console:ada' }],
    [['night', '2026-11-02'], { kind: 'night', from: '2026-11-02', to: '2026-11-02' }],
    [['month'], { kind: 'month', from: '2026-11-01', to: '2026-11-30' }],
    [['month', '2026-10'], { kind: 'month', from: '2026-10-01', to: '2026-10-31' }],
    [['month', '2024-02'], { kind: 'month', from: '2024-02-01', to: '2024-02-29' }],
    [['month', '--nights', '2026-10-15..2026-12-24'], { kind: 'month', from: '2026-10-15', to: '2026-11-30' }],
    [['savings', '--nights', '2026-01-01..2026-06-30'], { kind: 'savings', from: '2026-01-01', to: '2026-06-30' }],
    [['commission'], { kind: 'commission' }],
  ];
  for (const [words, query] of cases) {
    t.match(await run(at, words), { code: 0, out: /Street light of Rue/, err: /reading the nights\nmaking the report\n/ }, words.join(' '));
    t.match(at.asked.at(-1), query, words.join(' '));
  }
  const early = await agentAt(t, { nowMs: NOW - 3_600_000 });
  await run(early, ['month']);
  await run(early, ['night']);
  t.match(early.asked, [{ from: '2026-10-01', to: '2026-10-31' }, { from: '2026-11-29' }], 'before noon the month is not whole');
});

t.test('a saving is since its baseline, and without one it is said what to do', async (t) => {
  const none = await agentAt(t);
  t.match(await run(none, ['savings']), { code: 1, err: /no baseline is frozen: `luciole savings freeze METER`/ });
  const { savings } = createFakeView();
  const entry = {
    cause: 'baseline',
    by: 'a',
    from: '2026-05-04',
    to: null,
    about: [],
    effect: { kind: 'none' },
    note: '',
    n: 1,
    hash: '',
    atMs: 0,
  };
  const entries = [{ ...entry, baseline: { from: '2026-05-04' } }];
  const ledger = async () => ({ ok: true, value: { entries, head: { n: 1, hash: '' }, brokenAt: null, sealedN: 0 } });
  const frozen = await agentAt(t, { savings: { ...savings, ledger } as unknown as SavingsTools });
  t.match(await run(frozen, ['savings']), { code: 0 });
  t.match(frozen.asked, [{ kind: 'savings', from: '2026-05-04', to: '2026-11-30' }]);
  const refused = await agentAt(t, { make: async () => ({ ok: false, why: 'no-nights' }) });
  t.match(await run(refused, ['night']), { code: 1, err: /no night of this time was counted/ });
  const empty = await agentAt(t, { make: async () => ({ ok: false, why: 'no-data' }) });
  t.match(await run(empty, ['night']), { code: 1, err: /nothing is stored about this time/ });
});

t.test('what cannot be is refused, with what to type', async (t) => {
  const at = await agentAt(t);
  const cases: readonly (readonly [words: readonly string[], err: RegExp])[] = [
    [['month', '2026-13'], /bad month "2026-13": write year and month, as 2026-11, or --nights FROM..TO/],
    [['month', '2026-11-01'], /bad month/],
    [['month', '2027-01'], /no night from 2027-01-01 on has ended: the newest that has is 2026-11-30/],
    [['night', '2026-12-01'], /the night of 2026-12-01 has not ended: the newest that has is 2026-11-30/],
    [['night', 'yesterday'], /bad night "yesterday"/],
    [['month', '2026-11', '--nights', '2026-11-01..2026-11-02'], /give either one date or --nights/],
    [['month', '--nights', '2026-11-02..2026-11-01'], /bad --nights/],
    [['month', '--format', 'pdf'], /no format "pdf": write text, html, json, csv/],
    [['month', '--out', at.at('x.pdf')], /no format: end the name in .html, .json, .csv or .txt, or add --format/],
    [['month', '--language', 'de'], /no language "de": write en, fr/],
    [['moth'], /month/],
  ];
  for (const [words, err] of cases) {
    const answer = await run(at, words);
    t.equal(answer.code, 64, words.join(' '));
    t.match(answer.err.replaceAll('\n', ' ').replace(/ +/g, ' '), err, words.join(' '));
  }
  t.match(await run(at, ['month', '--format', 'html'], { isTerminal: true }), { code: 64, err: /add --out FILE, as --out month.html/ });
  t.match(await run({ socketPath: at.at('none.sock') }, ['month']), { code: 69 });
});

t.test('a file is signed, verified, and replaced as a whole', { skip }, async (t) => {
  const at = await agentAt(t, { sign: reportSigner(t, city.issue('c1'), 'c1') });
  for (const name of ['m.html', 'm.json', 'm.HTM']) {
    const answer = await run(at, ['month', '2026-11', '--out', at.at(name)]);
    t.match(answer, { code: 0, out: /^Wrote [\s\S]*report\s+month of angers-0042,\s+2026-11-01[\s\S]*signed by\s+node c1\n$/ }, name);
    t.equal(verifyReport(readFileSync(at.at(name)), readFileSync(city.cert, 'utf8')).verdict, 'valid', name);
  }
  t.equal(statSync(at.at('m.html')).mode & 0o777, 0o644);
  t.match(await run(at, ['month', '--out', at.at('m.csv')]), { code: 0, out: /not signed: only HTML and JSON are/ });
  t.match(readFileSync(at.at('m.csv'), 'utf8'), /^\ufeff/);
  const piped = await run(at, ['month', '--format', 'html', '--language', 'fr']);
  t.equal(verifyReport(Buffer.from(piped.out), readFileSync(city.cert, 'utf8')).verdict, 'valid', 'the output has nothing else');
  t.match(piped, { out: /<html lang="fr"[\s\S]*est signé/, err: /signed by node c1/ });
  const french = await run(at, ['month', '--out', at.at('f.html')], { language: 'fr', charset: 'utf-8' });
  t.match(french, { code: 0, out: /écrit : rapport month de\s+angers-0042[\s\S]*signé par le\s+noeud c1/ });
  t.match(readFileSync(at.at('f.html'), 'utf8'), /lang="fr"/, 'the language of the person');
  const raw = await run(at, ['month', '--out', at.at('r.html'), '--json']);
  t.match(JSON.parse(raw.out), { file: at.at('r.html'), format: 'html', kind: 'month', isSigned: true, node: 'c1', from: '2026-11-01' });
  t.match(JSON.parse((await run(at, ['month', '--json'])).out), { form: 'luciole-report-1', 'luciole-signature-1': { node: 'c1' } });
  mkdirSync(at.at('folder'));
  for (const place of ['folder', 'none/x'])
    t.match(
      await run(at, ['month', '--format', 'json', '--out', at.at(place)]),
      { code: 1, err: /cannot be\s+written[\s\S]*--out/ },
      place,
    );
  t.match(await run(at, ['month', '--format', 'json', '--out', '/dev/full']), { code: 1 });
});

t.test('a report that is not signed says why', async (t) => {
  for (const [why, said] of [
    ['no-key', /has no certificate with a key/],
    ['no-time', /time of the cabinet was not trusted/],
    ['unusable-key', /key of the cabinet cannot be read/],
  ] as const) {
    const at = await agentAt(t, { sign: async () => ({ ok: false, why }) });
    const { code, out } = await run(at, ['night', '--out', at.at('n.html')]);
    t.equal(code, 0);
    t.match(out.replaceAll('\n', ' ').replace(/ +/g, ' '), said);
    t.match(readFileSync(at.at('n.html'), 'utf8'), said);
  }
});

t.test('a report that is stopped leaves no file, and the agent is told', async (t) => {
  const aborted = Promise.withResolvers<void>();
  const stop = new AbortController();
  const at = await agentAt(t, {
    make: (_query, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted.resolve();
          resolve({ ok: false, why: 'aborted' });
        });
        stop.abort();
      }),
  });
  t.match(await run(at, ['month', '--out', at.at('m.html')], { stop: stop.signal }), { code: 1 });
  await aborted.promise;
  t.strictSame(
    readdirSync(at.folder).filter((name) => name !== 'agent.sock'),
    [],
  );
});

t.test('the agent renders in another process: the same text, which can be stopped, and a failure that ends nothing else', async (t) => {
  const layout = { format: 'html', language: 'fr', hasSemicolons: false, widthCols: 80 } as const;
  const { signal } = new AbortController();
  t.equal(await renderInChild(smallReport(), layout, signal), await renderHere(smallReport(), layout, signal));
  await t.rejects(renderInChild(smallReport(), layout, AbortSignal.abort()), { name: 'Refusal', message: 'stopped' });
  const stop = new AbortController();
  const stopped = renderInChild(smallReport(), layout, stop.signal);
  stop.abort();
  await t.rejects(stopped, { name: 'Refusal', message: 'stopped' });
  const bad = smallReport({ sections: [null] as never });
  await t.rejects(renderInChild(bad, layout, signal), { name: 'Refusal', message: /^the report could not be made: / });
});

t.test('without a file descriptor for another process a report and a check are refused, and the agent lives on', async (t) => {
  const program = join(import.meta.dirname, '../../../../support/without-descriptors.ts');
  const { status, stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -n 64; exec "$0" "$1"', process.execPath, program], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.equal(status, 0, stderr);
  t.match(JSON.parse(stdout.split('\n')[1] ?? ''), {
    rendered: /^Refusal: the report could not be made: .*EMFILE/,
    edited: /cannot be checked: .*EMFILE/,
  });
});

t.test('an answer that is too long is refused, not cut', async (t) => {
  const summary = Array.from({ length: 200 }, () => msg`${'"'.repeat(50_000)}`);
  const at = await agentAt(t, { make: async () => ({ ok: true, report: smallReport({ summary }) }) });
  t.match(await run(at, ['month', '--format', 'json']), { code: 1, err: /too long for\s+one answer: choose fewer nights/ });
});

t.test('verify works as a program on any machine, with an exit code for each verdict', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const agent = await agentAt(t, { sign: reportSigner(t, city.issue('c1'), 'c1') });
  await run(agent, ['month', '2026-11', '--out', at('m.html')]);
  const whole = readFileSync(at('m.html'), 'utf8');
  writeFileSync(at('changed.html'), whole.replace('2981', '3981'));
  writeFileSync(at('crlf.html'), whole.replaceAll('\n', '\r\n'));
  writeFileSync(at('stripped.html'), whole.slice(0, whole.lastIndexOf('<!-- luciole')));
  writeFileSync(at('none.html'), 'hello');
  writeFileSync(at('empty.pem'), '-----BEGIN CERTIFICATE-----\n');
  writeFileSync(at('large.html'), Buffer.alloc(100_000_000, whole));
  const cases: readonly (readonly [file: string, authority: string | null, code: number, out: RegExp])[] = [
    ['m.html', city.cert, 0, /VALID[\s\S]*month, 2026-11-01 to 2026-11-30, cabinet angers-0042[\s\S]*by node c1[\s\S]*of c1, by city/],
    ['m.html', null, 9, /NOT DECIDED[\s\S]*--authority FILE/],
    ['m.html', stranger.cert, 5, /NOT CERTIFIED/],
    ['changed.html', city.cert, 3, /CHANGED/],
    ['crlf.html', city.cert, 3, /CHANGED[\s\S]*only the line ends differ/],
    ['stripped.html', city.cert, 2, /NOT SIGNED/],
    ['none.html', city.cert, 8, /NOT A REPORT/],
    ['large.html', city.cert, 1, /^$/],
    ['missing.html', city.cert, 1, /^$/],
    ['m.html', at('empty.pem'), 1, /^$/],
  ];
  for (const [file, authority, code, out] of cases) {
    const answer = await run({ socketPath: at('none.sock') }, [
      'verify',
      at(file),
      ...(authority === null ? [] : ['--authority', authority]),
    ]);
    t.match(answer, { code, out, err: code === 1 ? /luciole: / : /^$/ }, `${file} ${code}`);
  }
  const { code, out } = await runLuciole('report', 'verify', at('m.html'), '--authority', city.cert, '--json');
  t.match(
    { code, ...JSON.parse(out) },
    { code: 0, verdict: 'valid', node: 'c1', report: { cabinet: 'angers-0042' }, certificate: { issuer: 'city' } },
  );
});
