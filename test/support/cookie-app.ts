import type { UserProvider } from '../../src/index.ts'

/** The cookie of an app whose session is in the cookie itself, so that each process can read it: `app=ada.1700000000000.s1`. */
export const appCookie = (userId: string, signedInAt: number, sessionId: string): string =>
  `app=${userId}.${signedInAt}.${sessionId}`

/** Users who sign in to that app. All IDs exist. */
export const appUsers: UserProvider = {
  find: async (id) => ({ id, name: `${id} of the app` }),
  findByUsername: async () => undefined,
  verifyPassword: async () => false,
  appSession: {
    signInUrl: '/sign-in',
    current(request) {
      const cookie = /(?:^|; )app=([\w-]+)\.(\d+)\.([\w-]+)/.exec(request.headers.get('cookie') ?? '')
      const [, id = '', signedInAt, sessionId = ''] = cookie ?? []
      return cookie ? { id, authenticatedAt: Number(signedInAt), sessionId } : undefined
    },
  },
}
