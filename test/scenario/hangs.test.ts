import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { createWatchedStreet, DIMMED_PCT, FAILSAFE_PCT, WATCHED_LAMPS } from '../support/watched-street.ts';

const options = { timeout: 80_000, skip: managerMissing };

t.test('a storage thread that is killed is replaced without a restart, and the street does not notice', options, async (t) => {
  const { street, manager, until, all, status, newest, event } = await createWatchedStreet(t);
  const stored = async (): Promise<number> => (await status())?.store.lastSeq ?? 0;
  await until('something is stored', async () => (await stored()) > 0);
  let darkestPct = 100;
  street.onLevel = ({ levelPct }) => {
    darkestPct = Math.min(darkestPct, levelPct);
  };
  newest().child.kill('SIGUSR2');
  await until('the hang is reported', async () => /storage thread/.test(await event('store-trouble')));
  const before = await stored();
  await until('stored again', async () => (await stored()) > before + 1);
  await until('the trouble is over', async () => (await event('store-trouble')) === '');
  t.equal((await status())?.store.readingsLost, 0, 'nothing is lost');
  t.equal(manager.runs.length, 1, 'by the same agent');
  t.ok(all(DIMMED_PCT)() && darkestPct >= DIMMED_PCT);
});

t.test(
  'a line whose adapter hangs is reported, its lamps use their failsafe, the others stay, and it recovers with the adapter',
  options,
  async (t) => {
    const { street, cables, manager, until, levels, shortenFailsafe, all, event } = await createWatchedStreet(t);
    await shortenFailsafe();
    const cable = cables.byLine.get('north');
    const north = street.lines.get('north');
    if (cable === undefined || north === undefined) throw new Error('the demo street has changed');
    cable.stall(true);
    await until('its lamps at failsafe', () => levels().filter((level) => level === FAILSAFE_PCT).length === WATCHED_LAMPS / 2);
    await until('the line is reported', async () => /line north/.test((await event('line-silent')) + (await event('line-down'))), 30_000);
    t.strictSame(levels().slice(WATCHED_LAMPS / 2), new Array(WATCHED_LAMPS / 2).fill(DIMMED_PCT), 'the other line goes on');
    cable.stall(false);
    await until('all as the programme says', all(DIMMED_PCT), 40_000);
    await until('the event has ended', async () => (await event('line-silent')) + (await event('line-down')) === '');
    t.equal(manager.runs.length, 1, 'and nothing had to be restarted');
  },
);
