import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { CHECKED_FILE, checkedText, hashOfText, profileFiles, readChecked, SHIPPED_PROFILES_DIR } from '../../drivers/profile-folders.ts';
import { loadProfile, loadProfiles } from '../../drivers/profile-loader.ts';

const files = profileFiles(SHIPPED_PROFILES_DIR, []);
const loaded = files.map((file) => ({ text: file.text, profile: loadProfile(file, readPlacedYaml) }));

t.test('shipped profiles that were checked before are the same as those read now, and no parser is needed for them', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, CHECKED_FILE), checkedText(loaded));
  const parser = (): never => {
    throw new Error('a checked file is not parsed');
  };
  const { profiles, problems } = loadProfiles(files, parser, readChecked(dir));
  t.strictSame(problems, []);
  t.strictSame(
    [...profiles.values()],
    loaded.map(({ profile }) => profile),
  );
});

t.test('a file that was changed since is read again', async (t) => {
  const [first] = loaded;
  if (first === undefined) throw new Error('there are shipped profiles');
  const checked = new Map([[hashOfText(first.text), { ...first.profile, id: 'as-checked' }]]);
  const changed = first.text.replace(/^maker:.*$/m, 'maker: Somebody else');
  const ids = (text: string) => [...loadProfiles([{ file: 'a.yaml', text }], readPlacedYaml, checked).profiles.keys()];
  t.strictSame([ids(first.text), ids(`${changed}\n`)], [['as-checked'], [first.profile.id]]);
});

t.test('a missing or damaged list counts as no profile', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  t.equal(readChecked(dir).size, 0);
  for (const damaged of ['', '{"a":', 'null', '7']) {
    writeFileSync(join(dir, CHECKED_FILE), damaged);
    t.equal(readChecked(dir).size, 0, damaged);
  }
});

t.test('a profile that JSON would change is refused when the package is made', async (t) => {
  const [first] = loaded;
  if (first === undefined) throw new Error('there are shipped profiles');
  t.throws(() => checkedText([{ text: first.text, profile: { ...first.profile, id: Number.NaN as never } }]), TypeError);
});
