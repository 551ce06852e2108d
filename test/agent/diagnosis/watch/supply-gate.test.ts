/** Events of lamps that wait until the supply of the lamps is known. */
import t from 'tap';
import { msg } from '../../../../agent/core/message.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { createSupplyGate, type SupplyVerdict } from '../../../../agent/diagnosis/watch/supply-gate.ts';

const SILENT: AgentEvent = { id: '1', code: 'unit-silent', severity: 'warning', source: 'L1', text: msg`silent`, startMs: 0, endMs: null };

t.test('an event that began while the feeder was off waits as long after the feeder is on as any other', (t) => {
  const passed: AgentEvent[] = [];
  let [hasSupply, isSilenceExplained] = [false, false];
  const verdictOf = (_: AgentEvent, heldMs: number): SupplyVerdict =>
    !hasSupply || isSilenceExplained ? { kind: 'supply' } : heldMs >= 1_000 ? { kind: 'own', details: {} } : { kind: 'unknown' };
  const gate = createSupplyGate({ held: new Map(), isWatched: () => true, verdictOf });
  gate.take(SILENT, { pass: (event) => passed.push(event), isOfLine: true }, 0);
  for (let now = 0; now <= 10_000; now += 100) gate.tend(now);
  hasSupply = true;
  gate.tend(10_900);
  t.strictSame(passed, [], 'the cause is not known yet');
  isSilenceExplained = true;
  gate.tend(11_500);
  t.strictSame(passed, []);
  isSilenceExplained = false;
  gate.tend(12_500);
  t.strictSame(
    passed.map(({ source }) => source),
    ['L1'],
  );
  t.end();
});
