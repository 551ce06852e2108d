import t from 'tap';
import { msg } from '../../../../agent/core/message.ts';
import { AT_MS } from '../fake-clock.ts';
import { NO_ACTIONS } from '../no-actions.ts';
import { openSession, type ShellSession } from './shell-session.ts';
import { trialManager } from './trial-manager.ts';

/** More turns than the agent needs to see the end of a connection, and to act on it. */
const TURNS = 200;

async function overAndSeen(session: ShellSession): Promise<void> {
  let turns = 0;
  await session.until('the session is over', () => session.ended() !== null && ++turns > TURNS);
}

t.test('the cable is pulled during a trial: the change is reverted immediately', async (t) => {
  const { asked, view } = trialManager();
  const session = await openSession(t, { view });
  t.match(await session.say('config commit --confirm 5'), /revision 8 runs on trial/);
  session.hangUp();
  await session.until('it is returned', () => asked.length > 0);
  t.strictSame(asked, [['console:tech', msg`the session was lost`, 8]]);
});

t.test('the agent reverts the trial of a login whose process has ended, and not of one that logs out or that the agent ends', async (t) => {
  for (const [how, result, back] of [
    ['hang-up', 'hang-up', [['console:marie', msg`the session was lost`, 8]]],
    ['logout', 'logout', []],
    ['stopped', 'logout', []],
    ['agent stops', 'stopped', []],
  ] as const) {
    const { asked, view } = trialManager('console:marie');
    const session = await openSession(t, { view, hasLogin: true });
    await session.say('marie');
    await session.say('right');
    t.match(await session.say('config commit --confirm 5'), /revision 8 runs on trial/, how);
    if (how === 'hang-up') session.hangUp();
    else if (how === 'logout') session.type('logout\r');
    else if (how === 'stopped') session.shell.end('stopped');
    else await session.agent.stop();
    await session.until('the agent sees the end', () => view.noted.some(({ action }) => action === 'logout'));
    await overAndSeen(session);
    t.match(
      view.noted.find(({ action }) => action === 'logout'),
      { user: 'marie', result },
      how,
    );
    t.strictSame(asked, back, how);
    const returned = view.noted.filter(({ action }) => action === 'config return');
    t.match(returned, back.length === 0 ? [] : [{ user: 'marie', door: 'login', detail: /revision=8/, result: 'ok' }], how);
  }
});

t.test('a console that fails has not logged out: the change that it put on trial is reverted', async (t) => {
  for (const [by, more] of [
    ['console:tech', {}],
    ['console:marie', { hasLogin: true }],
  ] as const) {
    const { asked, view } = trialManager(by);
    const session = await openSession(t, {
      ...{ view, ...more, canFail: true },
      localActions: () => ({ ...NO_ACTIONS, 'tech-support': () => Promise.reject(new TypeError('a defect')) }),
    });
    if ('hasLogin' in more) {
      await session.say('marie');
      await session.say('right');
    }
    t.match(await session.say('config commit --confirm 5'), /revision 8 runs on trial/, by);
    session.type('tech-support\r');
    await overAndSeen(session);
    t.strictSame(asked, [[by, msg`the session was lost`, 8]]);
  }
});

t.test('a restarted agent reverts the trial of a session of the same machine once that session ends', async (t) => {
  const { asked, view } = trialManager();
  const session = await openSession(t, { view });
  await session.say('config commit --confirm 5');
  await session.agent.stop();
  await session.agent.start();
  t.strictSame(asked, [], 'the stop of the agent is no lost session');
  await session.clock.advance(6_000);
  await session.say('config');
  session.hangUp();
  await session.until('it is returned', () => asked.length > 0);
  t.strictSame(asked, [['console:tech', msg`the session was lost`, 8]]);
});

t.test('a user who logs out, whose change is confirmed by itself, or who has changed nothing reverts nothing', async (t) => {
  const out = trialManager();
  const first = await openSession(t, { view: out.view });
  await first.say('config commit --confirm 5');
  first.type('logout\r');
  await overAndSeen(first);
  t.strictSame(out.asked, [], 'logged out');

  const own = trialManager();
  const second = await openSession(t, { view: own.view });
  await second.say('config commit');
  second.hangUp();
  await overAndSeen(second);
  t.strictSame(own.asked, [], 'it confirms itself');

  const before = trialManager();
  before.trial('asked');
  const third = await openSession(t, { view: before.view });
  await third.say('config commit --confirm 5');
  third.hangUp();
  await overAndSeen(third);
  t.strictSame(before.asked, [], 'on trial before the session began');

  const other = trialManager('platform:anne');
  const fourth = await openSession(t, { view: other.view });
  await fourth.say('config commit --confirm 5');
  fourth.hangUp();
  await overAndSeen(fourth);
  t.strictSame(other.asked, [], "another's");
});

t.test('the prompt shows the time left of a trial, next to an override; the last minutes show how it ends', async (t) => {
  for (const [mode, end] of [
    ['asked', 'config confirm keeps it, else the previous one returns'],
    ['auto', 'it is kept if all is well then, else the previous one returns'],
  ] as const) {
    const { view } = trialManager();
    const session = await openSession(t, { view });
    t.match(await session.say(mode === 'asked' ? 'config commit --confirm 5' : 'config commit'), /\nANG-0421 \[TRIAL 05:00\]> $/);
    session.type('logout\r');
    await session.until('the end', () => session.ended() === 'logout');
    t.match(session.bytes().replaceAll(/\s+/g, ' '), `! revision 8 is on trial for 05:00 more; ${end}`);
  }
});

t.test('the prompt shows an override and a trial together', async (t) => {
  const made = trialManager();
  made.trial('asked');
  const zones = () =>
    made.view.light.zones().map((zone) => ({
      ...zone,
      intents: [
        {
          ...zone.intents[0],
          id: 'w1',
          source: 'console:tech',
          target: { kind: 'lamp', id: 'L07' },
          levelPct: 80,
          untilMs: AT_MS + 600_000,
        },
      ],
    }));
  const session = await openSession(t, {
    view: { ...made.view, light: { ...made.view.light, zones, intentsBy: () => zones().flatMap(({ intents }) => intents) } } as never,
  });
  t.match(session.bytes(), /\nANG-0421 \[OVERRIDE 10:00\] \[TRIAL 05:00\]> $/);
});
