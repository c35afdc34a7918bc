/**
 * The paths of the pages with server actions of your own, such as `/orders`. A POST to any other page is
 * refused before Next decodes it, which has been a way in before.
 */
export const actionPages: ReadonlySet<string> = new Set([]);
