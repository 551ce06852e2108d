/**
 * Checks a cabinet against this machine: that its ports exist, and that the secrets of the uplink are in the right places and are not sent
 * unencrypted. Only for `luciole check`: a running agent reports the rest and tries again. Does not access the disk itself.
 */

import { resolve } from 'node:path';
import { consoleHoldsPort } from '../../../drivers/console-ports.ts';
import type { Problem } from '../../core/errors.ts';
import { parseLinePort } from '../../core/line-port.ts';
import { type Message, msg } from '../../core/message.ts';
import { inStateDir, isBelow, isPlain, outsideSiteDir, secretFiles } from '../../core/secrets.ts';
import { listNames } from '../../core/suggestions.ts';
import type { LoadedCabinet } from '../load/load.ts';
import type { Path } from './finding.ts';

/**
 * Returns problems and warnings about where the uplink's key and password files are, and about brokers that are never used. Does not check
 * that the files exist. `realPath`: returns the path without links, also for a path that does not exist. `siteDir`: the folder of the
 * cabinet file, in the form of `realPath`.
 */
export function checkSecrets(
  { file, cabinet, named }: LoadedCabinet,
  { realPath, siteDir }: { readonly realPath: (path: string) => string; readonly siteDir: string },
): { readonly problems: Problem[]; readonly warnings: Problem[] } {
  const { uplink, store } = cabinet;
  const problem = (path: Path, message: Message): Problem => ({ file, ...named(path), message });
  const stateDir = realPath(resolve(store.dir));
  const files = secretFiles(uplink, (path) => realPath(resolve(path)));
  const isForbidden = ({ path }: (typeof files)[number]): boolean => isBelow(path, stateDir);
  const isElsewhere = (file: (typeof files)[number]): boolean => !isForbidden(file) && !isBelow(file.path, siteDir);
  const plain = uplink === null || isPlain(uplink.broker) ? [] : uplink.otherBrokers.filter(isPlain);
  return {
    problems: files.filter(isForbidden).map(({ setting, path }) => problem(['uplink', setting], msg`${path} ${inStateDir(store.dir)}`)),
    warnings: [
      ...files.filter(isElsewhere).map(({ setting, path }) => problem(['uplink', setting], msg`${path} ${outsideSiteDir(siteDir)}`)),
      ...plain.map((other) =>
        problem(
          ['uplink', 'otherBrokers', uplink?.otherBrokers.indexOf(other) ?? 0],
          msg`${other} is never used: broker is mqtts://, and a password must not travel in the clear; write mqtts://`,
        ),
      ),
    ],
  };
}

/**
 * Access to the serial ports of this machine. `exists`: whether there is a file at this path. `listPorts`: the paths of the serial ports
 * found. `consoleAt`: the systemd unit of the Luciole console that is enabled on this port; null if there is none.
 */
export interface PortFacts {
  readonly exists: (path: string) => boolean;
  readonly listPorts: () => readonly string[];
  readonly consoleAt: (path: string) => string | null;
}

/**
 * Returns a problem for each serial line whose device file does not exist on this machine, or that has an enabled Luciole console.
 * Opens no port, so an unusable one may have no problem.
 */
export function checkPorts({ file, cabinet, named }: LoadedCabinet, machine: PortFacts): Problem[] {
  const { exists, listPorts, consoleAt } = machine;
  return cabinet.lines.flatMap(({ port }, i) => {
    const message = parseLinePort(port).kind === 'serial' ? flawOf(port) : null;
    return message === null ? [] : [{ file, ...named(['lines', i, 'port']), message }];
  });

  function flawOf(port: string): Message | null {
    const unit = consoleAt(port);
    if (unit !== null) return consoleHoldsPort(unit);
    return exists(port)
      ? null
      : msg`no such device file "${port}"; what exists: ${listNames(listPorts())}. Is the adapter plugged in? On another machine than the gateway: luciole check --no-ports`;
  }
}
