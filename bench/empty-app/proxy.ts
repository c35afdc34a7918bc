import { NextResponse } from 'next/server';

/** As far as a request to the API can tell, what the product has. */
export function proxy(): NextResponse {
  return NextResponse.next();
}

export const config = { matcher: '/((?!api/|_next/static|.*\\.svg$).*)' };
