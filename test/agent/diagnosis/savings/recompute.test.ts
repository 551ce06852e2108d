/** The second program, docs/recompute.py, and `savings verify` on the same exports; signatures of a real authority. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runSavingsVerify } from '../../../../agent/console/commands/report/verify-run.ts';
import type { Terminal } from '../../../../agent/console/terminal/terminal.ts';
import type { ChainEntry } from '../../../../agent/core/hash-chain.ts';
import type { LedgerSeal, SavingsExport } from '../../../../agent/core/savings-view.ts';
import { ledgerEntriesOf, ledgerEntry } from '../../../../agent/diagnosis/savings/ledger-chain.ts';
import { darkHoursOf } from '../../../../agent/diagnosis/savings/reference.ts';
import { savingsResult } from '../../../../agent/diagnosis/savings/savings-figures.ts';
import { verifyExport } from '../../../../agent/diagnosis/savings/verify-export.ts';
import { knownYear } from '../../../../bench/savings/known-year.ts';
import { daysFromNow, openTestAuthorities } from '../../../platform/certificates.ts';
import { findProgram } from '../../../platform/mosquitto.ts';
import { evidenceSigner } from '../../../support/small-report.ts';

const PROGRAM = join(import.meta.dirname, '../../../../docs/recompute.py');
const openssl = findProgram('openssl');
const hasPython = spawnSync('python3', ['--version']).status === 0;
const skip = openssl === undefined || !hasPython ? 'openssl and python3 are needed' : false;
const authorities = openssl === undefined ? null : openTestAuthorities(openssl);
t.teardown(() => authorities?.close());
const [city, stranger] = [authorities?.create('city'), authorities?.create('stranger')];
const trusted = city === undefined ? '' : readFileSync(city.cert, 'utf8');
const year = skip === false ? knownYear(72, 'nameplates') : null;
type Known = NonNullable<typeof year>;

async function sealOf(entry: ChainEntry | undefined, pair = city?.issue('c1'), node = 'c1', atMs = Date.now()): Promise<LedgerSeal> {
  if (entry === undefined || pair === undefined) throw new TypeError('skipped');
  const answer = await evidenceSigner(t, pair, node, atMs)('savings-ledger', `${entry.n}:${entry.hash}`);
  if (!answer.ok) throw new TypeError(answer.why);
  const { certificates, signature, atMs: signedMs } = answer.signed;
  return { n: entry.n, hash: entry.hash, node, atMs: signedMs, certificates, signature };
}

/** The export of a year with this chain. */
function exported(chain: readonly ChainEntry[], seals: readonly LedgerSeal[], nights = (year as Known).nights): SavingsExport {
  const { from, to } = (year as Known).result;
  const result = savingsResult(ledgerEntriesOf(chain), nights, { from, to });
  if (result === null) throw new TypeError('the year has a baseline');
  const hours = darkHoursOf(result.baseline);
  const darkHours = Object.fromEntries(nights.map(({ date }) => [date, hours(date)]));
  return { form: 'luciole-savings-1', cabinet: 'c1', node: 'c1', chain, seals, nights, darkHours, result };
}

/** The chain of that year, with further entries of every kind. */
function fullChain(): readonly ChainEntry[] {
  const chain = [...(year as Known).chain];
  const by = 'console:ada';
  const none = { by, about: [], note: 'é "quoted" \u2028', from: '2027-03-01', to: '2027-03-31' };
  chain.push(ledgerEntry(chain, { ...none, cause: 'ordered-level', effect: { kind: 'energy', kwh: 12.5, zone: 'street' } }, 5));
  chain.push(ledgerEntry(chain, { ...none, cause: 'other-load', to: null, effect: { kind: 'load', loadW: 7.25 } }, 6));
  chain.push(ledgerEntry(chain, { ...none, cause: 'lamps-removed', effect: { kind: 'remove-lamps', lamps: ['L01'] } }, 7));
  const lamps = [{ id: 'L99', powerW: 61, reduction: 0.7 }];
  chain.push(ledgerEntry(chain, { ...none, cause: 'lamps-added', effect: { kind: 'add-lamps', zone: 'park', lamps } }, 8));
  chain.push(ledgerEntry(chain, { ...none, cause: 'void', voids: chain.length, effect: { kind: 'none' } }, 9));
  // The same baseline again: what was entered before it for earlier nights no longer counts.
  const again = ledgerEntriesOf(chain).find(({ cause }) => cause === 'baseline');
  if (again?.baseline === undefined) throw new TypeError('the year has a baseline');
  chain.push(ledgerEntry(chain, { ...none, cause: 'other-load', from: '2027-01-05', to: null, effect: { kind: 'load', loadW: 900 } }, 10));
  chain.push(ledgerEntry(chain, { ...again, cause: 'baseline', baseline: again.baseline }, 11));
  return chain;
}

function recompute(t: Test, found: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-recompute-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'savings.json'), JSON.stringify(found));
  const { status, stdout, stderr } = spawnSync('python3', [PROGRAM, join(folder, 'savings.json'), '--json'], { encoding: 'utf8' });
  return { status, stderr, answer: status === 2 ? null : JSON.parse(stdout) };
}

t.test('a second program computes the same saving to 1 Wh, and finds the same changes as the first', { skip }, async (t) => {
  const chain = fullChain();
  const nights = (year as Known).nights.map((night) => (night.date === '2027-05-01' ? { ...night, meters: {} } : night));
  const whole = exported(chain, [await sealOf(chain.at(-1))], nights);
  t.match(verifyExport(JSON.parse(JSON.stringify(whole)), trusted), {
    ...{ verdict: 'valid', node: 'c1', signedN: chain.length, entries: chain.length, differences: [] },
    certificate: { issuer: 'city' },
  });
  const found = recompute(t, whole);
  t.match(found, { status: 0, answer: { isEqual: true, nights: 334 } });
  for (const wh of Object.values(found.answer.differenceWh as Record<string, number>)) t.ok(wh < 0.01, `${wh} Wh`);
  t.ok(found.answer.sunDifferenceMin < 3, `${found.answer.sunDifferenceMin} min`);
  const { result } = whole;
  const total = { ...result.total, savedKwh: result.total.savedKwh + 0.002 };
  const [last, rest] = [whole.nights.at(-1), whole.nights.slice(0, -1)];
  const [id = '', meter] = Object.entries(last?.meters ?? {})[0] ?? [];
  const more = { ...last, meters: { ...last?.meters, [id]: { ...meter, measuredWh: (meter?.measuredWh ?? 0) + 5 } } };
  const darkHours = Object.fromEntries(
    Object.entries(whole.darkHours).map(([date, zones]) => [
      date,
      Object.fromEntries(Object.entries(zones).map(([zone, h]) => [zone, h + 0.1])),
    ]),
  );
  const changes: readonly (readonly [name: string, found: unknown, verdict: string, where: RegExp, status: number])[] = [
    ['2 Wh more', { ...whole, result: { ...result, total } }, 'differs', /^result\.total\.savedKwh$/, 1],
    ['a night is missing', { ...whole, nights: rest }, 'differs', /^result\./, 1],
    ['5 Wh more in a night', { ...whole, nights: [...rest, more] }, 'differs', /^result\./, 1],
    ['hours that are not those of the sun', { ...whole, darkHours }, 'differs', /^darkHours\./, 1],
    [
      'a changed entry',
      { ...whole, chain: chain.map((e) => (e.n === 2 ? { ...e, body: e.body.replace('agent', 'nobody') } : e)) },
      'changed',
      /^$/,
      2,
    ],
    ['an entry is missing', { ...whole, chain: chain.filter(({ n }) => n !== 2) }, 'changed', /^$/, 2],
    ['no export', { form: 'x' }, 'not-an-export', /^$/, 2],
  ];
  for (const [name, changed, verdict, where, status] of changes) {
    const { verdict: ours, differences } = verifyExport(JSON.parse(JSON.stringify(changed)), trusted);
    t.equal(ours, verdict, name);
    t.match(differences[0] ?? '', where, name);
    t.equal(recompute(t, changed).status, status, `${name}, by the second program`);
  }
  // What the second program does not compare.
  const half = { ...whole, result: { ...result, halfKwh: result.halfKwh / 2 } };
  t.match(verifyExport(half, trusted), { verdict: 'differs', differences: ['result.halfKwh'] });
  const { halfKwh: _, ...less } = result;
  t.match(verifyExport({ ...whole, result: less }, trusted), { verdict: 'differs' });
  const { savedPct: __, ...older } = result;
  t.match(verifyExport({ ...whole, result: older }, trusted), { verdict: 'valid' }, 'a figure that an earlier release did not have');
});

t.test('a ledger that is signed by others, or not to its end, is not valid', { skip }, async (t) => {
  const { chain } = year as Known;
  const seal = await sealOf(chain.at(-1));
  const verdict = (seals: readonly LedgerSeal[], authority: string | null = trusted, longer: readonly ChainEntry[] = chain): string =>
    verifyExport(exported(longer, seals), authority).verdict;
  t.equal(verdict([seal], null), 'no-authority');
  t.equal(verdict([]), 'not-signed');
  t.equal(verdict([await sealOf(chain.at(-1), stranger?.issue('c1'))]), 'not-certified');
  t.equal(verdict([await sealOf(chain.at(-1), city?.issue('c2'))]), 'other-node');
  t.equal(verdict([await sealOf(chain.at(-1), city?.issue('c2'), 'c2')]), 'other-node', 'the export is of c1');
  t.equal(verdict([{ ...seal, atMs: seal.atMs + 1 }]), 'other-key');
  const expired = city?.issue('c1', { from: daysFromNow(-20), until: daysFromNow(-10) });
  t.equal(verdict([await sealOf(chain.at(-1), expired)]), 'not-valid-then');
  t.equal(
    verdict([await sealOf(chain.at(-3), expired, 'c1', daysFromNow(-12).getTime()), seal]),
    'valid',
    'the seal of an earlier key beside it',
  );
  const note = {
    by: 'agent',
    about: [],
    note: '',
    from: '2027-01-01',
    to: null,
    cause: 'other-load',
    effect: { kind: 'load', loadW: 500 },
  } as const;
  const longer = [...chain, ledgerEntry(chain, note, 5)];
  t.match(verifyExport(exported(longer, [seal]), trusted), { verdict: 'not-signed', signedN: chain.length, entries: chain.length + 1 });
  const rewritten = [...chain.slice(0, -1), ledgerEntry(chain.slice(0, -1), note, 5)];
  t.match(
    verifyExport(exported(rewritten, [seal]), trusted),
    { verdict: 'changed', brokenAt: chain.length },
    'a chain that was computed again',
  );
  t.match(
    verifyExport(exported(chain.slice(0, -1), [seal]), trusted),
    { verdict: 'changed', brokenAt: chain.length },
    'the last entry is gone',
  );
});

t.test('a file of any other form is no export, and nothing fails', { skip }, async (t) => {
  const { chain } = year as Known;
  const whole = exported(chain, [await sealOf(chain.at(-1))]);
  for (const over of [
    { nights: [{}] },
    { nights: [1] },
    { seals: 5 },
    { result: {} },
    { result: { from: 'x', to: 'y' } },
    { darkHours: null },
    { node: 1 },
  ])
    t.not(verifyExport({ ...whole, ...over }, trusted).verdict, 'valid', JSON.stringify(over));
  const strange = { ...whole, nights: [{ date: '2027-01-01', fromMs: 0, toMs: 1, meters: { M: { gaps: [{ bandWh: 5 }] } }, zoneWh: {} }] };
  t.not(verifyExport(strange, trusted).verdict, 'valid');
  for (const none of [null, [], 'x', 5]) t.equal(verifyExport(none, trusted).verdict, 'not-an-export');
});

t.test('the verdict as a person sees it, with its exit code', { skip }, async (t) => {
  const { chain } = year as Known;
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'savings.json');
  writeFileSync(file, JSON.stringify(exported(chain, [await sealOf(chain.at(-1))])));
  const verify = async (args: Record<string, string | boolean>) => {
    let out = '';
    const add = (more: string): void => {
      out += more;
    };
    const terminal = { widthCols: 80, out: add, err: add, status: null } as unknown as Terminal;
    return { code: await runSavingsVerify(args, terminal, join(folder, 'none.yaml')), out };
  };
  const authority = city?.cert ?? '';
  t.match(await verify({ file, authority }), {
    code: 0,
    out: /VALID[\s\S]*Ledger +whole, \d+ entries[\s\S]*follows from nights and ledger[\s\S]*Nights +are not signed/,
  });
  t.match(await verify({ file }), { code: 9, out: /NOT DECIDED/ });
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"savedKwh":\d/, '"savedKwh":9'));
  t.match(await verify({ file, authority }), { code: 10, out: /DIFFERENT[\s\S]*differs at result\./ });
  t.match(JSON.parse((await verify({ file, authority, json: true })).out), { verdict: 'differs', node: 'c1' });
  writeFileSync(file, 'x');
  t.match(await verify({ file, authority }), { code: 8, out: /NOT AN EXPORT/ });
  await t.rejects(verify({ file, nights: '2026-01-01..2026-01-02' }), { code: 'usage' });
});
