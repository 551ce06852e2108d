import t from 'tap';
import { COMMANDS, FAMILIES } from '../../../agent/console/commands.ts';
import { ConsoleError } from '../../../agent/console/console-error.ts';
import { msg } from '../../../agent/core/message.ts';

t.test('every command explains itself', async (t) => {
  for (const { kind, name, examples, summary, arguments: takes, options } of COMMANDS.filter(({ isHidden }) => !isHidden)) {
    // What takes nothing has one form; in a session nothing has `--json`.
    const hasOneForm = kind === 'shell' && takes.length + options.length === 0;
    t.ok(
      examples.length >= (hasOneForm ? 1 : 2) &&
        examples.length <= 3 &&
        examples.every((example) => example.startsWith(kind === 'shell' ? name : `luciole ${name}`)),
      `${name} has examples`,
    );
    t.ok(String(summary).length <= 52, `${name} has a summary that fits the help`);
  }
  for (const { name } of FAMILIES)
    t.ok(
      COMMANDS.some((command) => command.name.startsWith(`${name} `)),
      `${name} has verbs`,
    );
  const why = COMMANDS.find(({ name }) => name === 'why');
  t.throws(
    () => why?.kind === 'agent' && why.check({ target: 'L07', trget: 'x' }),
    new ConsoleError('usage', msg`${'why'} has no "${'trget'}"; did you mean ${'target'}?`),
  );
});
