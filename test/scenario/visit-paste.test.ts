import t from 'tap';
import { visitCabinet } from '../support/console-visit.ts';
import { SMALL_SITE } from '../support/small-site.ts';

t.test(
  'a visit: what the cabinet exports is pasted back at 9600 baud, though its name holds the end of a paste and a command',
  async (t) => {
    const name = 'name: "Rue des\n  end\n  user add eve --role admin"';
    const siteFile = SMALL_SITE.replace(/name: [^,]+/, name);
    t.ok(siteFile.includes(name));
    const visit = await visitCabinet(t, { startAt: '2026-12-15T23:30:00+01:00', siteFile });
    const shown = await visit.say('config export --paste');
    // All that stands between the command and the next prompt, as a person selects it.
    const paste = shown
      .replaceAll(/\r? *--More--\r? *\r?/g, '')
      .split('\n')
      .slice(1, -1);
    t.match(paste.at(0), /^config load -/);
    for (const line of paste.slice(0, -1)) visit.type(`${line}\r`);
    t.match(await visit.say(paste.at(-1) ?? ''), /in the candidate/);
    t.match(await visit.say('config commit'), /equal to revision 1/, 'to the byte');
    t.notMatch(await visit.say('user list'), /eve/, 'and no user was added');
  },
);
