/** `check --law` and `inventory export`, as a person sees them. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { exportInventory } from '../../../../../agent/console/commands/config/inventory-export.ts';
import { runCheck } from '../../../../../agent/console/commands/service/check-run.ts';
import type { LocalArgs, Terminal } from '../../../../../agent/console/terminal/terminal.ts';
import { SMALL_SITE } from '../../../../support/small-site.ts';

const COMPLETE =
  'ulrInstalledPct: 0.5, fluxCode3Pct: 97, colourTemperatureK: 2200, sourceFluxLm: 6900, headInstalledOn: "2019", manufacturer: "Schréder", typo: 1,';
const KEYS = COMPLETE.replace(' typo: 1,', '');
const LAMPS = ['L01', 'L02', 'L03', 'L04'];
/** The site with these keys at these lamps. */
const siteWith = (keys: string, lamps: readonly string[]): string =>
  lamps.reduce((text, id) => text.replace(`{ id: ${id}, ratedPowerW`, `{ id: ${id}, ${keys} ratedPowerW`), SMALL_SITE);

function screen() {
  const text = { out: '', err: '' };
  const put = (key: 'out' | 'err') => (more: string) => {
    text[key] += more;
  };
  return { text, terminal: { out: put('out'), err: put('err'), widthCols: 80, colour: false } as unknown as Terminal };
}

async function check(t: Test, site: string, args: LocalArgs = {}) {
  const { text, terminal } = screen();
  const file = join(t.testdir({ 'cabinet.yaml': site }), 'cabinet.yaml');
  const code = await runCheck({ file, 'no-ports': true, law: true, ...args }, terminal, false);
  return { code, lines: text.out.replaceAll(`${file}:`, '').trim().split('\n') };
}

t.test('--law names each missing datum of each light point, with its place', async (t) => {
  const { code, lines } = await check(t, siteWith('colourTemperatureK: 3000, fluxCode3Pct: 97,', ['L02']));
  t.equal(code, 1);
  t.match(
    lines.find((line) => line.includes('light point L01')),
    /^\d+:5: warning: lamps\[0\]: light point L01 lacks what article 5 requires: share of light above the horizontal \(ulrNominalPct or ulrInstalledPct\), CIE flux code 3 \(fluxCode3Pct\), colour temperature \(colourTemperatureK\), flux of the source \(sourceFluxLm\), installation date of the head \(headInstalledOn\)$/,
  );
  t.match(
    lines.find((line) => line.includes('light point L02')),
    /requires: share of light above the horizontal \([^)]*\), flux of the source \([^)]*\), installation date of the head \([^)]*\)$/,
  );
  t.match(lines.at(-1), /^Article 5 of the French arrêté of 27 December 2018: 0 of 4 lamps complete$/);
});

t.test('a complete inventory passes; the power is always known', async (t) => {
  const { code, lines } = await check(t, siteWith(KEYS, LAMPS));
  t.equal(code, 0);
  t.match(lines.at(-1), /4 of 4 lamps complete/);
  t.strictSame(JSON.parse((await check(t, siteWith(KEYS, LAMPS), { json: true })).lines.join('')), []);
  t.match(await check(t, SMALL_SITE, { law: false }), { code: 0, lines: [/ok, 4 lamps/] }, 'without --law nothing is asked');
});

t.test('--json has the missing keys, and a wrong file stays a wrong file', async (t) => {
  const { code, lines } = await check(t, siteWith(KEYS, ['L01', 'L02', 'L04']), { json: true });
  t.equal(code, 1);
  const all = ['ulrNominalPct', 'fluxCode3Pct', 'colourTemperatureK', 'sourceFluxLm', 'headInstalledOn'];
  t.match(JSON.parse(lines.join('')), [{ severity: 'law', lamp: 'L03', path: 'lamps[2]', missing: all, message: /L03 lacks/ }]);
  t.match(await check(t, siteWith(COMPLETE, LAMPS)), { code: 78, lines: [/lamps\[0\].typo: unknown key/] });
});

const anyRoom = async (): Promise<void> => {};

t.test('the export has the headings of EclExt, and nothing that is not known', async (t) => {
  const folder = t.testdir({ 'cabinet.yaml': siteWith(KEYS, ['L02']) });
  const file = join(folder, 'cabinet.yaml');
  const { text, terminal } = screen();
  t.equal(await exportInventory({ file }, terminal, anyRoom), 0);
  t.strictSame(text.out.split('\r\n').slice(0, 3), [
    'armoire;pointLumineux;usage;typeSource;structure;support;temperatureCouleur;puissance;fabricant;modele;hauteurFeu;fluxSource;cie3;ulrNominal;ulrInstalle;datePremiereInstallation',
    'demo;L01;;;;;;60;;;;;;;;',
    'demo;L02;;;;;2200;60;Schréder;;;6900;0,97;;0,005;2019',
  ]);
  const to = join(folder, 'inventory.csv');
  t.equal(await exportInventory({ file, to, point: true }, terminal, anyRoom), 0);
  t.match(readFileSync(to, 'utf8'), /^\ufeffarmoire,pointLumineux,[\s\S]*\r\ndemo,L02,,,,,2200,60,Schréder,,,6900,0\.97,,0\.005,2019\r\n/);
  const json = screen();
  await exportInventory({ file, json: true }, json.terminal, anyRoom);
  t.match(JSON.parse(json.text.out)[1], { cabinet: 'demo', lamp: 'L02', ulrNominalPct: null, ulrInstalledPct: 0.5, ratedPowerW: 60 });
});

t.test('an export replaces no folder and no link target, and names what stops it', async (t) => {
  const folder = t.testdir({ 'cabinet.yaml': SMALL_SITE, 'bad.yaml': 'lines: [', 'other.txt': 'kept' });
  const file = join(folder, 'cabinet.yaml');
  mkdirSync(join(folder, 'folder'));
  symlinkSync(join(folder, 'other.txt'), join(folder, 'link'));
  const { text, terminal } = screen();
  for (const place of ['folder', 'missing/inventory.csv'])
    await t.rejects(exportInventory({ file, to: join(folder, place) }, terminal, anyRoom), {
      code: 'failed',
      message: /cannot be written/,
    });
  await t.rejects(exportInventory({ file, to: '/dev/full' }, terminal, anyRoom), { code: 'failed' });
  t.equal(await exportInventory({ file, to: join(folder, 'link') }, terminal, anyRoom), 0);
  t.equal(readFileSync(join(folder, 'other.txt'), 'utf8'), 'kept');
  t.equal(await exportInventory({ file: join(folder, 'bad.yaml') }, terminal, anyRoom), 78);
  t.match(text.err, /bad.yaml:1:/);
  t.equal(await exportInventory({ file: join(folder, 'missing.yaml') }, terminal, anyRoom), 78);
});
