/**
 * The folder of the socket where consoles log in, and what may not lie in it.
 *
 * Pure.
 */
import { normalize } from 'node:path';

/** Source: tmpfiles.d/luciole.conf; its group may enter, and files in it are of that group. */
export const LOGIN_FOLDER = '/run/luciole-console';
/** Ending of a login socket's name where it lies in the folder of the machine's own socket. */
export const LOGIN_END = '-login.sock';

/**
 * Whether a socket of this path would be found by consoles that must log in. The machine's own socket asks nobody for a login, so it must
 * not be one. `/var/run` is `/run` (FHS 3.0 §5.13).
 */
export function isLoginPlace(socketPath: string): boolean {
  const path = normalize(socketPath).replace(/^\/var\/run\//, '/run/');
  return path === LOGIN_FOLDER || path.startsWith(`${LOGIN_FOLDER}/`) || path.endsWith(LOGIN_END);
}
