import t from 'tap';
import { parse } from 'yaml';
import { firstRevisionHistory, storedWhy, withTrial, withTrialReturned } from '../../../../../agent/config/revisions/revision-history.ts';
import { readRevisionHistory } from '../../../../../agent/config/revisions/revision-history-file.ts';
import type { AgentCommand } from '../../../../../agent/console/command-spec.ts';
import { renderRevisions } from '../../../../../agent/console/commands/config/config-page.ts';
import { asFileText } from '../../../../../agent/console/commands/config/file-text.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import type { RawArgs } from '../../../../../agent/console/protocol/protocol.ts';
import type { Page } from '../../../../../agent/console/text/page.ts';
import { plain } from '../../../../../agent/console/text/plain-text.ts';
import { learn } from '../../../../../agent/console/text/translate.ts';
import { msg, NO_TEXT } from '../../../../../agent/core/message.ts';
import { withMessages, withTexts } from '../../../../../agent/core/message-wire.ts';
import type { ConfigAnswer, ConfigFiles, ConfigManager, ConfigView, Revision } from '../../../../../agent/core/revisions.ts';
import type { AgentView } from '../../../../../agent/core/views.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';

const page: Page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE };
const REVISION: Revision = {
  number: 7,
  atMs: AT_MS - 60_000,
  by: 'platform:anne',
  why: "brighter at the school, as the mayor's office has asked for in its letter of the twelfth",
  hash: 'a'.repeat(64),
  state: 'confirmed',
  reason: '',
};
const DONE: ConfigAnswer = {
  state: 'done',
  reason: msg``,
  problems: [],
  warnings: [],
  changes: [],
  touches: [],
  revision: null,
  isOnTrial: false,
};
const CHANGED: ConfigAnswer = {
  ...DONE,
  changes: [
    { path: 'lines[north].serial.baud', before: '9600', after: '19200' },
    { path: 'lamps[L13]', before: null, after: `{"id":"L13","note":"${'long '.repeat(30)}"}` },
  ],
  touches: [msg`line ${'north'}`, msg`light`],
};
const REFUSED: ConfigAnswer = {
  ...DONE,
  state: 'refused',
  reason: msg`one thing in it is wrong`,
  problems: [
    {
      file: 'cabinet.yaml',
      line: 22,
      column: 16,
      path: 'zones[0].programme',
      message: msg`unknown programme "residentiel"; did you mean "residential"?`,
    },
  ],
};
const FILES: ConfigFiles = { cabinet: 'cabinet: { id: a } # été\nlines: []\n', profiles: { 'acme.yaml': 'id: acme\n' } };

/** A view whose manager gives these replies; `asked` gets the requests. */
function view(replies: Partial<{ answer: ConfigAnswer; view: ConfigView }> = {}) {
  const asked: unknown[][] = [];
  const reply =
    (name: string) =>
    async (...args: unknown[]) => {
      asked.push([name, ...args]);
      return replies.answer ?? DONE;
    };
  const manager: ConfigManager = {
    settled: async () => {},
    view: () => replies.view ?? { running: REVISION, trial: null, candidate: null, others: [], trouble: NO_TEXT },
    history: () => [
      { ...REVISION, number: 8, state: 'returned', reason: '5 of 5 units no longer answer: L01, L02, L03, L04, S01' },
      REVISION,
    ],
    files: async (of) => (of === 'candidate' || of === 9 ? undefined : FILES),
    put: reply('put'),
    putPart: reply('putPart'),
    set: reply('set'),
    take: reply('take'),
    check: reply('check'),
    compare: reply('compare'),
    commit: reply('commit'),
    rollback: reply('rollback'),
    confirm: reply('confirm'),
    returnTrial: reply('returnTrial'),
    discard: reply('discard'),
    paths: () => [],
    inForce: () => null,
  };
  return { asked, view: { config: manager } as unknown as AgentView };
}

const commandOf = (name: string): AgentCommand => {
  const found = COMMANDS.find((command) => command.name === name);
  if (found?.kind !== 'agent') throw new Error(`no command ${name}`);
  return found;
};
const JOB = { source: 'console:anne' } as never;
const run = async (name: string, args: RawArgs, replies: Parameters<typeof view>[0] = {}) => {
  const command = commandOf(name);
  const made = view(replies);
  const result = await command.answer(made.view, args, JOB);
  const text = await command.render(plain(result), page, args);
  return { text, asked: made.asked, ok: command.succeeded(result) };
};

t.test('what runs, what is on trial and what is missing, on 80 columns', async (t) => {
  const { text } = await run(
    'config',
    {},
    {
      view: {
        running: { ...REVISION, number: 8, state: 'trial' },
        trial: {
          number: 8,
          mode: 'asked',
          restS: 95,
          missing: [msg`2 of 5 units no longer answer: L01, L02`, msg`the uplink is not back`],
        },
        candidate: { by: 'console:anne', authors: ['console:anne'], atMs: AT_MS, hash: 'b', base: 7, signature: null },
        others: [{ by: 'platform:b', authors: ['platform:a', 'platform:b'], atMs: AT_MS, hash: 'c', base: 6, signature: null }],
        trouble: msg`the revisions cannot be written (ENOSPC): check the disk of store.dir`,
      },
    },
  );
  t.match(text, /^Runs +revision 8, trial, by platform:anne/m);
  t.match(text, /^Trial +95 s left, then it returns; `luciole config confirm` keeps it$/m);
  t.match(text, /^Missing +2 of 5 units no longer answer: L01, L02; the uplink is not back$/m);
  t.match(text, /^Candidate by console:anne .*begun on revision 7/m);
  t.match(text, /^Other +a candidate by platform:a, platform:b .*begun on revision 6:/m, 'whose it is, and who put parts into it');
  t.match(text.replace(/\s+/g, ' '), /`luciole config take platform`/);
  t.match(text, /^Trouble +the revisions cannot be written/m);
  t.match((await run('config', {})).text, /^Candidate none$/m);
});

t.test('each verb requests from the manager what was typed', async (t) => {
  const cases: readonly (readonly [name: string, args: RawArgs, asked: unknown[]])[] = [
    ['config set', { path: 'zones[rue].minPct', value: '15' }, ['set', 'zones[rue].minPct', '15', 'console:anne']],
    ['config set', { path: 'lamps[L12]', delete: true }, ['set', 'lamps[L12]', null, 'console:anne']],
    ['config take', { author: 'platform' }, ['take', 'platform', 'console:anne']],
    ['config compare', {}, ['compare', 'running', 'candidate', 'console:anne']],
    ['config compare', { from: '6', to: '8' }, ['compare', 6, 8]],
    ['config check', {}, ['check']],
    [
      'config commit',
      { comment: 'north' },
      ['commit', { mode: 'auto', minutes: 10, why: 'north', by: 'console:anne', base: null, commandId: null }],
    ],
    ['config commit', { confirm: '5' }, ['commit', { mode: 'asked', minutes: 5, why: '', by: 'console:anne' }]],
    ['config rollback', { number: '7', confirm: '5' }, ['rollback', 7, { mode: 'asked', minutes: 5 }]],
    ['config confirm', {}, ['confirm', 'console:anne']],
    ['config return', { comment: 'the cable was pulled', revision: '8' }, ['returnTrial', 'console:anne', 'the cable was pulled', 8]],
    ['config discard', {}, ['discard', 'console:anne']],
  ];
  for (const [name, args, asked] of cases) t.match((await run(name, args)).asked[0], asked, name);
});

t.test('answers are sentences, within 80 columns of ASCII', async (t) => {
  const cases: readonly (readonly [name: string, args: RawArgs, answer: ConfigAnswer, shown: RegExp, ok?: false])[] = [
    [
      'config compare',
      {},
      CHANGED,
      /^lines\[north\]\.serial\.baud\n {2}- 9600\n {2}\+ 19200\nlamps\[L13\]\n {2}\+ \{.*2 changes; it changes line north, the lighting$/s,
    ],
    ['config compare', {}, { ...DONE, reason: msg`equal` }, /^equal$/],
    ['config compare', {}, DONE, /only the text/],
    ['config check', {}, CHANGED, /^ok; it changes line north, the lighting$/],
    [
      'config check',
      {},
      REFUSED,
      /^cabinet\.yaml:22:16: zones\[0\]\.programme: unknown programme.*\nrefused: one thing in it is wrong$/s,
      false,
    ],
    [
      'config commit',
      { confirm: '5' },
      { ...CHANGED, revision: 8, isOnTrial: true },
      /^Trial +revision 8 runs on trial until 22:46:07, 5 minutes: 2 changes; it\n +changes line north, the lighting\nThen +`luciole config confirm` keeps it, without that it returns by itself$/,
    ],
    [
      'config commit',
      {},
      { ...CHANGED, revision: 8, isOnTrial: true },
      /until 22:51:07, 10 minutes[\s\S]*it is kept as soon as all is well, else it returns by\s+itself/,
    ],
    ['config commit', {}, { ...DONE, reason: msg`equal to revision 7, which runs`, revision: 7 }, /^equal to revision 7, which runs$/],
    ['config commit', {}, { ...DONE, revision: 8 }, /^revision 8 is kept; nothing that runs is changed$/],
    ['config commit', {}, REFUSED, /refused:/, false],
    ['config confirm', {}, { ...DONE, revision: 8 }, /^revision 8 is kept$/],
    ['config return', {}, { ...DONE, revision: 7 }, /^revision 7 runs again$/],
    ['config discard', {}, DONE, /^the candidate is removed/],
    ['config set', { path: 'a', value: '1' }, DONE, /^in the candidate: see/],
  ];
  for (const [name, args, answer, shown, ok = true] of cases) {
    const ended = await run(name, args, { answer });
    t.match(ended.text, shown, name);
    t.equal(ended.ok, ok, name);
    t.match(ended.text, /^[\x20-\x7e\n]*$/, name);
    t.ok(
      ended.text.split('\n').every((line) => line.length <= 80),
      `${name} fits`,
    );
  }
  const { text } = await run('config history', {});
  t.match(text, / 8 .*returned +platform:anne/);
  t.match(text.replaceAll(/\s+/g, ' '), /returned: 5 of 5 units/);
  t.ok(text.split('\n').every((line) => line.length <= 80));
});

t.test('a change shows its values as the file writes them, whole and within 80 columns', async (t) => {
  const lamps = (last: string) => JSON.stringify([...Array.from({ length: 40 }, (_, i) => `L${i + 10}`), last]);
  const device = '{"id":"L13","unit":7,"profile":"wirenboard-wb-led","pole":"P13","roles":{},"instances":{},"groups":{}}';
  const changes = [
    { path: 'lines[north].devices[L13]', before: null, after: device },
    { path: 'lines[north].port', before: '"/dev/ttyUSB0"', after: '"/dev/serial/by-path/platform-3f980000.usb-usb-0:1.1:1.0-port0"' },
    { path: 'zones[rue].lamps', before: lamps('L98'), after: lamps('L99') },
    { path: 'programmes[night].steps[1].at', before: '"23:00"', after: '"no"' },
    { path: 'poles[P13]', before: '{"id":"P13","atM":287,"branch":null}', after: '{"id":"P13", cut...' },
  ];
  const { text } = await run('config compare', {}, { answer: { ...CHANGED, changes } });
  t.match(text, '  + { id: L13, unit: 7, profile: wirenboard-wb-led, pole: P13 }\n');
  t.match(text, '  - /dev/ttyUSB0\n  + /dev/serial/by-path/platform-3f980000.usb-usb-0:1.1:1.0-port0\n');
  t.match(text, /L49, L98\]\n[\s\S]*L49, L99\]\n/, 'the one lamp that differs is seen');
  t.match(text, '  - "23:00"\n  + "no"\n', 'what YAML would take for another value is quoted');
  t.match(text, '  - { id: P13, atM: 287 }\n  + {"id":"P13", cut...\n');
  for (const line of text.split('\n')) t.ok(line.length <= 80, line);
  for (const value of [{ a: [{ b: 'x y', c: { d: null } }] }, [], {}, 'a: b', '07-14', 'mqtts://b.example:8883', '#x', '', 'é', 1.5, true])
    t.strictSame(
      parse(asFileText(JSON.stringify(value))),
      JSON.parse(JSON.stringify(value).replace(',"c":{"d":null}', '')),
      'YAML reads it back',
    );
});

t.test('texts are shown, and missing ones are reported', async (t) => {
  t.equal((await run('config show', {})).text, 'cabinet: { id: a } # ete\nlines: []');
  t.equal((await run('config show', { profile: 'acme.yaml' })).text, 'id: acme');
  for (const [args, reason] of [
    [{ profile: 'other.yaml' }, /there are: acme\.yaml/],
    [{ candidate: true }, /there is no candidate/],
    [{ revision: '9' }, /revision 9 are not kept/],
  ] as const)
    await t.rejects(run('config show', args), { code: 'failed', message: reason });
});

t.test('invalid input is refused before any question', async (t) => {
  const cases: readonly (readonly [name: string, args: RawArgs])[] = [
    ['config set', { path: 'a' }],
    ['config set', { path: 'a', value: '1', delete: true }],
    ['config commit', { confirm: '0' }],
    ['config commit', { confirm: '169' }],
    ['config commit', { comment: 'two\nlines' }],
    ['config commit', { comment: 'x'.repeat(201) }],
    ['config rollback', {}],
    ['config rollback', { number: 'seven' }],
    ['config show', { profile: '../x.yaml' }],
  ];
  for (const [name, args] of cases) t.throws(() => commandOf(name).check(args), { code: 'usage' }, `${name} ${JSON.stringify(args)}`);
});

t.test('a run that accepts no other configuration reports that', async (t) => {
  await t.rejects(commandOf('config').answer({ config: null } as unknown as AgentView, {}, JOB), {
    code: 'failed',
    message: /accepts no other/,
  });
});

t.test('a stored history is shown in the language of its reader, typed text as it was typed', async (t) => {
  await learn('fr');
  const begun = firstRevisionHistory({ atMs: 0, by: 'file', why: 'off', hash: 'a'.repeat(64) }, 'b'.repeat(64));
  const trial = { mode: 'asked' as const, trialMs: 60_000, commandId: null, baseline: { units: [], isOnline: false } };
  const why = storedWhy(msg`rollback to revision ${1}: ${'off; missing'}`);
  const tried = withTrial(begun, { atMs: 0, by: 'console:marie', ...why, hash: 'c'.repeat(64) }, trial);
  const returned = withTrialReturned(tried, msg`by ${'console:marie'}: ${'bad'}`);
  const stored = readRevisionHistory(JSON.parse(JSON.stringify(returned)));
  const sent: unknown = JSON.parse(JSON.stringify(withTexts(stored?.revisions)));
  const shown = renderRevisions(withMessages(sent) as Revision[], { ...page, language: 'fr', widthCols: 200 });
  t.match(shown, /retour à la révision 1 : off; missing ; .*: par console:marie : bad/);
  t.match(shown, / off$/m);
  t.match(stored?.revisions.at(-1), { why: 'rollback to revision 1: off; missing', reason: 'by console:marie: bad' });
});

t.test('a commit names all other authors whose parts it activates', async (t) => {
  const partsBy = ['platform:eve', 'console:luc'];
  const kept = await run('config commit', {}, { answer: { ...DONE, revision: 8, partsBy } });
  t.match(kept.text, /^revision 8 is kept; nothing that runs is changed\nwith parts by platform:eve, console:luc$/);
  const trial = await run('config commit', {}, { answer: { ...CHANGED, revision: 8, isOnTrial: true, partsBy } });
  t.match(trial.text, /^Trial [\s\S]+\nParts +with parts by platform:eve, console:luc\nThen/);
});
