/**
 * Other programs in place of the running one: planted by a taken-over service, brought as a signed update, installed as a newer package.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AGENT_UNIT,
  activeState,
  type BootedScene,
  bringFile,
  CONSOLE_UNIT,
  installDeb,
  mainPid,
  waitForReadings,
  waitUntil,
} from './booted-scene.ts';

const PLANTED = '99999999999-9.9.9';
const MARK = '/var/lib/luciole/planted-ran';
/** As a service that was taken over does: a program in its own folder, and its small files name it. */
const PLANT = `set -e; cd /var/lib/luciole; mkdir -p releases/${PLANTED}/bin
printf '#!/bin/sh\\ntouch ${MARK}\\nexec /usr/bin/luciole "$@"\\n' > releases/${PLANTED}/bin/luciole; chmod 755 releases/${PLANTED}/bin/luciole
echo ${PLANTED} > releases/current; rm -f releases/trial`;
const AS_AGENT = ['setpriv', '--reuid=luciole', '--regid=luciole', '--init-groups', '--no-new-privs'];

const executable = (scene: BootedScene): string => scene.at.run('readlink', `/proc/${mainPid(scene)}/exe`).out.trim();
const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

export async function proveReleases(scene: BootedScene): Promise<void> {
  const { at, report, debs, root } = scene;
  await provePlanted(scene, 'a program in the folder of the agent is not executed without update keys');
  const noKey = at.run('luciole', 'update', 'install', bringFile(scene, debs.update), '--force');
  report('without a key no update is taken', noKey.code !== 0 && noKey.out.includes('no key is known here'), lastLine(noKey.out));
  at.run('install', '-d', '/etc/luciole/update-keys');
  writeFileSync(join(root.dir, 'etc/luciole/update-keys/maker.pem'), debs.key);
  await provePlanted(scene, 'nor with one, as it is not signed');
  at.run('sh', '-c', 'rm -r /var/lib/luciole/releases');
  const damaged = bringFile(scene, debs.update);
  spoil(join(root.dir, damaged));
  const refused = at.run('luciole', 'update', 'install', damaged, '--force');
  report('an update that was changed is refused', refused.code !== 0 && /signed|damaged/.test(refused.out), lastLine(refused.out));
  await proveUpdate(scene);
}

async function provePlanted(scene: BootedScene, claim: string): Promise<void> {
  const { at, report } = scene;
  const planted = at.run(...AS_AGENT, 'sh', '-c', PLANT);
  const isBack = await restarted(scene);
  report(claim, planted.code === 0 && isBack && at.run('test', '-e', MARK).code !== 0, executable(scene));
}

async function proveUpdate(scene: BootedScene): Promise<void> {
  const { at, report, debs } = scene;
  const before = mainPid(scene);
  const fromMs = Date.now();
  const installed = at.run('luciole', 'update', 'install', bringFile(scene, debs.update), '--force');
  report('a signed update is unpacked by root and takes over', installed.code === 0, {
    said: lastLine(installed.out),
    seconds: Math.round((Date.now() - fromMs) / 1_000),
  });
  await waitUntil(() => activeState(scene, AGENT_UNIT) === 'active' && !['0', before].includes(mainPid(scene)));
  const program = executable(scene);
  report('it runs from a folder of root', /^\/var\/lib\/luciole-releases\/[^/]+\/bin\/node$/.test(program), program);
  const release = program.replace(/\/bin\/node$/, '');
  const foreign = at.run('find', release, '(', '-not', '-user', 'root', '-o', '-perm', '/022', ')').out.trim();
  const written = at.run(...AS_AGENT, 'sh', '-c', `echo x >> ${release}/bin/luciole || touch ${release}/x || mv ${release} ${release}.old`);
  report('the agent cannot change it', release !== '' && foreign === '' && written.code !== 0, { foreign });
  report(
    'the request and the received file are gone',
    at.run('sh', '-c', 'ls /run/luciole/release-request /var/lib/luciole/releases/incoming').code !== 0,
  );
  const rows = await waitForReadings(scene, 1);
  report('the release reads the street', rows >= 1, { rows });
  const onTrial = mainPid(scene);
  const back = at.run('luciole', 'update', 'revert', '--force');
  await waitUntil(() => activeState(scene, AGENT_UNIT) === 'active' && !['0', onTrial].includes(mainPid(scene)));
  report('it is taken back while on trial', back.code === 0 && executable(scene) === '/usr/lib/luciole/bin/node', lastLine(back.out));
}

export async function proveUpgrade(scene: BootedScene): Promise<void> {
  const { at, report, debs, newer } = scene;
  const before = await waitForReadings(scene, 1);
  const oldPid = mainPid(scene);
  // As a service that was taken over would do before the next upgrade.
  at.run(
    'sh',
    '-c',
    'mkdir /etc/of-others && touch /etc/of-others/current && rm -rf /var/lib/luciole/releases && ln -s /etc/of-others /var/lib/luciole/releases',
  );
  const { code } = installDeb(scene, debs.newer);
  report('an upgrade removes nothing through a link in the folder of the agent', at.run('test', '-e', '/etc/of-others/current').code === 0);
  at.run('rm', '/var/lib/luciole/releases');
  const isNew = await waitUntil(() => activeState(scene, AGENT_UNIT) === 'active' && mainPid(scene) !== oldPid);
  const after = await waitForReadings(scene, before + 1);
  report('upgraded while it runs: one restart, the readings stay', code === 0 && isNew && after > before, { before, after });
  report('the newer release answers', at.run('luciole', 'version').out.startsWith(`luciole ${newer} `));
  report('no release of an update is left', at.run('ls', '/var/lib/luciole-releases').out.trim() === '');
  report('the console came back too', await waitUntil(() => activeState(scene, CONSOLE_UNIT) === 'active'));
}

async function restarted(scene: BootedScene): Promise<boolean> {
  const before = mainPid(scene);
  scene.at.run('systemctl', 'restart', AGENT_UNIT);
  return waitUntil(() => activeState(scene, AGENT_UNIT) === 'active' && !['0', before].includes(mainPid(scene)));
}

/** One bit of its content, near the end. */
function spoil(file: string): void {
  const bytes = readFileSync(file);
  const at = bytes.length - 1_000;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
