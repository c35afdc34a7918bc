const POOL_SIZE = 10_000;

// One block of Japanese 050 (IP phone) numbers: valid even to a strict validator.
const pool: readonly string[] = Array.from(
  { length: POOL_SIZE },
  (_, index) => `+81509876${String((index + 1) % POOL_SIZE).padStart(4, '0')}`,
);

/** Whether an E.164 phone number is one of the sandbox's call numbers. */
export function isCallNumber(phoneNumber: string): boolean {
  return /^\+81509876\d{4}$/.test(phoneNumber);
}

/** The lowest call number that is not in `taken`, or null when all are. */
export function firstFreeCallNumber(taken: ReadonlySet<string>): string | null {
  return pool.find((callNumber) => !taken.has(callNumber)) ?? null;
}
