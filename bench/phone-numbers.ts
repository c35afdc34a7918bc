/** The users that every store of the benchmarks is filled with at least, one phone number each. */
export const USER_COUNT = 100_000;

/** The phone number of a user, in E.164; after the last comes the first again. */
export function phoneNumberOf(number: number): string {
  return `+8180${10_000_000 + (number % USER_COUNT)}`;
}
