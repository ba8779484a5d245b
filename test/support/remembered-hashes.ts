import crypto from 'node:crypto'

type Argon2 = typeof crypto.argon2

/**
 * Remembers what Argon2 returned, which depends on nothing but its input. Users of tests share passwords and salts, so most
 * sign-ins would compute again what the worker has computed before.
 */
function remembering(compute: Argon2): Argon2 {
  const results = new Map<string, Buffer<ArrayBuffer>>()
  return function rememberedArgon2(algorithm, parameters, callback) {
    const input = JSON.stringify([algorithm, parameters])
    const known = results.get(input)
    if (known) return void setImmediate(callback, null, known)
    compute(algorithm, parameters, (error, result) => {
      if (!error) results.set(input, result)
      callback(error, result)
    })
  }
}

// Vitest runs this file before each test file, the first time before any module of the program is loaded.
if (crypto.argon2.name !== 'rememberedArgon2') crypto.argon2 = remembering(crypto.argon2)
