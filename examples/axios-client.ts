/**
 * A program that keeps its user signed in, in a file, and calls an API with axios.
 *
 *     npm run example examples/sign-in-api.ts
 *
 * prints how to start it. At the second start it needs no password.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import axios, { type AxiosError } from 'axios'
import { createTokenClient } from 'consulate/browser'

const { ISSUER = '', API = ISSUER, USERNAME = '', PASSWORD = '', FOLDER = 'data' } = process.env
await mkdir(FOLDER, { recursive: true, mode: 0o700 })
const pathOf = (key: string): string => join(FOLDER, `${key}.json`)

const auth = createTokenClient({
  issuer: ISSUER,
  onStorageError: console.error,
  storage: {
    getItem: (key) => readFile(pathOf(key), 'utf8').catch(() => null),
    // Only this user can read the file. Renaming replaces it in one step, so a crash loses no token.
    async setItem(key, value) {
      await writeFile(`${pathOf(key)}.new`, value, { mode: 0o600 })
      await rename(`${pathOf(key)}.new`, pathOf(key))
    },
    removeItem: (key) => rm(pathOf(key), { force: true }),
  },
})

// An absolute URL could lead the token elsewhere.
const api = axios.create({ baseURL: API, allowAbsoluteUrls: false })

api.interceptors.request.use(async (config) => {
  const token = await auth.getAccessToken()
  if (token !== undefined) config.headers.set('Authorization', `Bearer ${token}`)
  return config
})
api.interceptors.response.use(undefined, async (error: AxiosError<{ error?: string }>) => {
  const { config, response } = error
  if (!config || response?.data.error !== 'invalid_token') throw error
  const rejected = String(config.headers.get('Authorization')).slice('Bearer '.length)
  const token = await auth.getAccessToken({ rejected })
  if (token === undefined) throw error
  config.headers.set('Authorization', `Bearer ${token}`)
  return axios.request(config) // not `api`: a call is repeated once
})

const isKnown = await auth.isSignedIn()
if (!isKnown) await auth.signIn({ username: USERNAME, password: PASSWORD, deviceName: 'A terminal' })
console.log(isKnown ? 'Still signed in' : 'Signed in')

const responses = await Promise.all(['/orders', '/orders', '/orders'].map((path) => api.get<unknown>(path)))
for (const { status, data } of responses) console.log(status, JSON.stringify(data))
