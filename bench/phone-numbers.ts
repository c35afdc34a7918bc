/** How many users every store of the benchmarks has at least. */
export const USER_COUNT = 100_000;

/** The phone number of a user, in E.164. `number` wraps around after the last user. */
export function phoneNumberOf(number: number): string {
  return `+8180${10_000_000 + (number % USER_COUNT)}`;
}
