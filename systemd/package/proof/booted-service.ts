/**
 * The agent as a service: started, given credentials, ended by the watchdog, started slowly.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { footprintCabinet } from '../../../bench/footprint/footprint-street.ts';
import {
  AGENT_UNIT,
  activeState,
  agentStatus,
  type BootedScene,
  mainPid,
  pauseMs,
  unitProperty,
  waitForReadings,
  waitUntil,
  writeDropIn,
} from './booted-scene.ts';

const SECRET = 'hidden-2b7e151628';
const SECRET_FILE = '/etc/luciole/uplink-password';

/** As an integrator writes it. */
function writeCabinet({ root, at, ttys }: BootedScene): void {
  const [north = '', south = north] = ttys;
  const text = footprintCabinet({
    ports: { north: `/dev/${north}`, south: `/dev/${south}` },
    broker: 'mqtts://platform.invalid:8883',
    dataDir: '/var/lib/luciole',
  });
  writeFileSync(
    join(root.dir, 'etc/luciole/cabinet.yaml'),
    text.replace('uplink:\n', 'uplink:\n  username: cabinet\n  passwordFile: uplink-password\n'),
  );
  writeFileSync(join(root.dir, SECRET_FILE), `${SECRET}\n`, { mode: 0o400 });
  at.run('chgrp', 'luciole', '/etc/luciole/cabinet.yaml');
  for (const tty of ttys) at.run('sh', '-c', `chgrp dialout /dev/${tty} && chmod 660 /dev/${tty}`);
}

export async function proveStarted(scene: BootedScene): Promise<void> {
  const { at, report } = scene;
  writeCabinet(scene);
  const checked = at.run('luciole', 'check');
  report('luciole check', checked.code === 0, checked.out.trim().split('\n').slice(0, 3));
  const started = at.run('systemctl', 'start', AGENT_UNIT);
  report(
    'systemctl start returns once the agent is ready',
    started.code === 0 && activeState(scene, AGENT_UNIT) === 'active',
    unitProperty(scene, AGENT_UNIT, 'StatusText'),
  );
  const rows = await waitForReadings(scene, 10);
  report('it reads the street and keeps what it reads', rows >= 10, { rows });
  const uid = /^Uid:\s*(\d+)/m.exec(at.run('cat', `/proc/${mainPid(scene)}/status`).out)?.[1];
  report('it runs as its own user', uid === at.run('id', '-u', 'luciole').out.trim());
  const paths = ['luciole-reboot.path', 'luciole-release.path'].map((unit) => activeState(scene, unit));
  report('the path units wait for their requests', paths.join() === 'active,active', paths);
}

/**
 * Reports whether the agent reads a password that systemd passes to it as a credential, plain and encrypted, and cannot read the file
 * itself.
 */
export async function proveCredentials(scene: BootedScene): Promise<void> {
  const { at, report } = scene;
  const before = await uplinkReason(scene, (reason) => reason !== '');
  report('a credential that was not handed over is named', /LoadCredential=/.test(before), before);
  await proveHandedOver(scene, 'handed over, it is read', `LoadCredential=uplink-password:${SECRET_FILE}`);
  report(
    'the agent itself cannot read the file',
    at.run('setpriv', '--reuid=luciole', '--regid=luciole', '--init-groups', 'cat', SECRET_FILE).code !== 0,
  );
  const encrypted = `${SECRET_FILE}.cred`;
  const made = at.run('systemd-creds', 'encrypt', '--with-key=host', '--name=uplink-password', SECRET_FILE, encrypted);
  at.run('rm', SECRET_FILE);
  await proveHandedOver(
    scene,
    'encrypted with the key of this machine and without the plain file, it is read as well',
    `LoadCredentialEncrypted=uplink-password:${encrypted}`,
  );
  const isPlain = at.run('grep', '-q', SECRET, encrypted).code === 0;
  report('the encrypted file does not hold it', made.code === 0 && !isPlain, made.out.trim());
  const shown = at.run('sh', '-c', 'journalctl -u luciole --no-pager; luciole status --json; luciole config export').out;
  report('it stands in no journal, status or export', !shown.includes(SECRET));
}

async function proveHandedOver(scene: BootedScene, claim: string, setting: string): Promise<void> {
  writeDropIn(scene, AGENT_UNIT, 'proof-credential', setting);
  scene.at.run('systemctl', 'restart', AGENT_UNIT);
  const reason = await uplinkReason(scene, (text) => text !== '' && !text.includes('LoadCredential='));
  scene.report(claim, reason !== '' && !reason.includes('LoadCredential='), reason);
}

async function uplinkReason(scene: BootedScene, holds: (reason: string) => boolean): Promise<string> {
  let reason = '';
  await waitUntil(() => {
    reason = agentStatus<{ uplink: { reason?: string } }>(scene).uplink?.reason ?? '';
    return holds(reason);
  });
  return reason;
}

export async function proveWatchdog(scene: BootedScene): Promise<void> {
  const { at, report } = scene;
  const restarts = (): number => Number(unitProperty(scene, AGENT_UNIT, 'NRestarts'));
  const before = restarts();
  const fromMs = Date.now();
  at.run('sh', '-c', `kill -STOP ${mainPid(scene)}`);
  const isBack = await waitUntil(() => restarts() > before && activeState(scene, AGENT_UNIT) === 'active');
  const journal = at.run('journalctl', '-u', 'luciole', '--no-pager', '-n', '80').out;
  report('a frozen agent is ended by the watchdog and started again', isBack && /watchdog/i.test(journal), {
    seconds: Math.round((Date.now() - fromMs) / 1_000),
  });
}

/**
 * Reports whether a slow start of the agent is given time, and a start that hangs is ended. To make it slow, the agent is stopped for 0.6
 * s of each 0.8 s until it is ready.
 */
export async function proveSlowStart(scene: BootedScene): Promise<void> {
  const { at, report } = scene;
  writeDropIn(scene, AGENT_UNIT, 'proof-limit', 'TimeoutStartSec=4', 'Environment=LUCIOLE_START_STEP_USEC=4000000');
  const fromMs = Date.now();
  at.run('systemctl', 'restart', '--no-block', AGENT_UNIT);
  const isReady = await waitUntil(async () => {
    at.run('systemctl', 'kill', '--kill-whom=all', '--signal=SIGSTOP', AGENT_UNIT);
    await pauseMs(600);
    at.run('systemctl', 'kill', '--kill-whom=all', '--signal=SIGCONT', AGENT_UNIT);
    await pauseMs(200);
    const isRunning = activeState(scene, AGENT_UNIT) === 'active' && unitProperty(scene, AGENT_UNIT, 'SubState') === 'running';
    return isRunning && Date.now() - fromMs > 2_000;
  });
  const tookMs = Date.now() - fromMs;
  // A restart by hand sets the count to zero.
  const restarts = Number(unitProperty(scene, AGENT_UNIT, 'NRestarts'));
  report('a start that is slow and goes on is not ended', isReady && restarts === 0, { limitMs: 4_000, tookMs, restarts });
  at.run('systemctl', 'stop', AGENT_UNIT);
  at.run('systemctl', 'start', '--no-block', AGENT_UNIT);
  await waitUntil(() => mainPid(scene) !== '0');
  at.run('sh', '-c', `kill -STOP ${mainPid(scene)}`);
  const isEnded = await waitUntil(() => /timeout/.test(at.run('journalctl', '-u', 'luciole', '--no-pager', '-n', '40').out));
  const isBack = await waitUntil(() => activeState(scene, AGENT_UNIT) === 'active');
  report('a start that hangs is ended, and the next one comes up', isEnded && isBack);
  at.run('rm', `/etc/systemd/system/${AGENT_UNIT}.d/proof-limit.conf`);
  at.run('systemctl', 'daemon-reload');
}
