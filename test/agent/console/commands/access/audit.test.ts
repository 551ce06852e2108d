import t from 'tap';
import type { AgentCommand } from '../../../../../agent/console/command-spec.ts';
import { renderAudit } from '../../../../../agent/console/commands/access/audit.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import { msg } from '../../../../../agent/core/message.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { auditPage } from '../../fake-store.ts';

const page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE };
const command = COMMANDS.find(({ name }) => name === 'audit') as AgentCommand;
const HASH = '0123456789abcdef'.repeat(4);

t.test('the list of actions fits the page, and the total gives its range', async (t) => {
  const lines = renderAudit(auditPage(false), page, 7 * 86_400_000).split('\n');
  t.ok(lines.every((line) => line.length <= 80));
  t.match(lines.join('\n'), /22:39:07 +marie tech +login +override target=L07 level=80 +ok\n +for=30m\n/);
  t.match(lines.at(-1), '2 entries in the last 7 d');
  t.equal(renderAudit({ entries: [], head: null, verdict: null }, page, 3_600_000), 'no entries in the last 1 h');
});

t.test('the result is either valid, with the head to keep, or the reason why not', async (t) => {
  t.match(renderAudit(auditPage(true), page, 60_000), `Whole: entries 1 to 13, none changed, none missing.\nHead: 13:${HASH}`);
  t.match(
    renderAudit(auditPage(true, [msg`entry 5 was changed, or does not follow entry 4`]), page, 60_000),
    /NOT WHOLE:\n- entry 5 was changed/,
  );
  t.equal(command.succeeded(auditPage(true, [msg`entry 5 is missing`])), false, 'a script sees it in the exit code');
  t.equal(command.succeeded(auditPage(true)), true);
  const lost = auditPage(true, [msg`entry 1 says that the log before it is lost: state.db was missing at a start`]);
  t.match(renderAudit(lost, page, 60_000), /NOT WHOLE:\n- entry 1 says that the log before it is lost/);
  const whole = auditPage(true);
  const remarks = [msg`entry 9 says that a copy of state.db was taken into use: entries made after that copy are not in it`];
  const copied = { ...whole, verdict: whole.verdict && { ...whole.verdict, remarks } };
  const text = renderAudit(copied, page, 60_000);
  t.match(text, /^Unchanged: entries 1 to 13\. But entries may be missing:\n- entry 9 says that a copy/m);
  t.notMatch(text, /Whole|none missing/);
  t.equal(command.succeeded(copied), true, 'nothing in the chain is wrong');
  const empty = { entries: [], head: null, verdict: { entries: 0, firstN: 0, reserved: 0, problems: [], remarks: [] } };
  t.match(renderAudit(empty, page, 60_000), /The log is empty/);
});

t.test('a log whose later entries wait in memory is not reported as complete, with or without a verdict', async (t) => {
  const text = (waiting: number, isVerified: boolean): string => renderAudit({ ...auditPage(isVerified), waiting }, page, 60_000);
  t.match(
    text(12, true),
    /^Unchanged: entries 1 to 13\. But entries may be missing:\n- 12 later entries wait in memory, a restart loses them:/m,
  );
  t.match(text(1, true), /^- one later entry waits in memory, a restart loses it: see `luciole store`$/m);
  t.notMatch(text(12, true), /Whole/);
  t.match(text(12, false), /^12 later entries wait in memory, a restart loses them: see `luciole store`$/m);
  t.notMatch(text(0, true) + text(0, false), /memory/);
  const empty = { entries: [], head: null, waiting: 3, verdict: { entries: 0, firstN: 0, reserved: 0, problems: [], remarks: [] } };
  t.match(renderAudit(empty, page, 60_000), /The log is empty\.\n3 later entries wait in memory/);
});

t.test('an impossible head is reported with an example of the form', async (t) => {
  t.throws(() => command.check({ head: '12' }), { code: 'usage', message: /bad head "12".*NUMBER:HASH/ });
  t.doesNotThrow(() => command.check({ head: `13:${HASH.toUpperCase()}`, since: '90d', verify: true }));
});

t.test('every command of the table has a least role, and no acting command is for viewers', async (t) => {
  for (const { name, group, role } of COMMANDS) {
    t.ok(['anyone', 'viewer', 'technician', 'admin'].includes(role), name);
    if (group === 'Act:') t.not(role, 'viewer', name);
  }
});
