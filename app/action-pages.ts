/**
 * The paths of pages with your own server actions, such as `/orders`. A POST to any other page is
 * refused before Next decodes it, which has been a way in before.
 */
export const actionPages: ReadonlySet<string> = new Set([]);
