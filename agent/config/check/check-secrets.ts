/**
 * Checks that the secrets of the uplink are in the right places, and that none is sent unencrypted. Only for `luciole check`: a running
 * agent refuses what it must and reports the rest. Touches no disk itself.
 */
import { resolve } from 'node:path';
import type { Problem } from '../../core/errors.ts';
import { inStateDir, isBelow, isPlain, outsideSiteDir, secretFiles } from '../../core/secrets.ts';
import type { LoadedCabinet } from '../load/load.ts';
import { formatPath, type Path } from './finding.ts';

/** `realPath`: a path without links; the path itself where nothing is there. `siteDir`: the folder of the file, in the same form. */
export interface PlacesAtHand {
  readonly realPath: (path: string) => string;
  readonly siteDir: string;
}

/** Checks the places and rights of the uplink's secrets. */
export function checkSecrets(
  { file, cabinet, place }: LoadedCabinet,
  { realPath, siteDir }: PlacesAtHand,
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
