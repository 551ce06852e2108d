import t from 'tap';
import { createStatusLine } from '../../../../agent/console/terminal/status-line.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';

t.test('the line at the foot is drawn four times a second at most and leaves nothing behind', async (t) => {
  const clock = createManualClock(0);
  let drawn = '';
  const status = createStatusLine((text) => {
    drawn += text;
  }, clock);
  status.clear();
  t.equal(drawn, '', 'nothing to wipe');
  status.show('10 of 247');
  status.show('11 of 247');
  await clock.advance(249);
  status.show('12 of 247');
  await clock.advance(1);
  status.show('13');
  t.equal(drawn, '\r10 of 247\r13       ', 'a shorter line wipes the longer one');
  status.clear();
  t.equal(drawn, '\r10 of 247\r13       \r  \r');
  drawn = '';
  status.show('x'.repeat(200));
  t.equal(drawn.length, 61, 'a slow line bears 240 letters a second');
});
