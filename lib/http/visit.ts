import 'server-only';
import { headers } from 'next/headers';
import { cache } from 'react';
import { requestIdOf } from '../request-id.ts';
import { type App, getApp } from '../services.ts';
import type { Language } from '../shared/language.ts';
import { readLanguage } from './language.ts';

/** One request, as whatever answers it needs it. */
export interface RequestContext {
  /** Random and ours: in every line the request writes to the log, and in its answer. */
  id: string;
  app: App;
  language: Language;
}

/** The visit that a route handler answers. */
export async function readVisit(): Promise<RequestContext> {
  const id = requestIdOf(await headers());
  return { id, app: getApp().forRequest(id), language: await readLanguage() };
}

/** The visit that a page is made for, the same one for all the parts it is made of. */
export const pageContext: () => Promise<RequestContext> = cache(readVisit);
