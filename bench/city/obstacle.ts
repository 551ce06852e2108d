/** What a run of the city needs on this machine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { postgresFolder } from '../../platform/servers/programs.ts';
import { findProgram } from '../../test/platform/mosquitto.ts';

const PACKAGES = join(import.meta.dirname, '../../platform/node_modules/pg');

/** Why the city cannot run here; undefined if it can. */
export function cityObstacle(): string | undefined {
  if (findProgram('mosquitto') === undefined) return 'mosquitto is not installed (apt-get install mosquitto)';
  if (postgresFolder() === undefined) return 'PostgreSQL is not installed (apt-get install postgresql-17)';
  return existsSync(PACKAGES) ? undefined : 'the packages of the host are not installed (node platform/install.mjs)';
}
