import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { readCatalogue } from '../../agent/console/catalogue.ts';
import { flagText, type PointFlag, type Profile } from '../../agent/core/profile.ts';
import { SHIPPED_PROFILES_DIR } from '../../drivers/profile-folders.ts';
import { readProfiles } from '../../drivers/registry.ts';

const flagsOf = (profiles: Iterable<Profile>): PointFlag[] => [...profiles].flatMap(({ points }) => points.flatMap(({ flags }) => flags));

t.test('the text of a flag is translated if its profile is shipped, and shown as written if the site wrote it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const text = readFileSync(join(SHIPPED_PROFILES_DIR, 'meanwell-drs.yaml'), 'utf8');
  writeFileSync(join(dir, 'own.yaml'), text.replace(/^id: .*$/m, 'id: own-drs'));
  const { profiles, problems } = readProfiles([dir], readPlacedYaml);
  t.strictSame(problems, []);
  const [shipped, own] = ['meanwell-drs', 'own-drs'].map((id) => flagsOf([profiles.get(id) as Profile]).map(flagText));
  const french = readCatalogue('fr');
  t.strictSame(own?.map(String), shipped?.map(String), 'the same words');
  t.ok(shipped?.length);
  for (const message of shipped ?? []) t.not(message.in(french), String(message));
  for (const message of own ?? []) t.equal(message.in(french), String(message));
});
