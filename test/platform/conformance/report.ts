/**
 * Plays all procedures and prints the whole table; exit code 1 when a row or a step fails.
 *
 * `npm run -s conformance`, with `--json` for machines and `--fails` for the rows that fail alone.
 */
import { findProgram } from '../mosquitto.ts';
import { check, type RowVerdict } from './checker.ts';
import { PROCEDURES, play } from './procedures.ts';

const HELP = `Own checks derived from the text of Sparkplug 3.0.0, put to the real uplink on the wire. Not the standard's compatibility kit.

npm run -s conformance -- [--json] [--fails]
  --json   one JSON line a row
  --fails  only the rows that fail
Exit code: 0 no row fails, 1 a row or a step of a procedure fails, 69 mosquitto is not installed, 64 wrong usage.`;

const MARK: Readonly<Record<RowVerdict['verdict'], string>> = { pass: 'pass', fail: 'FAIL', 'not-applicable': 'n/a ' };

async function main(flags: readonly string[]): Promise<number> {
  if (flags.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const unknown = flags.find((flag) => !['--json', '--fails'].includes(flag));
  if (unknown !== undefined) {
    console.error(`unknown option ${unknown}\n\n${HELP}`);
    return 64;
  }
  const program = findProgram('mosquitto');
  if (program === undefined) {
    console.error('mosquitto is not installed: apt-get install mosquitto');
    return 69;
  }
  const recordings = [];
  let missed = 0;
  for (const procedure of PROCEDURES) {
    const played = await play(procedure, program);
    recordings.push(...played.recordings);
    for (const { text, isMet } of played.steps) {
      if (isMet) continue;
      missed += 1;
      console.error(`${procedure.name}: not met: ${text}`);
    }
  }
  const verdicts = check(recordings);
  const shown = flags.includes('--fails') ? verdicts.filter(({ verdict }) => verdict === 'fail') : verdicts;
  for (const verdict of shown) console.log(flags.includes('--json') ? toJson(verdict) : toText(verdict));
  const count = (wanted: RowVerdict['verdict']): number => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const own = verdicts.filter(({ row }) => row.level === 'own').length;
  const summary = `${count('pass')} pass, ${count('fail')} fail, ${count('not-applicable')} not applicable`;
  if (!flags.includes('--json'))
    console.log(
      `\n${summary}: ${verdicts.length - own} assertions of Sparkplug 3.0.0 and ${own} rows of our own, over ${PROCEDURES.length} procedures`,
    );
  return count('fail') > 0 || missed > 0 ? 1 : 0;
}

function toText({ row, verdict, count, reasons }: RowVerdict): string {
  const more = reasons.length > 3 ? ` … and ${reasons.length - 3} more` : '';
  const reason = reasons.length === 0 ? '' : `\n       ${reasons.slice(0, 3).join('\n       ')}${more}`;
  return `${MARK[verdict]} ${String(count).padStart(6)}  ${row.id} — ${row.rule}${reason}`;
}

function toJson({ row, verdict, count, reasons }: RowVerdict): string {
  return JSON.stringify({ id: row.id, level: row.level, rule: row.rule, verdict, count, reasons });
}

process.exitCode = await main(process.argv.slice(2));
