import 'server-only';
import type * as z from 'zod';
import type { CookieName } from '../cookies/cookies.ts';
import { HeldPoll } from '../login/held-poll.ts';
import type { LoggedIn } from '../sessions/open.ts';
import { doneReplySchema } from '../shared/contract.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import { fail, type Result } from '../shared/result.ts';
import { isBearerOf } from './bearer.ts';
import { type BodyReader, bodyCodes } from './body.ts';
import { type Problem, problemResponse } from './problems.ts';
import { reportFailure, reportRefusal } from './report.ts';
import type { RequestContext } from './request-context.ts';
import { resealOld } from './reseal.ts';
import { done, type RouteResponse } from './responses.ts';
import type { RouteRequest } from './route-request.ts';
import { describeOrigins, isSameOrigin } from './same-origin.ts';
import { readSession } from './session.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/**
 * Who may call a route:
 * - `public`: anybody;
 * - `vendor`: whoever knows the unguessable token in its path;
 * - `same-origin`: our own pages (see `isSameOrigin`);
 * - `cron`: whoever sends `CRON_SECRET` as a bearer token, as Vercel's scheduler does; without that setting
 *   there is no such route;
 * - `session`: a browser that is logged in; for anything but a read, from our own pages.
 */
type Access = 'public' | 'vendor' | 'same-origin' | 'cron' | 'session';

/** What a handler is given besides the context. */
export interface RouteInput<Body> {
  request: RouteRequest;
  /** The values of the `[names]` in the path. */
  params: Readonly<Record<string, string>>;
  body: Body;
  /** Runs a task after the answer was sent; the host does not exit before it has finished. */
  after(task: () => Promise<void>): void;
  /** What this request has waited for; null when it arrives. */
  held: HeldPoll | null;
}

/** The context of a request whose browser is logged in. */
interface LoggedInContext extends RequestContext {
  loggedIn: LoggedIn;
}

/**
 * What a handler answers; null: done, by this request or an earlier one (`DoneReply`); a `HeldPoll` is waited for, and then
 * the handler is called again. Only a route without a body may wait: a body can be read once.
 */
export type Outcome<Code extends ErrorCode, Body = unknown> = Promise<
  Result<RouteResponse | ([Body] extends [null] ? HeldPoll : never) | null, Problem<Code>>
>;

/** The part of a declaration that clients see: the OpenAPI document is generated from it. */
interface Contract {
  /** `[name]` stands for one segment. */
  path: `/${string}`;
  /** All others are refused with 405 and `Allow`. */
  methods: readonly [Method, ...Method[]];
  access: Access;
  /** What it does, in a sentence. */
  summary: string;
  /** Its answers except refusals: the schema of the JSON by HTTP status, null for an empty body. */
  replies: Readonly<Record<number, z.core.$ZodType | null>>;
  /** The sealed cookies that it reads, all optional. The session's is required by `access`. */
  cookies?: readonly CookieName[];
  /** The request headers that it reads, and what they mean. All are optional. */
  headers?: Readonly<Record<string, string>>;
}

/** Everything that defines a route. Without `access` it does not compile. */
type RouteDeclaration<Body, Code extends ErrorCode> = Omit<Contract, 'replies'> & {
  body: BodyReader<Body>;
  /** By default it answers `DoneReply`. */
  replies?: Contract['replies'];
  /** What its handler refuses with. A handler that refuses with another code does not compile. */
  refuses?: readonly Code[];
  /** Costs a request to the vendor: waits in the admission queue of the Node host. */
  isQueued?: true;
} & (
    | {
        access: 'public' | 'vendor' | 'same-origin' | 'cron';
        handle(context: RequestContext, input: RouteInput<Body>): Outcome<NoInfer<Code>, Body>;
      }
    | {
        access: 'session';
        handle(context: LoggedInContext, input: RouteInput<Body>): Outcome<NoInfer<Code>, Body>;
      }
  );

/** A declared route, as hosts call it. */
export interface Route extends Contract {
  isQueued: boolean;
  body: Pick<BodyReader<unknown>, 'schema' | 'mediaType'>;
  /** Every code with which a request with one of its methods may be refused. */
  refuses: readonly ErrorCode[];
  /**
   * Answers a request, or says what to wait for: then the host calls this again with it and with a new context, so that none
   * is kept while ten thousand wait. Never throws: what goes wrong is logged, and answered without detail.
   */
  answer(
    context: RequestContext,
    input: Omit<RouteInput<unknown>, 'body'>,
  ): Promise<RouteResponse | HeldPoll>;
}

/**
 * Declares a route. Its answers carry the request's id, by which its log lines are found, and the
 * cookies that were set or cleared; one that fails half-way sets none.
 */
export function route<Body, Code extends ErrorCode = never>(
  declaration: RouteDeclaration<Body, Code>,
): Route {
  const { path, methods, replies = { 200: doneReplySchema }, isQueued = false } = declaration;
  return {
    ...declaration,
    replies,
    isQueued,
    refuses: allRefusals(declaration),
    async answer(context, input) {
      const place = { method: input.request.method, route: path };
      const complete = ({ headers, ...response }: RouteResponse, cookies: readonly string[]) => ({
        ...response,
        headers: {
          ...headers,
          ...(response.status === 405 && { allow: methods.join(', ') }),
          'x-request-id': context.id,
        },
        cookies: [...response.cookies, ...cookies],
      });
      try {
        await context.cookies.clearUnreadable();
        const outcome = await settle(declaration, context, input);
        if (!outcome.ok) {
          reportRefusal(context, outcome.error, place);
          return complete(problemResponse(outcome.error, context), context.cookies.toSend());
        }
        return outcome.value instanceof HeldPoll
          ? outcome.value
          : complete(outcome.value ?? done(), context.cookies.toSend());
      } catch (error) {
        return complete(problemResponse(reportFailure(context, error, place), context), []);
      }
    },
  };
}

/** The codes that the handler declares, those of the checks before it, and those of what it throws. */
function allRefusals<Body, Code extends ErrorCode>({
  access,
  methods,
  body,
  refuses = [],
}: RouteDeclaration<Body, Code>): ErrorCode[] {
  const needsOrigin = methods.some((method) => needsSameOrigin(access, method));
  const codes = [
    ...(needsOrigin ? (['request_cross_origin'] as const) : []),
    ...(access === 'session' ? (['not_logged_in'] as const) : []),
    ...(access === 'cron' ? (['request_not_found', 'cron_refused'] as const) : []),
    ...(body.mediaType === null ? [] : bodyCodes),
    ...refuses,
    ...(access === 'session' || access === 'same-origin' ? (['store_unavailable'] as const) : []),
    'internal_error',
  ] as const;
  return [...new Set(codes)];
}

function needsSameOrigin(access: Access, method: string): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  return access === 'same-origin' || (access === 'session' && !isRead);
}

/** Method, access, body, handler, in this order; the first that refuses decides. */
async function settle<Body, Code extends ErrorCode>(
  declaration: RouteDeclaration<Body, Code>,
  context: RequestContext,
  input: Omit<RouteInput<unknown>, 'body'>,
): Promise<Result<RouteResponse | HeldPoll | null, Problem>> {
  const { request } = input;
  const { methods, access } = declaration;
  if (!methods.some((method) => method === request.method)) {
    return fail({ code: 'request_wrong_method' });
  }
  const { origin } = context.services.config.app;
  if (needsSameOrigin(access, request.method) && !isSameOrigin(request, origin)) {
    const origins = describeOrigins(request, origin);
    return fail({ code: 'request_cross_origin', origins });
  }
  if (access === 'cron') {
    const secret = context.services.config.retention.cronSecret;
    if (secret === null) {
      return fail({ code: 'request_not_found' });
    }
    if (!isBearerOf(secret, request.headers)) {
      return fail({ code: 'cron_refused' });
    }
  }
  if (declaration.access === 'session') {
    const loggedIn = await readSession(context);
    if (loggedIn === null) {
      return fail({ code: 'not_logged_in' });
    }
    await resealOld(context);
    const body = await declaration.body.read(request);
    return body.ok
      ? await declaration.handle({ ...context, loggedIn }, { ...input, body: body.value })
      : body;
  }
  const body = await declaration.body.read(request);
  return body.ok ? await declaration.handle(context, { ...input, body: body.value }) : body;
}
