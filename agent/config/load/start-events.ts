/** Events about the configuration found at a start. */

import { dirname, resolve } from 'node:path';
import type { Cabinet } from '../../core/cabinet.ts';
import type { EventFacts } from '../../core/event-tracker.ts';
import { msg } from '../../core/message.ts';
import { isBelow, outsideSiteDir, secretFiles } from '../../core/secrets.ts';

/** An event of the start. `isLasting`: the event is a condition that lasts; otherwise it ends immediately. */
export type StartEvent = EventFacts & { readonly isLasting: boolean };

/** The event of a run that began without its revisions, because the disk did not respond. */
export const WITHOUT_REVISIONS: StartEvent = {
  code: 'config-refused',
  source: 'configuration',
  severity: 'alarm',
  text: msg`the disk of store.dir does not answer: the file of the site runs, without revisions, until the next start; see dmesg`,
  isLasting: true,
};

/** The event of a run that began without its revisions, because the data could not be locked, for example during a restore. */
export const WHILE_DATA_HELD: StartEvent = {
  ...WITHOUT_REVISIONS,
  text: msg`an erase, restore or backup uses the data: the file of the site runs, without revisions; the agent restarts once that has ended`,
};

/**
 * Returns warnings about files with the uplink's password or key that are outside the folder of the cabinet file; empty if there are none.
 * Credentials of the service do not count. Links are not followed.
 */
export function secretEvents({ uplink }: Cabinet, configFile: string): StartEvent[] {
  const siteDir = dirname(resolve(configFile));
  const elsewhere = secretFiles(uplink, (path) => resolve(path)).filter(({ path }) => !isBelow(path, siteDir));
  return elsewhere.map(({ setting, path }) => ({
    code: 'secret-elsewhere',
    source: `uplink.${setting}`,
    severity: 'warning',
    text: msg`uplink.${setting} ${path} ${outsideSiteDir(siteDir)}`,
    isLasting: true,
  }));
}
