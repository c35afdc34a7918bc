import type { Route } from '#lib/http/route.ts';
import { createRouter } from '#lib/http/router.ts';
import { formChange, formCheck, formForget, formStart } from '../login/forms.ts';
import { callback } from './auth/callback.ts';
import { cancel } from './auth/cancel.ts';
import { number } from './auth/number.ts';
import { passkeyAdd, passkeyNew, passkeyOffer } from './auth/passkeys/add.ts';
import { passkeyName, passkeyRemove } from './auth/passkeys/manage.ts';
import { passkeyConfirm, passkeyLogin, passkeyOptions } from './auth/passkeys/use.ts';
import { logout, session } from './auth/session.ts';
import { noticesSeen, otherSession, otherSessions } from './auth/sessions.ts';
import { start } from './auth/start.ts';
import { status } from './auth/status.ts';
import { cronSweep } from './cron/sweep.ts';
import { health, live } from './health.ts';
import { language } from './language.ts';

/** Every route except pages. Both hosts dispatch by this table. */
export const routes: readonly Route[] = [
  // Login, from the page's script
  start,
  status,
  cancel,
  number,
  // Login without scripts
  formStart,
  formCheck,
  formChange,
  formForget,
  // The vendor
  callback,
  // Sessions
  session,
  logout,
  otherSessions,
  otherSession,
  noticesSeen,
  // Passkeys: log in and confirm
  passkeyOptions,
  passkeyLogin,
  passkeyConfirm,
  // Passkeys: add and manage
  passkeyOffer,
  passkeyNew,
  passkeyAdd,
  passkeyName,
  passkeyRemove,
  // The site
  language,
  health,
  live,
  // Schedulers
  cronSweep,
];

/** Finds the route of a path, given as it was sent. */
export const findRoute = createRouter(routes);
