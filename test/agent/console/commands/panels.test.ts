import t from 'tap';
import type { AgentCommand, Job } from '../../../../agent/console/command-spec.ts';
import { renderPanels, renderWhyPanel } from '../../../../agent/console/commands/panels/panel-page.ts';
import { COMMANDS } from '../../../../agent/console/commands.ts';
import { plain } from '../../../../agent/console/text/plain-text.ts';
import { learn } from '../../../../agent/console/text/translate.ts';
import { MINUTE_MS } from '../../../../agent/core/durations.ts';
import { msg } from '../../../../agent/core/message.ts';
import { TEXT_MINUTES } from '../../../../agent/panels/sent-texts.ts';
import { AT_MS } from '../fake-clock.ts';
import { PANEL } from '../fake-panels.ts';
import { createFakeView } from '../fake-view.ts';
import { page } from '../pages.ts';

const JOB = {
  source: 'console:anna',
  caller: { user: 'anna', role: 'technician', socketKind: 'machine' },
  clock: { wallMs: () => AT_MS },
} as unknown as Job;
const command = (name: string): AgentCommand => COMMANDS.find((each) => each.name === name) as AgentCommand;
const run = async (name: string, args: Record<string, string | boolean>) => {
  const view = createFakeView();
  const row = command(name);
  const result = plain(await row.answer(view, args, JOB));
  return { asked: view.asked, text: await row.render(result, page, args), succeeded: row.succeeded(result), result };
};

t.test('panel show and why: the text, since when, until when, and every source', async (t) => {
  const { text } = await run('panel show', {});
  t.match(text, /Text +Bikes today: 1204/);
  t.match(text, /Lines +\[Bikes today:\] \[1204\]/);
  t.match(text, />\s+schedule\s+1\s+entry 1 of the schedule/);
  t.equal((await run('why', { target: 'SQUARE-panel' })).text, text, 'why shows the same');
  t.match((await run('panel show', { panel: 'square-panel' })).result, [{ id: 'square-panel', state: 'shown' }]);
  await t.rejects(run('panel show', { panel: 'sqare-panel' }), { message: /no panel "sqare-panel"; did you mean square-panel/ });
  for (const line of text.split('\n')) t.ok(line.length <= 80, line);
});

t.test('two panels are a table, no panel is a hint, and trouble is said', async (t) => {
  const other = { ...PANEL, id: 'bridge', state: 'not-shown' as const, trouble: msg`unit ${1}: no reply` };
  t.match(renderPanels([PANEL, other], page), /bridge +not-shown +schedule/);
  t.match(renderPanels([], page), /no panel/);
  t.match(
    renderWhyPanel({ ...other, fitted: msg`"${'town'}" is cut off` }, page),
    /Fitted +"town" is cut off[\s\S]*State +not-shown: unit 1: no reply/,
  );
});

t.test('panel set sends the text with its time, and panel clear ends it', async (t) => {
  const set = await run('panel set', { panel: 'square-panel', text: 'Market', for: '30m', emergency: true });
  t.strictSame(set.asked, [{ panel: 'square-panel', text: 'Market', isEmergency: true, minutes: 30, source: 'console:anna' }]);
  t.match(set.text, /Outcome +panel square-panel: verified/);
  t.ok(set.succeeded);
  t.match((await run('panel set', { panel: 'square-panel', text: 'A' })).asked, [{ minutes: 120, isEmergency: false }]);
  t.match((await run('panel clear', { panel: 'square-panel' })).asked, [{ text: null }]);
});

t.test('a refused text names the limit, and fails in a script', async (t) => {
  const { text, succeeded } = await run('panel set', { panel: 'square-panel', text: 'refuse this' });
  t.match(text, /refused: the text has 99 characters;\s+limits.maxLength of panel square-panel is 64/);
  t.notOk(succeeded);
});

t.test('what cannot be a text or a time is not sent', async (t) => {
  for (const args of [
    { text: 'A\u001b[2J' },
    { text: 'x'.repeat(257) },
    { text: 'A', for: '25h' },
    { text: 'A', for: '10s' },
    { text: '' },
  ])
    t.throws(() => command('panel set').check({ panel: 'square-panel', ...args }), { code: 'usage' });
  command('panel set').check({ panel: 'square-panel', text: 'A', for: `${(TEXT_MINUTES.max * MINUTE_MS) / 3_600_000}h` });
  command('panel set').check({ panel: 'square-panel', text: 'A', for: `${TEXT_MINUTES.min}m` });
});

t.test('the pages fit 80 columns in French too', async (t) => {
  await learn('fr');
  for (const line of renderPanels([PANEL], { ...page, language: 'fr' }).split('\n')) t.ok(line.length <= 80, line);
});
