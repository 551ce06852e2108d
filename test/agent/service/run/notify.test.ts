import t from 'tap';
import { createNotify } from '../../../../agent/service/run/notify.ts';

import { logAt } from '../log/log-lines.ts';

t.test('the service manager is notified in its own protocol, and a failure is only logged', async (t) => {
  const { log, taken } = logAt();
  const sent: string[][] = [];
  const answers: (() => void)[] = [];
  const send = (words: readonly string[]): Promise<void> => {
    sent.push([...words]);
    return new Promise((resolve) => answers.push(resolve));
  };
  const notify = createNotify({ socket: '/run/systemd/notify', log, send });
  notify.ready();
  notify.alive();
  t.strictSame(sent, [['--ready']], 'a watchdog message waits for none that is on its way');
  answers[0]?.();
  await new Promise(setImmediate);
  notify.alive();
  notify.stopping();
  t.strictSame(sent, [['--ready'], ['WATCHDOG=1'], ['--stopping']]);
  createNotify({ socket: '/n', log, send }).extendStart(66_000.5);
  t.strictSame(sent.pop(), ['EXTEND_TIMEOUT_USEC=66000500']);
  createNotify({ socket: null, log, send }).ready();
  t.equal(sent.length, 3, 'nothing is sent without a supervisor');
  createNotify({ socket: 'x', log, send: async () => Promise.reject(new Error('no such program')) }).ready();
  await new Promise(setImmediate);
  t.match(taken(), [{ event: 'service-manager-not-reached', severity: 'warning', cause: /no such program/ }]);
});
