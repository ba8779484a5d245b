/**
 * Returns whether a text can be the name that users give to something: 1 to 255 characters in one line. It needs a visible
 * character, so that it can be found in a list. Lone surrogates are rejected because databases handle them differently.
 */
export const isVisibleName = (name: unknown): name is string =>
  typeof name === 'string' &&
  /[\p{L}\p{N}\p{P}\p{S}]/u.test(name) &&
  name.length <= 255 &&
  name.isWellFormed() &&
  !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)

/** The message for a text that cannot be a name. */
export const VISIBLE_NAME_PROBLEM = 'must be 1 to 255 characters without control characters'
