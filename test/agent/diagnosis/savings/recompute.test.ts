/** The second program, docs/recompute.py, on an export. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SavingsExport } from '../../../../agent/core/savings-view.ts';
import { ledgerEntriesOf, ledgerEntry } from '../../../../agent/diagnosis/savings/ledger-chain.ts';
import { darkHoursOf } from '../../../../agent/diagnosis/savings/reference.ts';
import { savingsResult } from '../../../../agent/diagnosis/savings/savings-figures.ts';
import { knownYear } from '../../../../bench/savings/known-year.ts';

const PROGRAM = join(import.meta.dirname, '../../../../docs/recompute.py');
const skip = spawnSync('python3', ['--version']).status === 0 ? false : 'python3 is needed';
const year = skip === false ? knownYear(72, 'nameplates') : null;

/** The export of that year, with further entries of every kind. */
function exported(): SavingsExport {
  if (year === null) throw new TypeError('skipped');
  const chain = [...year.chain];
  const by = 'console:ada';
  const none = { by, about: [], note: 'é "quoted" \u2028', from: '2027-03-01', to: '2027-03-31' };
  chain.push(ledgerEntry(chain, { ...none, cause: 'ordered-level', effect: { kind: 'energy', kwh: 12.5, zone: 'street' } }, 5));
  chain.push(ledgerEntry(chain, { ...none, cause: 'other-load', to: null, effect: { kind: 'load', loadW: 7.25 } }, 6));
  chain.push(ledgerEntry(chain, { ...none, cause: 'lamps-removed', effect: { kind: 'remove-lamps', lamps: ['L01'] } }, 7));
  chain.push(
    ledgerEntry(
      chain,
      { ...none, cause: 'lamps-added', effect: { kind: 'add-lamps', zone: 'park', lamps: [{ id: 'L99', powerW: 61, reduction: 0.7 }] } },
      8,
    ),
  );
  chain.push(ledgerEntry(chain, { ...none, cause: 'void', voids: chain.length, effect: { kind: 'none' } }, 9));
  const { from, to } = year.result;
  // The same baseline again: what was entered before it for earlier nights no longer counts.
  const again = ledgerEntriesOf(chain).find(({ cause }) => cause === 'baseline');
  if (again?.baseline === undefined) throw new TypeError('the year has a baseline');
  chain.push(ledgerEntry(chain, { ...none, cause: 'other-load', from: '2027-01-05', to: null, effect: { kind: 'load', loadW: 900 } }, 10));
  chain.push(ledgerEntry(chain, { ...again, cause: 'baseline', baseline: again.baseline }, 11));
  const nights = year.nights.map((night) => (night.date === '2027-05-01' ? { ...night, meters: {} } : night));
  const result = savingsResult(ledgerEntriesOf(chain), nights, { from, to });
  if (result === null) throw new TypeError('the year has a baseline');
  const hours = darkHoursOf(result.baseline);
  const darkHours = Object.fromEntries(year.nights.map(({ date }) => [date, hours(date)]));
  return { form: 'luciole-savings-1', cabinet: 'c1', node: 'c1', chain, seals: [], nights, darkHours, result };
}

function recompute(t: Test, found: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-recompute-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'savings.json'), JSON.stringify(found));
  const { status, stdout, stderr } = spawnSync('python3', [PROGRAM, join(folder, 'savings.json'), '--json'], { encoding: 'utf8' });
  return { status, stderr, answer: status === 2 ? null : JSON.parse(stdout) };
}

t.test('a second program computes the same saving to 1 Wh', { skip }, async (t) => {
  const found = recompute(t, exported());
  t.match(found, { status: 0, answer: { isEqual: true, nights: 334 } });
  for (const wh of Object.values(found.answer.differenceWh as Record<string, number>)) t.ok(wh < 0.01, `${wh} Wh`);
  t.ok(found.answer.sunDifferenceMin < 3, `${found.answer.sunDifferenceMin} min`);
});

t.test('it finds a changed figure, a changed night, a changed entry and hours that are not those of the sun', { skip }, async (t) => {
  const whole = exported();
  const total = { ...whole.result.total, savedKwh: whole.result.total.savedKwh + 0.002 };
  t.match(recompute(t, { ...whole, result: { ...whole.result, total } }), { status: 1 }, '2 Wh');
  t.match(recompute(t, { ...whole, nights: whole.nights.slice(0, -1) }), { status: 1 }, 'a night is missing');
  const chain = whole.chain.map((entry) => (entry.n === 2 ? { ...entry, body: entry.body.replace('agent', 'nobody') } : entry));
  t.match(recompute(t, { ...whole, chain }), { status: 2, stderr: /entry 2 was changed/ });
  const darkHours = Object.fromEntries(
    Object.entries(whole.darkHours).map(([date, zones]) => [date, { street: (zones['street'] ?? 0) + 0.1 }]),
  );
  t.match(recompute(t, { ...whole, darkHours }), { status: 1 }, 'six more minutes of darkness');
  t.match(recompute(t, { form: 'x' }), { status: 2 });
});
