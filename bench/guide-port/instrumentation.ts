/** Nothing to do. Without this file Next would take the one of the folder above. */
export function register(): void {}
