/**
 * Requests a reboot of the machine by a file.
 *
 * The agent has no right to reboot; `luciole-reboot.path` watches for the file, and its service also limits reboots to one an hour.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Also named in `systemd/luciole-reboot.path`. */
const NAME = 'reboot-wish';

/** Errors: throws when the folder takes no file. */
export function requestReboot(runtimeDir: string, why: string): void {
  writeFileSync(join(runtimeDir, NAME), `${why}\n`, { mode: 0o600 });
}
