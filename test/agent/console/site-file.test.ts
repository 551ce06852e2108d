import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { localFiles } from '../../../agent/console/local-files.ts';
import { localMachine } from '../../../agent/console/local-machine.ts';
import { readSiteFile } from '../../../agent/console/site-file.ts';
import { learn, translate } from '../../../agent/console/text/translate.ts';
import { NO_TEXT } from '../../../agent/core/message.ts';
import { SMALL_STREET } from '../config/small-street.ts';
import { programFolder, run, runLuciole } from './program.ts';

const ABSENT = /^there is no cabinet file (\S+): `luciole setup` writes one$/;
const WRONG = /^\S+ cannot be used: run `luciole check`$/;

t.test('a cabinet file that does not exist is reported as absent, with the command that writes one', async (t) => {
  const dir = t.testdir({ 'broken.yaml': 'a: [', 'empty.yaml': '', 'good.yaml': SMALL_STREET, folder: {} });
  symlinkSync(join(dir, 'gone.yaml'), join(dir, 'link.yaml'));
  for (const name of ['none.yaml', 'no/such/folder.yaml', 'link.yaml']) {
    t.match(readSiteFile(join(dir, name)), { cabinet: null, problem: ABSENT, isAbsent: true }, name);
  }
  for (const name of ['broken.yaml', 'empty.yaml', 'folder']) {
    t.match(readSiteFile(join(dir, name)), { cabinet: null, problem: WRONG, isAbsent: false }, name);
  }
  t.match(readSiteFile(join(dir, 'good.yaml')), { cabinet: { lines: [{ id: 'north' }, { id: 'air' }] }, problem: NO_TEXT });
});

t.test('a folder that may not be searched does not make its file absent', { skip: process.getuid?.() === 0 && 'root may' }, async (t) => {
  const dir = join(t.testdir(), 'closed');
  mkdirSync(dir);
  writeFileSync(join(dir, 'cabinet.yaml'), SMALL_STREET);
  chmodSync(dir, 0o600);
  t.match(readSiteFile(join(dir, 'cabinet.yaml')), { problem: WRONG, isAbsent: false });
  chmodSync(dir, 0o700);
});

t.test('without an agent and without a cabinet the console names `luciole setup`, in both languages', async (t) => {
  const file = join(t.testdir(), 'cabinet.yaml');
  t.match(String(localFiles(file).about), /; there is no cabinet file \S+: `luciole setup` writes one$/);
  t.match(String((await localMachine(file).lastState()).problem), ABSENT);
  await t.rejects(
    localFiles(file).testUplink({ timeoutMs: 1 } as never, () => {}),
    { code: 'failed', message: ABSENT },
  );
  await learn('fr');
  t.match(translate('fr', localFiles(file).about), /il n'y a pas de fichier d'armoire \S+ : `luciole setup` en écrit un$/);
});

t.test('every command that needs the cabinet file reports that it is missing', { timeout: 60_000 }, async (t) => {
  const folder = programFolder(t);
  const file = join(folder, 'cabinet.yaml');
  t.match(await runLuciole('check', file), { code: 78, out: /no such file; check the path, or write a first one with `luciole setup`/ });
  t.match(await runLuciole('erase', file, '--socket', join(folder, 'no.sock')), { code: 1, err: /there is no cabinet file/ });
  const listed = await run([process.execPath, 'agent/luciole.js', 'profile', 'list'], {
    env: { PATH: '/usr/bin:/bin', LUCIOLE_CONFIG: file, TMPDIR: folder },
  });
  t.match(listed.err.replaceAll(/\s+/g, ' '), /there is no cabinet file \S+: `luciole setup` writes one/);
  t.notMatch(listed.err, /[^\n]{81}/, 'it fits 80 columns');
});
