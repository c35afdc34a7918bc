import 'server-only';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { messagesIn } from '#lib/http/language.ts';
import { createNextContext, type RequestContext } from '#lib/http/request-context.ts';
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

/** The user and session of a page's request; an anonymous visitor is sent to log in. */
export async function requireUser(context: RequestContext): Promise<LoggedIn> {
  return (await readSession(context)) ?? redirect('/login');
}
