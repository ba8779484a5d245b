/**
 * Starts a test server as an app would, and prints what it did that takes time: hashing passwords, generating keys, opening
 * files and sockets, and starting processes. Each is counted by the name of its function.
 */
import { createHook } from 'node:async_hooks'
import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { builtInUsers, authorizationCode, secretsFromDirectory, defineConfig } from 'consulate'
import { sqlite } from 'consulate/sqlite'
import { createTestServer } from 'consulate/testing'

const counts: Record<string, number> = {}
const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1)

const config = defineConfig({
  issuer: 'https://id.example.com',
  secrets: secretsFromDirectory('./missing'),
  store: sqlite('./missing/data.db'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode()],
})

const SLOW =
  /^(?:generate(?:Key|Prime)|argon2|scrypt|pbkdf2|spawn|fork|exec|connect|createConnection|open|read|write|stat|access|mkdir)/
for (const [module, exports] of Object.entries({ crypto, fs, net, childProcess })) {
  const functions = exports as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of Object.keys(functions).filter((each) => SLOW.test(each))) {
    const original = functions[name]
    if (typeof original !== 'function') continue
    functions[name] = (...args) => {
      // Optional packages, such as OpenTelemetry, are loaded if they are installed. `readSync` has no name.
      if (name !== 'readSync' && !String(args[0]).includes('node_modules')) count(`${module}.${name}`)
      return original(...args)
    }
  }
}
syncBuiltinESMExports()
// Finds those too that were imported before they were replaced, and promises of files.
const hook = createHook({
  init: (_id, type) => void (/^(FS|ARGON2|SCRYPT|PBKDF2|KEY|TCP|PIPE|PROCESS)/.test(type) && count(type)),
})

const isControl = process.argv.includes('--control')
hook.enable()
await using server = createTestServer(config)
const user = await server.createUser(isControl ? { password: 'a password of its own' } : {})
const token = await server.tokenFor(user, ['orders:read'])
if (isControl) {
  crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  fs.readFileSync(import.meta.filename)
  await fs.promises.stat(import.meta.filename)
}
hook.disable()
const auth = await server.user('orders:read')(
  new Request('https://id.example.com/', { headers: { authorization: `Bearer ${token}` } }),
)
process.stdout.write(JSON.stringify({ counts, accepted: 'kind' in auth }))
