import 'server-only';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { messagesIn } from '#lib/http/language.ts';
import { ownPath } from '#lib/http/own-path.ts';
import {
  createNextContext,
  PAGE_PATH_HEADER,
  type RequestContext,
} from '#lib/http/request-context.ts';
import { readSession } from '#lib/http/session.ts';
import { getServices } from '#lib/services.ts';
import type { LoggedIn } from '#lib/sessions/open.ts';
import type { Messages } from '#lib/shared/messages/messages.ts';

/** The request that a page is rendered for, and every text in its language. */
export interface PageContext extends RequestContext {
  messages: Messages;
}

/** The context of the page that is being rendered, one for all its parts. */
export const pageContext: () => Promise<PageContext> = cache(async () => {
  const context = createNextContext(getServices(), await headers());
  return { ...context, messages: messagesIn(context.language) };
});

/** What a page, route or action needs besides a login. */
interface Requirement {
  /** A passkey must have been used in this session, */
  method: 'passkey';
  /** at most this many seconds ago. */
  withinSeconds: number;
}

/**
 * The user and session of the request: for server components, route handlers and server actions of this
 * Next app. An anonymous visitor is sent to log in, and back to this page afterwards.
 *
 * With `{ method: 'passkey', withinSeconds: 300 }` a call does not do: a person who has not used a passkey
 * in this session within that time is sent to a page that asks for one, and back. A caller ID can be forged
 * and a number changes hands, so use it for what needs more than a call.
 *
 * Reads the session's row every time: call it in every page and action, not once in a layout.
 */
export async function requireUser(requirement?: Requirement): Promise<LoggedIn> {
  const context = await pageContext();
  const loggedIn = await readSession(context);
  const path = ownPath((await headers()).get(PAGE_PATH_HEADER) ?? undefined, '/account');
  const query = path === '/account' ? '' : `?${new URLSearchParams({ next: path })}`;
  if (loggedIn === null) {
    redirect(`/login${query}`);
  }
  if (requirement !== undefined) {
    const ageMs = context.sessions.clock.now() - (loggedIn.session.passkey_used_at ?? 0);
    if (ageMs < 0 || ageMs >= requirement.withinSeconds * 1_000) {
      redirect(`/passkey${query}`);
    }
  }
  return loggedIn;
}
