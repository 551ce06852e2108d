/** What commands can use when no agent answers: device profiles of program and site, and the cabinet file. */

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readProfiles } from '../../drivers/registry.ts';
import { readPlacedYaml } from '../config/load/places.ts';
import { msg } from '../core/message.ts';
import { createSystemClock } from '../core/system-clock.ts';
import { profileView } from '../core/views.ts';
import { createTimeQuality } from '../service/time/time-quality.ts';
import { ConsoleError } from './console-error.ts';
import { readSiteFile } from './site-file.ts';
import type { LocalFiles } from './terminal/terminal.ts';

/** Source: default of the cabinet file. */
const USUAL_DIRS = ['/etc/luciole/profiles'];

/**
 * Reads the device profiles and the cabinet file, for commands that work without an agent. A profile that cannot be used is left out.
 * `credentialsDir`: folder of the service's credentials; null for none.
 *
 * `testUplink` of the result resolves with undefined if the cabinet has no uplink. Errors: it rejects with ConsoleError 'failed' without a
 * usable cabinet file.
 */
export function localFiles(configFile: string, credentialsDir: string | null = null): LocalFiles {
  const { cabinet, problem } = readSiteFile(configFile);
  const dirs = (cabinet?.profileDirs ?? USUAL_DIRS).map((dir) => resolve(dirname(configFile), dir)).filter((dir) => existsSync(dir));
  const { profiles } = readProfiles(dirs, readPlacedYaml);
  const site = cabinet === null ? problem : msg`the cabinet is ${configFile}`;
  return {
    profiles: () => [...profiles.values()].map((profile) => profileView(profile, cabinet ?? { lines: [] })),
    profile: (id) => profiles.get(id),
    testUplink: async (request, report) => {
      if (cabinet === null) throw new ConsoleError('failed', problem);
      if (cabinet.uplink === null) return undefined;
      const [{ createMqttTransport }, { createFileReader }, { testUplink }] = await Promise.all([
        import('../sync/mqtt/mqttjs-transport.ts'),
        import('../sync/mqtt/secret-files.ts'),
        import('../sync/session/uplink-test.ts'),
      ]);
      const clock = createSystemClock({ quality: () => 'none' });
      const timeQuality = createTimeQuality({ clock, trust: () => cabinet.clockTrust });
      await timeQuality.start();
      const judging = createSystemClock({ quality: () => timeQuality.quality() });
      const parts = { config: cabinet.uplink, clientId: `luciole-${cabinet.id}`, transport: createMqttTransport(), clock: judging };
      return testUplink({ ...parts, readFile: createFileReader(credentialsDir, cabinet.store.dir) }, request, report);
    },
    about: msg`no agent answers, so this comes from files: profiles of ${[msg`the program`, ...dirs]}; ${site}`,
  };
}
