/**
 * A wish that the machine starts anew, for a unit of the system that may do so.
 *
 * Owns the file that is the wish. The agent has no right to reboot; `luciole-reboot.path` sees the file, and its service keeps the hour as well.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Also named in `systemd/luciole-reboot.path`. */
const NAME = 'reboot-wish';

/** Errors: throws when the folder takes no file. */
export function requestReboot(runtimeDir: string, why: string): void {
  writeFileSync(join(runtimeDir, NAME), `${why}\n`, { mode: 0o600 });
}
