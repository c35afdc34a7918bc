import 'server-only';
import { getApp } from '../app.ts';
import { readLanguage } from '../language.ts';
import type { Language } from '../shared/language.ts';
import { isStoreFailure } from '../store/failure.ts';
import { answerProblem } from './answer.ts';

type Handler<Context> = (
  request: Request,
  language: Language,
  context: Context,
) => Promise<Response>;

/**
 * Wraps a route handler: whatever it throws is logged and answered without a word of detail, and
 * never as a login.
 */
export function apiRoute<Context>(handler: Handler<Context>) {
  return async (request: Request, context: Context): Promise<Response> => {
    const language = await readLanguage();
    try {
      return await handler(request, language, context);
    } catch (error) {
      const code = isStoreFailure(error) ? 'store_unavailable' : 'internal_error';
      getApp().login.log.error({ event: code, error }, 'a request failed');
      return answerProblem({ code }, language);
    }
  };
}
