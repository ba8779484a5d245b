/**
 * Returns whether two resource identifiers (RFC 8707) are the same. They are compared as URLs, so that
 * `https://api.example` is `https://api.example/`.
 */
export const isSameResource = (left: string, right: string): boolean =>
  left === right || (URL.canParse(left) && URL.canParse(right) && new URL(left).href === new URL(right).href)

/** Finds a resource in a list. Returns it as the list spells it, or undefined. */
export const findResource = (resources: readonly string[], wanted: string): string | undefined =>
  resources.find((resource) => isSameResource(resource, wanted))
