/** Nothing to do at start. Without this file Next would take the one of the folders above. */
export function register() {}
