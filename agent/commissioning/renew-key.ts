/** `luciole uplink renew`: creates a new key next to the uplink key in use, and a certificate request for it. */

import { isAbsolute } from 'node:path';
import { ConsoleError } from '../console/console-error.ts';
import { readSiteFile } from '../console/site-file.ts';
import type { LocalArgs, Terminal } from '../console/terminal/terminal.ts';
import { paragraph } from '../console/text/text-lines.ts';
import { msg } from '../core/message.ts';
import { isCredential } from '../core/secrets.ts';
import { RENEWED } from '../sync/mqtt/secret-files.ts';
import { type KeyFiles, makeKeyRequest } from './key-files.ts';

/**
 * Prepares the renewal of the cabinet's key: creates a new key, unless one is prepared already, and a certificate request for it. Prints a
 * report. The key in use stays. Resolves with exit code 0. Errors: rejects, for example with ConsoleError if the uplink has no key.
 */
export async function runRenewKey(args: LocalArgs, configFile: string, terminal: Terminal): Promise<number> {
  const { cabinet, problem } = readSiteFile(configFile);
  if (cabinet === null) throw new ConsoleError('failed', problem);
  const { keyFile = null, certFile = null, node = '' } = cabinet.uplink ?? {};
  if (keyFile === null || certFile === null)
    throw new ConsoleError('failed', msg`${configFile} has no certificate and key for the uplink: there is nothing to renew`);
  if (isCredential(keyFile))
    throw new ConsoleError(
      'failed',
      msg`${keyFile} is a credential of the service: make the key where its file is made, and pass ${`${keyFile}${RENEWED}`} as a credential too`,
    );
  const relative = [keyFile, certFile].find((path) => !isAbsolute(path));
  // The agent resolves it against its own working directory, which is not that of this command.
  if (relative !== undefined)
    throw new ConsoleError(
      'failed',
      msg`${relative} does not say in which folder the agent finds it: write its whole path in ${configFile}`,
    );
  const files = renewalFilesFor(keyFile, certFile);
  const isNew = makeKeyRequest(files, node);
  if (args['json'] === true) terminal.out(`${JSON.stringify({ ...files, isNew })}\n`);
  else
    for (const line of [
      isNew
        ? msg`New key: ${files.keyFile}; its request: ${files.requestFile}`
        : msg`The key of the earlier renewal is kept: ${files.keyFile}; its request: ${files.requestFile}`,
      msg`Have the request signed by the authority of the platform, and save the certificate as ${files.certFile}.`,
      msg`The agent uses it within the hour (luciole uplink reconnect: at once), and the former one if the broker refuses it.`,
      msg`After the event certificate-renewed, rename both files to the names without .new, in any order.`,
    ])
      terminal.out(`${paragraph(line, terminal).join('\n')}\n`);
  return 0;
}

/**
 * Returns the paths for the new key and its certificate: those in use with `.new` added. That of the request is the key in use with
 * `.new.csr` added. The files need not exist.
 */
export function renewalFilesFor(keyFile: string, certFile: string): KeyFiles {
  return { keyFile: `${keyFile}${RENEWED}`, requestFile: `${keyFile}${RENEWED}.csr`, certFile: `${certFile}${RENEWED}` };
}
