/**
 * Your own users table in plain SQL, with `node:sqlite`. With `pg` or `mysql2`, only the calls differ.
 *
 *     npm run example examples/sql-users.ts
 */
import { generateKeyPairSync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { createAuthorizationServer, signIn, type UserProvider } from 'consulate'
import { sqlite } from 'consulate/sqlite'

const db = new DatabaseSync(':memory:')
db.exec('create table users (id integer primary key, email text unique, password text, disabled_at integer)')
// What a user types is a parameter, so it cannot become SQL.
const byId = db.prepare('select * from users where id = ? and disabled_at is null')
const byEmail = db.prepare('select * from users where email = ? and disabled_at is null')
const update = db.prepare('update users set password = ? where id = ?')

type User = { readonly id: number; readonly email: string; readonly password: string }
const derive = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>
const hash = async (password: string, salt = randomBytes(16).toString('hex')) =>
  `${salt}:${(await derive(password, salt, 32)).toString('hex')}`
const noPassword = await hash(randomBytes(16).toString('hex'))
const users: UserProvider<User> = {
  find: async (id) => byId.get(id) as User | undefined,
  findByUsername: async (name) => byEmail.get(name.trim().toLowerCase()) as User | undefined,
  async verifyPassword(user, password) {
    // Hash without a user too, or response times reveal who has an account.
    const stored = user?.password ?? noPassword
    const computed = await hash(password, stored.split(':')[0])
    return timingSafeEqual(Buffer.from(computed), Buffer.from(stored)) && user !== undefined
  },
  setPassword: async (id, password) => void update.run(await hash(password), id),
}

const server = createAuthorizationServer({
  issuer: 'https://id.example.com',
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users,
  scopes: {},
  grants: [signIn()],
  logger: { log() {} },
})
const login = async (username: string, password: string): Promise<number> => {
  const body = new URLSearchParams({ username, password })
  const request = new Request('https://id.example.com/auth/login', { method: 'POST', body })
  return (await server.fetch(request)).status
}

db.prepare('insert into users values (?, ?, ?, null)').run(7, 'ada@example.com', await hash('correct horse'))
console.log(await login(' Ada@example.com', 'correct horse'), await login("' or 1=1 --", 'correct horse'))
await server.users.setPassword('7', 'battery staple')
console.log(await login('ada@example.com', 'correct horse'), await login('ada@example.com', 'battery staple'))
db.exec('update users set disabled_at = 1 where id = 7')
console.log(await login('ada@example.com', 'battery staple'))
await server.close()
