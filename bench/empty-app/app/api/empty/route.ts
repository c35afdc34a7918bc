/** What Next costs by itself: an answer that takes no work, made anew for each request. */
export const dynamic = 'force-dynamic';

export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } });
}

export async function POST(request: Request): Promise<Response> {
  await request.text();
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } });
}
