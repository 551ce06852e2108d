/** Runs the ramps of an acceptance: first the levels of all lamps, then the power of those that only a meter can measure. Stores each result at once. */
import type { AcceptanceLamp, AcceptedLamp } from '../../../core/acceptance.ts';
import type { AgentView } from '../../../core/views.ts';
import type { Target } from '../../../core/words.ts';
import type { Job } from '../../command-spec.ts';
import { cabinetMeters, type TestStep, type TestWait, testTarget } from '../light/test-job.ts';
import type { WeighProgress, weighLamps } from './meter-weighing.ts';
import { createLampGauge, rampsOf } from './ramp-gauge.ts';

/** What `commission test` reports before its answer: a wait, the result of one level of a target, or the lamp that the meter measures. */
export type CommissionTestProgress = TestStep | TestWait | WeighProgress;

/**
 * The answer of `commission test`. `lamps`: those to be tested at several levels, even if the test ended before them, and those with a new
 * result from a meter. Each is as in the report after the test. `isSaved`: no save of a new result failed; also true if there is none.
 */
export interface CommissionTested {
  readonly lamps: readonly AcceptedLamp[];
  readonly isSaved: boolean;
}

/**
 * Tests the lamps of the target and stores the results. For null: the lamps of the cabinet without a passed test, and those whose power a
 * meter still has to measure. Once `job.signal` is aborted it ends early. Errors: rejects, for example with ConsoleError, or with Refusal if
 * the results so far cannot be read.
 */
export async function commissionLamps(view: AgentView, target: Target | null, job: Job): Promise<CommissionTested> {
  const { acceptance } = view;
  const before = await acceptance.report();
  const all = acceptance.lamps();
  const wanted = all.filter(({ id, zone }) => target === null || (target.kind === 'lamp' ? target.id === id : target.id === zone));
  const rowOf = new Map(before.lamps.map((row) => [row.lamp, row]));
  const ramped = wanted.filter(({ id }) => target !== null || rowOf.get(id)?.test?.finding !== 'ok');
  const saves: boolean[] = [];
  for (const next of targetsOf(ramped, all)) {
    if (job.signal.aborted) break;
    const lamps = ramped.filter(({ id, zone }) => id === next.id || zone === next.id);
    const gauge = createLampGauge(view, lamps, job.clock);
    const tested = await testTarget(view, next, job, gauge);
    // A test that its client ended has not seen every level.
    if (!job.signal.aborted) saves.push(await acceptance.note({ by: job.source, ramps: rampsOf(tested, gauge, lamps, view) }));
  }
  saves.push(...(await weigh(view, wanted, job)));
  const { lamps } = await acceptance.report();
  const ids = new Set((target === null ? ramped : wanted).map(({ id }) => id));
  const isNews = ({ lamp, test }: AcceptedLamp): boolean => ids.has(lamp) || test?.atMs !== rowOf.get(lamp)?.test?.atMs;
  return { lamps: lamps.filter(isNews), isSaved: !saves.includes(false) };
}

/** A zone whose lamps are all to be tested is tested as a whole. */
function targetsOf(lamps: readonly AcceptanceLamp[], all: readonly AcceptanceLamp[]): readonly Target[] {
  return [...Map.groupBy(lamps, ({ zone }) => zone)].flatMap(([zone, own]): Target[] => {
    const isWhole = zone !== '' && own.length > 1 && own.length === all.filter((lamp) => lamp.zone === zone).length;
    return isWhole ? [{ kind: 'zone', id: zone }] : own.map(({ id }) => ({ kind: 'lamp', id }));
  });
}

/** Measures at the meter the lamps that passed their levels and have no measured power. */
async function weigh(view: AgentView, wanted: readonly AcceptanceLamp[], job: Job): Promise<readonly boolean[]> {
  if (job.signal.aborted || cabinetMeters(view).length === 0) return [];
  const { acceptance } = view;
  const { lamps } = await acceptance.report();
  const ids = new Set(wanted.map(({ id }) => id));
  const tests = lamps.flatMap(({ lamp, test }) => (ids.has(lamp) && test?.finding === 'ok' && test.weighedBy === 'nothing' ? [test] : []));
  const saves: boolean[] = [];
  const onWeighed = async (ramp: Parameters<Parameters<typeof weighLamps>[1]['onWeighed']>[0]): Promise<void> => {
    saves.push(await acceptance.note({ by: job.source, ramps: [ramp] }));
  };
  if (tests.length > 0) await (await import('./meter-weighing.ts')).weighLamps(view, { tests, onWeighed }, job);
  return saves;
}
