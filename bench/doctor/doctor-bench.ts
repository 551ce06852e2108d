/**
 * The bench of the bus doctor: lines with a known physical cause, examined in simulated time by the whole field of the agent.
 *
 * The confusion matrix has a line for each cause and a column for each verdict. Seeds of the results are not those of the tests, which were used to
 * set the thresholds.
 */
import { VERDICTS, type Verdict } from '../../agent/diagnosis/bus-doctor/finding.ts';
import { examinedCause, type VerdictCheck } from '../../test/street/bit-bus/examined-line.ts';
import { CAUSES, type LineCause } from '../../test/street/bit-bus/line-plans.ts';
import { against, type BenchOptions } from '../result.ts';
import { realBench } from './real-lines.ts';

/** Seeds below were used while the rules and thresholds were set. */
const FIRST_SEED = 90_001;
const SEEDS = { full: 40, quick: 3 };
/** Two hours of polls are simulated for one of these. */
const SLOW: Readonly<Partial<Record<LineCause, number>>> = { 'noise-at-dusk': 4 };

export const DOCTOR_FIGURES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = { matrix: matrixBench, real: realBench };

/** Runs the named figures, or all. */
export async function doctorBench(options: BenchOptions): Promise<void> {
  for (const name of options.figures.length === 0 ? Object.keys(DOCTOR_FIGURES) : options.figures) await DOCTOR_FIGURES[name]?.(options);
}

async function matrixBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const judged: Record<VerdictCheck, number> = { right: 0, undecided: 0, wrong: 0 };
  let alarms = 0;
  for (const cause of CAUSES) {
    const seeds = Math.max(2, Math.ceil((quick ? SEEDS.quick : SEEDS.full) / (SLOW[cause] ?? 1)));
    const row = new Map<Verdict, number>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + seeds; seed++) {
      const { diagnosis, judgement } = await examinedCause(cause, seed);
      row.set(diagnosis.verdict, (row.get(diagnosis.verdict) ?? 0) + 1);
      judged[judgement]++;
      if (cause === 'none' && diagnosis.verdict !== 'healthy' && diagnosis.verdict !== 'undecided') alarms++;
      if (judgement === 'wrong') progress(`wrong: ${cause}, seed ${seed}: ${diagnosis.findings.map(({ verdict }) => verdict).join(', ')}`);
    }
    const note = VERDICTS.flatMap((verdict) => (row.has(verdict) ? [`${verdict} ${row.get(verdict)}`] : [])).join(', ');
    progress(`${cause.padEnd(22)} ${note}`);
    emit({ bench: 'doctor', metric: `verdicts for ${cause}`, value: seeds, unit: 'lines', note });
  }
  const line = { bench: 'doctor', unit: 'lines' };
  emit(against({ ...line, metric: 'wrong verdicts', value: judged.wrong }, '<=', 0));
  emit(against({ ...line, metric: 'faults found on healthy lines', value: alarms }, '<=', 0));
  emit({ ...line, metric: 'undecided', value: judged.undecided });
  emit({ ...line, metric: 'right', value: judged.right });
}
