import type { Route } from '#lib/http/route.ts';
import { createRouter } from '#lib/http/router.ts';
import { formChange, formCheck, formForget, formStart } from '../login/forms.ts';
import { callback } from './auth/callback.ts';
import { cancel } from './auth/cancel.ts';
import { number } from './auth/number.ts';
import { add, newPasskey, offer } from './auth/passkeys/add.ts';
import { passkeyName, removePasskey } from './auth/passkeys/manage.ts';
import { confirm, options, passkeyLogin } from './auth/passkeys/use.ts';
import { logout, session } from './auth/session.ts';
import { noticesSeen, otherSession, otherSessions } from './auth/sessions.ts';
import { start } from './auth/start.ts';
import { status } from './auth/status.ts';
import { cronSweep } from './cron/sweep.ts';
import { health, live } from './health.ts';
import { language } from './language.ts';

/** Every route there is, but for pages. Both hosts dispatch by this table. */
export const routes: readonly Route[] = [
  // The login, as a script of the page does it,
  start,
  status,
  cancel,
  number,
  // and as a browser without scripts does it.
  formStart,
  formCheck,
  formChange,
  formForget,
  // What the vendor calls.
  callback,
  // The session.
  session,
  logout,
  otherSessions,
  otherSession,
  noticesSeen,
  // Passkeys: to use one,
  options,
  passkeyLogin,
  confirm,
  // and to have one.
  offer,
  newPasskey,
  add,
  passkeyName,
  removePasskey,
  // The site.
  language,
  health,
  live,
  // What a scheduler calls.
  cronSweep,
];

/** Finds the route of a path, as it was sent. */
export const findRoute = createRouter(routes);
