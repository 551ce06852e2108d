/** What the audit log and the log hold of a command: every command, every argument. */
import { createHash } from 'node:crypto';
import t from 'tap';
import type { AgentCommand } from '../../../../agent/console/command-spec.ts';
import { COMMANDS } from '../../../../agent/console/commands.ts';
import { auditDetail } from '../../../../agent/console/protocol/audit-detail.ts';
import { createGate } from '../../../../agent/console/protocol/gate.ts';
import type { RawArgs } from '../../../../agent/console/protocol/protocol.ts';
import type { AuditNote } from '../../../../agent/core/audit-tools.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';
import { createFakeView } from '../fake-view.ts';

const CONTENT = 'password: hunter2\n';
const IN_BASE64 = Buffer.from(CONTENT).toString('base64');
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

const commands = COMMANDS.filter((each): each is AgentCommand => each.kind === 'agent');
const commandNamed = (name: string): AgentCommand => {
  const found = commands.find((each) => each.name === name);
  if (found === undefined) throw new TypeError(`no command ${name}`);
  return found;
};

/** Arguments that are not written as they are; every other one of every command is. A new secret or content must be added here. */
const HIDDEN: Readonly<Record<string, readonly string[]>> = {
  'user passwd': ['current', 'password'],
  'user totp': ['current', 'current-code', 'code'],
  login: ['password', 'code', 'new-password', 'console'],
  'config put': ['data'],
  'update put': ['data'],
};

for (const command of commands)
  t.test(`the audit entry of ${command.name} holds its arguments, but no secret and no content of a file`, async (t) => {
    const open = [...command.arguments, ...command.options].filter(({ isContent }) => isContent !== true).map(({ name }) => name);
    const contents = [...command.arguments, ...command.options].filter(({ isContent }) => isContent === true).map(({ name }) => name);
    const secrets = command.secrets.map(({ name }) => name);
    t.same([...secrets, ...contents].sort(), [...(HIDDEN[command.name] ?? [])].sort());
    const args = Object.fromEntries([
      ...open.map((name) => [name, `typed-${name}`]),
      ...secrets.map((name) => [name, `hunter2-${name}`]),
      ...contents.map((name) => [name, IN_BASE64]),
    ]);
    const shown = [...open.map((name) => `${name}=typed-${name}`), ...contents.map((name) => `${name}=18 bytes, SHA-256 ${SHA256}`)];
    t.same(auditDetail(command, args), shown.join(' '));
  });

t.test('an argument with the name of a secret is requested as a secret', async (t) => {
  const named = /pass|secret|token|psk|\bpin\b|(^|-)code$|credential/i;
  for (const { name, arguments: positional, options } of commands)
    t.same(
      [...positional, ...options].filter((each) => named.test(each.name)),
      [],
      name,
    );
});

const MISTAKES: readonly [story: string, command: string, args: RawArgs, detail: string][] = [
  ['a password in an address', 'uplink test', { broker: 'mqtt://marie:hunter2@broker' }, 'broker=mqtt://marie:[redacted]@broker'],
  ['a password as a value', 'config set', { path: 'uplink.password', value: 'hunter2' }, 'path=uplink.password value=[redacted]'],
  [
    'the path of a password file',
    'config set',
    { path: 'uplink.passwordFile', value: '/etc/pw' },
    'path=uplink.passwordFile value=/etc/pw',
  ],
  ['a part of an update', 'update put', { at: '0', of: '18', data: IN_BASE64 }, `at=0 of=18 data=18 bytes, SHA-256 ${SHA256}`],
  [
    'a part of a configuration',
    'config put',
    { file: 'cabinet.yaml', part: '1/1', sha256: SHA256, data: IN_BASE64 },
    `file=cabinet.yaml part=1/1 sha256=${SHA256} data=18 bytes, SHA-256 ${SHA256}`,
  ],
];
for (const [story, command, args, detail] of MISTAKES)
  t.test(`neither log contains confidential text: ${story}`, async (t) => {
    t.equal(auditDetail(commandNamed(command), args), detail);
    const noted: AuditNote[] = [];
    const logged: unknown[] = [];
    const view = createFakeView();
    const clock = createManualClock(AT_MS);
    const audit = { ...view.audit, note: (note: AuditNote) => void noted.push(note) };
    const log = { event: (name: string, fields: object = {}) => void logged.push({ name, ...fields }) };
    const job = { report: () => true, signal: new AbortController().signal, clock, timezone: TIMEZONE };
    const gate = createGate('agent', { ...view, audit }, log, clock);
    await t.rejects(gate.carryOut({ id: 1, command, args, user: 'marie' }, job));
    t.match(noted, [{ action: command, detail, result: /^refused/ }]);
    t.notMatch(JSON.stringify([noted, logged]), new RegExp(`hunter2|${IN_BASE64}`));
  });

t.test('a denied command is noted, also one that notes itself when it runs', async (t) => {
  for (const command of ['config set', 'log watch', 'override']) {
    const noted: AuditNote[] = [];
    const view = createFakeView();
    const clock = createManualClock(AT_MS);
    const audit = { ...view.audit, note: (note: AuditNote) => void noted.push(note) };
    const job = { report: () => true, signal: new AbortController().signal, clock, timezone: TIMEZONE };
    const gate = createGate('login', { ...view, audit }, { event: () => {} }, clock);
    await t.rejects(gate.carryOut({ id: 1, command, args: {}, user: 'marie' }, job), { code: 'denied' });
    t.match(noted, [{ action: command, result: 'denied' }], command);
    t.equal(noted.length, 1, command);
  }
});
