import { NextResponse } from 'next/server';

/** Runs for no request. Without this file Next would take the one of the folder above. */
export function proxy(): NextResponse {
  return NextResponse.next();
}

export const config = { matcher: '/never' };
