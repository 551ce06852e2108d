import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { USER, visitCabinet } from '../support/console-visit.ts';

t.test('a visit in French: why it is dim, what is next, a forced lamp, and the cable pulled out', async (t) => {
  const visit = await visitCabinet(t, {
    startAt: '2026-12-15T23:30:00+01:00',
    change: (cabinet) => ({ ...cabinet, console: { ...cabinet.console, language: 'fr' } }),
  });
  const { rig } = visit;
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  // What the start left alight has ended.
  const settledMs = rig.clock.wallMs() + 120_000;
  await rig.until('two minutes later', () => rig.clock.wallMs() >= settledMs, 180_000);
  t.match(await visit.say('status'), /Armoire[\s\S]*Evenements +aucun en cours/);
  t.match(await visit.say('why L01'), /Applique +30 %/);
  t.match(await visit.say('tonight'), /nuit du/);
  t.match(await visit.say('zones | count'), /\d/);
  t.match(await visit.say('statsu'), /le plus proche : status/);
  t.match(await visit.say('override L01 100 --for 10m --reason essai'), /forcage a 100 % verifie/);
  visit.type('watch lamp L01\r');
  await visit.until(/watch lamp L01[\s\S]*L01\.level/);
  visit.type('\x03');
  await visit.until(/\ndemo[^\n]*> $/);
  t.strictSame(visit.screen.strange, [], 'letters only');
  t.ok(visit.screen.transcript().every((row) => row.length <= 80));
  visit.compare(t, 'french');

  visit.type('release L0');
  t.equal(await visit.hangUp(), 0, 'the session ends with its line');
  t.equal(rig.levels()[0], 100, 'and what was half typed was not done');
  t.match(
    readFileSync(join(visit.folder, `console-lines-${USER}`), 'utf8'),
    /override L01 100/,
    'the next visit knows the lines of this one',
  );
});
