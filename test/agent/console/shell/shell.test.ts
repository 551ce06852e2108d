import t from 'tap';
import { manualPage } from '../../../../agent/console/commands/service/manual-page.ts';
import { COMMANDS, FAMILIES } from '../../../../agent/console/commands.ts';
import { asTyped } from '../../../../agent/console/shell/as-typed.ts';
import { createTree } from '../../../../agent/console/shell/line-tree.ts';
import { maskSecrets } from '../../../../agent/console/shell/past-lines.ts';
import type { BusTransaction } from '../../../../agent/core/bus-tools.ts';
import type { ConfigManager } from '../../../../agent/core/revisions.ts';
import { transaction } from '../fake-bus.ts';
import { createFakeView } from '../fake-view.ts';
import { NO_ACTIONS } from '../no-actions.ts';
import { openSession, PROMPT } from './shell-session.ts';

/** Lines and what the terminal shows of the answer. */
const answers: readonly [line: string, shows: RegExp][] = [
  ['status', /Cabinet +ANG-0421/],
  ['STAT', /Cabinet +ANG-0421/],
  ['luciole status', /Cabinet +ANG-0421/],
  ['! a remark', /^! a remark\nANG/],
  ['stauts', /% no such word: "stauts"; nearest: status/],
  ['scan', /% no such word: "scan"; nearest: commission scan, bus scan\n/],
  ['confirm', /nearest: config confirm\n/],
  ['ping L07', /nearest: bus scan\n/],
  ['LAMP L07', /nearest: why\n/],
  ['why L07 --grind 3', /% why has no "grind"; it has at, json\n/],
  ['st', /% "st" could be status, store/],
  ['show status', /% no such word: "show"; type it without: status/],
  ['why', /% why needs <target>: a lamp, a zone, a panel, a sound place or a meter/],
  ['why L07 L08', /% why does not take "L08"/],
  ['why l07', /Lamp +L07/],
  ['why L7', /% no lamp or zone "L7"; did you mean L07\?/],
  ['why L07 --att 3', /% why has no "att"; nearest: at/],
  ['why L07 --at', /% --at needs a value: TIME/],
  ['override L07 80 --reason "lamp test', /% a quote is not closed/],
  ['override L07 80 --fo 10m --rea "lamp test"', /Outcome[\s\S]*verified/],
  ['bus', /% bus needs a verb: scan, registers/],
  ['bus scna street', /% bus has no "scna"; nearest: scan/],
  ['bus st', /Line +street/],
  ['run', /% no such word: "run"/],
  ['events | include L02', /L02/],
  ['events | inc l02 | count', /\n1\nANG/],
  ['events | exclude L02 | include L02 | count', /\n0\nANG/],
  ['status | begin presence', /\nbressigny/],
  ['devices | json', /\n\[\{"line":"street"/],
  ['devices | csv', /\nline,profile,failures,.*\nstreet,wb-led,0,/],
  ['devices | grep L02', /% after \| you can type include, exclude/],
  ['devices | include', /% \| include needs a text/],
  ['terminal status | json', /% terminal status needs <state>/],
  ['logout | json', /% logout has no raw answer/],
  ['help why', /why <target> \[options\][\s\S]*--at TIME/],
  ['help config', /--json[\s\S]*\n {2}commit +put the candidate into service/],
  ['help bus', /scan +which units answer/],
  ['why --help', /why <target> \[options\]/],
  ['terminal width 5', /% bad width "5": write a whole number from 40 to 250/],
  ['terminal', /Size +80 columns, no stop/],
  ['recall 1', /recall 1\nterminal|recall 1/],
];

t.test('lines and their answers', async (t) => {
  const session = await openSession(t, { rows: 60 });
  await session.say('terminal length 0');
  for (const [line, shows] of answers) t.match(await session.say(line), shows, line);
  t.strictSame(session.screen.strange, [], 'no byte that a dumb terminal does not know');
  t.ok(
    session.screen.transcript().every((row) => row.length <= 80),
    'no line wider than 80 columns',
  );
});

t.test('? shows what is allowed there, and the line is redrawn', async (t) => {
  const session = await openSession(t);
  for (const [typed, shows] of [
    ['bus ', /scan +which units answer[\s\S]*watch/],
    ['why L', /L07 +L08 +L09/],
    ['override L07 ', /<level> +in percent/],
    ['override L07 80 ', /--for +DURATION: how long[\s\S]*<enter> +carry it out[\s\S]*\| +filter/],
    ['devices | ', /include +only lines[\s\S]*csv/],
    ['devices | include ', /<text>/],
    ['terminal type ', /dumb\n +vt100/],
    ['xyz', /nothing begins like that/],
    ['xyz abc', /% no such word: "xyz"/],
    ['exit', /exit +type: logout/],
    ['lamps', /lamps +type: zones/],
    ['scan', /scan +type: bus scan/],
    ['help bus ', /scan/],
    [
      'bus scan ',
      /<line> +a Modbus line of the cabinet; without it, all lines are listed\n(?:(?!air).)*<enter>(?:(?!air).)*street\n(?:(?!air).)*$/s,
    ],
    ['bus stats ', /street +air/],
  ] as const) {
    session.type(`${typed}?`);
    await session.until(`help on ${typed}`, () => session.bytes().endsWith(`${PROMPT}${typed}`));
    t.match(session.bytes().slice(session.bytes().lastIndexOf(`${typed}?`)), shows, typed);
    session.type('\x03');
    await session.until('a fresh prompt', () => session.bytes().endsWith(`^C\n${PROMPT}`));
  }
});

t.test('TAB completes words, options, names and filters', async (t) => {
  const session = await openSession(t);
  for (const [typed, completed] of [
    ['dev', 'devices '],
    ['bus sc', 'bus scan '],
    ['bus scan st', 'bus scan street '],
    ['why L0', 'why L0'],
    ['why br', 'why bressigny '],
    ['override L07 80 --re', 'override L07 80 --reason '],
    ['history L01.le', 'history L01.level '],
    ['devices | inc', 'devices | include '],
    ['terminal type v', 'terminal type vt100 '],
    ['xyz abc d', 'xyz abc d'],
  ] as const) {
    session.type(`${typed}\t`);
    await session.until(
      `completion of ${typed}`,
      () => session.screen.rows().at(-1) === `${PROMPT}${completed}`.trimEnd() && /[ \d]$|abc d/.test(session.bytes()),
    );
    session.type('\x03');
    await session.until('a fresh prompt', () => session.bytes().endsWith(`^C\n${PROMPT}`));
  }
});

t.test('at a configuration value ? shows what is allowed, and TAB completes its words', async (t) => {
  const session = await openSession(t);
  session.type('config set zones[rue].minPct ?');
  await session.until(
    'the help of the value is shown',
    () => /config set zones\[rue\]\.minPct $/.test(session.bytes()) && /default: 10/.test(session.bytes()),
  );
  const shown = session.screen.transcript().join('\n');
  t.match(
    shown,
    /<value> +Lowest level at night, for every request\.\n +a whole number from 0 to 100, in percent\n +default: 10\n +example: config set zones\[rue\]\.minPct 10\n +--delete/,
  );
  session.type('\x15config set zones[rue].mnPct ?');
  await session.until('the unknown key is reported', () => /unknown key "mnPct"; did you mean "minPct"\?/.test(session.bytes()));
  session.type('\x15config set zones[rue].kind ro\t');
  await session.until('completed', () => session.screen.rows().at(-1) === `${PROMPT}config set zones[rue].kind road`);
});

t.test('at a value of the configuration ? shows the value in force, and names the step it belongs to', async (t) => {
  const inForce = (path: string) =>
    path.includes('steps') ? { value: '30', step: '23:00' } : path === 'zones[rue].minPct' ? { value: '15', step: null } : null;
  const config = { view: () => ({ trial: null }), paths: () => [], inForce } as unknown as ConfigManager;
  const session = await openSession(t, { view: { ...createFakeView(), config } });
  for (const [path, shown] of [
    ['zones[rue].minPct', /Lowest level at night, for every request\.\n +in force: 15\n +a whole number/],
    ['programmes[night].steps[1].levelPct', /\n +in force: 30 \(step "23:00"\)\n/],
    [
      'zones[park].minPct',
      /Lowest level at night, for every request\.\n +a whole number from 0 to 100, in percent\n +default: 10\n(?!.*in force)/,
    ],
  ] as const) {
    session.type(`\x15config set ${path} ?`);
    await session.until(path, () => session.bytes().endsWith(`config set ${path} `));
    t.match(session.screen.transcript().join('\n'), shown);
  }
  session.type('\x15language fr\r');
  await session.until('French', () => /en francais/.test(session.bytes()));
  session.type('config set programmes[night].steps[1].levelPct ?');
  await session.until('in French', () => /en service : 30 \(palier "23:00"\)/.test(session.bytes()));
});

t.test('TAB completes a configuration key step by step', async (t) => {
  const asked: string[] = [];
  const paths = (typed: string): readonly string[] => {
    asked.push(typed);
    return ['zones[', 'zones[rue].', 'zones[rue].minPct', 'zones[rue].name', 'zones[+]'].filter((each) => each.startsWith(typed));
  };
  const config = { view: () => ({ trial: null }), paths } as unknown as ConfigManager;
  const session = await openSession(t, { view: { ...createFakeView(), config } });
  session.type('config set zones[rue].m\t15');
  await session.until('completed', () => session.screen.rows().at(-1) === `${PROMPT}config set zones[rue].minPct 15`);
  session.type('\x15config set zones[rue\t');
  await session.until('goes on', () => session.screen.rows().at(-1) === `${PROMPT}config set zones[rue].`);
  session.type('?');
  await session.until('shown', () => /zones\[rue\]\.minPct +zones\[rue\]\.name/.test(session.bytes()));
  t.ok(asked.includes('zones[rue].m'));
});

t.test('a long answer stops after each page, and goes on, on a line, to a text, or not', async (t) => {
  const session = await openSession(t, { rows: 10 });
  await session.say('terminal length 10');
  session.type('?');
  await session.until('a page', () => session.bytes().endsWith('--More--'));
  t.equal(session.screen.rows().length, 10);
  const lines = (): number => session.bytes().split('\n').length;
  const before = lines();
  session.type('\r');
  await session.until('one more line', () => lines() > before && session.bytes().endsWith('--More--'));
  t.equal(lines(), before + 1);
  session.type('q');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
  session.type('?');
  await session.until('a page', () => session.bytes().endsWith('--More--'));
  session.type('/logout\r');
  await session.until('the end', () => session.bytes().endsWith(PROMPT));
  t.match(session.screen.rows().join('\n'), /\.\.\.\n +logout/);
});

t.test('that no device is flaky is an answer, not a wrong name', async (t) => {
  const session = await openSession(t);
  await session.say('terminal status on');
  t.match(await session.say('devices flaky'), /\nno device is flaky\n%OK\n/);
  t.match(await session.say('devices flakey'), /%ERR unknown-name no device matches/);
});

t.test('a script can request a last line with the result', async (t) => {
  const session = await openSession(t);
  t.match(await session.say('terminal status on'), /%OK\n/);
  t.match(await session.say('devices'), /\n%OK\n/);
  t.match(await session.say('why L7'), /\n%ERR unknown-name no lamp or zone "L7"; did you mean L07\?\n/);
  t.match(await session.say('override bressigny 0'), /\n%ERR failed/);
  t.match(await session.say('x'.repeat(10_000)), /\n%ERR too-large \d+ characters too many in one line: nothing was done\n/);
});

t.test('the pager lists its keys for ?, and any other key begins the next line', async (t) => {
  const session = await openSession(t, { rows: 10 });
  await session.say('terminal length 10');
  session.type('?');
  await session.until('a page', () => session.bytes().endsWith('--More--'));
  session.type('?');
  await session.until('the keys', () => /space: next page[^\n]*\n--More--$/.test(session.bytes()));
  session.type('\x1b[A');
  session.type('xyz');
  await session.until('the line', () => session.screen.rows().at(-1) === `${PROMPT}xyz`);
});

t.test('what a person types beyond ASCII arrives whole, on a terminal with any letters', async (t) => {
  for (const charset of ['ascii', 'utf-8']) {
    const view = createFakeView();
    const session = await openSession(t, { view });
    await session.say(`terminal charset ${charset}`);
    await session.say('override L07 40 --reason "œuvre d’été, 21 °C"');
    t.match(view.asked, [{ reason: 'œuvre d’été, 21 °C' }], charset);
  }
});

t.test('lines that are pasted while pages are shown run whole', async (t) => {
  const session = await openSession(t, { rows: 10 });
  session.type('terminal length 10\rdevices | json\rhelp release L03\rdevices flaky\r');
  await session.until('the last answer', () => session.bytes().includes('no device is flaky'));
  t.match(session.bytes(), /> help release L03\r?\n/);
  t.notMatch(session.bytes(), /> *release L03|unknown/);
});

t.test("a session names commands as they are typed in it; a text that is somebody's own stays", async (t) => {
  const files = { cabinet: '# see `luciole check`\n', profiles: {} };
  const config = { view: () => ({ trial: null }), files: async () => files } as unknown as ConfigManager;
  const session = await openSession(t, { view: { ...createFakeView(), config } });
  t.match(await session.say('status'), /1 silent: devices silent\n/);
  t.notMatch(await session.say('why L99'), /luciole/);
  t.match(await session.say('history L07.nothing'), /`points` lists them all/);
  t.match(await session.say('config show'), /see `luciole check`/);
  t.equal(
    asTyped('see `luciole config history`, `luciole {0}`, luciole {1}, `luciole run`'),
    'see `config history`, `{0}`, luciole {1}, `luciole run`',
  );
});

t.test('Ctrl-C ends a command, not the session; what was typed ahead is forgotten', async (t) => {
  const view = createFakeView();
  let stopped = false;
  const bus = {
    ...view.bus,
    watch: (_line: string, listener: (each: BusTransaction) => void) => {
      listener(transaction());
      return () => {
        stopped = true;
      };
    },
  };
  const session = await openSession(t, { view: { ...view, bus } });
  session.type('bus watch street\r');
  await session.until('the first transaction', () => session.bytes().includes('22:41:07'));
  session.type('override L07 0\r\x03');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
  await session.until('the agent hears of it', () => stopped);
  t.match(session.bytes(), /% stopped by Ctrl-C, here and in the agent\n/);
  t.strictSame(view.asked, []);
  t.match(await session.say('status'), /Cabinet/);
});

t.test('Ctrl-C ends a walk test with its summary; a second one does not wait for it', async (t) => {
  const session = await openSession(t);
  session.type('walk-test bressigny\r');
  await session.until('two detections', () => session.bytes().includes('lit already'));
  session.type('\x03');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
  t.match(session.bytes(), /2 detections in zone bressigny in [\s\S]*S01\.motion 2, S02\.motion 0\n[\s\S]*42 ms at the median/);
  t.notMatch(session.bytes(), /stopped by Ctrl-C/);
  session.type('identify L07\r');
  await session.until('blinking', () => /at 100 %/.test(session.bytes()));
  session.type('\x03\x03');
  await session.until(
    'the prompt again',
    () => session.bytes().endsWith(PROMPT) && /identify L07[\s\S]*(stopped|blinked)/.test(session.bytes()),
  );
  t.match(await session.say('status'), /Cabinet/);
});

t.test('without an agent the shell works, and reports it', async (t) => {
  const session = await openSession(t, { view: null });
  t.match(session.bytes(), /no agent answers[\s\S]*luciole \(no agent\)> $/);
  t.match(await session.say('status'), /% no agent answers on/);
  t.match(await session.say('profile list'), /so this is what files say/);
  t.match(
    await session.say('agent state'),
    /Service +failed[\s\S]*the last one 2026-12-01 22:40[\s\S]*L03 +does not answer[\s\S]*agent-crashed/,
  );
  t.match(await session.say('agent restart'), /% the service manager does not start the agent: Interactive authentication/);
  t.equal(session.ended(), null);
});

t.test('the session ends by word, by Ctrl-D, and when the line is cut', async (t) => {
  for (const [how, reason] of [
    ['logout\r', 'logout'],
    ['exit\r', 'logout'],
    ['qui\r', null],
    ['\x04', 'logout'],
  ] as const) {
    const session = await openSession(t);
    session.type(how);
    if (reason === null) await session.until('not understood', () => session.bytes().includes('no such word'));
    else await session.until('the end', () => session.ended() === reason);
  }
  const session = await openSession(t);
  session.hangUp();
  await session.until('the end', () => session.ended() === 'hang-up');
});

t.test('a terminal that answers gets its own size and colours; one that does not stays dumb', async (t) => {
  const able = await openSession(t, { isVt100: true, withProbe: true, cols: 132, rows: 40 });
  t.match(await able.say('terminal'), /vt100[\s\S]*132 columns, 40 rows/);
  t.match(await able.say('devices'), '\x1b[31msilent');
  const dumb = await openSession(t, { withProbe: true });
  t.match(await dumb.say('terminal'), /dumb[\s\S]*80 columns, 24 rows/);
  t.notMatch(dumb.bytes().slice(60), '\x1b');
  t.match(dumb.screen.transcript()[0], /^ANG-0421/, 'what it showed of the question is wiped');
});

t.test('a pasted file is taken as it is, 64 KB of it at once, or not at all', async (t) => {
  const got: string[] = [];
  const session = await openSession(t, {
    localActions: (_terminal, _signal, readInput) => ({
      ...NO_ACTIONS,
      'config load': async () => {
        got.push(await readInput());
        return 0;
      },
    }),
  });
  const lines = Array.from({ length: 1_100 }, (_, at) => `  key${at}: "why? | and so on ${'x'.repeat(40)}" # !`);
  t.ok(lines.join('\r').length >= 65_536);
  session.type('config load -\r');
  await session.until('the mark', () => /end-[\d-]{14}/.test(session.bytes()));
  session.type(`${lines.join('\r')}\r`);
  session.type(`${/end-[\d-]{14}/.exec(session.bytes())?.[0]}\r`);
  await session.until('the prompt', () => got.length > 0 && session.bytes().endsWith(PROMPT));
  t.equal(got[0], `${lines.join('\n')}\n`);
  session.type('config load -\r  half: 1\r\x03');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT) && session.bytes().includes('cancelled: nothing was loaded'));
  t.equal(got.length, 1);
  t.match(await session.say('status'), /Cabinet/);
});

t.test('secrets are put out before a line is kept', async (t) => {
  for (const [typed, kept] of [
    ['uplink test --broker mqtts://city:hunt/er@2@broker:8883', 'uplink test --broker mqtts://city:***@broker:8883'],
    ['uplink test --broker mqtts://city:hunter2@broker:8883', 'uplink test --broker mqtts://city:***@broker:8883'],
    ['user add tech --password hunter2', 'user add tech --password ***'],
    ['config set uplink.password "hunter 2"', 'config set uplink.password ***'],
    ['enrol --code=123456', 'enrol --code=***'],
    ['config set "uplink.password" hunter2', 'config set "uplink.password" ***'],
    ["config set 'lines[0].token' hunter2 more", "config set 'lines[0].token' *** more"],
    ['config set a[0].password x', 'config set a[0].password ***'],
    ['password token x', 'password *** ***'],
    ['lock L01 --reason "new code" --for 1h', 'lock L01 --reason "new code" --for 1h'],
    ['config commit --comment "replaced pin" --confirm 10', 'config commit --comment "replaced pin" --confirm 10'],
    ['token: x', 'token: ***'],
    ['--password ="x" y', '--password *** y'],
    ['set secret   hunter2', 'set secret   ***'],
    ['why L07', 'why L07'],
  ] as const) {
    t.equal(maskSecrets(typed), kept);
  }
  const saved: string[] = [];
  const historyStore = { load: () => ['status'], save: (_user: string, lines: readonly string[]) => saved.push(lines.join('\n')) };
  const session = await openSession(t, { historyStore });
  await session.say('uplink test --broker mqtts://city:hunter2@broker:8883');
  t.match(await session.say('recall'), /status\nuplink test --broker mqtts:\/\/city:\*\*\*@/);
  t.notMatch(saved.join('\n'), /hunter2/);
});

t.test('hostile input: a line without an end, control sequences and noise are answered, and the session lives on', async (t) => {
  const session = await openSession(t);
  session.type(`${'x'.repeat(1_000_000)}\r`);
  await session.until('an answer', () => session.bytes().includes('characters too many in one line: nothing was done'));
  // But Ctrl-D, which ends it rightly.
  session.type(Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 7_919) % 256).filter((byte) => byte !== 4)));
  session.type('\x11\x1b[201~\x07\x03q\x03\x15! done\r');
  await session.until('quiet', () => session.bytes().endsWith(`! done\n${PROMPT}`));
  t.match(await session.say('why "\\x1b[2J"'), /% no lamp or zone/);
  t.match(await session.say('status'), /Cabinet/);
  t.strictSame(session.screen.strange, []);
});

t.test('at 9600 baud `status` is on the wire in two seconds', async (t) => {
  const session = await openSession(t, { speedBaud: 9_600 });
  const startMono = session.clock.monoMs();
  const shown = await session.say('status');
  const tookMs = session.clock.monoMs() - startMono;
  t.ok(shown.length <= 1_920, `${shown.length} characters`);
  t.ok(tookMs <= 2_500, `${tookMs} ms, most of it on the wire`);
  t.ok(tookMs >= (shown.length / 960) * 1_000 * 0.95, 'and never faster than the line');
});

t.test('XOFF stops the output, XON lets it go on, and nothing is lost', async (t) => {
  const session = await openSession(t, { speedBaud: 9_600 });
  session.type('status\r');
  await session.until('the first line', () => session.bytes().includes('Cabinet'));
  session.type('\x13');
  const at = session.bytes().length;
  await session.clock.advance(5_000);
  t.equal(session.bytes().length, at);
  session.type('\x11');
  await session.until('the prompt', () => session.bytes().endsWith(PROMPT));
  t.match(session.bytes(), /Cabinet[\s\S]*Events +About/);
});

t.test('a session that ends during a command without an end ends at once, also if it ends just after ENTER', async (t) => {
  for (const isEarly of [true, false])
    for (const reason of ['hang-up', 'idle', 'stopped'] as const) {
      const fake = createFakeView();
      let watches = 0;
      const bus = {
        ...fake.bus,
        watch: () => {
          watches += 1;
          return () => {};
        },
      };
      const view = { ...fake, bus };
      const session = await openSession(t, { view });
      session.type('bus watch street\r');
      if (!isEarly) await session.until('the watch', () => watches > 0);
      session.shell.end(reason);
      await session.until('the end', () => session.ended() === reason);
    }
});

t.test('a walk ends with the terminal, and stores only the sensors that detected someone; one without keys goes on', async (t) => {
  for (const reason of ['hang-up', 'stopped', 'idle'] as const) {
    const fake = createFakeView();
    const stored: string[][] = [];
    const acceptance: typeof fake.acceptance = {
      ...fake.acceptance,
      async note({ walks = [] }) {
        stored.push(walks.map(({ pointId }) => pointId));
        return true;
      },
    };
    const session = await openSession(t, { view: { ...fake, acceptance } });
    session.type('commission walk bressigny\r');
    await session.until('a detection', () => session.bytes().includes('S01.motion'));
    session.shell.end(reason);
    if (reason === 'idle') {
      await session.clock.advance(590_000);
      t.strictSame(stored, [], 'it lasts its ten minutes');
      await session.clock.advance(10_000);
    }
    await session.until('the end', () => session.ended() === reason && stored.length > 0);
    t.strictSame(stored, [reason === 'idle' ? ['S01.motion', 'S02.motion'] : ['S01.motion']], reason);
  }
});

t.test('a session that ends under XOFF gives the port back after a minute', async (t) => {
  const session = await openSession(t, { speedBaud: 9_600 });
  session.type('status\r');
  await session.until('the first line', () => session.bytes().includes('Cabinet'));
  session.type('\x13');
  await session.clock.advance(1_000);
  session.shell.end('hang-up');
  await session.clock.advance(59_000);
  t.equal(session.ended(), null, 'an XON would still send the rest');
  await session.clock.advance(2_000);
  t.equal(session.ended(), 'hang-up');
});

t.test('csv leaves a help page as it is', async (t) => {
  const session = await openSession(t);
  t.match(await session.say('status --help | csv'), /status/);
  t.match(await session.say('status | count'), /\d+/, 'and the session goes on');
});

const TREE = createTree(COMMANDS, FAMILIES);
const MANUAL = manualPage('0.1.0');
t.test('completion does not offer an end after too many words', async (t) => {
  t.equal(TREE.placeAfter(['bus', 'stats', 'street']).canEnd, true);
  t.equal(TREE.placeAfter(['bus', 'stats', 'street', 'b']).canEnd, false);
});

/** They run on, or print a page. */
const WITHOUT_ANSWER = new Set(['commission', 'run', 'console', 'manual']);

for (const command of COMMANDS.filter(({ isHidden }) => !isHidden)) {
  t.test(`${command.name}: help, completion, manual, raw answer and examples that work`, async (t) => {
    const words = command.name.split(' ');
    t.ok(String(command.summary).length > 0 && String(command.summary).length <= 52, 'a summary of one line');
    t.ok(
      TREE.placeAfter(words.slice(0, -1)).choices.some(({ word }) => word === words.at(-1)),
      'completion knows it',
    );
    t.ok(command.examples.length > 0, 'an example');
    for (const example of command.examples) {
      const typed = example.replace(/^luciole /, '').replace(/ [>|].*/, '');
      const spoken = [...typed.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
      t.ok(TREE.read(spoken).command.name.startsWith(command.name), example);
    }
    t.match(MANUAL, `\\fB${command.name.replaceAll('-', '\\-')}\\fR`, 'the manual has it');
    const needsJson = command.kind !== 'shell' && !WITHOUT_ANSWER.has(command.name);
    t.equal(
      command.options.some(({ name }) => name === 'json'),
      needsJson,
      'a raw answer where there is one',
    );
  });
}
