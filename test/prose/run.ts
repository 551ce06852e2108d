/**
 * `npm run -s prose`: reports the words of comments, messages and pages that have a plainer one, and the exports of agent and drivers without a
 * docstring. Ends with 1 when there are any.
 */
import { MOST_EXCEPTIONS, PROSE_EXCEPTIONS } from './exceptions.ts';
import { longSentencesIn, proseFiles, proseHitsIn, withExceptions } from './prose.ts';

const files = proseFiles();
const hits = files.flatMap(({ file, text }) => proseHitsIn(file, text));
const { left, unused } = withExceptions(hits, PROSE_EXCEPTIONS);
for (const { file, line, rule, advice } of left) console.log(`${file}:${line}: ${rule}: ${advice}`);
for (const { file, rule, text } of unused) console.log(`${file}: ${rule}: the exception for "${text}" matches nothing: remove it`);
const isFull = PROSE_EXCEPTIONS.length > MOST_EXCEPTIONS;
if (isFull) console.log(`test/prose/exceptions.ts: ${PROSE_EXCEPTIONS.length} exceptions, at most ${MOST_EXCEPTIONS}`);
const long = files.reduce((sum, { file, text }) => sum + longSentencesIn(file, text), 0);
console.log(`${left.length} found in ${files.length} files; ${long} sentences of more than 30 words (not counted as found)`);
if (left.length > 0 || unused.length > 0 || isFull) process.exitCode = 1;
