/** The headers of a request, however its host keeps them. */
export type HeaderReader = Pick<Headers, 'get'>;
