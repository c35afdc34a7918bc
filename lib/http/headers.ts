/** The headers of a request, however its host keeps them. */
export type HeaderReader = Pick<Headers, 'get'>;

/** Set by `proxy.ts` on the request of each page, whatever the client sent: its path and query. */
export const PAGE_PATH_HEADER = 'x-page-path';
