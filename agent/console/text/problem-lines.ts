/** Problems of a file as lines. */
import { formatProblem, type Problem } from '../../core/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { translated } from './page.ts';
import { wrap } from './text-lines.ts';

/** One problem a line, for scripts and editors. `isWrapped`: a person reads, so long ones are broken between words. */
export function problemLines(problems: readonly Problem[], screen: Pick<Terminal, 'language' | 'widthCols'>, isWrapped: boolean): string {
  const lines = problems.map((problem) => formatProblem({ ...problem, message: translated(problem.message, screen) }));
  return (isWrapped ? lines.flatMap((line) => wrap(line, screen.widthCols)) : lines).join('\n');
}
