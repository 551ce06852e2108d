/** The option that names the authority whose signatures a person trusts. */
import { msg } from '../../core/message.ts';
import type { OptionSpec } from '../command-spec.ts';

/**
 * The option `--authority FILE` of the commands that check evidence: the file has the certificates that the person trusts. Without it they
 * trust those of `caFile` of the uplink in the cabinet file of this machine, if there is one.
 */
export const AUTHORITY_OPTION: OptionSpec = {
  name: 'authority',
  value: 'FILE',
  summary: msg`certificate of the city's authority, PEM (default: caFile of the uplink)`,
  file: 'read',
};
