/** Without this file, Next takes that of the example, which is in a folder above. */
export const register = (): void => undefined
