const POOL_SIZE = 10_000;

// One block of Japanese 050 (IP phone) numbers: valid to any client that looks closely.
const pool: readonly string[] = Array.from(
  { length: POOL_SIZE },
  (_, index) => `+81509876${String((index + 1) % POOL_SIZE).padStart(4, '0')}`,
);
const ours = new Set(pool);

/** Whether a phone number in E.164 is one that the sandbox answers. */
export function isCallNumber(phoneNumber: string): boolean {
  return ours.has(phoneNumber);
}

/** The first call number that is not taken, or null when all are. */
export function firstFreeCallNumber(taken: ReadonlySet<string>): string | null {
  return pool.find((callNumber) => !taken.has(callNumber)) ?? null;
}
