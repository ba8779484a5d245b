import type { Choices, UserSource } from './choices.ts'

/** Returns the text of `users.ts`: a provider over a users table. */
export function usersTemplate({ language, users, framework }: Choices): string {
  const isTypeScript = language === 'typescript'
  const type = users === 'app-session' ? 'AppUserProvider' : 'UserProvider'
  return [
    IMPORTS,
    ...(isTypeScript ? [`import type { ${type} } from 'consulate'`] : []),
    '',
    isTypeScript ? TYPED_TABLE : TABLE,
    ...(users === 'app-session' ? [sessionsFor(isTypeScript, framework === 'next')] : []),
    ...(isTypeScript
      ? [`export const users: ${type}<User> = {`]
      : [`/** @type {import('consulate').${type}<typeof table[number]>} */`, 'export const users = {']),
    PROVIDERS[users],
  ].join('\n')
}

const IMPORTS = `import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'`

/** A user to try the project with. */
export const FIRST_USER = { email: 'ada@example.com', password: 'correct horse' }

const TABLE_COMMENT = '// A user to try it with. Replace the table with your database.'

const TABLE = `/** Hashes off the main thread. Use what your table was hashed with, such as bcrypt or Argon2. */
const hashOf = promisify(scrypt)
const dummy = { salt: 'b2', hash: randomBytes(32) }

${TABLE_COMMENT}
const isProduction = process.env.NODE_ENV === 'production'
const ada = { id: 7, name: 'Ada', email: '${FIRST_USER.email}', salt: 'a1' }
const table = isProduction ? [] : [{ ...ada, hash: await hashOf('${FIRST_USER.password}', ada.salt, 32) }]
`

const TYPED_TABLE = `export interface User {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly salt: string
  readonly hash: Buffer
}

${TABLE.replace('promisify(scrypt)', 'promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>').replace('const table =', 'const table: User[] =')}`

const SESSIONS = `// The sessions of your app, by the value of its cookie. Replace them with those that your app has.
const sessions = new Map()

/**
 * Signs a user in and returns the cookie; undefined if the email or the password is incorrect. In production, limit guesses
 * with \`server.attempt\`.
 */
export async function startSession(email, password) {
  const user = table.find((user) => user.email === email.trim().toLowerCase())
  // Hashes without a user too. Otherwise, response times would tell who has an account.
  const { salt, hash } = user ?? dummy
  const isCorrect = timingSafeEqual(await hashOf(password, salt, 32), hash)
  if (!user || !isCorrect) return undefined
  const sessionId = randomBytes(32).toString('base64url')
  sessions.set(sessionId, { userId: user.id, signedInAt: Date.now() })
  return \`session=\${sessionId}; Path=/; HttpOnly; SameSite=Lax\${isProduction ? '; Secure' : ''}\`
}
`

/** Next loads modules several times, so the sessions must be outside of them. */
function sessionsFor(isTypeScript: boolean, isShared: boolean): string {
  const type = isTypeScript ? '<string, Session>' : ''
  const shared = isTypeScript
    ? `const shared = globalThis as { sessions?: Map${type} }`
    : 'const shared = globalThis'
  const text = isShared
    ? SESSIONS.replace(
        'const sessions = new Map()',
        `${shared}\nconst sessions = (shared.sessions ??= new Map())`,
      )
    : SESSIONS.replace('new Map()', `new Map${type}()`)
  const parameters = '(email: string, password: string): Promise<string | undefined> {'
  return isTypeScript ? SESSION + text.replace('(email, password) {', parameters) : text
}

const SESSION = `interface Session {
  readonly userId: number
  readonly signedInAt: number
}

`

const FIND = '  find: async (id) => table.find((user) => String(user.id) === id),'

const PROVIDERS: Readonly<Record<UserSource, string>> = {
  'built-in': '',
  own: `${FIND}
  findByUsername: async (username) => table.find(({ email }) => email === username.trim().toLowerCase()),
  async verifyPassword(user, password) {
    // Hashes without a user too. Otherwise, response times would tell who has an account.
    const { salt, hash } = user ?? dummy
    return timingSafeEqual(await hashOf(password, salt, 32), hash) && user !== undefined
  },
}
`,
  'app-session': `${FIND}
  appSession: {
    signInUrl: '/sign-in',
    // Returns who is signed in to your app.
    current(request) {
      const cookies = request.headers.get('cookie') ?? ''
      const sessionId = /(?:^|; )session=([\\w-]+)/.exec(cookies)?.[1] ?? ''
      const session = sessions.get(sessionId)
      return session && { id: session.userId, authenticatedAt: session.signedInAt, sessionId }
    },
  },
}
`,
}
