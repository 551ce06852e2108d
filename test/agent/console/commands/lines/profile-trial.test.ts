import t from 'tap';
import { readPlacedYaml } from '../../../../../agent/config/load/places.ts';
import { renderProfileTest } from '../../../../../agent/console/commands/lines/profile-test-page.ts';
import { runProfileTrial } from '../../../../../agent/console/commands/lines/profile-trial.ts';
import { ConsoleError } from '../../../../../agent/console/console-error.ts';
import type { BusRead, BusReadResult } from '../../../../../agent/core/bus-tools.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { Profile } from '../../../../../agent/core/profile.ts';
import { readProfiles } from '../../../../../drivers/registry.ts';

const { profiles } = readProfiles([], readPlacedYaml);

t.test('one lost reply to a register of many flags leaves no point untried', async (t) => {
  for (let lost = 1; lost <= 6; lost++) {
    let asked = 0;
    const read = async ({ count }: BusRead): Promise<BusReadResult> => {
      asked++;
      if (asked === lost) throw new ConsoleError('failed', msg`no reply`, { bus: 'timeout' });
      return { words: Array(count).fill(0), turnaroundMs: 5 } as unknown as BusReadResult;
    };
    const found = await runProfileTrial({ profile: profiles.get('meanwell-drs') as Profile, line: 'a', unit: 1, read, report: () => {} });
    t.equal(found.untried, 0, `the reply to request ${lost}`);
  }
});

t.test('a unit that does not answer is silent, also with few points, and one that refuses a point is not', async (t) => {
  const drs = profiles.get('meanwell-drs') as Profile;
  const profile = { ...drs, points: drs.points.filter(({ poll }) => poll !== 'never').slice(0, 2) };
  for (const [bus, isSilent] of [
    ['timeout', true],
    ['illegal-address', false],
  ] as const) {
    const read = (): Promise<BusReadResult> => Promise.reject(new ConsoleError('failed', msg`no`, { bus }));
    const found = await runProfileTrial({ profile, line: 'a', unit: 1, read, report: () => {} });
    t.match(found, { untried: 0, isSilent });
    const shown = renderProfileTest(found, { widthCols: 200, colour: false, language: 'en' });
    t.match(shown, isSilent ? /given up: the unit does not answer. Check its supply/ : /compare the others with the manual/);
  }
});
