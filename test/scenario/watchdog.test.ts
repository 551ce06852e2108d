import { readFileSync } from 'node:fs';
import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { texts } from '../support/texts.ts';
import { createWatchedStreet, DIMMED_PCT } from '../support/watched-street.ts';

t.test(
  'lighting that stops while the event loop runs is detected, reported, and cured by a restart; the lamps keep their level',
  { timeout: 85_000, skip: managerMissing },
  async (t) => {
    const { street, manager, until, all, levels, newest, ask } = await createWatchedStreet(t, { preload: 'steal-timers.mjs' });
    const logged = (name: string): string =>
      readFileSync(manager.logFile, 'utf8')
        .split('\n')
        .find((line) => line.includes(`"event":"${name}"`)) ?? '';
    let darkestPct = 100;
    street.onLevel = ({ levelPct }) => {
      darkestPct = Math.min(darkestPct, levelPct);
    };
    const hanging = newest();
    hanging.child.kill('SIGUSR2');
    await until('started again', () => manager.runs.length === 2 && newest().isReady, 40_000);
    t.ok(hanging.wasStarved, 'the agent itself asked the manager to end it');
    t.match(logged('agent-hangs'), /"part":"lighting"|"part":"line/);
    await until('dimmed as the programme says', all(DIMMED_PCT));
    await until('the next run knows why', async () =>
      /"code":"agent-restarted".*a part of it hung: .*lighting/.test(JSON.stringify(texts(await ask('events', { since: '1h' })))),
    );
    t.ok(darkestPct >= DIMMED_PCT && Math.min(...levels()) >= DIMMED_PCT);
  },
);
