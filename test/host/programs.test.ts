import t from 'tap';
import { runProgram } from '../../platform/servers/programs.ts';

/** Source: proc(5), /proc/PID/stat: the process group is the third word after the name. */
const GROUP = `require('fs').readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ')[2]`;
const skip = process.platform === 'linux' ? false : 'needs /proc';

t.test('a detached program runs in a process group of its own, which Ctrl-C does not reach', { skip }, async (t) => {
  const words = ['-e', `console.log(process.pid === Number(${GROUP}))`];
  t.equal(await runProgram(process.execPath, words, { detached: true }), 'true\n');
  t.equal(await runProgram(process.execPath, words), 'false\n');
});

t.test('a program that fails rejects with what it wrote, else with how it ended', async (t) => {
  const run = (code: string): Promise<string> => runProgram(process.execPath, ['-e', code]);
  await t.rejects(run(`console.error('no disk'); process.exit(3)`), { message: /failed: no disk$/ });
  await t.rejects(run('process.exit(3)'), { message: /failed: exit code 3$/ });
  await t.rejects(runProgram('/nowhere/program', []), { message: /\/nowhere\/program failed: .*ENOENT/ });
});
