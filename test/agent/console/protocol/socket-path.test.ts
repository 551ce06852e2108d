import t from 'tap';
import { loginPaths, usualSocketPaths } from '../../../../agent/console/protocol/socket-path.ts';
import { LOGIN_FOLDER } from '../../../../agent/core/access.ts';

t.test('the login socket is tried where an agent with the named socket opens it', async (t) => {
  const [service = ''] = usualSocketPaths();
  t.strictSame(loginPaths(service), [`${LOGIN_FOLDER}/agent.sock`, service.replace('.sock', '-login.sock')]);
  t.strictSame(loginPaths('/srv/a.sock'), ['/srv/a-login.sock']);
  t.strictSame(loginPaths('/srv/a-login.sock'), ['/srv/a-login.sock']);
  t.equal(loginPaths(null)[0], `${LOGIN_FOLDER}/agent.sock`);
});
