import t from 'tap';
import { renderInvitation, renderOffer, renderUsers } from '../../../../../agent/console/commands/access/user.ts';
import { createFakeAccess } from '../../fake-access.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';

const page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE };
const access = createFakeAccess([]);

t.test('users on 80 columns', async (t) => {
  const text = renderUsers(await access.users(), page);
  t.ok(text.split('\n').every((line) => line.length <= 80));
  t.match(text, /ada +admin +yes +- +- +own/);
  t.match(text, /marie +technician +no +1 +30 s +one-time, until 2026-12-04 22:41/);
  t.match(renderUsers([], page), /user add NAME --role admin/);
});

t.test('a text that is shown only once is marked so', async (t) => {
  const invitation = renderInvitation(await access.add('luc', 'viewer'), page);
  t.match(invitation, /luc \(viewer\) logs in once .* until 2026-12-04 22:41/s);
  t.match(invitation, /\n {2}ABCD-EFGH-JKMN-PQRS\n\n.*this once only/);
  const offer = renderOffer(await access.offerCodes('marie', null), page);
  t.match(offer, /ABCD EFGH IJKL/);
  t.match(offer, /otpauth:\/\/totp/);
});
