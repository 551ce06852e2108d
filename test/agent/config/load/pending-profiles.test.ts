import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { pendingProfiles } from '../../../../agent/config/load/pending-profiles.ts';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import type { AgentCommand, Job } from '../../../../agent/console/command-spec.ts';
import { PROFILE_COMMANDS, renderProfiles } from '../../../../agent/console/commands/lines/profile.ts';
import { renderProfile } from '../../../../agent/console/commands/lines/profile-show-page.ts';
import type { Page } from '../../../../agent/console/text/page.ts';
import type { BusTools } from '../../../../agent/core/bus-tools.ts';
import type { Profile } from '../../../../agent/core/profile.ts';
import type { AgentView, ProfileView } from '../../../../agent/core/views.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { ACME } from '../../../drivers/acme-profile.ts';
import { createFakeView } from '../../console/fake-view.ts';

const PAGE: Page = { widthCols: 80, colour: false, atMs: 0, timezone: 'UTC' };
const commandOf = (name: string): AgentCommand => PROFILE_COMMANDS.find((each) => each.name === name) as AgentCommand;

t.test('a profile dropped into the folder of a running agent is shown as waiting for its next start', async (t) => {
  const dir = t.testdir({ 'acme.yaml': ACME, 'led.yaml': ACME.replace('acme-lamp', 'acme-led') });
  const { profiles } = readProfiles([dir], readPlacedYaml);
  const bus = { pendingProfiles: pendingProfiles([dir, join(dir, 'gone')], profiles) } as unknown as BusTools;
  const pending = async () => (await bus.pendingProfiles?.())?.map(({ profile, state }) => `${profile.id} ${state}`);
  t.same(await pending(), [], 'nothing has come yet');

  writeFileSync(join(dir, 'meter.yml'), ACME.replace('acme-lamp', 'my-meter'));
  writeFileSync(join(dir, 'broken.yaml'), ACME.replace('level: 40', 'level: 41').replace('acme-lamp', 'half-done'));
  writeFileSync(join(dir, '.hidden.yaml'), ACME.replace('acme-lamp', 'hidden'));
  writeFileSync(join(dir, 'acme.yaml'), ACME.replace('vendor: Acme', 'vendor: Acme Ltd'));
  utimesSync(join(dir, 'led.yaml'), 1, 1);
  t.same(await pending(), ['acme-lamp changed', 'my-meter new'], 'what was only touched is no news, what is broken is not at hand');

  const known = { profiles: () => [...profiles.values()].map(viewOf), profile: (id: string) => profiles.get(id) };
  const view: AgentView = { ...createFakeView(), ...known, bus };
  const ask = (name: string, args: Record<string, string>) => commandOf(name).answer(view, args, {} as Job);
  const listed = (await ask('profile list', {})) as ProfileView[];
  t.match(
    listed.filter(({ pending }) => pending !== undefined),
    [
      { id: 'acme-lamp', pending: 'changed', vendor: 'Acme' },
      { id: 'my-meter', pending: 'new', points: 2, usedBy: [] },
    ],
  );
  t.match(
    renderProfiles(listed, PAGE),
    /^my-meter .* next start$[\s\S]*Waiting +for the next start of the agent: acme-lamp \(changed\), my-meter\s+\(new\)$/m,
  );
  t.match(
    renderProfile((await ask('profile show', { id: 'MY-meter' })) as Profile, PAGE),
    /^Waiting +its file was added after the start of the agent/m,
  );
  const changed = (await ask('profile show', { id: 'acme-lamp' })) as Profile;
  t.equal(changed.vendor, 'Acme', 'what the agent uses');
  t.match(renderProfile(changed, PAGE), /^Waiting +its file was changed after the start of the agent/m);
  t.notMatch(renderProfile((await ask('profile show', { id: 'acme-led' })) as Profile, PAGE), /Waiting/);

  writeFileSync(join(dir, 'meter.yml'), ACME.replace('acme-lamp', 'my-meter-2'));
  rmSync(join(dir, 'acme.yaml'));
  t.same(await pending(), ['my-meter-2 new'], 'as the folder is now');
  rmSync(dir, { recursive: true });
  t.same(await pending(), []);
});

function viewOf({ points, ...profile }: Profile): ProfileView {
  return { ...profile, points: points.length, usedBy: [] };
}
