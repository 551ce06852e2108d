import t from 'tap';
import { visitCabinet } from '../support/console-visit.ts';
import { SMALL_SITE } from '../support/small-site.ts';

const START_AT = '2026-12-15T23:30:00+01:00';
/** More than any cabinet of one line has. */
const PASTED_LINES = 500;

t.test('a visit: the programme is changed with a net, the cable is lost, and the street has its old programme again', async (t) => {
  const visit = await visitCabinet(t, { startAt: START_AT, siteFile: SMALL_SITE });
  const { rig } = visit;
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  t.match(await visit.say('config set programmes[residential].steps[1].levelPct 45'), /in the candidate/);
  t.match(await visit.say('config compare'), /- 30[\s\S]*\+ 45/);
  t.match(await visit.say('config commit --confirm 10 --comment "45 % at night"'), /on trial/);
  await visit.settled(() => rig.levels().every((level) => level === 45), 'the new level');
  t.match(await visit.say('config'), /trial/);
  t.strictSame(visit.screen.strange, [], 'letters only');
  t.ok(visit.screen.transcript().every((row) => row.length <= 80));
  visit.compare(t, 'change');

  await visit.hangUp();
  await rig.until('the old level', () => rig.levels().every((level) => level === 30), 120_000);
  const view = rig.agent.view.config?.view('');
  t.equal(view?.trial, null, 'nothing is on trial any more');
});

t.test('a visit: a cabinet of 500 lines is pasted, compared and kept', async (t) => {
  const visit = await visitCabinet(t, { startAt: START_AT, siteFile: SMALL_SITE });
  const { rig } = visit;
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  const own = SMALL_SITE.replace('levelPct: 30', 'levelPct: 40').trimEnd().split('\n');
  const notes = Array.from({ length: PASTED_LINES - own.length }, (_, i) => `# note ${i}`);
  visit.type('config load -\r');
  await visit.until(/end-\d{4}-\d{4}-\d{4}/);
  const [mark = ''] = /end-[\d-]{14}/.exec(visit.bytes().toString('latin1')) ?? [];
  visit.type([...own, ...notes].map((line) => `${line}\r`).join(''));
  t.match(await visit.say(mark), /in the candidate/);
  t.match(await visit.say('config compare'), /- 30[\s\S]*\+ 40/);
  t.match(await visit.say('config commit --comment pasted'), /revision 2/);
  await visit.settled(() => rig.levels().every((level) => level === 40), 'the new level');
  t.strictSame(visit.screen.strange, [], 'letters only');
  t.ok(visit.screen.transcript().every((row) => row.length <= 80));
  visit.compare(t, 'paste');
});
