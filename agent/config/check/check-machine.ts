/**
 * Checks a cabinet against this machine: that its ports exist, and that the secrets of the uplink are in the right places and are not sent
 * unencrypted. Only for `luciole check`: a running agent reports the rest and tries again. Touches no disk itself.
 */
import { resolve } from 'node:path';
import type { Problem } from '../../core/errors.ts';
import { parseLinePort } from '../../core/line-port.ts';
import { inStateDir, isBelow, isPlain, outsideSiteDir, secretFiles } from '../../core/secrets.ts';
import type { LoadedCabinet } from '../load/load.ts';
import { formatPath, listNames, type Path } from './finding.ts';

/**
 * Checks the places and rights of the uplink's secrets. `realPath`: a path without links; the path itself where nothing is there.
 * `siteDir`: the folder of the file, in the same form.
 */
export function checkSecrets(
  { file, cabinet, place }: LoadedCabinet,
  { realPath, siteDir }: { readonly realPath: (path: string) => string; readonly siteDir: string },
): { readonly problems: Problem[]; readonly warnings: Problem[] } {
  const { uplink, store } = cabinet;
  const problem = (path: Path, message: string): Problem => ({ file, ...place(path), path: formatPath(path), message });
  const stateDir = realPath(resolve(store.dir));
  const files = secretFiles(uplink, (path) => realPath(resolve(path)));
  const isForbidden = ({ path }: (typeof files)[number]): boolean => isBelow(path, stateDir);
  const isElsewhere = (file: (typeof files)[number]): boolean => !isForbidden(file) && !isBelow(file.path, siteDir);
  const plain = uplink === null || isPlain(uplink.broker) ? [] : uplink.otherBrokers.filter(isPlain);
  return {
    problems: files.filter(isForbidden).map(({ setting, path }) => problem(['uplink', setting], `${path} ${inStateDir(store.dir)}`)),
    warnings: [
      ...files.filter(isElsewhere).map(({ setting, path }) => problem(['uplink', setting], `${path} ${outsideSiteDir(siteDir)}`)),
      ...plain.map((other) =>
        problem(
          ['uplink', 'otherBrokers', uplink?.otherBrokers.indexOf(other) ?? 0],
          `${other} is never used: broker is mqtts://, and a password must not travel in the clear; write mqtts://`,
        ),
      ),
    ],
  };
}

/** Reports device files that do not exist. A check opens no connection: whether a network port answers shows when the agent runs. */
export function checkPorts(
  { file, cabinet, place }: LoadedCabinet,
  { exists, listPorts }: { readonly exists: (path: string) => boolean; readonly listPorts: () => readonly string[] },
): Problem[] {
  const missing = cabinet.lines.flatMap(({ port }, i) =>
    parseLinePort(port).kind !== 'serial' || exists(port) ? [] : [{ port, path: ['lines', i, 'port'] }],
  );
  if (missing.length === 0) return [];
  const ports = listNames(listPorts());
  return missing.map(({ port, path }) => ({
    file,
    ...place(path),
    path: formatPath(path),
    message: `no such device file "${port}"; what exists: ${ports}. Is the adapter plugged in? On another machine than the gateway: luciole check --no-ports`,
  }));
}
