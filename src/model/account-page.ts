/** The pages on which users manage their account, in the order of their navigation. */
export const ACCOUNT_PAGES = ['devices', 'password', 'apps', 'tokens', 'developer'] as const

/** A page on which users manage their account. */
export type AccountPage = (typeof ACCOUNT_PAGES)[number]
