/** The guide's answers to what goes wrong between us and the vendor. */
export function answerFailure(error: unknown): Response {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return Response.json({ error: '接続タイムアウト' }, { status: 504 });
  }
  // What `fetch` throws when there is no connection.
  if (error instanceof TypeError) {
    return Response.json({ error: 'API接続に失敗しました' }, { status: 503 });
  }
  const message = error instanceof Error ? error.message : String(error);
  return Response.json({ error: message }, { status: 422 });
}
