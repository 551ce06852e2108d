/**
 * Serial ports of the booted root: their names by udev, and a technician who logs in on one.
 */
import { activeState, type BootedScene, CONSOLE_UNIT, mainPid, pauseMs, waitUntil } from './booted-scene.ts';

const ENTER_AGAIN_MS = 2_000;

/**
 * Reports whether udev gives a port the name of an integrator's rule, as docs/install.md shows it, and accepts the rules of the package.
 */
export function proveNames({ at, report }: BootedScene): void {
  const rule = 'SUBSYSTEM=="tty", KERNEL=="ttyS0", SYMLINK+="luciole/terminal"';
  at.runWith(
    `${rule}\n`,
    'sh',
    '-c',
    'cat > /etc/udev/rules.d/62-cabinet.rules; udevadm control --reload; udevadm trigger --action=add --settle --subsystem-match=tty',
  );
  const link = at.run('readlink', '-f', '/dev/luciole/terminal').out.trim();
  report("udev gives a port the integrator's name", link === '/dev/ttyS0', link);
  const verified = at.run('udevadm', 'verify', '/usr/lib/udev/rules.d/61-luciole-serial.rules');
  report("udev accepts each line of the package's rules", verified.code === 0, verified.out.trim().split('\n').at(-1));
}

export async function proveConsole(scene: BootedScene): Promise<void> {
  const { at, report, terminal } = scene;
  const invited = at.run('luciole', 'user', 'add', 'ada', '--role', 'admin').out;
  const oneTime = /\b[a-z0-9]{4}(?:-[a-z0-9]{4})+\b/i.exec(invited)?.[0] ?? '';
  at.run('chown', 'luciole-console:tty', '/dev/ttyS0');
  // Device units are found when systemd reads its units, as uevents do not reach a namespace.
  at.run('systemctl', 'daemon-reload');
  const enabled = at.run('systemctl', 'enable', '--now', CONSOLE_UNIT);
  report('the console unit takes the port', await waitUntil(() => activeState(scene, CONSOLE_UNIT) === 'active'), enabled.out.trim());
  const steps: [typed: string, wanted: RegExp][] = [
    ['\r', /user|login|name/i],
    ['ada\r', /password/i],
    [`${oneTime}\r`, /new password|choose/i],
    ['correct horse 4711 battery\r', /again|once more|repeat/i],
    ['correct horse 4711 battery\r', /> ?$|footprint/],
    ['status\r', /footprint|lamps/i],
  ];
  let passed = 0;
  for (const [typed, wanted] of steps) {
    if (!(await typeAndSee(scene, typed, wanted))) break;
    passed++;
  }
  report(
    'a technician logs in over the serial line and reads the status',
    passed === steps.length,
    passed === steps.length ? undefined : { passed, screen: terminal.received().slice(-600) },
  );
  const before = mainPid(scene, CONSOLE_UNIT);
  terminal.type('exit\r');
  const isNext = await waitUntil(
    () => activeState(scene, CONSOLE_UNIT) === 'active' && !['0', before].includes(mainPid(scene, CONSOLE_UNIT)),
  );
  report('after it the port waits for the next one', isNext);
  proveNoLineOnConsole(scene);
}

/** Both names of the port: the kernel's, and the one of the integrator's udev rule. */
function proveNoLineOnConsole({ at, ttys, report }: BootedScene): void {
  const [north = ''] = ttys;
  const said = ['ttyS0', 'luciole/terminal'].map((name) => {
    at.run('sh', '-c', `sed 's#/dev/${north}$#/dev/${name}#' /etc/luciole/cabinet.yaml > /var/tmp/console-as-line.yaml`);
    return at.run('luciole', 'check', '/var/tmp/console-as-line.yaml').out;
  });
  report(
    'the port of a console is refused as a line, under each of its names',
    said.every((text) => /a console is enabled on this port \(luciole-console@ttyS0\.service\)/.test(text)),
    said.map((text) => text.trim().split('\n')[0]),
  );
}

async function typeAndSee({ terminal }: BootedScene, text: string, wanted: RegExp): Promise<boolean> {
  const from = terminal.received().length;
  terminal.type(text);
  return waitUntil(async () => {
    if (wanted.test(terminal.received().slice(from))) return true;
    // A person presses Enter again where nothing answers yet.
    if (text === '\r') {
      await pauseMs(ENTER_AGAIN_MS);
      terminal.type(text);
    }
    return false;
  });
}
