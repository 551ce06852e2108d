/**
 * The process that reads the configuration of a run. It answers once and ends.
 */
import { dirname } from 'node:path';
import { ConfigError, type Problem } from '../../core/errors.ts';
import { withTexts } from '../../core/message-wire.ts';
import type { Begun, ChildAnswer, ChildMessage } from './read-in-child.ts';
import { beginConfiguration, type StartParts } from './start-revision.ts';

const send = (message: ChildMessage): void => void process.send?.(message);
send({ completed: 'configuration-reader-started' });
send(await answer(JSON.parse(process.argv[2] ?? '') as StartParts));

/** Errors: rejects with errors that are not about the files. */
async function answer(parts: StartParts): Promise<ChildAnswer> {
  try {
    const { site, revisions } = await beginConfiguration(parts, (completed) => send({ completed }));
    const { disk, ...rest } = revisions;
    const sent = {
      site: { ...site, warnings: withTexts(site.warnings), profileProblems: withTexts(site.profileProblems) },
      revisions: { ...rest, notices: withTexts(rest.notices), dir: dirname(disk.dirOf('candidate')) },
    };
    return { begun: sent as Begun, problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { begun: null, problems: withTexts(error.problems) as readonly Problem[] };
  }
}
