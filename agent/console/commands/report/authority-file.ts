/** Reads the authority whose signatures a person trusts. */
import { signerCertificate } from '../../../core/evidence-signature.ts';
import { msg } from '../../../core/message.ts';
import { readRegularFile } from '../../../core/regular-file.ts';
import { ConsoleError } from '../../console-error.ts';
import { readSiteFile } from '../../site-file.ts';
import { type LocalArgs, textOf } from '../../terminal/terminal.ts';

/** Largest file of certificates. Units: bytes. Source: as for the files of the uplink. */
const MAX_BYTES = 1_048_576;

/** The content of a file with trusted certificates in PEM, and the path of that file. */
export interface AuthorityFile {
  readonly file: string;
  readonly certificates: string;
}

/**
 * Returns the certificates of `--authority`; if it is missing or empty, those of `caFile` of the uplink in the cabinet file. Null then if
 * the cabinet file or its `caFile` is missing or cannot be used. Errors: throws ConsoleError if the file of `--authority` cannot be read or
 * has no certificate.
 */
export function authorityOf(args: LocalArgs, configFile: string): AuthorityFile | null {
  const named = textOf(args['authority']);
  if (named !== null) return { file: named, certificates: read(named) };
  const file = readSiteFile(configFile).cabinet?.uplink?.caFile ?? null;
  if (file === null) return null;
  try {
    return { file, certificates: read(file) };
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    return null; // The verdict states that an authority is needed.
  }
}

function read(file: string): string {
  let text: string;
  try {
    text = readRegularFile(file, MAX_BYTES).toString('latin1');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError('failed', msg`${file} cannot be read (${String(error.code)}): check its path and mode`, { cause: error });
  }
  if (signerCertificate(text) !== null) return text;
  throw new ConsoleError('failed', msg`${file} has no certificate: it must be a PEM file with BEGIN CERTIFICATE`);
}
