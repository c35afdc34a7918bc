/** Lets everything through. Without this file Next would take the one of the folders above. */
export function proxy() {}
